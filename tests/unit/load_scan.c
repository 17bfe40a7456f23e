#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "base/path.h"
#include "load/scan.h"
#include "os/file.h"

static struct hm_arena mem;
static hm_str dir;

static void
put(const char *name, const char *text)
{
	struct hm_err err = { 0 };
	hm_str path = hm_path_join(&mem, dir, hm_str_of(name));

	assert_ok(hm_dir_make_all(hm_path_dir(&mem, path).p, &err), &err);
	assert_ok(hm_file_write(path.p, hm_str_of(text), 0644, &err), &err);
}

static int
setup(void **state)
{
	struct hm_err err = { 0 };

	(void)state;
	return hm_dir_make_temp(&mem, "/tmp", "hm-scan-", &dir, &err);
}

static int
teardown(void **state)
{
	struct hm_err err = { 0 };

	(void)state;
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&mem);
	return 0;
}

static void
folder(void **state)
{
	struct hm_scan_cache *c = hm_scan_cache_new(HM_S(""));
	const struct hm_scan_dir *d, *again;
	struct hm_err err = { 0 };

	(void)state;
	put("b.go", "package p\n");
	put("a_test.go", "package p_test\n");
	put("c.s", "// +build x\n\n");
	put("d.txt", "");
	put("_e.go", "package q\n");
	put(".f.go", "package q\n");
	put("g.syso", "");
	put("sub/x.go", "package sub\n");
	assert_int_equal(symlink("sub", hm_path_join(&mem, dir, HM_S("link.go")).p), 0);
	assert_ok(hm_scan_dir(c, dir, &d, &err), &err);
	assert_int_equal(d->n, 4);
	assert_str(d->v[0].name, "a_test.go");
	assert_true(d->v[0].is_test);
	assert_str(d->v[1].pkg_name, "p");
	assert_str(d->v[2].name, "c.s");
	assert_int_equal(d->v[2].plus_build.n, 1);
	assert_str(d->v[3].name, "g.syso");
	assert_true(d->has_go);
	assert_false(d->indexed); /* a link, and files of this second */
	assert_ok(hm_scan_dir(c, dir, &again, &err), &err);
	assert_ptr_equal(d, again);
	assert_true(hm_scan_is_go_dir(c, dir));
	assert_false(hm_scan_is_go_dir(c, HM_S("/nonexistent")));
	assert_int_equal(hm_scan_dir(c, HM_S("/nonexistent"), &d, &err), -1);
	assert_true(hm_err_is(&err, HM_ENOTFOUND));
	assert_str(hm_err_str(&err), "open /nonexistent: no such file or directory");
	hm_err_free(&err);
	hm_scan_cache_free(c);
}

/* Old files may be indexed; what lies in the module cache is, whatever its age. */
static void
index_rule(void **state)
{
	const struct utimbuf old = { 1000000000, 1000000000 };
	struct hm_scan_cache *c = hm_scan_cache_new(HM_S(""));
	const struct hm_scan_dir *d;
	struct hm_err err = { 0 };

	(void)state;
	put("a.go", "package p\n");
	assert_ok(hm_scan_dir(c, dir, &d, &err), &err);
	assert_false(d->indexed);
	hm_scan_cache_free(c);
	c = hm_scan_cache_new(dir);
	assert_ok(hm_scan_dir(c, dir, &d, &err), &err);
	assert_true(d->indexed);
	hm_scan_cache_free(c);
	assert_int_equal(utime(hm_path_join(&mem, dir, HM_S("a.go")).p, &old), 0);
	c = hm_scan_cache_new(HM_S(""));
	assert_ok(hm_scan_dir(c, dir, &d, &err), &err);
	assert_true(d->indexed);
	hm_scan_cache_free(c);
}

