/*
 * listjson.h - described structs as go's json.MarshalIndent(x, "", "\t") prints them.
 */
#ifndef HM_LOAD_LISTJSON_H
#define HM_LOAD_LISTJSON_H

#include "base/buf.h"
#include "load/reflect.h"

/*
 * Appends obj without a final newline.  only: the fields wanted (-json=A,B), or
 * NULL for all; it applies to the outermost struct.
 */
void hm_listjson_write(struct hm_buf *b, const struct hm_type *t, const void *obj,
                       const struct hm_strs *only);

#endif
