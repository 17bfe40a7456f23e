#include "load/modload.h"

#include <unistd.h>

#include "acquire/acquire.h"
#include "base/path.h"
#include "conf/conf.h"
#include "load/import.h"
#include "load/mainmods.h"
#include "load/modload_priv.h"
#include "load/modules.h"
#include "load/reqs.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "os/file.h"

const char *
hm_build_mod_name(enum hm_build_mod m)
{
	static const char *const names[] = { "", "readonly", "vendor", "mod" };

	return names[m];
}

bool
hm_modload_in_work(const struct hm_modload *ml)
{
	return ml->enabled && ml->work_file.n > 0;
}

bool
hm_modload_has_root(const struct hm_modload *ml)
{
	return ml->n_mod_roots > 0;
}

bool
hm_modload_must_be_complete(const struct hm_modload *ml)
{
	return ml->build_mod != HM_MOD_MOD && !hm_modload_in_work(ml);
}

bool
hm_modload_must_have_sums(const struct hm_modload *ml)
{
	return hm_modload_has_root(ml) && ml->build_mod == HM_MOD_READONLY &&
	       !hm_modload_in_work(ml);
}

void
hm_modload_report(struct hm_modload *ml, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	hm_buf_addz(&b, "go: ");
	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_log(ml->log, HM_LOG_WARN, HM_F, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	ml->failed = true;
}

static bool
same_file(const char *p, const char *q)
{
	struct stat a, b;
	int ra = stat(p, &a), rb = stat(q, &b);

	if (ra || rb)
		return ra && rb;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

hm_str
hm_modload_short_path(const struct hm_modload *ml, struct hm_arena *a, hm_str path)
{
	hm_str rel, joined;

	if (!hm_path_is_abs(path) || !hm_path_rel(a, ml->cwd, path, &rel) || rel.n >= path.n)
		return path;
	joined = hm_path_cat(a, ml->cwd, rel);
	return same_file(hm_arena_cstr(a, joined), hm_arena_cstr(a, path)) ? rel : path;
}

int
hm_modload_too_new(struct hm_modload *ml, hm_str what, hm_str go, hm_str toolchain,
                   struct hm_err *err)
{
	(void)toolchain;
	hm_modfiles_need_go(ml, go);
	return hm_err_set(err, HM_ETOOLCHAIN,
	                  HM_F " requires go >= " HM_F " (running go " HM_F HM_F ")", HM_P(what),
	                  HM_P(go), HM_P(ml->local_go), HM_P(ml->conf->toolchain_note));
}

/* The folder at or above dir that has a regular entry `name`; empty when none. */
static hm_str
find_up(struct hm_arena *a, hm_str dir, hm_str name)
{
	struct hm_arena tmp = { 0 };
	hm_str found = { 0 };

	dir = hm_path_clean(a, dir);
	for (;;) {
		const char *file = hm_arena_cstr(&tmp, hm_path_join(&tmp, dir, name));
		struct stat st;
		hm_str up;

		if (stat(file, &st) == 0 && !S_ISDIR(st.st_mode)) {
			found = dir;
			break;
		}
		up = hm_path_dir(a, dir);
		if (hm_str_eq(up, dir))
			break;
		dir = up;
	}
	hm_arena_free(&tmp);
	return found;
}

hm_str
hm_modload_find_root(struct hm_arena *a, hm_str dir)
{
	return find_up(a, dir, HM_S("go.mod"));
}

hm_str
hm_modload_gomod_path(const struct hm_modload *ml, hm_str root)
{
	/* Threads that ask about a main module must not touch the arena. */
	for (size_t i = 0; ml->mains && i < ml->mains->n; i++)
		if (ml->mains->v[i].gomod.n && hm_str_eq(ml->mains->v[i].root, root))
			return ml->mains->v[i].gomod;
	return ml->mod_file.n ? ml->mod_file : hm_path_join(ml->arena, root, HM_S("go.mod"));
}

hm_str
hm_modload_vendor_dir(const struct hm_modload *ml)
{
	return ml->vendor_dir;
}

void
hm_modload_set_vendor_dir(struct hm_modload *ml)
{
	const struct hm_mainmod *m = hm_mainmods_single(ml->mains);
	hm_str parent = HM_S("");

	if (hm_modload_in_work(ml))
		parent = hm_path_dir(ml->arena, ml->work_file);
	else if (m)
		parent = m->root;
	ml->vendor_dir = HM_S("");
	if (parent.n)
		ml->vendor_dir = hm_path_join(ml->arena, parent, HM_S("vendor"));
}

int
hm_modload_no_main_modules(const struct hm_modload *ml, struct hm_err *err)
{
	if (hm_modload_in_work(ml))
		return hm_err_set(err, HM_EINVALID, "no modules were found in the current "
		                  "workspace; see 'go help work'");
	return hm_err_set(err, HM_EINVALID, "go.mod file not found in current directory or any "
	                  "parent directory; see 'go help modules'");
}

int
hm_modload_must_have_root(struct hm_modload *ml, struct hm_err *err)
{
	hm_str dir, rel;

	if (hm_modload_init(ml, err))
		return -1;
	if (hm_modload_has_root(ml))
		return 0;
	if (hm_str_eqz(hm_conf_get(ml->conf, "GO111MODULE"), "off"))
		return hm_err_set(err, HM_EINVALID, "modules disabled by GO111MODULE=off; see "
		                  "'go help modules'");
	dir = HM_S("");
	if (!hm_modload_in_work(ml) && !hm_import_in_dir(ml->arena, ml->cwd, ml->conf->goroot).n)
		dir = find_up(ml->arena, ml->cwd, HM_S(".git/config"));
	if (!dir.n)
		return hm_modload_no_main_modules(ml, err);
	if (!hm_path_rel(ml->arena, ml->cwd, dir, &rel))
		rel = dir;
	hm_err_set(err, HM_EINVALID, "cannot find main module, but found .git/config in " HM_F
	           "\n\tto create a module there, run:\n\t", HM_P(dir));
	if (!hm_str_eqz(rel, "."))
		hm_err_append(err, "cd " HM_F " && ", HM_P(rel));
	return hm_err_append(err, "go mod init");
}

int
hm_modload_init_work(struct hm_modload *ml, struct hm_err *err)
{
	hm_str cwd = ml->cwd.n ? ml->cwd : ml->conf->cwd;

	if (ml->root_mode == HM_ROOT_NO) {
		ml->work_file = HM_S("");
		return 0;
	}
	return hm_conf_find_gowork(ml->conf, ml->arena, cwd, &ml->work_file, err);
}

/* Is the vendor folder one that `go work vendor` made? */
static int
modules_txt_is_work(struct hm_arena *a, hm_str vendor, bool *yes, struct hm_err *err)
{
	hm_str text, line, rest, entry;
	int rc;

	*yes = false;
	rc = hm_file_read(a, hm_path_join(a, vendor, HM_S("modules.txt")).p, HM_FILE_MAX, &text,
	                  err);
	if (rc && hm_err_is(err, HM_ENOTFOUND)) {
		hm_err_clear(err);
		return 0;
	}
	if (rc)
		return hm_err_wrap(err, "reading modules.txt for vendor directory: ");
	if (text.n > 512)
		text.n = 512;
	hm_str_cut(text, '\n', &line, &rest);
	if (!hm_str_cut_prefix(&line, HM_S("## ")))
		return 0;
	while (hm_str_next(&line, ';', &entry))
		*yes |= hm_str_eqz(hm_str_trim(entry), "workspace");
	return 0;
}

static bool
cmd_is(const struct hm_modload *ml, const char *const *names)
{
	for (; *names; names++)
		if (hm_str_eqz(ml->cmd, *names))
			return true;
	return false;
}

/* A vendor folder of the right kind and a recent enough go line turn -mod=vendor on. */
static int
default_by_vendor_dir(struct hm_modload *ml, struct hm_err *err)
{
	bool work = ml->work_file.n > 0, vendored_work;
	const struct hm_mainmod *m = hm_mainmods_single(ml->mains);
	const char *source = work ? "go.work" : "go.mod";
	hm_str dir = work ? hm_path_dir(ml->arena, ml->work_file) : ml->mod_roots[0];
	hm_str go = { 0 };

	if (work && ml->mains && ml->mains->work->go_line)
		go = ml->mains->work->go;
	else if (!work && m && m->index)
		go = m->index->go;
	dir = hm_path_join(ml->arena, dir, HM_S("vendor"));
	if (!hm_file_is_dir(dir.p))
		return 0;
	if (!go.n) {
		ml->build_mod_reason = hm_arena_printf(ml->arena, "Go version in %s is "
		                                       "unspecified, so vendor directory was not "
		                                       "used.", source);
		return 0;
	}
	if (hm_gover_cmp(go, HM_S("1.14")) < 0) {
		ml->build_mod_reason = hm_arena_printf(ml->arena, "Go version in %s is " HM_F
		                                       ", so vendor directory was not used.",
		                                       source, HM_P(go));
		return 0;
	}
	if (modules_txt_is_work(ml->arena, dir, &vendored_work, err))
		return -1;
	if (vendored_work != work) {
		ml->build_mod_reason = vendored_work ?
		        HM_S("Outside workspace mode, but vendor directory is for a workspace.") :
		        HM_S("In workspace mode, but vendor directory is not for a workspace");
		return 0;
	}
	ml->build_mod = HM_MOD_VENDOR;
	ml->build_mod_reason = hm_arena_printf(ml->arena, "Go version in %s is at least 1.14 "
	                                       "and vendor directory exists.", source);
	return 0;
}

int
hm_modload_default_mod(struct hm_modload *ml, struct hm_err *err)
{
	static const char *const mod[] = { "get", "mod download", "mod init", "mod tidy",
		                           "work sync", "mod graph", "mod verify", "mod why",
		                           NULL };
	static const char *const readonly[] = { "mod vendor", "work vendor", NULL };

	if (ml->build_mod_explicit) {
		if (hm_modload_in_work(ml) && ml->build_mod == HM_MOD_MOD)
			return hm_err_set(err, HM_EINVALID,
			                  "-mod may only be set to readonly or vendor when in "
			                  "workspace mode, but it is set to \"mod\"\n\tRemove "
			                  "the -mod flag to use the default readonly value, \n"
			                  "\tor set GOWORK=off to disable workspace mode.");
		return 0;
	}
	ml->build_mod = HM_MOD_READONLY;
	if (cmd_is(ml, mod)) {
		ml->build_mod = HM_MOD_MOD;
		return 0;
	}
	if (cmd_is(ml, readonly))
		return 0;
	if (!hm_modload_has_root(ml)) {
		if (ml->allow_missing_imports)
			ml->build_mod = HM_MOD_MOD;
		return 0;
	}
	return default_by_vendor_dir(ml, err);
}

/* Looks for the module root; *off is set when the command goes on without modules. */
static int
find_main(struct hm_modload *ml, bool must, bool *off, struct hm_err *err)
{
	hm_str root = hm_modload_find_root(ml->arena, ml->cwd);
	hm_str tmpdir = hm_conf_tmpdir(ml->conf);

	if (root.n && hm_str_eqz(hm_import_in_dir(ml->arena, root, tmpdir), ".")) {
		hm_log(ml->log, HM_LOG_WARN,
		       "go: warning: ignoring go.mod in system temp root " HM_F, HM_P(tmpdir));
		root = HM_S("");
	} else if (!root.n && ml->mod_file.n) {
		return hm_err_set(err, HM_EINVALID, "cannot find main module, but -modfile was "
		                  "set.\n\t-modfile cannot be used to set the module root "
		                  "directory.");
	}
	if (root.n) {
		hm_modload_set_roots(ml, &root, 1);
		return 0;
	}
	if (ml->root_mode == HM_ROOT_NEED)
		return hm_modload_no_main_modules(ml, err);
	*off = !must;
	return 0;
}

void
hm_modload_set_roots(struct hm_modload *ml, const hm_str *roots, size_t n)
{
	hm_str *copy = HM_NEW_N(ml->arena, n, hm_str);

	for (size_t i = 0; i < n; i++)
		copy[i] = roots[i];
	ml->mod_roots = copy;
	ml->n_mod_roots = n;
}

/* Where the roots come from, by the root mode and the workspace. */
static int
choose_roots(struct hm_modload *ml, bool must, bool *off, struct hm_err *err)
{
	if (hm_modload_has_root(ml))
		return 0;
	if (ml->root_mode == HM_ROOT_NO) {
		if (ml->mod_file.n && !ml->mod_file_in_goflags)
			return hm_err_set(err, HM_EINVALID, "-modfile cannot be used with commands "
			                  "that ignore the current module");
		return 0;
	}
	if (ml->work_file.n) {
		if (ml->mod_file.n)
			return hm_err_set(err, HM_EINVALID,
			                  "-modfile cannot be used in workspace mode");
		return 0;
	}
	return find_main(ml, must, off, err);
}

/* A go.mod in GOPATH itself is not used. */
static int
check_gopath(struct hm_modload *ml, struct hm_err *err)
{
	hm_str rest;

	hm_str_cut(ml->conf->gopath, ':', &ml->gopath, &rest);
	if (!ml->gopath.n ||
	    !hm_file_exists(hm_path_join(ml->arena, ml->gopath, HM_S("go.mod")).p))
		return 0;
	hm_log(ml->log, HM_LOG_WARN, "go: warning: ignoring go.mod in $GOPATH " HM_F,
	       HM_P(ml->gopath));
	return ml->root_mode == HM_ROOT_NEED ? hm_modload_no_main_modules(ml, err) : 0;
}

int
hm_modload_init(struct hm_modload *ml, struct hm_err *err)
{
	hm_str env = hm_conf_get(ml->conf, "GO111MODULE");
	bool must = true, off = false;

	if (ml->initialized)
		return 0;
	ml->initialized = true;
	if (!ml->cwd.n)
		ml->cwd = ml->conf->cwd;
	if (!ml->local_go.n)
		ml->local_go = hm_gover_from_toolchain(ml->conf->goversion);
	hm_modfiles_init(ml);
	if (hm_str_eqz(env, "auto")) {
		must = ml->force_use_modules;
	} else if (hm_str_eqz(env, "off")) {
		if (ml->force_use_modules)
			return hm_err_set(err, HM_EINVALID, "modules disabled by GO111MODULE=off; "
			                  "see 'go help modules'");
		return 0;
	} else if (env.n && !hm_str_eqz(env, "on")) {
		return hm_err_set(err, HM_EINVALID,
		                  "unknown environment setting GO111MODULE=" HM_F, HM_P(env));
	}
	if (choose_roots(ml, must, &off, err))
		return -1;
	if (off)
		return 0;
	if (ml->mod_file.n && !hm_str_has_suffix(ml->mod_file, HM_S(".mod")))
		return hm_err_set(err, HM_EINVALID,
		                  "-modfile=" HM_F ": file does not have .mod extension",
		                  HM_P(ml->mod_file));
	ml->enabled = true;
	if (hm_modload_default_mod(ml, err))
		return -1;
	return check_gopath(ml, err);
}

void
hm_modload_free(struct hm_modload *ml)
{
	hm_modules_detach(ml);
	hm_modfiles_free(ml);
}
