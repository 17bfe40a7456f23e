/*
 * modulesdir.h - which package a folder is.
 *
 * Only for modules*.c.
 */
#ifndef HM_LOAD_MODULESDIR_H
#define HM_LOAD_MODULESDIR_H

#include "load/modules.h"

enum hm_local_fail {
	HM_LOCAL_OTHER,
	HM_LOCAL_NO_GO,  /* no Go files in the folder */
	HM_LOCAL_PSEUDO, /* "builtin" and GOROOT/src, which are no packages */
};

/* matchLocalDirs: fills m->dirs, but walks no folder outside modules in use. */
void hm_modules_match_dirs(struct hm_modload *ml, struct hm_arena *a, const struct hm_strs *roots,
                           struct hm_match *m, struct hm_reqs *rs);
/* resolveLocalPackage: import path of a folder (relative to the working folder, or absolute). */
int hm_modules_resolve_dir(struct hm_modload *ml, struct hm_arena *a, hm_str dir,
                           struct hm_reqs *rs, hm_str *pkg, enum hm_local_fail *fail,
                           struct hm_err *err);

#endif
