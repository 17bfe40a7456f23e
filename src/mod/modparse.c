/*
 * modparse.c - from the text of a go.mod or go.work file to its syntax tree.
 *
 * Grammar: a file is lines; a line is tokens up to a newline or a // comment; a
 * line that ends in '(' opens a block of lines, which a line beginning with ')'
 * closes.  Tokens are single punctuation characters, quoted strings, and runs
 * of other printable characters.
 *
 * The lexer stops at the first error and then reports the end of input for ever,
 * so that the parser need not look for errors between tokens.
 */
#include "base/rune.h"
#include "mod/modsyntax.h"
#include "mod/modtext.h"

enum kind { T_EOF = -1, T_EOLCOMMENT = -2, T_IDENT = -3, T_STRING = -4, T_COMMENT = -5 };

struct token {
	int kind; /* one of the above or a punctuation character */
	struct hm_mod_pos pos, end;
	hm_str text;
};

struct input {
	struct hm_arena *arena;
	hm_str name;
	hm_str data;
	struct hm_mod_pos pos;
	size_t line_start;  /* offset of the current line */
	struct token token; /* the next one */
	struct hm_mod_comment_list suffix;
	struct hm_mod_syntax *file;
	bool failed;
	struct hm_err *err;
};

static void
fail(struct input *in, const char *what)
{
	if (in->failed)
		return;
	in->failed = true;
	in->token.kind = T_EOF;
	hm_err_set(in->err, HM_ESYNTAX, "%s", what);
	if (in->pos.col > 1)
		hm_err_wrap(in->err, HM_F ":%u:%u: ", HM_P(in->name), in->pos.line, in->pos.col);
	else
		hm_err_wrap(in->err, HM_F ":%u: ", HM_P(in->name), in->pos.line);
}

static bool
at_end(const struct input *in)
{
	return in->pos.byte >= in->data.n;
}

/* The byte at the position, 0 at the end. */
static unsigned char
peek_byte(const struct input *in)
{
	return at_end(in) ? 0 : (unsigned char)in->data.p[in->pos.byte];
}

static bool
looking_at(const struct input *in, const char two[2])
{
	return in->data.n - in->pos.byte >= 2 && memcmp(in->data.p + in->pos.byte, two, 2) == 0;
}

static uint32_t
peek_rune(const struct input *in, size_t *next)
{
	*next = in->pos.byte;
	return hm_str_rune(in->data, next);
}

static uint32_t
read_rune(struct input *in)
{
	size_t next;
	uint32_t r = peek_rune(in, &next);

	in->pos.byte = (uint32_t)next;
	in->pos.col++;
	if (r == '\n') {
		in->pos.line++;
		in->pos.col = 1;
		in->line_start = next;
	}
	return r;
}

static void
start_token(struct input *in)
{
	in->token.pos = in->pos;
}

static void
end_token(struct input *in, int kind)
{
	hm_str text = hm_str_sub(in->data, in->token.pos.byte, in->pos.byte);

	if (kind == T_COMMENT || kind == T_EOLCOMMENT) {
		if (hm_str_cut_suffix(&text, HM_S("\n")))
			hm_str_cut_suffix(&text, HM_S("\r"));
	}
	in->token.kind = kind;
	in->token.text = text;
	in->token.end = in->pos;
}

static void
read_comment(struct input *in)
{
	hm_str before = hm_str_sub(in->data, in->line_start, in->pos.byte);
	bool suffix = hm_modtext_trim(before).n > 0;

	start_token(in);
	while (!at_end(in) && read_rune(in) != '\n')
		;
	end_token(in, suffix ? T_EOLCOMMENT : T_COMMENT);
	if (suffix)
		HM_PUSH(in->arena, in->suffix,
		        ((struct hm_mod_comment){ in->token.pos, in->token.text, true }));
}

static void
read_string(struct input *in)
{
	uint32_t quote = read_rune(in), r;

	for (;;) {
		if (at_end(in))
			break;
		if (peek_byte(in) == '\n') {
			fail(in, "unexpected newline in string");
			return;
		}
		r = read_rune(in);
		if (r == quote) {
			end_token(in, T_STRING);
			return;
		}
		if (r == '\\' && quote != '`') {
			if (at_end(in))
				break;
			read_rune(in);
		}
	}
	in->pos = in->token.pos;
	fail(in, "unexpected EOF in string");
}

static bool
is_ident(uint32_t r)
{
	if (r < 0x80)
		return r > ' ' && r < 0x7f && !strchr("()[]{},", (int)r);
	return !hm_rune_is_space(r) && hm_rune_is_print(r);
}

static void
fail_rune(struct input *in, uint32_t r)
{
	struct hm_buf b = { 0 };

	hm_buf_addz(&b, "unexpected input character ");
	hm_modtext_quote_rune(&b, r);
	fail(in, hm_buf_str(&b).p);
	hm_buf_free(&b);
}

static void
fail_block_comment(struct input *in)
{
	fail(in, "mod files must use // comments (not /* */ comments)");
}

