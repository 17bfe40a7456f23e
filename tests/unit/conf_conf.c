#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "conf/conf.h"
#include "conf/envfile.h"
#include "os/file.h"

/* A conf in an empty world: only what the test sets. */
struct world {
	struct hm_arena a;
	struct hm_err err;
	struct hm_env env;
	hm_str dir;
};

static int
setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->env.vars = (struct hm_map){ .arena = &w->a };
	if (hm_dir_make_temp(&w->a, "/tmp", "hermod-conf-", &w->dir, &w->err) < 0)
		return -1;
	hm_env_set(&w->env, "HOME", w->dir);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int rc = hm_dir_remove_all(w->dir.p, true, &w->err);

	hm_err_free(&w->err);
	hm_arena_free(&w->a);
	test_free(w);
	return rc;
}

static void
put(struct world *w, const char *name, const char *text)
{
	hm_str path = hm_path_join(&w->a, w->dir, hm_str_of(name));

	assert_ok(hm_dir_make_all(hm_path_dir(&w->a, path).p, &w->err), &w->err);
	assert_ok(hm_file_write(path.p, hm_str_of(text), 0644, &w->err), &w->err);
}

static struct hm_conf *
conf_of(struct world *w, enum hm_conf_name name)
{
	struct hm_conf *c = hm_conf_new(name, &w->env, w->dir, &w->err);

	assert_non_null(c);
	return c;
}

/* A folder that looks like an installed Go. */
static hm_str
fake_goroot(struct world *w)
{
	put(w, "root/VERSION", "go1.24.3\ntime 2025-01-01T00:00:00Z\n");
	put(w, "root/pkg/tool/linux_amd64/compile", "");
	put(w, "root/src/fmt/print.go", "");
	put(w, "root/go.env",
	    "# GOX=1\nGOPROXY=https://root.example\nGOSUMDB=root\nGOTOOLCHAIN=auto\n");
	put(w, "root/src/internal/buildcfg/zbootstrap.go",
	    "package buildcfg\n\nconst DefaultGOARM = `5`\nconst defaultGOEXPERIMENT = `arenas`\n");
	return hm_path_join(&w->a, w->dir, HM_S("root"));
}

static void
environment_file_and_goenv_in_that_order(void **state)
{
	struct world *w = *state;
	struct hm_conf *c;
	bool changed;

	hm_env_set(&w->env, "GOROOT", fake_goroot(w));
	put(w, ".config/go/env", "GOPROXY=https://user.example\nGOFLAGS=-mod=mod\nGOFLAGS=-x\n"
	                         "#GOPRIVATE=no\n lower=1\nGOSUMDB=\n");
	hm_env_set(&w->env, "GOFLAGS", HM_S("-v"));
	c = conf_of(w, HM_CONF_GO);
	assert_str(hm_conf_get(c, "GOFLAGS"), "-v");
	assert_str(c->goproxy, "https://user.example");
	assert_str(c->gosumdb, "");
	assert_str(c->goprivate, "");
	assert_str(c->gotoolchain, "auto");
	assert_str(hm_conf_get_changed(c, "GOTOOLCHAIN", HM_S(""), &changed), "auto");
	assert_false(changed);
	(void)hm_conf_get_changed(c, "GOPROXY", HM_S(""), &changed);
	assert_true(changed);
	assert_str(c->goversion, "go1.24.3");
	assert_int_equal(c->gominor, 24);
	assert_str(c->goarm, "5");
	assert_str(c->goexperiment, "arenas");
	assert_true(hm_conf_can_get(c, HM_S("GOPROXY")));
	assert_true(hm_conf_can_get(c, HM_S("GO_EXTLINK_ENABLED")));
	assert_false(hm_conf_can_get(c, HM_S("GOMOD")));
	assert_false(hm_conf_can_get(c, HM_S("AR CC")));
	hm_conf_free(c);
}

