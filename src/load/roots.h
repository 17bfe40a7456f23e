/*
 * roots.h - computing new requirements from old ones.
 *
 * Follows updateRoots, tidyRoots, convertPruning, overrideRoots of
 * cmd/go/internal/modload/buildlist.go.  All answer in *out; when nothing
 * changes that is rs itself, with the graph it has.  In -mod=readonly a needed
 * change is HM_EREADONLY with go's "updates to go.mod needed" text; *out is
 * then still rs.
 */
#ifndef HM_LOAD_ROOTS_H
#define HM_LOAD_ROOTS_H

#include "load/loadpkg.h"
#include "load/reqs.h"

struct hm_roots_in {
	const struct hm_map *direct;     /* set of directly imported module paths */
	struct hm_loadpkg *const *pkgs;  /* loaded packages, or NULL */
	size_t n_pkgs;
	const struct hm_modver *add;     /* versions that must be among the roots */
	size_t n_add;
	bool roots_imported;             /* named packages count as imported (go's `get`) */
};

/* From a module that is not a main one (and not std): go's fromExternalModule. */
bool hm_loadpkg_is_external(const struct hm_modload *ml, const struct hm_loadpkg *p);

int hm_reqs_update_roots(struct hm_modload *ml, struct hm_reqs *rs, const struct hm_roots_in *in,
                         struct hm_reqs **out, struct hm_err *err);
/* The smallest roots that keep the packages as they are (`mod tidy`). */
int hm_reqs_tidy_roots(struct hm_modload *ml, struct hm_reqs *rs, struct hm_loadpkg *const *pkgs,
                       size_t n, struct hm_reqs **out, struct hm_err *err);
int hm_reqs_convert_pruning(struct hm_modload *ml, struct hm_reqs *rs, enum hm_pruning to,
                            struct hm_reqs **out, struct hm_err *err);
/* rs with the roots of these paths replaced by these versions, unchecked. */
struct hm_reqs *hm_reqs_override(struct hm_modload *ml, const struct hm_reqs *rs,
                                 const struct hm_modver *with, size_t n);
/* go's errGoModDirty text; returns -1 (HM_EREADONLY). */
int hm_modload_dirty(const struct hm_modload *ml, struct hm_err *err);

#endif
