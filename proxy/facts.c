/*
 * facts.c - the writing side: news and uses wait in memory, one thread brings them to
 * the database.
 */
#include "facts_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"

enum {
	FLUSH_MS = 1000,
	SCAN_PAUSE = 5,
	SCAN_PAUSE_FAILED = 60, /* seconds */
	BATCH = 512,            /* rows of a transaction */
	READERS = 4,
	READER_KIB = 256, /* of pages that each connection keeps */
	WRITER_KIB = 512,
};

struct facts {
	const struct hm_store *store;
	const struct hm_log *log;
	struct hm_arena arena;
	hm_str file;    /* DIR/facts.db */
	int lock;       /* shared, as long as it is open */
	int64_t opener; /* this one's row */
	void (*tick)(void *ctx, struct facts *f);
	void *ctx;

	struct uses *uses;

	struct newsq *news;

	pthread_mutex_t write_mutex; /* the writer's connection */
	struct facts_writer w;
	atomic_bool failing;  /* the last write failed, and that was said */
	int64_t data_version; /* SQLite's: another one when another connection wrote */

	pthread_mutex_t read_mutex;
	struct hm_db *reader[READERS];

	pthread_mutex_t totals_mutex;
	struct facts_totals totals;

	pthread_t writer, scanner;
	bool has_writer, has_scanner;
	bool scan;        /* is to catch up by itself */
	int64_t scanned;  /* when that began last, in seconds */
	atomic_int pause; /* before the next, in seconds */
	atomic_bool scanning;
};

const struct hm_store *
facts_store(const struct facts *f)
{
	return f->store;
}

void
facts_used(struct facts *f, hm_str path, hm_str version, bool zip)
{
	if (f && uses_count(f->uses, path, version, zip))
		newsq_wake(f->news);
}

/* ---- news */

void
facts_stored(struct facts *f, hm_str path, hm_str version, const struct facts_origin *o)
{
	if (f)
		newsq_put(f->news, path, version, o, false);
}

void
facts_removed(struct facts *f, hm_str path, hm_str version)
{
	facts_stored(f, path, version, NULL);
}

void
facts_queue(struct facts *f, hm_str path, hm_str version)
{
	newsq_put(f->news, path, version, NULL, true);
}

bool
facts_stopping(struct facts *f)
{
	return newsq_stopped(f->news);
}

/* ---- writing; hold write_mutex */

static void
keep_totals(struct facts *f)
{
	struct facts_totals t = { 0 };
	struct hm_err err = { 0 };

	if (facts_read_totals(&f->w, &t, &err) == 0) {
		pthread_mutex_lock(&f->totals_mutex);
		f->totals = t;
		pthread_mutex_unlock(&f->totals_mutex);
	}
	hm_err_free(&err);
}

/* Up to BATCH of them in one transaction; *list moves on only when it is committed. */
static int
write_batch(struct facts *f, struct news **list, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct news *n = *list, *next;
	int rc = facts_writer_begin(&f->w, err);

	for (int i = 0; rc == 0 && n && i < BATCH; i++, n = n->next) {
		rc = facts_look(&f->w, &a, n, err);
		hm_arena_free(&a);
	}
	if (rc == 0)
		rc = facts_writer_commit(&f->w, err);
	if (rc) {
		hm_db_rollback(f->w.db);
		return -1;
	}
	while (*list != n) {
		next = (*list)->next;
		news_free(*list);
		*list = next;
	}
	return 0;
}

static int
write_news(struct facts *f, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct news *list = newsq_take(f->news, &a);
	int rc = 0;

	while (list && rc == 0)
		rc = write_batch(f, &list, err);
	newsq_put_back(f->news, list);
	hm_arena_free(&a);
	return rc;
}

static int
write_one_use(void *ctx, const struct use *u, struct hm_err *err)
{
	return facts_write_use(ctx, u, err);
}

