/*
 * importerr.h - making `struct hm_import_error` values.
 *
 * Only for get*.c, import*.c, iterate*.c, query*.c, search*.c, modules.c.
 */
#ifndef HM_LOAD_IMPORTERR_H
#define HM_LOAD_IMPORTERR_H

#include "load/import.h"

/* Takes over what err says (and clears it). */
struct hm_import_error *hm_import_error_from(struct hm_arena *a, struct hm_err *err);
/* invalidImportError */
struct hm_import_error *hm_import_error_invalid(struct hm_arena *a, hm_str path,
                                                struct hm_err *err);
/* ImportMissingError, text still to be rendered. */
struct hm_import_error *hm_import_error_missing(struct hm_arena *a, hm_str path);
/* A copy of e, texts included. */
struct hm_import_error *hm_import_error_dup(struct hm_arena *a, const struct hm_import_error *e);
/* The version in "... requires go >= 1.99 (running ...)"; empty when there is none. */
hm_str hm_import_wanted_go(hm_str text);

#endif
