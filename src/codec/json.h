/*
 * json.h - JSON as Go's encoding/json reads and writes it.
 *
 * Reading: a whole text becomes a tree in an arena (jansson behind it, its
 * memory is gone on return).  Lookups accept NULL and a wrong kind and answer
 * "absent", so that a chain needs no checks.
 *
 * Writing: a stream of values into a buffer, with the bytes of json.Marshal
 * (compact) or json.MarshalIndent (one value, members on lines of their own).
 */
#ifndef HM_CODEC_JSON_H
#define HM_CODEC_JSON_H

#include "base/err.h"

/* Limits of the reader. */
#define HM_JSON_MAX_BYTES ((size_t)64 << 20)
#define HM_JSON_MAX_DEPTH 512

enum hm_json_kind {
	HM_JSON_NULL,
	HM_JSON_BOOL,
	HM_JSON_NUMBER,
	HM_JSON_STRING,
	HM_JSON_ARRAY,
	HM_JSON_OBJECT,
};

struct hm_json; /* one value; immutable, lives in the arena of hm_json_parse() */

/*
 * Exactly one value, nothing but white space behind it.  HM_ESYNTAX with Go's
 * text ("invalid character '<' looking for beginning of value", "unexpected end
 * of JSON input"), HM_ELIMIT above the limits.  Bytes that are no UTF-8 read as U+FFFD.
 */
int hm_json_parse(struct hm_arena *a, hm_str text, const struct hm_json **out,
                  struct hm_err *err);

enum hm_json_kind hm_json_kind(const struct hm_json *v); /* NULL counts as null */
/* Go's word for the kind in "cannot unmarshal <word> into ...". */
const char *hm_json_kind_word(const struct hm_json *v);
/* Number of elements or members; 0 for anything else. */
size_t hm_json_len(const struct hm_json *v);
/* The i-th element of an array, or value of an object; NULL when there is none. */
const struct hm_json *hm_json_at(const struct hm_json *v, size_t i);
/* The i-th key of an object, in order of the text. */
hm_str hm_json_key_at(const struct hm_json *v, size_t i);
/* A member by name: exact, or else ASCII letters folded, as Go matches struct fields. */
const struct hm_json *hm_json_get(const struct hm_json *v, const char *key);
/* The text of a string; p == NULL for anything else. */
hm_str hm_json_str(const struct hm_json *v);
/* The same of a member, empty when it is absent: for struct fields of type string. */
hm_str hm_json_get_str(const struct hm_json *v, const char *key);
bool hm_json_bool(const struct hm_json *v);
/* A whole number that fits; false otherwise. */
bool hm_json_int(const struct hm_json *v, int64_t *out);

/* Zero-initialise and set .out; compact unless .indent. */
struct hm_json_out {
	struct hm_buf *out;
	const char *indent; /* NULL: compact; "\t" in most of go's output */
	bool raw_html;      /* leave < > & alone (SetEscapeHTML(false)) */
	unsigned depth;
	bool open;          /* something was written at this depth */
	bool keyed;         /* a key was written, its value comes next */
};

/* Containers nest at most HM_JSON_MAX_DEPTH deep. Empty ones print as {} and []. */
void hm_json_begin_object(struct hm_json_out *w);
void hm_json_end_object(struct hm_json_out *w);
void hm_json_begin_array(struct hm_json_out *w);
void hm_json_end_array(struct hm_json_out *w);
void hm_json_key(struct hm_json_out *w, const char *key);
void hm_json_key_str(struct hm_json_out *w, hm_str key);
void hm_json_put_str(struct hm_json_out *w, hm_str s);
void hm_json_put_int(struct hm_json_out *w, int64_t n);
void hm_json_put_uint(struct hm_json_out *w, uint64_t n);
void hm_json_put_bool(struct hm_json_out *w, bool b);
void hm_json_put_null(struct hm_json_out *w);
/* Text that is JSON already and compact; put as it is (indented like Go's RawMessage when .indent).
 */
void hm_json_put_raw(struct hm_json_out *w, hm_str json);
/* A whole tree. */
void hm_json_put(struct hm_json_out *w, const struct hm_json *v);

/* "key": value in one call; the _opt forms write nothing for the empty value (omitempty). */
void hm_json_member_str(struct hm_json_out *w, const char *key, hm_str s);
void hm_json_member_opt_str(struct hm_json_out *w, const char *key, hm_str s);
void hm_json_member_opt_true(struct hm_json_out *w, const char *key, bool b);
void hm_json_member_bool(struct hm_json_out *w, const char *key, bool b);
void hm_json_member_int(struct hm_json_out *w, const char *key, int64_t n);
void hm_json_member_opt_int(struct hm_json_out *w, const char *key, int64_t n);

/* The quoted form of one string alone. */
void hm_json_quote(struct hm_buf *b, hm_str s, bool raw_html);

#endif
