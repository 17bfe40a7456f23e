#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { CHUNK_MIN = 4096, CHUNK_MAX = 1 << 20 };

struct hm_arena_chunk {
	struct hm_arena_chunk *next;
	size_t size;
	max_align_t data[];
};

static void
chunk_add(struct hm_arena *a, size_t need)
{
	size_t size = a->head ? a->head->size * 2 : CHUNK_MIN;
	struct hm_arena_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < need)
		size = need;
	c = hm_mem_grow(NULL, 1, sizeof(*c) + size);
	c->size = size;
	c->next = a->head;
	a->head = c;
	a->at = (char *)c->data;
	a->end = a->at + size;
}

static void *
take(struct hm_arena *a, size_t n, size_t align)
{
	size_t pad = a->at ? (size_t)(-(uintptr_t)a->at & (align - 1)) : 0;
	char *p;

	if (n > SIZE_MAX / 4)
		hm_mem_oom();
	if (!a->at || (size_t)(a->end - a->at) < n + pad) {
		chunk_add(a, n);
		pad = 0;
	}
	p = a->at + pad;
	a->at = p + n;
	return p;
}

void *
hm_arena_alloc(struct hm_arena *a, size_t n)
{
	void *p = take(a, n, _Alignof(max_align_t));

	memset(p, 0, n);
	return p;
}

void *
hm_arena_array(struct hm_arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		hm_mem_oom();
	return hm_arena_alloc(a, total);
}

void *
hm_arena_grow(struct hm_arena *a, void *p, size_t n, size_t more)
{
	void *q;

	if (n > 0 && (char *)p + n == a->at && more - n <= (size_t)(a->end - a->at)) {
		a->at += more - n;
		return p;
	}
	q = take(a, more, _Alignof(max_align_t));
	if (n > 0)
		memcpy(q, p, n);
	return q;
}

char *
hm_arena_cstr(struct hm_arena *a, hm_str s)
{
	char *p = take(a, s.n + 1, 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

hm_str
hm_arena_dup(struct hm_arena *a, hm_str s)
{
	return (hm_str){ hm_arena_cstr(a, s), s.n };
}

hm_str
hm_arena_vprintf(struct hm_arena *a, const char *fmt, va_list ap)
{
	size_t room = a->at ? (size_t)(a->end - a->at) : 0;
	va_list again;
	char *p;
	int n;

	/* Most texts fit into the chunk. */
	va_copy(again, ap);
	n = vsnprintf(a->at, room, fmt, again);
	va_end(again);
	if (n < 0)
		hm_mem_oom();
	p = take(a, (size_t)n + 1, 1);
	if ((size_t)n >= room)
		vsnprintf(p, (size_t)n + 1, fmt, ap);
	return (hm_str){ p, (size_t)n };
}

hm_str
hm_arena_printf(struct hm_arena *a, const char *fmt, ...)
{
	va_list ap;
	hm_str s;

	va_start(ap, fmt);
	s = hm_arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

hm_str
hm_arena_concat(struct hm_arena *a, const hm_str *parts, size_t n)
{
	size_t total = 0;
	char *p, *q;

	for (size_t i = 0; i < n; i++)
		total += parts[i].n;
	p = q = take(a, total + 1, 1);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].n)
			memcpy(q, parts[i].p, parts[i].n);
		q += parts[i].n;
	}
	*q = '\0';
	return (hm_str){ p, total };
}

void
hm_arena_absorb(struct hm_arena *dst, struct hm_arena *src)
{
	struct hm_arena_chunk *last = src->head;

	if (!last)
		return;
	if (!dst->head) {
		*dst = *src;
		*src = (struct hm_arena){ 0 };
		return;
	}
	while (last->next)
		last = last->next;
	last->next = dst->head->next;
	dst->head->next = src->head;
	*src = (struct hm_arena){ 0 };
}

void
hm_arena_free(struct hm_arena *a)
{
	struct hm_arena_chunk *c = a->head, *next;

	for (; c; c = next) {
		next = c->next;
		free(c);
	}
	*a = (struct hm_arena){ 0 };
}
