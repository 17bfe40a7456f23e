#include <stdlib.h>

#include "base/map.h"
#include "mod/directive.h"

/*
 * go hands its nil *Line over as an Expr that is not nil: the line is looked for,
 * not found, and the new one goes to the end of the file.
 */
struct hm_mod_line *
hm_directive_add_line(struct hm_mod_syntax *x, const struct hm_mod_line *hint, const hm_str *token,
                      size_t n)
{
	return hint ? hm_mod_syntax_add_line(x, hint, token, n)
	            : hm_mod_syntax_append_line(x, token, n);
}

void
hm_directive_add_godebug(struct hm_mod_syntax *x, struct hm_gomod_godebugs *list, hm_str key,
                         hm_str value)
{
	hm_str setting = hm_arena_concat(x->arena, (hm_str[]){ key, HM_S("="), value }, 3);
	hm_str token[] = { HM_S("godebug"), setting };
	struct hm_gomod_godebug g = { hm_str_sub(setting, 0, key.n),
		                      hm_str_from(setting, key.n + 1), NULL };
	bool need = true;

	for (size_t i = 0; i < list->n; i++) {
		if (!hm_str_eq(list->v[i].key, key))
			continue;
		if (need) {
			list->v[i].value = g.value;
			hm_mod_syntax_set_line(x, list->v[i].syntax, token, 2);
			need = false;
		} else {
			hm_mod_line_remove(list->v[i].syntax);
			list->v[i] = (struct hm_gomod_godebug){ 0 };
		}
	}
	if (need) {
		g.syntax = hm_mod_syntax_add_line(x, NULL, token, 2);
		HM_PUSH(x->arena, *list, g);
	}
}

void
hm_directive_drop_godebug(struct hm_gomod_godebugs *list, hm_str key)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].syntax && hm_str_eq(list->v[i].key, key)) {
			hm_mod_line_remove(list->v[i].syntax);
			list->v[i] = (struct hm_gomod_godebug){ 0 };
		}
}

static void
drop_replace(struct hm_gomod_replace *r)
{
	hm_mod_line_remove(r->syntax);
	*r = (struct hm_gomod_replace){ 0 };
}

static size_t
replace_tokens(struct hm_arena *a, struct hm_modver from, struct hm_modver to, hm_str token[6])
{
	size_t n = 0;

	token[n++] = HM_S("replace");
	token[n++] = hm_mod_auto_quote(a, from.path);
	if (from.version.n)
		token[n++] = from.version;
	token[n++] = HM_S("=>");
	token[n++] = hm_mod_auto_quote(a, to.path);
	if (to.version.n)
		token[n++] = to.version;
	return n;
}

static struct hm_modver
copy_modver(struct hm_arena *a, struct hm_modver m)
{
	return hm_modver_of(hm_arena_dup(a, m.path), hm_arena_dup(a, m.version));
}

void
hm_directive_add_replace(struct hm_mod_syntax *x, struct hm_gomod_replaces *list,
                         struct hm_modver from, struct hm_modver to)
{
	const struct hm_mod_line *hint = NULL;
	struct hm_gomod_replace add = { copy_modver(x->arena, from), copy_modver(x->arena, to),
		                        NULL };
	hm_str token[6];
	size_t n = replace_tokens(x->arena, from, to, token);
	bool need = true;

	for (size_t i = 0; i < list->n; i++) {
		struct hm_gomod_replace *r = &list->v[i];

		if (!hm_str_eq(r->from.path, from.path))
			continue;
		if (from.version.n == 0 || hm_str_eq(r->from.version, from.version)) {
			if (need) {
				r->to = add.to;
				hm_mod_syntax_set_line(x, r->syntax, token, n);
				need = false;
			} else {
				drop_replace(r);
			}
			continue;
		}
		hint = r->syntax;
	}
	if (need) {
		add.syntax = hm_directive_add_line(x, hint, token, n);
		HM_PUSH(x->arena, *list, add);
	}
}

void
hm_directive_drop_replace(struct hm_gomod_replaces *list, struct hm_modver from)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].syntax && hm_modver_eq(list->v[i].from, from))
			drop_replace(&list->v[i]);
}

