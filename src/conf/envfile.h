/*
 * envfile.h - the file of `go env -w`, and $GOROOT/go.env.
 */
#ifndef HM_CONF_ENVFILE_H
#define HM_CONF_ENVFILE_H

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"

/*
 * Reads NAME=value lines into map (the last of several wins), in map's arena;
 * anything else is passed over.  An absent or unreadable file counts as empty.
 */
void hm_envfile_read(struct hm_map *map, const char *path);

/*
 * What `go env -w` (set[] of "NAME=value") and `go env -u` (unset[] of names)
 * make of the lines of the old text: set lines replace the last one of their name
 * or are added, earlier duplicates go, runs of settings are sorted by name.
 */
hm_str hm_envfile_edit(struct hm_arena *a, hm_str old, const struct hm_strs *set,
                       const struct hm_strs *unset);

#endif
