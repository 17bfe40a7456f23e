#include "unit/unit.h"

#include "load/import.h"
#include "load/importerr.h"
#include "load/modload.h"

static struct hm_arena arena;

static int
tear_down(void **state)
{
	(void)state;
	hm_arena_free(&arena);
	return 0;
}

static void
kinds_of_paths(void **state)
{
	(void)state;
	assert_true(hm_import_is_std_path(HM_S("fmt")));
	assert_true(hm_import_is_std_path(HM_S("net/http.v1")));
	assert_false(hm_import_is_std_path(HM_S("example.com/fmt")));
	assert_true(hm_import_is_local(HM_S(".")));
	assert_true(hm_import_is_local(HM_S("../x")));
	assert_false(hm_import_is_local(HM_S(".x")));
	assert_false(hm_import_is_local(HM_S("...")));
	assert_true(hm_import_is_meta(HM_S("tool")));
	assert_false(hm_import_is_meta(HM_S("al")));
	assert_true(hm_import_may_be_in(HM_S("a.b/c"), HM_S("a.b/c")));
	assert_true(hm_import_may_be_in(HM_S("a.b/c/d"), HM_S("a.b/c")));
	assert_false(hm_import_may_be_in(HM_S("a.b/cd"), HM_S("a.b/c")));
}

static void
below_a_folder(void **state)
{
	(void)state;
	assert_str(hm_import_in_dir(&arena, HM_S("/nowhere/a/b"), HM_S("/nowhere/a")), "b");
	assert_str(hm_import_in_dir(&arena, HM_S("/nowhere/a"), HM_S("/nowhere/a")), ".");
	assert_str(hm_import_in_dir(&arena, HM_S("/nowhere/ab"), HM_S("/nowhere/a")), "");
	assert_str(hm_import_in_dir(&arena, HM_S("/nowhere"), HM_S("/nowhere/a")), "");
	assert_str(hm_import_in_dir(&arena, HM_S("/x/y"), HM_S("/")), "x/y");
}

static void
wanted_go(void **state)
{
	(void)state;
	assert_str(hm_import_wanted_go(HM_S("m@v1.0.0 requires go >= 1.99 (running go 1.26.8)")),
	           "1.99");
	assert_str(hm_import_wanted_go(HM_S("m@v1.0.0 requires go >= 1.99")), "1.99");
	assert_str(hm_import_wanted_go(HM_S("requires go")), "");
}

/* go's own words for each kind of error, from import_test.go and import.go. */
static void
texts(void **state)
{
	struct hm_modver mods[] = { { HM_S("a.b"), HM_S("v1.0.0") }, { HM_S("a.b/c"), HM_S("") } };
	hm_str dirs[] = { HM_S("/d1"), HM_S("/d2") };
	struct hm_modload ml = { .build_mod = HM_MOD_READONLY };
	struct hm_import_error e = { .kind = HM_IMPORT_MISSING, .import_path = HM_S("a.b/c/d") };

	(void)state;
	hm_import_error_render(&ml, &arena, &e);
	assert_str(e.text, "no required module provides package a.b/c/d; to add it:\n"
	           "\tgo get a.b/c/d");
	e.importing_main.path = HM_S("m");
	e.importing_root = HM_S("/m");
	hm_import_error_render(&ml, &arena, &e);
	assert_str(e.text, "no required module provides package a.b/c/d; to add it:\n"
	           "\tcd /m\n\tgo get a.b/c/d");
	e.query_err = HM_S("why");
	hm_import_error_render(&ml, &arena, &e);
	assert_str(e.text, "cannot find module providing package a.b/c/d: why");
	e.module = mods[0];
	e.new_missing_version = HM_S("v1.2.0");
	hm_import_error_render(&ml, &arena, &e);
	assert_str(e.text, "package a.b/c/d provided by a.b at latest version v1.0.0 but not at "
	           "required version v1.2.0");
	e = (struct hm_import_error){ .kind = HM_IMPORT_AMBIGUOUS, .import_path = HM_S("a.b/c"),
	                              .mods = mods, .n_mods = 2, .dirs = dirs, .n_dirs = 2 };
	hm_import_error_render(&ml, &arena, &e);
	assert_str(e.text, "ambiguous import: found package a.b/c in multiple modules:\n"
	           "\ta.b v1.0.0 (/d1)\n\ta.b/c (/d2)");
	e.n_mods = 0;
	hm_import_error_render(&ml, &arena, &e);
	assert_str(e.text, "ambiguous import: found package a.b/c in multiple directories:\n"
	           "\t/d1\n\t/d2");
	e = (struct hm_import_error){ .kind = HM_IMPORT_MISSING_SUM, .import_path = HM_S("a.b/c"),
	                              .mods = mods, .n_mods = 2 };
	hm_import_error_render(&ml, &arena, &e);
	assert_str(e.text, "missing go.sum entry for module providing package a.b/c; to add:\n"
	           "\tgo mod download a.b a.b/c");
	e.found = e.importer_is_test = true;
	e.importer = HM_S("x.y");
	e.importer_version = HM_S("v1.0.0");
	hm_import_error_render(&ml, &arena, &e);
	assert_str(e.text, "missing go.sum entry needed to verify package a.b/c (imported by x.y) "
	           "is provided by exactly one module; to add:\n\tgo get -t x.y@v1.0.0");
}

int
test_load_import(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(kinds_of_paths, tear_down),
		cmocka_unit_test_teardown(below_a_folder, tear_down),
		cmocka_unit_test_teardown(wanted_go, tear_down),
		cmocka_unit_test_teardown(texts, tear_down),
	};

	return cmocka_run_group_tests_name("load/import", tests, NULL, NULL);
}
