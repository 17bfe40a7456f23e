#include "tilelog/index.h"

#include <stdlib.h>

#include "base/mem.h"
#include "crypto/sha256.h"
#include "db/db.h"
#include "tilelog/files.h"

static const char *const schema[] = {
	("CREATE TABLE log(one INTEGER PRIMARY KEY CHECK(one = 1), size INTEGER NOT NULL,"
	 " root BLOB NOT NULL, sealed INTEGER NOT NULL, latest TEXT NOT NULL,"
	 " checkpoint TEXT NOT NULL);"
	 "CREATE TABLE record(hash INTEGER NOT NULL, id INTEGER NOT NULL,"
	 " at INTEGER NOT NULL, PRIMARY KEY(hash, id)) WITHOUT ROWID;"
	 "CREATE TABLE pending(id INTEGER PRIMARY KEY, text TEXT NOT NULL);"),
	("ALTER TABLE log ADD COLUMN shown_latest TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE log ADD COLUMN shown_checkpoint TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE log ADD COLUMN open INTEGER NOT NULL DEFAULT 0;"),
	("CREATE TABLE recent(hash INTEGER NOT NULL, id INTEGER NOT NULL,"
	 " at INTEGER NOT NULL, PRIMARY KEY(hash, id)) WITHOUT ROWID;"),
};

enum statement { STATE, PENDING, FIND, ADD_HINT, ADD_RECENT, COUNT_RECENT, SLICE, MERGE,
                 FORGET, ADD_PENDING, DROP_PENDING, SWAP, STATEMENTS };

static const char *const sql[STATEMENTS] = {
	[STATE] = ("SELECT size, root, sealed, latest, checkpoint, shown_latest, shown_checkpoint,"
	          " open FROM log"),
	[PENDING] = "SELECT id, text FROM pending WHERE id >= ? AND id < ? ORDER BY id",
	[FIND] = ("SELECT id, at FROM record WHERE hash = ?1 UNION ALL"
	          " SELECT id, at FROM recent WHERE hash = ?1"),
	[ADD_HINT] = "INSERT INTO record(hash, id, at) VALUES(?, ?, ?)",
	[ADD_RECENT] = "INSERT INTO recent(hash, id, at) VALUES(?, ?, ?)",
	[COUNT_RECENT] = "SELECT count(*) FROM recent",
	[SLICE] = "SELECT hash FROM recent WHERE hash >= ? ORDER BY hash LIMIT 1 OFFSET ?",
	[MERGE] = ("INSERT INTO record SELECT hash, id, at FROM recent"
	           " WHERE hash >= ? AND hash <= ? ORDER BY hash, id"),
	[FORGET] = "DELETE FROM recent WHERE hash >= ? AND hash <= ?",
	[ADD_PENDING] = "INSERT INTO pending(id, text) VALUES(?, ?)",
	[DROP_PENDING] = "DELETE FROM pending WHERE id < ?",
	[SWAP] = ("UPDATE log SET size = ?, root = ?, sealed = ?, latest = ?, checkpoint = ?"
	         " WHERE size = ? AND root = ?"),
};

struct hm_logindex {
	struct hm_db *db;
	int64_t recent; /* rows in it; -1: not known */
	int64_t merged; /* up to this hash, in this round */
	struct hm_stmt *st[STATEMENTS];
};

int
hm_logindex_open(hm_str dir, bool read_only, struct hm_logindex **out, struct hm_err *err)
{
	static const char writer[] = "PRAGMA cache_size=-8192; PRAGMA wal_autocheckpoint=16384";
	struct hm_arena a = { 0 };
	struct hm_logindex *x = hm_mem_new(sizeof(*x));
	struct hm_db_opts o = { .read_only = read_only, .durable = true };
	hm_str file = hm_tilelog_file(&a, dir, "index.db");
	int rc = hm_db_open(file.p, &o, &x->db, err);

	x->recent = -1;
	x->merged = INT64_MIN;
	if (rc == 0)
		rc = hm_db_exec(x->db, read_only ? "PRAGMA cache_size=-4096" : writer, err);
	if (rc == 0 && !read_only)
		rc = hm_db_migrate(x->db, schema, sizeof(schema) / sizeof(*schema), err);
	for (int i = 0; rc == 0 && i < STATEMENTS; i++)
		rc = hm_stmt_new(x->db, sql[i], &x->st[i], err);
	hm_arena_free(&a);
	if (rc) {
		hm_logindex_free(x);
		return -1;
	}
	*out = x;
	return 0;
}

void
hm_logindex_free(struct hm_logindex *x)
{
	if (!x)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		hm_stmt_free(x->st[i]);
	hm_db_free(x->db);
	free(x);
}

static hm_str
root_of(const struct hm_tree *t)
{
	return hm_str_make((const char *)t->hash.b, sizeof(t->hash.b));
}

int
hm_logindex_state(struct hm_logindex *x, struct hm_arena *a, struct hm_logstate *out,
                  struct hm_err *err)
{
	struct hm_stmt *s = x->st[STATE];
	bool row;
	int rc = 0;

