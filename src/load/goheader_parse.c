/* Package clause and imports, as go/parser reads them with ImportsOnly. */
#include "load/goheader.h"

#include <stdlib.h>

#include "base/rune.h"
#include "load/golex.h"

struct comment {
	hm_str text;
	struct hm_pos pos;
};
/* Comments from..to of the parser's list; to == 0: none. */
struct group {
	size_t from, to;
};

struct parser {
	struct hm_arena *a;
	struct hm_golex l;
	struct hm_scan_file *f;
	HM_VEC(struct comment) comments;
	struct group lead; /* the comments right above the current token */
	size_t n_specs;    /* imports of the current declaration */
	bool gave_up;      /* too many errors; go has no package then */
	size_t sync_pos;   /* where skip_to() stopped last, and how often there */
	unsigned sync_count;
	struct hm_strs cgo;
};

/* Takes comments until one starts more than n lines below the last; answers its end line. */
static uint32_t
comment_group(struct parser *p, uint32_t n, struct group *g)
{
	uint32_t end = p->l.tok_line;

	g->from = p->comments.n;
	while (p->l.tok == HM_GOTOK_COMMENT && p->l.tok_line <= end + n) {
		struct comment c = { p->l.text, hm_golex_pos(&p->l, p->l.offset) };

		end = p->l.tok_line;
		if (p->l.text.p[1] == '*')
			for (size_t i = 0; i < p->l.text.n; i++)
				end += p->l.text.p[i] == '\n';
		HM_PUSH(p->a, p->comments, c);
		hm_golex_next(&p->l);
	}
	g->to = p->comments.n;
	return end;
}

static void
next(struct parser *p)
{
	uint32_t prev = p->l.tok_line, end = UINT32_MAX;
	struct group g = { 0, 0 };

	p->lead = (struct group){ 0, 0 };
	hm_golex_next(&p->l);
	if (p->l.tok != HM_GOTOK_COMMENT)
		return;
	if (p->l.tok_line == prev)
		comment_group(p, 0, &g);
	while (p->l.tok == HM_GOTOK_COMMENT)
		end = comment_group(p, 1, &g);
	if (end != UINT32_MAX && end + 1 == p->l.tok_line)
		p->lead = g;
}

static bool
is_literal(const struct parser *p)
{
	return p->l.tok == HM_GOTOK_IDENT || p->l.tok == HM_GOTOK_NUMBER ||
	       p->l.tok == HM_GOTOK_CHAR || p->l.tok == HM_GOTOK_STRING;
}

static bool
is(const struct parser *p, const char *text)
{
	return p->l.tok == HM_GOTOK_OTHER && hm_str_eqz(p->l.text, text);
}

/* go drops a second error of one line, and gives up after some. */
static void
fail(struct parser *p, const char *msg)
{
	struct hm_scan_items *e = p->l.errors;
	struct hm_pos pos = hm_golex_pos(&p->l, p->l.offset);

	if (e->n > 0 && e->v[e->n - 1].pos.line == pos.line)
		return;
	if (e->n > HM_SCAN_MAX_ERRORS)
		p->gave_up = true;
	else
		hm_golex_error(&p->l, p->l.offset, "%s", msg);
}

static bool
is_one_of(const struct parser *p, const char *const *words)
{
	if (p->l.tok == HM_GOTOK_SEMICOLON)
		return strcmp(*words, ",") == 0;
	for (; *words; words++)
		if (is(p, *words))
			return true;
	return false;
}

/* Goes on behind an error: to one of the words, but not for ever to the same. */
static void
skip_to(struct parser *p, const char *const *words)
{
	for (; p->l.tok != HM_GOTOK_EOF; next(p)) {
		if (!is_one_of(p, words))
			continue;
		if (p->l.offset == p->sync_pos && p->sync_count < 10) {
			p->sync_count++;
			return;
		}
		if (p->l.offset > p->sync_pos) {
			p->sync_pos = p->l.offset;
			p->sync_count = 0;
			return;
		}
	}
}

/* An expression ends here (semicolons too); a statement starts here. */
static const char *const expr_end[] = { ",", ":", ")", "]", "}", NULL };
static const char *const stmt_start[] = {
	"break", "const", "continue", "defer", "fallthrough", "for", "go", "goto",
	"if", "return", "select", "switch", "type", "var", NULL,
};

static void
fail_expected(struct parser *p, const char *what)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "expected %s, found ", what);
	if (p->l.tok == HM_GOTOK_SEMICOLON && p->l.text.p[0] == '\n')
		hm_buf_addz(&b, "newline");
	else if (is_literal(p))
		hm_buf_adds(&b, p->l.text);
	else
		hm_buf_printf(&b, "'" HM_F "'",
		              HM_P(p->l.tok == HM_GOTOK_EOF       ? HM_S("EOF")
		                   : p->l.tok == HM_GOTOK_ILLEGAL ? HM_S("ILLEGAL")
		                                                  : p->l.text));
	fail(p, hm_buf_str(&b).p);
	hm_buf_free(&b);
}

