#include "unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "build/cache.h"
#include "codec/hex.h"
#include "crypto/sha256.h"
#include "os/file.h"

#define DAY (24 * 3600)

struct fx {
	struct hm_arena a;
	struct hm_err err;
	hm_str dir;
	struct hm_cache *c;
	uint8_t id[HM_HASH_SIZE];
};

static int
setup(void **state)
{
	struct fx *f = calloc(1, sizeof(*f));

	assert_ok(hm_dir_make_temp(&f->a, "/tmp", "hm-cache-", &f->dir, &f->err), &f->err);
	assert_ok(hm_cache_open(f->dir, &f->c, &f->err), &f->err);
	for (size_t i = 0; i < sizeof(f->id); i++)
		f->id[i] = (uint8_t)(i + 1);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fx *f = *state;

	hm_cache_free(f->c);
	assert_ok(hm_dir_remove_all(f->dir.p, true, &f->err), &f->err);
	hm_err_free(&f->err);
	hm_arena_free(&f->a);
	free(f);
	return 0;
}

/* The file of an action ("a") or output ("d"). */
static hm_str
file_of(struct fx *f, const uint8_t id[HM_HASH_SIZE], const char *kind)
{
	hm_str hex = hm_hex_encode(&f->a, id, HM_HASH_SIZE);

	return hm_arena_printf(&f->a, HM_F "/%.2s/" HM_F "-%s", HM_P(f->dir), hex.p, HM_P(hex),
	                       kind);
}

