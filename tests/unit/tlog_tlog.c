#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/hex.h"
#include "crypto/sha256.h"
#include "os/file.h"
#include "unit/memlog.h"

/* As many records as the digests below were computed over. */
#define RECORDS 200

static void
expect_digest(struct hm_sha256 *h, const char *want)
{
	struct hm_arena a = { 0 };
	uint8_t sum[32];

	hm_sha256_final(h, sum);
	assert_str(hm_hex_encode(&a, sum, sizeof(sum)), want);
	hm_arena_free(&a);
}

static void
expect_hash(const struct hm_hash *h, const char *want)
{
	struct hm_arena a = { 0 };

	assert_str(hm_hash_text(&a, h), want);
	hm_arena_free(&a);
}

/* Every root, record proof and tree proof of a growing log, against x/mod's. */
static void
same_as_go(void **state)
{
	struct memlog l = { 0 };
	struct hm_hash_reader r = memlog_reader(&l);
	struct hm_sha256 roots, records, trees;
	struct hm_err err = { 0 };

	(void)state;
	hm_sha256_init(&roots);
	hm_sha256_init(&records);
	hm_sha256_init(&trees);
	for (int64_t t = 1; t <= RECORDS; t++) {
		struct hm_tree tree;

		memlog_fill(&l, t);
		tree = memlog_tree(&l, t);
		hm_sha256_add(&roots, &tree.hash, sizeof(tree.hash));
		if (t == 7)
			expect_hash(&tree.hash, "WmH8K1T5z6cXdPJDIUPdQMbLKxGUf69lp9PaXLZRmcg=");
		for (int64_t k = 0; k < t; k++) {
			struct hm_proof p;

			assert_ok(hm_tlog_prove_record(t, k, &r, &p, &err), &err);
			hm_sha256_add(&records, p.h, p.n * sizeof(*p.h));
			assert_ok(hm_tlog_prove_tree(t, k + 1, &r, &p, &err), &err);
			hm_sha256_add(&trees, p.h, p.n * sizeof(*p.h));
		}
	}
	expect_digest(&roots, "44348af2d8fb6505444d853f4f42a6e2f5ca22313a5eb621fa7b5726f39ed423");
	expect_digest(&records, "eccdcac4fce6ec8c69985c29dbfc680aa47e435ddcc89bd12e0110b06eb40c6c");
	expect_digest(&trees, "ba68ddd96c3ac98b227831bc2fe51572bbbb757e4e9435665f8e9dc8727a020c");
	memlog_free(&l);
}

/* Good proofs hold; no changed, shortened or lengthened one does. */
static void
record_proofs(void **state)
{
	struct memlog l = { 0 };
	struct hm_hash_reader r = memlog_reader(&l);
	struct hm_err err = { 0 };

	(void)state;
	memlog_fill(&l, 70);
	for (int64_t t = 1; t <= 70; t++)
		for (int64_t k = 0; k < t; k++) {
			struct hm_tree tree = memlog_tree(&l, t);
			struct hm_hash leaf = l.hashes.v[hm_tlog_index(0, k)];
			struct hm_proof p;

			assert_ok(hm_tlog_prove_record(t, k, &r, &p, &err), &err);
			assert_ok(hm_tlog_check_record(p.h, p.n, &tree, k, &leaf, &err), &err);
			for (size_t i = 0; i < p.n; i++) {
				p.h[i].b[i % 32] ^= 1;
				assert_int_equal(
					hm_tlog_check_record(p.h, p.n, &tree, k, &leaf, &err), -1);
				assert_int_equal(err.code, HM_ESECURITY);
				p.h[i].b[i % 32] ^= 1;
			}
			p.h[p.n] = leaf;
			assert_int_equal(
				hm_tlog_check_record(p.h, p.n + 1, &tree, k, &leaf, &err), -1);
			if (p.n > 0)
				assert_int_equal(
					hm_tlog_check_record(p.h, p.n - 1, &tree, k, &leaf, &err),
					-1);
			leaf.b[0] ^= 1;
			assert_int_equal(hm_tlog_check_record(p.h, p.n, &tree, k, &leaf, &err), -1);
			assert_str(hm_err_str(&err), "invalid transparency proof");
		}
	hm_err_free(&err);
	memlog_free(&l);
}

static void
tree_proofs(void **state)
{
	struct memlog l = { 0 };
	struct hm_hash_reader r = memlog_reader(&l);
	struct hm_err err = { 0 };

	(void)state;
	memlog_fill(&l, 70);
	for (int64_t t = 1; t <= 70; t++)
		for (int64_t k = 1; k <= t; k++) {
			struct hm_tree tree = memlog_tree(&l, t), old = memlog_tree(&l, k);
			struct hm_proof p;

			assert_ok(hm_tlog_prove_tree(t, k, &r, &p, &err), &err);
			assert_ok(hm_tlog_check_tree(p.h, p.n, &tree, &old, &err), &err);
			for (size_t i = 0; i < p.n; i++) {
				p.h[i].b[i % 32] ^= 1;
				assert_int_equal(hm_tlog_check_tree(p.h, p.n, &tree, &old, &err),
				                 -1);
				p.h[i].b[i % 32] ^= 1;
			}
			p.h[p.n] = old.hash;
			assert_int_equal(hm_tlog_check_tree(p.h, p.n + 1, &tree, &old, &err), -1);
			if (p.n > 0)
				assert_int_equal(hm_tlog_check_tree(p.h, p.n - 1, &tree, &old,
				                                    &err),
				                 -1);
			old.hash.b[5] ^= 1;
			assert_int_equal(hm_tlog_check_tree(p.h, p.n, &tree, &old, &err), -1);
		}
	hm_err_free(&err);
	memlog_free(&l);
}

