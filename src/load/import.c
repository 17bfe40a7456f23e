#include "load/import.h"

#include <stdio.h>

#include "acquire/acquire.h"
#include "base/path.h"
#include "conf/conf.h"
#include "load/importerr.h"
#include "load/importstate.h"
#include "load/mainmods.h"
#include "load/modfiles.h"
#include "load/modgraph.h"
#include "load/vendorlist.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "os/file.h"
#include "verify/gosum.h"

/* Candidates of one path; more modules than path elements there cannot be. */
struct found {
	struct hm_modvers mods;
	struct hm_strs dirs, roots;
	struct hm_modvers alts;
	struct hm_modvers no_sum; /* could not be looked into: no go.sum entry */
};

/* Where a module's files are, or why not. */
struct fetched {
	hm_str dir;
	bool local;
	enum hm_code code;
	hm_str msg;
};

static void
push_found(struct hm_arena *a, struct found *f, struct hm_modver m, hm_str root, hm_str dir)
{
	HM_PUSH(a, f->mods, m);
	HM_PUSH(a, f->roots, root);
	HM_PUSH(a, f->dirs, dir);
}

bool
hm_import_is_std_package(struct hm_modload *ml, hm_str path)
{
	struct hm_resolve *r = hm_resolve_of(ml);
	char buf[4096];
	int n;

	if (!r->goroot_src.n || !hm_import_is_std_path(path))
		return false;
	n = snprintf(buf, sizeof(buf), HM_F "/" HM_F, HM_P(r->goroot_src), HM_P(path));
	return n > 0 && (size_t)n < sizeof(buf) &&
	       hm_resolve_is_go_dir(r, hm_str_make(buf, (size_t)n));
}

static bool
vendored(struct hm_modload *ml, struct hm_arena *a, const char *prefix, hm_str path, hm_str *out)
{
	struct hm_resolve *r = hm_resolve_of(ml);

	*out = hm_path_join(a, hm_str_of(prefix), path);
	return r->goroot_src.n && hm_resolve_exists(r, hm_path_cat(a, r->goroot_src, *out));
}

hm_str
hm_import_std_vendor(struct hm_modload *ml, struct hm_arena *a, hm_str parent, hm_str path,
                     bool vendor_in_goroot_src)
{
	hm_str out;

	if (hm_import_is_std_path(path))
		return path;
	if (hm_modpath_has_prefix(parent, HM_S("cmd"))) {
		if (vendor_in_goroot_src && hm_mainmods_has(ml->mains, HM_S("cmd")))
			return path;
		return vendored(ml, a, "cmd/vendor", path, &out) ? out : path;
	}
	/* Below vendor/ the copies stay among themselves even inside the std module. */
	if (vendor_in_goroot_src && hm_mainmods_has(ml->mains, HM_S("std")) &&
	    !hm_modpath_has_prefix(parent, HM_S("vendor")))
		return path;
	return vendored(ml, a, "vendor", path, &out) ? out : path;
}

/* A folder between root (excluded) and dir that starts another module. */
static bool
in_other_module(struct hm_resolve *r, hm_str root, hm_str dir)
{
	while (dir.n > root.n) {
		ptrdiff_t slash;

		if (hm_resolve_has_gomod(r, dir))
			return true;
		slash = hm_str_rindex_byte(dir, '/');
		if (slash <= 0)
			return false;
		dir.n = (size_t)slash;
	}
	return false;
}

int
hm_import_dir_in_module(struct hm_modload *ml, struct hm_arena *a, hm_str path, hm_str mpath,
                        hm_str root, bool local, hm_str *dir, bool *go_files, struct hm_err *err)
{
	struct hm_resolve *r = hm_resolve_of(ml);
	hm_str d;

	(void)err;
	*dir = HM_S("");
	*go_files = false;
	if (hm_str_eq(path, mpath))
		d = root;
	else if (mpath.n == 0)
		d = hm_path_join(a, root, path);
	else if (hm_import_may_be_in(path, mpath))
		d = hm_path_join(a, root, hm_str_from(path, mpath.n + 1));
	else
		return 0;
	if (local && in_other_module(r, root, d))
		return 0;
	*dir = d;
	*go_files = hm_resolve_is_go_dir(r, d);
	return 0;
}

