/*
 * modgraph.h - the graph of all module versions that matter to a build.
 *
 * Follows ModuleGraph and readModGraph of cmd/go/internal/modload/buildlist.go:
 * go.mod files are read in parallel, each once, as deep as pruning asks for.
 * A graph is immutable once handed out and may be queried from several threads.
 */
#ifndef HM_LOAD_MODGRAPH_H
#define HM_LOAD_MODGRAPH_H

#include "load/reqs.h"
#include "load/vermap.h"

/*
 * go's LoadModGraph.  With go_version the graph as that go version would see
 * it (`mod graph -go`); otherwise roots are made consistent first and ml->reqs
 * is updated.
 */
int hm_modload_graph(struct hm_modload *ml, hm_str go_version, struct hm_modgraph **mg,
                     struct hm_err *err);
/*
 * go's expandGraph: *rs is replaced by consistent roots when the graph shows
 * that they were not.  *mg is set on failure too.
 */
int hm_reqs_expand(struct hm_modload *ml, struct hm_reqs **rs, struct hm_modgraph **mg,
                   struct hm_err *err);

/*
 * go's readModGraph for roots that are nobody's yet (outside a workspace).  What the
 * versions in `unprune` (may be NULL) require is read wherever they are required.
 * *mg is set on failure too.
 */
int hm_modgraph_read(struct hm_modload *ml, enum hm_pruning pruning, const struct hm_modver *roots,
                     size_t n, const struct hm_vermap *unprune, struct hm_modgraph **mg,
                     struct hm_err *err);
enum hm_modgraph_state { HM_NODE_UNREAD, HM_NODE_FAILED, HM_NODE_READ };
/* Was the go.mod of m read for this graph?  *why (HM_NODE_FAILED) is borrowed from it. */
enum hm_modgraph_state hm_modgraph_state(const struct hm_modgraph *mg, struct hm_modver m,
                                         struct hm_err **why);

/* Selected version of path; "none" when it is not in the graph, empty for a main module. */
hm_str hm_modgraph_selected(const struct hm_modgraph *mg, hm_str path);
/* What m requires; false when its requirements are not in the graph (pruned out). */
bool hm_modgraph_required_by(const struct hm_modgraph *mg, struct hm_modver m,
                             const struct hm_modver **reqs, size_t *n);
/*
 * All selected versions: main modules first (go.work order), then sorted;
 * "go" and "toolchain" included.
 */
const struct hm_modver *hm_modgraph_build_list(const struct hm_modgraph *mg, size_t *n);
/* Calls f once for each module version but "none", in breadth-first order from the roots. */
void hm_modgraph_walk(const struct hm_modgraph *mg, void (*f)(void *ctx, struct hm_modver m),
                      void *ctx);

#endif
