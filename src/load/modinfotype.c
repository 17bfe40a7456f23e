/* The table that describes a module to -json and -f. */
#include "acquire/origin.h"
#include "load/modinfo.h"

static hm_str
string(struct hm_arena *a, const void *obj)
{
	return hm_modinfo_string(a, obj);
}

static const struct hm_field error_fields[] = {
	{ "Err", HM_K_STR, 0, NULL, true, false },
};
static const struct hm_type error_type = {
	.name = "modinfo.ModuleError", .fields = error_fields, .n_fields = 1,
};

#define ORIGIN(member, name) HM_FIELD(struct hm_origin, member, name, HM_K_STR)
static const struct hm_field origin_fields[] = {
	ORIGIN(vcs, "VCS"), ORIGIN(url, "URL"), ORIGIN(subdir, "Subdir"), ORIGIN(hash, "Hash"),
	ORIGIN(tag_prefix, "TagPrefix"), ORIGIN(tag_sum, "TagSum"), ORIGIN(ref, "Ref"),
	ORIGIN(repo_sum, "RepoSum"),
};
static const struct hm_type origin_type = {
	.name = "codehost.Origin", .fields = origin_fields,
	.n_fields = sizeof(origin_fields) / sizeof(*origin_fields),
};

#define INFO(member, name, kind) HM_FIELD(struct hm_modinfo, member, name, kind)
#define INFO_OF(member, name, kind, type) HM_FIELD_OF(struct hm_modinfo, member, name, kind, type)
static const struct hm_field info_fields[] = {
	INFO(path, "Path", HM_K_STR),
	INFO(version, "Version", HM_K_STR),
	INFO(query, "Query", HM_K_STR),
	INFO(versions, "Versions", HM_K_STRS),
	INFO_OF(replace, "Replace", HM_K_PTR, &hm_modinfo_type),
	INFO(time, "Time", HM_K_TIME),
	INFO_OF(update, "Update", HM_K_PTR, &hm_modinfo_type),
	INFO(main, "Main", HM_K_BOOL),
	INFO(indirect, "Indirect", HM_K_BOOL),
	INFO(dir, "Dir", HM_K_STR),
	INFO(go_mod, "GoMod", HM_K_STR),
	INFO(go_version, "GoVersion", HM_K_STR),
	INFO(retracted, "Retracted", HM_K_STRS),
	INFO(deprecated, "Deprecated", HM_K_STR),
	INFO_OF(error, "Error", HM_K_OPT, &error_type),
	INFO(sum, "Sum", HM_K_STR),
	INFO(go_mod_sum, "GoModSum", HM_K_STR),
	INFO_OF(origin, "Origin", HM_K_PTR, &origin_type),
	INFO(reuse, "Reuse", HM_K_BOOL),
};
static const struct hm_method info_methods[] = { { "String", string } };

const struct hm_type hm_modinfo_type = {
	.name = "modinfo.ModulePublic",
	.fields = info_fields,
	.n_fields = sizeof(info_fields) / sizeof(*info_fields),
	.methods = info_methods,
	.n_methods = 1,
	.string = string,
};
