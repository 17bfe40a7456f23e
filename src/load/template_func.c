/* The predefined functions (text/template funcs.go), and join. */
#include <limits.h>

#include "base/rune.h"
#include "codec/url.h"
#include "load/template_priv.h"

/* The type behind a pointer, as errors of len, index and slice name it. */
static hm_str
pointed_type(struct hm_arena *a, const struct hm_tval *v)
{
	hm_str type = hm_tval_type(a, v);

	hm_str_cut_prefix(&type, HM_S("*"));
	return type;
}

static int
not_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
       struct hm_err *err)
{
	(void)a, (void)n, (void)err;
	*out = hm_tval_bool(!hm_tval_truth(&arg[0]));
	return 0;
}

static int
len_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
       struct hm_err *err)
{
	ptrdiff_t len = hm_tval_len(&arg[0]);

	(void)n;
	if (hm_tval_is_nil(&arg[0]))
		return hm_err_set(err, HM_EINVALID, "len of nil pointer");
	if (arg[0].kind == HM_TV_INVALID)
		return hm_err_set(err, HM_EINVALID,
		                  "reflect: call of reflect.Value.Type on zero Value");
	if (len < 0)
		return hm_err_set(err, HM_EINVALID, "len of type " HM_F,
		                  HM_P(pointed_type(a, &arg[0])));
	*out = hm_tval_int(len);
	return 0;
}

static int
index_arg(struct hm_arena *a, const struct hm_tval *v, ptrdiff_t cap, size_t *out,
          struct hm_err *err)
{
	if (v->kind == HM_TV_INVALID)
		return hm_err_set(err, HM_EINVALID, "cannot index slice/array with nil");
	if (v->kind != HM_TV_INT)
		return hm_err_set(err, HM_EINVALID, "cannot index slice/array with type " HM_F,
		                  HM_P(hm_tval_type(a, v)));
	if (v->i < 0 || v->i > cap)
		return hm_err_set(err, HM_EINVALID, "index out of range: %lld", (long long)v->i);
	*out = (size_t)v->i;
	return 0;
}

static int
index_list(struct hm_arena *a, const struct hm_tval *item, const struct hm_tval *at,
           struct hm_tval *out, struct hm_err *err)
{
	ptrdiff_t len = hm_tval_len(item);
	size_t i;

	if (index_arg(a, at, len, &i, err) != 0)
		return -1;
	if ((ptrdiff_t)i >= len)
		return hm_err_set(err, HM_EINVALID, "reflect: %s index out of range",
		                  item->kind == HM_TV_STR ? "string" : "slice");
	if (item->kind == HM_TV_STR)
		*out = hm_tval_int((unsigned char)item->s.p[i]);
	else if (item->kind == HM_TV_STRS)
		*out = hm_tval_str(item->strs.v[i]);
	else
		*out = hm_tval_ptr(item->type, item->ptrs.v[i]);
	return 0;
}

static int
index_map(struct hm_arena *a, const struct hm_tval *item, const struct hm_tval *at,
          struct hm_tval *out, struct hm_err *err)
{
	if (at->kind != HM_TV_STR)
		return hm_err_set(err, HM_EINVALID, "value has type " HM_F "; should be string",
		                  HM_P(hm_tval_type(a, at)));
	*out = hm_tval_str(HM_S(""));
	for (size_t i = 0; i < item->map.n; i++)
		if (hm_str_eq(item->map.v[i].key, at->s))
			*out = hm_tval_str(item->map.v[i].val);
	return 0;
}

static int
index_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
         struct hm_err *err)
{
	*out = arg[0];
	if (arg[0].kind == HM_TV_INVALID)
		return hm_err_set(err, HM_EINVALID, "index of untyped nil");
	for (size_t i = 1; i < n; i++) {
		struct hm_tval item = *out;

		if (hm_tval_is_nil(&item))
			return hm_err_set(err, HM_EINVALID, "index of nil pointer");
		if (item.kind == HM_TV_MAP) {
			if (index_map(a, &item, &arg[i], out, err) != 0)
				return -1;
		} else if (hm_tval_len(&item) < 0) {
			return hm_err_set(err, HM_EINVALID, "can't index item of type " HM_F,
			                  HM_P(pointed_type(a, &item)));
		} else if (index_list(a, &item, &arg[i], out, err) != 0) {
			return -1;
		}
	}
	return 0;
}

