/*
 * json_check.h - is a text JSON?  Private to codec.
 */
#ifndef HM_CODEC_JSON_CHECK_H
#define HM_CODEC_JSON_CHECK_H

#include "base/err.h"

/*
 * Checks one value and white space around it, byte by byte and without recursion,
 * with the error texts of Go's encoding/json.  *plain becomes false when the text
 * has what jansson refuses and Go reads as U+FFFD: bytes that are no UTF-8, and
 * escaped halves of surrogate pairs.
 */
int hm_json_check(hm_str text, unsigned max_depth, bool *plain, struct hm_err *err);

#endif
