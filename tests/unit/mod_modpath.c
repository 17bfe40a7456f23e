#include "unit/unit.h"

#include "mod/modpath.h"

/* NULL: valid; otherwise go's reason. */
static const struct {
	const char *path, *module, *import, *file;
} paths[] = {
	{ "example.com/a", NULL, NULL, NULL },
	{ "x.y/z", NULL, NULL, NULL },
	{ "x.y", NULL, NULL, NULL },
	{ "", "empty string", "empty string", "empty string" },
	{ "x.y/\xff", "invalid UTF-8", "invalid UTF-8", "invalid UTF-8" },
	{ "/x.y/z", "empty path element", "empty path element", "empty path element" },
	{ "x./z", "trailing dot in path element", "trailing dot in path element",
	  "trailing dot in path element" },
	{ ".x/z", "leading dot in path element", NULL, NULL },
	{ "-x.y/z", "leading dash", "leading dash", NULL },
	{ "x..y/z", NULL, NULL, NULL },
	{ "x.y/..", "invalid path element \"..\"", "invalid path element \"..\"",
	  "invalid path element \"..\"" },
	{ "x.y//z", "double slash", "double slash", "double slash" },
	{ "x.y/z/", "trailing slash", "trailing slash", "trailing slash" },
	{ "example/a", "missing dot in first path element", NULL, NULL },
	{ "X.y/z", "invalid char 'X' in first path element", NULL, NULL },
	{ "x_y.z/a", "invalid char '_' in first path element", NULL, NULL },
	{ "x.y/v1", "invalid version", NULL, NULL },
	{ "x.y/v02", "invalid version", NULL, NULL },
	{ "x.y/v2.1", "invalid version", NULL, NULL },
	{ "x.y/v2", NULL, NULL, NULL },
	{ "gopkg.in/yaml.v2", NULL, NULL, NULL },
	{ "gopkg.in/yaml.v0-unstable", "invalid version", NULL, NULL },
	{ "gopkg.in/yaml", "invalid version", NULL, NULL },
	{ "x.y/a+b", "invalid char '+'", NULL, NULL },
	{ "x.y/a b", "invalid char ' '", "invalid char ' '", NULL },
	{ "x.y/\xc3\xa9", "invalid char '\xc3\xa9'", "invalid char '\xc3\xa9'", NULL },
	{ "x.y/a\\b", "invalid char '\\\\'", "invalid char '\\\\'", "invalid char '\\\\'" },
	{ "x.y/a'b", "invalid char '\\''", "invalid char '\\''", "invalid char '\\''" },
	{ "x.y/a\"b", "invalid char '\"'", "invalid char '\"'", "invalid char '\"'" },
	{ "x.y/con", "\"con\" disallowed as path element component on Windows",
	  "\"con\" disallowed as path element component on Windows",
	  "\"con\" disallowed as path element component on Windows" },
	{ "x.y/Com1.txt", "\"Com1\" disallowed as path element component on Windows",
	  "\"Com1\" disallowed as path element component on Windows",
	  "\"Com1\" disallowed as path element component on Windows" },
	{ "x.y/com0", NULL, NULL, NULL },
	{ "x.y/abc~1", "trailing tilde and digits in path element",
	  "trailing tilde and digits in path element", NULL },
	{ "x.y/abc~1.x", "trailing tilde and digits in path element",
	  "trailing tilde and digits in path element", NULL },
	{ "x.y/abc~", NULL, NULL, NULL },
};

static void
check(const char *kind, const char *path, const char *why,
      int (*fn)(hm_str path, struct hm_err *err))
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	int r = fn(hm_str_of(path), &err);
	hm_str want = HM_S("");

	if (why)
		want = hm_arena_printf(&a, "malformed %s path " HM_F ": %s", kind,
		                       HM_P(hm_str_quote(&a, hm_str_of(path))), why);
	if (!why && r)
		fail_msg("%s path %s: " HM_F, kind, path, HM_P(hm_err_str(&err)));
	if (why)
		assert_str(hm_err_str(&err), want.p);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		check("module", paths[i].path, paths[i].module, hm_modpath_check);
		check("import", paths[i].path, paths[i].import, hm_modpath_check_import);
		check("file", paths[i].path, paths[i].file, hm_modpath_check_file);
	}
}

