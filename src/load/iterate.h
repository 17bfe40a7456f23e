/*
 * iterate.h - the package loader: follows imports, brings the module
 * requirements in line with what it saw, and starts over until both agree
 * (loader in cmd/go/internal/modload/load.go).
 *
 * Only for modules.c and iterate*.c.
 */
#ifndef HM_LOAD_ITERATE_H
#define HM_LOAD_ITERATE_H

#include "load/importerr.h"
#include "load/importstate.h"
#include "load/modules.h"
#include "load/reqs.h"

struct hm_iter {
	struct hm_modload *ml;
	struct hm_resolve *r;
	struct hm_arena *a; /* ml's; only for the driving thread */
	const struct hm_load_opts *opts;
	struct hm_reqs *reqs;
	bool all_is_root;           /* "all" is among the patterns */
	bool all_closes_over_tests; /* what "all" meant before go 1.16 */
	bool skip_mod_files;        /* tidy of go 1.17 to 1.20 */
	/* The root packages under these requirements. */
	int (*list_roots)(void *ctx, struct hm_reqs *rs, struct hm_strs *roots,
	                  struct hm_err *err);
	void *list_ctx;

	/* New in each round. */
	struct hm_loadpkgs roots;
	struct hm_map by_path;   /* path -> struct hm_loadpkg * */
	struct hm_loadpkgs pkgs; /* all, in go's order; after stacks were built */
	size_t in_flight;        /* packages whose imports are being looked at */

	/* Errors said so far (go's ld.error), for the end of the run. */
	struct hm_err errors;
	hm_str need_go;
};

/* loadFromRoots.  -1: it->errors moved to *err. */
int hm_iter_run(struct hm_iter *it, struct hm_err *err);
/* ld.error: notes the error (and clears it); with allow_errors it is only logged. */
void hm_iter_error(struct hm_iter *it, struct hm_err *err);
/* exitIfErrors: -1 when something was noted; it moves to *err. */
int hm_iter_stop(struct hm_iter *it, struct hm_err *err);

/* Logs what was noted, so that advice may follow.  hm_iter_stop() says it again, as go does. */
void hm_iter_flush(struct hm_iter *it);

/* Packages of "all", after a run. */
void hm_iter_all(const struct hm_iter *it, struct hm_strs *out);

/* iterateload.c: loads everything below it->roots (filled from paths). */
void hm_iter_load(struct hm_iter *it, const struct hm_strs *roots);
/* iterateload.c: importFromModules of many paths at once; results are in it->a. */
struct hm_import;
void hm_iter_resolve(struct hm_iter *it, const struct hm_strs *paths, struct hm_reqs *rs,
                     struct hm_modgraph *mg, struct hm_import *out);
/* The same with queryImport for those that are missing (query_missing: else only found ones). */
void hm_iter_query(struct hm_iter *it, const struct hm_strs *paths, struct hm_import *out);

/* iteratetidy.c: what requires go at version `selected`, above the one that tidy was asked for. */
void hm_iter_go_conflict(struct hm_iter *it, const struct hm_modgraph *mg, hm_str selected,
                         struct hm_err *err);
/* iteratetidy.c: checkTidyCompatibility. -1: stop. */
int hm_iter_check_compat(struct hm_iter *it, struct hm_reqs *rs, hm_str compat,
                         struct hm_err *err);

#endif
