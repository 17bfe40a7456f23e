#include "codec/json_check.h"

#include <stdio.h>

#include "codec/json.h"

/* What the text may go on with. */
enum want {
	WANT_VALUE,
	WANT_VALUE_OR_CLOSE, /* just behind [ */
	WANT_KEY,
	WANT_KEY_OR_CLOSE,   /* just behind { */
	WANT_COLON,
	WANT_MORE,           /* comma or end of the container, or the end */
};

struct check {
	hm_str s;
	size_t i;
	enum want want;
	unsigned depth;
	char open[HM_JSON_MAX_DEPTH]; /* '{' or '[' of each level */
	bool plain;
	struct hm_err *err;
};

static int
fail_end(struct check *c)
{
	return hm_err_set(c->err, HM_ESYNTAX, "unexpected end of JSON input");
}

/* At the end of the text Go names the space that it tries there. */
static int
fail(struct check *c, const char *context)
{
	unsigned char ch = c->i < c->s.n ? (unsigned char)c->s.p[c->i] : ' ';
	struct hm_buf rune = { 0 }, quoted = { 0 };

	/* The byte alone as a code point, whatever it is part of. */
	hm_buf_add_rune(&rune, ch);
	hm_buf_quote(&quoted, hm_buf_str(&rune));
	if (ch == '"' || ch == '\'')
		hm_err_set(c->err, HM_ESYNTAX, "invalid character '%s' %s",
		           ch == '"' ? "\"" : "\\'", context);
	else
		hm_err_set(c->err, HM_ESYNTAX, "invalid character '%.*s' %s", (int)quoted.n - 2,
		           quoted.p + 1, context);
	hm_buf_free(&rune);
	hm_buf_free(&quoted);
	return -1;
}

static char
peek(const struct check *c)
{
	return c->i < c->s.n ? c->s.p[c->i] : '\0';
}

static bool
is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static int
hex4(struct check *c, unsigned *out)
{
	*out = 0;
	for (int k = 0; k < 4; k++, c->i++) {
		char ch = peek(c);
		unsigned d;

		if (is_digit(ch))
			d = (unsigned)(ch - '0');
		else if (ch >= 'a' && ch <= 'f')
			d = (unsigned)(ch - 'a') + 10;
		else if (ch >= 'A' && ch <= 'F')
			d = (unsigned)(ch - 'A') + 10;
		else
			return fail(c, "in \\u hexadecimal character escape");
		*out = *out << 4 | d;
	}
	return 0;
}

/* Behind \u: four digits, and the second half when they are the first of a pair. */
static int
unicode_escape(struct check *c)
{
	unsigned u, low;

	if (hex4(c, &u) < 0)
		return -1;
	if (u < 0xd800 || u > 0xdfff)
		return 0;
	if (u > 0xdbff || c->i + 6 > c->s.n || c->s.p[c->i] != '\\' || c->s.p[c->i + 1] != 'u') {
		c->plain = false;
		return 0;
	}
	c->i += 2;
	if (hex4(c, &low) < 0)
		return -1;
	if (low < 0xdc00 || low > 0xdfff) {
		c->plain = false;
		c->i -= 6; /* may be the first half of another pair */
	}
	return 0;
}

static int
string(struct check *c)
{
	for (c->i++; c->i < c->s.n; c->i++) {
		unsigned char ch = (unsigned char)c->s.p[c->i];

		if (ch == '"') {
			c->i++;
			return 0;
		}
		if (ch < 0x20)
			return fail(c, "in string literal");
		if (ch != '\\')
			continue;
		c->i++;
		if (peek(c) == 'u' && c->i < c->s.n) {
			c->i++;
			if (unicode_escape(c) < 0)
				return -1;
			c->i--;
		} else if (!peek(c) || !strchr("bfnrt\\/\"", peek(c))) {
			return fail(c, "in string escape code");
		}
	}
	return fail_end(c);
}

static int
digits(struct check *c, const char *context)
{
	if (!is_digit(peek(c)))
		return fail(c, context);
	while (is_digit(peek(c)))
		c->i++;
	return 0;
}

