/*
 * queryreuse.h - answers of an earlier list -m -json (-reuse), taken again when
 * their origin still holds.
 *
 * Only for query*.c and modinfo*.c.
 */
#ifndef HM_LOAD_QUERYREUSE_H
#define HM_LOAD_QUERYREUSE_H

#include "load/modinfo.h"
#include "load/queryrepo.h"

/* Largest -reuse file that is read. */
#define HM_REUSE_MAX ((size_t)64 << 20)

/* queryReuse: hm_query() that knows such answers. */
int hm_query_ask(const struct hm_qask *ask, struct hm_revinfo *out, enum hm_query_fail *fail,
                 struct hm_err *err);
/* Does an old answer still hold?  Then it is *out. */
bool hm_query_reuse(const struct hm_qrepo *q, const struct hm_qask *ask, struct hm_revinfo *out);
/* checkReuse over all sources. */
bool hm_query_reuse_module(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m,
                           const struct hm_origin *origin);
/* Reads a file of module objects, one after another. */
int hm_query_read_reuse(struct hm_arena *a, hm_str file, struct hm_map *out, struct hm_err *err);

#endif
