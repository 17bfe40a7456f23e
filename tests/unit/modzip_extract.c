#include "unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/path.h"
#include "modzip/check.h"
#include "modzip/extract.h"
#include "modzip/hash.h"
#include "os/file.h"
#include "os/pool.h"
#include "unit/zipmake.h"

#define P "example.com/m@v1.0.0/"

static struct hm_arena arena;
static struct hm_err err;
static hm_str dir;

static int
set_up(void **state)
{
	(void)state;
	umask(022);
	return hm_dir_make_temp(&arena, "/tmp", "hermod-unit-", &dir, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

static const struct zip_entry good[] = {
	{ .name = P "go.mod", .text = "module m\n" },
	{ .name = P "b/", .text = "" },
	{ .name = P "b/c/x.txt", .text = "hello hello hello\n", .deflate = true },
	{ .name = P "b/y.txt", .text = "", .descriptor = true },
};

static int
extract(const struct zip_entry *e, size_t n, const char *to, struct hm_pool *pool, hm_str *h1)
{
	struct hm_modzip_extract x = { .path = HM_S_INIT("example.com/m"),
		                       .version = HM_S_INIT("v1.0.0"),
		                       .dir = to,
		                       .read_only = true,
		                       .pool = pool };
	struct hm_buf b = { 0 };
	struct hm_zip z;
	int rc;

	hm_err_clear(&err);
	zip_make(&b, e, n);
	assert_ok(hm_zip_open(&arena, hm_buf_str(&b), &z, &err), &err);
	assert_ok(hm_modzip_check(&z, x.path, x.version, &err), &err);
	x.zip = &z;
	rc = hm_modzip_extract(&arena, &x, h1, &err);
	hm_buf_free(&b);
	return rc;
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_mode & 07777;
}

static void
test_tree(void **state)
{
	hm_str to = hm_path_cat(&arena, dir, HM_S("tree")), text, h1, again;
	struct hm_pool *pool = hm_pool_new(3);

	(void)state;
	assert_ok(extract(good, 4, to.p, pool, &h1), &err);
	hm_pool_free(pool);
	assert_ok(hm_file_read(&arena, hm_path_cat(&arena, to, HM_S("b/c/x.txt")).p, 100, &text,
	                       &err),
	          &err);
	assert_str(text, "hello hello hello\n");
	assert_int_equal(mode_of(hm_path_cat(&arena, to, HM_S("b/c/x.txt")).p), 0444);
	assert_int_equal(mode_of(hm_path_cat(&arena, to, HM_S("b/c")).p), 0555);
	assert_int_equal(mode_of(to.p), 0555);
	/* the folder entry is hashed as an empty file, so this is not the hash of the tree */
	assert_ok(hm_h1_dir(&arena, to.p, HM_S("example.com/m@v1.0.0"), 2, &again, &err), &err);
	assert_false(hm_str_eq(h1, again));
	/* what exists is never written into */
	assert_int_equal(extract(good, 4, to.p, NULL, &h1), -1);
	assert_int_equal(err.sys, EEXIST);
}

/* Without folder entries all three ways to the hash agree. */
static void
test_hashes(void **state)
{
	struct zip_entry e[] = { good[0], good[2], good[3] };
	hm_str to = hm_path_cat(&arena, dir, HM_S("same")), h1, other;
	struct hm_buf b = { 0 };
	struct hm_zip z;

	(void)state;
	assert_ok(extract(e, 3, to.p, NULL, &h1), &err);
	zip_make(&b, e, 3);
	assert_ok(hm_zip_open(&arena, hm_buf_str(&b), &z, &err), &err);
	for (unsigned threads = 1; threads < 4; threads++) {
		assert_ok(hm_h1_zip(&arena, &z, threads, &other, &err), &err);
		assert_true(hm_str_eq(h1, other));
		assert_ok(hm_h1_dir(&arena, to.p, HM_S("example.com/m@v1.0.0"), threads, &other,
		                    &err),
		          &err);
		assert_true(hm_str_eq(h1, other));
	}
	hm_buf_free(&b);
}

/* Large entries, one at a time: the same hash and the same refusal. */
static void
test_frugal(void **state)
{
	enum { LARGE = HM_ZIP_LARGE + 1 };
	char *text = hm_arena_alloc(&arena, LARGE + 1);
	struct zip_entry e[] = {
		{ .name = P "a", .text = text, .deflate = true }, { .name = P "b", .text = "b" },
		{ .name = P "c", .text = text },                  { .name = P "d", .text = text },
		{ .name = P "e", .text = "e" },
	};
	hm_str file = hm_path_cat(&arena, dir, HM_S("large.zip")), plain, frugal, data;
	struct hm_zip z;

	(void)state;
	memset(text, 'x', LARGE);
	for (unsigned bad = 0; bad < 2; bad++) {
		struct hm_buf b = { 0 };

		e[2].crc_off = bad;
		zip_make(&b, e, 5);
		assert_ok(hm_file_publish(file.p, hm_buf_str(&b), 0644, false, &err), &err);
		hm_buf_free(&b);
		assert_ok(hm_file_map(file.p, &data, &err), &err);
		assert_ok(hm_zip_open(&arena, data, &z, &err), &err);
		assert_int_equal(hm_h1_zip(&arena, &z, 1, &plain, &err), bad ? -1 : 0);
		hm_err_clear(&err);
		z.mapped = z.frugal = true;
		for (unsigned threads = 1; threads < 4; threads++) {
			int rc = hm_h1_zip(&arena, &z, threads, &frugal, &err);

			assert_int_equal(rc, bad ? -1 : 0);
			assert_true(bad ? hm_err_is(&err, HM_EINVALID) : hm_str_eq(plain, frugal));
			hm_err_clear(&err);
		}
		hm_file_unmap(data);
	}
}

/* Values printed by golang.org/x/mod/sumdb/dirhash. */
static void
test_known_hashes(void **state)
{
	static const struct zip_entry e[] = {
		{ .name = "m@v1/go.mod", .text = "module m\n" },
		{ .name = "m@v1/b/x.txt", .text = "hello\n" },
		{ .name = "m@v1/a", .text = "" },
		{ .name = "m@v1/B", .text = "upper" },
	};
	struct hm_buf b = { 0 };
	struct hm_zip z;
	hm_str h1;

	(void)state;
	assert_str(hm_h1_gomod(&arena, HM_S("")),
	           "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=");
	zip_make(&b, e, 4);
	assert_ok(hm_zip_open(&arena, hm_buf_str(&b), &z, &err), &err);
	assert_ok(hm_h1_zip(&arena, &z, 1, &h1, &err), &err);
	assert_str(h1, "h1:IlkkEfAkEvx6YbmWBnW/VI1PZ9bbOxYGGtNU80C18nw=");
	hm_buf_free(&b);
	assert_int_equal(hm_h1_dir(&arena, "/nonexistent", HM_S("m"), 1, &h1, &err), -1);
	assert_str(hm_err_str(&err), "lstat /nonexistent: no such file or directory");
	assert_int_equal(hm_h1_dir(&arena, "/etc/passwd", HM_S("m"), 1, &h1, &err), -1);
	assert_str(hm_err_str(&err), "/etc/passwd is not a directory");
}

/* With many files and threads the error is the one of the first bad entry. */
static void
test_bad_entry(void **state)
{
	enum { N = 60 };
	struct zip_entry e[N];
	struct hm_pool *pool = hm_pool_new(4);
	hm_str h1;

	(void)state;
	for (int i = 0; i < N; i++)
		e[i] = (struct zip_entry){ .name = hm_arena_printf(&arena, P "f%02d", i).p,
			                   .text = "text",
			                   .crc_off = i >= 30,
			                   .claim = i == 30 ? 3 : 0 };
	assert_int_equal(extract(e, N, hm_path_cat(&arena, dir, HM_S("bad")).p, pool, &h1), -1);
	assert_str(hm_err_str(&err), "zip: not a valid zip file");
	assert_int_equal(err.sys, 0);
	hm_pool_free(pool);
}

int
test_modzip_extract(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_frugal),
		cmocka_unit_test(test_known_hashes),
		cmocka_unit_test(test_bad_entry),
	};

	return cmocka_run_group_tests_name("modzip/extract", tests, set_up, tear_down);
}
