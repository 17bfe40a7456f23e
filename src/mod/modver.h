/*
 * modver.h - a module path with a version, the key of everything (module.Version).
 *
 * Both are plain, unescaped text, borrowed from whoever made them.  An empty
 * version is the main module, or a folder on the right side of a replace; the
 * version "none" says that no version of the module is taken.
 */
#ifndef HM_MOD_MODVER_H
#define HM_MOD_MODVER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

struct hm_modver {
	hm_str path;
	hm_str version;
};

struct hm_modvers {
	struct hm_modver *v;
	size_t n, cap;
};

static inline struct hm_modver
hm_modver_of(hm_str path, hm_str version)
{
	return (struct hm_modver){ path, version };
}

static inline bool
hm_modver_eq(struct hm_modver a, struct hm_modver b)
{
	return hm_str_eq(a.path, b.path) && hm_str_eq(a.version, b.version);
}

uint64_t hm_modver_hash(struct hm_modver m);
/* "path@version", or "path" when the version is empty. */
hm_str hm_modver_str(struct hm_arena *a, struct hm_modver m);
/* Splits "path@version" at the first '@'; false when there is none (version empty). */
bool hm_modver_cut(hm_str s, struct hm_modver *m);
/*
 * Reads "path@version" as a lookup in a checksum database has it: both escaped, the version
 * canonical and one that path may have.  HM_EINVALID.
 */
int hm_modver_unescape(struct hm_arena *a, hm_str s, struct hm_modver *m, struct hm_err *err);
/*
 * Order of gover.ModSort: path, then version by the rules of that path, then
 * the "/go.mod" part; versions of equal rank by their text.
 */
int hm_modver_cmp(struct hm_modver a, struct hm_modver b);
void hm_modver_sort(struct hm_modvers *list);
/* Order of module.Sort: as above, but semantic versions for every path (go.sum). */
int hm_modver_cmp_sum(struct hm_modver a, struct hm_modver b);

/*
 * module.VersionError: puts "path@version: " before the message, unless it
 * stands there already.  `version "V" invalid: why` becomes
 * `path@V: invalid version: why`, and without a version the prefix is
 * "module path: ".  Returns -1.
 */
int hm_modver_wrap(struct hm_err *err, struct hm_modver m);

#endif
