/*
 * pkgload_priv.h - inside the package loader.
 *
 * Two stages: pkgload_data.c turns folders into hm_bpkg, in parallel and with no
 * order; pkgload_pkg.c links them into hm_pkg, one after another in go's order,
 * so that errors and import stacks come out as go's.
 */
#ifndef HM_LOAD_PKGLOAD_PRIV_H
#define HM_LOAD_PKGLOAD_PRIV_H

#include <pthread.h>

#include "load/pkgload.h"

/* Longest chain of imports; each step is a few hundred bytes of stack. */
#define HM_LOADER_MAX_DEPTH 5000

enum {
	HM_LOADER_RESOLVE = 1,         /* path is as written in a source file */
	HM_LOADER_CMDLINE = 2,         /* named on the command line */
	HM_LOADER_CMDLINE_LITERAL = 4, /* ... without wildcards */
};

/* A package folder read: what packageDataCache keeps. */
struct hm_loader_data {
	hm_str path;  /* canonical import path */
	hm_str asked; /* the path by which it was first asked for */
	struct hm_bpkg *b;
	bool done;
};

/* A GODEBUG setting that the toolchain knows. */
struct hm_loader_setting {
	hm_str name, old;
	unsigned changed; /* minor release that changed the default, 0: none */
	unsigned removed;
};

/* hm_pkg with what only the loader knows about it. */
struct hm_loader_pkg {
	struct hm_pkg pkg; /* first */
	bool linked;       /* its imports are loaded (Internal.Imports is set) */
};

struct hm_loader {
	struct hm_arena *a;
	struct hm_loader_conf conf;
	struct hm_loader_source src;
	struct hm_scan_cache *scans;

	/* Under lock: data of folders, by canonical import path. */
	pthread_mutex_t lock;
	pthread_cond_t done;
	struct hm_map data;
	struct hm_arena data_arena;

	struct hm_map pkgs; /* import path -> struct hm_loader_pkg * */
	struct hm_map fold; /* import paths, case folded -> first spelling (char *) */
	struct hm_import_stack stack;
	unsigned depth;
	bool settings_read;
	HM_VEC(struct hm_loader_setting) settings;
};

/* --- pkgload_data.c --- */
/*
 * The folder that path means for an importer; b == NULL in the answer's place
 * (NULL) when the path itself is not allowed, with the text in *why.
 */
const struct hm_loader_data *hm_loader_data_get(struct hm_loader *l, hm_str parent,
                                                bool parent_std, hm_str path, hm_str *why);
/* Reads, with all cores, the folders of paths and of what they import. */
void hm_loader_data_preload(struct hm_loader *l, const struct hm_strs *paths, bool imports);

/* --- pkgload_pkg.c --- */
/*
 * loadImport: the package that path means for parent (NULL: command line).
 * *perr (may be NULL only without parent) is why parent may not import it.
 */
struct hm_pkg *hm_loader_load_import(struct hm_loader *l, const struct hm_loader_opts *opts,
                                     hm_str path, struct hm_pkg *parent,
                                     const struct hm_poss *pos, unsigned mode,
                                     struct hm_pkg_error **perr);
/* Package.load: fills p from b; path is how it was asked for. root: instead of b's, or empty. */
void hm_loader_load(struct hm_loader *l, const struct hm_loader_opts *opts,
                    struct hm_loader_pkg *p, hm_str path, const struct hm_poss *pos,
                    const struct hm_bpkg *b, hm_str root);

/* --- pkgload_check.c --- */
/* disallowInternal, disallowVendor; NULL when allowed. */
struct hm_pkg_error *hm_loader_check_internal(struct hm_loader *l, const struct hm_pkg *importer,
                                              const struct hm_pkg *p);
struct hm_pkg_error *hm_loader_check_vendor(struct hm_loader *l, const struct hm_pkg *importer,
                                            hm_str path, const struct hm_pkg *p);
/* Problems of names: case collisions, odd file names. */
hm_str hm_loader_check_files(struct hm_loader *l, const struct hm_pkg *p);
/* "case-insensitive import collision: ..." against what was loaded before, or empty. */
hm_str hm_loader_check_fold(struct hm_loader *l, hm_str path);

/* --- pkgload_link.c --- */
/* load.LinkerDeps; -1 with the error's text in *why. */
int hm_loader_linker_deps(struct hm_loader *l, struct hm_strs *out, hm_str *why);
/* The install target (p->target). */
void hm_loader_set_target(struct hm_loader *l, struct hm_pkg *p);
/* load.setPGOProfilePath */
void hm_loader_set_pgo(struct hm_loader *l, struct hm_pkgs *pkgs);

/* --- pkgload_godebug.c --- */
hm_str hm_loader_default_godebug(struct hm_loader *l, const struct hm_pkg *p);

/* --- pkgerr.c --- */
void hm_loader_push(struct hm_loader *l, hm_str path, const struct hm_poss *pos);
void hm_loader_pop(struct hm_loader *l);
/* A new error with the current stack. import_path: see struct hm_pkg_error. */
struct hm_pkg_error *hm_loader_error(struct hm_loader *l, hm_str text, hm_str import_path);
/* Sets its place to the first of pos. */
void hm_loader_error_pos(struct hm_loader *l, struct hm_pkg_error *e, const struct hm_poss *pos);
/* Is the current stack shorter than the error's (ties by name)? */
bool hm_loader_stack_shorter(const struct hm_loader *l, const struct hm_import_stack *than);
void hm_loader_copy_stack(struct hm_loader *l, struct hm_pkg_error *e);
/* setLoadPackageDataError */
void hm_loader_data_error(struct hm_loader *l, struct hm_pkg *p, const struct hm_load_err *err,
                          hm_str path, const struct hm_poss *pos);

#endif
