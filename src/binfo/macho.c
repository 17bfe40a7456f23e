/*
 * Mach-O: a header, then load commands; segments hold sections.
 */
#include "binfo/obj.h"

enum {
	LC_SEGMENT = 0x1,
	LC_SEGMENT_64 = 0x19,
	LC_UUID = 0x1b,
	LC_CODE_SIGNATURE = 0x1d,
};

/* Sizes of the structures that begin a load command, and of a section's. */
#define SEGMENT_SIZE(wide) ((wide) ? 72u : 56u)
#define SECTION_SIZE(wide) ((wide) ? 80u : 68u)

static bool
read_magic(hm_str file, struct hm_obj_reader *r, bool *wide)
{
	uint32_t magic;

	*r = (struct hm_obj_reader){ .s = file, .big = true };
	magic = hm_obj_u32(r, 0);
	if ((magic & ~1u) != 0xfeedface) {
		r->big = false;
		magic = hm_obj_u32(r, 0);
	}
	*wide = magic & 1;
	return !r->bad && (magic & ~1u) == 0xfeedface;
}

/* A section's offset and number of relocations: debug/macho reads them, so they must be there. */
static bool
has_relocations(struct hm_obj_reader *r, uint64_t at)
{
	uint32_t offset = hm_obj_u32(r, at);
	uint64_t size = (uint64_t)hm_obj_u32(r, at + 4) * 8;

	return size == 0 || hm_obj_slice(r->s, offset, size).n == size;
}

static bool
read_segment(struct hm_arena *a, struct hm_obj_reader *r, uint64_t at, uint32_t len, bool w,
             struct hm_macho *m)
{
	struct hm_macho_segment s = { .name = hm_obj_name(r->s, at + 8, 16) };
	uint32_t n;

	if (len < SEGMENT_SIZE(w))
		return false;
	s.addr = hm_obj_word(r, at + 24, w);
	s.mem_size = hm_obj_word(r, at + (w ? 32 : 28), w);
	s.offset = hm_obj_word(r, at + (w ? 40 : 32), w);
	s.file_size = hm_obj_word(r, at + (w ? 48 : 36), w);
	s.max_prot = hm_obj_u32(r, at + (w ? 56 : 40));
	s.prot = hm_obj_u32(r, at + (w ? 60 : 44));
	n = hm_obj_u32(r, at + (w ? 64 : 48));
	if (s.offset > INT64_MAX || s.file_size > INT64_MAX ||
	    n > (len - SEGMENT_SIZE(w)) / SECTION_SIZE(w))
		return false;
	HM_PUSH(a, m->segments, s);
	at += SEGMENT_SIZE(w);
	for (uint32_t i = 0; i < n; i++, at += SECTION_SIZE(w)) {
		struct hm_macho_section sec = { .name = hm_obj_name(r->s, at, 16) };

		sec.addr = hm_obj_word(r, at + 32, w);
		sec.size = hm_obj_word(r, at + (w ? 40 : 36), w);
		sec.offset = hm_obj_u32(r, at + (w ? 48 : 40));
		if (!has_relocations(r, at + (w ? 56 : 48)))
			return false;
		HM_PUSH(a, m->sections, sec);
	}
	return !r->bad;
}

static bool
read_command(struct hm_arena *a, struct hm_obj_reader *r, uint64_t at, uint32_t len,
             struct hm_macho *m)
{
	uint32_t cmd = hm_obj_u32(r, at);

	switch (cmd) {
	case LC_SEGMENT:
	case LC_SEGMENT_64:
		return read_segment(a, r, at, len, cmd == LC_SEGMENT_64, m);
	case LC_CODE_SIGNATURE:
		if (m->is_signed || len < 16)
			break;
		m->is_signed = true;
		m->sig_offset = hm_obj_u32(r, at + 8);
		m->sig_size = hm_obj_u32(r, at + 12);
		break;
	case LC_UUID:
		if (m->has_uuid)
			break;
		m->has_uuid = true;
		m->uuid_offset = at + 8;
		m->uuid_size = len - 8;
		break;
	}
	return !r->bad;
}

bool
hm_macho_open(struct hm_arena *a, hm_str file, struct hm_macho *m)
{
	struct hm_obj_reader r;
	uint32_t n, size;
	uint64_t at;

	*m = (struct hm_macho){ .big = false };
	if (!read_magic(file, &r, &m->wide))
		return false;
	m->big = r.big;
	m->type = hm_obj_u32(&r, 12);
	n = hm_obj_u32(&r, 16);
	size = hm_obj_u32(&r, 20);
	at = m->wide ? 32 : 28;
	if (r.bad || hm_obj_slice(file, at, size).n != size)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len;

		if (size < 8)
			return false;
		len = hm_obj_u32(&r, at + 4);
		if (len < 8 || len > size || !read_command(a, &r, at, len, m))
			return false;
		at += len;
		size -= len;
	}
	return true;
}

const struct hm_macho_segment *
hm_macho_segment(const struct hm_macho *m, const char *name)
{
	for (size_t i = 0; i < m->segments.n; i++)
		if (hm_str_eqz(m->segments.v[i].name, name))
			return &m->segments.v[i];
	return NULL;
}

const struct hm_macho_section *
hm_macho_section(const struct hm_macho *m, const char *name)
{
	for (size_t i = 0; i < m->sections.n; i++)
		if (hm_str_eqz(m->sections.v[i].name, name))
			return &m->sections.v[i];
	return NULL;
}
