/*
 * layout.h - the files of a vendor folder: the name of each, where its content
 * comes from, and which package brings it.
 */
#ifndef HM_VENDOR_LAYOUT_H
#define HM_VENDOR_LAYOUT_H

#include "vendor/vendor.h"

enum hm_vendor_why {
	HM_VENDOR_FILE,     /* lies in the package's folder and may matter to a build */
	HM_VENDOR_EMBED,    /* the package embeds it */
	HM_VENDOR_METADATA, /* licence and the like of a folder above a package */
};

struct hm_vendor_file {
	hm_str name; /* below the vendor folder */
	hm_str src;  /* absolute */
	size_t pkg;  /* number in the plan of the package that brings it */
	enum hm_vendor_why why;
};

struct hm_vendor_layout {
	struct hm_strs dirs;      /* of the packages, below the vendor folder */
	struct hm_vendor_file *v; /* all but modules.txt, sorted by name */
	size_t n;
};

/*
 * Looks into the folders of all packages, on all cores; the answer is in the arena.
 * Embedded files that cannot be found are reported (ml->failed), or with
 * errors_ok only logged.
 */
int hm_vendor_layout_make(const struct hm_vendor_plan *plan, bool errors_ok, struct hm_arena *a,
                          struct hm_vendor_layout *out, struct hm_err *err);
/* The file of that name, or NULL. */
const struct hm_vendor_file *hm_vendor_layout_find(const struct hm_vendor_layout *l, hm_str name);

#endif
