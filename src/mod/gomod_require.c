/*
 * gomod_require.c - the requirements of a go.mod file: one at a time, or the
 * whole list replaced with comments and blocks kept.
 */
#include "base/map.h"
#include "mod/directive.h"
#include "mod/modtext.h"

static void
drop(struct hm_gomod_require *r)
{
	if (r->syntax)
		hm_mod_line_remove(r->syntax);
	*r = (struct hm_gomod_require){ 0 };
}

static void
set_version(struct hm_gomod *f, struct hm_gomod_require *r, hm_str version)
{
	struct hm_mod_line *line = r->syntax;
	struct hm_mod_comment_list *before = &line->com.before;
	size_t at = line->in_block ? 1 : 2;

	r->mod.version = hm_arena_dup(f->arena, version);
	if (line->token.n == 0)
		return;
	/* a blank line before it goes, so that sorting leaves no gaps */
	if (line->in_block && before->n == 1 && before->v[0].token.n == 0)
		before->n = 0;
	if (line->token.n > at)
		line->token.v[at] = r->mod.version;
}

void
hm_gomod_set_indirect(struct hm_gomod *f, struct hm_gomod_require *r, bool indirect)
{
	static const hm_str mark = HM_S_INIT("indirect;");
	struct hm_mod_comment_list *suffix = &r->syntax->com.suffix;
	struct hm_mod_comment c = { .token = HM_S_INIT("// indirect"), .suffix = true };
	hm_str text;

	r->indirect = indirect;
	if (hm_directive_is_indirect(r->syntax) == indirect)
		return;
	if (suffix->n == 0) {
		HM_PUSH(f->arena, *suffix, c);
		return;
	}
	text = suffix->v[0].token;
	if (!indirect) {
		ptrdiff_t i = hm_str_index(text, mark);

		if (i < 0) { /* the mark is all there is */
			suffix->n = 0;
			return;
		}
		text = hm_str_from(text, (size_t)i + mark.n);
		suffix->v[0].token = hm_arena_concat(f->arena, (hm_str[]){ HM_S("//"), text }, 2);
		return;
	}
	hm_str_cut_prefix(&text, HM_S("//"));
	text = hm_modtext_trim(text);
	if (text.n)
		c.token = hm_arena_concat(f->arena, (hm_str[]){ HM_S("// indirect; "), text }, 2);
	suffix->v[0].token = c.token;
}

void
hm_gomod_add_new_require(struct hm_gomod *f, hm_str path, hm_str version, bool indirect)
{
	hm_str token[] = { HM_S("require"), hm_mod_auto_quote(f->arena, path), version };
	struct hm_gomod_require r = { .mod = { hm_arena_dup(f->arena, path),
		                               hm_arena_dup(f->arena, version) } };

	r.syntax = hm_mod_syntax_add_line(f->syntax, NULL, token, 3);
	hm_gomod_set_indirect(f, &r, indirect);
	HM_PUSH(f->arena, f->require, r);
}

void
hm_gomod_add_require(struct hm_gomod *f, hm_str path, hm_str version)
{
	hm_str token[] = { HM_S("require"), hm_mod_auto_quote(f->arena, path), version };
	bool need = true;

	for (size_t i = 0; i < f->require.n; i++) {
		struct hm_gomod_require *r = &f->require.v[i];

		if (!hm_str_eq(r->mod.path, path))
			continue;
		if (!need) {
			drop(r);
			continue;
		}
		r->mod.version = hm_arena_dup(f->arena, version);
		hm_mod_syntax_set_line(f->syntax, r->syntax, token, 3);
		need = false;
	}
	if (need)
		hm_gomod_add_new_require(f, path, version, false);
}

void
hm_gomod_drop_require(struct hm_gomod *f, hm_str path)
{
	for (size_t i = 0; i < f->require.n; i++)
		if (hm_str_eq(f->require.v[i].mod.path, path))
			drop(&f->require.v[i]);
}

/* Path to its element of req; consumed elements are set to NULL. */
static struct hm_map
index_by_path(struct hm_arena *scratch, const struct hm_gomod_require *req, size_t n)
{
	struct hm_map need = { .arena = scratch };

	for (size_t i = 0; i < n; i++)
		hm_map_set(&need, req[i].mod.path, (void *)(uintptr_t)&req[i]);
	return need;
}

