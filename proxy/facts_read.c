/*
 * facts_read.c - queries, each on a connection of its own that only reads.
 */
#include "facts_priv.h"

#include <stdlib.h>

#include "mod/semver.h"

/* Columns of a fact, in the order of take_fact(). */
#define FACT_COLUMNS                                                                               \
	"m.path, v.version, v.time, v.stored, v.whole, v.changed, v.info_bytes, v.mod_bytes,"      \
	" v.zip_bytes, v.zip_h1, v.mod_h1, v.sumdb, v.record, v.source, v.local, v.first_use,"     \
	" v.last_use, v.uses"
#define FACT_FROM " FROM version v JOIN module m ON m.id = v.module "

/* A connection and one statement on it. */
struct query {
	struct facts *f;
	struct hm_db *db;
	struct hm_stmt *s;
};

static int
query_open(struct query *q, struct facts *f, const char *sql, struct hm_err *err)
{
	*q = (struct query){ .f = f };
	if (!f)
		return hm_err_set(err, HM_EOFF, "no facts are kept");
	if (facts_reader(f, &q->db, err))
		return -1;
	if (hm_stmt_new(q->db, sql, &q->s, err)) {
		facts_reader_done(f, q->db);
		return -1;
	}
	return 0;
}

static void
query_close(struct query *q)
{
	hm_stmt_free(q->s);
	facts_reader_done(q->f, q->db);
}

static int64_t
int_or(struct hm_stmt *s, int i, int64_t none)
{
	return hm_stmt_is_null(s, i) ? none : hm_stmt_int(s, i);
}

/* Texts are borrowed from the statement when a is NULL. */
static hm_str
text(struct hm_arena *a, struct hm_stmt *s, int i)
{
	return a ? hm_arena_dup(a, hm_stmt_str(s, i)) : hm_stmt_str(s, i);
}

static struct fact
take_fact(struct hm_arena *a, struct hm_stmt *s)
{
	return (struct fact){
		.path = text(a, s, 0),
		.version = text(a, s, 1),
		.time = hm_stmt_int(s, 2),
		.stored = hm_stmt_int(s, 3),
		.whole = hm_stmt_int(s, 4),
		.changed = hm_stmt_int(s, 5),
		.info_bytes = int_or(s, 6, -1),
		.mod_bytes = int_or(s, 7, -1),
		.zip_bytes = int_or(s, 8, -1),
		.zip_h1 = text(a, s, 9),
		.mod_h1 = text(a, s, 10),
		.sumdb = text(a, s, 11),
		.record = hm_stmt_int(s, 12),
		.source = text(a, s, 13),
		.local = hm_stmt_int(s, 14) != 0,
		.first_use = hm_stmt_int(s, 15),
		.last_use = hm_stmt_int(s, 16),
		.uses = hm_stmt_int(s, 17),
	};
}

/* All rows; ends the query. */
static int
take_facts(struct query *q, struct hm_arena *a, struct facts_list *out, struct hm_err *err)
{
	bool row = true;
	int rc = 0;

	*out = (struct facts_list){ 0 };
	while ((rc = hm_stmt_step(q->s, &row, err)) == 0 && row)
		HM_PUSH(a, *out, take_fact(a, q->s));
	query_close(q);
	return rc;
}

int
facts_version(struct facts *f, struct hm_arena *a, hm_str path, hm_str version, struct fact *out,
              struct hm_err *err)
{
	struct facts_list list;
	struct query q;

	if (query_open(&q, f, "SELECT " FACT_COLUMNS FACT_FROM "WHERE m.path=?1 AND v.version=?2",
	               err))
		return -1;
	hm_stmt_bind_str(q.s, 1, path);
	hm_stmt_bind_str(q.s, 2, version);
	if (take_facts(&q, a, &list, err))
		return -1;
	if (list.n == 0)
		return hm_err_set(err, HM_ENOTFOUND, HM_F "@" HM_F ": not in the store", HM_P(path),
		                  HM_P(version));
	*out = list.v[0];
	return 0;
}

static int
by_version(const void *x, const void *y)
{
	const struct fact *a = x, *b = y;
	int r = hm_semver_cmp(a->version, b->version);

	return r ? r : hm_str_cmp(a->version, b->version);
}

int
facts_versions(struct facts *f, struct hm_arena *a, hm_str path, struct facts_list *out,
               struct hm_err *err)
{
	struct query q;

	if (query_open(&q, f, "SELECT " FACT_COLUMNS FACT_FROM "WHERE m.path=?1", err))
		return -1;
	hm_stmt_bind_str(q.s, 1, path);
	if (take_facts(&q, a, out, err))
		return -1;
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_version);
	return 0;
}

static bool
speaks_before(hm_str version, hm_str best)
{
	bool release = hm_semver_prerelease(version).n == 0;

	if (best.n && release != (hm_semver_prerelease(best).n == 0))
		return release;
	return best.n == 0 || hm_semver_cmp(version, best) > 0;
}

