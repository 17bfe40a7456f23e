/*
 * purge.h - DELETE /MODULE/@v/VERSION.zip (or .info, .mod): the version leaves the store, for
 * accounts with the right `admin` on the module; the field Purge-Reason says why.  200 when no
 * server of this store serves it any more, 404 when it is not there.
 */
#ifndef PROXY_PURGE_H
#define PROXY_PURGE_H

#include "proxy.h"

void purge_serve(struct proxy *p, struct hm_exchange *x, const struct route *r);

#endif
