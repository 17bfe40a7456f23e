#include "load/constraint.h"

#include "base/rune.h"

/* Operators of a // +build line; more is "too complex". */
#define MAX_OLD_SIZE 100

struct parser {
	struct hm_arena *a;
	struct hm_err *err;
	hm_str s;
	size_t i;      /* next byte to read */
	hm_str tok;    /* last token; empty at the end */
	bool is_tag;
	int size;      /* operands so far */
	int parens;    /* open ones; bounded by size */
};

static const struct hm_constraint *parse_or(struct parser *p);

static const struct hm_constraint *
node(struct hm_arena *a, enum hm_constraint_op op, const struct hm_constraint *x,
     const struct hm_constraint *y)
{
	struct hm_constraint *n = HM_NEW(a, struct hm_constraint);

	n->op = op;
	n->x = x;
	n->y = y;
	return n;
}

static const struct hm_constraint *
tag(struct hm_arena *a, hm_str name)
{
	struct hm_constraint *n = HM_NEW(a, struct hm_constraint);

	n->op = HM_CONSTRAINT_TAG;
	n->tag = name;
	return n;
}

static bool
is_tag_rune(uint32_t r)
{
	return hm_rune_is_letter(r) || hm_rune_is_digit(r) || r == '_' || r == '.';
}

/* One token into p->tok; false on a syntax error. */
static bool
lex(struct parser *p)
{
	size_t start, end;
	char c;

	p->is_tag = false;
	while (p->i < p->s.n && (p->s.p[p->i] == ' ' || p->s.p[p->i] == '\t'))
		p->i++;
	start = end = p->i;
	p->tok = hm_str_sub(p->s, start, start);
	if (start >= p->s.n)
		return true;
	c = p->s.p[start];
	if (c == '(' || c == ')' || c == '!') {
		end = start + 1;
	} else if (c == '&' || c == '|') {
		if (start + 1 >= p->s.n || p->s.p[start + 1] != c) {
			hm_err_set(p->err, HM_ESYNTAX, "invalid syntax at %c", c);
			return false;
		}
		end = start + 2;
	} else {
		while (end < p->s.n) {
			size_t next = end;

			if (!is_tag_rune(hm_str_rune(p->s, &next)))
				break;
			end = next;
		}
		if (end == start) {
			struct hm_buf b = { 0 };

			hm_buf_add_rune(&b, hm_str_rune(p->s, &end));
			hm_err_set(p->err, HM_ESYNTAX, "invalid syntax at " HM_F,
			           HM_P(hm_buf_str(&b)));
			hm_buf_free(&b);
			return false;
		}
		p->is_tag = true;
	}
	p->tok = hm_str_sub(p->s, start, end);
	p->i = end;
	return true;
}

static const struct hm_constraint *
unexpected(struct parser *p)
{
	if (p->tok.n == 0 && p->parens > 0)
		hm_err_set(p->err, HM_ESYNTAX, "missing close paren");
	else if (p->tok.n == 0)
		hm_err_set(p->err, HM_ESYNTAX, "unexpected end of expression");
	else
		hm_err_set(p->err, HM_ESYNTAX, "unexpected token " HM_F, HM_P(p->tok));
	return NULL;
}

/* The first token of the atom is in p->tok. */
static const struct hm_constraint *
parse_atom(struct parser *p)
{
	const struct hm_constraint *x;

	if (hm_str_eqz(p->tok, "(")) {
		p->parens++;
		x = parse_or(p);
		if (!x)
			return NULL;
		if (!hm_str_eqz(p->tok, ")")) {
			hm_err_set(p->err, HM_ESYNTAX, "missing close paren");
			return NULL;
		}
		p->parens--;
		return lex(p) ? x : NULL;
	}
	if (!p->is_tag)
		return unexpected(p);
	x = tag(p->a, p->tok);
	return lex(p) ? x : NULL;
}

