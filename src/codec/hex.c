#include "codec/hex.h"

static const char digits[] = "0123456789abcdef";

void
hm_hex_add(struct hm_buf *b, const void *p, size_t n)
{
	const unsigned char *in = p;
	char *out = hm_buf_room(b, 2 * n);

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	b->n += 2 * n;
}

hm_str
hm_hex_encode(struct hm_arena *a, const void *p, size_t n)
{
	struct hm_buf b = { 0 };

	hm_hex_add(&b, p, n);
	return hm_buf_take(&b, a);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hm_hex_decode(hm_str s, void *out, size_t n)
{
	unsigned char *p = out;

	if (s.n % 2 || s.n / 2 != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = digit(s.p[2 * i]), lo = digit(s.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p[i] = (unsigned char)(hi << 4 | lo);
	}
	return true;
}