/* A replacement by a folder: it only has to be there. */
static int
fetch_local(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m, hm_str path, hm_str *dir,
            struct hm_err *err)
{
	struct stat st;

	*dir = hm_modload_replace_dir(ml, a, path);
	if (hm_file_stat(hm_arena_cstr(a, *dir), &st, err) == 0)
		return 0;
	if (hm_err_is(err, HM_ENOTFOUND))
		/* Not HM_ENOTFOUND: the version as such exists. */
		hm_err_set(err, HM_EINVALID, "replacement directory " HM_F " does not exist",
		           HM_P(path));
	else
		hm_err_wrap(err, "replacement directory " HM_F ": ", HM_P(path));
	return hm_modver_wrap(err, m);
}

static int
need_sum(struct hm_modload *ml, struct hm_modver m, struct hm_err *err)
{
	struct hm_sums *sums = hm_acquire_sums(ml->acquire);
	bool have = false;

	if (!hm_modload_must_have_sums(ml))
		return 0;
	if (sums && hm_sums_have(sums, m.path, m.version, &have, err))
		return -1;
	if (have)
		return 0;
	hm_err_set(err, HM_EMISSINGSUM, "missing go.sum entry");
	return hm_modver_wrap(err, m);
}

/* The same error with what chose the toolchain in use. */
static int
too_new(struct hm_modload *ml, struct hm_arena *a, struct hm_err *err)
{
	hm_str text = hm_arena_dup(a, hm_err_str(err)), go = hm_import_wanted_go(text);
	ptrdiff_t at = hm_str_index(text, HM_S(" requires go >= "));

	if (at < 0 || !go.n)
		return -1;
	hm_err_clear(err);
	return hm_modload_too_new(ml, hm_str_sub(text, 0, (size_t)at), go, HM_S(""), err);
}

static int
fetch(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m, hm_str *dir, bool *local,
      struct hm_err *err)
{
	struct hm_modver r = hm_modload_replacement(ml, m);

	*local = false;
	if (r.path.n && !r.version.n) {
		*local = true;
		return fetch_local(ml, a, m, r.path, dir, err);
	}
	if (r.path.n)
		m = r;
	if (need_sum(ml, m, err))
		return -1;
	if (hm_acquire_dir(ml->acquire, m, dir, err) == 0)
		return 0;
	return hm_err_is(err, HM_ETOOLCHAIN) ? too_new(ml, a, err) : -1;
}

/* The first thread to ask for a module fetches it; errors are kept as well. */
static struct fetched *
fetch_once(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m)
{
	struct hm_memo *memo = &hm_resolve_of(ml)->fetched;
	struct hm_memo_slot *slot;
	struct hm_err err = { 0 };
	struct fetched *f;
	char buf[1024];
	int n = snprintf(buf, sizeof(buf), HM_F "@" HM_F, HM_P(m.path), HM_P(m.version));
	hm_str key = n > 0 && (size_t)n < sizeof(buf) ? hm_str_make(buf, (size_t)n)
	                                              : hm_modver_str(a, m);

	if (!hm_memo_claim(memo, key, &slot))
		return slot->val;
	f = hm_memo_alloc(memo, sizeof(*f));
	if (fetch(ml, a, m, &f->dir, &f->local, &err)) {
		hm_resolve_note(hm_resolve_of(ml), &err);
		f->code = err.code;
		f->msg = hm_memo_dup(memo, hm_err_str(&err));
	}
	f->dir = hm_memo_dup(memo, f->dir);
	hm_err_free(&err);
	hm_memo_done(memo, slot, 0, f);
	return f;
}

int
hm_import_fetch(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m, hm_str *dir,
                bool *local, struct hm_err *err)
{
	hm_str root = hm_resolve_main_root(ml, m);
	struct fetched *f;

	if (root.n) {
		*dir = root;
		*local = true;
		return 0;
	}
	f = fetch_once(ml, a, m);
	*dir = f->dir;
	*local = f->local;
	if (f->code)
		return hm_err_set(err, f->code, HM_F, HM_P(f->msg));
	return 0;
}

