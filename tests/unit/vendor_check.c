/* A vendor folder of modules that folders replace, damaged in one way after the other. */
#include "unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "load/mainmods.h"
#include "os/file.h"
#include "unit/modfixture.h"
#include "vendor/check.h"

#define FILES \
	"-- go.mod --\n" \
	"module m\n\ngo 1.24\n\nrequire (\n\ta.b/c v1.0.0\n\ta.b/d v1.2.0 // indirect\n)\n\n" \
	"replace (\n\ta.b/c v1.0.0 => ./c\n\ta.b/d v1.2.0 => ./d\n)\n" \
	"-- m.go --\n" \
	"package m\n\nimport (\n\t_ \"a.b/c/x/y\"\n\t_ \"net/http\"\n)\n" \
	"-- c/go.mod --\nmodule a.b/c\n\ngo 1.20\n\nrequire a.b/d v1.2.0\n" \
	"-- c/LICENSE --\nyours\n" \
	"-- c/x/NOTICE --\nsee above\n" \
	"-- c/x/y/y.go --\n" \
	"package y\n\nimport (\n\t_ \"embed\"\n\n\t_ \"a.b/d\"\n)\n\n" \
	"//go:embed in/data\nvar s string\n" \
	"-- c/x/y/y_test.go --\npackage y\n" \
	"-- c/x/y/gen.go --\n//go:build ignore\n\npackage main\n" \
	"-- c/x/y/go.mod.txt --\nx\n" \
	"-- c/x/y/in/data --\ndata\n" \
	"-- c/x/y/in/more --\nmore\n" \
	"-- d/go.mod --\nmodule a.b/d\n" \
	"-- d/d.go --\npackage d\n"

static struct modfixture f;
static struct hm_vendor_plan plan;
static struct hm_vendor_check check;

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	return 0;
}

static hm_str
vendor_dir(void)
{
	return hm_path_cat(&f.arena, f.dir, HM_S("vendor"));
}

static const char *
at(const char *name)
{
	return hm_path_cat(&f.arena, vendor_dir(), hm_str_of(name)).p;
}

static void
open_plan(void)
{
	struct hm_modules *mods;

	modfixture_open(&f, FILES, "");
	f.ml.cmd = HM_S("mod vendor");
	f.ml.force_use_modules = true;
	f.ml.root_mode = HM_ROOT_NEED;
	f.ml.std_by_name = true;
	assert_ok(hm_vendor_load(&f.ml, false, &mods, &f.err), &f.err);
	assert_ok(hm_vendor_plan_make(&f.ml, mods, &plan, &f.err), &f.err);
}

static void
open_written(void)
{
	open_plan();
	assert_ok(hm_vendor_write(&plan, vendor_dir(), false, &f.err), &f.err);
}

/* The findings, one a line. */
static hm_str
found(void)
{
	struct hm_buf b = { 0 };

	assert_ok(hm_vendor_check_run(&plan, vendor_dir(), &f.arena, &check, &f.err), &f.err);
	for (size_t i = 0; i < check.findings.n; i++) {
		const struct hm_vendor_finding *x = &check.findings.v[i];

		hm_buf_printf(&b, "%s " HM_F ":%u " HM_F "\n", hm_vendor_fault_name(x->fault),
		              HM_P(x->name), x->line, HM_P(x->text));
	}
	return hm_buf_take(&b, &f.arena);
}

static void
repaired(size_t want)
{
	size_t done;

	assert_ok(hm_vendor_repair(&check, &done, &f.err), &f.err);
	assert_int_equal(done, want);
	assert_str(found(), "");
}

static void
put(const char *name, const char *text)
{
	assert_ok(hm_file_write(at(name), hm_str_of(text), 0644, &f.err), &f.err);
}

static void
layout_has_what_a_build_needs(void **state)
{
	static const struct {
		const char *name;
		enum hm_vendor_why why;
	} want[] = {
		{ "a.b/c/LICENSE", HM_VENDOR_METADATA }, { "a.b/c/x/NOTICE", HM_VENDOR_METADATA },
		{ "a.b/c/x/y/go.mod.txt", HM_VENDOR_FILE },
		{ "a.b/c/x/y/in/data", HM_VENDOR_EMBED },
		{ "a.b/c/x/y/y.go", HM_VENDOR_FILE }, { "a.b/d/d.go", HM_VENDOR_FILE },
	};
	struct hm_vendor_layout l;
	struct stat st;

	(void)state;
	open_plan();
	assert_ok(hm_vendor_layout_make(&plan, false, &f.arena, &l, &f.err), &f.err);
	assert_int_equal(l.n, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < l.n; i++) {
		assert_str(l.v[i].name, want[i].name);
		assert_int_equal(l.v[i].why, want[i].why);
		assert_int_equal(stat(l.v[i].src.p, &st), 0);
	}
	assert_ptr_equal(hm_vendor_layout_find(&l, HM_S("a.b/d/d.go")), &l.v[5]);
	assert_null(hm_vendor_layout_find(&l, HM_S("a.b/c/x/y/y_test.go")));
}

