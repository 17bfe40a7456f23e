#include "unit/unit.h"

#include "codec/hex.h"
#include "crypto/sha256.h"
#include "unit/memlog.h"

static void
paths(void **state)
{
	static const struct {
		const char *path;
		struct hm_tile t;
	} good[] = {
		{ "tile/4/0/001", { 4, 0, 1, 16 } },
		{ "tile/4/0/001.p/5", { 4, 0, 1, 5 } },
		{ "tile/3/5/x123/x456/078", { 3, 5, 123456078, 8 } },
		{ "tile/3/5/x123/x456/078.p/2", { 3, 5, 123456078, 2 } },
		{ "tile/1/0/x003/x057/500", { 1, 0, 3057500, 2 } },
		{ "tile/1/data/x003/x057/500", { 1, -1, 3057500, 2 } },
		{ "tile/8/0/000", { 8, 0, 0, 256 } },
		{ "tile/30/63/x009/x223/x372/x036/x854/x775/806.p/1073741823",
		  { 30, 63, 9223372036854775806, 1073741823 } },
	};
	static const char *const bad[] = {
		"", "tile", "tile/", "tile/8", "tile/8/0", "tile/8/0/", "tile/8/0/1",
		"tile/8/0/0001",
		"tile/3/5/123/456/078", "tile/3/-1/123/456/078", "tile/0/0/001", "tile/31/0/001",
		"tile/8/0/x000/001", "tile/8/0/x001", "tile/8/0/001/", "tile/8/0/001.p",
		"tile/8/0/001.p/", "tile/8/0/001.p/0", "tile/8/0/001.p/256", "tile/8/0/001.p/05",
		"tile/8/0/001.p/-5", "tile/08/0/001", "tile/8/00/001", "tile/8/0/+01",
		"tile/8/0/x001.p/002", "file/8/0/001", "/tile/8/0/001", "tile/8/0/001.p/5/6",
		"tile/8/0/x009/x223/x372/x036/x854/x775/808",
		"tile/8/0/x999/x999/x999/x999/x999/x999/x999/999",
		"tile/99999999999/0/001", "tile/8/99999999999/001", "tile/8/0/001.p/99999999999",
	};
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_tile t;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_str(hm_tile_path(&a, &good[i].t), good[i].path);
		assert_ok(hm_tile_parse_path(hm_str_of(good[i].path), &t, &err), &err);
		assert_true(hm_tile_eq(&t, &good[i].t));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (hm_tile_parse_path(hm_str_of(bad[i]), &t, &err) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
	hm_tile_parse_path(HM_S("tile/\n"), &t, &err);
	assert_str(hm_err_str(&err), "malformed tile path \"tile/\\n\"");
	hm_err_free(&err);
	hm_arena_free(&a);
}

/* x/mod's table, and all tiles of a growing log with their contents. */
static void
list_new(void **state)
{
	static const struct {
		int64_t older, newer;
		size_t want;
	} table[] = {
		{ 1, 1, 0 }, { 100, 101, 1 }, { 1023, 1025, 3 }, { 1024, 1030, 1 },
		{ 1030, 2000, 1 }, { 1030, 10000, 10 }, { 49516517, 49516586, 3 },
	};
	struct memlog l = { 0 };
	struct hm_sha256 h;
	uint8_t sum[32];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct hm_tiles tiles = { 0 };

		hm_tile_list_new(&l.arena, 10, table[i].older, table[i].newer, &tiles);
		assert_int_equal(tiles.n, table[i].want);
	}
	hm_sha256_init(&h);
	for (int64_t n = 1; n <= 200; n++) {
		memlog_fill(&l, n);
		for (int64_t older = 0; older <= n; older += 7) {
			struct hm_tiles tiles = { 0 };

			hm_tile_list_new(&l.arena, 3, older, n, &tiles);
			for (size_t i = 0; i < tiles.n; i++) {
				hm_sha256_adds(&h, hm_tile_path(&l.arena, &tiles.v[i]));
				hm_sha256_add(&h, "\n", 1);
				hm_sha256_adds(&h, memlog_tile(&l, &tiles.v[i]));
			}
		}
	}
	hm_sha256_final(&h, sum);
	assert_str(hm_hex_encode(&l.arena, sum, 32),
	           "acbdf6cad09be0d72e12655d968bd92c3a82a92b27161541428aa5e4332a24fd");
	memlog_free(&l);
}

