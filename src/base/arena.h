/*
 * arena.h - memory that lives as long as one task.
 *
 * An arena belongs to one thread at a time.  Work that runs in parallel gives
 * each task an arena of its own and hands it over with hm_arena_absorb().
 */
#ifndef HM_BASE_ARENA_H
#define HM_BASE_ARENA_H

#include <stdarg.h>

#include "base/str.h"

struct hm_arena_chunk;

/* Zero-initialise to make an empty one. */
struct hm_arena {
	struct hm_arena_chunk *head; /* newest chunk */
	char *at;                    /* next free byte of head */
	char *end;
};

/* n zeroed bytes, aligned for any type. */
void *hm_arena_alloc(struct hm_arena *a, size_t n) __attribute__((returns_nonnull));
/* n zeroed elements of size bytes; the product is checked. */
void *hm_arena_array(struct hm_arena *a, size_t n, size_t size) __attribute__((returns_nonnull));
#define HM_NEW(a, type) ((type *)hm_arena_alloc((a), sizeof(type)))
#define HM_NEW_N(a, n, type) ((type *)hm_arena_array((a), (n), sizeof(type)))

/*
 * p, of n bytes, in a place of `more` bytes: where it is when nothing was taken since,
 * else a copy.  The bytes behind n are not zeroed.
 */
void *hm_arena_grow(struct hm_arena *a, void *p, size_t n, size_t more)
	__attribute__((returns_nonnull));

/* Copies with a NUL behind them. */
hm_str hm_arena_dup(struct hm_arena *a, hm_str s);
char *hm_arena_cstr(struct hm_arena *a, hm_str s);
/* Formatted text with a NUL behind it. */
hm_str hm_arena_printf(struct hm_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
hm_str hm_arena_vprintf(struct hm_arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* The parts one after another. */
hm_str hm_arena_concat(struct hm_arena *a, const hm_str *parts, size_t n);

/* Moves all memory of src to dst; src is empty afterwards. */
void hm_arena_absorb(struct hm_arena *dst, struct hm_arena *src);
/* Frees everything; the arena is empty and usable. */
void hm_arena_free(struct hm_arena *a);

#endif
