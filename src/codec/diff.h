/*
 * diff.h - unified diffs, the same as Go's internal/diff makes: an anchored diff,
 * whose anchors are the lines that occur once on each side.
 */
#ifndef HM_CODEC_DIFF_H
#define HM_CODEC_DIFF_H

#include "base/buf.h"

/*
 * Adds the diff from `before` to `after` to out ("diff NAME NAME" in front);
 * nothing when they are equal.  O(n log n).
 */
void hm_diff(struct hm_buf *out, hm_str before_name, hm_str before, hm_str after_name,
             hm_str after);

#endif
