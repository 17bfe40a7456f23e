/*
 * vermap.h - hash table from module@version to a pointer, in an arena.
 *
 * Keys are borrowed.  Entries e[0..n) keep the order of insertion; there is no
 * removal.
 */
#ifndef HM_LOAD_VERMAP_H
#define HM_LOAD_VERMAP_H

#include "mod/modver.h"

struct hm_vermap_entry {
	struct hm_modver key;
	uint64_t hash;
	void *val;
};

/* Set .arena and zero the rest. */
struct hm_vermap {
	struct hm_arena *arena;
	struct hm_vermap_entry *e;
	size_t n, cap;
	uint32_t *slot;
	size_t slots;
};

/* The value, or NULL when the key is not there. */
void *hm_vermap_get(const struct hm_vermap *m, struct hm_modver key);
bool hm_vermap_has(const struct hm_vermap *m, struct hm_modver key);
/* The entry of key, made with value NULL when new; *fresh (may be NULL) says so. */
struct hm_vermap_entry *hm_vermap_put(struct hm_vermap *m, struct hm_modver key, bool *fresh);
/* As a set: true when key was added now. */
bool hm_vermap_add(struct hm_vermap *m, struct hm_modver key);

#endif
