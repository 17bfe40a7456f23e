#include "load/modulesdir.h"

#include "acquire/acquire.h"
#include "base/path.h"
#include "load/import.h"
#include "load/importstate.h"
#include "load/mainmods.h"
#include "load/modgraph.h"
#include "load/pkg.h"
#include "load/scan.h"
#include "load/search.h"
#include "load/vendorlist.h"
#include "mod/gover.h"
#include "os/file.h"

static hm_str
absolute(struct hm_modload *ml, struct hm_arena *a, hm_str dir)
{
	return hm_path_is_abs(dir) ? hm_path_clean(a, dir) : hm_path_join(a, ml->cwd, dir);
}

/* The import path of dir when it lies in the files of module m; empty when it does not. */
static hm_str
path_in_module(struct hm_modload *ml, struct hm_arena *a, hm_str dir, struct hm_modver m)
{
	struct hm_modver r = hm_modload_replacement(ml, m);
	struct hm_err err = { 0 };
	hm_str root = HM_S(""), sub;

	if (hm_gover_is_toolchain(m.path))
		return root;
	if (r.path.n && !r.version.n) {
		root = hm_modload_replace_dir(ml, a, r.path);
	} else {
		struct hm_modver from = r.path.n ? r : m;

		if (!from.version.n || hm_acquire_local_dir(ml->acquire, from, &root, &err))
			root = HM_S("");
		hm_err_free(&err);
	}
	if (!root.n)
		return root;
	sub = hm_import_in_dir(a, dir, root);
	if (!sub.n || hm_str_contains(sub, HM_S("/vendor/")) ||
	    hm_str_has_prefix(sub, HM_S("vendor/")) || hm_str_index_byte(sub, '@') >= 0)
		return HM_S("");
	return hm_path_join(a, m.path, sub);
}

/* pathInModuleCache: dir is in a module that the build uses. */
static hm_str
path_in_cache(struct hm_modload *ml, struct hm_arena *a, hm_str dir, struct hm_reqs *rs)
{
	struct hm_err err = { 0 };
	struct hm_modgraph *mg;
	const struct hm_modver *list;
	hm_str v, path;
	size_t n;

	for (size_t i = 0; rs->pruning == HM_PRUNED && i < rs->n_roots; i++) {
		if (!hm_reqs_root_selected(ml, rs, rs->roots[i].path, &v) ||
		    !hm_str_eq(v, rs->roots[i].version))
			continue;
		path = path_in_module(ml, a, dir, rs->roots[i]);
		if (path.n)
			return path;
	}
	hm_reqs_graph(ml, rs, &mg, &err);
	hm_err_free(&err);
	list = hm_modgraph_build_list(mg, &n);
	for (size_t i = 0; i < n; i++) {
		path = path_in_module(ml, a, dir, list[i]);
		if (path.n)
			return path;
	}
	return HM_S("");
}

void
hm_modules_match_dirs(struct hm_modload *ml, struct hm_arena *a, const struct hm_strs *roots,
                      struct hm_match *m, struct hm_reqs *rs)
{
	ptrdiff_t dots = hm_str_index(m->pattern, HM_S("..."));
	struct hm_err err = { 0 };
	hm_str abs, clean, shown;

	if (dots < 0) {
		hm_search_dirs(ml, a, m, roots);
		return;
	}
	clean = hm_path_clean(a, hm_str_sub(m->pattern, 0, (size_t)dots + 3));
	abs = absolute(ml, a, hm_path_dir(a, clean));
	if (hm_strs_has(roots, hm_modload_find_root(a, abs)) ||
	    hm_import_in_dir(a, abs, hm_resolve_of(ml)->goroot_src).n ||
	    path_in_cache(ml, a, abs, rs).n) {
		hm_search_dirs(ml, a, m, roots);
		return;
	}
	m->dirs_set = true;
	shown = hm_modload_short_path(ml, a, abs);
	hm_err_set(&err, HM_EINVALID, "directory prefix " HM_F " does not contain %s", HM_P(shown),
	           hm_modload_in_work(ml)
	           ? "modules listed in go.work or their selected dependencies"
	           : "main module or its selected dependencies");
	hm_match_add_error(a, m, HM_IMPORT_OTHER, &err);
	hm_err_free(&err);
}

