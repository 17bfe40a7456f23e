/*
 * facts_look.c - a version's files become its row.
 */
#include "facts_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "codec/json.h"
#include "codec/time.h"
#include "mod/gomod.h"
#include "mod/modpath.h"
#include "modzip/hash.h"
#include "os/clock.h"
#include "os/file.h"

#define INFO_MAX   ((size_t)1 << 20)
#define MOD_MAX    ((size_t)16 << 20)
#define LOOKUP_MAX ((size_t)1 << 20)
enum { REQUIREMENTS_MAX = 100000 };

/*
 * .stamp of `total` is the last time given out, .behind says that the folder has to be
 * compared.  Each row of `opener` is a process that has the database open, or was killed.
 */
const char *const facts_schema[] = {
	"CREATE TABLE total(modules INTEGER NOT NULL, versions INTEGER NOT NULL,"
	" zips INTEGER NOT NULL, bytes INTEGER NOT NULL, stamp INTEGER NOT NULL,"
	" behind INTEGER NOT NULL);"
	"INSERT INTO total VALUES(0, 0, 0, 0, 0, 1);"
	"CREATE TABLE opener(id INTEGER PRIMARY KEY AUTOINCREMENT);"
	"CREATE TABLE module(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE,"
	" versions INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE version(id INTEGER PRIMARY KEY,"
	" module INTEGER NOT NULL REFERENCES module(id), version TEXT NOT NULL,"
	" time INTEGER NOT NULL, stored INTEGER NOT NULL, whole INTEGER,"
	" changed INTEGER NOT NULL, touched INTEGER NOT NULL,"
	" info_bytes INTEGER, mod_bytes INTEGER, zip_bytes INTEGER,"
	" zip_h1 TEXT NOT NULL, mod_h1 TEXT NOT NULL,"
	" sumdb TEXT NOT NULL, record INTEGER NOT NULL, source TEXT NOT NULL,"
	" local INTEGER NOT NULL, first_use INTEGER NOT NULL DEFAULT 0,"
	" last_use INTEGER NOT NULL DEFAULT 0, uses INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE(module, version));"
	"CREATE INDEX version_changed ON version(changed);"
	"CREATE INDEX version_whole ON version(whole) WHERE whole IS NOT NULL;"
	"CREATE INDEX version_touched ON version(touched) WHERE local = 0;"
	"CREATE TABLE requirement(by INTEGER NOT NULL REFERENCES version(id) ON DELETE CASCADE,"
	" module INTEGER NOT NULL REFERENCES module(id), wants TEXT NOT NULL,"
	" indirect INTEGER NOT NULL, PRIMARY KEY(by, module)) WITHOUT ROWID;"
	"CREATE INDEX requirement_module ON requirement(module);"
	"CREATE TABLE purge(at INTEGER PRIMARY KEY, path TEXT NOT NULL, version TEXT NOT NULL,"
	" zip_h1 TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL, local INTEGER NOT NULL);"
	"CREATE INDEX purge_version ON purge(path, version);"
	"CREATE TRIGGER version_added AFTER INSERT ON version BEGIN"
	" UPDATE total SET modules = modules + (SELECT versions = 0 FROM module WHERE id = "
	"new.module),"
	"  versions = versions + 1, zips = zips + (new.zip_bytes IS NOT NULL),"
	"  bytes = bytes + ifnull(new.info_bytes, 0) + ifnull(new.mod_bytes, 0) +"
	"  ifnull(new.zip_bytes, 0);"
	" UPDATE module SET versions = versions + 1 WHERE id = new.module; END;"
	"CREATE TRIGGER version_gone AFTER DELETE ON version BEGIN"
	" UPDATE module SET versions = versions - 1 WHERE id = old.module;"
	" UPDATE total SET modules = modules - (SELECT versions = 0 FROM module WHERE id = "
	"old.module),"
	"  versions = versions - 1, zips = zips - (old.zip_bytes IS NOT NULL),"
	"  bytes = bytes - ifnull(old.info_bytes, 0) - ifnull(old.mod_bytes, 0) -"
	"  ifnull(old.zip_bytes, 0); END;"
	"CREATE TRIGGER version_files AFTER UPDATE OF info_bytes, mod_bytes, zip_bytes ON version"
	" BEGIN UPDATE total SET"
	"  zips = zips - (old.zip_bytes IS NOT NULL) + (new.zip_bytes IS NOT NULL),"
	"  bytes = bytes - ifnull(old.info_bytes, 0) - ifnull(old.mod_bytes, 0) -"
	"  ifnull(old.zip_bytes, 0) + ifnull(new.info_bytes, 0) + ifnull(new.mod_bytes, 0) +"
	"  ifnull(new.zip_bytes, 0); END",
};
const int facts_schema_steps = sizeof(facts_schema) / sizeof(*facts_schema);

