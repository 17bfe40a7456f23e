/*
 * index.h - DIR/index.db: the signed state of a log, the way from a name to its
 * record, and the records that are not in durable tiles yet.
 *
 *	log      one row: size, root and both signed heads; sealed: so many records
 *	         are in tiles on disk; shown: the heads that the world may see, where
 *	         that takes an endorsement; open: the list of names is no secret
 *	record   every name: (first 8 bytes of SHA-256 of "path version", record number, where the
 *	         record begins in its data tile): hints, to be held against the record
 *	recent   the same, of names that came lately.  They are scattered all over the
 *	         large table, a page for each; gathered, they go there slice by slice,
 *	         several to a page
 *	pending  records from sealed on
 *
 * A connection belongs to one thread at a time.
 */
#ifndef HM_TILELOG_INDEX_H
#define HM_TILELOG_INDEX_H

#include "base/err.h"
#include "base/vec.h"
#include "tlog/tlog.h"

struct hm_logindex;

struct hm_logstate {
	struct hm_tree tree;
	int64_t sealed;
	hm_str latest, checkpoint; /* signed notes */
	hm_str shown_latest, shown_checkpoint; /* empty: the same; not written by swap */
	bool open;                             /* the same */
};

/* Where a record may be. */
struct hm_hint {
	int64_t id, at;
};

/* A reader must find the database as a writer left it. */
int hm_logindex_open(hm_str dir, bool read_only, struct hm_logindex **out, struct hm_err *err);
void hm_logindex_free(struct hm_logindex *x);

int hm_logindex_state(struct hm_logindex *x, struct hm_arena *a, struct hm_logstate *out,
                      struct hm_err *err);
/* The texts of records from, from + 1, ... up to size. HM_EINVALID when one is missing. */
int hm_logindex_pending(struct hm_logindex *x, struct hm_arena *a, int64_t from, int64_t size,
                        struct hm_strs *out, struct hm_err *err);

/* The place of a name in the index. */
int64_t hm_logindex_hash(hm_str key);
/* Calls seen with each hint there until it answers non-zero; that is the answer. */
int hm_logindex_find(struct hm_logindex *x, int64_t hash,
                     int (*seen)(void *ctx, struct hm_hint hint, struct hm_err *err), void *ctx,
                     struct hm_err *err);

/* ---- the writer's transaction */

int hm_logindex_begin(struct hm_logindex *x, struct hm_err *err);
/* A record that lies in no tile yet. */
int hm_logindex_add_pending(struct hm_logindex *x, int64_t id, hm_str text, struct hm_err *err);
/* The way to it, wherever it lies; recent: of what was appended just now. */
int hm_logindex_add_recent(struct hm_logindex *x, int64_t hash, struct hm_hint hint,
                           struct hm_err *err);
/* When more than `keep` are recent, about n of them go to where they stay. */
int hm_logindex_merge(struct hm_logindex *x, int64_t keep, size_t n, struct hm_err *err);
int hm_logindex_add_hint(struct hm_logindex *x, int64_t hash, struct hm_hint hint,
                         struct hm_err *err);
/* Replaces the state if it still is of tree `was`: else HM_ECONFLICT. */
int hm_logindex_swap(struct hm_logindex *x, const struct hm_tree *was,
                     const struct hm_logstate *now, struct hm_err *err);
/* Ends with everything on disk. */
int hm_logindex_commit(struct hm_logindex *x, struct hm_err *err);
void hm_logindex_rollback(struct hm_logindex *x);

/* The heads that are shown, as long as they are not the newest; durable on return. */
int hm_logindex_show(struct hm_logindex *x, hm_str latest, hm_str checkpoint, struct hm_err *err);
int hm_logindex_declare(struct hm_logindex *x, bool open, struct hm_err *err);

/*
 * Brings what was committed from SQLite's log into the database, from another connection
 * than the writer's, which goes on meanwhile.
 */
int hm_logindex_checkpoint(struct hm_logindex *x, struct hm_err *err);

/* The first state of a new log, in a transaction. */
int hm_logindex_create(struct hm_logindex *x, const struct hm_logstate *now, struct hm_err *err);
/* Empties the table of names (fsck makes it again). */
int hm_logindex_clear(struct hm_logindex *x, struct hm_err *err);
/* Rows in the table of names. */
int hm_logindex_count(struct hm_logindex *x, int64_t *n, struct hm_err *err);
/* Is the database file itself whole? */
int hm_logindex_check(struct hm_logindex *x, struct hm_err *err);

#endif
