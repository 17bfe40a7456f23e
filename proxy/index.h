/*
 * index.h - /index: what the store has, in the order in which it came, in the format of
 * index.golang.org, a JSON object a line:
 *
 *	{"Path":"golang.org/x/text","Version":"v0.3.0","Timestamp":"2019-04-10T19:08:52.997264Z"}
 *
 *	since    RFC 3339; versions from this moment on (inclusive)
 *	limit    1 to 2000, which is the default
 *	include  "all": also versions of which there is no zip here (.info or .mod alone);
 *	         the time is then that of the latest file
 *
 * /index/purged has the same form for what was purged, and "Reason".  No two lines have the
 * same time, so that a reader who goes on at the last one misses nothing.
 */
#ifndef PROXY_INDEX_H
#define PROXY_INDEX_H

#include "proxy.h"

/* Whether url is one of these; then it has been answered, or will be. */
bool index_serve(struct proxy *p, struct hm_exchange *x, hm_str url);

#endif
