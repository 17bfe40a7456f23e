/*
 * graph.h - inside of the requirement graph, for the algorithms of this folder.
 */
#ifndef HM_MVS_GRAPH_H
#define HM_MVS_GRAPH_H

#include "base/map.h"
#include "mvs/mvs.h"

struct hm_mvs_node {
	struct hm_modver mod;
	uint32_t path;
	uint32_t next; /* in the chain of its hash slot: one more than the node's number, or 0 */
	bool required; /* requirements are known: */
	const struct hm_modver *req;
	const uint32_t *dep; /* the same as node numbers */
	size_t n;
};

struct hm_mvs_graph {
	struct hm_arena *arena;
	struct hm_mvs_cmp cmp;
	struct hm_map path_id; /* one more than the index in selected */
	struct hm_strs selected; /* by path; "none" at first */
	HM_VEC(struct hm_mvs_node) node;
	uint32_t *slot; /* hash table of nodes by (path, version) */
	size_t slots;   /* a power of two */
	uint32_t *root;
	size_t roots;
};

/* The node's number, or -1. */
ptrdiff_t hm_mvs_find_node(const struct hm_mvs_graph *g, struct hm_modver m);

/*
 * The whole graph that is reachable from the targets, filled by callbacks.  With
 * upgrade each node also requires what upgrade(ctx, ...) answers for it.
 */
struct hm_mvs_upgrade {
	int (*upgrade)(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *version,
	               struct hm_err *err);
	void *ctx;
};

int hm_mvs_load(struct hm_arena *a, const struct hm_mvs_reqs *reqs,
                const struct hm_modver *targets, size_t n, const struct hm_mvs_upgrade *upgrade,
                struct hm_mvs_graph **out, struct hm_err *err);

#endif
