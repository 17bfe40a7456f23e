#include "hot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/sha256.h"
#include "os/clock.h"

enum {
	BODY_MAX_SHARE = 8,
	SEGMENTS = 128, /* about, of a table */
	SEGMENT_MIN = 64 << 10,
	SEGMENT_MAX = 4 << 20,
	LARGE_SHARE = 4, /* an entry of more than this part of a segment has one for itself */
	BYTES_A_SLOT = 1024,
	ALIGN = 16,
};

/* Mapped when it belongs to a table, else allocated for one entry. */
struct hot_segment {
	struct hot *table;
	struct hot_segment *newer;
	size_t size, full; /* bytes, this struct included */
	size_t live;       /* entries in the table */
	atomic_uint refs;  /* the table, and all who hold an entry */
	_Alignas(ALIGN) char data[];
};

/* mutex guards everything but the segments' refs, and bytes, which the last holder lowers. */
struct hot {
	pthread_mutex_t mutex;
	struct hot_entry **slot;
	size_t slots; /* a power of 2 */
	struct hot_segment *oldest, *newest, *filling;
	size_t max, segment, lent, n;
	atomic_size_t bytes;
};

int64_t
hot_now(void)
{
	return hm_clock_monotonic_ns() / 1000000000;
}

struct hot *
hot_new(size_t max_bytes)
{
	struct hot *h = hm_mem_new(sizeof(*h));
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = max_bytes / SEGMENTS;

	pthread_mutex_init(&h->mutex, NULL);
	for (h->slots = 1; h->slots < max_bytes / BYTES_A_SLOT;)
		h->slots *= 2;
	h->slot = hm_mem_new(h->slots * sizeof(*h->slot));
	h->max = max_bytes - h->slots * sizeof(*h->slot);
	size = size > SEGMENT_MIN ? size : SEGMENT_MIN;
	size = size < SEGMENT_MAX ? size : SEGMENT_MAX;
	h->segment = (size + page - 1) / page * page;
	return h;
}

/* ---- segments */

static struct hot_segment *
segment_init(struct hot_segment *s, struct hot *table, size_t size)
{
	s->table = table;
	s->newer = NULL;
	s->size = size;
	s->full = offsetof(struct hot_segment, data);
	s->live = 0;
	atomic_init(&s->refs, 1);
	return s;
}