static void
split(void **state)
{
	static const struct {
		const char *path, *prefix, *major, *tag;
		bool ok;
	} t[] = {
		{ "x.y/z", "x.y/z", "", "", true },
		{ "x.y/z/v2", "x.y/z", "/v2", "v2", true },
		{ "x.y/z/v3000", "x.y/z", "/v3000", "v3000", true },
		{ "x.y/z/v1", "x.y/z/v1", "", "", false },
		{ "x.y/z/v0", "x.y/z/v0", "", "", false },
		{ "x.y/z/v2.3", "x.y/z/v2.3", "", "", false },
		{ "x.y/zv2", "x.y/zv2", "", "", true },
		{ "v2", "v2", "", "", true },
		{ "/v2", "", "/v2", "v2", true },
		{ "gopkg.in/yaml.v2", "gopkg.in/yaml", ".v2", "v2", true },
		{ "gopkg.in/u/yaml.v0", "gopkg.in/u/yaml", ".v0", "v0", true },
		{ "gopkg.in/yaml.v02", "gopkg.in/yaml.v02", "", "", false },
		{ "gopkg.in/yaml/v2", "gopkg.in/yaml/v2", "", "", false },
		{ "gopkg.in/yaml.v3-unstable", "gopkg.in/yaml", ".v3-unstable", "v3", true },
	};
	hm_str prefix, major;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_int_equal(hm_modpath_split(hm_str_of(t[i].path), &prefix, &major), t[i].ok);
		assert_str(prefix, t[i].prefix);
		assert_str(major, t[i].major);
		assert_str(hm_modpath_major_prefix(major), t[i].tag);
	}
}

