/*
 * pkg.h - packages as `go list -json` prints them and as the builder needs
 * them, and loading them (cmd/go/internal/load pkg.go).
 *
 * Loading has two halves.  hm_bpkg is one folder seen through one target
 * (go/build.Package); hm_pkg adds import resolution, embedding, errors with
 * their import stacks, and the links between packages.
 */
#ifndef HM_LOAD_PKG_H
#define HM_LOAD_PKG_H

#include "base/log.h"
#include "base/map.h"
#include "load/constraint.h"
#include "load/reflect.h"
#include "load/scan.h"

struct hm_match;   /* modules.h */
struct hm_modinfo; /* modinfo.h */
struct hm_modules; /* modules.h */

/* Where an import, pattern or directive occurs: text -> places, sorted by text. */
struct hm_places {
	struct hm_places_entry {
		hm_str text;
		struct hm_poss pos;
	} *v;
	size_t n, cap;
};

enum hm_load_err_kind {
	HM_LE_OTHER,
	HM_LE_NO_GO,    /* go/build.NoGoError: nothing to build in the folder */
	HM_LE_SCAN,     /* scanner.ErrorList: has a place of its own */
	HM_LE_MULTIPLE, /* several package clauses in one folder */
	HM_LE_MATCH,    /* search.MatchError: a pattern, not an import, went wrong */
};
/* An error of a folder, before it is bound to an import stack. */
struct hm_load_err {
	enum hm_load_err_kind kind;
	hm_str text;
	struct hm_pos pos; /* SCAN */
};

/* go/build.Package: a folder through the eyes of one target. */
struct hm_bpkg {
	hm_str dir, name, doc, root, bin_dir, pkg_obj, pkg_target_root;
	hm_str import_path; /* below GOROOT/src, else ".": what it is without modules */
	bool goroot, binary_only;
	struct hm_strs go_files, cgo_files, ignored_go_files, invalid_go_files, ignored_other_files;
	struct hm_strs c_files, cxx_files, m_files, h_files, f_files, s_files;
	struct hm_strs swig_files, swigcxx_files, syso_files;
	struct hm_strs test_go_files, xtest_go_files;
	struct hm_strs cgo_cflags, cgo_cppflags, cgo_cxxflags, cgo_fflags, cgo_ldflags;
	struct hm_strs cgo_pkg_config;
	struct hm_places imports, test_imports, xtest_imports;
	struct hm_places embeds, test_embeds, xtest_embeds;
	struct hm_scan_items directives, test_directives, xtest_directives;
	bool failed;             /* err is set; the rest is what could be found */
	struct hm_load_err err;
};

/*
 * go/build.Context.ImportDir from a scan.  modroot: the root of the module that
 * dir is in, or empty; GOROOT folders get root, goroot and targets from it.
 * Strings are borrowed from the scan.
 */
struct hm_bpkg *hm_bpkg_import(struct hm_arena *a, const struct hm_build_ctx *ctx,
                               const struct hm_scan_dir *scan, hm_str modroot);
/* The same for a folder that could not be scanned. */
struct hm_bpkg *hm_bpkg_missing(struct hm_arena *a, const struct hm_build_ctx *ctx, hm_str dir,
                                hm_str modroot, struct hm_err *why);

/* One step of an import stack. */
struct hm_import_step {
	hm_str pkg;
	const struct hm_pos *pos; /* the import declaration, or NULL */
};
struct hm_import_stack {
	struct hm_import_step *v;
	size_t n, cap;
};

/* load.PackageError. */
struct hm_pkg_error {
	struct hm_import_stack stack;
	struct hm_strs stack_pkgs; /* the paths of stack, for -json and -f */
	hm_str pos;                /* "file:line:col", shortened against the working folder */
	hm_str err;                /* the error alone */
	hm_str import_path;        /* ImportPathError: the path that err is about, or empty */
	bool import_cycle;
	bool always_print_stack;
};
/* The parts of an error as -f and -json name them. */
extern const struct hm_type hm_pkg_error_type;
/* What go prints: "a.go:3:8: ..." or "package a\n\timports b: ...". */
hm_str hm_pkg_error_text(struct hm_arena *a, const struct hm_pkg_error *e);

struct hm_pkg_errors {
	struct hm_pkg_error **v;
	size_t n, cap;
};

/* Pattern -> files it matched, in order of the pattern list. */
struct hm_embed_map {
	struct hm_embed_entry {
		hm_str pattern;
		struct hm_strs files; /* relative to the package, sorted */
	} *v;
	size_t n, cap;
};

struct hm_pkg;
struct hm_pkgs {
	struct hm_pkg **v;
	size_t n, cap;
};