static int
slice_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
         struct hm_err *err)
{
	ptrdiff_t len = hm_tval_len(&arg[0]);
	size_t at[3] = { 0, (size_t)len, 0 };

	if (arg[0].kind == HM_TV_INVALID)
		return hm_err_set(err, HM_EINVALID, "slice of untyped nil");
	if (hm_tval_is_nil(&arg[0]))
		return hm_err_set(err, HM_EINVALID, "slice of nil pointer");
	if (n > 4)
		return hm_err_set(err, HM_EINVALID, "too many slice indexes: %zu", n - 1);
	if (arg[0].kind == HM_TV_STR && n == 4)
		return hm_err_set(err, HM_EINVALID, "cannot 3-index slice a string");
	if (len < 0 || arg[0].kind == HM_TV_MAP)
		return hm_err_set(err, HM_EINVALID, "can't slice item of type " HM_F,
		                  HM_P(pointed_type(a, &arg[0])));
	for (size_t i = 1; i < n; i++)
		if (index_arg(a, &arg[i], len, &at[i - 1], err) != 0)
			return -1;
	for (size_t i = 0; i < (n == 4 ? 2u : 1u); i++)
		if (at[i] > at[i + 1])
			return hm_err_set(err, HM_EINVALID, "invalid slice index: %zu > %zu",
			                  at[i], at[i + 1]);
	*out = arg[0];
	if (out->kind == HM_TV_STR)
		out->s = hm_str_sub(out->s, at[0], at[1]);
	if (out->kind == HM_TV_STRS && out->strs.n > 0)
		out->strs = (struct hm_strs){ out->strs.v + at[0], at[1] - at[0], at[1] - at[0] };
	if (out->kind == HM_TV_PTRS && out->ptrs.n > 0)
		out->ptrs = (struct hm_ptrs){ out->ptrs.v + at[0], at[1] - at[0], at[1] - at[0] };
	return 0;
}

/* --- comparison --- */

static bool
is_basic(const struct hm_tval *v)
{
	return v->kind == HM_TV_BOOL || v->kind == HM_TV_INT || v->kind == HM_TV_FLOAT ||
	       v->kind == HM_TV_STR;
}

/* Slices and maps without elements are nil here: nothing tells them apart. */
static bool
counts_as_nil(const struct hm_tval *v)
{
	return v->kind == HM_TV_INVALID || hm_tval_is_nil(v) ||
	       (v->kind >= HM_TV_STRS && v->kind <= HM_TV_PTRS && hm_tval_len(v) == 0);
}

static bool
same_object(const struct hm_tval *x, const struct hm_tval *y)
{
	if (x->kind == HM_TV_TIME)
		return hm_str_eq(x->s, y->s);
	return x->obj == y->obj && x->type == y->type;
}

int
hm_tfunc_eq(const struct hm_tval *x, const struct hm_tval *y, bool *out, struct hm_arena *a,
            struct hm_err *err)
{
	hm_str tx = hm_tval_type(a, x), ty = hm_tval_type(a, y);

