/* Expected messages and files are those of go 1.26 on the same files. */
#include "unit/unit.h"

#include "load/mainmods.h"
#include "load/workspace.h"
#include "mod/gowork.h"
#include "unit/modfixture.h"

static struct modfixture f;

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	return 0;
}

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
bad_files(void **state)
{
	static const struct {
		const char *work, *err;
	} c[] = {
		{ "go 1.20\nuse ./x\nuse ./x\n",
		  "error loading go.work:\ngo.work:3: path W/x appears multiple times in "
		  "workspace" },
		{ "go 1.20\nfoo\n", "errors parsing go.work:\ngo.work:2: unknown directive: foo" },
		{ "go 1.99\n", "go.work requires go >= 1.99 (running go 1.26.8)" },
		{ "go 1.20\nuse ./none\n", "cannot load module none listed in go.work file: "
		  "open none/go.mod: no such file or directory" },
		{ "go 1.20\nuse ./x\nreplace a.b/c => ./1\nreplace a.b/c => ./2\n",
		  "conflicting replacements for a.b/c:\n\t./1\n\t./2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(*c); i++) {
		hm_str work = hm_str_of(c[i].work);
		struct hm_buf b = { 0 };

		if (i)
			modfixture_close(&f);
		hm_buf_addz(&b, "-- x/go.mod --\nmodule x\n-- go.work --\n");
		hm_buf_adds(&b, work);
		assert_str(load(hm_buf_str(&b).p, ""), c[i].err);
		hm_buf_free(&b);
	}
}

static void
modules_of_one_workspace(void **state)
{
	const struct hm_mainmod *m;

	(void)state;
	assert_str(load("-- go.work --\ngo 1.24\n\nuse (\n\t./a\n\t./b\n)\n"
	                "-- a/go.mod --\nmodule example.com/a\n\ngo 1.24\n\ntool x.org/t2\n"
	                "-- b/go.mod --\nmodule example.com/b\n\ngo 1.24\n\ntool x.org/t1\n"
	                "", "b"), "");
	assert_true(hm_modload_in_work(&f.ml));
	assert_int_equal(f.ml.build_mod, HM_MOD_READONLY);
	assert_int_equal(f.ml.mains->n, 2);
	m = hm_mainmods_find(f.ml.mains, HM_S("example.com/b"));
	assert_ptr_equal(m, f.ml.mains->with_cwd);
	assert_null(hm_mainmods_find(f.ml.mains, HM_S("example.com/c")));
	assert_null(hm_mainmods_single(f.ml.mains));
	assert_int_equal(f.ml.mains->tools.n, 2);
	assert_str(f.ml.mains->tools.v[0], "x.org/t1");
	assert_str(hm_modload_main_go(&f.ml), "1.24");
}

/* The folder is written from the module, but used from where go.work lies. */
static void
replacements(void **state)
{
	struct hm_modver any = hm_modver_of(HM_S("a.b/c"), HM_S("v1.0.0")), r;
	hm_str root, from;

	(void)state;
	assert_str(load("-- go.work --\ngo 1.20\n\nuse ./m/n\n\nreplace a.b/w => ./w\n\n"
	                "replace a.b/x v1.0.0 => a.b/x v1.1.0\n"
	                "-- m/n/go.mod --\nmodule n\n\nreplace a.b/c => ../c\n\n"
	                "replace a.b/w => ../other\n", ""), "");
	r = hm_modload_replacement(&f.ml, any);
	assert_str(r.path, "./m/c");
	r = hm_modload_replacement_from(&f.ml, any, &root, &from);
	assert_str(r.path, "../c");
	assert_true(hm_str_has_suffix(root, HM_S("/m/n")));
	assert_true(hm_str_has_suffix(from, HM_S("/m/n/go.mod")));
	r = hm_modload_resolve(&f.ml, hm_modver_of(HM_S("a.b/w"), HM_S("v9.0.0")));
	assert_str(r.path, "./w");
	r = hm_modload_resolve(&f.ml, hm_modver_of(HM_S("a.b/x"), HM_S("v1.0.0")));
	assert_str(r.version, "v1.1.0");
	r = hm_modload_resolve(&f.ml, hm_modver_of(HM_S("a.b/x"), HM_S("v1.0.1")));
	assert_str(r.version, "v1.0.1");
	r = hm_modload_replacement(&f.ml, hm_modver_of(HM_S("n"), HM_S("")));
	assert_int_equal(r.path.n, 0);
}

static void
raising_the_go_line(void **state)
{
	static const struct {
		const char *in, *go, *out;
	} c[] = {
		{ "go 1.20\n", "1.21", "go 1.21\n" },
		{ "go 1.22\n", "1.21", "go 1.22\n" },
		{ "use ./x\n", "1.21", "go 1.21\n\nuse ./x\n" },
		{ "go 1.21\n\ntoolchain go1.22.1\n", "1.22.1", "go 1.22.1\n" },
		{ "go 1.21\n\ntoolchain go1.21.4\n", "1.22", "go 1.22\n" },
		{ "go 1.21\n\ntoolchain go1.23.0\n", "1.22", "go 1.22\n\ntoolchain go1.23.0\n" },
	};

	(void)state;
	modfixture_open(&f, "-- x/go.mod --\nmodule x\n", "");
	for (size_t i = 0; i < sizeof(c) / sizeof(*c); i++) {
		struct hm_buf b = { 0 };
		struct hm_gowork *w;

		assert_ok(hm_gowork_parse(&f.arena, HM_S("go.work"), hm_str_of(c[i].in), NULL, &w,
		                          &f.err), &f.err);
		hm_work_update_go(w, hm_str_of(c[i].go));
		hm_gowork_cleanup(w);
		hm_gowork_format(w, &b);
		assert_str(hm_buf_str(&b), c[i].out);
		hm_buf_free(&b);
	}
}

int
test_load_workspace(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(bad_files, tear_down),
		cmocka_unit_test_teardown(modules_of_one_workspace, tear_down),
		cmocka_unit_test_teardown(replacements, tear_down),
		cmocka_unit_test_teardown(raising_the_go_line, tear_down),
	};

	return cmocka_run_group_tests_name("load/workspace", tests, NULL, NULL);
}
