/*
 * log.h - the inside of a log, for the files of this folder.
 *
 * The sequencer's thread alone changes tail, tree and sealed; it does so with `seen`
 * held for writing, so that it may read them without, and all others read them with
 * `seen` held for reading, and nothing of the tail beyond `tree.n`.
 */
#ifndef HM_TILELOG_LOG_H
#define HM_TILELOG_LOG_H

#include <pthread.h>

#include "tilelog/files.h"
#include "tilelog/index.h"
#include "tilelog/tail.h"
#include "tilelog/tilelog.h"

enum {
	BATCH_MAX = 16384,    /* records in one transaction */
	UNPUBLISHED_MAX = 1 << 20, /* records in memory when the public files cannot be written */
	READERS_MAX = 64,
};

/* One bit a full tile that was read and found right. */
struct tile_bits {
	uint64_t *v;
	size_t n;
};

struct hm_tilelog {
	struct hm_arena arena;
	hm_str dir;
	const struct hm_log *log;
	int lock;
	struct hm_signers signers;
	struct hm_verifier *keys; /* as many as signers */
	struct hm_strs vkeys;
	struct hm_logindex *index; /* the sequencer's */

	pthread_rwlock_t seen;
	struct hm_tail tail;
	struct hm_tree tree;   /* of the head that readers get */
	int64_t sealed;        /* so many records are in durable tiles */
	int64_t published;     /* and in public/latest */
	struct hm_buf latest, checkpoint;

	pthread_mutex_t readers_mutex; /* guards the next two */
	struct hm_logindex *reader[READERS_MAX];
	int readers;

	pthread_mutex_t right_mutex; /* guards right */
	struct tile_bits right[1 + HM_TAIL_LEVELS]; /* data tiles first */

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t work;
	struct hm_append *first, **last;
	size_t waiting;
	bool stop, running;
	pthread_t thread;
	uint64_t batches, appended, refused;
};

/* tilelog.c: lock and keys alone, for a log that may be damaged; hm_tilelog_free() ends it. */
struct hm_tilelog *hm_tilelog_attach(hm_str dir, const struct hm_log *log, struct hm_err *err);

/* heads.c: both signed heads of a tree, in the arena. */
int hm_tilelog_sign(const struct hm_tilelog *l, struct hm_arena *a, const struct hm_tree *tree,
                    hm_str *latest, hm_str *checkpoint, struct hm_err *err);
/* The tree of a signed head of either kind; HM_ESECURITY when none of our keys signed it. */
int hm_tilelog_open_head(const struct hm_tilelog *l, struct hm_arena *a, hm_str note, bool c2sp,
                         struct hm_tree *out, struct hm_err *err);

/* Does the note have a signature of each of our keys, and none of a retired one? */
bool hm_tilelog_is_signed_by_all(const struct hm_tilelog *l, struct hm_arena *a, hm_str note);

/* read.c: one record, in the arena, by reading its tile. */
int hm_tilelog_record(struct hm_tilelog *l, struct hm_arena *a, int64_t id, hm_str *out,
                      struct hm_err *err);

/* The same with the hint where it may begin; true when it is the record of key. */
int hm_tilelog_is_record(struct hm_tilelog *l, struct hm_arena *a, struct hm_hint hint, hm_str key,
                         hm_str *text, bool *is, struct hm_err *err);

/* sequencer.c */
int hm_tilelog_start(struct hm_tilelog *l, struct hm_err *err);
/* Works off the queue and ends. */
void hm_tilelog_stop(struct hm_tilelog *l);
/* Tiles, then heads, to the public files. */
int hm_tilelog_publish(struct hm_tilelog *l, struct hm_err *err);

#endif
