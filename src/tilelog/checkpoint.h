/*
 * checkpoint.h - the text of a C2SP checkpoint (https://c2sp.org/tlog-checkpoint),
 * to be signed as a note:
 *
 *	origin
 *	size
 *	base64 of the root
 *	optional extension lines
 */
#ifndef HM_TILELOG_CHECKPOINT_H
#define HM_TILELOG_CHECKPOINT_H

#include "tlog/tlog.h"

hm_str hm_checkpoint_format(struct hm_arena *a, hm_str origin, const struct hm_tree *tree);
/* origin is borrowed from text; extension lines are passed over. HM_EINVALID. */
int hm_checkpoint_parse(hm_str text, hm_str *origin, struct hm_tree *tree, struct hm_err *err);

/*
 * The origin line of the log whose key has this name.  That is the name, but for Go's
 * public log: the one log that the world knows under the first line that all logs of
 * go.sum lines have.
 */
hm_str hm_checkpoint_origin(hm_str name);
/*
 * The tree of a head of the log of this name: either its checkpoint, or a tree head as go
 * has it.  HM_EINVALID, or HM_ESECURITY for the checkpoint of another log.
 */
int hm_checkpoint_read(hm_str text, hm_str name, struct hm_tree *tree, struct hm_err *err);
/*
 * What witnesses sign of such a head: the checkpoint itself; for go's, the checkpoint of
 * the same tree, because go's does not say of which log it is.
 */
hm_str hm_checkpoint_cosigned(struct hm_arena *a, hm_str name, hm_str text,
                              const struct hm_tree *tree);

#endif
