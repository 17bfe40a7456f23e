/*
 * searchwalk.h - walking a folder tree as filepath.WalkDir does.
 *
 * Only for search*.c.
 */
#ifndef HM_LOAD_SEARCHWALK_H
#define HM_LOAD_SEARCHWALK_H

#include "base/err.h"

/* Folders deeper than this are not entered (no file system that go runs on has them). */
#define HM_SEARCH_MAX_DEPTH 2000

struct hm_walk_entry {
	hm_str path; /* below the root as it was given */
	hm_str rel;  /* relative to the root; empty for the root itself */
	hm_str name; /* last element; empty for the root */
	bool link;   /* a symbolic link to a folder */
	struct hm_err *err; /* the folder could not be read (then it was visited before), or NULL */
};

/*
 * Calls visit for root and each folder below it, parents first, in order of
 * name, and for each link to a folder.  visit answers whether to go into the
 * folder.  The root is entered even when it is a link itself.
 */
void hm_search_walk(struct hm_arena *a, hm_str root,
                    bool (*visit)(void *ctx, const struct hm_walk_entry *e), void *ctx);

/* .x, _x, testdata */
bool hm_search_is_hidden(hm_str elem);

#endif
