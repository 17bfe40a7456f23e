/*
 * reflect.h - tables that describe our structs to -json and -f.
 *
 * A table lists the fields in the order in which go prints them, under go's
 * names.  listjson.h prints any described struct as go's encoding/json would,
 * template.h lets Go templates walk it.
 */
#ifndef HM_LOAD_REFLECT_H
#define HM_LOAD_REFLECT_H

#include "base/vec.h"

enum hm_kind {
	HM_K_STR,    /* hm_str */
	HM_K_BOOL,   /* bool */
	HM_K_INT,    /* int64_t */
	HM_K_STRS,   /* struct hm_strs: []string */
	HM_K_STRMAP, /* struct hm_strmap: map[string]string */
	HM_K_TIME,   /* hm_str, RFC 3339 or p == NULL: *time.Time */
	HM_K_PTR,    /* pointer to a described struct, or NULL */
	HM_K_PTRS,   /* struct hm_ptrs: slice of pointers to a described struct */
	HM_K_STRUCT, /* a described struct in place */
	HM_K_OPT,    /* the same, nil when the hm_str it starts with has p == NULL */
};

/* map[string]string, sorted by key. */
struct hm_strmap {
	struct hm_strmap_entry {
		hm_str key, val;
	} *v;
	size_t n, cap;
};
/* Every `struct { struct x **v; size_t n, cap; }` may be read as this. */
struct hm_ptrs {
	const void *const *v;
	size_t n, cap;
};

struct hm_type;

struct hm_field {
	const char *name; /* go's name */
	enum hm_kind kind;
	size_t offset;
	const struct hm_type *elem; /* PTR, PTRS, STRUCT, OPT */
	bool keep_empty;            /* printed by -json even when zero (no omitempty) */
	bool hidden;                /* not in -json (json:"-") */
};
#define HM_FIELD(type, member, name, kind)                                                   \
	{ name, kind, offsetof(type, member), NULL, false, false }
#define HM_FIELD_OF(type, member, name, kind, elem)                                          \
	{ name, kind, offsetof(type, member), elem, false, false }

/* A method without arguments that gives a string, e.g. String. */
struct hm_method {
	const char *name;
	hm_str (*fn)(struct hm_arena *a, const void *obj);
};

struct hm_type {
	const char *name; /* as Go prints the type in errors, e.g. "load.PackagePublic" */
	const struct hm_field *fields;
	size_t n_fields;
	const struct hm_method *methods;
	size_t n_methods;
	/* json.Marshaler or fmt.Stringer equivalents; NULL: by fields. */
	hm_str (*string)(struct hm_arena *a, const void *obj);
};

/* Is the field of obj zero (what omitempty leaves out)? */
bool hm_field_is_empty(const struct hm_field *f, const void *obj);
/* The field of that name, or NULL. */
const struct hm_field *hm_type_field(const struct hm_type *t, hm_str name);

#endif
