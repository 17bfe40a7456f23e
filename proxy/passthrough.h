/*
 * passthrough.h - checksum databases by way of the proxy:
 * /sumdb/NAME/{supported,latest,lookup,tile} (https://go.dev/ref/mod#checksum-database).
 */
#ifndef PROXY_PASSTHROUGH_H
#define PROXY_PASSTHROUGH_H

#include "proxy.h"

struct fill;

/*
 * Only databases that the configuration names.  /supported answers 200 whatever
 * happens upstream: on anything else go would ask the database itself and tell it
 * the module's name.  Lookups of private modules are refused here.
 */
void passthrough_serve(struct proxy *p, struct hm_exchange *x, const struct route *r);
/* The store's file for a tile or a record. */
hm_str passthrough_file(const struct proxy *p, struct hm_arena *a, const struct route *r);
/*
 * The work of a fill: upstream's answer, held against the database's signed tree
 * (hm_verify_pass()).  *proven: it may be stored.  What cannot be proven, because the
 * database's key is not known here, say, need only have the form of an answer: the client
 * checks it.  What is provably wrong is HM_ESECURITY, kept as evidence and counted.
 */
int passthrough_fetch(struct fill *f, hm_str *body, bool *proven, struct hm_err *err);

#endif
