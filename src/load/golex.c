#include "load/golex.h"

#include <stdio.h>

#include "base/path.h"
#include "base/rune.h"
#include "load/goheader.h"

/* Cap on numbers in //line comments, as in the compiler. */
#define MAX_LINE ((uint64_t)1 << 30)

static const uint32_t bom = 0xfeff;

static struct hm_pos
physical(const struct hm_golex *l, size_t offset)
{
	struct hm_pos pos = { l->path, (uint32_t)offset, l->line, 0 };
	size_t start = l->line_start;

	if (offset < start) {
		pos.line = 1;
		start = 0;
		for (size_t i = 0; i < offset; i++)
			if (l->src.p[i] == '\n' && i + 1 < l->src.n) {
				pos.line++;
				start = i + 1;
			}
	}
	pos.col = (uint32_t)(offset - start) + 1;
	return pos;
}

struct hm_pos
hm_golex_pos(const struct hm_golex *l, size_t offset)
{
	struct hm_pos pos = physical(l, offset);
	const struct hm_golex_line *alt = NULL;

	for (size_t i = 0; i < l->lines.n && l->lines.v[i].offset <= offset; i++)
		alt = &l->lines.v[i];
	if (!alt)
		return pos;
	pos.file = alt->file;
	if (alt->col == 0)
		pos.col = 0;
	else if (pos.line == alt->at)
		pos.col = alt->col + (uint32_t)(offset - alt->offset);
	pos.line = alt->line + (pos.line - alt->at);
	return pos;
}

void
hm_golex_error(struct hm_golex *l, size_t offset, const char *fmt, ...)
{
	struct hm_scan_item item;
	va_list ap;

	if (!l->errors || l->errors->n >= HM_GOHEADER_MAX_ERRORS)
		return;
	va_start(ap, fmt);
	item.text = hm_arena_vprintf(l->a, fmt, ap);
	va_end(ap);
	item.pos = hm_golex_pos(l, offset);
	HM_PUSH(l->a, *l->errors, item);
}

/*
 * The character at l->i without taking it: its length in *w, errors reported by
 * take() only.
 */
static uint32_t
look(const struct hm_golex *l, size_t *w)
{
	unsigned char c;
	size_t i = l->i;
	uint32_t r;

	*w = 0;
	if (i >= l->src.n)
		return UINT32_MAX;
	c = (unsigned char)l->src.p[i];
	*w = 1;
	if (c < 0x80)
		return c;
	r = hm_str_rune(l->src, &i);
	*w = i - l->i;
	return r;
}

static void
complain(struct hm_golex *l, uint32_t r, size_t w)
{
	const unsigned char *p = (const unsigned char *)l->src.p;

	if (r == 0) {
		hm_golex_error(l, l->i, "illegal character NUL");
	} else if (r == 0xfffd && w == 1) {
		bool utf16 = l->i == 0 && l->src.n >= 2 &&
		             ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff));

		hm_golex_error(l, l->i, utf16 ? "illegal UTF-8 encoding (got UTF-16)"
		                              : "illegal UTF-8 encoding");
		if (utf16)
			l->i = l->src.n - 1;
	} else if (r == bom && l->i > 0) {
		hm_golex_error(l, l->i, "illegal byte order mark");
	}
}

/* go looks one character ahead, and complains about it then. */
static void
check_next(struct hm_golex *l)
{
	size_t w;
	uint32_t r;

	if (l->i < l->checked)
		return;
	l->checked = l->i + 1;
	r = look(l, &w);
	if (r != UINT32_MAX && (r == 0 || r >= 0x80))
		complain(l, r, w);
}

/* A line starts at l->i, unless the file ends here. */
static void
new_line(struct hm_golex *l)
{
	if (l->i < l->src.n) {
		l->line++;
		l->line_start = l->i;
	}
}

