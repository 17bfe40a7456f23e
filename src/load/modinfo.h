/*
 * modinfo.h - what go list -m prints of a module: modinfo.ModulePublic, its
 * JSON, its one-line form, and how it is filled
 * (cmd/go/internal/modinfo, cmd/go/internal/modload build.go list.go).
 */
#ifndef HM_LOAD_MODINFO_H
#define HM_LOAD_MODINFO_H

#include "base/err.h"
#include "base/vec.h"
#include "load/reflect.h"
#include "mod/modver.h"

struct hm_modload;
struct hm_modules;
struct hm_origin; /* acquire/origin.h */

struct hm_modinfo {
	hm_str path, version, query;
	struct hm_strs versions;
	struct hm_modinfo *replace;
	hm_str time;               /* RFC 3339; p == NULL: none */
	struct hm_modinfo *update;
	bool main, indirect;
	hm_str dir, go_mod, go_version;
	struct hm_strs retracted;
	hm_str deprecated;
	hm_str error;              /* Error.Err; p == NULL: none */
	hm_str sum, go_mod_sum;
	const struct hm_origin *origin;
	bool reuse;
};

enum {
	HM_LIST_U = 1,
	HM_LIST_RETRACTED = 2,
	HM_LIST_DEPRECATED = 4,
	HM_LIST_VERSIONS = 8,
	HM_LIST_RETRACTED_VERSIONS = 16,
};

struct hm_modinfos {
	struct hm_modinfo **v;
	size_t n, cap;
	bool fatal;
};

/*
 * modload.ListModules.  The list is complete as far as possible also when the
 * answer is -1 (for list -e), unless out->fatal says that go stops at once.
 * reuse_file: -reuse, or empty.
 */
int hm_modinfo_list(struct hm_modload *ml, struct hm_arena *a, const struct hm_strs *args,
                    unsigned mode, hm_str reuse_file, struct hm_modinfos *out, struct hm_err *err);

/* modload.PackageModuleInfo: the module of a loaded package; NULL for std. */
struct hm_modinfo *hm_modinfo_of_package(const struct hm_modules *m, struct hm_arena *a,
                                         hm_str import_path);
/* modload.PackageModRoot: its root folder, or empty. */
hm_str hm_modinfo_package_root(const struct hm_modules *m, struct hm_arena *a, hm_str import_path);
/* modload.ModuleInfo: the template function `module`. arg: path or path@version. */
struct hm_modinfo *hm_modinfo_named(struct hm_modload *ml, struct hm_arena *a, hm_str arg,
                                    struct hm_err *err);

/* ModulePublic.String: "path v1.2.3 [v1.2.4] => other v1.0.0" */
hm_str hm_modinfo_string(struct hm_arena *a, const struct hm_modinfo *m);
/* ParsePathVersion: splits at '@'; *found says that there was one. */
int hm_modinfo_split_arg(hm_str arg, hm_str *path, hm_str *version, bool *found,
                         struct hm_err *err);

/* For listjson.h and template.h. */
extern const struct hm_type hm_modinfo_type;

#endif
