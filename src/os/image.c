#include "os/image.h"

#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Such code was written to, and is not what the file has. */
static bool
is_relocated(const struct dl_phdr_info *o)
{
	for (size_t i = 0; i < o->dlpi_phnum; i++) {
		const ElfW(Dyn) *d = (void *)(o->dlpi_addr + o->dlpi_phdr[i].p_vaddr);

		if (o->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		for (; d->d_tag != DT_NULL; d++)
			if (d->d_tag == DT_TEXTREL ||
			    (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL)))
				return true;
	}
	return false;
}

static int
forget_object(struct dl_phdr_info *o, size_t size, void *ctx)
{
	uintptr_t page = *(const uintptr_t *)ctx;

	(void)size;
	if (is_relocated(o))
		return 0;
	for (size_t i = 0; i < o->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &o->dlpi_phdr[i];
		uintptr_t from = (o->dlpi_addr + h->p_vaddr) / page * page;
		uintptr_t to = o->dlpi_addr + h->p_vaddr + h->p_memsz;

		if (h->p_type == PT_LOAD && !(h->p_flags & PF_W))
			madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void
hm_image_forget(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	dl_iterate_phdr(forget_object, &page);
}
