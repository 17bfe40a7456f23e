#include "unit/unit.h"

#include "tilelog/index.h"
#include "unit/folder.h"

enum { NAMES = 1000 };

/* All over the range, negative ones, too; every tenth shares its hash with the one before. */
static int64_t
hash_of(int64_t i)
{
	return (int64_t)((uint64_t)(i % 10 == 9 ? i - 1 : i) * 0x9e3779b97f4a7c15u);
}

struct seen {
	int64_t want;
	int times;
};

static int
see(void *ctx, struct hm_hint hint, struct hm_err *e)
{
	struct seen *s = ctx;

	(void)e;
	s->times += hint.id == s->want && hint.at == 7 * hint.id;
	return 0;
}

static void
assert_all(struct hm_logindex *x, int64_t n)
{
	int64_t count;

	for (int64_t i = 0; i < n; i++) {
		struct seen s = { i, 0 };

		assert_ok(hm_logindex_find(x, hash_of(i), see, &s, &err), &err);
		assert_int_equal(s.times, 1);
	}
	assert_ok(hm_logindex_count(x, &count, &err), &err);
	assert_int_equal(count, n);
}

/* Wherever a name lies by now, it is found once; also after a transaction that came to nothing. */
static void
names_move(void **state)
{
	const struct hm_logstate none = { .latest = HM_S("x"), .checkpoint = HM_S("y") };
	struct hm_logindex *x;
	int64_t n = 0;

	(void)state;
	assert_ok(hm_logindex_open(dir, false, &x, &err), &err);
	assert_ok(hm_logindex_begin(x, &err), &err);
	assert_ok(hm_logindex_create(x, &none, &err), &err);
	assert_ok(hm_logindex_commit(x, &err), &err);
	for (int round = 0; n < NAMES; round++) {
		int64_t from = n;

		assert_ok(hm_logindex_begin(x, &err), &err);
		for (; n < from + 50; n++)
			assert_ok(hm_logindex_add_recent(x, hash_of(n),
			                                 (struct hm_hint){ n, 7 * n }, &err),
			          &err);
		assert_ok(hm_logindex_merge(x, 120, 70, &err), &err);
		if (round % 3 == 2) {
			hm_logindex_rollback(x);
			n = from;
			round = 0;
		} else {
			assert_ok(hm_logindex_commit(x, &err), &err);
		}
		if (n % 200 == 0)
			assert_all(x, n);
	}
	for (int i = 0; i < 40; i++) { /* with nothing left to keep, all of them move */
		assert_ok(hm_logindex_begin(x, &err), &err);
		assert_ok(hm_logindex_merge(x, 0, 70, &err), &err);
		assert_ok(hm_logindex_commit(x, &err), &err);
	}
	assert_all(x, NAMES);
	hm_logindex_free(x);
	assert_ok(hm_logindex_open(dir, true, &x, &err), &err);
	assert_all(x, NAMES);
	hm_logindex_free(x);
}

int
test_tilelog_index(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_move, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("tilelog/index", tests, NULL, NULL);
}
