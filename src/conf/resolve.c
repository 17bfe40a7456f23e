#include "conf/resolve.h"

#include "base/path.h"
#include "codec/quoted.h"
#include "conf/platform.h"
#include "os/file.h"
#include "os/spawn.h"

/* os.UserConfigDir and os.UserCacheDir; empty and *why when there is none. */
static hm_str
user_dir(struct hm_conf *c, const char *xdg, const char *below_home, hm_str *why)
{
	hm_str dir = hm_env_or_empty(&c->env, xdg), home = hm_env_or_empty(&c->env, "HOME");

	if (dir.n && hm_path_is_abs(dir))
		return dir;
	if (dir.n)
		*why = hm_arena_printf(&c->arena, "path in $%s is relative", xdg);
	else if (home.n == 0)
		*why = hm_arena_printf(&c->arena, "neither $%s nor $HOME are defined", xdg);
	else
		return hm_arena_printf(&c->arena, HM_F "%s", HM_P(home), below_home);
	return HM_S("");
}

static hm_str
config_dir(struct hm_conf *c, hm_str *why)
{
	return user_dir(c, "XDG_CONFIG_HOME", "/.config", why);
}

void
hm_conf_resolve_goenv(struct hm_conf *c)
{
	hm_str v = hm_env_or_empty(&c->env, "GOENV"), dir;

	c->goenv_err = c->goenv_default = HM_S("");
	dir = config_dir(c, &c->goenv_err);
	if (dir.n)
		c->goenv_default = hm_path_join(&c->arena, dir, HM_S("go/env"));
	c->goenv = v.n == 0 ? c->goenv_default : hm_str_eqz(v, "off") ? HM_S("") : v;
}

/* A value of the environment or files, else what the toolchain was built with, else def. */
static hm_str
built_or(struct hm_conf *c, const char *name, const char *def)
{
	hm_str v = hm_conf_get(c, name);
	const char *built = hm_map_get(&c->built, hm_str_of(name));

	return v.n ? v : hm_str_of(built ? built : def);
}

