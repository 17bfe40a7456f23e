#include "unit/memlog.h"

#include "unit/unit.h"

static int
read_hashes(void *ctx, const int64_t *index, size_t n, struct hm_hash *out, struct hm_err *err)
{
	struct memlog *l = ctx;

	for (size_t i = 0; i < n; i++) {
		if (index[i] < 0 || (size_t)index[i] >= l->hashes.n)
			return hm_err_set(err, HM_EINTERNAL, "memlog: no hash %lld",
			                  (long long)index[i]);
		out[i] = l->hashes.v[index[i]];
	}
	return 0;
}

struct hm_hash_reader
memlog_reader(struct memlog *l)
{
	return (struct hm_hash_reader){ read_hashes, l };
}

void
memlog_add(struct memlog *l, hm_str record)
{
	struct hm_hash h = hm_tlog_record_hash(record), fresh[64];
	struct hm_hash_reader r = memlog_reader(l);
	struct hm_err err = { 0 };
	size_t n;

	assert_int_equal(hm_tlog_index(0, l->n), l->hashes.n);
	assert_ok(hm_tlog_stored(l->n, &h, &r, fresh, &n, &err), &err);
	for (size_t i = 0; i < n; i++)
		HM_PUSH(&l->arena, l->hashes, fresh[i]);
	l->n++;
	assert_int_equal(hm_tlog_count(l->n), l->hashes.n);
}

void
memlog_fill(struct memlog *l, int64_t n)
{
	while (l->n < n)
		memlog_add(l, hm_arena_printf(&l->arena, "leaf %lld", (long long)l->n));
}

struct hm_tree
memlog_tree(struct memlog *l, int64_t n)
{
	struct hm_hash_reader r = memlog_reader(l);
	struct hm_tree t = { .n = n };
	struct hm_err err = { 0 };

	assert_ok(hm_tlog_tree_hash(n, &r, &t.hash, &err), &err);
	return t;
}

hm_str
memlog_tile(struct memlog *l, const struct hm_tile *t)
{
	struct hm_hash_reader r = memlog_reader(l);
	struct hm_err err = { 0 };
	hm_str data;

	assert_ok(hm_tile_make(&l->arena, t, &r, &data, &err), &err);
	return data;
}

void
memlog_free(struct memlog *l)
{
	hm_arena_free(&l->arena);
}
