#include "load/worksync.h"

#include "load/edit.h"
#include "load/mainmods.h"
#include "load/modcommit.h"
#include "load/modgraph.h"
#include "load/modules.h"
#include "load/workspace.h"
#include "mod/gover.h"
#include "mod/gowork.h"

/* One module of the workspace, and what its packages come from. */
struct member {
	struct hm_modver mod;
	hm_str root;
	struct hm_modvers select;
};

/*
 * The versions, in the order of modules, that the packages of one main module are
 * loaded from.  They outlive the module state.
 */
static int
find_selected(struct hm_modload *ml, struct member *m, struct hm_err *err)
{
	const struct hm_load_opts opts = {
		.any_tags = true,
		.vendor_in_goroot_src = true,
		.load_tests = true,
		.allow_errors = true,
		.silence_package_errors = true,
		.silence_unmatched = true,
		.main_module = m->mod,
	};
	struct hm_vermap seen = { .arena = ml->arena };
	struct hm_modules *mods;
	struct hm_strs all = { 0 };

	HM_PUSH(ml->arena, all, HM_S("all"));
	if (hm_modules_load(ml, &opts, &all, &mods, err))
		return -1;
	for (size_t i = 0; i < mods->loaded.n; i++) {
		struct hm_modver r = hm_modules_provider(mods, mods->loaded.v[i]);

		if (!r.version.n || !hm_vermap_add(&seen, r))
			continue;
		r.path = hm_arena_dup(ml->arena, r.path);
		r.version = hm_arena_dup(ml->arena, r.version);
		HM_PUSH(ml->arena, m->select, r);
	}
	hm_modver_sort(&m->select);
	return 0;
}

static int
tidy(struct hm_modload *ml, struct hm_err *err)
{
	const struct hm_load_opts opts = {
		.any_tags = true,
		.tidy = true,
		.vendor_in_goroot_src = true,
		.load_tests = true,
		.allow_errors = true,
		.silence_missing_std = true,
		.silence_package_errors = true,
	};
	struct hm_modules *mods;
	struct hm_strs all = { 0 };

	HM_PUSH(ml->arena, all, HM_S("all"));
	if (hm_modules_load(ml, &opts, &all, &mods, err))
		return -1;
	return hm_modload_write(ml, NULL, err);
}

/* *go: the highest go version so far. */
static int
sync_member(struct hm_modload *ml, const struct member *m, hm_str *go, struct hm_err *err)
{
	struct hm_edit_in in = { .must = m->select.v, .n_must = m->select.n };
	struct hm_conflicts conflicts;
	struct hm_err ignored = { 0 };
	bool changed;

	if (hm_modload_enter(ml, m->root, err))
		return -1;
	/* As in go, a module that cannot take the versions stays as it is. */
	if (hm_modload_edit(ml, &in, &changed, &conflicts, &ignored)) {
		hm_err_free(&ignored);
		return 0;
	}
	if (changed && tidy(ml, err))
		return -1;
	*go = hm_gover_max(*go, hm_arena_dup(ml->arena, hm_modload_main_go(ml)));
	return 0;
}

int
hm_work_sync(struct hm_modload *ml, struct hm_err *err)
{
	hm_str file = ml->work_file, go = HM_S("");
	struct hm_modgraph *mg;
	struct hm_gowork *work;
	struct member *v;
	size_t n;

	if (hm_modload_graph(ml, HM_S(""), &mg, err))
		return -1;
	n = ml->mains->n;
	v = HM_NEW_N(ml->arena, n, struct member);
	for (size_t i = 0; i < n; i++) {
		v[i].mod = ml->mains->v[i].mod;
		v[i].root = ml->mains->v[i].root;
		if (find_selected(ml, &v[i], err))
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].root.n && sync_member(ml, &v[i], &go, err))
			return -1;
	if (hm_work_read(ml, file, &work, err))
		return -1;
	hm_work_update_go(work, go);
	hm_work_update_uses(ml, work);
	return hm_work_write(file, work, err);
}
