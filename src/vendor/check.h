/*
 * check.h - is a vendor folder what go.mod and the verified modules make it, and
 * putting it right.
 */
#ifndef HM_VENDOR_CHECK_H
#define HM_VENDOR_CHECK_H

#include "vendor/source.h"

enum hm_vendor_fault {
	HM_FAULT_LIST,       /* a line of modules.txt, or the lack of one */
	HM_FAULT_CHANGED,    /* not the module's file */
	HM_FAULT_MISSING,
	HM_FAULT_EXTRA,      /* not vendored */
	HM_FAULT_UNVERIFIED, /* nothing vouches for the module */
};

struct hm_vendor_finding {
	enum hm_vendor_fault fault;
	hm_str name;           /* below the vendor folder; empty for a module */
	unsigned line;         /* of modules.txt, or 0 */
	struct hm_modver mod;  /* the module that has, or should have, the file; may be empty */
	hm_str text;           /* "differs from example.com/words@v1.0.0" */
	const struct hm_vendor_file *file; /* CHANGED, MISSING: what belongs there */
};

struct hm_vendor_check {
	const struct hm_vendor_plan *plan;
	struct hm_vendor_layout layout;
	struct hm_vendor_sources sources;
	hm_str dir; /* the vendor folder, absolute */
	HM_VEC(struct hm_vendor_finding) findings; /* modules, modules.txt, files by name */
};

/* "changed", "missing", ... */
const char *hm_vendor_fault_name(enum hm_vendor_fault f);

/*
 * Verifies the modules of the plan and compares dir with them, file by file.
 * Nothing is written.  -1 only when that cannot be done; what is wrong with the
 * folder is in findings.  All in the arena.
 */
int hm_vendor_check_run(const struct hm_vendor_plan *plan, hm_str dir, struct hm_arena *a,
                        struct hm_vendor_check *out, struct hm_err *err);

/*
 * Puts right what the check has found: removes extra files and the folders that
 * become empty, then writes the rest, each file whole or not at all and only
 * with the content that was verified.  Files of modules that nothing vouches for
 * are left as they are.  *done is the number of files removed and written.
 */
int hm_vendor_repair(const struct hm_vendor_check *c, size_t *done, struct hm_err *err);

#endif
