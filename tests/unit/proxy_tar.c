/* Bundles: the archive and its list of sums. */
#include "unit/unit.h"

#include "../proxy/sums.h"
#include "../proxy/tar.h"
#include "base/arena.h"

static struct hm_arena arena;
static struct hm_err err;

static void
add(struct hm_buf *b, hm_str name, hm_str body)
{
	tar_header(b, name, body.n);
	hm_buf_adds(b, body);
	tar_pad(b, body.n);
}

static hm_str
long_name(size_t n)
{
	char *p = hm_arena_alloc(&arena, n);

	for (size_t i = 0; i < n; i++)
		p[i] = i % 10 == 9 ? '/' : (char)('a' + i % 26);
	p[n - 1] = 'z';
	return hm_str_make(p, n);
}

static void
round_trip(void **state)
{
	static const size_t lengths[] = { 1, 99, 100, 101, 120, 988, 989, 990, 991, 992, 4096 };
	struct hm_buf b = { 0 };
	struct tar_file f;
	hm_str rest, body = HM_S("content");

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		add(&b, long_name(lengths[i]), hm_str_sub(body, 0, i % 8));
	tar_end(&b);
	assert_int_equal(b.n % TAR_BLOCK, 0);
	rest = hm_buf_str(&b);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		assert_int_equal(tar_next(&arena, &rest, &f, &err), 1);
		assert_true(hm_str_eq(f.name, long_name(lengths[i])));
		assert_true(hm_str_eq(f.body, hm_str_sub(body, 0, i % 8)));
	}
	assert_int_equal(tar_next(&arena, &rest, &f, &err), 0);
	hm_buf_free(&b);
}

static void
refused(hm_str data, const char *why)
{
	struct tar_file f;
	int rc;

	while ((rc = tar_next(&arena, &data, &f, &err)) > 0)
		;
	if (rc == 0)
		fail_msg("taken: %s", why);
	assert_int_equal(err.code, HM_EINVALID);
	hm_err_clear(&err);
}

/* Every prefix and every changed byte of a header. */
static void
damaged(void **state)
{
	struct hm_buf b = { 0 };

	(void)state;
	add(&b, HM_S("a/b"), HM_S("content"));
	tar_end(&b);
	for (size_t n = 0; n < b.n; n++)
		refused(hm_str_make(b.p, n), "cut off");
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		b.p[i] ^= 1;
		refused(hm_buf_str(&b), "a changed header");
		b.p[i] ^= 1;
	}
	b.p[TAR_BLOCK + 10] = 1;
	refused(hm_buf_str(&b), "padding that is none");
	b.p[TAR_BLOCK + 10] = 0;
	hm_buf_addc(&b, '\0');
	refused(hm_buf_str(&b), "something behind the end");
	hm_buf_free(&b);
}

static void
names(void **state)
{
	static const char *const bad[] = { "", "/a", "a/", "a//b", ".", "..", "a/../b", "./a",
		                           "a/..", "a\nb", "a\x7f" };

	(void)state;
	assert_true(tar_is_name(HM_S("example.com/!words/@v/v1.0.0+incompatible.zip")));
	assert_true(tar_is_name(HM_S("...")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct hm_buf b = { 0 };

		assert_false(tar_is_name(hm_str_of(bad[i])));
		add(&b, hm_str_of(bad[i]), HM_S("x"));
		tar_end(&b);
		refused(hm_buf_str(&b), bad[i]);
		hm_buf_free(&b);
	}
}

#define FIRST "# a list 1\n"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void
sums(void **state)
{
	static const char *const bad[] = {
		"", "# another\n", FIRST ZEROS "  a", FIRST ZEROS "  a\n" ZEROS "  a\n",
		FIRST ZEROS "  b\n" ZEROS "  a\n", FIRST ZEROS " a\n", FIRST ZEROS "  ../a\n",
		FIRST "0" ZEROS " a\n", FIRST "\n", FIRST ZEROS "  a\n\n", FIRST ZEROS "  \n",
	};
	struct sum_lines lines = { 0 }, back = { 0 };
	struct hm_buf b = { 0 };
	struct sum_line l = { .name = HM_S("b"), .sha256 = { 1, 2, 3 } };

	(void)state;
	HM_PUSH(&arena, lines, l);
	l.name = HM_S("a/b");
	HM_PUSH(&arena, lines, l);
	sums_format(&lines, HM_S(FIRST), &b);
	assert_ok(sums_parse(&arena, hm_buf_str(&b), HM_S(FIRST), &back, &err), &err);
	assert_int_equal(back.n, 2);
	assert_str(back.v[0].name, "a/b");
	assert_memory_equal(back.v[1].sha256, l.sha256, 32);
	hm_buf_free(&b);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct sum_lines none = { 0 };

		if (sums_parse(&arena, hm_str_of(bad[i]), HM_S(FIRST), &none, &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.code, HM_EINVALID);
		hm_err_clear(&err);
	}
}

int
test_proxy_tar(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(damaged),
		cmocka_unit_test(names),
		cmocka_unit_test(sums),
	};
	int rc = cmocka_run_group_tests_name("proxy_tar", tests, NULL, NULL);

	hm_arena_free(&arena);
	hm_err_free(&err);
	return rc;
}
