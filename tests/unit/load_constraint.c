#include "unit/unit.h"

#include "load/constraint.h"

/* What go/build/constraint says of each line. */
static void
parse_as_go(void **state)
{
	static const struct {
		const char *line, *text, *error;
	} t[] = {
		{ "//go:build a", "a", NULL },
		{ "//go:build a && b || !c", "(a && b) || !c", NULL },
		{ "//go:build (a || b) && !(c && d)", "(a || b) && !(c && d)", NULL },
		{ "//go:build linux,amd64", NULL, "invalid syntax at ," },
		{ "//go:build !!a", NULL, "double negation not allowed" },
		{ "//go:build a &&", NULL, "unexpected end of expression" },
		{ "//go:build (a", NULL, "missing close paren" },
		{ "//go:build a)", NULL, "unexpected token )" },
		{ "//go:build", NULL, "unexpected end of expression" },
		{ "//go:build a & b", NULL, "invalid syntax at &" },
		{ "//go:build \u00e9.1_x", "\u00e9.1_x", NULL },
		{ "//go:build a b", NULL, "unexpected token b" },
		{ "//go:buildx", NULL, "not a build constraint" },
		{ "// +build a,!b c", "(a && !b) || c", NULL },
		{ "//+build !!x", "ignore", NULL },
		{ "// +build", "ignore", NULL },
		{ "// +build a,, b", "(a && ignore && ignore) || b", NULL },
		{ "// +build !", "ignore", NULL },
		{ "// +buildx", NULL, "not a build constraint" },
		{ "//go:build ((((a))))", "a", NULL },
		{ "//go:build @", NULL, "invalid syntax at @" },
		{ "a", NULL, "not a build constraint" },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		const struct hm_constraint *x;
		struct hm_err err = { 0 };
		int rc = hm_constraint_parse(&a, hm_str_of(t[i].line), &x, &err);

		if (t[i].error) {
			assert_int_equal(rc, -1);
			assert_str(hm_err_str(&err), t[i].error);
		} else {
			assert_ok(rc, &err);
			assert_str(hm_constraint_text(&a, x), t[i].text);
		}
		hm_err_free(&err);
	}
	hm_arena_free(&a);
}

/* Deep or long lines end in an error, not in a full stack. */
static void
size_is_limited(void **state)
{
	const struct hm_constraint *x;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };

	(void)state;
	hm_buf_addz(&b, "//go:build ");
	for (int i = 0; i < 100000; i++)
		hm_buf_addc(&b, '(');
	assert_int_equal(hm_constraint_parse(&a, hm_buf_str(&b), &x, &err), -1);
	assert_str(hm_err_str(&err), "build expression too large");
	hm_err_clear(&err);
	hm_buf_clear(&b);
	hm_buf_addz(&b, "// +build");
	for (int i = 0; i < 200; i++)
		hm_buf_addz(&b, " a");
	assert_int_equal(hm_constraint_parse(&a, hm_buf_str(&b), &x, &err), -1);
	assert_str(hm_err_str(&err), "expression too complex for // +build lines");
	hm_err_free(&err);
	hm_buf_free(&b);
	hm_arena_free(&a);
}

static bool
holds(const struct hm_build_ctx *c, const char *expr)
{
	const struct hm_constraint *x;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	bool ok;

	assert_ok(hm_constraint_parse(&a, hm_arena_printf(&a, "//go:build %s", expr), &x, &err),
		  &err);
	ok = hm_build_eval(c, x);
	hm_arena_free(&a);
	return ok;
}

static struct hm_build_ctx
target(struct hm_arena *a, const char *os, const char *arch)
{
	struct hm_build_ctx c = { .goos = hm_str_of(os), .goarch = hm_str_of(arch) };

	c.compiler = HM_S("gc");
	hm_build_release_tags(a, HM_S("go1.3"), &c.release_tags);
	HM_PUSH(a, c.tags, HM_S("mine"));
	HM_PUSH(a, c.tool_tags, HM_S("goexperiment.boringcrypto"));
	return c;
}

static void
tags(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_build_ctx c = target(&a, "linux", "amd64");

	(void)state;
	assert_int_equal(c.release_tags.n, 3);
	assert_true(holds(&c, "linux && amd64 && unix && gc && go1.3 && mine"));
	assert_true(holds(&c, "boringcrypto"));
	assert_false(holds(&c, "go1.4 || cgo || windows || other || gccgo"));
	c.cgo = true;
	assert_true(holds(&c, "cgo"));
	c = target(&a, "android", "arm64");
	assert_true(holds(&c, "linux && android && unix"));
	c = target(&a, "ios", "arm64");
	assert_true(holds(&c, "darwin && ios"));
	c = target(&a, "windows", "386");
	assert_false(holds(&c, "unix"));
	assert_true(hm_build_match_auto(&c, HM_S("windows,386")));
	assert_true(hm_build_match_auto(&c, HM_S("windows&&386")));
	assert_false(hm_build_match_auto(&c, HM_S("windows&386")));
	hm_arena_free(&a);
}

static void
file_names(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_build_ctx c = target(&a, "linux", "amd64");
	static const struct {
		const char *name;
		bool match;
	} t[] = {
		{ "a.go", true },
		{ "linux.go", true },
		{ "windows.go", true },
		{ "a_linux.go", true },
		{ "a_windows.go", false },
		{ "a_amd64.s", true },
		{ "a_arm64.s", false },
		{ "a_linux_amd64.go", true },
		{ "a_linux_arm.go", false },
		{ "a_windows_test.go", false },
		{ "a_linux_test.go", true },
		{ "a_foo_test.go", true },
		{ "_linux.go", true },
		{ "a_unix.go", true },
		{ "a_linux.b.go", true },
		{ "a_nacl.go", false },
		{ "a_linux_foo.go", true },
		{ "test.go", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (hm_build_match_name(&c, hm_str_of(t[i].name)) != t[i].match)
			fail_msg("%s", t[i].name);
	assert_true(hm_tags_match_name(hm_tags_any(), HM_S("a_windows.go")));
	hm_arena_free(&a);
}

/* With any tags a tag counts as set and as not set, but for "ignore". */
static void
any_tags(void **state)
{
	static const struct {
		const char *line;
		bool match;
	} t[] = {
		{ "//go:build a && !a", true },	     { "//go:build ignore", false },
		{ "//go:build !ignore", true },	     { "//go:build !(a || b)", true },
		{ "//go:build ignore && a", false }, { "// +build a,!b", true },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		const struct hm_constraint *x;
		struct hm_err err = { 0 };

		assert_ok(hm_constraint_parse(&a, hm_str_of(t[i].line), &x, &err), &err);
		if (hm_tags_eval(hm_tags_any(), x) != t[i].match)
			fail_msg("%s", t[i].line);
	}
	hm_arena_free(&a);
}

int
test_load_constraint(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_as_go), cmocka_unit_test(size_is_limited),
		cmocka_unit_test(tags),	       cmocka_unit_test(file_names),
		cmocka_unit_test(any_tags),
	};

	return cmocka_run_group_tests_name("load/constraint", tests, NULL, NULL);
}
