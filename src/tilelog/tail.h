/*
 * tail.h - the right edge of a log, in memory: records and hashes of the tiles that
 * are not full yet or not on disk yet.
 *
 * Level L holds the hashes of whole subtrees of 256**L records, as tiles do; each
 * begins at a tile's border.  Not locked: the owner does that.
 */
#ifndef HM_TILELOG_TAIL_H
#define HM_TILELOG_TAIL_H

#include "tlog/tile.h"

/* 256**7 is above HM_TLOG_SIZE_MAX. */
#define HM_TAIL_LEVELS 7
#define HM_TILE_WIDTH (1 << HM_TILE_HEIGHT)

struct hm_tail_level {
	int64_t base; /* number of the first hash */
	struct hm_hash *v;
	size_t n, cap;
};

/* Zero-initialise: the tail of an empty log. */
struct hm_tail {
	int64_t size;  /* records of the log */
	struct hm_tail_level level[HM_TAIL_LEVELS];
	int64_t first; /* number of the first record in data */
	struct hm_buf data; /* each record and an empty line: the text of data tiles */
	struct {
		size_t *v; /* where in data the record ends */
		size_t n, cap;
	} end;
};

/*
 * Makes *t the tail of the first `size` records out of the tiles on disk.  read
 * gives exactly the w * 32 bytes of a hash tile, or the text of a data tile.
 * HM_EINVALID when the tiles do not fit one another.
 */
int hm_tail_load(struct hm_tail *t, int64_t size,
                 int (*read)(void *ctx, struct hm_arena *a, const struct hm_tile *tile,
                             hm_str *out, struct hm_err *err),
                 void *ctx, struct hm_err *err);
/* Appends a record; hash is its record hash. */
void hm_tail_add(struct hm_tail *t, hm_str text, const struct hm_hash *hash);
/* Takes the newest records back until there are `size`, which must be at or behind first. */
void hm_tail_cut(struct hm_tail *t, int64_t size);
/* Forgets what lies in full tiles of a log of `size` records. */
void hm_tail_drop(struct hm_tail *t, int64_t size);
void hm_tail_free(struct hm_tail *t);

/* The root of all records. */
int hm_tail_root(const struct hm_tail *t, struct hm_hash *out, struct hm_err *err);
/*
 * The bytes of a tile of height 8 (data for level -1), borrowed until the next
 * change; false when they are not all here.
 */
bool hm_tail_tile(const struct hm_tail *t, const struct hm_tile *tile, hm_str *out);
/* Where the next record will begin in its data tile. */
int64_t hm_tail_at(const struct hm_tail *t);
/* A record's text, borrowed until the next change. */
bool hm_tail_record(const struct hm_tail *t, int64_t id, hm_str *text);

/* Takes the next record off the front of a data tile's text; false when there is none. */
bool hm_tile_next_record(hm_str *data, hm_str *text);

#endif
