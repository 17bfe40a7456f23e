/* Tiles in memory: kept when they are asked for again, bounded, alive while they are held. */
#include "unit/unit.h"

#include "tilelog/tilecache.h"

enum { SIZE = 1000, MAX = 8 * (SIZE + 100) };

static struct hm_kept_tile *
put(struct hm_tilecache *c, int level, int64_t n)
{
	struct hm_kept_tile *k = hm_tilecache_room(level, n, SIZE);

	memset(k->bytes, (int)('a' + n % 26), SIZE);
	return hm_tilecache_put(c, k);
}

static bool
has(struct hm_tilecache *c, int level, int64_t n)
{
	struct hm_kept_tile *k = hm_tilecache_get(c, level, n);
	bool there = k != NULL;

	if (k) {
		assert_int_equal(k->data.n, SIZE);
		assert_int_equal(k->data.p[SIZE - 1], 'a' + n % 26);
	}
	hm_tilecache_release(k);
	return there;
}

static void
put_twice(struct hm_tilecache *c, int level, int64_t n)
{
	hm_tilecache_release(put(c, level, n));
	hm_tilecache_release(put(c, level, n));
}

static void
keeps_what_comes_again(void **state)
{
	struct hm_tilecache *c = hm_tilecache_new(MAX);
	struct hm_kept_tile *first, *second;

	(void)state;
	hm_tilecache_release(put(c, 0, 7));
	assert_false(has(c, 0, 7));
	first = put(c, 0, 7);
	assert_true(has(c, 0, 7));
	assert_false(has(c, -1, 7));
	assert_false(has(c, 1, 7));
	second = put(c, 0, 7); /* what is there already stays */
	assert_ptr_equal(first, second);
	hm_tilecache_release(first);
	hm_tilecache_free(c);
	assert_int_equal(second->data.p[0], 'h'); /* held, it outlives the cache */
	hm_tilecache_release(second);
}

static void
least_recently_used_goes(void **state)
{
	struct hm_tilecache *c = hm_tilecache_new(MAX);
	int kept = 0;

	(void)state;
	for (int64_t n = 0; n < 7; n++)
		put_twice(c, 0, n);
	assert_true(has(c, 0, 0));
	for (int64_t n = 10; n < 16; n++) {
		put_twice(c, 0, n);
		assert_true(has(c, 0, 0));
	}
	assert_false(has(c, 0, 1));
	assert_true(has(c, 0, 15));
	for (int64_t n = 0; n < 20; n++)
		kept += has(c, 0, n);
	assert_in_range(kept, 5, 8);
	hm_tilecache_free(c);
}

static void
too_large_is_the_callers(void **state)
{
	struct hm_tilecache *none = hm_tilecache_new(0), *small = hm_tilecache_new(2 * SIZE);

	(void)state;
	put_twice(none, 0, 1);
	put_twice(small, 0, 1);
	assert_false(has(none, 0, 1));
	assert_false(has(small, 0, 1));
	hm_tilecache_free(none);
	hm_tilecache_free(small);
	hm_tilecache_release(NULL);
}

int
test_tilelog_tilecache(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_comes_again),
		cmocka_unit_test(least_recently_used_goes),
		cmocka_unit_test(too_large_is_the_callers),
	};

	return cmocka_run_group_tests_name("tilelog/tilecache", tests, NULL, NULL);
}
