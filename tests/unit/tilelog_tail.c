#include "unit/unit.h"

#include "tilelog/tail.h"
#include "unit/memlog.h"

static struct hm_err err;

static hm_str
text_of(struct hm_arena *a, int64_t i)
{
	return hm_arena_printf(
		a, "example.com/m%lld v1.0.0 h1:x\nexample.com/m%lld v1.0.0/go.mod h1:y\n",
		(long long)i, (long long)i);
}

static void
add(struct hm_tail *t, struct memlog *l, int64_t i)
{
	struct hm_arena a = { 0 };
	hm_str text = text_of(&a, i);
	struct hm_hash h = hm_tlog_record_hash(text);

	hm_tail_add(t, text, &h);
	if (l->n == i)
		memlog_add(l, text);
	hm_arena_free(&a);
}

static void
assert_root(struct hm_tail *t, struct memlog *l, int64_t n)
{
	struct hm_tree want = memlog_tree(l, n);
	struct hm_hash root;

	assert_int_equal(t->size, n);
	assert_ok(hm_tail_root(t, &root, &err), &err);
	assert_memory_equal(&root, &want.hash, sizeof(root));
}

/* Every size up to 2 full tiles and more, dropped and cut on the way: the roots are tlog's. */
static void
grows_like_the_tree(void **state)
{
	struct memlog l = { .n = 0 };
	struct hm_tail t = { .size = 0 };

	(void)state;
	for (int64_t i = 0; i < 700; i++) {
		assert_root(&t, &l, i);
		add(&t, &l, i);
		if (i % 7 == 0) {
			hm_tail_cut(&t, i);
			assert_root(&t, &l, i);
			add(&t, &l, i);
		}
		if (i % 100 == 0)
			hm_tail_drop(&t, i + 1);
	}
	hm_tail_free(&t);
	memlog_free(&l);
}

/* Above 65536 records a third level begins. */
static void
has_the_tiles(void **state)
{
	enum { N = 65536 + 300 };
	struct memlog l = { .n = 0 };
	struct hm_tail t = { .size = 0 };
	struct hm_arena a = { 0 };
	struct hm_tiles tiles = { 0 };
	hm_str got;

	(void)state;
	for (int64_t i = 0; i < N; i++)
		add(&t, &l, i);
	assert_root(&t, &l, N);
	hm_tile_list_new(&a, HM_TILE_HEIGHT, 0, N, &tiles);
	for (size_t i = 0; i < tiles.n; i++) {
		hm_str want = memlog_tile(&l, &tiles.v[i]);

		assert_true(hm_tail_tile(&t, &tiles.v[i], &got));
		assert_true(hm_str_eq(got, want));
	}
	hm_tail_drop(&t, N);
	assert_root(&t, &l, N);
	assert_int_equal(t.end.n, N % 256);
	assert_false(hm_tail_tile(&t, &tiles.v[0], &got));
	assert_false(hm_tail_record(&t, 255, &got));
	assert_true(hm_tail_record(&t, N - 1, &got));
	assert_true(hm_str_eq(got, text_of(&a, N - 1)));
	assert_false(hm_tail_record(&t, N, &got));
	hm_arena_free(&a);
	hm_tail_free(&t);
	memlog_free(&l);
}

struct disk {
	struct memlog *l;
	const char *fault;
};

static int
read_tile(void *ctx, struct hm_arena *a, const struct hm_tile *t, hm_str *out, struct hm_err *e)
{
	struct disk *d = ctx;
	struct hm_buf b = { 0 };

	(void)e;
	if (t->l >= 0) {
		*out = memlog_tile(d->l, t);
		return 0;
	}
	for (int i = 0; i < t->w; i++) {
		hm_buf_adds(&b, text_of(a, t->n * 256 + i + (strcmp(d->fault, "other") == 0)));
		hm_buf_addc(&b, '\n');
	}
	if (strcmp(d->fault, "short") == 0)
		b.n -= 20;
	if (strcmp(d->fault, "long") == 0)
		hm_buf_addz(&b, "x\n\n");
	*out = hm_buf_take(&b, a);
	return 0;
}

static void
comes_back_from_tiles(void **state)
{
	static const int64_t sizes[] = { 0, 1, 255, 256, 257, 511, 512, 600 };
	static const char *const faults[] = { "other", "short", "long" };
	struct memlog l = { .n = 0 };
	struct disk d = { &l, "" };
	struct hm_tail t = { .size = 0 };

	(void)state;
	for (int64_t i = 0; i < 700; i++)
		add(&t, &l, i);
	hm_tail_free(&t);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		assert_ok(hm_tail_load(&t, sizes[i], read_tile, &d, &err), &err);
		for (int64_t n = sizes[i]; n < 700; n++)
			add(&t, &l, n);
		assert_root(&t, &l, 700);
		hm_tail_free(&t);
	}
	for (size_t i = 0; i < 3; i++) {
		d.fault = faults[i];
		assert_int_equal(hm_tail_load(&t, 600, read_tile, &d, &err), -1);
		assert_int_equal(err.code, HM_EINVALID);
		assert_true(hm_str_contains(hm_err_str(&err), HM_S("tile/8/data/002.p/88")));
		hm_err_free(&err);
		hm_tail_free(&t);
	}
	memlog_free(&l);
}

int
test_tilelog_tail(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_like_the_tree),
		cmocka_unit_test(has_the_tiles),
		cmocka_unit_test(comes_back_from_tiles),
	};

	return cmocka_run_group_tests_name("tilelog/tail", tests, NULL, NULL);
}
