/*
 * modfixture.h - a module or workspace in a temporary folder, with a module
 * cache that holds the go.mod files it needs, so that no network is asked.
 *
 * Files come as one text: "-- name --" lines with contents below.  A name
 * "path@version" is a go.mod file in the module cache.
 */
#ifndef HM_TESTS_MODFIXTURE_H
#define HM_TESTS_MODFIXTURE_H

#include "load/modload.h"

struct modfixture {
	struct hm_arena arena;
	hm_str dir;           /* the files; the cache is a sibling */
	struct hm_conf *conf;
	struct hm_acquire *acquire;
	struct hm_log log;
	struct hm_buf said;   /* what was logged, a line each */
	struct hm_modload ml; /* command "mod graph"; change it before use */
	struct hm_err err;
};

/* Makes the files; sub is the folder (below dir) in which the command runs, or "". */
void modfixture_open(struct modfixture *f, const char *files, const char *sub);
void modfixture_close(struct modfixture *f);
/* The contents of a file below dir. */
hm_str modfixture_read(struct modfixture *f, const char *name);
/* The error's text with dir written as W, or "" when rc is 0. */
hm_str modfixture_error(struct modfixture *f, int rc);

#endif
