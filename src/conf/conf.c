#include "conf/conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "conf/envfile.h"
#include "conf/goroot.h"
#include "conf/platform.h"
#include "conf/resolve.h"
#include "os/file.h"
#include "os/spawn.h"

hm_str
hm_conf_get(const struct hm_conf *c, const char *name)
{
	hm_str v = hm_env_or_empty(&c->env, name);
	const char *set;

	if (v.n)
		return v;
	set = hm_map_get(&c->file, hm_str_of(name));
	return set ? hm_str_of(set) : HM_S("");
}

hm_str
hm_conf_get_or(const struct hm_conf *c, const char *name, const char *def)
{
	hm_str v = hm_conf_get(c, name);

	return v.n ? v : hm_str_of(def);
}

hm_str
hm_conf_get_changed(const struct hm_conf *c, const char *name, hm_str def, bool *changed)
{
	hm_str v = hm_conf_get(c, name);
	const char *root = hm_map_get(&c->rootfile, hm_str_of(name));

	*changed = v.n && !hm_str_eq(v, root ? hm_str_of(root) : def);
	return v.n ? v : def;
}

bool
hm_conf_can_get(const struct hm_conf *c, hm_str name)
{
	/* internal/cfg.KnownEnv */
	static const char known[] =
		" AR CC CGO_CFLAGS CGO_CFLAGS_ALLOW CGO_CFLAGS_DISALLOW CGO_CPPFLAGS"
		" CGO_CPPFLAGS_ALLOW CGO_CPPFLAGS_DISALLOW CGO_CXXFLAGS CGO_CXXFLAGS_ALLOW"
		" CGO_CXXFLAGS_DISALLOW CGO_ENABLED CGO_FFLAGS CGO_FFLAGS_ALLOW"
		" CGO_FFLAGS_DISALLOW CGO_LDFLAGS CGO_LDFLAGS_ALLOW CGO_LDFLAGS_DISALLOW CXX FC"
		" GCCGO GO111MODULE GO386 GOAMD64 GOARCH GOARM GOARM64 GOAUTH GOBIN GOCACHE"
		" GOCACHEPROG GOENV GOEXE GOEXPERIMENT GOFIPS140 GOFLAGS GOGCCFLAGS GOHOSTARCH"
		" GOHOSTOS GOINSECURE GOMIPS GOMIPS64 GOMODCACHE GONOPROXY GONOSUMDB GOOS GOPATH"
		" GOPPC64 GOPRIVATE GOPROXY GORISCV64 GOROOT GOSUMDB GOTMPDIR GOTOOLCHAIN"
		" GOTOOLDIR GOVCS GOWASM GOWORK GO_EXTLINK_ENABLED PKG_CONFIG ";
	struct hm_arena a = { 0 };
	hm_str word = hm_arena_printf(&a, " " HM_F " ", HM_P(name));
	bool is = hm_map_has(&c->file, name) || (name.n && hm_str_index_byte(name, ' ') < 0 &&
	                                         hm_str_contains(hm_str_of(known), word));

	hm_arena_free(&a);
	return is || (c->name == HM_CONF_HERMOD && (hm_str_eqz(name, "HERMOD_SUMDBS") ||
	                                            hm_str_eqz(name, "HERMOD_POLICY")));
}

/* "go1.26.8" to 26; 26 for anything newer than 1 or unreadable. */
static int
minor_of(hm_str version)
{
	int n = 0;

	if (!hm_str_cut_prefix(&version, HM_S("go1.")))
		return HM_CONF_PINNED_MINOR;
	for (size_t i = 0; i < version.n && i < 3 && isdigit((unsigned char)version.p[i]); i++)
		n = n * 10 + (version.p[i] - '0');
	return n ? n : HM_CONF_PINNED_MINOR;
}

static void
resolve_goroot(struct hm_conf *c)
{
	struct hm_arena *a = &c->arena;
	hm_str root;

	/* go.env comes from the file's GOROOT even when the environment names another. */
	root = hm_str_of(hm_map_get(&c->file, HM_S("GOROOT")));
	if (root.n == 0)
		root = hm_env_or_empty(&c->env, "GOROOT");
	if (c->goroot_set)
		root = c->goroot;
	if (root.n)
		root = hm_path_clean(a, root);
	else
		root = hm_goroot_find(a, hm_env_or_empty(&c->env, "PATH"));
	if (root.n)
		hm_envfile_read(&c->rootfile, hm_path_join(a, root, HM_S("go.env")).p);
	for (size_t i = 0; i < c->rootfile.n; i++)
		if (!hm_map_has(&c->file, c->rootfile.e[i].key))
			hm_map_set(&c->file, c->rootfile.e[i].key, c->rootfile.e[i].val);
	hm_map_set(&c->file, HM_S("GOROOT"), hm_arena_cstr(a, root));

	if (!c->goroot_set)
		c->goroot = hm_conf_get(c, "GOROOT");
	c->goversion = c->goroot.n ? hm_goroot_version(a, c->goroot) : HM_S("");
	if (c->goversion.n == 0)
		c->goversion = HM_S(HM_CONF_PINNED_GO);
	c->gominor = minor_of(c->goversion);
	c->built = (struct hm_map){ .arena = a };
	if (c->goroot.n)
		hm_goroot_defaults(&c->built, c->goroot);
}