/* Remembers path and version in seen; false when they were there. */
static bool
is_new(struct hm_map *seen, hm_str path, hm_str version)
{
	return hm_map_add(seen, hm_arena_concat(seen->arena,
	                                        (hm_str[]){ path, HM_S("\0"), version }, 3));
}

void
hm_directive_dedup_replaces(struct hm_gomod_replaces *list)
{
	struct hm_arena scratch = { 0 };
	struct hm_map seen = { .arena = &scratch };
	size_t n = 0;

	for (size_t i = list->n; i > 0; i--) {
		const struct hm_gomod_replace *r = &list->v[i - 1];

		if (r->syntax && !is_new(&seen, r->from.path, r->from.version))
			r->syntax->dup = true;
	}
	for (size_t i = 0; i < list->n; i++)
		if (!list->v[i].syntax || !list->v[i].syntax->dup)
			list->v[n++] = list->v[i];
	list->n = n;
	hm_arena_free(&scratch);
}

/* As in go, a single zeroed entry stays and several are duplicates of one another. */
void
hm_directive_dedup_paths(struct hm_gomod_paths *list)
{
	struct hm_arena scratch = { 0 };
	struct hm_map seen = { .arena = &scratch };
	size_t n = 0, zeroed = 0;

	for (size_t i = 0; i < list->n; i++)
		zeroed += list->v[i].syntax == NULL;
	for (size_t i = 0; i < list->n; i++) {
		struct hm_mod_line *line = list->v[i].syntax;

		if (line && !hm_map_add(&seen, list->v[i].path))
			line->dup = true;
		else if (line || zeroed == 1)
			list->v[n++] = list->v[i];
	}
	list->n = n;
	hm_arena_free(&scratch);
}

void
hm_directive_dedup_excludes(struct hm_gomod_excludes *list)
{
	struct hm_arena scratch = { 0 };
	struct hm_map seen = { .arena = &scratch };
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct hm_gomod_exclude *x = &list->v[i];

		if (x->syntax && !is_new(&seen, x->mod.path, x->mod.version))
			x->syntax->dup = true;
		else
			list->v[n++] = *x;
	}
	list->n = n;
	hm_arena_free(&scratch);
}

void
hm_directive_drop_dups(struct hm_mod_syntax *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->stmt.n; i++) {
		struct hm_mod_stmt s = x->stmt.v[i];

		if (s.kind == HM_MOD_LINE && s.line->dup)
			continue;
		if (s.kind == HM_MOD_BLOCK) {
			struct hm_mod_lines *l = &s.block->line;
			size_t k = 0;

			for (size_t j = 0; j < l->n; j++)
				if (!l->v[j]->dup)
					l->v[k++] = l->v[j];
			l->n = k;
			if (k == 0)
				continue;
		}
		x->stmt.v[n++] = s;
	}
	x->stmt.n = n;
}

int
hm_directive_cmp_lines(const struct hm_mod_line *x, const struct hm_mod_line *y)
{
	for (size_t i = 0; i < x->token.n && i < y->token.n; i++) {
		int c = hm_str_cmp(x->token.v[i], y->token.v[i]);

		if (c)
			return c;
	}
	return (x->token.n > y->token.n) - (x->token.n < y->token.n);
}

/* qsort() knows neither context nor order of equals: both travel with the element. */
struct sortable {
	struct hm_mod_line *line;
	size_t i;
	int (*cmp)(const struct hm_mod_line *, const struct hm_mod_line *);
};

static int
cmp_sortable(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	int c = x->cmp(x->line, y->line);

	return c ? c : (x->i > y->i) - (x->i < y->i);
}

void
hm_directive_sort(struct hm_mod_block *b,
                  int (*cmp)(const struct hm_mod_line *, const struct hm_mod_line *))
{
	struct hm_arena scratch = { 0 };
	struct sortable *s;

	if (b->line.n < 2)
		return;
	s = HM_NEW_N(&scratch, b->line.n, struct sortable);
	for (size_t i = 0; i < b->line.n; i++)
		s[i] = (struct sortable){ b->line.v[i], i, cmp };
	qsort(s, b->line.n, sizeof(*s), cmp_sortable);
	for (size_t i = 0; i < b->line.n; i++)
		b->line.v[i] = s[i].line;
	hm_arena_free(&scratch);
}
