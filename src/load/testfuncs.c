#include "load/testfuncs.h"

#include <ctype.h>
#include <strings.h>

#include "base/path.h"
#include "base/rune.h"
#include "load/goheader.h"
#include "load/golex.h"
#include "load/modinfo.h"
#include "os/file.h"

enum { FILE_MAX = 64 << 20 };

/* The parameters of a function are looked at no further than this. */
enum { MAX_PARAMS = 6 };

struct parser {
	struct hm_arena *a;
	struct hm_golex l;
	struct hm_scan_items errors;
	size_t depth;             /* open brackets */
	bool stray;               /* the token closes none of them */
	uint32_t line;            /* where the last token began */
	struct hm_strs comments;  /* the group read last */
	uint32_t comments_end;    /* its last line */
	bool own_line;            /* nothing but blanks before it */
	struct hm_testfuncs *f;
	const char *pkg;
	bool *import, *need;
	struct hm_load_err *why;
};

/* A function declaration, as far as it matters. */
struct func {
	size_t at;
	hm_str name;
	bool type_params, results, body;
	size_t n_params; /* tokens */
	struct {
		enum hm_gotok tok;
		hm_str text;
	} params[MAX_PARAMS];
	struct hm_strs last_comment;
};

static bool
is(const struct parser *p, const char *text)
{
	return p->l.tok == HM_GOTOK_OTHER && hm_str_eqz(p->l.text, text);
}