static void
segment_release(struct hot_segment *s)
{
	struct hot *h = s->table;
	size_t size = s->size;

	if (atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	if (!h) {
		free(s);
		return;
	}
	munmap(s, size);
	atomic_fetch_sub(&h->bytes, size);
}

void
hot_hold(struct hot_entry *e)
{
	atomic_fetch_add(&e->segment->refs, 1);
}

void
hot_release(void *entry)
{
	struct hot_entry *e = entry;

	if (e)
		segment_release(e->segment);
}

/* Bytes of an entry. */
static size_t
size_of(const struct hot_entry *e)
{
	return (sizeof(*e) + e->key.n + e->body.n + ALIGN - 1) / ALIGN * ALIGN;
}

/* A copy of an entry at the end of s, which has room for it. */
static struct hot_entry *
append(struct hot_segment *s, const struct hot_entry *like)
{
	struct hot_entry *e = (void *)((char *)s + s->full);

	s->full += size_of(like);
	*e = *like;
	e->segment = s;
	memcpy(e->data, like->key.p, like->key.n);
	if (like->body.n)
		memcpy(e->data + like->key.n, like->body.p, like->body.n);
	e->key.p = e->data;
	e->body.p = e->data + like->key.n;
	e->etag = hm_str_make(e->etag_text, sizeof(e->etag_text));
	return e;
}

/* ---- the table; hold the mutex */

static struct hot_entry **
slot_of(struct hot *h, uint64_t hash, hm_str key)
{
	struct hot_entry **p = &h->slot[hash & (h->slots - 1)];

	while (*p && !hm_str_eq((*p)->key, key))
		p = &(*p)->chain;
	return p;
}

static void
link_in(struct hot *h, struct hot_entry **at, struct hot_entry *e)
{
	e->chain = *at;
	*at = e;
	e->in_table = true;
	e->segment->live++;
	h->n++;
}

static void
take_out(struct hot *h, struct hot_entry **at)
{
	struct hot_entry *e = *at;

	*at = e->chain;
	e->in_table = false;
	e->segment->live--;
	h->n--;
}

static struct hot_entry *
first_of(struct hot_segment *s)
{
	return (void *)s->data;
}

/* The entry behind e; NULL after the last. */
static struct hot_entry *
after(struct hot_entry *e)
{
	struct hot_segment *s = e->segment;
	char *next = (char *)e + size_of(e);

	return next < (char *)s + s->full ? (void *)next : NULL;
}

/* Those of its entries that were used move to `to`, as long as half of that stays free. */
static void
drop_oldest(struct hot *h, struct hot_segment *to)
{
	struct hot_segment *s = h->oldest;

	for (struct hot_entry *e = first_of(s); e && s->live; e = after(e)) {
		struct hot_entry **at, *moved;

		if (!e->in_table)
			continue;
		at = slot_of(h, hm_str_hash(e->key), e->key);
		take_out(h, at);
		if (!to || !e->used || to->full + size_of(e) > to->size / 2)
			continue;
		moved = append(to, e);
		moved->used = false;
		link_in(h, at, moved);
	}
	h->oldest = s->newer;
	if (h->newest == s)
		h->newest = NULL;
	if (h->filling == s)
		h->filling = NULL;
	segment_release(s);
}

static size_t
room(const struct hot *h)
{
	return h->lent < h->max ? h->max - h->lent : 0;
}

/* A new segment, for which old ones go; NULL where it finds no room. */
static struct hot_segment *
segment_new(struct hot *h, size_t size, bool shared)
{
	struct hot_segment *s;

	if (size > room(h))
		return NULL;
	s = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return NULL;
	segment_init(s, h, size);
	atomic_fetch_add(&h->bytes, size);
	while (atomic_load(&h->bytes) > room(h) && h->oldest)
		drop_oldest(h, shared ? s : NULL);
	if (s->live == 0 && atomic_load(&h->bytes) > room(h)) { /* it is held by answers */
		segment_release(s);
		return NULL;
	}
	*(h->newest ? &h->newest->newer : &h->oldest) = s;
	h->newest = s;
	if (shared)
		h->filling = s;
	return s;
}

static struct hot_segment *
segment_for(struct hot *h, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct hot_segment *s = h->filling;

	if (n > h->segment / LARGE_SHARE)
		return segment_new(h, (sizeof(*s) + n + page - 1) / page * page, false);
	return s && s->size - s->full >= n ? s : segment_new(h, h->segment, true);
}

/* What a hot_drop() leaves behind. */
static void
drop_empty(struct hot *h)
{
	while (h->oldest && h->oldest->live == 0)
		drop_oldest(h, NULL);
}

/* ---- entries */

static struct hot_entry
make(hm_str key, int status, hm_str type, hm_str body)
{
	struct hot_entry e = { .key = key, .body = body, .status = status, .type = type };
	static const char digits[] = "0123456789abcdef";
	uint8_t sum[32];

	hm_sha256_of(body, sum);
	e.etag_text[0] = e.etag_text[33] = '"';
	for (size_t i = 0; i < 16; i++) {
		e.etag_text[1 + 2 * i] = digits[sum[i] >> 4];
		e.etag_text[2 + 2 * i] = digits[sum[i] & 15];
	}
	return e;
}

/* In no table. */
static struct hot_entry *
alone(const struct hot_entry *e)
{
	size_t size = sizeof(struct hot_segment) + size_of(e);

	return append(segment_init(hm_mem_grow(NULL, size, 1), NULL, size), e);
}

struct hot_entry *
hot_entry_new(hm_str key, int status, hm_str type, hm_str body)
{
	struct hot_entry e = make(key, status, type, body);

	return alone(&e);
}

struct hot_entry *
hot_put(struct hot *h, hm_str key, int status, hm_str type, hm_str body, int64_t fresh_until,
        int64_t usable_until)
{
	struct hot_entry new = make(key, status, type, body), *e = NULL, **at;
	uint64_t hash = hm_str_hash(key);
	struct hot_segment *s = NULL;

	new.fresh_until = fresh_until;
	new.usable_until = usable_until;
	pthread_mutex_lock(&h->mutex);
	at = slot_of(h, hash, key);
	if (*at)
		take_out(h, at);
	if (size_of(&new) <= h->max / BODY_MAX_SHARE)
		s = segment_for(h, size_of(&new));
	if (s) {
		e = append(s, &new);
		link_in(h, &h->slot[hash & (h->slots - 1)], e);
		hot_hold(e);
	}
	pthread_mutex_unlock(&h->mutex);
	return e ? e : alone(&new);
}

struct hot_entry *
hot_get(struct hot *h, hm_str key)
{
	uint64_t hash = hm_str_hash(key);
	struct hot_entry *e;

	pthread_mutex_lock(&h->mutex);
	e = *slot_of(h, hash, key);
	if (e) {
		hot_hold(e);
		e->used = true;
	}
	pthread_mutex_unlock(&h->mutex);
	return e;
}

void
hot_remove(struct hot *h, hm_str key)
{
	struct hot_entry **at;

	pthread_mutex_lock(&h->mutex);
	at = slot_of(h, hm_str_hash(key), key);
	if (*at)
		take_out(h, at);
	pthread_mutex_unlock(&h->mutex);
}

void
hot_drop(struct hot *h, hm_str prefix)
{
	struct hot_entry **at;

	pthread_mutex_lock(&h->mutex);
	for (size_t i = 0; i < h->slots; i++)
		for (at = &h->slot[i]; *at;)
			if (hm_str_has_prefix((*at)->key, prefix))
				take_out(h, at);
			else
				at = &(*at)->chain;
	drop_empty(h);
	pthread_mutex_unlock(&h->mutex);
}

bool
hot_claim_refresh(struct hot *h, struct hot_entry *e)
{
	bool mine;

	pthread_mutex_lock(&h->mutex);
	mine = !e->refreshing;
	e->refreshing = true;
	pthread_mutex_unlock(&h->mutex);
	return mine;
}

/* ---- the whole */

void
hot_free(struct hot *h)
{
	if (!h)
		return;
	while (h->oldest)
		drop_oldest(h, NULL);
	pthread_mutex_destroy(&h->mutex);
	free(h->slot);
	free(h);
}

void
hot_lend(struct hot *h, size_t bytes)
{
	pthread_mutex_lock(&h->mutex);
	h->lent += bytes;
	while (atomic_load(&h->bytes) > room(h) && h->oldest)
		drop_oldest(h, NULL);
	pthread_mutex_unlock(&h->mutex);
}

void
hot_give_back(struct hot *h, size_t bytes)
{
	pthread_mutex_lock(&h->mutex);
	h->lent -= bytes;
	pthread_mutex_unlock(&h->mutex);
}

struct hot_stats
hot_stats(struct hot *h)
{
	struct hot_stats s;

	pthread_mutex_lock(&h->mutex);
	s = (struct hot_stats){ .bytes = atomic_load(&h->bytes), .entries = h->n };
	pthread_mutex_unlock(&h->mutex);
	return s;
}