enum statement {
	GET_STAMP,
	SET_STAMP,
	GET_MODULE,
	ADD_MODULE,
	GET_ROW,
	ADD_ROW,
	SET_ROW,
	DROP_ROW,
	DROP_REQUIREMENTS,
	ADD_REQUIREMENT,
	USE,
	ADD_PURGE,
	GET_TOTALS,
	N_STATEMENTS,
};

static const char *const sql[N_STATEMENTS] = {
	[GET_STAMP] = "SELECT stamp FROM total",
	[SET_STAMP] = "UPDATE total SET stamp=?1",
	[GET_MODULE] = "SELECT id FROM module WHERE path=?1",
	[ADD_MODULE] = "INSERT INTO module(path) VALUES(?1)",
	[GET_ROW] = "SELECT id, time, stored, whole, changed, touched, info_bytes, mod_bytes,"
		    " zip_bytes, zip_h1, mod_h1, sumdb, record, source, local"
		    " FROM version WHERE module=?1 AND version=?2",
	[ADD_ROW] =
		"INSERT INTO version(module, version, time, stored, whole, changed, touched,"
		" info_bytes, mod_bytes, zip_bytes, zip_h1, mod_h1, sumdb, record, source, local)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[SET_ROW] =
		"UPDATE version SET time=?3, stored=?4, whole=?5, changed=?6, touched=?7,"
		" info_bytes=?8, mod_bytes=?9, zip_bytes=?10, zip_h1=?11, mod_h1=?12, sumdb=?13,"
		" record=?14, source=?15, local=?16 WHERE module=?1 AND version=?2",
	[DROP_ROW] = "DELETE FROM version"
		     " WHERE module=(SELECT id FROM module WHERE path=?1) AND version=?2",
	[DROP_REQUIREMENTS] = "DELETE FROM requirement WHERE by=?1",
	[ADD_REQUIREMENT] = "INSERT OR REPLACE INTO requirement VALUES(?1, ?2, ?3, ?4)",
	[USE] = "UPDATE version SET uses=uses+?3, last_use=max(last_use, ?4),"
		" touched=max(touched, ?4), first_use=iif(first_use=0, ?5, first_use)"
		" WHERE module=(SELECT id FROM module WHERE path=?1) AND version=?2",
	[ADD_PURGE] = "INSERT INTO purge VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[GET_TOTALS] = "SELECT modules, versions, zips, bytes FROM total",
};
_Static_assert((int)N_STATEMENTS <= (int)FACTS_STATEMENTS, "room for all");

int
facts_writer_init(struct facts_writer *w, struct hm_err *err)
{
	/* little of it is used twice, and a proxy is to be small */
	if (hm_db_exec(w->db, "PRAGMA cache_size=-1024", err))
		return -1;
	for (int i = 0; i < N_STATEMENTS; i++)
		if (hm_stmt_new(w->db, sql[i], &w->st[i], err))
			return -1;
	return 0;
}

void
facts_writer_end(struct facts_writer *w)
{
	for (int i = 0; i < N_STATEMENTS; i++) {
		hm_stmt_free(w->st[i]);
		w->st[i] = NULL;
	}
	hm_db_free(w->db);
	w->db = NULL;
}