static void
what_was_written_is_good(void **state)
{
	(void)state;
	open_written();
	assert_str(found(), "");
	assert_int_equal(check.sources.n, 2);
	assert_int_equal(check.sources.v[0].proof, HM_PROOF_LOCAL);
	assert_str(hm_vendor_source_of(&check.sources, HM_S("a.b/c/x/y/z"))->mod.path, "a.b/c");
	assert_null(hm_vendor_source_of(&check.sources, HM_S("a.b/cc")));
	assert_null(hm_vendor_source_of(&check.sources, HM_S("a.b")));
}

static void
damage_is_found_and_repaired(void **state)
{
	(void)state;
	open_written();
	put("a.b/d/d.go", "package e\n");
	assert_int_equal(unlink(at("a.b/c/x/NOTICE")), 0);
	put("a.b/c/x/y/y_test.go", "package y\n");
	put("a.b/c/x/y/in/new", "new\n");
	put("stray", "x\n");
	assert_str(found(), "missing a.b/c/x/NOTICE:0 missing; ./c has it\n"
	                    "extra a.b/c/x/y/in/new:0 is not in ./c\n"
	                    "extra a.b/c/x/y/y_test.go:0 is not vendored from ./c\n"
	                    "changed a.b/d/d.go:0 differs from ./d\n"
	                    "extra stray:0 is of no vendored module\n");
	repaired(5);
}

static void
links_are_not_followed(void **state)
{
	(void)state;
	open_written();
	assert_int_equal(unlink(at("a.b/d/d.go")), 0);
	assert_int_equal(rmdir(at("a.b/d")), 0);
	assert_int_equal(symlink("../../d", at("a.b/d")), 0);
	assert_str(found(), "extra a.b/d:0 is not in ./d\n"
	                    "missing a.b/d/d.go:0 missing; ./d has it\n");
	repaired(2);
	assert_str(modfixture_read(&f, "d/d.go"), "package d\n");
}

static void
lines_of_modules_txt(void **state)
{
	(void)state;
	open_written();
	assert_str(plan.text, "# a.b/c v1.0.0 => ./c\n## explicit; go 1.20\na.b/c/x/y\n"
	                      "# a.b/d v1.2.0 => ./d\n## explicit\na.b/d\n");
	put("modules.txt", "# a.b/c v1.0.0 => ./c\n## explicit; go 1.20\na.b/c/x/y\na.b/c/z\n"
	                   "# a.b/d v1.2.0 => ./d\n## explicit\n");
	assert_str(found(), "modules.txt modules.txt:4 unexpected line: a.b/c/z\n"
	                    "modules.txt modules.txt:0 missing line under "
	                    "\"# a.b/d v1.2.0 => ./d\": a.b/d\n");
	repaired(1);
	put("modules.txt", "# a.b/c v1.0.0 => ./c\n## explicit; go 1.20\na.b/c/x/y\n"
	                   "# a.b/d v1.2.0 => ./d\n## explicit\na.b/d");
	assert_str(found(), "modules.txt modules.txt:6 order, repetition or end of lines is not "
	                    "as written\n");
	repaired(1);
	put("modules.txt", "");
	assert_int_equal(unlink(at("modules.txt")), 0);
	assert_str(found(), "missing modules.txt:0 missing; the vendor directory is of no use "
	                    "without it\n");
	repaired(1);
}

static void
all_is_missing_without_a_folder(void **state)
{
	(void)state;
	open_plan();
	assert_ok(hm_vendor_check_run(&plan, vendor_dir(), &f.arena, &check, &f.err), &f.err);
	assert_int_equal(check.findings.n, 7);
	repaired(7);
}

int
test_vendor_check(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(layout_has_what_a_build_needs, tear_down),
		cmocka_unit_test_teardown(what_was_written_is_good, tear_down),
		cmocka_unit_test_teardown(damage_is_found_and_repaired, tear_down),
		cmocka_unit_test_teardown(links_are_not_followed, tear_down),
		cmocka_unit_test_teardown(lines_of_modules_txt, tear_down),
		cmocka_unit_test_teardown(all_is_missing_without_a_folder, tear_down),
	};

	return cmocka_run_group_tests_name("vendor/check", tests, NULL, NULL);
}
