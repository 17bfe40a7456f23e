#include "mod/modsyntax.h"

#include "base/rune.h"

struct hm_mod_syntax *
hm_mod_syntax_new(struct hm_arena *a)
{
	struct hm_mod_syntax *x = HM_NEW(a, struct hm_mod_syntax);

	x->arena = a;
	return x;
}

static struct hm_strs
copy_tokens(struct hm_arena *a, const hm_str *token, size_t n)
{
	struct hm_strs s = { HM_NEW_N(a, n, hm_str), n, n };

	for (size_t i = 0; i < n; i++)
		s.v[i] = hm_arena_dup(a, token[i]);
	return s;
}

/* The tokens without the first. */
static struct hm_strs
tail(struct hm_strs s)
{
	return (struct hm_strs){ s.v + 1, s.n - 1, s.n - 1 };
}

static struct hm_mod_line *
new_line(struct hm_arena *a, struct hm_strs token, bool in_block)
{
	struct hm_mod_line *l = HM_NEW(a, struct hm_mod_line);

	l->token = token;
	l->in_block = in_block;
	return l;
}

static bool
has_verb(const struct hm_strs *token, hm_str verb)
{
	return token->n > 0 && hm_str_eq(token->v[0], verb);
}

/* Where a line stands: statement, and line in it if that is a block (else n lines). */
struct place {
	size_t stmt, line;
	bool in_block;
};

static bool
find_last_of_verb(const struct hm_mod_syntax *x, hm_str verb, struct place *at)
{
	for (size_t i = x->stmt.n; i > 0; i--) {
		struct hm_mod_stmt s = x->stmt.v[i - 1];

		if (s.kind == HM_MOD_LINE && has_verb(&s.line->token, verb)) {
			*at = (struct place){ i - 1, 0, false };
			return true;
		}
		if (s.kind == HM_MOD_BLOCK && has_verb(&s.block->token, verb)) {
			*at = (struct place){ i - 1, s.block->line.n, true };
			return true;
		}
	}
	return false;
}

static bool
find_line(const struct hm_mod_syntax *x, const struct hm_mod_line *hint, struct place *at)
{
	for (size_t i = 0; i < x->stmt.n; i++) {
		struct hm_mod_stmt s = x->stmt.v[i];

		if (s.kind == HM_MOD_LINE && s.line == hint) {
			*at = (struct place){ i, 0, false };
			return true;
		}
		if (s.kind != HM_MOD_BLOCK)
			continue;
		for (size_t j = 0; j < s.block->line.n; j++)
			if (s.block->line.v[j] == hint) {
				*at = (struct place){ i, j + 1, true };
				return true;
			}
	}
	return false;
}

static void
insert_stmt(struct hm_mod_syntax *x, size_t at, struct hm_mod_stmt s)
{
	HM_PUSH(x->arena, x->stmt, s);
	memmove(x->stmt.v + at + 1, x->stmt.v + at, (x->stmt.n - 1 - at) * sizeof(s));
	x->stmt.v[at] = s;
}

static void
insert_line(struct hm_arena *a, struct hm_mod_lines *lines, size_t at, struct hm_mod_line *l)
{
	HM_PUSH(a, *lines, l);
	memmove(lines->v + at + 1, lines->v + at, (lines->n - 1 - at) * sizeof(l));
	lines->v[at] = l;
}

/* Turns the single line at stmt i into a block of one line. */
static struct hm_mod_block *
make_block(struct hm_mod_syntax *x, size_t i)
{
	struct hm_mod_line *l = x->stmt.v[i].line;
	struct hm_mod_block *b = HM_NEW(x->arena, struct hm_mod_block);

	b->token = (struct hm_strs){ l->token.v, 1, 1 };
	l->token = tail(l->token);
	l->in_block = true;
	HM_PUSH(x->arena, b->line, l);
	x->stmt.v[i] = (struct hm_mod_stmt){ .kind = HM_MOD_BLOCK, .block = b };
	return b;
}

static struct hm_mod_line *
insert_single(struct hm_mod_syntax *x, size_t at, const hm_str *token, size_t n)
{
	struct hm_mod_line *l = new_line(x->arena, copy_tokens(x->arena, token, n), false);

	insert_stmt(x, at, (struct hm_mod_stmt){ .kind = HM_MOD_LINE, .line = l });
	return l;
}

struct hm_mod_line *
hm_mod_syntax_append_line(struct hm_mod_syntax *x, const hm_str *token, size_t n)
{
	return insert_single(x, x->stmt.n, token, n);
}

