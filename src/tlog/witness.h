/*
 * witness.h - what a log and a witness say to one another
 * (https://c2sp.org/tlog-witness), as text and as rules; no I/O.
 *
 *	old SIZE
 *	base64 of a hash of the consistency proof ...
 *
 *	checkpoint, a signed note
 */
#ifndef HM_TLOG_WITNESS_H
#define HM_TLOG_WITNESS_H

#include "tlog/tlog.h"

#define HM_WITNESS_PROOF_MAX 63
/* Longest body of a request that is read. */
#define HM_WITNESS_BODY_MAX ((size_t)128 << 10)
/* What a 409 answer is, the size of the newest tree that the witness knows. */
#define HM_WITNESS_SIZE_TYPE "text/x.tlog.size"

struct hm_add_checkpoint {
	int64_t old;
	struct hm_proof proof;
	hm_str note; /* borrowed from the body */
};

hm_str hm_add_checkpoint_format(struct hm_arena *a, const struct hm_add_checkpoint *req);
/* HM_EINVALID for what is not of that form; the note is not looked into. */
int hm_add_checkpoint_parse(hm_str body, struct hm_add_checkpoint *out, struct hm_err *err);
/* The body of a 409 answer: a size and a newline. */
int hm_witness_parse_size(hm_str body, int64_t *size, struct hm_err *err);

/*
 * May a witness that last cosigned tree `have` (n == 0: none yet) cosign `tree`, which
 * came properly signed with this request?  0, or by code: HM_EINVALID (400) when old is
 * beyond the tree, HM_ECONFLICT (409) when it is not have->n, HM_ESECURITY (422) when
 * the tree does not continue what was seen.
 */
int hm_witness_judge(const struct hm_tree *have, const struct hm_add_checkpoint *req,
                     const struct hm_tree *tree, struct hm_err *err);

#endif
