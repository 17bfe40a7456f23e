#include "base/mem.h"

#include <stdlib.h>

void
hm_mem_oom(void)
{
	abort();
}

void *
hm_mem_new(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		hm_mem_oom();
	return p;
}

void *
hm_mem_grow(void *p, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		hm_mem_oom();
	p = realloc(p, total ? total : 1);
	if (!p)
		hm_mem_oom();
	return p;
}
