/*
 * read.c - records and tiles for readers.  What comes from disk was proven once: a
 * full tile of hashes by its parent's, records by their hashes; the tail proved itself
 * when the log was opened.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/file.h"
#include "tilelog/log.h"

static struct hm_tile
full_tile(int level, int64_t n)
{
	return (struct hm_tile){ HM_TILE_HEIGHT, level, n, HM_TILE_WIDTH };
}

/* ---- which tiles are known to be right */

static bool
is_right(struct hm_tilelog *l, const struct hm_tile *t)
{
	struct tile_bits *b = &l->right[t->l + 1];
	size_t word = (size_t)t->n / 64;
	bool yes;

	pthread_mutex_lock(&l->right_mutex);
	yes = word < b->n && (b->v[word] >> (t->n % 64) & 1);
	pthread_mutex_unlock(&l->right_mutex);
	return yes;
}

static void
note_right(struct hm_tilelog *l, const struct hm_tile *t)
{
	struct tile_bits *b = &l->right[t->l + 1];
	size_t word = (size_t)t->n / 64;

	pthread_mutex_lock(&l->right_mutex);
	if (word >= b->n) {
		size_t n = word * 2 + 16;

		b->v = hm_mem_grow(b->v, n, sizeof(*b->v));
		memset(b->v + b->n, 0, (n - b->n) * sizeof(*b->v));
		b->n = n;
	}
	b->v[word] |= (uint64_t)1 << (t->n % 64);
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
static int
proven_hash(struct hm_tilelog *l, struct hm_arena *a, int level, int64_t n, struct hm_hash *out,
            struct hm_err *err);

static int
prove_hashes(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t, hm_str data,
             struct hm_err *err)
{
	struct hm_hash root = hm_tile_root(data), want;

	if (proven_hash(l, a, t->l + 1, t->n, &want, err))
		return -1;
	return hm_hash_eq(&root, &want)
		       ? 0
		       : damaged(l, t, "its hash is not the one in the tile above", err);
}

static int full_bytes(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t,
                      hm_str *out, struct hm_err *err);

static int
prove_records(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t, hm_str data,
              struct hm_err *err)
{
	struct hm_tile hashes = full_tile(0, t->n);
	hm_str want, text;

	if (full_bytes(l, a, &hashes, &want, err))
		return -1;
	for (size_t i = 0; i < HM_TILE_WIDTH; i++) {
		struct hm_hash h;

		if (!hm_tile_next_record(&data, &text))
			return damaged(l, t, "too few records", err);
		h = hm_tlog_record_hash(text);
		if (memcmp(h.b, want.p + i * sizeof(h), sizeof(h)) != 0)
			return damaged(l, t, "a record is not the one that was logged", err);
	}
	return data.n ? damaged(l, t, "too many records", err) : 0;
}

/* A full tile on disk.  The calls nest at most once a level. */
static int
full_bytes(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t, hm_str *out,
           struct hm_err *err)
{
	int rc;

	if (hm_tilelog_read_tile(a, l->dir, t, out, err)) {
		bool missing = err->code == HM_ENOTFOUND;

		if (!missing && err->code != HM_EINVALID)
			return -1;
		hm_err_clear(err);
		return damaged(l, t, missing ? "it is not there" : "its length is wrong", err);
	}
	if (is_right(l, t))
		return 0;
	rc = t->l < 0 ? prove_records(l, a, t, *out, err) : prove_hashes(l, a, t, *out, err);
	if (rc == 0)
		note_right(l, t);
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

static int
proven_hash(struct hm_tilelog *l, struct hm_arena *a, int level, int64_t n, struct hm_hash *out,
            struct hm_err *err)
{
	struct hm_tile t = full_tile(level, n / HM_TILE_WIDTH);
	size_t at = (size_t)(n % HM_TILE_WIDTH);
	hm_str data;

	t.w = (int)at + 1; /* the tail may have no more than that */
	if (!tail_tile(l, a, &t, &data)) {
		if (level >= HM_TAIL_LEVELS)
			return hm_err_set(err, HM_EINTERNAL, "no such tile level");
		t.w = HM_TILE_WIDTH;
		if (full_bytes(l, a, &t, &data, err))
			return -1;
	}
	memcpy(out->b, data.p + at * sizeof(*out), sizeof(*out));
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
		struct hm_tile t = hm_tile_for_index(HM_TILE_HEIGHT, index[i]), full;
		hm_str data;

		full = full_tile(t.l, t.n);
		if (t.l >= HM_TAIL_LEVELS)
			rc = hm_err_set(err, HM_EINVALID, "no such hash");
		else if (!tail_tile(l, &a, &t, &data))
			rc = full_bytes(l, &a, &full, &data, err);
		if (rc == 0)
			rc = hm_tile_hash(&t, hm_str_sub(data, 0, (size_t)t.w * sizeof(*out)),
			                  index[i], &out[i], err);
	}
	hm_arena_free(&a);
	return rc;
}

int
hm_tilelog_record(struct hm_tilelog *l, struct hm_arena *a, int64_t id, hm_str *out,
                  struct hm_err *err)
{
	struct hm_tile t = full_tile(-1, id / HM_TILE_WIDTH);
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
	if (full_bytes(l, a, &t, &data, err))
		return -1;
	for (int64_t i = 0; i <= id % HM_TILE_WIDTH; i++)
		hm_tile_next_record(&data, out);
	return 0;
}

/* n bytes of a full tile at an offset; how many there were, 0 for none. */
static size_t
read_part(struct hm_tilelog *l, int level, int64_t n, int64_t at, void *out, size_t len)
{
	struct hm_tile t = full_tile(level, n);
	char path[PATH_MAX], tile[HM_TILE_PATH_MAX];
	ssize_t got;
	int fd, end;

	hm_tile_path_put(&t, tile);
	end = snprintf(path, sizeof(path), HM_F "/public/%s", HM_P(l->dir), tile);
	if (end >= (int)sizeof(path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	got = pread(fd, out, len, at);
	close(fd);
	return got > 0 ? (size_t)got : 0;
}

/*
 * One record, if it is at its place and has the hash that the tile of hashes has: a
 * tenth of the work that a whole tile is.  false: the slow way will say what is wrong.
 */
static bool
read_at(struct hm_tilelog *l, struct hm_arena *a, struct hm_hint hint, hm_str *out)
{
	char bytes[HM_TILELOG_RECORD_MAX + 1];
	struct hm_hash want, got;
	int64_t n = hint.id / HM_TILE_WIDTH;
	hm_str data, text;

	if (hint.id < 0 || hint.at < 0)
		return false;
	data = hm_str_make(bytes, read_part(l, -1, n, hint.at, bytes, sizeof(bytes)));
	if (!hm_tile_next_record(&data, &text) ||
	    read_part(l, 0, n, hint.id % HM_TILE_WIDTH * (int64_t)sizeof(want), &want,
	              sizeof(want)) != sizeof(want))
		return false;
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

/* A full tile on disk, proven before: no need to read it here. */
static bool
open_tile(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t,
          struct hm_tile_data *out)
{
	struct stat st;

	out->fd = open(hm_tilelog_tile_file(a, l->dir, t).p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (out->fd < 0 || fstat(out->fd, &st)) {
		if (out->fd >= 0)
			close(out->fd);
		out->fd = -1;
		return false;
	}
	out->size = (uint64_t)st.st_size;
	return true;
}

int
hm_tilelog_tile(struct hm_tilelog *l, struct hm_arena *a, const struct hm_tile *t,
                struct hm_tile_data *out, struct hm_err *err)
{
	struct hm_tile full = full_tile(t->l, t->n);
	hm_str rest, text;

	*out = (struct hm_tile_data){ .fd = -1 };
	if (!in_tree(l, t))
		return no_tile(t, err);
	if (tail_tile(l, a, t, &out->bytes))
		return 0;
	if (t->w == full.w && is_right(l, t) && open_tile(l, a, t, out))
		return 0;
	if (full_bytes(l, a, &full, &out->bytes, err))
		return -1;
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
	if (d.fd >= 0) {
		int rc = hm_file_read_fd(a, d.fd, "tile", HM_TILELOG_TILE_MAX, &data, err);

		close(d.fd);
		if (rc)
			return -1;
	}
	while (hm_tile_next_record(&data, &text)) {
		hm_buf_addc(&b, (char)(text.n >> 8));
		hm_buf_addc(&b, (char)(text.n & 0xff));
		hm_buf_adds(&b, text);
	}
	*out = hm_buf_take(&b, a);
	return 0;
}
