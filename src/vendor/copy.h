/*
 * copy.h - the files of one package or folder, for tree.c.  Any thread.
 */
#ifndef HM_VENDOR_COPY_H
#define HM_VENDOR_COPY_H

#include "load/constraint.h"
#include "load/modload.h"
#include "vendor/vendor.h"

struct hm_vendor_copy {
	struct hm_modload *ml;
	struct hm_scan_cache *scans;
	bool strip_gomod;      /* go.mod and go.sum stay behind (from go 1.17) */
	bool test_embeds;      /* files that only tests embed come too (before go 1.22) */
	struct hm_build_ctx all_files; /* every file counts, whatever its constraints */
};

/*
 * Copies what may matter to a build of the package in src to dst, which exists.
 * embed_err gets an error of its own when embedded files cannot be found.
 */
int hm_vendor_copy_package(const struct hm_vendor_copy *c, struct hm_arena *a,
                           const struct hm_vendor_pkg *pkg, hm_str dst, struct hm_err *embed_err,
                           struct hm_err *err);
/* Copies licences and the like that are not in dst yet. */
int hm_vendor_copy_metadata(hm_str src, hm_str dst, struct hm_err *err);

#endif
