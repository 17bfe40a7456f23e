/*
 * Roots of modules before go 1.17: the least requirements from which minimal
 * version selection makes the same build list.
 */
#include "load/modfiles.h"
#include "load/modgraph.h"
#include "load/modload_priv.h"
#include "load/roots_priv.h"
#include "mod/gover.h"
#include "mvs/mvs.h"

/* What go's mvsReqs answers: the given roots for main modules, summaries for others. */
struct pull {
	struct hm_modload *ml;
	struct hm_modvers roots;
};

static int
required(void *ctx, struct hm_arena *a, struct hm_modver m, struct hm_modvers *out,
         struct hm_err *err)
{
	struct pull *p = ctx;
	const struct hm_modver *list = p->roots.v;
	const struct hm_modsummary *sum;
	size_t n = p->roots.n;

	if (hm_str_eqz(m.version, "none"))
		return 0;
	if (m.version.n || !hm_mainmods_has(p->ml->mains, m.path)) {
		if (hm_modload_summary(p->ml, m, &sum, err))
			return -1;
		list = sum->require;
		n = sum->n_require;
	}
	for (size_t i = 0; i < n; i++)
		HM_PUSH(a, *out, list[i]);
	return 0;
}

static struct hm_mvs_reqs
mvs_reqs(struct pull *p)
{
	return (struct hm_mvs_reqs){ .ctx = p, .required = required, .cmp = hm_modload_cmp };
}

int
hm_reqs_min_unpruned(struct hm_modload *ml, const struct hm_modvers *list,
                     const struct hm_strs *paths, struct hm_modvers *out, struct hm_err *err)
{
	struct pull pull = { .ml = ml, .roots = *list };
	struct hm_mvs_reqs reqs = mvs_reqs(&pull);

	return hm_mvs_req(ml->arena, &reqs, ml->mains->v[0].mod, paths->v, paths->n, out, err);
}

/* In readonly mode nothing may change; says whether something would have to. */
static int
check_unchanged(struct hm_modload *ml, const struct hm_reqs *rs, const struct hm_modgraph *mg,
                const struct hm_roots_in *in, struct hm_err *err)
{
	hm_str v;

	for (size_t i = 0; i < rs->n_roots; i++)
		if (!hm_str_eq(rs->roots[i].version, hm_modgraph_selected(mg, rs->roots[i].path)))
			return hm_modload_dirty(ml, err);
	for (size_t i = 0; i < in->n_add; i++)
		if (!hm_str_eq(in->add[i].version, hm_modgraph_selected(mg, in->add[i].path)))
			return hm_modload_dirty(ml, err);
	for (size_t i = 0; i < in->direct->n; i++)
		if (!hm_reqs_root_selected(ml, rs, in->direct->e[i].key, &v))
			return hm_modload_dirty(ml, err);
	return 0;
}

static void
add_path(struct hm_arena *a, struct hm_map *seen, struct hm_strs *paths, hm_str path)
{
	if (hm_map_add(seen, path))
		HM_PUSH(a, *paths, path);
}

int
hm_reqs_update_unpruned(struct hm_modload *ml, struct hm_reqs *rs, const struct hm_roots_in *in,
                        struct hm_reqs **out, struct hm_err *err)
{
	struct hm_arena *a = ml->arena;
	struct pull pull = { .ml = ml };
	struct hm_mvs_reqs reqs = mvs_reqs(&pull);
	struct hm_map seen = { .arena = a };
	struct hm_strs paths = { 0 };
	struct hm_modvers roots = { 0 };
	const struct hm_modver *list;
	struct hm_modgraph *mg;
	size_t n;

