/*
 * loadpkg.h - one package as module loading sees it: which module provides it,
 * in which folder, what it imports, and why it could not be found
 * (cmd/go/internal/modload load.go, import.go).
 *
 * All memory belongs to the `struct hm_modules` that loaded the package.
 */
#ifndef HM_LOAD_LOADPKG_H
#define HM_LOAD_LOADPKG_H

#include "base/err.h"
#include "base/vec.h"
#include "mod/modver.h"

enum hm_import_kind {
	HM_IMPORT_MISSING,      /* ImportMissingError */
	HM_IMPORT_AMBIGUOUS,    /* AmbiguousImportError */
	HM_IMPORT_IMPLICIT,     /* DirectImportFromImplicitDependencyError */
	HM_IMPORT_MISSING_SUM,  /* ImportMissingSumError */
	HM_IMPORT_INVALID,      /* invalidImportError */
	HM_IMPORT_NOT_IN_MODULE,/* PackageNotInModuleError */
	HM_IMPORT_NO_GO,        /* imports.ErrNoGo: "no Go source files" */
	HM_IMPORT_OTHER,        /* fetch, scan, go.mod reading; see code */
};

/* Why a package is not usable. */
struct hm_import_error {
	enum hm_import_kind kind;
	enum hm_code code;      /* HM_ETOOLCHAIN: needs a newer Go; see toolchain */
	hm_str import_path;     /* the path that the error is about; p == NULL: it names none */
	hm_str text;            /* go's text, complete */
	hm_str toolchain;       /* with HM_ETOOLCHAIN: the go version that is needed ("1.99") */
	bool is_std;            /* MISSING: expected in the standard library */

	/* What the text is made from; hm_import_error_render() puts it together again. */
	struct hm_modver module;       /* MISSING, IMPLICIT, NOT_IN_MODULE */
	hm_str query_err;              /* MISSING: QueryErr; p == NULL: none */
	bool query_err_no_mod_root;    /* QueryErr is ErrNoModRoot */
	hm_str importer_go;            /* MISSING */
	struct hm_modver replaced;     /* MISSING */
	hm_str new_missing_version;    /* MISSING */
	struct hm_modver importing_main; /* MISSING */
	hm_str importing_root;         /* MISSING: root folder of importing_main */
	const struct hm_modver *mods;  /* AMBIGUOUS (with dirs), MISSING_SUM */
	const hm_str *dirs;            /* AMBIGUOUS */
	size_t n_mods, n_dirs;
	hm_str imported;               /* IMPLICIT: import_path is the importing package */
	hm_str importer;               /* MISSING_SUM */
	hm_str importer_version;       /* MISSING_SUM */
	bool importer_is_test, found;  /* MISSING_SUM */
};

enum {
	HM_PKG_IN_ALL = 1,         /* in the pattern "all" */
	HM_PKG_IS_ROOT = 2,        /* matches a pattern that was asked for */
	HM_PKG_FROM_ROOT = 4,      /* in the import closure of the roots */
	HM_PKG_IMPORTS_LOADED = 8,
};

struct hm_loadpkg {
	hm_str path;
	struct hm_loadpkg *test_of;  /* set: this is the test of that package */
	unsigned flags;
	struct hm_modver mod;        /* path empty: standard library (or not found) */
	hm_str mod_root;             /* root folder of mod (GOROOT/src for std) */
	hm_str dir; /* empty: not found, or no folder ("unsafe" has one, "C" none) */
	struct hm_import_error *err; /* NULL: none */
	struct hm_loadpkg **imports;
	size_t n_imports;
	struct hm_strs test_imports; /* only until the test is made */
	bool in_std;
	const struct hm_modver *alt_mods; /* could have provided it but did not */
	size_t n_alt_mods;
	struct hm_loadpkg *test;     /* the package's test, when it was wanted */
	struct hm_loadpkg *stack;    /* who imports it, on a shortest way from a root */
};

/* All packages of a load, in the order of go's ld.pkgs (breadth first from the roots). */
struct hm_loadpkgs {
	struct hm_loadpkg **v;
	size_t n, cap;
};

#endif