static void
expect_semi(struct parser *p)
{
	if (is(p, ")") || is(p, "}"))
		return;
	if (p->l.tok == HM_GOTOK_SEMICOLON) {
		next(p);
		return;
	}
	fail_expected(p, "';'");
	if (is(p, ","))
		next(p);
	else
		skip_to(p, stmt_start);
}

static bool
is_graphic(uint32_t r)
{
	/* what IsPrint lacks of IsGraphic are spaces, which no import path has anyway */
	return hm_rune_is_print(r);
}

static bool
is_valid_import(hm_str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i);

		if (!is_graphic(r) || hm_rune_is_space(r) || r == 0xfffd ||
		    (r < 0x80 && strchr("!\"#$%&'()*,:;<=>?[\\]^{|}`", (int)r)))
			return false;
	}
	return s.n > 0;
}

/* The #cgo lines of the comment above import "C". */
static void
add_cgo(struct parser *p, struct group g)
{
	hm_str *texts = HM_NEW_N(p->a, g.to - g.from + 1, hm_str), rest, line;

	for (size_t i = g.from; i < g.to; i++)
		texts[i - g.from] = p->comments.v[i].text;
	rest = hm_goheader_comment_text(p->a, texts, g.to - g.from);
	while (hm_str_next(&rest, '\n', &line)) {
		line = hm_str_trim(line);
		if (line.n >= 5 && hm_str_has_prefix(line, HM_S("#cgo")) &&
		    (line.p[4] == ' ' || line.p[4] == '\t'))
			HM_PUSH(p->a, p->cgo, line);
	}
}

/* An import spec; doc: the comment above it, when it may serve import "C". */
static void
import_spec(struct parser *p, struct group doc)
{
	struct hm_scan_item imp = { .pos = hm_golex_pos(&p->l, p->l.offset) };
	hm_str lit;

	if (p->l.tok == HM_GOTOK_IDENT || is(p, "."))
		next(p);
	lit = p->l.text;
	if (p->l.tok == HM_GOTOK_STRING) {
		next(p);
	} else if (is_literal(p)) {
		fail(p, "import path must be a string");
		next(p);
	} else {
		fail(p, "missing import path");
		skip_to(p, expr_end);
	}
	expect_semi(p);
	if (!hm_goheader_unquote(p->a, &lit, &imp.text))
		imp.text = HM_S("");
	HM_PUSH(p->a, p->f->imports, imp);
	p->n_specs++;
	if (doc.to > 0 && hm_str_eqz(imp.text, "C"))
		add_cgo(p, doc);
}

static void
import_decl(struct parser *p)
{
	struct group doc = p->lead, own = { 0, 0 };
	size_t first = p->f->imports.n, cgo = p->cgo.n;

	next(p);
	if (!is(p, "(")) {
		import_spec(p, doc);
		return;
	}
	p->n_specs = 0;
	next(p);
	while (!p->gave_up && !is(p, ")") && p->l.tok != HM_GOTOK_EOF) {
		own = p->lead;
		import_spec(p, own);
	}
	if (!is(p, ")"))
		fail_expected(p, "')'");
	next(p);
	expect_semi(p);
	/* a lone spec without comment of its own has that of its declaration */
	if (p->n_specs == 1 && own.to == 0 && doc.to > 0 && p->cgo.n == cgo &&
	    hm_str_eqz(p->f->imports.v[first].text, "C"))
		add_cgo(p, doc);
}

static void
add_directives(struct parser *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct comment *c = &p->comments.v[i];
		struct hm_scan_item d;

		if (!hm_str_has_prefix(c->text, HM_S("//go:")))
			continue;
		d.text = hm_arena_dup(p->a, c->text);
		d.pos = c->pos;
		HM_PUSH(p->a, p->f->directives, d);
	}
}

static void
add_synopsis(struct parser *p, struct group doc)
{
	hm_str *texts = HM_NEW_N(p->a, doc.to - doc.from + 1, hm_str);

	for (size_t i = doc.from; i < doc.to; i++)
		texts[i - doc.from] = p->comments.v[i].text;
	p->f->synopsis = hm_goheader_synopsis(
		p->a, hm_goheader_comment_text(p->a, texts, doc.to - doc.from));
}

/* package clause; the number of comments above it, doc the last group of them. */
static size_t
package_clause(struct parser *p, struct group *doc)
{
	size_t above = p->comments.n;

	*doc = p->lead;
	if (p->l.errors->n > 0)
		return above;
	if (!is(p, "package"))
		fail_expected(p, "'package'");
	next(p);
	if (p->l.tok == HM_GOTOK_IDENT)
		p->f->pkg_name = hm_arena_dup(p->a, p->l.text);
	else
		fail_expected(p, "'IDENT'");
	next(p);
	expect_semi(p);
	if (p->l.errors->n > 0)
		p->f->pkg_name = HM_S("");
	return above;
}

