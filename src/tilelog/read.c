/*
 * read.c - records and tiles for readers.  What comes from disk is proven: a full tile
 * of hashes by its parent's, records by their hashes, once for as long as their file
 * stays what it was; the tail proved itself when the log was opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/clock.h"
#include "os/file.h"
#include "tilelog/log.h"

/* Seconds that a file is left alone before its times are believed. */
enum { QUIET = 2 };

static struct hm_tile
full_tile(int level, int64_t n)
{
	return (struct hm_tile){ HM_TILE_HEIGHT, level, n, HM_TILE_WIDTH };
}

/* ---- which files are known to be right */

/* What no longer is the same when somebody wrote to the file; never 0. */
static uint64_t
stamp_of(const struct stat *st)
{
	const uint64_t v[] = {
		(uint64_t)st->st_dev,          (uint64_t)st->st_ino,
		(uint64_t)st->st_size,         (uint64_t)st->st_mtim.tv_sec,
		(uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_ctim.tv_sec,
		(uint64_t)st->st_ctim.tv_nsec,
	};

	return hm_str_hash(hm_str_make((const char *)v, sizeof(v))) | 1;
}

static bool
is_right(struct hm_tilelog *l, const struct hm_tile *t, const struct stat *st)
{
	struct tile_stamps *s = &l->right[t->l + 1];
	uint64_t now = stamp_of(st);
	bool yes;

	pthread_mutex_lock(&l->right_mutex);
	yes = (size_t)t->n < s->n && s->v[t->n] == now;
	pthread_mutex_unlock(&l->right_mutex);
	return yes;
}

static void
note_right(struct hm_tilelog *l, const struct hm_tile *t, const struct stat *st)
{
	struct tile_stamps *s = &l->right[t->l + 1];
	size_t at = (size_t)t->n;

	/* What was written this very moment can be written again without another time. */
	if (hm_clock_unix() - st->st_ctim.tv_sec < QUIET)
		return;
	pthread_mutex_lock(&l->right_mutex);
	if (at >= s->n) {
		size_t n = at + at / 8 + 64;

		s->v = hm_mem_grow(s->v, n, sizeof(*s->v));
		memset(s->v + s->n, 0, (n - s->n) * sizeof(*s->v));
		s->n = n;
	}
	s->v[at] = stamp_of(st);
	pthread_mutex_unlock(&l->right_mutex);
}

static int
damaged(struct hm_tilelog *l, const struct hm_tile *t, const char *what, struct hm_err *err)
{
	char path[HM_TILE_PATH_MAX];

	hm_tile_path_put(t, path);
	hm_log(l->log, HM_LOG_WARN, HM_F "/public/%s: damaged tile: %s", HM_P(l->dir), path, what);
	return hm_err_set(err, HM_EINVALID, "public/%s: damaged tile: %s", path, what);
}

/* A hash of a tile level, proven; -1 for what a full tile on disk should have and has not. */
static int proven_hash(struct hm_tilelog *l, int level, int64_t n, struct hm_hash *out,
                       struct hm_err *err);

static int
prove_hashes(struct hm_tilelog *l, const struct hm_tile *t, hm_str data, struct hm_err *err)
{
	struct hm_hash root = hm_tile_root(data), want;

	if (proven_hash(l, t->l + 1, t->n, &want, err))
		return -1;
	return hm_hash_eq(&root, &want)
		       ? 0
		       : damaged(l, t, "its hash is not the one in the tile above", err);
}

static int full_bytes(struct hm_tilelog *l, const struct hm_tile *t, struct hm_kept_tile **out,
                      struct hm_err *err);

static int
prove_records(struct hm_tilelog *l, const struct hm_tile *t, hm_str data, struct hm_err *err)
{
	struct hm_tile level0 = full_tile(0, t->n);
	struct hm_kept_tile *hashes;
	const char *wrong = NULL;
	hm_str text;

	if (full_bytes(l, &level0, &hashes, err))
		return -1;
	for (size_t i = 0; !wrong && i < HM_TILE_WIDTH; i++) {
		struct hm_hash h;

		if (!hm_tile_next_record(&data, &text)) {
			wrong = "too few records";
			break;
		}
		h = hm_tlog_record_hash(text);
		if (memcmp(h.b, hashes->data.p + i * sizeof(h), sizeof(h)) != 0)
			wrong = "a record is not the one that was logged";
	}
	if (!wrong && data.n)
		wrong = "too many records";
	hm_tilecache_release(hashes);
	return wrong ? damaged(l, t, wrong, err) : 0;
}

/* What the file is like when it was read: *after; false: something is wrong. */
static bool
fill(int fd, struct hm_kept_tile *k, struct stat *after)
{
	size_t at = 0;

	while (at < k->data.n) {
		ssize_t got = pread(fd, k->bytes + at, k->data.n - at, (off_t)at);

		if (got <= 0 && !(got < 0 && errno == EINTR))
			return false;
		at += got > 0 ? (size_t)got : 0;
	}
	return fstat(fd, after) == 0;
}

/*
 * A tile's file is as it was proven if it looks so after it was read; what it looks like
 * before it is read and proven is noted.
 */
static int
read_and_prove(struct hm_tilelog *l, const struct hm_tile *t, int fd, struct hm_kept_tile **out,
               struct hm_err *err)
{
	const size_t hashes = HM_TILE_WIDTH * sizeof(struct hm_hash);
	struct stat before, after;
	struct hm_kept_tile *k;
	int rc = 0;

	if (fstat(fd, &before) || !S_ISREG(before.st_mode))
		return damaged(l, t, "it cannot be read", err);
	if (t->l < 0 ? (size_t)before.st_size > HM_TILELOG_TILE_MAX :
	               (size_t)before.st_size != hashes)
		return damaged(l, t, "its length is wrong", err);
	k = hm_tilecache_room(t->l, t->n, (size_t)before.st_size);
	if (!fill(fd, k, &after)) {
		rc = damaged(l, t, "it cannot be read", err);
	} else if (!is_right(l, t, &after)) {
		rc = t->l < 0 ? prove_records(l, t, k->data, err) :
		                prove_hashes(l, t, k->data, err);
		if (rc == 0)
			note_right(l, t, &before);
	}
	if (rc)
		hm_tilecache_release(k);
	else
		*out = hm_tilecache_put(l->kept, k);
	return rc;
}

static int
open_tile(const struct hm_tilelog *l, const struct hm_tile *t)
{
	char path[PATH_MAX], tile[HM_TILE_PATH_MAX];

	hm_tile_path_put(t, tile);
	if (snprintf(path, sizeof(path), HM_F "/public/%s", HM_P(l->dir), tile) >= PATH_MAX)
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* A full tile, held, of memory or disk.  The calls nest at most once a level. */
static int
full_bytes(struct hm_tilelog *l, const struct hm_tile *t, struct hm_kept_tile **out,
           struct hm_err *err)
{
	int fd, rc;

	*out = hm_tilecache_get(l->kept, t->l, t->n);
	if (*out)
		return 0;
	fd = open_tile(l, t);
	if (fd < 0)
		return errno == ENOENT ? damaged(l, t, "it is not there", err) :
		                         hm_err_sys(err, errno, "open a tile");
	rc = read_and_prove(l, t, fd, out, err);
	close(fd);
	return rc;
}

static bool
tail_tile(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t, hm_str *out)
{
	bool found;

	pthread_rwlock_rdlock(&l->seen);
	found = hm_tail_tile(&l->tail, t, out);
	if (found)
		*out = hm_arena_dup(a, *out);
	pthread_rwlock_unlock(&l->seen);
	return found;
}

static bool
tail_hash(struct hm_tilelog *l, int level, int64_t n, struct hm_hash *out)
{
	struct hm_tile t = full_tile(level, n / HM_TILE_WIDTH);
	size_t at = (size_t)(n % HM_TILE_WIDTH);
	hm_str data;
	bool found;

	t.w = (int)at + 1; /* the tail may have no more than that */
	pthread_rwlock_rdlock(&l->seen);
	found = hm_tail_tile(&l->tail, &t, &data);
	if (found)
		memcpy(out->b, data.p + at * sizeof(*out), sizeof(*out));
	pthread_rwlock_unlock(&l->seen);
	return found;
}

static int
proven_hash(struct hm_tilelog *l, int level, int64_t n, struct hm_hash *out, struct hm_err *err)
{
	struct hm_tile t = full_tile(level, n / HM_TILE_WIDTH);
	struct hm_kept_tile *k;

	if (level >= HM_TAIL_LEVELS)
		return hm_err_set(err, HM_EINTERNAL, "no such tile level");
	if (tail_hash(l, level, n, out))
		return 0;
	if (full_bytes(l, &t, &k, err))
		return -1;
	memcpy(out->b, k->data.p + (size_t)(n % HM_TILE_WIDTH) * sizeof(*out), sizeof(*out));
	hm_tilecache_release(k);
	return 0;
}

/* ---- what others call */

int
hm_tilelog_read_hashes(void *ctx, const int64_t *index, size_t n, struct hm_hash *out,
                       struct hm_err *err)
{
	struct hm_tilelog *l = ctx;
	struct hm_arena a = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct hm_tile t = hm_tile_for_index(HM_TILE_HEIGHT, index[i]);
		struct hm_tile full = full_tile(t.l, t.n);
		struct hm_kept_tile *k = NULL;
		hm_str data;

		if (t.l >= HM_TAIL_LEVELS)
			rc = hm_err_set(err, HM_EINVALID, "no such hash");
		else if (!tail_tile(l, &a, &t, &data))
			rc = full_bytes(l, &full, &k, err);
		if (k)
			data = hm_str_sub(k->data, 0, (size_t)t.w * sizeof(*out));
		if (rc == 0)
			rc = hm_tile_hash(&t, data, index[i], &out[i], err);
		hm_tilecache_release(k);
	}
	hm_arena_free(&a);
	return rc;
}

int
hm_tilelog_record(struct hm_tilelog *l, struct hm_arena *a, int64_t id, hm_str *out,
                  struct hm_err *err)
{
	struct hm_tile t = full_tile(-1, id / HM_TILE_WIDTH);
	struct hm_kept_tile *k;
	bool found, beyond;
	hm_str data;

	pthread_rwlock_rdlock(&l->seen);
	beyond = id < 0 || id >= l->tree.n;
	found = !beyond && hm_tail_record(&l->tail, id, out);
	if (found)
		*out = hm_arena_dup(a, *out);
	pthread_rwlock_unlock(&l->seen);
	if (beyond)
		return hm_err_set(err, HM_ENOTFOUND, "record %lld: not found", (long long)id);
	if (found)
		return 0;
	if (full_bytes(l, &t, &k, err))
		return -1;
	data = k->data;
	for (int64_t i = 0; i <= id % HM_TILE_WIDTH; i++)
		hm_tile_next_record(&data, out);
	*out = hm_arena_dup(a, *out);
	hm_tilecache_release(k);
	return 0;
}

/*
 * n bytes of a full tile's file at an offset; how many there were, 0 for none.  *st, unless
 * NULL, is what the file looks like when they have been read.
 */
static size_t
read_part(struct hm_tilelog *l, const struct hm_tile *t, int64_t at, void *out, size_t len,
          struct stat *st)
{
	int fd = open_tile(l, t);
	ssize_t got;

	if (fd < 0)
		return 0;
	got = pread(fd, out, len, at);
	if (st && fstat(fd, st))
		got = 0;
	close(fd);
	return got > 0 ? (size_t)got : 0;
}

/* The hash of a record, proven; without the whole tile where that was proven before. */
static int
record_hash(struct hm_tilelog *l, int64_t id, struct hm_hash *out, struct hm_err *err)
{
	struct hm_tile t = full_tile(0, id / HM_TILE_WIDTH);
	struct hm_kept_tile *k = hm_tilecache_get(l->kept, 0, t.n);
	size_t at = (size_t)(id % HM_TILE_WIDTH) * sizeof(*out);
	struct stat st;

	if (k) {
		memcpy(out->b, k->data.p + at, sizeof(*out));
		hm_tilecache_release(k);
		return 0;
	}
	if (read_part(l, &t, (int64_t)at, out, sizeof(*out), &st) == sizeof(*out) &&
	    is_right(l, &t, &st))
		return 0;
	return proven_hash(l, 0, id, out, err);
}

/*
 * One record, if it is at its place and has its hash: a tenth of the work that a whole
 * tile is.  false: the slow way will say what is wrong.
 */
static bool
read_at(struct hm_tilelog *l, struct hm_arena *a, struct hm_hint hint, hm_str *out)
{
	struct hm_tile t = full_tile(-1, hint.id / HM_TILE_WIDTH);
	char bytes[HM_TILELOG_RECORD_MAX + 1];
	struct hm_hash want, got;
	struct hm_err err = { 0 };
	hm_str data, text;

	if (hint.id < 0 || hint.at < 0)
		return false;
	data = hm_str_make(bytes, read_part(l, &t, hint.at, bytes, sizeof(bytes), NULL));
	if (!hm_tile_next_record(&data, &text))
		return false;
	if (record_hash(l, hint.id, &want, &err)) {
		hm_err_free(&err);
		return false;
	}
	got = hm_tlog_record_hash(text);
	if (!hm_hash_eq(&got, &want))
		return false;
	*out = hm_arena_dup(a, text);
	return true;
}

/* The hint saves reading a whole tile; what it does not lead to is looked for there. */
int
hm_tilelog_is_record(struct hm_tilelog *l, struct hm_arena *a, struct hm_hint hint, hm_str key,
                     hm_str *text, bool *is, struct hm_err *err)
{
	*is = read_at(l, a, hint, text) && hm_str_eq(hm_tilelog_key(*text), key);
	if (*is)
		return 0;
	if (hm_tilelog_record(l, a, hint.id, text, err))
		return -1;
	*is = hm_str_eq(hm_tilelog_key(*text), key);
	return 0;
}

/* A reader's connection; more than READERS_MAX at once open one each. */
static int
take_reader(struct hm_tilelog *l, struct hm_logindex **out, struct hm_err *err)
{
	*out = NULL;
	pthread_mutex_lock(&l->readers_mutex);
	if (l->readers)
		*out = l->reader[--l->readers];
	pthread_mutex_unlock(&l->readers_mutex);
	return *out ? 0 : hm_logindex_open(l->dir, true, out, err);
}

static void
give_reader(struct hm_tilelog *l, struct hm_logindex *x)
{
	pthread_mutex_lock(&l->readers_mutex);
	if (l->readers < READERS_MAX) {
		l->reader[l->readers++] = x;
		x = NULL;
	}
	pthread_mutex_unlock(&l->readers_mutex);
	hm_logindex_free(x);
}

struct search {
	struct hm_tilelog *l;
	struct hm_arena *a;
	hm_str key;
	struct hm_found *out;
};

static int
try_hint(void *ctx, struct hm_hint hint, struct hm_err *err)
{
	struct search *s = ctx;
	bool is;

	if (hm_tilelog_is_record(s->l, s->a, hint, s->key, &s->out->text, &is, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err); /* committed, but not in the head that readers see */
		return 0;
	}
	s->out->id = hint.id;
	return is;
}

int
hm_tilelog_find(struct hm_tilelog *l, struct hm_arena *a, hm_str key, struct hm_found *out,
                struct hm_err *err)
{
	struct search s = { l, a, key, out };
	int64_t hash = hm_logindex_hash(key);
	struct hm_logindex *x;
	int rc;

	if (!hm_recent_get(l->recent, a, hash, key, &out->id, &out->text)) {
		if (take_reader(l, &x, err))
			return -1;
		rc = hm_logindex_find(x, hash, try_hint, &s, err);
		give_reader(l, x);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return hm_err_set(err, HM_ENOTFOUND, "not found: " HM_F, HM_P(key));
		hm_recent_put(l->recent, hash, out->id, out->text);
	}
	out->head = hm_tilelog_latest(l, a, NULL); /* later than the record, so it covers it */
	return 0;
}

hm_str
hm_tilelog_latest(struct hm_tilelog *l, struct hm_arena *a, int64_t *size)
{
	hm_str s;

	pthread_rwlock_rdlock(&l->seen);
	s = hm_arena_dup(a, hm_str_make(l->latest.p, l->latest.n));
	if (size)
		*size = l->tree.n;
	pthread_rwlock_unlock(&l->seen);
	return s;
}

hm_str
hm_tilelog_checkpoint(struct hm_tilelog *l, struct hm_arena *a)
{
	hm_str s;

	pthread_rwlock_rdlock(&l->seen);
	s = hm_arena_dup(a, hm_str_make(l->checkpoint.p, l->checkpoint.n));
	pthread_rwlock_unlock(&l->seen);
	return s;
}

static int
no_tile(const struct hm_tile *t, struct hm_err *err)
{
	char path[HM_TILE_PATH_MAX];

	hm_tile_path_put(t, path);
	return hm_err_set(err, HM_ENOTFOUND, "not found: %s: the log has no such tile", path);
}

static bool
in_tree(struct hm_tilelog *l, const struct hm_tile *t)
{
	int64_t n;

	if (t->h != HM_TILE_HEIGHT || t->l < -1 || t->l >= HM_TAIL_LEVELS || t->w < 1 ||
	    t->w > HM_TILE_WIDTH || t->n < 0 || t->n > HM_TLOG_SIZE_MAX / HM_TILE_WIDTH)
		return false;
	pthread_rwlock_rdlock(&l->seen);
	n = l->tree.n >> (t->l < 0 ? 0 : t->l * HM_TILE_HEIGHT);
	pthread_rwlock_unlock(&l->seen);
	return t->n * HM_TILE_WIDTH + t->w <= n;
}

int
hm_tilelog_tile(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t,
                struct hm_tile_data *out, struct hm_err *err)
{
	struct hm_tile full = full_tile(t->l, t->n);
	struct hm_kept_tile *k;
	hm_str rest, text;

	*out = (struct hm_tile_data){ 0 };
	if (!in_tree(l, t))
		return no_tile(t, err);
	if (tail_tile(l, a, t, &out->bytes))
		return 0;
	if (full_bytes(l, &full, &k, err))
		return -1;
	out->held = k;
	out->bytes = k->data;
	if (t->w == full.w)
		return 0;
	if (t->l >= 0) {
		out->bytes.n = (size_t)t->w * sizeof(struct hm_hash);
		return 0;
	}
	rest = out->bytes;
	for (int i = 0; i < t->w; i++)
		hm_tile_next_record(&rest, &text);
	out->bytes.n -= rest.n;
	return 0;
}

void
hm_tilelog_release(void *held)
{
	hm_tilecache_release(held);
}

int
hm_tilelog_entries(struct hm_tilelog *l, struct hm_arena *a, int64_t n, int w, hm_str *out,
                   struct hm_err *err)
{
	struct hm_tile t = { HM_TILE_HEIGHT, -1, n, w };
	struct hm_tile_data d;
	struct hm_buf b = { 0 };
	hm_str data, text;

	if (hm_tilelog_tile(l, a, &t, &d, err))
		return -1;
	data = d.bytes;
	while (hm_tile_next_record(&data, &text)) {
		hm_buf_addc(&b, (char)(text.n >> 8));
		hm_buf_addc(&b, (char)(text.n & 0xff));
		hm_buf_adds(&b, text);
	}
	hm_tilelog_release(d.held);
	*out = hm_buf_take(&b, a);
	return 0;
}
