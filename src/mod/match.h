/*
 * match.h - the two kinds of patterns the go command knows: comma-separated
 * globs of GOPRIVATE and friends (module.MatchPrefixPatterns), and package
 * patterns with "..." (cmd/internal/pkgpattern).  All run in linear time a wildcard.
 */
#ifndef HM_MOD_MATCH_H
#define HM_MOD_MATCH_H

#include "base/err.h"

/*
 * HM_EUSAGE: a glob of the list can match no module, because it is malformed or in the style
 * of package patterns ("corp.example.com/...") or of URLs.  For settings of our own: go says
 * nothing, and keeps nothing private.
 */
int hm_match_check_prefix_patterns(hm_str globs, struct hm_err *err);
/* Does a path prefix of target match a glob of the list? Bad globs match nothing. */
bool hm_match_prefix_patterns(hm_str globs, hm_str target);
/* The same without regard to the case of ASCII letters: hosts of code have none in names. */
bool hm_match_prefix_patterns_fold(hm_str globs, hm_str target);

/* pkgpattern.MatchPattern: "..." is any text, but never enters a vendor folder. */
bool hm_match_pattern(hm_str pattern, hm_str name);
/* pkgpattern.MatchSimplePattern: the same without the rule about vendor. */
bool hm_match_simple_pattern(hm_str pattern, hm_str name);
/* pkgpattern.TreeCanMatchPattern: can name or something below it match? */
bool hm_match_tree_can(hm_str pattern, hm_str name);

#endif
