#include "unit/unit.h"

#include "build/builder.h"

struct fx {
	struct hm_arena a;
	struct hm_err err;
	struct hm_builder b;
	struct hm_pkgflags f;
};

static struct hm_strs
one(struct fx *x, const char *text)
{
	struct hm_strs s = { 0 };

	HM_PUSH(&x->a, s, hm_str_of(text));
	return s;
}

static void
add(struct fx *x, const char *text)
{
	struct hm_strs s = one(x, text);

	assert_ok(hm_pkgflags_parse(&x->a, "gcflags", &s, &x->f, &x->err), &x->err);
}

static void
expect(struct fx *x, const struct hm_pkg *p, const char *words)
{
	struct hm_strs got = hm_pkgflags_for(&x->b, &x->a, &x->f, p);

	assert_str(hm_strs_join(&x->a, &got, HM_S("|")), words);
}

static void
patterns(void **state)
{
	struct fx x = { .b = { .o = { .cwd = HM_S("/w") }, .modules = true } };
	struct hm_modinfo *none = NULL;
	struct hm_pkg cmdline = { .import_path = HM_S("m/c"),
		                  .dir = HM_S("/w/c"),
		                  .cmdline_pkg = true };
	struct hm_pkg dep = { .import_path = HM_S("m/a/b"), .dir = HM_S("/w/a/b"), .module = none };
	struct hm_pkg std = { .import_path = HM_S("net/http"), .dir = HM_S("/r/src/net/http"),
		              .standard = true };
	struct hm_pkg vet = { .import_path = HM_S("cmd/vet"), .dir = HM_S("/r/src/cmd/vet"),
		              .standard = true };

	(void)state;
	expect(&x, &cmdline, "");
	add(&x, " -N -l ");
	expect(&x, &cmdline, "-N|-l");
	expect(&x, &dep, "");
	add(&x, "std=-S");
	expect(&x, &std, "-S");
	expect(&x, &vet, "-S");
	expect(&x, &cmdline, "-N|-l");
	add(&x, "cmd=-B '-x=1 2' \"a b\"");
	expect(&x, &vet, "-B|-x=1 2|a b");
	expect(&x, &std, "-S");
	add(&x, "./a/...=-e");
	expect(&x, &dep, "-e");
	expect(&x, &cmdline, "-N|-l");
	add(&x, "./a/b=-f");
	expect(&x, &dep, "-f");
	add(&x, "net/...=");
	expect(&x, &std, "");
	add(&x, "all=-g");
	expect(&x, &std, "-g");
	expect(&x, &dep, "-g");
	add(&x, "");
	expect(&x, &cmdline, "");
	expect(&x, &dep, "-g");
	HM_PUSH(&x.a, x.b.mods.tools, HM_S("m/a/b"));
	add(&x, "tool=-t");
	expect(&x, &dep, "-t");
	hm_arena_free(&x.a);
}

static void
expect_error(const char *text, const char *want)
{
	struct fx x = { 0 };
	struct hm_strs s = one(&x, text);

	assert_int_equal(hm_pkgflags_parse(&x.a, "gcflags", &s, &x.f, &x.err), -1);
	assert_int_equal(x.err.code, HM_EUSAGE);
	assert_str(hm_err_str(&x.err), want);
	hm_err_free(&x.err);
	hm_arena_free(&x.a);
}

static void
errors(void **state)
{
	(void)state;
	expect_error(
		"std",
		"invalid value \"std\" for flag -gcflags: missing =<value> in <pattern>=<value>");
	expect_error(
		"=x",
		"invalid value \"=x\" for flag -gcflags: missing <pattern> in <pattern>=<value>");
	expect_error("'a'=x", "invalid value \"'a'=x\" for flag -gcflags: "
	                      "parameter may not start with quote character '");
	expect_error("-a 'b", "invalid value \"-a 'b\" for flag -gcflags: unterminated ' string");
}

int
test_build_pkgflags(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests_name("build/pkgflags", tests, NULL, NULL);
}
