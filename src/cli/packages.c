#include "cli/packages.h"

#include "acquire/acquire.h"
#include "base/path.h"
#include "cli/select.h"
#include "load/edit.h"
#include "load/import.h"
#include "load/mainmods.h"
#include "load/modload.h"
#include "load/modinfo.h"
#include "load/modules.h"
#include "load/query.h"
#include "load/reqs.h"
#include "mod/gomod.h"
#include "mod/gowork.h"
#include "os/file.h"

/* The value of key in $GODEBUG; the last one counts. */
static hm_str
godebug_setting(const struct hm_conf *c, hm_str key)
{
	hm_str rest = c->godebug, item, name, value, found = HM_S("");

	while (hm_str_next(&rest, ',', &item))
		if (hm_str_cut(item, '=', &name, &value) && hm_str_eq(name, key))
			found = value;
	return found;
}

/* go/build.Context as flags and settings make it. */
static void
fill_ctx(struct hm_cli *cli, const struct hm_build_flags *bf, struct hm_build_ctx *ctx)
{
	const struct hm_conf *c = cli->conf;
	hm_str rest = c->gopath;

	ctx->goos = c->goos;
	ctx->goarch = c->goarch;
	ctx->goroot = c->goroot;
	hm_str_next(&rest, ':', &ctx->gopath);
	ctx->compiler = HM_S("gc");
	ctx->install_suffix = bf->installsuffix;
	ctx->cgo = c->cgo_enabled;
	ctx->tags = bf->tags;
	ctx->tool_tags = c->tool_tags;
	ctx->install_goroot = hm_str_eqz(godebug_setting(c, HM_S("installgoroot")), "all");
	ctx->embed_links = hm_str_eqz(godebug_setting(c, HM_S("embedfollowsymlinks")), "1");
	hm_build_release_tags(&cli->arena, c->goversion, &ctx->release_tags);
}

int
hm_cli_packages_open(struct hm_cli *cli, const struct hm_build_flags *bf, bool outside,
                     struct hm_cli_packages *p, struct hm_err *err)
{
	struct hm_build_ctx *ctx; /* outlives the module state */

	*p = (struct hm_cli_packages){ 0 };
	if (hm_cli_modload(cli, bf, &p->ml, err))
		return -1;
	if (outside) {
		p->ml->force_use_modules = true;
		p->ml->root_mode = HM_ROOT_NO;
		p->ml->allow_missing_imports = true;
	} else if (hm_modload_init_work(p->ml, err)) {
		return -1;
	}
	if (hm_modload_init(p->ml, err))
		return -1;
	if (!p->ml->enabled)
		return hm_err_set(err, HM_ENOTYET, "GOPATH mode");
	ctx = HM_NEW(&cli->arena, struct hm_build_ctx);
	fill_ctx(cli, bf, ctx);
	p->ctx = *ctx;
	if (!cli->scans)
		cli->scans = hm_scan_cache_new(cli->conf->gomodcache);
	return hm_modules_attach(p->ml, cli->scans, ctx, err);
}

/* The last -linkmode of the last -ldflags. */
static hm_str
link_mode(struct hm_cli *cli, const struct hm_build_flags *bf)
{
	struct hm_strs words = { 0 };
	struct hm_err ignored = { 0 };
	hm_str text, mode = HM_S("");

	if (bf->ldflags.n == 0)
		return mode;
	text = bf->ldflags.v[bf->ldflags.n - 1];
	if (hm_flags_split_quoted(&cli->arena, text, &words, &ignored))
		words.n = 0; /* the builder reports it */
	hm_err_free(&ignored);
	for (size_t i = 0; i < words.n; i++) {
		hm_str w = words.v[i];

		if (hm_str_eqz(w, "-linkmode") && i + 1 < words.n)
			mode = words.v[i + 1];
		else if (hm_str_cut_prefix(&w, HM_S("-linkmode=")))
			mode = w;
	}
	return mode;
}