static void
read_ident(struct input *in)
{
	size_t next;
	uint32_t r = peek_rune(in, &next);

	if (!is_ident(r)) {
		fail_rune(in, r);
		return;
	}
	while (!at_end(in) && is_ident(peek_rune(in, &next)) && !looking_at(in, "//")) {
		if (looking_at(in, "/*")) {
			fail_block_comment(in);
			return;
		}
		in->pos.byte = (uint32_t)next;
		in->pos.col++;
	}
	end_token(in, T_IDENT);
}

static void
read_token(struct input *in)
{
	unsigned char c;

	if (in->failed)
		return;
	while ((c = peek_byte(in)) == ' ' || c == '\t' || c == '\r')
		read_rune(in);
	if (looking_at(in, "//")) {
		read_comment(in);
		return;
	}
	if (looking_at(in, "/*")) {
		fail_block_comment(in);
		return;
	}
	start_token(in);
	if (at_end(in)) {
		end_token(in, T_EOF);
		return;
	}
	switch (c) {
	case '\n': case '(': case ')': case '[': case ']': case '{': case '}': case ',':
		read_rune(in);
		end_token(in, c);
		return;
	case '"': case '`':
		read_string(in);
		return;
	default:
		read_ident(in);
	}
}

static struct token
lex(struct input *in)
{
	struct token t = in->token;

	read_token(in);
	return t;
}

static bool
is_eol(int kind)
{
	return kind == T_EOF || kind == T_EOLCOMMENT || kind == '\n';
}

static void
add_stmt(struct input *in, struct hm_mod_stmt s)
{
	HM_PUSH(in->arena, in->file->stmt, s);
}

static struct hm_mod_comments *
stmt_comments(struct hm_mod_stmt s)
{
	switch (s.kind) {
	case HM_MOD_LINE:
		return &s.line->com;
	case HM_MOD_BLOCK:
		return &s.block->com;
	default:
		return &s.comments->com;
	}
}

static struct hm_mod_line *
parse_block_line(struct input *in)
{
	struct hm_mod_line *l = HM_NEW(in->arena, struct hm_mod_line);
	struct token t = lex(in);

	l->in_block = true;
	l->start = t.pos;
	for (; !is_eol(t.kind); t = lex(in)) {
		HM_PUSH(in->arena, l->token, t.text);
		l->end = t.end;
	}
	return l;
}

/* A blank line counts only between other lines, and once. */
static void
keep_blank(struct input *in, struct hm_mod_comment_list *pending, bool has_lines)
{
	if (pending->n ? pending->v[pending->n - 1].token.n > 0 : has_lines)
		HM_PUSH(in->arena, *pending, (struct hm_mod_comment){ 0 });
}

static void
fail_unterminated(struct input *in, const struct hm_mod_block *x)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "syntax error (unterminated block started at " HM_F ":%u:%u)",
	              HM_P(in->name), x->start.line, x->start.col);
	fail(in, hm_buf_str(&b).p);
	hm_buf_free(&b);
}

static void
close_block(struct input *in, struct hm_mod_block *x, struct hm_mod_comment_list pending)
{
	struct token t = lex(in);

	if (pending.n == 1 && pending.v[0].token.n == 0)
		pending.n = 0;
	x->rparen.com.before = pending;
	x->rparen.pos = t.pos;
	if (!is_eol(in->token.kind))
		fail(in, "syntax error (expected newline after closing paren)");
	lex(in);
}

static void
parse_block(struct input *in, struct hm_mod_block *x)
{
	struct hm_mod_comment_list pending = { 0 };
	struct hm_mod_line *l;
	struct token t;

	for (;;) {
		switch (in->token.kind) {
		case T_EOLCOMMENT:
			lex(in);
			break;
		case '\n':
			lex(in);
			keep_blank(in, &pending, x->line.n > 0);
			break;
		case T_COMMENT:
			t = lex(in);
			HM_PUSH(in->arena, pending,
			        ((struct hm_mod_comment){ t.pos, t.text, false }));
			break;
		case T_EOF:
			fail_unterminated(in, x);
			return;
		case ')':
			close_block(in, x, pending);
			return;
		default:
			l = parse_block_line(in);
			l->com.before = pending;
			pending = (struct hm_mod_comment_list){ 0 };
			HM_PUSH(in->arena, x->line, l);
		}
	}
}

static struct hm_mod_block *
new_block(struct input *in, struct token lparen, struct hm_mod_pos start, struct hm_strs token)
{
	struct hm_mod_block *x = HM_NEW(in->arena, struct hm_mod_block);

	x->start = start;
	x->lparen.pos = lparen.pos;
	x->token = token;
	add_stmt(in, (struct hm_mod_stmt){ .kind = HM_MOD_BLOCK, .block = x });
	return x;
}

/* '(' was read: true when it opened a block, false when it is a token like others. */
static bool
parse_paren(struct input *in, struct token lparen, struct hm_mod_pos start, struct hm_strs *token)
{
	struct token rparen;

	if (is_eol(in->token.kind)) {
		parse_block(in, new_block(in, lparen, start, *token));
		return true;
	}
	if (in->token.kind != ')') {
		HM_PUSH(in->arena, *token, lparen.text);
		return false;
	}
	rparen = lex(in);
	if (is_eol(in->token.kind)) {
		new_block(in, lparen, start, *token)->rparen.pos = rparen.pos;
		lex(in);
		return true;
	}
	HM_PUSH(in->arena, *token, lparen.text);
	HM_PUSH(in->arena, *token, rparen.text);
	return false;
}

