/*
 * sequencer.c - the one thread that appends: sequence, write, fsync, swap, publish.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "os/clock.h"
#include "os/file.h"
#include "tilelog/log.h"

enum {
	PUBLISH_AFTER = BATCH_MAX,    /* records */
	PUBLISH_WITHIN_NS = 1000000000, /* while appends never pause */
	RETRY_MS = 1000,
	TILES_AT_ONCE = 64,
};

hm_str
hm_tilelog_key(hm_str text)
{
	ptrdiff_t end = hm_str_index_byte(text, '\n'), hash;

	if (end < 0)
		return HM_S("");
	text.n = (size_t)end;
	hash = hm_str_rindex_byte(text, ' ');
	return hash > 0 ? hm_str_sub(text, 0, (size_t)hash) : HM_S("");
}

/* ---- one batch */

struct batch {
	struct hm_tilelog *l;
	struct hm_arena arena;
	struct hm_append *all;
	struct { /* those that become records size, size + 1, ... */
		struct hm_append **v;
		size_t n, cap;
	} fresh;
	int64_t at;            /* where the next one begins in its data tile */
	struct hm_append *now; /* the one that is looked up */
};

/* Is record `id` the one that b->now wants to append? Then the answer is 1. */
static int
compare(void *ctx, struct hm_hint hint, struct hm_err *err)
{
	struct batch *b = ctx;
	struct hm_append *a = b->now;
	int64_t size = b->l->tree.n;
	int64_t id = hint.id;
	hm_str text, key = hm_tilelog_key(a->text);
	bool is;

	if (id < size) {
		if (hm_tilelog_is_record(b->l, &b->arena, hint, key, &text, &is, err))
			return -1;
	} else if (id - size < (int64_t)b->fresh.n) {
		text = b->fresh.v[id - size]->text;
		is = hm_str_eq(hm_tilelog_key(text), key);
	} else {
		return hm_err_set(err, HM_EINVALID, "index.db: record %lld is not in the log",
		                  (long long)id);
	}
	if (!is)
		return 0;
	a->id = id;
	if (!hm_str_eq(text, a->text))
		a->rc = hm_err_set(&a->err, HM_ESECURITY,
				   HM_F ": refused: the log has other hashes of this version\n"
					"\tlogged (record %lld):\n" HM_F "\tnew:\n" HM_F,
				   HM_P(hm_tilelog_key(text)), (long long)id, HM_P(text),
				   HM_P(a->text));
	return 1;
}

static int
number(struct batch *b, struct hm_append *a, struct hm_err *err)
{
	int64_t hash = hm_logindex_hash(hm_tilelog_key(a->text));
	int found;

	b->now = a;
	found = hm_logindex_find(b->l->index, hash, compare, b, err);
	if (found)
		return found < 0 ? -1 : 0;
	a->id = b->l->tree.n + (int64_t)b->fresh.n;
	a->fresh = true;
	if (hm_logindex_add(b->l->index, hash, (struct hm_hint){ a->id, b->at }, a->text, err))
		return -1;
	b->at = (a->id + 1) % HM_TILE_WIDTH ? b->at + (int64_t)a->text.n + 1 : 0;
	HM_PUSH(&b->arena, b->fresh, a);
	return 0;
}

/* The tail grows beyond what readers look at. */
static void
grow(struct batch *b)
{
	pthread_rwlock_wrlock(&b->l->seen);
	for (size_t i = 0; i < b->fresh.n; i++)
		hm_tail_add(&b->l->tail, b->fresh.v[i]->text, &b->fresh.v[i]->hash);
	pthread_rwlock_unlock(&b->l->seen);
}

static void
show(struct hm_tilelog *l, const struct hm_logstate *s)
{
	pthread_rwlock_wrlock(&l->seen);
	l->tree = s->tree;
	hm_buf_clear(&l->latest);
	hm_buf_adds(&l->latest, s->latest);
	hm_buf_clear(&l->checkpoint);
	hm_buf_adds(&l->checkpoint, s->checkpoint);
	pthread_rwlock_unlock(&l->seen);
}