struct hm_pkg {
	/* What go list prints, in its order (load.PackagePublic). */
	hm_str dir;
	hm_str import_path;
	hm_str import_comment;
	hm_str name;
	hm_str doc;
	hm_str target;           /* install target, or empty */
	hm_str shlib;
	hm_str root;             /* GOROOT or module root */
	hm_str conflict_dir;
	hm_str for_test;
	hm_str export;           /* the builder's: file with export data */
	hm_str build_id;         /* the builder's */
	struct hm_modinfo *module;
	struct hm_strs match;    /* patterns that matched it */
	bool goroot;
	bool standard;
	bool dep_only;
	bool binary_only;
	bool incomplete;         /* error here or below */
	hm_str default_godebug;  /* main packages */
	bool stale;              /* the builder's */
	hm_str stale_reason;
	struct hm_strs go_files;
	struct hm_strs cgo_files;
	struct hm_strs compiled_go_files;
	struct hm_strs ignored_go_files;
	struct hm_strs invalid_go_files;
	struct hm_strs ignored_other_files;
	struct hm_strs c_files;
	struct hm_strs cxx_files;
	struct hm_strs m_files;
	struct hm_strs h_files;
	struct hm_strs f_files;
	struct hm_strs s_files;
	struct hm_strs swig_files;
	struct hm_strs swigcxx_files;
	struct hm_strs syso_files;
	struct hm_strs embed_patterns;
	struct hm_strs embed_files;
	struct hm_strs cgo_cflags;
	struct hm_strs cgo_cppflags;
	struct hm_strs cgo_cxxflags;
	struct hm_strs cgo_fflags;
	struct hm_strs cgo_ldflags;
	struct hm_strs cgo_pkg_config;
	struct hm_strs imports;     /* resolved paths, 1:1 with raw_imports */
	struct hm_strmap import_map; /* raw -> resolved where they differ */
	struct hm_strs deps;        /* all below, sorted; hm_pkg_collect_deps() fills it */
	struct hm_pkg_error *error;
	struct hm_pkg_errors deps_errors; /* hm_pkg_collect_deps() fills it */
	struct hm_strs test_go_files;
	struct hm_strs test_imports;
	struct hm_strs test_embed_patterns;
	struct hm_strs test_embed_files;
	struct hm_strs xtest_go_files;
	struct hm_strs xtest_imports;
	struct hm_strs xtest_embed_patterns;
	struct hm_strs xtest_embed_files;

	/* For the builder (load.PackageInternal). */
	const struct hm_bpkg *build;
	struct hm_pkgs import_pkgs;  /* direct dependencies: imports but "C", then the implicit
	                                ones (of cgo, the linker: runtime, ...), in go's order */
	struct hm_strs compiled_imports; /* implicit imports of cgo and SWIG */
	struct hm_strs raw_imports;  /* import paths as written in the files */
	struct hm_embed_map embed;
	hm_str orig_import_path;
	hm_str pgo_profile;          /* path, or empty */
	hm_str for_main;             /* this copy is built for that main package (PGO) */
	bool cmdline_files;          /* from *.go arguments: package command-line-arguments */
	bool cmdline_pkg;            /* named on the command line */
	bool cmdline_pkg_literal;    /* ... without wildcards */
	bool local;
	bool gobin_subdir;           /* has no target: cross-compiled with GOBIN set */
	bool force_library;          /* a copy of a main package that a test imports */
	hm_str testmain_go; /* p != NULL: the main package of a test; text of its only file */
	struct hm_pkg *stamp_as;     /* build info is that of this package; NULL: of its own */
	bool wants_build_info;       /* go would embed build info (setBuildInfo): main, no errors */

	/* Room for one consumer at a time, zero at first. */
	void *user;
	unsigned mark;
};

/* Tables for -json and -f. */
extern const struct hm_type hm_pkg_type;       /* load.PackagePublic */
extern const struct hm_type hm_build_ctx_type; /* list.Context */

bool hm_pkg_uses_cgo(const struct hm_pkg *p);
bool hm_pkg_uses_swig(const struct hm_pkg *p);
/* "path", "path [x.test]" or "path [main]": how output is headed. */
hm_str hm_pkg_desc(struct hm_arena *a, const struct hm_pkg *p);
/* Executable name without suffix (load.DefaultExecName). */
hm_str hm_pkg_exec_name(const struct hm_pkg *p);
/* load.FindVendor: offset of the last "vendor/" element that is not at the end, or -1. */
ptrdiff_t hm_pkg_find_vendor(hm_str path);
/* load.SafeArg */
bool hm_pkg_safe_arg(hm_str s);
/* The packages below roots, each once, dependencies first (load.PackageList). */
void hm_pkg_list(struct hm_arena *a, const struct hm_pkgs *roots, struct hm_pkgs *out);
/*
 * load.PackageErrors: calls report for each package with an error in the order
 * of hm_pkg_list(); answers how many there were.
 */
size_t hm_pkg_each_error(struct hm_arena *a, const struct hm_pkgs *roots,
                         void (*report)(void *ctx, const struct hm_pkg *p, hm_str text),
                         void *ctx);
/* Fills deps and deps_errors of all packages; all must be in hm_pkg_list() order. */
void hm_pkg_collect_deps(struct hm_arena *a, const struct hm_pkgs *all, bool deps, bool errors);
/* Fills import_map (list and the builder's import configuration need it). */
void hm_pkg_fill_import_map(struct hm_arena *a, struct hm_pkg *p);

/*
 * Copies made for one main package (for_main, for_test) show it in their import
 * paths, and in the imports of the packages of all.  The builder must be done.
 */
void hm_pkg_rename_variants(struct hm_arena *a, const struct hm_pkgs *all);

/*
 * load.ResolveEmbed: the files that //go:embed patterns of the package in dir
 * name, sorted and unique; map (may be NULL) gets them by pattern.  links: a name may
 * be a symbolic link to a file.
 * -1: "pattern x: no matching files found"; *bad (may be NULL) is the pattern.
 */
int hm_embed_resolve(struct hm_arena *a, hm_str dir, const struct hm_strs *patterns,
                     bool links, struct hm_strs *files, struct hm_embed_map *map, hm_str *bad,
                     struct hm_err *err);

#endif
