/*
 * vendor.h - the vendor folder: what goes into it, and writing it.
 *
 * Follows cmd/go/internal/modcmd/vendor.go.  First a plan is made from loaded
 * packages; it has the text of modules.txt and the packages to copy.  The layout
 * says which files those are (layout.h).  Then the tree is written beside the old
 * one and takes its place when it is complete.
 */
#ifndef HM_VENDOR_VENDOR_H
#define HM_VENDOR_VENDOR_H

#include "load/modules.h"

struct hm_vendor_pkg {
	hm_str path;   /* import path: where it goes */
	struct hm_modver mod; /* the module that provides it, before replacement */
	hm_str dir;    /* where it is; empty: nowhere (reported when it is copied) */
};

struct hm_vendor_plan {
	struct hm_modload *ml;
	hm_str text; /* of modules.txt; empty: there is nothing to vendor */
	struct hm_vendor_pkg *v;
	size_t n, cap;
};

/*
 * Loads what is vendored: "all", whatever the tags.  ml is ready but for the loading.
 */
int hm_vendor_load(struct hm_modload *ml, bool errors_ok, struct hm_modules **out,
                   struct hm_err *err);
/*
 * Plans for all packages that mods has loaded (pattern "all"), in the arena of
 * the modload.  Errors are go's and end the command; those that go prints
 * without its name in front are logged, and the code is HM_EREPORTED.
 */
int hm_vendor_plan_make(struct hm_modload *ml, const struct hm_modules *mods,
                        struct hm_vendor_plan *out, struct hm_err *err);
/*
 * Makes dir (absolute, clean) what the plan says; without anything to vendor it is
 * removed.  Packages are copied on all cores.  Embedded files that cannot be
 * found are reported (ml->failed), or with errors_ok only logged, and the rest
 * is written all the same.  After -1 the old folder is still there, whole.
 */
int hm_vendor_write(const struct hm_vendor_plan *plan, hm_str dir, bool errors_ok,
                    struct hm_err *err);

#endif
