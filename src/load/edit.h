/*
 * edit.h - changing the selected versions of modules, as `get` and `work sync` do.
 *
 * Follows cmd/go/internal/modload/edit.go.
 */
#ifndef HM_LOAD_EDIT_H
#define HM_LOAD_EDIT_H

#include "base/vec.h"
#include "load/reqs.h"

/* Why a version that must be selected cannot be. */
struct hm_conflict {
	struct hm_modvers path;      /* of requirements, from a wanted version to what is wrong */
	struct hm_modver constraint; /* what the last of them breaks; path empty: it has an error */
	hm_str error;                /* without the name of the last one in front */
};
struct hm_conflicts {
	struct hm_conflict *v;
	size_t n, cap;
};
/* The first and the last step ("a@v1 requires b@v2, but v1 is requested"), and all steps. */
hm_str hm_conflict_summary(struct hm_arena *a, const struct hm_conflict *c);
hm_str hm_conflict_text(struct hm_arena *a, const struct hm_conflict *c);

struct hm_edit_in {
	const struct hm_modver *upgrade; /* upgraded as far as `must` lets them */
	size_t n_upgrade;
	const struct hm_modver *must; /* selected at exactly these versions ("none": not at all) */
	size_t n_must;
	bool verbose; /* -v: says what is tried */
};

/*
 * go's EditBuildList: changes ml->reqs, other roots no more than is needed.
 * *changed: they are not what they were.  HM_ECONFLICT: *conflicts has the reasons.
 */
int hm_modload_edit(struct hm_modload *ml, const struct hm_edit_in *in, bool *changed,
                    struct hm_conflicts *conflicts, struct hm_err *err);

#endif
