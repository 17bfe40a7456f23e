#include "unit/unit.h"

#include "serve/daemon.h"
#include "serve/limit.h"

#define SECOND INT64_C(1000000000)

static void
a_bucket_fills_and_drains(void **state)
{
	struct hm_limit *l = hm_limit_new(64, 2, 5);
	int64_t now = 1000 * SECOND;

	(void)state;
	assert_int_equal(hm_limit_look(l, HM_S("a"), now), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(hm_limit_take(l, HM_S("a"), now), 0);
	assert_int_equal(hm_limit_take(l, HM_S("a"), now), 1);
	assert_int_equal(hm_limit_look(l, HM_S("a"), now), 1);
	assert_int_equal(hm_limit_take(l, HM_S("b"), now), 0); /* another key has its own */
	now += SECOND;
	assert_int_equal(hm_limit_take(l, HM_S("a"), now), 0);
	assert_int_equal(hm_limit_take(l, HM_S("a"), now), 0);
	assert_int_equal(hm_limit_take(l, HM_S("a"), now), 1);
	now += 3600 * SECOND; /* no more than the burst */
	for (int i = 0; i < 5; i++)
		assert_int_equal(hm_limit_take(l, HM_S("a"), now), 0);
	assert_int_equal(hm_limit_take(l, HM_S("a"), now), 1);
	assert_int_equal(hm_limit_take(l, HM_S("a"), now - 10 * SECOND), 1); /* time goes back */
	hm_limit_set(l, 0.1, 5);
	assert_int_equal(hm_limit_take(l, HM_S("a"), now), 11);
	hm_limit_set(l, 0, 0);
	assert_int_equal(hm_limit_take(l, HM_S("a"), now), 0);
	hm_limit_free(l);
}

static void
many_keys_evict_the_oldest(void **state)
{
	struct hm_limit *l = hm_limit_new(64, 1, 1);
	struct hm_arena a = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_int_equal(hm_limit_take(l, hm_arena_printf(&a, "k%d", i), SECOND + i), 0);
	hm_arena_free(&a);
	hm_limit_free(l);
}

static void
addresses(void **state)
{
	char x[64], y[64];

	(void)state;
	assert_str(hm_limit_address(HM_S("192.0.2.7"), x), "192.0.2.7");
	assert_true(hm_str_eq(hm_limit_address(HM_S("2001:db8::1"), x),
	                      hm_limit_address(HM_S("2001:db8:0:0:1:2:3:4"), y)));
	assert_false(hm_str_eq(hm_limit_address(HM_S("2001:db8::1"), x),
	                       hm_limit_address(HM_S("2001:db8:0:1::1"), y)));
	assert_false(hm_str_eq(hm_limit_address(HM_S("::ffff:192.0.2.1"), x),
	                       hm_limit_address(HM_S("::ffff:192.0.2.2"), y)));
	assert_str(hm_limit_address(HM_S("unix"), x), "unix");
}

static void
loopback(void **state)
{
	(void)state;
	assert_true(hm_daemon_is_loopback(HM_S("127.0.0.1:80")));
	assert_true(hm_daemon_is_loopback(HM_S("127.1.2.3")));
	assert_true(hm_daemon_is_loopback(HM_S("[::1]:80")));
	assert_true(hm_daemon_is_loopback(HM_S("::1")));
	assert_true(hm_daemon_is_loopback(HM_S("::ffff:127.0.0.1")));
	assert_true(hm_daemon_is_loopback(HM_S("unix")));
	assert_false(hm_daemon_is_loopback(HM_S("0.0.0.0:80")));
	assert_false(hm_daemon_is_loopback(HM_S("[::]:80")));
	assert_false(hm_daemon_is_loopback(HM_S("::12")));
	assert_false(hm_daemon_is_loopback(HM_S("127.0.0.1.example.com")));
	assert_false(hm_daemon_is_loopback(HM_S("192.0.2.1")));
}

int
test_serve_limit(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_fills_and_drains),
		cmocka_unit_test(many_keys_evict_the_oldest),
		cmocka_unit_test(addresses),
		cmocka_unit_test(loopback),
	};

	return cmocka_run_group_tests_name("serve/limit", tests, NULL, NULL);
}
