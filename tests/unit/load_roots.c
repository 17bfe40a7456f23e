#include "unit/unit.h"

#include "load/modgraph.h"
#include "load/roots.h"
#include "unit/modfixture.h"

static struct modfixture f;

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	return 0;
}

#define CACHE                                                                                \
	"-- example.com/a@v1.0.0 --\nmodule example.com/a\n\ngo 1.17\n\n"                    \
	"require example.com/b v1.1.0\n"                                                     \
	"-- example.com/a@v1.1.0 --\nmodule example.com/a\n\ngo 1.17\n\n"                    \
	"require example.com/b v1.1.0\n"                                                     \
	"-- example.com/b@v1.0.0 --\nmodule example.com/b\n\ngo 1.17\n"                      \
	"-- example.com/b@v1.1.0 --\nmodule example.com/b\n\ngo 1.17\n\n"                    \
	"require example.com/c v1.0.0\n"                                                     \
	"-- example.com/c@v1.0.0 --\nmodule example.com/c\n\ngo 1.17\n"

/* The requirements of a module with this go.mod, in a command that may change them. */
static struct hm_reqs *
reqs(const char *files)
{
	struct hm_reqs *rs;

	modfixture_open(&f, files, "");
	f.ml.cmd = HM_S("mod tidy");
	assert_ok(hm_modload_file(&f.ml, &rs, &f.err), &f.err);
	return rs;
}

/* "path@version path@version ..." */
static hm_str
roots(const struct hm_reqs *rs)
{
	struct hm_strs s = { 0 };

	for (size_t i = 0; i < rs->n_roots; i++)
		HM_PUSH(&f.arena, s, hm_modver_str(&f.arena, rs->roots[i]));
	return hm_strs_join(&f.arena, &s, HM_S(" "));
}

static struct hm_loadpkg
package(const char *path, const char *mod, const char *version, unsigned flags)
{
	return (struct hm_loadpkg){ .path = hm_str_of(path), .flags = flags,
		                    .mod = { hm_str_of(mod), hm_str_of(version) } };
}

static void
nothing_to_do_keeps_the_object(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                          "require example.com/b v1.1.0\n"), *out;
	struct hm_roots_in in = { .direct = &rs->direct };

	(void)state;
	assert_ok(hm_reqs_update_roots(&f.ml, rs, &in, &out, &f.err), &f.err);
	assert_ptr_equal(out, rs);
	assert_null(hm_reqs_graph_loaded(rs));
}

static void
module_of_an_imported_package_becomes_a_root(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                          "require example.com/a v1.0.0\n"), *out;
	struct hm_loadpkg b = package("example.com/b", "example.com/b", "v1.1.0", HM_PKG_IN_ALL);
	struct hm_loadpkg c = package("example.com/c", "example.com/c", "v1.0.0", 0);
	struct hm_loadpkg std = package("fmt", "", "", HM_PKG_IN_ALL);
	struct hm_loadpkg *pkgs[] = { &std, &c, &b };
	struct hm_roots_in in = { .direct = &rs->direct, .pkgs = pkgs, .n_pkgs = 3 };

	(void)state;
	assert_ok(hm_reqs_update_roots(&f.ml, rs, &in, &out, &f.err), &f.err);
	assert_str(roots(out), "example.com/a@v1.0.0 example.com/b@v1.1.0 go@1.20");
}

static void
added_root_raises_others(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                          "require example.com/b v1.0.0\n"), *out;
	struct hm_modver a = hm_modver_of(HM_S("example.com/a"), HM_S("v1.0.0"));
	struct hm_roots_in in = { .direct = &rs->direct, .add = &a, .n_add = 1 };

	(void)state;
	assert_ok(hm_reqs_update_roots(&f.ml, rs, &in, &out, &f.err), &f.err);
	assert_str(roots(out), "example.com/a@v1.0.0 example.com/b@v1.1.0 go@1.20");
	f.ml.build_mod = HM_MOD_READONLY;
	assert_int_equal(hm_reqs_update_roots(&f.ml, rs, &in, &out, &f.err), -1);
	assert_int_equal(f.err.code, HM_EREADONLY);
	assert_ptr_equal(out, rs);
}

/* A package's module is looked at; when it wants more than the roots say, all is read. */
static void
spot_check_finds_a_stale_root(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire (\n"
	                          "\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n)\n"), *out;
	struct hm_loadpkg a = package("example.com/a", "example.com/a", "v1.0.0", HM_PKG_IN_ALL);
	struct hm_loadpkg *pkgs[] = { &a };
	struct hm_roots_in in = { .direct = &rs->direct, .pkgs = pkgs, .n_pkgs = 1 };

	(void)state;
	assert_ok(hm_reqs_update_roots(&f.ml, rs, &in, &out, &f.err), &f.err);
	assert_str(roots(out), "example.com/a@v1.0.0 example.com/b@v1.1.0 go@1.20");
}

