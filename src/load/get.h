/*
 * get.h - adding, upgrading, downgrading and removing requirements
 * (cmd/go/internal/modget).
 */
#ifndef HM_LOAD_GET_H
#define HM_LOAD_GET_H

#include "base/vec.h"
#include "load/modload.h"

struct hm_get_opts {
	struct hm_strs args; /* path, path@query, patterns; none is "." */
	hm_str upgrade;      /* -u: "upgrade", "patch", or empty */
	bool tests;          /* -t: also what tests of the named packages need */
	bool tool;           /* -tool: the packages become tool lines */
	bool verbose;        /* -v */
	bool cache_rw;       /* -modcacherw */
};

/*
 * ml: explicit_write and allow_missing_imports are set, hm_modload_init() found a
 * module.  Writes go.mod, go.sum, and the go line of a go.work around the module.
 * Messages go to the log; HM_EREPORTED when nothing is left to say.
 */
int hm_get(struct hm_modload *ml, const struct hm_get_opts *opts, struct hm_err *err);

#endif