	if (hm_stmt_step(s, &row, err))
		return -1;
	if (!row || hm_stmt_str(s, 1).n != sizeof(out->tree.hash.b)) {
		rc = hm_err_set(err, HM_EINVALID, "index.db: it holds no log");
	} else {
		*out = (struct hm_logstate){ .tree.n = hm_stmt_int(s, 0),
					     .sealed = hm_stmt_int(s, 2) };
		memcpy(out->tree.hash.b, hm_stmt_str(s, 1).p, sizeof(out->tree.hash.b));
		out->latest = hm_arena_dup(a, hm_stmt_str(s, 3));
		out->checkpoint = hm_arena_dup(a, hm_stmt_str(s, 4));
		out->shown_latest = hm_arena_dup(a, hm_stmt_str(s, 5));
		out->shown_checkpoint = hm_arena_dup(a, hm_stmt_str(s, 6));
		out->open = hm_stmt_int(s, 7) != 0;
		if (out->sealed < 0 || out->sealed > out->tree.n || out->tree.n > HM_TLOG_SIZE_MAX)
			rc = hm_err_set(err, HM_EINVALID, "index.db: its numbers are impossible");
	}
	hm_stmt_reset(s);
	return rc;
}

int
hm_logindex_pending(struct hm_logindex *x, struct hm_arena *a, int64_t from, int64_t size,
                    struct hm_strs *out, struct hm_err *err)
{
	struct hm_stmt *s = x->st[PENDING];
	int64_t next = from;
	bool row;

	hm_stmt_bind_int(s, 1, from);
	hm_stmt_bind_int(s, 2, size);
	for (;;) {
		if (hm_stmt_step(s, &row, err))
			return -1;
		if (!row || hm_stmt_int(s, 0) != next)
			break;
		HM_PUSH(a, *out, hm_arena_dup(a, hm_stmt_str(s, 1)));
		next++;
	}
	hm_stmt_reset(s);
	if (next != size)
		return hm_err_set(err, HM_EINVALID,
				  "index.db: record %lld is neither there nor in a tile",
				  (long long)next);
	return 0;
}

int64_t
hm_logindex_hash(hm_str key)
{
	uint8_t sum[HM_SHA256_SIZE];
	uint64_t n = 0;

	hm_sha256_of(key, sum);
	for (int i = 0; i < 8; i++)
		n = n << 8 | sum[i];
	return (int64_t)n;
}

int
hm_logindex_find(struct hm_logindex *x, int64_t hash,
                 int (*seen)(void *ctx, struct hm_hint hint, struct hm_err *err), void *ctx,
                 struct hm_err *err)
{
	struct hm_stmt *s = x->st[FIND];
	bool row;
	int rc;

	hm_stmt_bind_int(s, 1, hash);
	do {
		rc = hm_stmt_step(s, &row, err);
		if (rc == 0 && row)
			rc = seen(ctx, (struct hm_hint){ hm_stmt_int(s, 0), hm_stmt_int(s, 1) },
			          err);
	} while (rc == 0 && row);
	hm_stmt_reset(s);
	return rc;
}

/* ---- writing */

int
hm_logindex_begin(struct hm_logindex *x, struct hm_err *err)
{
	return hm_db_begin(x->db, err);
}

static int
add(struct hm_stmt *s, int64_t hash, struct hm_hint hint, struct hm_err *err)
{
	hm_stmt_bind_int(s, 1, hash);
	hm_stmt_bind_int(s, 2, hint.id);
	hm_stmt_bind_int(s, 3, hint.at);
	return hm_stmt_run(s, err);
}

int
hm_logindex_add_hint(struct hm_logindex *x, int64_t hash, struct hm_hint hint,
                     struct hm_err *err)
{
	return add(x->st[ADD_HINT], hash, hint, err);
}

int
hm_logindex_add_recent(struct hm_logindex *x, int64_t hash, struct hm_hint hint,
                       struct hm_err *err)
{
	x->recent += x->recent >= 0;
	return add(x->st[ADD_RECENT], hash, hint, err);
}

/* The number in the first row of s, or otherwise. */
static int
number_of(struct hm_stmt *s, int64_t otherwise, int64_t *out, struct hm_err *err)
{
	bool row;

	if (hm_stmt_step(s, &row, err))
		return -1;
	*out = row ? hm_stmt_int(s, 0) : otherwise;
	hm_stmt_reset(s);
	return 0;
}

static int
run_slice(struct hm_stmt *s, int64_t from, int64_t to, struct hm_err *err)
{
	hm_stmt_bind_int(s, 1, from);
	hm_stmt_bind_int(s, 2, to);
	return hm_stmt_run(s, err);
}