static int
commit_fresh(struct batch *b, struct hm_err *err)
{
	struct hm_tilelog *l = b->l;
	struct hm_logstate now = { .tree.n = l->tail.size, .sealed = l->sealed };

	if (hm_tail_root(&l->tail, &now.tree.hash, err) ||
	    hm_tilelog_sign(l, &b->arena, &now.tree, &now.latest, &now.checkpoint, err) ||
	    hm_logindex_swap(l->index, &l->tree, &now, err) || hm_logindex_commit(l->index, err))
		return -1;
	show(l, &now);
	return 0;
}

static int
commit(struct batch *b, struct hm_err *err)
{
	struct hm_tilelog *l = b->l;

	if (l->tail.size - l->sealed > UNPUBLISHED_MAX)
		return hm_err_set(err, HM_EIO, "the public files of the log cannot be written");
	if (hm_logindex_begin(l->index, err))
		return -1;
	for (struct hm_append *a = b->all; a; a = a->next)
		if (a->rc == 0 && number(b, a, err))
			goto fail;
	if (b->fresh.n == 0) {
		hm_logindex_rollback(l->index);
		return 0;
	}
	grow(b);
	if (commit_fresh(b, err) == 0)
		return 0;
	pthread_rwlock_wrlock(&l->seen);
	hm_tail_cut(&l->tail, l->tree.n);
	pthread_rwlock_unlock(&l->seen);
fail:
	hm_logindex_rollback(l->index);
	return -1;
}

static void
answer(struct batch *b, int rc, struct hm_err *err)
{
	struct hm_append *next;

	for (struct hm_append *a = b->all; a; a = next) {
		next = a->next; /* a's memory may be gone after done */
		if (a->rc == 0 && rc)
			a->rc = hm_err_set(&a->err, err->code, HM_F, HM_P(hm_err_str(err)));
		if (a->rc)
			a->fresh = false;
		if (a->rc && a->err.code == HM_ESECURITY)
			hm_tilelog_alarm(b->l, hm_err_str(&a->err));
		a->done(a);
	}
}

static void
count(struct batch *b, int rc)
{
	uint64_t bad = 0;

	for (struct hm_append *a = b->all; a; a = a->next)
		bad += a->rc != 0;
	pthread_mutex_lock(&b->l->mutex);
	b->l->batches++;
	b->l->refused += bad;
	b->l->appended += rc == 0 ? b->fresh.n : 0;
	pthread_mutex_unlock(&b->l->mutex);
}

static void
work_off(struct hm_tilelog *l, struct hm_append *all)
{
	struct batch b = { .l = l, .all = all, .at = hm_tail_at(&l->tail) };
	struct hm_err err = { 0 };
	int rc = commit(&b, &err);

	if (rc)
		hm_log(l->log, HM_LOG_WARN, "appending: " HM_F, HM_P(hm_err_str(&err)));
	count(&b, rc);
	answer(&b, rc, &err);
	hm_err_free(&err);
	hm_arena_free(&b.arena);
}

/* ---- publishing */

static void
list_tiles(struct hm_arena *a, int64_t sealed, int64_t size, struct hm_tiles *out)
{
	struct hm_tile t = { HM_TILE_HEIGHT, -1, sealed / HM_TILE_WIDTH, HM_TILE_WIDTH };

	for (; t.n < size / HM_TILE_WIDTH; t.n++)
		HM_PUSH(a, *out, t);
	t.w = (int)(size % HM_TILE_WIDTH);
	if (t.w)
		HM_PUSH(a, *out, t);
	hm_tile_list_new(a, HM_TILE_HEIGHT, sealed, size, out);
}

