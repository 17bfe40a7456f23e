#include "tilelog/tilecache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
	TILE = 8192,      /* a tile of hashes; those of records are larger */
	SHARE_MAX = 4,    /* one tile has no more than a fourth of the whole */
	SLOTS_MIN = 64,
};

/* newest..oldest is the order of use; mutex guards everything but the tiles' refs. */
struct hm_tilecache {
	pthread_mutex_t mutex;
	struct hm_kept_tile *newest, *oldest;
	size_t max, bytes;
	size_t slots; /* a power of two */
	struct slot {
		struct hm_kept_tile *first;
		uint64_t missed; /* the last tile that was not there */
	} slot[];
};

struct hm_tilecache *
hm_tilecache_new(size_t max_bytes)
{
	struct hm_tilecache *c;
	size_t slots = SLOTS_MIN;

	while (slots < max_bytes / TILE)
		slots *= 2;
	c = hm_mem_new(sizeof(*c) + slots * sizeof(c->slot[0]));
	pthread_mutex_init(&c->mutex, NULL);
	c->max = max_bytes;
	c->slots = slots;
	return c;
}

void
hm_tilecache_release(void *kept)
{
	struct hm_kept_tile *k = kept;

	if (k && atomic_fetch_sub(&k->refs, 1) == 1)
		free(k);
}

static uint64_t
name_of(int level, int64_t n)
{
	return (uint64_t)n * 8 + (uint64_t)(level + 1) + 1; /* not 0 */
}

static struct slot *
slot_of(struct hm_tilecache *c, int level, int64_t n)
{
	uint64_t h = name_of(level, n) * UINT64_C(0x9e3779b97f4a7c15);

	return &c->slot[(h >> 32) & (c->slots - 1)];
}

static struct hm_kept_tile **
place_of(struct hm_tilecache *c, int level, int64_t n)
{
	struct hm_kept_tile **p = &slot_of(c, level, n)->first;

	while (*p && ((*p)->n != n || (*p)->level != level))
		p = &(*p)->chain;
	return p;
}

static void
unlink_use(struct hm_tilecache *c, struct hm_kept_tile *k)
{
	*(k->newer ? &k->newer->older : &c->newest) = k->older;
	*(k->older ? &k->older->newer : &c->oldest) = k->newer;
}

static void
link_newest(struct hm_tilecache *c, struct hm_kept_tile *k)
{
	k->newer = NULL;
	k->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = k;
	c->newest = k;
}

static void
drop_oldest(struct hm_tilecache *c)
{
	struct hm_kept_tile *k = c->oldest;

	*place_of(c, k->level, k->n) = k->chain;
	unlink_use(c, k);
	c->bytes -= sizeof(*k) + k->data.n;
	hm_tilecache_release(k);
}

void
hm_tilecache_free(struct hm_tilecache *c)
{
	if (!c)
		return;
	while (c->oldest)
		drop_oldest(c);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}

/* With the mutex held. */
static struct hm_kept_tile *
look(struct hm_tilecache *c, int level, int64_t n)
{
	struct hm_kept_tile *k = *place_of(c, level, n);

	if (!k)
		return NULL;
	atomic_fetch_add(&k->refs, 1);
	if (k != c->newest) {
		unlink_use(c, k);
		link_newest(c, k);
	}
	return k;
}

struct hm_kept_tile *
hm_tilecache_get(struct hm_tilecache *c, int level, int64_t n)
{
	struct hm_kept_tile *k;

	pthread_mutex_lock(&c->mutex);
	k = look(c, level, n);
	pthread_mutex_unlock(&c->mutex);
	return k;
}

struct hm_kept_tile *
hm_tilecache_room(int level, int64_t n, size_t size)
{
	struct hm_kept_tile *k = hm_mem_grow(NULL, 1, sizeof(*k) + size);

	*k = (struct hm_kept_tile){ .data = { k->bytes, size }, .level = level, .n = n };
	atomic_init(&k->refs, 1);
	return k;
}

/* Was it the last that was missed in its place, too?  With the mutex held. */
static bool
is_wanted(struct hm_tilecache *c, const struct hm_kept_tile *k)
{
	struct slot *s = slot_of(c, k->level, k->n);
	uint64_t name = name_of(k->level, k->n);
	bool again = s->missed == name;

	s->missed = name;
	return again;
}

static void
keep(struct hm_tilecache *c, struct hm_kept_tile *k)
{
	atomic_fetch_add(&k->refs, 1);
	*place_of(c, k->level, k->n) = k;
	link_newest(c, k);
	c->bytes += sizeof(*k) + k->data.n;
	while (c->bytes > c->max)
		drop_oldest(c);
}

struct hm_kept_tile *
hm_tilecache_put(struct hm_tilecache *c, struct hm_kept_tile *k)
{
	struct hm_kept_tile *first;

	if (sizeof(*k) + k->data.n > c->max / SHARE_MAX)
		return k;
	pthread_mutex_lock(&c->mutex);
	first = look(c, k->level, k->n);
	if (!first && is_wanted(c, k))
		keep(c, k);
	pthread_mutex_unlock(&c->mutex);
	if (!first)
		return k;
	hm_tilecache_release(k);
	return first;
}