/* Takes one character and answers it; UINT32_MAX at the end. */
static uint32_t
take(struct hm_golex *l)
{
	size_t w;
	uint32_t r;

	check_next(l);
	r = look(l, &w);
	if (r == UINT32_MAX)
		return r;
	l->i += w;
	if (r == '\n')
		new_line(l);
	return r;
}

/* Is one of eight bytes zero? (Bits above a true one may be wrong.) */
static uint64_t
zero_byte(uint64_t x)
{
	return (x - 0x0101010101010101) & ~x & 0x8080808080808080;
}

/*
 * Skips what neither ends a line nor is complained of nor is `stop`, eight bytes at a
 * time; most of what is read of a file is the comment at its top.  What is left is
 * for take().
 */
static void
skip_plain(struct hm_golex *l, char stop)
{
	const uint64_t each = 0x0101010101010101, newline = each * '\n';
	const uint64_t other = each * (unsigned char)stop;
	uint64_t x;

	for (; l->src.n - l->i >= sizeof(x); l->i += sizeof(x)) {
		memcpy(&x, l->src.p + l->i, sizeof(x));
		if ((x & (each << 7)) || zero_byte(x) || zero_byte(x ^ newline) ||
		    zero_byte(x ^ other))
			break;
	}
}

static int
at(const struct hm_golex *l, size_t ahead)
{
	return l->i + ahead < l->src.n ? (unsigned char)l->src.p[l->i + ahead] : -1;
}

void
hm_golex_init(struct hm_golex *l, struct hm_arena *a, hm_str path, hm_str src,
              struct hm_scan_items *errors)
{
	memset(l, 0, sizeof(*l));
	l->a = a;
	l->path = path;
	l->src = src;
	l->errors = errors;
	l->line = 1;
	if (hm_str_has_prefix(src, HM_S("\xef\xbb\xbf")))
		l->i = 3;
	check_next(l);
}

