/*
 * query.h - version queries: latest, upgrade, patch, v1, v1.2, v1.2.3, <v, <=v,
 * >v, >=v, a commit, a branch (cmd/go/internal/modload query.go), and the
 * retractions and deprecations that they need (modfile.go).
 */
#ifndef HM_LOAD_QUERY_H
#define HM_LOAD_QUERY_H

#include "acquire/origin.h"
#include "codec/time.h"
#include "load/loadpkg.h"

struct hm_modload;

/* modfetch.RevInfo */
struct hm_revinfo {
	hm_str version;
	struct hm_time time;
	const struct hm_origin *origin; /* NULL: unknown */
};

/* What kind of answer an error is, for callers that treat some as "no". */
enum hm_query_fail {
	HM_QUERY_OK,
	HM_QUERY_NO_MATCH,       /* NoMatchingVersionError */
	HM_QUERY_NOT_EXIST,      /* errors.Is(err, fs.ErrNotExist) */
	HM_QUERY_DISALLOWED,     /* excluded or retracted */
	HM_QUERY_NOT_IN_MODULE,  /* PackageNotInModuleError */
	HM_QUERY_NO_PATCH_BASE,  /* NoPatchBaseError */
	HM_QUERY_INVALID_PATH,   /* module.InvalidPathError */
	HM_QUERY_INVALID_VERSION,/* module.InvalidVersionError */
	HM_QUERY_OTHER,
};

/* Which versions a query may choose. */
enum hm_allow {
	HM_ALLOW_ALL,
	HM_ALLOW_NOT_EXCLUDED,   /* CheckExclusions, and what the policy permits */
	HM_ALLOW_CHECKED,        /* CheckAllowed: neither excluded nor retracted */
	HM_ALLOW_ASKED,          /* the same, but what the query names and, for upgrade and
	                            patch, what is selected may be retracted (go's `get`) */
};

/*
 * modload.Query.  current: the selected version, "none", or empty.  0 or -1;
 * *fail (may be NULL) classifies the error.
 */
int hm_query(struct hm_modload *ml, struct hm_arena *a, hm_str path, hm_str query, hm_str current,
             enum hm_allow allow, struct hm_revinfo *out, enum hm_query_fail *fail,
             struct hm_err *err);

/* IsRevisionQuery: may name a particular revision ("v1.0.0", "master"). */
bool hm_query_is_revision(hm_str path, hm_str query);

struct hm_query_result {
	struct hm_modver mod;
	struct hm_revinfo rev;
	struct hm_strs pkgs; /* packages that match the pattern */
};
struct hm_query_results {
	struct hm_query_result *v;
	size_t n, cap;
	bool has_mod_only;
	struct hm_query_result mod_only; /* a module whose path matches though no package does */
};
/* The selected version of a module path ("none", or empty when unknown). */
typedef hm_str hm_query_current(void *ctx, hm_str path);

/* modload.QueryPattern: the modules with packages that match, longest path first. */
int hm_query_pattern(struct hm_modload *ml, struct hm_arena *a, hm_str pattern, hm_str query,
                     hm_query_current *current, void *ctx, enum hm_allow allow,
                     struct hm_query_results *out, enum hm_query_fail *fail, struct hm_err *err);
/* modload.QueryPackages: the same, but no package is an error. */
int hm_query_packages(struct hm_modload *ml, struct hm_arena *a, hm_str pattern, hm_str query,
                      hm_query_current *current, void *ctx, enum hm_allow allow,
                      struct hm_query_results *out, enum hm_query_fail *fail,
                      struct hm_err *err);

/* versions(): all versions of a module that allow lets through. */
int hm_query_versions(struct hm_modload *ml, struct hm_arena *a, hm_str path, enum hm_allow allow,
                      struct hm_strs *out, const struct hm_origin **origin, struct hm_err *err);

/* QueryMatchesPackagesInMainModuleError; returns -1. */
int hm_query_in_main_error(hm_str pattern, hm_str query, const struct hm_strs *pkgs,
                           struct hm_err *err);
/* QueryMatchesMainModulesError, mains being their paths; returns -1. */
int hm_query_mains_error(const struct hm_modload *ml, hm_str pattern, hm_str query,
                         const struct hm_strs *mains, struct hm_err *err);

/* CheckExclusions; -1 with HM_QUERY_DISALLOWED. */
int hm_query_check_exclusions(struct hm_modload *ml, struct hm_modver m, struct hm_err *err);
/*
 * CheckRetractions: -1 with *fail HM_QUERY_DISALLOWED when m is retracted; then
 * *rationale (may be NULL) has the reasons.
 */
int hm_query_check_retractions(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m,
                               struct hm_strs *rationale, enum hm_query_fail *fail,
                               struct hm_err *err);
/* CheckDeprecation: the message, empty when there is none. */
int hm_query_deprecation(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m,
                         hm_str *out, enum hm_query_fail *fail, struct hm_err *err);
/* modload.ShortMessage: a message from a go.mod file, safe for a terminal. */
hm_str hm_query_short_message(struct hm_arena *a, hm_str message, hm_str empty_default);

#endif
