#include "serve/limit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "crypto/random.h"

/* Each key has one place of WAYS; the least recently used bucket of the place gives way. */
enum { WAYS = 8 };

struct bucket {
	uint64_t key; /* 0: free */
	int64_t at;   /* when tokens was true, ns */
	double tokens;
};

struct hm_limit {
	pthread_mutex_t mutex;
	atomic_bool on; /* whether there is a limit: read before the mutex is taken */
	double rate, burst;
	uint64_t salt; /* so that nobody can aim at a place */
	size_t sets;   /* a power of two */
	struct bucket v[];
};

struct hm_limit *
hm_limit_new(size_t keys, double per_second, double burst)
{
	size_t sets = 1;
	struct hm_limit *l;
	struct hm_err err = { 0 };

	while (sets * WAYS < keys)
		sets *= 2;
	l = hm_mem_new(sizeof(*l) + sets * WAYS * sizeof(l->v[0]));
	l->sets = sets;
	pthread_mutex_init(&l->mutex, NULL);
	(void)hm_random_bytes(&l->salt, sizeof(l->salt), &err); /* without it: as good as 0 */
	hm_err_free(&err);
	hm_limit_set(l, per_second, burst);
	return l;
}

void
hm_limit_free(struct hm_limit *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->mutex);
	free(l);
}

void
hm_limit_set(struct hm_limit *l, double per_second, double burst)
{
	pthread_mutex_lock(&l->mutex);
	l->rate = per_second;
	atomic_store(&l->on, per_second > 0);
	l->burst = burst < 1 ? 1 : burst;
	pthread_mutex_unlock(&l->mutex);
}

/* The mixing of SplitMix64, so that places depend on all of hash and salt. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static struct bucket *
bucket_of(struct hm_limit *l, hm_str key, int64_t now)
{
	uint64_t h = mix(hm_str_hash(key) ^ l->salt) | 1;
	struct bucket *set = &l->v[((h >> 1) & (l->sets - 1)) * WAYS], *b = set;

	for (int i = 0; i < WAYS; i++) {
		if (set[i].key == h)
			return &set[i];
		if (set[i].key == 0 || (b->key != 0 && set[i].at < b->at))
			b = &set[i];
	}
	*b = (struct bucket){ .key = h, .at = now, .tokens = l->burst };
	return b;
}

static int
use(struct hm_limit *l, hm_str key, int64_t now, double n)
{
	struct bucket *b;
	int wait = 0;

	if (!atomic_load_explicit(&l->on, memory_order_relaxed))
		return 0;
	pthread_mutex_lock(&l->mutex);
	if (l->rate > 0) {
		b = bucket_of(l, key, now);
		if (now > b->at) {
			b->tokens += (double)(now - b->at) / 1e9 * l->rate;
			b->at = now;
		}
		if (b->tokens > l->burst)
			b->tokens = l->burst;
		if (b->tokens >= 1)
			b->tokens -= n;
		else
			wait = 1 + (int)((1 - b->tokens) / l->rate);
	}
	pthread_mutex_unlock(&l->mutex);
	return wait;
}

int
hm_limit_take(struct hm_limit *l, hm_str key, int64_t now_ns)
{
	return use(l, key, now_ns, 1);
}

int
hm_limit_look(struct hm_limit *l, hm_str key, int64_t now_ns)
{
	return use(l, key, now_ns, 0);
}

hm_str
hm_limit_address(hm_str peer, char room[static 64])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct in6_addr v6;

	if (peer.n >= 64)
		return peer;
	memcpy(room, peer.p, peer.n);
	room[peer.n] = '\0';
	if (inet_pton(AF_INET6, room, &v6) != 1 || memcmp(&v6, mapped, sizeof(mapped)) == 0)
		return peer;
	memcpy(room, &v6, 8);
	return hm_str_make(room, 8);
}
