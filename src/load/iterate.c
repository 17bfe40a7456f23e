#include "load/iterate.h"

#include "acquire/acquire.h"
#include "load/import.h"
#include "load/mainmods.h"
#include "load/modfiles.h"
#include "load/modgraph.h"
#include "load/roots.h"
#include "mod/gover.h"
#include "mod/modpath.h"

void
hm_iter_error(struct hm_iter *it, struct hm_err *err)
{
	if (err->code == HM_EREPORTED && hm_err_str(err).n == 0) {
		it->ml->failed = true;
	} else if (it->opts->allow_errors) {
		hm_log(it->ml->log, HM_LOG_INFO, "go: " HM_F, HM_P(hm_err_str(err)));
		hm_err_clear(err);
		return;
	}
	if (err->code == HM_ETOOLCHAIN) {
		hm_str go = hm_import_wanted_go(hm_err_str(err));

		if (!it->need_go.n || hm_gover_cmp(go, it->need_go) > 0)
			it->need_go = hm_arena_dup(it->a, go);
	}
	if (it->errors.code == HM_OK) {
		hm_err_move(&it->errors, err);
		return;
	}
	hm_err_append(&it->errors, "\ngo: " HM_F, HM_P(hm_err_str(err)));
	if (err->code == HM_ETOOLCHAIN)
		it->errors.code = HM_ETOOLCHAIN;
	hm_err_clear(err);
}

int
hm_iter_stop(struct hm_iter *it, struct hm_err *err)
{
	if (it->errors.code == HM_OK)
		return 0;
	hm_err_move(err, &it->errors);
	return -1;
}

void
hm_iter_flush(struct hm_iter *it)
{
	if (it->errors.code == HM_OK || it->errors.code == HM_ETOOLCHAIN)
		return;
	hm_log(it->ml->log, HM_LOG_WARN, "go: " HM_F, HM_P(hm_err_str(&it->errors)));
}

static void
package_error(struct hm_iter *it, const struct hm_loadpkg *p)
{
	struct hm_err err = { 0 };
	hm_str stack = hm_loadpkg_stack_text(it->a, p);

	hm_err_set(&err, p->err->code ? p->err->code : HM_EINVALID, HM_F ": " HM_F, HM_P(stack),
	           HM_P(p->err->text));
	hm_iter_error(it, &err);
	hm_err_free(&err);
}

static hm_str
go_version(const struct hm_iter *it)
{
	return it->opts->tidy_go_version.n ? it->opts->tidy_go_version
	                                   : hm_reqs_go(it->ml, it->reqs);
}

/* What depends on the go version, which a round may have raised. */
static int
follow_go_version(struct hm_iter *it, struct hm_err *err)
{
	hm_str go = go_version(it);

	if (it->reqs->pruning != HM_WORKSPACE) {
		enum hm_pruning want = hm_pruning_for_go(go);

		if (hm_reqs_convert_pruning(it->ml, it->reqs, want, &it->reqs, err)) {
			hm_iter_error(it, err);
			if (hm_iter_stop(it, err))
				return -1;
		}
	}
	it->skip_mod_files = it->opts->tidy &&
	                     hm_gover_cmp(go, HM_S(HM_GOVER_TIDY_GOMOD_SUM)) < 0;
	it->all_closes_over_tests = hm_gover_cmp(go, HM_S(HM_GOVER_NARROW_ALL)) < 0 &&
	                            !it->opts->use_vendor_all;
	return 0;
}

static void
reset(struct hm_iter *it)
{
	it->roots = (struct hm_loadpkgs){ 0 };
	it->pkgs = (struct hm_loadpkgs){ 0 };
	it->by_path = (struct hm_map){ .arena = it->a };
}

static bool
roots_eq(const struct hm_reqs *x, const struct hm_reqs *y)
{
	return hm_modvers_eq(x->roots, x->n_roots, y->roots, y->n_roots);
}

static void
add_unique(struct hm_arena *a, struct hm_modvers *l, struct hm_modver m)
{
	for (size_t i = 0; i < l->n; i++)
		if (hm_modver_eq(l->v[i], m))
			return;
	HM_PUSH(a, *l, m);
}

static int
no_effect(struct hm_iter *it, struct hm_err *err)
{
	hm_err_set(err, HM_EINTERNAL, "internal error: adding modules to the module graph had no "
	           "effect on its roots");
	hm_iter_error(it, err);
	return hm_iter_stop(it, err);
}

