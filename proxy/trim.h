/*
 * trim.h - the quota of the store: above it the least recently used versions go, down
 * to 90 % of it, in the background.
 *
 * Versions that no upstream can give again (facts_mark_local()) stay.
 */
#ifndef PROXY_TRIM_H
#define PROXY_TRIM_H

#include "proxy.h"

/* "500M", "20G" (powers of 1024), or bytes; HM_EUSAGE. Empty is 0: no quota. */
int trim_parse_size(hm_str s, int64_t *bytes, struct hm_err *err);
/* For facts_opts. ctx is the proxy. */
void trim_tick(void *ctx, struct facts *f);

#endif
