/*
 * import.h - which module of the build list provides an import path
 * (cmd/go/internal/modload import.go).
 */
#ifndef HM_LOAD_IMPORT_H
#define HM_LOAD_IMPORT_H

#include "load/loadpkg.h"

struct hm_modload;
struct hm_reqs;
struct hm_modgraph;

struct hm_import {
	struct hm_modver mod;   /* path empty: standard library */
	hm_str mod_root, dir;   /* dir empty: a path without a folder ("C") */
	const struct hm_modver *alt_mods;
	size_t n_alt_mods;
	struct hm_import_error *err; /* NULL: found */
};

/*
 * importFromModules: the module that provides path.  mg NULL: first by the
 * roots of rs alone, then by the full graph.  Results are in the arena a.
 * May be called from several threads, each with an arena of its own.
 * Answers true when it was found.
 */
bool hm_import_from_modules(struct hm_modload *ml, struct hm_arena *a, hm_str path,
                            struct hm_reqs *rs, struct hm_modgraph *mg, bool skip_mod_file,
                            struct hm_import *out);

/*
 * queryImport: a module version that could be added to provide path.
 * false: out->err says why not.
 */
bool hm_import_query(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_reqs *rs,
                     struct hm_import *out);

/*
 * dirInModule: the folder of package path in the module mpath at root; *dir
 * empty when path is not in it.  *go_files: it has Go files.  Memoised.
 */
int hm_import_dir_in_module(struct hm_modload *ml, struct hm_arena *a, hm_str path, hm_str mpath,
                            hm_str root, bool local, hm_str *dir, bool *go_files,
                            struct hm_err *err);

/* fetch: the folder of a module (or its replacement), fetched when needed. */
int hm_import_fetch(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m, hm_str *dir,
                    bool *local, struct hm_err *err);

/* Makes err->text again from its fields. */
void hm_import_error_render(struct hm_modload *ml, struct hm_arena *a, struct hm_import_error *e);

/* stdVendor: the path that an import in the standard library means. */
hm_str hm_import_std_vendor(struct hm_modload *ml, struct hm_arena *a, hm_str parent, hm_str path,
                            bool vendor_in_goroot_src);
/* modindex.IsStandardPackage: path is a folder with Go files in GOROOT/src. Memoised. */
bool hm_import_is_std_package(struct hm_modload *ml, hm_str path);
/* search.IsStandardImportPath: the first element has no dot. */
bool hm_import_is_std_path(hm_str path);
/* build.IsLocalImport */
bool hm_import_is_local(hm_str path);
/* std cmd tool work all */
bool hm_import_is_meta(hm_str path);
/* maybeInModule: by its text a package of module mpath. */
bool hm_import_may_be_in(hm_str path, hm_str mpath);
/* search.InDir: path relative to dir when it is in it ("." for dir itself), else empty. */
hm_str hm_import_in_dir(struct hm_arena *a, hm_str path, hm_str dir);

#endif
