#include "load/roots.h"

#include <stdatomic.h>

#include "load/import.h"
#include "load/modfiles.h"
#include "load/modgraph.h"
#include "load/modload_priv.h"
#include "load/roots_priv.h"
#include "mod/gover.h"
#include "os/pool.h"

bool
hm_loadpkg_is_external(const struct hm_modload *ml, const struct hm_loadpkg *p)
{
	return p->mod.path.n > 0 && !hm_mainmods_has(ml->mains, p->mod.path);
}

bool
hm_sets_eq(const struct hm_map *x, const struct hm_map *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!hm_map_has(y, x->e[i].key))
			return false;
	return true;
}

struct hm_reqs *
hm_reqs_override(struct hm_modload *ml, const struct hm_reqs *rs, const struct hm_modver *with,
                 size_t n)
{
	struct hm_map drop = { .arena = ml->arena };
	struct hm_modvers roots = { 0 };

	for (size_t i = 0; i < n; i++)
		hm_map_add(&drop, with[i].path);
	for (size_t i = 0; i < rs->n_roots; i++)
		if (!hm_map_has(&drop, rs->roots[i].path))
			HM_PUSH(ml->arena, roots, rs->roots[i]);
	for (size_t i = 0; i < n; i++)
		HM_PUSH(ml->arena, roots, with[i]);
	hm_modver_sort(&roots);
	return hm_reqs_new(ml, rs->pruning, roots.v, roots.n, rs->direct);
}

/* Spot check of what the modules that give packages require, in parallel. */
struct spot {
	struct hm_modload *ml;
	const struct hm_reqs *rs;
	const struct hm_vermap *mods;
	_Atomic bool bad;
};

static void
spot_one(void *ctx, size_t i)
{
	struct spot *s = ctx;
	const struct hm_modsummary *sum;
	struct hm_err err = { 0 };
	hm_str v;

	if (atomic_load(&s->bad))
		return;
	if (hm_modload_summary(s->ml, s->mods->e[i].key, &sum, &err)) {
		hm_err_free(&err);
		atomic_store(&s->bad, true);
		return;
	}
	hm_err_free(&err);
	for (size_t k = 0; k < sum->n_require; k++) {
		struct hm_modver r = sum->require[k];

		if (hm_reqs_root_selected(s->ml, s->rs, r.path, &v) &&
		    hm_gover_mod_cmp(r.path, v, r.version) < 0) {
			atomic_store(&s->bad, true);
			return;
		}
	}
}

static bool
spot_check(struct hm_modload *ml, const struct hm_reqs *rs, const struct hm_vermap *mods)
{
	struct spot s = { .ml = ml, .rs = rs, .mods = mods };

	hm_pool_each(0, mods->n, spot_one, &s);
	return !atomic_load(&s.bad);
}

/* A pruned update while it runs. */
struct update {
	struct hm_modload *ml;
	struct hm_reqs *rs;
	const struct hm_roots_in *in;
	struct hm_modvers roots;
	struct hm_vermap spot;
	bool upgraded; /* a root was added or raised since rs was made */
};

/* Must the module that gives this package be a root? */
static bool
wants_root(const struct hm_roots_in *in, const struct hm_loadpkg *p)
{
	return p->flags & (HM_PKG_IN_ALL | HM_PKG_IS_ROOT) ||
	       (in->roots_imported && p->flags & HM_PKG_FROM_ROOT);
}

static void
add_root(struct update *u, struct hm_modver m)
{
	HM_PUSH(u->ml->arena, u->roots, m);
	u->upgraded = true;
}

static void
add_needed_roots(struct update *u)
{
	hm_str v;

	for (size_t i = 0; i < u->in->n_pkgs; i++) {
		const struct hm_loadpkg *p = u->in->pkgs[i];

		if (!hm_loadpkg_is_external(u->ml, p) || !wants_root(u->in, p))
			continue;
		if (hm_reqs_root_selected(u->ml, u->rs, p->mod.path, &v))
			hm_vermap_add(&u->spot, p->mod);
		else
			add_root(u, p->mod);
	}
	for (size_t i = 0; i < u->in->n_add; i++) {
		struct hm_modver m = u->in->add[i];

		if (!hm_reqs_root_selected(u->ml, u->rs, m.path, &v) ||
		    hm_gover_mod_cmp(m.path, v, m.version) < 0)
			add_root(u, m);
	}
	if (u->upgraded)
		hm_modver_sort(&u->roots);
}