static void
redundant_roots_are_merged(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule example.com/c\n\ngo 1.20\n\n"
	                                "require (\n"
	                          "\texample.com/a v1.0.0\n\texample.com/a v1.1.0\n"
	                          "\texample.com/c v1.0.0\n)\n");

	(void)state;
	assert_str(roots(rs), "example.com/a@v1.1.0 go@1.20");
}

static void
old_modules_list_only_what_is_needed(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule m\n\ngo 1.16\n\nrequire (\n"
	                          "\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n)\n"), *out;
	struct hm_roots_in in = { .direct = &rs->direct };

	(void)state;
	assert_int_equal(rs->pruning, HM_UNPRUNED);
	assert_ok(hm_reqs_update_roots(&f.ml, rs, &in, &out, &f.err), &f.err);
	assert_str(roots(out), "example.com/a@v1.0.0 example.com/b@v1.1.0 go@1.16");
	assert_ok(hm_reqs_convert_pruning(&f.ml, rs, HM_PRUNED, &out, &f.err), &f.err);
	assert_str(roots(out), "example.com/a@v1.0.0 example.com/b@v1.1.0 example.com/c@v1.0.0 "
	                       "go@1.16");
}

static void
tidy_drops_what_no_package_needs(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire (\n"
	                          "\texample.com/a v1.1.0\n\texample.com/b v1.1.0\n"
	                          "\texample.com/c v1.0.0\n)\n"), *out;
	struct hm_loadpkg c = package("example.com/c", "example.com/c", "v1.0.0", 0);
	struct hm_loadpkg *deps[] = { &c };
	struct hm_loadpkg b = package("example.com/b", "example.com/b", "v1.1.0", HM_PKG_IN_ALL);
	struct hm_loadpkg *pkgs[] = { &b, &c };

	(void)state;
	b.imports = deps;
	b.n_imports = 1;
	assert_ok(hm_reqs_tidy_roots(&f.ml, rs, pkgs, 1, &out, &f.err), &f.err);
	assert_str(roots(out), "example.com/b@v1.1.0 go@1.20");
}

/* A dependency of "all" that the roots would select too low stays a root. */
static void
tidy_keeps_versions(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire (\n"
	                          "\texample.com/b v1.0.0\n\texample.com/c v1.0.0\n)\n"), *out;
	struct hm_loadpkg c = package("example.com/c", "example.com/c", "v1.0.0", 0);
	struct hm_loadpkg *deps[] = { &c };
	struct hm_loadpkg b = package("example.com/b", "example.com/b", "v1.0.0", HM_PKG_IN_ALL);
	struct hm_loadpkg *pkgs[] = { &b };

	(void)state;
	b.imports = deps;
	b.n_imports = 1;
	assert_ok(hm_reqs_tidy_roots(&f.ml, rs, pkgs, 1, &out, &f.err), &f.err);
	assert_str(roots(out), "example.com/b@v1.0.0 example.com/c@v1.0.0 go@1.20");
}

static void
override_replaces_by_path(void **state)
{
	struct hm_reqs *rs = reqs(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                          "require example.com/b v1.1.0\n");
	struct hm_modver with[] = { { HM_S("go"), HM_S("1.21") },
		                    { HM_S("example.com/a"), HM_S("v1.0.0") } };

	(void)state;
	assert_str(roots(hm_reqs_override(&f.ml, rs, with, 2)),
	           "example.com/a@v1.0.0 example.com/b@v1.1.0 go@1.21");
}

int
test_load_roots(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_to_do_keeps_the_object, tear_down),
		cmocka_unit_test_teardown(module_of_an_imported_package_becomes_a_root, tear_down),
		cmocka_unit_test_teardown(added_root_raises_others, tear_down),
		cmocka_unit_test_teardown(spot_check_finds_a_stale_root, tear_down),
		cmocka_unit_test_teardown(redundant_roots_are_merged, tear_down),
		cmocka_unit_test_teardown(old_modules_list_only_what_is_needed, tear_down),
		cmocka_unit_test_teardown(tidy_drops_what_no_package_needs, tear_down),
		cmocka_unit_test_teardown(tidy_keeps_versions, tear_down),
		cmocka_unit_test_teardown(override_replaces_by_path, tear_down),
	};

	return cmocka_run_group_tests_name("load/roots", tests, NULL, NULL);
}
