#include "build/build.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "build/builder.h"
#include "build/exec.h"
#include "build/shell.h"
#include "conf/platform.h"
#include "os/file.h"

static void
set_default(hm_str *s, const char *value)
{
	if (!s->n)
		*s = hm_str_of(value);
}

/* What this builder leaves to the go command. */
static int
check_supported(const struct hm_build_opts *o, struct hm_err *err)
{
	const struct {
		bool on;
		const char *what;
	} left[] = {
		{ o->race, "-race" },
		{ o->msan, "-msan" },
		{ o->asan, "-asan" },
		{ o->cover, "-cover" },
		{ o->linkshared, "-linkshared" },
		{ !hm_str_eqz(o->compiler, "gc"), "-compiler" },
		{ o->conf->gocacheprog.n > 0, "GOCACHEPROG" },
	};

	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		if (left[i].on)
			return hm_err_set(err, HM_ENOTYET, "%s", left[i].what);
	return 0;
}

/* A message as it stands, without the command's name in front. */
static int
fatal(struct hm_builder *b, hm_str text, struct hm_err *err)
{
	b->o.ui.error(b->o.ui.ctx, NULL, text);
	return hm_err_set(err, HM_EREPORTED, HM_F, HM_P(text));
}

/* go's instrumentInit, where it refuses; targets without the library are left to go. */
static int
check_instruments(const struct hm_build_opts *o, struct hm_err *err)
{
	const struct hm_conf *c = o->conf;
	const char *flag = o->asan ? "-asan" : o->msan ? "-msan" : "-race";
	bool here = hm_str_eq(c->goos, c->gohostos) && hm_str_eq(c->goarch, c->gohostarch);

	if (!o->race && !o->msan && !o->asan)
		return 0;
	if (o->race + o->msan + o->asan > 1)
		return hm_err_set(err, HM_EUSAGE, "may not use %s and %s simultaneously",
		                  o->race ? "-race" : "-msan",
		                  o->race && o->msan ? "-msan" : "-asan");
	if ((o->race && !hm_platform_race_supported(c->goos, c->goarch)) ||
	    (o->msan && !hm_platform_msan_supported(c->goos, c->goarch)) ||
	    (o->asan && !hm_platform_asan_supported(c->goos, c->goarch)))
		return 0;
	if (!c->cgo_enabled && (!hm_str_eqz(c->goos, "darwin") || !o->race))
		return hm_err_set(err, HM_EUSAGE, "%s requires cgo%s", flag,
		                  here ? "; enable cgo by setting CGO_ENABLED=1" : "");
	return 0;
}

static int
check_mode(struct hm_builder *b, struct hm_err *err)
{
	const struct hm_conf *c = b->o.conf;
	static const char *const known[] = { "default", "exe", "pie", "archive", "c-archive",
		                             "c-shared", "shared", "plugin" };
	size_t i = 0;

	while (i < 8 && !hm_str_eqz(b->o.buildmode, known[i]))
		i++;
	if (b->o.race && hm_str_eqz(b->o.buildmode, "pie") &&
	    !hm_platform_default_pie(c->goos, c->goarch, true))
		return fatal(b, hm_arena_printf(&b->arena,
		                                "-buildmode=pie not supported when -race is "
		                                "enabled on " HM_F "/" HM_F,
		                                HM_P(c->goos), HM_P(c->goarch)),
		             err);
	if (i < 3)
		return 0;
	if (i < 8)
		return hm_err_set(err, HM_ENOTYET, "-buildmode=%s", known[i]);
	return fatal(b, hm_arena_printf(&b->arena, "buildmode=" HM_F " not supported",
	                                HM_P(b->o.buildmode)),
	             err);
}

