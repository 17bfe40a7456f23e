/*
 * pseudo.h - pseudo-versions, which name a commit without a tag (golang.org/x/mod/module).
 *
 *	vX.0.0-yyyymmddhhmmss-abcdef123456           no earlier tag
 *	vX.Y.(Z+1)-0.yyyymmddhhmmss-abcdef123456     after tag vX.Y.Z
 *	vX.Y.Z-pre.0.yyyymmddhhmmss-abcdef123456     after tag vX.Y.Z-pre
 *
 * each with "+incompatible" if the tag had it.  Times are seconds since 1970, UTC.
 */
#ifndef HM_MOD_PSEUDO_H
#define HM_MOD_PSEUDO_H

#include "base/arena.h"
#include "base/err.h"

/* Go's zero time, year 1. */
#define HM_PSEUDO_ZERO_TIME INT64_C(-62135596800)

/* module.PseudoVersion; major may be empty (v0), older is "" or an earlier tag. */
hm_str hm_pseudo_make(struct hm_arena *a, hm_str major, hm_str older, int64_t time, hm_str rev);
/* The pseudo-version with zero time and revision; stands for "no version yet". */
hm_str hm_pseudo_zero(struct hm_arena *a, hm_str major);
bool hm_pseudo_is(hm_str v);
bool hm_pseudo_is_zero(hm_str v);

/* The following fail with `pseudo-version "v" invalid: why`. */
int hm_pseudo_time(hm_str v, int64_t *time, struct hm_err *err);
/* Borrowed from v. */
int hm_pseudo_rev(hm_str v, hm_str *rev, struct hm_err *err);
/* The tag it builds on, or empty when there is none. */
int hm_pseudo_base(struct hm_arena *a, hm_str v, hm_str *base, struct hm_err *err);

#endif