static void
goroot_is_found_on_path_and_not_in_hermod_itself(void **state)
{
	struct world *w = *state;
	hm_str root = fake_goroot(w), self;
	struct hm_conf *c;

	assert_ok(hm_file_real_path(&w->a, "/proc/self/exe", &self, &w->err), &w->err);
	put(w, "root/bin/go", "x");
	assert_int_equal(chmod(hm_path_join(&w->a, root, HM_S("bin/go")).p, 0755), 0);
	put(w, "first/x", "");
	put(w, "link/x", "");
	assert_int_equal(symlink(self.p, hm_path_join(&w->a, w->dir, HM_S("first/go")).p), 0);
	assert_int_equal(symlink(hm_path_join(&w->a, root, HM_S("bin/go")).p,
	                         hm_path_join(&w->a, w->dir, HM_S("link/go")).p), 0);
	hm_env_set(&w->env, "PATH", hm_arena_printf(&w->a, "rel:" HM_F "/first:" HM_F "/link",
	                                            HM_P(w->dir), HM_P(w->dir)));
	c = conf_of(w, HM_CONF_GO);
	assert_str(c->goroot, root.p);
	hm_conf_free(c);

	hm_env_set(&w->env, "PATH", HM_S("/nonexistent"));
	c = conf_of(w, HM_CONF_GO);
	assert_str(c->goroot, "");
	assert_str(c->goversion, HM_CONF_PINNED_GO);
	assert_str(c->goproxy, "https://proxy.golang.org,direct");
	assert_ok(hm_conf_set_goroot(c, root, &w->err), &w->err);
	assert_str(c->goversion, "go1.24.3");
	assert_str(c->goproxy, "https://root.example");
	assert_int_equal(hm_conf_set_goroot(c, HM_S("/nonexistent"), &w->err), -1);
	hm_conf_free(c);
}

static void
two_names_two_cgo_defaults(void **state)
{
	struct world *w = *state;
	struct hm_conf *c;

	hm_env_set(&w->env, "CC", HM_S("cc"));
	c = conf_of(w, HM_CONF_GO);
	assert_true(c->cgo_enabled);
	hm_conf_free(c);
	c = conf_of(w, HM_CONF_HERMOD);
	assert_false(c->cgo_enabled);
	hm_conf_free(c);
	hm_env_set(&w->env, "CGO_ENABLED", HM_S("1"));
	c = conf_of(w, HM_CONF_HERMOD);
	assert_true(c->cgo_enabled);
	hm_conf_free(c);
	hm_env_set(&w->env, "CGO_ENABLED", HM_S("0"));
	c = conf_of(w, HM_CONF_GO);
	assert_false(c->cgo_enabled);
	assert_str(hm_conf_var(c, "CGO_ENABLED"), "0");
	hm_conf_free(c);
}

static void
goflags_are_words_and_must_be_known(void **state)
{
	static const char *const bad[][2] = {
		{ "-x 'y", "parsing $GOFLAGS: unterminated ' string" },
		{ "x", "parsing $GOFLAGS: non-flag \"x\"" },
		{ "---x", "parsing $GOFLAGS: non-flag \"---x\"" },
		{ "-", "parsing $GOFLAGS: non-flag \"-\"" },
		{ "--=x", "parsing $GOFLAGS: non-flag \"--=x\"" },
		{ "-v -nope=1", "parsing $GOFLAGS: unknown flag -nope" },
	};
	struct world *w = *state;
	struct hm_conf *c;
	hm_str v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		hm_env_set(&w->env, "GOFLAGS", hm_str_of(bad[i][0]));
		c = conf_of(w, HM_CONF_GO);
		assert_str(c->goflags_err, bad[i][1]);
		hm_conf_free(c);
	}
	hm_env_set(&w->env, "GOFLAGS", HM_S("--mod=vendor '-ldflags=-s -w' -mod=mod -x"));
	c = conf_of(w, HM_CONF_GO);
	assert_str(c->goflags_err, "");
	assert_int_equal(c->flags.n, 4);
	assert_true(hm_conf_flag_value(c, "-mod", &v));
	assert_str(v, "mod");
	assert_true(hm_conf_flag_value(c, "-ldflags", &v));
	assert_str(v, "-s -w");
	assert_true(hm_conf_has_flag(c, "-x"));
	assert_false(hm_conf_has_flag(c, "-v"));
	hm_conf_free(c);
}

