#include "mod/gowork.h"

#include "base/map.h"
#include "mod/directive.h"
#include "mod/gover.h"

struct parser {
	struct hm_directive d;
	struct hm_gowork *f;
};

static void
parse_use(struct parser *p)
{
	struct hm_gowork_use u = { .syntax = p->d.line };

	if (p->d.n != 1)
		hm_directive_fail(&p->d, p->d.line->start, "usage: " HM_F " local/dir",
		                  HM_P(p->d.verb));
	else if (hm_directive_string(&p->d, &p->d.arg[0], &u.path))
		HM_PUSH(p->f->arena, p->f->use, u);
}

static void
parse_line(struct parser *p, const struct hm_mod_block *block, struct hm_mod_line *line)
{
	struct hm_gowork *f = p->f;
	hm_str verb;

	hm_directive_set(&p->d, block, line);
	verb = p->d.verb;
	if (hm_str_eqz(verb, "go"))
		hm_directive_go(&p->d, false, &f->go_line, &f->go);
	else if (hm_str_eqz(verb, "toolchain"))
		hm_directive_toolchain(&p->d, &f->toolchain_line, &f->toolchain);
	else if (hm_str_eqz(verb, "godebug"))
		hm_directive_godebug(&p->d, &f->godebug);
	else if (hm_str_eqz(verb, "use"))
		parse_use(p);
	else if (hm_str_eqz(verb, "replace"))
		hm_directive_replace(&p->d, &f->replace);
	else
		hm_directive_fail(&p->d, line->start, "unknown directive: " HM_F, HM_P(verb));
}

static bool
may_be_block(const struct hm_strs *token)
{
	return token->n == 1 &&
	       (hm_str_eqz(token->v[0], "godebug") || hm_str_eqz(token->v[0], "use") ||
	        hm_str_eqz(token->v[0], "replace"));
}

static void
parse_block(struct parser *p, const struct hm_mod_block *b)
{
	if (!may_be_block(&b->token)) {
		hm_str all = hm_strs_join(p->f->arena, &b->token, HM_S(" "));

		hm_directive_fail(&p->d, b->start, "unknown block type: " HM_F, HM_P(all));
		return;
	}
	for (size_t i = 0; i < b->line.n; i++)
		parse_line(p, b, b->line.v[i]);
}

int
hm_gowork_parse(struct hm_arena *a, hm_str name, hm_str data, const struct hm_gomod_fixer *fixer,
                struct hm_gowork **out, struct hm_err *err)
{
	struct hm_gowork *f = HM_NEW(a, struct hm_gowork);
	struct parser p = { .f = f };

	f->arena = a;
	if (hm_mod_syntax_parse(a, name, data, &f->syntax, err))
		return -1;
	p.d = (struct hm_directive){ .arena = a, .file = f->syntax->name, .fixer = fixer };
	for (size_t i = 0; i < f->syntax->stmt.n; i++) {
		struct hm_mod_stmt s = f->syntax->stmt.v[i];

		if (s.kind == HM_MOD_LINE)
			parse_line(&p, NULL, s.line);
		else if (s.kind == HM_MOD_BLOCK)
			parse_block(&p, s.block);
	}
	if (hm_directive_finish(&p.d, err))
		return -1;
	*out = f;
	return 0;
}

struct hm_gowork *
hm_gowork_new(struct hm_arena *a)
{
	struct hm_gowork *f = HM_NEW(a, struct hm_gowork);

	f->arena = a;
	f->syntax = hm_mod_syntax_new(a);
	return f;
}

void
hm_gowork_format(const struct hm_gowork *f, struct hm_buf *out)
{
	hm_mod_syntax_print(f->syntax, out);
}

hm_str
hm_gowork_go(const struct hm_gowork *f)
{
	return f && f->go_line ? f->go : HM_S(HM_GOVER_DEFAULT_GOWORK);
}

static struct hm_mod_line *
insert_line(struct hm_mod_syntax *x, size_t at, const hm_str *token, size_t n)
{
	struct hm_mod_line *line = HM_NEW(x->arena, struct hm_mod_line);
	struct hm_mod_stmt s = { .kind = HM_MOD_LINE, .line = line };

	hm_mod_syntax_set_line(x, line, token, n);
	HM_PUSH(x->arena, x->stmt, s);
	memmove(x->stmt.v + at + 1, x->stmt.v + at, (x->stmt.n - 1 - at) * sizeof(s));
	x->stmt.v[at] = s;
	return line;
}

/* Comments at the top of the file stay there. */
static size_t
after_top_comments(const struct hm_mod_syntax *x)
{
	size_t i = 0;

	while (i < x->stmt.n && x->stmt.v[i].kind == HM_MOD_COMMENTS)
		i++;
	return i;
}

