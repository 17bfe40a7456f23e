/*
 * Stored hashes out of tiles that are not trusted.  The tiles whose hashes make
 * up the tree's root are checked against it; every other tile is full and has
 * its own root in a parent tile, which comes before it in the list.
 */
#include <inttypes.h>

#include "tlog/tile.h"

/* Stored hashes that make up the root: one for each bit of the size. */
#define ROOTS_MAX 64

struct batch {
	struct hm_arena arena;
	const struct hm_tree *tree;
	const struct hm_tile_reader *tr;
	struct hm_tiles tiles;
	hm_str *data; /* one a tile */
	int64_t root[ROOTS_MAX]; /* stored indexes, left to right */
	size_t root_tile[ROOTS_MAX];
	size_t n_root;
	size_t n_root_tiles;
};

static int
bad_math(const struct batch *b, int64_t index, struct hm_err *err)
{
	return hm_err_set(err, HM_EINTERNAL, "bad math in tileHashReader: %" PRId64 " %" PRId64,
	                  b->tree->n, index);
}

/* The k-th ancestor of t in a tree of n records; w == 0 when there is none. */
static struct hm_tile
ancestor(struct hm_tile t, int k, int64_t n)
{
	int64_t first, max;

	t.l += k;
	t.n = k * t.h < 63 ? t.n >> (k * t.h) : 0;
	max = t.l * t.h < 63 ? n >> (t.l * t.h) : 0;
	first = t.n << t.h;
	t.w = 1 << t.h;
	if (first >= max)
		t.w = 0;
	else if (max - first < t.w)
		t.w = (int)(max - first);
	return t;
}

static bool
find(const struct batch *b, const struct hm_tile *t, size_t *at)
{
	for (size_t i = 0; i < b->tiles.n; i++)
		if (hm_tile_eq(&b->tiles.v[i], t)) {
			*at = i;
			return true;
		}
	return false;
}

static size_t
add(struct batch *b, struct hm_tile t)
{
	HM_PUSH(&b->arena, b->tiles, t);
	return b->tiles.n - 1;
}

static void
plan_roots(struct batch *b)
{
	int64_t n = b->tree->n, lo = 0;

	for (int level = 62; level >= 0; level--) {
		struct hm_tile t;
		size_t i = b->n_root;

		if (!((n >> level) & 1))
			continue;
		b->root[i] = hm_tlog_index(level, lo >> level);
		t = ancestor(hm_tile_for_index(b->tr->height, b->root[i]), 0, n);
		if (!find(b, &t, &b->root_tile[i]))
			b->root_tile[i] = add(b, t);
		b->n_root++;
		lo += (int64_t)1 << level;
	}
	b->n_root_tiles = b->tiles.n;
}

/* Puts the tile of a stored hash on the list, behind those that vouch for it. */
static int
plan_index(struct batch *b, int64_t index, size_t *at, struct hm_err *err)
{
	struct hm_tile t;
	int k = 0;

	if (index < 0 || index >= hm_tlog_index(0, b->tree->n))
		return hm_err_set(err, HM_EINVALID, "indexes not in tree");
	t = hm_tile_for_index(b->tr->height, index);
	for (;; k++) {
		struct hm_tile p = ancestor(t, k, b->tree->n);

		if (p.w == 0)
			return bad_math(b, index, err);
		if (find(b, &p, at))
			break;
	}
	while (k-- > 0) {
		struct hm_tile p = ancestor(t, k, b->tree->n);

		if (p.w != 1 << p.h)
			return bad_math(b, index, err);
		*at = add(b, p);
	}
	return 0;
}

static int
read_tiles(struct batch *b, struct hm_err *err)
{
	char path[HM_TILE_PATH_MAX];

	b->data = HM_NEW_N(&b->arena, b->tiles.n, hm_str);
	if (b->tr->read(b->tr->ctx, b->tiles.v, b->tiles.n, b->data, err) < 0)
		return -1;
	for (size_t i = 0; i < b->tiles.n; i++) {
		size_t want = (size_t)b->tiles.v[i].w * sizeof(struct hm_hash);

		if (b->data[i].n == want)
			continue;
		hm_tile_path_put(&b->tiles.v[i], path);
		return hm_err_set(err, HM_EINVALID,
		                  "TileReader returned bad result slice (%s len=%zu, want %zu)",
		                  path, b->data[i].n, want);
	}
	return 0;
}

