/*
 * Compiling one package (cmd/go/internal/work/exec.go: checkCacheForBuild, build).
 * What influences the result has to be in the key (keys.c) too.
 */
#include "base/path.h"
#include "build/builder.h"
#include "build/exec.h"
#include "build/shell.h"
#include "build/tool.h"
#include "load/modinfo.h"
#include "mod/gover.h"
#include "os/file.h"

/* Packages of std with functions whose bodies package runtime supplies. */
static bool
has_forward_declarations(const struct hm_pkg *p)
{
	static const char *const name[] = {
		"bytes", "internal/poll", "net", "os", "runtime/metrics", "runtime/pprof",
		"runtime/trace", "sync", "syscall", "time",
	};

	for (size_t i = 0; p->standard && i < sizeof(name) / sizeof(name[0]); i++)
		if (hm_str_eqz(p->import_path, name[i]))
			return true;
	return false;
}

static int
check_package(struct hm_action *a, struct hm_err *err)
{
	const struct hm_pkg *p = a->pkg;
	hm_str want = p->module ? p->module->go_version : HM_S("");

	if (p->error)
		return hm_err_set(err, HM_EBUILD, HM_F,
		                  HM_P(hm_pkg_error_text(&a->arena, p->error)));
	if (p->binary_only)
		return hm_err_set(err, HM_EINVALID, "binary-only packages are no longer supported");
	if (want.n && hm_gover_cmp(a->builder->tc->local, want) < 0)
		return hm_err_set(err, HM_EINVALID, "module requires Go " HM_F " or later",
		                  HM_P(want));
	return 0;
}

/* Which functions the assembly files define and use: the compiler has to know. */
static int
write_symabis(struct hm_action *a, hm_str *file, struct hm_err *err)
{
	const struct hm_pkg *p = a->pkg;
	struct hm_strs argv = { 0 }, env = { 0 };

	*file = HM_S("");
	if (!p->s_files.n)
		return 0;
	*file = hm_arena_printf(&a->arena, HM_F "symabis", HM_P(a->objdir));
	hm_tool_asm(a, &argv);
	hm_tool_add(a, &argv, "-gensymabis");
	hm_tool_add(a, &argv, "-o");
	hm_tool_adds(a, &argv, *file);
	for (size_t i = 0; i < p->s_files.n; i++)
		hm_tool_adds(a, &argv, hm_tool_abs(a, p->dir, p->s_files.v[i]));
	/* Nothing is defined yet; for this pass an empty file will do. */
	if (hm_shell_write(a, hm_arena_printf(&a->arena, HM_F "go_asm.h", HM_P(a->objdir)),
	                   HM_S(""), err))
		return -1;
	hm_tool_env(a, &env);
	return hm_shell_tool(a, p->dir, p->import_path, &env, &argv, err);
}

/* The flags that are not the user's. */
static void
add_default_flags(struct hm_action *a, struct hm_strs *argv, hm_str symabis, hm_str profile,
                  int threads)
{
	struct hm_builder *b = a->builder;
	const struct hm_pkg *p = a->pkg;
	size_t other = p->cgo_files.n + p->c_files.n + p->cxx_files.n + p->m_files.n +
	               p->f_files.n + p->s_files.n + p->syso_files.n + p->swig_files.n +
	               p->swigcxx_files.n;
	hm_str lang = b->tc->local;

	hm_tool_add(a, argv, "-p");
	hm_tool_adds(a, argv, hm_tool_pkg_path(a));
	if (p->module)
		lang = p->module->go_version.n ? p->module->go_version
		                               : HM_S(HM_GOVER_DEFAULT_GOMOD);
	if (p->module || b->tc->minor >= 23)
		hm_tool_adds(a, argv, hm_arena_printf(&a->arena, "-lang=go" HM_F,
		                                      HM_P(hm_gover_lang(lang))));
	if (p->standard)
		hm_tool_add(a, argv, "-std");
	if (other == 0 && !has_forward_declarations(p))
		hm_tool_add(a, argv, "-complete");
	if (b->o.installsuffix.n) {
		hm_tool_add(a, argv, "-installsuffix");
		hm_tool_adds(a, argv, b->o.installsuffix);
	}
	hm_tool_add(a, argv, "-buildid");
	hm_tool_adds(a, argv, a->build_id);
	if (hm_unit_of(p)->omit_debug || hm_str_eqz(b->goos, "plan9") ||
	    hm_str_eqz(b->goarch, "wasm"))
		hm_tool_add(a, argv, "-dwarf=false");
	hm_tool_add(a, argv, "-goversion");
	hm_tool_adds(a, argv, b->tc->version);
	if (profile.n)
		hm_tool_adds(a, argv,
		             hm_arena_printf(&a->arena, "-pgoprofile=" HM_F, HM_P(profile)));
	if (symabis.n) {
		hm_tool_add(a, argv, "-symabis");
		hm_tool_adds(a, argv, symabis);
	}
	if (threads > 1)
		hm_tool_adds(a, argv, hm_arena_printf(&a->arena, "-c=%d", threads));
}