static int
fail_quoted(struct hm_err *err, const char *what, hm_str s)
{
	struct hm_buf b = { 0 };

	hm_buf_quote(&b, s);
	hm_err_set(err, HM_EINVALID, "%s " HM_F, what, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return -1;
}

int
hm_gowork_add_go(struct hm_gowork *f, hm_str version, struct hm_err *err)
{
	hm_str token[] = { HM_S("go"), version };

	if (!hm_gover_valid_in_gomod(version))
		return fail_quoted(err, "invalid language version", version);
	if (f->go_line)
		hm_mod_syntax_set_line(f->syntax, f->go_line, token, 2);
	else
		f->go_line = insert_line(f->syntax, after_top_comments(f->syntax), token, 2);
	f->go = hm_arena_dup(f->arena, version);
	return 0;
}

void
hm_gowork_drop_go(struct hm_gowork *f)
{
	if (f->go_line)
		hm_mod_line_remove(f->go_line);
	f->go_line = NULL;
	f->go = HM_S("");
}

static size_t
after_go_line(const struct hm_mod_syntax *x)
{
	for (size_t i = 0; i < x->stmt.n; i++) {
		struct hm_mod_stmt s = x->stmt.v[i];

		if (s.kind == HM_MOD_LINE && s.line->token.n > 0 &&
		    hm_str_eqz(s.line->token.v[0], "go"))
			return i + 1;
	}
	return after_top_comments(x);
}

int
hm_gowork_add_toolchain(struct hm_gowork *f, hm_str name, struct hm_err *err)
{
	hm_str token[] = { HM_S("toolchain"), name };

	if (!hm_gover_valid_toolchain_in_gomod(name))
		return fail_quoted(err, "invalid toolchain name", name);
	if (f->toolchain_line)
		hm_mod_syntax_set_line(f->syntax, f->toolchain_line, token, 2);
	else
		f->toolchain_line = insert_line(f->syntax, after_go_line(f->syntax), token, 2);
	f->toolchain = hm_arena_dup(f->arena, name);
	return 0;
}

void
hm_gowork_drop_toolchain(struct hm_gowork *f)
{
	if (f->toolchain_line)
		hm_mod_line_remove(f->toolchain_line);
	f->toolchain_line = NULL;
	f->toolchain = HM_S("");
}

void
hm_gowork_add_godebug(struct hm_gowork *f, hm_str key, hm_str value)
{
	hm_directive_add_godebug(f->syntax, &f->godebug, key, value);
}

void
hm_gowork_drop_godebug(struct hm_gowork *f, hm_str key)
{
	hm_directive_drop_godebug(&f->godebug, key);
}

static void
drop_use(struct hm_gowork_use *u)
{
	if (u->syntax)
		hm_mod_line_remove(u->syntax);
	*u = (struct hm_gowork_use){ 0 };
}

void
hm_gowork_add_new_use(struct hm_gowork *f, hm_str path, hm_str module_path)
{
	hm_str token[] = { HM_S("use"), hm_mod_auto_quote(f->arena, path) };
	struct hm_gowork_use u = { hm_arena_dup(f->arena, path),
		                   hm_arena_dup(f->arena, module_path), NULL };

	u.syntax = hm_mod_syntax_add_line(f->syntax, NULL, token, 2);
	HM_PUSH(f->arena, f->use, u);
}

void
hm_gowork_add_use(struct hm_gowork *f, hm_str path, hm_str module_path)
{
	hm_str token[] = { HM_S("use"), hm_mod_auto_quote(f->arena, path) };
	bool need = true;

	for (size_t i = 0; i < f->use.n; i++) {
		struct hm_gowork_use *u = &f->use.v[i];

		if (!hm_str_eq(u->path, path))
			continue;
		if (!need) {
			drop_use(u);
			continue;
		}
		u->module_path = hm_arena_dup(f->arena, module_path);
		hm_mod_syntax_set_line(f->syntax, u->syntax, token, 2);
		need = false;
	}
	if (need)
		hm_gowork_add_new_use(f, path, module_path);
}

/* As in go, uses that are there already are added once more. */
void
hm_gowork_set_use(struct hm_gowork *f, const struct hm_gowork_use *use, size_t n)
{
	struct hm_arena scratch = { 0 };
	struct hm_map need = { .arena = &scratch };

	for (size_t i = 0; i < n; i++)
		hm_map_set(&need, use[i].path, (void *)(uintptr_t)&use[i]);
	for (size_t i = 0; i < f->use.n; i++) {
		const struct hm_gowork_use *want = hm_map_get(&need, f->use.v[i].path);

		if (want)
			f->use.v[i].module_path = hm_arena_dup(f->arena, want->module_path);
		else
			drop_use(&f->use.v[i]);
	}
	for (size_t i = 0; i < need.n; i++) {
		const struct hm_gowork_use *want = need.e[i].val;

		hm_gowork_add_new_use(f, want->path, want->module_path);
	}
	hm_gowork_sort_blocks(f);
	hm_arena_free(&scratch);
}

void
hm_gowork_drop_use(struct hm_gowork *f, hm_str path)
{
	for (size_t i = 0; i < f->use.n; i++)
		if (hm_str_eq(f->use.v[i].path, path))
			drop_use(&f->use.v[i]);
}

void
hm_gowork_add_replace(struct hm_gowork *f, hm_str old_path, hm_str old_version, hm_str new_path,
                      hm_str new_version)
{
	hm_directive_add_replace(f->syntax, &f->replace, hm_modver_of(old_path, old_version),
	                         hm_modver_of(new_path, new_version));
}

void
hm_gowork_drop_replace(struct hm_gowork *f, hm_str old_path, hm_str old_version)
{
	hm_directive_drop_replace(&f->replace, hm_modver_of(old_path, old_version));
}

void
hm_gowork_cleanup(struct hm_gowork *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->use.n; i++)
		if (f->use.v[i].syntax)
			f->use.v[n++] = f->use.v[i];
	f->use.n = n;
	n = 0;
	for (size_t i = 0; i < f->replace.n; i++)
		if (f->replace.v[i].syntax)
			f->replace.v[n++] = f->replace.v[i];
	f->replace.n = n;
	hm_mod_syntax_cleanup(f->syntax);
}

void
hm_gowork_sort_blocks(struct hm_gowork *f)
{
	hm_directive_dedup_replaces(&f->replace);
	hm_directive_drop_dups(f->syntax);
	for (size_t i = 0; i < f->syntax->stmt.n; i++)
		if (f->syntax->stmt.v[i].kind == HM_MOD_BLOCK)
			hm_directive_sort(f->syntax->stmt.v[i].block, hm_directive_cmp_lines);
}