/* Root packages that are missing may be found in a module that could be added. */
static void
query_missing_roots(struct hm_iter *it, const struct hm_strs *paths, struct hm_import *found)
{
	struct hm_strs ask = { 0 };
	struct hm_import *got;
	size_t k = 0;

	for (size_t i = 0; i < paths->n; i++)
		if (found[i].err && found[i].err->kind == HM_IMPORT_MISSING)
			HM_PUSH(it->a, ask, paths->v[i]);
	if (!it->opts->resolve_missing || ask.n == 0)
		return;
	got = HM_NEW_N(it->a, ask.n, struct hm_import);
	hm_iter_query(it, &ask, got);
	for (size_t i = 0; i < paths->n; i++)
		if (found[i].err && found[i].err->kind == HM_IMPORT_MISSING)
			found[i] = got[k++];
}

/*
 * preloadRootModules: makes the modules of the root packages roots before their
 * imports are followed, so that the first round mostly is the last.
 */
static int
preload(struct hm_iter *it, const struct hm_strs *paths, bool *changed, struct hm_err *err)
{
	struct hm_import *found = HM_NEW_N(it->a, paths->n, struct hm_import);
	struct hm_roots_in in = { .direct = &it->reqs->direct,
	                          .roots_imported = it->opts->assume_roots_imported };
	struct hm_modvers add = { 0 };
	struct hm_reqs *rs = it->reqs;

	*changed = false;
	hm_iter_resolve(it, paths, it->reqs, NULL, found);
	query_missing_roots(it, paths, found);
	for (size_t i = 0; i < paths->n; i++) {
		hm_str v;

		if (found[i].err || !found[i].mod.path.n)
			continue;
		if (!hm_reqs_root_selected(it->ml, it->reqs, found[i].mod.path, &v) ||
		    !hm_str_eq(v, found[i].mod.version))
			add_unique(it->a, &add, found[i].mod);
	}
	if (add.n == 0)
		return 0;
	hm_modver_sort(&add);
	in.add = add.v;
	in.n_add = add.n;
	if (hm_reqs_update_roots(it->ml, it->reqs, &in, &rs, err)) {
		hm_iter_error(it, err);
		return hm_iter_stop(it, err);
	}
	if (roots_eq(rs, it->reqs))
		return no_effect(it, err);
	it->reqs = rs;
	*changed = true;
	return 0;
}

/* buildStacks: all packages, breadth first, each with the first one that imports it. */
static void
build_stacks(struct hm_iter *it)
{
	for (size_t i = 0; i < it->roots.n; i++) {
		it->roots.v[i]->stack = it->roots.v[i]; /* seen */
		HM_PUSH(it->a, it->pkgs, it->roots.v[i]);
	}
	for (size_t i = 0; i < it->pkgs.n; i++) {
		struct hm_loadpkg *p = it->pkgs.v[i];

		for (size_t k = 0; k < p->n_imports; k++) {
			struct hm_loadpkg *next = p->imports[k];

			if (next->stack)
				continue;
			next->stack = p;
			HM_PUSH(it->a, it->pkgs, next);
		}
		if (p->test && !p->test->stack) {
			p->test->stack = p;
			HM_PUSH(it->a, it->pkgs, p->test);
		}
	}
	for (size_t i = 0; i < it->roots.n; i++)
		it->roots.v[i]->stack = NULL;
}

static struct hm_import_error *
implicit_error(struct hm_iter *it, const struct hm_loadpkg *p, const struct hm_loadpkg *dep)
{
	struct hm_import_error *e = HM_NEW(it->a, struct hm_import_error);

	e->kind = HM_IMPORT_IMPLICIT;
	e->code = HM_EREADONLY;
	e->import_path = p->path;
	e->imported = dep->path;
	e->module = dep->mod;
	hm_import_error_render(it->ml, it->a, e);
	return e;
}

/* One import of a main module's package: is its module required directly? */
static int
note_direct(struct hm_iter *it, struct hm_loadpkg *p, const struct hm_loadpkg *dep,
            struct hm_map *direct, struct hm_err *err)
{
	const struct hm_modver *reqs;
	struct hm_modgraph *mg;
	hm_str v;
	size_t n;

