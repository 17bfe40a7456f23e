/*
 * tilelog.h - a transparency log of module checksums, the side that writes it.
 *
 * A record is the go.sum lines of one module version; the tree over the records is
 * golang.org/x/mod/sumdb/tlog's, and at the same time a C2SP tlog-tiles log.
 *
 *	DIR/key                  note signer keys, one a line, 0600; all of them sign
 *	DIR/lock                 held by the one process that may write
 *	DIR/index.db             SQLite: the signed head, name -> record, what is not in tiles yet
 *	DIR/declared             "public" or "private": is the list of names a secret?
 *	DIR/alarms               what was refused because it contradicts the log
 *	DIR/public/latest        signed tree head, "go.sum database tree"
 *	DIR/public/checkpoint    the same tree, origin line NAME (C2SP tlog-checkpoint)
 *	DIR/public/tile/8/L/N    hash tiles, tile/8/data/N records; tile/L -> tile/8/L
 *
 * One thread (the sequencer) takes all that is waiting as one batch: it numbers
 * the records, signs the new head, and commits index, records and head in one
 * SQLite transaction that only succeeds when the head is still the one it started
 * from.  One fsync makes the batch durable; then, and not before, readers see it.  A
 * second thread (the publisher) follows with the public files: tiles, fsync, and only
 * then latest and checkpoint.  What a crash cuts off there is made again from the
 * database.
 *
 * A log may have to be endorsed (by witnesses, say): then a durable head is shown to
 * nobody until the callback has said yes, and what it answered is durable, too.
 *
 * Any number of threads may call everything below but open and free.
 */
#ifndef HM_TILELOG_TILELOG_H
#define HM_TILELOG_TILELOG_H

#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"
#include "tlog/note.h"
#include "tlog/tile.h"

/* Longest record text, longest name. */
#define HM_TILELOG_RECORD_MAX 4096
/* Records that may wait for their batch; more are refused (HM_ELIMIT). */
#define HM_TILELOG_QUEUE_MAX (1 << 20)
/* Longest data tile, and longest head. */
#define HM_TILELOG_TILE_MAX ((size_t)(HM_TILELOG_RECORD_MAX + 1) << HM_TILE_HEIGHT)
#define HM_TILELOG_HEAD_MAX ((size_t)64 << 10)

struct hm_tilelog;

/*
 * Makes the folder, a fresh key under this name, and the signed head of the empty
 * tree; *vkey (in the arena) is what GOSUMDB wants.  HM_ECONFLICT when there is a log.
 */
int hm_tilelog_create(struct hm_arena *a, hm_str dir, hm_str name, hm_str *vkey,
                      struct hm_err *err);

/*
 * Takes the lock, reads the state and proves it: head against key, tail against head,
 * published files against head; what a crash left undone is being done.  HM_ECONFLICT
 * when another process has the lock, HM_ESECURITY when the log contradicts itself.
 * log may be NULL.
 */
int hm_tilelog_open(hm_str dir, const struct hm_log *log, struct hm_tilelog **out,
                    struct hm_err *err);

/*
 * What has to happen before a head is shown to anybody; zeroed: nothing.
 *
 * endorse is called on the sequencer's thread with a tree whose records and head are
 * durable, and its checkpoint as the log's own keys sign it.  0: *out, in the arena, is
 * what is shown instead: the same text with more signatures, which go's head carries, too.
 * It is called once when the log is opened, and then with each new head.  -1: what is shown stays;
 * appends of records that it does not cover end with that error, though the records
 * stay in the log; it is asked again with the next batch, or a second later.
 * It may wait for the network: appends queue up meanwhile and become one batch.
 *
 * Once a head was shown by endorsement, or since there is DIR/witnesses (witnesses.h), so
 * are all that follow: a log that is opened
 * without the callback appends, durably, and shows nothing new.
 */
struct hm_tilelog_opts {
	const struct hm_log *log;
	int (*endorse)(void *ctx, struct hm_tilelog *l, struct hm_arena *a,
	               const struct hm_tree *tree, hm_str checkpoint, hm_str *out,
	               struct hm_err *err);
	void *ctx;
};
int hm_tilelog_open_with(hm_str dir, const struct hm_tilelog_opts *opts, struct hm_tilelog **out,
                         struct hm_err *err);
/*
 * Stored hashes of the tree that endorse was called with, inside endorse; and of the tree
 * that is shown, anywhere.  A struct hm_hash_reader with ctx l.
 */