void
hm_gomod_set_require(struct hm_gomod *f, const struct hm_gomod_require *req, size_t n)
{
	struct hm_arena scratch = { 0 };
	struct hm_map need = index_by_path(&scratch, req, n);

	for (size_t i = 0; i < f->require.n; i++) {
		struct hm_gomod_require *r = &f->require.v[i];
		const struct hm_gomod_require *want = hm_map_get(&need, r->mod.path);

		if (!want) {
			drop(r);
			continue;
		}
		hm_map_set(&need, want->mod.path, NULL);
		set_version(f, r, want->mod.version);
		hm_gomod_set_indirect(f, r, want->indirect);
	}
	for (size_t i = 0; i < need.n; i++) {
		const struct hm_gomod_require *want = need.e[i].val;

		if (want)
			hm_gomod_add_new_require(f, want->mod.path, want->mod.version,
			                         want->indirect);
	}
	hm_gomod_sort_blocks(f);
	hm_arena_free(&scratch);
}

/* ---- direct and indirect requirements in blocks of their own ---- */

#define NOWHERE SIZE_MAX

/* What is there before a change: statements by index, NOWHERE if there is none. */
struct layout {
	size_t last_direct;   /* uncommented, all direct */
	size_t last_indirect; /* uncommented, all indirect */
	size_t last;          /* any requirement */
	size_t count;         /* lines and blocks */
	bool flat;            /* one uncommented block or line is all there is */
};

/* Any but "// indirect". */
static bool
has_comments(const struct hm_mod_comments *c)
{
	hm_str text;

	if (c->before.n || c->after.n || c->suffix.n > 1)
		return true;
	if (c->suffix.n == 0)
		return false;
	text = c->suffix.v[0].token;
	hm_str_cut_prefix(&text, HM_S("//"));
	return !hm_str_eqz(hm_modtext_trim(text), "indirect");
}

static void
survey_block(const struct hm_mod_block *b, size_t i, struct layout *l)
{
	bool direct = b->line.n > 0 && !has_comments(&b->com), indirect = direct;

	for (size_t j = 0; j < b->line.n; j++) {
		const struct hm_mod_line *line = b->line.v[j];

		if (has_comments(&line->com))
			direct = indirect = false;
		else if (hm_directive_is_indirect(line))
			direct = false;
		else
			indirect = false;
	}
	if (direct)
		l->last_direct = i;
	if (indirect)
		l->last_indirect = i;
	l->flat = !has_comments(&b->com);
}

static void
survey_line(const struct hm_mod_line *line, size_t i, struct layout *l)
{
	l->flat = !has_comments(&line->com);
	if (!l->flat)
		return;
	if (hm_directive_is_indirect(line))
		l->last_indirect = i;
	else
		l->last_direct = i;
}

static bool
is_require(const struct hm_strs *token)
{
	return token->n > 0 && hm_str_eqz(token->v[0], "require");
}

static struct layout
survey(const struct hm_mod_syntax *x)
{
	struct layout l = { NOWHERE, NOWHERE, NOWHERE, 0, false };

	for (size_t i = 0; i < x->stmt.n; i++) {
		struct hm_mod_stmt s = x->stmt.v[i];

		if (s.kind == HM_MOD_LINE && is_require(&s.line->token))
			survey_line(s.line, i, &l);
		else if (s.kind == HM_MOD_BLOCK && is_require(&s.block->token))
			survey_block(s.block, i, &l);
		else
			continue;
		l.last = i;
		l.count++;
	}
	l.flat = l.flat && l.count == 1;
	return l;
}

static struct hm_mod_block *
new_block(struct hm_arena *a)
{
	struct hm_mod_block *b = HM_NEW(a, struct hm_mod_block);

	HM_PUSH(a, b->token, HM_S("require"));
	return b;
}

static struct hm_mod_block *
insert_block(struct hm_mod_syntax *x, size_t at)
{
	struct hm_mod_stmt s = { .kind = HM_MOD_BLOCK, .block = new_block(x->arena) };

	HM_PUSH(x->arena, x->stmt, s);
	memmove(x->stmt.v + at + 1, x->stmt.v + at, (x->stmt.n - 1 - at) * sizeof(s));
	x->stmt.v[at] = s;
	return s.block;
}

static struct hm_mod_block *
ensure_block(struct hm_mod_syntax *x, size_t at)
{
	struct hm_mod_stmt *s = &x->stmt.v[at];
	struct hm_mod_block *b;
	struct hm_mod_line *line;

	if (s->kind == HM_MOD_BLOCK)
		return s->block;
	line = s->line;
	b = new_block(x->arena);
	line->token = (struct hm_strs){ line->token.v + 1, line->token.n - 1, line->token.n - 1 };
	line->in_block = true;
	HM_PUSH(x->arena, b->line, line);
	*s = (struct hm_mod_stmt){ .kind = HM_MOD_BLOCK, .block = b };
	return b;
}

