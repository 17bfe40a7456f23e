/*
 * gowork.h - go.work files (golang.org/x/mod/modfile work.go).
 *
 * As gomod.h: typed lists beside a syntax tree, all in one arena.
 */
#ifndef HM_MOD_GOWORK_H
#define HM_MOD_GOWORK_H

#include "mod/gomod.h"

struct hm_gowork_use {
	hm_str path;        /* folder, as written */
	hm_str module_path; /* only for those who set it; not in the file */
	struct hm_mod_line *syntax;
};

struct hm_gowork_uses {
	struct hm_gowork_use *v;
	size_t n, cap;
};

struct hm_gowork {
	struct hm_arena *arena;
	struct hm_mod_syntax *syntax;
	struct hm_mod_line *go_line; /* NULL: no go directive */
	hm_str go;
	struct hm_mod_line *toolchain_line;
	hm_str toolchain;
	struct hm_gomod_godebugs godebug;
	struct hm_gowork_uses use;
	struct hm_gomod_replaces replace;
};

int hm_gowork_parse(struct hm_arena *a, hm_str name, hm_str data,
                    const struct hm_gomod_fixer *fixer, struct hm_gowork **out,
                    struct hm_err *err);
struct hm_gowork *hm_gowork_new(struct hm_arena *a);
void hm_gowork_format(const struct hm_gowork *f, struct hm_buf *out);
/* The go version that counts: the go line, or 1.18 without one (or for f == NULL). */
hm_str hm_gowork_go(const struct hm_gowork *f);

int hm_gowork_add_go(struct hm_gowork *f, hm_str version, struct hm_err *err);
void hm_gowork_drop_go(struct hm_gowork *f);
int hm_gowork_add_toolchain(struct hm_gowork *f, hm_str name, struct hm_err *err);
void hm_gowork_drop_toolchain(struct hm_gowork *f);
void hm_gowork_add_godebug(struct hm_gowork *f, hm_str key, hm_str value);
void hm_gowork_drop_godebug(struct hm_gowork *f, hm_str key);
/* Sets the first use of path, drops others; adds one if there was none. */
void hm_gowork_add_use(struct hm_gowork *f, hm_str path, hm_str module_path);
void hm_gowork_add_new_use(struct hm_gowork *f, hm_str path, hm_str module_path);
/* Makes the use lines exactly these. */
void hm_gowork_set_use(struct hm_gowork *f, const struct hm_gowork_use *use, size_t n);
void hm_gowork_drop_use(struct hm_gowork *f, hm_str path);
void hm_gowork_add_replace(struct hm_gowork *f, hm_str old_path, hm_str old_version,
                           hm_str new_path, hm_str new_version);
void hm_gowork_drop_replace(struct hm_gowork *f, hm_str old_path, hm_str old_version);
void hm_gowork_cleanup(struct hm_gowork *f);
void hm_gowork_sort_blocks(struct hm_gowork *f);

#endif
