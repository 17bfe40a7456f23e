/*
 * bundle.h - modules in one file, for machines without a network.
 *
 * A tar archive (tar.h) whose first file is SHA256SUMS (sums.h, "# hermod-proxy bundle 1"):
 * a line for each of the others, which follow in that order.  They are a GOPROXY tree:
 *
 *	<escaped path>/@v/list, <escaped version>.{info,mod,zip}
 *	sumdb/NAME/...                                            (proofs.h)
 *
 * so that "tar x", "sha256sum -c SHA256SUMS" and GOPROXY=file://FOLDER work with it as they
 * are.  The same content gives the same bytes.
 */
#ifndef PROXY_BUNDLE_H
#define PROXY_BUNDLE_H

#include "base/map.h"
#include "buildlist.h"
#include "proxy.h"

/* ---- writing */

struct bundle_file {
	hm_str name;
	hm_str source; /* a file; empty: data is the content */
	hm_str data;
	uint64_t size; /* set by bundle_write() */
	uint8_t sha256[32];
};
struct bundle_files {
	struct bundle_file *v;
	size_t n, cap;
};

/* The stored files of these versions, and lists of those in `whole`. */
int bundle_collect(struct proxy *p, struct hm_arena *a, const struct buildlist *list,
                   struct bundle_files *out, struct hm_err *err);
/* Sorts, sums, writes; `to` appears whole or not at all. */
int bundle_write(struct hm_arena *a, struct bundle_files *files, hm_str to, uint64_t *size,
                 struct hm_err *err);

/* ---- reading */

/* A bundle whose every byte agrees with its sums. */
struct bundle {
	hm_str data;         /* the archive, mapped */
	struct hm_map files; /* name -> hm_str *, borrowed from data; without SHA256SUMS */
};
/* HM_EINVALID for what is no bundle, HM_ESECURITY where content and sums differ. */
int bundle_open(struct hm_arena *a, hm_str file, struct bundle *out, struct hm_err *err);
void bundle_close(struct bundle *b);

/* import --from bundle: all of it into the store; says on standard output what came. */
int bundle_import(struct proxy *p, hm_str file, bool no_sumdb, struct hm_err *err);

#endif
