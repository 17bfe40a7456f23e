#include "unit/unit.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/store.h"

static struct hm_arena arena;
static struct hm_err err;
static struct hm_store store;
static hm_str dir;

static int
set_up(void **state)
{
	(void)state;
	umask(022);
	return hm_dir_make_temp(&arena, "/tmp", "hermod-unit-", &dir, &err) ||
	       hm_store_open(&store, hm_path_cat(&arena, dir, HM_S("mod")), false, NULL, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	hm_store_remove_all(dir.p, &err);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

/* Below the root of the cache. */
static hm_str
at(const char *rel)
{
	return hm_path_cat(&arena, store.root, hm_str_of(rel));
}

static hm_str
content(const char *rel)
{
	hm_str text = { 0 };

	hm_err_clear(&err);
	return hm_file_read(&arena, at(rel).p, 1 << 20, &text, &err) ? HM_S("(none)") : text;
}

static void
test_open(void **state)
{
	hm_str file = hm_path_cat(&arena, dir, HM_S("file"));
	struct hm_store s;

	(void)state;
	assert_int_equal(hm_store_open(&s, HM_S(""), false, NULL, &err), -1);
	assert_str(hm_err_str(&err),
	           "module cache not found: neither GOMODCACHE nor GOPATH is set");
	assert_int_equal(hm_store_open(&s, HM_S("rel"), false, NULL, &err), -1);
	assert_str(hm_err_str(&err),
	           "GOMODCACHE entry is relative; must be absolute path: \"rel\".\n");
	assert_ok(hm_file_write(file.p, HM_S("x"), 0600, &err), &err);
	assert_int_equal(hm_store_open(&s, file, false, NULL, &err), -1);
	assert_true(hm_str_has_suffix(hm_err_str(&err), HM_S("/file\" is not a directory")));
	assert_true(hm_str_has_prefix(hm_err_str(&err), HM_S("could not create module cache: \"")));
}

static void
test_paths(void **state)
{
	static const struct {
		const char *path, *version, *want;
	} bad[] = {
		{ "go", "1.21", "internal error: invalid operation on toolchain module" },
		{ "example.com/m", "main", "non-semver module version \"main\"" },
		{ "example.com/m", "v1.0", "non-canonical module version \"v1.0\"" },
		{ "example.com/m", "v1.0.0+x", "non-canonical module version \"v1.0.0+x\"" },
		{ "m", "v1.0.0", "malformed module path \"m\": missing dot in first path element" },
	};
	hm_str p;

	(void)state;
	assert_ok(hm_store_path(&store, &arena, HM_S("example.com/Azure/M"), HM_S("v1.0.0-RC1"),
	                        "zip", &p, &err),
	          &err);
	assert_str(p, at("cache/download/example.com/!azure/!m/@v/v1.0.0-!r!c1.zip").p);
	assert_ok(hm_store_dir_path(&store, &arena, HM_S("example.com/M"),
	                            HM_S("v2.0.0+incompatible"), &p, &err),
	          &err);
	assert_str(p, at("example.com/!m@v2.0.0+incompatible").p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		hm_err_clear(&err);
		assert_int_equal(hm_store_path(&store, &arena, hm_str_of(bad[i].path),
		                               hm_str_of(bad[i].version), "zip", &p, &err),
		                 -1);
		assert_str(hm_err_str(&err), bad[i].want);
	}
}

static void
test_files_and_list(void **state)
{
	hm_str m = HM_S("example.com/list"), text;
	const char *folder = "cache/download/example.com/list/@v";
	struct hm_dirents e;

	(void)state;
	assert_ok(hm_store_write(&store, m, HM_S("v1.10.0"), "mod", HM_S("module x\n"), &err),
	          &err);
	assert_ok(hm_store_write(&store, m, HM_S("v1.9.0"), "mod", HM_S("module x\n"), &err), &err);
	assert_ok(hm_store_write(&store, m, HM_S("v1.11.0"), "info", HM_S("{}"), &err), &err);
	assert_str(content("cache/download/example.com/list/@v/list"), "v1.9.0\nv1.10.0\n");
	assert_ok(hm_store_read(&store, &arena, m, HM_S("v1.9.0"), "mod", &text, &err), &err);
	assert_str(text, "module x\n");
	assert_int_equal(hm_store_read(&store, &arena, m, HM_S("v1.8.0"), "mod", &text, &err), -1);
	assert_int_equal(err.code, HM_ENOTFOUND);
	assert_ok(hm_dir_read(&arena, at(folder).p, &e, &err), &err);
	assert_int_equal(e.n, 4); /* no temporary file stays */
}

static void
test_ziphash(void **state)
{
	hm_str m = HM_S("example.com/hash"), v = HM_S("v1.0.0"), h;
	hm_str file = at("cache/download/example.com/hash/@v/v1.0.0.ziphash");
	hm_str sum = HM_S("h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=");

	(void)state;
	assert_false(hm_store_ziphash(&store, &arena, m, v, &h));
	assert_ok(hm_store_write_ziphash(&store, m, v, sum, &err), &err);
	assert_true(hm_store_ziphash(&store, &arena, m, v, &h));
	assert_true(hm_str_eq(h, sum));
	assert_ok(hm_store_write_ziphash(&store, m, v, sum, &err), &err);
	assert_true(hm_str_eq(content("cache/download/example.com/hash/@v/v1.0.0.ziphash"), sum));
	/* what a crash between truncate and write leaves */
	assert_int_equal(truncate(file.p, 20), 0);
	assert_int_equal(truncate(file.p, 47), 0);
	assert_false(hm_store_ziphash(&store, &arena, m, v, &h));
}

static void
make_stage(hm_str m, hm_str v, hm_str *stage, const char *text)
{
	assert_ok(hm_store_stage(&store, &arena, m, v, stage, &err), &err);
	assert_ok(hm_dir_make_all(stage->p, &err), &err);
	assert_ok(hm_file_write(hm_path_cat(&arena, *stage, HM_S("f")).p, hm_str_of(text), 0444,
	                        &err),
	          &err);
	assert_int_equal(chmod(stage->p, 0555), 0);
}

static void
test_states_and_publish(void **state)
{
	hm_str m = HM_S("example.com/tree"), v = HM_S("v1.0.0"), d, stage;
	hm_str mark = at("cache/download/example.com/tree/@v/v1.0.0.partial");
	enum hm_store_state st;
	int lock;

	(void)state;
	assert_int_equal(hm_store_dir(&store, &arena, m, v, &d, &st, &err), -1);
	assert_int_equal(err.code, HM_ENOTFOUND);
	assert_int_equal(st, HM_STORE_ABSENT);
	assert_str(d, at("example.com/tree@v1.0.0").p);

	assert_ok(hm_store_lock(&store, m, v, &lock, &err), &err);
	make_stage(m, v, &stage, "one");
	assert_ok(hm_store_publish(&store, m, v, stage.p, &err), &err);
	assert_int_equal(hm_store_dir(&store, &arena, m, v, &d, &st, &err), -1);
	assert_int_equal(st, HM_STORE_PARTIAL);
	assert_true(hm_str_has_suffix(hm_err_str(&err), HM_S(": ziphash file is missing")));
	assert_ok(hm_store_write_ziphash(&store, m, v, HM_S("h1:x"), &err), &err);
	hm_err_clear(&err);
	assert_ok(hm_store_dir(&store, &arena, m, v, &d, &st, &err), &err);
	assert_int_equal(st, HM_STORE_WHOLE);

	/* go was killed while it extracted: its remains are replaced */
	assert_ok(hm_file_write(mark.p, HM_S(""), 0666, &err), &err);
	assert_int_equal(hm_store_dir(&store, &arena, m, v, &d, &st, &err), -1);
	assert_int_equal(st, HM_STORE_PARTIAL);
	assert_true(hm_str_has_suffix(hm_err_str(&err), HM_S(": not completely extracted")));
	make_stage(m, v, &stage, "two");
	assert_ok(hm_store_publish(&store, m, v, stage.p, &err), &err);
	hm_err_clear(&err);
	assert_ok(hm_store_dir(&store, &arena, m, v, &d, &st, &err), &err);
	assert_str(content("example.com/tree@v1.0.0/f"), "two");
	assert_false(hm_file_exists(mark.p));
	hm_lock_release(lock);
}

static void
test_sweep(void **state)
{
	hm_str m = HM_S("example.com/Sweep"), v = HM_S("v1.0.0"), tmp, stage;
	int fd;

	(void)state;
	assert_ok(hm_store_temp_zip(&store, &arena, m, v, &tmp, &fd, &err), &err);
	close(fd);
	make_stage(m, v, &stage, "x");
	hm_store_sweep(&store, m, HM_S("v1.0.1"));
	assert_true(hm_file_exists(tmp.p) && hm_file_exists(stage.p));
	hm_store_sweep(&store, m, v);
	assert_false(hm_file_exists(tmp.p) || hm_file_exists(stage.p));
}

static void
test_find_rev(void **state)
{
	hm_str m = HM_S("example.com/rev"), v;

	(void)state;
	assert_ok(hm_store_write(&store, m, HM_S("v0.0.0-20200101000000-abcdef123456"), "info",
	                         HM_S("{}"), &err),
	          &err);
	assert_ok(hm_store_write(&store, m, HM_S("v1.2.4-0.20200101000000-abcdef123456"), "info",
	                         HM_S("{}"), &err),
	          &err);
	assert_true(hm_store_find_rev(&store, &arena, m, HM_S("abcdef1234567890"), &v));
	assert_str(v, "v1.2.4-0.20200101000000-abcdef123456");
	assert_false(hm_store_find_rev(&store, &arena, m, HM_S("abcdef12345"), &v));
	assert_false(hm_store_find_rev(&store, &arena, m, HM_S("main"), &v));
}

/* *arg: the lock, when the first has let go of it. */
static void *
lock_after(void *arg)
{
	struct hm_err why = { 0 };

	assert_ok(hm_store_lock(&store, HM_S("example.com/gone/m"), HM_S("v1.0.0"), arg, &why),
	          &why);
	return NULL;
}

static void
test_lock_of_nothing(void **state)
{
	hm_str m = HM_S("example.com/gone/m"), v = HM_S("v1.0.0");
	const char *file = at("cache/download/example.com/gone/m/@v/v1.0.0.lock").p;
	pthread_t other;
	int lock, second = -1, third;

	(void)state;
	assert_ok(hm_store_lock(&store, m, v, &lock, &err), &err);
	assert_int_equal(pthread_create(&other, NULL, lock_after, &second), 0);
	usleep(20000); /* it most likely waits now */
	hm_store_unlock(&store, m, v, lock);
	pthread_join(other, NULL);
	assert_true(hm_file_exists(file)); /* a lock that others meet */
	assert_ok(hm_lock_try(file, true, &third, &err), &err);
	assert_int_equal(third, -1);
	hm_store_unlock(&store, m, v, second);
	assert_false(hm_file_exists(at("cache/download/example.com/gone").p));

	assert_ok(hm_store_lock(&store, m, v, &lock, &err), &err);
	assert_ok(hm_store_write(&store, m, v, "info", HM_S("{}"), &err), &err);
	hm_store_unlock(&store, m, v, lock);
	assert_true(hm_file_exists(file));
}

int
test_store_store(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_files_and_list),
		cmocka_unit_test(test_ziphash),
		cmocka_unit_test(test_states_and_publish),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_find_rev),
		cmocka_unit_test(test_lock_of_nothing),
	};

	return cmocka_run_group_tests_name("store/store", tests, set_up, tear_down);
}
