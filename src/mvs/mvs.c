/*
 * mvs.c - build lists, upgrades, and the least list of requirements.
 */
#include "mvs/mvs.h"

#include <stdlib.h>

#include "mvs/graph.h"

static const hm_str none = HM_S_INIT("none");

int
hm_mvs_wrap(struct hm_err *err, const struct hm_modver *path, size_t n,
            bool (*is_change)(void *ctx, struct hm_modver from, struct hm_modver to), void *ctx,
            const struct hm_modver *replacement)
{
	struct hm_arena scratch = { 0 };
	struct hm_buf b = { 0 };
	struct hm_modver last = path[n - 1];
	hm_str msg = hm_err_str(err), name;
	size_t i = 0;

	while (i < n && path[i].version.n == 0) /* the main module goes without saying */
		i++;
	if (i == n || err->final)
		return -1;
	for (; i + 1 < n; i++) {
		bool change = is_change && is_change(ctx, path[i], path[i + 1]);

		hm_buf_adds(&b, hm_modver_str(&scratch, path[i]));
		hm_buf_addz(&b, change ? " updating to\n\t" : " requires\n\t");
	}
	if (replacement && !hm_modver_eq(*replacement, last)) {
		name = hm_modver_str(&scratch, *replacement);
		if (hm_str_cut_prefix(&msg, name))
			hm_str_cut_prefix(&msg, HM_S(": "));
		hm_buf_printf(&b, HM_F " (replaced by " HM_F "): " HM_F,
		              HM_P(hm_modver_str(&scratch, last)), HM_P(name), HM_P(msg));
	} else {
		hm_modver_wrap(err, last);
		hm_buf_adds(&b, hm_err_str(err));
	}
	hm_buf_free(&err->msg);
	err->msg = b;
	hm_arena_free(&scratch);
	return -1;
}

/* One traversal: the graph, what is still to be read, and what went wrong where. */
struct loading {
	struct hm_arena *arena;
	const struct hm_mvs_reqs *reqs;
	const struct hm_mvs_upgrade *upgrade; /* or NULL */
	struct hm_mvs_graph *g;
	struct hm_arena scratch;
	struct {
		struct hm_err **v; /* by node, NULL if all is well */
		size_t n, cap;
	} failed;
	struct {
		struct hm_modver *v; /* by node: what it becomes */
		size_t n, cap;
	} becomes;
	bool any_failed;
};

static int
read_node(struct loading *l, struct hm_modver m, struct hm_modvers *required,
          struct hm_modver *becomes, struct hm_err *err)
{
	struct hm_err second = { 0 };
	int r = 0;

	*becomes = m;
	if (l->upgrade &&
	    l->upgrade->upgrade(l->upgrade->ctx, l->arena, m, &becomes->version, &second))
		*becomes = m;
	if (!hm_modver_eq(*becomes, m))
		HM_PUSH(l->arena, *required, *becomes);
	if (!hm_str_eq(m.version, none))
		r = l->reqs->required(l->reqs->ctx, l->arena, m, required, err);
	if (r == 0 && second.code) {
		hm_err_move(err, &second);
		r = -1;
	}
	hm_err_free(&second);
	return r;
}

/* Nodes are numbered as they are reached, so the loop below reads them all. */
static void
read_all(struct loading *l)
{
	for (size_t i = 0; i < l->g->node.n; i++) {
		struct hm_modver m = l->g->node.v[i].mod, becomes;
		struct hm_err *err = HM_NEW(&l->scratch, struct hm_err);
		struct hm_modvers required = { 0 };

		if (read_node(l, m, &required, &becomes, err))
			l->any_failed = true;
		else
			err = NULL;
		HM_PUSH(&l->scratch, l->failed, err);
		HM_PUSH(&l->scratch, l->becomes, becomes);
		hm_mvs_require(l->g, m, required.v, required.n);
	}
}

static bool
has_failed(void *ctx, struct hm_modver m)
{
	struct loading *l = ctx;

	return l->failed.v[hm_mvs_find_node(l->g, m)] != NULL;
}

static bool
is_upgrade(void *ctx, struct hm_modver from, struct hm_modver to)
{
	struct loading *l = ctx;
	ptrdiff_t i = hm_mvs_find_node(l->g, from);

	return !hm_modver_eq(from, to) && hm_modver_eq(l->becomes.v[i], to);
}

/* Reports the failure that is nearest to a target. */
static int
report(struct loading *l, struct hm_err *err)
{
	struct hm_modvers path = { 0 };
	ptrdiff_t i;

	hm_mvs_find_path(l->g, &l->scratch, has_failed, l, &path);
	i = hm_mvs_find_node(l->g, path.v[path.n - 1]);
	hm_err_move(err, l->failed.v[i]);
	return hm_mvs_wrap(err, path.v, path.n, is_upgrade, l, NULL);
}

