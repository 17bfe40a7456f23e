/*
 * graph.c - the requirement graph.
 *
 * Paths and versions are interned: a path has a number, a node (path at version)
 * too, and all edges are node numbers.  So a text is hashed once an edge.
 */
#include "mvs/graph.h"

#include <stdlib.h>

static const hm_str none = HM_S_INIT("none");

static uint32_t
path_of(struct hm_mvs_graph *g, hm_str path)
{
	bool fresh;
	struct hm_map_entry *e = hm_map_put(&g->path_id, path, &fresh);

	if (fresh) {
		HM_PUSH(g->arena, g->selected, none);
		e->num = (intptr_t)g->selected.n;
	}
	return (uint32_t)(e->num - 1);
}

static size_t
slot_of(const struct hm_mvs_graph *g, uint32_t path, hm_str version)
{
	uint64_t h = hm_str_hash(version) ^ (path + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h ^ h >> 32) & (g->slots - 1);
}

static void
rehash(struct hm_mvs_graph *g, size_t slots)
{
	g->slots = slots;
	g->slot = HM_NEW_N(g->arena, slots, uint32_t);
	for (size_t i = 0; i < g->node.n; i++) {
		struct hm_mvs_node *n = &g->node.v[i];
		uint32_t *s = &g->slot[slot_of(g, n->path, n->mod.version)];

		n->next = *s;
		*s = (uint32_t)i + 1;
	}
}

ptrdiff_t
hm_mvs_find_node(const struct hm_mvs_graph *g, struct hm_modver m)
{
	intptr_t path = hm_map_num(&g->path_id, m.path);

	if (path == 0)
		return -1;
	for (uint32_t i = g->slot[slot_of(g, (uint32_t)path - 1, m.version)]; i;
	     i = g->node.v[i - 1].next) {
		const struct hm_mvs_node *n = &g->node.v[i - 1];

		if (n->path == (uint32_t)path - 1 && hm_str_eq(n->mod.version, m.version))
			return (ptrdiff_t)i - 1;
	}
	return -1;
}

/* The node of m, made when new; m takes part in the selection either way. */
static uint32_t
reach(struct hm_mvs_graph *g, struct hm_modver m)
{
	ptrdiff_t i = hm_mvs_find_node(g, m);
	struct hm_mvs_node n = { .mod = m };
	hm_str *selected;
	uint32_t *s;

	if (i >= 0)
		return (uint32_t)i;
	n.path = path_of(g, m.path);
	selected = &g->selected.v[n.path];
	if (g->cmp.cmp(g->cmp.ctx, m.path, *selected, m.version) < 0)
		*selected = m.version;
	if (g->node.n == g->slots)
		rehash(g, g->slots * 2);
	s = &g->slot[slot_of(g, n.path, m.version)];
	n.next = *s;
	HM_PUSH(g->arena, g->node, n);
	*s = (uint32_t)g->node.n;
	return *s - 1;
}

struct hm_mvs_graph *
hm_mvs_graph_new(struct hm_arena *a, struct hm_mvs_cmp cmp, const struct hm_modver *roots, size_t n)
{
	struct hm_mvs_graph *g = HM_NEW(a, struct hm_mvs_graph);

	g->arena = a;
	g->cmp = cmp;
	g->path_id.arena = a;
	rehash(g, 256);
	g->root = HM_NEW_N(a, n, uint32_t);
	g->roots = n;
	for (size_t i = 0; i < n; i++)
		g->root[i] = reach(g, roots[i]);
	return g;
}

void
hm_mvs_require(struct hm_mvs_graph *g, struct hm_modver m, const struct hm_modver *reqs, size_t n)
{
	ptrdiff_t i = hm_mvs_find_node(g, m);
	struct hm_modver *copy = HM_NEW_N(g->arena, n, struct hm_modver);
	uint32_t *dep = HM_NEW_N(g->arena, n, uint32_t);
	struct hm_mvs_node *node;

	if (i < 0 || g->node.v[i].required)
		abort(); /* not reachable from a root, or required twice */
	for (size_t k = 0; k < n; k++) {
		copy[k] = reqs[k];
		dep[k] = reach(g, reqs[k]);
	}
	node = &g->node.v[i];
	node->required = true;
	node->dep = dep;
	node->req = copy;
	node->n = n;
}