static const struct hm_constraint *
parse_not(struct parser *p)
{
	const struct hm_constraint *x;

	if (++p->size > HM_CONSTRAINT_MAX_SIZE) {
		hm_err_set(p->err, HM_ESYNTAX, "build expression too large");
		return NULL;
	}
	if (!lex(p))
		return NULL;
	if (!hm_str_eqz(p->tok, "!"))
		return parse_atom(p);
	if (!lex(p))
		return NULL;
	if (hm_str_eqz(p->tok, "!")) {
		hm_err_set(p->err, HM_ESYNTAX, "double negation not allowed");
		return NULL;
	}
	x = parse_atom(p);
	return x ? node(p->a, HM_CONSTRAINT_NOT, x, NULL) : NULL;
}

static const struct hm_constraint *
parse_and(struct parser *p)
{
	const struct hm_constraint *x = parse_not(p);

	while (x && hm_str_eqz(p->tok, "&&")) {
		const struct hm_constraint *y = parse_not(p);

		x = y ? node(p->a, HM_CONSTRAINT_AND, x, y) : NULL;
	}
	return x;
}

static const struct hm_constraint *
parse_or(struct parser *p)
{
	const struct hm_constraint *x = parse_and(p);

	while (x && hm_str_eqz(p->tok, "||")) {
		const struct hm_constraint *y = parse_and(p);

		x = y ? node(p->a, HM_CONSTRAINT_OR, x, y) : NULL;
	}
	return x;
}

static int
parse_go_build(struct hm_arena *a, hm_str text, const struct hm_constraint **out,
               struct hm_err *err)
{
	struct parser p = { .a = a, .err = err, .s = text };
	const struct hm_constraint *x = parse_or(&p);

	if (!x)
		return -1;
	if (p.tok.n > 0)
		return hm_err_set(err, HM_ESYNTAX, "unexpected token " HM_F, HM_P(p.tok));
	*out = x;
	return 0;
}

static bool
is_valid_tag(hm_str word)
{
	for (size_t i = 0; i < word.n;)
		if (!is_tag_rune(hm_str_rune(word, &i)))
			return false;
	return word.n > 0;
}

/* "!tag" of an old-style line; what go cannot read counts as "ignore". */
static const struct hm_constraint *
old_literal(struct hm_arena *a, hm_str lit)
{
	bool neg = false;
	const struct hm_constraint *x;

	if (hm_str_has_prefix(lit, HM_S("!!")) || hm_str_eqz(lit, "!"))
		return tag(a, HM_S("ignore"));
	neg = hm_str_cut_prefix(&lit, HM_S("!"));
	x = tag(a, is_valid_tag(lit) ? lit : HM_S("ignore"));
	return neg ? node(a, HM_CONSTRAINT_NOT, x, NULL) : x;
}

/* Words are alternatives, commas inside a word mean "and". */
static int
parse_plus_build(struct hm_arena *a, hm_str text, const struct hm_constraint **out,
                 struct hm_err *err)
{
	const struct hm_constraint *x = NULL, *y;
	hm_str clause, lit;
	int size = 0;

	while (hm_str_next_field(&text, &clause)) {
		y = NULL;
		while (hm_str_next(&clause, ',', &lit)) {
			const struct hm_constraint *z = old_literal(a, lit);

			if (y && ++size > MAX_OLD_SIZE)
				goto complex;
			y = y ? node(a, HM_CONSTRAINT_AND, y, z) : z;
		}
		if (x && ++size > MAX_OLD_SIZE)
			goto complex;
		x = x ? node(a, HM_CONSTRAINT_OR, x, y) : y;
	}
	*out = x ? x : tag(a, HM_S("ignore"));
	return 0;
complex:
	return hm_err_set(err, HM_ESYNTAX, "expression too complex for // +build lines");
}

