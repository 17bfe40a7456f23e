/* Values of templates: from described structs, and printed as fmt prints them. */
#include <stdio.h>
#include <stdlib.h>

#include "load/listjson.h"
#include "load/template_priv.h"

struct hm_tval
hm_tval_bool(bool b)
{
	return (struct hm_tval){ .kind = HM_TV_BOOL, .b = b };
}

struct hm_tval
hm_tval_int(int64_t i)
{
	return (struct hm_tval){ .kind = HM_TV_INT, .i = i };
}

struct hm_tval
hm_tval_str(hm_str s)
{
	return (struct hm_tval){ .kind = HM_TV_STR, .s = s };
}

struct hm_tval
hm_tval_ptr(const struct hm_type *t, const void *obj)
{
	return (struct hm_tval){ .kind = HM_TV_PTR, .type = t, .obj = obj };
}

struct hm_tval
hm_tval_field(const struct hm_field *f, const void *obj)
{
	const void *p = (const char *)obj + f->offset;
	struct hm_tval v = { .kind = HM_TV_INVALID };

	switch (f->kind) {
	case HM_K_STR:
		return hm_tval_str(*(const hm_str *)p);
	case HM_K_BOOL:
		return hm_tval_bool(*(const bool *)p);
	case HM_K_INT:
		return hm_tval_int(*(const int64_t *)p);
	case HM_K_STRS:
		v.kind = HM_TV_STRS;
		v.strs = *(const struct hm_strs *)p;
		break;
	case HM_K_STRMAP:
		v.kind = HM_TV_MAP;
		v.map = *(const struct hm_strmap *)p;
		break;
	case HM_K_TIME:
		v.kind = HM_TV_TIME;
		v.s = *(const hm_str *)p;
		break;
	case HM_K_PTR:
		return hm_tval_ptr(f->elem, *(const void *const *)p);
	case HM_K_PTRS:
		v.kind = HM_TV_PTRS;
		v.type = f->elem;
		v.ptrs = *(const struct hm_ptrs *)p;
		break;
	case HM_K_OPT:
		return hm_tval_ptr(f->elem, ((const hm_str *)p)->p ? p : NULL);
	case HM_K_STRUCT:
		v.kind = HM_TV_STRUCT;
		v.type = f->elem;
		v.obj = p;
		break;
	}
	return v;
}

hm_str
hm_tval_type(struct hm_arena *a, const struct hm_tval *v)
{
	switch (v->kind) {
	case HM_TV_INVALID:
		return HM_S("<nil>");
	case HM_TV_BOOL:
		return HM_S("bool");
	case HM_TV_INT:
		return HM_S("int");
	case HM_TV_FLOAT:
		return HM_S("float64");
	case HM_TV_STR:
		return HM_S("string");
	case HM_TV_STRS:
		return HM_S("[]string");
	case HM_TV_MAP:
		return HM_S("map[string]string");
	case HM_TV_PTRS:
		return hm_arena_printf(a, "[]*%s", v->type->name);
	case HM_TV_PTR:
		return hm_arena_printf(a, "*%s", v->type->name);
	case HM_TV_STRUCT:
		return hm_str_of(v->type->name);
	case HM_TV_TIME:
		return HM_S("*time.Time");
	}
	return HM_S("");
}

bool
hm_tval_is_nil(const struct hm_tval *v)
{
	return (v->kind == HM_TV_PTR && !v->obj) || (v->kind == HM_TV_TIME && !v->s.p);
}

ptrdiff_t
hm_tval_len(const struct hm_tval *v)
{
	switch (v->kind) {
	case HM_TV_STR:
		return (ptrdiff_t)v->s.n;
	case HM_TV_STRS:
		return (ptrdiff_t)v->strs.n;
	case HM_TV_MAP:
		return (ptrdiff_t)v->map.n;
	case HM_TV_PTRS:
		return (ptrdiff_t)v->ptrs.n;
	default:
		return -1;
	}
}

