/*
 * modprint.c - a syntax tree as text in go's standard format.
 */
#include "mod/modsyntax.h"
#include "mod/modtext.h"

struct printer {
	struct hm_buf *out;
	size_t start;                       /* of our text in out */
	size_t margin;                      /* tabs */
	const struct hm_mod_comment **todo; /* end-of-line comments of this line */
	size_t n, cap;
	struct hm_arena scratch;
};

static char
last_byte(const struct printer *p, size_t back)
{
	size_t n = p->out->n - p->start;

	return n >= back ? p->out->p[p->out->n - back] : '\0';
}

static void
print_margin(struct printer *p)
{
	for (size_t i = 0; i < p->margin; i++)
		hm_buf_addc(p->out, '\t');
}

static void
trim_line(struct printer *p)
{
	char c;

	while ((c = last_byte(p, 1)) == ' ' || c == '\t')
		p->out->n--;
}

static void
print_comment(struct printer *p, const struct hm_mod_comment *c)
{
	hm_buf_adds(p->out, hm_modtext_trim(c->token));
}

static void
newline(struct printer *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (i == 0) {
			hm_buf_addc(p->out, ' ');
		} else {
			trim_line(p);
			hm_buf_addc(p->out, '\n');
			print_margin(p);
		}
		print_comment(p, p->todo[i]);
	}
	p->n = 0;
	trim_line(p);
	/* no blank line at the top, and never two */
	if (p->out->n > p->start && !(last_byte(p, 1) == '\n' && last_byte(p, 2) == '\n'))
		hm_buf_addc(p->out, '\n');
	print_margin(p);
}

static void
print_comment_lines(struct printer *p, const struct hm_mod_comment_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		print_comment(p, &list->v[i]);
		newline(p);
	}
}

static void
print_before(struct printer *p, const struct hm_mod_comments *com)
{
	if (com->before.n == 0)
		return;
	trim_line(p);
	if (p->out->n > p->start && last_byte(p, 1) != '\n')
		hm_buf_addc(p->out, '\n');
	print_margin(p);
	print_comment_lines(p, &com->before);
}

static void
queue_suffix(struct printer *p, const struct hm_mod_comments *com)
{
	for (size_t i = 0; i < com->suffix.n; i++) {
		if (p->n == p->cap)
			p->todo = hm_vec_grow(&p->scratch, p->todo, p->n, &p->cap,
			                      sizeof(*p->todo));
		p->todo[p->n++] = &com->suffix.v[i];
	}
}

static bool
is_one_of(hm_str t, const char *set)
{
	return t.n == 1 && memchr(set, t.p[0], strlen(set));
}

static void
print_tokens(struct printer *p, const struct hm_strs *token)
{
	bool glue = true;

	for (size_t i = 0; i < token->n; i++) {
		hm_str t = token->v[i];

		if (!glue && !is_one_of(t, ",)]}"))
			hm_buf_addc(p->out, ' ');
		hm_buf_adds(p->out, t);
		glue = is_one_of(t, "([{");
	}
}

static void
print_line(struct printer *p, const struct hm_mod_line *l)
{
	print_before(p, &l->com);
	print_tokens(p, &l->token);
	queue_suffix(p, &l->com);
}

static void
print_paren(struct printer *p, const struct hm_mod_paren *x, char c)
{
	print_before(p, &x->com);
	hm_buf_addc(p->out, c);
	queue_suffix(p, &x->com);
}

static void
print_block(struct printer *p, const struct hm_mod_block *x)
{
	print_before(p, &x->com);
	print_tokens(p, &x->token);
	hm_buf_addc(p->out, ' ');
	print_paren(p, &x->lparen, '(');
	p->margin++;
	for (size_t i = 0; i < x->line.n; i++) {
		newline(p);
		print_line(p, x->line.v[i]);
	}
	p->margin--;
	newline(p);
	print_paren(p, &x->rparen, ')');
	queue_suffix(p, &x->com);
}

static void
print_stmt(struct printer *p, struct hm_mod_stmt s)
{
	const struct hm_mod_comments *com = NULL;

	switch (s.kind) {
	case HM_MOD_LINE:
		print_line(p, s.line);
		com = &s.line->com;
		break;
	case HM_MOD_BLOCK:
		print_block(p, s.block);
		com = &s.block->com;
		break;
	case HM_MOD_COMMENTS:
		com = &s.comments->com;
		print_before(p, com);
		queue_suffix(p, com);
		break;
	}
	if (s.kind != HM_MOD_COMMENTS)
		newline(p);
	print_comment_lines(p, &com->after);
}

void
hm_mod_syntax_print(const struct hm_mod_syntax *x, struct hm_buf *out)
{
	struct printer p = { .out = out, .start = out->n };

	print_comment_lines(&p, &x->com.before);
	for (size_t i = 0; i < x->stmt.n; i++) {
		print_stmt(&p, x->stmt.v[i]);
		if (i + 1 < x->stmt.n)
			newline(&p);
	}
	while (last_byte(&p, 1) == '\n' &&
	       (out->n - p.start == 1 || last_byte(&p, 2) == '\n'))
		out->n--;
	hm_arena_free(&p.scratch);
}
