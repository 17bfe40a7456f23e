/*
 * template_priv.h - inside the template engine: syntax tree, values, functions.
 */
#ifndef HM_LOAD_TEMPLATE_PRIV_H
#define HM_LOAD_TEMPLATE_PRIV_H

#include "base/map.h"
#include "load/template.h"

enum hm_tnode_kind {
	HM_TN_TEXT,
	HM_TN_ACTION,
	HM_TN_PIPE,
	HM_TN_COMMAND,
	HM_TN_IDENT,
	HM_TN_VARIABLE,
	HM_TN_DOT,
	HM_TN_NIL,
	HM_TN_FIELD,
	HM_TN_CHAIN,
	HM_TN_BOOL,
	HM_TN_NUMBER,
	HM_TN_STRING,
	HM_TN_LIST,
	HM_TN_IF,
	HM_TN_WITH,
	HM_TN_RANGE,
	HM_TN_TEMPLATE,
	HM_TN_BREAK,
	HM_TN_CONTINUE,
	HM_TN_END,
	HM_TN_ELSE,
};

struct hm_tnode;
struct hm_tnodes {
	struct hm_tnode **v;
	size_t n, cap;
};

struct hm_tnode {
	enum hm_tnode_kind kind;
	size_t pos;              /* byte offset in the text */
	hm_str text;             /* TEXT, IDENT, BOOL, NUMBER, STRING (quoted) as written */
	hm_str value;            /* STRING unquoted; TEMPLATE: name */
	struct hm_strs idents;   /* VARIABLE ($x first), FIELD, CHAIN */
	struct hm_tnodes list;   /* PIPE: commands; COMMAND: words; LIST: nodes */
	struct hm_tnodes decl;   /* PIPE: variables declared */
	bool is_assign;          /* PIPE: = instead of := */
	bool truth;              /* BOOL */
	bool is_float;           /* NUMBER */
	int64_t num;
	double flt;
	struct hm_tnode *pipe;   /* ACTION, IF, WITH, RANGE, TEMPLATE (or NULL); CHAIN: operand */
	struct hm_tnode *body, *other; /* IF, WITH, RANGE: list and else list (or NULL) */
};

struct hm_template {
	struct hm_arena *a;
	hm_str name, text;
	struct hm_tnode *root;   /* NULL: nothing but definitions */
	struct hm_map *set;      /* name -> struct hm_tnode *: defined templates */
	const struct hm_template_func *funcs;
	size_t n_funcs;
};

/* The node as go prints it in errors. */
hm_str hm_tnode_text(struct hm_arena *a, const struct hm_tnode *n);

/* --- template_lex.c --- */
enum hm_titem_kind {
	HM_TI_ERROR,
	HM_TI_BOOL,
	HM_TI_CHAR,
	HM_TI_CHAR_CONSTANT,
	HM_TI_COMPLEX,
	HM_TI_ASSIGN,
	HM_TI_DECLARE,
	HM_TI_EOF,
	HM_TI_FIELD,
	HM_TI_IDENT,
	HM_TI_LEFT_DELIM,
	HM_TI_LEFT_PAREN,
	HM_TI_NUMBER,
	HM_TI_PIPE,
	HM_TI_RAW_STRING,
	HM_TI_RIGHT_DELIM,
	HM_TI_RIGHT_PAREN,
	HM_TI_SPACE,
	HM_TI_STRING,
	HM_TI_TEXT,
	HM_TI_VARIABLE,
	HM_TI_KEYWORD, /* from here on: keywords */
	HM_TI_DOT,
	HM_TI_BLOCK,
	HM_TI_BREAK,
	HM_TI_CONTINUE,
	HM_TI_DEFINE,
	HM_TI_ELSE,
	HM_TI_END,
	HM_TI_IF,
	HM_TI_NIL,
	HM_TI_RANGE,
	HM_TI_TEMPLATE,
	HM_TI_WITH,
};
struct hm_titem {
	enum hm_titem_kind kind;
	size_t pos;
	hm_str val;
	unsigned line;
};
struct hm_tlexer {
	struct hm_arena *a;
	hm_str in;
	size_t pos, start;
	int parens;
	bool inside; /* between {{ and }} */
	bool failed;
};
struct hm_titem hm_tlex_next(struct hm_tlexer *l);