static bool
has_go_file(const struct hm_scan_dir *scan)
{
	for (size_t i = 0; i < scan->n; i++)
		if (scan->v[i].is_go)
			return true;
	return false;
}

/* A folder is a package only when it has Go files, whatever their constraints say. */
static int
check_go_files(struct hm_modload *ml, hm_str dir, enum hm_local_fail *fail, struct hm_err *err)
{
	const struct hm_scan_dir *scan;
	struct stat st;

	if (hm_scan_dir(hm_resolve_of(ml)->scans, dir, &scan, err) == 0) {
		if (has_go_file(scan))
			return 0;
		*fail = HM_LOCAL_NO_GO;
		return hm_err_set(err, HM_EINVALID, "no buildable Go source files in " HM_F,
		                  HM_P(dir));
	}
	hm_err_clear(err);
	if (hm_file_stat(dir.p, &st, err) == 0)
		return 0; /* it exists; loading it will say what is wrong */
	if (hm_err_is(err, HM_ENOTFOUND))
		hm_err_set(err, HM_ENOTFOUND, "stat " HM_F ": directory not found", HM_P(dir));
	return -1;
}

static int
pseudo(enum hm_local_fail *fail, const char *text, struct hm_err *err)
{
	*fail = HM_LOCAL_PSEUDO;
	return hm_err_set(err, HM_EINVALID, "%s", text);
}

static int
is_builtin(enum hm_local_fail *fail, struct hm_err *err)
{
	return pseudo(fail, "\"builtin\" is a pseudo-package, not an importable package", err);
}

static int
in_vendor(struct hm_modload *ml, hm_str dir, hm_str pkg, hm_str *out, struct hm_err *err)
{
	const struct hm_vendorlist *list;

	if (ml->build_mod != HM_MOD_VENDOR)
		return hm_err_set(err, HM_EINVALID, "without -mod=vendor, directory " HM_F
		                  " has no package path", HM_P(dir));
	if (hm_modload_vendorlist(ml, &list, err))
		return -1;
	if (!hm_map_get(&list->pkg_module, pkg))
		return hm_err_set(err, HM_EINVALID, "directory " HM_F " is not a package listed "
		                  "in vendor/modules.txt", HM_P(dir));
	*out = pkg;
	return 0;
}

/* The package in a main module; 1: not in this one after all. */
static int
in_main(struct hm_modload *ml, struct hm_arena *a, const struct hm_mainmod *m, hm_str dir,
        hm_str *pkg, enum hm_local_fail *fail, struct hm_err *err)
{
	hm_str suffix = hm_str_from(dir, m->root.n + (m->root.p[m->root.n - 1] != '/')), d;
	bool ok;

	if (hm_str_cut_prefix(&suffix, HM_S("vendor/")))
		return in_vendor(ml, dir, suffix, pkg, err);
	if (!m->prefix.n) {
		*pkg = suffix;
		return hm_str_eqz(suffix, "builtin") ? is_builtin(fail, err) : 0;
	}
	*pkg = hm_path_join(a, m->prefix, suffix);
	if (hm_import_dir_in_module(ml, a, *pkg, m->prefix, m->root, true, &d, &ok, err))
		return -1;
	return ok ? 0 : 1;
}

static int
not_in_main(struct hm_arena *a, const struct hm_mainmod *m, hm_str pkg, struct hm_err *err)
{
	hm_str mod = hm_modver_str(a, m->mod);
	bool wild = hm_str_contains(pkg, HM_S("..."));

	return hm_err_set(err, HM_EINVALID, "main module (" HM_F ") does not contain package%s "
	                  HM_F, HM_P(mod), wild ? "s matching" : "", HM_P(pkg));
}