	if (!hm_loadpkg_is_external(it->ml, dep))
		return 0;
	if (hm_modload_in_work(it->ml)) {
		if (it->ml->build_mod == HM_MOD_VENDOR)
			return 0;
		if (hm_reqs_graph(it->ml, it->reqs, &mg, err))
			return -1;
		if (!hm_modgraph_required_by(mg, dep->mod, &reqs, &n))
			p->err = implicit_error(it, p, dep);
	} else if (!p->err && it->ml->build_mod != HM_MOD_MOD) {
		if (!hm_reqs_root_selected(it->ml, it->reqs, dep->mod.path, &v) ||
		    !hm_str_eq(v, dep->mod.version)) {
			p->err = implicit_error(it, p, dep);
			return 0; /* may not be changed, so it is not direct either */
		}
	}
	hm_map_add(direct, dep->mod.path);
	return 0;
}

/* The module paths that the main modules import directly; -1 also for a module that is too new. */
static int
find_direct(struct hm_iter *it, struct hm_map *direct, struct hm_err *err)
{
	const struct hm_import_error *too_new = NULL;

	/* Only a look at all imports of "all" shows what is no longer direct. */
	if (!(it->all_is_root && it->opts->any_tags))
		for (size_t i = 0; i < it->reqs->direct.n; i++)
			if (hm_reqs_is_direct(it->reqs, it->reqs->direct.e[i].key))
				hm_map_add(direct, it->reqs->direct.e[i].key);
	for (size_t i = 0; i < it->pkgs.n; i++) {
		struct hm_loadpkg *p = it->pkgs.v[i];

		if (p->err && p->err->code == HM_ETOOLCHAIN &&
		    (!too_new || hm_gover_cmp(p->err->toolchain, too_new->toolchain) > 0))
			too_new = p->err;
		if (p->mod.version.n || !hm_mainmods_has(it->ml->mains, p->mod.path))
			continue;
		for (size_t k = 0; k < p->n_imports; k++)
			if (note_direct(it, p, p->imports[k], direct, err))
				return -1;
	}
	if (too_new)
		return hm_err_set(err, HM_ETOOLCHAIN, HM_F, HM_P(too_new->text));
	return 0;
}

/* Did new roots change anything for a package that was loaded? */
static int
packages_changed(struct hm_iter *it, struct hm_reqs *rs, bool *changed, struct hm_err *err)
{
	struct hm_modgraph *mg;

	if (hm_reqs_graph(it->ml, rs, &mg, err))
		return -1;
	for (size_t i = 0; i < it->pkgs.n && !*changed; i++) {
		const struct hm_loadpkg *p = it->pkgs.v[i];
		struct hm_import found;

		if (hm_loadpkg_is_external(it->ml, p) &&
		    !hm_str_eq(hm_modgraph_selected(mg, p->mod.path), p->mod.version))
			*changed = true;
		else if (p->err && hm_import_from_modules(it->ml, it->a, p->path, rs, NULL,
		                                          it->skip_mod_files, &found))
			*changed = true; /* what was missing is there now */
	}
	return 0;
}

/* updateRequirements */
static int
update_requirements(struct hm_iter *it, bool *changed, struct hm_err *err)
{
	struct hm_map direct = { .arena = it->a };
	struct hm_roots_in in = { .direct = &direct, .pkgs = it->pkgs.v, .n_pkgs = it->pkgs.n,
	                          .roots_imported = it->opts->assume_roots_imported };
	struct hm_reqs *rs = it->reqs, *tidy;

	*changed = false;
	if (find_direct(it, &direct, err))
		return -1;
	if (it->opts->tidy) {
		if (hm_reqs_tidy_roots(it->ml, it->reqs, it->pkgs.v, it->pkgs.n, &tidy, err))
			return -1;
		in.add = tidy->roots;
		in.n_add = tidy->n_roots;
	}
	if (hm_reqs_update_roots(it->ml, it->reqs, &in, &rs, err))
		return -1;
	if (!hm_str_eq(hm_reqs_go(it->ml, rs), hm_reqs_go(it->ml, it->reqs)))
		*changed = true;
	else if (rs != it->reqs && !roots_eq(rs, it->reqs) &&
	         packages_changed(it, rs, changed, err))
		return -1;
	it->reqs = rs;
	return 0;
}