static int
number(struct check *c)
{
	if (peek(c) == '-')
		c->i++;
	if (peek(c) == '0')
		c->i++;
	else if (digits(c, "in numeric literal") < 0)
		return -1;
	if (peek(c) == '.') {
		c->i++;
		if (digits(c, "after decimal point in numeric literal") < 0)
			return -1;
	}
	if (peek(c) == 'e' || peek(c) == 'E') {
		c->i++;
		if (peek(c) == '+' || peek(c) == '-')
			c->i++;
		return digits(c, "in exponent of numeric literal");
	}
	return 0;
}

static int
literal(struct check *c, const char *word)
{
	char context[] = "in literal false (expecting 'x')";

	for (const char *w = word; *w; w++, c->i++)
		if (peek(c) != *w) {
			snprintf(context, sizeof(context), "in literal %s (expecting '%c')", word,
			         *w);
			return fail(c, context);
		}
	return 0;
}

static int
open_container(struct check *c, unsigned max_depth, char ch)
{
	if (c->depth == max_depth || c->depth == HM_JSON_MAX_DEPTH)
		return hm_err_set(c->err, HM_ELIMIT, "invalid character '%c' exceeded max depth",
		                  ch);
	c->open[c->depth++] = ch;
	c->want = ch == '{' ? WANT_KEY_OR_CLOSE : WANT_VALUE_OR_CLOSE;
	c->i++;
	return 0;
}

static void
close_container(struct check *c)
{
	c->depth--;
	c->want = WANT_MORE;
	c->i++;
}

static int
value(struct check *c, unsigned max_depth)
{
	char ch = peek(c);

	if (ch == '{' || ch == '[')
		return open_container(c, max_depth, ch);
	c->want = WANT_MORE;
	switch (ch) {
	case '"':
		return string(c);
	case 't':
		return literal(c, "true");
	case 'f':
		return literal(c, "false");
	case 'n':
		return literal(c, "null");
	default:
		if (ch == '-' || is_digit(ch))
			return number(c);
		return fail(c, "looking for beginning of value");
	}
}

/* Behind a value inside a container. */
static int
more(struct check *c)
{
	bool object = c->open[c->depth - 1] == '{';

	if (peek(c) == (object ? '}' : ']')) {
		close_container(c);
		return 0;
	}
	if (peek(c) != ',')
		return fail(c, object ? "after object key:value pair" : "after array element");
	c->want = object ? WANT_KEY : WANT_VALUE;
	c->i++;
	return 0;
}

static int
step(struct check *c, unsigned max_depth)
{
	char ch = peek(c);

	if (c->i >= c->s.n)
		return fail_end(c);
	switch (c->want) {
	case WANT_KEY_OR_CLOSE:
	case WANT_VALUE_OR_CLOSE:
		if (ch == (c->want == WANT_KEY_OR_CLOSE ? '}' : ']')) {
			close_container(c);
			return 0;
		}
		c->want = c->want == WANT_KEY_OR_CLOSE ? WANT_KEY : WANT_VALUE;
		return 0;
	case WANT_KEY:
		if (ch != '"')
			return fail(c, "looking for beginning of object key string");
		c->want = WANT_COLON;
		return string(c);
	case WANT_COLON:
		if (ch != ':')
			return fail(c, "after object key");
		c->want = WANT_VALUE;
		c->i++;
		return 0;
	case WANT_VALUE:
		return value(c, max_depth);
	case WANT_MORE:
		break;
	}
	return more(c);
}

int
hm_json_check(hm_str text, unsigned max_depth, bool *plain, struct hm_err *err)
{
	struct check c = { .s = text, .err = err, .plain = hm_str_is_utf8(text) };

	for (;;) {
		while (peek(&c) && strchr(" \t\r\n", peek(&c)))
			c.i++;
		if (c.want == WANT_MORE && c.depth == 0)
			break;
		if (step(&c, max_depth) < 0)
			return -1;
	}
	if (c.i < text.n)
		return fail(&c, "after top-level value");
	*plain = c.plain;
	return 0;
}