static uint32_t
lines_in(hm_str s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

/* Comments form a group unless a line without one is between them. */
static void
add_comment(struct parser *p, bool first)
{
	/* one behind code on its line stands alone */
	uint32_t gap = p->own_line ? 1 : 0;

	if (first || p->l.tok_line > p->comments_end + gap) {
		p->own_line = !(first && p->l.tok_line == p->line);
		p->comments = (struct hm_strs){ 0 };
	}
	HM_PUSH(p->a, p->comments, p->l.text);
	p->comments_end = p->l.tok_line + lines_in(p->l.text);
}

static void
next(struct parser *p)
{
	bool first = true;

	if (is(p, "(") || is(p, "[") || is(p, "{"))
		p->depth++;
	p->line = p->l.tok_line;
	for (;;) {
		hm_golex_next(&p->l);
		if (p->l.tok != HM_GOTOK_COMMENT)
			break;
		add_comment(p, first);
		first = false;
	}
	p->stray = false;
	if (is(p, ")") || is(p, "]") || is(p, "}")) {
		p->stray = p->depth == 0;
		p->depth -= !p->stray;
	}
}

/* The text in an error of what is met instead of what was expected. */
static hm_str
found(const struct parser *p)
{
	switch (p->l.tok) {
	case HM_GOTOK_EOF:
		return HM_S("'EOF'");
	case HM_GOTOK_SEMICOLON:
		return hm_str_eqz(p->l.text, "\n") ? HM_S("newline") : HM_S("';'");
	case HM_GOTOK_IDENT:
	case HM_GOTOK_NUMBER:
	case HM_GOTOK_CHAR:
	case HM_GOTOK_STRING:
		return p->l.text;
	case HM_GOTOK_ILLEGAL:
	case HM_GOTOK_COMMENT:
	case HM_GOTOK_OTHER:
		break;
	}
	return hm_arena_printf(p->a, "'" HM_F "'", HM_P(p->l.text));
}

static int
fail_expected(struct parser *p, const char *what)
{
	hm_golex_error(&p->l, p->l.offset, "expected %s, found " HM_F, what, HM_P(found(p)));
	return -1;
}

/* Is this the end of a declaration: a semicolon outside of all brackets? */
static bool
at_end(const struct parser *p)
{
	return p->l.tok == HM_GOTOK_EOF || p->stray ||
	       (p->depth == 0 && p->l.tok == HM_GOTOK_SEMICOLON);
}

static int
check_end(struct parser *p)
{
	if (p->stray)
		return fail_expected(p, "declaration");
	return p->depth ? fail_expected(p, "'}'") : 0;
}

static int
skip_decl(struct parser *p)
{
	while (!at_end(p))
		next(p);
	return check_end(p);
}

/* From an opening bracket to behind the closing one. */
static void
skip_brackets(struct parser *p, struct func *params)
{
	size_t outside = p->depth;

	next(p);
	while (p->l.tok != HM_GOTOK_EOF && p->depth > outside) {
		if (params && params->n_params < MAX_PARAMS) {
			params->params[params->n_params].tok = p->l.tok;
			params->params[params->n_params].text = p->l.text;
		}
		if (params)
			params->n_params++;
		next(p);
	}
	next(p);
}

/* Behind the name: type parameters, parameters, results, body. */
static int
skip_signature(struct parser *p, struct func *fn)
{
	size_t body = 0;

	if (is(p, "[")) {
		fn->type_params = true;
		skip_brackets(p, NULL);
	}
	if (!is(p, "("))
		return fail_expected(p, "'('");
	skip_brackets(p, fn);
	fn->results = p->l.tok != HM_GOTOK_SEMICOLON && p->l.tok != HM_GOTOK_EOF && !is(p, "{");
	while (!at_end(p)) {
		if (!p->depth && is(p, "{")) {
			fn->body = true;
			body = p->l.offset;
			p->comments.n = 0;
		}
		next(p);
		if (!p->depth && is(p, "}") && body)
			fn->last_comment = p->comments;
	}
	return check_end(p);
}

/* Is the only parameter a *T, or *x.T, where T is type? */
static bool
takes(const struct func *fn, const char *type)
{
	size_t i = 0, n = fn->n_params;

	if (fn->results || n > MAX_PARAMS)
		return false;
	if (n && hm_str_eqz(fn->params[n - 1].text, ","))
		n--;
	if (n && fn->params[0].tok == HM_GOTOK_IDENT)
		i++;
	if (i >= n || !hm_str_eqz(fn->params[i].text, "*"))
		return false;
	i++;
	if (n == i + 3 && fn->params[i].tok == HM_GOTOK_IDENT &&
	    hm_str_eqz(fn->params[i + 1].text, "."))
		i += 2;
	return n == i + 1 && fn->params[i].tok == HM_GOTOK_IDENT &&
	       hm_str_eqz(fn->params[i].text, type);
}

/* TestX, but not Testimony. */
static bool
has_kind(hm_str name, const char *kind)
{
	size_t i = 0;
	uint32_t r;

	if (!hm_str_cut_prefix(&name, hm_str_of(kind)))
		return false;
	if (name.n == 0)
		return true;
	r = hm_str_rune(name, &i);
	return !hm_rune_is_letter(r) || hm_rune_is_upper(r) || hm_rune_upper(r) == r;
}

static int
check_signature(struct parser *p, const struct func *fn, const char *type)
{
	struct hm_pos pos;
	hm_str where;

	if (takes(fn, type) && !fn->type_params)
		return 0;
	pos = hm_golex_pos(&p->l, fn->at);
	where = hm_pos_text(p->a, &pos);
	p->why->kind = HM_LE_OTHER;
	if (fn->type_params)
		p->why->text = hm_arena_printf(p->a, HM_F ": wrong signature for " HM_F
		                               ", test functions cannot have type parameters",
		                               HM_P(where), HM_P(fn->name));
	else
		p->why->text = hm_arena_printf(p->a, HM_F ": wrong signature for " HM_F
		                               ", must be: func " HM_F "(%c *testing.%s)",
		                               HM_P(where), HM_P(fn->name), HM_P(fn->name),
		                               tolower(type[0]), type);
	return -1;
}

static void
add(struct parser *p, struct hm_testfunc_list *to, const struct func *fn)
{
	struct hm_testfunc t = { .pkg = p->pkg, .name = hm_arena_dup(p->a, fn->name) };

	HM_PUSH(p->a, *to, t);
	*p->import = *p->need = true;
}

/* Takes a prefix off, whatever the case of its letters. */
static bool
cut_fold(hm_str *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->n < n || strncasecmp(s->p, prefix, n) != 0)
		return false;
	*s = hm_str_from(*s, n);
	return true;
}

/* What behind "Output:" an example has to print; false: it is only compiled. */
static bool
expected_output(struct parser *p, const struct func *fn, struct hm_testfunc *t)
{
	hm_str text = hm_goheader_comment_text(p->a, fn->last_comment.v, fn->last_comment.n);
	size_t i = 0;

	while (i < text.n && strchr("\t\n\v\f\r ", text.p[i]))
		i++;
	text = hm_str_from(text, i);
	t->unordered = cut_fold(&text, "unordered ");
	if (!cut_fold(&text, "output:"))
		return false;
	while (text.n && text.p[0] == ' ')
		text = hm_str_from(text, 1);
	if (text.n && text.p[0] == '\n')
		text = hm_str_from(text, 1);
	t->output = text;
	return true;
}

