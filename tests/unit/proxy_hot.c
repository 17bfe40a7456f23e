/* The table of small answers, and the memory that it lends. */
#include "unit/unit.h"

#include "../proxy/hot.h"
#include "base/arena.h"

enum { TABLE = 4 << 20, BODY = 2000, MANY = 4000 };

static struct hot_entry *
put(struct hot *h, int i)
{
	struct hm_arena a = { 0 };
	char body[BODY];
	struct hot_entry *e;

	memset(body, 'a' + i % 26, sizeof(body));
	e = hot_put(h, hm_arena_printf(&a, "/m/@v/v1.%d.0.mod", i), 200, HM_S("text/plain"),
	            hm_str_make(body, sizeof(body)), INT64_MAX, INT64_MAX);
	hm_arena_free(&a);
	return e;
}

static void
fill(struct hot *h)
{
	for (int i = 0; i < MANY; i++)
		hot_release(put(h, i));
}

static void
it_is_bounded(void **state)
{
	struct hot *h = hot_new(TABLE);
	struct hot_entry *e;

	(void)state;
	fill(h);
	assert_in_range(hot_stats(h).bytes, TABLE - 2 * BODY, TABLE);
	assert_null(hot_get(h, HM_S("/m/@v/v1.0.0.mod")));
	e = hot_get(h, HM_S("/m/@v/v1.3999.0.mod"));
	assert_non_null(e);
	assert_int_equal(e->body.n, BODY);
	assert_int_equal(e->body.p[BODY - 1], 'a' + 3999 % 26);
	hot_release(e);
	hot_free(h);
}

static void
it_lends(void **state)
{
	struct hot *h = hot_new(TABLE);
	struct hot_entry *newest, *e;

	(void)state;
	fill(h);
	hot_lend(h, TABLE / 2);
	assert_in_range(hot_stats(h).bytes, TABLE / 2 - 2 * BODY, TABLE / 2);
	hot_lend(h, TABLE / 4);
	fill(h);
	assert_in_range(hot_stats(h).bytes, TABLE / 4 - 2 * BODY, TABLE / 4);
	newest = hot_get(h, HM_S("/m/@v/v1.3999.0.mod"));
	assert_non_null(newest);
	hot_lend(h, 10 * (size_t)TABLE); /* more than there is */
	assert_int_equal(hot_stats(h).bytes, 0);
	assert_int_equal(newest->body.p[0], 'a' + 3999 % 26); /* who holds one keeps it */
	hot_release(newest);
	for (int i = 0; i < 3; i++) { /* an answer is given all the same */
		e = put(h, i);
		assert_int_equal(e->body.n, BODY);
		hot_release(e);
		assert_true(hot_stats(h).entries <= 1);
	}
	hot_give_back(h, TABLE / 4);
	hot_give_back(h, 10 * (size_t)TABLE);
	fill(h);
	assert_in_range(hot_stats(h).bytes, TABLE / 2 - 2 * BODY, TABLE / 2);
	hot_give_back(h, TABLE / 2);
	fill(h);
	assert_in_range(hot_stats(h).bytes, TABLE - 2 * BODY, TABLE);
	hot_free(h);
}

int
test_proxy_hot(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_bounded),
		cmocka_unit_test(it_lends),
	};

	return cmocka_run_group_tests_name("proxy/hot", tests, NULL, NULL);
}
