/* Expected messages are those of go 1.26 on the same files. */
#include "unit/unit.h"

#include "load/modfiles.h"
#include "load/modgraph.h"
#include "load/vendorlist.h"
#include "unit/modfixture.h"

static struct modfixture f;

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	return 0;
}

/* Loads the files as `list` does; the error's text. */
static hm_str
load(const char *files, const char *sub)
{
	struct hm_reqs *rs;

	modfixture_open(&f, files, sub);
	f.ml.cmd = HM_S("list");
	assert_ok(hm_modload_init_work(&f.ml, &f.err), &f.err);
	return modfixture_error(&f, hm_modload_file(&f.ml, &rs, &f.err));
}

static void
reads_modules_txt(void **state)
{
	static const char text[] =
		"## workspace\n"
		"lost/package\n"
		"# a.b/c v1.0.0\n"
		"## explicit; go 1.17; future=1\n"
		"a.b/c\n"
		"a.b/c/d\n"
		"# a.b/empty v1.0.0\n"
		"# a.b/r v1.0.0 => ../r\n"
		"## explicit\n"
		"a.b/r\n"
		"# a.b/s => a.b/t v1.2.3\n"
		"# nonsense here now\n"
		"no/module\n"
		"# a.b/c v1.1.0\n"
		"two words\n"
		"a.b/c/e\n";
	struct hm_vendorlist v = { 0 };
	const struct hm_vendormeta *m;

	(void)state;
	modfixture_open(&f, "-- go.mod --\nmodule m\n", "");
	assert_ok(hm_modload_init(&f.ml, &f.err), &f.err);
	assert_ok(hm_vendorlist_parse(&f.ml, hm_str_of(text), HM_S("modules.txt"), &v, &f.err),
	          &f.err);
	assert_int_equal(v.list.n, 3);
	assert_str(v.list.v[0].version, "v1.0.0");
	assert_str(v.list.v[1].path, "a.b/r");
	assert_str(v.list.v[2].version, "v1.1.0");
	assert_int_equal(v.replaced.n, 2);
	assert_int_equal(v.pkg_module.n, 4);
	m = hm_vendorlist_meta(&v, hm_modver_of(HM_S("a.b/c"), HM_S("v1.0.0")));
	assert_true(m->is_explicit);
	assert_str(m->go, "1.17");
	assert_str(hm_modload_raw_go(&f.ml, m->mod), "1.17");
	m = hm_vendorlist_meta(&v, hm_modver_of(HM_S("a.b/s"), HM_S("")));
	assert_str(m->replacement.version, "v1.2.3");
	assert_null(hm_vendorlist_meta(&v, hm_modver_of(HM_S("nonsense"), HM_S("here"))));
}

#define GOMOD "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire a.b/c v1.0.0\n\n" \
	      "require a.b/d v1.0.0 // indirect\n\nreplace a.b/d => ./d\n"

static void
consistent_vendor_folder_is_used(void **state)
{
	struct hm_modgraph *mg;

	(void)state;
	assert_str(load(GOMOD "-- vendor/modules.txt --\n# a.b/c v1.0.0\n## explicit\na.b/c\n"
	                "# a.b/d v1.0.0 => ./d\n## explicit\na.b/d\n# a.b/d => ./d\n", ""), "");
	assert_int_equal(f.ml.build_mod, HM_MOD_VENDOR);
	assert_str(f.ml.build_mod_reason,
	           "Go version in go.mod is at least 1.14 and vendor directory exists.");
	assert_ok(hm_reqs_graph(&f.ml, f.ml.reqs, &mg, &f.err), &f.err);
	assert_str(hm_modgraph_selected(mg, HM_S("a.b/d")), "v1.0.0");
}

