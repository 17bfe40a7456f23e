/* What -json and -f see of packages and of the build context. */
#include "load/modinfo.h"
#include "load/pkg.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

const struct hm_field *
hm_type_field(const struct hm_type *t, hm_str name)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (hm_str_eqz(name, t->fields[i].name))
			return &t->fields[i];
	return NULL;
}

/* --- PackageError --- */

static hm_str
error_string(struct hm_arena *a, const void *obj)
{
	return hm_pkg_error_text(a, obj);
}

#define E(member, name, kind) HM_FIELD(struct hm_pkg_error, member, name, kind)
static const struct hm_field error_fields[] = {
	{ "ImportStack", HM_K_STRS, offsetof(struct hm_pkg_error, stack_pkgs), NULL, true, false },
	{ "Pos", HM_K_STR, offsetof(struct hm_pkg_error, pos), NULL, true, false },
	{ "Err", HM_K_STR, offsetof(struct hm_pkg_error, err), NULL, true, false },
	{ "IsImportCycle", HM_K_BOOL, offsetof(struct hm_pkg_error, import_cycle), NULL, false,
	  true },
};
static const struct hm_method error_methods[] = { { "Error", error_string } };
const struct hm_type hm_pkg_error_type = {
	.name = "load.PackageError",
	.fields = error_fields,
	.n_fields = LEN(error_fields),
	.methods = error_methods,
	.n_methods = LEN(error_methods),
	.string = error_string,
};

/* --- PackagePublic --- */

#define P(member, name, kind) HM_FIELD(struct hm_pkg, member, name, kind)
#define P_OF(member, name, kind, elem) HM_FIELD_OF(struct hm_pkg, member, name, kind, elem)
static const struct hm_field pkg_fields[] = {
	P(dir, "Dir", HM_K_STR),
	P(import_path, "ImportPath", HM_K_STR),
	P(import_comment, "ImportComment", HM_K_STR),
	P(name, "Name", HM_K_STR),
	P(doc, "Doc", HM_K_STR),
	P(target, "Target", HM_K_STR),
	P(shlib, "Shlib", HM_K_STR),
	P(root, "Root", HM_K_STR),
	P(conflict_dir, "ConflictDir", HM_K_STR),
	P(for_test, "ForTest", HM_K_STR),
	P(export, "Export", HM_K_STR),
	P(build_id, "BuildID", HM_K_STR),
	P_OF(module, "Module", HM_K_PTR, &hm_modinfo_type),
	P(match, "Match", HM_K_STRS),
	P(goroot, "Goroot", HM_K_BOOL),
	P(standard, "Standard", HM_K_BOOL),
	P(dep_only, "DepOnly", HM_K_BOOL),
	P(binary_only, "BinaryOnly", HM_K_BOOL),
	P(incomplete, "Incomplete", HM_K_BOOL),
	P(default_godebug, "DefaultGODEBUG", HM_K_STR),
	P(stale, "Stale", HM_K_BOOL),
	P(stale_reason, "StaleReason", HM_K_STR),
	P(go_files, "GoFiles", HM_K_STRS),
	P(cgo_files, "CgoFiles", HM_K_STRS),
	P(compiled_go_files, "CompiledGoFiles", HM_K_STRS),
	P(ignored_go_files, "IgnoredGoFiles", HM_K_STRS),
	P(invalid_go_files, "InvalidGoFiles", HM_K_STRS),
	P(ignored_other_files, "IgnoredOtherFiles", HM_K_STRS),
	P(c_files, "CFiles", HM_K_STRS),
	P(cxx_files, "CXXFiles", HM_K_STRS),
	P(m_files, "MFiles", HM_K_STRS),
	P(h_files, "HFiles", HM_K_STRS),
	P(f_files, "FFiles", HM_K_STRS),
	P(s_files, "SFiles", HM_K_STRS),
	P(swig_files, "SwigFiles", HM_K_STRS),
	P(swigcxx_files, "SwigCXXFiles", HM_K_STRS),
	P(syso_files, "SysoFiles", HM_K_STRS),
	P(embed_patterns, "EmbedPatterns", HM_K_STRS),
	P(embed_files, "EmbedFiles", HM_K_STRS),
	P(cgo_cflags, "CgoCFLAGS", HM_K_STRS),
	P(cgo_cppflags, "CgoCPPFLAGS", HM_K_STRS),
	P(cgo_cxxflags, "CgoCXXFLAGS", HM_K_STRS),
	P(cgo_fflags, "CgoFFLAGS", HM_K_STRS),
	P(cgo_ldflags, "CgoLDFLAGS", HM_K_STRS),
	P(cgo_pkg_config, "CgoPkgConfig", HM_K_STRS),
	P(imports, "Imports", HM_K_STRS),
	P(import_map, "ImportMap", HM_K_STRMAP),
	P(deps, "Deps", HM_K_STRS),
	P_OF(error, "Error", HM_K_PTR, &hm_pkg_error_type),
	P_OF(deps_errors, "DepsErrors", HM_K_PTRS, &hm_pkg_error_type),
	P(test_go_files, "TestGoFiles", HM_K_STRS),
	P(test_imports, "TestImports", HM_K_STRS),
	P(test_embed_patterns, "TestEmbedPatterns", HM_K_STRS),
	P(test_embed_files, "TestEmbedFiles", HM_K_STRS),
	P(xtest_go_files, "XTestGoFiles", HM_K_STRS),
	P(xtest_imports, "XTestImports", HM_K_STRS),
	P(xtest_embed_patterns, "XTestEmbedPatterns", HM_K_STRS),
	P(xtest_embed_files, "XTestEmbedFiles", HM_K_STRS),
};
const struct hm_type hm_pkg_type = {
	.name = "load.PackagePublic",
	.fields = pkg_fields,
	.n_fields = LEN(pkg_fields),
};

/* --- list.Context --- */

#define C(member, name, kind) HM_FIELD(struct hm_build_ctx, member, name, kind)
static const struct hm_field ctx_fields[] = {
	C(goarch, "GOARCH", HM_K_STR),
	C(goos, "GOOS", HM_K_STR),
	C(goroot, "GOROOT", HM_K_STR),
	C(gopath, "GOPATH", HM_K_STR),
	C(cgo, "CgoEnabled", HM_K_BOOL),
	C(use_all_files, "UseAllFiles", HM_K_BOOL),
	C(compiler, "Compiler", HM_K_STR),
	C(tags, "BuildTags", HM_K_STRS),
	C(tool_tags, "ToolTags", HM_K_STRS),
	C(release_tags, "ReleaseTags", HM_K_STRS),
	C(install_suffix, "InstallSuffix", HM_K_STR),
};
const struct hm_type hm_build_ctx_type = {
	.name = "list.Context",
	.fields = ctx_fields,
	.n_fields = LEN(ctx_fields),
};
