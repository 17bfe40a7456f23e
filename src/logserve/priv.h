/*
 * priv.h - between the files of this folder.
 *
 *	logserve.c  requests: heads, tiles, lookups; go's paths and C2SP's
 *	flight.c    a version that is not logged is fetched and logged once, however many ask
 *	missing.c   versions that are not there
 */
#ifndef HM_LOGSERVE_PRIV_H
#define HM_LOGSERVE_PRIV_H

#include <stdatomic.h>

#include "logserve/logserve.h"
#include "logserve/missing.h"

struct hm_logflights;

struct hm_logserve {
	struct hm_logserve_opts opts;
	struct hm_missing *missing;
	struct hm_logflights *flights;
	atomic_ullong lookups, found, fetched, not_there, remembered, failed, tiles, denied;
};

/* logserve.c */
void hm_logserve_found(struct hm_logserve *s, struct hm_exchange *x, const struct hm_found *f);
void hm_logserve_error(struct hm_exchange *x, struct hm_err *err);
/* "tile/..." of either kind; *bundle: an entry bundle is meant. */
int hm_logserve_parse_tile(struct hm_arena *a, hm_str path, struct hm_tile *t, bool *bundle,
                           struct hm_err *err);
/* "path version" */
hm_str hm_logserve_key(struct hm_arena *a, struct hm_modver m);

/* flight.c */
struct hm_logflights *hm_logflights_new(struct hm_logserve *s);
/* Waits for those under way. */
void hm_logflights_free(struct hm_logflights *f);
/* x is deferred until m is logged, or cannot be. */
void hm_logflights_join(struct hm_logflights *f, struct hm_modver m, struct hm_exchange *x);
/* Appends a record that nobody asked for. */
void hm_logflights_note(struct hm_logflights *f, hm_str text);
size_t hm_logflights_under_way(struct hm_logflights *f);

static inline void
count(atomic_ullong *c)
{
	atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
}

#endif
