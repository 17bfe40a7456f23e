/* The table of small answers, and the memory that it lends. */
#include "unit/unit.h"

#include "../proxy/hot.h"
#include "base/arena.h"

/* SEGMENT: what the table grows and shrinks by. */
enum { TABLE = 4 << 20, SEGMENT = 64 << 10, BODY = 2000, MANY = 4000 };

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
	assert_in_range(hot_stats(h).bytes, TABLE - 2 * SEGMENT, TABLE);
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
	assert_in_range(hot_stats(h).bytes, TABLE / 2 - 2 * SEGMENT, TABLE / 2);
	hot_lend(h, TABLE / 4);
	fill(h);
	assert_in_range(hot_stats(h).bytes, TABLE / 4 - 2 * SEGMENT, TABLE / 4);
	newest = hot_get(h, HM_S("/m/@v/v1.3999.0.mod"));
	assert_non_null(newest);
	hot_lend(h, 10 * (size_t)TABLE); /* more than there is */
	assert_int_equal(hot_stats(h).entries, 0);
	assert_int_equal(hot_stats(h).bytes, SEGMENT);
	assert_int_equal(newest->body.p[0], 'a' + 3999 % 26); /* who holds one keeps it */
	hot_release(newest);
	assert_int_equal(hot_stats(h).bytes, 0);
	for (int i = 0; i < 3; i++) { /* an answer is given all the same */
		e = put(h, i);
		assert_int_equal(e->body.n, BODY);
		hot_release(e);
		assert_int_equal(hot_stats(h).bytes, 0);
	}
	hot_give_back(h, TABLE / 4);
	hot_give_back(h, 10 * (size_t)TABLE);
	fill(h);
	assert_in_range(hot_stats(h).bytes, TABLE / 2 - 2 * SEGMENT, TABLE / 2);
	hot_give_back(h, TABLE / 2);
	fill(h);
	assert_in_range(hot_stats(h).bytes, TABLE - 2 * SEGMENT, TABLE);
	hot_free(h);
}

/* What is asked for again and again outlives a table full of others; the rest does not. */
static void
what_is_used_stays(void **state)
{
	struct hot *h = hot_new(TABLE);
	hm_str key = HM_S("/m/@v/v1.0.0.mod");
	struct hot_entry *e;

	(void)state;
	hot_release(put(h, 0));
	hot_release(put(h, 1));
	for (int i = 2; i < 2 * MANY; i++) {
		hot_release(put(h, i));
		if (i % 500)
			continue;
		e = hot_get(h, key);
		assert_non_null(e);
		assert_int_equal(e->body.n, BODY);
		assert_int_equal(e->body.p[0], 'a');
		assert_memory_equal(e->key.p, key.p, key.n);
		assert_int_equal(e->etag.p[33], '"');
		hot_release(e);
	}
	assert_null(hot_get(h, HM_S("/m/@v/v1.1.0.mod")));
	hot_free(h);
}

static void
one_that_is_replaced_is_gone(void **state)
{
	struct hot *h = hot_new(TABLE);
	hm_str key = HM_S("/m/@v/list"), type = HM_S("text/plain");
	struct hot_entry *old, *e;

	(void)state;
	old = hot_put(h, key, 200, type, HM_S("v1.0.0\n"), 1, 2);
	assert_true(hot_claim_refresh(h, old));
	assert_false(hot_claim_refresh(h, old));
	hot_release(hot_put(h, key, 200, type, HM_S("v1.0.0\nv1.1.0\n"), 3, 4));
	e = hot_get(h, key);
	assert_int_equal(e->body.n, 14);
	assert_int_equal(e->fresh_until, 3);
	assert_true(hot_claim_refresh(h, e));
	assert_int_equal(old->body.n, 7);
	assert_int_equal(hot_stats(h).entries, 1);
	hot_release(e);
	hot_release(old);
	hot_remove(h, key);
	assert_null(hot_get(h, key));
	hot_free(h);
}

/* Up to an eighth of the table; larger ones are the caller's alone. */
static void
large_ones(void **state)
{
	struct hot *h = hot_new(TABLE);
	struct hm_arena a = { 0 };
	char *body = hm_arena_alloc(&a, TABLE);
	struct hot_entry *e;

	(void)state;
	memset(body, 'x', TABLE);
	for (int i = 0; i < 20; i++) {
		e = hot_put(h, hm_arena_printf(&a, "/%d", i), 200, HM_S(""),
		            hm_str_make(body, TABLE / 10), INT64_MAX, INT64_MAX);
		assert_int_equal(e->body.p[TABLE / 10 - 1], 'x');
		hot_release(e);
		assert_true(hot_stats(h).bytes <= TABLE);
	}
	assert_in_range(hot_stats(h).entries, 8, 10);
	e = hot_put(h, HM_S("/whole"), 200, HM_S(""), hm_str_make(body, TABLE), 1, 1);
	assert_int_equal(e->body.n, TABLE);
	hot_release(e);
	assert_null(hot_get(h, HM_S("/whole")));
	hot_drop(h, HM_S("/"));
	assert_int_equal(hot_stats(h).entries, 0);
	assert_int_equal(hot_stats(h).bytes, 0);
	hm_arena_free(&a);
	hot_free(h);
}

int
test_proxy_hot(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_bounded),
		cmocka_unit_test(it_lends),
		cmocka_unit_test(what_is_used_stays),
		cmocka_unit_test(one_that_is_replaced_is_gone),
		cmocka_unit_test(large_ones),
	};

	return cmocka_run_group_tests_name("proxy/hot", tests, NULL, NULL);
}
