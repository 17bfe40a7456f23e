#include "mod/gomod.h"

#include "mod/directive.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/modtext.h"

struct parser {
	struct hm_directive d; /* shared with go.work */
	struct hm_gomod *f;
	bool strict;
};

struct interval {
	hm_str low, high;
};

static void
fail(struct parser *p, const char *what)
{
	hm_directive_fail(&p->d, p->d.line->start, "%s", what);
}

static void
parse_go(struct parser *p)
{
	hm_directive_go(&p->d, !p->strict, &p->f->go_line, &p->f->go);
}

static void
parse_toolchain(struct parser *p)
{
	hm_directive_toolchain(&p->d, &p->f->toolchain_line, &p->f->toolchain);
}

static void
parse_godebug(struct parser *p)
{
	hm_directive_godebug(&p->d, &p->f->godebug);
}

static void
parse_replace(struct parser *p)
{
	hm_directive_replace(&p->d, &p->f->replace);
}

static void
add_comment_text(struct hm_buf *b, const struct hm_mod_comment_list *list, bool *first)
{
	for (size_t i = 0; i < list->n; i++) {
		hm_str text = list->v[i].token;

		if (!hm_str_cut_prefix(&text, HM_S("//")))
			continue; /* stands for a blank line */
		if (!*first)
			hm_buf_addc(b, '\n');
		*first = false;
		hm_buf_adds(b, hm_modtext_trim(text));
	}
}

/* The comments of the directive, or those of its block if it has none itself. */
static hm_str
directive_comment(struct parser *p)
{
	const struct hm_mod_comments *com = &p->d.line->com;
	struct hm_buf b = { 0 };
	bool first = true;

	if (p->d.block && com->before.n == 0 && com->suffix.n == 0)
		com = &p->d.block->com;
	add_comment_text(&b, &com->before, &first);
	add_comment_text(&b, &com->suffix, &first);
	return hm_buf_take(&b, p->f->arena);
}

/* The first paragraph that begins with "Deprecated:", without that word. */
static hm_str
deprecation(hm_str text)
{
	static const hm_str word = HM_S_INIT("Deprecated:"), later = HM_S_INIT("\n\nDeprecated:");
	ptrdiff_t i;

	if (!hm_str_cut_prefix(&text, word)) {
		i = hm_str_index(text, later);
		if (i < 0)
			return HM_S("");
		text = hm_str_from(text, (size_t)i + later.n);
	}
	while (hm_str_cut_prefix(&text, HM_S(" ")))
		;
	i = hm_str_index(text, HM_S("\n\n"));
	return i < 0 ? text : hm_str_sub(text, 0, (size_t)i);
}

static void
parse_module(struct parser *p)
{
	if (p->f->module_line) {
		fail(p, "repeated module statement");
		return;
	}
	p->f->module_line = p->d.line;
	p->f->deprecated = deprecation(directive_comment(p));
	if (p->d.n != 1)
		fail(p, "usage: module module/path");
	else if (!hm_directive_string(&p->d, &p->d.arg[0], &p->f->module))
		p->f->module = HM_S("");
}

/* The module and version of a require or exclude line. */
static bool
parse_modver(struct parser *p, struct hm_modver *m)
{
	struct hm_directive *d = &p->d;
	struct hm_err e = { 0 };
	hm_str prefix, major;

	if (d->n != 2) {
		hm_directive_fail(d, d->line->start, "usage: " HM_F " module/path v1.2.3",
		                  HM_P(d->verb));
		return false;
	}
	if (!hm_directive_string(d, &d->arg[0], &m->path))
		return false;
	if (hm_directive_version(d, m->path, d->fixer, &d->arg[1], &m->version, &e)) {
		hm_directive_fail_err(d, HM_S(""), &e);
		return false;
	}
	if (!hm_modpath_split(m->path, &prefix, &major)) {
		fail(p, "invalid module path");
		return false;
	}
	if (hm_modpath_check_major(m->version, major, &e)) {
		hm_directive_fail_err(d, m->path, &e);
		return false;
	}
	return true;
}

static void
parse_require(struct parser *p)
{
	struct hm_gomod_require r = {
		.syntax = p->d.line,
		.indirect = hm_directive_is_indirect(p->d.line),
	};

	if (parse_modver(p, &r.mod))
		HM_PUSH(p->f->arena, p->f->require, r);
}

static void
parse_exclude(struct parser *p)
{
	struct hm_gomod_exclude x = { .syntax = p->d.line };

	if (parse_modver(p, &x.mod))
		HM_PUSH(p->f->arena, p->f->exclude, x);
}

static int
interval_error(struct hm_err *e, const char *what)
{
	return hm_err_set(e, HM_EINVALID, "%s", what);
}

