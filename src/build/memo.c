#include "build/memo.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "crypto/sha256.h"
#include "os/clock.h"
#include "os/file.h"

/*
 * The store: a header, then records sorted by key.  Numbers are in the byte
 * order of the machine; the magic number tells a foreign one.
 */
enum {
	KEY = 16,
	VALUE = HM_MEMO_TEXT + 1, /* of texts; the first byte is the length */
	MAX_RECORDS = 1 << 21,
	KEEP_DAYS = 30,
	FRESH_DAYS = 7, /* a record's day of last use may be that old */
};

static const uint64_t magic = 0x316f6d656d6d6872; /* "rhmmemo1" */
static const int64_t settle_ns = 2000000000;      /* see memo.h */
static const int64_t day_seconds = 24 * 3600;

struct record {
	uint8_t key[KEY];
	uint8_t sum[HM_SHA256_SIZE];
	uint32_t day; /* of last use */
	uint32_t text; /* 0: sum is the value; n: the text is the (n-1)th */
};

struct header {
	uint64_t magic;
	uint64_t records, texts;
	uint8_t sum[HM_SHA256_SIZE]; /* of all behind the header */
};

struct text {
	char c[VALUE];
};

struct fresh {
	struct record rec;
	struct text *text; /* NULL for a hash */
};

struct hm_memo {
	char *path;
	hm_str map;
	const struct record *rec; /* in map */
	const struct text *text;
	size_t n_rec, n_text;
	_Atomic uint8_t *used;    /* one a record */
	uint32_t today;
	atomic_bool aged;         /* a used record's day is old */

	pthread_mutex_t lock;     /* of what follows */
	struct hm_arena arena;
	struct hm_map fresh;      /* key -> struct fresh * */
};

static void
open_map(struct hm_memo *m)
{
	struct hm_err err = { 0 };
	struct header h;
	uint8_t sum[HM_SHA256_SIZE];
	hm_str body;

	if (hm_file_map(m->path, &m->map, &err)) {
		hm_err_free(&err);
		return;
	}
	if (m->map.n < sizeof(h))
		return;
	memcpy(&h, m->map.p, sizeof(h));
	body = hm_str_from(m->map, sizeof(h));
	if (h.magic != magic || h.records > MAX_RECORDS || h.texts > MAX_RECORDS ||
	    body.n != h.records * sizeof(struct record) + h.texts * sizeof(struct text))
		return;
	hm_sha256_of(body, sum);
	if (memcmp(sum, h.sum, sizeof(sum)) != 0)
		return;
	m->n_rec = (size_t)h.records;
	m->n_text = (size_t)h.texts;
	m->rec = (const struct record *)(const void *)body.p;
	m->text = (const struct text *)(const void *)(m->rec + m->n_rec);
}

struct hm_memo *
hm_memo_open(const char *path)
{
	struct hm_memo *m = hm_mem_new(sizeof(*m));

	pthread_mutex_init(&m->lock, NULL);
	m->fresh.arena = &m->arena;
	m->today = (uint32_t)(hm_clock_unix() / day_seconds);
	if (path) {
		m->path = hm_arena_cstr(&m->arena, hm_str_of(path));
		open_map(m);
	}
	m->used = hm_mem_new(m->n_rec + 1);
	return m;
}

static int
by_key(const void *a, const void *b)
{
	return memcmp(((const struct record *)a)->key, ((const struct record *)b)->key, KEY);
}

static const struct record *
find(struct hm_memo *m, const uint8_t key[KEY])
{
	struct record want;
	const struct record *r;

	if (!m->n_rec)
		return NULL;
	memcpy(want.key, key, KEY);
	r = bsearch(&want, m->rec, m->n_rec, sizeof(*r), by_key);
	if (!r || r->text > m->n_text)
		return NULL;
	atomic_store_explicit(&m->used[r - m->rec], 1, memory_order_relaxed);
	if (r->day + FRESH_DAYS < m->today)
		atomic_store_explicit(&m->aged, true, memory_order_relaxed);
	return r;
}

static void
add_num(struct hm_sha256 *h, uint64_t v)
{
	hm_sha256_add(h, &v, sizeof(v));
}

static void
key_of(const struct stat *st, hm_str about, uint8_t key[KEY])
{
	struct hm_sha256 h;
	uint8_t sum[HM_SHA256_SIZE];

	hm_sha256_init(&h);
	add_num(&h, (uint64_t)st->st_dev);
	add_num(&h, (uint64_t)st->st_ino);
	add_num(&h, (uint64_t)st->st_size);
	add_num(&h, (uint64_t)st->st_mtim.tv_sec);
	add_num(&h, (uint64_t)st->st_mtim.tv_nsec);
	add_num(&h, (uint64_t)st->st_ctim.tv_sec);
	add_num(&h, (uint64_t)st->st_ctim.tv_nsec);
	hm_sha256_adds(&h, about);
	hm_sha256_final(&h, sum);
	memcpy(key, sum, KEY);
}

