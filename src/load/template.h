/*
 * template.h - Go's text/template for the -f flags.
 *
 * All of the language but function values and user methods with arguments:
 * fields, variables, pipelines, if, range, with, define, template, block,
 * break, continue, comments, trim markers, and the predefined functions.  Data
 * are structs described by load/reflect.h.  Error texts are go's
 * ("template: main:1:2: executing ...").
 */
#ifndef HM_LOAD_TEMPLATE_H
#define HM_LOAD_TEMPLATE_H

#include "base/err.h"
#include "load/reflect.h"

/* Depth of nested actions and of {{template}} calls (go: 100000; C stacks are smaller). */
#define HM_TEMPLATE_MAX_DEPTH 200
#define HM_TEMPLATE_MAX_CALLS 500

struct hm_template;

/*
 * Functions that the caller adds.  A function takes no argument or one string
 * and gives a described object (NULL: nil).
 */
struct hm_template_func {
	const char *name;
	bool takes_string;
	const struct hm_type *type;
	int (*fn)(void *ctx, hm_str arg, const void **out, struct hm_err *err);
};

/* "join" is always there; funcs may be NULL. name is what errors show ("main"). */
int hm_template_parse(struct hm_arena *a, const char *name, hm_str text,
                      const struct hm_template_func *funcs, size_t n_funcs,
                      struct hm_template **out, struct hm_err *err);
/* Appends the output for one object to out; what was written before an error stays. */
int hm_template_exec(const struct hm_template *t, const struct hm_type *type, const void *obj,
                     void *func_ctx, struct hm_buf *out, struct hm_err *err);

#endif
