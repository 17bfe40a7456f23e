#include "tilelog/recent.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tilelog/tilelog.h"

enum { WAYS = 8, LOCKS = 64 };

struct slot {
	int64_t hash, id;
	char *text; /* NULL: free */
	uint32_t n, used;
};

/* used counts the looks at a set: who was seen longest ago goes. */
struct set {
	struct slot slot[WAYS];
	uint32_t looks;
};

struct hm_recent {
	pthread_mutex_t mutex[LOCKS]; /* of every LOCKS-th set */
	struct set *set;
	size_t n;
};

struct hm_recent *
hm_recent_new(size_t records)
{
	struct hm_recent *r = hm_mem_new(sizeof(*r));

	r->n = records / WAYS + 1;
	r->set = calloc(r->n, sizeof(*r->set)); /* not touched, it costs no memory */
	if (!r->set)
		hm_mem_oom();
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&r->mutex[i], NULL);
	return r;
}

void
hm_recent_free(struct hm_recent *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		for (int k = 0; k < WAYS; k++)
			free(r->set[i].slot[k].text);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&r->mutex[i]);
	free(r->set);
	free(r);
}

bool
hm_recent_get(struct hm_recent *r, struct hm_arena *a, int64_t hash, hm_str key, int64_t *id,
              hm_str *text)
{
	size_t i = (uint64_t)hash % r->n;
	struct set *s = &r->set[i];
	bool found = false;

	pthread_mutex_lock(&r->mutex[i % LOCKS]);
	s->looks++;
	for (int k = 0; !found && k < WAYS; k++) {
		struct slot *t = &s->slot[k];

		if (!t->text || t->hash != hash)
			continue;
		*text = hm_str_make(t->text, t->n);
		found = hm_str_eq(hm_tilelog_key(*text), key);
		if (found) {
			*text = hm_arena_dup(a, *text);
			*id = t->id;
			t->used = s->looks;
		}
	}
	pthread_mutex_unlock(&r->mutex[i % LOCKS]);
	return found;
}

void
hm_recent_put(struct hm_recent *r, int64_t hash, int64_t id, hm_str text)
{
	size_t i = (uint64_t)hash % r->n;
	struct set *s = &r->set[i];
	struct slot *t = &s->slot[0];

	if (text.n > HM_RECENT_TEXT_MAX)
		return;
	pthread_mutex_lock(&r->mutex[i % LOCKS]);
	for (int k = 0; k < WAYS; k++) {
		if (s->slot[k].text && s->slot[k].id == id) {
			t = &s->slot[k]; /* another thread was first */
			break;
		}
		if (!s->slot[k].text || s->slot[k].used < t->used)
			t = &s->slot[k];
		if (!t->text)
			break;
	}
	free(t->text);
	*t = (struct slot){ hash, id, hm_mem_new(text.n + 1), (uint32_t)text.n, ++s->looks };
	memcpy(t->text, text.p, text.n);
	pthread_mutex_unlock(&r->mutex[i % LOCKS]);
}