static void
hash_from_tile(void **state)
{
	struct memlog l = { 0 };
	struct hm_err err = { 0 };
	struct hm_tile t, wrong;
	struct hm_hash h;
	hm_str data;

	(void)state;
	memlog_fill(&l, 300);
	for (size_t i = 0; i < l.hashes.n; i++) {
		t = hm_tile_for_index(3, (int64_t)i);
		data = memlog_tile(&l, &t);
		assert_ok(hm_tile_hash(&t, data, (int64_t)i, &h, &err), &err);
		assert_true(hm_hash_eq(&h, &l.hashes.v[i]));
	}
	t = (struct hm_tile){ 3, 0, 1, 5 };
	data = memlog_tile(&l, &t);
	assert_int_equal(hm_tile_hash(&t, hm_str_sub(data, 0, data.n - 1), 20, &h, &err), -1);
	assert_str(hm_err_str(&err), "data len 159 too short for tile tile/3/0/001.p/5");
	assert_int_equal(hm_tile_hash(&t, data, 0, &h, &err), -1);
	assert_str(hm_err_str(&err), "index 0 is in tile/3/0/000.p/1 not tile/3/0/001.p/5");
	for (size_t i = 0; i < 5; i++) {
		static const struct hm_tile bad[] = {
			{ 0, 0, 0, 1 }, { 31, 0, 0, 1 }, { 3, -1, 0, 1 }, { 3, 64, 0, 1 },
			{ 3, 0, 0, 9 },
		};

		wrong = bad[i];
		assert_int_equal(hm_tile_hash(&wrong, data, 0, &h, &err), -1);
		assert_true(hm_str_has_prefix(hm_err_str(&err), HM_S("invalid tile ")));
	}
	hm_err_free(&err);
	memlog_free(&l);
}

/* Serves the log's tiles, with one stored hash zeroed when zero >= 0. */
struct server {
	struct memlog *log;
	struct hm_arena arena;
	int64_t zero;
	size_t reads, saves, cut;
	size_t asked; /* which tiles were proven already */
};

static int
serve(void *ctx, const struct hm_tile *t, size_t n, hm_str *data, struct hm_err *err)
{
	struct server *s = ctx;
	struct hm_tile z = hm_tile_for_index(2, s->zero < 0 ? 0 : s->zero);

	(void)err;
	s->reads++;
	for (size_t i = 0; i < n; i++) {
		hm_str right = memlog_tile(s->log, &t[i]);
		int level;
		int64_t at, width;
		char *p;

		data[i] = hm_arena_dup(&s->arena, hm_str_sub(right, 0, right.n - s->cut));
		if (s->zero < 0 || t[i].l != z.l || t[i].n != z.n || t[i].w < z.w)
			continue;
		hm_tlog_split_index(s->zero, &level, &at);
		width = (int64_t)1 << (level - z.l * z.h);
		p = hm_arena_cstr(&s->arena, data[i]);
		memset(p + ((at * width) % 4) * 32, 0, (size_t)width * 32);
		data[i].p = p;
	}
	return 0;
}

static void
saved(void *ctx, const struct hm_tree *tree, const struct hm_tile *t, size_t n,
      const hm_str *data)
{
	struct server *s = ctx;

	(void)tree;
	s->saves++;
	for (size_t i = 0; i < n; i++)
		assert_true(hm_str_eq(data[i], memlog_tile(s->log, &t[i])));
}

static void
forget(void *ctx, const struct hm_tree *tree, const struct hm_tile *t, size_t n,
       const hm_str *data)
{
	(void)ctx, (void)tree, (void)t, (void)n, (void)data;
}

static bool
no(void *ctx, const struct hm_tree *tree, const struct hm_tile *t)
{
	(void)tree, (void)t;
	((struct server *)ctx)->asked++;
	return false;
}

static bool
yes(void *ctx, const struct hm_tree *tree, const struct hm_tile *t)
{
	return !no(ctx, tree, t);
}

/* Every stored hash of every tree can be read and proven, alone and all at once. */
static void
read_hashes(void **state)
{
	struct memlog l = { 0 };
	struct server s = { .log = &l, .zero = -1 };
	struct hm_tile_reader tr = { 2, serve, saved, NULL, &s };
	struct hm_err err = { 0 };
	int64_t index[200];
	struct hm_hash out[200];

	(void)state;
	memlog_fill(&l, 90);
	for (int64_t n = 1; n <= 90; n++) {
		struct hm_tree tree = memlog_tree(&l, n);
		size_t count = (size_t)hm_tlog_index(0, n);

		for (size_t i = 0; i < count; i++) {
			index[i] = (int64_t)(count - 1 - i);
			assert_ok(hm_tile_read_hashes(&tree, &tr, &index[i], 1, out, &err), &err);
			assert_true(hm_hash_eq(out, &l.hashes.v[index[i]]));
		}
		assert_ok(hm_tile_read_hashes(&tree, &tr, index, count, out, &err), &err);
		for (size_t i = 0; i < count; i++)
			assert_true(hm_hash_eq(&out[i], &l.hashes.v[index[i]]));
		index[0] = (int64_t)count;
		assert_int_equal(hm_tile_read_hashes(&tree, &tr, index, 1, out, &err), -1);
		assert_str(hm_err_str(&err), "indexes not in tree");
		index[0] = -1;
		assert_int_equal(hm_tile_read_hashes(&tree, &tr, index, 1, out, &err), -1);
		hm_arena_free(&s.arena);
	}
	assert_true(s.saves > 0 && s.saves == s.reads);
	hm_err_free(&err);
	memlog_free(&l);
}

