#include "codec/base64.h"

static const char *
alphabet(enum hm_base64 kind)
{
	return kind == HM_BASE64_STD ?
	       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" :
	       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}

hm_str
hm_base64_encode(struct hm_arena *a, enum hm_base64 kind, const void *p, size_t n)
{
	const unsigned char *in = p;
	const char *abc = alphabet(kind);
	char *out = hm_arena_alloc(a, n / 3 * 4 + 5), *at = out;

	for (size_t i = 0; i < n; i += 3) {
		size_t k = n - i < 3 ? n - i : 3;
		unsigned v = (unsigned)in[i] << 16;

		if (k > 1)
			v |= (unsigned)in[i + 1] << 8;
		if (k > 2)
			v |= in[i + 2];
		for (size_t j = 0; j <= k; j++)
			*at++ = abc[v >> (18 - 6 * j) & 63];
		if (kind != HM_BASE64_RAW_URL)
			for (size_t j = k; j < 3; j++)
				*at++ = '=';
	}
	return (hm_str){ out, (size_t)(at - out) };
}

static int
value(enum hm_base64 kind, char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (kind == HM_BASE64_STD ? '+' : '-'))
		return 62;
	if (c == (kind == HM_BASE64_STD ? '/' : '_'))
		return 63;
	return -1;
}

/* At most max bytes to out; the count, or -1 when s is malformed or holds more. */
static ptrdiff_t
decode(enum hm_base64 kind, hm_str s, unsigned char *out, size_t max)
{
	size_t digits = 0, pads = 0, n = 0;
	unsigned v = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int d;

		if (c == '\r' || c == '\n')
			continue;
		if (c == '=' && kind != HM_BASE64_RAW_URL) {
			pads++;
			continue;
		}
		d = value(kind, c);
		if (d < 0 || pads)
			return -1;
		v = v << 6 | (unsigned)d;
		if (++digits % 4 == 1)
			continue;
		if (n == max)
			return -1;
		/* After digit 2, 3 and 4 of a group the top 8 of 12, 10, 8 fresh bits are a byte.
		 */
		out[n++] = (unsigned char)(v >> (digits % 4 == 2 ? 4 : digits % 4 == 3 ? 2 : 0));
	}
	if (digits % 4 == 1)
		return -1;
	if (kind == HM_BASE64_RAW_URL ? pads > 0 : pads != (4 - digits % 4) % 4)
		return -1;
	return (ptrdiff_t)n;
}

bool
hm_base64_decode(struct hm_arena *a, enum hm_base64 kind, hm_str s, hm_str *out)
{
	size_t max = s.n / 4 * 3 + 3;
	unsigned char *p = hm_arena_alloc(a, max + 1);
	ptrdiff_t n = decode(kind, s, p, max);

	if (n < 0)
		return false;
	p[n] = '\0';
	*out = (hm_str){ (char *)p, (size_t)n };
	return true;
}

bool
hm_base64_decode_to(enum hm_base64 kind, hm_str s, void *out, size_t n)
{
	return decode(kind, s, out, n) == (ptrdiff_t)n;
}