static int
add_config(struct hm_action *a, struct hm_strs *argv, const char *flag, const char *name,
           hm_str text, struct hm_err *err)
{
	hm_str file = hm_arena_printf(&a->arena, HM_F "%s", HM_P(a->objdir), name);

	hm_tool_add(a, argv, flag);
	hm_tool_adds(a, argv, file);
	return hm_shell_write(a, file, text, err);
}

static hm_str
profile_of(const struct hm_action *a)
{
	for (size_t i = 0; i < a->deps.n; i++)
		if (a->deps.v[i]->kind == HM_ACT_PROFILE)
			return a->deps.v[i]->built;
	return HM_S("");
}

static int
run_compiler(struct hm_action *a, hm_str archive, hm_str symabis, int threads, struct hm_err *err)
{
	const struct hm_pkg *p = a->pkg;
	const struct hm_unit *u = hm_unit_of(p);
	struct hm_strs argv = { 0 }, env = { 0 };
	struct hm_shell_out out;

	hm_tool_begin(a, &argv, "compile");
	hm_tool_add(a, &argv, "-o");
	hm_tool_adds(a, &argv, archive);
	hm_tool_add(a, &argv, "-trimpath");
	hm_tool_adds(a, &argv, hm_tool_trimpath(a));
	add_default_flags(a, &argv, symabis, profile_of(a), threads);
	hm_tool_add_all(a, &argv, &a->builder->forced_gcflags);
	hm_tool_add_all(a, &argv, &u->gcflags);
	hm_tool_add(a, &argv, "-nolocalimports");
	if (add_config(a, &argv, "-importcfg", "importcfg", hm_tool_importcfg(a), err))
		return -1;
	if (p->embed.n && add_config(a, &argv, "-embedcfg", "embedcfg", hm_tool_embedcfg(a), err))
		return -1;
	hm_tool_add(a, &argv, "-pack");
	if (p->s_files.n) {
		hm_tool_add(a, &argv, "-asmhdr");
		hm_tool_adds(a, &argv,
		             hm_arena_printf(&a->arena, HM_F "go_asm.h", HM_P(a->objdir)));
	}
	for (size_t i = 0; i < p->go_files.n; i++)
		hm_tool_adds(a, &argv, hm_tool_abs(a, p->dir, p->go_files.v[i]));
	hm_tool_env(a, &env);
	if (hm_shell_run(a, a->builder->o.cwd, &env, &argv, &out, err))
		return -1;
	return hm_shell_report(a, HM_S(""), HM_S(""), &out, err);
}

/*
 * defs_linux_amd64.h is also there as defs_GOOS_GOARCH.h, so that one .s file can
 * include the right one.
 */
