/*
 * facts_uses.c - uses, until they are written.
 */
#include "facts_priv.h"

#include <stdlib.h>

#include "base/mem.h"
#include "os/clock.h"

enum {
	SHARDS = 16,
	SLOTS = 1 << 9, /* a power of two */
	FULL = SLOTS * 3 / 4,
	MANY = SLOTS / 4, /* that the writer is woken for, so that none is lost */
};

/* An open hash table. */
struct shard {
	_Alignas(64) pthread_mutex_t mutex;
	struct use *slot; /* NULL until something is used */
	size_t n;
};

struct uses {
	struct shard shard[SHARDS];
	atomic_ullong lost;
};

struct uses *
uses_new(void)
{
	struct uses *u = aligned_alloc(_Alignof(struct uses), sizeof(*u));

	if (!u)
		hm_mem_oom();
	*u = (struct uses){ 0 };
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&u->shard[i].mutex, NULL);
	return u;
}

static struct use *
slot_of(struct shard *s, uint64_t hash, hm_str path, hm_str version)
{
	for (size_t i = (size_t)(hash >> 8);; i++) {
		struct use *u = &s->slot[i % SLOTS];

		if (u->hash == 0 ||
		    (u->hash == hash && hm_str_eq(u->path, path) && hm_str_eq(u->version, version)))
			return u;
	}
}

static void
use_new(struct use *u, uint64_t hash, hm_str path, hm_str version, int64_t now)
{
	char *p = hm_mem_grow(NULL, path.n + version.n + 1, 1);

	memcpy(p, path.p, path.n);
	memcpy(p + path.n, version.p, version.n);
	*u = (struct use){ .hash = hash,
		           .path = hm_str_make(p, path.n),
		           .version = hm_str_make(p + path.n, version.n),
		           .first = now };
}

bool
uses_count(struct uses *all, hm_str path, hm_str version, bool zip)
{
	uint64_t hash = hm_modver_hash(hm_modver_of(path, version)) | 1; /* 0 is a free slot */
	int64_t now = hm_clock_unix_nano() / 1000;
	struct shard *s = &all->shard[(hash >> 1) % SHARDS];
	bool many = false;
	struct use *u;

	pthread_mutex_lock(&s->mutex);
	if (!s->slot)
		s->slot = hm_mem_new(SLOTS * sizeof(*s->slot));
	u = slot_of(s, hash, path, version);
	if (u->hash == 0 && s->n < FULL) {
		use_new(u, hash, path, version, now);
		many = ++s->n == MANY;
	}
	if (u->hash) {
		u->last = now;
		u->zips += zip;
	} else {
		atomic_fetch_add_explicit(&all->lost, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&s->mutex);
	return many;
}

bool
uses_any(struct uses *u)
{
	bool any = false;

	for (size_t i = 0; i < SHARDS && !any; i++) {
		pthread_mutex_lock(&u->shard[i].mutex);
		any = u->shard[i].n > 0;
		pthread_mutex_unlock(&u->shard[i].mutex);
	}
	return any;
}

int
uses_take(struct uses *all, int (*fn)(void *ctx, const struct use *use, struct hm_err *err),
          void *ctx, struct hm_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &all->shard[i];
		struct use *slot;

		pthread_mutex_lock(&s->mutex);
		slot = s->slot;
		s->slot = NULL;
		s->n = 0;
		pthread_mutex_unlock(&s->mutex);
		for (size_t k = 0; slot && k < SLOTS; k++) {
			if (rc == 0 && slot[k].hash)
				rc = fn(ctx, &slot[k], err);
			free((void *)(uintptr_t)slot[k].path.p);
		}
		free(slot);
	}
	return rc;
}

void
uses_free(struct uses *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		for (size_t k = 0; u->shard[i].slot && k < SLOTS; k++)
			free((void *)(uintptr_t)u->shard[i].slot[k].path.p);
		free(u->shard[i].slot);
		pthread_mutex_destroy(&u->shard[i].mutex);
	}
	free(u);
}

uint64_t
uses_lost(struct uses *u)
{
	return atomic_load(&u->lost);
}
