/*
 * compare.h - are two binaries the same, and if not, where do they differ first?
 */
#ifndef HM_ATTEST_COMPARE_H
#define HM_ATTEST_COMPARE_H

#include "base/err.h"
#include "base/vec.h"

/*
 * Compares two files byte for byte.  *same is the answer; when it is false, report
 * gets lines (no program name) that say what differs: sizes, the first offset
 * with its section, and the build settings and modules that the two record
 * differently.
 */
int hm_attest_compare(const char *a, const char *b, bool *same, struct hm_buf *report,
                      struct hm_err *err);

#endif
