#include "buildlist.h"

#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "mod/gomod.h"
#include "mod/gosum.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "os/file.h"
#include "os/pool.h"

enum { ROUNDS_MAX = 100 }; /* until the roots agree with what they select */
#define FILE_MAX ((size_t)256 << 20)

/* A version in the graph. */
struct node {
	struct hm_modver m;
	bool deep; /* everything below it counts */
	bool wide; /* what it requires is read, too, though it is pruned (workspaces) */
	bool loaded, loading;
	bool pruned; /* its go.mod says go 1.17 or later */
	const struct hm_gomod *file;
	struct hm_arena arena;
	struct hm_err err;
};

/* One main module. */
struct main_module {
	hm_str dir;
	const struct hm_gomod *file;
};

struct graph {
	struct hm_arena *arena;
	const struct buildlist_source *src;
	HM_VEC(struct main_module) mains;
	const struct hm_gowork *work; /* or NULL */
	hm_str work_dir;
	struct hm_map nodes;    /* "path@version" -> struct node * */
	struct hm_map selected; /* path -> struct hm_modver * */
	struct hm_map raised;   /* paths that had a wide node: a set */
	HM_VEC(struct node *) wave;
};

/* ---- what main modules say */

static const struct hm_gomod_replace *
find_replace(const struct hm_gomod_replaces *r, struct hm_modver m)
{
	const struct hm_gomod_replace *any = NULL;

	for (size_t i = 0; i < r->n; i++) {
		if (!hm_str_eq(r->v[i].from.path, m.path))
			continue;
		if (hm_str_eq(r->v[i].from.version, m.version))
			return &r->v[i];
		if (r->v[i].from.version.n == 0)
			any = &r->v[i];
	}
	return any;
}

/* The version to take in the place of m; a folder has no version, and its path is absolute. */
static struct hm_modver
resolve(const struct graph *g, struct hm_modver m)
{
	const struct hm_gomod_replace *r = g->work ? find_replace(&g->work->replace, m) : NULL;
	hm_str dir = g->work_dir;

	for (size_t i = 0; !r && i < g->mains.n; i++) {
		r = find_replace(&g->mains.v[i].file->replace, m);
		dir = g->mains.v[i].dir;
	}
	if (!r)
		return m;
	if (r->to.version.n || hm_path_is_abs(r->to.path))
		return r->to;
	return hm_modver_of(hm_path_join(g->arena, dir, r->to.path), HM_S(""));
}

static bool
is_excluded(const struct graph *g, struct hm_modver m)
{
	for (size_t i = 0; i < g->mains.n; i++) {
		const struct hm_gomod_excludes *e = &g->mains.v[i].file->exclude;

		for (size_t k = 0; k < e->n; k++)
			if (hm_modver_eq(e->v[k].mod, m))
				return true;
	}
	return false;
}

static bool
is_main(const struct graph *g, hm_str path)
{
	for (size_t i = 0; i < g->mains.n; i++)
		if (hm_str_eq(g->mains.v[i].file->module, path))
			return true;
	return false;
}

static bool
is_pruned(const struct hm_gomod *f)
{
	return hm_gover_cmp(hm_gomod_go(f), HM_S(HM_GOVER_EXPLICIT_INDIRECT)) >= 0;
}

/* ---- the graph, in waves */

static void
select_version(struct graph *g, struct hm_modver m)
{
	struct hm_map_entry *e = hm_map_put(&g->selected, m.path, NULL);
	struct hm_modver *have = e->val;

	if (have && hm_gover_mod_cmp(m.path, m.version, have->version) <= 0)
		return;
	e->val = HM_NEW(g->arena, struct hm_modver);
	*(struct hm_modver *)e->val = m;
}

static void
enter(struct graph *g, struct hm_modver m, bool deep, bool wide)
{
	struct hm_map_entry *e = hm_map_put(&g->nodes, hm_modver_str(g->arena, m), NULL);
	struct node *n = e->val;
	bool more = !n;

	if (!n) {
		e->val = n = HM_NEW(g->arena, struct node);
		n->m = m;
	}
	more |= (deep && !n->deep) || (wide && !n->wide);
	n->deep |= deep;
	n->wide |= wide;
	if (!more || n->loading)
		return;
	n->loading = true;
	HM_PUSH(g->arena, g->wave, n);
}

static int
read_node(const struct graph *g, struct node *n, struct hm_modver from, struct hm_err *err)
{
	struct hm_gomod *f;
	hm_str data, name = hm_modver_str(&n->arena, from);
	int rc;

	if (from.version.n) {
		rc = g->src->gomod(g->src->ctx, &n->arena, from, &data, err);
	} else {
		name = hm_path_cat(&n->arena, from.path, HM_S("go.mod"));
		rc = hm_file_read(&n->arena, name.p, FILE_MAX, &data, err);
	}
	if (rc || hm_gomod_parse_lax(&n->arena, name, data, NULL, &f, err))
		return -1;
	n->file = f;
	n->pruned = is_pruned(f);
	return 0;
}