	*out = false;
	if (is_basic(x) != is_basic(y) || (is_basic(x) && x->kind != y->kind)) {
		if (x->kind == HM_TV_INVALID || y->kind == HM_TV_INVALID)
			return 0;
		return hm_err_set(err, HM_EINVALID,
		                  "incompatible types for comparison: " HM_F " and " HM_F,
		                  HM_P(tx), HM_P(ty));
	}
	switch (x->kind) {
	case HM_TV_BOOL:
		*out = x->b == y->b;
		return 0;
	case HM_TV_INT:
		*out = x->i == y->i;
		return 0;
	case HM_TV_FLOAT:
		*out = !(x->f < y->f) && !(x->f > y->f);
		return 0;
	case HM_TV_STR:
		*out = hm_str_eq(x->s, y->s);
		return 0;
	default:
		break;
	}
	if (counts_as_nil(x) || counts_as_nil(y)) {
		*out = counts_as_nil(x) && counts_as_nil(y);
		return 0;
	}
	if (x->kind >= HM_TV_STRS && x->kind <= HM_TV_PTRS) {
		struct hm_buf b = { 0 };

		hm_tval_print(&b, y, false);
		hm_err_set(err, HM_EINVALID, "non-comparable type " HM_F ": " HM_F,
		           HM_P(hm_buf_str(&b)), HM_P(ty));
		hm_buf_free(&b);
		return -1;
	}
	*out = same_object(x, y);
	return 0;
}

static int
eq_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
      struct hm_err *err)
{
	bool same = false;

	if (n < 2)
		return hm_err_set(err, HM_EINVALID, "missing argument for comparison");
	for (size_t i = 1; i < n && !same; i++)
		if (hm_tfunc_eq(&arg[0], &arg[i], &same, a, err) != 0)
			return -1;
	*out = hm_tval_bool(same);
	return 0;
}

static int
ne_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
      struct hm_err *err)
{
	if (eq_fn(a, arg, n, out, err) != 0)
		return -1;
	out->b = !out->b;
	return 0;
}

static int
less(struct hm_arena *a, const struct hm_tval *x, const struct hm_tval *y, bool *out,
     struct hm_err *err)
{
	if (!is_basic(x) || !is_basic(y))
		return hm_err_set(err, HM_EINVALID, "invalid type for comparison");
	if (x->kind != y->kind)
		return hm_err_set(err, HM_EINVALID,
		                  "incompatible types for comparison: " HM_F " and " HM_F,
		                  HM_P(hm_tval_type(a, x)), HM_P(hm_tval_type(a, y)));
	if (x->kind == HM_TV_BOOL)
		return hm_err_set(err, HM_EINVALID, "invalid type for comparison");
	*out = x->kind == HM_TV_INT     ? x->i < y->i
	       : x->kind == HM_TV_FLOAT ? x->f < y->f
	                                : hm_str_cmp(x->s, y->s) < 0;
	return 0;
}

static int
lt_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
      struct hm_err *err)
{
	(void)n;
	*out = hm_tval_bool(false);
	return less(a, &arg[0], &arg[1], &out->b, err);
}

static int
le_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
      struct hm_err *err)
{
	if (lt_fn(a, arg, n, out, err) != 0)
		return -1;
	return out->b ? 0 : hm_tfunc_eq(&arg[0], &arg[1], &out->b, a, err);
}

static int
gt_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
      struct hm_err *err)
{
	if (le_fn(a, arg, n, out, err) != 0)
		return -1;
	out->b = !out->b;
	return 0;
}

static int
ge_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
      struct hm_err *err)
{
	if (lt_fn(a, arg, n, out, err) != 0)
		return -1;
	out->b = !out->b;
	return 0;
}

/* --- text --- */

static int
print_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
         struct hm_err *err)
{
	struct hm_buf b = { 0 };

	(void)err;
	hm_tfmt_print(&b, arg, n);
	*out = hm_tval_str(hm_buf_take(&b, a));
	return 0;
}

static int
println_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
           struct hm_err *err)
{
	struct hm_buf b = { 0 };

	(void)err;
	hm_tfmt_println(&b, arg, n);
	*out = hm_tval_str(hm_buf_take(&b, a));
	return 0;
}

static int
printf_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
          struct hm_err *err)
{
	struct hm_buf b = { 0 };

	(void)err;
	hm_tfmt_printf(a, &b, arg[0].s, arg + 1, n - 1);
	*out = hm_tval_str(hm_buf_take(&b, a));
	return 0;
}