static void
inconsistencies_are_listed(void **state)
{
	(void)state;
	assert_str(load(GOMOD "-- vendor/modules.txt --\n# a.b/c v1.1.0\n## explicit\na.b/c\n"
	                "# a.b/d v1.0.0 => ./e\n## explicit\na.b/d\n# a.b/d => ./e\n"
	                "# a.b/x => ./x\n", ""),
	           "inconsistent vendoring in W:\n"
	           "\ta.b/c@v1.0.0: is explicitly required in go.mod, but not marked as "
	           "explicit in "
	           "vendor/modules.txt\n"
	           "\ta.b/d: is replaced by ./d in go.mod, but marked as replaced by ./e in "
	           "vendor/modules.txt\n"
	           "\ta.b/c@v1.1.0: is marked as explicit in vendor/modules.txt, but not "
	           "explicitly "
	           "required in go.mod\n"
	           "\ta.b/x: is marked as replaced in vendor/modules.txt, but not replaced in "
	           "go.mod\n\n"
	           "\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n"
	           "\tTo sync the vendor directory, run:\n\t\tgo mod vendor");
}

static void
why_the_vendor_folder_is_not_used(void **state)
{
	(void)state;
	assert_str(load("-- go.mod --\nmodule m\n\ngo 1.13\n-- vendor/x --\n", ""), "");
	assert_int_equal(f.ml.build_mod, HM_MOD_READONLY);
	assert_str(f.ml.build_mod_reason,
	           "Go version in go.mod is 1.13, so vendor directory was not used.");
	modfixture_close(&f);
	assert_str(load("-- go.mod --\nmodule m\n-- vendor/x --\n", ""), "");
	assert_str(f.ml.build_mod_reason,
	           "Go version in go.mod is unspecified, so vendor directory was not used.");
	modfixture_close(&f);
	assert_str(load("-- go.mod --\nmodule m\n\ngo 1.20\n-- vendor/modules.txt --\n## "
	                "workspace\n",
	                ""), "");
	assert_str(f.ml.build_mod_reason,
	           "Outside workspace mode, but vendor directory is for a workspace.");
}

static void
workspace_vendor(void **state)
{
	(void)state;
	assert_str(load("-- go.work --\ngo 1.22\n\nuse ./one\n-- one/go.mod --\nmodule one\n\n"
	                "go 1.22\n\nrequire a.b/c v1.0.0\n-- vendor/modules.txt --\n## workspace\n"
	                "# a.b/c v1.0.0\n## explicit\na.b/c\n", "one"), "");
	assert_int_equal(f.ml.build_mod, HM_MOD_VENDOR);
	modfixture_close(&f);
	assert_str(load("-- go.work --\ngo 1.22\n\nuse ./one\n-- one/go.mod --\nmodule one\n\n"
	                "go 1.22\n-- vendor/modules.txt --\n## workspace\n"
	                "# a.b/c v1.0.0\n## explicit\na.b/c\n", "one"),
	           "inconsistent vendoring in W:\n"
	           "\ta.b/c@v1.0.0: is marked as explicit in vendor/modules.txt, but not "
	           "explicitly "
	           "required in a go.mod\n\n"
	           "\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n"
	           "\tTo sync the vendor directory, run:\n\t\tgo work vendor");
}

static void
vendored_module_that_wants_a_newer_go(void **state)
{
	(void)state;
	assert_str(load("-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire a.b/c v1.0.0\n"
	                "-- vendor/modules.txt --\n# a.b/c v1.0.0\n## explicit; go 1.99\na.b/c\n"
	                "", ""),
	           "a.b/c in vendor/modules.txt requires go >= 1.99 (running go 1.26.8)");
	assert_int_equal(f.err.code, HM_ETOOLCHAIN);
}

int
test_load_vendorlist(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(reads_modules_txt, tear_down),
		cmocka_unit_test_teardown(consistent_vendor_folder_is_used, tear_down),
		cmocka_unit_test_teardown(inconsistencies_are_listed, tear_down),
		cmocka_unit_test_teardown(why_the_vendor_folder_is_not_used, tear_down),
		cmocka_unit_test_teardown(workspace_vendor, tear_down),
		cmocka_unit_test_teardown(vendored_module_that_wants_a_newer_go, tear_down),
	};

	return cmocka_run_group_tests_name("load/vendorlist", tests, NULL, NULL);
}