static void
add_example(struct parser *p, const struct func *fn)
{
	struct hm_testfunc t = { .pkg = p->pkg, .name = hm_arena_dup(p->a, fn->name) };

	if (fn->n_params || !fn->body)
		return;
	*p->import = true;
	if (!expected_output(p, fn, &t))
		return;
	HM_PUSH(p->a, p->f->examples, t);
	*p->need = true;
}

static int
add_main(struct parser *p, const struct func *fn)
{
	if (takes(fn, "T")) {
		add(p, &p->f->tests, fn);
		return 0;
	}
	if (check_signature(p, fn, "M"))
		return -1;
	if (p->f->main.name.p) {
		p->why->kind = HM_LE_OTHER;
		p->why->text = HM_S("multiple definitions of TestMain");
		return -1;
	}
	p->f->main = (struct hm_testfunc){ .pkg = p->pkg, .name = HM_S("TestMain") };
	*p->import = *p->need = true;
	return 0;
}

static int
add_func(struct parser *p, const struct func *fn)
{
	const struct {
		const char *kind, *type;
		struct hm_testfunc_list *list;
	} kinds[] = {
		{ "Test", "T", &p->f->tests },
		{ "Benchmark", "B", &p->f->benchmarks },
		{ "Fuzz", "F", &p->f->fuzz },
	};

	if (hm_str_eqz(fn->name, "TestMain"))
		return add_main(p, fn);
	for (size_t i = 0; i < 3; i++) {
		if (!has_kind(fn->name, kinds[i].kind))
			continue;
		if (check_signature(p, fn, kinds[i].type))
			return -1;
		add(p, kinds[i].list, fn);
		return 0;
	}
	if (has_kind(fn->name, "Example"))
		add_example(p, fn);
	return 0;
}

static int
func_decl(struct parser *p)
{
	struct func fn = { .at = p->l.offset };

	next(p);
	if (is(p, "("))
		return skip_decl(p); /* a method */
	if (p->l.tok != HM_GOTOK_IDENT)
		return fail_expected(p, "'IDENT'");
	fn.name = p->l.text;
	next(p);
	return skip_signature(p, &fn) || add_func(p, &fn) ? -1 : 0;
}

static int
parse(struct parser *p)
{
	next(p);
	if (skip_decl(p)) /* the package clause; loading has seen to it */
		return -1;
	while (p->l.tok != HM_GOTOK_EOF && !p->errors.n) {
		int rc = 0;

		if (is(p, "func"))
			rc = func_decl(p);
		else if (is(p, "import") || is(p, "const") || is(p, "var") || is(p, "type"))
			rc = skip_decl(p);
		else if (p->l.tok == HM_GOTOK_SEMICOLON)
			next(p);
		else
			rc = fail_expected(p, "declaration");
		if (rc)
			return -1;
	}
	return p->errors.n ? -1 : 0;
}

static int
load_file(struct parser *p, hm_str path)
{
	struct hm_err err = { 0 };
	hm_str src;

	if (hm_file_read(p->a, path.p, FILE_MAX, &src, &err)) {
		p->why->kind = HM_LE_OTHER;
		p->why->text = hm_arena_dup(p->a, hm_err_str(&err));
		hm_err_free(&err);
		return -1;
	}
	hm_str_cut_prefix(&src, HM_S("\xef\xbb\xbf"));
	p->errors = (struct hm_scan_items){ 0 };
	p->depth = 0;
	hm_golex_init(&p->l, p->a, path, src, &p->errors);
	if (parse(p) == 0)
		return 0;
	if (p->errors.n) {
		p->why->kind = HM_LE_SCAN;
		p->why->text = p->errors.v[0].text;
		p->why->pos = p->errors.v[0].pos;
	}
	return -1;
}

int
hm_testfuncs_load(struct hm_arena *a, const struct hm_pkg *p, struct hm_testfuncs *f,
                  struct hm_load_err *why)
{
	const struct {
		const struct hm_strs *files;
		const char *pkg;
		bool *import, *need;
	} halves[] = {
		{ &p->test_go_files, "_test", &f->import_test, &f->need_test },
		{ &p->xtest_go_files, "_xtest", &f->import_xtest, &f->need_xtest },
	};
	struct hm_load_err later;
	int rc = 0;

