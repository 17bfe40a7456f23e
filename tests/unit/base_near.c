#include "unit/unit.h"

#include "base/near.h"

static void
counts_what_differs(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{ "", "", 0 },         { "", "abc", 3 },        { "serve", "serve", 0 },
		{ "serv", "serve", 1 }, { "sevre", "serve", 1 }, { "servers", "serve", 2 },
		{ "fsck", "serve", 5 }, { "prefecth", "prefetch", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		hm_str a = hm_str_of(cases[i].a), b = hm_str_of(cases[i].b);

		assert_int_equal(hm_near_distance(a, b), cases[i].distance);
		assert_int_equal(hm_near_distance(b, a), cases[i].distance);
	}
	assert_int_equal(hm_near_distance(HM_S("0123456789012345678901234567890"), HM_S("")), 31);
	assert_int_equal(hm_near_distance(HM_S("01234567890123456789012345678901"), HM_S("")), 32);
}

static void
asks_only_what_may_be_meant(void **state)
{
	(void)state;
	assert_true(hm_near(HM_S("private"), HM_S("privat")));
	assert_true(hm_near(HM_S("list-fersh"), HM_S("list-fresh")));
	assert_false(hm_near(HM_S("x"), HM_S("y")));
	assert_true(hm_near(HM_S("dri"), HM_S("dir")));
	assert_false(hm_near(HM_S("port"), HM_S("rate")));
	assert_false(hm_near(HM_S("data"), HM_S("rate")));
	assert_false(hm_near(HM_S("start"), HM_S("serve")));
}

int
test_base_near(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_differs),
		cmocka_unit_test(asks_only_what_may_be_meant),
	};

	return cmocka_run_group_tests_name("base/near", tests, NULL, NULL);
}