static bool
is_letter(uint32_t r)
{
	return (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || r == '_' ||
	       (r >= 0x80 && r != UINT32_MAX && hm_rune_is_letter(r));
}

static bool
is_digit(uint32_t r)
{
	return (r >= '0' && r <= '9') || (r >= 0x80 && r != UINT32_MAX && hm_rune_is_digit(r));
}

static void
scan_ident(struct hm_golex *l)
{
	size_t w;
	uint32_t r;

	while (r = look(l, &w), is_letter(r) || is_digit(r)) {
		if (r < 0x80)
			l->i++;
		else
			take(l);
	}
}

/* Only the extent of a number matters here. */
static void
scan_number(struct hm_golex *l)
{
	bool hex = at(l, 0) == '0' && (at(l, 1) | 0x20) == 'x';
	int c;

	if (at(l, 0) == '0' && at(l, 1) > 0 && strchr("xXoObB", at(l, 1)))
		l->i += 2;
	for (; (c = at(l, 0)) > 0; l->i++) {
		bool exp = hex ? (c | 0x20) == 'p' : (c | 0x20) == 'e';

		if (exp && (at(l, 1) == '+' || at(l, 1) == '-'))
			l->i++;
		else if (!exp && !(c >= '0' && c <= '9') && c != '_' && c != '.' &&
		         !(hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
			break;
	}
	if (at(l, 0) == 'i')
		l->i++;
}

static int
digit_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

/* "U+0040 '@'", as %#U prints. */
static hm_str
rune_text(struct hm_arena *a, uint32_t r)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "U+%04X", (unsigned)r);
	if (hm_rune_is_print(r)) {
		hm_buf_addz(&b, " '");
		hm_buf_add_rune(&b, r);
		hm_buf_addc(&b, '\'');
	}
	return hm_buf_take(&b, a);
}

/* Behind a backslash. */
static bool
scan_escape(struct hm_golex *l, int quote)
{
	size_t start = l->i, w;
	int c = at(l, 0), n, base;
	uint32_t x = 0, max = 0x10ffff;

	if (c > 0 && (strchr("abfnrtv\\", c) || c == quote)) {
		l->i++;
		return true;
	}
	if (c >= '0' && c <= '7') {
		n = 3, base = 8, max = 255;
	} else if (c == 'x' || c == 'u' || c == 'U') {
		l->i++;
		n = c == 'x' ? 2 : c == 'u' ? 4 : 8;
		base = 16;
		max = c == 'x' ? 255 : max;
	} else {
		hm_golex_error(l, start, c < 0 ? "escape sequence not terminated"
		                               : "unknown escape sequence");
		return false;
	}
	for (; n > 0; n--, l->i++) {
		int d = digit_value(at(l, 0));

		if (at(l, 0) < 0) {
			hm_golex_error(l, l->i, "escape sequence not terminated");
			return false;
		}
		if (d >= base) {
			hm_golex_error(l, l->i, "illegal character " HM_F " in escape sequence",
			               HM_P(rune_text(l->a, look(l, &w))));
			return false;
		}
		x = x * (uint32_t)base + (uint32_t)d;
	}
	if (x > max || (x >= 0xd800 && x < 0xe000)) {
		hm_golex_error(l, start, "escape sequence is invalid Unicode code point");
		return false;
	}
	return true;
}

static void
scan_quoted(struct hm_golex *l, int quote)
{
	bool valid = true;
	size_t n = 0;
	uint32_t c;

	for (;;) {
		c = at(l, 0) < 0 || at(l, 0) == '\n' ? UINT32_MAX : take(l);
		if (c == UINT32_MAX) {
			if (quote == '"')
				hm_golex_error(l, l->offset, "string literal not terminated");
			else if (valid)
				hm_golex_error(l, l->offset, "rune literal not terminated");
			return;
		}
		if (c == (uint32_t)quote)
			break;
		n++;
		if (c == '\\' && !scan_escape(l, quote))
			valid = false;
	}
	if (quote == '\'' && valid && n != 1)
		hm_golex_error(l, l->offset, "illegal rune literal");
}

static void
scan_raw(struct hm_golex *l)
{
	uint32_t c;

	while ((c = take(l)) != '`')
		if (c == UINT32_MAX) {
			hm_golex_error(l, l->offset, "raw string literal not terminated");
			return;
		}
}

static bool
trailing_number(hm_str text, size_t *start, uint64_t *n)
{
	ptrdiff_t colon = hm_str_rindex_byte(text, ':');

	*start = (size_t)(colon + 1);
	*n = 0;
	if (colon < 0 || (size_t)colon + 1 == text.n)
		return false;
	for (size_t i = *start; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || *n > MAX_LINE * 10)
			return false;
		*n = *n * 10 + (uint64_t)(text.p[i] - '0');
	}
	return true;
}

/* A "line file:12" or "line file:12:3" comment; next: where it takes effect. */
static void
line_comment(struct hm_golex *l, hm_str text, size_t offset, size_t next)
{
	struct hm_golex_line info = { .offset = next, .at = l->line };
	size_t i, i2;
	uint64_t n, n2, line, col = 0;
	bool ok, two;
	hm_str all = text;

	ok = trailing_number(text, &i, &n);
	if (i == 0)
		return;
	if (!ok) {
		hm_golex_error(l, offset + i, "invalid line number: " HM_F,
		               HM_P(hm_str_from(text, i)));
		return;
	}
	line = n;
	two = trailing_number(hm_str_sub(text, 0, i - 1), &i2, &n2);
	if (two) {
		col = n;
		line = n2;
		if (col == 0 || col > MAX_LINE) {
			hm_golex_error(l, offset + i, "invalid column number: " HM_F,
			               HM_P(hm_str_from(all, i)));
			return;
		}
		text = hm_str_sub(text, 0, i - 1);
		i = i2;
	}
	if (line == 0 || line > MAX_LINE) {
		hm_golex_error(l, offset + i, "invalid line number: " HM_F,
		               HM_P(hm_str_from(text, i)));
		return;
	}
	info.file = hm_str_sub(text, 0, i - 1);
	if (info.file.n == 0 && two)
		info.file = hm_golex_pos(l, offset).file;
	else if (info.file.n > 0 && !hm_path_is_abs(info.file))
		info.file = hm_path_join(l->a, hm_path_dir(l->a, l->path), info.file);
	else if (info.file.n > 0)
		info.file = hm_path_clean(l->a, info.file);
	info.line = (uint32_t)line;
	info.col = (uint32_t)col;
	HM_PUSH(l->a, l->lines, info);
}

