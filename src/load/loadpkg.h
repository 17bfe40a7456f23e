/*
 * loadpkg.h - a package as module resolution sees it: where it comes from and
 * what it imports.  What the requirements code (roots.h, modcommit.h) needs of
 * it and package loading (modules.h) fills in; follows loadPkg of
 * cmd/go/internal/modload/load.go.
 */
#ifndef HM_LOAD_LOADPKG_H
#define HM_LOAD_LOADPKG_H

#include "load/reqs.h"

enum hm_loadpkg_flag {
	HM_LP_IN_ALL = 1 << 0,              /* matches "all": needed by a main module package or its test */
	HM_LP_IS_ROOT = 1 << 1,             /* named by a pattern */
	HM_LP_FROM_ROOT = 1 << 2,           /* reached from a root (or root itself) by imports, not tests */
	HM_LP_IMPORTS_LOADED = 1 << 3,
};

struct hm_loadpkg {
	/* Known when made. */
	hm_str path;
	struct hm_loadpkg *test_of; /* for a test: the package it tests */
	_Atomic unsigned flags;

	/* Filled in by loading. */
	struct hm_modver mod; /* module that provides it; path empty: std, "C", or none */
	hm_str mod_root;
	hm_str dir;
	bool in_std;
	const struct hm_modver *alt_mods; /* modules that could have provided it by name */
	size_t n_alt_mods;
	struct hm_loadpkg **imports;
	size_t n_imports;
	struct hm_loadpkg *test;   /* its test, when tests are loaded */
	hm_str err;                /* message; p == NULL: no error */
	enum hm_code err_code;
	const void *err_more;      /* details of package loading */

	struct hm_loadpkg *stack;  /* who imported it first */
	void *more;                /* further state of package loading */
};

/* What was loaded last, for the sums that a commit keeps. */
struct hm_loaded {
	struct hm_loadpkg *const *pkgs;
	size_t n_pkgs;
	struct hm_reqs *reqs;
	bool tidy;
};

/* From a module that is not a main one (and not std). */
bool hm_loadpkg_is_external(const struct hm_modload *ml, const struct hm_loadpkg *p);

#endif
