/*
 * edits.h - the editing flags of `mod edit` and `work edit`: taken apart when they
 * are read, applied in their order once the file is.
 */
#ifndef HM_CLI_EDITS_H
#define HM_CLI_EDITS_H

#include "base/vec.h"
#include "cli/cmd.h"
#include "codec/json.h"
#include "mod/gomod.h"

struct hm_edit {
	const struct hm_edit_kind *kind;
	hm_str arg;           /* as given */
	struct hm_modver a, b;
};

struct hm_edit_kind {
	const char *flag;
	int (*parse)(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
	/* file: the struct hm_gomod or hm_gowork */
	int (*apply)(void *file, const struct hm_edit *e, struct hm_err *err);
};

/* Zero-initialise; hm_edits_free() at the end. */
struct hm_edits {
	HM_VEC(struct hm_edit) v;
	struct hm_err err; /* of the first bad value; HM_OK: none */
};

/* Makes one flag for each kind in flags[0..n); they fill *edits. */
void hm_edits_flags(struct hm_arena *a, struct hm_edits *edits, const struct hm_edit_kind *kinds,
                    size_t n, struct hm_flag *flags);
/* -1 with the first bad value's error, which is no usage error. */
int hm_edits_check(struct hm_edits *edits, struct hm_err *err);
/* Applies all to the file; errors get "-flag=value: " in front. */
int hm_edits_apply(const struct hm_edits *edits, void *file, struct hm_err *err);
void hm_edits_free(struct hm_edits *edits);

/* Values.  Path and version land in e->a, what replaces it in e->b. */
int hm_edit_parse_modver(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
int hm_edit_parse_path(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
int hm_edit_parse_text(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
int hm_edit_parse_godebug(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
int hm_edit_parse_replace(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
int hm_edit_parse_old(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
/* The same with folders as `work edit` takes them. */
int hm_edit_parse_work_replace(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
int hm_edit_parse_work_old(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);
/* Low bound in e->a.version, high bound in e->b.version. */
int hm_edit_parse_interval(struct hm_arena *a, struct hm_edit *e, struct hm_err *err);

/* -go and -toolchain: a version, "none", or empty; what is "mod" or "work". */
int hm_edit_check_versions(struct hm_cli *cli, const char *what, hm_str go, hm_str toolchain,
                           struct hm_err *err);

/* A member that is a list; go prints one without elements as null. */
void hm_edit_begin_list(struct hm_json_out *w, const char *key, size_t n);
void hm_edit_end_list(struct hm_json_out *w, size_t n);
void hm_edit_put_modver(struct hm_json_out *w, struct hm_modver m);
void hm_edit_put_replaces(struct hm_json_out *w, const struct hm_gomod_replaces *list);

#endif
