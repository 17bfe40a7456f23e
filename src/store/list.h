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
 * The same where the list lacks the version though it is there: a run that is killed
 * may have stored the .mod and not got to the list.
 */
void hm_store_mend_list(hm_str folder, hm_str version);
/*
 * The same where the list is empty or ends in zeros: what a command leaves that is killed
 * while it writes the list.  Costs one look where all is well.
 */
void hm_store_heal_list(hm_str folder);

#endif
