/*
 * semver.h - semantic versions with Go's leading "v" (golang.org/x/mod/semver).
 *
 * vMAJOR[.MINOR[.PATCH[-PRERELEASE][+BUILD]]]; the short forms stand for .0.
 * Invalid text is never an error here: it is empty, and less than all others.
 * Slices are borrowed from the argument unless an arena is taken.
 */
#ifndef HM_MOD_SEMVER_H
#define HM_MOD_SEMVER_H

#include "base/arena.h"

bool hm_semver_valid(hm_str v);
/* Without build metadata, with all three numbers; empty when v is invalid. */
hm_str hm_semver_canonical(struct hm_arena *a, hm_str v);
/* v == Canonical(v) and v is valid; needs no memory. */
bool hm_semver_is_canonical(hm_str v);
/* "v2" of "v2.1.0" */
hm_str hm_semver_major(hm_str v);
/* "v2.1" of "v2.1.0" and, made in the arena, "v2.0" of "v2" */
hm_str hm_semver_major_minor(struct hm_arena *a, hm_str v);
/* "-pre" of "v2.1.0-pre+meta" */
hm_str hm_semver_prerelease(hm_str v);
/* "+meta" of "v2.1.0-pre+meta" */
hm_str hm_semver_build(hm_str v);
/* -1, 0, +1; build metadata is ignored, invalid versions are equal and least. */
int hm_semver_cmp(hm_str v, hm_str w);
/* The greater one, canonical; w when they are equal. */
hm_str hm_semver_max(struct hm_arena *a, hm_str v, hm_str w);
/* semver.Sort: by rank, then by text. */
void hm_semver_sort(hm_str *v, size_t n);

#endif