struct separation {
	struct hm_gomod *f;
	bool flat;
	struct hm_mod_block *direct, *indirect;
	struct hm_map home; /* address of a line as text, to the block it was in */
};

static hm_str
address_of(struct hm_mod_line *const *line)
{
	return hm_str_make((const char *)line, sizeof(*line));
}

/* The keys lie in the blocks' own arrays as they are now; growing copies those. */
static void
note_homes(struct separation *s)
{
	const struct hm_mod_syntax *x = s->f->syntax;

	for (size_t i = 0; i < x->stmt.n; i++) {
		struct hm_mod_block *b = x->stmt.v[i].block;

		if (x->stmt.v[i].kind != HM_MOD_BLOCK || !is_require(&b->token))
			continue;
		for (size_t j = 0; j < b->line.n; j++)
			hm_map_set(&s->home, hm_arena_dup(s->home.arena, address_of(&b->line.v[j])),
			           b);
	}
}

static void
make_blocks(struct separation *s, struct layout l)
{
	struct hm_mod_syntax *x = s->f->syntax;

	if (l.last_direct != NOWHERE) {
		s->direct = ensure_block(x, l.last_direct);
	} else {
		if (l.last_indirect != NOWHERE)
			l.last_direct = l.last_indirect++;
		else
			l.last_direct = l.last == NOWHERE ? x->stmt.n : l.last + 1;
		s->direct = insert_block(x, l.last_direct);
	}
	if (l.last_indirect != NOWHERE)
		s->indirect = ensure_block(x, l.last_indirect);
	else
		s->indirect = insert_block(x, l.last_direct + 1);
}

/* Moves the requirement with its comments, or makes a line for a new one. */
static void
move(struct separation *s, struct hm_gomod_require *r, struct hm_mod_block *to)
{
	struct hm_arena *a = s->f->arena;
	struct hm_mod_line *line = HM_NEW(a, struct hm_mod_line), *old = r->syntax;

	r->syntax = line;
	if (old) {
		*line = *old;
		if (!line->in_block && is_require(&line->token))
			line->token = (struct hm_strs){ old->token.v + 1, old->token.n - 1,
				                        old->token.n - 1 };
		old->token = (struct hm_strs){ 0 };
	} else {
		HM_PUSH(a, line->token, hm_mod_auto_quote(a, r->mod.path));
		HM_PUSH(a, line->token, r->mod.version);
		if (r->indirect)
			hm_gomod_set_indirect(s->f, r, true);
	}
	line->in_block = true;
	HM_PUSH(a, to->line, line);
}

/* Updates what stays and moves what is in the wrong one of the two blocks. */
static void
update(struct separation *s, struct hm_map *need)
{
	for (size_t i = 0; i < s->f->require.n; i++) {
		struct hm_gomod_require *r = &s->f->require.v[i];
		const struct hm_gomod_require *want = hm_map_get(need, r->mod.path);
		const struct hm_mod_block *home;

		if (!want) {
			drop(r);
			continue;
		}
		hm_map_set(need, want->mod.path, NULL);
		set_version(s->f, r, want->mod.version);
		hm_gomod_set_indirect(s->f, r, want->indirect);
		home = hm_map_get(&s->home, address_of(&r->syntax));
		if (want->indirect && (s->flat || home == s->direct))
			move(s, r, s->indirect);
		else if (!want->indirect && (s->flat || home == s->indirect))
			move(s, r, s->direct);
	}
}

void
hm_gomod_set_require_separate(struct hm_gomod *f, const struct hm_gomod_require *req, size_t n)
{
	struct hm_arena scratch = { 0 };
	struct hm_map need = index_by_path(&scratch, req, n);
	struct layout l = survey(f->syntax);
	struct separation s = { .f = f, .flat = l.flat, .home = { .arena = &scratch } };

	note_homes(&s);
	make_blocks(&s, l);
	update(&s, &need);
	for (size_t i = 0; i < need.n; i++) {
		const struct hm_gomod_require *want = need.e[i].val;
		struct hm_gomod_require r;

		if (!want)
			continue;
		r = (struct hm_gomod_require){
			.mod = { hm_arena_dup(f->arena, want->mod.path),
			         hm_arena_dup(f->arena, want->mod.version) },
			.indirect = want->indirect,
		};
		move(&s, &r, r.indirect ? s.indirect : s.direct);
		HM_PUSH(f->arena, f->require, r);
	}
	hm_gomod_sort_blocks(f);
	hm_arena_free(&scratch);
}
