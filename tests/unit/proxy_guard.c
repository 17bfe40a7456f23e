/* How much may be asked of upstream in vain. */
#include "unit/unit.h"

#include "../proxy/guard.h"
#include "base/arena.h"

static void
cold_fills_pass(void **state)
{
	struct guard *g = guard_new();
	struct hm_arena a = { 0 };

	(void)state;
	for (int i = 0; i < 10 * GUARD_BURST; i++) { /* found, so each comes back */
		hm_str module = hm_arena_printf(&a, "example.com/m%d", i);

		assert_true(guard_take(g, module, 100));
		guard_give(g, module);
	}
	guard_free(g);
	hm_arena_free(&a);
}

static void
storms_do_not(void **state)
{
	struct guard *g = guard_new();
	struct hm_arena a = { 0 };
	int passed = 0;

	(void)state;
	for (int i = 0; i < 20000; i++)
		passed += guard_take(g, hm_arena_printf(&a, "example.com/no%d", i), 100);
	assert_int_equal(passed, GUARD_BURST);
	for (int i = 0; i < 20000; i++) /* three seconds later, and a clock that goes back */
		passed += guard_take(g, hm_arena_printf(&a, "example.com/no%d", i),
		                     i % 2 ? 103 : 102);
	assert_true(passed <= GUARD_BURST + 3 * GUARD_RATE);
	assert_true(passed >= GUARD_BURST + 2 * GUARD_RATE);
	guard_free(g);
	hm_arena_free(&a);
}

static void
one_module_has_its_share(void **state)
{
	struct guard *g = guard_new();
	hm_str module = HM_S("example.com/m");
	int passed = 0;

	(void)state;
	for (int i = 0; i < 2000; i++)
		passed += guard_take(g, module, 100);
	assert_int_equal(passed, GUARD_MODULE);
	assert_true(guard_take(g, HM_S("example.com/other"), 100));
	assert_false(guard_take(g, module, 100 + GUARD_WINDOW - 1));
	assert_true(guard_take(g, module, 100 + GUARD_WINDOW));
	guard_free(g);
}

int
test_proxy_guard(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cold_fills_pass),
		cmocka_unit_test(storms_do_not),
		cmocka_unit_test(one_module_has_its_share),
	};

	return cmocka_run_group_tests_name("proxy/guard", tests, NULL, NULL);
}
