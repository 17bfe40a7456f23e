/* What `go env` prints (cmd/go/internal/envcmd, MkEnv). */
#include "conf/resolve.h"

#include "os/spawn.h"

static void
add(struct hm_conf *c, const char *name, hm_str value, bool changed)
{
	struct hm_conf_var v = { hm_str_of(name), value, changed };

	HM_PUSH(&c->arena, c->vars, v);
}

/* Changed when it is set at all. */
static void
add_set(struct hm_conf *c, const char *name, hm_str value)
{
	add(c, name, value, value.n > 0);
}

/* Changed by cfg.EnvOrAndChanged's rule. */
static void
add_def(struct hm_conf *c, const char *name, hm_str value, hm_str def)
{
	bool changed;

	(void)hm_conf_get_changed(c, name, def, &changed);
	add(c, name, value, changed);
}

static void
add_arch_var(struct hm_conf *c)
{
	const char *built = hm_map_get(&c->built, c->archname);
	hm_str def = hm_str_of(built);

	if (c->archname.n == 0)
		return;
	if (def.n == 0 && hm_conf_get(c, c->archname.p).n == 0)
		def = c->archvalue;
	add_def(c, c->archname.p, c->archvalue, def);
}

static void
add_tools(struct hm_conf *c)
{
	hm_str found;

	if (hm_spawn_look_path(&c->arena, c->gccgo, hm_env_or_empty(&c->env, "PATH"), &found))
		add(c, "GCCGO", found, true);
	else
		add(c, "GCCGO", c->gccgo, !hm_str_eqz(c->gccgo, "gccgo"));
	add_def(c, "AR", c->ar, HM_S("ar"));
	add(c, "CC", c->cc, hm_conf_get(c, "CC").n > 0);
	add(c, "CXX", c->cxx, hm_conf_get(c, "CXX").n > 0);
	add(c, "CGO_ENABLED", c->cgo_enabled ? HM_S("1") : HM_S("0"),
	    c->cgo_enabled != c->cgo_default);
}

void
hm_conf_resolve_vars(struct hm_conf *c)
{
	add(c, "GO111MODULE", c->go111module,
	    c->go111module.n && !hm_str_eqz(c->go111module, "on"));
	add(c, "GOARCH", c->goarch, !hm_str_eq(c->goarch, c->gohostarch));
	add_def(c, "GOAUTH", c->goauth, HM_S("netrc"));
	add_set(c, "GOBIN", c->gobin);
	add(c, "GOCACHE", c->gocache, hm_conf_get(c, "GOCACHE").n &&
	    !hm_str_eq(hm_conf_get(c, "GOCACHE"), c->gocache_default));
	add_def(c, "GOCACHEPROG", c->gocacheprog, HM_S(""));
	add_set(c, "GODEBUG", c->godebug);
	add(c, "GOENV", c->goenv, c->goenv.n && hm_env_or_empty(&c->env, "GOENV").n);
	add(c, "GOEXE", c->goexe, false);
	add_set(c, "GOEXPERIMENT", c->goexperiment);
	add_def(c, "GOFIPS140", c->gofips140, HM_S("off"));
	add_set(c, "GOFLAGS", c->goflags);
	add(c, "GOHOSTARCH", c->gohostarch, false);
	add(c, "GOHOSTOS", c->gohostos, false);
	add_set(c, "GOINSECURE", c->goinsecure);
	add_def(c, "GOMODCACHE", c->gomodcache, c->gomodcache_default);
	add_def(c, "GONOPROXY", c->gonoproxy, c->goprivate);
	add_def(c, "GONOSUMDB", c->gonosumdb, c->goprivate);
	add(c, "GOOS", c->goos, !hm_str_eq(c->goos, c->gohostos));
	add_def(c, "GOPATH", c->gopath, c->gopath_default);
	add_set(c, "GOPRIVATE", c->goprivate);
	add_def(c, "GOPROXY", c->goproxy, HM_S(""));
	add(c, "GOROOT", c->goroot, false);
	add_def(c, "GOSUMDB", c->gosumdb, HM_S(""));
	add(c, "GOTELEMETRY", c->gotelemetry, false);
	add(c, "GOTELEMETRYDIR", c->gotelemetrydir, false);
	add_set(c, "GOTMPDIR", c->gotmpdir);
	add_def(c, "GOTOOLCHAIN", c->gotoolchain, HM_S(""));
	add(c, "GOTOOLDIR", c->gotooldir, false);
	add_set(c, "GOVCS", c->govcs);
	add(c, "GOVERSION", c->goversion, false);
	add_arch_var(c);
	add_tools(c);
}