/* What the threads read in parallel: resolve() takes memory, so it was done before. */
struct wave {
	struct graph *g;
	struct hm_modver *from;
};

static void
load_node(void *ctx, size_t i)
{
	struct wave *w = ctx;
	struct node *n = w->g->wave.v[i];

	if (!n->loaded)
		(void)!read_node(w->g, n, w->from[i], &n->err);
	n->loaded = true;
}

/* Reads the wave's go.mod files; the next wave is what they require that must be read, too. */
static int
next_wave(struct graph *g, struct hm_err *err)
{
	struct wave w = { g, HM_NEW_N(g->arena, g->wave.n, struct hm_modver) };
	struct node **done = g->wave.v;
	size_t n = g->wave.n;

	for (size_t i = 0; i < n; i++)
		w.from[i] = resolve(g, done[i]->m);
	hm_pool_each(g->src->threads, n, load_node, &w);
	memset(&g->wave, 0, sizeof(g->wave));
	for (size_t i = 0; i < n; i++) {
		struct node *x = done[i];
		const struct hm_gomod_requires *r;

		x->loading = false;
		hm_arena_absorb(g->arena, &x->arena);
		if (x->err.code != HM_OK) {
			if (err->code == HM_OK)
				hm_err_move(err, &x->err);
			hm_err_free(&x->err);
			continue;
		}
		r = &x->file->require;
		for (size_t k = 0; k < r->n; k++) {
			if (is_excluded(g, r->v[k].mod))
				continue;
			select_version(g, r->v[k].mod);
			if (x->deep || x->wide || !x->pruned)
				enter(g, r->v[k].mod, x->deep || !x->pruned, false);
		}
	}
	return err->code == HM_OK ? 0 : -1;
}

static void
enter_roots(struct graph *g)
{
	for (size_t i = 0; i < g->mains.n; i++) {
		const struct hm_gomod *f = g->mains.v[i].file;

		for (size_t k = 0; k < f->require.n; k++) {
			struct hm_modver m = f->require.v[k].mod;
			const struct hm_modver *now;

			if (is_excluded(g, m))
				continue;
			select_version(g, m);
			now = hm_map_get(&g->selected, m.path);
			enter(g, g->work ? m : *now, !is_pruned(f), false);
		}
	}
}

/* Versions above those that are asked for here. */
static void
raise_required(struct graph *g, const struct hm_gomod_requires *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct hm_modver m = r->v[i].mod;
		const struct hm_modver *now = hm_map_get(&g->selected, m.path);

		if (!is_excluded(g, m) && hm_gover_mod_cmp(m.path, now->version, m.version) > 0) {
			hm_map_add(&g->raised, m.path);
			enter(g, *now, false, true);
		}
	}
}

/*
 * In a workspace one module may raise what another requires, without that one's own list of
 * what it needs indirectly: of such versions everything they require is read, too.
 */
static void
raise_all(struct graph *g)
{
	for (size_t i = 0; i < g->mains.n; i++)
		raise_required(g, &g->mains.v[i].file->require);
	for (size_t i = 0; i < g->raised.n; i++) {
		const struct hm_modver *now = hm_map_get(&g->selected, g->raised.e[i].key);
		const struct node *n;

		enter(g, *now, false, true);
		n = hm_map_get(&g->nodes, hm_modver_str(g->arena, *now));
		if (n->loaded)
			raise_required(g, &n->file->require);
	}
}

static int
load(struct graph *g, struct hm_err *err)
{
	size_t known = 0;

	/*
	 * A root that something else raises is read again in the version it becomes; in a
	 * workspace each module's own requirements count.
	 */
	for (int round = 0; round < ROUNDS_MAX; round++) {
		enter_roots(g);
		while (g->wave.n) {
			if (next_wave(g, err))
				return -1;
			if (g->work && g->wave.n == 0)
				raise_all(g);
		}
		if (g->nodes.n == known)
			break;
		known = g->nodes.n;
	}
	return 0;
}

static void
collect(struct graph *g, struct buildlist *out)
{
	for (size_t i = 0; i < g->selected.n; i++) {
		struct hm_modver m = resolve(g, *(struct hm_modver *)g->selected.e[i].val);

		if (m.version.n && !is_main(g, g->selected.e[i].key))
			HM_PUSH(g->arena, out->whole, m);
	}
	for (size_t i = 0; i < g->nodes.n; i++) {
		struct hm_modver m = resolve(g, ((struct node *)g->nodes.e[i].val)->m);

		if (m.version.n)
			HM_PUSH(g->arena, out->mods, m);
	}
}

/* ---- files */

