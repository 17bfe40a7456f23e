/* Tokens of a template (text/template/parse lex.go). */
#include "base/rune.h"
#include "load/template_priv.h"

#define END UINT32_MAX

static uint32_t
peek(const struct hm_tlexer *l)
{
	size_t i = l->pos;

	return i < l->in.n ? hm_str_rune(l->in, &i) : END;
}

static uint32_t
next(struct hm_tlexer *l)
{
	return l->pos < l->in.n ? hm_str_rune(l->in, &l->pos) : END;
}

static bool
has(const struct hm_tlexer *l, size_t at, const char *s)
{
	return at <= l->in.n && hm_str_has_prefix(hm_str_from(l->in, at), hm_str_of(s));
}

static bool
is_space(uint32_t r)
{
	return r == ' ' || r == '\t' || r == '\r' || r == '\n';
}

static bool
is_alnum(uint32_t r)
{
	return r == '_' || (r != END && (hm_rune_is_letter(r) || hm_rune_is_digit(r)));
}

static bool
space_at(const struct hm_tlexer *l, size_t at)
{
	return at < l->in.n && is_space((unsigned char)l->in.p[at]);
}

/* "- " behind {{, " -" before }} */
static bool
left_trim(const struct hm_tlexer *l, size_t at)
{
	return at + 1 < l->in.n && l->in.p[at] == '-' && space_at(l, at + 1);
}

static bool
right_trim(const struct hm_tlexer *l, size_t at)
{
	return space_at(l, at) && has(l, at + 1, "-}}");
}

static unsigned
line_of(const struct hm_tlexer *l, size_t pos)
{
	unsigned line = 1;

	for (size_t i = 0; i < pos && i < l->in.n; i++)
		line += l->in.p[i] == '\n';
	return line;
}

static struct hm_titem
emit(struct hm_tlexer *l, enum hm_titem_kind kind)
{
	struct hm_titem it = { kind, l->start, hm_str_sub(l->in, l->start, l->pos),
		               line_of(l, l->start) };

	l->start = l->pos;
	return it;
}