int
facts_writer_begin(struct facts_writer *w, struct hm_err *err)
{
	struct hm_stmt *s = w->st[GET_STAMP];
	bool row;

	if (hm_db_begin(w->db, err) || hm_stmt_step(s, &row, err))
		return -1;
	w->stamp = row ? hm_stmt_int(s, 0) : 0;
	hm_stmt_reset(s);
	return 0;
}

int
facts_writer_commit(struct facts_writer *w, struct hm_err *err)
{
	hm_stmt_bind_int(w->st[SET_STAMP], 1, w->stamp);
	return hm_stmt_run(w->st[SET_STAMP], err) ? -1 : hm_db_commit(w->db, err);
}

int64_t
facts_stamp(struct facts_writer *w)
{
	int64_t now = hm_clock_unix_nano() / 1000;

	w->stamp = now > w->stamp ? now : w->stamp + 1;
	return w->stamp;
}

int
facts_read_totals(struct facts_writer *w, struct facts_totals *t, struct hm_err *err)
{
	struct hm_stmt *s = w->st[GET_TOTALS];
	bool row;

	if (hm_stmt_step(s, &row, err))
		return -1;
	if (row) {
		t->modules = hm_stmt_int(s, 0);
		t->versions = hm_stmt_int(s, 1);
		t->zips = hm_stmt_int(s, 2);
		t->bytes = hm_stmt_int(s, 3);
	}
	hm_stmt_reset(s);
	return 0;
}

static int
module_id(struct facts_writer *w, hm_str path, int64_t *id, struct hm_err *err)
{
	struct hm_stmt *s = w->st[GET_MODULE];
	bool row;

	hm_stmt_bind_str(s, 1, path);
	if (hm_stmt_step(s, &row, err))
		return -1;
	if (row) {
		*id = hm_stmt_int(s, 0);
		hm_stmt_reset(s);
		return 0;
	}
	hm_stmt_bind_str(w->st[ADD_MODULE], 1, path);
	if (hm_stmt_run(w->st[ADD_MODULE], err))
		return -1;
	*id = hm_db_last_id(w->db);
	return 0;
}

/* ---- the files */

/* What one row says, as it is or as it shall be. */
struct look {
	const struct facts_writer *w;
	struct hm_arena *a;
	hm_str path, version;
	int64_t module;
	struct fact is, was; /* was.stored == 0: there is no row */
	int64_t row, touched;
	/* as the file system tells: the first was written, was put there; the last was read */
	int64_t written, came, read;
	hm_str mod; /* text of the .mod */
};

