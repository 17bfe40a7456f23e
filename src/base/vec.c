#include "base/vec.h"

#include <stdlib.h>

#include "base/mem.h"

void *
hm_vec_grow(struct hm_arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 8, bytes;

	if (__builtin_mul_overflow(more, size, &bytes))
		hm_mem_oom();
	v = hm_arena_grow(a, v, n * size, bytes);
	*cap = more;
	return v;
}

void
hm_strs_sort(struct hm_strs *s)
{
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), hm_str_cmp_qsort);
}

void
hm_strs_sort_unique(struct hm_strs *s)
{
	size_t k = 0;

	hm_strs_sort(s);
	for (size_t i = 0; i < s->n; i++)
		if (k == 0 || !hm_str_eq(s->v[k - 1], s->v[i]))
			s->v[k++] = s->v[i];
	s->n = k;
}

bool
hm_strs_has(const struct hm_strs *s, hm_str x)
{
	for (size_t i = 0; i < s->n; i++)
		if (hm_str_eq(s->v[i], x))
			return true;
	return false;
}

hm_str
hm_strs_join(struct hm_arena *a, const struct hm_strs *s, hm_str sep)
{
	hm_str *parts;

	if (s->n == 0)
		return hm_arena_dup(a, HM_S(""));
	parts = HM_NEW_N(a, s->n * 2, hm_str);
	for (size_t i = 0; i < s->n; i++) {
		parts[2 * i] = s->v[i];
		parts[2 * i + 1] = sep;
	}
	return hm_arena_concat(a, parts, s->n * 2 - 1);
}