static hm_str
without_cr(struct hm_arena *a, hm_str s)
{
	struct hm_buf b = { 0 };
	bool block = s.n > 1 && s.p[1] == '*';

	if (hm_str_index_byte(s, '\r') < 0)
		return s;
	for (size_t i = 0; i < s.n; i++) {
		bool keep = block && b.n > 2 && b.p[b.n - 1] == '*' && i + 1 < s.n &&
		            s.p[i + 1] == '/';

		if (s.p[i] != '\r' || keep)
			hm_buf_addc(&b, s.p[i]);
	}
	return hm_buf_take(&b, a);
}

/* At the second character of a comment. */
static void
scan_comment(struct hm_golex *l)
{
	size_t start = l->offset, first_nl = 0, next;
	bool block = at(l, 0) == '*', closed = !block, line_start = start == l->line_start;
	hm_str text;
	uint32_t c = 0, prev;

	l->i++;
	if (!block) {
		for (skip_plain(l, '\n'); at(l, 0) >= 0 && at(l, 0) != '\n'; skip_plain(l, '\n'))
			take(l);
	} else {
		for (prev = 0;; prev = c) {
			if (prev != '*')
				skip_plain(l, '*');
			c = take(l);
			if (c == UINT32_MAX)
				break;
			if (c == '\n' && !first_nl)
				first_nl = l->i - 1;
			if (prev == '*' && c == '/') {
				closed = true;
				break;
			}
		}
		if (!closed)
			hm_golex_error(l, start, "comment not terminated");
	}
	text = hm_str_sub(l->src, start, l->i);
	if (!block && text.p[text.n - 1] == '\r')
		text.n--;
	next = l->i + (!block && at(l, 0) == '\n');
	if (closed && (block || line_start) &&
	    hm_str_has_prefix(hm_str_from(text, 2), HM_S("line ")))
		line_comment(l, hm_str_sub(text, 7, text.n - (block ? 2 : 0)), start + 7, next);
	if (l->lines.n && l->lines.v[l->lines.n - 1].offset == next)
		l->lines.v[l->lines.n - 1].at = l->line + !block;
	if (l->insert_semi && first_nl) {
		l->pending_semi = true;
		l->pending_at = first_nl;
		l->insert_semi = false;
	}
	l->text = without_cr(l->a, text);
	l->tok = HM_GOTOK_COMMENT;
}

