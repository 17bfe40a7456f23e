#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rune.h"

char *
hm_buf_room(struct hm_buf *b, size_t n)
{
	size_t need, cap = b->cap ? b->cap : 64;

	if (__builtin_add_overflow(b->n, n + 1, &need) || need > SIZE_MAX / 4)
		hm_mem_oom();
	while (cap < need)
		cap *= 2;
	if (cap != b->cap) {
		b->p = hm_mem_grow(b->p, cap, 1);
		b->cap = cap;
	}
	return b->p + b->n;
}

void
hm_buf_add(struct hm_buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(hm_buf_room(b, n), p, n);
	b->n += n;
}

void
hm_buf_adds(struct hm_buf *b, hm_str s)
{
	hm_buf_add(b, s.p, s.n);
}

void
hm_buf_addz(struct hm_buf *b, const char *z)
{
	hm_buf_add(b, z, strlen(z));
}

void
hm_buf_addc(struct hm_buf *b, char c)
{
	hm_buf_add(b, &c, 1);
}

void
hm_buf_add_rune(struct hm_buf *b, uint32_t r)
{
	char t[4];
	size_t n;

	if (r < 0x80) {
		t[0] = (char)r;
		n = 1;
	} else if (r < 0x800) {
		t[0] = (char)(0xc0 | r >> 6);
		t[1] = (char)(0x80 | (r & 0x3f));
		n = 2;
	} else if (r < 0x10000) {
		t[0] = (char)(0xe0 | r >> 12);
		t[1] = (char)(0x80 | (r >> 6 & 0x3f));
		t[2] = (char)(0x80 | (r & 0x3f));
		n = 3;
	} else {
		t[0] = (char)(0xf0 | r >> 18);
		t[1] = (char)(0x80 | (r >> 12 & 0x3f));
		t[2] = (char)(0x80 | (r >> 6 & 0x3f));
		t[3] = (char)(0x80 | (r & 0x3f));
		n = 4;
	}
	hm_buf_add(b, t, n);
}

void
hm_buf_vprintf(struct hm_buf *b, const char *fmt, va_list ap)
{
	size_t room = b->cap - b->n;
	va_list again;
	int n;

	/* Most texts fit into what is there. */
	va_copy(again, ap);
	n = vsnprintf(room ? b->p + b->n : NULL, room, fmt, again);
	va_end(again);
	if (n < 0)
		hm_mem_oom();
	if ((size_t)n >= room)
		vsnprintf(hm_buf_room(b, (size_t)n), (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void
hm_buf_printf(struct hm_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
hm_buf_prepend(struct hm_buf *b, hm_str s)
{
	if (s.n == 0)
		return;
	hm_buf_room(b, s.n);
	memmove(b->p + s.n, b->p, b->n);
	memcpy(b->p, s.p, s.n);
	b->n += s.n;
}

hm_str
hm_buf_str(struct hm_buf *b)
{
	*hm_buf_room(b, 0) = '\0';
	return (hm_str){ b->p, b->n };
}

hm_str
hm_buf_take(struct hm_buf *b, struct hm_arena *a)
{
	hm_str s = hm_arena_dup(a, (hm_str){ b->p, b->n });

	hm_buf_free(b);
	return s;
}

void
hm_buf_clear(struct hm_buf *b)
{
	b->n = 0;
}

void
hm_buf_free(struct hm_buf *b)
{
	free(b->p);
	*b = (struct hm_buf){ 0 };
}

static void
quote_ascii(struct hm_buf *b, unsigned c)
{
	static const char from[] = "\a\b\f\n\r\t\v";
	static const char to[] = "abfnrtv";
	const char *q = c ? strchr(from, (int)c) : NULL;

	if (c == '"' || c == '\\')
		hm_buf_printf(b, "\\%c", (int)c);
	else if (q)
		hm_buf_printf(b, "\\%c", to[q - from]);
	else if (c >= 0x20 && c < 0x7f)
		hm_buf_addc(b, (char)c);
	else
		hm_buf_printf(b, "\\x%02x", c);
}

void
hm_buf_quote(struct hm_buf *b, hm_str s)
{
	hm_buf_addc(b, '"');
	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		size_t at = i;
		uint32_t r = hm_str_rune(s, &i);

		if (c < 0x80 || (r == 0xfffd && i == at + 1))
			quote_ascii(b, c);
		else if (hm_rune_is_print(r))
			hm_buf_add(b, s.p + at, i - at);
		else if (r < 0x10000)
			hm_buf_printf(b, "\\u%04x", r);
		else
			hm_buf_printf(b, "\\U%08x", r);
	}
	hm_buf_addc(b, '"');
}

hm_str
hm_str_quote(struct hm_arena *a, hm_str s)
{
	struct hm_buf b = { 0 };

	hm_buf_quote(&b, s);
	return hm_buf_take(&b, a);
}
