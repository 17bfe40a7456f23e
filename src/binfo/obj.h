/*
 * obj.h - as much of object file formats as build information needs: where the
 * segments and sections of ELF, Mach-O, PE, XCOFF and Plan 9 files lie.
 *
 * Files are hostile: everything that is handed out lies inside the file, or has
 * been refused; tables are held to what the file has room for.
 */
#ifndef HM_BINFO_OBJ_H
#define HM_BINFO_OBJ_H

#include "base/vec.h"

/* Reads numbers at offsets; an offset outside makes it bad for good and answers 0. */
struct hm_obj_reader {
	hm_str s;
	bool big; /* big-endian */
	bool bad;
};

uint8_t hm_obj_u8(struct hm_obj_reader *r, uint64_t at);
uint16_t hm_obj_u16(struct hm_obj_reader *r, uint64_t at);
uint32_t hm_obj_u32(struct hm_obj_reader *r, uint64_t at);
uint64_t hm_obj_u64(struct hm_obj_reader *r, uint64_t at);
/* 64 bits if wide, else 32. */
uint64_t hm_obj_word(struct hm_obj_reader *r, uint64_t at, bool wide);
/* What the file has of the n bytes at `at`; fewer, or none, when it ends before. */
hm_str hm_obj_slice(hm_str file, uint64_t at, uint64_t n);
/* A field of n bytes up to its first NUL. */
hm_str hm_obj_name(hm_str file, uint64_t at, size_t n);

struct hm_elf_segment {
	uint32_t type, flags;
	uint64_t offset, addr, file_size, mem_size, align;
};

struct hm_elf_section {
	hm_str name;
	uint32_t type;
	uint64_t addr, offset, size;
};

struct hm_elf {
	bool big;
	struct hm_elf_segment *segment;
	size_t n_segment;
	struct hm_elf_section *section;
	size_t n_section;
};

enum { HM_ELF_LOAD = 1, HM_ELF_NOTE = 4, HM_ELF_X = 1, HM_ELF_W = 2 };

/* False when debug/elf would not take it.  With no_sections only the segments are read. */
bool hm_elf_open(struct hm_arena *a, hm_str file, bool no_sections, struct hm_elf *e);
const struct hm_elf_section *hm_elf_find(const struct hm_elf *e, const char *name);

struct hm_macho_segment {
	hm_str name;
	uint64_t addr, mem_size, offset, file_size;
	uint32_t max_prot, prot;
};

struct hm_macho_section {
	hm_str name;
	uint64_t addr, size;
	uint32_t offset;
};

struct hm_macho {
	bool big, wide;
	uint32_t type;
	struct {
		struct hm_macho_segment *v;
		size_t n, cap;
	} segments;
	struct {
		struct hm_macho_section *v;
		size_t n, cap;
	} sections;
	/* LC_CODE_SIGNATURE, if there is one (size of the command at least 16) */
	bool is_signed;
	uint32_t sig_offset, sig_size;
	/* LC_UUID: file offset and length of its data */
	bool has_uuid;
	uint64_t uuid_offset, uuid_size;
};

enum { HM_MACHO_EXEC = 2 };

bool hm_macho_open(struct hm_arena *a, hm_str file, struct hm_macho *m);
const struct hm_macho_segment *hm_macho_segment(const struct hm_macho *m, const char *name);
const struct hm_macho_section *hm_macho_section(const struct hm_macho *m, const char *name);

/* A section of PE and XCOFF files. */
struct hm_coff_section {
	uint64_t addr, mem_size;
	uint64_t offset, size; /* in the file; offset 0: not there */
	uint32_t flags;
};

struct hm_coff {
	uint64_t base; /* PE: what addresses are relative to */
	struct hm_coff_section *section;
	size_t n_section;
};

bool hm_pe_open(struct hm_arena *a, hm_str file, struct hm_coff *c);
bool hm_xcoff_open(struct hm_arena *a, hm_str file, struct hm_coff *c);

#endif