/* What no module can provide whatever it contains. */
static int
check_path(hm_str path, struct hm_arena *a, struct hm_err *err)
{
	hm_str q;

	if (hm_str_index_byte(path, '@') >= 0) {
		q = hm_str_quote(a, path);
		return hm_err_set(err, HM_EINVALID, "import path " HM_F " should not have @version",
		                  HM_P(q));
	}
	if (hm_import_is_local(path)) {
		q = hm_str_quote(a, path);
		return hm_err_set(err, HM_EINVALID, HM_F " is relative, but relative import paths "
		                  "are not supported in module mode", HM_P(q));
	}
	if (hm_path_is_abs(path)) {
		q = hm_str_quote(a, path);
		return hm_err_set(err, HM_EINVALID,
		                  HM_F " is not a package path; see 'go help packages'", HM_P(q));
	}
	if (hm_import_is_meta(path)) {
		q = hm_str_quote(a, path);
		return hm_err_set(err, HM_EINVALID,
		                  HM_F " is not an importable package; see 'go help packages'",
		                  HM_P(q));
	}
	if (hm_str_eqz(path, "C"))
		return 0;
	return hm_modpath_check_import(path, err);
}

static bool
fail(struct hm_import *out, struct hm_import_error *e)
{
	out->err = e;
	return false;
}

static bool
fail_err(struct hm_modload *ml, struct hm_import *out, struct hm_arena *a, struct hm_err *err)
{
	hm_resolve_note(hm_resolve_of(ml), err);
	fail(out, hm_import_error_from(a, err));
	hm_err_free(err);
	return false;
}

static bool
fail_missing(struct hm_modload *ml, struct hm_arena *a, hm_str path, bool is_std,
             struct hm_import *out)
{
	struct hm_import_error *e = hm_import_error_missing(a, path);
	struct hm_err err = { 0 };

	e->is_std = is_std;
	if (ml->build_mod != HM_MOD_VENDOR && !hm_modload_has_root(ml)) {
		hm_modload_no_main_modules(ml, &err);
		e->query_err = hm_arena_dup(a, hm_err_str(&err));
		e->query_err_no_mod_root = true;
		hm_err_free(&err);
	}
	hm_import_error_render(ml, a, e);
	return fail(out, e);
}

static bool
fail_ambiguous(struct hm_modload *ml, struct hm_arena *a, hm_str path, const struct found *f,
               bool with_modules, struct hm_import *out)
{
	struct hm_import_error *e = HM_NEW(a, struct hm_import_error);

	e->kind = HM_IMPORT_AMBIGUOUS;
	e->code = HM_ECONFLICT;
	e->import_path = path;
	e->dirs = f->dirs.v;
	e->n_dirs = f->dirs.n;
	e->mods = f->mods.v;
	e->n_mods = with_modules ? f->mods.n : 0;
	hm_import_error_render(ml, a, e);
	return fail(out, e);
}

static void
reverse_mods(struct hm_modvers *l)
{
	for (size_t i = 0; i < l->n / 2; i++) {
		struct hm_modver t = l->v[i];

		l->v[i] = l->v[l->n - 1 - i];
		l->v[l->n - 1 - i] = t;
	}
}

static void
reverse_strs(struct hm_strs *l)
{
	for (size_t i = 0; i < l->n / 2; i++) {
		hm_str t = l->v[i];

		l->v[i] = l->v[l->n - 1 - i];
		l->v[l->n - 1 - i] = t;
	}
}

static bool
fail_no_sum(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct found *f,
            struct hm_import *out)
{
	struct hm_import_error *e = HM_NEW(a, struct hm_import_error);

	reverse_mods(&f->no_sum);
	e->kind = HM_IMPORT_MISSING_SUM;
	e->code = HM_EMISSINGSUM;
	e->import_path = path;
	e->mods = f->no_sum.v;
	e->n_mods = f->no_sum.n;
	e->found = f->mods.n > 0;
	hm_import_error_render(ml, a, e);
	return fail(out, e);
}

static bool
succeed(struct hm_import *out, struct hm_modver m, hm_str root, hm_str dir)
{
	out->mod = m;
	out->mod_root = root;
	out->dir = dir;
	return true;
}