int
facts_latest(struct facts *f, struct hm_arena *a, hm_str path, hm_str *version, int64_t *n,
             struct hm_err *err)
{
	struct query q;
	bool row = true;
	int rc;

	*version = HM_S("");
	*n = 0;
	if (query_open(&q, f, "SELECT v.version, v.mod_bytes " FACT_FROM "WHERE m.path=?1", err))
		return -1;
	hm_stmt_bind_str(q.s, 1, path);
	while ((rc = hm_stmt_step(q.s, &row, err)) == 0 && row) {
		++*n;
		if (int_or(q.s, 1, -1) >= 0 && speaks_before(hm_stmt_str(q.s, 0), *version))
			*version = text(a, q.s, 0);
	}
	query_close(&q);
	return rc;
}

int
facts_each(struct facts *f, int (*fn)(void *ctx, const struct fact *v, struct hm_err *err),
           void *ctx, struct hm_err *err)
{
	struct query q;
	struct fact v;
	bool row = true;
	int rc;

	if (query_open(&q, f, "SELECT " FACT_COLUMNS FACT_FROM "ORDER BY m.path", err))
		return -1;
	while ((rc = hm_stmt_step(q.s, &row, err)) == 0 && row) {
		v = take_fact(NULL, q.s);
		rc = fn(ctx, &v, err);
		if (rc)
			break;
	}
	query_close(&q);
	return rc;
}

static int
limited(struct facts *f, struct hm_arena *a, const char *sql, int64_t since, size_t limit,
        struct facts_list *out, struct hm_err *err)
{
	struct query q;

	if (query_open(&q, f, sql, err))
		return -1;
	hm_stmt_bind_int(q.s, 1, (int64_t)limit);
	if (since >= 0)
		hm_stmt_bind_int(q.s, 2, since);
	return take_facts(&q, a, out, err);
}

int
facts_since(struct facts *f, struct hm_arena *a, int64_t since, bool all, size_t limit,
            struct facts_list *out, struct hm_err *err)
{
	return limited(f, a,
	               all ? "SELECT " FACT_COLUMNS FACT_FROM
	                     "WHERE v.changed >= ?2 ORDER BY v.changed LIMIT ?1"
	                   : "SELECT " FACT_COLUMNS FACT_FROM
	                     "WHERE v.whole >= ?2 ORDER BY v.whole LIMIT ?1",
	               since > 0 ? since : 0, limit, out, err);
}

int
facts_recent(struct facts *f, struct hm_arena *a, size_t limit, struct facts_list *out,
             struct hm_err *err)
{
	return limited(f, a, "SELECT " FACT_COLUMNS FACT_FROM "ORDER BY v.changed DESC LIMIT ?1",
	               -1, limit, out, err);
}

int
facts_least_used(struct facts *f, struct hm_arena *a, size_t limit, struct facts_list *out,
                 struct hm_err *err)
{
	return limited(f, a,
	               "SELECT " FACT_COLUMNS FACT_FROM
	               "WHERE v.local = 0 ORDER BY v.touched LIMIT ?1",
	               -1, limit, out, err);
}

/* ---- modules */

/* text as LIKE has it, with % and _ as themselves. */
static hm_str
like(struct hm_arena *a, const char *before, hm_str s, const char *after)
{
	struct hm_buf b = { 0 };

	hm_buf_addz(&b, before);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' || s.p[i] == '_' || s.p[i] == '\\')
			hm_buf_addc(&b, '\\');
		hm_buf_addc(&b, s.p[i]);
	}
	hm_buf_addz(&b, after);
	return hm_buf_take(&b, a);
}

int
facts_search(struct facts *f, struct hm_arena *a, hm_str what, size_t skip, size_t limit,
             struct facts_modules *out, struct hm_err *err)
{
	struct query q;
	bool row = true;
	int rc;

	*out = (struct facts_modules){ 0 };
	if (query_open(&q, f,
	               "SELECT m.path, m.versions,"
	               " (SELECT max(changed) FROM version WHERE module = m.id),"
	               " (SELECT max(last_use) FROM version WHERE module = m.id),"
	               " (SELECT sum(uses) FROM version WHERE module = m.id)"
	               " FROM (SELECT * FROM module WHERE versions > 0 AND path LIKE ?1 ESCAPE '\\'"
	               "  ORDER BY path NOT LIKE ?2 ESCAPE '\\', path NOT LIKE ?5 ESCAPE '\\', path"
	               "  LIMIT ?3 OFFSET ?4) m",
	               err))
		return -1;
	hm_stmt_bind_str(q.s, 1, like(a, "%", what, "%"));
	hm_stmt_bind_str(q.s, 2, like(a, "", what, "%"));
	hm_stmt_bind_int(q.s, 3, (int64_t)limit);
	hm_stmt_bind_int(q.s, 4, (int64_t)skip);
	hm_stmt_bind_str(q.s, 5, like(a, "%/", what, ""));
	while ((rc = hm_stmt_step(q.s, &row, err)) == 0 && row)
		HM_PUSH(a, *out,
		        ((struct fact_module){ .path = text(a, q.s, 0),
		                               .versions = hm_stmt_int(q.s, 1),
		                               .changed = hm_stmt_int(q.s, 2),
		                               .last_use = hm_stmt_int(q.s, 3),
		                               .uses = hm_stmt_int(q.s, 4) }));
	query_close(&q);
	return rc;
}

