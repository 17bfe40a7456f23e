/*
 * import.h - what stores of other programs hold.
 *
 *	a module cache   SRC/cache/download/<path>/@v/<version>.{info,mod,zip,ziphash}
 *	a GOPROXY tree   SRC/<path>/@v/<version>.{info,mod,zip}: goproxy's folder, file:// proxies
 *	Athens           SRC/<path>/<version>/{go.mod,<version>.info,source.zip}
 *	                 (github.com/gomods/athens pkg/storage/fs)
 *
 * In the first two, path and version are escaped ("!a" for "A"); Athens writes them as
 * they are, and both are read there.  Links are not followed.
 */
#ifndef PROXY_IMPORT_H
#define PROXY_IMPORT_H

#include "admit.h"

enum import_form {
	IMPORT_AUTO = 0,
	IMPORT_MODCACHE = 1,
	IMPORT_GOPROXY = 2,
	IMPORT_ATHENS = 4,
};

/* One version; names of files, empty where there is none. */
struct import_version {
	hm_str path, version;
	hm_str info, mod, zip, ziphash;
};

struct import_list {
	struct import_version *v; /* by path and version */
	size_t n, cap;
	size_t ignored; /* files of modules that are no module version's: revisions, odd names */
};

/*
 * Looks through src, without reading the files.  HM_EINVALID when there is nothing of
 * this form in it; a folder that cannot be read is an error.
 */
int import_scan(struct hm_arena *a, hm_str src, enum import_form form, struct import_list *out,
                struct hm_err *err);
/* Reads one and brings it through admit_module(). */
int import_one(const struct admit *ad, const struct import_version *v, enum admit_outcome *outcome,
               struct hm_err *err);

#endif
