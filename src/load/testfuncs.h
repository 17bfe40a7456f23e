/*
 * testfuncs.h - the functions of test files that go test calls, and the program
 * that calls them.  Internal to the package loader; follows testFuncs.load and
 * testmainTmpl of cmd/go/internal/load/test.go, and go/doc's Examples.
 *
 * Of a test file only what is outside of function bodies is understood; a syntax
 * error inside of one goes unnoticed.
 */
#ifndef HM_LOAD_TESTFUNCS_H
#define HM_LOAD_TESTFUNCS_H

#include "base/err.h"
#include "load/pkg.h"

struct hm_testfunc {
	const char *pkg; /* "_test" or "_xtest" */
	hm_str name;
	hm_str output;   /* of an example */
	bool unordered;
};
struct hm_testfunc_list {
	struct hm_testfunc *v;
	size_t n, cap;
};

struct hm_testfuncs {
	struct hm_testfunc_list tests, benchmarks, fuzz, examples;
	struct hm_testfunc main; /* TestMain; name.p == NULL: none */
	bool import_test, need_test, import_xtest, need_xtest;
};

/* Reads the test files of p; -1 with the first error in *why, f is good for what there is. */
int hm_testfuncs_load(struct hm_arena *a, const struct hm_pkg *p, struct hm_testfuncs *f,
                      struct hm_load_err *why);
/* _testmain.go, byte for byte go's (its name in the build cache is a hash of it). */
hm_str hm_testfuncs_program(struct hm_arena *a, const struct hm_testfuncs *f,
                            const struct hm_pkg *p);

#endif