static int
error_cmp(const void *x, const void *y)
{
	const struct hm_scan_item *a = x, *b = y;
	int r = hm_str_cmp(a->pos.file, b->pos.file);

	if (r)
		return r;
	if (a->pos.line != b->pos.line)
		return a->pos.line < b->pos.line ? -1 : 1;
	if (a->pos.col != b->pos.col)
		return a->pos.col < b->pos.col ? -1 : 1;
	return hm_str_cmp(a->text, b->text);
}

static void
copy_errors(struct hm_arena *a, const struct hm_scan_items *errors, struct hm_scan_file *f)
{
	f->imports.n = 0;
	for (size_t i = 0; i < errors->n; i++)
		HM_PUSH(a, f->parse_errors, errors->v[i]);
	qsort(f->parse_errors.v, f->parse_errors.n, sizeof(*f->parse_errors.v), error_cmp);
}

/* go/parser takes any import path; go/build refuses odd ones. */
static bool
check_imports(struct hm_arena *a, struct hm_scan_file *f)
{
	for (size_t i = 0; i < f->imports.n; i++) {
		struct hm_scan_item *imp = &f->imports.v[i];

		if (is_valid_import(imp->text))
			continue;
		f->parse_error = hm_arena_printf(a, HM_F ": invalid import path: " HM_F,
		                                 HM_P(hm_pos_text(a, &imp->pos)),
		                                 HM_P(imp->text));
		f->imports.n = 0;
		return false;
	}
	return true;
}

void
hm_goheader_parse(struct hm_arena *a, hm_str path, hm_str header, struct hm_scan_file *f)
{
	struct parser p = { .a = a, .f = f };
	struct hm_scan_items errors = { 0 };
	struct group doc;
	size_t above;

	hm_golex_init(&p.l, a, path, header, &errors);
	next(&p);
	above = package_clause(&p, &doc);
	while (f->pkg_name.n > 0 && !p.gave_up && is(&p, "import"))
		import_decl(&p);
	if (p.gave_up)
		f->pkg_name = HM_S("");
	if (f->pkg_name.n > 0 && doc.to > 0)
		add_synopsis(&p, doc);
	if (errors.n > 0) {
		copy_errors(a, &errors, f);
		return;
	}
	if (!check_imports(a, f))
		return;
	add_directives(&p, above);
	f->cgo = hm_strs_join(a, &p.cgo, HM_S("\n"));
}

/* The words of //go:embed: bare, "quoted" or `raw`, each with its place. */
static void
embed_comment(struct hm_arena *a, const struct hm_golex *l, struct hm_scan_file *f)
{
	hm_str rest = l->text;
	struct hm_scan_items found = { 0 };
	struct hm_scan_item item;
	size_t i;

	if (!hm_str_cut_prefix(&rest, HM_S("//go:embed")))
		return;
	if (rest.n > 0 && (i = 0, !hm_rune_is_space(hm_str_rune(rest, &i))))
		return;
	for (;;) {
		while (rest.n > 0 && (i = 0, hm_rune_is_space(hm_str_rune(rest, &i))))
			rest = hm_str_from(rest, i);
		if (rest.n == 0)
			break;
		item.pos = hm_golex_pos(l, l->offset + (size_t)(rest.p - l->text.p));
		if (rest.p[0] == '"' || rest.p[0] == '`') {
			if (!hm_goheader_unquote(a, &rest, &item.text))
				return;
			if (rest.n > 0 && (i = 0, !hm_rune_is_space(hm_str_rune(rest, &i))))
				return;
		} else {
			size_t end = 0;

			while (end < rest.n && (i = end, !hm_rune_is_space(hm_str_rune(rest, &i))))
				end = i;
			item.text = hm_arena_dup(a, hm_str_sub(rest, 0, end));
			rest = hm_str_from(rest, end);
		}
		HM_PUSH(a, found, item);
	}
	for (i = 0; i < found.n; i++)
		HM_PUSH(a, f->embeds, found.v[i]);
}

void
hm_goheader_embeds(struct hm_arena *a, hm_str path, hm_str content, struct hm_scan_file *f)
{
	struct hm_golex l;

	hm_str_cut_prefix(&content, HM_S("\xef\xbb\xbf"));
	hm_golex_init(&l, a, path, content, NULL);
	do {
		hm_golex_next(&l);
		if (l.tok == HM_GOTOK_COMMENT)
			embed_comment(a, &l, f);
	} while (l.tok != HM_GOTOK_EOF);
}