bool
hm_tval_truth(const struct hm_tval *v)
{
	switch (v->kind) {
	case HM_TV_INVALID:
		return false;
	case HM_TV_BOOL:
		return v->b;
	case HM_TV_INT:
		return v->i != 0;
	case HM_TV_FLOAT:
		return v->f < 0 || v->f > 0;
	case HM_TV_PTR:
	case HM_TV_TIME:
		return !hm_tval_is_nil(v);
	case HM_TV_STRUCT:
		return true;
	default:
		return hm_tval_len(v) > 0;
	}
}

/* %v of a float64: as few digits as tell it apart. */
static void
print_float(struct hm_buf *b, double f)
{
	char text[64];
	int digits, exp;

	for (digits = 1; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, f);
		if (!(strtod(text, NULL) < f) && !(strtod(text, NULL) > f))
			break;
	}
	snprintf(text, sizeof(text), "%.*e", digits - 1, f);
	exp = strchr(text, 'e') ? atoi(strchr(text, 'e') + 1) : 0;
	if (exp >= -4 && exp < 21)
		snprintf(text, sizeof(text), "%.*f", digits - 1 > exp ? digits - 1 - exp : 0, f);
	hm_buf_addz(b, text);
}

/* Fields in braces; pointers inside show as addresses in go, which nobody can want. */
static void
print_struct(struct hm_buf *b, const struct hm_type *t, const void *obj, bool quote)
{
	hm_buf_addc(b, '{');
	for (size_t i = 0; i < t->n_fields; i++) {
		struct hm_tval v = hm_tval_field(&t->fields[i], obj);

		if (i > 0)
			hm_buf_addc(b, ' ');
		if (v.kind == HM_TV_PTR && v.obj && !v.type->string)
			hm_buf_printf(b, "&%s", v.type->name);
		else
			hm_tval_print(b, &v, quote);
	}
	hm_buf_addc(b, '}');
}

static void
print_string(struct hm_buf *b, hm_str s, bool quote)
{
	if (quote)
		hm_buf_quote(b, s);
	else
		hm_buf_adds(b, s);
}

static void
print_object(struct hm_buf *b, const struct hm_type *t, const void *obj, bool quote)
{
	struct hm_arena tmp = { 0 };

	if (!obj)
		hm_buf_addz(b, "<nil>");
	else if (t->string)
		print_string(b, t->string(&tmp, obj), quote);
	else
		print_struct(b, t, obj, quote);
	hm_arena_free(&tmp);
}

void
hm_tval_print(struct hm_buf *b, const struct hm_tval *v, bool quote)
{
	switch (v->kind) {
	case HM_TV_INVALID:
		hm_buf_addz(b, "<nil>");
		break;
	case HM_TV_BOOL:
		hm_buf_addz(b, v->b ? "true" : "false");
		break;
	case HM_TV_INT:
		hm_buf_printf(b, "%lld", (long long)v->i);
		break;
	case HM_TV_FLOAT:
		print_float(b, v->f);
		break;
	case HM_TV_STR:
		print_string(b, v->s, quote);
		break;
	case HM_TV_STRS:
		hm_buf_addc(b, '[');
		for (size_t i = 0; i < v->strs.n; i++) {
			hm_buf_addz(b, i ? " " : "");
			print_string(b, v->strs.v[i], quote);
		}
		hm_buf_addc(b, ']');
		break;
	case HM_TV_MAP:
		hm_buf_addz(b, "map[");
		for (size_t i = 0; i < v->map.n; i++) {
			hm_buf_addz(b, i ? " " : "");
			print_string(b, v->map.v[i].key, quote);
			hm_buf_addc(b, ':');
			print_string(b, v->map.v[i].val, quote);
		}
		hm_buf_addc(b, ']');
		break;
	case HM_TV_PTRS:
		hm_buf_addc(b, '[');
		for (size_t i = 0; i < v->ptrs.n; i++) {
			hm_buf_addz(b, i ? " " : "");
			print_object(b, v->type, v->ptrs.v[i], quote);
		}
		hm_buf_addc(b, ']');
		break;
	case HM_TV_PTR:
	case HM_TV_STRUCT:
		print_object(b, v->type, v->obj, quote);
		break;
	case HM_TV_TIME:
		if (v->s.p)
			hm_ttime_print(b, v->s);
		else
			hm_buf_addz(b, "<nil>");
		break;
	}
}