struct hm_mod_line *
hm_mod_syntax_add_line(struct hm_mod_syntax *x, const struct hm_mod_line *hint, const hm_str *token,
                       size_t n)
{
	struct place at = { 0 };
	struct hm_mod_block *b;
	struct hm_mod_line *l;
	struct hm_mod_stmt s;

	if (!(hint ? find_line(x, hint, &at) : find_last_of_verb(x, token[0], &at)))
		return hm_mod_syntax_append_line(x, token, n);
	s = x->stmt.v[at.stmt];
	if (!has_verb(at.in_block ? &s.block->token : &s.line->token, token[0]))
		return insert_single(x, at.stmt + 1, token, n);
	b = at.in_block ? s.block : make_block(x, at.stmt);
	l = new_line(x->arena, tail(copy_tokens(x->arena, token, n)), true);
	insert_line(x->arena, &b->line, at.in_block ? at.line : 1, l);
	return l;
}

void
hm_mod_syntax_set_line(struct hm_mod_syntax *x, struct hm_mod_line *line, const hm_str *token,
                       size_t n)
{
	struct hm_strs t = copy_tokens(x->arena, token, n);

	line->token = line->in_block ? tail(t) : t;
}

void
hm_mod_line_remove(struct hm_mod_line *line)
{
	line->token = (struct hm_strs){ 0 };
	line->com.suffix = (struct hm_mod_comment_list){ 0 };
}

static struct hm_mod_comment_list
join_comments(struct hm_arena *a, struct hm_mod_comment_list x, struct hm_mod_comment_list y)
{
	struct hm_mod_comment_list all = { 0 };

	for (size_t i = 0; i < x.n; i++)
		HM_PUSH(a, all, x.v[i]);
	for (size_t i = 0; i < y.n; i++)
		HM_PUSH(a, all, y.v[i]);
	return all;
}

/* The only line of b, as a statement of its own; typed lists point to it, so it stays. */
static struct hm_mod_line *
unwrap_block(struct hm_arena *a, const struct hm_mod_block *b)
{
	struct hm_mod_line *l = b->line.v[0], old = *l;
	struct hm_strs t = { 0 };

	for (size_t i = 0; i < b->token.n; i++)
		HM_PUSH(a, t, b->token.v[i]);
	for (size_t i = 0; i < old.token.n; i++)
		HM_PUSH(a, t, old.token.v[i]);
	*l = (struct hm_mod_line){
		.com.before = join_comments(a, b->com.before, old.com.before),
		.com.suffix = join_comments(a, old.com.suffix, b->com.suffix),
		.com.after = join_comments(a, old.com.after, b->com.after),
		.token = t,
	};
	return l;
}

static void
drop_removed(struct hm_mod_lines *lines)
{
	size_t n = 0;

	for (size_t i = 0; i < lines->n; i++)
		if (lines->v[i]->token.n)
			lines->v[n++] = lines->v[i];
	lines->n = n;
}

void
hm_mod_syntax_cleanup(struct hm_mod_syntax *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->stmt.n; i++) {
		struct hm_mod_stmt s = x->stmt.v[i];

		if (s.kind == HM_MOD_LINE && s.line->token.n == 0)
			continue;
		if (s.kind == HM_MOD_BLOCK) {
			drop_removed(&s.block->line);
			if (s.block->line.n == 0)
				continue;
			if (s.block->line.n == 1 && s.block->rparen.com.before.n == 0)
				s = (struct hm_mod_stmt){ .kind = HM_MOD_LINE,
					                  .line = unwrap_block(x->arena, s.block) };
		}
		x->stmt.v[n++] = s;
	}
	x->stmt.n = n;
}

bool
hm_mod_must_quote(hm_str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i);

		if (r < 0x80 && strchr(" \"'`", (int)r) != NULL) /* NUL too: not printable */
			return true;
		if (r < 0x80 && strchr("()[]{},", (int)r)) {
			if (s.n > 1)
				return true;
		} else if (!hm_rune_is_print(r)) {
			return true;
		}
	}
	return s.n == 0 || hm_str_index(s, HM_S("//")) >= 0 || hm_str_index(s, HM_S("/*")) >= 0;
}

hm_str
hm_mod_auto_quote(struct hm_arena *a, hm_str s)
{
	return hm_mod_must_quote(s) ? hm_str_quote(a, s) : s;
}
