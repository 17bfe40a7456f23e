/*
 * modtidy.h - what `mod tidy` would change (cmd/go/internal/modload load.go).
 */
#ifndef HM_LOAD_MODTIDY_H
#define HM_LOAD_MODTIDY_H

#include "load/modload.h"

/*
 * Behind hm_modules_load() with tidy_keep: the differences of go.mod and go.sum as
 * unified diffs, each with an empty line behind; empty when the module is tidy.
 * Writes nothing.  keep is that of the load, compat its tidy_compat.
 */
int hm_modtidy_diff(struct hm_modload *ml, const struct hm_map *keep, hm_str compat,
                    struct hm_buf *out, struct hm_err *err);

#endif