static void
parse_stmt(struct input *in)
{
	struct hm_mod_line *l;
	struct hm_strs token = { 0 };
	struct token t = lex(in);
	struct hm_mod_pos start = t.pos, end = t.end;

	HM_PUSH(in->arena, token, t.text);
	for (t = lex(in); !is_eol(t.kind); t = lex(in)) {
		if (t.kind == '(') {
			if (parse_paren(in, t, start, &token))
				return;
			continue;
		}
		HM_PUSH(in->arena, token, t.text);
		end = t.end;
	}
	l = HM_NEW(in->arena, struct hm_mod_line);
	*l = (struct hm_mod_line){ .start = start, .end = end, .token = token };
	add_stmt(in, (struct hm_mod_stmt){ .kind = HM_MOD_LINE, .line = l });
}

static void
parse_file(struct input *in)
{
	struct hm_mod_comment_block *cb = NULL;
	struct hm_mod_syntax *f = in->file;
	struct token t;

	for (;;) {
		switch (in->token.kind) {
		case '\n':
		case T_EOF:
			if (cb)
				add_stmt(in, (struct hm_mod_stmt){ .kind = HM_MOD_COMMENTS,
				                                   .comments = cb });
			cb = NULL;
			if (in->token.kind == T_EOF)
				return;
			lex(in);
			break;
		case T_COMMENT:
			t = lex(in);
			if (!cb) {
				cb = HM_NEW(in->arena, struct hm_mod_comment_block);
				cb->start = t.pos;
			}
			HM_PUSH(in->arena, cb->com.before,
			        ((struct hm_mod_comment){ t.pos, t.text, false }));
			break;
		default:
			parse_stmt(in);
			if (cb)
				stmt_comments(f->stmt.v[f->stmt.n - 1])->before = cb->com.before;
			cb = NULL;
		}
	}
}

/*
 * Gives the last of the pending comments to x for as long as they stand behind
 * its end.  Nothing that spans lines takes any: they belong to its last part.
 */
static void
take_suffix(struct input *in, struct hm_mod_comments *x, struct hm_mod_pos start,
            struct hm_mod_pos end)
{
	struct hm_mod_comment_list *s = &in->suffix;

	if (start.line != end.line)
		return;
	while (s->n && end.byte <= s->v[s->n - 1].start.byte)
		HM_PUSH(in->arena, x->suffix, s->v[--s->n]);
	for (size_t i = 0, j = x->suffix.n; i + 1 < j; i++) { /* they came last first */
		struct hm_mod_comment c = x->suffix.v[i];

		x->suffix.v[i] = x->suffix.v[--j];
		x->suffix.v[j] = c;
	}
}

static void
take_suffix_paren(struct input *in, struct hm_mod_paren *x)
{
	struct hm_mod_pos end = x->pos;

	end.byte++;
	take_suffix(in, &x->com, x->pos, end);
}

static void
take_suffix_block(struct input *in, struct hm_mod_block *x)
{
	struct hm_mod_pos end = x->rparen.pos;

	end.byte++;
	take_suffix(in, &x->com, x->start, end);
	take_suffix_paren(in, &x->rparen);
	for (size_t i = x->line.n; i > 0; i--) {
		struct hm_mod_line *l = x->line.v[i - 1];

		take_suffix(in, &l->com, l->start, l->end);
	}
	take_suffix_paren(in, &x->lparen);
}

/* Hands each end-of-line comment to the syntax before it, from the end of the file on. */
static void
assign_suffixes(struct input *in)
{
	for (size_t i = in->file->stmt.n; i > 0; i--) {
		struct hm_mod_stmt s = in->file->stmt.v[i - 1];

		switch (s.kind) {
		case HM_MOD_LINE:
			take_suffix(in, &s.line->com, s.line->start, s.line->end);
			break;
		case HM_MOD_BLOCK:
			take_suffix_block(in, s.block);
			break;
		case HM_MOD_COMMENTS:
			take_suffix(in, &s.comments->com, s.comments->start, s.comments->start);
			break;
		}
	}
	in->file->com.before = in->suffix;
}

int
hm_mod_syntax_parse(struct hm_arena *a, hm_str name, hm_str data, struct hm_mod_syntax **out,
                    struct hm_err *err)
{
	struct input in = { .arena = a, .pos = { 1, 1, 0 }, .err = err };

	if (data.n > HM_MODSYNTAX_MAX)
		return hm_err_set(err, HM_ELIMIT, HM_F ": file too large", HM_P(name));
	in.file = hm_mod_syntax_new(a);
	in.file->name = in.name = hm_arena_dup(a, name);
	in.data = hm_arena_dup(a, data);
	read_token(&in);
	parse_file(&in);
	if (in.failed)
		return -1;
	assign_suffixes(&in);
	*out = in.file;
	return 0;
}
