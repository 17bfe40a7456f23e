#include "unit/unit.h"

#include "mod/gomod.h"

static struct hm_gomod *
parse(struct hm_arena *a, const char *text)
{
	struct hm_err err = { 0 };
	struct hm_gomod *f = NULL;

	assert_ok(hm_gomod_parse(a, HM_S("go.mod"), hm_str_of(text), NULL, &f, &err), &err);
	return f;
}

static void
assert_format(const struct hm_gomod *f, const char *want)
{
	struct hm_buf b = { 0 };

	hm_gomod_format(f, &b);
	assert_str(hm_buf_str(&b), want);
	hm_buf_free(&b);
}

static const char layout[] =
	"// top\n\n\n"
	"module   \"x.y/z\"   // Deprecated: use w\n"
	"go 1.21\n"
	"\n"
	"// before block\n"
	"require ( // opening\n"
	"\n"
	"\ta.b/c v1.0.0 // indirect\n"
	"\n\n"
	"\t// before d\n"
	"\ta.b/d   v1.2.3+incompatible\n"
	"\ta.b/e v1\n"
	"\n"
	"\t// last\n"
	") // closing\n"
	"require gopkg.in/yaml.v2 v2.0.0 // one\n"
	"replace a.b/c=>./x y\n"
	"retract [v1.0.0,v1.1.0] // why\n"
	"tool (\n)\n"
	"ignore ()\n"
	"// end\r\n";

static const char layout_formatted[] =
	"// top\n\n"
	"module x.y/z // Deprecated: use w\n\n"
	"go 1.21\n\n"
	"// before block\n"
	"require ( // opening\n"
	"\ta.b/c v1.0.0 // indirect\n\n"
	"\t// before d\n"
	"\ta.b/d v1.2.3+incompatible\n"
	"\ta.b/e v1.0.0\n\n"
	"// last\n"
	") // closing\n\n"
	"require gopkg.in/yaml.v2 v2.0.0 // one\n\n"
	"retract [v1.0.0, v1.1.0] // why\n\n"
	"tool (\n)\n\n"
	"ignore (\n)\n\n"
	"// end\n";

static void
keeps_layout(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_buf text = { 0 };
	struct hm_gomod *f;
	const char *bad = strstr(layout, "replace");

	(void)state;
	hm_buf_add(&text, layout, (size_t)(bad - layout));
	hm_buf_addz(&text, strchr(bad, '\n') + 1);
	f = parse(&a, hm_buf_str(&text).p);
	assert_str(f->module, "x.y/z");
	assert_str(f->deprecated, "use w");
	assert_str(f->go, "1.21");
	assert_int_equal(f->require.n, 4);
	assert_true(f->require.v[0].indirect);
	assert_false(f->require.v[1].indirect);
	assert_str(f->require.v[2].mod.version, "v1.0.0");
	assert_str(f->retract.v[0].low, "v1.0.0");
	assert_str(f->retract.v[0].high, "v1.1.0");
	assert_str(f->retract.v[0].rationale, "why");
	assert_format(f, layout_formatted);
	/* formatting is idempotent */
	assert_format(parse(&a, layout_formatted), layout_formatted);
	hm_buf_free(&text);
	hm_arena_free(&a);
}

static void
directives(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_gomod *f = parse(&a, "// Deprecated: old\n// and gone\n//\n// more\n"
	                               "module x.y/z\n"
	                               "toolchain go1.22.1\n"
	                               "godebug k=v=w\n"
	                               "exclude a.b/c v1.0.0\n"
	                               "replace a.b/c v1.0.0 => d.e/f v1.0.1\n"
	                               "replace a.b/c => \"../x y\"\n"
	                               "// all of them\n"
	                               "retract (\n\tv1.0.0\n\t// this\n\tv1.0.1 // one\n)\n"
	                               "tool a.b/cmd\n"
	                               "ignore ./node_modules\n");

	(void)state;
	assert_str(f->deprecated, "old\nand gone");
	assert_str(f->toolchain, "go1.22.1");
	assert_str(f->godebug.v[0].key, "k");
	assert_str(f->godebug.v[0].value, "v=w");
	assert_str(f->exclude.v[0].mod.version, "v1.0.0");
	assert_str(f->replace.v[0].from.version, "v1.0.0");
	assert_str(f->replace.v[0].to.version, "v1.0.1");
	assert_str(f->replace.v[1].from.version, "");
	assert_str(f->replace.v[1].to.path, "../x y");
	assert_str(f->retract.v[0].rationale, "all of them");
	assert_str(f->retract.v[1].rationale, "this\none");
	assert_str(f->tool.v[0].path, "a.b/cmd");
	assert_str(f->ignore.v[0].path, "./node_modules");
	assert_str(hm_gomod_go(f), "1.16");
	hm_arena_free(&a);
}

