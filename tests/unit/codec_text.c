/* The small encodings: hex, base64, quoted lists, times. */
#include "unit/unit.h"

#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/quoted.h"
#include "codec/time.h"

static void
hex_both_ways(void **state)
{
	struct hm_arena a = { 0 };
	unsigned char out[3];

	(void)state;
	assert_str(hm_hex_encode(&a, "\x00\xab\xff", 3), "00abff");
	assert_true(hm_hex_decode(HM_S("00ABff"), out, 3));
	assert_memory_equal(out, "\x00\xab\xff", 3);
	assert_false(hm_hex_decode(HM_S("00abf"), out, 3));
	assert_false(hm_hex_decode(HM_S("00abfg"), out, 3));
	assert_false(hm_hex_decode(HM_S("00ab"), out, 3));
	hm_arena_free(&a);
}

/* RFC 4648, section 10. */
static void
base64_vectors(void **state)
{
	static const char *const v[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	struct hm_arena a = { 0 };
	hm_str s;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		assert_str(hm_base64_encode(&a, HM_BASE64_STD, v[i][0], strlen(v[i][0])), v[i][1]);
		assert_true(hm_base64_decode(&a, HM_BASE64_STD, hm_str_of(v[i][1]), &s));
		assert_str(s, v[i][0]);
	}
	assert_str(hm_base64_encode(&a, HM_BASE64_RAW_URL, "\xff\xfe", 2), "__4");
	assert_true(hm_base64_decode(&a, HM_BASE64_STD, HM_S("Zm9v\nYg=\r="), &s));
	assert_str(s, "foob");
	hm_arena_free(&a);
}

static void
base64_refuses(void **state)
{
	static const char *const bad[] = { "Zg",       "Zg=", "Zg===",    "Z",
		                           "Zg==Zg==", "=",   "Zm9v-w==", "Zm 9v" };
	struct hm_arena a = { 0 };
	unsigned char out[4];
	hm_str s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(hm_base64_decode(&a, HM_BASE64_STD, hm_str_of(bad[i]), &s));
	assert_false(hm_base64_decode(&a, HM_BASE64_RAW_URL, HM_S("Zg=="), &s));
	assert_false(hm_base64_decode_to(HM_BASE64_STD, HM_S("Zm9vYmFy"), out, 4));
	assert_false(hm_base64_decode_to(HM_BASE64_STD, HM_S("Zm9v"), out, 4));
	assert_true(hm_base64_decode_to(HM_BASE64_STD, HM_S("Zm9vYg=="), out, 4));
	hm_arena_free(&a);
}

static void
quoted_lists(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_strs w = { 0 };
	hm_str s;

	(void)state;
	assert_ok(hm_quoted_split(&a, HM_S(" -x 'a b'\t\"c'd\"e f'g"), &w, &err), &err);
	assert_int_equal(w.n, 5);
	assert_str(w.v[1], "a b");
	assert_str(w.v[2], "c'd");
	assert_str(w.v[3], "e");
	assert_str(w.v[4], "f'g");
	assert_ok(hm_quoted_join(&a, &w, &s, &err), &err);
	assert_str(s, "-x 'a b' \"c'd\" e \"f'g\"");
	assert_int_equal(hm_quoted_split(&a, HM_S("x 'y"), &w, &err), -1);
	assert_str(hm_err_str(&err), "unterminated ' string");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
times_as_go(void **state)
{
	static const char *const v[][2] = {
		{ "2019-01-02T03:04:05Z", "2019-01-02T03:04:05Z" },
		{ "2019-01-02T03:04:05.120Z", "2019-01-02T03:04:05.12Z" },
		{ "2019-01-02T03:04:05.1234567891Z", "2019-01-02T03:04:05.123456789Z" },
		{ "2019-01-02T00:04:05-08:00", "2019-01-02T00:04:05-08:00" },
		{ "2019-01-02T03:04:05+00:00", "2019-01-02T03:04:05Z" },
		{ "2019-01-02T3:04:05Z", "2019-01-02T03:04:05Z" },
		{ "2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z" },
		{ "0000-02-29T00:00:00Z", "0000-02-29T00:00:00Z" },
		{ "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z" },
		{ "1900-02-29T00:00:00Z", NULL },
		{ "2019-01-02T03:04:60Z", NULL },
		{ "2019-01-02T03:04:05", NULL },
		{ "2019-01-02 03:04:05Z", NULL },
		{ "2019-01-02T03:04:05.Z", NULL },
		{ "", NULL },
	};
	struct hm_arena a = { 0 };
	struct hm_time t;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		assert_int_equal(hm_time_parse_rfc3339(hm_str_of(v[i][0]), &t), v[i][1] != NULL);
		if (v[i][1])
			assert_str(hm_time_rfc3339(&a, t), v[i][1]);
	}
	assert_true(hm_time_parse_stamp(HM_S("20190102030405"), &t));
	assert_int_equal(t.sec - HM_TIME_UNIX_EPOCH, 1546398245);
	assert_int_equal(hm_time_cmp(t, hm_time_from_unix(1546398245, 0)), 0);
	assert_false(hm_time_parse_stamp(HM_S("20191302030405"), &t));
	assert_true(hm_time_parse_rfc3339(HM_S("0001-01-01T00:00:00Z"), &t));
	assert_true(hm_time_is_zero(t));
	hm_arena_free(&a);
}

int
test_codec_text(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_both_ways),
		cmocka_unit_test(base64_vectors),
		cmocka_unit_test(base64_refuses),
		cmocka_unit_test(quoted_lists),
		cmocka_unit_test(times_as_go),
	};

	return cmocka_run_group_tests_name("codec/text", tests, NULL, NULL);
}
