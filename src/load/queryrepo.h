/*
 * queryrepo.h - the versions of a module at one source, with those that replace
 * directives add (versionRepo, replacementRepo in query.go), and the part of a
 * query that chooses among them.
 *
 * Only for query*.c.
 */
#ifndef HM_LOAD_QUERYREPO_H
#define HM_LOAD_QUERYREPO_H

#include "load/query.h"

struct hm_acquire_repo;

struct hm_qrepo {
	struct hm_modload *ml;
	struct hm_arena *a;
	struct hm_acquire_repo *r; /* NULL: the path is no module path */
	hm_str path;
	bool replaced;             /* replace directives add versions */
};

/* lookupRepo: HM_EINVALID for a path that is no module path and not replaced. */
int hm_qrepo_open(struct hm_modload *ml, struct hm_arena *a, hm_str source, hm_str path,
                  struct hm_qrepo *out, struct hm_err *err);
int hm_qrepo_versions(const struct hm_qrepo *q, hm_str prefix, struct hm_strs *out,
                      const struct hm_origin **origin, struct hm_err *err);
int hm_qrepo_stat(const struct hm_qrepo *q, hm_str rev, struct hm_revinfo *out,
                  struct hm_err *err);
int hm_qrepo_latest(const struct hm_qrepo *q, struct hm_revinfo *out, struct hm_err *err);
/* checkReuseRepo: 0 when the origin still answers the query. */
int hm_qrepo_check_reuse(const struct hm_qrepo *q, hm_str query, const struct hm_origin *origin,
                         struct hm_err *err);

/* The pseudo-version for a replacement without a version. */
hm_str hm_query_zero_version(struct hm_arena *a, hm_str path);

enum hm_qfilter { HM_QF_NONE, HM_QF_LT, HM_QF_LE, HM_QF_EQ, HM_QF_GE, HM_QF_GT };

/* queryMatcher */
struct hm_qmatcher {
	struct hm_modload *ml;
	struct hm_arena *a;
	hm_str path, prefix;
	enum hm_qfilter op;
	hm_str bound;
	enum hm_allow allow;
	hm_str query, current;
	bool revision;       /* no version at all: a commit, a branch */
	bool can_stat;       /* one exact version */
	bool prefer_lower;
	bool may_use_latest;
	bool prefer_incompatible;
};

int hm_qmatcher_init(struct hm_qmatcher *qm, struct hm_modload *ml, struct hm_arena *a, hm_str path,
                     hm_str query, hm_str current, enum hm_allow allow, enum hm_query_fail *fail,
                     struct hm_err *err);
bool hm_qmatcher_allows(const struct hm_qmatcher *qm, hm_str version);
/* filterVersions */
int hm_qmatcher_filter(const struct hm_qmatcher *qm, const struct hm_strs *versions,
                       struct hm_strs *releases, struct hm_strs *prereleases, struct hm_err *err);

/* What HM_ALLOW_ASKED comes to for this version; other values stay. */
enum hm_allow hm_query_allow_for(enum hm_allow allow, hm_str query, hm_str current,
                                 hm_str version);
/* -1 with *fail when allow does not let m through, or that cannot be told. */
int hm_query_check(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m,
                   enum hm_allow allow, enum hm_query_fail *fail, struct hm_err *err);
/* mergeOrigin: NULL when they do not agree. */
const struct hm_origin *hm_query_merge_origin(struct hm_arena *a, const struct hm_origin *x,
                                              const struct hm_origin *y);
/* queryProxy: the query at one source. */
struct hm_qask {
	struct hm_modload *ml;
	struct hm_arena *a;
	hm_str path, query, current;
	enum hm_allow allow;
	const struct hm_map *reuse; /* "path@version" -> struct hm_modinfo *; may be NULL */
};
int hm_query_source(const struct hm_qask *ask, hm_str source, struct hm_revinfo *out,
                    enum hm_query_fail *fail, struct hm_err *err);
/* What kind of error the acquire layer gave. */
enum hm_query_fail hm_query_classify(const struct hm_err *err);

#endif
