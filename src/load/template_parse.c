/* From tokens to a tree (text/template/parse parse.go). */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "load/goheader.h"
#include "load/template_priv.h"

struct parser {
	struct hm_template *t;
	struct hm_arena *a;
	struct hm_err *err;
	struct hm_tlexer lex;
	struct hm_titem token[3]; /* look-ahead, token[0] is also the last read */
	size_t peeked;
	struct hm_strs vars;
	unsigned action_line; /* where the current action starts, 0: none */
	unsigned depth, ranges;
	bool failed;
};

static struct hm_tnode *pipeline(struct parser *p, const char *context, enum hm_titem_kind end);
static struct hm_tnode *item_list(struct parser *p, struct hm_tnode **end);
static struct hm_tnode *text_or_action(struct parser *p);

static void *fail(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Records the first error; always NULL. */
static void *
fail(struct parser *p, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	if (p->failed)
		return NULL;
	p->failed = true;
	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_err_set(p->err, HM_ESYNTAX, "template: " HM_F ":%u: " HM_F, HM_P(p->t->name),
	           p->token[0].line ? p->token[0].line : 1, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return NULL;
}

static struct hm_titem
next(struct parser *p)
{
	if (p->peeked > 0)
		p->peeked--;
	else
		p->token[0] = hm_tlex_next(&p->lex);
	return p->token[p->peeked];
}

static void
backup(struct parser *p)
{
	p->peeked++;
}

/* token[0] stays, t1 is pushed back before it. */
static void
backup2(struct parser *p, struct hm_titem t1)
{
	p->token[1] = t1;
	p->peeked = 2;
}

static void
backup3(struct parser *p, struct hm_titem t2, struct hm_titem t1)
{
	p->token[1] = t1;
	p->token[2] = t2;
	p->peeked = 3;
}

static struct hm_titem
peek(struct parser *p)
{
	if (p->peeked > 0)
		return p->token[p->peeked - 1];
	p->peeked = 1;
	p->token[0] = hm_tlex_next(&p->lex);
	return p->token[0];
}

static struct hm_titem
next_non_space(struct parser *p)
{
	struct hm_titem it;

	do
		it = next(p);
	while (it.kind == HM_TI_SPACE);
	return it;
}

static struct hm_titem
peek_non_space(struct parser *p)
{
	struct hm_titem it = next_non_space(p);

	backup(p);
	return it;
}

static hm_str
item_text(struct hm_arena *a, const struct hm_titem *it)
{
	if (it->kind == HM_TI_EOF)
		return HM_S("EOF");
	if (it->kind == HM_TI_ERROR)
		return it->val;
	if (it->kind > HM_TI_KEYWORD)
		return hm_arena_printf(a, "<" HM_F ">", HM_P(it->val));
	if (it->val.n > 10)
		return hm_arena_printf(a, HM_F "...",
		                       HM_P(hm_str_quote(a, hm_str_sub(it->val, 0, 10))));
	return hm_str_quote(a, it->val);
}

static void *
unexpected(struct parser *p, struct hm_titem it, const char *context)
{
	hm_str text = item_text(p->a, &it);

	if (it.kind != HM_TI_ERROR)
		return fail(p, "unexpected " HM_F " in %s", HM_P(text), context);
	if (p->action_line == 0 || p->action_line == it.line)
		return fail(p, HM_F, HM_P(text));
	return fail(p, HM_F "%s started at " HM_F ":%u", HM_P(text),
	            hm_str_has_suffix(text, HM_S(" action")) ? "" : " in action",
	            HM_P(p->t->name), p->action_line);
}

static struct hm_tnode *
node(struct parser *p, enum hm_tnode_kind kind, size_t pos)
{
	struct hm_tnode *n = HM_NEW(p->a, struct hm_tnode);

	n->kind = kind;
	n->pos = pos;
	return n;
}

/* ".A.B" or "$x.A" into its names. */
static void
add_idents(struct parser *p, struct hm_tnode *n, hm_str text)
{
	hm_str id;

	while (hm_str_next(&text, '.', &id))
		if (id.n > 0)
			HM_PUSH(p->a, n->idents, id);
}

static struct hm_tnode *
named(struct parser *p, enum hm_tnode_kind kind, struct hm_titem it)
{
	struct hm_tnode *n = node(p, kind, it.pos);

	add_idents(p, n, it.val);
	return n;
}

/* --- operands --- */

static bool
char_value(struct parser *p, hm_str lit, int64_t *out)
{
	struct hm_buf b = { 0 };
	hm_str quoted, s;
	size_t i = 0;
	bool ok;

	/* the same escapes as in strings, but for the quotes */
	lit = hm_str_sub(lit, 1, lit.n - 1);
	if (hm_str_eqz(lit, "\\'") || hm_str_eqz(lit, "\"")) {
		*out = lit.p[lit.n - 1];
		return true;
	}
	hm_buf_addc(&b, '"');
	hm_buf_adds(&b, lit);
	hm_buf_addc(&b, '"');
	quoted = hm_buf_str(&b);
	ok = hm_goheader_unquote(p->a, &quoted, &s) && quoted.n == 0 && s.n > 0;
	hm_buf_free(&b);
	if (!ok)
		return false;
	*out = (int64_t)hm_str_rune(s, &i);
	return i == s.n;
}

/* strconv.ParseInt with base 0; underscores were checked by nobody, as in go's lexer. */
static bool
int_value(struct parser *p, hm_str text, int64_t *out)
{
	struct hm_buf b = { 0 };
	int base = 10;
	char *end;
	size_t at;
	bool ok;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '_')
			hm_buf_addc(&b, text.p[i]);
	text = hm_buf_take(&b, p->a);
	at = text.n > 0 && (text.p[0] == '+' || text.p[0] == '-');
	if (text.n > at + 1 && text.p[at] == '0') {
		char c = (char)(text.p[at + 1] | 0x20);

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		if (c == 'o' || c == 'b') {
			hm_str digits = hm_str_from(text, at + 2);

			text = hm_arena_printf(p->a, "%s" HM_F, at && text.p[0] == '-' ? "-" : "",
			                       HM_P(digits));
		}
	}
	errno = 0;
	*out = strtoll(text.p, &end, base);
	ok = text.n > 0 && *end == '\0' && errno == 0;
	return ok;
}

static struct hm_tnode *
number(struct parser *p, struct hm_titem it)
{
	struct hm_tnode *n = node(p, HM_TN_NUMBER, it.pos);
	hm_str text = hm_arena_dup(p->a, it.val);
	char *end;

	n->text = text;
	if (it.kind == HM_TI_CHAR_CONSTANT) {
		if (!char_value(p, text, &n->num))
			return fail(p, "malformed character constant: " HM_F, HM_P(text));
		return n;
	}
	if (it.kind == HM_TI_COMPLEX || hm_str_has_suffix(text, HM_S("i")))
		return fail(p, "complex numbers are not supported: " HM_F, HM_P(text));
	if (int_value(p, text, &n->num))
		return n;
	n->is_float = true;
	n->flt = strtod(text.p, &end);
	if (text.n == 0 || *end != '\0')
		return fail(p, "illegal number syntax: " HM_F, HM_P(hm_str_quote(p->a, text)));
	if (strpbrk(text.p, ".eEpP") == NULL)
		return fail(p, "integer overflow: " HM_F, HM_P(hm_str_quote(p->a, text)));
	return n;
}

static bool
unquote(struct parser *p, struct hm_titem it, hm_str *out)
{
	hm_str rest = it.val;

	if (hm_goheader_unquote(p->a, &rest, out) && rest.n == 0)
		return true;
	fail(p, "invalid syntax");
	return false;
}

static bool
has_function(const struct parser *p, hm_str name)
{
	if (hm_tfunc_find(name))
		return true;
	for (size_t i = 0; i < p->t->n_funcs; i++)
		if (hm_str_eqz(name, p->t->funcs[i].name))
			return true;
	return false;
}

static struct hm_tnode *
variable(struct parser *p, struct hm_titem it)
{
	struct hm_tnode *n = named(p, HM_TN_VARIABLE, it);

	if (!hm_strs_has(&p->vars, n->idents.v[0]))
		return fail(p, "undefined variable " HM_F,
		            HM_P(hm_str_quote(p->a, n->idents.v[0])));
	return n;
}

/* One operand without fields behind it; NULL when there is none (or on failure). */
static struct hm_tnode *
term(struct parser *p)
{
	struct hm_titem it = next_non_space(p);
	struct hm_tnode *n;

	switch (it.kind) {
	case HM_TI_IDENT:
		if (!has_function(p, it.val))
			return fail(p, "function " HM_F " not defined",
			            HM_P(hm_str_quote(p->a, it.val)));
		n = node(p, HM_TN_IDENT, it.pos);
		n->text = it.val;
		return n;
	case HM_TI_DOT:
		return node(p, HM_TN_DOT, it.pos);
	case HM_TI_NIL:
		return node(p, HM_TN_NIL, it.pos);
	case HM_TI_VARIABLE:
		return variable(p, it);
	case HM_TI_FIELD:
		return named(p, HM_TN_FIELD, it);
	case HM_TI_BOOL:
		n = node(p, HM_TN_BOOL, it.pos);
		n->truth = hm_str_eqz(it.val, "true");
		return n;
	case HM_TI_CHAR_CONSTANT:
	case HM_TI_COMPLEX:
	case HM_TI_NUMBER:
		return number(p, it);
	case HM_TI_LEFT_PAREN:
		if (p->depth >= HM_TEMPLATE_MAX_DEPTH)
			return fail(p, "max expression depth exceeded");
		p->depth++;
		n = pipeline(p, "parenthesized pipeline", HM_TI_RIGHT_PAREN);
		p->depth--;
		return n;
	case HM_TI_STRING:
	case HM_TI_RAW_STRING:
		n = node(p, HM_TN_STRING, it.pos);
		n->text = it.val;
		return unquote(p, it, &n->value) ? n : NULL;
	default:
		backup(p);
		return NULL;
	}
}

/* A term with the fields behind it. */
static struct hm_tnode *
operand(struct parser *p)
{
	struct hm_tnode *n = term(p), *chain;

	if (!n || p->failed || peek(p).kind != HM_TI_FIELD)
		return n;
	if (n->kind == HM_TN_BOOL || n->kind == HM_TN_STRING || n->kind == HM_TN_NUMBER ||
	    n->kind == HM_TN_NIL || n->kind == HM_TN_DOT)
		return fail(p, "unexpected . after term " HM_F,
		            HM_P(hm_str_quote(p->a, hm_tnode_text(p->a, n))));
	if (n->kind != HM_TN_FIELD && n->kind != HM_TN_VARIABLE) {
		chain = node(p, HM_TN_CHAIN, peek(p).pos);
		chain->pipe = n;
		n = chain;
	} else {
		n->pos = peek(p).pos;
	}
	while (peek(p).kind == HM_TI_FIELD)
		add_idents(p, n, next(p).val);
	return n;
}

static struct hm_tnode *
command(struct parser *p)
{
	struct hm_tnode *cmd = node(p, HM_TN_COMMAND, peek_non_space(p).pos), *word;

	for (;;) {
		struct hm_titem it;

		peek_non_space(p);
		word = operand(p);
		if (p->failed)
			return NULL;
		if (word)
			HM_PUSH(p->a, cmd->list, word);
		it = next(p);
		if (it.kind == HM_TI_SPACE)
			continue;
		if (it.kind == HM_TI_RIGHT_DELIM || it.kind == HM_TI_RIGHT_PAREN)
			backup(p);
		else if (it.kind != HM_TI_PIPE)
			return unexpected(p, it, "operand");
		break;
	}
	return cmd->list.n > 0 ? cmd : fail(p, "empty command");
}

static bool
starts_operand(enum hm_titem_kind k)
{
	return k == HM_TI_BOOL || k == HM_TI_CHAR_CONSTANT || k == HM_TI_COMPLEX ||
	       k == HM_TI_DOT || k == HM_TI_FIELD || k == HM_TI_IDENT || k == HM_TI_NUMBER ||
	       k == HM_TI_NIL || k == HM_TI_RAW_STRING || k == HM_TI_STRING ||
	       k == HM_TI_VARIABLE || k == HM_TI_LEFT_PAREN;
}

static struct hm_tnode *
check_pipeline(struct parser *p, struct hm_tnode *pipe, const char *context)
{
	if (pipe->list.n == 0)
		return fail(p, "missing value for %s", context);
	for (size_t i = 1; i < pipe->list.n; i++) {
		enum hm_tnode_kind k = pipe->list.v[i]->list.v[0]->kind;

		if (k == HM_TN_BOOL || k == HM_TN_DOT || k == HM_TN_NIL || k == HM_TN_NUMBER ||
		    k == HM_TN_STRING)
			return fail(p, "non executable command in pipeline stage %zu", i + 1);
	}
	return pipe;
}

static void
declare(struct parser *p, struct hm_tnode *pipe, struct hm_titem v)
{
	struct hm_tnode *n = named(p, HM_TN_VARIABLE, v);

	HM_PUSH(p->a, pipe->decl, n);
	HM_PUSH(p->a, p->vars, n->idents.v[0]);
}

/* "$x :=", "$i, $x :=", "$x =" at the front of a pipeline. */
static void
declarations(struct parser *p, struct hm_tnode *pipe, const char *context)
{
	while (peek_non_space(p).kind == HM_TI_VARIABLE) {
		struct hm_titem v = next_non_space(p), after, it;

		after = peek(p);
		it = peek_non_space(p);
		if (it.kind == HM_TI_ASSIGN || it.kind == HM_TI_DECLARE) {
			pipe->is_assign = it.kind == HM_TI_ASSIGN;
			next_non_space(p);
			declare(p, pipe, v);
			return;
		}
		if (it.kind != HM_TI_CHAR || !hm_str_eqz(it.val, ",")) {
			if (after.kind == HM_TI_SPACE)
				backup3(p, v, after);
			else
				backup2(p, v);
			return;
		}
		next_non_space(p);
		declare(p, pipe, v);
		if (strcmp(context, "range") != 0 || pipe->decl.n >= 2) {
			fail(p, "too many declarations in %s", context);
			return;
		}
		it = peek_non_space(p);
		if (it.kind != HM_TI_VARIABLE && it.kind != HM_TI_RIGHT_DELIM &&
		    it.kind != HM_TI_RIGHT_PAREN) {
			fail(p, "range can only initialize variables");
			return;
		}
	}
}

static struct hm_tnode *
pipeline(struct parser *p, const char *context, enum hm_titem_kind end)
{
	struct hm_tnode *pipe = node(p, HM_TN_PIPE, peek_non_space(p).pos), *cmd;

	declarations(p, pipe, context);
	while (!p->failed) {
		struct hm_titem it = next_non_space(p);

		if (it.kind == end)
			return check_pipeline(p, pipe, context);
		if (!starts_operand(it.kind))
			return unexpected(p, it, context);
		backup(p);
		cmd = command(p);
		if (cmd)
			HM_PUSH(p->a, pipe->list, cmd);
	}
	return NULL;
}

/* --- actions --- */

static struct hm_tnode *
control(struct parser *p, enum hm_tnode_kind kind, const char *context)
{
	struct hm_tnode *n, *end = NULL;
	size_t vars = p->vars.n;

	if (p->depth >= HM_TEMPLATE_MAX_DEPTH)
		return fail(p, "actions nested too deep");
	p->depth++;
	n = node(p, kind, 0);
	n->pipe = pipeline(p, context, HM_TI_RIGHT_DELIM);
	if (p->failed)
		return NULL;
	n->pos = n->pipe->pos;
	p->ranges += kind == HM_TN_RANGE;
	n->body = item_list(p, &end);
	p->ranges -= kind == HM_TN_RANGE;
	if (!p->failed && end->kind == HM_TN_ELSE) {
		enum hm_titem_kind k = peek(p).kind;

		if ((kind == HM_TN_IF && k == HM_TI_IF) ||
		    (kind == HM_TN_WITH && k == HM_TI_WITH)) {
			struct hm_tnode *inner;

			next(p);
			n->other = node(p, HM_TN_LIST, end->pos);
			inner = control(p, kind, context);
			HM_PUSH(p->a, n->other->list, inner);
		} else {
			n->other = item_list(p, &end);
			if (!p->failed && end->kind != HM_TN_END)
				fail(p, "expected end; found {{else}}");
		}
	}
	p->depth--;
	p->vars.n = vars;
	return p->failed ? NULL : n;
}

static bool
expect_right_delim(struct parser *p, const char *context)
{
	struct hm_titem it = next_non_space(p);

	if (it.kind == HM_TI_RIGHT_DELIM)
		return true;
	unexpected(p, it, context);
	return false;
}

static struct hm_tnode *
else_control(struct parser *p)
{
	struct hm_titem it = peek_non_space(p);

	if (it.kind == HM_TI_IF || it.kind == HM_TI_WITH)
		return node(p, HM_TN_ELSE, it.pos);
	return expect_right_delim(p, "else") ? node(p, HM_TN_ELSE, it.pos) : NULL;
}

static struct hm_tnode *
loop_control(struct parser *p, enum hm_tnode_kind kind, const char *what, size_t pos)
{
	if (!expect_right_delim(p, what))
		return NULL;
	if (p->ranges == 0)
		return fail(p, "%s outside {{range}}", what);
	return node(p, kind, pos);
}

static bool
is_empty_tree(const struct hm_tnode *n)
{
	if (!n)
		return true;
	if (n->kind == HM_TN_TEXT)
		return hm_str_trim(n->text).n == 0;
	if (n->kind != HM_TN_LIST)
		return false;
	for (size_t i = 0; i < n->list.n; i++)
		if (!is_empty_tree(n->list.v[i]))
			return false;
	return true;
}

static void
add_definition(struct parser *p, hm_str name, struct hm_tnode *root)
{
	struct hm_tnode *old = hm_map_get(p->t->set, name);

	if (!old || is_empty_tree(old))
		hm_map_set(p->t->set, name, root);
	else if (!is_empty_tree(root))
		fail(p, "template: multiple definition of template " HM_F,
		     HM_P(hm_str_quote(p->a, name)));
}

static bool
template_name(struct parser *p, struct hm_titem it, const char *context, hm_str *name)
{
	if (it.kind == HM_TI_STRING || it.kind == HM_TI_RAW_STRING)
		return unquote(p, it, name);
	unexpected(p, it, context);
	return false;
}

/* A body with variables of its own, up to {{end}}. */
static struct hm_tnode *
definition_body(struct parser *p, const char *context)
{
	struct hm_strs vars = p->vars;
	unsigned ranges = p->ranges;
	struct hm_tnode *end = NULL, *root;

	memset(&p->vars, 0, sizeof(p->vars));
	HM_PUSH(p->a, p->vars, HM_S("$"));
	p->ranges = 0;
	if (p->depth >= HM_TEMPLATE_MAX_DEPTH)
		return fail(p, "actions nested too deep");
	p->depth++;
	root = item_list(p, &end);
	p->depth--;
	if (!p->failed && end->kind != HM_TN_END)
		fail(p, "unexpected {{else}} in %s", context);
	p->vars = vars;
	p->ranges = ranges;
	return root;
}

static void
define_control(struct parser *p)
{
	struct hm_titem it = next_non_space(p);
	struct hm_tnode *root;
	hm_str name;

	if (!template_name(p, it, "define clause", &name) ||
	    !expect_right_delim(p, "define clause"))
		return;
	root = definition_body(p, "define clause");
	if (!p->failed)
		add_definition(p, name, root);
}

static struct hm_tnode *
template_control(struct parser *p, bool block)
{
	const char *context = block ? "block clause" : "template clause";
	struct hm_titem it = next_non_space(p);
	struct hm_tnode *n = node(p, HM_TN_TEMPLATE, it.pos), *root;

	if (!template_name(p, it, context, &n->value))
		return NULL;
	if (block || next_non_space(p).kind != HM_TI_RIGHT_DELIM) {
		if (!block)
			backup(p);
		n->pipe = pipeline(p, context, HM_TI_RIGHT_DELIM);
	}
	if (block && !p->failed) {
		root = definition_body(p, context);
		if (!p->failed)
			add_definition(p, n->value, root);
	}
	return p->failed ? NULL : n;
}

static struct hm_tnode *
action(struct parser *p)
{
	struct hm_titem it = next_non_space(p);
	struct hm_tnode *n;

	switch (it.kind) {
	case HM_TI_BLOCK:
		return template_control(p, true);
	case HM_TI_BREAK:
		return loop_control(p, HM_TN_BREAK, "{{break}}", it.pos);
	case HM_TI_CONTINUE:
		return loop_control(p, HM_TN_CONTINUE, "{{continue}}", it.pos);
	case HM_TI_ELSE:
		return else_control(p);
	case HM_TI_END:
		return expect_right_delim(p, "end") ? node(p, HM_TN_END, it.pos) : NULL;
	case HM_TI_IF:
		return control(p, HM_TN_IF, "if");
	case HM_TI_RANGE:
		return control(p, HM_TN_RANGE, "range");
	case HM_TI_TEMPLATE:
		return template_control(p, false);
	case HM_TI_WITH:
		return control(p, HM_TN_WITH, "with");
	default:
		backup(p);
		n = node(p, HM_TN_ACTION, peek(p).pos);
		n->pipe = pipeline(p, "command", HM_TI_RIGHT_DELIM);
		return p->failed ? NULL : n;
	}
}

static struct hm_tnode *
text_or_action(struct parser *p)
{
	struct hm_titem it = next_non_space(p);
	struct hm_tnode *n;

	if (it.kind == HM_TI_TEXT) {
		n = node(p, HM_TN_TEXT, it.pos);
		n->text = it.val;
		return n;
	}
	if (it.kind != HM_TI_LEFT_DELIM)
		return unexpected(p, it, "input");
	p->action_line = it.line;
	n = action(p);
	p->action_line = 0;
	return n;
}

/* Nodes up to {{end}} or {{else}}, which goes to *end. */
static struct hm_tnode *
item_list(struct parser *p, struct hm_tnode **end)
{
	struct hm_tnode *list = node(p, HM_TN_LIST, peek_non_space(p).pos);

	while (peek_non_space(p).kind != HM_TI_EOF) {
		struct hm_tnode *n = text_or_action(p);

		if (!n || p->failed)
			return NULL;
		if (n->kind == HM_TN_END || n->kind == HM_TN_ELSE) {
			*end = n;
			return list;
		}
		HM_PUSH(p->a, list->list, n);
	}
	return fail(p, "unexpected EOF");
}

static void
parse(struct parser *p)
{
	struct hm_tnode *root = node(p, HM_TN_LIST, 0);

	while (!p->failed && peek(p).kind != HM_TI_EOF) {
		struct hm_tnode *n;

		if (peek(p).kind == HM_TI_LEFT_DELIM) {
			struct hm_titem delim = next(p);

			if (next_non_space(p).kind == HM_TI_DEFINE) {
				define_control(p);
				continue;
			}
			backup2(p, delim);
		}
		n = text_or_action(p);
		if (!n)
			return;
		if (n->kind == HM_TN_END || n->kind == HM_TN_ELSE)
			fail(p, "unexpected %s", n->kind == HM_TN_END ? "{{end}}" : "{{else}}");
		else
			HM_PUSH(p->a, root->list, n);
	}
	p->t->root = root;
}

int
hm_template_parse(struct hm_arena *a, const char *name, hm_str text,
                  const struct hm_template_func *funcs, size_t n_funcs,
                  struct hm_template **out, struct hm_err *err)
{
	struct hm_template *t = HM_NEW(a, struct hm_template);
	struct parser p = { .t = t, .a = a, .err = err };

	t->a = a;
	t->name = hm_str_of(name);
	t->text = text = hm_arena_dup(a, text);
	t->funcs = funcs;
	t->n_funcs = n_funcs;
	t->set = HM_NEW(a, struct hm_map);
	t->set->arena = a;
	p.lex.a = a;
	p.lex.in = text;
	HM_PUSH(a, p.vars, HM_S("$"));
	parse(&p);
	if (!p.failed)
		add_definition(&p, t->name, t->root);
	if (p.failed)
		return -1;
	*out = t;
	return 0;
}
