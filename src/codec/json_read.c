#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "codec/json.h"
#include "codec/json_check.h"

struct member {
	hm_str key;
	const struct hm_json *val;
};

struct hm_json {
	enum hm_json_kind kind;
	bool truth;
	bool whole;
	int64_t integer;
	hm_str text;               /* string; or how a number prints */
	size_t n;
	const struct hm_json **at; /* array */
	struct member *members;    /* object */
};

static struct hm_json *convert(struct hm_arena *a, json_t *j);

static hm_str
string_of(struct hm_arena *a, json_t *j)
{
	return hm_arena_dup(a, hm_str_make(json_string_value(j), json_string_length(j)));
}

static void
convert_object(struct hm_arena *a, json_t *j, struct hm_json *v)
{
	const char *key;
	size_t len, i = 0;
	json_t *val;

	v->n = json_object_size(j);
	v->members = HM_NEW_N(a, v->n, struct member);
	json_object_keylen_foreach(j, key, len, val) {
		v->members[i].key = hm_arena_dup(a, hm_str_make(key, len));
		v->members[i++].val = convert(a, val);
	}
}

static void
convert_number(struct hm_arena *a, json_t *j, struct hm_json *v)
{
	v->kind = HM_JSON_NUMBER;
	v->whole = json_is_integer(j);
	if (v->whole) {
		v->integer = json_integer_value(j);
		v->text = hm_arena_printf(a, "%lld", (long long)v->integer);
	} else {
		v->text = hm_arena_printf(a, "%.17g", json_real_value(j));
	}
}

/* As deep as hm_json_check() allowed. */
static struct hm_json *
convert(struct hm_arena *a, json_t *j)
{
	struct hm_json *v = HM_NEW(a, struct hm_json);

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		v->kind = HM_JSON_OBJECT;
		convert_object(a, j, v);
		break;
	case JSON_ARRAY:
		v->kind = HM_JSON_ARRAY;
		v->n = json_array_size(j);
		v->at = HM_NEW_N(a, v->n, const struct hm_json *);
		for (size_t i = 0; i < v->n; i++)
			v->at[i] = convert(a, json_array_get(j, i));
		break;
	case JSON_STRING:
		v->kind = HM_JSON_STRING;
		v->text = string_of(a, j);
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		convert_number(a, j, v);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		v->kind = HM_JSON_BOOL;
		v->truth = json_is_true(j);
		break;
	case JSON_NULL:
		break;
	}
	return v;
}

static bool
is_surrogate(hm_str s, size_t i, unsigned *unit)
{
	char digits[5] = { 0 };

	if (i + 6 > s.n || s.p[i] != '\\' || s.p[i + 1] != 'u')
		return false;
	memcpy(digits, s.p + i + 2, 4);
	*unit = (unsigned)strtoul(digits, NULL, 16);
	return *unit >= 0xd800 && *unit <= 0xdfff;
}

/* A checked text with U+FFFD for what is no character. */
static hm_str
repair(struct hm_arena *a, hm_str s)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < s.n;) {
		unsigned high, low;

		if (s.p[i] == '\\' && is_surrogate(s, i, &high)) {
			bool pair = high < 0xdc00 && is_surrogate(s, i + 6, &low) && low >= 0xdc00;

			if (pair)
				hm_buf_add(&b, s.p + i, 12);
			else
				hm_buf_addz(&b, "\\ufffd");
			i += pair ? 12 : 6;
		} else if (s.p[i] == '\\') {
			hm_buf_add(&b, s.p + i, 2);
			i += 2;
		} else {
			hm_buf_add_rune(&b, hm_str_rune(s, &i));
		}
	}
	return hm_buf_take(&b, a);
}

int
hm_json_parse(struct hm_arena *a, hm_str text, const struct hm_json **out, struct hm_err *err)
{
	json_error_t why;
	json_t *j;
	bool plain = true;

	if (text.n > HM_JSON_MAX_BYTES)
		return hm_err_set(err, HM_ELIMIT, "JSON text too large");
	if (hm_json_check(text, HM_JSON_MAX_DEPTH, &plain, err) < 0)
		return -1;
	if (!plain)
		text = repair(a, text);
	j = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	if (!j)
		return hm_err_set(err, HM_ESYNTAX, "%s", why.text);
	*out = convert(a, j);
	json_decref(j);
	return 0;
}

enum hm_json_kind
hm_json_kind(const struct hm_json *v)
{
	return v ? v->kind : HM_JSON_NULL;
}

const char *
hm_json_kind_word(const struct hm_json *v)
{
	static const char *const words[] = {
		"null", "bool", "number", "string", "array", "object"
	};

	return words[hm_json_kind(v)];
}

size_t
hm_json_len(const struct hm_json *v)
{
	return v ? v->n : 0;
}

const struct hm_json *
hm_json_at(const struct hm_json *v, size_t i)
{
	if (!v || i >= v->n)
		return NULL;
	return v->kind == HM_JSON_OBJECT ? v->members[i].val : v->at[i];
}

hm_str
hm_json_key_at(const struct hm_json *v, size_t i)
{
	return v && v->kind == HM_JSON_OBJECT && i < v->n ? v->members[i].key : HM_S("");
}

static bool
equal_folded(hm_str a, hm_str b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

const struct hm_json *
hm_json_get(const struct hm_json *v, const char *key)
{
	const struct hm_json *found = NULL;
	hm_str k = hm_str_of(key);

	if (hm_json_kind(v) != HM_JSON_OBJECT)
		return NULL;
	/* Go sets the field again for each matching key: the last one stays. */
	for (size_t i = 0; i < v->n; i++)
		if (equal_folded(v->members[i].key, k))
			found = v->members[i].val;
	return found;
}

hm_str
hm_json_str(const struct hm_json *v)
{
	return hm_json_kind(v) == HM_JSON_STRING ? v->text : hm_str_make(NULL, 0);
}

hm_str
hm_json_get_str(const struct hm_json *v, const char *key)
{
	hm_str s = hm_json_str(hm_json_get(v, key));

	return s.p ? s : HM_S("");
}

bool
hm_json_bool(const struct hm_json *v)
{
	return v && v->truth;
}

bool
hm_json_int(const struct hm_json *v, int64_t *out)
{
	if (hm_json_kind(v) != HM_JSON_NUMBER || !v->whole)
		return false;
	*out = v->integer;
	return true;
}

/* Here because only this file sees the tree. As deep as the reader allowed. */
void
hm_json_put(struct hm_json_out *w, const struct hm_json *v)
{
	switch (hm_json_kind(v)) {
	case HM_JSON_NULL:
		hm_json_put_null(w);
		break;
	case HM_JSON_BOOL:
		hm_json_put_bool(w, v->truth);
		break;
	case HM_JSON_NUMBER:
		hm_json_put_raw(w, v->text);
		break;
	case HM_JSON_STRING:
		hm_json_put_str(w, v->text);
		break;
	case HM_JSON_ARRAY:
		hm_json_begin_array(w);
		for (size_t i = 0; i < v->n; i++)
			hm_json_put(w, v->at[i]);
		hm_json_end_array(w);
		break;
	case HM_JSON_OBJECT:
		hm_json_begin_object(w);
		for (size_t i = 0; i < v->n; i++) {
			hm_json_key_str(w, v->members[i].key);
			hm_json_put(w, v->members[i].val);
		}
		hm_json_end_object(w);
		break;
	}
}
