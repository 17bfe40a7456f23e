/*
 * sumdb.h - client of a checksum database: golang.org/x/mod/sumdb's Client.
 *
 * Every record that it returns is proven to be in a tree that the database
 * signed, and that tree to continue the latest one that was ever seen.  All
 * I/O is injected.  Lookups may run in many threads; they share the tree state,
 * and each tile and record is read once.
 */
#ifndef HM_VERIFY_SUMDB_H
#define HM_VERIFY_SUMDB_H

#include "base/err.h"
#include "base/vec.h"
#include "tlog/note.h"
#include "tlog/tile.h"

/* Longest lookup answer or tile that is taken. */
#define HM_SUMDB_ANSWER_MAX ((size_t)1 << 20)

/*
 * The world outside.  Each may be called from several threads at once.
 * File names are relative: "key", "NAME/latest" (config), "NAME/lookup/..." and
 * "NAME/tile/..." (cache).
 */
struct hm_sumdb_ops {
	void *ctx;
	int tile_height; /* of the database's tiles; 0: the usual 8 */
	/* What the server has at path ("/lookup/..." or "/tile/..."); any status but 200 fails. */
	int (*read_remote)(void *ctx, hm_str path, struct hm_buf *out, struct hm_err *err);
	/* "key" gives the verifier key; a missing "NAME/latest" gives nothing. */
	int (*read_config)(void *ctx, hm_str file, struct hm_buf *out, struct hm_err *err);
	/* Replaces was by now atomically; HM_ECONFLICT when the file is not was. */
	int (*write_config)(void *ctx, hm_str file, hm_str was, hm_str now, struct hm_err *err);
	/* False: not there. */
	bool (*read_cache)(void *ctx, hm_str file, struct hm_buf *out);
	void (*write_cache)(void *ctx, hm_str file, hm_str data);
	/* Told of a fork before the lookup fails, so that the evidence can be kept; may be NULL. */
	void (*security_error)(void *ctx, hm_str msg);
	/*
	 * Is the tree head that came with record id good enough, by whatever is asked of it
	 * beyond the log's own signature?  NULL: always.
	 */
	int (*vouch)(void *ctx, const struct hm_note *note, const struct hm_tree *tree,
	             int64_t id, struct hm_err *err);
};

struct hm_sumdb;

/* *ops is copied, ops->ctx borrowed. */
struct hm_sumdb *hm_sumdb_new(const struct hm_sumdb_ops *ops);
void hm_sumdb_free(struct hm_sumdb *db);

/*
 * The go.sum lines of path and version (which may end in "/go.mod"), in the
 * arena.  Errors read "path@version: ..."; a fork of the log is HM_ESECURITY
 * with go's SECURITY ERROR report, both tree heads and the proof in it (final:
 * it is not wrapped further).
 */
int hm_sumdb_lookup(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str version,
                    struct hm_strs *lines, struct hm_err *err);

/* ---- the steps of a lookup, for who passes answers on (verify/pass.c) */

/* What the server has at path, as it came: nothing is proven. */
int hm_sumdb_ask(struct hm_sumdb *db, hm_str path, struct hm_buf *out, struct hm_err *err);
/*
 * A lookup's answer is a record of the log, signed and proven; *text (its lines) is
 * borrowed from it.
 */
int hm_sumdb_prove(struct hm_sumdb *db, struct hm_buf *answer, hm_str *text, struct hm_err *err);
/* A signed tree head is on the one timeline; it becomes the latest if it is newer. */
int hm_sumdb_merge(struct hm_sumdb *db, hm_str msg, struct hm_err *err);
/* The latest tree, and its tiles; valid while db is. */
int hm_sumdb_reader(struct hm_sumdb *db, struct hm_tree *tree, struct hm_tile_reader *tiles,
                    struct hm_err *err);

/*
 * For vouch: a tree that msg, a note, says is the log's.  It must be on the one timeline,
 * else HM_ESECURITY as above; it does not become the latest.
 */
int hm_sumdb_check_tree(struct hm_sumdb *db, const struct hm_tree *tree, hm_str msg,
                        struct hm_err *err);

#endif
