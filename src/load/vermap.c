#include "load/vermap.h"

#include "base/mem.h"
#include "base/vec.h"

static size_t
probe(const struct hm_vermap *m, struct hm_modver key, uint64_t h)
{
	size_t i = (size_t)h & (m->slots - 1);

	for (; m->slot[i]; i = (i + 1) & (m->slots - 1)) {
		const struct hm_vermap_entry *e = &m->e[m->slot[i] - 1];

		if (e->hash == h && hm_modver_eq(e->key, key))
			break;
	}
	return i;
}

static void
rehash(struct hm_vermap *m)
{
	m->slots = m->slots ? m->slots * 2 : 16;
	m->slot = HM_NEW_N(m->arena, m->slots, uint32_t);
	for (size_t k = 0; k < m->n; k++) {
		size_t i = (size_t)m->e[k].hash & (m->slots - 1);

		while (m->slot[i])
			i = (i + 1) & (m->slots - 1);
		m->slot[i] = (uint32_t)k + 1;
	}
}

static struct hm_vermap_entry *
find(const struct hm_vermap *m, struct hm_modver key)
{
	size_t i;

	if (!m->slots)
		return NULL;
	i = probe(m, key, hm_modver_hash(key));
	return m->slot[i] ? &m->e[m->slot[i] - 1] : NULL;
}

void *
hm_vermap_get(const struct hm_vermap *m, struct hm_modver key)
{
	const struct hm_vermap_entry *e = find(m, key);

	return e ? e->val : NULL;
}

bool
hm_vermap_has(const struct hm_vermap *m, struct hm_modver key)
{
	return find(m, key) != NULL;
}

struct hm_vermap_entry *
hm_vermap_put(struct hm_vermap *m, struct hm_modver key, bool *fresh)
{
	struct hm_vermap_entry *e = find(m, key);
	uint64_t h;

	if (fresh)
		*fresh = !e;
	if (e)
		return e;
	if ((m->n + 1) * 4 > m->slots * 3)
		rehash(m);
	if (m->n >= UINT32_MAX - 1)
		hm_mem_oom();
	if (m->n == m->cap)
		m->e = hm_vec_grow(m->arena, m->e, m->n, &m->cap, sizeof(*m->e));
	h = hm_modver_hash(key);
	m->e[m->n] = (struct hm_vermap_entry){ .key = key, .hash = h };
	m->slot[probe(m, key, h)] = (uint32_t)m->n + 1;
	return &m->e[m->n++];
}

bool
hm_vermap_add(struct hm_vermap *m, struct hm_modver key)
{
	bool fresh;

	hm_vermap_put(m, key, &fresh);
	return fresh;
}