/*
 * The standard library's package: 1 when a main module in GOROOT/src provides it
 * itself (then *out is final).
 */
static bool
std_in_main(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_import *out)
{
	struct hm_err err = { 0 };
	hm_str dir;
	bool ok;

	for (size_t i = 0; ml->mains && i < ml->mains->n; i++) {
		const struct hm_mainmod *m = &ml->mains->v[i];

		if (!m->in_goroot_src)
			continue;
		hm_import_dir_in_module(ml, a, path, m->prefix, m->root, true, &dir, &ok, &err);
		if (ok)
			return succeed(out, m->mod, m->root, dir);
	}
	return false;
}

static void
add_std(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct found *f)
{
	hm_str src = hm_resolve_of(ml)->goroot_src, root = src;

	if (hm_modpath_has_prefix(path, HM_S("cmd")))
		root = hm_path_cat(a, src, HM_S("cmd"));
	push_found(a, f, (struct hm_modver){ 0 }, root, hm_path_cat(a, src, path));
}

/* A package in the vendor folder counts only when modules.txt lists it (go >= 1.23). */
static void
add_vendored(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct found *f,
             const struct hm_vendorlist *list)
{
	hm_str root = hm_modload_vendor_dir(ml), dir;
	const struct hm_modver *m;
	struct hm_err err = { 0 };
	bool ok;

	hm_import_dir_in_module(ml, a, path, HM_S(""), root, false, &dir, &ok, &err);
	if (!ok)
		return;
	m = hm_map_get(&list->pkg_module, path);
	if (m || hm_gover_cmp(hm_modload_main_go(ml), HM_S(HM_GOVER_MODULES_TXT_IMPORT)) < 0) {
		push_found(a, f, m ? *m : (struct hm_modver){ 0 }, root, dir);
		return;
	}
	hm_log(ml->log, HM_LOG_INFO, "go: ignoring package " HM_F " which exists in the vendor "
	       "directory but is missing from vendor/modules.txt. To sync the vendor directory "
	       "run go %s vendor.", HM_P(path), hm_modload_in_work(ml) ? "work" : "mod");
}

static bool
import_vendor(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct found *f,
              struct hm_import *out)
{
	const struct hm_vendorlist *list = NULL;
	struct hm_err err = { 0 };
	hm_str dir;
	bool ok;

	for (size_t i = 0; ml->mains && i < ml->mains->n; i++) {
		const struct hm_mainmod *m = &ml->mains->v[i];

		if (!m->root.n)
			continue;
		hm_import_dir_in_module(ml, a, path, m->prefix, m->root, true, &dir, &ok, &err);
		if (ok)
			push_found(a, f, m->mod, m->root, dir);
	}
	if (hm_modload_has_root(ml)) {
		if (hm_modload_vendorlist(ml, &list, &err))
			return fail_err(ml, out, a, &err);
		add_vendored(ml, a, path, f, list);
	}
	if (f->dirs.n > 1)
		return fail_ambiguous(ml, a, path, f, false, out);
	if (f->dirs.n == 0)
		return fail_missing(ml, a, path, false, out);
	return succeed(out, f->mods.v[0], f->roots.v[0], f->dirs.v[0]);
}

/* Looks into the module that is selected for prefix, if there is one. */
static int
look_into(struct hm_modload *ml, struct hm_arena *a, hm_str path, hm_str prefix,
          const struct hm_reqs *rs, const struct hm_modgraph *mg, struct found *f,
          struct hm_err *err)
{
	struct hm_modver m = { prefix, HM_S("") };
	hm_str root, dir;
	bool local, ok;

	if (hm_gover_is_toolchain(prefix))
		return 0; /* "go" is no module that could hold go/ast */
	if (mg)
		m.version = hm_modgraph_selected(mg, prefix);
	else if (!hm_reqs_root_selected(ml, rs, prefix, &m.version))
		return 0;
	if (hm_str_eqz(m.version, "none"))
		return 0;
	if (hm_import_fetch(ml, a, m, &root, &local, err)) {
		if (!hm_err_is(err, HM_EMISSINGSUM))
			return -1;
		hm_err_clear(err);
		HM_PUSH(a, f->no_sum, m);
		return 0;
	}
	if (hm_import_dir_in_module(ml, a, path, prefix, root, local, &dir, &ok, err))
		return -1;
	if (ok)
		push_found(a, f, m, root, dir);
	else
		HM_PUSH(a, f->alts, m);
	return 0;
}

