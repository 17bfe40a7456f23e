/*
 * path.h - slash-separated paths as text, with the rules of Go's path package.
 */
#ifndef HM_BASE_PATH_H
#define HM_BASE_PATH_H

#include "base/arena.h"

/* path.Clean */
hm_str hm_path_clean(struct hm_arena *a, hm_str p);
/* hm_path_clean() would change nothing. */
bool hm_path_is_clean(hm_str p);
/* path.Join of two or three parts (empty ones are left out). */
hm_str hm_path_join(struct hm_arena *a, hm_str x, hm_str y);
hm_str hm_path_join3(struct hm_arena *a, hm_str x, hm_str y, hm_str z);
/* x + "/" + y with no cleaning, for parts that are clean already. */
hm_str hm_path_cat(struct hm_arena *a, hm_str x, hm_str y);
/* path.Base, path.Dir (cleaned), path.Ext; borrowed from p where possible. */
hm_str hm_path_base(hm_str p);
hm_str hm_path_dir(struct hm_arena *a, hm_str p);
hm_str hm_path_ext(hm_str p);
static inline bool
hm_path_is_abs(hm_str p)
{
	return p.n > 0 && p.p[0] == '/';
}
/* filepath.Rel of two absolute (or two relative) paths; false when there is none. */
bool hm_path_rel(struct hm_arena *a, hm_str base, hm_str target, hm_str *out);
/* dir itself or below it; both clean. */
bool hm_path_has_prefix(hm_str p, hm_str dir);
/* path.Match; *ok gets the answer, -1 for a malformed pattern. */
int hm_path_match(hm_str pattern, hm_str name, bool *ok);

#endif
