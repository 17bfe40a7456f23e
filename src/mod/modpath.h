/*
 * modpath.h - which module paths, import paths, file paths and versions are
 * valid, which fit together, and how they are escaped (golang.org/x/mod/module).
 *
 * Error texts are those of Go; the code is HM_EINVALID.
 */
#ifndef HM_MOD_MODPATH_H
#define HM_MOD_MODPATH_H

#include "mod/modver.h"

/* `malformed module path "p": why`; `... import path ...`; `... file path ...` */
int hm_modpath_check(hm_str path, struct hm_err *err);
int hm_modpath_check_import(hm_str path, struct hm_err *err);
int hm_modpath_check_file(hm_str path, struct hm_err *err);
/*
 * The same three checks without the prefix `malformed ... path "p": ` (go's inner
 * error, which some callers word differently).
 */
int hm_modpath_why(hm_str path, struct hm_err *err);
int hm_modpath_why_import(hm_str path, struct hm_err *err);
int hm_modpath_why_file(hm_str path, struct hm_err *err);
/* module.Check: path valid, version semantic, and both fit. */
int hm_modpath_check_version(hm_str path, hm_str version, struct hm_err *err);

/*
 * module.SplitPathVersion: *prefix + *major == path, *major is "", "/vN" (N >= 2)
 * or, below gopkg.in, ".vN" or ".vN-unstable".  False when the last element
 * breaks the rules ("/v1", "/v02"); then *prefix is path.  Borrowed from path.
 */
bool hm_modpath_split(hm_str path, hm_str *prefix, hm_str *major);
/* module.CheckPathMajor: `version "v" invalid: should be v2, not v1` */
int hm_modpath_check_major(hm_str version, hm_str major, struct hm_err *err);
bool hm_modpath_match_major(hm_str version, hm_str major);
/* module.PathMajorPrefix of what hm_modpath_split() gave: "" or "vN". */
hm_str hm_modpath_major_prefix(hm_str major);
/* module.CanonicalVersion: semver's, but "+incompatible" stays. */
hm_str hm_modpath_canonical_version(struct hm_arena *a, hm_str version);
/* version is its own canonical form and not empty; needs no memory. */
bool hm_modpath_is_canonical_version(hm_str version);

/* Upper case letters become '!' and lower case; borrowed from the input when none is there. */
int hm_modpath_escape(struct hm_arena *a, hm_str path, hm_str *out, struct hm_err *err);
int hm_modpath_escape_version(struct hm_arena *a, hm_str version, hm_str *out,
                              struct hm_err *err);
int hm_modpath_unescape(struct hm_arena *a, hm_str escaped, hm_str *out, struct hm_err *err);
int hm_modpath_unescape_version(struct hm_arena *a, hm_str escaped, hm_str *out,
                                struct hm_err *err);

/* str.HasPathPrefix: s is prefix, or lies below it; an empty prefix fits all. */
bool hm_modpath_has_prefix(hm_str s, hm_str prefix);

#endif