/* Says in which main module `go get` should run. */
static void
blame_main_module(struct hm_iter *it, struct hm_loadpkg *p)
{
	for (const struct hm_loadpkg *s = p->stack; s; s = s->stack) {
		const struct hm_mainmod *m = hm_mainmods_find(it->ml->mains, s->mod.path);

		if (!m)
			continue;
		p->err->importing_main = s->mod;
		p->err->importing_root = m->root;
		hm_import_error_render(it->ml, it->a, p->err);
		return;
	}
}

static int
missing_too_new(struct hm_iter *it, const struct hm_loadpkgs *missing, struct hm_err *err)
{
	const struct hm_loadpkg *worst = NULL;

	for (size_t i = 0; i < missing->n; i++) {
		const struct hm_loadpkg *p = missing->v[i];

		if (p->err->code == HM_ETOOLCHAIN &&
		    (!worst || hm_gover_cmp(p->err->toolchain, worst->err->toolchain) > 0))
			worst = p;
	}
	if (!worst)
		return 0;
	hm_log(it->ml->log, HM_LOG_INFO, "go: toolchain upgrade needed to resolve " HM_F,
	       HM_P(worst->path));
	return hm_err_set(err, HM_ETOOLCHAIN, HM_F, HM_P(worst->err->text));
}

/* Modules to add, each with the first package that wants it. */
struct additions {
	struct hm_modvers mods;
	struct hm_loadpkgs by;
};

static void
add_for(struct hm_iter *it, struct additions *add, struct hm_modver m, struct hm_loadpkg *p)
{
	size_t n = add->mods.n;

	hm_log(it->ml->log, HM_LOG_INFO, "go: found " HM_F " in " HM_F " " HM_F, HM_P(p->path),
	       HM_P(m.path), HM_P(m.version));
	add_unique(it->a, &add->mods, m);
	if (add->mods.n > n)
		HM_PUSH(it->a, add->by, p);
}

/* resolveMissingImports */
static int
resolve_missing(struct hm_iter *it, struct additions *add, struct hm_err *err)
{
	struct hm_loadpkgs missing = { 0 };
	struct hm_strs paths = { 0 };
	struct hm_import *found;

	for (size_t i = 0; i < it->pkgs.n; i++) {
		struct hm_loadpkg *p = it->pkgs.v[i];

		if (!p->err || p->test_of || p->err->kind != HM_IMPORT_MISSING)
			continue;
		HM_PUSH(it->a, missing, p);
		HM_PUSH(it->a, paths, p->path);
	}
	found = HM_NEW_N(it->a, paths.n, struct hm_import);
	hm_iter_query(it, &paths, found);
	for (size_t i = 0; i < missing.n; i++) {
		/* The query says more than "not found" did. */
		if (!found[i].err)
			continue;
		missing.v[i]->err = found[i].err;
		if (found[i].err->kind == HM_IMPORT_MISSING)
			blame_main_module(it, missing.v[i]);
	}
	if (missing_too_new(it, &missing, err))
		return -1;
	for (size_t i = 0; i < missing.n; i++)
		if (!found[i].err && found[i].mod.path.n)
			add_for(it, add, found[i].mod, missing.v[i]);
	return 0;
}

/* A module just added cannot be read: the imports explain it better than requirements. */
static void
explain_addition(struct hm_iter *it, const struct additions *add, struct hm_err *err)
{
	const hm_str step = HM_S("requires\n\t");
	hm_str text = hm_arena_dup(it->a, hm_err_str(err));
	ptrdiff_t at;

	while ((at = hm_str_index(text, step)) >= 0)
		text = hm_str_from(text, (size_t)at + step.n);
	for (size_t i = 0; i < add->mods.n; i++) {
		hm_str rest = text;

		if (hm_str_cut_prefix(&rest, hm_modver_str(it->a, add->mods.v[i])) &&
		    (hm_str_has_prefix(rest, HM_S(":")) ||
		     hm_str_has_prefix(rest, HM_S(" (replaced by ")))) {
			hm_str stack = hm_loadpkg_stack_text(it->a, add->by.v[i]);
			enum hm_code code = err->code;

			hm_err_set(err, code, HM_F ": " HM_F, HM_P(stack), HM_P(text));
			return;
		}
	}
}