/* Nowhere to be found. */
static int
outside(struct hm_modload *ml, struct hm_arena *a, hm_str dir, struct hm_err *err)
{
	hm_str shown = hm_modload_short_path(ml, a, dir), root;

	shown = hm_str_eqz(shown, ".") ? HM_S("current directory")
	                               : hm_arena_printf(a, "directory " HM_F, HM_P(shown));
	if (!hm_modload_in_work(ml))
		return hm_err_set(err, HM_EINVALID, HM_F " outside main module or its selected "
		                  "dependencies", HM_P(shown));
	root = hm_modload_find_root(a, dir);
	if (!root.n)
		return hm_err_set(err, HM_EINVALID, HM_F " outside modules listed in go.work or "
		                  "their selected dependencies", HM_P(shown));
	root = hm_modload_short_path(ml, a, root);
	return hm_err_set(err, HM_EINVALID, HM_F " is contained in a module that is not one of the "
	                  "workspace modules listed in go.work. You can add the module to the "
	                  "workspace using:\n\tgo work use " HM_F, HM_P(shown), HM_P(root));
}

/* Searches the main modules: 0 and *pkg, -1, or 1 when none has it (*best: the closest). */
static int
search_mains(struct hm_modload *ml, struct hm_arena *a, hm_str dir, hm_str *pkg,
             const struct hm_mainmod **best, hm_str *best_pkg, enum hm_local_fail *fail,
             struct hm_err *err)
{
	for (size_t i = 0; ml->mains && i < ml->mains->n; i++) {
		const struct hm_mainmod *m = &ml->mains->v[i];
		int rc;

		if (!m->root.n || hm_str_eq(dir, m->root) || !hm_path_has_prefix(dir, m->root) ||
		    hm_str_index_byte(hm_str_from(dir, m->root.n), '@') >= 0)
			continue;
		rc = in_main(ml, a, m, dir, pkg, fail, err);
		if (rc <= 0)
			return rc;
		if (!*best || m->prefix.n > (*best)->prefix.n) {
			*best = m;
			*best_pkg = *pkg;
		}
	}
	return 1;
}

int
hm_modules_resolve_dir(struct hm_modload *ml, struct hm_arena *a, hm_str dir, struct hm_reqs *rs,
                       hm_str *pkg, enum hm_local_fail *fail, struct hm_err *err)
{
	hm_str src = hm_resolve_of(ml)->goroot_src, best_pkg = HM_S(""), sub;
	const struct hm_mainmod *best = NULL;
	int rc;

	*fail = HM_LOCAL_OTHER;
	dir = absolute(ml, a, dir);
	if (check_go_files(ml, dir, fail, err))
		return -1;
	for (size_t i = 0; ml->mains && i < ml->mains->n; i++) {
		if (!ml->mains->v[i].root.n || !hm_str_eq(dir, ml->mains->v[i].root))
			continue;
		if (hm_str_eq(dir, src))
			return pseudo(fail, "GOROOT/src is not an importable package", err);
		*pkg = ml->mains->v[i].prefix;
		return 0;
	}
	rc = search_mains(ml, a, dir, pkg, &best, &best_pkg, fail, err);
	if (rc <= 0)
		return rc;
	if (best)
		return not_in_main(a, best, best_pkg, err);
	sub = src.n ? hm_import_in_dir(a, dir, src) : HM_S("");
	if (sub.n && !hm_str_eqz(sub, ".") && hm_str_index_byte(sub, '@') < 0) {
		*pkg = sub;
		return hm_str_eqz(sub, "builtin") ? is_builtin(fail, err) : 0;
	}
	*pkg = path_in_cache(ml, a, dir, rs);
	return pkg->n ? 0 : outside(ml, a, dir, err);
}
