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
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