int
hm_mvs_load(struct hm_arena *a, const struct hm_mvs_reqs *reqs, const struct hm_modver *targets,
            size_t n, const struct hm_mvs_upgrade *upgrade, struct hm_mvs_graph **out,
            struct hm_err *err)
{
	struct hm_mvs_cmp cmp = { reqs->cmp, reqs->ctx };
	struct loading l = { .arena = a, .reqs = reqs, .upgrade = upgrade };
	int r = 0;

	l.g = hm_mvs_graph_new(a, cmp, targets, n);
	read_all(&l);
	if (l.any_failed)
		r = report(&l, err);
	for (size_t i = 0; i < l.failed.n; i++)
		if (l.failed.v[i])
			hm_err_free(l.failed.v[i]);
	hm_arena_free(&l.scratch);
	*out = l.g;
	return r;
}

static int
build_list(struct hm_arena *a, const struct hm_mvs_reqs *reqs, const struct hm_modver *targets,
           size_t n, const struct hm_mvs_upgrade *upgrade, struct hm_modvers *out,
           struct hm_err *err)
{
	struct hm_mvs_graph *g;

	if (hm_mvs_load(a, reqs, targets, n, upgrade, &g, err))
		return -1;
	hm_mvs_graph_build_list(g, a, out);
	return 0;
}

int
hm_mvs_build_list(struct hm_arena *a, const struct hm_mvs_reqs *reqs,
                  const struct hm_modver *targets, size_t n, struct hm_modvers *out,
                  struct hm_err *err)
{
	return build_list(a, reqs, targets, n, NULL, out, err);
}

struct upgrade_all {
	struct hm_modver target;
	const struct hm_mvs_reqs *reqs;
};

static int
upgrade_any(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *version, struct hm_err *err)
{
	const struct upgrade_all *u = ctx;

	if (hm_str_eq(m.path, u->target.path)) {
		*version = u->target.version;
		return 0;
	}
	return u->reqs->upgrade(u->reqs->ctx, a, m, version, err);
}

int
hm_mvs_upgrade_all(struct hm_arena *a, const struct hm_mvs_reqs *reqs, struct hm_modver target,
                   struct hm_modvers *out, struct hm_err *err)
{
	struct upgrade_all u = { target, reqs };
	struct hm_mvs_upgrade up = { upgrade_any, &u };

	return build_list(a, reqs, &target, 1, &up, out, err);
}

/* Requirements of everything as before, but of the target as given here. */
struct override {
	struct hm_modver target;
	struct hm_modvers list;
	const struct hm_mvs_reqs *reqs;
	struct hm_map to; /* path to the version that it is upgraded to (struct hm_str *) */
};

static int
override_required(void *ctx, struct hm_arena *a, struct hm_modver m, struct hm_modvers *out,
                  struct hm_err *err)
{
	const struct override *o = ctx;

	if (!hm_modver_eq(m, o->target))
		return o->reqs->required(o->reqs->ctx, a, m, out, err);
	for (size_t i = 0; i < o->list.n; i++)
		HM_PUSH(a, *out, o->list.v[i]);
	return 0;
}

static int
override_cmp(void *ctx, hm_str path, hm_str v1, hm_str v2)
{
	const struct override *o = ctx;

	return o->reqs->cmp(o->reqs->ctx, path, v1, v2);
}

static int
upgrade_named(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *version,
              struct hm_err *err)
{
	const struct override *o = ctx;
	const hm_str *to = hm_map_get(&o->to, m.path);

	(void)a, (void)err;
	*version = to ? *to : m.version;
	return 0;
}

int
hm_mvs_upgrade(struct hm_arena *a, const struct hm_mvs_reqs *reqs, struct hm_modver target,
               const struct hm_modver *upgrade, size_t n, struct hm_modvers *out,
               struct hm_err *err)
{
	struct override o = { .target = target, .reqs = reqs, .to = { .arena = a } };
	struct hm_mvs_reqs over = { .ctx = &o,
		                    .required = override_required,
		                    .cmp = override_cmp };
	struct hm_mvs_upgrade up = { upgrade_named, &o };
	struct hm_map listed = { .arena = a };

