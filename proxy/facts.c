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
	QUEUE_MAX = 1 << 14,
	FLUSH_MS = 1000,
	SCAN_PAUSE = 5,
	SCAN_PAUSE_FAILED = 60, /* seconds */
	BATCH = 512,            /* rows of a transaction */
	READERS = 4,
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

	pthread_mutex_t queue_mutex;
	pthread_cond_t wake, room;
	struct news *first, **last;
	size_t in_queue;
	bool behind; /* news were lost: what the folder has is to be compared */
	bool stop;

	pthread_mutex_t write_mutex; /* the writer's connection */
	struct facts_writer w;
	atomic_bool failing; /* the last write failed, and that was said */

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
	if (f)
		uses_count(f->uses, path, version, zip);
}

/* ---- news */

static void
news_free(struct news *n)
{
	free(n->newer);
	free(n);
}

static struct news *
news_new(hm_str path, hm_str version, const struct facts_origin *o)
{
	static const struct facts_origin none;
	hm_str parts[4], *out[4];
	struct news *n;
	size_t size = 0;
	char *p;

	if (!o)
		o = &none;
	parts[0] = path;
	parts[1] = version;
	parts[2] = o->source;
	parts[3] = o->sumdb;
	for (size_t i = 0; i < 4; i++)
		size += parts[i].n + 1;
	n = hm_mem_new(sizeof(*n) + size);
	out[0] = &n->path;
	out[1] = &n->version;
	out[2] = &n->source;
	out[3] = &n->sumdb;
	p = (char *)(n + 1);
	for (size_t i = 0; i < 4; i++) {
		if (parts[i].n)
			memcpy(p, parts[i].p, parts[i].n);
		*out[i] = hm_str_make(p, parts[i].n);
		p += parts[i].n + 1;
	}
	n->record = o->record;
	return n;
}

/* "https://user:secret@host/x" without what is before the '@'. */
static hm_str
without_credentials(struct hm_arena *a, hm_str url)
{
	ptrdiff_t at = hm_str_index(url, HM_S("://")), end, sign = -1;
	hm_str rest;

	if (at < 0)
		return url;
	rest = hm_str_from(url, (size_t)at + 3);
	end = hm_str_index_byte(rest, '/');
	for (ptrdiff_t i = 0; i < (end < 0 ? (ptrdiff_t)rest.n : end); i++)
		if (rest.p[i] == '@')
			sign = i;
	if (sign < 0)
		return url;
	return hm_arena_printf(a, HM_F HM_F, HM_P(hm_str_sub(url, 0, (size_t)at + 3)),
	                       HM_P(hm_str_from(rest, (size_t)sign + 1)));
}

static void
put(struct facts *f, struct news *n, bool may_wait)
{
	pthread_mutex_lock(&f->queue_mutex);
	while (may_wait && f->in_queue >= QUEUE_MAX / 4 && !f->stop) {
		pthread_cond_signal(&f->wake);
		pthread_cond_wait(&f->room, &f->queue_mutex);
	}
	if (f->in_queue >= QUEUE_MAX) {
		f->behind = true;
		news_free(n);
	} else {
		*f->last = n;
		f->last = &n->next;
		f->in_queue++;
	}
	pthread_mutex_unlock(&f->queue_mutex);
}

void
facts_stored(struct facts *f, hm_str path, hm_str version, const struct facts_origin *o)
{
	struct hm_arena a = { 0 };
	struct facts_origin clean;

	if (!f)
		return;
	if (o) {
		clean = *o;
		clean.source = without_credentials(&a, o->source);
		o = &clean;
	}
	put(f, news_new(path, version, o), false);
	hm_arena_free(&a);
}

void
facts_removed(struct facts *f, hm_str path, hm_str version)
{
	facts_stored(f, path, version, NULL);
}

void
facts_queue(struct facts *f, hm_str path, hm_str version)
{
	put(f, news_new(path, version, NULL), true);
}

bool
facts_stopping(struct facts *f)
{
	bool stop;

	pthread_mutex_lock(&f->queue_mutex);
	stop = f->stop;
	pthread_mutex_unlock(&f->queue_mutex);
	return stop;
}

