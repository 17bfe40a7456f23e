/*
 * mem.h - allocation that does not fail.
 *
 * Out of memory ends the process; sizes that come from outside are held to a
 * named limit before they reach these functions.
 */
#ifndef HM_BASE_MEM_H
#define HM_BASE_MEM_H

#include <stddef.h>

/* n bytes, zeroed; free() releases them. */
void *hm_mem_new(size_t n) __attribute__((malloc, returns_nonnull));
/* Like realloc; n * size is checked. */
void *hm_mem_grow(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
/* Says that memory is gone and aborts. */
void hm_mem_oom(void) __attribute__((noreturn));

#endif
