/*
 * search.h - from a pattern to packages: wildcard walks through modules, std
 * and vendor (cmd/go/internal/modload search.go, cmd/go/internal/search).
 */
#ifndef HM_LOAD_SEARCH_H
#define HM_LOAD_SEARCH_H

#include "load/modules.h"

enum hm_search_std { HM_SEARCH_OMIT_STD, HM_SEARCH_WITH_STD };

/*
 * matchPackages: fills m->pkgs with the packages of the modules that match
 * m's pattern, sorted; in -mod=vendor the main modules and the vendor folder.
 */
void hm_search_packages(struct hm_modload *ml, struct hm_arena *a, struct hm_match *m,
                        bool any_tags, enum hm_search_std filter,
                        const struct hm_modver *mods, size_t n_mods);
/* search.MatchPackages for "std" and "cmd". */
void hm_search_goroot(struct hm_modload *ml, struct hm_arena *a, struct hm_match *m);
/* search.MatchDirs: the folders that a local pattern names. */
void hm_search_dirs(struct hm_modload *ml, struct hm_arena *a, struct hm_match *m,
                    const struct hm_strs *mod_roots);
/* modload.MatchInModule: m.path empty means the standard library. */
void hm_search_in_module(struct hm_modload *ml, struct hm_arena *a, struct hm_match *match,
                         struct hm_modver m, bool any_tags);
void hm_match_add_error(struct hm_arena *a, struct hm_match *m, enum hm_import_kind kind,
                        struct hm_err *err);

/* search.IgnorePatterns */
struct hm_ignore {
	struct hm_strs relative, any; /* "/x/y/" each */
};
void hm_ignore_init(struct hm_arena *a, struct hm_ignore *ig, const struct hm_strs *patterns);
/* dir is relative to the module root. */
bool hm_ignore_match(struct hm_arena *a, const struct hm_ignore *ig, hm_str dir);

#endif
