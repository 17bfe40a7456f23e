/*
 * passthrough.h - checksum databases by way of the proxy:
 * /sumdb/NAME/{supported,latest,lookup,tile} (https://go.dev/ref/mod#checksum-database).
 */
#ifndef PROXY_PASSTHROUGH_H
#define PROXY_PASSTHROUGH_H

#include "proxy.h"

/*
 * Only databases that the configuration names.  /supported answers 200 whatever
 * happens upstream: on anything else go would ask the database itself and tell it
 * the module's name.  Lookups of private modules are refused here.
 */
void passthrough_serve(struct proxy *p, struct hm_exchange *x, const struct route *r);
/* The store's file for a tile or a record. */
hm_str passthrough_file(const struct proxy *p, struct hm_arena *a, const struct route *r);
/* Where the database itself is: what GOSUMDB says, else https://NAME. */
hm_str passthrough_origin(const struct proxy *p, struct hm_arena *a, hm_str name);
/* Has body the form of an answer to that?  Its signatures say to the client whether it is right. */
bool passthrough_plausible(const struct route *r, hm_str body);

#endif