static bool
proven(const struct batch *b, size_t i)
{
	return b->tr->proven && b->tr->proven(b->tr->ctx, b->tree, &b->tiles.v[i]);
}

static int
inconsistent(struct hm_err *err)
{
	return hm_err_set(err, HM_ESECURITY, "downloaded inconsistent tile");
}

static int
check_roots(const struct batch *b, struct hm_err *err)
{
	struct hm_hash h, root = { { 0 } };
	bool known = true;

	for (size_t i = 0; i < b->n_root_tiles && known; i++)
		known = proven(b, i);
	if (known)
		return 0;
	for (size_t i = b->n_root; i-- > 0;) {
		size_t t = b->root_tile[i];

		if (hm_tile_hash(&b->tiles.v[t], b->data[t], b->root[i], &h, err) < 0)
			return -1;
		root = i == b->n_root - 1 ? h : hm_tlog_node_hash(&h, &root);
	}
	return hm_hash_eq(&root, &b->tree->hash) ? 0 : inconsistent(err);
}

/* The whole of a full tile against the hash that its parent has for it. */
static int
check_child(const struct batch *b, size_t i, struct hm_err *err)
{
	struct hm_tile t = b->tiles.v[i], p = ancestor(t, 1, b->tree->n);
	struct hm_hash want, got;
	int64_t top = hm_tlog_index(p.l * p.h, t.n);
	size_t at;

	if (proven(b, i))
		return 0;
	if (p.w == 0 || !find(b, &p, &at))
		return bad_math(b, top, err);
	if (hm_tile_hash(&p, b->data[at], top, &want, err) < 0)
		return -1;
	got = hm_tile_root(b->data[i]);
	return hm_hash_eq(&want, &got) ? 0 : inconsistent(err);
}

static int
check_tiles(const struct batch *b, struct hm_err *err)
{
	if (check_roots(b, err) < 0)
		return -1;
	for (size_t i = b->n_root_tiles; i < b->tiles.n; i++)
		if (check_child(b, i, err) < 0)
			return -1;
	return 0;
}

int
hm_tile_read_hashes(const struct hm_tree *tree, const struct hm_tile_reader *tr,
                    const int64_t *index, size_t n, struct hm_hash *out, struct hm_err *err)
{
	struct batch b = { .tree = tree, .tr = tr };
	size_t *at = HM_NEW_N(&b.arena, n, size_t);
	int rc = -1;

	if (tree->n < 0 || tree->n > HM_TLOG_SIZE_MAX) {
		hm_err_set(err, HM_EINVALID, "tlog: tree size out of range");
		goto out;
	}
	plan_roots(&b);
	for (size_t i = 0; i < n; i++)
		if (plan_index(&b, index[i], &at[i], err) < 0)
			goto out;
	if (b.tiles.n > 0) {
		if (read_tiles(&b, err) < 0 || check_tiles(&b, err) < 0)
			goto out;
		tr->save(tr->ctx, tree, b.tiles.v, b.tiles.n, b.data);
	}
	for (size_t i = 0; i < n; i++)
		if (hm_tile_hash(&b.tiles.v[at[i]], b.data[at[i]], index[i], &out[i], err) < 0)
			goto out;
	rc = 0;
out:
	hm_arena_free(&b.arena);
	return rc;
}

static int
read_hashes(void *ctx, const int64_t *index, size_t n, struct hm_hash *out, struct hm_err *err)
{
	const struct hm_tile_hashes *th = ctx;

	return hm_tile_read_hashes(th->tree, th->tiles, index, n, out, err);
}

struct hm_hash_reader
hm_tile_hash_reader(struct hm_tile_hashes *th)
{
	return (struct hm_hash_reader){ read_hashes, th };
}