static void
resolve(struct hm_conf *c)
{
	struct hm_arena *a = &c->arena;

	c->file = c->rootfile = (struct hm_map){ .arena = a };
	c->vars = (struct hm_conf_vars){ 0 };
	c->tool_tags = c->flags = (struct hm_strs){ 0 };
	c->check_err = c->goflags_err = HM_S("");
	hm_conf_resolve_goenv(c);
	if (c->goenv.n)
		hm_envfile_read(&c->file, c->goenv.p);
	resolve_goroot(c);
	hm_conf_resolve_target(c);
	hm_conf_resolve_places(c);
	hm_conf_resolve_modules(c);
	hm_conf_resolve_goflags(c);
	hm_conf_resolve_check(c);
	hm_conf_resolve_vars(c);
}

static void
copy_env(struct hm_env *to, const struct hm_env *from, struct hm_arena *a)
{
	to->vars = (struct hm_map){ .arena = a };
	for (size_t i = 0; i < from->vars.n; i++)
		if (from->vars.e[i].val)
			hm_map_set(&to->vars, hm_arena_dup(a, from->vars.e[i].key),
			           hm_arena_cstr(a, hm_str_of(from->vars.e[i].val)));
}

struct hm_conf *
hm_conf_new(enum hm_conf_name name, const struct hm_env *env, hm_str cwd, struct hm_err *err)
{
	struct hm_conf *c = hm_mem_new(sizeof(*c));

	c->name = name;
	if (env)
		copy_env(&c->env, env, &c->arena);
	else
		hm_env_load(&c->env, &c->arena);
	if (cwd.n) {
		c->cwd = hm_arena_dup(&c->arena, cwd);
	} else if (hm_dir_cwd(&c->arena, &c->cwd, err) < 0) {
		hm_conf_free(c);
		return NULL;
	}
	resolve(c);
	return c;
}

void
hm_conf_free(struct hm_conf *c)
{
	if (!c)
		return;
	hm_arena_free(&c->arena);
	free(c);
}

int
hm_conf_set_goroot(struct hm_conf *c, hm_str goroot, struct hm_err *err)
{
	if (!hm_path_is_abs(goroot) || !hm_conf_is_goroot(hm_arena_cstr(&c->arena, goroot)))
		return hm_err_set(err, HM_ETOOLCHAIN, "cannot find GOROOT directory: " HM_F,
		                  HM_P(goroot));
	c->goroot = hm_arena_dup(&c->arena, goroot);
	c->goroot_set = true;
	resolve(c);
	return 0;
}

hm_str
hm_conf_var(const struct hm_conf *c, const char *name)
{
	for (size_t i = 0; i < c->vars.n; i++)
		if (hm_str_eqz(c->vars.v[i].name, name))
			return c->vars.v[i].value;
	return hm_str_make(NULL, 0);
}

struct hm_env
hm_conf_tool_env(const struct hm_conf *c, struct hm_arena *a)
{
	struct hm_env e;

	copy_env(&e, &c->env, a);
	for (size_t i = 0; i < c->vars.n; i++) {
		const char *name = hm_arena_cstr(a, c->vars.v[i].name);

		if (!hm_str_eq(hm_env_or_empty(&e, name), c->vars.v[i].value))
			hm_env_set(&e, name, c->vars.v[i].value);
	}
	return e;
}

/* The nearest dir/name that is a file, at or above dir, below the folder `stop`. */
static hm_str
search_up(struct hm_arena *a, hm_str dir, const char *name, hm_str stop)
{
	for (dir = hm_path_clean(a, dir);;) {
		hm_str path = hm_path_join(a, dir, hm_str_of(name)), up;
		struct stat st;

		if (stat(path.p, &st) == 0 && !S_ISDIR(st.st_mode))
			return path;
		up = hm_path_dir(a, dir);
		if (hm_str_eq(up, dir) || (stop.n && hm_str_eq(up, stop)))
			return HM_S("");
		dir = up;
	}
}

hm_str
hm_conf_find_gomod(const struct hm_conf *c, struct hm_arena *a, hm_str dir)
{
	(void)c;
	return search_up(a, dir, "go.mod", HM_S(""));
}

int
hm_conf_find_gowork(const struct hm_conf *c, struct hm_arena *a, hm_str dir, hm_str *out,
                    struct hm_err *err)
{
	hm_str v = hm_conf_get(c, "GOWORK");

	*out = HM_S("");
	if (hm_str_eqz(v, "off"))
		return 0;
	if (v.n == 0 || hm_str_eqz(v, "auto")) {
		/* The Go installation's own go.work is not looked for. */
		*out = search_up(a, dir, "go.work", c->goroot);
		return 0;
	}
	if (!hm_path_is_abs(v))
		return hm_err_set(err, HM_EINVALID, "invalid GOWORK: not an absolute path");
	*out = v;
	return 0;
}

hm_str
hm_conf_tmpdir(const struct hm_conf *c)
{
	hm_str v = hm_env_or_empty(&c->env, "TMPDIR");

	return v.n ? v : HM_S("/tmp");
}
