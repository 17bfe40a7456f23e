#include "mod/modtext.h"

#include "base/rune.h"

static uint32_t
last_rune(hm_str s, size_t *start)
{
	size_t i = s.n - 1, end;
	uint32_t r;

	while (i > 0 && s.n - i < 4 && ((unsigned char)s.p[i] & 0xc0) == 0x80)
		i--;
	end = i;
	r = hm_str_rune(s, &end);
	if (end != s.n) { /* not one whole code point */
		i = s.n - 1;
		r = 0xfffd;
	}
	*start = i;
	return r;
}

hm_str
hm_modtext_trim(hm_str s)
{
	size_t i;

	while (s.n) {
		i = 0;
		if (!hm_rune_is_space(hm_str_rune(s, &i)))
			break;
		s = hm_str_from(s, i);
	}
	while (s.n && hm_rune_is_space(last_rune(s, &i)))
		s.n = i;
	return s;
}

void
hm_modtext_quote_rune(struct hm_buf *b, uint32_t r)
{
	struct hm_buf one = { 0 }, quoted = { 0 };
	hm_str q;

	if (r == '"' || r == '\'') { /* which of them is escaped depends on the quote */
		hm_buf_addz(b, r == '"' ? "'\"'" : "'\\''");
		return;
	}
	hm_buf_add_rune(&one, r);
	hm_buf_quote(&quoted, hm_buf_str(&one));
	q = hm_buf_str(&quoted);
	hm_buf_addc(b, '\'');
	hm_buf_adds(b, hm_str_sub(q, 1, q.n - 1));
	hm_buf_addc(b, '\'');
	hm_buf_free(&one);
	hm_buf_free(&quoted);
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* n digits of the given base off the front of s. */
static bool
take_number(hm_str *s, size_t n, uint32_t base, uint32_t *out)
{
	if (s->n < n)
		return false;
	for (*out = 0; n > 0; n--) {
		uint32_t d = (uint32_t)digit_value(s->p[0]);

		if (d >= base)
			return false;
		*out = *out * base + d;
		*s = hm_str_from(*s, 1);
	}
	return true;
}

/* What follows a backslash in "...". */
static bool
unescape(hm_str *s, struct hm_buf *b)
{
	static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
	uint32_t r;
	char c;
	const char *at;

	if (s->n == 0)
		return false;
	c = s->p[0];
	at = memchr(from, c, sizeof(from) - 1);
	if (at) {
		hm_buf_addc(b, to[at - from]);
		*s = hm_str_from(*s, 1);
		return true;
	}
	if (c >= '0' && c <= '7') {
		if (!take_number(s, 3, 8, &r) || r > 255)
			return false;
		hm_buf_addc(b, (char)r);
		return true;
	}
	*s = hm_str_from(*s, 1);
	if (c == 'x') {
		if (!take_number(s, 2, 16, &r))
			return false;
		hm_buf_addc(b, (char)r);
		return true;
	}
	if ((c != 'u' && c != 'U') || !take_number(s, c == 'u' ? 4 : 8, 16, &r))
		return false;
	if (r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		return false;
	hm_buf_add_rune(b, r);
	return true;
}

static bool
unquote_double(hm_str s, struct hm_buf *b)
{
	while (s.n) {
		size_t i = 0;
		uint32_t r;

		if (s.p[0] == '"' || s.p[0] == '\n')
			return false;
		if (s.p[0] == '\\') {
			s = hm_str_from(s, 1);
			if (!unescape(&s, b))
				return false;
			continue;
		}
		r = hm_str_rune(s, &i);
		hm_buf_add_rune(b, r);
		s = hm_str_from(s, i);
	}
	return true;
}

static bool
unquote_raw(hm_str s, struct hm_buf *b)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '`')
			return false;
		if (s.p[i] != '\r')
			hm_buf_addc(b, s.p[i]);
	}
	return true;
}

bool
hm_modtext_unquote(struct hm_arena *a, hm_str s, hm_str *out)
{
	struct hm_buf b = { 0 };
	hm_str body;
	bool ok;

	if (s.n < 2 || s.p[0] != s.p[s.n - 1] || (s.p[0] != '"' && s.p[0] != '`'))
		return false;
	body = hm_str_sub(s, 1, s.n - 1);
	ok = s.p[0] == '"' ? unquote_double(body, &b) : unquote_raw(body, &b);
	*out = hm_buf_take(&b, a);
	return ok;
}
