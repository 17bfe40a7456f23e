/*
 * roots_priv.h - shared by roots.c (pruned), roots_unpruned.c and roots_tidy.c.
 */
#ifndef HM_LOAD_ROOTS_PRIV_H
#define HM_LOAD_ROOTS_PRIV_H

#include "load/roots.h"

/* Both have the same keys. */
bool hm_sets_eq(const struct hm_map *x, const struct hm_map *y);
/* go's updateUnprunedRoots; in->pkgs and roots_imported do not matter. */
int hm_reqs_update_unpruned(struct hm_modload *ml, struct hm_reqs *rs,
                            const struct hm_roots_in *in, struct hm_reqs **out,
                            struct hm_err *err);
/*
 * mvs.Req: the least roots with these paths among them that select what `list` does;
 * appended to *out.
 */
int hm_reqs_min_unpruned(struct hm_modload *ml, const struct hm_modvers *list,
                         const struct hm_strs *paths, struct hm_modvers *out, struct hm_err *err);
/* go's tidyUnprunedRoots. */
int hm_reqs_tidy_unpruned(struct hm_modload *ml, struct hm_reqs *rs,
                          struct hm_loadpkg *const *pkgs, size_t n, struct hm_reqs **out,
                          struct hm_err *err);

#endif
