/*
 * check.h - which zips are module zips (golang.org/x/mod/zip).
 */
#ifndef HM_MODZIP_CHECK_H
#define HM_MODZIP_CHECK_H

#include "base/err.h"
#include "base/vec.h"
#include "zip/zip.h"

#define HM_MODZIP_MAX         ((size_t)500 << 20) /* zip, and all of its content */
#define HM_MODZIP_GOMOD_MAX   ((size_t)16 << 20)  /* go.mod */
#define HM_MODZIP_LICENSE_MAX ((size_t)16 << 20)  /* LICENSE */

/*
 * Are path and version fit for a module zip, and does every name and declared
 * size in the zip obey the rules?  Nothing is inflated.  -1 with the texts of
 * zip.checkZip: one line for each wrong entry.
 */
int hm_modzip_check(const struct hm_zip *z, hm_str path, hm_str version, struct hm_err *err);
/* The first half of it: canonical version, module.Check. */
int hm_modzip_check_name(hm_str path, hm_str version, struct hm_err *err);

/* Finds paths that collide when case is folded, or that are file and folder at once. */
struct hm_modzip_names {
	struct hm_arena *arena;
	struct hm_map *map;
};
void hm_modzip_names_init(struct hm_modzip_names *n, struct hm_arena *a);
/* Adds a path and its parents; -1 with the text of the collision. path must stay. */
int hm_modzip_names_add(struct hm_modzip_names *n, hm_str path, bool is_dir, struct hm_err *err);

#endif
