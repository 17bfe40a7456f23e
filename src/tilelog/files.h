/*
 * files.h - the files of a log's folder: names, keys, tiles written durably.
 */
#ifndef HM_TILELOG_FILES_H
#define HM_TILELOG_FILES_H

#include "base/err.h"
#include "base/vec.h"
#include "tilelog/tilelog.h"
#include "tlog/note.h"
#include "tlog/tile.h"

struct hm_signers {
	struct hm_signer *v;
	size_t n, cap;
};

/* DIR/public/<tile path> */
hm_str hm_tilelog_tile_file(struct hm_arena *a, hm_str dir, const struct hm_tile *t);
hm_str hm_tilelog_file(struct hm_arena *a, hm_str dir, const char *name);

/*
 * DIR/key: the signers and their verifier keys, all under one name.  HM_ESECURITY
 * when others may read the file.
 */
int hm_tilelog_read_keys(struct hm_arena *a, hm_str dir, struct hm_signers *signers,
                         struct hm_strs *vkeys, struct hm_err *err);

/*
 * A second key of the same name joins the first in DIR/key; or, retire, only the
 * newest stays.  HM_ECONFLICT when there is a second one already, or none to retire.
 */
int hm_tilelog_change_keys(struct hm_arena *a, hm_str dir, bool retire, struct hm_err *err);

/* DIR/declared; HM_UNDECLARED where there is no such file, HM_EINVALID for another text. */
int hm_tilelog_read_declared(hm_str dir, enum hm_declared *out, struct hm_err *err);
int hm_tilelog_write_declared(hm_str dir, bool open, struct hm_err *err);

/* Folders and links that a fresh log has. */
int hm_tilelog_make_dirs(hm_str dir, struct hm_err *err);

/*
 * The bytes of a hash tile, or the text of a data tile, from its own file or from the
 * front of the full tile's, in the arena.  HM_ENOTFOUND when there is neither, HM_EINVALID
 * when the file is too short or, full, too long.
 */
int hm_tilelog_read_tile(struct hm_arena *a, hm_str dir, const struct hm_tile *t, hm_str *out,
                         struct hm_err *err);

struct hm_tile_write {
	struct hm_tile tile;
	hm_str bytes;
};
/* Writes tiles, whole or not at all each, and returns when they are durable. */
int hm_tilelog_write_tiles(struct hm_arena *a, hm_str dir, const struct hm_tile_write *v, size_t n,
                           struct hm_err *err);
/* The partial tiles of a tile that is full and durable now. Best effort. */
void hm_tilelog_remove_partial(struct hm_arena *a, hm_str dir, const struct hm_tile *t);

#endif