static int
write_tiles(struct hm_tilelog *l, const struct hm_tiles *tiles, struct hm_err *err)
{
	struct hm_tile_write w[TILES_AT_ONCE];
	int rc = 0;

	for (size_t i = 0, n; rc == 0 && i < tiles->n; i += n) {
		struct hm_arena a = { 0 };

		for (n = 0; rc == 0 && n < TILES_AT_ONCE && i + n < tiles->n; n++) {
			w[n].tile = tiles->v[i + n];
			if (!hm_tail_tile(&l->tail, &w[n].tile, &w[n].bytes))
				rc = hm_err_set(err, HM_EINTERNAL,
						"a tile to publish is not in memory");
		}
		if (rc == 0)
			rc = hm_tilelog_write_tiles(&a, l->dir, w, n, err);
		hm_arena_free(&a);
	}
	return rc;
}

static int
write_heads(struct hm_tilelog *l, struct hm_arena *a, struct hm_err *err)
{
	hm_str latest = hm_tilelog_file(a, l->dir, "public/latest");
	hm_str point = hm_tilelog_file(a, l->dir, "public/checkpoint");

	if (hm_file_publish(point.p, hm_buf_str(&l->checkpoint), 0644, true, err) ||
	    hm_file_publish(latest.p, hm_buf_str(&l->latest), 0644, true, err))
		return -1;
	return 0;
}

int
hm_tilelog_publish(struct hm_tilelog *l, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_tiles tiles = { 0 };
	int64_t size = l->tree.n;
	int rc;

	list_tiles(&a, l->sealed, size, &tiles);
	rc = write_tiles(l, &tiles, err);
	if (rc == 0)
		rc = write_heads(l, &a, err);
	if (rc == 0) {
		for (size_t i = 0; i < tiles.n; i++)
			if (tiles.v[i].w == HM_TILE_WIDTH)
				hm_tilelog_remove_partial(&a, l->dir, &tiles.v[i]);
		pthread_rwlock_wrlock(&l->seen);
		l->sealed = l->published = size;
		hm_tail_drop(&l->tail, size);
		pthread_rwlock_unlock(&l->seen);
	}
	hm_arena_free(&a);
	return rc;
}

/* ---- the thread */

/* Up to BATCH_MAX of the queue; NULL when it is empty. With the mutex held. */
static struct hm_append *
take_batch(struct hm_tilelog *l)
{
	struct hm_append *all = l->first, **end = &l->first;
	size_t n = 0;

	while (*end && n < BATCH_MAX) {
		end = &(*end)->next;
		n++;
	}
	l->first = *end;
	if (end != &l->first)
		*end = NULL;
	if (!l->first)
		l->last = &l->first;
	l->waiting -= n;
	return n ? all : NULL;
}

static void
wait_for_work(struct hm_tilelog *l, bool behind)
{
	struct timespec until;

	if (!behind) {
		pthread_cond_wait(&l->work, &l->mutex);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += RETRY_MS / 1000;
	pthread_cond_timedwait(&l->work, &l->mutex, &until);
}

static bool
try_publish(struct hm_tilelog *l)
{
	struct hm_err err = { 0 };
	int rc = hm_tilelog_publish(l, &err);

	if (rc)
		hm_log(l->log, HM_LOG_WARN, "publishing: " HM_F, HM_P(hm_err_str(&err)));
	hm_err_free(&err);
	return rc == 0;
}

static void *
sequence(void *arg)
{
	struct hm_tilelog *l = arg;
	int64_t last = hm_clock_monotonic_ns();
	bool behind = false; /* publishing failed: try again later */

	pthread_mutex_lock(&l->mutex);
	for (;;) {
		struct hm_append *all = take_batch(l);
		bool more = l->first != NULL, stop = l->stop;

		pthread_mutex_unlock(&l->mutex);
		if (all)
			work_off(l, all);
		if (l->tree.n != l->published &&
		    (!more || l->tree.n - l->sealed >= PUBLISH_AFTER ||
		     hm_clock_monotonic_ns() - last > PUBLISH_WITHIN_NS)) {
			behind = !try_publish(l);
			last = hm_clock_monotonic_ns();
		}
		pthread_mutex_lock(&l->mutex);
		if (l->first)
			continue;
		if (stop)
			break;
		if (!l->stop)
			wait_for_work(l, behind);
	}
	pthread_mutex_unlock(&l->mutex);
	return NULL;
}

int
hm_tilelog_start(struct hm_tilelog *l, struct hm_err *err)
{
	int sys = pthread_create(&l->thread, NULL, sequence, l);

	if (sys)
		return hm_err_sys(err, sys, "starting the log's thread");
	l->running = true;
	return 0;
}

void
hm_tilelog_stop(struct hm_tilelog *l)
{
	if (!l->running)
		return;
	pthread_mutex_lock(&l->mutex);
	l->stop = true;
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->mutex);
	pthread_join(l->thread, NULL);
	l->running = false;
}