/* One wrong hash anywhere on the way, or tiles cut short, and nothing comes back or is kept. */
static void
tampered(void **state)
{
	struct memlog l = { 0 };
	struct server s = { .log = &l };
	struct hm_tile_reader tr = { 2, serve, saved, no, &s };
	struct hm_err err = { 0 };
	struct hm_hash out[200];
	int64_t index[200];

	(void)state;
	memlog_fill(&l, 60);
	for (int64_t n = 2; n <= 60; n += 1 + n / 16) {
		struct hm_tree tree = memlog_tree(&l, n);
		size_t count = (size_t)hm_tlog_index(0, n);

		for (size_t i = 0; i < count; i++)
			index[i] = (int64_t)i;
		for (s.zero = 0; s.zero < (int64_t)count; s.zero++) {
			assert_int_equal(hm_tile_read_hashes(&tree, &tr, &s.zero, 1, out, &err),
			                 -1);
			assert_int_equal(err.code, HM_ESECURITY);
			assert_str(hm_err_str(&err), "downloaded inconsistent tile");
			assert_int_equal(hm_tile_read_hashes(&tree, &tr, index, count, out, &err),
			                 -1);
			assert_int_equal(err.code, HM_ESECURITY);
		}
		s.zero = -1;
		tree.hash.b[0] ^= 1;
		assert_int_equal(hm_tile_read_hashes(&tree, &tr, index, 1, out, &err), -1);
		tree.hash.b[0] ^= 1;
		s.cut = 1;
		assert_int_equal(hm_tile_read_hashes(&tree, &tr, index, 1, out, &err), -1);
		s.cut = 0;
		assert_int_equal(s.saves, 0);
		hm_arena_free(&s.arena);
	}
	hm_err_free(&err);
	memlog_free(&l);
}

/* What is proven is not hashed again: a wrong tile then passes, and comes back as it is. */
static void
proven(void **state)
{
	struct memlog l = { 0 };
	struct server s = { .log = &l, .zero = 0 };
	struct hm_tile_reader tr = { 2, serve, saved, no, &s };
	struct hm_err err = { 0 };
	struct hm_tree tree;
	struct hm_hash out, zero = { { 0 } };

	(void)state;
	memlog_fill(&l, 30);
	tree = memlog_tree(&l, 30);
	assert_int_equal(hm_tile_read_hashes(&tree, &tr, &s.zero, 1, &out, &err), -1);
	assert_true(s.asked > 0);
	tr.proven = yes;
	assert_int_equal(s.saves, 0);
	hm_err_free(&err);
	tr.save = forget;
	assert_ok(hm_tile_read_hashes(&tree, &tr, &s.zero, 1, &out, &err), &err);
	assert_true(hm_hash_eq(&out, &zero));
	hm_arena_free(&s.arena);
	memlog_free(&l);
}

/* A proof made out of tiles is that made out of stored hashes. */
static void
proofs_from_tiles(void **state)
{
	struct memlog l = { 0 };
	struct server s = { .log = &l, .zero = -1 };
	struct hm_tile_reader tr = { 2, serve, saved, NULL, &s };
	struct hm_hash_reader mem = memlog_reader(&l);
	struct hm_err err = { 0 };

	(void)state;
	memlog_fill(&l, 77);
	for (int64_t k = 1; k <= 77; k++) {
		struct hm_tree tree = memlog_tree(&l, 77);
		struct hm_tile_hashes th = { &tree, &tr };
		struct hm_hash_reader r = hm_tile_hash_reader(&th);
		struct hm_proof p, q;

		assert_ok(hm_tlog_prove_tree(77, k, &r, &p, &err), &err);
		assert_ok(hm_tlog_prove_tree(77, k, &mem, &q, &err), &err);
		assert_int_equal(p.n, q.n);
		assert_memory_equal(p.h, q.h, p.n * sizeof(*p.h));
	}
	hm_arena_free(&s.arena);
	memlog_free(&l);
}

int
test_tlog_tile(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(list_new),
		cmocka_unit_test(hash_from_tile),
		cmocka_unit_test(read_hashes),
		cmocka_unit_test(tampered),
		cmocka_unit_test(proven),
		cmocka_unit_test(proofs_from_tiles),
	};

	return cmocka_run_group_tests_name("tlog/tile", tests, NULL, NULL);
}