static int
add_missing(struct hm_iter *it, bool *again, struct hm_err *err)
{
	struct additions add = { 0 };
	struct hm_roots_in in = { .direct = &it->reqs->direct,
	                          .roots_imported = it->opts->assume_roots_imported };
	struct hm_modvers sorted = { 0 };
	struct hm_reqs *rs = it->reqs;

	if (resolve_missing(it, &add, err))
		return -1;
	if (add.mods.n == 0)
		return 0;
	for (size_t i = 0; i < add.mods.n; i++)
		HM_PUSH(it->a, sorted, add.mods.v[i]);
	hm_modver_sort(&sorted);
	in.add = sorted.v;
	in.n_add = sorted.n;
	if (hm_reqs_update_roots(it->ml, it->reqs, &in, &rs, err)) {
		explain_addition(it, &add, err);
		return -1;
	}
	if (roots_eq(rs, it->reqs))
		return hm_err_set(err, HM_EINTERNAL, "internal error: adding modules to the "
		                  "module graph had no effect on its roots");
	it->reqs = rs;
	*again = true;
	return 0;
}

/* One round; *again: another one is needed. */
static int
iterate(struct hm_iter *it, bool *again, struct hm_err *err)
{
	struct hm_strs roots = { 0 };
	bool changed = false;

	*again = false;
	reset(it);
	if (follow_go_version(it, err) || it->list_roots(it->list_ctx, it->reqs, &roots, err))
		return -1;
	if (it->reqs->pruning == HM_PRUNED && it->ml->build_mod == HM_MOD_MOD) {
		if (preload(it, &roots, &changed, err))
			return -1;
		if (changed) {
			*again = true;
			return 0;
		}
	}
	hm_iter_load(it, &roots);
	if (hm_resolve_check(it->r, err))
		return -1;
	build_stacks(it);
	if (update_requirements(it, &changed, err)) {
		hm_iter_error(it, err);
		return 0;
	}
	if (changed) {
		*again = true;
		return 0;
	}
	if (!it->opts->resolve_missing ||
	    (!hm_modload_has_root(it->ml) && !it->ml->allow_missing_imports))
		return 0;
	if (add_missing(it, again, err))
		hm_iter_error(it, err);
	return 0;
}

static void
check_tidy_subset(struct hm_iter *it, const struct hm_reqs *tidy)
{
	struct hm_err err = { 0 };

	for (size_t i = 0; i < tidy->n_roots; i++) {
		struct hm_modver m = tidy->roots[i];
		hm_str v = { 0 };

		if (hm_str_eqz(m.path, "go") && it->opts->tidy_go_version.n)
			continue;
		if (hm_reqs_root_selected(it->ml, it->reqs, m.path, &v) &&
		    hm_str_eq(v, m.version))
			continue;
		hm_err_set(&err, HM_EINTERNAL, "internal error: a requirement on " HM_F "@" HM_F
		           " is needed but was not added during package loading (selected " HM_F
		           ")", HM_P(m.path), HM_P(m.version), HM_P(v));
		hm_iter_error(it, &err);
	}
	hm_err_free(&err);
}

/* Takes the go version that was asked for, unless a requirement needs a higher one. */
static void
set_tidy_go(struct hm_iter *it, struct hm_reqs **rs)
{
	struct hm_modver go = { HM_S("go"), it->opts->tidy_go_version };
	struct hm_reqs *tidy = hm_reqs_override(it->ml, *rs, &go, 1);
	struct hm_modgraph *mg;
	struct hm_err err = { 0 };
	hm_str v;

	if (hm_reqs_graph(it->ml, tidy, &mg, &err))
		hm_iter_error(it, &err);
	v = hm_modgraph_selected(mg, go.path);
	if (hm_str_eq(v, go.version)) {
		*rs = tidy;
	} else {
		hm_iter_go_conflict(it, mg, v, &err);
		hm_iter_error(it, &err);
	}
	hm_err_free(&err);
}

static int
tidy_up(struct hm_iter *it, struct hm_err *err)
{
	struct hm_reqs *rs = it->reqs;

	if (hm_reqs_tidy_roots(it->ml, it->reqs, it->pkgs.v, it->pkgs.n, &rs, err)) {
		hm_iter_error(it, err);
		return hm_iter_stop(it, err);
	}
	if (it->opts->tidy_go_version.n)
		set_tidy_go(it, &rs);
	if (it->reqs->pruning == HM_PRUNED)
		check_tidy_subset(it, rs);
	it->reqs = rs;
	return hm_iter_stop(it, err);
}

