/*
 * editdq.h - which module versions may not be in the graph that an edit makes, and
 * why (dqTracker in cmd/go/internal/modload/edit.go).  Only for edit*.c.
 *
 * A version may be out in the unpruned parts of the graph alone: then what it
 * requires does no harm where it is reached in a pruned part.
 */
#ifndef HM_LOAD_EDITDQ_H
#define HM_LOAD_EDITDQ_H

#include "load/reqs.h"
#include "load/vermap.h"

/* Zero: not disqualified.  dep is the version itself or what it requires. */
struct hm_dq_reason {
	struct hm_err *err;   /* its requirements could not be read; borrowed */
	struct hm_modver dep;
	bool set;
};

struct hm_dq {
	struct hm_arena *a;
	struct hm_vermap mods; /* -> struct hm_dq_mod * */
};

void hm_dq_init(struct hm_dq *t, struct hm_arena *a);
/* m is a root and its requirements are read with this pruning; before anything else. */
void hm_dq_add_root(struct hm_dq *t, struct hm_modver m, enum hm_pruning pruning);
/* Disqualifies m, and what requires it, also in pruned parts. */
void hm_dq_mark(struct hm_dq *t, struct hm_modver m, struct hm_dq_reason why);
/* m requires r; false: that disqualifies m wherever it may be, nothing more need be said. */
bool hm_dq_require(struct hm_dq *t, struct hm_modver m, struct hm_modver r);
bool hm_dq_is_out(const struct hm_dq *t, struct hm_modver m, enum hm_pruning pruning);
/* Of the root m. */
bool hm_dq_root_pruning(const struct hm_dq *t, struct hm_modver m, enum hm_pruning *pruning);
/* From m to what is wrong, appended to *path; the error of the last one or NULL. */
struct hm_err *hm_dq_path(const struct hm_dq *t, struct hm_modver m, enum hm_pruning pruning,
                          struct hm_modvers *path);

#endif
