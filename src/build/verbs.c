/*
 * go build, go install and go run behind package loading
 * (cmd/go/internal/work/build.go, cmd/go/internal/run/run.go).
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "build/builder.h"
#include "build/exec.h"
#include "build/shell.h"
#include "build/stamp.h"
#include "os/file.h"
#include "os/spawn.h"

/* A message as it stands (go's base.Fatalf without "go: "). */
static int
fatal(struct hm_builder *b, struct hm_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int
fatal(struct hm_builder *b, struct hm_err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	b->o.ui.error(b->o.ui.ctx, NULL, hm_arena_vprintf(&b->arena, fmt, ap));
	va_end(ap);
	return hm_err_set(err, HM_EREPORTED, "%s", fmt);
}

static void
report_error(void *ctx, const struct hm_pkg *p, hm_str text)
{
	struct hm_builder *b = ctx;

	b->o.ui.error(b->o.ui.ctx, p, text);
}

static int
prepare_package(struct hm_builder *b, struct hm_pkg *p, struct hm_err *err)
{
	struct hm_unit *u = HM_NEW(&b->arena, struct hm_unit);
	struct hm_binfo *info;

	if (hm_pkg_uses_cgo(p) || hm_pkg_uses_swig(p))
		return hm_err_set(err, HM_ENOTYET, "package " HM_F " uses cgo",
		                  HM_P(p->import_path));
	u->pkg = p;
	u->target = p->target;
	u->asmflags = hm_pkgflags_for(b, &b->arena, &b->asmflags, p);
	u->gcflags = hm_pkgflags_for(b, &b->arena, &b->gcflags, p);
	u->ldflags = hm_pkgflags_for(b, &b->arena, &b->ldflags, p);
	p->user = u;
	if (p->wants_build_info) {
		if (hm_stamp_make(b, p->stamp_as ? p->stamp_as : p, &info, err))
			return -1;
		u->modinfo = hm_binfo_format(&b->arena, info);
	}
	return 0;
}

int
hm_builder_prepare(struct hm_builder *b, const struct hm_pkgs *roots, struct hm_err *err)
{
	struct hm_pkgs all = { 0 };

	if (hm_builder_open_tools(b, err))
		return -1;
	hm_pkg_list(&b->arena, roots, &all);
	for (size_t i = 0; i < all.n; i++)
		if (prepare_package(b, all.v[i], err))
			return -1;
	return 0;
}

/* Shows errors of loading; otherwise readies the packages. */
static int
prepare(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, struct hm_err *err)
{
	struct hm_pkgs roots = { pkgs, n, n };

	if (hm_pkg_each_error(&b->arena, &roots, report_error, b))
		return hm_err_set(err, HM_EREPORTED, "packages with errors");
	return hm_builder_prepare(b, &roots, err);
}

static bool
is_main(const struct hm_pkg *p)
{
	return hm_str_eqz(p->name, "main");
}

/* What -buildmode leaves, without packages that wildcards named and that have only tests. */
static int
select_packages(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, bool one_output,
                struct hm_pkgs *out, struct hm_err *err)
{
	bool only_main = hm_str_eqz(b->o.buildmode, "exe");

	if (only_main && one_output && (n != 1 || !is_main(pkgs[0])))
		return fatal(b, err, "-buildmode=exe requires exactly one main package");
	for (size_t i = 0; i < n; i++) {
		struct hm_pkg *p = pkgs[i];

		if (only_main && !is_main(p))
			continue;
		if (p->go_files.n + p->cgo_files.n == 0 && !p->cmdline_pkg_literal)
			continue;
		HM_PUSH(&b->arena, *out, p);
	}
	return 0;
}

static int
build_into_folder(struct hm_builder *b, const struct hm_pkgs *pkgs, hm_str dir, struct hm_err *err)
{
	struct hm_action *root = hm_action_group(b);

	for (size_t i = 0; i < pkgs->n; i++) {
		struct hm_pkg *p = pkgs->v[i];
		hm_str name = hm_pkg_exec_name(p);

		if (!is_main(p))
			continue;
		hm_unit_of(p)->target = hm_arena_printf(&b->arena, "%s" HM_F,
		                                        hm_path_join(&b->arena, dir, name).p,
		                                        HM_P(b->exe_suffix));
		hm_action_depend(b, root, hm_action_for(b, p, true));
	}
	if (!root->deps.n)
		return hm_err_set(err, HM_EINVALID, "no main packages to build");
	return hm_exec_run(b, root, err);
}

int
hm_build_packages(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, struct hm_err *err)
{
	bool explicit_o = b->o.o.n > 0;
	struct hm_action *root;
	struct hm_pkgs sel = { 0 };
	hm_str o = b->o.o;

	if (prepare(b, pkgs, n, err))
		return -1;
	if (n == 1 && is_main(pkgs[0]) && !o.n)
		o = hm_arena_printf(&b->arena, HM_F HM_F, HM_P(hm_pkg_exec_name(pkgs[0])),
		                    HM_P(b->exe_suffix));
	if (select_packages(b, pkgs, n, explicit_o, &sel, err))
		return -1;
	if (hm_str_eqz(o, "/dev/null"))
		o = HM_S("");
	if (o.n && (hm_str_has_suffix(o, HM_S("/")) ||
	            hm_file_is_dir(hm_arena_cstr(&b->arena, o)))) {
		if (!explicit_o)
			return hm_err_set(err, HM_EINVALID,
			                  "build output " HM_F " already exists and is a directory",
			                  HM_P(hm_str_quote(&b->arena, o)));
		return build_into_folder(b, &sel, o, err);
	}
	if (o.n) {
		if (sel.n > 1)
			return hm_err_set(err, HM_EINVALID,
			                  "cannot write multiple packages to non-directory " HM_F,
			                  HM_P(o));
		if (sel.n == 0)
			return fatal(b, err, "no packages to build");
		hm_unit_of(sel.v[0])->target = hm_arena_dup(&b->arena, o);
		return hm_exec_run(b, hm_action_for(b, sel.v[0], true), err);
	}
	root = hm_action_group(b);
	for (size_t i = 0; i < sel.n; i++)
		hm_action_depend(b, root, hm_action_for(b, sel.v[i], false));
	return hm_exec_run(b, root, err);
}

/* Says why p cannot be installed; false when it can. */
static bool
no_target(struct hm_builder *b, const struct hm_pkg *p)
{
	hm_str text;

	if (p->target.n)
		return false;
	if (!is_main(p) && ((p->local && !p->conflict_dir.n) || p->module ||
	                    (p->standard && !p->build->pkg_obj.n)))
		return false;
	if (p->gobin_subdir)
		text = HM_S("go: cannot install cross-compiled binaries when GOBIN is set");
	else if (p->cmdline_files)
		text = HM_S("go: no install location for .go files listed on command line (GOBIN "
		            "not set)");
	else if (p->conflict_dir.n)
		text = hm_arena_printf(&b->arena,
		                       "go: no install location for " HM_F ": hidden by " HM_F,
		                       HM_P(p->dir), HM_P(p->conflict_dir));
	else
		text = hm_arena_printf(&b->arena,
		                       "go: no install location for directory " HM_F
		                       " outside GOPATH\n"
		                       "\tFor more details see: 'go help gopath'",
		                       HM_P(p->dir));
	b->o.ui.error(b->o.ui.ctx, NULL, text);
	return true;
}

/* The executable that an earlier `go build` left here is not wanted beside the installed one. */
static void
remove_leftover(struct hm_builder *b, const struct hm_pkg *p)
{
	hm_str name = hm_arena_printf(&b->arena, HM_F HM_F, HM_P(hm_pkg_exec_name(p)),
	                              HM_P(b->exe_suffix));
	struct stat st;

	if (hm_str_eq(hm_path_join(&b->arena, p->dir, name), p->target) || stat(name.p, &st) ||
	    !S_ISREG(st.st_mode) || (!(st.st_mode & 0111) && !hm_str_eqz(b->goos, "windows")))
		return;
	unlink(name.p);
}

int
hm_build_install(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, bool no_args,
                 struct hm_err *err)
{
	struct hm_action *root;
	struct hm_pkgs sel = { 0 };
	bool bad = false;

	if (prepare(b, pkgs, n, err))
		return -1;
	if (b->o.conf->gobin.n && !hm_path_is_abs(b->o.conf->gobin))
		return fatal(b, err, "cannot install, GOBIN must be an absolute path");
	if (select_packages(b, pkgs, n, false, &sel, err))
		return -1;
	for (size_t i = 0; i < sel.n; i++)
		if (no_target(b, sel.v[i]))
			bad = true;
	if (bad)
		return hm_err_set(err, HM_EREPORTED, "no install location");
	root = hm_action_group(b);
	for (size_t i = 0; i < sel.n; i++)
		hm_action_depend(b, root, hm_action_for(b, sel.v[i], true));
	if (hm_exec_run(b, root, err))
		return -1;
	if (no_args && n == 1 && is_main(pkgs[0]))
		remove_leftover(b, pkgs[0]);
	return 0;
}

/* Words that start the program: -exec, or go_<os>_<arch>_exec for another machine's. */
static void
add_starter(struct hm_builder *b, const struct hm_strs *exec, struct hm_strs *argv)
{
	const struct hm_conf *conf = b->o.conf;
	struct hm_arena *a = &b->arena;
	hm_str path;

	for (size_t i = 0; exec && i < exec->n; i++)
		HM_PUSH(a, *argv, exec->v[i]);
	if (exec || (hm_str_eq(b->goos, conf->gohostos) && hm_str_eq(b->goarch, conf->gohostarch)))
		return;
	if (hm_spawn_look_path(a, hm_arena_printf(a, "go_" HM_F "_" HM_F "_exec", HM_P(b->goos),
	                                          HM_P(b->goarch)),
	                       hm_env_or_empty(&conf->env, "PATH"), &path))
		HM_PUSH(a, *argv, path);
}

static int
run_program(struct hm_builder *b, const struct hm_strs *words, struct hm_err *err)
{
	struct hm_arena *a = &b->arena;
	struct hm_env env = hm_builder_copy_env(a, &b->o.conf->env);
	hm_str bin = hm_path_cat(a, b->tc->goroot, HM_S("bin"));
	hm_str path = hm_env_or_empty(&b->o.conf->env, "PATH");
	const char **argv = HM_NEW_N(a, words->n + 1, const char *);
	struct hm_spawn s = { .argv = argv, .inherit = true };
	struct hm_spawn_result r;

	hm_env_set(&env, "PATH",
	           path.n ? hm_arena_printf(a, HM_F ":" HM_F, HM_P(bin), HM_P(path)) : bin);
	for (size_t i = 0; i < words->n; i++)
		argv[i] = hm_arena_cstr(a, words->v[i]);
	s.env = hm_env_list(&env, a);
	if (b->o.ui.starting)
		b->o.ui.starting(b->o.ui.ctx);
	if (hm_spawn_run(a, &s, &r, err)) {
		int rc = fatal(b, err, HM_F, HM_P(hm_err_str(err)));

		return rc;
	}
	if (r.signaled)
		return fatal(b, err, "signal: %s", strsignal(r.status - 128));
	return r.status ? fatal(b, err, "exit status %d", r.status) : 0;
}

int
hm_build_run(struct hm_builder *b, struct hm_pkg *p, const struct hm_strs *args,
             const struct hm_strs *exec, struct hm_err *err)
{
	struct hm_arena *a = &b->arena;
	struct hm_unit *u;
	struct hm_action *link;
	struct hm_strs argv = { 0 };

	if (prepare(b, &p, 1, err))
		return -1;
	u = hm_unit_of(p);
	u->omit_debug = true;
	u->target = HM_S("");
	u->exe_name = hm_pkg_exec_name(p);
	if (p->cmdline_files) {
		if (!p->go_files.n)
			return hm_err_set(err, HM_EINVALID, "no suitable source files%s",
			                  b->o.conf->cgo_enabled ? "" : " (cgo is disabled)");
		u->exe_name = p->go_files.v[0];
		hm_str_cut_suffix(&u->exe_name, HM_S(".go"));
	}
	link = hm_action_link(b, p);
	link->cache_exe = b->tc->minor >= 24;
	if (hm_exec_run(b, link, err))
		return -1;
	add_starter(b, exec, &argv);
	HM_PUSH(a, argv, link->built);
	for (size_t i = 0; i < args->n; i++)
		HM_PUSH(a, argv, args->v[i]);
	if (b->o.n || b->o.x)
		hm_shell_show(link, HM_S(""), HM_F, HM_P(hm_strs_join(a, &argv, HM_S(" "))));
	return b->o.n ? 0 : run_program(b, &argv, err);
}