/* A version or "[low, high]" at d->arg[*i]; steps *i over it. */
static int
parse_interval(struct hm_directive *d, hm_str path, const struct hm_gomod_fixer *fixer, size_t *i,
               struct interval *out, struct hm_err *e)
{
	if (*i == d->n || hm_str_eqz(d->arg[*i], "("))
		return interval_error(e, "expected '[' or version");
	if (!hm_str_eqz(d->arg[*i], "[")) {
		if (hm_directive_version(d, path, fixer, &d->arg[*i], &out->low, e))
			return -1;
		out->high = out->low;
		++*i;
		return 0;
	}
	if (++*i == d->n)
		return interval_error(e, "expected version after '['");
	if (hm_directive_version(d, path, fixer, &d->arg[*i], &out->low, e))
		return -1;
	if (++*i == d->n || !hm_str_eqz(d->arg[*i], ","))
		return interval_error(e, "expected ',' after version");
	if (++*i == d->n)
		return interval_error(e, "expected version after ','");
	if (hm_directive_version(d, path, fixer, &d->arg[*i], &out->high, e))
		return -1;
	if (++*i == d->n || !hm_str_eqz(d->arg[*i], "]"))
		return interval_error(e, "expected ']' after version");
	++*i;
	return 0;
}

static int
leave_version(void *ctx, struct hm_arena *a, hm_str path, hm_str version, hm_str *fixed,
              bool *about_module, struct hm_err *err)
{
	(void)ctx, (void)a, (void)path, (void)about_module, (void)err;
	*fixed = version;
	return 0;
}

/*
 * The versions are made canonical by fix_retracts(), when the module path is
 * known.  In other modules' files, intervals of a kind not known yet are ignored.
 */
static void
parse_retract(struct parser *p)
{
	static const struct hm_gomod_fixer leave = { leave_version, NULL };
	struct hm_gomod_retract r = { .syntax = p->d.line, .rationale = directive_comment(p) };
	struct hm_err e = { 0 };
	struct hm_buf b = { 0 };
	struct interval vi;
	size_t i = 0;

	if (parse_interval(&p->d, HM_S(""), &leave, &i, &vi, &e)) {
		if (p->strict)
			hm_directive_fail_err(&p->d, HM_S(""), &e);
		hm_err_free(&e);
		return;
	}
	if (i < p->d.n && p->strict) {
		hm_buf_addz(&b, "unexpected token after version: ");
		hm_buf_quote(&b, p->d.arg[i]);
		fail(p, hm_buf_str(&b).p);
		hm_buf_free(&b);
		return;
	}
	r.low = vi.low;
	r.high = vi.high;
	HM_PUSH(p->f->arena, p->f->retract, r);
}

static void
parse_path(struct parser *p, struct hm_gomod_paths *list)
{
	struct hm_gomod_path x = { .syntax = p->d.line };

	if (p->d.n != 1)
		hm_directive_fail(&p->d, p->d.line->start,
		                  HM_F " directive expects exactly one argument", HM_P(p->d.verb));
	else if (hm_directive_string(&p->d, &p->d.arg[0], &x.path))
		HM_PUSH(p->f->arena, *list, x);
}

static void
parse_tool(struct parser *p)
{
	parse_path(p, &p->f->tool);
}

static void
parse_ignore(struct parser *p)
{
	parse_path(p, &p->f->ignore);
}

static const struct directive {
	const char *verb;
	void (*parse)(struct parser *p);
	bool block; /* may be a block */
	bool lax;   /* counts in modules other than the main one */
} directives[] = {
	{ "require", parse_require, true, true },
	{ "go", parse_go, false, true },
	{ "module", parse_module, true, true },
	{ "toolchain", parse_toolchain, false, false },
	{ "godebug", parse_godebug, true, false },
	{ "exclude", parse_exclude, true, false },
	{ "replace", parse_replace, true, false },
	{ "retract", parse_retract, true, true },
	{ "tool", parse_tool, true, false },
	{ "ignore", parse_ignore, true, true },
};

static const struct directive *
find_directive(hm_str verb)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (hm_str_eqz(verb, directives[i].verb))
			return &directives[i];
	return NULL;
}

static void
parse_line(struct parser *p, const struct hm_mod_block *block, struct hm_mod_line *line)
{
	const struct directive *dir;

	hm_directive_set(&p->d, block, line);
	dir = find_directive(p->d.verb);
	if (dir ? !p->strict && !dir->lax : !p->strict)
		return;
	if (dir)
		dir->parse(p);
	else
		hm_directive_fail(&p->d, line->start, "unknown directive: " HM_F, HM_P(p->d.verb));
}