static int
copy_headers(struct hm_action *a, struct hm_err *err)
{
	struct hm_builder *b = a->builder;
	const struct hm_pkg *p = a->pkg;
	const struct {
		hm_str suffix;
		const char *generic;
	} alias[] = {
		{ hm_arena_printf(&a->arena, "_" HM_F "_" HM_F, HM_P(b->goos), HM_P(b->goarch)),
		  "_GOOS_GOARCH" },
		{ hm_arena_printf(&a->arena, "_" HM_F, HM_P(b->goarch)), "_GOARCH" },
		{ hm_arena_printf(&a->arena, "_" HM_F, HM_P(b->goos)), "_GOOS" },
	};

	for (size_t i = 0; i < p->h_files.n; i++) {
		hm_str file = p->h_files.v[i], ext = hm_path_ext(file), stem = file;

		stem.n -= ext.n;
		for (size_t j = 0; j < 3; j++) {
			hm_str base = stem, dst;

			if (!hm_str_cut_suffix(&base, alias[j].suffix))
				continue;
			dst = hm_arena_printf(&a->arena, HM_F HM_F "%s" HM_F, HM_P(a->objdir),
			                      HM_P(base), alias[j].generic, HM_P(ext));
			if (hm_shell_copy(a, dst, hm_path_join(&a->arena, p->dir, file), 0666, true,
			                  err))
				return -1;
			break;
		}
	}
	return 0;
}

static int
assemble(struct hm_action *a, struct hm_strs *objs, struct hm_err *err)
{
	const struct hm_pkg *p = a->pkg;

	for (size_t i = 0; i < p->s_files.n; i++) {
		struct hm_strs argv = { 0 }, env = { 0 };
		hm_str file = p->s_files.v[i], stem = file, obj;

		hm_str_cut_suffix(&stem, HM_S(".s"));
		obj = hm_arena_printf(&a->arena, HM_F HM_F ".o", HM_P(a->objdir), HM_P(stem));
		hm_tool_asm(a, &argv);
		hm_tool_add(a, &argv, "-o");
		hm_tool_adds(a, &argv, obj);
		hm_tool_adds(a, &argv, hm_tool_abs(a, p->dir, file));
		hm_tool_env(a, &env);
		if (hm_shell_tool(a, p->dir, p->import_path, &env, &argv, err))
			return -1;
		hm_tool_adds(a, objs, obj);
	}
	return 0;
}

static int
pack(struct hm_action *a, hm_str archive, const struct hm_strs *objs, struct hm_err *err)
{
	const struct hm_build_opts *o = &a->builder->o;
	struct hm_strs argv = { 0 };

	if (!objs->n)
		return 0;
	if (o->n || o->x) {
		hm_tool_add(a, &argv, "go");
		hm_tool_add(a, &argv, "tool");
		hm_tool_add(a, &argv, "pack");
		hm_tool_add(a, &argv, "r");
		hm_tool_adds(a, &argv, archive);
		hm_tool_add_all(a, &argv, objs);
		hm_shell_show(a, a->pkg->dir, HM_F " # internal",
		              HM_P(hm_shell_join(&a->arena, &argv)));
	}
	return o->n ? 0 : hm_pack_append(&a->arena, archive, objs, err);
}

/* The list of source files: go's vet and list -compiled look for it. Best effort. */
static void
keep_source_list(struct hm_action *a)
{
	const struct hm_pkg *p = a->pkg;
	const struct hm_strs *const list[] = { &p->go_files, &p->s_files, &p->c_files };
	struct hm_buf b = { 0 };
	struct hm_err err = { 0 };
	uint8_t id[HM_HASH_SIZE];

	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < list[i]->n; j++)
			hm_buf_printf(&b, "./" HM_F "\n", HM_P(list[i]->v[j]));
	hm_key_subkey(&a->builder->keys, a->id, "srcfiles", id);
	if (hm_cache_put_bytes(a->builder->cache, id, hm_buf_str(&b), &err))
		hm_err_free(&err);
	hm_buf_free(&b);
}

/* The folder was named and has files, but nothing for the compiler (load.NoGoError). */
static int
no_go_files(const struct hm_pkg *p, struct hm_err *err)
{
	const char *what = "no Go files";

	if (p->ignored_go_files.n)
		what = "build constraints exclude all Go files";
	else if (p->test_go_files.n + p->xtest_go_files.n)
		what = "no non-test Go files";
	return hm_err_set(err, HM_EINVALID, "%s in " HM_F, what, HM_P(p->dir));
}

