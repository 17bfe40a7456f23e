#include "unit/unit.h"

#include "base/path.h"
#include "conf/conf.h"
#include "load/modules.h"
#include "load/reqs.h"
#include "unit/modfixture.h"

static struct modfixture f;
static struct hm_modules *mods;

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	return 0;
}

/* A main module, two modules in folders of it, and a standard library of two packages. */
#define TREE                                                                                 \
	"-- go.mod --\nmodule example.com/m\n\ngo 1.20\n\n"                                  \
	"require (\n\texample.com/a v1.0.0\n\texample.com/a/nest v1.0.0\n)\n\n"              \
	"replace (\n\texample.com/a => ./dep/a\n\texample.com/a/nest => ./dep/nest\n)\n"     \
	"-- m.go --\npackage m\n\nimport (\n\t\"example.com/a\"\n\t\"fmt\"\n)\n"             \
	"-- m_test.go --\npackage m\n\nimport \"example.com/a/fortest\"\n"                   \
	"-- sub/sub.go --\npackage sub\n\nimport _ \"example.com/m\"\n"                      \
	"-- sub/_skip/x.go --\npackage x\n"                                                  \
	"-- sub/testdata/x.go --\npackage x\n"                                               \
	"-- other/go.mod --\nmodule example.com/other\n"                                     \
	"-- other/o.go --\npackage other\n"                                                  \
	"-- win/w_windows.go --\npackage win\n"                                              \
	"-- dep/a/go.mod --\nmodule example.com/a\n\ngo 1.20\n"                              \
	"-- dep/a/a.go --\npackage a\n\nimport _ \"example.com/a/deep\"\n"                   \
	"-- dep/a/a_test.go --\npackage a\n\nimport _ \"example.com/a/hidden\"\n"            \
	"-- dep/a/deep/d.go --\npackage deep\n"                                              \
	"-- dep/a/hidden/h.go --\npackage hidden\n"                                          \
	"-- dep/a/fortest/f.go --\npackage fortest\n"                                        \
	"-- dep/nest/go.mod --\nmodule example.com/a/nest\n\ngo 1.20\n"                      \
	"-- dep/nest/n.go --\npackage nest\n"                                                \
	"-- _goroot/src/fmt/fmt.go --\npackage fmt\n\nimport _ \"golang.org/x/v\"\n"          \
	"-- _goroot/src/vendor/golang.org/x/v/v.go --\npackage v\n"

static int
load(const char *files, const struct hm_load_opts *opts, const char *patterns)
{
	struct hm_strs list = { 0 };
	hm_str rest = hm_str_of(patterns), p;

	modfixture_open(&f, files, "");
	f.conf->goroot = hm_path_cat(&f.arena, f.dir, HM_S("_goroot"));
	f.ml.cmd = HM_S("list");
	assert_ok(hm_modload_init(&f.ml, &f.err), &f.err);
	while (hm_str_next_field(&rest, &p))
		HM_PUSH(&f.arena, list, p);
	return hm_modules_load(&f.ml, opts, &list, &mods, &f.err);
}

static hm_str
join(const struct hm_strs *l)
{
	return hm_strs_join(&f.arena, l, HM_S(" "));
}

static const struct hm_load_opts quiet = { .silence_package_errors = true };

static const char *
error_of(const char *path)
{
	struct hm_loadpkg *p = hm_map_get(&mods->by_path, hm_str_of(path));

	assert_non_null(p);
	return p->err ? hm_arena_cstr(&f.arena, p->err->text) : "";
}

static void
follows_imports(void **state)
{
	struct hm_loadpkg *p;
	struct hm_lookup found;

	(void)state;
	assert_ok(load(TREE, &quiet, "./sub"), &f.err);
	assert_str(join(&mods->matches[0].pkgs), "example.com/m/sub");
	assert_str(join(&mods->loaded), "example.com/a example.com/a/deep example.com/m "
	           "example.com/m/sub fmt vendor/golang.org/x/v");
	p = hm_map_get(&mods->by_path, HM_S("example.com/a/deep"));
	assert_str(p->mod.path, "example.com/a");
	assert_str(p->mod.version, "v1.0.0");
	assert_str(hm_loadpkg_stack_text(&f.arena, p),
	           "example.com/m/sub imports\n\texample.com/m imports\n"
	           "\texample.com/a imports\n\texample.com/a/deep");
	hm_modules_lookup(mods, HM_S("fmt"), true, HM_S("golang.org/x/v"), &f.arena, &found);
	assert_str(found.path, "vendor/golang.org/x/v");
	assert_null(found.err);
	hm_modules_lookup(mods, HM_S("example.com/m"), false, HM_S("nil"), &f.arena, &found);
	assert_str(found.err->text, "cannot find package");
}

