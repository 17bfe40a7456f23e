/*
 * list.h - which files of one package or folder are vendored, for layout.c.  Any
 * thread.
 */
#ifndef HM_VENDOR_LIST_H
#define HM_VENDOR_LIST_H

#include "load/constraint.h"
#include "load/modload.h"
#include "vendor/vendor.h"

struct hm_vendor_rules {
	struct hm_modload *ml;
	struct hm_scan_cache *scans;
	bool strip_gomod;      /* go.mod and go.sum stay behind (from go 1.17) */
	bool test_embeds;      /* files that only tests embed come too (before go 1.22) */
	struct hm_build_ctx all_files; /* every file counts, whatever its constraints */
};

/* Names below pkg->dir, in the arena. */
struct hm_vendor_names {
	struct hm_strs files;  /* what may matter to a build */
	struct hm_strs embeds; /* what those embed; may be in folders below */
};

void hm_vendor_rules_init(struct hm_vendor_rules *r, struct hm_modload *ml);
/* embed_err gets an error of its own when embedded files cannot be found. */
int hm_vendor_list_package(const struct hm_vendor_rules *r, struct hm_arena *a,
                           const struct hm_vendor_pkg *pkg, struct hm_vendor_names *out,
                           struct hm_err *embed_err, struct hm_err *err);
/* The licences and the like in a folder. */
int hm_vendor_list_metadata(struct hm_arena *a, hm_str dir, struct hm_strs *out,
                            struct hm_err *err);

#endif