/* ---- the queue */

static int
check(struct hm_append *a)
{
	struct hm_arena arena = { 0 };
	hm_str out;
	int rc;

	if (a->text.n > HM_TILELOG_RECORD_MAX)
		return hm_err_set(&a->err, HM_ELIMIT, "record of %zu bytes is too long", a->text.n);
	rc = hm_tlog_format_record(&arena, 0, a->text, &out, &a->err);
	hm_arena_free(&arena);
	if (rc == 0 && hm_tilelog_key(a->text).n == 0)
		rc = hm_err_set(&a->err, HM_EINVALID, "malformed record data");
	return rc;
}

void
hm_tilelog_submit(struct hm_tilelog *l, struct hm_append *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		v[i].id = -1;
		v[i].fresh = false;
		v[i].next = i + 1 < n ? &v[i + 1] : NULL;
		v[i].err = (struct hm_err){ 0 };
		v[i].rc = check(&v[i]);
		v[i].hash = hm_tlog_record_hash(v[i].text);
	}
	if (n == 0)
		return;
	pthread_mutex_lock(&l->mutex);
	if (n > HM_TILELOG_QUEUE_MAX - l->waiting)
		for (size_t i = 0; i < n; i++)
			if (v[i].rc == 0)
				v[i].rc = hm_err_set(&v[i].err, HM_ELIMIT,
						     "too many records wait to be logged");
	*l->last = v;
	l->last = &v[n - 1].next;
	l->waiting += n;
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->mutex);
}

struct waiting {
	pthread_mutex_t mutex;
	pthread_cond_t done;
	size_t left;
};

static void
one_done(struct hm_append *a)
{
	struct waiting *w = a->ctx;

	pthread_mutex_lock(&w->mutex);
	if (--w->left == 0)
		pthread_cond_signal(&w->done);
	pthread_mutex_unlock(&w->mutex);
}

int
hm_tilelog_append(struct hm_tilelog *l, struct hm_append *v, size_t n, struct hm_err *err)
{
	struct waiting w = { .left = n };
	int rc = 0;

	pthread_mutex_init(&w.mutex, NULL);
	pthread_cond_init(&w.done, NULL);
	for (size_t i = 0; i < n; i++) {
		v[i].done = one_done;
		v[i].ctx = &w;
	}
	hm_tilelog_submit(l, v, n);
	pthread_mutex_lock(&w.mutex);
	while (w.left)
		pthread_cond_wait(&w.done, &w.mutex);
	pthread_mutex_unlock(&w.mutex);
	pthread_cond_destroy(&w.done);
	pthread_mutex_destroy(&w.mutex);
	for (size_t i = 0; i < n; i++) {
		if (v[i].rc && rc == 0)
			rc = hm_err_set(err, v[i].err.code, HM_F, HM_P(hm_err_str(&v[i].err)));
		hm_err_free(&v[i].err);
	}
	return rc;
}