	*out = rs;
	if (hm_reqs_graph(ml, rs, &mg, err))
		return -1;
	if (hm_modload_must_be_complete(ml))
		return check_unchanged(ml, rs, mg, in, err);
	for (size_t i = 0; i < rs->n_roots; i++)
		if (hm_str_eq(hm_modgraph_selected(mg, rs->roots[i].path), rs->roots[i].version))
			add_path(a, &seen, &paths, rs->roots[i].path);
	list = hm_modgraph_build_list(mg, &n);
	for (size_t i = ml->mains->n; i < n; i++)
		HM_PUSH(a, pull.roots, list[i]);
	for (size_t i = 0; i < in->n_add; i++)
		HM_PUSH(a, pull.roots, in->add[i]);
	for (size_t i = 0; i < pull.roots.n; i++)
		if (hm_map_has(in->direct, pull.roots.v[i].path))
			add_path(a, &seen, &paths, pull.roots.v[i].path);
	for (size_t i = 0; i < ml->mains->n; i++)
		if (hm_mvs_req(a, &reqs, ml->mains->v[i].mod, paths.v, paths.n, &roots, err))
			return -1;
	if (ml->mains->n > 1)
		hm_modver_sort(&roots);
	if (rs->pruning != HM_UNPRUNED ||
	    !hm_modvers_eq(roots.v, roots.n, rs->roots, rs->n_roots) ||
	    !hm_sets_eq(in->direct, &rs->direct))
		*out = hm_reqs_new(ml, HM_UNPRUNED, roots.v, roots.n, *in->direct);
	return 0;
}

/* What a tidy works out from the packages. */
struct tidy {
	struct hm_modload *ml;
	const struct hm_reqs *old;
	struct pull pull;        /* roots: versions that must stay */
	struct hm_map kept;      /* their paths */
	struct hm_strs paths;    /* directly imported: roots in any case */
	struct hm_map alt;       /* path -> struct hm_modver *: could have given a package */
};

static void
keep_old_root(struct tidy *t, hm_str path)
{
	hm_str v;

	if (!hm_reqs_root_selected(t->ml, t->old, path, &v))
		return;
	HM_PUSH(t->ml->arena, t->pull.roots, hm_modver_of(path, v));
	hm_map_add(&t->kept, path);
}

static void
keep_package(struct tidy *t, const struct hm_loadpkg *p)
{
	if (!hm_loadpkg_is_external(t->ml, p))
		return;
	if (hm_map_add(&t->kept, p->mod.path)) {
		HM_PUSH(t->ml->arena, t->pull.roots, p->mod);
		if (hm_reqs_is_direct(t->old, p->mod.path))
			HM_PUSH(t->ml->arena, t->paths, p->mod.path);
	}
	for (size_t i = 0; i < p->n_alt_mods; i++)
		hm_map_set(&t->alt, p->alt_mods[i].path, (void *)(uintptr_t)&p->alt_mods[i]);
}

/*
 * A module that could have given a package by its name may go, but must not
 * sink: the next load would ask for the sum of the lower version.
 */
static bool
keep_alt_mods(struct tidy *t, const struct hm_modvers *list)
{
	bool any = false;

	for (size_t i = 0; i < list->n; i++) {
		struct hm_modver m = list->v[i];
		const struct hm_modver *alt = hm_map_get(&t->alt, m.path);

		if (!alt || hm_gover_mod_cmp(m.path, m.version, alt->version) >= 0)
			continue;
		HM_PUSH(t->ml->arena, t->pull.roots, *alt);
		any = true;
	}
	return any;
}

int
hm_reqs_tidy_unpruned(struct hm_modload *ml, struct hm_reqs *rs, struct hm_loadpkg *const *pkgs,
                      size_t n, struct hm_reqs **out, struct hm_err *err)
{
	struct hm_arena *a = ml->arena;
	struct tidy t = { .ml = ml, .old = rs, .pull.ml = ml, .kept.arena = a, .alt.arena = a };
	struct hm_mvs_reqs reqs = mvs_reqs(&t.pull);
	struct hm_modver self = ml->mains->v[0].mod;
	struct hm_modvers min = { 0 }, list = { 0 };

	keep_old_root(&t, HM_S("go"));
	keep_old_root(&t, HM_S("toolchain"));
	for (size_t i = 0; i < n; i++)
		keep_package(&t, pkgs[i]);
	if (hm_mvs_req(a, &reqs, self, t.paths.v, t.paths.n, &min, err) ||
	    hm_mvs_build_list(a, &reqs, &self, 1, &list, err))
		return -1;
	if (keep_alt_mods(&t, &list)) {
		min = (struct hm_modvers){ 0 };
		if (hm_mvs_req(a, &reqs, self, t.paths.v, t.paths.n, &min, err))
			return -1;
	}
	*out = hm_reqs_new(ml, HM_UNPRUNED, min.v, min.n, rs->direct);
	return 0;
}
