/*
 * extract.h - a module zip becomes a folder, and its h1 hash, in one pass.
 */
#ifndef HM_MODZIP_EXTRACT_H
#define HM_MODZIP_EXTRACT_H

#include "base/err.h"
#include "base/vec.h"
#include "zip/zip.h"

struct hm_pool;

struct hm_modzip_extract {
	const struct hm_zip *zip; /* must have passed hm_modzip_check() */
	hm_str path, version;     /* of the module */
	const char *dir;          /* to be made; must not exist */
	bool read_only;           /* take the write bits off the folders at the end, as go does */
	struct hm_pool
		*pool; /* spreads the files over its threads; NULL: the caller's thread alone */
};

/*
 * Writes the tree (files 0444, folders 0777, less umask) and answers with the h1
 * of the zip in *h1 (in the arena).  Each entry is inflated once and hashed
 * while it is hot.  After an error the folder may hold a part of the tree: the
 * caller removes it.
 */
int hm_modzip_extract(struct hm_arena *a, const struct hm_modzip_extract *x, hm_str *h1,
                      struct hm_err *err);

/* Takes the write bits off dir and the folders below, deepest first; best effort, as go does. */
void hm_modzip_make_read_only(const char *dir);

#endif
