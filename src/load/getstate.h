/*
 * getstate.h - what one `get` knows: its queries, the candidates that may answer
 * them, and the versions decided so far (resolver in cmd/go/internal/modget get.go,
 * query in query.go).  Only for get*.c.
 *
 * A query names a path or a pattern.  For each path that it comes to there is a set
 * of candidates, of which one is chosen; as choices change the graph, patterns are
 * looked at again until nothing moves.
 */
#ifndef HM_LOAD_GETSTATE_H
#define HM_LOAD_GETSTATE_H

#include <pthread.h>

#include "base/map.h"
#include "load/get.h"
#include "load/importstate.h"
#include "load/query.h"
#include "load/vermap.h"

struct hm_modules;

/* The modules that could provide one path. */
struct hm_get_set {
	hm_str path;
	struct hm_modvers pkg_mods; /* with packages that match */
	struct hm_modver mod;       /* path empty: none; its path matches, but no package */
	hm_str error;               /* p == NULL: none */
	enum hm_code code;          /* of the error */
};
struct hm_get_sets {
	struct hm_get_set *v;
	size_t n, cap;
};

struct hm_get_query {
	hm_str raw;         /* the argument, for messages */
	hm_str raw_version; /* what is behind the '@' */
	hm_str pattern;
	hm_str version;     /* raw_version, or what is meant without */
	bool local;         /* a path of the file system */
	bool dots;          /* not local, with "..." */
	const struct hm_get_query *conflict;
	struct hm_get_sets candidates;
	struct hm_map seen; /* paths whose candidates were looked for */
	bool resolved;      /* to some module */
	bool matches_packages;
};
struct hm_get_queries {
	struct hm_get_query **v;
	size_t n, cap;
};

/* A version that was decided, and by which query. */
struct hm_get_choice {
	hm_str version;
	struct hm_get_query *by;
};

struct hm_get {
	struct hm_modload *ml;
	struct hm_arena *a; /* ml's; only for the driving thread */
	struct hm_resolve *resolve;
	const struct hm_get_opts *opts;
	struct hm_get_queries queries;
	struct hm_map choices;         /* path -> struct hm_get_choice * */
	const struct hm_modver *list;  /* build list as it is now */
	size_t n_list;
	struct hm_map selected, initial; /* path -> hm_str *: versions, now and at the start */
	struct hm_map work;            /* modules of the go.work around: path -> hm_str * (root) */
	bool has_work;
	pthread_mutex_t lock;          /* guards what follows, and candidates and seen */
	struct hm_arena *shared;
	struct hm_map matches;         /* pattern and module -> struct hm_get_set *: packages */
	struct hm_get_sets upgrades;
};

/* getquery.c */

/* newQuery; the error has no argument in front. */
int hm_get_parse(struct hm_get *g, hm_str raw, struct hm_get_query **out, struct hm_err *err);
bool hm_get_is_wild(const struct hm_get_query *q);
bool hm_get_is_none(const struct hm_get_query *q);
bool hm_get_matches_path(const struct hm_get_query *q, hm_str path);
bool hm_get_can_match_in(const struct hm_get_query *q, hm_str module);
/* Upgrades and patches leave main modules alone. */
bool hm_get_ok_for_main(hm_str version);
/* The module as an answer to the query, for messages. */
hm_str hm_get_describe(struct hm_arena *a, const struct hm_get_query *q, struct hm_modver m);
/* Reports the error, with the argument in front unless it speaks of it anyway. */
void hm_get_report(struct hm_get *g, const struct hm_get_query *q, hm_str text);
void hm_get_report_conflict(struct hm_get *g, struct hm_get_query *q, struct hm_modver m,
                            const struct hm_get_choice *other);

/* getcand.c: candidates */

/* Selected version of a module, "none" without. */
hm_str hm_get_version(const struct hm_map *versions, hm_str path);
/* The query that removes modules of this path, or NULL. */
const struct hm_get_query *hm_get_removes(const struct hm_get *g, hm_str path);
/* Local, literal, tool and work queries; once. */
void hm_get_look(struct hm_get *g);
/* Patterns, by the build list as it is; -1: loading failed. */
int hm_get_look_again(struct hm_get *g, struct hm_err *err);
/* Patterns that nothing in the build list matches. */
void hm_get_look_missing(struct hm_get *g);
/* Reports patterns that match a module whose version is none that they ask for. */
void hm_get_check_patterns(struct hm_get *g);
/*
 * findAndUpgradeImports: modules for imports of the named packages that are missing,
 * or, with -u, have newer versions; in g->upgrades.
 */
int hm_get_look_imports(struct hm_get *g, struct hm_err *err);
/* All queries whose pattern matches packages, for loading. */
void hm_get_patterns(struct hm_get *g, struct hm_strs *out);

/* getcheck.c */

/* checkPackageProblems */
int hm_get_check(struct hm_get *g, struct hm_err *err);

#endif