static int
compile(struct hm_action *a, struct hm_err *err)
{
	struct hm_builder *b = a->builder;
	const struct hm_pkg *p = a->pkg;
	hm_str archive = hm_arena_printf(&a->arena, HM_F "_pkg_.a", HM_P(a->objdir)), symabis;
	struct hm_strs objs = { 0 };
	int threads, rc;

	if (b->o.n)
		hm_shell_print(a, hm_arena_printf(&a->arena, "\n#\n# " HM_F "\n#\n\n",
		                                  HM_P(p->import_path)));
	if (b->o.v)
		hm_shell_print(a, hm_arena_printf(&a->arena, HM_F "\n", HM_P(p->import_path)));
	keep_source_list(a);
	if (p->go_files.n == 0)
		return no_go_files(p, err);
	if (write_symabis(a, &symabis, err))
		return -1;
	threads = hm_exec_compile_begin(b->exec);
	rc = run_compiler(a, archive, symabis, threads, err);
	hm_exec_compile_end(b->exec, threads);
	if (rc || copy_headers(a, err) || assemble(a, &objs, err))
		return -1;
	for (size_t i = 0; i < p->syso_files.n; i++)
		hm_tool_adds(a, &objs, hm_path_join(&a->arena, p->dir, p->syso_files.v[i]));
	if (pack(a, archive, &objs, err))
		return -1;
	if (hm_result_store(b, a, archive, err))
		return -1;
	a->built = archive;
	return 0;
}

/* Is the archive itself wanted? go list mostly asks only whether it is there. */
static bool
wants_archive(const struct hm_builder *b)
{
	return !b->o.list || b->o.export;
}

int
hm_compile_run(struct hm_builder *b, struct hm_action *a, struct hm_err *err)
{
	bool found;
	int rc;

	if (hm_result_find(b, a, hm_unit_of(a->pkg)->target, &found, err))
		return -1;
	if (found || (!wants_archive(b) && !b->o.compiled))
		return 0;
	if (check_package(a, err) || hm_directives_check(a, err))
		return -1;
	if (!wants_archive(b)) {
		keep_source_list(a);
		return 0;
	}
	if (hm_shell_mkdir(a, a->objdir, err))
		return -1;
	rc = compile(a, err);
	hm_shell_flush(a);
	return rc;
}

int
hm_profile_run(struct hm_builder *b, struct hm_action *a, struct hm_err *err)
{
	struct hm_strs argv = { 0 };
	uint8_t out[HM_HASH_SIZE];
	hm_str map;
	bool found;
	int rc;

	if (b->tc->minor < 23) {
		a->built = a->profile; /* these compilers read it as it is */
		return 0;
	}
	if (hm_result_find(b, a, HM_S(""), &found, err))
		return -1;
	if (found || b->o.list)
		return 0;
	hm_tool_begin(a, &argv, "preprofile");
	hm_tool_add(a, &argv, "-o");
	hm_tool_adds(a, &argv, a->target);
	hm_tool_add(a, &argv, "-i");
	hm_tool_adds(a, &argv, a->profile);
	rc = hm_shell_mkdir(a, a->objdir, err);
	if (rc == 0)
		rc = hm_shell_tool(a, HM_S("."), a->profile, NULL, &argv, err);
	a->built = a->target;
	if (rc == 0 && !b->o.n) {
		rc = hm_file_map(a->target.p, &map, err);
		if (rc)
			return hm_err_wrap(err, "error opening target for caching: ");
		rc = hm_cache_put(b->cache, a->id, map, out, err);
		hm_file_unmap(map);
		if (rc)
			hm_err_wrap(err, "error adding target to cache: ");
		else if (b->o.x)
			hm_shell_show(a, HM_S(""), "cp " HM_F " " HM_F " # internal",
			              HM_P(a->target),
			              HM_P(hm_cache_output(b->cache, &a->arena, out)));
	}
	hm_shell_flush(a);
	return rc;
}
