/*
 * pkgload.h - loads the packages that patterns name, and all they import.
 */
#ifndef HM_LOAD_PKGLOAD_H
#define HM_LOAD_PKGLOAD_H

#include "load/pkg.h"

struct hm_godebug { /* a godebug line of go.mod or go.work */
	hm_str key, value;
};

/* What the go command takes from flags and environment. Borrowed for the loader's life. */
struct hm_loader_conf {
	struct hm_build_ctx ctx;
	hm_str host_goos, host_goarch;
	hm_str goroot;         /* clean */
	hm_str gomodcache;
	hm_str cwd;            /* paths in errors are shortened against it (base.ShortPath) */
	hm_str gobin;          /* GOBIN or empty */
	hm_str bin_dir;        /* modload.BinDir: GOBIN or $GOPATH/bin */
	hm_str exe_suffix;     /* ".exe" for windows targets */
	hm_str buildmode;      /* "default", "exe", "pie", ... */
	hm_str pgo;            /* "auto", "off" or a file */
	hm_str ldflags_linkmode; /* the last -linkmode of -ldflags ("external"), or empty */
	bool race, msan, asan, cover, linkshared;
	bool vendor;           /* -mod=vendor */
	bool fips140;          /* GOFIPS140 is not "off" */
	/* For the default GODEBUG of main packages. */
	hm_str local_go;        /* version of the toolchain, "1.26.8" */
	hm_str main_go_version; /* go version of the main module(s) */
	bool no_mod_root;       /* go install p@v: the package's own go version counts instead */
	const struct hm_godebug *godebugs;
	size_t n_godebugs;
	unsigned threads;      /* 0: one a core */
	const struct hm_log *log;
};

/*
 * Import resolution, injected: modules.h through hm_loader_source_modules(), or
 * a table of a test.  lookup may be called from several threads, each with an
 * arena of its own.
 */
struct hm_loader_found {
	hm_str dir;   /* empty: not found */
	hm_str path;  /* canonical import path; empty: the path asked for */
	hm_str err;   /* p == NULL: none */
	bool no_go;   /* err is imports.ErrNoGo */
};
struct hm_loader_source {
	void *ctx;
	/* modload.Lookup */
	void (*lookup)(void *ctx, struct hm_arena *a, hm_str parent, bool parent_std, hm_str path,
	               struct hm_loader_found *out);
	/* modload.PackageModuleInfo; NULL when in none */
	struct hm_modinfo *(*module)(void *ctx, struct hm_arena *a, hm_str path);
	/* DirImportPath of a folder in the main modules, "." when in none */
	hm_str (*dir_import_path)(void *ctx, struct hm_arena *a, hm_str dir);
};
/* m, and what it hangs on, must outlive the loader; memory is taken from a. */
void hm_loader_source_modules(struct hm_arena *a, const struct hm_modules *m,
                              struct hm_loader_source *out);

struct hm_loader;

/* Memory of all packages is the arena's; scans outlive it too. */
struct hm_loader *hm_loader_new(struct hm_arena *a, const struct hm_loader_conf *conf,
                                const struct hm_loader_source *source,
                                struct hm_scan_cache *scans);
void hm_loader_free(struct hm_loader *l);

/* load.PackageOpts */
struct hm_loader_opts {
	bool ignore_imports;      /* list -find */
	bool resolve_tests;       /* list -test: imports of tests are loaded, too */
	bool main_only;           /* build -o, run, install p@v */
	bool suppress_build_info;
	bool suppress_embed;      /* list without EmbedFiles */
};

/*
 * load.PackagesAndErrors: the packages of the matches, errors inside them; all
 * they import are loaded too.  -1 only for what makes go stop at once.
 */
int hm_loader_packages(struct hm_loader *l, const struct hm_loader_opts *opts,
                       const struct hm_match *matches, size_t n, struct hm_pkgs *out,
                       struct hm_err *err);
/* load.GoFilesPackage: the package of named .go files. */
int hm_loader_files(struct hm_loader *l, const struct hm_loader_opts *opts,
                    const struct hm_strs *files, struct hm_pkg **out, struct hm_err *err);
/*
 * The folder that .go arguments share, and their names in it.  -1 with go's text
 * ("stat x.go: no such file or directory"), which go prints without "go: ".
 */
int hm_loader_split_files(struct hm_arena *a, hm_str cwd, const struct hm_strs *files, hm_str *dir,
                          struct hm_strs *names, struct hm_err *err);
/* load.LoadPackage: one more package by path, imported by nobody. */
struct hm_pkg *hm_loader_import(struct hm_loader *l, const struct hm_loader_opts *opts,
                                hm_str path);
/* What go test makes of a package. */
struct hm_pkg_tests {
	struct hm_pkg *main;  /* the test program; its file _testmain.go has to be stored yet */
	struct hm_pkg *test;  /* p with its own test files; p itself when there are none */
	struct hm_pkg *xtest; /* package p_test, or NULL */
};
/*
 * load.TestPackagesAndErrors: p has test files, and was loaded with the imports of
 * tests.  Errors are inside the packages.
 */
void hm_loader_test_packages(struct hm_loader *l, const struct hm_loader_opts *opts,
                             struct hm_pkg *p, struct hm_pkg_tests *out);
/* The first of them, or of what they import, with an error; NULL: none. */
struct hm_pkg *hm_loader_test_failure(struct hm_loader *l, const struct hm_pkg_tests *t);
/* Package.Resolve: sorted, unique, vendor-expanded test imports. */
void hm_loader_resolve(struct hm_loader *l, const struct hm_pkg *p, const struct hm_strs *imports,
                       struct hm_strs *out);
/* A loaded package by import path, or NULL. */
struct hm_pkg *hm_loader_get(const struct hm_loader *l, hm_str path);

/* Path relative to dir when that is shorter (base.ShortPath). */
hm_str hm_load_short_path(struct hm_arena *a, hm_str cwd, hm_str path);

#endif
