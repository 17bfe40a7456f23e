/*
 * gover.h - versions of Go itself ("1.21", "1.21rc1", "1.21.3"), which are not
 * semantic versions, toolchain names ("go1.21.3-custom"), and comparison that
 * knows the pseudo-modules "go" and "toolchain" (internal/gover and
 * cmd/go/internal/gover).
 *
 * 1.21 < 1.21rc1 < 1.21.0; before 1.21 a missing patch is 0.  Malformed
 * versions are equal and least.  Slices are borrowed from the argument.
 */
#ifndef HM_MOD_GOVER_H
#define HM_MOD_GOVER_H

#include "base/arena.h"

/* Versions at which the go command's behaviour changes. */
#define HM_GOVER_NARROW_ALL "1.16"         /* "all" leaves out tests of dependencies */
#define HM_GOVER_DEFAULT_GOMOD "1.16"      /* of a go.mod without a go line */
#define HM_GOVER_DEFAULT_GOWORK "1.18"     /* of a go.work without a go line */
#define HM_GOVER_EXPLICIT_INDIRECT "1.17"  /* graph pruning */
#define HM_GOVER_SEPARATE_INDIRECT "1.17"  /* indirect requirements in their own block */
#define HM_GOVER_TIDY_GOMOD_SUM "1.21"     /* tidy keeps sums for tests of tests */
#define HM_GOVER_STRICT "1.21"             /* a go line is a minimum */
#define HM_GOVER_MODULES_TXT_IMPORT "1.23" /* vendored packages must be in modules.txt */

int hm_gover_cmp(hm_str x, hm_str y);
/* The greater one; x when they are equal. */
hm_str hm_gover_max(hm_str x, hm_str y);
bool hm_gover_valid(hm_str x);
/* A language version ("1.21"), not a release ("1.21.0"). */
bool hm_gover_is_lang(hm_str x);
/* "1.21" of "1.21.3"; "1" of "1.0" (and a bare major as it is); empty when x is malformed. */
hm_str hm_gover_lang(hm_str x);
bool hm_gover_is_prerelease(hm_str x);
/* "1.20" of "1.21rc1"; the major itself for the first release. */
hm_str hm_gover_prev(struct hm_arena *a, hm_str x);

/* "1.2.3" of "go1.2.3-custom"; empty when name is not a toolchain's. */
hm_str hm_gover_from_toolchain(hm_str name);
/* The name with the greater version; x when they are equal. */
hm_str hm_gover_toolchain_max(hm_str x, hm_str y);
/* What a go.mod file may say: modfile.GoVersionRE and modfile.ToolchainRE. */
bool hm_gover_valid_in_gomod(hm_str x);
bool hm_gover_valid_toolchain_in_gomod(hm_str name);

/* path is "go" or "toolchain". */
bool hm_gover_is_toolchain(hm_str path);
/* ModCompare, ModIsValid, ModIsPrefix, ModIsPrerelease, ModMajorMinor */
int hm_gover_mod_cmp(hm_str path, hm_str x, hm_str y);
bool hm_gover_mod_valid(hm_str path, hm_str version);
bool hm_gover_mod_is_prefix(hm_str path, hm_str version);
bool hm_gover_mod_is_prerelease(hm_str path, hm_str version);
hm_str hm_gover_mod_major_minor(struct hm_arena *a, hm_str path, hm_str version);

#endif