static void
parse_block(struct parser *p, const struct hm_mod_block *b)
{
	const struct directive *dir = b->token.n == 1 ? find_directive(b->token.v[0]) : NULL;

	if (dir && dir->block) {
		for (size_t i = 0; i < b->line.n; i++)
			parse_line(p, b, b->line.v[i]);
		return;
	}
	if (p->strict) {
		hm_str all = hm_strs_join(p->f->arena, &b->token, HM_S(" "));

		hm_directive_fail(&p->d, b->start, "unknown block type: " HM_F, HM_P(all));
	}
}

/* What parse_retract() left: the module directive may stand behind the retractions. */
static void
fix_retracts(struct parser *p)
{
	if (!p->d.fixer)
		return;
	for (size_t k = 0; k < p->f->retract.n; k++) {
		struct hm_gomod_retract *r = &p->f->retract.v[k];
		struct interval vi = { 0 };
		struct hm_err e = { 0 };
		size_t i = 0;

		p->d.line = r->syntax;
		if (p->f->module.n == 0) {
			fail(p, "no module directive found, so retract cannot be used");
			return;
		}
		p->d.verb = HM_S("retract");
		p->d.arg = r->syntax->token.v;
		p->d.n = r->syntax->token.n;
		if (hm_str_eqz(p->d.arg[0], "retract")) {
			p->d.arg++;
			p->d.n--;
		}
		if (parse_interval(&p->d, p->f->module, p->d.fixer, &i, &vi, &e))
			hm_directive_fail_err(&p->d, HM_S(""), &e);
		r->low = vi.low;
		r->high = vi.high;
	}
}

static int
parse(struct hm_arena *a, hm_str name, hm_str data, const struct hm_gomod_fixer *fixer,
      bool strict, struct hm_gomod **out, struct hm_err *err)
{
	struct parser p = { .strict = strict };
	struct hm_gomod *f = HM_NEW(a, struct hm_gomod);

	f->arena = a;
	if (hm_mod_syntax_parse(a, name, data, &f->syntax, err))
		return -1;
	p.f = f;
	p.d = (struct hm_directive){ .arena = a, .file = f->syntax->name, .fixer = fixer };
	for (size_t i = 0; i < f->syntax->stmt.n; i++) {
		struct hm_mod_stmt s = f->syntax->stmt.v[i];

		if (s.kind == HM_MOD_LINE)
			parse_line(&p, NULL, s.line);
		else if (s.kind == HM_MOD_BLOCK)
			parse_block(&p, s.block);
	}
	fix_retracts(&p);
	if (hm_directive_finish(&p.d, err))
		return -1;
	*out = f;
	return 0;
}

int
hm_gomod_parse(struct hm_arena *a, hm_str name, hm_str data, const struct hm_gomod_fixer *fixer,
               struct hm_gomod **out, struct hm_err *err)
{
	return parse(a, name, data, fixer, true, out, err);
}

int
hm_gomod_parse_lax(struct hm_arena *a, hm_str name, hm_str data,
                   const struct hm_gomod_fixer *fixer, struct hm_gomod **out, struct hm_err *err)
{
	return parse(a, name, data, fixer, false, out, err);
}

struct hm_gomod *
hm_gomod_new(struct hm_arena *a)
{
	struct hm_gomod *f = HM_NEW(a, struct hm_gomod);

	f->arena = a;
	f->syntax = hm_mod_syntax_new(a);
	return f;
}

void
hm_gomod_format(const struct hm_gomod *f, struct hm_buf *out)
{
	hm_mod_syntax_print(f->syntax, out);
}

hm_str
hm_gomod_module_path(struct hm_arena *a, hm_str data)
{
	hm_str line, arg, path;
	ptrdiff_t i;

	while (hm_str_next(&data, '\n', &line)) {
		i = hm_str_index(line, HM_S("//"));
		if (i >= 0)
			line.n = (size_t)i;
		line = hm_modtext_trim(line);
		if (!hm_str_cut_prefix(&line, HM_S("module")))
			continue;
		arg = hm_modtext_trim(line);
		if (arg.n == line.n || arg.n == 0)
			continue;
		if (arg.p[0] != '"' && arg.p[0] != '`')
			return hm_arena_dup(a, arg);
		return hm_modtext_unquote(a, arg, &path) ? path : HM_S("");
	}
	return HM_S("");
}

bool
hm_gomod_is_dir(hm_str p)
{
	static const char *const prefixes[] = { "./", ".\\", "../", "..\\", "/", "\\" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (hm_str_has_prefix(p, hm_str_of(prefixes[i])))
			return true;
	if (hm_str_eqz(p, ".") || hm_str_eqz(p, ".."))
		return true;
	return p.n >= 2 && p.p[1] == ':' &&
	       ((p.p[0] >= 'A' && p.p[0] <= 'Z') || (p.p[0] >= 'a' && p.p[0] <= 'z'));
}

hm_str
hm_gomod_go(const struct hm_gomod *f)
{
	return f && f->go_line ? f->go : HM_S(HM_GOVER_DEFAULT_GOMOD);
}
