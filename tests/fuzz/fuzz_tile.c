/*
 * fuzz_tile.c - libFuzzer target: tile paths of any spelling, and a log server
 * that answers with any tiles and proofs: it must not be believed.
 */
#include <stdlib.h>

#include "tlog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(bool ok)
{
	if (!ok)
		abort();
}

static void
try_path(hm_str in, struct hm_err *err)
{
	char path[HM_TILE_PATH_MAX];
	struct hm_tile t;

	if (hm_tile_parse_path(in, &t, err) < 0)
		return;
	need(hm_str_eq(in, hm_str_make(path, hm_tile_path_put(&t, path))));
	need(t.h >= 1 && t.h <= 30 && t.w >= 1 && t.w <= 1 << t.h && t.n >= 0);
}

struct server {
	struct hm_arena arena;
	hm_str bytes;
	bool may_be_right;
};

/* Tiles cut out of the input, over and over; now and then of a wrong size. */
static int
serve(void *ctx, const struct hm_tile *t, size_t n, hm_str *out, struct hm_err *err)
{
	struct server *s = ctx;

	(void)err;
	for (size_t i = 0; i < n; i++) {
		size_t want = (size_t)t[i].w * 32 - (s->bytes.n % 64 == 63);
		char *p = hm_arena_alloc(&s->arena, want);

		for (size_t k = 0; k < want && s->bytes.n > 0; k++)
			p[k] = s->bytes.p[k % s->bytes.n];
		out[i] = hm_str_make(p, want);
	}
	return 0;
}

static void
save(void *ctx, const struct hm_tree *tree, const struct hm_tile *t, size_t n, const hm_str *data)
{
	const struct server *s = ctx;

	(void)tree, (void)t, (void)n, (void)data;
	need(s->may_be_right);
}

static int64_t
take_number(hm_str *in)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8 && in->n > 0; i++) {
		v = v << 8 | (unsigned char)in->p[0];
		*in = hm_str_from(*in, 1);
	}
	return (int64_t)v;
}

static void
try_log(hm_str in, struct hm_err *err)
{
	int64_t n = take_number(&in), index = take_number(&in);
	struct hm_tree tree = { n, { { 7 } } }, older = { .n = index };
	/* Where a tile holds the root itself, a server can well guess it. */
	bool guess = n >= 0 && (n == 0 || (n & (n - 1)) == 0);
	struct server s = { .bytes = in, .may_be_right = guess };
	struct hm_tile_reader tr = { 1 + (int)(in.n % 8), serve, save, NULL, &s };
	struct hm_hash leaf = { { 1 } }, out;
	struct hm_proof p = { .n = in.n / 32 < HM_TLOG_PROOF_MAX ? in.n / 32 : HM_TLOG_PROOF_MAX };

	if (p.n > 0)
		memcpy(p.h, in.p, p.n * sizeof(*p.h));
	need(hm_tile_read_hashes(&tree, &tr, &index, 1, &out, err) < 0 || guess);
	need(hm_tlog_check_record(p.h, p.n, &tree, index, &leaf, err) < 0);
	need(hm_tlog_check_tree(p.h, p.n, &tree, &older, err) < 0);
	hm_arena_free(&s.arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_err err = { 0 };
	char *copy = malloc(size ? size : 1);
	hm_str in = { copy, size };

	if (size)
		memcpy(copy, data, size);
	try_path(in, &err);
	try_log(in, &err);
	free(copy);
	hm_err_free(&err);
	return 0;
}