/* All candidates: each prefix of path that is a selected module, longest first. */
static int
look_at_prefixes(struct hm_modload *ml, struct hm_arena *a, hm_str path, const struct hm_reqs *rs,
                 const struct hm_modgraph *mg, struct found *f, struct hm_err *err)
{
	for (hm_str prefix = path;;) {
		ptrdiff_t slash;

		if (look_into(ml, a, path, prefix, rs, mg, f, err))
			return -1;
		slash = hm_str_rindex_byte(prefix, '/');
		if (slash < 0)
			return 0;
		prefix.n = (size_t)slash;
	}
}

/* Exactly one module has the package; its go.mod says which language version it is written in. */
static bool
take_only(struct hm_modload *ml, struct hm_arena *a, struct found *f, bool skip_mod_file,
          struct hm_import *out)
{
	const struct hm_modsummary *summary;
	struct hm_err err = { 0 };
	struct hm_modver m = f->mods.v[0];

	if (!skip_mod_file && m.path.n && !hm_mainmods_has(ml->mains, m.path) &&
	    hm_modload_summary(ml, m, &summary, &err))
		return fail_err(ml, out, a, &err);
	out->alt_mods = f->alts.v;
	out->n_alt_mods = f->alts.n;
	return succeed(out, m, f->roots.v[0], f->dirs.v[0]);
}

/* One try with the roots (mg NULL) or the whole graph. True when out is final. */
static bool
import_try(struct hm_modload *ml, struct hm_arena *a, hm_str path, const struct found *std,
           const struct hm_reqs *rs, const struct hm_modgraph *mg, bool skip_mod_file,
           struct hm_import *out)
{
	struct found f = { 0 };
	struct hm_err err = { 0 };

	if (std->mods.n)
		push_found(a, &f, std->mods.v[0], std->roots.v[0], std->dirs.v[0]);
	if (look_at_prefixes(ml, a, path, rs, mg, &f, &err)) {
		fail_err(ml, out, a, &err);
		return true;
	}
	if (f.mods.n > 1) {
		reverse_mods(&f.mods);
		reverse_strs(&f.dirs);
		fail_ambiguous(ml, a, path, &f, true, out);
		return true;
	}
	if (f.no_sum.n) {
		fail_no_sum(ml, a, path, &f, out);
		return true;
	}
	if (f.mods.n == 0)
		return false;
	take_only(ml, a, &f, skip_mod_file, out);
	return true;
}

bool
hm_import_from_modules(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_reqs *rs,
                       struct hm_modgraph *mg, bool skip_mod_file, struct hm_import *out)
{
	bool std_path = hm_import_is_std_path(path);
	struct hm_err err = { 0 };
	struct found std = { 0 };

	*out = (struct hm_import){ 0 };
	if (check_path(path, a, &err)) {
		fail(out, hm_import_error_invalid(a, path, &err));
		hm_err_free(&err);
		return false;
	}
	if (hm_str_eqz(path, "C"))
		return true;
	if (std_path && hm_import_is_std_package(ml, path)) {
		if (std_in_main(ml, a, path, out))
			return true;
		add_std(ml, a, path, &std);
	}
	if (ml->build_mod == HM_MOD_VENDOR)
		return import_vendor(ml, a, path, &std, out);
	if (!mg) {
		if (import_try(ml, a, path, &std, rs, NULL, skip_mod_file, out))
			return !out->err;
		if (std_path && ml->std_by_name)
			return true;
		if (hm_reqs_graph(ml, rs, &mg, &err))
			return fail_err(ml, out, a, &err);
	}
	if (import_try(ml, a, path, &std, rs, mg, skip_mod_file, out))
		return !out->err;
	if (std_path && ml->std_by_name)
		return true;
	return fail_missing(ml, a, path, std_path, out);
}
