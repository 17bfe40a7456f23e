/*
 * upload.h - PUT /MODULE/@v/VERSION.zip: how the team's own modules come in.
 *
 * Who uploads needs the right for that module, and the module must match a pattern of
 * --private (or GOPRIVATE): what the world publishes comes from upstream, checked
 * against the checksum database, and the name of what it does not is asked nowhere.
 *
 * The body is spooled to DIR/staging, checked by the rules of module zips, and published
 * as a fill is; .mod is the zip's go.mod, .info has the time of the field Module-Time
 * (RFC 3339) or now.  A version never changes afterwards:
 *
 *	201  stored now; the body has its lines for go.sum
 *	200  the same content was there
 *	409  another content is or was there
 *	400  not a module zip of that name and version, or not the path of one
 *	401, 403  no right, or not private
 *	411  a body without a length
 *	413  larger than --upload-max
 *	503  UPLOADS_MAX at work
 *	507  the disk is full
 */
#ifndef PROXY_UPLOAD_H
#define PROXY_UPLOAD_H

#include "proxy.h"

enum { UPLOADS_MAX = 8 };

/* Answers a PUT, at once or later. */
void upload_serve(struct proxy *p, struct hm_exchange *x, const struct route *r);
/* Removes what uploads that died left in the staging folder, when it is a day old. */
void upload_sweep(struct proxy *p);

#endif