/* After the keyword: the rest without spaces; false when the keyword goes on ("+buildx"). */
static bool
split_rest(hm_str line, hm_str *text)
{
	*text = hm_str_trim(line);
	return line.n == 0 || text->n < line.n;
}

static bool
one_line(hm_str *line)
{
	if (line->n > 0 && line->p[line->n - 1] == '\n')
		line->n--;
	return hm_str_index_byte(*line, '\n') < 0;
}

static bool
split_go_build(hm_str line, hm_str *text)
{
	bool spaced;

	if (!one_line(&line) || !hm_str_has_prefix(line, HM_S("//go:build")))
		return false;
	line = hm_str_trim(line);
	spaced = hm_str_cut_prefix(&line, HM_S("//go:build"));
	return spaced && split_rest(line, text);
}

static bool
split_plus_build(hm_str line, hm_str *text)
{
	if (!one_line(&line) || !hm_str_cut_prefix(&line, HM_S("//")))
		return false;
	line = hm_str_trim(line);
	return hm_str_cut_prefix(&line, HM_S("+build")) && split_rest(line, text);
}

bool
hm_constraint_is_go_build(hm_str line)
{
	hm_str text;

	return split_go_build(line, &text);
}

bool
hm_constraint_is_plus_build(hm_str line)
{
	hm_str text;

	return split_plus_build(line, &text);
}

int
hm_constraint_parse(struct hm_arena *a, hm_str line, const struct hm_constraint **out,
                    struct hm_err *err)
{
	hm_str text;

	if (split_go_build(line, &text))
		return parse_go_build(a, text, out, err);
	if (split_plus_build(line, &text))
		return parse_plus_build(a, text, out, err);
	return hm_err_set(err, HM_ESYNTAX, "not a build constraint");
}

bool
hm_constraint_eval(const struct hm_constraint *x, bool (*has)(void *ctx, hm_str tag), void *ctx)
{
	switch (x->op) {
	case HM_CONSTRAINT_TAG:
		return has(ctx, x->tag);
	case HM_CONSTRAINT_NOT:
		return !hm_constraint_eval(x->x, has, ctx);
	case HM_CONSTRAINT_AND: {
		/* go looks at both sides; has() must not depend on it */
		return hm_constraint_eval(x->x, has, ctx) && hm_constraint_eval(x->y, has, ctx);
	}
	case HM_CONSTRAINT_OR:
		return hm_constraint_eval(x->x, has, ctx) || hm_constraint_eval(x->y, has, ctx);
	}
	return false;
}

static void print(struct hm_buf *b, const struct hm_constraint *x);

static void
print_in(struct hm_buf *b, const struct hm_constraint *x, bool parens)
{
	if (parens)
		hm_buf_addc(b, '(');
	print(b, x);
	if (parens)
		hm_buf_addc(b, ')');
}

static void
print(struct hm_buf *b, const struct hm_constraint *x)
{
	switch (x->op) {
	case HM_CONSTRAINT_TAG:
		hm_buf_adds(b, x->tag);
		break;
	case HM_CONSTRAINT_NOT:
		hm_buf_addc(b, '!');
		print_in(b, x->x, x->x->op == HM_CONSTRAINT_AND || x->x->op == HM_CONSTRAINT_OR);
		break;
	case HM_CONSTRAINT_AND:
		print_in(b, x->x, x->x->op == HM_CONSTRAINT_OR);
		hm_buf_addz(b, " && ");
		print_in(b, x->y, x->y->op == HM_CONSTRAINT_OR);
		break;
	case HM_CONSTRAINT_OR:
		print_in(b, x->x, x->x->op == HM_CONSTRAINT_AND);
		hm_buf_addz(b, " || ");
		print_in(b, x->y, x->y->op == HM_CONSTRAINT_AND);
		break;
	}
}

hm_str
hm_constraint_text(struct hm_arena *a, const struct hm_constraint *x)
{
	struct hm_buf b = { 0 };

	print(&b, x);
	return hm_buf_take(&b, a);
}
