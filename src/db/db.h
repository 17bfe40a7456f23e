/*
 * db.h - SQLite: open, migrate, statements, transactions.  The only user of
 * sqlite3.
 *
 * A connection belongs to one thread at a time.  Files are in WAL mode, so that
 * readers and one writer work at once; a writer that finds another waits.
 *
 * Errors: HM_EIO with "path: what: SQLite's text"; a full disk keeps errno ENOSPC
 * in err->sys; HM_EINVALID for a file that is no database or is damaged.
 */
#ifndef HM_DB_DB_H
#define HM_DB_DB_H

#include "base/err.h"

struct hm_db;
struct hm_stmt;

struct hm_db_opts {
	bool read_only;  /* must exist */
	bool durable;    /* fsync at every commit (synchronous=FULL); else at checkpoints */
	int wait_ms;     /* for another writer; 0: 10 s */
	int cache_kib;   /* of pages in memory; 0: 2000, as SQLite has it */
};

int hm_db_open(const char *path, const struct hm_db_opts *opts, struct hm_db **out,
               struct hm_err *err);
void hm_db_free(struct hm_db *db);

/*
 * Brings the schema up to date: step i takes it from version i to i + 1
 * (PRAGMA user_version), all of them in one transaction.  A database newer than the
 * steps is refused (HM_ECONFLICT): an older program must not write to it.
 */
int hm_db_migrate(struct hm_db *db, const char *const *steps, int n, struct hm_err *err);
/* Statements without parameters or results. */
int hm_db_exec(struct hm_db *db, const char *sql, struct hm_err *err);

/* BEGIN IMMEDIATE; the writer's lock is taken now, not half way. */
int hm_db_begin(struct hm_db *db, struct hm_err *err);
int hm_db_commit(struct hm_db *db, struct hm_err *err);
/* Never fails; err of the cause stays. */
void hm_db_rollback(struct hm_db *db);
/* Rows that the last statement changed: the answer of a compare-and-swap. */
int64_t hm_db_changes(const struct hm_db *db);
int64_t hm_db_last_id(const struct hm_db *db);
/* A consistent copy of the whole database, while others work. */
int hm_db_backup(struct hm_db *db, const char *to, struct hm_err *err);
/* PRAGMA integrity_check; HM_EINVALID with its first line. */
int hm_db_check(struct hm_db *db, struct hm_err *err);

/* Compiled once, used many times; hm_stmt_free() before hm_db_free(). */
int hm_stmt_new(struct hm_db *db, const char *sql, struct hm_stmt **out, struct hm_err *err);
void hm_stmt_free(struct hm_stmt *s);
/* Parameters, from 1 on; text and blobs are borrowed until the statement is reset. */
void hm_stmt_bind_str(struct hm_stmt *s, int i, hm_str v);
void hm_stmt_bind_blob(struct hm_stmt *s, int i, hm_str v);
void hm_stmt_bind_int(struct hm_stmt *s, int i, int64_t v);
void hm_stmt_bind_null(struct hm_stmt *s, int i);
/* Next row; *row is false at the end, and the statement is reset then. */
int hm_stmt_step(struct hm_stmt *s, bool *row, struct hm_err *err);
/* Runs it to the end and resets it: INSERT, UPDATE, DELETE. */
int hm_stmt_run(struct hm_stmt *s, struct hm_err *err);
/* Columns of the row, from 0 on; borrowed until the next step. */
hm_str hm_stmt_str(struct hm_stmt *s, int i);
int64_t hm_stmt_int(struct hm_stmt *s, int i);
bool hm_stmt_is_null(struct hm_stmt *s, int i);
/* Ready to be bound and run again. */
void hm_stmt_reset(struct hm_stmt *s);

#endif
