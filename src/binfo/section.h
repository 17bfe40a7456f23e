/*
 * section.h - which section of an executable does a byte lie in?
 *
 * ELF (32 and 64 bit, both byte orders), PE and Mach-O (64 bit).  For reports: a
 * file that is none of these, or damaged, simply has no sections.
 */
#ifndef HM_BINFO_SECTION_H
#define HM_BINFO_SECTION_H

#include "base/arena.h"

struct hm_binfo_section {
	hm_str name;     /* borrowed from the file; "header" before the first section */
	uint64_t offset; /* in the file */
	uint64_t size;
	uint64_t addr;
};

/* The section that holds the byte at offset; false when none is known. */
bool hm_binfo_section_at(hm_str file, uint64_t offset, struct hm_binfo_section *out);

#endif