/* What html, js and urlquery work on: the one string, or all printed. */
static hm_str
args_text(struct hm_arena *a, const struct hm_tval *arg, size_t n)
{
	struct hm_buf b = { 0 };

	if (n == 1 && arg[0].kind == HM_TV_INVALID)
		return HM_S("<no value>");
	hm_tfmt_print(&b, arg, n);
	return hm_buf_take(&b, a);
}

static int
html_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
        struct hm_err *err)
{
	hm_str s = args_text(a, arg, n);
	struct hm_buf b = { 0 };

	(void)err;
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '\0':
			hm_buf_addz(&b, "\xef\xbf\xbd");
			break;
		case '"':
			hm_buf_addz(&b, "&#34;");
			break;
		case '\'':
			hm_buf_addz(&b, "&#39;");
			break;
		case '&':
			hm_buf_addz(&b, "&amp;");
			break;
		case '<':
			hm_buf_addz(&b, "&lt;");
			break;
		case '>':
			hm_buf_addz(&b, "&gt;");
			break;
		default:
			hm_buf_addc(&b, s.p[i]);
		}
	*out = hm_tval_str(hm_buf_take(&b, a));
	return 0;
}

static int
js_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
      struct hm_err *err)
{
	hm_str s = args_text(a, arg, n);
	struct hm_buf b = { 0 };

	(void)err;
	for (size_t i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i);

		if (r == '\\' || r == '\'' || r == '"')
			hm_buf_printf(&b, "\\%c", (int)r);
		else if (r < ' ' || r == '<' || r == '>' || r == '&' || r == '=')
			hm_buf_printf(&b, "\\u%04X", (unsigned)r);
		else if (r >= 0x80 && !hm_rune_is_print(r))
			hm_buf_printf(&b, "\\u%04X", (unsigned)r);
		else
			hm_buf_add_rune(&b, r);
	}
	*out = hm_tval_str(hm_buf_take(&b, a));
	return 0;
}

static int
urlquery_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
            struct hm_err *err)
{
	(void)err;
	*out = hm_tval_str(hm_url_query_escape(a, args_text(a, arg, n)));
	return 0;
}

static int
join_fn(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
        struct hm_err *err)
{
	(void)n, (void)err;
	*out = hm_tval_str(hm_strs_join(a, &arg[0].strs, arg[1].s));
	return 0;
}

static const struct hm_tfunc funcs[] = {
	{ "and", 1, UINT_MAX, { 0 }, NULL },
	{ "or", 1, UINT_MAX, { 0 }, NULL },
	{ "call", 1, UINT_MAX, { 0 }, NULL },
	{ "not", 1, 1, { 0 }, not_fn },
	{ "len", 1, 1, { 0 }, len_fn },
	{ "index", 1, UINT_MAX, { 0 }, index_fn },
	{ "slice", 1, UINT_MAX, { 0 }, slice_fn },
	{ "eq", 1, UINT_MAX, { 0 }, eq_fn },
	{ "ne", 2, 2, { 0 }, ne_fn },
	{ "lt", 2, 2, { 0 }, lt_fn },
	{ "le", 2, 2, { 0 }, le_fn },
	{ "gt", 2, 2, { 0 }, gt_fn },
	{ "ge", 2, 2, { 0 }, ge_fn },
	{ "print", 0, UINT_MAX, { 0 }, print_fn },
	{ "println", 0, UINT_MAX, { 0 }, println_fn },
	{ "printf", 1, UINT_MAX, { HM_TP_STR, HM_TP_ANY }, printf_fn },
	{ "html", 0, UINT_MAX, { 0 }, html_fn },
	{ "js", 0, UINT_MAX, { 0 }, js_fn },
	{ "urlquery", 0, UINT_MAX, { 0 }, urlquery_fn },
	{ "join", 2, 2, { HM_TP_STRS, HM_TP_STR }, join_fn },
};

const struct hm_tfunc *
hm_tfunc_find(hm_str name)
{
	for (size_t i = 0; i < sizeof(funcs) / sizeof(funcs[0]); i++)
		if (hm_str_eqz(name, funcs[i].name))
			return &funcs[i];
	return NULL;
}