static void
wrong_settings_are_named(void **state)
{
	static const struct {
		const char *name, *value, *err;
		enum hm_code code;
	} bad[] = {
		{ "GOARM64", "v7",
		  "invalid GOARM64: must start with v8.{0-9} or v9.{0-5} and may "
		  "optionally end in \",lse\" and/or \",crypto\"",
		  HM_EUSAGE },
		{ "GOPPC64", "power7", "invalid GOPPC64: must be power8, power9, power10",
		  HM_EUSAGE },
		{ "GOWASM", "x", "invalid GOWASM: no such feature \"x\"", HM_EUSAGE },
		{ "GOEXPERIMENT", "nofoo", "unknown GOEXPERIMENT foo", HM_EUSAGE },
		{ "GOFIPS140", "v2.0.0",
		  "invalid GOFIPS140: must be off, latest, inprocess, "
		  "certified, or v1.Y.Z",
		  HM_EUSAGE },
	};
	struct world *w = *state;
	struct hm_conf *c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		hm_env_set(&w->env, bad[i].name, hm_str_of(bad[i].value));
		c = conf_of(w, HM_CONF_GO);
		assert_int_equal(hm_conf_check(c, &w->err), -1);
		assert_str(hm_err_str(&w->err), bad[i].err);
		assert_int_equal(w->err.code, bad[i].code);
		hm_conf_free(c);
		hm_env_set(&w->env, bad[i].name, hm_str_make(NULL, 0));
	}
	hm_env_set(&w->env, "GOPATH", HM_S("/a:b"));
	c = conf_of(w, HM_CONF_GO);
	assert_ok(hm_conf_check(c, &w->err), &w->err);
	assert_int_equal(hm_conf_check_gopath(c, &w->err), -1);
	assert_str(hm_err_str(&w->err), "GOPATH entry is relative; must be absolute path: \"b\".\n"
	                                "For more details see: 'go help gopath'");
	hm_conf_free(c);
}

static void
folders_that_are_mistaken(void **state)
{
	struct world *w = *state;
	hm_str root = fake_goroot(w);
	struct hm_conf *c;

	hm_env_set(&w->env, "GOROOT", root);
	hm_env_set(&w->env, "GOPATH", hm_path_cat(&w->a, root, HM_S("")));
	c = conf_of(w, HM_CONF_GO);
	assert_ok(hm_conf_check_goroot(c, &w->err), &w->err);
	assert_true(hm_conf_gopath_is_goroot(c));
	hm_conf_free(c);
	hm_env_set(&w->env, "GOROOT", HM_S("/hermod-nowhere"));
	c = conf_of(w, HM_CONF_GO);
	assert_false(hm_conf_gopath_is_goroot(c));
	assert_int_equal(hm_conf_check_goroot(c, &w->err), -1);
	assert_str(hm_err_str(&w->err), "cannot find GOROOT directory: /hermod-nowhere");
	assert_int_equal(w->err.code, HM_EUSAGE);
	hm_conf_free(c);
}

