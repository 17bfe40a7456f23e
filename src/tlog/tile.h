/*
 * tile.h - a log's hashes in tiles: files of up to 2**H neighbouring hashes,
 * as golang.org/x/mod/sumdb/tlog cuts and names them.
 *
 *	tile/H/L/NNN[.p/W]	e.g. tile/8/0/x001/234, tile/8/1/002.p/5
 */
#ifndef HM_TLOG_TILE_H
#define HM_TLOG_TILE_H

#include "tlog/tlog.h"

/* The height that checksum databases use. */
#define HM_TILE_HEIGHT 8
/* Longest path that hm_tile_path_put() writes, with its NUL. */
#define HM_TILE_PATH_MAX 80

struct hm_tile {
	int h;     /* height, 1 to 30 */
	int l;     /* level in tiles; -1: records ("data") */
	int64_t n; /* number in its level */
	int w;     /* width, 1 to 2**h; 2**h is a full tile */
};

struct hm_tiles {
	struct hm_tile *v;
	size_t n, cap;
};

static inline bool
hm_tile_eq(const struct hm_tile *a, const struct hm_tile *b)
{
	return a->h == b->h && a->l == b->l && a->n == b->n && a->w == b->w;
}

/* The smallest tile of height h >= 1 that holds the stored hash. */
struct hm_tile hm_tile_for_index(int h, int64_t index);
/* The stored hash, out of tile t with this data. */
int hm_tile_hash(const struct hm_tile *t, hm_str data, int64_t index, struct hm_hash *out,
                 struct hm_err *err);
/* The root over hashes whose number is a power of two: of a full tile, say. */
struct hm_hash hm_tile_root(hm_str data);
/* The tiles to publish when a tree grows from older to newer records; h >= 1. */
void hm_tile_list_new(struct hm_arena *a, int h, int64_t older, int64_t newer,
                      struct hm_tiles *out);
/* The data of tile t, from stored hashes. */
int hm_tile_make(struct hm_arena *a, const struct hm_tile *t, const struct hm_hash_reader *r,
                 hm_str *out, struct hm_err *err);

hm_str hm_tile_path(struct hm_arena *a, const struct hm_tile *t);
/* The same into a buffer; answers its length. */
size_t hm_tile_path_put(const struct hm_tile *t, char out[HM_TILE_PATH_MAX]);
int hm_tile_parse_path(hm_str path, struct hm_tile *t, struct hm_err *err);

/*
 * Where tiles come from.  read fills data[i] with exactly w * 32 bytes of tile i,
 * not yet to be trusted, valid until the caller of hm_tile_read_hashes() returns;
 * save is told which tiles were found right for a tree, so that they may be kept.
 * proven may be NULL; it answers whether save was told of that tile for exactly
 * this tree and read gives the same bytes as then, which saves hashing it again.
 */
struct hm_tile_reader {
	int height; /* 1 to 30 */
	int (*read)(void *ctx, const struct hm_tile *t, size_t n, hm_str *data,
	            struct hm_err *err);
	void (*save)(void *ctx, const struct hm_tree *tree, const struct hm_tile *t, size_t n,
	             const hm_str *data);
	bool (*proven)(void *ctx, const struct hm_tree *tree, const struct hm_tile *t);
	void *ctx;
};

/*
 * Reads stored hashes of a tree out of tiles, in one batch, and proves them:
 * every hash that comes back is in the tree.  HM_ESECURITY ("downloaded
 * inconsistent tile") when a tile does not fit the tree's hash.
 */
int hm_tile_read_hashes(const struct hm_tree *tree, const struct hm_tile_reader *tr,
                        const int64_t *index, size_t n, struct hm_hash *out,
                        struct hm_err *err);

/* hm_tile_read_hashes() as a hash reader; both pointers are borrowed. */
struct hm_tile_hashes {
	const struct hm_tree *tree;
	const struct hm_tile_reader *tiles;
};
struct hm_hash_reader hm_tile_hash_reader(struct hm_tile_hashes *th);

#endif
