#include "guard.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

struct slot {
	int64_t since;  /* the window's first second */
	unsigned taken;
};

/* mutex guards all. */
struct guard {
	pthread_mutex_t mutex;
	int tokens;
	int64_t filled; /* when tokens were last added */
	struct slot slot[GUARD_SLOTS];
};

struct guard *
guard_new(void)
{
	struct guard *g = hm_mem_new(sizeof(*g));

	pthread_mutex_init(&g->mutex, NULL);
	g->tokens = GUARD_BURST;
	return g;
}

void
guard_free(struct guard *g)
{
	if (!g)
		return;
	pthread_mutex_destroy(&g->mutex);
	free(g);
}

static void
refill(struct guard *g, int64_t now)
{
	int64_t seconds = now - g->filled;

	if (seconds <= 0)
		return;
	g->filled = now;
	if (seconds > GUARD_BURST / GUARD_RATE)
		seconds = GUARD_BURST / GUARD_RATE;
	g->tokens += (int)seconds * GUARD_RATE;
	if (g->tokens > GUARD_BURST)
		g->tokens = GUARD_BURST;
}

bool
guard_take(struct guard *g, hm_str module, int64_t now)
{
	struct slot *s = &g->slot[hm_str_hash(module) % GUARD_SLOTS];
	bool yes;

	pthread_mutex_lock(&g->mutex);
	refill(g, now);
	if (now - s->since >= GUARD_WINDOW)
		*s = (struct slot){ .since = now };
	yes = g->tokens > 0 && s->taken < GUARD_MODULE;
	if (yes) {
		g->tokens--;
		s->taken++;
	}
	pthread_mutex_unlock(&g->mutex);
	return yes;
}

void
guard_give(struct guard *g, hm_str module)
{
	struct slot *s = &g->slot[hm_str_hash(module) % GUARD_SLOTS];

	pthread_mutex_lock(&g->mutex);
	if (g->tokens < GUARD_BURST)
		g->tokens++;
	if (s->taken)
		s->taken--;
	pthread_mutex_unlock(&g->mutex);
}
