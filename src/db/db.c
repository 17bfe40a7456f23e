#include "db/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "os/file.h"

enum { WAIT_MS = 10000 };

struct hm_db {
	sqlite3 *db;
	struct hm_arena arena;
	hm_str path;
};

struct hm_stmt {
	struct hm_db *db;
	sqlite3_stmt *st;
	bool bad; /* a parameter could not be bound */
};

static int
fail(const struct hm_db *db, int rc, const char *what, struct hm_err *err)
{
	int sys = rc == SQLITE_FULL ? ENOSPC : sqlite3_system_errno(db->db);
	enum hm_code code = rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ? HM_EINVALID :
	                    rc == SQLITE_CONSTRAINT                     ? HM_ECONFLICT :
	                                                                  HM_EIO;

	bool told = sys && (rc == SQLITE_IOERR || rc == SQLITE_CANTOPEN || rc == SQLITE_FULL);

	hm_err_set(err, code, HM_F ": %s: %s%s%s", HM_P(db->path), what, sqlite3_errmsg(db->db),
	           told ? ": " : "", told ? hm_errno_text(sys) : "");
	err->sys = sys;
	return -1;
}

int
hm_db_exec(struct hm_db *db, const char *sql, struct hm_err *err)
{
	int rc = sqlite3_exec(db->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(db, rc & 0xff, sql, err);
}

static int
set_up(struct hm_db *db, const struct hm_db_opts *o, struct hm_err *err)
{
	sqlite3_busy_timeout(db->db, o->wait_ms ? o->wait_ms : WAIT_MS);
	sqlite3_db_config(db->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (hm_db_exec(db, "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF", err))
		return -1;
	if (o->cache_kib &&
	    hm_db_exec(db, hm_arena_printf(&db->arena, "PRAGMA cache_size=-%d", o->cache_kib).p,
	               err))
		return -1;
	if (o->read_only)
		return 0;
	if (hm_db_exec(db, "PRAGMA journal_mode=WAL", err))
		return -1;
	return hm_db_exec(db, o->durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
	                  err);
}

/*
 * The database itself may be no link; the way to it may have some, which SQLite's own
 * NOFOLLOW does not allow.
 */
static hm_str
without_links(struct hm_arena *a, const char *path)
{
	hm_str whole = hm_str_of(path), dir;
	struct hm_err none = { 0 };

	if (hm_file_real_path(a, hm_path_dir(a, whole).p, &dir, &none) == 0)
		whole = hm_path_cat(a, dir, hm_path_base(whole));
	hm_err_free(&none); /* of a folder that is not there SQLite tells */
	return whole;
}

int
hm_db_open(const char *path, const struct hm_db_opts *opts, struct hm_db **out,
           struct hm_err *err)
{
	static const struct hm_db_opts none;
	const struct hm_db_opts *o = opts ? opts : &none;
	struct hm_db *db = hm_mem_new(sizeof(*db));
	int flags =
		SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE |
		(o->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	int rc;

	db->path = hm_arena_dup(&db->arena, hm_str_of(path));
	rc = sqlite3_open_v2(without_links(&db->arena, path).p, &db->db, flags, NULL);
	if (rc != SQLITE_OK && !db->db)
		hm_mem_oom();
	if (rc != SQLITE_OK ? fail(db, rc & 0xff, "open", err) : set_up(db, o, err)) {
		hm_db_free(db);
		return -1;
	}
	*out = db;
	return 0;
}

void
hm_db_free(struct hm_db *db)
{
	if (!db)
		return;
	sqlite3_close_v2(db->db);
	hm_arena_free(&db->arena);
	free(db);
}

static int
schema_version(struct hm_db *db, int64_t *version, struct hm_err *err)
{
	struct hm_stmt *s;
	bool row;
	int rc;

	if (hm_stmt_new(db, "PRAGMA user_version", &s, err))
		return -1;
	rc = hm_stmt_step(s, &row, err);
	*version = rc == 0 && row ? hm_stmt_int(s, 0) : 0;
	hm_stmt_free(s);
	return rc;
}

static int
migrate_locked(struct hm_db *db, const char *const *steps, int n, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int64_t version;
	int rc = schema_version(db, &version, err);

	if (rc == 0 && version > n)
		rc = hm_err_set(err, HM_ECONFLICT,
		                HM_F ": made by a newer version of this program "
		                     "(schema %lld, known up to %d)",
		                HM_P(db->path), (long long)version, n);
	for (; rc == 0 && version < n; version++)
		rc = hm_db_exec(db, steps[version], err);
	if (rc == 0)
		rc = hm_db_exec(db, hm_arena_printf(&a, "PRAGMA user_version=%d", n).p, err);
	hm_arena_free(&a);
	return rc;
}

int
hm_db_migrate(struct hm_db *db, const char *const *steps, int n, struct hm_err *err)
{
	int64_t version;

	if (schema_version(db, &version, err))
		return -1;
	if (version == n)
		return 0;
	if (hm_db_begin(db, err))
		return -1;
	if (migrate_locked(db, steps, n, err) || hm_db_commit(db, err)) {
		hm_db_rollback(db);
		return -1;
	}
	return 0;
}

int
hm_db_begin(struct hm_db *db, struct hm_err *err)
{
	return hm_db_exec(db, "BEGIN IMMEDIATE", err);
}

int
hm_db_commit(struct hm_db *db, struct hm_err *err)
{
	return hm_db_exec(db, "COMMIT", err);
}

void
hm_db_rollback(struct hm_db *db)
{
	if (!sqlite3_get_autocommit(db->db))
		sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
}

int64_t
hm_db_changes(const struct hm_db *db)
{
	return sqlite3_changes64(db->db);
}

int64_t
hm_db_last_id(const struct hm_db *db)
{
	return sqlite3_last_insert_rowid(db->db);
}

int
hm_db_backup(struct hm_db *db, const char *to, struct hm_err *err)
{
	struct hm_stmt *s;
	int rc;

	if (hm_stmt_new(db, "VACUUM INTO ?", &s, err))
		return -1;
	hm_stmt_bind_str(s, 1, hm_str_of(to));
	rc = hm_stmt_run(s, err);
	hm_stmt_free(s);
	return rc;
}

int
hm_db_check(struct hm_db *db, struct hm_err *err)
{
	struct hm_stmt *s;
	bool row;
	int rc;

	if (hm_stmt_new(db, "PRAGMA integrity_check(1)", &s, err))
		return -1;
	rc = hm_stmt_step(s, &row, err);
	if (rc == 0 && row && !hm_str_eqz(hm_stmt_str(s, 0), "ok"))
		rc = hm_err_set(err, HM_EINVALID, HM_F ": " HM_F, HM_P(db->path),
		                HM_P(hm_stmt_str(s, 0)));
	hm_stmt_free(s);
	return rc;
}

/* ---- statements */

int
hm_stmt_new(struct hm_db *db, const char *sql, struct hm_stmt **out, struct hm_err *err)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

	if (rc != SQLITE_OK)
		return fail(db, rc & 0xff, sql, err);
	*out = hm_mem_new(sizeof(**out));
	**out = (struct hm_stmt){ .db = db, .st = st };
	return 0;
}

void
hm_stmt_free(struct hm_stmt *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->st);
	free(s);
}

static void
note(struct hm_stmt *s, int rc)
{
	if (rc != SQLITE_OK)
		s->bad = true;
}

void
hm_stmt_bind_str(struct hm_stmt *s, int i, hm_str v)
{
	note(s, sqlite3_bind_text64(s->st, i, v.p ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8));
}

void
hm_stmt_bind_blob(struct hm_stmt *s, int i, hm_str v)
{
	note(s, sqlite3_bind_blob64(s->st, i, v.p ? v.p : "", v.n, SQLITE_STATIC));
}

void
hm_stmt_bind_int(struct hm_stmt *s, int i, int64_t v)
{
	note(s, sqlite3_bind_int64(s->st, i, v));
}

void
hm_stmt_bind_null(struct hm_stmt *s, int i)
{
	note(s, sqlite3_bind_null(s->st, i));
}

int
hm_stmt_step(struct hm_stmt *s, bool *row, struct hm_err *err)
{
	int rc = s->bad ? SQLITE_MISUSE : sqlite3_step(s->st);

	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		return 0;
	if (rc != SQLITE_DONE)
		fail(s->db, rc & 0xff, sqlite3_sql(s->st), err); /* before the reset clears it */
	hm_stmt_reset(s);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
hm_stmt_run(struct hm_stmt *s, struct hm_err *err)
{
	bool row;
	int rc;

	do
		rc = hm_stmt_step(s, &row, err);
	while (rc == 0 && row);
	return rc;
}

hm_str
hm_stmt_str(struct hm_stmt *s, int i)
{
	const void *p = sqlite3_column_blob(s->st, i);

	return p ? hm_str_make(p, (size_t)sqlite3_column_bytes(s->st, i)) : HM_S("");
}

int64_t
hm_stmt_int(struct hm_stmt *s, int i)
{
	return sqlite3_column_int64(s->st, i);
}

bool
hm_stmt_is_null(struct hm_stmt *s, int i)
{
	return sqlite3_column_type(s->st, i) == SQLITE_NULL;
}

void
hm_stmt_reset(struct hm_stmt *s)
{
	sqlite3_reset(s->st);
	sqlite3_clear_bindings(s->st);
	s->bad = false;
}