int
hm_logindex_merge(struct hm_logindex *x, int64_t keep, size_t n, struct hm_err *err)
{
	int64_t to;

	if (x->recent < 0 && number_of(x->st[COUNT_RECENT], 0, &x->recent, err))
		return -1;
	if (x->recent <= keep)
		return 0;
	hm_stmt_bind_int(x->st[SLICE], 1, x->merged);
	hm_stmt_bind_int(x->st[SLICE], 2, (int64_t)n);
	if (number_of(x->st[SLICE], INT64_MAX, &to, err) ||
	    run_slice(x->st[MERGE], x->merged, to, err) ||
	    run_slice(x->st[FORGET], x->merged, to, err))
		return -1;
	x->recent -= hm_db_changes(x->db);
	x->merged = to == INT64_MAX ? INT64_MIN : to + 1;
	return 0;
}

int
hm_logindex_add_pending(struct hm_logindex *x, int64_t id, hm_str text, struct hm_err *err)
{
	hm_stmt_bind_int(x->st[ADD_PENDING], 1, id);
	hm_stmt_bind_str(x->st[ADD_PENDING], 2, text);
	return hm_stmt_run(x->st[ADD_PENDING], err);
}

int
hm_logindex_swap(struct hm_logindex *x, const struct hm_tree *was, const struct hm_logstate *now,
                 struct hm_err *err)
{
	struct hm_stmt *s = x->st[SWAP];

	hm_stmt_bind_int(x->st[DROP_PENDING], 1, now->sealed);
	if (hm_stmt_run(x->st[DROP_PENDING], err))
		return -1;
	hm_stmt_bind_int(s, 1, now->tree.n);
	hm_stmt_bind_blob(s, 2, root_of(&now->tree));
	hm_stmt_bind_int(s, 3, now->sealed);
	hm_stmt_bind_str(s, 4, now->latest);
	hm_stmt_bind_str(s, 5, now->checkpoint);
	hm_stmt_bind_int(s, 6, was->n);
	hm_stmt_bind_blob(s, 7, root_of(was));
	if (hm_stmt_run(s, err))
		return -1;
	if (hm_db_changes(x->db) != 1)
		return hm_err_set(err, HM_ECONFLICT,
				  "index.db: the head was changed by somebody else");
	return 0;
}

int
hm_logindex_checkpoint(struct hm_logindex *x, struct hm_err *err)
{
	return hm_db_exec(x->db, "PRAGMA wal_checkpoint(PASSIVE)", err);
}

/* One statement with up to two texts, in a transaction of its own. */
static int
change(struct hm_logindex *x, const char *text, const hm_str *v, int n, struct hm_err *err)
{
	struct hm_stmt *s;
	int rc;

	if (hm_stmt_new(x->db, text, &s, err))
		return -1;
	for (int i = 0; i < n; i++)
		hm_stmt_bind_str(s, i + 1, v[i]);
	rc = hm_stmt_run(s, err);
	hm_stmt_free(s);
	return rc;
}

int
hm_logindex_show(struct hm_logindex *x, hm_str latest, hm_str checkpoint, struct hm_err *err)
{
	const hm_str v[] = { latest, checkpoint };

	return change(x, "UPDATE log SET shown_latest = ?, shown_checkpoint = ?", v, 2, err);
}

int
hm_logindex_declare(struct hm_logindex *x, bool open, struct hm_err *err)
{
	return change(x, open ? "UPDATE log SET open = 1" : "UPDATE log SET open = 0", NULL, 0,
	              err);
}

int
hm_logindex_commit(struct hm_logindex *x, struct hm_err *err)
{
	return hm_db_commit(x->db, err);
}

void
hm_logindex_rollback(struct hm_logindex *x)
{
	hm_db_rollback(x->db);
	x->recent = -1;
}

int
hm_logindex_create(struct hm_logindex *x, const struct hm_logstate *now, struct hm_err *err)
{
	struct hm_stmt *s;
	int rc;

	if (hm_stmt_new(x->db, "INSERT INTO log(one, size, root, sealed, latest, checkpoint)"
	                " VALUES(1, ?, ?, ?, ?, ?)", &s, err))
		return -1;
	hm_stmt_bind_int(s, 1, now->tree.n);
	hm_stmt_bind_blob(s, 2, root_of(&now->tree));
	hm_stmt_bind_int(s, 3, now->sealed);
	hm_stmt_bind_str(s, 4, now->latest);
	hm_stmt_bind_str(s, 5, now->checkpoint);
	rc = hm_stmt_run(s, err);
	hm_stmt_free(s);
	return rc;
}

int
hm_logindex_clear(struct hm_logindex *x, struct hm_err *err)
{
	return hm_db_exec(x->db, "DELETE FROM record; DELETE FROM recent", err);
}

int
hm_logindex_count(struct hm_logindex *x, int64_t *n, struct hm_err *err)
{
	struct hm_stmt *s;
	bool row;
	int rc;

	if (hm_stmt_new(x->db, "SELECT (SELECT count(*) FROM record) +"
	                " (SELECT count(*) FROM recent)", &s, err))
		return -1;
	rc = hm_stmt_step(s, &row, err);
	*n = rc == 0 && row ? hm_stmt_int(s, 0) : 0;
	hm_stmt_free(s);
	return rc;
}

int
hm_logindex_check(struct hm_logindex *x, struct hm_err *err)
{
	return hm_db_check(x->db, err);
}