/* What only the whole import graph tells about an error. */
static void
complete_error(struct hm_iter *it, struct hm_loadpkg *p)
{
	struct hm_import_error *e = p->err;
	hm_str go;

	if (!p->stack)
		return;
	if (e->kind == HM_IMPORT_MISSING_SUM) {
		e->importer = p->stack->path;
		e->importer_version = p->stack->mod.version;
		e->importer_is_test = p->stack->test_of != NULL;
		hm_import_error_render(it->ml, it->a, e);
	} else if (e->kind == HM_IMPORT_MISSING && e->is_std) {
		go = hm_modload_raw_go(it->ml, p->stack->mod);
		if (go.n && hm_gover_cmp(it->ml->local_go, go) < 0) {
			e->importer_go = go;
			hm_import_error_render(it->ml, it->a, e);
		}
	}
}

static void
report_packages(struct hm_iter *it)
{
	for (size_t i = 0; i < it->pkgs.n; i++) {
		struct hm_loadpkg *p = it->pkgs.v[i];

		if (!p->err)
			continue;
		complete_error(it, p);
		if (p->err->kind == HM_IMPORT_MISSING && p->err->is_std &&
		    it->opts->silence_missing_std)
			continue;
		if (it->opts->silence_package_errors)
			continue;
		if (it->opts->silence_no_go && p->err->kind == HM_IMPORT_NO_GO)
			continue;
		package_error(it, p);
	}
}

/* checkMultiplePaths: nothing may be itself and a replacement of something else. */
static void
check_multiple_paths(struct hm_iter *it)
{
	const struct hm_modgraph *mg = hm_reqs_graph_loaded(it->reqs);
	const struct hm_modver *mods = it->reqs->roots;
	size_t n = it->reqs->n_roots;
	struct hm_map first = { .arena = it->a };
	struct hm_err err = { 0 };

	if (mg)
		mods = hm_modgraph_build_list(mg, &n);
	for (size_t i = 0; i < n; i++) {
		struct hm_modver src = hm_modload_resolve(it->ml, mods[i]);
		bool fresh;
		struct hm_map_entry *e = hm_map_put(&first, hm_arena_printf(it->a, HM_F "@" HM_F,
		                                    HM_P(src.path), HM_P(src.version)), &fresh);
		const hm_str *prev = e->val;

		if (fresh) {
			e->val = (void *)(uintptr_t)&mods[i].path;
			continue;
		}
		if (hm_str_eq(*prev, mods[i].path))
			continue;
		hm_err_set(&err, HM_ECONFLICT, HM_F "@" HM_F " used for two different module paths "
		           "(" HM_F " and " HM_F ")", HM_P(src.path), HM_P(src.version),
		           HM_P(*prev), HM_P(mods[i].path));
		hm_iter_error(it, &err);
	}
	hm_err_free(&err);
}

int
hm_iter_run(struct hm_iter *it, struct hm_err *err)
{
	struct hm_modgraph *mg;
	bool again = true;

	if (it->reqs->pruning == HM_UNPRUNED && hm_reqs_expand(it->ml, &it->reqs, &mg, err)) {
		hm_resolve_note(it->r, err);
		if (hm_resolve_check(it->r, err))
			return -1;
		hm_iter_error(it, err);
	}
	if (hm_iter_stop(it, err))
		return -1;
	while (again)
		if (iterate(it, &again, err))
			return -1;
	if (hm_iter_stop(it, err) || (it->opts->tidy && tidy_up(it, err)))
		return -1;
	report_packages(it);
	check_multiple_paths(it);
	return 0;
}

void
hm_iter_all(const struct hm_iter *it, struct hm_strs *out)
{
	struct hm_err err = { 0 };

	out->n = 0;
	for (size_t i = 0; i < it->pkgs.n; i++) {
		const struct hm_loadpkg *p = it->pkgs.v[i];

		if ((p->flags & HM_PKG_IN_ALL) && !p->test_of &&
		    hm_modpath_check_import(p->path, &err) == 0)
			HM_PUSH(it->a, *out, p->path);
	}
	hm_err_free(&err);
	hm_strs_sort(out);
}
