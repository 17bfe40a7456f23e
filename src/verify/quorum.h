/*
 * quorum.h - have enough witnesses cosigned the tree that a record is in?
 *
 * The cosignatures stand on the tree head that came with the record, as further
 * signature lines; go passes over them.  They are of the checkpoint of the same tree
 * (tilelog/checkpoint.h), whose first line says which log it is.  A witness that is
 * missing there is asked, where it has a URL, for the checkpoint that it publishes
 * (c2sp.org/tlog-witness: URL/<SHA-256 of the origin>/checkpoint); it counts when its
 * tree has the record and lies on the log's one timeline.  Private to verify.
 */
#ifndef HM_VERIFY_QUORUM_H
#define HM_VERIFY_QUORUM_H

#include "tlog/note.h"
#include "tlog/tlog.h"
#include "verify/sumdb_ops.h"

struct hm_quorum;

/* Everything is borrowed; log is the key of the log. */
struct hm_quorum *hm_quorum_new(const struct hm_verify_remote *remote,
                                const struct hm_sumdb_choice *choice,
                                const struct hm_verifier *log);
void hm_quorum_free(struct hm_quorum *q);
/*
 * Record id came with this head.  HM_ESECURITY when too few witnesses vouch for it, when a
 * cosignature is wrong, or when a witness has seen another history.  Any thread.
 */
int hm_quorum_vouch(struct hm_quorum *q, struct hm_sumdb *db, const struct hm_note *note,
                    const struct hm_tree *tree, int64_t id, struct hm_err *err);

#endif