static void
age(const char *path, long seconds)
{
	struct timespec now, t[2];

	clock_gettime(CLOCK_REALTIME, &now);
	t[0] = t[1] = (struct timespec){ .tv_sec = now.tv_sec - seconds };
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static long
age_of(const char *path)
{
	struct timespec now;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	clock_gettime(CLOCK_REALTIME, &now);
	return (long)(now.tv_sec - st.st_mtim.tv_sec);
}

static void
put_and_get(void **state)
{
	struct fx *f = *state;
	struct hm_cache_entry e;
	uint8_t out[HM_HASH_SIZE], sum[HM_HASH_SIZE];
	hm_str data, path;

	assert_false(hm_cache_get(f->c, f->id, &e));
	assert_ok(hm_cache_put(f->c, f->id, HM_S("result"), out, &f->err), &f->err);
	hm_sha256_of(HM_S("result"), sum);
	assert_memory_equal(out, sum, sizeof(sum));
	assert_true(hm_cache_get_bytes(f->c, &f->a, f->id, &data, &e));
	assert_str(data, "result");
	assert_int_equal(e.size, 6);
	assert_true(hm_cache_get_file(f->c, &f->a, f->id, &path, &e));
	assert_str(path, file_of(f, out, "d").p);
	assert_str(hm_cache_output(f->c, &f->a, out), path.p);
	/* Nothing at all is an output too. */
	assert_ok(hm_cache_put_bytes(f->c, f->id, HM_S(""), &f->err), &f->err);
	assert_true(hm_cache_get_bytes(f->c, &f->a, f->id, &data, &e));
	assert_int_equal(data.n, 0);
}

/* The entry as cmd/go/internal/cache writes it. */
static void
entry_format(void **state)
{
	struct fx *f = *state;
	uint8_t out[HM_HASH_SIZE];
	hm_str text, want;

	assert_ok(hm_cache_put(f->c, f->id, HM_S("result"), out, &f->err), &f->err);
	assert_ok(hm_file_read(&f->a, file_of(f, f->id, "a").p, 1000, &text, &f->err), &f->err);
	want = HM_S("v1 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20 ");
	assert_int_equal(text.n, 175);
	assert_memory_equal(text.p, want.p, want.n);
	assert_memory_equal(text.p + 68, hm_hex_encode(&f->a, out, sizeof(out)).p, 64);
	assert_memory_equal(text.p + 132, "                    6 ", 22);
	assert_int_equal(text.p[174], '\n');
}

static void
expect_missing(struct fx *f, hm_str entry)
{
	struct hm_cache_entry e;

	assert_ok(hm_file_write(file_of(f, f->id, "a").p, entry, 0666, &f->err), &f->err);
	assert_false(hm_cache_get(f->c, f->id, &e));
}

static void
damaged_entries(void **state)
{
	struct fx *f = *state;
	uint8_t out[HM_HASH_SIZE];
	struct hm_cache_entry e;
	hm_str good, data, path;
	char *bad;

	assert_ok(hm_cache_put(f->c, f->id, HM_S("result"), out, &f->err), &f->err);
	assert_ok(hm_file_read(&f->a, file_of(f, f->id, "a").p, 1000, &good, &f->err), &f->err);
	expect_missing(f, HM_S(""));
	expect_missing(f, hm_str_sub(good, 0, good.n - 1));
	expect_missing(f, hm_arena_printf(&f->a, HM_F "x", HM_P(good)));
	for (size_t i = 0; i < good.n; i++) {
		/* Digits of the output ID, the size and the time have many good values. */
		if ((i >= 68 && i < 132) || (i >= 133 && i < 153) || (i >= 154 && i < 174))
			continue;
		bad = hm_arena_cstr(&f->a, good);
		bad[i] = '?';
		expect_missing(f, hm_str_make(bad, good.n));
	}
	bad = hm_arena_cstr(&f->a, good);
	bad[133 + 18] = '-';
	expect_missing(f, hm_str_make(bad, good.n));
	memset(bad + 133, '9', 20);
	expect_missing(f, hm_str_make(bad, good.n));
	memset(bad + 133, ' ', 20);
	expect_missing(f, hm_str_make(bad, good.n));

	/* The entry is good, the output is not. */
	assert_ok(hm_file_write(file_of(f, f->id, "a").p, good, 0666, &f->err), &f->err);
	assert_ok(hm_file_write(file_of(f, out, "d").p, HM_S("resul"), 0666, &f->err), &f->err);
	assert_false(hm_cache_get_file(f->c, &f->a, f->id, &path, &e));
	assert_ok(hm_file_write(file_of(f, out, "d").p, HM_S("rasult"), 0666, &f->err), &f->err);
	assert_false(hm_cache_get_bytes(f->c, &f->a, f->id, &data, &e));
	/* Putting it again repairs it, too long ones as well. */
	assert_ok(hm_file_write(file_of(f, out, "d").p, HM_S("much too long"), 0666, &f->err),
	          &f->err);
	assert_ok(hm_cache_put(f->c, f->id, HM_S("result"), out, &f->err), &f->err);
	assert_true(hm_cache_get_bytes(f->c, &f->a, f->id, &data, &e));
	assert_str(data, "result");
	assert_int_equal(unlink(file_of(f, out, "d").p), 0);
	assert_false(hm_cache_get_file(f->c, &f->a, f->id, &path, &e));
	assert_false(hm_cache_get_bytes(f->c, &f->a, f->id, &data, &e));
}

static void
executables(void **state)
{
	struct fx *f = *state;
	uint8_t out[HM_HASH_SIZE];
	struct hm_cache_entry e;
	struct stat st;
	hm_str path;

	assert_ok(hm_cache_put_exe(f->c, f->id, HM_S("prog"), HM_S("\x7f" "ELF"), out, &f->err),
	          &f->err);
	assert_true(hm_cache_get_file(f->c, &f->a, f->id, &path, &e));
	assert_str(path, hm_path_cat(&f->a, file_of(f, out, "d"), HM_S("prog")).p);
	assert_str(hm_cache_output(f->c, &f->a, out), path.p);
	assert_int_equal(stat(path.p, &st), 0);
	assert_true(st.st_mode & S_IXUSR);
	assert_ok(hm_file_write(hm_path_cat(&f->a, file_of(f, out, "d"), HM_S("other")).p,
	                        HM_S("x"), 0666, &f->err),
	          &f->err);
	assert_false(hm_cache_get_file(f->c, &f->a, f->id, &path, &e));
}

static void
last_use(void **state)
{
	struct fx *f = *state;
	uint8_t out[HM_HASH_SIZE];
	struct hm_cache_entry e;
	hm_str entry = file_of(f, f->id, "a"), path;

	assert_ok(hm_cache_put(f->c, f->id, HM_S("result"), out, &f->err), &f->err);
	age(entry.p, 1800);
	age(file_of(f, out, "d").p, 7200);
	assert_true(hm_cache_get_file(f->c, &f->a, f->id, &path, &e));
	assert_true(age_of(entry.p) >= 1800); /* within the hour: not touched */
	assert_true(age_of(path.p) < 600);
}

static void
trim(void **state)
{
	struct fx *f = *state;
	uint8_t old[HM_HASH_SIZE], out[HM_HASH_SIZE];
	hm_str foreign = hm_path_cat(&f->a, f->dir, HM_S("01/notes.txt")), text, mark;

	mark = hm_path_cat(&f->a, f->dir, HM_S("trim.txt"));
	assert_ok(hm_cache_put(f->c, f->id, HM_S("old"), old, &f->err), &f->err);
	age(file_of(f, f->id, "a").p, 6 * DAY);
	age(file_of(f, old, "d").p, 6 * DAY);
	f->id[0] = 0xff;
	assert_ok(hm_cache_put(f->c, f->id, HM_S("new"), out, &f->err), &f->err);
	age(file_of(f, f->id, "a").p, 5 * DAY + 1800); /* the hour that times may be off */
	assert_ok(hm_file_write(foreign.p, HM_S("x"), 0666, &f->err), &f->err);
	age(foreign.p, 100 * DAY);

	/* Trimmed lately: nothing is looked at. */
	assert_ok(hm_file_write(mark.p,
	                        hm_arena_printf(&f->a, "%lld", (long long)time(NULL) - 3600), 0666,
	                        &f->err),
	          &f->err);
	assert_ok(hm_cache_trim(f->c, &f->err), &f->err);
	assert_true(hm_file_exists(file_of(f, old, "d").p));
	/* A mark from the future, or one that is no number, does not keep it from working. */
	assert_ok(hm_file_write(mark.p, HM_S("99999999999"), 0666, &f->err), &f->err);
	assert_ok(hm_cache_trim(f->c, &f->err), &f->err);
	assert_false(hm_file_exists(file_of(f, old, "d").p));
	assert_true(hm_file_exists(file_of(f, f->id, "a").p));
	assert_true(hm_file_exists(file_of(f, out, "d").p));
	assert_true(hm_file_exists(foreign.p));
	assert_ok(hm_file_read(&f->a, mark.p, 100, &text, &f->err), &f->err);
	assert_true(labs(strtol(text.p, NULL, 10) - (long)time(NULL)) < 100);
}

static void
bad_folder(void **state)
{
	struct fx *f = *state;
	struct hm_cache *c;

	assert_int_equal(hm_cache_open(HM_S("/dev/null/cache"), &c, &f->err), -1);
	assert_true(
		hm_str_has_prefix(hm_err_str(&f->err),
	                          HM_S("failed to initialize build cache at /dev/null/cache: ")));
	hm_err_clear(&f->err);
}

int
test_build_cache(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(put_and_get, setup, teardown),
		cmocka_unit_test_setup_teardown(entry_format, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(executables, setup, teardown),
		cmocka_unit_test_setup_teardown(last_use, setup, teardown),
		cmocka_unit_test_setup_teardown(trim, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_folder, setup, teardown),
	};

	return cmocka_run_group_tests_name("build/cache", tests, NULL, NULL);
}
