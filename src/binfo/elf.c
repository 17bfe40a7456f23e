/*
 * ELF, both classes and byte orders.  Offsets in the tables below are
 * { 32-bit, 64-bit }.
 */
#include "binfo/obj.h"

enum {
	SHT_NULL = 0,
	SHT_STRTAB = 3,
	SHN_LORESERVE = 0xff00,
	SHN_XINDEX = 0xffff,
};

struct tables {
	struct hm_obj_reader r;
	bool wide;
	uint64_t ph, sh; /* file offsets */
	uint64_t n_ph, n_sh;
	uint32_t ph_size, sh_size, names;
};

static bool
read_ident(hm_str file, struct tables *t)
{
	const unsigned char *p = (const unsigned char *)file.p;

	if (file.n < 16 || memcmp(p, "\x7f" "ELF", 4) != 0)
		return false;
	if (p[4] < 1 || p[4] > 2 || p[5] < 1 || p[5] > 2 || p[6] != 1)
		return false;
	t->wide = p[4] == 2;
	t->r = (struct hm_obj_reader){ .s = file, .big = p[5] == 2 };
	return (hm_obj_u32(&t->r, 20) & 0xff) == 1 && !t->r.bad;
}

static bool
read_header(hm_str file, struct tables *t)
{
	struct hm_obj_reader *r = &t->r;

	if (!read_ident(file, t))
		return false;
	t->ph = hm_obj_word(r, t->wide ? 32 : 28, t->wide);
	t->sh = hm_obj_word(r, t->wide ? 40 : 32, t->wide);
	t->ph_size = hm_obj_u16(r, t->wide ? 54 : 42);
	t->n_ph = hm_obj_u16(r, t->wide ? 56 : 44);
	t->sh_size = hm_obj_u16(r, t->wide ? 58 : 46);
	t->n_sh = hm_obj_u16(r, t->wide ? 60 : 48);
	t->names = hm_obj_u16(r, t->wide ? 62 : 50);
	if (r->bad || t->ph > INT64_MAX || t->sh > INT64_MAX)
		return false;
	return t->n_ph == 0 || t->ph_size >= (t->wide ? 56 : 32);
}

/* A table must lie in the file as a whole. */
static bool
fits(hm_str file, uint64_t at, uint64_t n, uint32_t size)
{
	return n == 0 || (at <= file.n && n <= (file.n - at) / size);
}

static bool
read_segments(struct hm_arena *a, struct tables *t, struct hm_elf *e)
{
	struct hm_obj_reader *r = &t->r;
	bool w = t->wide;

	if (!fits(r->s, t->ph, t->n_ph, t->ph_size))
		return false;
	e->n_segment = (size_t)t->n_ph;
	e->segment = HM_NEW_N(a, e->n_segment, struct hm_elf_segment);
	for (size_t i = 0; i < e->n_segment; i++) {
		struct hm_elf_segment *s = &e->segment[i];
		uint64_t at = t->ph + i * t->ph_size;

		s->type = hm_obj_u32(r, at);
		s->flags = hm_obj_u32(r, at + (w ? 4 : 24));
		s->offset = hm_obj_word(r, at + (w ? 8 : 4), w);
		s->addr = hm_obj_word(r, at + (w ? 16 : 8), w);
		s->file_size = hm_obj_word(r, at + (w ? 32 : 16), w);
		s->mem_size = hm_obj_word(r, at + (w ? 40 : 20), w);
		s->align = hm_obj_word(r, at + (w ? 48 : 28), w);
		if (s->offset > INT64_MAX || s->file_size > INT64_MAX)
			return false;
	}
	return !r->bad;
}

/* Numbers that do not fit the header are kept in the first section's own header. */
static bool
read_big_counts(struct tables *t)
{
	struct hm_obj_reader *r = &t->r;
	bool w = t->wide;

	if (hm_obj_u32(r, t->sh + 4) != SHT_NULL)
		return false;
	t->n_sh = hm_obj_word(r, t->sh + (w ? 32 : 20), w);
	if (t->names == SHN_XINDEX) {
		t->names = hm_obj_u32(r, t->sh + (w ? 40 : 24));
		if (t->names < SHN_LORESERVE)
			return false;
	}
	return !r->bad && t->n_sh >= SHN_LORESERVE;
}

static bool
name_section(hm_str names, uint64_t at, hm_str *name)
{
	const char *nul;

	if (at >= names.n)
		return false;
	nul = memchr(names.p + at, '\0', names.n - at);
	if (!nul)
		return false;
	*name = hm_str_make(names.p + at, (size_t)(nul - names.p) - at);
	return true;
}

static bool
name_sections(struct tables *t, struct hm_elf *e)
{
	struct hm_elf_section *s;
	hm_str names;

	if (t->names == 0)
		return true;
	s = &e->section[t->names];
	names = hm_obj_slice(t->r.s, s->offset, s->size);
	if (s->type != SHT_STRTAB || names.n != s->size)
		return false;
	for (size_t i = 0; i < e->n_section; i++)
		if (!name_section(names, hm_obj_u32(&t->r, t->sh + i * t->sh_size),
		                  &e->section[i].name))
			return false;
	return !t->r.bad;
}

static bool
read_sections(struct hm_arena *a, struct tables *t, struct hm_elf *e)
{
	struct hm_obj_reader *r = &t->r;
	bool w = t->wide;

	if ((t->sh == 0 && t->n_sh != 0) || (t->n_sh > 0 && t->names >= t->n_sh))
		return false;
	if (t->sh > 0 && t->n_sh == 0 && !read_big_counts(t))
		return false;
	if (t->n_sh > 0 && t->sh_size < (w ? 64 : 40))
		return false;
	if (!fits(r->s, t->sh, t->n_sh, t->sh_size))
		return false;
	e->n_section = (size_t)t->n_sh;
	e->section = HM_NEW_N(a, e->n_section, struct hm_elf_section);
	for (size_t i = 0; i < e->n_section; i++) {
		struct hm_elf_section *s = &e->section[i];
		uint64_t at = t->sh + i * t->sh_size;

		s->type = hm_obj_u32(r, at + 4);
		s->addr = hm_obj_word(r, at + (w ? 16 : 12), w);
		s->offset = hm_obj_word(r, at + (w ? 24 : 16), w);
		s->size = hm_obj_word(r, at + (w ? 32 : 20), w);
		if (s->offset > INT64_MAX || s->size > INT64_MAX)
			return false;
	}
	if (r->bad || t->n_sh == 0)
		return !r->bad;
	return t->names < t->n_sh && name_sections(t, e);
}

bool
hm_elf_open(struct hm_arena *a, hm_str file, bool no_sections, struct hm_elf *e)
{
	struct tables t = { .wide = false };

	*e = (struct hm_elf){ .big = false };
	if (!read_header(file, &t) || !read_segments(a, &t, e))
		return false;
	e->big = t.r.big;
	return no_sections || read_sections(a, &t, e);
}

const struct hm_elf_section *
hm_elf_find(const struct hm_elf *e, const char *name)
{
	for (size_t i = 0; i < e->n_section; i++)
		if (hm_str_eqz(e->section[i].name, name))
			return &e->section[i];
	return NULL;
}
