/*
 * reqs.h - module requirements: a set of roots, how far the graph below them
 * is pruned, and which modules are imported directly.
 *
 * Follows Requirements of cmd/go/internal/modload/buildlist.go.  A value never
 * changes once made, apart from the graph that is read the first time someone
 * asks (from any thread).  Lives in the modload's arena.
 */
#ifndef HM_LOAD_REQS_H
#define HM_LOAD_REQS_H

#include "load/modload.h"

struct hm_modgraph;

enum hm_pruning {
	HM_PRUNED,    /* what a go >= 1.17 root requires only indirectly is left out */
	HM_UNPRUNED,  /* everything */
	HM_WORKSPACE, /* pruned to the union of the workspace modules */
};

struct hm_reqs {
	enum hm_pruning pruning;
	const struct hm_modver *roots; /* sorted; "go" is always among them */
	size_t n_roots;
	struct hm_map max_root; /* path -> struct hm_modver * of the highest root */
	struct hm_map direct;   /* set of paths */
	/* Private: filled in by hm_reqs_graph() under the modload's lock. */
	struct hm_modgraph *_Atomic graph;
};

/*
 * New requirements; roots must be sorted (hm_modver_sort) and, like direct,
 * must not change afterwards.
 */
struct hm_reqs *hm_reqs_new(struct hm_modload *ml, enum hm_pruning pruning,
                            const struct hm_modver *roots, size_t n, struct hm_map direct);
bool hm_modvers_eq(const struct hm_modver *a, size_t n, const struct hm_modver *b, size_t m);
enum hm_pruning hm_pruning_for_go(hm_str go);

/*
 * Version of the root for path (empty for a main module); false when it is no
 * root.  Thread-safe.
 */
bool hm_reqs_root_selected(const struct hm_modload *ml, const struct hm_reqs *rs, hm_str path,
                           hm_str *version);
/* The go version of the requirements. */
hm_str hm_reqs_go(const struct hm_modload *ml, const struct hm_reqs *rs);
bool hm_reqs_is_direct(const struct hm_reqs *rs, hm_str path);
/*
 * The module graph below rs, read on first use.  *mg is set and usable even
 * when the answer is -1 (then some go.mod could not be read; go's
 * BuildListError text with the chain of requirements).  Thread-safe.
 */
int hm_reqs_graph(struct hm_modload *ml, struct hm_reqs *rs, struct hm_modgraph **mg,
                  struct hm_err *err);
/* The graph when it has been read already, else NULL.  Thread-safe. */
struct hm_modgraph *hm_reqs_graph_loaded(const struct hm_reqs *rs);

#endif
