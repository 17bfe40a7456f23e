/*
 * witness.h - a witness: cosigns the heads of logs, each a continuation of all that it
 * cosigned before, whoever asks and in whatever order.
 *
 *	DIR/key                        note signer key, 0600
 *	DIR/witness.db                 SQLite: of each log its keys and the newest head cosigned
 *	DIR/public/<hash>/checkpoint   that head with the cosignature, for others to read;
 *	                               <hash> is the SHA-256 of the log's origin line
 *	DIR/evidence/                  both heads of a log that contradicted itself
 *
 * witness.c       the state; nothing is signed that is not durable first
 * witness_http.c  https://c2sp.org/tlog-witness: POST /add-checkpoint
 * witness_poll.c  logs that do not ask are looked at
 * witness_cmd.c   commands and settings
 *
 * Several processes may work on one folder.
 */
#ifndef SUMDB_WITNESS_H
#define SUMDB_WITNESS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "db/db.h"
#include "event.h"
#include "tlog/note.h"
#include "tlog/witness.h"

struct witness {
	struct hm_arena arena;
	hm_str dir;
	const struct hm_log *log;
	struct hm_signer signer;
	hm_str vkey;         /* of cosignatures */
	hm_str hook;         /* run for each event; may be empty */
	atomic_ulong alarms; /* forks and rollbacks since the start */
	atomic_bool ending;  /* see witness_end() */
	struct hm_strs down; /* logs that could not be reached, or believed, when last looked at */
	pthread_mutex_t mutex; /* guards the rest */
	struct hm_db *db;
	struct hm_http *asking; /* of the look under way, or NULL */
};

/* A log that is known, as of one moment. */
struct known {
	hm_str origin, name, url; /* url: where it is polled; may be empty */
	struct hm_verifier *keys;
	size_t n_keys;
	struct hm_tree tree; /* newest cosigned; n == 0: none, or the empty one */
	hm_str note;         /* with the cosignature; empty: never cosigned */
	int64_t time;        /* of that */
};
struct knowns {
	struct known *v;
	size_t n, cap;
};

/* Makes folder and key; *vkey in the arena. HM_ECONFLICT when there is one. */
int witness_create(struct hm_arena *a, hm_str dir, hm_str name, hm_str *vkey, struct hm_err *err);
int witness_open(struct witness *w, hm_str dir, const struct hm_log *log, struct hm_err *err);
void witness_close(struct witness *w);

/*
 * Knows the log of this verifier key from now on; a further key of the same name joins
 * the first.  A new url replaces the old one.
 */
int witness_add_log(struct witness *w, hm_str vkey, hm_str url, struct hm_err *err);
/* Its heads are not taken any more; what was cosigned is remembered for ever. HM_ENOTFOUND. */
int witness_drop_log(struct witness *w, hm_str name, struct hm_err *err);
int witness_logs(struct witness *w, struct hm_arena *a, struct knowns *out, struct hm_err *err);
/* HM_ENOTFOUND when the log is not known. */
int witness_find(struct witness *w, struct hm_arena *a, hm_str origin, struct known *out,
                 struct hm_err *err);

/*
 * Cosigns `tree`, whose head is the opened note, if req continues what was cosigned before
 * (hm_witness_judge(), whose errors these are): state durable, then *line.  k->tree is
 * brought up to date in any case.  HM_ESECURITY with two trees of one size is a fork: the
 * evidence is kept, the hook run.
 */
int witness_cosign(struct witness *w, struct hm_arena *a, struct known *k,
                   const struct hm_note *note, const struct hm_tree *tree,
                   const struct hm_add_checkpoint *req, hm_str *line, struct hm_err *err);

/* A log contradicts itself: keeps both heads, tells the log and the hook. err is the text. */
void witness_alarm(struct witness *w, enum event_kind kind, const struct known *k, hm_str now,
                   struct hm_err *err);

/* witness_http.c */
struct witness_serve_opts {
	hm_str listen, tls_cert, tls_key;
	int every; /* seconds between looks at the logs; 0: none */
};
int witness_serve(struct witness *w, const struct witness_serve_opts *o, struct hm_err *err);

/*
 * witness_poll.c: one look at each log that has a URL, or at the one of this name.  *status is
 * the worst that was met (event_status()).
 */
int witness_poll(struct witness *w, hm_str name, int *status, struct hm_err *err);
/* A look under way on another thread ends soon, and finds nothing out any more. */
void witness_end(struct witness *w);

int cmd_witness(int argc, char **argv, struct hm_log *log, struct hm_err *err);

#endif