/* What cannot be written is forgotten: a use is no fact to keep a proxy waiting for. */
static int
write_uses(struct facts *f, struct hm_err *err)
{
	int rc;

	if (!uses_any(f->uses))
		return 0;
	rc = facts_writer_begin(&f->w, err);
	if (rc == 0)
		rc = uses_take(f->uses, write_one_use, &f->w, err);
	if (rc == 0)
		rc = facts_writer_commit(&f->w, err);
	if (rc)
		hm_db_rollback(f->w.db);
	return rc;
}

static int
write_all(struct facts *f, struct hm_err *err)
{
	int rc = write_news(f, err);

	if (rc == 0)
		rc = write_uses(f, err);
	if (rc && !f->failing)
		hm_log(f->log, HM_LOG_WARN, "hermod-proxy: facts cannot be written: " HM_F,
		       HM_P(hm_err_str(err)));
	f->failing = rc != 0;
	keep_totals(f);
	return rc;
}

int
facts_flush(struct facts *f, struct hm_err *err)
{
	int rc;

	if (!f)
		return 0;
	pthread_mutex_lock(&f->write_mutex);
	rc = write_all(f, err);
	pthread_mutex_unlock(&f->write_mutex);
	return rc;
}

int
facts_purged(struct facts *f, struct fact_purge *p, struct hm_err *err)
{
	int rc;

	pthread_mutex_lock(&f->write_mutex);
	rc = write_all(f, err);
	if (rc == 0)
		rc = facts_writer_begin(&f->w, err);
	if (rc == 0)
		rc = facts_write_purge(&f->w, p, err);
	if (rc == 0)
		rc = facts_writer_commit(&f->w, err);
	if (rc)
		hm_db_rollback(f->w.db);
	keep_totals(f);
	pthread_mutex_unlock(&f->write_mutex);
	return rc;
}

void
facts_scan_begins(struct facts *f)
{
	newsq_lost(f->news, true);
}

int
facts_scan_ends(struct facts *f, struct hm_err *err)
{
	int rc;

	pthread_mutex_lock(&f->write_mutex);
	rc = write_all(f, err);
	if (rc == 0 && !newsq_lost(f->news, false)) /* nothing was lost meanwhile */
		rc = hm_db_exec(f->w.db, "UPDATE total SET behind=0", err);
	pthread_mutex_unlock(&f->write_mutex);
	return rc;
}

static void *
scanner_main(void *arg)
{
	struct facts *f = arg;
	struct hm_err err = { 0 };
	uint64_t changed;

	f->pause = SCAN_PAUSE_FAILED;
	if (facts_scan(f, &changed, &err))
		hm_log(f->log, HM_LOG_WARN, "hermod-proxy: facts: " HM_F, HM_P(hm_err_str(&err)));
	else if (!facts_stopping(f))
		hm_log(f->log, HM_LOG_INFO,
		       "hermod-proxy: facts.db is up to date with the store: %llu versions "
		       "differed",
		       (unsigned long long)changed);
	if (err.code == HM_OK)
		f->pause = SCAN_PAUSE;
	hm_err_free(&err);
	atomic_store(&f->scanning, false);
	return NULL;
}

/* The writer's thread, or before there is one. */
static void
scan_start(struct facts *f)
{
	int64_t now = hm_clock_monotonic_ns() / 1000000000;

	if (atomic_load(&f->scanning) || (f->has_scanner && now - f->scanned < f->pause))
		return;
	if (f->has_scanner)
		pthread_join(f->scanner, NULL);
	hm_log(f->log, HM_LOG_INFO,
	       "hermod-proxy: facts.db is new or behind: it is compared with the store");
	f->scanned = now;
	atomic_store(&f->scanning, true);
	f->has_scanner = pthread_create(&f->scanner, NULL, scanner_main, f) == 0;
	if (!f->has_scanner)
		atomic_store(&f->scanning, false);
}

static int64_t
read_number(struct hm_db *db, const char *sql)
{
	struct hm_err err = { 0 };
	struct hm_stmt *s;
	int64_t n = 0;
	bool row;

	if (hm_stmt_new(db, sql, &s, &err) == 0) {
		if (hm_stmt_step(s, &row, &err) == 0 && row)
			n = hm_stmt_int(s, 0);
		hm_stmt_free(s);
	}
	hm_err_free(&err);
	return n;
}

