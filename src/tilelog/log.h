/*
 * log.h - the inside of a log, for the files of this folder.
 *
 * The sequencer's thread alone changes tail, tree, latest and checkpoint; it does so
 * with `seen` held for writing, so that it may read them without, and all others read them
 * with `seen` held for reading, and nothing of the tail beyond `tree.n`.
 *
 * head is what is committed, tree what is shown: the same, unless an endorsement is
 * missing.  published <= written <= tree.n <= head.n; sealed <= written.
 */
#ifndef HM_TILELOG_LOG_H
#define HM_TILELOG_LOG_H

#include <pthread.h>

#include "tilelog/files.h"
#include "tilelog/index.h"
#include "tilelog/recent.h"
#include "tilelog/tail.h"
#include "tilelog/tilecache.h"
#include "tilelog/tilelog.h"

enum {
	BATCH_MAX = 16384,    /* records in one transaction */
	BACKLOG = 4 * BATCH_MAX, /* records not in tiles yet; then appends wait for those */
	UNPUBLISHED_MAX = 1 << 20, /* records in memory when the public files cannot be written */
	READERS_MAX = 64,
	RECENT_NAMES = 1 << 19, /* gathered before they go into the large index */
	MEMORY_MIB = 16,
	RECENT_SHARE = 4,     /* of the memory goes to records that were looked up lately */
	RECENT_BYTES = 256,   /* of such a record */
};

/* Of each full tile that was read and found right, its file as it was then; 0: not yet. */
struct tile_stamps {
	uint64_t *v;
	size_t n;
};

struct hm_tilelog {
	struct hm_arena arena;
	hm_str dir;
	const struct hm_log *log;
	struct hm_tilelog_opts opts;
	int lock;
	struct hm_signers signers;
	struct hm_verifier *keys; /* as many as signers */
	struct hm_strs vkeys;
	struct hm_logindex *index; /* the sequencer's */

	/* The sequencer's own. */
	struct hm_tree head;
	struct hm_buf head_latest, head_checkpoint;
	int64_t sealed;        /* so many records are in tiles and not in the tail */
	bool owing;            /* head is not shown yet */
	bool endorsed;         /* what is shown takes an endorsement */

	pthread_rwlock_t seen;
	struct hm_tail tail;
	struct hm_tree tree;   /* of the head that readers get */
	struct hm_buf latest, checkpoint;
	int64_t published;     /* the size of public/latest; the publisher's */
	bool open;             /* set once */

	pthread_mutex_t readers_mutex; /* guards the next two */
	struct hm_logindex *reader[READERS_MAX];
	int readers;

	struct hm_recent *recent;
	struct hm_tilecache *kept;

	pthread_mutex_t right_mutex; /* guards right */
	struct tile_stamps right[1 + HM_TAIL_LEVELS]; /* data tiles first */

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t work;   /* the sequencer waits */
	struct hm_append *first, **last;
	size_t waiting;
	bool stop, running;
	pthread_t thread;
	uint64_t batches, appended, refused;
	pthread_cond_t shown;  /* the publisher waits */
	bool fresh;            /* there is a head to publish */
	bool behind;           /* publishing failed the last time */
	bool last_call;        /* publish what there is, and end */
	pthread_t publisher;
	int64_t written;       /* so many records are in durable tiles */
};

/* tilelog.c: lock and keys alone, for a log that may be damaged; hm_tilelog_free() ends it. */
struct hm_tilelog *hm_tilelog_attach(hm_str dir, const struct hm_log *log, struct hm_err *err);

/* heads.c: both signed heads of a tree, in the arena. */
int hm_tilelog_sign(const struct hm_tilelog *l, struct hm_arena *a, const struct hm_tree *tree,
                    hm_str *latest, hm_str *checkpoint, struct hm_err *err);
/* The tree of a signed head of either kind; HM_ESECURITY when none of our keys signed it. */
int hm_tilelog_open_head(const struct hm_tilelog *l, struct hm_arena *a, hm_str note, bool c2sp,
                         struct hm_tree *out, struct hm_err *err);

/*
 * The signatures on an endorsed checkpoint that are not ours, put on go's head of the same
 * tree, too, so that a client finds them on the head that it gets.
 */
int hm_tilelog_carry_signatures(const struct hm_tilelog *l, struct hm_arena *a, hm_str checkpoint,
                                hm_str *latest, struct hm_err *err);

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
/* Works off the queue, publishes, and ends both threads. */
void hm_tilelog_stop(struct hm_tilelog *l);
/* What lies in durable tiles leaves the tail. */
void hm_tilelog_seal(struct hm_tilelog *l);

/* publisher.c: tiles, then heads, to the public files. */
int hm_tilelog_publish(struct hm_tilelog *l, struct hm_err *err);
int hm_tilelog_start_publisher(struct hm_tilelog *l, struct hm_err *err);
/* With the last of what is shown in the public files, if that can be. */
void hm_tilelog_stop_publisher(struct hm_tilelog *l);
/* Waits on a condition of l->mutex, which is held, for so long at most. */
void hm_tilelog_wait(pthread_cond_t *c, pthread_mutex_t *m, int ms);

#endif
