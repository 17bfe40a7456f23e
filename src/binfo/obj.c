#include "binfo/obj.h"

#include <string.h>

static bool
inside(struct hm_obj_reader *r, uint64_t at, size_t n)
{
	if (at > r->s.n || r->s.n - at < n)
		r->bad = true;
	return !r->bad;
}

static uint64_t
number(struct hm_obj_reader *r, uint64_t at, size_t n)
{
	uint64_t v = 0;

	if (!inside(r, at, n))
		return 0;
	for (size_t i = 0; i < n; i++) {
		size_t k = r->big ? i : n - 1 - i;

		v = v << 8 | (unsigned char)r->s.p[at + k];
	}
	return v;
}

uint8_t
hm_obj_u8(struct hm_obj_reader *r, uint64_t at)
{
	return (uint8_t)number(r, at, 1);
}

uint16_t
hm_obj_u16(struct hm_obj_reader *r, uint64_t at)
{
	return (uint16_t)number(r, at, 2);
}

uint32_t
hm_obj_u32(struct hm_obj_reader *r, uint64_t at)
{
	return (uint32_t)number(r, at, 4);
}

uint64_t
hm_obj_u64(struct hm_obj_reader *r, uint64_t at)
{
	return number(r, at, 8);
}

uint64_t
hm_obj_word(struct hm_obj_reader *r, uint64_t at, bool wide)
{
	return number(r, at, wide ? 8 : 4);
}

hm_str
hm_obj_slice(hm_str file, uint64_t at, uint64_t n)
{
	if (at >= file.n)
		return (hm_str){ file.p, 0 };
	if (n > file.n - at)
		n = file.n - at;
	return hm_str_make(file.p + at, (size_t)n);
}

hm_str
hm_obj_name(hm_str file, uint64_t at, size_t n)
{
	hm_str s = hm_obj_slice(file, at, n);
	const char *nul = s.n ? memchr(s.p, '\0', s.n) : NULL;

	return nul ? hm_str_make(s.p, (size_t)(nul - s.p)) : s;
}