/* go's buildModeInit for the modes that this builder knows. */
static int
init_mode(struct hm_builder *b, struct hm_err *err)
{
	struct hm_arena *a = &b->arena;
	const char *mode = hm_arena_cstr(a, b->o.buildmode);
	bool is_default = hm_str_eqz(b->o.buildmode, "default"), shared = false;

	b->ld_buildmode = HM_S("exe");
	if (hm_str_eqz(b->o.buildmode, "pie") ||
	    (is_default && hm_platform_default_pie(b->goos, b->goarch, false))) {
		b->ld_buildmode = HM_S("pie");
		shared = !hm_str_eqz(b->goos, "windows") &&
		         (is_default || !hm_str_eqz(b->goos, "aix"));
	}
	if (!is_default && !hm_platform_buildmode_supported(mode, b->goos, b->goarch))
		return fatal(b,
		             hm_arena_printf(a,
		                             "-buildmode=%s not supported on " HM_F "/" HM_F "\n",
		                             mode, HM_P(b->goos), HM_P(b->goarch)),
		             err);
	if (!shared)
		return 0;
	HM_PUSH(a, b->forced_gcflags, HM_S("-shared"));
	HM_PUSH(a, b->forced_asmflags, HM_S("-shared"));
	if (!is_default)
		b->o.installsuffix =
			hm_arena_printf(a, HM_F "%sshared", HM_P(b->o.installsuffix),
		                        b->o.installsuffix.n ? "_" : "");
	return 0;
}

static int
init_target(struct hm_builder *b, struct hm_err *err)
{
	const struct hm_conf *conf = b->o.conf;

	if (hm_platform_check_pair(conf->goos, conf->goarch, err)) {
		err->code = HM_EUSAGE;
		return -1;
	}
	b->goos = conf->goos;
	b->goarch = conf->goarch;
	b->exe_suffix = conf->goexe;
	b->arch_key = conf->archname;
	b->arch_val = conf->archvalue;
	for (size_t i = 0; i < conf->vars.n; i++)
		if (b->arch_key.n && hm_str_eq(conf->vars.v[i].name, b->arch_key))
			b->arch_changed = conf->vars.v[i].changed;
	b->goexperiment = hm_experiment_string(&b->arena, &conf->experiment);
	b->fips140 = conf->gofips140.n && !hm_str_eqz(conf->gofips140, "off");
	b->env = hm_conf_tool_env(conf, &b->arena);
	return init_mode(b, err);
}

static int
init_flags(struct hm_builder *b, struct hm_err *err)
{
	struct hm_arena *a = &b->arena;

	for (size_t i = 0; i < b->o.tags.n; i++)
		if (hm_str_index_byte(b->o.tags.v[i], ',') >= 0)
			return hm_err_set(err, HM_EUSAGE,
			                  "-tags space-separated list contains comma");
	return hm_pkgflags_parse(a, "gcflags", &b->o.gcflags, &b->gcflags, err) ||
	       hm_pkgflags_parse(a, "asmflags", &b->o.asmflags, &b->asmflags, err) ||
	       hm_pkgflags_parse(a, "ldflags", &b->o.ldflags, &b->ldflags, err) ? -1 : 0;
}

static int
init_cache(struct hm_builder *b, struct hm_err *err)
{
	const struct hm_conf *conf = b->o.conf;

	if (conf->gocache_err.n)
		return hm_err_set(err, HM_EINVALID,
		                  "build cache is required, but could not be located: " HM_F,
		                  HM_P(conf->gocache_err));
	if (hm_str_eqz(conf->gocache, "off"))
		return hm_err_set(
			err, HM_EINVALID,
			"build cache is disabled by GOCACHE=off, but required as of Go 1.12");
	if (hm_cache_open(conf->gocache, &b->cache, err))
		return -1;
	b->memo = hm_memo_open(hm_path_cat(&b->arena, conf->gocache, HM_S("hermod-memo")).p);
	return 0;
}

int
hm_builder_open_tools(struct hm_builder *b, struct hm_err *err)
{
	const struct hm_conf *conf = b->o.conf;
	hm_str host = hm_arena_printf(&b->arena, HM_F "_" HM_F, HM_P(conf->gohostos),
	                              HM_P(conf->gohostarch));

	if (hm_toolchain_open(&b->arena, conf->goroot, host, &b->env, b->memo, &b->tc, err))
		return -1;
	if (b->tc->minor < HM_TOOLCHAIN_MINOR_MIN || b->tc->minor > HM_TOOLCHAIN_MINOR_MAX)
		return hm_err_set(err, HM_ENOTYET, "Go 1.%d, whose build IDs were not checked",
		                  b->tc->minor);
	b->tc->toolexec = b->o.toolexec;
	b->keys = (struct hm_keys){
		.salt = b->tc->salt,
		.trace = hm_str_contains(conf->godebug, HM_S("gocachehash=1")),
		.log = b->o.log,
	};
	return 0;
}