/* The godebug lines of go.work, else of the only main module. */
static void
fill_godebug(struct hm_cli *cli, const struct hm_modload *ml, struct hm_loader_conf *lc)
{
	const struct hm_gomod_godebugs *lines = NULL;
	struct hm_godebug *list;

	if (ml->mains && ml->mains->work)
		lines = &ml->mains->work->godebug;
	else if (ml->mains && ml->mains->n == 1 && ml->mains->v[0].file)
		lines = &ml->mains->v[0].file->godebug;
	if (!lines)
		return;
	list = HM_NEW_N(&cli->arena, lines->n, struct hm_godebug);
	for (size_t i = 0; i < lines->n; i++)
		list[i] = (struct hm_godebug){ lines->v[i].key, lines->v[i].value };
	lc->godebugs = list;
	lc->n_godebugs = lines->n;
}

/* modload.BinDir */
static hm_str
bin_dir(struct hm_cli *cli, const struct hm_build_ctx *ctx)
{
	if (cli->conf->gobin.n)
		return cli->conf->gobin;
	return ctx->gopath.n ? hm_path_join(&cli->arena, ctx->gopath, HM_S("bin")) : HM_S("");
}

static void
fill_conf(struct hm_cli *cli, const struct hm_build_flags *bf, const struct hm_cli_packages *p,
          struct hm_loader_conf *lc)
{
	const struct hm_conf *c = cli->conf;

	*lc = (struct hm_loader_conf){
		.ctx = p->ctx,
		.host_goos = c->gohostos,
		.host_goarch = c->gohostarch,
		.goroot = c->goroot,
		.gomodcache = c->gomodcache,
		.cwd = p->ml->cwd,
		.gobin = c->gobin,
		.bin_dir = bin_dir(cli, &p->ctx),
		.exe_suffix = c->goexe,
		.buildmode = bf->buildmode.n ? bf->buildmode : HM_S("default"),
		.pgo = bf->pgo.n ? bf->pgo : HM_S("auto"),
		.ldflags_linkmode = link_mode(cli, bf),
		.race = bf->race,
		.msan = bf->msan,
		.asan = bf->asan,
		.cover = bf->cover,
		.linkshared = bf->linkshared,
		.vendor = p->ml->build_mod == HM_MOD_VENDOR,
		.fips140 = c->gofips140.n && !hm_str_eqz(c->gofips140, "off"),
		.local_go = p->ml->local_go,
		.main_go_version = hm_modload_main_go(p->ml),
		.no_mod_root = p->ml->root_mode == HM_ROOT_NO,
		.log = &cli->log,
	};
	fill_godebug(cli, p->ml, lc);
}

static void
make_loader(struct hm_cli *cli, const struct hm_build_flags *bf, struct hm_cli_packages *p)
{
	struct hm_loader_conf *lc = HM_NEW(&cli->arena, struct hm_loader_conf);
	struct hm_loader_source source = { 0 };

	fill_conf(cli, bf, p, lc);
	hm_loader_source_modules(&cli->arena, p->modules, &source);
	p->loader = hm_loader_new(&cli->arena, lc, &source, cli->scans);
}

/* A pattern that is a file of that name, not a folder. */
static bool
names_file(struct hm_cli *cli, const struct hm_strs *patterns)
{
	for (size_t i = 0; i < patterns->n; i++) {
		const char *path = hm_arena_cstr(&cli->arena, patterns->v[i]);

		if (hm_str_has_suffix(patterns->v[i], HM_S(".go")) && hm_file_exists(path) &&
		    !hm_file_is_dir(path))
			return true;
	}
	return false;
}

static int
load_files(struct hm_cli *cli, const struct hm_build_flags *bf, const struct hm_loader_opts *opts,
           const struct hm_strs *files, struct hm_cli_packages *p, struct hm_err *err)
{
	struct hm_strs names = { 0 };
	struct hm_pkg *pkg;
	bool all_go = true;
	hm_str dir = HM_S("");

	for (size_t i = 0; i < files->n; i++)
		all_go &= hm_str_has_suffix(files->v[i], HM_S(".go"));
	if (all_go && hm_loader_split_files(&cli->arena, p->ml->cwd, files, &dir, &names, err)) {
		hm_cli_errorf(cli, HM_F, HM_P(hm_err_str(err))); /* go has no "go: " here */
		hm_err_clear(err);
		return hm_err_set(err, HM_EREPORTED, "reported");
	}
	if (hm_modules_load_files(p->ml, files, &p->modules, err))
		return -1;
	make_loader(cli, bf, p);
	if (hm_loader_files(p->loader, opts, files, &pkg, err))
		return -1;
	HM_PUSH(&cli->arena, p->pkgs, pkg);
	return 0;
}

