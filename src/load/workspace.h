/*
 * workspace.h - go.work: found, read, checked, written.
 *
 * Follows the go.work parts of cmd/go/internal/modload/init.go.
 */
#ifndef HM_LOAD_WORKSPACE_H
#define HM_LOAD_WORKSPACE_H

#include "base/vec.h"
#include "load/modload.h"

struct hm_gowork;

/* go's FindGoWork for folder wd: empty when none; -1 for a bad GOWORK. */
int hm_work_find(const struct hm_modload *ml, hm_str wd, hm_str *out, struct hm_err *err);
/* "no go.work file found" with go's advice; returns -1. */
int hm_work_missing(struct hm_err *err);
/* Reads and parses; "reading go.work: ", "errors parsing go.work:\n" texts. */
int hm_work_read(struct hm_modload *ml, hm_str path, struct hm_gowork **out, struct hm_err *err);
/* The same, with the absolute folders of its modules; duplicates and bad godebug lines refused. */
int hm_work_load(struct hm_modload *ml, hm_str path, struct hm_gowork **out, struct hm_strs *roots,
                 struct hm_err *err);
/* Sorts, cleans and writes it in place. */
int hm_work_write(hm_str path, struct hm_gowork *w, struct hm_err *err);
/* Raises the go line to at least go; drops a toolchain line that this makes pointless. */
bool hm_work_update_go(struct hm_gowork *w, hm_str go);
/* Adds the module path comments that use lines lack. */
void hm_work_update_uses(struct hm_modload *ml, struct hm_gowork *w);

#endif