	if (reqs->required(reqs->ctx, a, target, &o.list, err))
		return -1;
	for (size_t i = 0; i < o.list.n; i++)
		hm_map_add(&listed, o.list.v[i].path);
	for (size_t i = 0; i < n; i++) {
		hm_str *to = hm_map_get(&o.to, upgrade[i].path);

		if (!hm_map_has(&listed, upgrade[i].path))
			HM_PUSH(a, o.list, hm_modver_of(upgrade[i].path, none));
		if (!to) {
			to = HM_NEW(a, hm_str);
			*to = upgrade[i].version;
			hm_map_set(&o.to, upgrade[i].path, to);
		} else if (reqs->cmp(reqs->ctx, upgrade[i].path, *to, upgrade[i].version) < 0) {
			*to = upgrade[i].version;
		}
	}
	return build_list(a, &over, &target, 1, &up, out, err);
}

/* ---- least requirements ---- */

struct frame {
	uint32_t node;
	size_t next;
};

/* Appends the nodes below `from` that were not seen yet, each behind what it requires. */
static void
walk_postorder(const struct hm_mvs_graph *g, uint32_t from, bool *seen, struct frame *stack,
               uint32_t *order, size_t *n)
{
	size_t depth = 0;

	if (seen[from])
		return;
	seen[from] = true;
	stack[depth++] = (struct frame){ from, 0 };
	while (depth) {
		struct frame *f = &stack[depth - 1];
		const struct hm_mvs_node *node = &g->node.v[f->node];

		if (f->next == node->n) {
			order[(*n)++] = f->node;
			depth--;
			continue;
		}
		from = node->dep[f->next++];
		if (!seen[from]) {
			seen[from] = true;
			stack[depth++] = (struct frame){ from, 0 };
		}
	}
}

struct minimum {
	const struct hm_mvs_graph *g;
	bool *seen, *have;
	struct frame *stack;
	uint32_t *order; /* postorder; later scratch */
	size_t n;
};

/* Everything that m requires is implied from now on. */
static void
imply(struct minimum *min, struct hm_modver m, uint32_t *scratch)
{
	ptrdiff_t i = hm_mvs_find_node(min->g, m);
	size_t n = 0;

	if (i >= 0)
		walk_postorder(min->g, (uint32_t)i, min->have, min->stack, scratch, &n);
}

static int
cmp_paths(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_modver *)x)->path, ((const struct hm_modver *)y)->path);
}

static void
add_base(struct minimum *min, struct hm_arena *a, const hm_str *base, size_t n, uint32_t *scratch,
         struct hm_modvers *out)
{
	struct hm_map have = { .arena = a };

	for (size_t i = 0; i < n; i++) {
		struct hm_modver m = { base[i], hm_mvs_selected(min->g, base[i]) };

		if (!hm_map_add(&have, base[i]))
			continue;
		if (hm_str_eq(m.version, none))
			m.version = HM_S("");
		HM_PUSH(a, *out, m);
		imply(min, m, scratch);
	}
}

int
hm_mvs_req(struct hm_arena *a, const struct hm_mvs_reqs *reqs, struct hm_modver main_module,
           const hm_str *base, size_t n, struct hm_modvers *out, struct hm_err *err)
{
	struct hm_arena scratch = { 0 };
	struct hm_modvers list = { 0 };
	struct minimum min = { 0 };
	struct hm_mvs_graph *g;
	uint32_t *spare;
	size_t first = out->n;

	if (hm_mvs_load(a, reqs, &main_module, 1, NULL, &g, err))
		return -1;
	hm_mvs_graph_build_list(g, &scratch, &list);
	min.g = g;
	min.seen = HM_NEW_N(&scratch, g->node.n, bool);
	min.have = HM_NEW_N(&scratch, g->node.n, bool);
	min.stack = HM_NEW_N(&scratch, g->node.n, struct frame);
	min.order = HM_NEW_N(&scratch, g->node.n, uint32_t);
	spare = HM_NEW_N(&scratch, g->node.n, uint32_t);
	/* the main module is the root, node 0: it implies nothing, its requirements are sought */
	min.seen[0] = min.have[0] = true;
	for (size_t i = 0; i < list.n; i++) {
		ptrdiff_t node = hm_mvs_find_node(g, list.v[i]);

		walk_postorder(g, (uint32_t)node, min.seen, min.stack, min.order, &min.n);
	}
	add_base(&min, a, base, n, spare, out);
	for (size_t i = min.n; i > 0; i--) {
		const struct hm_mvs_node *node = &g->node.v[min.order[i - 1]];

		if (!hm_str_eq(g->selected.v[node->path], node->mod.version) ||
		    hm_str_eq(node->mod.version, none) || min.have[min.order[i - 1]])
			continue;
		HM_PUSH(a, *out, node->mod);
		imply(&min, node->mod, spare);
	}
	if (out->n - first > 1)
		qsort(out->v + first, out->n - first, sizeof(*out->v), cmp_paths);
	hm_arena_free(&scratch);
	return 0;
}
