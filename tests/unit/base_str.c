#include "unit/unit.h"

#include "base/map.h"
#include "base/vec.h"

static void
cut_and_next(void **state)
{
	hm_str a, b, rest = HM_S("a,,b"), f;
	size_t n = 0;

	(void)state;
	assert_true(hm_str_cut(HM_S("k=v=w"), '=', &a, &b));
	assert_str(a, "k");
	assert_str(b, "v=w");
	assert_false(hm_str_cut(HM_S("kv"), '=', &a, &b));
	assert_str(a, "kv");
	assert_str(b, "");
	while (hm_str_next(&rest, ',', &f))
		n++;
	assert_int_equal(n, 3);
}

static void
index_finds_first(void **state)
{
	(void)state;
	assert_int_equal(hm_str_index(HM_S("aaab"), HM_S("ab")), 2);
	assert_int_equal(hm_str_index(HM_S("aaab"), HM_S("b")), 3);
	assert_int_equal(hm_str_index(HM_S("aaab"), HM_S("ba")), -1);
	assert_int_equal(hm_str_index(HM_S("a"), HM_S("ab")), -1);
	assert_int_equal(hm_str_index(HM_S(""), HM_S("")), 0);
}

static void
quote_as_go(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	assert_str(hm_str_quote(&a, HM_S("a\"b\\\n\x01\x7f")), "\"a\\\"b\\\\\\n\\x01\\x7f\"");
	assert_str(hm_str_quote(&a, HM_S("\xc3\xa9\xff\xe2\x80\xa8")), "\"\xc3\xa9\\xff\\u2028\"");
	hm_arena_free(&a);
}

static void
utf8_is_strict(void **state)
{
	(void)state;
	assert_true(hm_str_is_utf8(HM_S("\xf0\x9f\x98\x80z")));
	assert_false(hm_str_is_utf8(HM_S("\xc0\xaf")));         /* overlong */
	assert_false(hm_str_is_utf8(HM_S("\xed\xa0\x80")));     /* surrogate */
	assert_false(hm_str_is_utf8(HM_S("\xf4\x90\x80\x80"))); /* above U+10FFFF */
	assert_false(hm_str_is_utf8(HM_S("\xe2\x82")));         /* cut short */
}

static void
map_keeps_order_over_growth(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_map m = { .arena = &a };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(hm_map_add(&m, hm_arena_printf(&a, "k%d", i)));
	assert_false(hm_map_add(&m, HM_S("k7")));
	assert_int_equal(m.n, 1000);
	assert_str(m.e[999].key, "k999");
	hm_map_reserve(&m, 5000);
	assert_true(hm_map_has(&m, HM_S("k999")));
	assert_false(hm_map_add(&m, HM_S("k7")));
	hm_map_set_num(&m, HM_S("k500"), 42);
	assert_int_equal(hm_map_num(&m, HM_S("k500")), 42);
	assert_false(hm_map_has(&m, HM_S("k1000")));
	hm_arena_free(&a);
}

static void
strs_sort_unique(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_strs s = { 0 };

	(void)state;
	HM_PUSH(&a, s, HM_S("b"));
	HM_PUSH(&a, s, HM_S("a"));
	HM_PUSH(&a, s, HM_S("b"));
	hm_strs_sort_unique(&s);
	assert_str(hm_strs_join(&a, &s, HM_S(", ")), "a, b");
	hm_arena_free(&a);
}

static void
vectors_grow_in_place_and_by_copy(void **state)
{
	struct hm_arena a = { 0 };
	HM_VEC(uint64_t) x = { 0 }, y = { 0 };
	const uint64_t *first;

	(void)state;
	HM_PUSH(&a, x, 0);
	first = x.v;
	for (uint64_t i = 1; i < 100; i++)
		HM_PUSH(&a, x, i);
	assert_ptr_equal(x.v, first); /* nothing else was taken */
	for (uint64_t i = 0; i < 5000; i++) {
		HM_PUSH(&a, y, i);
		HM_PUSH(&a, x, 100 + i);
	}
	for (size_t i = 0; i < x.n; i++)
		assert_int_equal(x.v[i], i);
	for (size_t i = 0; i < y.n; i++)
		assert_int_equal(y.v[i], i);
	hm_arena_free(&a);
}

/* Formats that fit, that fill to the last byte, and that do not fit. */
static void
printing_takes_any_length(void **state)
{
	char word[6000];
	struct hm_arena a = { 0 };
	struct hm_buf b = { 0 };

	(void)state;
	memset(word, 'x', sizeof(word));
	for (int n = 0; n < (int)sizeof(word); n += n < 300 ? 1 : 517) {
		hm_str s = hm_arena_printf(&a, "%.*s!", n, word);

		assert_int_equal(s.n, n + 1);
		assert_int_equal(strlen(s.p), n + 1);
		hm_buf_clear(&b);
		hm_buf_printf(&b, "%.*s", n, word);
		hm_buf_printf(&b, "%s", "!");
		assert_true(hm_str_eq(hm_buf_str(&b), s));
	}
	hm_buf_free(&b);
	hm_arena_free(&a);
}

static void
hashes_differ(void **state)
{
	char text[64] = "";
	struct hm_arena a = { 0 };
	struct hm_map seen = { .arena = &a };

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		uint64_t *h = HM_NEW(&a, uint64_t);

		*h = hm_str_hash(hm_str_make(text, n)); /* zeros of any number */
		assert_true(hm_map_add(&seen, hm_str_make((char *)h, sizeof(*h))));
		text[n] = 1;
		h = HM_NEW(&a, uint64_t);
		*h = hm_str_hash(hm_str_make(text, n + 1));
		assert_true(hm_map_add(&seen, hm_str_make((char *)h, sizeof(*h))));
		text[n] = 0;
	}
	hm_arena_free(&a);
}

int
test_base_str(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_and_next),
		cmocka_unit_test(index_finds_first),
		cmocka_unit_test(quote_as_go),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(map_keeps_order_over_growth),
		cmocka_unit_test(strs_sort_unique),
		cmocka_unit_test(vectors_grow_in_place_and_by_copy),
		cmocka_unit_test(printing_takes_any_length),
		cmocka_unit_test(hashes_differ),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
