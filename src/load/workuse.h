/*
 * workuse.h - adding folders to go.work (cmd/go/internal/workcmd use.go).
 */
#ifndef HM_LOAD_WORKUSE_H
#define HM_LOAD_WORKUSE_H

#include "base/vec.h"
#include "load/modload.h"

struct hm_gowork;

/* go's ToDirectoryPath: a path that go.work takes for a folder. */
hm_str hm_work_dir_path(struct hm_arena *a, hm_str path);
/*
 * For each folder of dirs (with recursive: and those below it): a use line when it
 * has a go.mod, none when it has not.  Then the go line is raised to what the used
 * modules need.  w is of the file gowork (absolute) and is not written.
 * HM_EREPORTED when something was reported; HM_ETOOLCHAIN when a module needs a
 * newer go (see ml->need_go).
 */
int hm_work_use(struct hm_modload *ml, hm_str gowork, struct hm_gowork *w,
                const struct hm_strs *dirs, bool recursive, struct hm_err *err);

#endif