static int
init_workdir(struct hm_builder *b, struct hm_err *err)
{
	const struct hm_conf *conf = b->o.conf;
	hm_str parent = conf->gotmpdir.n ? conf->gotmpdir : hm_conf_tmpdir(conf);

	if (b->o.n) {
		b->workdir = HM_S("$WORK");
		return 0;
	}
	parent = hm_path_is_abs(parent) ? parent : hm_path_join(&b->arena, b->o.cwd, parent);
	if (hm_dir_make_temp(&b->arena, parent.p, "go-build", &b->workdir, err))
		return hm_err_wrap(err, "creating work dir: ");
	b->workdir_made = true;
	if (b->o.x || b->o.work)
		b->o.ui.print(b->o.ui.ctx, NULL,
		              hm_arena_printf(&b->arena, "WORK=" HM_F "\n", HM_P(b->workdir)));
	return 0;
}

int
hm_build_new(const struct hm_build_opts *opts, struct hm_builder **out, struct hm_err *err)
{
	struct hm_builder *b = hm_mem_new(sizeof(*b));
	struct hm_err ignored = { 0 };

	b->o = *opts;
	b->profiles.arena = &b->arena;
	set_default(&b->o.buildmode, "default");
	set_default(&b->o.buildvcs, "auto");
	set_default(&b->o.pgo, "auto");
	set_default(&b->o.compiler, "gc");
	b->shell = hm_shell_new();
	b->exec = hm_exec_new(b);
	if (check_instruments(&b->o, err) || check_mode(b, err) ||
	    check_supported(&b->o, err) || init_target(b, err) || init_flags(b, err) ||
	    init_cache(b, err) || init_workdir(b, err)) {
		hm_build_free(b, &ignored);
		hm_err_free(&ignored);
		return -1;
	}
	*out = b;
	return 0;
}

void
hm_build_set_modules(struct hm_builder *b, const struct hm_build_mods *mods)
{
	b->modules = true;
	b->mods = *mods;
}

int
hm_build_free(struct hm_builder *b, struct hm_err *err)
{
	int rc = 0;

	if (!b)
		return 0;
	if (b->cache && hm_cache_trim(b->cache, err))
		rc = hm_err_wrap(err, "failed to trim cache: ");
	if (b->workdir_made && !b->o.work && rc == 0)
		rc = hm_dir_remove_all(b->workdir.p, true, err);
	for (size_t i = 0; i < b->actions.n; i++) {
		hm_buf_free(&b->actions.v[i]->output);
		hm_arena_free(&b->actions.v[i]->arena);
	}
	hm_exec_free(b->exec);
	hm_shell_free(b->shell);
	hm_toolchain_close(b->tc);
	hm_memo_close(b->memo);
	hm_cache_free(b->cache);
	hm_arena_free(&b->arena);
	free(b);
	return rc;
}

bool
hm_build_interrupt(struct hm_builder *b)
{
	return hm_exec_interrupt(b->exec);
}

hm_str
hm_build_workdir(const struct hm_builder *b)
{
	return b->workdir;
}

hm_str
hm_builder_objdir(struct hm_builder *b)
{
	return hm_arena_printf(&b->arena, HM_F "/b%03u/", HM_P(b->workdir), ++b->objdirs);
}

struct hm_env
hm_builder_copy_env(struct hm_arena *a, const struct hm_env *from)
{
	struct hm_env e = { .vars = { .arena = a } };

	for (size_t i = 0; i < from->vars.n; i++)
		hm_map_set(&e.vars, from->vars.e[i].key, from->vars.e[i].val);
	return e;
}
