/*
 * worksync.h - the modules of a workspace take the versions that the workspace has
 * selected (cmd/go/internal/workcmd sync.go).
 */
#ifndef HM_LOAD_WORKSYNC_H
#define HM_LOAD_WORKSYNC_H

#include "load/modload.h"

/* ml is behind hm_modload_init_work(); it is left at the last module. */
int hm_work_sync(struct hm_modload *ml, struct hm_err *err);

#endif
