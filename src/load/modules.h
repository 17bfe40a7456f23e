/*
 * modules.h - from package patterns to packages, folders and modules
 * (cmd/go/internal/modload load.go: LoadPackages and what hangs on it).
 *
 * The loader follows imports from the packages that match the patterns,
 * resolves each import path to the one module that provides it, adds modules
 * where it may, and repeats until the module requirements stand still.
 */
#ifndef HM_LOAD_MODULES_H
#define HM_LOAD_MODULES_H

#include "base/map.h"
#include "load/loadpkg.h"

struct hm_modload; /* reqs.h */
struct hm_reqs;    /* reqs.h */
struct hm_build_ctx; /* constraint.h */
struct hm_scan_cache; /* scan.h */

/*
 * What resolution needs beside the module state: source scans, the target, and
 * room for what it remembers.  Call it once, after hm_modload_init() and before
 * anything that looks into packages; all three outlive ml.  Without it the
 * loader makes scans of its own and takes the target of ml->conf.
 */
int hm_modules_attach(struct hm_modload *ml, struct hm_scan_cache *scans,
                      const struct hm_build_ctx *build, struct hm_err *err);
/*
 * Ends what hm_modules_attach() (or the first use) made; hm_modload_free() calls it.
 * Answers given before stay: they move to ml's arena.
 */
void hm_modules_detach(struct hm_modload *ml);

/* The target in use. */
const struct hm_build_ctx *hm_modules_build_ctx(struct hm_modload *ml);
/* The scans that it looks into folders with; they live as long as ml, or its owner. */
struct hm_scan_cache *hm_modules_scans(struct hm_modload *ml);

/* modload.PackageOpts; zero is the default of every field. */
struct hm_load_opts {
	bool any_tags; /* imports.AnyTags(): follow imports whatever the constraints say */
	hm_str tidy_go_version;      /* go mod tidy -go */
	hm_str tidy_compat;          /* go mod tidy -compat */
	bool tidy;
	struct hm_map *tidy_keep; /* tidy -diff: nothing is written; gets the go.sum keys to keep */
	bool vendor_in_goroot_src;   /* VendorModulesInGOROOTSrc */
	bool resolve_missing;        /* ResolveMissingImports */
	bool assume_roots_imported;
	bool load_tests;
	bool use_vendor_all;
	bool allow_errors;           /* errors become messages */
	bool silence_package_errors; /* leave errors in the packages and matches */
	bool silence_missing_std;
	bool silence_no_go;
	bool silence_unmatched;
	bool verbose;                /* -v: tidy says what is unused, conflicts are shown whole */
	/* Only this main module's packages match "all", "work", "./...". */
	struct hm_modver main_module;
	/* AllowPackage: -1 with an error rejects the package. Several threads may call it. */
	int (*allow)(void *ctx, hm_str path, struct hm_modver mod, struct hm_err *err);
	void *allow_ctx;
};

struct hm_match_error {
	hm_str text;            /* "pattern ./x/...: directory ..." */
	hm_str bare;            /* without the pattern in front */
	enum hm_code code;
	enum hm_import_kind kind; /* HM_IMPORT_NO_GO: the folder has no Go files; else OTHER, ... */
};

/* search.Match */
struct hm_match {
	hm_str pattern;
	struct hm_strs dirs; /* of a local pattern */
	bool dirs_set;
	struct hm_strs pkgs; /* import paths */
	bool pkgs_set;
	HM_VEC(struct hm_match_error) errs;
};
bool hm_match_is_literal(const struct hm_match *m);
bool hm_match_is_local(const struct hm_match *m);
bool hm_match_is_meta(const struct hm_match *m);

/* What hm_modules_load() found. */
struct hm_modules {
	struct hm_arena *arena;
	struct hm_modload *ml;
	struct hm_match *matches; /* one a pattern, in order */
	size_t n_matches;
	struct hm_strs loaded;    /* import paths of all packages (no tests), sorted */
	struct hm_loadpkgs pkgs;
	struct hm_map by_path;    /* import path -> struct hm_loadpkg * */
	struct hm_reqs *reqs;     /* the requirements it ended with; also ml's */
	bool vendor_in_goroot_src;
};

/*
 * search.CleanPatterns: canonical form of command-line patterns; none gives ".".
 */
void hm_modules_clean_patterns(struct hm_arena *a, const struct hm_strs *in, struct hm_strs *out);

/*
 * Loads.  *out (in the arena of ml) stays valid for the life of ml; ml->loaded
 * style state is set so that later calls see it.
 * -1: what go prints before it stops, several messages joined by "\ngo: "; the
 * code is HM_ETOOLCHAIN when a newer Go is needed (see hm_modload_too_new()).
 * With opts->tidy go.sum is trimmed; with resolve_missing go.mod and go.sum are
 * written back.
 */
int hm_modules_load(struct hm_modload *ml, const struct hm_load_opts *opts,
                    const struct hm_strs *patterns, struct hm_modules **out, struct hm_err *err);

/* modload.ImportFromFiles: requirements of named .go files (go run x.go). */
int hm_modules_load_files(struct hm_modload *ml, const struct hm_strs *files,
                          struct hm_modules **out, struct hm_err *err);

/*
 * The oldest go version that must still load what `mod tidy` leaves; compat: -compat,
 * or empty for the default.
 */
hm_str hm_modules_tidy_compat(const struct hm_modload *ml, const struct hm_reqs *rs,
                              hm_str compat);

struct hm_lookup {
	hm_str dir;       /* "" when there is none */
	hm_str path;      /* the canonical import path (vendor/... for std's own) */
	const struct hm_import_error *err; /* NULL: none */
	const struct hm_loadpkg *pkg; /* NULL: not loaded (a std package outside the closure) */
};
/*
 * modload.Lookup: the package that `path` means when a package imports it;
 * parent_std says that the importing package is in the standard library.
 * Pure: may be called from several threads.
 */
void hm_modules_lookup(const struct hm_modules *m, hm_str parent, bool parent_std, hm_str path,
                       struct hm_arena *a, struct hm_lookup *out);
/* modload.PackageModule: the module that provides a loaded package; path empty when none. */
struct hm_modver hm_modules_provider(const struct hm_modules *m, hm_str path);
/* MainModuleSet.DirImportPath: import path of a folder in a main module, or "." . */
hm_str hm_modules_dir_import_path(struct hm_modload *ml, struct hm_arena *a, hm_str dir,
                                  struct hm_modver *mod);

/* The text of go mod why for a package, "" when nothing needs it; and the length of its chain. */
hm_str hm_modules_why(const struct hm_modules *m, struct hm_arena *a, hm_str path);
int hm_modules_why_depth(const struct hm_modules *m, hm_str path);
/* "a imports\n\tb tested by\n\tb.test imports\n\tc" */
hm_str hm_loadpkg_stack_text(struct hm_arena *a, const struct hm_loadpkg *p);

#endif
