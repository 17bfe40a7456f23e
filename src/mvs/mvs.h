/*
 * mvs.h - minimal version selection (cmd/go/internal/mvs).
 *
 * The graph takes requirements as they are found (hm_mvs_require) and always
 * knows the greatest version of each path.  The algorithms further down pull
 * requirements through callbacks.  Versions are opaque but for "none", which
 * says that a module is not there; comparison is a callback.
 *
 * A graph belongs to one thread while it is changed; afterwards any number may
 * read it.  Paths and versions are borrowed and must live as long as the graph.
 */
#ifndef HM_MVS_MVS_H
#define HM_MVS_MVS_H

#include "mod/modver.h"

/* <0, 0, >0; every version is greater than "none", the main module's than all. */
struct hm_mvs_cmp {
	int (*cmp)(void *ctx, hm_str path, hm_str v1, hm_str v2);
	void *ctx;
};

struct hm_mvs_graph;

/* roots are copied; their requirements are not known yet. */
struct hm_mvs_graph *hm_mvs_graph_new(struct hm_arena *a, struct hm_mvs_cmp cmp,
                                      const struct hm_modver *roots, size_t n);
/*
 * m requires reqs (copied).  m is a root or was required before, and this is the
 * first call for it; breaking that is a bug of the caller and aborts.
 */
void hm_mvs_require(struct hm_mvs_graph *g, struct hm_modver m, const struct hm_modver *reqs,
                    size_t n);
/* What m requires, as given; false when hm_mvs_require() was not called for it. Borrowed. */
bool hm_mvs_required_by(const struct hm_mvs_graph *g, struct hm_modver m,
                        const struct hm_modver **reqs, size_t *n);
/* The version selected for path, "none" if there is no such path. */
hm_str hm_mvs_selected(const struct hm_mvs_graph *g, hm_str path);
/* Selected versions: the roots' paths in order, then the others sorted (gover.ModSort). */
void hm_mvs_graph_build_list(const struct hm_mvs_graph *g, struct hm_arena *a,
                             struct hm_modvers *out);
/* Calls visit once for each version in the graph but "none", in breadth-first order. */
void hm_mvs_walk(const struct hm_mvs_graph *g, void (*visit)(void *ctx, struct hm_modver m),
                 void *ctx);
/* A shortest path from a root to a version for which want is true; out->n == 0 if none. */
void hm_mvs_find_path(const struct hm_mvs_graph *g, struct hm_arena *a,
                      bool (*want)(void *ctx, struct hm_modver m), void *ctx,
                      struct hm_modvers *out);

/*
 * Where the algorithms get their facts.  required appends what m requires to
 * *out (text must outlive the call of the algorithm); upgrade and previous are
 * needed by those algorithms alone and may be NULL otherwise.
 */
struct hm_mvs_reqs {
	void *ctx;
	int (*required)(void *ctx, struct hm_arena *a, struct hm_modver m, struct hm_modvers *out,
	                struct hm_err *err);
	int (*cmp)(void *ctx, hm_str path, hm_str v1, hm_str v2);
	/* The version that m becomes (m.version may be "none"). */
	int (*upgrade)(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *version,
	               struct hm_err *err);
	/* The version before m.version, or "none". */
	int (*previous)(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *version,
	                struct hm_err *err);
};

/*
 * Each appends to *out (slots in a) a build list: the targets, then the other
 * modules sorted by path.  An error of a callback comes with the chain of
 * requirements that led to it (hm_mvs_wrap).
 */
int hm_mvs_build_list(struct hm_arena *a, const struct hm_mvs_reqs *reqs,
                      const struct hm_modver *targets, size_t n, struct hm_modvers *out,
                      struct hm_err *err);
int hm_mvs_upgrade_all(struct hm_arena *a, const struct hm_mvs_reqs *reqs,
                       struct hm_modver target, struct hm_modvers *out, struct hm_err *err);
int hm_mvs_upgrade(struct hm_arena *a, const struct hm_mvs_reqs *reqs, struct hm_modver target,
                   const struct hm_modver *upgrade, size_t n, struct hm_modvers *out,
                   struct hm_err *err);
int hm_mvs_downgrade(struct hm_arena *a, const struct hm_mvs_reqs *reqs, struct hm_modver target,
                     const struct hm_modver *downgrade, size_t n, struct hm_modvers *out,
                     struct hm_err *err);
/* The least requirements of the main module that give the same list, with all paths of base. */
int hm_mvs_req(struct hm_arena *a, const struct hm_mvs_reqs *reqs, struct hm_modver main_module,
               const hm_str *base, size_t n, struct hm_modvers *out, struct hm_err *err);

/*
 * mvs.BuildListError: puts "a@v1 requires\n\tb@v2 requires\n\t" and the last
 * module of path before the message.  is_change (may be NULL) says that a step is
 * an upgrade or downgrade ("updating to").  If the message already begins with
 * another module, `replacement` (may be NULL), it becomes
 * "last (replaced by replacement): ...".  Returns -1.
 */
int hm_mvs_wrap(struct hm_err *err, const struct hm_modver *path, size_t n,
                bool (*is_change)(void *ctx, struct hm_modver from, struct hm_modver to), void *ctx,
                const struct hm_modver *replacement);

#endif