/* Length of the operator at l->offset; its first byte is a punctuation mark. */
static size_t
operator_length(hm_str s)
{
	static const char *const ops[] = {
		"&^=", "<<=", ">>=", "...", "&^", "<<", ">>", "+=", "-=", "*=", "/=", "%=",
		"&=",  "|=",  "^=",  "&&",  "||", "<-", "++", "--", "==", "!=", "<=", ">=", ":=",
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (ops[i][0] == s.p[0] && hm_str_has_prefix(s, hm_str_of(ops[i])))
			return strlen(ops[i]);
	return 1;
}

static void
scan_operator(struct hm_golex *l, uint32_t c, size_t w)
{
	if (c < 0x80 && c && strchr("+-*/%&|^<>=!()[]{},;.:~", (int)c)) {
		size_t n = operator_length(hm_str_from(l->src, l->offset));

		l->i = l->offset + n;
		l->text = hm_str_sub(l->src, l->offset, l->i);
		l->tok = c == ';' ? HM_GOTOK_SEMICOLON : HM_GOTOK_OTHER;
		l->insert_semi = c == ')' || c == ']' || c == '}' || hm_str_eqz(l->text, "++") ||
		                 hm_str_eqz(l->text, "--");
		return;
	}
	take(l);
	l->text = hm_str_sub(l->src, l->offset, l->offset + w);
	l->tok = HM_GOTOK_ILLEGAL;
	if (c == bom)
		return;
	if (c == 0x201c || c == 0x201d)
		hm_golex_error(l, l->offset, "curly quotation mark '" HM_F "' (use neutral '\"')",
		               HM_P(l->text));
	else
		hm_golex_error(l, l->offset, "illegal character " HM_F,
		               HM_P(rune_text(l->a, c)));
}

static enum hm_gotok
word_token(hm_str s, bool *insert_semi)
{
	static const char *const keywords[] = {
		"break", "case", "chan", "const", "continue", "default", "defer", "else",
		"fallthrough", "for", "func", "go", "goto", "if", "import", "interface", "map",
		"package", "range", "return", "select", "struct", "switch", "type", "var",
	};

	*insert_semi = true;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (keywords[i][0] == s.p[0] && hm_str_eqz(s, keywords[i])) {
			*insert_semi = s.p[0] == 'b' || hm_str_eqz(s, "continue") ||
			               hm_str_eqz(s, "fallthrough") || hm_str_eqz(s, "return");
			return HM_GOTOK_OTHER;
		}
	return HM_GOTOK_IDENT;
}

static void
semicolon(struct hm_golex *l)
{
	l->insert_semi = false;
	l->tok = HM_GOTOK_SEMICOLON;
	l->text = HM_S("\n");
}

static void
skip_space(struct hm_golex *l)
{
	int c;

	while ((c = at(l, 0)) == ' ' || c == '\t' || c == '\r' || (c == '\n' && !l->insert_semi)) {
		l->i++;
		if (c == '\n')
			new_line(l);
	}
}

static void
next_token(struct hm_golex *l)
{
	size_t w;
	uint32_t c;

	if (l->pending_semi) {
		struct hm_pos pos = physical(l, l->pending_at);

		l->pending_semi = false;
		l->offset = l->pending_at;
		l->tok_line = pos.line;
		l->tok_col = pos.col;
		semicolon(l);
		return;
	}
	skip_space(l);
	l->offset = l->i;
	l->tok_line = l->line;
	l->tok_col = (uint32_t)(l->i - l->line_start) + 1;
	c = look(l, &w);
	if (is_letter(c)) {
		scan_ident(l);
		l->text = hm_str_sub(l->src, l->offset, l->i);
		l->tok = word_token(l->text, &l->insert_semi);
		return;
	}
	if ((c >= '0' && c <= '9') || (c == '.' && at(l, 1) >= '0' && at(l, 1) <= '9')) {
		scan_number(l);
		if (l->i == l->offset)
			take(l);
		l->tok = HM_GOTOK_NUMBER;
	} else if (c == UINT32_MAX) {
		l->text = HM_S("");
		if (l->insert_semi)
			semicolon(l);
		else
			l->tok = HM_GOTOK_EOF;
		return;
	} else if (c == '\n') {
		take(l);
		semicolon(l);
		return;
	} else if (c == '"' || c == '\'') {
		l->i++;
		scan_quoted(l, (int)c);
		l->tok = c == '"' ? HM_GOTOK_STRING : HM_GOTOK_CHAR;
	} else if (c == '`') {
		l->i++;
		scan_raw(l);
		l->tok = HM_GOTOK_STRING;
	} else if (c == '/' && (at(l, 1) == '/' || at(l, 1) == '*')) {
		l->i++;
		scan_comment(l);
		return;
	} else {
		scan_operator(l, c, w);
		return;
	}
	l->text = hm_str_sub(l->src, l->offset, l->i);
	l->insert_semi = true;
}

void
hm_golex_next(struct hm_golex *l)
{
	next_token(l);
	check_next(l);
}