static void
errors(void **state)
{
	static const struct {
		const char *text, *error;
	} t[] = {
		{ "module x\nmodule y\nfoo bar\n",
		  "go.mod:2: repeated module statement\ngo.mod:3: unknown directive: foo" },
		{ "require (\n\ta.b/c v1.0.0 extra\n)\n",
		  "go.mod:2:2: usage: require module/path v1.2.3" },
		{ "require a.b/c v2.0.0\n", "go.mod:1: require a.b/c: version \"v2.0.0\" invalid: "
		                            "should be v0 or v1, not v2" },
		{ "require a.b/c/v2 v1.0.0\n",
		  "go.mod:1: require a.b/c/v2: version \"v1.0.0\" invalid: "
		  "should be v2, not v1" },
		{ "require a.b/c/v1 v1.0.0\n", "go.mod:1: invalid module path" },
		{ "require a.b/c master\n", "go.mod:1: require a.b/c: version \"master\" invalid: "
		                            "must be of the form v1.2.3" },
		{ "require 'a' v1.0.0\n",
		  "go.mod:1: invalid quoted string: unquoted string cannot contain quote" },
		{ "require \"\\q\" v1.0.0\n", "go.mod:1: invalid quoted string: invalid syntax" },
		{ "go 1\n", "go.mod:1: invalid go version '1': must match format 1.23.0" },
		{ "go 1.21\ngo 1.22\n", "go.mod:2: repeated go statement" },
		{ "go (\n1.21\n)\n", "go.mod:1: unknown block type: go" },
		{ "toolchain 1.21\n", "go.mod:1: invalid toolchain version '1.21': "
		                      "must match format go1.23.0 or default" },
		{ "replace a.b/c => d.e/f\n",
		  "go.mod:1: replacement module without version must be directory path "
		  "(rooted or starting with . or ..)" },
		{ "replace a.b/c => d.e/f@v1.0.0\n",
		  "go.mod:1: replacement module must match format 'path version', not "
		  "'path@version'" },
		{ "replace a.b/c => ./f v1.0.0\n",
		  "go.mod:1: replacement module directory path \"./f\" cannot have version" },
		{ "replace a.b/c => .\\f\n",
		  "go.mod:1: replacement directory appears to be Windows path "
		  "(on a non-windows system)" },
		{ "replace a.b/c ./f\n",
		  "go.mod:1: usage: replace module/path [v1.2.3] => other/module v1.4\n"
		  "\t or replace module/path [v1.2.3] => ../local/directory" },
		{ "retract [v1.0.0, v1.1.0\n", "go.mod:1: expected ']' after version" },
		{ "retract\n", "go.mod:1: expected '[' or version" },
		{ "retract v1.0.0 x\n", "go.mod:1: unexpected token after version: \"x\"" },
		{ "godebug a\n", "go.mod:1: usage: godebug key=value" },
		{ "tool a b\n", "go.mod:1: tool directive expects exactly one argument" },
		{ "x y (\n)\n", "go.mod:1: unknown block type: x y" },
		{ "module x /* c */\n",
		  "go.mod:1:10: mod files must use // comments (not /* */ comments)" },
		{ "module \"x\n", "go.mod:1:10: unexpected newline in string" },
		{ "module \"x", "go.mod:1:8: unexpected EOF in string" },
		{ "require (\n\ta v1\n",
		  "go.mod:3: syntax error (unterminated block started at go.mod:1:1)" },
		{ "require (\n) x\n", "go.mod:2:4: syntax error (expected newline after closing "
		                      "paren)" },
		{ "module \x01\n", "go.mod:1:8: unexpected input character '\\x01'" },
	};
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gomod *f;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		if (hm_gomod_parse(&a, HM_S("go.mod"), hm_str_of(t[i].text), NULL, &f, &err) == 0)
			fail_msg("accepted: %s", t[i].text);
		assert_str(hm_err_str(&err), t[i].error);
		assert_int_equal(err.code, HM_ESYNTAX);
		hm_err_clear(&err);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
lax(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gomod *f = NULL;
	hm_str text = HM_S("module x.y/z\ngo v1.30beta\nfuture thing\nfuture (\n\ta\n)\n"
	                   "exclude nonsense\nretract >v1\nretract v1.0.0 more\n"
	                   "require a.b/c v1.0.0\ntoolchain 17\n");

	(void)state;
	assert_ok(hm_gomod_parse_lax(&a, HM_S("go.mod"), text, NULL, &f, &err), &err);
	assert_str(f->go, "1.30");
	assert_int_equal(f->require.n, 1);
	assert_int_equal(f->exclude.n, 0);
	assert_int_equal(f->retract.n, 2);
	assert_null(f->toolchain_line);
	assert_str(hm_gomod_module_path(&a, HM_S("x\n module \"a.b/c\" // d\n")), "a.b/c");
	assert_str(hm_gomod_module_path(&a, HM_S("module a.b/c\r\n(((\n")), "a.b/c");
	assert_str(hm_gomod_module_path(&a, HM_S("modulea.b/c\n")), "");
	hm_arena_free(&a);
}

static int
fix(void *ctx, struct hm_arena *a, hm_str path, hm_str version, hm_str *fixed, bool *about_module,
    struct hm_err *err)
{
	(void)ctx, (void)a;
	if (hm_str_eqz(version, "master")) {
		*fixed = HM_S("v1.9.9");
		return 0;
	}
	*about_module = hm_str_eqz(version, "bad");
	return hm_err_set(err, HM_EINVALID, HM_F " of " HM_F, HM_P(version), HM_P(path));
}

static void
fixes_versions(void **state)
{
	struct hm_gomod_fixer fixer = { fix, NULL };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gomod *f = NULL;

	(void)state;
	assert_ok(hm_gomod_parse(&a, HM_S("go.mod"),
	                         HM_S("require a.b/c master\nretract [master, master]\n"
	                              "module x\n"),
	                         &fixer, &f, &err),
	          &err);
	assert_format(f, "require a.b/c v1.9.9\n\nretract [v1.9.9, v1.9.9]\n\nmodule x\n");
	assert_int_equal(hm_gomod_parse(&a, HM_S("go.mod"),
	                                HM_S("require a.b/c bad\nrequire a.b/c worse\n"
	                                     "retract master\n"),
	                                &fixer, &f, &err),
	                 -1);
	assert_str(hm_err_str(&err), "go.mod:1: require a.b/c: bad of a.b/c\n"
	                             "go.mod:2: worse of a.b/c\n"
	                             "go.mod:3: no module directive found, so retract cannot "
	                             "be used");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
edits(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gomod *f = hm_gomod_new(&a);

	(void)state;
	hm_gomod_add_comment(f, HM_S("// made by hand"));
	hm_gomod_add_module(f, HM_S("x.y/z"));
	assert_ok(hm_gomod_add_go(f, HM_S("1.21"), &err), &err);
	assert_ok(hm_gomod_add_toolchain(f, HM_S("go1.22.0"), &err), &err);
	hm_gomod_add_require(f, HM_S("a.b/d"), HM_S("v1.0.0"));
	hm_gomod_add_require(f, HM_S("a.b/c"), HM_S("v1.0.0"));
	hm_gomod_add_new_require(f, HM_S("a.b/c"), HM_S("v1.1.0"), true);
	hm_gomod_add_require(f, HM_S("a.b/c"), HM_S("v1.2.0"));
	assert_ok(hm_gomod_add_exclude(f, HM_S("a.b/c"), HM_S("v1.10.0"), &err), &err);
	assert_ok(hm_gomod_add_exclude(f, HM_S("a.b/c"), HM_S("v1.9.0"), &err), &err);
	assert_ok(hm_gomod_add_exclude(f, HM_S("a.b/c"), HM_S("v1.9.0"), &err), &err);
	hm_gomod_add_replace(f, HM_S("a.b/c"), HM_S(""), HM_S("./x y"), HM_S(""));
	hm_gomod_add_replace(f, HM_S("a.b/d"), HM_S("v1.0.0"), HM_S("q.r/s"), HM_S("v1.0.0"));
	hm_gomod_add_replace(f, HM_S("a.b/c"), HM_S(""), HM_S("./w"), HM_S(""));
	assert_ok(hm_gomod_add_retract(f, HM_S("v1.0.0"), HM_S("v1.0.0"), HM_S("a\nb"), &err),
	          &err);
	assert_ok(hm_gomod_add_retract(f, HM_S("v1.1.0"), HM_S("v1.2.0"), HM_S(""), &err), &err);
	hm_gomod_add_tool(f, HM_S("z/cmd"));
	hm_gomod_add_tool(f, HM_S("a/cmd"));
	hm_gomod_add_ignore(f, HM_S("./i"));
	hm_gomod_add_godebug(f, HM_S("k"), HM_S("v"));
	hm_gomod_add_godebug(f, HM_S("k"), HM_S("w"));
	hm_gomod_cleanup(f);
	hm_gomod_sort_blocks(f);
	assert_format(f, "// made by hand\n\nmodule x.y/z\n\ngo 1.21\n\ntoolchain go1.22.0\n\n"
	                 "require (\n\ta.b/c v1.2.0\n\ta.b/d v1.0.0\n)\n\n"
	                 "exclude (\n\ta.b/c v1.9.0\n\ta.b/c v1.10.0\n)\n\n"
	                 "replace a.b/c => ./w\n\nreplace a.b/d v1.0.0 => q.r/s v1.0.0\n\n"
	                 "retract (\n\t[v1.1.0, v1.2.0]\n\t// a\n\t// b\n\tv1.0.0\n)\n\n"
	                 "tool (\n\ta/cmd\n\tz/cmd\n)\n\nignore ./i\n\ngodebug k=w\n");
	hm_gomod_drop_go(f);
	hm_gomod_drop_toolchain(f);
	hm_gomod_drop_require(f, HM_S("a.b/c"));
	hm_gomod_drop_exclude(f, HM_S("a.b/c"), HM_S("v1.9.0"));
	hm_gomod_drop_exclude(f, HM_S("a.b/c"), HM_S("v1.10.0"));
	hm_gomod_drop_replace(f, HM_S("a.b/c"), HM_S(""));
	hm_gomod_drop_replace(f, HM_S("a.b/d"), HM_S("v1.0.0"));
	hm_gomod_drop_tool(f, HM_S("a/cmd"));
	hm_gomod_drop_ignore(f, HM_S("./i"));
	hm_gomod_drop_godebug(f, HM_S("k"));
	hm_gomod_cleanup(f);
	assert_format(f, "// made by hand\n\nmodule x.y/z\n\nrequire a.b/d v1.0.0\n\n"
	                 "retract (\n\t[v1.1.0, v1.2.0]\n\t// a\n\t// b\n\tv1.0.0\n)\n\n"
	                 "tool z/cmd\n");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
edit_errors(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gomod *f = hm_gomod_new(&a);

	(void)state;
	assert_int_equal(hm_gomod_add_go(f, HM_S("x"), &err), -1);
	assert_str(hm_err_str(&err), "invalid language version \"x\"");
	assert_int_equal(hm_gomod_add_toolchain(f, HM_S("x"), &err), -1);
	assert_str(hm_err_str(&err), "invalid toolchain name \"x\"");
	assert_int_equal(hm_gomod_add_exclude(f, HM_S("a.b/c"), HM_S("v1"), &err), -1);
	assert_str(hm_err_str(&err), "version \"v1\" invalid: must be of the form v1.2.3");
	assert_int_equal(hm_gomod_add_exclude(f, HM_S("a.b/c/v2"), HM_S("v2"), &err), -1);
	assert_str(hm_err_str(&err), "version \"v2\" invalid: must be of the form v2.2.3");
	assert_int_equal(hm_gomod_add_exclude(f, HM_S("a.b/c"), HM_S("v2.0.0"), &err), -1);
	assert_str(hm_err_str(&err), "version \"v2.0.0\" invalid: should be v2.0.0+incompatible "
	                             "(or module a.b/c/v2)");
	assert_int_equal(hm_gomod_add_exclude(f, HM_S("a.b/c/v3"), HM_S("v2.0.0"), &err), -1);
	assert_str(hm_err_str(&err), "version \"v2.0.0\" invalid: should be v3, not v2");
	hm_err_free(&err);
	hm_arena_free(&a);
}

#define R(path, version, ind) { { HM_S_INIT(path), HM_S_INIT(version) }, ind, NULL }

static void
whole_lists(void **state)
{
	static const char in[] = "module m\n\ngo 1.21\n\nrequire (\n"
				 "\ta.b/c v1.0.0 // keep me\n"
				 "\ta.b/d v1.0.0 // indirect\n"
				 "\n"
				 "\ta.b/e v1.0.0 // indirect; why\n"
				 "\ta.b/gone v1.0.0\n)\n";
	static const struct hm_gomod_require req[] = {
		R("a.b/c", "v1.1.0", true),
		R("a.b/d", "v1.0.0", false),
		R("a.b/e", "v1.0.1", false),
		R("a.b/new", "v1.0.0", false),
		R("a.b/other", "v1.0.0", true),
	};
	struct hm_arena a = { 0 };
	struct hm_gomod *f = parse(&a, in);

	(void)state;
	hm_gomod_set_require(f, req, 5);
	hm_gomod_cleanup(f);
	assert_format(f, "module m\n\ngo 1.21\n\nrequire (\n"
	                 "\ta.b/c v1.1.0 // indirect; keep me\n\ta.b/d v1.0.0\n"
	                 "\ta.b/e v1.0.1 // why\n\ta.b/new v1.0.0\n"
	                 "\ta.b/other v1.0.0 // indirect\n)\n");
	f = parse(&a, in);
	hm_gomod_set_require_separate(f, req, 5);
	hm_gomod_cleanup(f);
	assert_format(f, "module m\n\ngo 1.21\n\nrequire (\n"
	                 "\ta.b/d v1.0.0\n\ta.b/e v1.0.1 // why\n\ta.b/new v1.0.0\n)\n\n"
	                 "require (\n\ta.b/c v1.1.0 // indirect; keep me\n"
	                 "\ta.b/other v1.0.0 // indirect\n)\n");
	hm_gomod_set_require_separate(f, req, 2);
	hm_gomod_cleanup(f);
	assert_format(f, "module m\n\ngo 1.21\n\nrequire a.b/d v1.0.0\n\n"
	                 "require a.b/c v1.1.0 // indirect; keep me\n");
	hm_gomod_set_require_separate(f, NULL, 0);
	hm_gomod_cleanup(f);
	assert_format(f, "module m\n\ngo 1.21\n");
	hm_arena_free(&a);
}

static void
separate_keeps_commented_blocks(void **state)
{
	static const struct hm_gomod_require req[] = {
		R("a.b/c", "v1.1.0", true),
		R("a.b/d", "v1.0.0", false),
		R("a.b/e", "v1.0.0", false),
		R("a.b/f", "v1.0.0", true),
	};
	struct hm_arena a = { 0 };
	struct hm_gomod *f = parse(&a, "module m\n\n// ours\nrequire (\n\ta.b/c v1.0.0\n)\n\n"
	                               "require a.b/d v1.0.0 // indirect\n");

	(void)state;
	hm_gomod_set_require_separate(f, req, 4);
	hm_gomod_cleanup(f);
	assert_format(f, "module m\n\n// ours\nrequire a.b/c v1.1.0 // indirect\n\n"
	                 "require a.b/e v1.0.0\n\n"
	                 "require (\n\ta.b/d v1.0.0\n\ta.b/f v1.0.0 // indirect\n)\n");
	hm_arena_free(&a);
}

int
test_mod_gomod(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_layout),
		cmocka_unit_test(directives),
		cmocka_unit_test(errors),
		cmocka_unit_test(lax),
		cmocka_unit_test(fixes_versions),
		cmocka_unit_test(edits),
		cmocka_unit_test(edit_errors),
		cmocka_unit_test(whole_lists),
		cmocka_unit_test(separate_keeps_commented_blocks),
	};

	return cmocka_run_group_tests_name("mod/gomod", tests, NULL, NULL);
}