/* ---- requirements */

static int
take_requires(struct query *q, struct hm_arena *a, struct facts_requires *out, struct hm_err *err)
{
	bool row = true;
	int rc;

	while ((rc = hm_stmt_step(q->s, &row, err)) == 0 && row)
		HM_PUSH(a, *out,
		        ((struct fact_require){ .path = text(a, q->s, 0),
		                                .version = text(a, q->s, 1),
		                                .wants = text(a, q->s, 2),
		                                .indirect = hm_stmt_int(q->s, 3) != 0,
		                                .here = hm_stmt_int(q->s, 4) != 0 }));
	query_close(q);
	return rc;
}

int
facts_requirements(struct facts *f, struct hm_arena *a, hm_str path, hm_str version,
                   struct facts_requires *out, struct hm_err *err)
{
	struct query q;

	*out = (struct facts_requires){ 0 };
	if (query_open(&q, f,
	               "SELECT o.path, r.wants, r.wants, r.indirect,"
	               " EXISTS(SELECT 1 FROM version w WHERE w.module = r.module"
	               "  AND w.version = r.wants)"
	               " FROM module m JOIN version v ON v.module = m.id"
	               " JOIN requirement r ON r.by = v.id JOIN module o ON o.id = r.module"
	               " WHERE m.path = ?1 AND v.version = ?2 ORDER BY o.path",
	               err))
		return -1;
	hm_stmt_bind_str(q.s, 1, path);
	hm_stmt_bind_str(q.s, 2, version);
	return take_requires(&q, a, out, err);
}

int
facts_required_by(struct facts *f, struct hm_arena *a, hm_str path, hm_str version, size_t limit,
                  struct facts_requires *out, struct hm_err *err)
{
	struct query q;

	*out = (struct facts_requires){ 0 };
	if (query_open(&q, f,
	               "SELECT o.path, v.version, r.wants, r.indirect, 1"
	               " FROM module m JOIN requirement r ON r.module = m.id"
	               " JOIN version v ON v.id = r.by JOIN module o ON o.id = v.module"
	               " WHERE m.path = ?1 AND (?2 = '' OR r.wants = ?2)"
	               " ORDER BY o.path, v.version LIMIT ?3",
	               err))
		return -1;
	hm_stmt_bind_str(q.s, 1, path);
	hm_stmt_bind_str(q.s, 2, version);
	hm_stmt_bind_int(q.s, 3, (int64_t)limit);
	return take_requires(&q, a, out, err);
}

/* ---- purged */

static int
take_purges(struct query *q, struct hm_arena *a, struct facts_purges *out, struct hm_err *err)
{
	bool row = true;
	int rc;

	*out = (struct facts_purges){ 0 };
	while ((rc = hm_stmt_step(q->s, &row, err)) == 0 && row)
		HM_PUSH(a, *out,
		        ((struct fact_purge){ .at = hm_stmt_int(q->s, 0),
		                              .path = text(a, q->s, 1),
		                              .version = text(a, q->s, 2),
		                              .zip_h1 = text(a, q->s, 3),
		                              .reason = text(a, q->s, 4),
		                              .who = text(a, q->s, 5),
		                              .local = hm_stmt_int(q->s, 6) != 0 }));
	query_close(q);
	return rc;
}

int
facts_purges(struct facts *f, struct hm_arena *a, int64_t since, size_t limit,
             struct facts_purges *out, struct hm_err *err)
{
	struct query q;

	if (query_open(&q, f, "SELECT * FROM purge WHERE at >= ?1 ORDER BY at LIMIT ?2", err))
		return -1;
	hm_stmt_bind_int(q.s, 1, since);
	hm_stmt_bind_int(q.s, 2, (int64_t)limit);
	return take_purges(&q, a, out, err);
}

int
facts_purge_of(struct facts *f, struct hm_arena *a, hm_str path, hm_str version,
               struct fact_purge *out, struct hm_err *err)
{
	struct facts_purges list;
	struct query q;

	if (query_open(&q, f,
	               "SELECT * FROM purge WHERE path=?1 AND version=?2 ORDER BY at DESC LIMIT 1",
	               err))
		return -1;
	hm_stmt_bind_str(q.s, 1, path);
	hm_stmt_bind_str(q.s, 2, version);
	if (take_purges(&q, a, &list, err))
		return -1;
	if (list.n == 0)
		return hm_err_set(err, HM_ENOTFOUND, HM_F "@" HM_F ": was never purged", HM_P(path),
		                  HM_P(version));
	*out = list.v[0];
	return 0;
}