static void
resolve_arch_vars(struct hm_conf *c)
{
	hm_str def;
	const struct {
		hm_str *at;
		const char *name, *def;
	} v[] = {
		{ &c->go386, "GO386", "sse2" },
		{ &c->goamd64, "GOAMD64", "v1" },
		{ &c->goarm, "GOARM", "7" },
		{ &c->goarm64, "GOARM64", "v8.0" },
		{ &c->gomips, "GOMIPS", "hardfloat" },
		{ &c->gomips64, "GOMIPS64", "hardfloat" },
		{ &c->goppc64, "GOPPC64", "power8" },
		{ &c->goriscv64, "GORISCV64", "rva20u64" },
		{ &c->gowasm, "GOWASM", "" },
		{ &c->gofips140, "GOFIPS140", "off" },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		*v[i].at = built_or(c, v[i].name, v[i].def);
	c->archname = c->archvalue = HM_S("");
	if (!hm_platform_arch_var(c->goarch, &c->archname, &def))
		return;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		if (hm_str_eqz(c->archname, v[i].name))
			c->archvalue = *v[i].at;
}

/*
 * As cmd/go does it, the tags of the processor's variant follow the process
 * environment alone, not the GOENV file; those of experiments follow both.
 */
static void
resolve_tags(struct hm_conf *c)
{
	struct hm_err err = { 0 };
	struct hm_strs on = { 0 };
	hm_str arch = hm_env_or_empty(&c->env, "GOARCH"), name, def, v;
	const char *built;

	if (hm_experiment_parse(c->gominor, c->goos, c->goarch, c->goexperiment, &c->experiment,
	                        &err) < 0)
		c->experiment_err = hm_arena_dup(&c->arena, hm_err_str(&err));
	else
		hm_experiment_enabled(&c->arena, &c->experiment, &on);
	hm_err_free(&err);
	for (size_t i = 0; i < on.n; i++)
		HM_PUSH(&c->arena, c->tool_tags,
		        hm_arena_printf(&c->arena, "goexperiment." HM_F, HM_P(on.v[i])));
	if (arch.n == 0)
		arch = c->gohostarch;
	if (!hm_platform_arch_var(arch, &name, &def))
		return;
	built = hm_map_get(&c->built, name);
	v = hm_env_or_empty(&c->env, name.p);
	hm_platform_arch_tags(&c->arena, c->gominor, arch,
	                      v.n ? v : built ? hm_str_of(built) : def, &c->tool_tags);
}

static bool
on_path(struct hm_conf *c, hm_str command)
{
	hm_str found;

	return hm_spawn_look_path(&c->arena, command, hm_env_or_empty(&c->env, "PATH"), &found);
}

/* go/build's rule, then cmd/go's: the host itself, with a C compiler at hand. */
static bool
cgo_by_default(struct hm_conf *c)
{
	hm_str v = hm_env_or_empty(&c->env, "CGO_ENABLED");
	hm_str os = hm_env_or_empty(&c->env, "GOOS"), arch = hm_env_or_empty(&c->env, "GOARCH");
	const char *built = hm_map_get(&c->built, HM_S("CGO_ENABLED"));
	bool native;

	if (c->name == HM_CONF_HERMOD)
		return false;
	if (built && *built)
		return strcmp(built, "1") == 0;
	if (!hm_str_eq(c->goos, c->gohostos) || !hm_str_eq(c->goarch, c->gohostarch) ||
	    !hm_platform_cgo_supported(c->goos, c->goarch))
		return false;
	native = (os.n == 0 || hm_str_eq(os, c->gohostos)) &&
	         (arch.n == 0 || hm_str_eq(arch, c->gohostarch));
	if (hm_str_eqz(v, "0") || (!hm_str_eqz(v, "1") && !native) ||
	    hm_env_or_empty(&c->env, "CC").n)
		return true;
	return on_path(c, hm_platform_default_cc(c->goos));
}

void
hm_conf_resolve_target(struct hm_conf *c)
{
	struct hm_arena *a = &c->arena;
	hm_str v;

	c->gohostos = hm_platform_host_os();
	c->gohostarch = hm_platform_host_arch();
	c->goos = hm_conf_get_or(c, "GOOS", c->gohostos.p);
	c->goarch = hm_conf_get_or(c, "GOARCH", c->gohostarch.p);
	c->goexe = hm_str_eqz(c->goos, "windows") ? HM_S(".exe") : HM_S("");
	c->goexperiment = built_or(c, "GOEXPERIMENT", "");
	c->experiment_err = HM_S("");
	c->gotooldir =
		c->goroot.n ? hm_path_join(a, c->goroot,
	                                   hm_arena_printf(a, "pkg/tool/" HM_F "_" HM_F,
	                                                   HM_P(c->gohostos), HM_P(c->gohostarch)))
			    : HM_S("");
	resolve_arch_vars(c);
	resolve_tags(c);

	c->cgo_default = c->cgo_enabled = cgo_by_default(c);
	v = hm_conf_get(c, "CGO_ENABLED");
	if (hm_str_eqz(v, "0") || hm_str_eqz(v, "1"))
		c->cgo_enabled = v.p[0] == '1';
	c->cc = hm_conf_get_or(c, "CC", hm_platform_default_cc(c->goos).p);
	c->cxx = hm_conf_get_or(c, "CXX", hm_platform_default_cxx(c->goos).p);
	c->ar = hm_conf_get_or(c, "AR", "ar");
	c->gccgo = hm_conf_get_or(c, "GCCGO", "gccgo");
}

/* "" when it stays undefined; then gopath_err says why. */
static hm_str
default_gopath(struct hm_conf *c)
{
	hm_str env = hm_env_or_empty(&c->env, "GOPATH"), home = hm_env_or_empty(&c->env, "HOME");
	hm_str root = hm_env_or_empty(&c->env, "GOROOT"), def;

	c->gopath_err = HM_S("");
	if (env.n)
		return env;
	if (home.n == 0) {
		c->gopath_err = HM_S("HOME is not set");
		return HM_S("");
	}
	def = hm_path_join(&c->arena, home, HM_S("go"));
	if (root.n && hm_str_eq(def, hm_path_clean(&c->arena, root))) {
		c->gopath_err = HM_S("cannot set GOROOT as GOPATH");
		return HM_S("");
	}
	return def;
}

static hm_str
in_gopath(struct hm_conf *c, const char *rel)
{
	hm_str first, rest;

	hm_str_cut(c->gopath, ':', &first, &rest);
	return first.n ? hm_path_join(&c->arena, first, hm_str_of(rel)) : HM_S("");
}

static void
resolve_gocache(struct hm_conf *c)
{
	hm_str why = HM_S(""), dir = user_dir(c, "XDG_CACHE_HOME", "/.cache", &why);
	hm_str v = hm_conf_get(c, "GOCACHE");

	c->gocache_err = HM_S("");
	if (dir.n) {
		c->gocache_default = hm_path_join(&c->arena, dir, c->name == HM_CONF_GO ?
		                                  HM_S("go-build") : HM_S("hermod-build"));
	} else {
		c->gocache_default = HM_S("off");
		c->gocache_err = hm_arena_printf(&c->arena, "GOCACHE is not defined and " HM_F,
		                                 HM_P(why));
	}
	c->gocache = c->gocache_default;
	if (v.n == 0)
		return;
	c->gocache_err = HM_S("");
	c->gocache = v;
	if (!hm_path_is_abs(v) && !hm_str_eqz(v, "off")) {
		c->gocache = HM_S("off");
		c->gocache_err = HM_S("GOCACHE is not an absolute path");
	}
}

static void
resolve_telemetry(struct hm_conf *c)
{
	struct hm_err ignored = { 0 };
	hm_str dir = hm_env_or_empty(&c->env, "TEST_TELEMETRY_DIR"), text, rest, why;

	if (dir.n == 0) {
		dir = config_dir(c, &why);
		if (dir.n)
			dir = hm_path_join(&c->arena, dir, HM_S("go/telemetry"));
	}
	c->gotelemetrydir = dir;
	c->gotelemetry = dir.n ? HM_S("local") : HM_S("off");
	if (dir.n && hm_file_read(&c->arena, hm_path_join(&c->arena, dir, HM_S("mode")).p, 4096,
	                          &text, &ignored) == 0)
		hm_str_cut(hm_str_trim(text), ' ', &c->gotelemetry, &rest);
	hm_err_free(&ignored);
}

void
hm_conf_resolve_places(struct hm_conf *c)
{
	c->gopath_default = default_gopath(c);
	c->gopath = hm_conf_get_or(c, "GOPATH", c->gopath_default.p);
	c->gomodcache_default = in_gopath(c, "pkg/mod");
	c->gomodcache = hm_conf_get_or(c, "GOMODCACHE", c->gomodcache_default.p);
	c->sumdbdir = in_gopath(c, "pkg/sumdb");
	/* A folder guessed from a relative $HOME is no GOPATH; go notices that only here. */
	if (hm_conf_get(c, "GOPATH").n == 0 && c->gopath.n && !hm_path_is_abs(c->gopath))
		c->gopath = HM_S("");
	c->gobin = hm_conf_get(c, "GOBIN");
	c->gotmpdir = hm_conf_get(c, "GOTMPDIR");
	c->gocacheprog = hm_conf_get(c, "GOCACHEPROG");
	resolve_gocache(c);
	resolve_telemetry(c);
}

void
hm_conf_resolve_modules(struct hm_conf *c)
{
	c->go111module = hm_conf_get(c, "GO111MODULE");
	c->goproxy = hm_conf_get(c, "GOPROXY");
	c->gosumdb = hm_conf_get(c, "GOSUMDB");
	c->goprivate = hm_conf_get(c, "GOPRIVATE");
	c->gonoproxy = hm_conf_get_or(c, "GONOPROXY", c->goprivate.p);
	c->gonosumdb = hm_conf_get_or(c, "GONOSUMDB", c->goprivate.p);
	c->goinsecure = hm_conf_get(c, "GOINSECURE");
	c->govcs = hm_conf_get(c, "GOVCS");
	c->goauth = hm_conf_get_or(c, "GOAUTH", "netrc");
	c->godebug = hm_env_or_empty(&c->env, "GODEBUG");
	c->gotoolchain = hm_conf_get(c, "GOTOOLCHAIN");
	if (c->goroot.n == 0) {
		/* No go.env to read: its shipped contents. */
		c->goproxy = hm_conf_get_or(c, "GOPROXY", "https://proxy.golang.org,direct");
		c->gosumdb = hm_conf_get_or(c, "GOSUMDB", "sum.golang.org");
		c->gotoolchain = hm_conf_get_or(c, "GOTOOLCHAIN", "auto");
	}
}

/* Does any command of go know the flag? */
static bool
is_go_flag(hm_str name)
{
	static const char *const names =
		"C a artifacts asan asmflags bench benchmem benchtime blockprofile "
	        "blockprofilerate "
		"buildmode buildvcs c cache changed compat compiled compiler count cover covermode "
		"coverpkg coverprofile cpu cpuprofile d debug-actiongraph debug-runtime-trace "
		"debug-trace deps diff dropexclude dropgodebug dropignore dropreplace droprequire "
		"dropretract droptool dropuse e exclude exec export f failfast find fix fmt "
	        "fullpath "
		"fuzz fuzzcache fuzzminimizetime fuzztime gccgoflags gcflags go godebug i ignore "
		"insecure installsuffix json ldflags linkshared list m memprofile memprofilerate "
	        "mod "
		"modcache modcacherw modfile module msan mutexprofile mutexprofilefraction n o "
		"outputdir overlay p parallel pgo pkgdir print r race replace require retract "
		"retracted reuse run short shuffle skip t tags test test.artifacts test.bench "
		"test.benchmem test.benchtime test.blockprofile test.blockprofilerate test.count "
		"test.coverprofile test.cpu test.cpuprofile test.failfast test.fullpath test.fuzz "
		"test.fuzzminimizetime test.fuzztime test.list test.memprofile test.memprofilerate "
		"test.mutexprofile test.mutexprofilefraction test.outputdir test.parallel test.run "
		"test.short test.shuffle test.skip test.timeout test.trace test.v testcache "
	        "timeout "
		"tool toolchain toolexec trace trimpath u use v vendor versions vet w work x";
	hm_str rest = hm_str_of(names), w;

	while (hm_str_next_field(&rest, &w))
		if (hm_str_eq(w, name))
			return true;
	return false;
}

static hm_str
bad_flag(struct hm_conf *c, hm_str f)
{
	hm_str name = f, value;
	size_t dashes = 0;

	while (dashes < f.n && f.p[dashes] == '-')
		dashes++;
	if (dashes < 1 || dashes > 2 || dashes == f.n || f.p[dashes] == '=')
		return hm_arena_printf(&c->arena, "parsing $GOFLAGS: non-flag " HM_F,
		                       HM_P(hm_str_quote(&c->arena, f)));
	hm_str_cut(hm_str_from(f, dashes), '=', &name, &value);
	if (is_go_flag(name))
		return HM_S("");
	return hm_arena_printf(&c->arena, "parsing $GOFLAGS: unknown flag -" HM_F, HM_P(name));
}

void
hm_conf_resolve_goflags(struct hm_conf *c)
{
	struct hm_err err = { 0 };

	c->goflags = hm_conf_get(c, "GOFLAGS");
	if (hm_quoted_split(&c->arena, c->goflags, &c->flags, &err) < 0) {
		c->flags = (struct hm_strs){ 0 };
		c->goflags_err = hm_arena_printf(&c->arena, "parsing $GOFLAGS: " HM_F,
		                                 HM_P(hm_err_str(&err)));
	}
	hm_err_free(&err);
	for (size_t i = 0; i < c->flags.n; i++) {
		c->flags.v[i] = hm_arena_dup(&c->arena, c->flags.v[i]);
		if (c->goflags_err.n == 0)
			c->goflags_err = bad_flag(c, c->flags.v[i]);
	}
}

/* "--mod=x" to "-mod" and "x". */
static void
split_flag(hm_str f, hm_str *name, hm_str *value)
{
	if (hm_str_has_prefix(f, HM_S("--")))
		f = hm_str_from(f, 1);
	hm_str_cut(f, '=', name, value);
}

bool
hm_conf_flag_value(const struct hm_conf *c, const char *flag, hm_str *value)
{
	hm_str name, v;
	bool found = false;

	for (size_t i = 0; i < c->flags.n; i++) {
		split_flag(c->flags.v[i], &name, &v);
		if (hm_str_eqz(name, flag)) {
			*value = v;
			found = true;
		}
	}
	return found;
}

bool
hm_conf_has_flag(const struct hm_conf *c, const char *flag)
{
	hm_str value;

	return hm_conf_flag_value(c, flag, &value);
}