static void
bad_inputs(void **state)
{
	static const int64_t bad[][2] = { { 0, 0 }, { 5, 5 }, { 5, -1 }, { -3, 0 },
		                          { INT64_MAX, 1 }, { 5, INT64_MAX } };
	struct memlog l = { 0 };
	struct hm_hash_reader r = memlog_reader(&l);
	struct hm_hash h = { { 0 } };
	struct hm_err err = { 0 };
	struct hm_proof p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct hm_tree t = { .n = bad[i][0] }, old = { .n = 0 };

		assert_int_equal(hm_tlog_prove_record(t.n, bad[i][1], &r, &p, &err), -1);
		assert_str(hm_err_str(&err), "tlog: invalid inputs in ProveRecord");
		assert_int_equal(hm_tlog_check_record(&h, 1, &t, bad[i][1], &h, &err), -1);
		if (bad[i][1] < INT64_MAX)
			old.n = bad[i][1] + 1;
		assert_int_equal(hm_tlog_check_tree(&h, 1, &t, &old, &err), -1);
		assert_int_equal(hm_tlog_prove_tree(t.n, old.n, &r, &p, &err), -1);
	}
	hm_err_free(&err);
}

/* Storage numbers and their inverse, against x/mod's. */
static void
indexes(void **state)
{
	struct hm_sha256 h;
	char line[256], path[HM_TILE_PATH_MAX];

	(void)state;
	hm_sha256_init(&h);
	for (int level = 0; level < 20; level++)
		for (int64_t i = 0; i < 1000; i++) {
			int64_t n = i * i * i, index = hm_tlog_index(level, n), n2;
			struct hm_tile t = hm_tile_for_index(8, index);
			int level2, len;

			hm_tlog_split_index(index, &level2, &n2);
			hm_tile_path_put(&t, path);
			len = snprintf(line, sizeof(line), "%lld %d %lld %lld\n%s\n",
			               (long long)index, level2, (long long)n2,
			               (long long)hm_tlog_count(n), path);
			hm_sha256_add(&h, line, (size_t)len);
		}
	expect_digest(&h, "da7c21971b513490dbdb6a27911cf14c4f58df8af8ca9d9e847d434f076614c9");
}

/* One "word hash" or "word number hash" line of the data file. */
static bool
take(hm_str line, const char *word, int64_t *n, struct hm_hash *h)
{
	hm_str field;
	struct hm_err err = { 0 };

	if (!hm_str_next_field(&line, &field) || !hm_str_eqz(field, word))
		return false;
	if (n) {
		assert_true(hm_str_next_field(&line, &field));
		*n = strtoll(field.p, NULL, 10);
	}
	assert_true(hm_str_next_field(&line, &field));
	assert_ok(hm_hash_parse(field, h, &err), &err);
	return true;
}

/* Proofs that a real log has served. */
static void
certificate_transparency(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_proof path = { .n = 0 }, consistency = { .n = 0 };
	struct hm_tree tree = { 0 }, older = { 0 };
	struct hm_hash record = { { 0 } };
	int64_t n = 0;
	hm_str data, line;

	(void)state;
	assert_ok(hm_file_read(&a, TEST_DATA "/tlog/ct-argon2020.txt", 1 << 20, &data, &err), &err);
	while (hm_str_next(&data, '\n', &line)) {
		if (take(line, "tree", &tree.n, &tree.hash) ||
		    take(line, "record", &n, &record) ||
		    take(line, "older", &older.n, &older.hash))
			continue;
		if (take(line, "path", NULL, &path.h[path.n]))
			path.n++;
		if (take(line, "consistency", NULL, &consistency.h[consistency.n]))
			consistency.n++;
	}
	assert_int_equal(path.n, 30);
	assert_ok(hm_tlog_check_record(path.h, path.n, &tree, n, &record, &err), &err);
	assert_ok(hm_tlog_check_tree(consistency.h, consistency.n, &tree, &older, &err), &err);
	hm_arena_free(&a);
}

static void
empty_tree(void **state)
{
	struct hm_tree t = memlog_tree(&(struct memlog){ 0 }, 0);

	(void)state;
	expect_hash(&t.hash, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

int
test_tlog_tlog(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_go),
		cmocka_unit_test(record_proofs),
		cmocka_unit_test(tree_proofs),
		cmocka_unit_test(bad_inputs),
		cmocka_unit_test(indexes),
		cmocka_unit_test(certificate_transparency),
		cmocka_unit_test(empty_tree),
	};

	return cmocka_run_group_tests_name("tlog/tlog", tests, NULL, NULL);
}