/* The graph that the roots are held against; *mg NULL: the roots alone are enough. */
static int
graph_to_check(struct update *u, struct hm_modgraph **mg, struct hm_err *err)
{
	struct hm_err unread = { 0 };

	*mg = NULL;
	if (u->upgraded) {
		if (hm_modload_must_be_complete(u->ml))
			return hm_modload_dirty(u->ml, err);
		u->rs = hm_reqs_new(u->ml, HM_PRUNED, u->roots.v, u->roots.n, *u->in->direct);
		return hm_reqs_graph(u->ml, u->rs, mg, err);
	}
	if (hm_reqs_graph_loaded(u->rs)) {
		(void)hm_reqs_graph(u->ml, u->rs, mg, &unread); /* what there is of it counts */
		hm_err_free(&unread);
		return 0;
	}
	if (spot_check(u->ml, u->rs, &u->spot))
		return 0;
	return hm_reqs_graph(u->ml, u->rs, mg, err);
}

/* Each path once, at its selected version. */
static void
select_roots(struct update *u, const struct hm_modgraph *mg)
{
	struct hm_map seen = { .arena = u->ml->arena };
	struct hm_modvers roots = { 0 };

	u->upgraded = false;
	for (size_t i = 0; i < u->ml->mains->n; i++)
		hm_map_add(&seen, u->ml->mains->v[i].mod.path);
	for (size_t i = 0; i < u->rs->n_roots; i++) {
		struct hm_modver m = u->rs->roots[i];
		hm_str v;

		if (!hm_map_add(&seen, m.path))
			continue;
		if (mg)
			v = hm_modgraph_selected(mg, m.path);
		else
			hm_reqs_root_selected(u->ml, u->rs, m.path, &v);
		HM_PUSH(u->ml->arena, roots, hm_modver_of(m.path, v));
		if (!hm_str_eq(v, m.version))
			u->upgraded = true;
	}
	u->roots = roots;
}

static int
update_pruned(struct hm_modload *ml, struct hm_reqs *rs, const struct hm_roots_in *in,
              struct hm_reqs **out, struct hm_err *err)
{
	struct update u = { .ml = ml, .rs = rs, .in = in, .spot.arena = ml->arena };
	struct hm_modgraph *mg;

	for (size_t i = 0; i < rs->n_roots; i++)
		HM_PUSH(ml->arena, u.roots, rs->roots[i]);
	add_needed_roots(&u);
	do {
		int rc = graph_to_check(&u, &mg, err);

		*out = u.rs;
		if (rc)
			return -1;
		select_roots(&u, mg);
		/* Only duplicates were dropped, if anything. */
		if (!u.upgraded && ml->build_mod != HM_MOD_MOD)
			return 0;
	} while (u.upgraded);
	if (u.rs->pruning != HM_PRUNED ||
	    !hm_modvers_eq(u.roots.v, u.roots.n, u.rs->roots, u.rs->n_roots) ||
	    !hm_sets_eq(in->direct, &u.rs->direct))
		*out = hm_reqs_new(ml, HM_PRUNED, u.roots.v, u.roots.n, *in->direct);
	return 0;
}

int
hm_reqs_update_roots(struct hm_modload *ml, struct hm_reqs *rs, const struct hm_roots_in *in,
                     struct hm_reqs **out, struct hm_err *err)
{
	*out = rs;
	switch (rs->pruning) {
	case HM_UNPRUNED:
		return hm_reqs_update_unpruned(ml, rs, in, out, err);
	case HM_PRUNED:
		return update_pruned(ml, rs, in, out, err);
	case HM_WORKSPACE:
		break;
	}
	if (in->n_add)
		return hm_err_set(err, HM_EINTERNAL, "internal error: new requirement in workspace "
		                  "mode");
	*out = hm_reqs_new(ml, HM_WORKSPACE, rs->roots, rs->n_roots, *in->direct);
	return 0;
}

int
hm_reqs_convert_pruning(struct hm_modload *ml, struct hm_reqs *rs, enum hm_pruning to,
                        struct hm_reqs **out, struct hm_err *err)
{
	struct hm_roots_in in = { .direct = &rs->direct };
	struct hm_modgraph *mg;
	const struct hm_modver *list;
	size_t n, skip = ml->mains->n;

	*out = rs;
	if (rs->pruning == to)
		return 0;
	if (rs->pruning == HM_WORKSPACE || to == HM_WORKSPACE)
		return hm_err_set(err, HM_EINTERNAL, "internal error: attempting to convert "
		                  "to/from workspace pruning and another pruning type");
	/* Roots of a pruned graph are more than an unpruned one needs. */
	if (to == HM_UNPRUNED)
		return hm_reqs_update_unpruned(ml, rs, &in, out, err);
	/* All that is in the unpruned graph becomes a root of the pruned one. */
	if (hm_reqs_graph(ml, rs, &mg, err))
		return -1;
	list = hm_modgraph_build_list(mg, &n);
	*out = hm_reqs_new(ml, HM_PRUNED, list + skip, n - skip, rs->direct);
	return 0;
}
