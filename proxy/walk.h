/*
 * walk.h - the folders of a store that hold versions: cache/download/<escaped path>/@v.
 */
#ifndef PROXY_WALK_H
#define PROXY_WALK_H

#include "store/store.h"

struct walk {
	void *ctx;
	/* One folder; path is empty where the name is no escaped module path. */
	int (*folder)(void *ctx, hm_str path, hm_str dir, struct hm_err *err);
	bool (*stop)(void *ctx); /* may be NULL */
};
/* What goes while it walks is passed over. */
int store_walk(const struct hm_store *s, const struct walk *w, struct hm_err *err);

/* The files of a version. */
enum {
	HAS_INFO = 1,
	HAS_MOD = 2,
	HAS_ZIP = 4,
	HAS_LOCAL = 8,
	HAS_HASH = 16,
};
/* Of a name in such a folder: which file of which version it is (in the arena); 0: none. */
int store_file_kind(struct hm_arena *a, hm_str name, hm_str *version);

/* ---- what was kept of checksum databases: cache/download/sumdb/NAME/{lookup,tile}/... */

enum { SUMDB_TEMP_AGE = 60 }; /* seconds: writing one takes milliseconds */

/* One file: NAME, "/lookup/..." or "/tile/...", and where it is. */
struct sumdb_file {
	hm_str name, rest, file;
};

struct sumdb_walk {
	void *ctx;
	void (*file)(void *ctx, const struct sumdb_file *f); /* may be NULL */
	void (*left)(void *ctx, hm_str file); /* a temporary file older than SUMDB_TEMP_AGE */
	bool (*stop)(void *ctx);              /* may be NULL */
};
/* What goes while it walks is passed over. */
void sumdb_walk(const struct hm_store *s, const struct sumdb_walk *w);
/* Removes what writers that died have left. stop as above. */
void sumdb_sweep(const struct hm_store *s, void *ctx, bool (*stop)(void *ctx));

#endif