static int64_t
micros(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
keep_least(int64_t *least, int64_t t)
{
	if (t < *least)
		*least = t;
}

/* Size of a regular file, -1 for none; its times are taken into account. */
static int64_t
size_of(struct look *l, const char *suffix, hm_str *name)
{
	struct hm_err err = { 0 };
	struct stat st;

	if (hm_store_path(l->w->store, l->a, l->path, l->version, suffix, name, &err)) {
		hm_err_free(&err);
		return -1;
	}
	if (lstat(name->p, &st) || !S_ISREG(st.st_mode))
		return -1;
	keep_least(&l->written, micros(st.st_mtim));
	keep_least(&l->came, micros(st.st_ctim));
	if (micros(st.st_atim) > l->read)
		l->read = micros(st.st_atim);
	return (int64_t)st.st_size;
}

static hm_str
text_of(struct look *l, hm_str name, size_t max)
{
	struct hm_err err = { 0 };
	hm_str text = { 0 };

	if (hm_file_read(l->a, name.p, max, &text, &err))
		text = HM_S("");
	hm_err_free(&err);
	return text;
}

static int64_t
time_of_info(struct look *l, hm_str text)
{
	const struct hm_json *j;
	struct hm_err err = { 0 };
	struct hm_time t;
	int64_t us = 0;

	if (hm_json_parse(l->a, text, &j, &err) == 0 &&
	    hm_time_parse_rfc3339(hm_json_get_str(j, "Time"), &t))
		us = (t.sec - HM_TIME_UNIX_EPOCH) * 1000000 + t.nsec / 1000;
	hm_err_free(&err);
	return us;
}

static void
read_files(struct look *l)
{
	struct fact *is = &l->is;
	hm_str name;

	l->written = l->came = hm_clock_unix_nano() / 1000;
	is->info_bytes = size_of(l, "info", &name);
	if (is->info_bytes >= 0)
		is->time = time_of_info(l, text_of(l, name, INFO_MAX));
	is->mod_bytes = size_of(l, "mod", &name);
	if (is->mod_bytes >= 0) {
		l->mod = text_of(l, name, MOD_MAX);
		is->mod_h1 = hm_h1_gomod(l->a, l->mod);
	}
	is->zip_bytes = size_of(l, "zip", &name);
	/* a zip without its hash was never verified, and is not served */
	if (is->zip_bytes >= 0 &&
	    !hm_store_ziphash(l->w->store, l->a, l->path, l->version, &is->zip_h1))
		is->zip_bytes = -1;
	is->local = size_of(l, "local", &name) >= 0;
}

/* The number of its record, in front of the lookup that verification left in the store. */
static int64_t
record_of(struct look *l, hm_str sumdb)
{
	struct hm_err err = { 0 };
	hm_str path, version, text, line, rest;
	int64_t n = -1;

	if (hm_modpath_escape(l->a, l->path, &path, &err) ||
	    hm_modpath_escape_version(l->a, l->version, &version, &err)) {
		hm_err_free(&err);
		return -1;
	}
	text = text_of(
		l,
		hm_arena_printf(l->a, HM_F "/cache/download/sumdb/" HM_F "/lookup/" HM_F "@" HM_F,
	                        HM_P(l->w->store->root), HM_P(sumdb), HM_P(path), HM_P(version)),
		LOOKUP_MAX);
	hm_str_cut(text, '\n', &line, &rest);
	if (line.n == 0 || line.n > 18)
		return -1;
	n = 0;
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return -1;
		n = n * 10 + (line.p[i] - '0');
	}
	return n;
}

/* ---- the row */

static int64_t
int_or(struct hm_stmt *s, int i, int64_t none)
{
	return hm_stmt_is_null(s, i) ? none : hm_stmt_int(s, i);
}

static int
read_row(struct facts_writer *w, struct look *l, struct hm_err *err)
{
	struct hm_stmt *s = w->st[GET_ROW];
	struct fact *was = &l->was;
	bool row;

	hm_stmt_bind_int(s, 1, l->module);
	hm_stmt_bind_str(s, 2, l->version);
	if (hm_stmt_step(s, &row, err))
		return -1;
	if (!row) {
		*was = (struct fact){
			.info_bytes = -1, .mod_bytes = -1, .zip_bytes = -1, .record = -1
		};
		return 0;
	}
	l->row = hm_stmt_int(s, 0);
	*was = (struct fact){
		.time = hm_stmt_int(s, 1),
		.stored = hm_stmt_int(s, 2),
		.whole = hm_stmt_int(s, 3),
		.changed = hm_stmt_int(s, 4),
		.info_bytes = int_or(s, 6, -1),
		.mod_bytes = int_or(s, 7, -1),
		.zip_bytes = int_or(s, 8, -1),
		.zip_h1 = hm_arena_dup(l->a, hm_stmt_str(s, 9)),
		.mod_h1 = hm_arena_dup(l->a, hm_stmt_str(s, 10)),
		.sumdb = hm_arena_dup(l->a, hm_stmt_str(s, 11)),
		.record = hm_stmt_int(s, 12),
		.source = hm_arena_dup(l->a, hm_stmt_str(s, 13)),
		.local = hm_stmt_int(s, 14) != 0,
	};
	l->touched = hm_stmt_int(s, 5);
	hm_stmt_reset(s);
	return 0;
}

