#include "binfo/section.h"

enum { SECTIONS_MAX = 4096 };

/* A file with a byte order; reads outside of it give zero. */
struct view {
	hm_str s;
	bool big;
};

static uint64_t
get(const struct view *v, uint64_t at, unsigned size)
{
	uint64_t x = 0;

	if (at > v->s.n || v->s.n - at < size)
		return 0;
	for (unsigned i = 0; i < size; i++) {
		unsigned k = v->big ? i : size - 1 - i;

		x = x << 8 | (unsigned char)v->s.p[at + k];
	}
	return x;
}

/* The NUL-terminated text at `at`, at most max bytes. */
static hm_str
text(const struct view *v, uint64_t at, size_t max)
{
	size_t n = 0;

	if (at >= v->s.n)
		return HM_S("");
	while (n < max && at + n < v->s.n && v->s.p[at + n])
		n++;
	return hm_str_make(v->s.p + at, n);
}

static bool
holds(const struct hm_binfo_section *s, uint64_t offset)
{
	return offset >= s->offset && offset - s->offset < s->size;
}

static bool
elf_at(hm_str file, uint64_t offset, struct hm_binfo_section *out)
{
	struct view v = { file, file.p[5] == 2 };
	bool wide = file.p[4] == 2;
	uint64_t table = get(&v, wide ? 40 : 32, wide ? 8 : 4);
	uint64_t entry = get(&v, wide ? 58 : 46, 2), n = get(&v, wide ? 60 : 48, 2);
	uint64_t names = table + get(&v, wide ? 62 : 50, 2) * entry;

	names = get(&v, names + (wide ? 24 : 16), wide ? 8 : 4);
	for (uint64_t i = 0; i < n && i < SECTIONS_MAX; i++) {
		uint64_t at = table + i * entry;
		struct hm_binfo_section s = {
			.name = text(&v, names + get(&v, at, 4), 256),
			.addr = get(&v, at + (wide ? 16 : 12), wide ? 8 : 4),
			.offset = get(&v, at + (wide ? 24 : 16), wide ? 8 : 4),
			.size = get(&v, at + (wide ? 32 : 20), wide ? 8 : 4),
		};

		if (get(&v, at + 4, 4) != 8 /* SHT_NOBITS */ && holds(&s, offset)) {
			*out = s;
			return true;
		}
	}
	return false;
}

static bool
pe_at(hm_str file, uint64_t offset, struct hm_binfo_section *out)
{
	struct view v = { file, false };
	uint64_t pe = get(&v, 0x3c, 4), n = get(&v, pe + 6, 2);
	uint64_t table = pe + 24 + get(&v, pe + 20, 2);

	if (get(&v, pe, 4) != 0x4550)
		return false;
	for (uint64_t i = 0; i < n && i < SECTIONS_MAX; i++) {
		uint64_t at = table + i * 40;
		struct hm_binfo_section s = {
			.name = text(&v, at, 8),
			.addr = get(&v, at + 12, 4),
			.size = get(&v, at + 16, 4),
			.offset = get(&v, at + 20, 4),
		};

		if (holds(&s, offset)) {
			*out = s;
			return true;
		}
	}
	return false;
}

static bool
macho_segment_at(const struct view *v, uint64_t at, uint64_t offset,
                 struct hm_binfo_section *out)
{
	uint64_t n = get(v, at + 64, 4);

	for (uint64_t i = 0; i < n && i < SECTIONS_MAX; i++) {
		uint64_t sec = at + 72 + i * 80;
		struct hm_binfo_section s = {
			.name = text(v, sec, 16),
			.addr = get(v, sec + 32, 8),
			.size = get(v, sec + 40, 8),
			.offset = get(v, sec + 48, 4),
		};

		if (s.offset && holds(&s, offset)) {
			*out = s;
			return true;
		}
	}
	*out = (struct hm_binfo_section){ /* __LINKEDIT has no sections */
		.name = text(v, at + 8, 16),
		.addr = get(v, at + 24, 8),
		.offset = get(v, at + 40, 8),
		.size = get(v, at + 48, 8),
	};
	return holds(out, offset);
}

static bool
macho_at(hm_str file, uint64_t offset, struct hm_binfo_section *out)
{
	struct view v = { file, false };
	uint64_t n = get(&v, 16, 4), at = 32;

	for (uint64_t i = 0; i < n && i < SECTIONS_MAX; i++) {
		uint64_t size = get(&v, at + 4, 4);

		if (get(&v, at, 4) == 0x19 /* LC_SEGMENT_64 */ &&
		    macho_segment_at(&v, at, offset, out))
			return true;
		if (size < 8)
			break;
		at += size;
	}
	return false;
}

bool
hm_binfo_section_at(hm_str file, uint64_t offset, struct hm_binfo_section *out)
{
	struct view v = { file, false };
	bool found = false;

	if (file.n < 64 || offset >= file.n)
		return false;
	if (memcmp(file.p, "\177ELF", 4) == 0)
		found = elf_at(file, offset, out);
	else if (memcmp(file.p, "MZ", 2) == 0)
		found = pe_at(file, offset, out);
	else if (get(&v, 0, 4) == 0xfeedfacf)
		found = macho_at(file, offset, out);
	else
		return false;
	if (!found && offset < 4096) {
		*out = (struct hm_binfo_section){ .name = HM_S("header"), .size = 4096 };
		found = true;
	}
	return found;
}
