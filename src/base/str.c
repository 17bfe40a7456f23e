#include "base/str.h"

ptrdiff_t
hm_str_index_byte(hm_str s, char c)
{
	const char *q = s.n ? memchr(s.p, c, s.n) : NULL;

	return q ? q - s.p : -1;
}

ptrdiff_t
hm_str_rindex_byte(hm_str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return (ptrdiff_t)(i - 1);
	return -1;
}

ptrdiff_t
hm_str_index(hm_str s, hm_str sub)
{
	if (sub.n == 0)
		return 0;
	for (size_t i = 0; i + sub.n <= s.n; i++) {
		const char *q = memchr(s.p + i, sub.p[0], s.n - sub.n + 1 - i);

		if (!q)
			return -1;
		i = (size_t)(q - s.p);
		if (memcmp(q, sub.p, sub.n) == 0)
			return (ptrdiff_t)i;
	}
	return -1;
}

bool
hm_str_cut_prefix(hm_str *s, hm_str prefix)
{
	if (!hm_str_has_prefix(*s, prefix))
		return false;
	s->p += prefix.n;
	s->n -= prefix.n;
	return true;
}

bool
hm_str_cut_suffix(hm_str *s, hm_str suffix)
{
	if (!hm_str_has_suffix(*s, suffix))
		return false;
	s->n -= suffix.n;
	return true;
}

bool
hm_str_cut(hm_str s, char sep, hm_str *before, hm_str *after)
{
	ptrdiff_t i = hm_str_index_byte(s, sep);

	*before = i < 0 ? s : hm_str_sub(s, 0, (size_t)i);
	*after = i < 0 ? HM_S("") : hm_str_from(s, (size_t)i + 1);
	return i >= 0;
}

bool
hm_str_next(hm_str *rest, char sep, hm_str *field)
{
	hm_str s = *rest;

	if (!s.p)
		return false;
	if (!hm_str_cut(s, sep, field, rest))
		*rest = (hm_str){ NULL, 0 };
	return true;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
hm_str_next_field(hm_str *rest, hm_str *field)
{
	size_t i = 0, j;

	while (i < rest->n && is_space(rest->p[i]))
		i++;
	for (j = i; j < rest->n && !is_space(rest->p[j]); j++)
		;
	*field = hm_str_sub(*rest, i, j);
	*rest = hm_str_from(*rest, j);
	return field->n > 0;
}

hm_str
hm_str_trim(hm_str s)
{
	while (s.n && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

hm_str
hm_str_trim_any(hm_str s, const char *cutset)
{
	while (s.n && s.p[0] && strchr(cutset, s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && s.p[s.n - 1] && strchr(cutset, s.p[s.n - 1]))
		s.n--;
	return s;
}

static uint64_t
mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15u;
	return h ^ (h >> 32);
}

uint64_t
hm_str_hash(hm_str s)
{
	uint64_t h = mix(0xcbf29ce484222325u ^ s.n), w = 0;
	const char *p = s.p, *last;

	if (s.n < 8) {
		for (size_t i = 0; i < s.n; i++)
			w = w << 8 | (unsigned char)p[i];
		return mix(mix(h ^ w));
	}
	for (last = p + s.n - 8; p < last; p += 8) {
		memcpy(&w, p, 8);
		h = mix(h ^ w);
	}
	memcpy(&w, last, 8); /* may count some bytes once more */
	return mix(mix(h ^ w));
}

/* Length of the well-formed sequence at p (1..4), or 0; *rune gets its value. */
static size_t
decode(const unsigned char *p, size_t n, uint32_t *rune)
{
	unsigned char c = p[0];
	size_t len = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : (c & 0xf0) == 0xe0 ? 3 :
	             c >= 0xf0 && c < 0xf5 ? 4 : 0;
	uint32_t r;

	if (len == 0 || len > n)
		return 0;
	if (len == 1) {
		*rune = c;
		return 1;
	}
	r = c & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		r = r << 6 | (p[i] & 0x3fu);
	}
	if ((len == 3 && (r < 0x800 || (r >= 0xd800 && r < 0xe000))) ||
	    (len == 4 && (r < 0x10000 || r > 0x10ffff)))
		return 0;
	*rune = r;
	return len;
}

bool
hm_str_is_utf8(hm_str s)
{
	uint32_t r;

	for (size_t i = 0; i < s.n;) {
		size_t k = (unsigned char)s.p[i] < 0x80 ? 1 :
		           decode((const unsigned char *)s.p + i, s.n - i, &r);

		if (k == 0)
			return false;
		i += k;
	}
	return true;
}

uint32_t
hm_str_rune(hm_str s, size_t *i)
{
	uint32_t r = (unsigned char)s.p[*i];
	size_t k;

	if (r < 0x80) {
		++*i;
		return r;
	}
	k = decode((const unsigned char *)s.p + *i, s.n - *i, &r);
	*i += k ? k : 1;
	return k ? r : 0xfffd;
}

int
hm_str_cmp_qsort(const void *a, const void *b)
{
	return hm_str_cmp(*(const hm_str *)a, *(const hm_str *)b);
}
