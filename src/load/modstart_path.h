/*
 * modstart_path.h - the module path of a new go.mod (`mod init`): given and
 * checked, or inferred from import comments and GOPATH.
 *
 * Follows CreateModFile and findModulePath of cmd/go/internal/modload/init.go.
 */
#ifndef HM_LOAD_MODSTART_PATH_H
#define HM_LOAD_MODSTART_PATH_H

#include "load/modload.h"

/* -1 with go's text and suggestion when path cannot be a module's. */
int hm_modstart_check_path(struct hm_modload *ml, hm_str path, struct hm_err *err);
int hm_modstart_find_path(struct hm_modload *ml, hm_str dir, hm_str *out, struct hm_err *err);

#endif
