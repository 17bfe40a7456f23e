#include "base/map.h"

#include "base/mem.h"
#include "base/vec.h"

static size_t
probe(const struct hm_map *m, hm_str key, uint64_t h)
{
	size_t i = (size_t)h & (m->slots - 1);

	for (; m->slot[i]; i = (i + 1) & (m->slots - 1)) {
		const struct hm_map_entry *e = &m->e[m->slot[i] - 1];

		if (e->hash == h && hm_str_eq(e->key, key))
			break;
	}
	return i;
}

static void
rehash(struct hm_map *m, size_t slots)
{
	m->slots = slots;
	m->slot = HM_NEW_N(m->arena, m->slots, uint32_t);
	for (size_t k = 0; k < m->n; k++) {
		size_t i = (size_t)m->e[k].hash & (m->slots - 1);

		while (m->slot[i])
			i = (i + 1) & (m->slots - 1);
		m->slot[i] = (uint32_t)k + 1;
	}
}

struct hm_map_entry *
hm_map_find(const struct hm_map *m, hm_str key)
{
	size_t i;

	if (!m->slots)
		return NULL;
	i = probe(m, key, hm_str_hash(key));
	return m->slot[i] ? &m->e[m->slot[i] - 1] : NULL;
}

struct hm_map_entry *
hm_map_put(struct hm_map *m, hm_str key, bool *fresh)
{
	uint64_t h = hm_str_hash(key);
	size_t i;

	if (fresh)
		*fresh = false;
	if (m->slots) {
		i = probe(m, key, h);
		if (m->slot[i])
			return &m->e[m->slot[i] - 1];
	}
	if ((m->n + 1) * 4 > m->slots * 3)
		rehash(m, m->slots ? m->slots * 2 : 16);
	if (m->n >= UINT32_MAX - 1)
		hm_mem_oom();
	if (m->n == m->cap)
		m->e = hm_vec_grow(m->arena, m->e, m->n, &m->cap, sizeof(*m->e));
	i = probe(m, key, h);
	m->e[m->n] = (struct hm_map_entry){ .key = key, .hash = h };
	m->slot[i] = (uint32_t)++m->n;
	if (fresh)
		*fresh = true;
	return &m->e[m->n - 1];
}

void
hm_map_reserve(struct hm_map *m, size_t n)
{
	size_t slots = 16;

	if (n <= m->cap)
		return;
	while (slots / 4 * 3 < n)
		slots *= 2;
	m->e = hm_arena_grow(m->arena, m->e, m->n * sizeof(*m->e), n * sizeof(*m->e));
	m->cap = n;
	if (slots > m->slots)
		rehash(m, slots);
}

void *
hm_map_get(const struct hm_map *m, hm_str key)
{
	const struct hm_map_entry *e = hm_map_find(m, key);

	return e ? e->val : NULL;
}

intptr_t
hm_map_num(const struct hm_map *m, hm_str key)
{
	const struct hm_map_entry *e = hm_map_find(m, key);

	return e ? e->num : 0;
}

bool
hm_map_has(const struct hm_map *m, hm_str key)
{
	return hm_map_find(m, key) != NULL;
}

void
hm_map_set(struct hm_map *m, hm_str key, void *val)
{
	hm_map_put(m, key, NULL)->val = val;
}

void
hm_map_set_num(struct hm_map *m, hm_str key, intptr_t num)
{
	hm_map_put(m, key, NULL)->num = num;
}

bool
hm_map_add(struct hm_map *m, hm_str key)
{
	bool fresh;

	hm_map_put(m, key, &fresh);
	return fresh;
}