int
hm_cli_packages_load(struct hm_cli *cli, const struct hm_build_flags *bf,
                     const struct hm_loader_opts *opts, const struct hm_strs *patterns,
                     struct hm_cli_packages *p, struct hm_err *err)
{
	struct hm_load_opts lo = {
		.resolve_missing = true,
		.load_tests = opts->resolve_tests,
		.silence_package_errors = true,
	};
	struct hm_strs clean = { 0 };

	if (names_file(cli, patterns))
		return load_files(cli, bf, opts, patterns, p, err);
	hm_modules_clean_patterns(&cli->arena, patterns, &clean);
	if (hm_modules_load(p->ml, &lo, &clean, &p->modules, err))
		return -1;
	make_loader(cli, bf, p);
	return hm_loader_packages(p->loader, opts, p->modules->matches, p->modules->n_matches,
	                          &p->pkgs, err);
}

void
hm_cli_packages_close(struct hm_cli_packages *p)
{
	hm_loader_free(p->loader);
	p->loader = NULL;
}

/* `p@v` words: the patterns without the version they all have. */
static int
split_version(struct hm_cli *cli, struct hm_modload *ml, const struct hm_strs *args,
              struct hm_strs *patterns, hm_str *version, struct hm_err *err)
{
	struct hm_arena *a = &cli->arena;
	hm_str path, suffix;

	*version = HM_S("");
	for (size_t i = 0; i < args->n && !version->n; i++)
		if (hm_str_cut(args->v[i], '@', &path, version) && !version->n)
			return hm_err_set(err, HM_EINVALID, HM_F ": version must not be empty",
			                  HM_P(args->v[i]));
	suffix = hm_arena_printf(a, "@" HM_F, HM_P(*version));
	for (size_t i = 0; i < args->n; i++) {
		hm_str arg = args->v[i], p = arg;
		const char *why = NULL;

		if (!hm_str_cut_suffix(&p, suffix))
			return hm_err_set(err, HM_EINVALID,
			                  HM_F ": all arguments must refer to packages in the same "
			                  "module at the same version (" HM_F ")",
			                  HM_P(arg), HM_P(suffix));
		if (hm_import_is_local(p))
			why = "a package path, not a relative path";
		else if (hm_path_is_abs(p))
			why = "a package path, not an absolute path";
		else if (hm_import_is_meta(p))
			why = "a package path, not a meta-package";
		else if (!hm_str_eq(hm_path_clean(a, p), p))
			why = "a clean package path";
		if (why)
			return hm_err_set(err, HM_EINVALID, HM_F ": argument must be %s", HM_P(arg),
			                  why);
		if (!hm_str_contains(p, HM_S("...")) && hm_import_is_std_path(p) &&
		    hm_import_is_std_package(ml, p))
			return hm_err_set(
				err, HM_EINVALID,
				HM_F ": argument must not be a package in the standard library",
				HM_P(arg));
		HM_PUSH(a, *patterns, hm_arena_dup(a, p));
	}
	return 0;
}

/* What would make the module mean something else than as the main module. */
static int
check_directives(const struct hm_gomod *f, hm_str arg, hm_str mod, struct hm_err *err)
{
	const char *what = f->replace.n ? "replace" : f->exclude.n ? "exclude" : NULL;

	if (!what)
		return 0;
	return hm_err_set(
		err, HM_EINVALID,
		HM_F " (in " HM_F "):\n"
		     "\tThe go.mod file for the module providing named packages contains one or\n"
		     "\tmore %s directives. It must not contain directives that would cause\n"
		     "\tit to be interpreted differently than if it were the main module.",
		HM_P(arg), HM_P(mod), what);
}

static hm_str
none_selected(void *ctx, hm_str path)
{
	(void)ctx, (void)path;
	return HM_S("none");
}

/* The module of the first argument; says when it is deprecated. */
static int
choose_module(struct hm_cli *cli, struct hm_modload *ml, hm_str pattern, hm_str version,
              struct hm_modver *out, struct hm_err *err)
{
	struct hm_arena *a = &cli->arena;
	struct hm_query_results found = { 0 };
	enum hm_allow allow =
		hm_query_is_revision(pattern, version) ? HM_ALLOW_ALL : HM_ALLOW_CHECKED;
	enum hm_query_fail fail;
	hm_str deprecated;

