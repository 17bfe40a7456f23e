/* Running a template (text/template exec.go). */
#include <limits.h>

#include "load/template_priv.h"

/* {{range 1000000000}} is a loop that nobody means. */
#define MAX_OUTPUT ((size_t)1 << 30)

struct variable {
	hm_str name;
	struct hm_tval val;
};

enum flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_FAIL };

struct state {
	const struct hm_template *t;
	struct hm_arena *a;
	struct hm_buf *out;
	struct hm_err *err;
	void *func_ctx;
	hm_str name;                 /* of the template that runs */
	const struct hm_tnode *node; /* what errors point at */
	HM_VEC(struct variable) vars;
	unsigned depth;
};

/* The value that a pipe hands on; NULL: none (go's missingVal). */
typedef const struct hm_tval *final_arg;

static bool eval_pipeline(struct state *s, const struct hm_tval *dot, const struct hm_tnode *pipe,
                          struct hm_tval *out);
static bool eval_call_function(struct state *s, const struct hm_tval *dot,
                               const struct hm_tnode *ident, const struct hm_tnode *cmd,
                               const struct hm_tnodes *args, final_arg final,
                               struct hm_tval *out);
static enum flow walk(struct state *s, const struct hm_tval *dot, const struct hm_tnode *n);

static bool fail(struct state *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "template: main:1:2: executing "main" at <.X>: ..." */
static bool
fail(struct state *s, const char *fmt, ...)
{
	hm_str text = hm_str_sub(s->t->text, 0, s->node->pos), context;
	ptrdiff_t nl = hm_str_rindex_byte(text, '\n');
	unsigned line = 1;
	struct hm_buf b = { 0 };
	va_list ap;

	for (size_t i = 0; i < text.n; i++)
		line += text.p[i] == '\n';
	context = hm_tnode_text(s->a, s->node);
	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_err_set(s->err, HM_EINVALID,
	           "template: " HM_F ":%u:%zu: executing " HM_F " at <" HM_F ">: " HM_F,
	           HM_P(s->t->name), line, text.n - (size_t)(nl + 1),
	           HM_P(hm_str_quote(s->a, s->name)), HM_P(context), HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return false;
}

/* --- variables --- */

static void
push_var(struct state *s, hm_str name, const struct hm_tval *v)
{
	struct variable var = { name, *v };

	HM_PUSH(s->a, s->vars, var);
}

static struct hm_tval *
find_var(struct state *s, hm_str name)
{
	for (size_t i = s->vars.n; i-- > 0;)
		if (hm_str_eq(s->vars.v[i].name, name))
			return &s->vars.v[i].val;
	return NULL;
}

static bool
set_var(struct state *s, hm_str name, const struct hm_tval *v)
{
	struct hm_tval *var = find_var(s, name);

	if (!var)
		return fail(s, "undefined variable: " HM_F, HM_P(name));
	*var = *v;
	return true;
}

/* --- fields and methods --- */

static bool
eval_method(struct state *s, const struct hm_tnode *node, const struct hm_type *t, hm_str name,
            const struct hm_tval *recv, bool *found, struct hm_tval *out)
{
	*found = false;
	for (size_t i = 0; i < t->n_methods; i++) {
		if (!hm_str_eqz(name, t->methods[i].name))
			continue;
		*found = true;
		if (!recv->obj) {
			s->node = node;
			return fail(s,
			            "error calling " HM_F ": runtime error: invalid memory address "
			            "or nil pointer dereference",
			            HM_P(name));
		}
		*out = hm_tval_str(t->methods[i].fn(s->a, recv->obj));
	}
	return true;
}

static bool
eval_time(struct state *s, hm_str name, const struct hm_tval *arg, size_t n,
          const struct hm_tval *recv, struct hm_tval *out)
{
	if (hm_tval_is_nil(recv))
		return fail(s, "nil pointer evaluating *time.Time." HM_F, HM_P(name));
	if (hm_ttime_method(s->a, recv->s, name, arg, n, out))
		return true;
	return fail(s, "can't evaluate field " HM_F " in type *time.Time", HM_P(name));
}

static bool
eval_map_key(const struct hm_tval *recv, hm_str name, struct hm_tval *out)
{
	*out = (struct hm_tval){ .kind = HM_TV_INVALID };
	for (size_t i = 0; i < recv->map.n; i++)
		if (hm_str_eq(recv->map.v[i].key, name))
			*out = hm_tval_str(recv->map.v[i].val);
	return true;
}

/* One name of a chain; arg: what a method would get. */
static bool
eval_field(struct state *s, const struct hm_tnode *node, hm_str name, const struct hm_tval *arg,
           size_t n_args, const struct hm_tval *recv, struct hm_tval *out)
{
	hm_str type = hm_tval_type(s->a, recv);
	const struct hm_field *f;
	bool found;

	*out = (struct hm_tval){ .kind = HM_TV_INVALID };
	if (recv->kind == HM_TV_INVALID)
		return true;
	if (recv->kind == HM_TV_TIME)
		return eval_time(s, name, arg, n_args, recv, out);
	if (recv->kind == HM_TV_MAP) {
		if (n_args > 0)
			return fail(s, HM_F " is not a method but has arguments", HM_P(name));
		return eval_map_key(recv, name, out);
	}
	if (recv->kind != HM_TV_PTR && recv->kind != HM_TV_STRUCT)
		return fail(s, "can't evaluate field " HM_F " in type " HM_F, HM_P(name),
		            HM_P(type));
	if (!eval_method(s, node, recv->type, name, recv, &found, out))
		return false;
	if (found)
		return true;
	f = hm_type_field(recv->type, name);
	if (!f)
		return fail(s, "can't evaluate field " HM_F " in type " HM_F, HM_P(name),
		            HM_P(type));
	if (!recv->obj)
		return fail(s, "nil pointer evaluating " HM_F "." HM_F, HM_P(type), HM_P(name));
	if (n_args > 0)
		return fail(s, HM_F " has arguments but cannot be invoked as function",
		            HM_P(name));
	*out = hm_tval_field(f, recv->obj);
	return true;
}

static bool
ideal_constant(const struct hm_tnode *n, struct hm_tval *out)
{
	if (n->is_float)
		*out = (struct hm_tval){ .kind = HM_TV_FLOAT, .f = n->flt };
	else
		*out = hm_tval_int(n->num);
	return true;
}

static bool eval_word(struct state *s, const struct hm_tval *dot, const struct hm_tnode *n,
                      const struct hm_tnode *cmd, const struct hm_tnodes *args, final_arg final,
                      struct hm_tval *out);

/* The arguments of a method at the end of a chain. */
static bool
method_args(struct state *s, const struct hm_tval *dot, const struct hm_tnodes *args,
            final_arg final, struct hm_tval **out, size_t *n)
{
	size_t count = args ? args->n - 1 : 0;

	*n = 0;
	*out = HM_NEW_N(s->a, count + 1, struct hm_tval);
	for (size_t i = 0; i < count; i++) {
		s->node = args->v[i + 1];
		if (!eval_word(s, dot, args->v[i + 1], args->v[i + 1], NULL, NULL, &(*out)[*n]))
			return false;
		++*n;
	}
	if (final)
		(*out)[(*n)++] = *final;
	return true;
}

static bool
eval_chain(struct state *s, const struct hm_tval *dot, const struct hm_tval *recv,
           const struct hm_tnode *node, size_t from, const struct hm_tnodes *args,
           final_arg final, struct hm_tval *out)
{
	struct hm_tval now = *recv, *argv = NULL;
	size_t n = 0;

	for (size_t i = from; i < node->idents.n; i++) {
		struct hm_tval next;

		if (i + 1 == node->idents.n) {
			if (!method_args(s, dot, args, final, &argv, &n))
				return false;
			s->node = node;
		}
		if (!eval_field(s, node, node->idents.v[i], argv, n, &now, &next))
			return false;
		now = next;
	}
	*out = now;
	return true;
}

static bool
not_a_function(struct state *s, const struct hm_tnodes *args, final_arg final)
{
	if ((args && args->n > 1) || final)
		return fail(s, "can't give argument to non-function " HM_F,
		            HM_P(hm_tnode_text(s->a, args->v[0])));
	return true;
}

/*
 * The first word of a command (or an argument: args NULL, cmd the word itself).
 * s->node follows go's, because errors name it.
 */
static bool
eval_word(struct state *s, const struct hm_tval *dot, const struct hm_tnode *n,
          const struct hm_tnode *cmd, const struct hm_tnodes *args, final_arg final,
          struct hm_tval *out)
{
	struct hm_tval recv;
	struct hm_tval *var;

	switch (n->kind) {
	case HM_TN_FIELD:
		s->node = n;
		return eval_chain(s, dot, dot, n, 0, args, final, out);
	case HM_TN_CHAIN:
		s->node = n;
		if (n->pipe->kind == HM_TN_NIL)
			return fail(s, "indirection through explicit nil in " HM_F,
			            HM_P(hm_tnode_text(s->a, n)));
		if (!eval_word(s, dot, n->pipe, n->pipe, NULL, NULL, &recv))
			return false;
		return eval_chain(s, dot, &recv, n, 0, args, final, out);
	case HM_TN_IDENT:
		return eval_call_function(s, dot, n, cmd, args, final, out);
	case HM_TN_PIPE:
		return not_a_function(s, args, final) && eval_pipeline(s, dot, n, out);
	case HM_TN_VARIABLE:
		s->node = n;
		var = find_var(s, n->idents.v[0]);
		if (!var)
			return fail(s, "undefined variable: " HM_F, HM_P(n->idents.v[0]));
		if (n->idents.n == 1) {
			*out = *var;
			return not_a_function(s, args, final);
		}
		recv = *var;
		return eval_chain(s, dot, &recv, n, 1, args, final, out);
	default:
		break;
	}
	s->node = n;
	if (!not_a_function(s, args, final))
		return false;
	switch (n->kind) {
	case HM_TN_BOOL:
		*out = hm_tval_bool(n->truth);
		return true;
	case HM_TN_DOT:
		*out = *dot;
		return true;
	case HM_TN_NUMBER:
		return ideal_constant(n, out);
	case HM_TN_STRING:
		*out = hm_tval_str(n->value);
		return true;
	case HM_TN_NIL:
		if (args)
			return fail(s, "nil is not a command");
		*out = (struct hm_tval){ .kind = HM_TV_INVALID };
		return true;
	default:
		return fail(s, "can't evaluate command " HM_F,
		            HM_P(hm_str_quote(s->a, hm_tnode_text(s->a, n))));
	}
}

/* --- functions --- */

static const char *
param_name(enum hm_tparam p)
{
	return p == HM_TP_STR ? "string" : "[]string";
}

/* validateType */
static bool
check_type(struct state *s, enum hm_tparam p, struct hm_tval *v)
{
	if (p == HM_TP_ANY || (p == HM_TP_STR && v->kind == HM_TV_STR) ||
	    (p == HM_TP_STRS && v->kind == HM_TV_STRS))
		return true;
	if (v->kind == HM_TV_INVALID && p == HM_TP_STRS) {
		v->kind = HM_TV_STRS;
		return true;
	}
	if (v->kind == HM_TV_INVALID)
		return fail(s, "invalid value; expected %s", param_name(p));
	return fail(s, "wrong type for value; expected %s; got " HM_F, param_name(p),
	            HM_P(hm_tval_type(s->a, v)));
}

static bool
eval_arg(struct state *s, const struct hm_tval *dot, enum hm_tparam p, const struct hm_tnode *n,
         struct hm_tval *out)
{
	bool constant = n->kind == HM_TN_BOOL || n->kind == HM_TN_NUMBER || n->kind == HM_TN_STRING;

	s->node = n;
	if (n->kind == HM_TN_NIL && p == HM_TP_STR)
		return fail(s, "cannot assign nil to string");
	if (constant && p == HM_TP_STR && n->kind != HM_TN_STRING)
		return fail(s, "expected string; found " HM_F, HM_P(hm_tnode_text(s->a, n)));
	if (constant && p == HM_TP_STRS)
		return fail(s, "can't handle " HM_F " for arg of type []string",
		            HM_P(hm_tnode_text(s->a, n)));
	return eval_word(s, dot, n, n, NULL, NULL, out) && check_type(s, p, out);
}

static bool
check_count(struct state *s, hm_str name, unsigned min, unsigned max, size_t words, size_t got)
{
	if (max == UINT_MAX && got < min)
		return fail(s, "wrong number of args for " HM_F ": want at least %u got %zu",
		            HM_P(name), min, words);
	if (max != UINT_MAX && got != max)
		return fail(s, "wrong number of args for " HM_F ": want %u got %zu", HM_P(name),
		            max, got);
	return true;
}

/* and, or: stop at the argument that decides. */
static bool
eval_and_or(struct state *s, const struct hm_tval *dot, bool stop_at,
            const struct hm_tnodes *args, final_arg final, struct hm_tval *out)
{
	for (size_t i = 1; args && i < args->n; i++) {
		if (!eval_arg(s, dot, HM_TP_ANY, args->v[i], out))
			return false;
		if (hm_tval_truth(out) == stop_at)
			return true;
	}
	if (final)
		*out = *final;
	return true;
}

static bool
eval_builtin(struct state *s, const struct hm_tval *dot, const struct hm_tfunc *f,
             const struct hm_tnode *cmd, const struct hm_tnodes *args, final_arg final,
             struct hm_tval *out)
{
	hm_str name = hm_str_of(f->name);
	size_t words = args ? args->n - 1 : 0, n = 0;
	struct hm_tval *argv;
	struct hm_err err = { 0 };
	bool ok;

	if (!check_count(s, name, f->min, f->max, words, words + (final != NULL)))
		return false;
	if (!f->fn && !hm_str_eqz(name, "call"))
		return eval_and_or(s, dot, hm_str_eqz(name, "or"), args, final, out);
	argv = HM_NEW_N(s->a, words + 1, struct hm_tval);
	for (; n < words; n++)
		if (!eval_arg(s, dot, n < 2 ? f->param[n] : HM_TP_ANY, args->v[n + 1], &argv[n]))
			return false;
	if (final) {
		argv[n] = *final;
		if (!check_type(s, n < 2 ? f->param[n] : HM_TP_ANY, &argv[n]))
			return false;
		n++;
	}
	if (!f->fn)
		hm_err_set(&err, HM_EINVALID, "non-function " HM_F " of type " HM_F,
		           HM_P(words ? hm_tnode_text(s->a, args->v[1]) : HM_S("<value>")),
		           HM_P(hm_tval_type(s->a, &argv[0])));
	ok = f->fn && f->fn(s->a, argv, n, out, &err) == 0;
	if (!ok) {
		s->node = cmd;
		fail(s, "error calling %s: " HM_F, f->name, HM_P(hm_err_str(&err)));
	}
	hm_err_free(&err);
	return ok;
}

static bool
eval_extra(struct state *s, const struct hm_tval *dot, const struct hm_template_func *f,
           const struct hm_tnode *cmd, const struct hm_tnodes *args, final_arg final,
           struct hm_tval *out)
{
	size_t words = args ? args->n - 1 : 0;
	struct hm_tval arg = hm_tval_str(HM_S(""));
	const void *obj = NULL;
	struct hm_err err = { 0 };
	bool ok;

	if (!check_count(s, hm_str_of(f->name), f->takes_string, f->takes_string, words,
	                 words + (final != NULL)))
		return false;
	if (words > 0 && !eval_arg(s, dot, HM_TP_STR, args->v[1], &arg))
		return false;
	if (final) {
		arg = *final;
		if (!check_type(s, HM_TP_STR, &arg))
			return false;
	}
	ok = f->fn(s->func_ctx, arg.s, &obj, &err) == 0;
	if (!ok) {
		s->node = cmd;
		fail(s, "error calling %s: " HM_F, f->name, HM_P(hm_err_str(&err)));
	}
	hm_err_free(&err);
	*out = hm_tval_ptr(f->type, obj);
	return ok;
}

static bool
eval_call_function(struct state *s, const struct hm_tval *dot, const struct hm_tnode *ident,
                   const struct hm_tnode *cmd, const struct hm_tnodes *args, final_arg final,
                   struct hm_tval *out)
{
	const struct hm_tfunc *f = hm_tfunc_find(ident->text);

	s->node = ident;
	if (f)
		return eval_builtin(s, dot, f, cmd, args, final, out);
	for (size_t i = 0; i < s->t->n_funcs; i++)
		if (hm_str_eqz(ident->text, s->t->funcs[i].name))
			return eval_extra(s, dot, &s->t->funcs[i], cmd, args, final, out);
	return fail(s, HM_F " is not a defined function", HM_P(hm_str_quote(s->a, ident->text)));
}

static bool
eval_pipeline(struct state *s, const struct hm_tval *dot, const struct hm_tnode *pipe,
              struct hm_tval *out)
{
	struct hm_tval prev;

	*out = (struct hm_tval){ .kind = HM_TV_INVALID };
	if (!pipe)
		return true;
	s->node = pipe;
	for (size_t i = 0; i < pipe->list.n; i++) {
		const struct hm_tnode *cmd = pipe->list.v[i];

		prev = *out;
		if (!eval_word(s, dot, cmd->list.v[0], cmd, &cmd->list, i > 0 ? &prev : NULL, out))
			return false;
	}
	for (size_t i = 0; i < pipe->decl.n; i++) {
		if (!pipe->is_assign)
			push_var(s, pipe->decl.v[i]->idents.v[0], out);
		else if (!set_var(s, pipe->decl.v[i]->idents.v[0], out))
			return false;
	}
	return true;
}

/* --- statements --- */

static enum flow
walk_list(struct state *s, const struct hm_tval *dot, const struct hm_tnode *list)
{
	for (size_t i = 0; list && i < list->list.n; i++) {
		enum flow f = walk(s, dot, list->list.v[i]);

		if (f != FLOW_NEXT)
			return f;
	}
	return FLOW_NEXT;
}

static enum flow
walk_if_with(struct state *s, const struct hm_tval *dot, const struct hm_tnode *n)
{
	size_t mark = s->vars.n;
	struct hm_tval v;
	enum flow f = FLOW_FAIL;

	if (eval_pipeline(s, dot, n->pipe, &v)) {
		if (hm_tval_truth(&v))
			f = walk_list(s, n->kind == HM_TN_WITH ? &v : dot, n->body);
		else
			f = walk_list(s, dot, n->other);
	}
	s->vars.n = mark;
	return f;
}

/* One turn of a loop with its variables set. */
static enum flow
turn(struct state *s, const struct hm_tnode *n, const struct hm_tval *index,
     const struct hm_tval *elem)
{
	const struct hm_tnodes *decl = &n->pipe->decl;
	size_t mark = s->vars.n;
	enum flow f;

	if (s->out->n > MAX_OUTPUT) {
		fail(s, "output too large");
		return FLOW_FAIL;
	}
	if (decl->n > 0 && n->pipe->is_assign) {
		if (!set_var(s, decl->v[0]->idents.v[0], decl->n > 1 ? index : elem) ||
		    (decl->n > 1 && !set_var(s, decl->v[1]->idents.v[0], elem)))
			return FLOW_FAIL;
	} else if (decl->n > 0) {
		s->vars.v[mark - 1].val = *elem;
		if (decl->n > 1)
			s->vars.v[mark - 2].val = *index;
	}
	f = walk_list(s, elem, n->body);
	s->vars.n = mark;
	return f == FLOW_CONTINUE ? FLOW_NEXT : f;
}

static struct hm_tval
element(const struct hm_tval *v, size_t i, struct hm_tval *index)
{
	*index = hm_tval_int((int64_t)i);
	switch (v->kind) {
	case HM_TV_STRS:
		return hm_tval_str(v->strs.v[i]);
	case HM_TV_PTRS:
		return hm_tval_ptr(v->type, v->ptrs.v[i]);
	case HM_TV_MAP:
		*index = hm_tval_str(v->map.v[i].key);
		return hm_tval_str(v->map.v[i].val);
	default:
		return hm_tval_int((int64_t)i);
	}
}

static enum flow
walk_elements(struct state *s, const struct hm_tval *dot, const struct hm_tnode *n,
              const struct hm_tval *v)
{
	ptrdiff_t len = hm_tval_len(v);
	struct hm_buf b = { 0 };
	enum flow f = FLOW_NEXT;

	if (v->kind == HM_TV_INT)
		len = v->i > 0 ? (ptrdiff_t)v->i : 0;
	if (v->kind == HM_TV_INVALID)
		len = 0;
	if (v->kind == HM_TV_STR || len < 0) {
		if (v->kind == HM_TV_TIME && !v->s.p)
			hm_buf_addz(&b, "<nil>");
		else
			hm_tval_print(&b, v, false);
		fail(s, "range can't iterate over " HM_F, HM_P(hm_buf_str(&b)));
		hm_buf_free(&b);
		return FLOW_FAIL;
	}
	if (v->kind == HM_TV_INT && n->pipe->decl.n > 1) {
		fail(s, "can't use %lld to iterate over more than one variable", (long long)v->i);
		return FLOW_FAIL;
	}
	for (ptrdiff_t i = 0; f == FLOW_NEXT && i < len; i++) {
		struct hm_tval index, elem = element(v, (size_t)i, &index);

		f = turn(s, n, &index, &elem);
	}
	if (len == 0)
		f = walk_list(s, dot, n->other);
	return f == FLOW_BREAK && len > 0 ? FLOW_NEXT : f;
}

static enum flow
walk_range(struct state *s, const struct hm_tval *dot, const struct hm_tnode *n)
{
	size_t mark = s->vars.n;
	struct hm_tval v;
	enum flow f = FLOW_FAIL;

	if (eval_pipeline(s, dot, n->pipe, &v))
		f = walk_elements(s, dot, n, &v);
	s->vars.n = mark;
	return f;
}

static enum flow
walk_template(struct state *s, const struct hm_tval *dot, const struct hm_tnode *n)
{
	struct state inner = *s;
	struct hm_tnode *root = hm_map_get(s->t->set, n->value);
	struct hm_tval arg;
	enum flow f;

	s->node = n;
	if (!root) {
		fail(s, "template " HM_F " not defined", HM_P(hm_str_quote(s->a, n->value)));
		return FLOW_FAIL;
	}
	if (s->depth >= HM_TEMPLATE_MAX_CALLS) {
		fail(s, "exceeded maximum template depth (%d)", HM_TEMPLATE_MAX_CALLS);
		return FLOW_FAIL;
	}
	if (!eval_pipeline(s, dot, n->pipe, &arg))
		return FLOW_FAIL;
	memset(&inner.vars, 0, sizeof(inner.vars));
	push_var(&inner, HM_S("$"), &arg);
	inner.depth++;
	inner.name = n->value;
	inner.node = n;
	f = walk_list(&inner, &arg, root);
	return f == FLOW_FAIL ? f : FLOW_NEXT;
}

static void
print_value(struct state *s, const struct hm_tval *v)
{
	if (v->kind == HM_TV_INVALID)
		hm_buf_addz(s->out, "<no value>");
	else
		hm_tval_print(s->out, v, false);
}

static enum flow
walk(struct state *s, const struct hm_tval *dot, const struct hm_tnode *n)
{
	struct hm_tval v;

	s->node = n;
	switch (n->kind) {
	case HM_TN_TEXT:
		hm_buf_adds(s->out, n->text);
		return FLOW_NEXT;
	case HM_TN_ACTION:
		if (!eval_pipeline(s, dot, n->pipe, &v))
			return FLOW_FAIL;
		if (n->pipe->decl.n == 0)
			print_value(s, &v);
		return FLOW_NEXT;
	case HM_TN_IF:
	case HM_TN_WITH:
		return walk_if_with(s, dot, n);
	case HM_TN_RANGE:
		return walk_range(s, dot, n);
	case HM_TN_TEMPLATE:
		return walk_template(s, dot, n);
	case HM_TN_BREAK:
		return FLOW_BREAK;
	case HM_TN_CONTINUE:
		return FLOW_CONTINUE;
	default:
		return walk_list(s, dot, n);
	}
}

int
hm_template_exec(const struct hm_template *t, const struct hm_type *type, const void *obj,
                 void *func_ctx, struct hm_buf *out, struct hm_err *err)
{
	struct hm_arena tmp = { 0 };
	struct state s = { .t = t, .a = &tmp, .out = out, .err = err, .func_ctx = func_ctx };
	struct hm_tval dot = hm_tval_ptr(type, obj);
	enum flow f;

	s.name = t->name;
	s.node = t->root;
	push_var(&s, HM_S("$"), &dot);
	f = walk_list(&s, &dot, hm_map_get(t->set, t->name));
	hm_arena_free(&tmp);
	return f == FLOW_FAIL ? -1 : 0;
}
