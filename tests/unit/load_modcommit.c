/* Expected files and messages are those of go 1.26 on the same files. */
#include "unit/unit.h"

#include <stdio.h>

#include "load/modcommit.h"
#include "load/modgraph.h"
#include "os/file.h"
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
	"-- example.com/b@v1.0.0 --\nmodule example.com/b\n\ngo 1.17\n"                      \
	"-- example.com/b@v1.1.0 --\nmodule example.com/b\n\ngo 1.17\n"

/* What `go list -m -mod=MOD all` does to the files; the error's text. */
static hm_str
list(const char *files, enum hm_build_mod mod)
{
	struct hm_modgraph *mg;
	int rc;

	modfixture_open(&f, files, "");
	f.ml.cmd = HM_S("list");
	f.ml.build_mod = mod;
	f.ml.build_mod_explicit = true;
	assert_ok(hm_modload_init_work(&f.ml, &f.err), &f.err);
	rc = hm_modload_graph(&f.ml, HM_S(""), &mg, &f.err) ||
	     hm_modload_commit(&f.ml, NULL, &f.err);
	return modfixture_error(&f, rc);
}

static void
raises_requirements_and_writes_sums(void **state)
{
	(void)state;
	assert_str(list(CACHE "-- go.mod --\nmodule m // main\n\ngo 1.20\n\nrequire (\n"
	                "\texample.com/a v1.0.0\n\texample.com/b v1.0.0 // why\n)\n"
	                "", HM_MOD_MOD), "");
	assert_str(modfixture_read(&f, "go.mod"),
	           "module m // main\n\ngo 1.20\n\nrequire (\n"
	           "\texample.com/a v1.0.0\n\texample.com/b v1.1.0 // why\n)\n");
	assert_str(modfixture_read(&f, "go.sum"),
	           "example.com/a v1.0.0/go.mod h1:iAWbuGJKCyQx0CaftofkQVDLS8QZ04VpduvUt9k8QwE=\n"
	           "example.com/b v1.1.0/go.mod h1:GEK4z8rOXx2drFaUaVmA5XqikGCbN52kYQ3t7b7hzUQ=\n");
}

static void
an_unchanged_file_keeps_its_bytes(void **state)
{
	static const char gomod[] = "module m\n\n\ngo   1.20\nrequire example.com/b v1.0.0\n";

	(void)state;
	assert_str(list(CACHE "-- go.mod --\nmodule m\n\n\ngo   1.20\n"
	                "require example.com/b v1.0.0\n", HM_MOD_MOD), "");
	assert_str(modfixture_read(&f, "go.mod"), gomod);
}

static void
adds_the_go_line(void **state)
{
	(void)state;
	assert_str(list(CACHE "-- go.mod --\nmodule m\n\nrequire example.com/a v1.0.0\n"
	                      "", HM_MOD_MOD),
	           "");
	assert_str(modfixture_read(&f, "go.mod"),
	           "module m\n\ngo 1.26.8\n\nrequire example.com/a v1.0.0\n\n"
	           "require example.com/b v1.1.0 // indirect\n");
}

static void
drops_a_pointless_toolchain_line(void **state)
{
	(void)state;
	assert_str(list("-- go.mod --\nmodule m\n\ngo 1.21.0\n\ntoolchain go1.21.0\n"
	                "", HM_MOD_MOD), "");
	assert_str(modfixture_read(&f, "go.mod"), "module m\n\ngo 1.21.0\n");
}

static void
excluded_requirements_go(void **state)
{
	(void)state;
	assert_str(list(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\nexclude example.com/b "
	                      "v1.0.0\n\n"
	                "require example.com/b v1.0.0\n", HM_MOD_MOD), "");
	assert_str(hm_buf_str(&f.said),
	           "go: dropping requirement on excluded version example.com/b v1.0.0\n");
	assert_str(modfixture_read(&f, "go.mod"),
	           "module m\n\ngo 1.20\n\nexclude example.com/b v1.0.0\n");
}

static void
readonly_says_what_to_do(void **state)
{
	static const char gomod[] = "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
				    "exclude example.com/b v1.0.0\n\nrequire example.com/b "
				    "v1.0.0\n";

	(void)state;
	assert_str(list(gomod, HM_MOD_READONLY),
	           "updates to go.mod needed, disabled by -mod=readonly; to update it:\n"
	           "\tgo mod tidy");
	assert_int_equal(f.err.code, HM_EREADONLY);
	assert_str(hm_buf_str(&f.said),
	           "go: ignoring requirement on excluded version example.com/b v1.0.0\n");
}

