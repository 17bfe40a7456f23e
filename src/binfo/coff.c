/*
 * PE (Windows) and XCOFF (AIX): sections in a row behind the headers.
 */
#include "binfo/obj.h"

static bool
is_pe_machine(uint16_t m)
{
	static const uint16_t known[] = { 0, 0x14c, 0x1c4, 0x5032, 0x5064, 0x5128, 0x8664, 0xaa64 };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (m == known[i])
			return true;
	return false;
}

/* Does the file have all n bytes at `at`? Nothing is no matter where. */
static bool
has(hm_str file, uint64_t at, uint64_t n)
{
	return n == 0 || hm_obj_slice(file, at, n).n == n;
}

/* Symbols of 18 bytes, then strings with their length (itself included) in front. */
static bool
has_pe_symbols(struct hm_obj_reader *r, uint32_t symbols, uint32_t n)
{
	uint32_t strings = symbols + 18 * n, size;

	if (symbols == 0)
		return true;
	size = hm_obj_u32(r, strings);
	return !r->bad && has(r->s, strings, size) && has(r->s, symbols, 18 * (uint64_t)n);
}

/* Its fixed part, then as many directories as it says. */
static bool
read_pe_optional(struct hm_obj_reader *r, uint64_t at, uint16_t size, struct hm_coff *c)
{
	uint16_t magic = hm_obj_u16(r, at);
	bool w = magic == 0x20b;
	uint16_t fixed = w ? 112 : 96;

	if (size == 0)
		return true;
	if ((!w && magic != 0x10b) || size < fixed)
		return false;
	c->base = w ? hm_obj_u64(r, at + 24) : hm_obj_u32(r, at + 28);
	return (uint64_t)(size - fixed) == 8 * (uint64_t)hm_obj_u32(r, at + fixed - 4u) &&
	       has(r->s, at, size);
}

/* name[8], VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData, relocations, ... */
static bool
read_pe_sections(struct hm_arena *a, struct hm_obj_reader *r, uint64_t at, struct hm_coff *c)
{
	c->section = HM_NEW_N(a, c->n_section, struct hm_coff_section);
	for (size_t i = 0; i < c->n_section; i++, at += 40) {
		struct hm_coff_section *s = &c->section[i];

		s->mem_size = hm_obj_u32(r, at + 8);
		s->addr = hm_obj_u32(r, at + 12);
		s->size = hm_obj_u32(r, at + 16);
		s->offset = hm_obj_u32(r, at + 20);
		s->flags = hm_obj_u32(r, at + 36);
		if (!has(r->s, hm_obj_u32(r, at + 24), 10 * (uint64_t)hm_obj_u16(r, at + 32)))
			return false;
	}
	return !r->bad;
}

bool
hm_pe_open(struct hm_arena *a, hm_str file, struct hm_coff *c)
{
	struct hm_obj_reader r = { .s = file };
	uint64_t at;
	uint16_t optional;

	*c = (struct hm_coff){ .base = 0 };
	if (file.n < 96)
		return false;
	at = hm_obj_u32(&r, 0x3c);
	if (!hm_str_eq(hm_obj_slice(file, at, 4), hm_str_make("PE\0\0", 4)))
		return false;
	at += 4;
	if (!is_pe_machine(hm_obj_u16(&r, at)))
		return false;
	c->n_section = hm_obj_u16(&r, at + 2);
	optional = hm_obj_u16(&r, at + 16);
	if (!has_pe_symbols(&r, hm_obj_u32(&r, at + 8), hm_obj_u32(&r, at + 12)) ||
	    !read_pe_optional(&r, at + 20, optional, c))
		return false;
	return !r.bad && read_pe_sections(a, &r, at + 20 + optional, c);
}

/* XCOFF sections: name[8], s_paddr, s_vaddr, s_size, s_scnptr, ... s_flags. */
static bool
read_xcoff_sections(struct hm_arena *a, struct hm_obj_reader *r, uint64_t at, bool w,
                    struct hm_coff *c)
{
	unsigned word = w ? 8 : 4;

	c->section = HM_NEW_N(a, c->n_section, struct hm_coff_section);
	for (size_t i = 0; i < c->n_section; i++, at += w ? 72 : 40) {
		struct hm_coff_section *s = &c->section[i];

		s->addr = hm_obj_word(r, at + 8 + word, w);
		s->size = s->mem_size = hm_obj_word(r, at + 8 + 2 * word, w);
		s->offset = hm_obj_word(r, at + 8 + 3 * word, w);
		s->flags = hm_obj_u32(r, at + (w ? 64 : 36));
	}
	return !r->bad;
}

bool
hm_xcoff_open(struct hm_arena *a, hm_str file, struct hm_coff *c)
{
	struct hm_obj_reader r = { .s = file, .big = true };
	uint16_t magic = hm_obj_u16(&r, 0);
	bool w = magic == 0x1f7;
	uint64_t symbols = hm_obj_word(&r, 8, w);
	uint32_t n_symbols = hm_obj_u32(&r, w ? 20 : 12);

	*c = (struct hm_coff){ .base = 0 };
	if ((!w && magic != 0x1df) || symbols == 0 || n_symbols == 0)
		return false;
	c->n_section = hm_obj_u16(&r, 2);
	return !r.bad &&
	       read_xcoff_sections(a, &r, (w ? 24u : 20u) + hm_obj_u16(&r, 16), w, c);
}