static int64_t
nanos(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool
settled(const struct stat *st, int64_t now)
{
	return nanos(st->st_mtim) + settle_ns < now && nanos(st->st_ctim) + settle_ns < now;
}

static void
remember(struct hm_memo *m, const uint8_t key[KEY], const uint8_t *sum, hm_str text)
{
	struct fresh *f;

	pthread_mutex_lock(&m->lock);
	f = HM_NEW(&m->arena, struct fresh);
	memcpy(f->rec.key, key, KEY);
	f->rec.day = m->today;
	if (sum) {
		memcpy(f->rec.sum, sum, HM_SHA256_SIZE);
	} else {
		f->rec.text = 1;
		f->text = HM_NEW(&m->arena, struct text);
		f->text->c[0] = (char)(unsigned char)text.n;
		memcpy(f->text->c + 1, text.p, text.n);
	}
	hm_map_set(&m->fresh, hm_str_make((const char *)f->rec.key, KEY), f);
	pthread_mutex_unlock(&m->lock);
}

static int
hash_file(int fd, const char *path, uint8_t sum[32], struct hm_err *err)
{
	struct hm_sha256 h;
	char buf[64 << 10];
	ssize_t n;

	hm_sha256_init(&h);
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hm_err_sys(err, errno, "read %s", path);
		hm_sha256_add(&h, buf, (size_t)n);
	}
	hm_sha256_final(&h, sum);
	return 0;
}

int
hm_memo_hash(struct hm_memo *m, const char *path, uint8_t sum[32], struct hm_err *err)
{
	struct stat st, after;
	const struct record *r;
	uint8_t key[KEY];
	int64_t now;
	int fd, rc;

	if (stat(path, &st) == 0) {
		key_of(&st, HM_S(""), key);
		r = find(m, key);
		if (r && !r->text) {
			memcpy(sum, r->sum, HM_SHA256_SIZE);
			return 0;
		}
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hm_err_sys(err, errno, "open %s", path);
	now = hm_clock_unix_nano();
	rc = fstat(fd, &st) ? hm_err_sys(err, errno, "stat %s", path)
	                    : hash_file(fd, path, sum, err);
	if (rc == 0 && settled(&st, now) && fstat(fd, &after) == 0 && after.st_size == st.st_size &&
	    nanos(after.st_mtim) == nanos(st.st_mtim) &&
	    nanos(after.st_ctim) == nanos(st.st_ctim)) {
		key_of(&st, HM_S(""), key);
		remember(m, key, sum, HM_S(""));
	}
	close(fd);
	return rc;
}

bool
hm_memo_get(struct hm_memo *m, const char *path, hm_str about, struct hm_arena *a, hm_str *text)
{
	const struct record *r;
	const struct text *t;
	struct stat st;
	uint8_t key[KEY];

	if (stat(path, &st))
		return false;
	key_of(&st, about, key);
	r = find(m, key);
	if (!r || !r->text)
		return false;
	t = &m->text[r->text - 1];
	*text = hm_arena_dup(a, hm_str_make(t->c + 1, (unsigned char)t->c[0]));
	return text->n <= HM_MEMO_TEXT;
}

void
hm_memo_put(struct hm_memo *m, const char *path, hm_str about, hm_str text)
{
	struct stat st;
	uint8_t key[KEY];

	if (text.n > HM_MEMO_TEXT || stat(path, &st) || !settled(&st, hm_clock_unix_nano()))
		return;
	key_of(&st, about, key);
	remember(m, key, NULL, text);
}

/* Adds a record to the new store, its text to the new texts. */
static void
emit(struct hm_buf *recs, struct hm_buf *texts, const struct record *r, const struct text *t)
{
	struct record out = *r;

	if (out.text) {
		out.text = (uint32_t)(texts->n / sizeof(*t)) + 1;
		hm_buf_add(texts, t, sizeof(*t));
	}
	hm_buf_add(recs, &out, sizeof(out));
}

static void
save(struct hm_memo *m)
{
	struct hm_buf recs = { 0 }, texts = { 0 }, all = { 0 };
	struct hm_err err = { 0 };
	struct header h = { .magic = magic };
	hm_str body;

	for (size_t i = 0; i < m->n_rec; i++) {
		struct record r = m->rec[i];

		if (m->used[i])
			r.day = m->today;
		if (r.text > m->n_text || r.day + KEEP_DAYS < m->today ||
		    hm_map_has(&m->fresh, hm_str_make((const char *)r.key, KEY)))
			continue;
		emit(&recs, &texts, &r, r.text ? &m->text[r.text - 1] : NULL);
	}
	for (size_t i = 0; i < m->fresh.n; i++) {
		const struct fresh *f = m->fresh.e[i].val;

		emit(&recs, &texts, &f->rec, f->text);
	}
	h.records = recs.n / sizeof(struct record);
	h.texts = texts.n / sizeof(struct text);
	if (h.records <= MAX_RECORDS) {
		if (recs.n)
			qsort(recs.p, (size_t)h.records, sizeof(struct record), by_key);
		hm_buf_add(&all, &h, sizeof(h));
		hm_buf_adds(&all, hm_buf_str(&recs));
		hm_buf_adds(&all, hm_buf_str(&texts));
		body = hm_str_from(hm_buf_str(&all), sizeof(h));
		hm_sha256_of(body, h.sum);
		memcpy(all.p, &h, sizeof(h));
		/* Best effort: without it the next run hashes again. */
		if (hm_file_publish(m->path, hm_buf_str(&all), 0666 & ~S_IWGRP & ~S_IWOTH, false,
		                    &err))
			hm_err_free(&err);
	}
	hm_buf_free(&recs);
	hm_buf_free(&texts);
	hm_buf_free(&all);
}

void
hm_memo_close(struct hm_memo *m)
{
	if (!m)
		return;
	if (m->path && (m->fresh.n || m->aged))
		save(m);
	hm_file_unmap(m->map);
	free((void *)m->used);
	pthread_mutex_destroy(&m->lock);
	hm_arena_free(&m->arena);
	free(m);
}
