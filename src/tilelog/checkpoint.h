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

#endif
