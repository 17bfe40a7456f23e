#include "unit/unit.h"

#include "mod/gosum.h"
#include "mod/gowork.h"

static void
assert_format(const struct hm_gowork *f, const char *want)
{
	struct hm_buf b = { 0 };

	hm_gowork_format(f, &b);
	assert_str(hm_buf_str(&b), want);
	hm_buf_free(&b);
}

static void
edits(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gowork *f = NULL;

	(void)state;
	assert_ok(hm_gowork_parse(&a, HM_S("go.work"),
	                          HM_S("// top\n\nuse (\n\t./b // x\n\t./a\n)\n"
	                               "replace a.b/c => ./c\ngodebug k=v\n"),
	                          NULL, &f, &err),
	          &err);
	assert_str(hm_gowork_go(f), "1.18");
	assert_int_equal(f->use.n, 2);
	assert_str(f->use.v[0].path, "./b");
	assert_ok(hm_gowork_add_toolchain(f, HM_S("go1.22.0"), &err), &err);
	assert_ok(hm_gowork_add_go(f, HM_S("1.22"), &err), &err);
	hm_gowork_add_use(f, HM_S("./c d"), HM_S("c"));
	hm_gowork_add_use(f, HM_S("./a"), HM_S("a"));
	hm_gowork_add_replace(f, HM_S("a.b/c"), HM_S(""), HM_S("./d"), HM_S(""));
	hm_gowork_drop_godebug(f, HM_S("k"));
	hm_gowork_sort_blocks(f);
	hm_gowork_cleanup(f);
	assert_format(f, "// top\n\ngo 1.22\n\ntoolchain go1.22.0\n\n"
	                 "use (\n\t\"./c d\"\n\t./a\n\t./b // x\n)\n\nreplace a.b/c => ./d\n");
	hm_gowork_drop_use(f, HM_S("./c d"));
	hm_gowork_drop_use(f, HM_S("./b"));
	hm_gowork_drop_go(f);
	hm_gowork_drop_toolchain(f);
	hm_gowork_drop_replace(f, HM_S("a.b/c"), HM_S(""));
	hm_gowork_cleanup(f);
	assert_format(f, "// top\n\nuse ./a\n");
	hm_arena_free(&a);
}

static void
errors(void **state)
{
	static const struct {
		const char *text, *error;
	} t[] = {
		{ "use a b\nrequire x v1\n",
		  "go.work:1: usage: use local/dir\ngo.work:2: unknown directive: require" },
		{ "require (\n)\n", "go.work:1: unknown block type: require" },
		{ "go v1.2\n", "go.work:1: invalid go version 'v1.2': must match format 1.23.0" },
		{ "use (\n\t./a\n", "go.work:3: syntax error (unterminated block started at "
		                    "go.work:1:1)" },
	};
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gowork *f;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_int_equal(
			hm_gowork_parse(&a, HM_S("go.work"), hm_str_of(t[i].text), NULL, &f, &err),
			-1);
		assert_str(hm_err_str(&err), t[i].error);
		hm_err_clear(&err);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
sums(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gosum_lines lines = { 0 };
	struct hm_buf b = { 0 };
	hm_str text = HM_S("b v1.10.0 h1:x\n\nb v1.9.0/go.mod h1:y\n b\tv1.9.0  h1:z\r\n"
	                   "a v1.0.0 h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n"
	                   "b v1.9.0 h1:z\nb v1.9.0 h1:a");

	(void)state;
	assert_ok(hm_gosum_parse(&a, HM_S("go.sum"), text, false, &lines, &err), &err);
	assert_int_equal(lines.n, 5);
	assert_str(lines.v[1].mod.version, "v1.9.0/go.mod");
	hm_gosum_sort(&lines);
	hm_gosum_format(&lines, &b);
	assert_str(hm_buf_str(&b), "b v1.9.0 h1:a\nb v1.9.0 h1:z\nb v1.9.0/go.mod h1:y\n"
	                           "b v1.10.0 h1:x\n");
	lines.n = 0;
	text = HM_S("a v1.0.0 h1:x\n\na v1.0.0\n");
	assert_int_equal(hm_gosum_parse(&a, HM_S("/x/go.sum"), text, false, &lines, &err), -1);
	assert_str(hm_err_str(&err), "malformed go.sum:\n/x/go.sum:3: wrong number of fields 2");
	lines.n = 0;
	hm_err_clear(&err);
	assert_ok(hm_gosum_parse(&a, HM_S("/x/go.sum"), text, true, &lines, &err), &err);
	assert_int_equal(lines.n, 1);
	hm_buf_free(&b);
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
test_mod_gowork(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits),
		cmocka_unit_test(errors),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests_name("mod/gowork", tests, NULL, NULL);
}
