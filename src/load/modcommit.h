/*
 * modcommit.h - bringing go.mod and go.sum on disk in line with the
 * requirements.
 *
 * Follows commitRequirements, UpdateGoModFromReqs and keepSums of
 * cmd/go/internal/modload/init.go.
 */
#ifndef HM_LOAD_MODCOMMIT_H
#define HM_LOAD_MODCOMMIT_H

#include "load/loadpkg.h"
#include "load/reqs.h"

/* What was loaded last (go's `loaded`), for the sums that a commit keeps. */
struct hm_loaded {
	struct hm_loadpkg *const *pkgs;
	size_t n_pkgs;
	struct hm_reqs *reqs;
	bool tidy;
};

struct hm_write_opts {
	bool drop_toolchain, explicit_toolchain;
	struct hm_strs add_tools, drop_tools;
	bool tidy_wrote_go; /* the go line is as `mod tidy` wants it already */
};

enum hm_which_sums { HM_SUMS_LOADED, HM_SUMS_BUILD_LIST };

/* go's WriteGoMod: loads the module file if need be, then commits ml->reqs. */
int hm_modload_write(struct hm_modload *ml, const struct hm_write_opts *opts, struct hm_err *err);
/* go's commitRequirements for ml->reqs; opts may be NULL. */
int hm_modload_commit(struct hm_modload *ml, const struct hm_write_opts *opts, struct hm_err *err);
/*
 * go's UpdateGoModFromReqs: the go.mod that ml->reqs asks for, not written.
 * *changed is false (and nothing else set) when there is no go.mod to write.
 */
int hm_modload_updated_gomod(struct hm_modload *ml, const struct hm_write_opts *opts,
                             hm_str *before, hm_str *after, bool *changed, struct hm_err *err);
/*
 * go's keepSums: the go.sum entries that must stay, as a set of hm_sums_key()
 * keys in the arena of ml.  ld may be NULL: no packages were loaded.
 */
int hm_modload_keep_sums(struct hm_modload *ml, const struct hm_loaded *ld, struct hm_reqs *rs,
                         enum hm_which_sums which, struct hm_map *keep, struct hm_err *err);

#endif