static int
add_main(struct graph *g, hm_str file, struct hm_err *err)
{
	struct main_module main = { .dir = hm_path_dir(g->arena, file) };
	struct hm_gomod *f;
	hm_str data;

	if (hm_file_read(g->arena, file.p, FILE_MAX, &data, err) ||
	    hm_gomod_parse(g->arena, file, data, NULL, &f, err))
		return -1;
	main.file = f;
	HM_PUSH(g->arena, g->mains, main);
	return 0;
}

static int
add_work(struct graph *g, hm_str file, struct hm_err *err)
{
	struct hm_gowork *w;
	hm_str data;

	if (hm_file_read(g->arena, file.p, FILE_MAX, &data, err) ||
	    hm_gowork_parse(g->arena, file, data, NULL, &w, err))
		return -1;
	g->work = w;
	g->work_dir = hm_path_dir(g->arena, file);
	for (size_t i = 0; i < w->use.n; i++) {
		hm_str dir = w->use.v[i].path;

		if (!hm_path_is_abs(dir))
			dir = hm_path_join(g->arena, g->work_dir, dir);
		if (add_main(g, hm_path_cat(g->arena, dir, HM_S("go.mod")), err))
			return -1;
	}
	return 0;
}

static int
add_sum(struct hm_arena *a, hm_str file, struct buildlist *out, struct hm_err *err)
{
	struct hm_gosum_lines lines = { 0 };
	hm_str data;

	if (hm_file_read(a, file.p, FILE_MAX, &data, err) ||
	    hm_gosum_parse(a, file, data, false, &lines, err))
		return -1;
	for (size_t i = 0; i < lines.n; i++) {
		struct hm_modver m = lines.v[i].mod;

		if (hm_str_cut_suffix(&m.version, HM_S("/go.mod")))
			HM_PUSH(a, out->mods, m);
		else
			HM_PUSH(a, out->whole, m);
	}
	return 0;
}

int
buildlist_add(struct hm_arena *a, const struct buildlist_source *src, hm_str file,
              struct buildlist *out, struct hm_err *err)
{
	struct graph g = { .arena = a, .src = src };

	if (hm_str_has_suffix(file, HM_S(".sum")))
		return add_sum(a, file, out, err);
	g.nodes.arena = g.selected.arena = g.raised.arena = a;
	if (hm_str_has_suffix(file, HM_S(".work")) ? add_work(&g, file, err)
	                                           : add_main(&g, file, err))
		return -1;
	if (load(&g, err))
		return -1;
	collect(&g, out);
	return 0;
}

int
buildlist_add_toolchain(struct hm_arena *a, hm_str file, hm_str platform, struct buildlist *out,
                        struct hm_err *err)
{
	hm_str data, go, toolchain;
	struct hm_gomod *f;
	struct hm_gowork *w;

	if (hm_str_has_suffix(file, HM_S(".sum")))
		return 0;
	if (hm_file_read(a, file.p, FILE_MAX, &data, err))
		return -1;
	if (hm_str_has_suffix(file, HM_S(".work"))) {
		if (hm_gowork_parse(a, file, data, NULL, &w, err))
			return -1;
		go = w->go, toolchain = w->toolchain;
	} else {
		if (hm_gomod_parse(a, file, data, NULL, &f, err))
			return -1;
		go = f->go, toolchain = f->toolchain;
	}
	if ((toolchain.n == 0 || hm_str_eqz(toolchain, "default")) && go.n && !hm_gover_is_lang(go))
		toolchain = hm_arena_printf(a, "go" HM_F, HM_P(go));
	if (hm_str_has_prefix(toolchain, HM_S("go1")))
		HM_PUSH(a, out->whole,
		        hm_modver_of(HM_S("golang.org/toolchain"),
		                     hm_arena_printf(a, "v0.0.1-" HM_F "." HM_F, HM_P(toolchain),
		                                     HM_P(platform))));
	return 0;
}

static void
unique(struct hm_modvers *list)
{
	size_t n = 0;

	hm_modver_sort(list);
	for (size_t i = 0; i < list->n; i++)
		if (n == 0 || !hm_modver_eq(list->v[n - 1], list->v[i]))
			list->v[n++] = list->v[i];
	list->n = n;
}

/* mods without whole: both are sorted. */
void
buildlist_end(struct buildlist *out)
{
	size_t n = 0, k = 0;

	unique(&out->whole);
	unique(&out->mods);
	for (size_t i = 0; i < out->mods.n; i++) {
		while (k < out->whole.n && hm_modver_cmp(out->whole.v[k], out->mods.v[i]) < 0)
			k++;
		if (k == out->whole.n || !hm_modver_eq(out->whole.v[k], out->mods.v[i]))
			out->mods.v[n++] = out->mods.v[i];
	}
	out->mods.n = n;
}