/* What the row shall say: what the files say, what was known, what the news add. */
static void
decide(struct facts_writer *w, struct look *l, const struct news *n)
{
	struct fact *is = &l->is, *was = &l->was;
	bool zip_came =
		is->zip_bytes >= 0 && (was->zip_bytes < 0 || !hm_str_eq(is->zip_h1, was->zip_h1));
	bool came = zip_came || (is->info_bytes >= 0 && was->info_bytes < 0) ||
	            (is->mod_bytes >= 0 && !hm_str_eq(is->mod_h1, was->mod_h1));

	is->source = n->source.n ? n->source : was->source;
	is->sumdb = n->sumdb.n ? n->sumdb : was->sumdb;
	is->record = n->sumdb.n ? n->record : was->record;
	if (is->sumdb.n && is->record <= 0)
		is->record = record_of(l, is->sumdb);
	else if (!is->sumdb.n)
		is->record = -1;
	if (was->stored) {
		is->stored = was->stored;
	} else { /* what came just now may be a link to an old file */
		is->stored = n->source.n ? l->came : l->written;
		l->touched = is->stored > l->read ? is->stored : l->read;
	}
	is->changed = was->stored && !came ? was->changed : facts_stamp(w);
	is->whole = is->zip_bytes < 0 ? 0 : zip_came ? is->changed : was->whole;
}

static void
bind_or_null(struct hm_stmt *s, int i, int64_t v, int64_t none)
{
	if (v == none)
		hm_stmt_bind_null(s, i);
	else
		hm_stmt_bind_int(s, i, v);
}

static int
write_row(struct facts_writer *w, struct look *l, struct hm_err *err)
{
	struct hm_stmt *s = w->st[l->was.stored ? SET_ROW : ADD_ROW];
	const struct fact *is = &l->is;

	hm_stmt_bind_int(s, 1, l->module);
	hm_stmt_bind_str(s, 2, l->version);
	hm_stmt_bind_int(s, 3, is->time);
	hm_stmt_bind_int(s, 4, is->stored);
	bind_or_null(s, 5, is->whole, 0);
	hm_stmt_bind_int(s, 6, is->changed);
	hm_stmt_bind_int(s, 7, l->touched);
	bind_or_null(s, 8, is->info_bytes, -1);
	bind_or_null(s, 9, is->mod_bytes, -1);
	bind_or_null(s, 10, is->zip_bytes, -1);
	hm_stmt_bind_str(s, 11, is->zip_h1);
	hm_stmt_bind_str(s, 12, is->mod_h1);
	hm_stmt_bind_str(s, 13, is->sumdb);
	hm_stmt_bind_int(s, 14, is->record);
	hm_stmt_bind_str(s, 15, is->source);
	hm_stmt_bind_int(s, 16, is->local);
	if (hm_stmt_run(s, err))
		return -1;
	if (!l->was.stored)
		l->row = hm_db_last_id(w->db);
	return 0;
}

/* Only go could tell what a short version stands for: it is taken as it is. */
static int
as_it_is(void *ctx, struct hm_arena *a, hm_str path, hm_str version, hm_str *fixed,
         bool *about_module, struct hm_err *err)
{
	(void)ctx, (void)a, (void)path, (void)about_module, (void)err;
	*fixed = version;
	return 0;
}

static int
write_requirements(struct facts_writer *w, struct look *l, struct hm_err *err)
{
	static const struct hm_gomod_fixer fixer = { .fix = as_it_is };
	struct hm_stmt *s = w->st[ADD_REQUIREMENT];
	struct hm_err ignored = { 0 };
	struct hm_gomod *mod = NULL;
	int64_t id;
	int rc;

	hm_stmt_bind_int(w->st[DROP_REQUIREMENTS], 1, l->row);
	if (hm_stmt_run(w->st[DROP_REQUIREMENTS], err))
		return -1;
	rc = hm_gomod_parse_lax(l->a, HM_S("go.mod"), l->mod, &fixer, &mod, &ignored);
	hm_err_free(&ignored);
	if (rc)
		return 0; /* a go.mod that nobody can read requires nothing */
	for (size_t i = 0; i < mod->require.n && i < REQUIREMENTS_MAX; i++) {
		const struct hm_gomod_require *r = &mod->require.v[i];

		if (module_id(w, r->mod.path, &id, err))
			return -1;
		hm_stmt_bind_int(s, 1, l->row);
		hm_stmt_bind_int(s, 2, id);
		hm_stmt_bind_str(s, 3, r->mod.version);
		hm_stmt_bind_int(s, 4, r->indirect);
		if (hm_stmt_run(s, err))
			return -1;
	}
	return 0;
}