static void
build_cache_follows_the_name(void **state)
{
	static const struct {
		enum hm_conf_name name;
		const char *set, *want;
	} cases[] = {
		{ HM_CONF_GO, "", "/xdg/go-build" },
		{ HM_CONF_HERMOD, "", "/xdg/hermod-build" },
		{ HM_CONF_HERMOD, "/mine", "/mine" },
		{ HM_CONF_HERMOD, "off", "off" },
	};
	struct world *w = *state;

	hm_env_set(&w->env, "XDG_CACHE_HOME", HM_S("/xdg"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hm_conf *c;

		hm_env_set(&w->env, "GOCACHE", hm_str_of(cases[i].set));
		c = conf_of(w, cases[i].name);
		assert_str(c->gocache, cases[i].want);
		hm_conf_free(c);
	}
}

static void
module_files_are_searched_upwards(void **state)
{
	struct world *w = *state;
	hm_str deep = hm_path_join(&w->a, w->dir, HM_S("m/a/b")), got;
	struct hm_conf *c = conf_of(w, HM_CONF_GO);

	put(w, "m/go.mod", "");
	put(w, "go.work", "");
	put(w, "m/a/b/c", "");
	assert_str(hm_conf_find_gomod(c, &w->a, deep),
	           hm_path_join(&w->a, w->dir, HM_S("m/go.mod")).p);
	assert_str(hm_conf_find_gomod(c, &w->a, w->dir), "");
	assert_ok(hm_conf_find_gowork(c, &w->a, deep, &got, &w->err), &w->err);
	assert_str(got, hm_path_join(&w->a, w->dir, HM_S("go.work")).p);
	hm_conf_free(c);
	hm_env_set(&w->env, "GOWORK", HM_S("off"));
	c = conf_of(w, HM_CONF_GO);
	assert_ok(hm_conf_find_gowork(c, &w->a, deep, &got, &w->err), &w->err);
	assert_str(got, "");
	hm_conf_free(c);
	hm_env_set(&w->env, "GOWORK", HM_S("x"));
	c = conf_of(w, HM_CONF_GO);
	assert_int_equal(hm_conf_find_gowork(c, &w->a, deep, &got, &w->err), -1);
	assert_str(hm_err_str(&w->err), "invalid GOWORK: not an absolute path");
	hm_conf_free(c);
}

static void
tool_environment_has_the_effective_values(void **state)
{
	struct world *w = *state;
	struct hm_conf *c;
	struct hm_env e;

	put(w, ".config/go/env", "GOARCH=arm64\n");
	c = conf_of(w, HM_CONF_GO);
	e = hm_conf_tool_env(c, &w->a);
	assert_str(hm_env_or_empty(&e, "GOARCH"), "arm64");
	assert_str(hm_env_or_empty(&e, "GOARM64"), "v8.0");
	assert_null(hm_env_get(&e, "GOFLAGS").p);
	assert_null(hm_env_get(&c->env, "GOARCH").p);
	hm_conf_free(c);
}

/* Results of `go env -w` and `go env -u` of Go 1.26 on the same files. */
static void
env_file_edits_as_go(void **state)
{
	struct world *w = *state;
	hm_str one[] = { HM_S("GOBIN=/b"), HM_S("GOAUTH=1") }, del[] = { HM_S("GOX") };
	struct hm_strs none = { 0 }, set = { one, 2, 2 }, unset = { del, 1, 1 };
	hm_str old = HM_S("GOX=1\nGOBIN=/old\n# c\nGOZ=1\nGOX=2\nnoequals\nGOB=1");

	assert_str(hm_envfile_edit(&w->a, old, &set, &none),
	           "GOBIN=/b\n# c\nGOX=2\nGOZ=1\nnoequals\nGOAUTH=1\nGOB=1\n");
	assert_str(hm_envfile_edit(&w->a, old, &none, &unset),
	           "GOBIN=/old\n# c\nGOZ=1\nnoequals\nGOB=1\n");
	assert_str(hm_envfile_edit(&w->a, HM_S(""), &set, &none), "GOAUTH=1\nGOBIN=/b\n");
	assert_str(hm_envfile_edit(&w->a, HM_S(""), &none, &unset), "");
}

int
test_conf_conf(void)
{
	const struct CMUnitTest tests[] = {
#define W(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		W(environment_file_and_goenv_in_that_order),
		W(goroot_is_found_on_path_and_not_in_hermod_itself),
		W(two_names_two_cgo_defaults),
		W(goflags_are_words_and_must_be_known),
		W(wrong_settings_are_named),
		W(folders_that_are_mistaken),
		W(build_cache_follows_the_name),
		W(module_files_are_searched_upwards),
		W(tool_environment_has_the_effective_values),
		W(env_file_edits_as_go),
#undef W
	};

	return cmocka_run_group_tests_name("conf/conf", tests, NULL, NULL);
}
