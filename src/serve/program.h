/*
 * program.h - what the mains of both servers share.
 */
#ifndef HM_SERVE_PROGRAM_H
#define HM_SERVE_PROGRAM_H

#include "base/err.h"
#include "base/log.h"
#include "serve/config.h"

/* A log sink: each line whole, in one write, to standard error. */
void hm_program_log(void *ctx, enum hm_log_level level, hm_str line);
/* Says "name: message" (nothing for HM_EREPORTED); the exit status. Frees err. */
int hm_program_fail(const char *name, struct hm_err *err);

/*
 * hm_settings_apply() with the file that *file names, which is one of the targets
 * (--config and its variable); the same file again by another call is how a server
 * reloads.  *argc and *argv keep the words that are no options.
 */
int hm_program_settings(struct hm_arena *a, const struct hm_setting *known, size_t n,
                        const hm_str *file, int *argc, char ***argv, struct hm_err *err);
/* *path becomes absolute; an empty one stays empty. */
int hm_program_abs(struct hm_arena *a, hm_str *path, struct hm_err *err);

#endif