int hm_tilelog_read_hashes(void *l, const int64_t *index, size_t n, struct hm_hash *out,
                           struct hm_err *err);
/* Finishes what is queued, publishes, gives the lock back. */
void hm_tilelog_free(struct hm_tilelog *l);

/*
 * Records and tiles that were asked for lately are kept in about so much memory (16 MiB
 * unless said).  Before anything is looked up.
 */
void hm_tilelog_remember(struct hm_tilelog *l, int mib);

/*
 * Public: the list of names in the log is no secret, anybody may read the records.  It is in
 * the database and in DIR/declared; a log where they contradict each other is not opened, and
 * a lost one of them is made again from the other: nothing guesses.
 */
enum hm_declared { HM_UNDECLARED, HM_DECLARED_PRIVATE, HM_DECLARED_PUBLIC };
int hm_tilelog_declare(hm_str dir, bool open, struct hm_err *err);
bool hm_tilelog_is_public(const struct hm_tilelog *l);

/* Name of the log, and its verifier keys, as GOSUMDB wants them; borrowed from l. */
hm_str hm_tilelog_name(const struct hm_tilelog *l);
const struct hm_strs *hm_tilelog_vkeys(const struct hm_tilelog *l);

/*
 * Key rotation under one name, while nobody has the log.  First a second key joins,
 * and every head from now on, the current one included, carries both signatures, so that a
 * client of either key follows; then, retire, the old key goes.  *vkey is the newest
 * verifier key, in the arena.
 */
int hm_tilelog_rotate(struct hm_arena *a, hm_str dir, bool retire, hm_str *vkey,
                      struct hm_err *err);

/* One record to append; the caller's memory until done is called. */
struct hm_append {
	hm_str text; /* "path version hash\npath version/go.mod hash\n" */
	/* Called once, on the sequencer's thread, when the record is in a durable, signed head. */
	void (*done)(struct hm_append *a);
	void *ctx;

	/* The outcome. rc 0: record `id`; fresh: it was not there before. */
	int64_t id;
	bool fresh;
	int rc;          /* -1: err says why; HM_ESECURITY: logged already with other hashes */
	struct hm_err err;

	struct hm_append *next; /* the log's own */
	struct hm_hash hash;
};

/* Queues n records; each one's done is called, even when it is refused. */
void hm_tilelog_submit(struct hm_tilelog *l, struct hm_append *v, size_t n);
/* The same, and waits for all of them; -1 with the first error. done and ctx are not used. */
int hm_tilelog_append(struct hm_tilelog *l, struct hm_append *v, size_t n, struct hm_err *err);

/* The key of a record's text: "path version" of its first line; empty when there is none. */
hm_str hm_tilelog_key(hm_str text);

/*
 * The record of "path version": its number and text (in the arena), and the signed
 * head that covers it.  HM_ENOTFOUND.
 */
struct hm_found {
	int64_t id;
	hm_str text, head;
};
int hm_tilelog_find(struct hm_tilelog *l, struct hm_arena *a, hm_str key, struct hm_found *out,
                    struct hm_err *err);

/* The signed heads; size may be NULL. */
hm_str hm_tilelog_latest(struct hm_tilelog *l, struct hm_arena *a, int64_t *size);
hm_str hm_tilelog_checkpoint(struct hm_tilelog *l, struct hm_arena *a);

/*
 * A tile of height 8.  HM_ENOTFOUND for one that the signed tree does not have;
 * HM_EINVALID names one that is damaged: it is not handed out.  Every byte was proven by
 * the signed head, however often its file changes meanwhile.
 */
struct hm_tile_data {
	hm_str bytes; /* in the arena, or what is held has them */
	void *held;   /* to hm_tilelog_release(), when not NULL; from any thread */
};
int hm_tilelog_tile(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t,
                    struct hm_tile_data *out, struct hm_err *err);
void hm_tilelog_release(void *held);
/* The same records as a C2SP entry bundle: each behind its length in two bytes. */
int hm_tilelog_entries(struct hm_tilelog *l, struct hm_arena *a, int64_t n, int w, hm_str *out,
                       struct hm_err *err);

/* Adds a line to DIR/alarms, with the time; the text is evidence, not for clients. */
void hm_tilelog_alarm(struct hm_tilelog *l, hm_str text);

struct hm_tilelog_stats {
	int64_t size, published; /* records in the head that is shown; in the public files */
	uint64_t batches, appended, refused;
};
struct hm_tilelog_stats hm_tilelog_stats(struct hm_tilelog *l);

#endif
