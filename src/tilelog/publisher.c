/*
 * publisher.c - the thread that follows the sequencer with the public files: tiles,
 * fsync, heads.  A reader of those files never meets a head without its tiles.
 *
 * It copies what it writes while readers read, so that appends never wait for a disk
 * that is busy with tiles; only when more than BACKLOG records wait, they do.
 */
#include <time.h>

#include "os/clock.h"
#include "os/file.h"
#include "tilelog/log.h"

enum {
	PUBLISH_EVERY_MS = 200, /* the public files are at most so much and one writing behind */
	RETRY_MS = 1000,
	TILES_AT_ONCE = 64,
};

static void
list_tiles(struct hm_arena *a, int64_t written, int64_t size, struct hm_tiles *out)
{
	struct hm_tile t = { HM_TILE_HEIGHT, -1, written / HM_TILE_WIDTH, HM_TILE_WIDTH };

	for (; t.n < size / HM_TILE_WIDTH; t.n++)
		HM_PUSH(a, *out, t);
	t.w = (int)(size % HM_TILE_WIDTH);
	if (t.w)
		HM_PUSH(a, *out, t);
	hm_tile_list_new(a, HM_TILE_HEIGHT, written, size, out);
}

static int
copy_tile(struct hm_tilelog *l, struct hm_arena *a, struct hm_tile_write *w, struct hm_err *err)
{
	bool found;

	pthread_rwlock_rdlock(&l->seen);
	found = hm_tail_tile(&l->tail, &w->tile, &w->bytes);
	if (found)
		w->bytes = hm_arena_dup(a, w->bytes);
	pthread_rwlock_unlock(&l->seen);
	return found ? 0 : hm_err_set(err, HM_EINTERNAL, "a tile to publish is not in memory");
}

static int
write_tiles(struct hm_tilelog *l, const struct hm_tiles *tiles, struct hm_err *err)
{
	struct hm_tile_write w[TILES_AT_ONCE];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < tiles->n;) {
		struct hm_arena a = { 0 };
		size_t n = 0;

		for (; rc == 0 && n < TILES_AT_ONCE && i < tiles->n; n++) {
			w[n].tile = tiles->v[i++];
			rc = copy_tile(l, &a, &w[n], err);
		}
		if (rc == 0)
			rc = hm_tilelog_write_tiles(&a, l->dir, w, n, err);
		hm_arena_free(&a);
	}
	return rc;
}

static int
write_heads(struct hm_tilelog *l, struct hm_arena *a, hm_str latest, hm_str checkpoint,
            struct hm_err *err)
{
	hm_str head = hm_tilelog_file(a, l->dir, "public/latest");
	hm_str point = hm_tilelog_file(a, l->dir, "public/checkpoint");

	if (hm_file_publish(point.p, checkpoint, 0644, true, err) ||
	    hm_file_publish(head.p, latest, 0644, true, err))
		return -1;
	return 0;
}

static void
note_written(struct hm_tilelog *l, int64_t size)
{
	pthread_mutex_lock(&l->mutex);
	l->written = size;
	pthread_mutex_unlock(&l->mutex);
	pthread_rwlock_wrlock(&l->seen);
	l->published = size;
	pthread_rwlock_unlock(&l->seen);
}

int
hm_tilelog_publish(struct hm_tilelog *l, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_tiles tiles = { 0 };
	hm_str latest, checkpoint;
	int64_t size, written;
	int rc;

	pthread_mutex_lock(&l->mutex);
	written = l->written;
	pthread_mutex_unlock(&l->mutex);
	pthread_rwlock_rdlock(&l->seen);
	size = l->tree.n;
	latest = hm_arena_dup(&a, hm_buf_str(&l->latest));
	checkpoint = hm_arena_dup(&a, hm_buf_str(&l->checkpoint));
	pthread_rwlock_unlock(&l->seen);

	list_tiles(&a, written, size, &tiles);
	rc = write_tiles(l, &tiles, err);
	if (rc == 0)
		rc = write_heads(l, &a, latest, checkpoint, err);
	if (rc == 0) {
		note_written(l, size);
		for (size_t i = 0; i < tiles.n; i++)
			if (tiles.v[i].w == HM_TILE_WIDTH)
				hm_tilelog_remove_partial(&a, l->dir, &tiles.v[i]);
	}
	hm_arena_free(&a);
	return rc;
}

/* ---- the thread */

void
hm_tilelog_wait(pthread_cond_t *c, pthread_mutex_t *m, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_cond_timedwait(c, m, &until);
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

/* SQLite would do it within a commit, and appends would wait for it. */
static void
checkpoint(struct hm_tilelog *l, struct hm_logindex **index)
{
	struct hm_err err = { 0 };

	if ((!*index && hm_logindex_open(l->dir, false, index, &err)) ||
	    hm_logindex_checkpoint(*index, &err))
		hm_log(l->log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(&err)));
	hm_err_free(&err);
}

/* Heads that come in quick succession are published together. With the mutex held. */
static void
pause_until(struct hm_tilelog *l, int64_t when)
{
	for (;;) {
		int64_t left = when - hm_clock_monotonic_ns();

		if (left <= 0 || l->last_call)
			return;
		hm_tilelog_wait(&l->shown, &l->mutex, (int)(left / 1000000) + 1);
	}
}

static void *
follow(void *arg)
{
	struct hm_tilelog *l = arg;
	struct hm_logindex *index = NULL;
	int64_t next;
	bool good;

	pthread_mutex_lock(&l->mutex);
	for (;;) {
		while (!l->fresh && !l->last_call)
			pthread_cond_wait(&l->shown, &l->mutex);
		if (!l->fresh)
			break;
		l->fresh = false;
		pthread_mutex_unlock(&l->mutex);
		next = hm_clock_monotonic_ns();
		good = try_publish(l);
		checkpoint(l, &index);
		pthread_mutex_lock(&l->mutex);
		l->behind = !good;
		l->fresh |= !good;
		pthread_cond_signal(&l->work);
		if (!good && l->last_call)
			break;
		pause_until(l, next + (good ? PUBLISH_EVERY_MS : RETRY_MS) * INT64_C(1000000));
	}
	pthread_mutex_unlock(&l->mutex);
	hm_logindex_free(index);
	return NULL;
}

int
hm_tilelog_start_publisher(struct hm_tilelog *l, struct hm_err *err)
{
	int sys = pthread_create(&l->publisher, NULL, follow, l);

	return sys ? hm_err_sys(err, sys, "starting the log's publisher") : 0;
}

void
hm_tilelog_stop_publisher(struct hm_tilelog *l)
{
	pthread_mutex_lock(&l->mutex);
	l->last_call = true;
	pthread_cond_signal(&l->shown);
	pthread_mutex_unlock(&l->mutex);
	pthread_join(l->publisher, NULL);
}