	*f = (struct hm_testfuncs){ 0 };
	for (size_t h = 0; h < 2; h++)
		for (size_t i = 0; i < halves[h].files->n; i++) {
			struct parser ps = {
				.a = a,
				.f = f,
				.pkg = halves[h].pkg,
				.import = halves[h].import,
				.need = halves[h].need,
				.why = rc ? &later : why,
			};

			if (load_file(&ps, hm_path_join(a, p->dir, halves[h].files->v[i])))
				rc = -1;
		}
	return rc;
}

static void
put_import(struct hm_buf *b, bool wanted, bool used, const char *name, hm_str path)
{
	if (wanted) {
		hm_buf_printf(b, "\n\t%s ", used ? name : "_");
		hm_buf_quote(b, path);
		hm_buf_addc(b, '\n');
	}
	hm_buf_addc(b, '\n');
}

static void
put_list(struct hm_buf *b, const char *var, const char *type, const struct hm_testfunc_list *list,
         bool examples)
{
	hm_buf_printf(b, "\nvar %s = []testing.%s{\n", var, type);
	for (size_t i = 0; i < list->n; i++) {
		const struct hm_testfunc *t = &list->v[i];

		hm_buf_printf(b, "\n\t{\"" HM_F "\", %s." HM_F, HM_P(t->name), t->pkg,
		              HM_P(t->name));
		if (examples) {
			hm_buf_addz(b, ", ");
			hm_buf_quote(b, t->output);
			hm_buf_addz(b, t->unordered ? ", true" : ", false");
		}
		hm_buf_addz(b, "},\n");
	}
	hm_buf_addz(b, "\n}\n");
}

static void
put_setting(struct hm_buf *b, const char *name, hm_str value)
{
	hm_buf_printf(b, "\ttestdeps.%s = ", name);
	hm_buf_quote(b, value);
	hm_buf_addc(b, '\n');
}

hm_str
hm_testfuncs_program(struct hm_arena *a, const struct hm_testfuncs *f, const struct hm_pkg *p)
{
	bool files = hm_str_eqz(p->import_path, "command-line-arguments");
	struct hm_buf b = { 0 };

	hm_buf_addz(&b, "\n// Code generated by 'go test'. DO NOT EDIT.\n\npackage main\n\n"
	                "import (\n\t\"os\"\n");
	if (f->main.name.p)
		hm_buf_addz(&b, "\n\t\"reflect\"\n");
	hm_buf_addz(&b, "\n\t\"testing\"\n\t\"testing/internal/testdeps\"\n\n\n");
	put_import(&b, f->import_test, f->need_test, "_test", p->import_path);
	put_import(&b, f->import_xtest, f->need_xtest, "_xtest",
	           hm_arena_printf(a, HM_F "_test", HM_P(p->import_path)));
	hm_buf_addz(&b, ")\n");
	put_list(&b, "tests", "InternalTest", &f->tests, false);
	put_list(&b, "benchmarks", "InternalBenchmark", &f->benchmarks, false);
	put_list(&b, "fuzzTargets", "InternalFuzzTarget", &f->fuzz, false);
	put_list(&b, "examples", "InternalExample", &f->examples, true);
	hm_buf_addz(&b, "\nfunc init() {\n\n");
	put_setting(&b, "ModulePath", p->module ? p->module->path : HM_S(""));
	put_setting(&b, "ImportPath", files ? HM_S("") : p->import_path);
	hm_buf_addz(&b, "}\n\nfunc main() {\n\tm := testing.MainStart(testdeps.TestDeps{}, tests, "
	                "benchmarks, fuzzTargets, examples)\n");
	if (f->main.name.p)
		hm_buf_printf(&b, "\n\t%s." HM_F "(m)\n\tos.Exit(int(reflect.ValueOf(m).Elem()."
		                  "FieldByName(\"exitCode\").Int()))\n",
		              f->main.pkg, HM_P(f->main.name));
	else
		hm_buf_addz(&b, "\n\tos.Exit(m.Run())\n");
	hm_buf_addz(&b, "\n}\n\n");
	return hm_buf_take(&b, a);
}