static void
patterns(void **state)
{
	(void)state;
	assert_ok(load(TREE, &quiet, "./... example.com/m/... example.com/a/... std work"), &f.err);
	/* Not: _skip, testdata, another module, files for another system (of the target, not of
	 * all). */
	assert_str(join(&mods->matches[0].pkgs), "example.com/m example.com/m/sub");
	assert_str(join(&mods->matches[1].pkgs), "example.com/m example.com/m/sub");
	assert_str(join(&mods->matches[2].pkgs), "example.com/a example.com/a/deep "
	           "example.com/a/fortest example.com/a/hidden example.com/a/nest");
	assert_str(join(&mods->matches[3].pkgs), "fmt vendor/golang.org/x/v");
	assert_str(join(&mods->matches[4].pkgs), "example.com/m example.com/m/sub");
}

/* Since go 1.16 "all" has the tests of the main module only. */
static void
pattern_all(void **state)
{
	(void)state;
	assert_ok(load(TREE, &quiet, "all"), &f.err);
	assert_str(
		join(&mods->matches[0].pkgs),
		"example.com/a example.com/a/deep "
		"example.com/a/fortest example.com/m example.com/m/sub fmt vendor/golang.org/x/v");
}

static void
any_tags_see_every_file(void **state)
{
	const struct hm_load_opts any = { .any_tags = true, .silence_package_errors = true };

	(void)state;
	assert_ok(load(TREE, &any, "all"), &f.err);
	assert_true(hm_strs_has(&mods->loaded, HM_S("example.com/m/win")));
}

static void
ignore_lines(void **state)
{
	(void)state;
	assert_ok(load("-- go.mod --\nmodule m.x\n\ngo 1.25\n\nignore ./a\n\nignore b\n"
	               "-- x.go --\npackage x\n"
	               "-- a/x.go --\npackage x\n"
	               "-- c/a/x.go --\npackage x\n"
	               "-- c/b/x.go --\npackage x\n"
	               "-- _goroot/src/fmt/fmt.go --\npackage fmt\n",
	               &quiet, "./... m.x/... m.x/a"),
	          &f.err);
	assert_str(join(&mods->matches[0].pkgs), "m.x m.x/c/a");
	assert_str(join(&mods->matches[1].pkgs), "m.x m.x/c/a");
	assert_str(join(&mods->matches[2].pkgs), "m.x/a"); /* named, so not ignored */
	assert_string_equal(error_of("m.x/a"), "");
}

static void
missing_and_ambiguous(void **state)
{
	(void)state;
	assert_ok(load(TREE
	               "-- bad/b.go --\npackage bad\n\nimport (\n\t_ \"example.com/a/nest\"\n"
	               "\t_ \"example.com/none\"\n\t_ \"nostd\"\n\t_ \"./rel\"\n\t_ \"all\"\n"
	               "\t_ \"example.com/a@v1\"\n)\n"
	               "-- dep/a/nest/n.go --\npackage nest\n", &quiet, "./bad"), &f.err);
	assert_string_equal(error_of("example.com/none"), "no required module provides package "
	                    "example.com/none; to add it:\n\tgo get example.com/none");
	assert_str(hm_str_of(error_of("example.com/a/nest")),
	           hm_arena_printf(&f.arena, "ambiguous import: found package example.com/a/nest "
	                           "in multiple modules:\n\texample.com/a v1.0.0 (" HM_F
	                           "/dep/a/nest)\n\texample.com/a/nest v1.0.0 (" HM_F "/dep/nest)",
	                           HM_P(f.dir), HM_P(f.dir)).p);
	assert_str(hm_str_of(error_of("nostd")),
	           hm_arena_printf(&f.arena, "package nostd is not in std (" HM_F
	                           "/_goroot/src/nostd)", HM_P(f.dir)).p);
	assert_string_equal(error_of("./rel"), "\"./rel\" is relative, but relative import paths "
	                    "are not supported in module mode");
	assert_string_equal(error_of("all"), "\"all\" is not an importable package; see "
	                    "'go help packages'");
	assert_string_equal(error_of("example.com/a@v1"),
	                    "import path \"example.com/a@v1\" should not have @version");
}

