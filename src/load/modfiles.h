/*
 * modfiles.h - go.mod files: the main ones, with every check go makes, and
 * those of dependencies, read once and kept as summaries.
 *
 * Follows cmd/go/internal/modload/modfile.go.
 */
#ifndef HM_LOAD_MODFILES_H
#define HM_LOAD_MODFILES_H

#include "base/vec.h"
#include "load/reqs.h"

struct hm_gomod;
struct hm_modindex;

struct hm_retraction {
	hm_str low, high, rationale;
};

/* A dependency's go.mod; immutable, lives as long as the modload. */
struct hm_modsummary {
	hm_str module; /* path of the module line; empty when there is none */
	hm_str go, toolchain, deprecated;
	enum hm_pruning pruning;
	const struct hm_modver *require; /* with "go" last for go >= 1.21 */
	size_t n_require;
	const struct hm_retraction *retract;
	size_t n_retract;
	const hm_str *ignore;
	size_t n_ignore;
};

/*
 * go's goModSummary: of a module version in the graph, replacements and
 * excludes applied, vendor mode honoured, go.sum required where go requires
 * it, declared path checked.  Thread-safe; each file is read once.
 */
int hm_modload_summary(struct hm_modload *ml, struct hm_modver m, const struct hm_modsummary **out,
                       struct hm_err *err);
/*
 * go's rawGoModSummary: no replacement, no excludes.  HM_ETOOLCHAIN (the file
 * wants a newer go) still sets *out.  Thread-safe.
 */
int hm_modload_raw_summary(struct hm_modload *ml, struct hm_modver m,
                           const struct hm_modsummary **out, struct hm_err *err);
/*
 * go's rawGoVersion: the go line read from m's go.mod; p == NULL when it was not
 * read, empty for a main module without one.  Thread-safe.
 */
hm_str hm_modload_raw_go(struct hm_modload *ml, struct hm_modver m);
/* Records it (vendor/modules.txt, go line added).  Thread-safe. */
void hm_modload_set_raw_go(struct hm_modload *ml, struct hm_modver m, hm_str go);

/*
 * go's ReadModFile: parsed and checked main go.mod.  fix resolves versions
 * that are not canonical (HM_FIX_QUERY) or leaves them (HM_FIX_NONE).
 */
enum hm_fix { HM_FIX_NONE, HM_FIX_QUERY };
int hm_modload_read_gomod(struct hm_modload *ml, hm_str path, enum hm_fix fix, hm_str *data,
                          struct hm_gomod **out, bool *fixed, struct hm_err *err);
/* The index of a file just read or written. */
int hm_modindex_make(struct hm_modload *ml, hm_str data, const struct hm_gomod *f, bool needs_fix,
                     struct hm_modindex **out, struct hm_err *err);
/* The file differs in meaning from what was indexed (index may be NULL). */
bool hm_modindex_dirty(const struct hm_modload *ml, const struct hm_modindex *index,
                       const struct hm_gomod *f);
/* go's CheckGodebug for a godebug line or //go:debug; verb is "godebug" or "//go:debug". */
int hm_modload_check_godebug(const struct hm_modload *ml, hm_str verb, hm_str key, hm_str value,
                             struct hm_err *err);

#endif