static void
a_file_changed_meanwhile_is_left_alone(void **state)
{
	struct hm_modgraph *mg;
	struct hm_err err = { 0 };
	int rc;

	(void)state;
	modfixture_open(&f, CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire (\n"
	                "\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n)\n", "");
	f.ml.cmd = HM_S("list");
	f.ml.build_mod = HM_MOD_MOD;
	f.ml.build_mod_explicit = true;
	assert_ok(hm_modload_graph(&f.ml, HM_S(""), &mg, &f.err), &f.err);
	assert_ok(hm_file_write(hm_arena_printf(&f.arena, HM_F "/go.mod", HM_P(f.dir)).p,
	                        HM_S("module other\n"), 0644, &err), &err);
	rc = hm_modload_commit(&f.ml, NULL, &f.err);
	assert_str(modfixture_error(&f, rc),
	           "updating go.mod: existing contents have changed since last read");
	assert_str(modfixture_read(&f, "go.mod"), "module other\n");
}

static hm_str
init(const char *files, const char *path)
{
	int rc;

	modfixture_open(&f, files, "");
	f.ml.cmd = HM_S("mod init");
	rc = hm_modload_create(&f.ml, hm_str_of(path), &f.err);
	return modfixture_error(&f, rc);
}

static void
init_writes_a_fresh_file(void **state)
{
	(void)state;
	assert_str(init("-- x.go --\npackage x\n", "example.com/m"), "");
	assert_str(modfixture_read(&f, "go.mod"), "module example.com/m\n\ngo 1.26.8\n");
	assert_str(hm_buf_str(&f.said), "go: creating new go.mod: module example.com/m\n"
	           "go: to add module requirements and sums:\n\tgo mod tidy\n");
	modfixture_close(&f);
	assert_str(init("-- sub/x.go --\npackage x // import \"example.com/m/sub\"\n", ""), "");
	assert_str(modfixture_read(&f, "go.mod"), "module example.com/m\n\ngo 1.26.8\n");
}

static void
init_refuses_bad_paths(void **state)
{
	static const struct {
		const char *path, *err;
	} c[] = {
		{ "example.com/m/v1", "invalid module path \"example.com/m/v1\": major version "
		                      "suffixes "
		  "must be in the form of /vN and are only allowed for v2 or later:\n"
		  "\tgo mod init example.com/m/v2" },
		{ "gopkg.in/m", "invalid module path \"gopkg.in/m\": module paths beginning with "
		  "gopkg.in/ must always have a major version suffix in the form of .vN:\n"
		  "\tgo mod init gopkg.in/m.v1" },
		{ "./m", "malformed module path \"./m\": is a local import path" },
		{ "go", "invalid module path \"go\": " },
		{ "a b", "malformed module path \"a b\": invalid char ' '" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(*c); i++) {
		if (i)
			modfixture_close(&f);
		assert_str(init("-- x --\n", c[i].path), c[i].err);
	}
	modfixture_close(&f);
	assert_str(init("-- go.mod --\nmodule m\n", "example.com/m"), "W/go.mod already exists");
}

static void
bad_main_files(void **state)
{
	static const struct {
		const char *gomod, *err;
	} c[] = {
		{ "module m\nrequire (\n", "errors parsing go.mod:\n"
		  "go.mod:3: syntax error (unterminated block started at W/go.mod:2:1)" },
		{ "module m\nfoo\nbar x\n", "errors parsing go.mod:\n"
		  "go.mod:2: unknown directive: foo\ngo.mod:3: unknown directive: bar" },
		{ "go 1.20\n", "error reading go.mod: missing module declaration. To specify "
		               "the module "
		  "path:\n\tgo mod edit -module=example.com/mod" },
		{ "module go\n", "error reading go.mod: invalid module path: \"go\"" },
		{ "module m\ngo 1.99\n", "go.mod requires go >= 1.99 (running go 1.26.8)" },
		{ "module m\ngo 1.99\nfuture\n", "go.mod requires go >= 1.99 (running go 1.26.8)" },
		{ "module \"m x\"\n", "malformed module path \"m x\": invalid char ' '" },
		{ "module m\nrequire a.b/c/v2 v1.0.0\n", "errors parsing go.mod:\n"
		  "go.mod:2: require a.b/c/v2: version \"v1.0.0\" invalid: should be v2, not v1" },
		{ "module m\nreplace a.b/c => ./x\nreplace a.b/c => ./y\n",
		  "conflicting replacements for a.b/c:\n\t./x\n\t./y" },
		{ "module m\ngo 1.24\ntool ./x\n", "malformed tool path \"./x\": "
		  "invalid path element \".\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(*c); i++) {
		char files[200];

		if (i)
			modfixture_close(&f);
		snprintf(files, sizeof(files), "-- go.mod --\n%s", c[i].gomod);
		assert_str(list(files, HM_MOD_READONLY), c[i].err);
	}
}

int
test_load_modcommit(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(raises_requirements_and_writes_sums, tear_down),
		cmocka_unit_test_teardown(an_unchanged_file_keeps_its_bytes, tear_down),
		cmocka_unit_test_teardown(adds_the_go_line, tear_down),
		cmocka_unit_test_teardown(drops_a_pointless_toolchain_line, tear_down),
		cmocka_unit_test_teardown(excluded_requirements_go, tear_down),
		cmocka_unit_test_teardown(readonly_says_what_to_do, tear_down),
		cmocka_unit_test_teardown(a_file_changed_meanwhile_is_left_alone, tear_down),
		cmocka_unit_test_teardown(init_writes_a_fresh_file, tear_down),
		cmocka_unit_test_teardown(init_refuses_bad_paths, tear_down),
		cmocka_unit_test_teardown(bad_main_files, tear_down),
	};

	return cmocka_run_group_tests_name("load/modcommit", tests, NULL, NULL);
}