	if (hm_query_packages(ml, a, pattern, version, none_selected, NULL, allow, &found, NULL,
	                      err))
		return -1;
	*out = found.v[0].mod;
	if (hm_query_deprecation(ml, a, *out, &deprecated, &fail, err))
		return -1;
	if (deprecated.n)
		hm_log(&cli->log, HM_LOG_INFO, "go: module " HM_F " is deprecated: " HM_F,
		       HM_P(out->path), HM_P(hm_query_short_message(a, deprecated, HM_S(""))));
	return 0;
}

/* Makes it the only requirement. */
static int
require(struct hm_cli *cli, struct hm_modload *ml, struct hm_modver mod, hm_str arg,
        struct hm_err *err)
{
	struct hm_reqs *rs;
	struct hm_edit_in in = { .must = &mod, .n_must = 1 };
	struct hm_conflicts conflicts = { 0 };
	struct hm_gomod *f;
	bool changed;
	hm_str data, name = hm_modver_str(&cli->arena, mod);

	if (hm_acquire_gomod(ml->acquire, mod.path, mod.version, &data, err))
		return -1;
	if (hm_gomod_parse(&cli->arena, HM_S("go.mod"), data, NULL, &f, err))
		return hm_err_wrap(err, " (in " HM_F "): ", HM_P(name));
	if (check_directives(f, arg, name, err) || hm_modload_file(ml, &rs, err))
		return -1;
	return hm_modload_edit(ml, &in, &changed, &conflicts, err);
}

static void
check_provider(struct hm_cli *cli, struct hm_pkg *p, struct hm_modver mod)
{
	struct hm_pkg_error *e;
	hm_str name = hm_modver_str(&cli->arena, mod);

	if (p->error || (p->module && hm_str_eq(p->module->path, mod.path) &&
	                 hm_str_eq(p->module->version, mod.version)))
		return;
	e = HM_NEW(&cli->arena, struct hm_pkg_error);
	e->err = p->module ?
		hm_arena_printf(&cli->arena,
		                "package " HM_F " provided by module " HM_F "@" HM_F
		                "\n\tAll packages must be provided by the same module (" HM_F ").",
		                HM_P(p->import_path), HM_P(p->module->path),
		                HM_P(p->module->version), HM_P(name)) :
		hm_arena_printf(&cli->arena, "package " HM_F " not provided by module " HM_F,
		                HM_P(p->import_path), HM_P(name));
	p->error = e;
	p->incomplete = true;
}

int
hm_cli_packages_load_at(struct hm_cli *cli, const struct hm_build_flags *bf,
                        const struct hm_loader_opts *opts, const struct hm_strs *args,
                        struct hm_cli_packages *p, struct hm_err *err)
{
	struct hm_strs patterns = { 0 }, clean = { 0 };
	struct hm_modver mod;
	hm_str version;

	if (split_version(cli, p->ml, args, &patterns, &version, err))
		return -1;
	hm_modules_clean_patterns(&cli->arena, &patterns, &clean);
	if (choose_module(cli, p->ml, clean.v[0], version, &mod, err) ||
	    require(cli, p->ml, mod, args->v[0], err)) {
		if (!hm_str_has_prefix(hm_err_str(err), args->v[0]))
			hm_err_wrap(err, HM_F "%s", HM_P(args->v[0]),
			            hm_str_has_prefix(hm_err_str(err), HM_S(" (in ")) ? "" : ": ");
		return -1;
	}
	if (hm_cli_packages_load(cli, bf, opts, &clean, p, err))
		return -1;
	for (size_t i = 0; i < p->pkgs.n; i++)
		check_provider(cli, p->pkgs.v[i], mod);
	return 0;
}

int
hm_cli_packages_switch(struct hm_cli *cli, hm_str need, bool *again, struct hm_err *err)
{
	struct hm_err why = { 0 };

	need = hm_arena_dup(&cli->arena, need);
	if (hm_select_newer(cli, need, again, &why)) {
		hm_err_move(err, &why);
		return -1;
	}
	hm_err_free(&why);
	if (*again) {
		hm_modload_free(cli->modload);
		cli->modload = NULL;
	}
	return 0;
}

bool
hm_cli_packages_has_version(hm_str arg)
{
	return hm_str_index_byte(arg, '@') >= 0 && !hm_import_is_local(arg) && !hm_path_is_abs(arg);
}