static void
errors_are_said_with_their_stack(void **state)
{
	const struct hm_load_opts loud = { 0 };

	(void)state;
	assert_int_equal(load(TREE "-- bad/b.go --\npackage bad\n\nimport _ \"example.com/none\"\n",
	                      &loud, "./bad ./nowhere"), -1);
	assert_str(modfixture_error(&f, -1),
	           "example.com/m/bad imports\n\texample.com/none: no required module provides "
	           "package example.com/none; to add it:\n\tgo get example.com/none\n"
	           "go: ./nowhere: stat W/nowhere: directory not found");
}

static void
folders_outside(void **state)
{
	(void)state;
	assert_ok(load(TREE, &quiet, "./other /nowhere/... ./dep/a/deep"), &f.err);
	assert_int_equal(mods->matches[0].errs.n, 1);
	assert_str(mods->matches[0].errs.v[0].text, "./other: main module (example.com/m) does not "
	           "contain package example.com/m/other");
	assert_str(mods->matches[1].errs.v[0].bare, "directory prefix /nowhere does not contain "
	           "main module or its selected dependencies");
	assert_int_equal(mods->matches[2].errs.n, 1);
}

static void
readonly_needs_direct_requirements(void **state)
{
	(void)state;
	assert_ok(load("-- go.mod --\nmodule m.x\n\ngo 1.16\n\nrequire a.x v1.0.0\n\n"
	               "replace a.x => ./a\n\nreplace b.x => ./b\n"
	               "-- m.go --\npackage m\n\nimport _ \"b.x\"\n"
	               "-- a/go.mod --\nmodule a.x\n\ngo 1.20\n\nrequire b.x v1.0.0\n"
	               "-- b/go.mod --\nmodule b.x\n\ngo 1.20\n"
	               "-- b/b.go --\npackage b\n"
	               "-- _goroot/src/fmt/fmt.go --\npackage fmt\n", &quiet, "."), &f.err);
	assert_string_equal(error_of("m.x"), "package m.x imports b.x from implicitly required "
	                    "module; to add missing requirements, run:\n\tgo get b.x@v1.0.0");
}

static void
why(void **state)
{
	(void)state;
	assert_ok(load(TREE, &quiet, "all"), &f.err);
	assert_str(hm_modules_why(mods, &f.arena, HM_S("example.com/a/fortest")),
	           "example.com/m\nexample.com/m.test\nexample.com/a/fortest\n");
	assert_int_equal(hm_modules_why_depth(mods, HM_S("example.com/a/deep")), 3);
	assert_int_equal(hm_modules_why_depth(mods, HM_S("example.com/none")), 0);
}

static void
clean_patterns(void **state)
{
	const char *const in[] = { "./a/../b", "a//b", "./", "a\\b", "x/../y@z/..", "/q/./r" };
	const char *const want[] = { "./b", "a/b", ".", "a/b", "y@z/..", "/q/r" };
	struct hm_strs list = { 0 }, out;

	(void)state;
	modfixture_open(&f, "-- go.mod --\nmodule m\n", "");
	hm_modules_clean_patterns(&f.arena, &list, &out);
	assert_str(join(&out), ".");
	for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++)
		HM_PUSH(&f.arena, list, hm_str_of(in[i]));
	hm_modules_clean_patterns(&f.arena, &list, &out);
	for (size_t i = 0; i < out.n; i++)
		assert_str(out.v[i], want[i]);
}

int
test_load_modules(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(follows_imports, tear_down),
		cmocka_unit_test_teardown(patterns, tear_down),
		cmocka_unit_test_teardown(pattern_all, tear_down),
		cmocka_unit_test_teardown(any_tags_see_every_file, tear_down),
		cmocka_unit_test_teardown(ignore_lines, tear_down),
		cmocka_unit_test_teardown(missing_and_ambiguous, tear_down),
		cmocka_unit_test_teardown(errors_are_said_with_their_stack, tear_down),
		cmocka_unit_test_teardown(folders_outside, tear_down),
		cmocka_unit_test_teardown(readonly_needs_direct_requirements, tear_down),
		cmocka_unit_test_teardown(why, tear_down),
		cmocka_unit_test_teardown(clean_patterns, tear_down),
	};

	return cmocka_run_group_tests_name("load/modules", tests, NULL, NULL);
}
