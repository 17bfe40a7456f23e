/*
 * facts_priv.h - between the files of facts:
 *
 *	facts.c       open and close, the writer thread
 *	facts_news.c  the queue of versions that are to be looked at
 *	facts_uses.c  uses, until they are written
 *	facts_look.c  a version's files become its row
 *	facts_read.c  queries
 *	facts_scan.c  the whole folder against the database
 */
#ifndef PROXY_FACTS_PRIV_H
#define PROXY_FACTS_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "db/db.h"
#include "facts.h"

/* What is queued: look at this version again. */
struct news {
	struct news *next;
	hm_str path, version;
	hm_str source, sumdb;
	int64_t record;
	char *newer; /* memory of source and sumdb that came later; or NULL */
};

void news_free(struct news *n);

/* Bounded; what does not fit is lost, and that is known. */
struct newsq;

struct newsq *newsq_new(void);
void newsq_free(struct newsq *q);
/* may_wait: until the queue is short again, or stops. */
void newsq_put(struct newsq *q, hm_str path, hm_str version, const struct facts_origin *o,
               bool may_wait);
/* All of it, each version once; a is for the time of the call. */
struct news *newsq_take(struct newsq *q, struct hm_arena *a);
/* They wait for better times, in front of all others. list may be NULL. */
void newsq_put_back(struct newsq *q, struct news *list);
/* About so long, or until there are many, or newsq_wake(); true: it has stopped. */
bool newsq_wait(struct newsq *q, int ms);
void newsq_wake(struct newsq *q);
void newsq_stop(struct newsq *q);
bool newsq_stopped(struct newsq *q);
/* Did any not fit? forget: and begin anew. */
bool newsq_lost(struct newsq *q, bool forget);
size_t newsq_length(struct newsq *q);

/* How often a version was asked for since the last time that this was written. */
struct use {
	uint64_t hash;
	hm_str path, version; /* path.p is the memory of both */
	int64_t first, last;
	uint32_t zips;
};

/* A bounded table, in shards with a lock each, so that a loop hardly ever meets another. */
struct uses;

struct uses *uses_new(void);
void uses_free(struct uses *u);
/* True when many came together, so that they should be written. */
bool uses_count(struct uses *u, hm_str path, hm_str version, bool zip);
bool uses_any(struct uses *u);
/* Takes all out and hands each to fn until that fails. */
int uses_take(struct uses *u, int (*fn)(void *ctx, const struct use *use, struct hm_err *err),
              void *ctx, struct hm_err *err);
/* That did not fit. */
uint64_t uses_lost(struct uses *u);

/* Statements of the writer's connection, in the order of facts_look.c's table. */
enum { FACTS_STATEMENTS = 16 };

/* One connection that writes, and what it needs. One thread at a time. */
struct facts_writer {
	struct hm_db *db;
	struct hm_stmt *st[FACTS_STATEMENTS];
	const struct hm_store *store;
	int64_t stamp; /* the last given out; read when a transaction begins */
};

int facts_writer_init(struct facts_writer *w, struct hm_err *err);
void facts_writer_end(struct facts_writer *w);
/* BEGIN, and the last stamp; COMMIT, and the stamp kept. */
int facts_writer_begin(struct facts_writer *w, struct hm_err *err);
int facts_writer_commit(struct facts_writer *w, struct hm_err *err);
/* A time that no row has, later than all others. */
int64_t facts_stamp(struct facts_writer *w);
/* Makes the row of a version equal to its files; within a transaction. */
int facts_look(struct facts_writer *w, struct hm_arena *a, const struct news *n,
               struct hm_err *err);
int facts_write_use(struct facts_writer *w, const struct use *u, struct hm_err *err);
int facts_write_purge(struct facts_writer *w, struct fact_purge *p, struct hm_err *err);
int facts_read_totals(struct facts_writer *w, struct facts_totals *t, struct hm_err *err);

/* A connection that only reads, from the few that are kept. */
int facts_reader(struct facts *f, struct hm_db **out, struct hm_err *err);
void facts_reader_done(struct facts *f, struct hm_db *db);

/* Queues, and waits while the queue is long: for threads that may. */
void facts_queue(struct facts *f, hm_str path, hm_str version);
const struct hm_store *facts_store(const struct facts *f);
/* What was lost before is found now; and all that was found is written. */
void facts_scan_begins(struct facts *f);
int facts_scan_ends(struct facts *f, struct hm_err *err);

extern const char *const facts_schema[];
extern const int facts_schema_steps;

#endif