static void
versions(void **state)
{
	static const struct {
		const char *path, *version, *error;
	} t[] = {
		{ "x.y/z", "v0.1.2", NULL },
		{ "x.y/z", "v2.0.0+incompatible", NULL },
		{ "x.y/z/v2", "v2.0.0", NULL },
		{ "gopkg.in/check.v1", "v0.0.0-20161208181325-20d25e280405", NULL },
		{ "gopkg.in/check.v1-unstable", "v1.0.0", NULL },
		{ "x.y/z", "v2.0.0",
		  "x.y/z@v2.0.0: invalid version: should be v0 or v1, not v2" },
		{ "x.y/z/v2", "v3.0.0", "x.y/z/v2@v3.0.0: invalid version: should be v2, not v3" },
		{ "x.y/z/v2", "v2.0.0+incompatible", NULL },
		{ "gopkg.in/yaml.v2", "v1.0.0",
		  "gopkg.in/yaml.v2@v1.0.0: invalid version: should be v2, not v1" },
		{ "x.y/z", "1.0", "x.y/z@1.0: invalid version: not a semantic version" },
		{ "z", "v1.0.0", "malformed module path \"z\": missing dot in first path element" },
	};
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		int r = hm_modpath_check_version(hm_str_of(t[i].path), hm_str_of(t[i].version),
		                                 &err);

		if (!t[i].error)
			assert_ok(r, &err);
		else if (r == 0)
			fail_msg("%s@%s is accepted", t[i].path, t[i].version);
		else
			assert_str(hm_err_str(&err), t[i].error);
	}
	assert_int_equal(hm_modpath_check_major(HM_S("v2.0.0"), HM_S("/v3"), &err), -1);
	assert_str(hm_err_str(&err), "version \"v2.0.0\" invalid: should be v3, not v2");
	assert_str(hm_modpath_canonical_version(&a, HM_S("v1.2+x")), "");
	assert_str(hm_modpath_canonical_version(&a, HM_S("v1.2")), "v1.2.0");
	assert_str(hm_modpath_canonical_version(&a, HM_S("v1.2.3+x")), "v1.2.3");
	assert_str(hm_modpath_canonical_version(&a, HM_S("v2.0.0+incompatible")),
	           "v2.0.0+incompatible");
	assert_true(hm_modpath_is_canonical_version(HM_S("v2.0.0+incompatible")));
	assert_false(hm_modpath_is_canonical_version(HM_S("v2.0")));
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
escaping(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str s;

	(void)state;
	assert_ok(hm_modpath_escape(&a, HM_S("github.com/GoogleCloud/X"), &s, &err), &err);
	assert_str(s, "github.com/!google!cloud/!x");
	assert_ok(hm_modpath_unescape(&a, s, &s, &err), &err);
	assert_str(s, "github.com/GoogleCloud/X");
	assert_ok(hm_modpath_escape_version(&a, HM_S("v1.0.0-RC1"), &s, &err), &err);
	assert_str(s, "v1.0.0-!r!c1");
	assert_ok(hm_modpath_unescape_version(&a, s, &s, &err), &err);
	assert_str(s, "v1.0.0-RC1");
	assert_int_equal(hm_modpath_escape_version(&a, HM_S("../x"), &s, &err), -1);
	assert_str(hm_err_str(&err), "version \"../x\" invalid: disallowed version string");
	assert_int_equal(hm_modpath_escape_version(&a, HM_S("a!b"), &s, &err), -1);
	assert_int_equal(hm_modpath_unescape(&a, HM_S("a.b/X"), &s, &err), -1);
	assert_str(hm_err_str(&err), "invalid escaped module path \"a.b/X\"");
	assert_int_equal(hm_modpath_unescape(&a, HM_S("a.b/x!"), &s, &err), -1);
	assert_int_equal(hm_modpath_unescape(&a, HM_S("a.b/!!x"), &s, &err), -1);
	assert_int_equal(hm_modpath_unescape(&a, HM_S("ab/x"), &s, &err), -1);
	assert_str(hm_err_str(&err), "invalid escaped module path \"ab/x\": malformed module path "
	                             "\"ab/x\": missing dot in first path element");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
wrapping(void **state)
{
	struct hm_err err = { 0 };
	struct hm_modver m = { HM_S_INIT("a.b/c"), HM_S_INIT("v1.0.0") };

	(void)state;
	hm_err_set(&err, HM_ENOTFOUND, "not there");
	hm_modver_wrap(&err, m);
	assert_str(hm_err_str(&err), "a.b/c@v1.0.0: not there");
	hm_modver_wrap(&err, m);
	assert_str(hm_err_str(&err), "a.b/c@v1.0.0: not there");
	assert_int_equal(err.code, HM_ENOTFOUND);
	hm_err_set(&err, HM_EINVALID, "pseudo-version \"v1-x\" invalid: syntax error");
	hm_modver_wrap(&err, m);
	assert_str(hm_err_str(&err), "a.b/c@v1-x: invalid pseudo-version: syntax error");
	hm_err_set(&err, HM_EINVALID, "x");
	hm_modver_wrap(&err, hm_modver_of(HM_S("m"), HM_S("")));
	assert_str(hm_err_str(&err), "module m: x");
	hm_err_free(&err);
}

static void
order(void **state)
{
	static const char *const sorted[] = {
		"a@v1.2.0",       "a@v1.2.0/go.mod",  "a@v1.10.0",       "go@1.9",
		"go@1.10",        "go@1.21",          "go@1.21rc1",      "go@1.21.0",
		"toolchain@go1.9", "toolchain@go1.21", "z@v2.0.0-rc1",   "z@v2.0.0",
	};
	enum { N = sizeof(sorted) / sizeof(*sorted) };
	struct hm_modver v[N];
	struct hm_modvers list = { v, N, N };
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < N; i++)
		hm_modver_cut(hm_str_of(sorted[N - 1 - i]), &v[i]);
	hm_modver_sort(&list);
	for (size_t i = 0; i < N; i++)
		assert_str(hm_modver_str(&a, v[i]), sorted[i]);
	assert_true(hm_modver_cmp_sum(hm_modver_of(HM_S("a"), HM_S("v1.2.0/go.mod")),
	                              hm_modver_of(HM_S("a"), HM_S("v1.10.0"))) < 0);
	hm_arena_free(&a);
}

int
test_mod_modpath(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),    cmocka_unit_test(split),
		cmocka_unit_test(versions), cmocka_unit_test(escaping),
		cmocka_unit_test(wrapping), cmocka_unit_test(order),
	};

	return cmocka_run_group_tests_name("mod/modpath", tests, NULL, NULL);
}
