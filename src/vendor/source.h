/*
 * source.h - where the content of vendored files comes from, and the proof that
 * it is the right one.
 *
 * A module of the cache is hashed anew, every file of it; the h1 of all must be
 * what go.sum says (or, where go.sum says nothing, what the checksum database
 * confirmed when the module was acquired).  The hash of each single file then
 * stands for it.  A module that is replaced by a folder has nothing to be held
 * against: its files are taken as they are.
 */
#ifndef HM_VENDOR_SOURCE_H
#define HM_VENDOR_SOURCE_H

#include "crypto/sha256.h"
#include "vendor/layout.h"

enum hm_vendor_proof {
	HM_PROOF_LOCAL, /* a folder */
	HM_PROOF_GOSUM,
	HM_PROOF_SUMDB,
	HM_PROOF_NONE,  /* go.sum lacks it, and the configuration excuses it */
};

struct hm_vendor_source {
	struct hm_modver mod;  /* as modules.txt names it */
	struct hm_modver from; /* mod, or what replaces it; no version: a folder */
	hm_str dir;            /* absolute */
	enum hm_vendor_proof proof;
	hm_str h1;             /* of all files; empty for a folder */
	hm_str proof_at;       /* "go.sum:12", or the name of the database */
	struct hm_map sha256;  /* name below dir -> uint8_t[HM_SHA256_SIZE]; none for a folder */
};

struct hm_vendor_sources {
	struct hm_vendor_source *v; /* sorted by mod */
	size_t n;
	struct hm_map by_path; /* mod.path -> struct hm_vendor_source * */
};

/*
 * The sources of all packages of the plan, hashed on all cores; in the arena.
 * HM_ESECURITY when the files of a module are not those of its recorded hash.
 */
int hm_vendor_sources_make(const struct hm_vendor_plan *plan, struct hm_arena *a,
                           struct hm_vendor_sources *out, struct hm_err *err);
/* The source whose path is the longest prefix of a name in the vendor folder, or NULL. */
const struct hm_vendor_source *hm_vendor_source_of(const struct hm_vendor_sources *s, hm_str name);
/*
 * The hash that the content of file must have; for a folder that of the file as it
 * is now.  HM_ESECURITY for a file that was not there when its module was hashed.
 */
int hm_vendor_source_sha256(const struct hm_vendor_source *s, const struct hm_vendor_file *file,
                            uint8_t out[HM_SHA256_SIZE], struct hm_err *err);
/* SHA-256 of a file. */
int hm_vendor_sha256(const char *path, uint8_t out[HM_SHA256_SIZE], struct hm_err *err);

#endif
