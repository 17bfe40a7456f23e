/*
 * pkg_cgo.h - #cgo lines.
 */
#ifndef HM_LOAD_PKG_CGO_H
#define HM_LOAD_PKG_CGO_H

#include "load/pkg.h"

/*
 * Adds the flags of the #cgo lines in text to p (go/build saveCgo).  file is
 * what errors name.  HM_ESYNTAX: "x.go: invalid #cgo line: ...".
 */
int hm_bpkg_save_cgo(struct hm_arena *a, const struct hm_build_ctx *ctx, hm_str file, hm_str text,
                     struct hm_bpkg *p, struct hm_err *err);

#endif
