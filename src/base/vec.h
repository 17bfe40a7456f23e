/*
 * vec.h - growable arrays in an arena.
 *
 *	HM_VEC(hm_str) v = { 0 };
 *	HM_PUSH(arena, v, s);
 *	for (size_t i = 0; i < v.n; i++) use(v.v[i]);
 *
 * Growing in place is tried first; else the old copy stays in the arena, and
 * doubling bounds the waste.  What is behind n is not defined.
 */
#ifndef HM_BASE_VEC_H
#define HM_BASE_VEC_H

#include "base/arena.h"

#define HM_VEC(type) struct { type *v; size_t n, cap; }

/* The element type of the named vectors that headers pass around. */
struct hm_strs {
	hm_str *v;
	size_t n, cap;
};

void *hm_vec_grow(struct hm_arena *a, void *v, size_t n, size_t *cap, size_t size);

#define HM_PUSH(a, vec, x)                                                                   \
	do {                                                                                 \
		if ((vec).n == (vec).cap)                                                    \
			(vec).v = hm_vec_grow((a), (vec).v, (vec).n, &(vec).cap,             \
			                      sizeof(*(vec).v));                             \
		(vec).v[(vec).n++] = (x);                                                    \
	} while (0)

/* Sorts with Go's byte order. */
void hm_strs_sort(struct hm_strs *s);
/* Sorts and drops duplicates. */
void hm_strs_sort_unique(struct hm_strs *s);
bool hm_strs_has(const struct hm_strs *s, hm_str x);
/* The elements with sep between them. */
hm_str hm_strs_join(struct hm_arena *a, const struct hm_strs *s, hm_str sep);

#endif
