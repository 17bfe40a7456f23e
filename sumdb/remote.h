/*
 * remote.h - a log as its clients see it: a URL (http, https, file) and a verifier key.
 * Nothing that comes from there is believed before it is proven.
 */
#ifndef SUMDB_REMOTE_H
#define SUMDB_REMOTE_H

#include "conf/conf.h"
#include "fetch/fetch.h"
#include "tilelog/tail.h"
#include "tlog/note.h"
#include "tlog/tile.h"

/* The tile of a level that was read last: what is next needs the same ones above it. */
struct kept_tile {
	struct hm_tile tile; /* w == 0: none */
	struct hm_buf bytes;
};

struct remote {
	struct hm_arena arena;
	struct hm_conf *conf;
	struct hm_http *http;
	struct hm_fetch *fetch;
	hm_str base;
	struct hm_verifier *keys;
	size_t n_keys;
	bool c2sp;                /* C2SP's paths, not go's */
	struct kept_tile kept[HM_TAIL_LEVELS]; /* of level 1 and up */
	struct hm_arena *scratch; /* where tiles land; set before tiles are read */
};

/*
 * vkeys are NAME+HASH+KEY.  An empty base: the first proxy of GOPROXY that passes the
 * database of that name through, else https://NAME, as go does (asked at the first use).
 */
int remote_open(struct remote *r, hm_str base, const struct hm_strs *vkeys,
                const struct hm_log *log, struct hm_err *err);
void remote_close(struct remote *r);
int remote_get(struct remote *r, struct hm_arena *a, hm_str path, hm_str *out, struct hm_err *err);
/*
 * The newest signed head: "checkpoint", or, where there is none, "latest"; or the other
 * way round.  Tiles are read by the paths that go with it from now on.
 */
int remote_head(struct remote *r, struct hm_arena *a, bool c2sp_first, hm_str *note,
                struct hm_err *err);
/*
 * The tree of a signed head, go's or C2SP's; the C2SP origin must be the key's name.
 * HM_ESECURITY when the key did not sign it.
 */
int remote_open_head(const struct hm_verifier *keys, size_t n, struct hm_arena *a, hm_str note,
                     struct hm_tree *out, struct hm_err *err);
/* Tiles are read anew from now on: a new head may tell another story. */
void remote_forget_tiles(struct remote *r);
/* Its tiles, for hm_tile_read_hashes() and hm_tile_hash_reader(). */
struct hm_tile_reader remote_tiles(struct remote *r);
/* The hash of the first n records of a tree, out of its tiles. */
int remote_front(struct remote *r, const struct hm_tree *tree, int64_t n, struct hm_hash *out,
                 struct hm_err *err);
/* Takes the next record off the front of a data tile, or entry bundle; false: none. */
bool remote_next_record(const struct remote *r, hm_str *data, hm_str *text);
/* A tile's bytes, from itself or from the front of the full one. */
int remote_tile(struct remote *r, struct hm_arena *a, const struct hm_tile *t, hm_str *out,
                struct hm_err *err);

#endif
