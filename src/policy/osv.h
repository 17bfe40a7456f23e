/*
 * osv.h - vulnerability entries in the OSV format (https://ossf.github.io/osv-schema/),
 * ecosystem Go, from folders: a JSON file an entry, in any folder below (so osv.dev's
 * export, GitHub's advisory database and the Go database's ID folder all fit).
 *
 * Read once; then a table in memory by module path.  Affected are the ranges of type
 * SEMVER (introduced, fixed, last_affected) and the versions listed.  "stdlib" and
 * "toolchain" entries hold for golang.org/toolchain at that Go version, and can be asked
 * for under their own names with a Go version ("1.25.3" or "go1.25.3").
 */
#ifndef HM_POLICY_OSV_H
#define HM_POLICY_OSV_H

#include "mod/policy.h"

#define HM_OSV_FILE_MAX ((size_t)4 << 20)  /* of one entry */
#define HM_OSV_FILES_MAX ((size_t)500000)
#define HM_OSV_DEPTH_MAX 8                 /* of folders */

struct hm_osv;

struct hm_osv *hm_osv_new(void);
void hm_osv_free(struct hm_osv *db);
/*
 * Adds the entries below dir; they are marked with `tag`.  HM_EINVALID names a file that is
 * an entry but cannot be read as one, or a dir without any entry about Go: a damaged
 * database refuses to load rather than hide a vulnerability.  JSON files that are no
 * entries (index/) are passed over.
 */
int hm_osv_add_dir(struct hm_osv *db, const char *dir, size_t tag, struct hm_err *err);
/* One entry from its JSON text; not about Go, withdrawn: 0 and nothing is added. */
int hm_osv_add(struct hm_osv *db, hm_str name, hm_str json, size_t tag, struct hm_err *err);
size_t hm_osv_count(const struct hm_osv *db);

struct hm_osv_hits {
	struct hm_policy_vuln *v;
	size_t n, cap;
};
/* The entries that affect m, sorted by id; slices are borrowed from db. */
void hm_osv_find(const struct hm_osv *db, struct hm_arena *a, struct hm_modver m,
                 struct hm_osv_hits *out);
/* Base score of a CVSS 3.x vector, in tenths (98 is 9.8); -1 when it is none. */
int hm_osv_cvss3(hm_str vector);

#endif
