/*
 * mainmods.h - the main modules of a command and what only main modules may
 * say: replace, exclude, tool, ignore, godebug.
 *
 * Follows MainModuleSet of cmd/go/internal/modload/init.go and the lookups of
 * modfile.go.  Immutable after hm_modload_file(), so every query may be asked
 * from several threads; memory belongs to the modload's arena.
 */
#ifndef HM_LOAD_MAINMODS_H
#define HM_LOAD_MAINMODS_H

#include "base/vec.h"
#include "load/modload.h"
#include "load/vermap.h"

struct hm_gomod;
struct hm_gowork;

/* Facts about module versions: the replace, exclude or require lines of one file. */
struct hm_modtable {
	struct hm_vermap rows; /* -> struct hm_modtable_row * */
};
struct hm_modtable_row {
	struct hm_modver mod; /* version empty: every version */
	struct hm_modver to;  /* replace: the new module as written */
	struct hm_modver use; /* replace: `to` with its path made relative to the go.work folder */
	bool indirect;        /* require */
};
/* The row of exactly this version, or NULL. */
struct hm_modtable_row *hm_modtable_find(const struct hm_modtable *t, struct hm_modver m);

/* What a go.mod file said when it was read (go's modFileIndex). */
struct hm_modindex {
	hm_str data;     /* the bytes of the file */
	bool needs_fix;  /* a version was not canonical */
	hm_str module, go, toolchain;
	struct hm_modtable require, replace, exclude;
	struct hm_strs ignore;
};

struct hm_mainmod {
	struct hm_modver mod; /* version empty */
	hm_str root;          /* absolute folder; empty for "command-line-arguments" */
	hm_str gomod;         /* its go.mod, or what -modfile names */
	hm_str prefix;        /* import path prefix: the path; empty for std in GOROOT/src */
	bool in_goroot_src;
	struct hm_gomod *file;     /* NULL for "command-line-arguments" */
	struct hm_modindex *index; /* NULL when nothing was read */
};

struct hm_mainmods {
	struct hm_mainmod *v; /* in the order of go.work */
	size_t n;
	struct hm_map by_path;   /* path -> struct hm_mainmod * */
	struct hm_strs tools;    /* tool lines of all of them, sorted, unique */
	struct hm_gowork *work;  /* NULL outside a workspace */
	struct hm_modtable work_replace;
	struct hm_map highest_replaced; /* path -> hm_str *, "": every version */
	const struct hm_mainmod *with_cwd; /* the one whose root is at or above cwd, or NULL */
};

/* The main module of this path, or NULL; mm may be NULL. */
const struct hm_mainmod *hm_mainmods_find(const struct hm_mainmods *mm, hm_str path);
static inline bool
hm_mainmods_has(const struct hm_mainmods *mm, hm_str path)
{
	return hm_mainmods_find(mm, path) != NULL;
}
/* The only one outside a workspace, else NULL. */
struct hm_mainmod *hm_mainmods_single(const struct hm_mainmods *mm);

/* go's Replacement: path empty when m is not replaced.  Thread-safe. */
struct hm_modver hm_modload_replacement(const struct hm_modload *ml, struct hm_modver m);
/* go's resolveReplacement: the replacement, or m itself. */
struct hm_modver hm_modload_resolve(const struct hm_modload *ml, struct hm_modver m);
/*
 * go's replacementFrom: the replacement as written, *from gets the file that
 * has it (empty when none).
 */
struct hm_modver hm_modload_replacement_from(const struct hm_modload *ml, struct hm_modver m,
                                             hm_str *root, hm_str *from);
/* Absolute folder of a directory replacement (version empty), relative ones joined. */
hm_str hm_modload_replace_dir(const struct hm_modload *ml, struct hm_arena *a, hm_str path);
/* Some main module excludes m. */
bool hm_modload_excluded(const struct hm_modload *ml, struct hm_modver m);
/* go's MainModules.GoVersion: of the module, or of go.work. */
hm_str hm_modload_main_go(const struct hm_modload *ml);

#endif
