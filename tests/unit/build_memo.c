#include "unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "build/memo.h"
#include "crypto/sha256.h"
#include "os/clock.h"
#include "os/file.h"

struct fx {
	struct hm_arena a;
	struct hm_err err;
	hm_str dir, store, self;
};

static int
setup(void **state)
{
	struct fx *f = calloc(1, sizeof(*f));

	assert_ok(hm_dir_make_temp(&f->a, "/tmp", "hm-memo-", &f->dir, &f->err), &f->err);
	f->store = hm_path_cat(&f->a, f->dir, HM_S("memo"));
	/* A file that has not changed for a while. */
	f->self = hm_path_cat(&f->a, f->dir, HM_S("old"));
	assert_ok(hm_file_write(f->self.p, HM_S("content"), 0666, &f->err), &f->err);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fx *f = *state;

	assert_ok(hm_dir_remove_all(f->dir.p, true, &f->err), &f->err);
	hm_err_free(&f->err);
	hm_arena_free(&f->a);
	free(f);
	return 0;
}

static hm_str
store_bytes(struct fx *f)
{
	hm_str s = { 0 };

	if (hm_file_exists(f->store.p))
		assert_ok(hm_file_read(&f->a, f->store.p, 1 << 20, &s, &f->err), &f->err);
	return s;
}

static void
hash(struct fx *f, hm_str file, const char *content)
{
	struct hm_memo *m = hm_memo_open(f->store.p);
	uint8_t got[32], want[32];

	assert_ok(hm_memo_hash(m, file.p, got, &f->err), &f->err);
	hm_sha256_of(hm_str_of(content), want);
	assert_memory_equal(got, want, 32);
	hm_memo_close(m);
}

static void
hashes_are_kept_when_settled(void **state)
{
	struct fx *f = *state;
	hm_str first, again;

	hash(f, f->self, "content");
	assert_null(store_bytes(f).p); /* too fresh to be sure of */
	hm_clock_sleep_ms(2200);
	hash(f, f->self, "content");
	first = store_bytes(f);
	assert_true(first.n > 0);
	hash(f, f->self, "content");
	again = store_bytes(f);
	assert_true(hm_str_eq(first, again));

	/* A change is seen, whatever the modification time says. */
	assert_ok(hm_file_write(f->self.p, HM_S("CONTENT"), 0666, &f->err), &f->err);
	hash(f, f->self, "CONTENT");
	assert_int_equal(utimensat(AT_FDCWD, f->self.p, (struct timespec[2]){ { 0 }, { 0 } }, 0),
	                 0);
	hash(f, f->self, "CONTENT");

	/* A damaged store is no store. */
	for (size_t i = 0; i < first.n; i += 7) {
		char *bad = hm_arena_cstr(&f->a, first);

		bad[i] = (char)(bad[i] ^ 1);
		assert_ok(hm_file_write(f->store.p, hm_str_make(bad, first.n), 0666, &f->err),
		          &f->err);
		hash(f, f->self, "CONTENT");
		assert_ok(hm_file_write(f->store.p, hm_str_sub(first, 0, i), 0666, &f->err),
		          &f->err);
		hash(f, f->self, "CONTENT");
	}
}

static void
texts(void **state)
{
	struct fx *f = *state;
	struct hm_memo *m;
	char big[HM_MEMO_TEXT + 2];
	hm_str text;

	memset(big, 'x', sizeof(big));
	hm_clock_sleep_ms(2200);
	m = hm_memo_open(f->store.p);
	assert_false(hm_memo_get(m, f->self.p, HM_S("V"), &f->a, &text));
	hm_memo_put(m, f->self.p, HM_S("V"), HM_S("compile version go1.26.8"));
	hm_memo_put(m, f->self.p, HM_S("longest"), hm_str_make(big, HM_MEMO_TEXT));
	hm_memo_put(m, f->self.p, HM_S("too long"), hm_str_make(big, HM_MEMO_TEXT + 1));
	hm_memo_close(m);
	hash(f, f->self, "content"); /* texts stay when hashes are added */
	m = hm_memo_open(f->store.p);
	assert_true(hm_memo_get(m, f->self.p, HM_S("V"), &f->a, &text));
	assert_str(text, "compile version go1.26.8");
	assert_true(hm_memo_get(m, f->self.p, HM_S("longest"), &f->a, &text));
	assert_int_equal(text.n, HM_MEMO_TEXT);
	assert_false(hm_memo_get(m, f->self.p, HM_S("too long"), &f->a, &text));
	assert_false(hm_memo_get(m, f->self.p, HM_S("W"), &f->a, &text));
	assert_false(hm_memo_get(m, "/nonexistent", HM_S("V"), &f->a, &text));
	hm_memo_close(m);
}

static void
errors(void **state)
{
	struct fx *f = *state;
	struct hm_memo *m = hm_memo_open(NULL);
	uint8_t sum[32];

	assert_int_equal(hm_memo_hash(m, "/nonexistent/x", sum, &f->err), -1);
	assert_str(hm_err_str(&f->err), "open /nonexistent/x: no such file or directory");
	hm_err_clear(&f->err);
	assert_int_equal(hm_memo_hash(m, "/tmp", sum, &f->err), -1);
	assert_str(hm_err_str(&f->err), "read /tmp: is a directory");
	hm_err_clear(&f->err);
	hm_memo_close(m);
	hm_memo_close(NULL);
}

int
test_build_memo(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hashes_are_kept_when_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(texts, setup, teardown),
		cmocka_unit_test_setup_teardown(errors, setup, teardown),
	};

	return cmocka_run_group_tests_name("build/memo", tests, NULL, NULL);
}
