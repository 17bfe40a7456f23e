/*
 * list.h - the files of a tree.
 */
#ifndef HM_MODZIP_LIST_H
#define HM_MODZIP_LIST_H

#include "base/err.h"
#include "base/vec.h"

/* Slash-separated paths of all that is no folder below dir, in no particular order. */
int hm_modzip_list_files(struct hm_arena *a, const char *dir, struct hm_strs *files,
                         struct hm_err *err);

#endif