/* --- values --- */
enum hm_tval_kind {
	HM_TV_INVALID, /* no value: untyped nil, a missing map entry */
	HM_TV_BOOL,
	HM_TV_INT,
	HM_TV_FLOAT,
	HM_TV_STR,
	HM_TV_STRS,
	HM_TV_MAP,
	HM_TV_PTRS,
	HM_TV_PTR,     /* pointer to a described struct, may be NULL */
	HM_TV_STRUCT,  /* the struct itself */
	HM_TV_TIME,    /* *time.Time as RFC 3339; str.p == NULL: nil */
};
struct hm_tval {
	enum hm_tval_kind kind;
	bool b;
	int64_t i;
	double f;
	hm_str s;
	struct hm_strs strs;
	struct hm_strmap map;
	struct hm_ptrs ptrs;
	const struct hm_type *type; /* PTR, STRUCT, PTRS (of the elements) */
	const void *obj;            /* PTR, STRUCT */
};

struct hm_tval hm_tval_bool(bool b);
struct hm_tval hm_tval_int(int64_t i);
struct hm_tval hm_tval_str(hm_str s);
struct hm_tval hm_tval_ptr(const struct hm_type *t, const void *obj);
/* A field of a described struct. */
struct hm_tval hm_tval_field(const struct hm_field *f, const void *obj);
/* "[]string", "*load.PackagePublic" */
hm_str hm_tval_type(struct hm_arena *a, const struct hm_tval *v);
bool hm_tval_truth(const struct hm_tval *v);
/* A nil pointer. */
bool hm_tval_is_nil(const struct hm_tval *v);
/* Number of elements, or -1 for what has none. */
ptrdiff_t hm_tval_len(const struct hm_tval *v);
/* As fmt prints it with %v; with quote: strings in %q. */
void hm_tval_print(struct hm_buf *b, const struct hm_tval *v, bool quote);

/* --- template_func.c --- */
enum hm_tparam { HM_TP_ANY, HM_TP_STR, HM_TP_STRS };

/* Everything is an argument of kind ANY unless first/second say otherwise. */
struct hm_tfunc {
	const char *name;
	unsigned min, max; /* max == UINT_MAX: variadic */
	enum hm_tparam param[2];
	int (*fn)(struct hm_arena *a, const struct hm_tval *arg, size_t n, struct hm_tval *out,
	          struct hm_err *err);
};
/* Built in, or join; NULL when unknown.  "and", "or", "call" have no fn: see the executor. */
const struct hm_tfunc *hm_tfunc_find(hm_str name);
int hm_tfunc_eq(const struct hm_tval *x, const struct hm_tval *y, bool *out, struct hm_arena *a,
                struct hm_err *err);

/* --- template_fmt.c --- */
/* fmt.Sprintf, fmt.Sprint, fmt.Sprintln */
void hm_tfmt_printf(struct hm_arena *a, struct hm_buf *b, hm_str format,
                    const struct hm_tval *arg, size_t n);
void hm_tfmt_print(struct hm_buf *b, const struct hm_tval *arg, size_t n);
void hm_tfmt_println(struct hm_buf *b, const struct hm_tval *arg, size_t n);

/* --- template_time.c --- */
/* Methods of time.Time on RFC 3339 text; -1 when there is no such method (in *found). */
bool hm_ttime_method(struct hm_arena *a, hm_str rfc3339, hm_str name, const struct hm_tval *arg,
                     size_t n, struct hm_tval *out);
/* time.Time.String: "2006-01-02 15:04:05 +0000 UTC" */
void hm_ttime_print(struct hm_buf *b, hm_str rfc3339);

#endif