bool
hm_mvs_required_by(const struct hm_mvs_graph *g, struct hm_modver m, const struct hm_modver **reqs,
                   size_t *n)
{
	ptrdiff_t i = hm_mvs_find_node(g, m);

	*reqs = NULL;
	*n = 0;
	if (i < 0 || !g->node.v[i].required)
		return false;
	*reqs = g->node.v[i].req;
	*n = g->node.v[i].n;
	return true;
}

hm_str
hm_mvs_selected(const struct hm_mvs_graph *g, hm_str path)
{
	intptr_t id = hm_map_num(&g->path_id, path);

	return id ? g->selected.v[id - 1] : none;
}

void
hm_mvs_graph_build_list(const struct hm_mvs_graph *g, struct hm_arena *a, struct hm_modvers *out)
{
	struct hm_arena scratch = { 0 };
	bool *seen = HM_NEW_N(&scratch, g->selected.n, bool);
	struct hm_modvers rest;
	size_t roots;

	for (size_t i = 0; i < g->roots; i++) {
		const struct hm_mvs_node *n = &g->node.v[g->root[i]];
		hm_str version = g->selected.v[n->path];

		if (!seen[n->path] && !hm_str_eq(version, none))
			HM_PUSH(a, *out, hm_modver_of(n->mod.path, version));
		seen[n->path] = true;
	}
	roots = out->n;
	for (size_t i = 0; i < g->selected.n; i++)
		if (!seen[i] && !hm_str_eq(g->selected.v[i], none))
			HM_PUSH(a, *out, hm_modver_of(g->path_id.e[i].key, g->selected.v[i]));
	rest = (struct hm_modvers){ out->v + roots, out->n - roots, out->n - roots };
	if (rest.n)
		hm_modver_sort(&rest);
	hm_arena_free(&scratch);
}

/*
 * Breadth-first from the roots.  from[i] is the node that first led to node i,
 * or NO for a root; it stops when visit says so and answers that node, or NO.
 */
#define NO UINT32_MAX

static uint32_t
search(const struct hm_mvs_graph *g, bool (*visit)(void *ctx, struct hm_modver m), void *ctx,
       bool skip_none, struct hm_arena *scratch, uint32_t **from)
{
	uint32_t *queue = HM_NEW_N(scratch, g->node.n, uint32_t);
	bool *seen = HM_NEW_N(scratch, g->node.n, bool);
	size_t head = 0, tail = 0;

	*from = HM_NEW_N(scratch, g->node.n, uint32_t);
	for (size_t i = 0; i < g->roots; i++) {
		uint32_t r = g->root[i];

		if (seen[r] || (skip_none && hm_str_eq(g->node.v[r].mod.version, none)))
			continue;
		seen[r] = true;
		(*from)[r] = NO;
		queue[tail++] = r;
	}
	while (head < tail) {
		uint32_t i = queue[head++];
		const struct hm_mvs_node *n = &g->node.v[i];

		if (visit(ctx, n->mod))
			return i;
		for (size_t k = 0; k < n->n; k++) {
			uint32_t d = n->dep[k];

			if (seen[d] ||
			    (skip_none && hm_str_eq(g->node.v[d].mod.version, none)))
				continue;
			seen[d] = true;
			(*from)[d] = i;
			queue[tail++] = d;
		}
	}
	return NO;
}

struct walk {
	void (*visit)(void *ctx, struct hm_modver m);
	void *ctx;
};

static bool
walk_visit(void *ctx, struct hm_modver m)
{
	const struct walk *w = ctx;

	w->visit(w->ctx, m);
	return false;
}

void
hm_mvs_walk(const struct hm_mvs_graph *g, void (*visit)(void *ctx, struct hm_modver m), void *ctx)
{
	struct hm_arena scratch = { 0 };
	struct walk w = { visit, ctx };
	uint32_t *from;

	search(g, walk_visit, &w, true, &scratch, &from);
	hm_arena_free(&scratch);
}

void
hm_mvs_find_path(const struct hm_mvs_graph *g, struct hm_arena *a,
                 bool (*want)(void *ctx, struct hm_modver m), void *ctx, struct hm_modvers *out)
{
	struct hm_arena scratch = { 0 };
	uint32_t *from, last = search(g, want, ctx, false, &scratch, &from);
	size_t n = 0;

	out->n = 0;
	for (uint32_t i = last; i != NO; i = from[i])
		HM_PUSH(a, *out, g->node.v[i].mod);
	n = out->n;
	for (size_t i = 0; i < n / 2; i++) {
		struct hm_modver m = out->v[i];

		out->v[i] = out->v[n - 1 - i];
		out->v[n - 1 - i] = m;
	}
	hm_arena_free(&scratch);
}