static int
drop_row(struct facts_writer *w, const struct look *l, struct hm_err *err)
{
	hm_stmt_bind_str(w->st[DROP_ROW], 1, l->path);
	hm_stmt_bind_str(w->st[DROP_ROW], 2, l->version);
	return hm_stmt_run(w->st[DROP_ROW], err);
}

int
facts_look(struct facts_writer *w, struct hm_arena *a, const struct news *n, struct hm_err *err)
{
	struct look l = { .w = w, .a = a, .path = n->path, .version = n->version };

	read_files(&l);
	if (l.is.info_bytes < 0 && l.is.mod_bytes < 0 && l.is.zip_bytes < 0)
		return drop_row(w, &l, err);
	if (module_id(w, n->path, &l.module, err) || read_row(w, &l, err))
		return -1;
	decide(w, &l, n);
	if (write_row(w, &l, err))
		return -1;
	return hm_str_eq(l.is.mod_h1, l.was.mod_h1) ? 0 : write_requirements(w, &l, err);
}

static int
add_use(struct facts_writer *w, const struct use *u, struct hm_err *err)
{
	struct hm_stmt *s = w->st[USE];

	hm_stmt_bind_str(s, 1, u->path);
	hm_stmt_bind_str(s, 2, u->version);
	hm_stmt_bind_int(s, 3, u->zips);
	hm_stmt_bind_int(s, 4, u->last);
	hm_stmt_bind_int(s, 5, u->first);
	return hm_stmt_run(s, err);
}

/* Someone else, a go command perhaps, may have put into the store what is used here. */
int
facts_write_use(struct facts_writer *w, const struct use *u, struct hm_err *err)
{
	struct news n = { .path = u->path, .version = u->version };
	struct hm_arena a = { 0 };
	int rc = add_use(w, u, err);

	if (rc == 0 && hm_db_changes(w->db) == 0) {
		rc = facts_look(w, &a, &n, err);
		if (rc == 0)
			rc = add_use(w, u, err);
		hm_arena_free(&a);
	}
	return rc;
}

int
facts_write_purge(struct facts_writer *w, struct fact_purge *p, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct news n = { .path = p->path, .version = p->version };
	struct hm_stmt *s = w->st[ADD_PURGE];
	int rc;

	p->at = facts_stamp(w);
	hm_stmt_bind_int(s, 1, p->at);
	hm_stmt_bind_str(s, 2, p->path);
	hm_stmt_bind_str(s, 3, p->version);
	hm_stmt_bind_str(s, 4, p->zip_h1);
	hm_stmt_bind_str(s, 5, p->reason);
	hm_stmt_bind_str(s, 6, p->who);
	hm_stmt_bind_int(s, 7, p->local);
	rc = hm_stmt_run(s, err);
	if (rc == 0)
		rc = facts_look(w, &a, &n, err);
	hm_arena_free(&a);
	return rc;
}

int
facts_mark_local(const struct hm_store *s, hm_str path, hm_str version, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str name;
	int rc = hm_store_path(s, &a, path, version, "local", &name, err);

	if (rc == 0)
		rc = hm_dir_make_all(hm_path_dir(&a, name).p, err);
	if (rc == 0 && !hm_file_exists(name.p) && !hm_file_write_new(name.p, HM_S(""), 0644))
		rc = hm_file_publish(name.p, HM_S(""), 0644, true, err);
	hm_arena_free(&a);
	return rc;
}
