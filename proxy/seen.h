/*
 * seen.h - the last answers of upstream that may change: lists and @latest.  They are
 * kept on disk, so that a list is at hand after a restart and when upstream is down.
 *
 *	DIR/cache/upstream/<escaped path>/@v/list
 *	DIR/cache/upstream/<escaped path>/@latest
 *
 * A file's time is when upstream said so.  Nothing here is needed: the folder may be
 * removed at any time.
 */
#ifndef PROXY_SEEN_H
#define PROXY_SEEN_H

#include "proxy.h"

/* False: never seen, or it cannot be read. *when is in seconds since 1970. */
bool seen_read(const struct proxy *p, struct hm_arena *a, const struct route *r, hm_str *body,
               int64_t *when);
/* Best effort. */
void seen_write(const struct proxy *p, struct hm_arena *a, const struct route *r, hm_str body);
/* Upstream says that it is gone. */
void seen_forget(const struct proxy *p, struct hm_arena *a, const struct route *r);

/*
 * What the store itself can say: @v/list of the versions that it has whole (no
 * pseudo-versions), the .info of the highest for @latest, and that of the pseudo-version for
 * a commit (12 digits or more, as go does with GOPROXY=off).  False: nothing.
 */
bool stored_answer(const struct proxy *p, struct hm_arena *a, const struct route *r,
                   hm_str *body);
/* The store's versions of a module as lines, pseudo-versions too; in no order. */
hm_str stored_versions(const struct proxy *p, struct hm_arena *a, hm_str path);
/* Of lines: the highest release, else pre-release, else pseudo-version; empty: none is valid. */
hm_str highest_version(hm_str list);
/* upstream's list and the store's, as one. */
hm_str merge_lists(struct hm_arena *a, hm_str upstream, hm_str stored);

#endif