static struct hm_titem fail(struct hm_tlexer *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static struct hm_titem
fail(struct hm_tlexer *l, const char *fmt, ...)
{
	struct hm_titem it = { HM_TI_ERROR, l->start, { 0 }, line_of(l, l->start) };
	va_list ap;

	va_start(ap, fmt);
	it.val = hm_arena_vprintf(l->a, fmt, ap);
	va_end(ap);
	l->failed = true;
	return it;
}

static hm_str
rune_text(struct hm_arena *a, uint32_t r)
{
	struct hm_buf b = { 0 };

	if (r == END)
		return HM_S("U+FFFFFFFFFFFFFFFF");
	hm_buf_printf(&b, "U+%04X", (unsigned)r);
	if (hm_rune_is_print(r)) {
		hm_buf_addz(&b, " '");
		hm_buf_add_rune(&b, r);
		hm_buf_addc(&b, '\'');
	}
	return hm_buf_take(&b, a);
}

static void
skip_spaces(struct hm_tlexer *l)
{
	while (space_at(l, l->pos))
		l->pos++;
}

/* At "/ *": false when the comment is broken (*it says how). */
static bool
skip_comment(struct hm_tlexer *l, struct hm_titem *it)
{
	ptrdiff_t end = hm_str_index(hm_str_from(l->in, l->pos + 2), HM_S("*/"));
	bool trim;

	l->start = l->pos;
	if (end < 0) {
		*it = fail(l, "unclosed comment");
		return false;
	}
	l->pos += (size_t)end + 4;
	trim = right_trim(l, l->pos);
	if (!trim && !has(l, l->pos, "}}")) {
		*it = fail(l, "comment ends before closing delimiter");
		return false;
	}
	l->pos += trim ? 4 : 2;
	if (trim)
		skip_spaces(l);
	l->start = l->pos;
	return true;
}

static struct hm_titem
lex_text(struct hm_tlexer *l)
{
	struct hm_titem it = { 0 };

	for (;;) {
		ptrdiff_t x = hm_str_index(hm_str_from(l->in, l->pos), HM_S("{{"));
		size_t delim, marker;

		if (x < 0) {
			l->pos = l->in.n;
			return emit(l, l->pos > l->start ? HM_TI_TEXT : HM_TI_EOF);
		}
		delim = l->pos + (size_t)x;
		if (x > 0) {
			l->pos = delim;
			while (left_trim(l, delim + 2) && l->pos > l->start &&
			       space_at(l, l->pos - 1))
				l->pos--;
			it = emit(l, HM_TI_TEXT);
			l->pos = l->start = delim;
			if (it.val.n > 0)
				return it;
		}
		marker = left_trim(l, delim + 2) ? 2 : 0;
		if (!has(l, delim + 2 + marker, "/*")) {
			l->pos = delim + 2;
			it = emit(l, HM_TI_LEFT_DELIM);
			l->pos = l->start = delim + 2 + marker;
			l->inside = true;
			l->parens = 0;
			return it;
		}
		l->pos = delim + 2 + marker;
		if (!skip_comment(l, &it))
			return it;
	}
}

static struct hm_titem
right_delim(struct hm_tlexer *l)
{
	bool trim = right_trim(l, l->pos);
	struct hm_titem it;

	if (trim)
		l->start = l->pos += 2;
	l->pos += 2;
	it = emit(l, HM_TI_RIGHT_DELIM);
	if (trim)
		skip_spaces(l);
	l->start = l->pos;
	l->inside = false;
	return it;
}

static bool
at_terminator(const struct hm_tlexer *l)
{
	uint32_t r = peek(l);

	return r == END || is_space(r) || (r < 0x80 && r && strchr(".,|:)(", (int)r)) ||
	       has(l, l->pos, "}}");
}

static enum hm_titem_kind
keyword(hm_str word)
{
	static const struct {
		const char *word;
		enum hm_titem_kind kind;
	} keys[] = {
		{ "block", HM_TI_BLOCK }, { "break", HM_TI_BREAK },
		{ "continue", HM_TI_CONTINUE }, { "define", HM_TI_DEFINE },
		{ "else", HM_TI_ELSE }, { "end", HM_TI_END }, { "if", HM_TI_IF },
		{ "range", HM_TI_RANGE }, { "nil", HM_TI_NIL },
		{ "template", HM_TI_TEMPLATE }, { "with", HM_TI_WITH },
		{ "true", HM_TI_BOOL }, { "false", HM_TI_BOOL },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (hm_str_eqz(word, keys[i].word))
			return keys[i].kind;
	return HM_TI_IDENT;
}

/* Letters and digits, then something that may follow a word. */
static struct hm_titem
lex_word(struct hm_tlexer *l, enum hm_titem_kind kind)
{
	while (is_alnum(peek(l)))
		next(l);
	if (!at_terminator(l))
		return fail(l, "bad character " HM_F, HM_P(rune_text(l->a, peek(l))));
	if (kind == HM_TI_IDENT)
		kind = keyword(hm_str_sub(l->in, l->start, l->pos));
	return emit(l, kind);
}

static bool
accept(struct hm_tlexer *l, const char *set)
{
	uint32_t r = peek(l);

	if (r >= 0x80 || !r || !strchr(set, (int)r))
		return false;
	l->pos++;
	return true;
}

static bool
scan_number(struct hm_tlexer *l)
{
	const char *digits = "0123456789_";

	accept(l, "+-");
	if (accept(l, "0")) {
		if (accept(l, "xX"))
			digits = "0123456789abcdefABCDEF_";
		else if (accept(l, "oO"))
			digits = "01234567_";
		else if (accept(l, "bB"))
			digits = "01_";
	}
	while (accept(l, digits))
		;
	if (accept(l, "."))
		while (accept(l, digits))
			;
	if (strlen(digits) == 11 && accept(l, "eE")) {
		accept(l, "+-");
		while (accept(l, "0123456789_"))
			;
	}
	if (strlen(digits) == 23 && accept(l, "pP")) {
		accept(l, "+-");
		while (accept(l, "0123456789_"))
			;
	}
	accept(l, "i");
	if (is_alnum(peek(l))) {
		next(l);
		return false;
	}
	return true;
}

static struct hm_titem
lex_number(struct hm_tlexer *l)
{
	bool ok = scan_number(l), complex = false;

	if (ok && (peek(l) == '+' || peek(l) == '-')) {
		complex = true;
		ok = scan_number(l) && l->in.p[l->pos - 1] == 'i';
	}
	if (!ok)
		return fail(l, "bad number syntax: " HM_F,
		            HM_P(hm_str_quote(l->a, hm_str_sub(l->in, l->start, l->pos))));
	return emit(l, complex ? HM_TI_COMPLEX : HM_TI_NUMBER);
}

static struct hm_titem
lex_quoted(struct hm_tlexer *l, uint32_t quote, enum hm_titem_kind kind, const char *what)
{
	for (;;) {
		uint32_t r = next(l);

		if (r == '\\' && quote != '`') {
			r = next(l);
			if (r != END && r != '\n')
				continue;
		}
		if (r == quote)
			return emit(l, kind);
		if (r == END || (r == '\n' && quote != '`'))
			return fail(l, "unterminated %s", what);
	}
}

static struct hm_titem
lex_dot(struct hm_tlexer *l)
{
	uint32_t after;

	l->pos++;
	after = peek(l);
	if (after >= '0' && after <= '9') {
		l->pos--;
		return lex_number(l);
	}
	return at_terminator(l) ? emit(l, HM_TI_DOT) : lex_word(l, HM_TI_FIELD);
}

static struct hm_titem
lex_space(struct hm_tlexer *l)
{
	while (space_at(l, l->pos))
		l->pos++;
	/* the last space may belong to " -}}" */
	if (right_trim(l, l->pos - 1)) {
		l->pos--;
		if (l->pos == l->start)
			return right_delim(l);
	}
	return emit(l, HM_TI_SPACE);
}

static struct hm_titem
lex_mark(struct hm_tlexer *l)
{
	uint32_t r = next(l);

	switch (r) {
	case '=':
		return emit(l, HM_TI_ASSIGN);
	case ':':
		return next(l) == '=' ? emit(l, HM_TI_DECLARE) : fail(l, "expected :=");
	case '|':
		return emit(l, HM_TI_PIPE);
	case '"':
		return lex_quoted(l, '"', HM_TI_STRING, "quoted string");
	case '`':
		return lex_quoted(l, '`', HM_TI_RAW_STRING, "raw quoted string");
	case '\'':
		return lex_quoted(l, '\'', HM_TI_CHAR_CONSTANT, "character constant");
	case '$':
		return lex_word(l, HM_TI_VARIABLE);
	case '(':
		l->parens++;
		return emit(l, HM_TI_LEFT_PAREN);
	case ')':
		if (--l->parens < 0)
			return fail(l, "unexpected right paren");
		return emit(l, HM_TI_RIGHT_PAREN);
	default:
		if (r >= 0x20 && r < 0x7f)
			return emit(l, HM_TI_CHAR);
		return fail(l, "unrecognized character in action: " HM_F,
		            HM_P(rune_text(l->a, r)));
	}
}

static struct hm_titem
lex_inside(struct hm_tlexer *l)
{
	uint32_t r = peek(l);

	if (has(l, l->pos, "}}") || right_trim(l, l->pos))
		return l->parens == 0 ? right_delim(l) : fail(l, "unclosed left paren");
	if (r == END)
		return fail(l, "unclosed action");
	if (is_space(r))
		return lex_space(l);
	if (r == '.')
		return lex_dot(l);
	if (r == '+' || r == '-' || (r >= '0' && r <= '9'))
		return lex_number(l);
	if (is_alnum(r))
		return lex_word(l, HM_TI_IDENT);
	return lex_mark(l);
}

struct hm_titem
hm_tlex_next(struct hm_tlexer *l)
{
	if (l->failed)
		return (struct hm_titem){ HM_TI_EOF, l->pos, HM_S("EOF"), line_of(l, l->pos) };
	return l->inside ? lex_inside(l) : lex_text(l);
}
