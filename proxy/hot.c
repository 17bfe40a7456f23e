#include "hot.h"

#include <pthread.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/mem.h"
#include "crypto/sha256.h"

enum { SLOTS = 1 << 14, BODY_MAX_SHARE = 8 };
/* To look for whole free pages costs some ms. */
enum { WORTH_A_TRIM = 1 << 20 };

/* newest..oldest is the order of use; mutex guards everything but the entries' refs. */
struct hot {
	pthread_mutex_t mutex;
	struct hot_entry *slot[SLOTS];
	struct hot_entry *newest, *oldest;
	size_t max, lent, bytes, n;
};

struct hot *
hot_new(size_t max_bytes)
{
	struct hot *h = hm_mem_new(sizeof(*h));

	pthread_mutex_init(&h->mutex, NULL);
	h->max = max_bytes;
	return h;
}

void
hot_release(void *entry)
{
	struct hot_entry *e = entry;

	if (e && atomic_fetch_sub(&e->refs, 1) == 1)
		free(e);
}

static struct hot_entry **
slot_of(struct hot *h, hm_str key)
{
	struct hot_entry **p = &h->slot[hm_str_hash(key) % SLOTS];

	while (*p && !hm_str_eq((*p)->key, key))
		p = &(*p)->chain;
	return p;
}

static void
unlink_use(struct hot *h, struct hot_entry *e)
{
	*(e->newer ? &e->newer->older : &h->newest) = e->older;
	*(e->older ? &e->older->newer : &h->oldest) = e->newer;
}

static void
link_newest(struct hot *h, struct hot_entry *e)
{
	e->newer = NULL;
	e->older = h->newest;
	*(h->newest ? &h->newest->newer : &h->oldest) = e;
	h->newest = e;
}

static void
take_out(struct hot *h, struct hot_entry *e)
{
	struct hot_entry **p = slot_of(h, e->key);

	*p = e->chain;
	unlink_use(h, e);
	h->bytes -= e->size;
	h->n--;
	e->in_table = false;
	hot_release(e);
}

void
hot_free(struct hot *h)
{
	if (!h)
		return;
	while (h->newest)
		take_out(h, h->newest);
	pthread_mutex_destroy(&h->mutex);
	free(h);
}

struct hot_entry *
hot_get(struct hot *h, hm_str key)
{
	struct hot_entry *e;

	pthread_mutex_lock(&h->mutex);
	e = *slot_of(h, key);
	if (e) {
		atomic_fetch_add(&e->refs, 1);
		if (e != h->newest) {
			unlink_use(h, e);
			link_newest(h, e);
		}
	}
	pthread_mutex_unlock(&h->mutex);
	return e;
}

struct hot_entry *
hot_entry_new(hm_str key, int status, hm_str type, hm_str body)
{
	struct hot_entry *e = hm_mem_grow(NULL, 1, sizeof(*e) + key.n + body.n);
	uint8_t sum[32];
	static const char digits[] = "0123456789abcdef";

	*e = (struct hot_entry){ .status = status,
		                 .type = type,
		                 .size = sizeof(*e) + key.n + body.n };
	atomic_init(&e->refs, 1);
	memcpy(e->data, key.p, key.n);
	if (body.n)
		memcpy(e->data + key.n, body.p, body.n);
	e->key = hm_str_make(e->data, key.n);
	e->body = hm_str_make(e->data + key.n, body.n);
	hm_sha256_of(body, sum);
	e->etag_text[0] = e->etag_text[33] = '"';
	for (size_t i = 0; i < 16; i++) {
		e->etag_text[1 + 2 * i] = digits[sum[i] >> 4];
		e->etag_text[2 + 2 * i] = digits[sum[i] & 15];
	}
	e->etag = hm_str_make(e->etag_text, 34);
	return e;
}

static size_t
room(const struct hot *h)
{
	return h->lent < h->max ? h->max - h->lent : 0;
}

struct hot_entry *
hot_put(struct hot *h, hm_str key, int status, hm_str type, hm_str body, int64_t fresh_until,
        int64_t usable_until)
{
	struct hot_entry *e = hot_entry_new(key, status, type, body), **p;

	e->fresh_until = fresh_until;
	e->usable_until = usable_until;
	if (e->size > h->max / BODY_MAX_SHARE)
		return e; /* too large to keep: the caller's alone */
	pthread_mutex_lock(&h->mutex);
	p = slot_of(h, key);
	if (*p)
		take_out(h, *p);
	p = slot_of(h, key);
	*p = e;
	e->chain = NULL;
	e->in_table = true;
	atomic_fetch_add(&e->refs, 1);
	link_newest(h, e);
	h->bytes += e->size;
	h->n++;
	while (h->bytes > room(h) && h->oldest != e)
		take_out(h, h->oldest);
	pthread_mutex_unlock(&h->mutex);
	return e;
}

void
hot_lend(struct hot *h, size_t bytes)
{
	size_t before, after;

	pthread_mutex_lock(&h->mutex);
	h->lent += bytes;
	before = h->bytes;
	while (h->bytes > room(h))
		take_out(h, h->oldest);
	after = h->bytes;
	pthread_mutex_unlock(&h->mutex);
#ifdef __GLIBC__
	if (before - after >= WORTH_A_TRIM)
		malloc_trim(0);
#endif
	(void)before;
	(void)after;
}

void
hot_give_back(struct hot *h, size_t bytes)
{
	pthread_mutex_lock(&h->mutex);
	h->lent -= bytes;
	pthread_mutex_unlock(&h->mutex);
}

void
hot_remove(struct hot *h, hm_str key)
{
	struct hot_entry **at;

	pthread_mutex_lock(&h->mutex);
	at = slot_of(h, key);
	if (*at)
		take_out(h, *at);
	pthread_mutex_unlock(&h->mutex);
}

void
hot_drop(struct hot *h, hm_str prefix)
{
	struct hot_entry *e, *older;

	pthread_mutex_lock(&h->mutex);
	for (e = h->newest; e; e = older) {
		older = e->older;
		if (hm_str_has_prefix(e->key, prefix))
			take_out(h, e);
	}
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

void
hot_unclaim(struct hot *h, struct hot_entry *e)
{
	pthread_mutex_lock(&h->mutex);
	e->refreshing = false;
	pthread_mutex_unlock(&h->mutex);
}

struct hot_stats
hot_stats(struct hot *h)
{
	struct hot_stats s;

	pthread_mutex_lock(&h->mutex);
	s = (struct hot_stats){ .bytes = h->bytes, .entries = h->n };
	pthread_mutex_unlock(&h->mutex);
	return s;
}