/* More than is read at first, in comments and in imports. */
static void
long_files(void **state)
{
	struct hm_scan_cache *c = hm_scan_cache_new(HM_S(""));
	const struct hm_scan_dir *d;
	struct hm_buf b = { 0 };
	struct hm_err err = { 0 };

	(void)state;
	hm_buf_addz(&b, "/*");
	for (int i = 0; i < 10000; i++)
		hm_buf_addz(&b, "0123456789");
	hm_buf_addz(&b, "*/\npackage p\nimport (\n");
	for (int i = 0; i < 10000; i++)
		hm_buf_printf(&b, "\t\"x/%d\"\n", i);
	hm_buf_addz(&b, ")\n");
	put("a.go", hm_buf_str(&b).p);
	hm_buf_clear(&b);
	hm_buf_addz(&b, "package p\nimport _ \"embed\"\n//");
	for (int i = 0; i < 100000; i++)
		hm_buf_addc(&b, 'x');
	hm_buf_addz(&b, "\n//go:embed far\nvar s string\n");
	put("b.go", hm_buf_str(&b).p);
	hm_buf_free(&b);
	assert_ok(hm_scan_dir(c, dir, &d, &err), &err);
	assert_int_equal(d->v[0].imports.n, 10000);
	assert_int_equal(d->v[1].embeds.n, 1);
	assert_str(d->v[1].embeds.v[0].text, "far");
	hm_scan_cache_free(c);
}

static void
imports(void **state)
{
	struct hm_scan_cache *c = hm_scan_cache_new(HM_S(""));
	struct hm_build_ctx ctx = { .goos = HM_S("linux"), .goarch = HM_S("amd64") };
	struct hm_tags tags = { &ctx, false };
	struct hm_strs in = { 0 }, test = { 0 };
	struct hm_err err = { 0 };
	bool no_go;

	(void)state;
	ctx.compiler = HM_S("gc");
	put("a.go", "package p\nimport (\n\"x\"\n\"b\"\n\"b\"\n)\n");
	put("a_test.go", "package p\nimport \"t\"\n");
	put("a_windows.go", "package p\nimport \"w\"\n");
	put("c.go", "package p\nimport \"C\"\nimport \"c\"\n");
	put("i.go", "//go:build ignore\n\npackage main\nimport \"i\"\n");
	assert_ok(hm_scan_imports(c, &mem, dir, &tags, &in, &test, &no_go, &err), &err);
	assert_str(hm_strs_join(&mem, &in, HM_S(" ")), "b x");
	assert_str(hm_strs_join(&mem, &test, HM_S(" ")), "t");
	assert_false(no_go);
	in.n = 0;
	assert_ok(hm_scan_imports(c, &mem, dir, hm_tags_any(), &in, &test, &no_go, &err), &err);
	assert_str(hm_strs_join(&mem, &in, HM_S(" ")), "C b c w x");
	put("only/x_windows.go", "package p\n");
	assert_int_equal(hm_scan_imports(c, &mem, hm_path_join(&mem, dir, HM_S("only")), &tags, &in,
	                                 &test, &no_go, &err),
	                 -1);
	assert_true(no_go);
	assert_str(hm_err_str(&err), "no Go source files");
	hm_err_free(&err);
	hm_scan_cache_free(c);
}

struct race {
	struct hm_scan_cache *c;
	const struct hm_scan_dir *d;
};

static void *
ask(void *arg)
{
	struct race *r = arg;
	struct hm_err err = { 0 };

	hm_scan_dir(r->c, dir, &r->d, &err);
	hm_err_free(&err);
	return NULL;
}

static void
many_threads(void **state)
{
	struct hm_scan_cache *c = hm_scan_cache_new(HM_S(""));
	struct race r[8];
	pthread_t t[8];

	(void)state;
	put("a.go", "package p\n");
	for (int i = 0; i < 8; i++) {
		r[i] = (struct race){ c, NULL };
		assert_int_equal(pthread_create(&t[i], NULL, ask, &r[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 8; i++)
		assert_ptr_equal(r[i].d, r[0].d);
	assert_non_null(r[0].d);
	hm_scan_cache_free(c);
}

int
test_load_scan(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(folder, setup, teardown),
		cmocka_unit_test_setup_teardown(index_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(long_files, setup, teardown),
		cmocka_unit_test_setup_teardown(imports, setup, teardown),
		cmocka_unit_test_setup_teardown(many_threads, setup, teardown),
	};

	return cmocka_run_group_tests_name("load/scan", tests, NULL, NULL);
}
