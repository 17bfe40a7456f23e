/*
 * list.h - cache/download/<path>/@v/list, which makes the cache usable as a
 * file:// proxy (rewriteVersionList of cmd/go/internal/modfetch/cache.go).
 */
#ifndef HM_STORE_LIST_H
#define HM_STORE_LIST_H

#include "base/str.h"

/* Rewrites the list of an @v folder from the .mod files in it, under its lock; best effort. */
void hm_store_update_list(hm_str folder);
/*
 * The same where the list is empty or ends in zeros though versions are there, or
 * where it lacks `version` (which may be empty: any): what is left by a command that
 * was killed before it came to the list, or while it wrote it.
 */
void hm_store_mend_list(hm_str folder, hm_str version);

#endif