/* An import, say; what it stored counts, and fills the quota. */
static void
notice_others(struct facts *f)
{
	int64_t now;

	pthread_mutex_lock(&f->write_mutex);
	now = read_number(f->w.db, "PRAGMA data_version");
	if (now != f->data_version)
		keep_totals(f);
	f->data_version = now;
	pthread_mutex_unlock(&f->write_mutex);
}

static void *
writer_main(void *arg)
{
	struct facts *f = arg;
	struct hm_err err = { 0 };
	bool stop = false;

	while (!stop) {
		stop = newsq_wait(f->news, FLUSH_MS);
		if (newsq_length(f->news) || uses_any(f->uses) || f->failing)
			facts_flush(f, &err);
		hm_err_clear(&err);
		if (!stop && f->scan && !f->failing && newsq_lost(f->news, false))
			scan_start(f);
		notice_others(f);
		if (!stop && f->tick)
			f->tick(f->ctx, f);
	}
	hm_err_free(&err);
	return NULL;
}

struct facts_totals
facts_totals(struct facts *f)
{
	struct facts_totals t = { 0 };

	if (!f)
		return t;
	pthread_mutex_lock(&f->totals_mutex);
	t = f->totals;
	pthread_mutex_unlock(&f->totals_mutex);
	t.queued = newsq_length(f->news);
	t.lost = uses_lost(f->uses);
	t.scanning = atomic_load(&f->scanning);
	return t;
}

/* ---- readers */

int
facts_reader(struct facts *f, struct hm_db **out, struct hm_err *err)
{
	static const struct hm_db_opts o = { .read_only = true, .cache_kib = READER_KIB };

	*out = NULL;
	pthread_mutex_lock(&f->read_mutex);
	for (size_t i = 0; i < READERS && !*out; i++) {
		*out = f->reader[i];
		f->reader[i] = NULL;
	}
	pthread_mutex_unlock(&f->read_mutex);
	return *out ? 0 : hm_db_open(f->file.p, &o, out, err);
}

void
facts_reader_done(struct facts *f, struct hm_db *db)
{
	pthread_mutex_lock(&f->read_mutex);
	for (size_t i = 0; i < READERS && db; i++) {
		if (!f->reader[i]) {
			f->reader[i] = db;
			db = NULL;
		}
	}
	pthread_mutex_unlock(&f->read_mutex);
	hm_db_free(db);
}

/* ---- open and close */

/* A file that is no database goes out of the way; only the lock's only holder may. */
static int
set_aside(struct facts *f, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str to = hm_arena_printf(&a, HM_F ".damaged-%lld", HM_P(f->file),
	                            (long long)hm_clock_unix());
	int rc;

	hm_log(f->log, HM_LOG_WARN, "hermod-proxy: " HM_F "; it is kept as " HM_F " and made again",
	       HM_P(hm_err_str(err)), HM_P(to));
	hm_err_clear(err);
	rc = hm_file_rename(f->file.p, to.p, err);
	if (rc == 0)
		rc = hm_file_remove(hm_arena_printf(&a, HM_F "-wal", HM_P(f->file)).p, err);
	if (rc == 0)
		rc = hm_file_remove(hm_arena_printf(&a, HM_F "-shm", HM_P(f->file)).p, err);
	hm_arena_free(&a);
	return rc;
}

static int
open_database(struct facts *f, struct hm_err *err)
{
	static const struct hm_db_opts writer = { .cache_kib = WRITER_KIB };

	if (hm_db_open(f->file.p, &writer, &f->w.db, err))
		return -1;
	if (hm_db_migrate(f->w.db, facts_schema, facts_schema_steps, err) ||
	    facts_writer_init(&f->w, err)) {
		facts_writer_end(&f->w);
		return -1;
	}
	return 0;
}

/*
 * A row of whoever has it open goes when he closes it.  Alone here, and there is one: he
 * was killed, and perhaps stored what he had not written down yet.
 */
