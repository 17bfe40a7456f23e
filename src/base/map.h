/*
 * map.h - hash table from string to pointer or number, in an arena.
 *
 * Keys are borrowed: they must live as long as the map.  Order of insertion is
 * kept, so that walking a map is deterministic.  There is no removal; set the
 * value to NULL instead.
 */
#ifndef HM_BASE_MAP_H
#define HM_BASE_MAP_H

#include "base/arena.h"

struct hm_map_entry {
	hm_str key;
	uint64_t hash;
	union {
		void *val;
		intptr_t num;
	};
};

/* Set .arena and zero the rest. Entries e[0..n) are in order of insertion. */
struct hm_map {
	struct hm_arena *arena;
	struct hm_map_entry *e;
	size_t n, cap;
	uint32_t *slot;
	size_t slots;
};

/* The value, or NULL (0) when the key is not there. */
void *hm_map_get(const struct hm_map *m, hm_str key);
intptr_t hm_map_num(const struct hm_map *m, hm_str key);
bool hm_map_has(const struct hm_map *m, hm_str key);
struct hm_map_entry *hm_map_find(const struct hm_map *m, hm_str key);
/* The entry of key, made with value NULL when new; *fresh (may be NULL) says so. */
struct hm_map_entry *hm_map_put(struct hm_map *m, hm_str key, bool *fresh);
/* Room for n entries in all, so that growing leaves nothing behind in the arena. */
void hm_map_reserve(struct hm_map *m, size_t n);
void hm_map_set(struct hm_map *m, hm_str key, void *val);
void hm_map_set_num(struct hm_map *m, hm_str key, intptr_t num);
/* As a set: true when key was added now. */
bool hm_map_add(struct hm_map *m, hm_str key);

#endif
