#include "load/listjson.h"

#include "codec/json.h"

static const void *
member(const void *obj, const struct hm_field *f)
{
	return (const char *)obj + f->offset;
}

bool
hm_field_is_empty(const struct hm_field *f, const void *obj)
{
	const void *p = member(obj, f);

	switch (f->kind) {
	case HM_K_STR:
		return ((const hm_str *)p)->n == 0;
	case HM_K_BOOL:
		return !*(const bool *)p;
	case HM_K_INT:
		return *(const int64_t *)p == 0;
	case HM_K_STRS:
		return ((const struct hm_strs *)p)->n == 0;
	case HM_K_STRMAP:
		return ((const struct hm_strmap *)p)->n == 0;
	case HM_K_PTRS:
		return ((const struct hm_ptrs *)p)->n == 0;
	case HM_K_PTR:
		return !*(const void *const *)p;
	case HM_K_TIME:
	case HM_K_OPT:
		return !((const hm_str *)p)->p;
	case HM_K_STRUCT:
		return false;
	}
	return true;
}

static void write_struct(struct hm_json_out *w, const struct hm_type *t, const void *obj,
                         const struct hm_strs *only);

static void
write_value(struct hm_json_out *w, const struct hm_field *f, const void *p)
{
	const struct hm_strs *strs = p;
	const struct hm_strmap *map = p;
	const struct hm_ptrs *ptrs = p;

	switch (f->kind) {
	case HM_K_STR:
	case HM_K_TIME:
		hm_json_put_str(w, *(const hm_str *)p);
		break;
	case HM_K_BOOL:
		hm_json_put_bool(w, *(const bool *)p);
		break;
	case HM_K_INT:
		hm_json_put_int(w, *(const int64_t *)p);
		break;
	case HM_K_STRS:
		hm_json_begin_array(w);
		for (size_t i = 0; i < strs->n; i++)
			hm_json_put_str(w, strs->v[i]);
		hm_json_end_array(w);
		break;
	case HM_K_STRMAP:
		hm_json_begin_object(w);
		for (size_t i = 0; i < map->n; i++) {
			hm_json_key_str(w, map->v[i].key);
			hm_json_put_str(w, map->v[i].val);
		}
		hm_json_end_object(w);
		break;
	case HM_K_PTRS:
		hm_json_begin_array(w);
		for (size_t i = 0; i < ptrs->n; i++)
			write_struct(w, f->elem, ptrs->v[i], NULL);
		hm_json_end_array(w);
		break;
	case HM_K_PTR:
		if (*(const void *const *)p)
			write_struct(w, f->elem, *(const void *const *)p, NULL);
		else
			hm_json_put_null(w);
		break;
	case HM_K_OPT:
	case HM_K_STRUCT:
		write_struct(w, f->elem, p, NULL);
		break;
	}
}

static void
write_struct(struct hm_json_out *w, const struct hm_type *t, const void *obj,
             const struct hm_strs *only)
{
	hm_json_begin_object(w);
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct hm_field *f = &t->fields[i];

		if (f->hidden || (only && !hm_strs_has(only, hm_str_of(f->name))))
			continue;
		if (!f->keep_empty && hm_field_is_empty(f, obj))
			continue;
		hm_json_key(w, f->name);
		write_value(w, f, member(obj, f));
	}
	hm_json_end_object(w);
}

void
hm_listjson_write(struct hm_buf *b, const struct hm_type *t, const void *obj,
                  const struct hm_strs *only)
{
	struct hm_json_out w = { .out = b, .indent = "\t" };

	write_struct(&w, t, obj, only);
}