static int
note_opener(struct facts *f, bool alone, struct hm_err *err)
{
	struct hm_db *db = f->w.db;

	if (alone && hm_db_exec(db,
	                        "UPDATE total SET behind=1 WHERE EXISTS (SELECT 1 FROM opener);"
	                        "DELETE FROM opener",
	                        err))
		return -1;
	if (hm_db_exec(db, "INSERT INTO opener DEFAULT VALUES", err))
		return -1;
	f->opener = hm_db_last_id(db);
	return 0;
}

static int
open_locked(struct facts *f, struct hm_err *err)
{
	hm_str lock = hm_path_cat(&f->arena, f->store->root, HM_S("facts.lock"));
	bool alone;

	if (hm_lock_try(lock.p, true, &f->lock, err))
		return -1;
	alone = f->lock >= 0;
	if (!alone && hm_lock_acquire(lock.p, false, &f->lock, err))
		return -1;
	if (open_database(f, err)) {
		if (!alone || err->code != HM_EINVALID || set_aside(f, err) ||
		    open_database(f, err))
			return -1;
	}
	if (note_opener(f, alone, err))
		return -1;
	if (flock(f->lock, LOCK_SH))
		return hm_err_sys(err, errno, "flock " HM_F, HM_P(lock));
	return 0;
}

static int
start(struct facts *f, struct hm_err *err)
{
	hm_str modules = hm_path_cat(&f->arena, f->store->root, HM_S("cache/download"));

	keep_totals(f);
	f->data_version = read_number(f->w.db, "PRAGMA data_version");
	if (f->scan && read_number(f->w.db, "SELECT behind FROM total")) {
		if (hm_file_exists(modules.p))
			scan_start(f);
		else if (facts_scan_ends(f, err)) /* a new store */
			return -1;
	}
	if (pthread_create(&f->writer, NULL, writer_main, f))
		return hm_err_set(err, HM_EIO, "a thread cannot be started");
	f->has_writer = true;
	return 0;
}

int
facts_open(const struct facts_opts *o, struct facts **out, struct hm_err *err)
{
	struct facts *f = hm_mem_new(sizeof(*f));

	f->store = f->w.store = o->store;
	f->log = o->log;
	f->tick = o->tick;
	f->ctx = o->ctx;
	f->scan = o->scan;
	f->lock = -1;
	f->file = hm_path_cat(&f->arena, o->store->root, HM_S("facts.db"));
	f->news = newsq_new();
	f->uses = uses_new();
	pthread_mutex_init(&f->write_mutex, NULL);
	pthread_mutex_init(&f->read_mutex, NULL);
	pthread_mutex_init(&f->totals_mutex, NULL);
	if (open_locked(f, err) || start(f, err)) {
		facts_close(f);
		return -1;
	}
	*out = f;
	return 0;
}

/* Nothing is owed any more: the next start need not compare. */
static void
sign_off(struct facts *f)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };

	if ((newsq_lost(f->news, false) || newsq_length(f->news) || f->failing) &&
	    hm_db_exec(f->w.db, "UPDATE total SET behind=1", &err))
		f->opener = 0; /* the row left behind says it, too */
	hm_err_clear(&err);
	hm_db_exec(f->w.db,
	           hm_arena_printf(&a, "DELETE FROM opener WHERE id=%lld", (long long)f->opener).p,
	           &err);
	hm_err_free(&err);
	hm_arena_free(&a);
}

void
facts_stop(struct facts *f)
{
	if (!f)
		return;
	newsq_stop(f->news);
	if (f->has_writer)
		pthread_join(f->writer, NULL);
	if (f->has_scanner)
		pthread_join(f->scanner, NULL);
	f->has_scanner = f->has_writer = false;
}

void
facts_close(struct facts *f)
{
	struct hm_err err = { 0 };

	if (!f)
		return;
	facts_stop(f);
	if (f->opener) {
		facts_flush(f, &err); /* what came while it stopped */
		hm_err_free(&err);
		sign_off(f);
	}
	for (size_t i = 0; i < READERS; i++)
		hm_db_free(f->reader[i]);
	facts_writer_end(&f->w); /* last: who may write folds the WAL in */
	newsq_free(f->news);
	uses_free(f->uses);
	hm_lock_release(f->lock);
	hm_arena_free(&f->arena);
	free(f);
}
