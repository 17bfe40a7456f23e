/*
 * tobj.h - small object files, made by hand, for tests: one loadable segment or
 * section with the given data, and what the test asks for besides.
 */
#ifndef HM_TESTS_TOBJ_H
#define HM_TESTS_TOBJ_H

#include "base/buf.h"

struct tobj {
	bool wide, big;
	hm_str data;          /* content of the data segment */
	bool named;           /* ELF, Mach-O: the data is in the section for build information */
	hm_str go_note;       /* ELF: Go build ID */
	hm_str gnu_note;      /* ELF: the value of .note.gnu.build-id */
	uint32_t signature;   /* Mach-O: size of a signature behind all else, if not 0 */
	bool uuid;            /* Mach-O */
};

/* Where the data is in memory. */
#define TOBJ_ADDR 0x10000u

hm_str tobj_elf(struct hm_arena *a, const struct tobj *o);
hm_str tobj_macho(struct hm_arena *a, const struct tobj *o);
hm_str tobj_pe(struct hm_arena *a, const struct tobj *o);
hm_str tobj_xcoff(struct hm_arena *a, const struct tobj *o);
hm_str tobj_plan9(struct hm_arena *a, const struct tobj *o);
/* A universal binary with one image. */
hm_str tobj_fat(struct hm_arena *a, hm_str image);

#endif