static void
free_news(struct news *n)
{
	struct news *next;

	for (; n; n = next) {
		next = n->next;
		news_free(n);
	}
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

/* What n says of the origin and old does not; of two that say it the later counts. */
static void
update(struct news *old, const struct news *n)
{
	hm_str source = n->source.n ? n->source : old->source;
	hm_str sumdb = n->sumdb.n ? n->sumdb : old->sumdb;
	char *p;

	if (n->source.n == 0 && n->sumdb.n == 0)
		return;
	p = hm_mem_grow(NULL, source.n + sumdb.n + 1, 1);
	if (source.n)
		memcpy(p, source.p, source.n);
	if (sumdb.n)
		memcpy(p + source.n, sumdb.p, sumdb.n);
	free(old->newer);
	old->newer = p;
	old->source = hm_str_make(p, source.n);
	old->sumdb = hm_str_make(p + source.n, sumdb.n);
	if (n->sumdb.n)
		old->record = n->record;
}

/* The .info, .mod and .zip of one version come together: it is looked at once. */
static struct news *
merge(struct hm_arena *a, struct news *list)
{
	struct hm_map seen = { .arena = a };
	struct news *first = NULL, **last = &first, *n, *next, *old;
	bool fresh;

	for (n = list; n; n = next) {
		struct hm_map_entry *e = hm_map_put(
			&seen, hm_modver_str(a, hm_modver_of(n->path, n->version)), &fresh);

		next = n->next;
		if (fresh) {
			e->val = n;
			*last = n;
			last = &n->next;
			continue;
		}
		old = e->val;
		update(old, n);
		news_free(n);
	}
	*last = NULL;
	return first;
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

/* They wait for better times, if there is room. */
static void
put_back(struct facts *f, struct news *list)
{
	struct news *last = list;
	size_t n = 1;

	for (; last->next; last = last->next)
		n++;
	pthread_mutex_lock(&f->queue_mutex);
	if (f->in_queue + n > QUEUE_MAX) {
		f->behind = true;
	} else {
		last->next = f->first;
		if (!f->first)
			f->last = &last->next;
		f->first = list;
		f->in_queue += n;
		list = NULL;
	}
	pthread_mutex_unlock(&f->queue_mutex);
	free_news(list);
}

static int
write_news(struct facts *f, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct news *list;
	int rc = 0;

	pthread_mutex_lock(&f->queue_mutex);
	list = f->first;
	f->first = NULL;
	f->last = &f->first;
	f->in_queue = 0;
	pthread_cond_broadcast(&f->room);
	pthread_mutex_unlock(&f->queue_mutex);
	list = merge(&a, list);
	while (list && rc == 0)
		rc = write_batch(f, &list, err);
	if (list)
		put_back(f, list);
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
	pthread_mutex_lock(&f->queue_mutex);
	f->behind = false;
	pthread_mutex_unlock(&f->queue_mutex);
}

int
facts_scan_ends(struct facts *f, struct hm_err *err)
{
	bool again;
	int rc;

	pthread_mutex_lock(&f->write_mutex);
	rc = write_all(f, err);
	pthread_mutex_lock(&f->queue_mutex);
	again = f->behind; /* something was lost meanwhile */
	pthread_mutex_unlock(&f->queue_mutex);
	if (rc == 0 && !again)
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

/* News were lost (the queue was full, or the disk), and can be written again. */
static bool
is_behind(struct facts *f)
{
	bool behind;

	pthread_mutex_lock(&f->queue_mutex);
	behind = f->scan && f->behind;
	pthread_mutex_unlock(&f->queue_mutex);
	return behind && !f->failing;
}

static void *
writer_main(void *arg)
{
	struct facts *f = arg;
	struct hm_err err = { 0 };
	struct timespec until;
	bool news, stop = false;

	while (!stop) {
		pthread_mutex_lock(&f->queue_mutex);
		if (!f->stop) {
			clock_gettime(CLOCK_MONOTONIC, &until);
			until.tv_sec += FLUSH_MS / 1000;
			pthread_cond_timedwait(&f->wake, &f->queue_mutex, &until);
		}
		news = f->first != NULL;
		stop = f->stop;
		pthread_mutex_unlock(&f->queue_mutex);
		if (news || uses_any(f->uses) || f->failing)
			facts_flush(f, &err);
		hm_err_clear(&err);
		if (is_behind(f) && !stop)
			scan_start(f);
		if (f->tick && !stop)
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
	pthread_mutex_lock(&f->queue_mutex);
	t.queued = f->in_queue;
	pthread_mutex_unlock(&f->queue_mutex);
	t.lost = uses_lost(f->uses);
	t.scanning = atomic_load(&f->scanning);
	return t;
}

/* ---- readers */

int
facts_reader(struct facts *f, struct hm_db **out, struct hm_err *err)
{
	static const struct hm_db_opts o = { .read_only = true };

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
	if (hm_db_open(f->file.p, NULL, &f->w.db, err))
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
	pthread_condattr_t attr;

	f->store = f->w.store = o->store;
	f->log = o->log;
	f->tick = o->tick;
	f->scan = o->scan;
	f->ctx = o->ctx;
	f->lock = -1;
	f->last = &f->first;
	f->file = hm_path_cat(&f->arena, o->store->root, HM_S("facts.db"));
	pthread_mutex_init(&f->queue_mutex, NULL);
	pthread_mutex_init(&f->write_mutex, NULL);
	pthread_mutex_init(&f->read_mutex, NULL);
	pthread_mutex_init(&f->totals_mutex, NULL);
	f->uses = uses_new();
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &attr);
	pthread_cond_init(&f->room, &attr);
	pthread_condattr_destroy(&attr);
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

	if ((f->behind || f->failing) && hm_db_exec(f->w.db, "UPDATE total SET behind=1", &err))
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
	pthread_mutex_lock(&f->queue_mutex);
	f->stop = true;
	pthread_cond_broadcast(&f->wake);
	pthread_cond_broadcast(&f->room);
	pthread_mutex_unlock(&f->queue_mutex);
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
	free_news(f->first);
	uses_free(f->uses);
	hm_lock_release(f->lock);
	hm_arena_free(&f->arena);
	free(f);
}
