#include "build/tool.h"

#include <stdlib.h>

#include "base/path.h"
#include "build/builder.h"
#include "codec/json.h"
#include "load/modinfo.h"

void
hm_tool_adds(struct hm_action *a, struct hm_strs *argv, hm_str word)
{
	HM_PUSH(&a->arena, *argv, word);
}

void
hm_tool_add(struct hm_action *a, struct hm_strs *argv, const char *word)
{
	hm_tool_adds(a, argv, hm_str_of(word));
}

void
hm_tool_add_all(struct hm_action *a, struct hm_strs *argv, const struct hm_strs *words)
{
	for (size_t i = 0; i < words->n; i++)
		hm_tool_adds(a, argv, words->v[i]);
}

void
hm_tool_begin(struct hm_action *a, struct hm_strs *argv, const char *tool)
{
	hm_tool_add_all(a, argv, &a->builder->o.toolexec);
	hm_tool_adds(a, argv, hm_toolchain_tool(a->builder->tc, &a->arena, tool));
}

void
hm_tool_env(struct hm_action *a, struct hm_strs *env)
{
	struct hm_builder *b = a->builder;

	if (b->arch_changed)
		HM_PUSH(&a->arena, *env,
		        hm_arena_printf(&a->arena, HM_F "=" HM_F, HM_P(b->arch_key),
		                        HM_P(b->arch_val)));
}

hm_str
hm_tool_goroot(const struct hm_builder *b)
{
	hm_str final = hm_env_or_empty(&b->o.conf->env, "GOROOT_FINAL");

	if (b->tc->minor >= 23)
		return b->o.trimpath ? HM_S("") : b->tc->goroot;
	if (b->o.trimpath)
		return HM_S("$GOROOT");
	return final.n ? final : b->tc->goroot;
}

hm_str
hm_tool_abs(struct hm_action *a, hm_str dir, hm_str file)
{
	if (hm_path_is_abs(file) || hm_str_has_prefix(file, HM_S("$WORK")))
		return file;
	return hm_path_join(&a->arena, dir, file);
}

hm_str
hm_tool_pkg_path(const struct hm_action *a)
{
	bool is_main = hm_str_eqz(a->pkg->name, "main") && !a->pkg->force_library;

	return is_main ? HM_S("main") : a->pkg->import_path;
}

hm_str
hm_tool_trimpath(struct hm_action *a)
{
	const struct hm_pkg *p = a->pkg;
	const struct hm_modinfo *m = p->module;
	struct hm_buf b = { 0 };
	hm_str path = p->orig_import_path;

	if (a->builder->o.trimpath) {
		hm_buf_printf(&b, HM_F "=>", HM_P(p->dir));
		if (m && m->version.n) {
			hm_buf_printf(&b, HM_F "@" HM_F, HM_P(m->path), HM_P(m->version));
			hm_str_cut_prefix(&path, m->path);
		}
		hm_buf_printf(&b, HM_F ";", HM_P(path));
	}
	hm_buf_printf(&b, HM_F "=>", (int)a->objdir.n - 1, a->objdir.p);
	return hm_buf_take(&b, &a->arena);
}

static void
define(struct hm_action *a, struct hm_strs *argv, const char *prefix, hm_str value)
{
	hm_tool_add(a, argv, "-D");
	hm_tool_adds(a, argv, hm_arena_printf(&a->arena, "%s" HM_F, prefix, HM_P(value)));
}

/* A level and all below it: "GOARM_7", "GOARM_6", "GOARM_5". */
static void
define_levels(struct hm_action *a, struct hm_strs *argv, const char *prefix,
              const char *const *level, size_t n)
{
	size_t i = 0;

	while (i + 1 < n && !hm_str_contains(a->builder->arch_val, hm_str_of(level[i])))
		i++;
	for (; i < n; i++)
		define(a, argv, prefix, hm_str_of(level[i]));
}

/* The level of the processor that is built for, as the sources of std test it. */
static void
define_arch(struct hm_action *a, struct hm_strs *argv)
{
	static const char *const ppc[] = { "power10", "power9", "power8" };
	static const char *const arm[] = { "7", "6", "5" };
	struct hm_builder *b = a->builder;

	if (hm_str_eqz(b->goarch, "arm"))
		define_levels(a, argv, "GOARM_", arm, 3);
	else if (hm_str_eqz(b->goarch, "ppc64") || hm_str_eqz(b->goarch, "ppc64le"))
		define_levels(a, argv, "GOPPC64_", ppc, 3);
	else if (hm_str_eqz(b->goarch, "arm64") && b->tc->minor >= 23) {
		/* v8.1 has LSE; v9 is above it. */
		if (hm_str_contains(b->arch_val, HM_S(",lse")) ||
		    (hm_str_has_prefix(b->arch_val, HM_S("v8.")) &&
		     !hm_str_has_prefix(b->arch_val, HM_S("v8.0"))) ||
		    hm_str_has_prefix(b->arch_val, HM_S("v9.")))
			define(a, argv, "GOARM64_LSE", HM_S(""));
	} else if (hm_str_eqz(b->goarch, "386") || hm_str_eqz(b->goarch, "amd64") ||
	           hm_str_has_prefix(b->goarch, HM_S("mips")) ||
	           (hm_str_eqz(b->goarch, "riscv64") && b->tc->minor >= 23))
		define(a, argv, hm_arena_printf(&a->arena, HM_F "_", HM_P(b->arch_key)).p,
		       b->arch_val);
}

void
hm_tool_asm(struct hm_action *a, struct hm_strs *argv)
{
	struct hm_builder *b = a->builder;

	hm_tool_begin(a, argv, "asm");
	hm_tool_add(a, argv, "-p");
	hm_tool_adds(a, argv, hm_tool_pkg_path(a));
	hm_tool_add(a, argv, "-trimpath");
	hm_tool_adds(a, argv, hm_tool_trimpath(a));
	hm_tool_add(a, argv, "-I");
	hm_tool_adds(a, argv, a->objdir);
	hm_tool_add(a, argv, "-I");
	hm_tool_adds(a, argv, hm_path_cat(&a->arena, b->tc->goroot, HM_S("pkg/include")));
	define(a, argv, "GOOS_", b->goos);
	define(a, argv, "GOARCH_", b->goarch);
	hm_tool_add_all(a, argv, &b->forced_asmflags);
	hm_tool_add_all(a, argv, &hm_unit_of(a->pkg)->asmflags);
	define_arch(a, argv);
	if (b->tc->minor >= 27 && a->pkg->standard)
		hm_tool_add(a, argv, "-std");
}

hm_str
hm_tool_importcfg(struct hm_action *a)
{
	const struct hm_pkg *p = a->pkg;
	struct hm_buf b = { 0 };

	hm_buf_addz(&b, "# import config\n");
	for (size_t i = 0; i < p->raw_imports.n; i++)
		if (!hm_str_eq(p->raw_imports.v[i], p->imports.v[i]))
			hm_buf_printf(&b, "importmap " HM_F "=" HM_F "\n",
			              HM_P(p->raw_imports.v[i]), HM_P(p->imports.v[i]));
	for (size_t i = 0; i < a->deps.n; i++) {
		const struct hm_action *d = a->deps.v[i];

		if (d->pkg && d->pkg->import_path.n && d->built.n)
			hm_buf_printf(&b, "packagefile " HM_F "=" HM_F "\n",
			              HM_P(d->pkg->import_path), HM_P(d->built));
	}
	return hm_buf_take(&b, &a->arena);
}

static int
cmp_pattern(const void *x, const void *y)
{
	return hm_str_cmp((*(const struct hm_embed_entry *const *)x)->pattern,
	                  (*(const struct hm_embed_entry *const *)y)->pattern);
}

hm_str
hm_tool_embedcfg(struct hm_action *a)
{
	const struct hm_pkg *p = a->pkg;
	const struct hm_embed_entry **e =
		HM_NEW_N(&a->arena, p->embed.n, const struct hm_embed_entry *);
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b, .indent = "\t" };
	struct hm_strs files = { 0 };

	for (size_t i = 0; i < p->embed.n; i++)
		e[i] = &p->embed.v[i];
	if (p->embed.n)
		qsort(e, p->embed.n, sizeof(e[0]), cmp_pattern);
	hm_json_begin_object(&w);
	hm_json_key(&w, "Patterns");
	hm_json_begin_object(&w);
	for (size_t i = 0; i < p->embed.n; i++) {
		hm_json_key_str(&w, e[i]->pattern);
		hm_json_begin_array(&w);
		for (size_t j = 0; j < e[i]->files.n; j++)
			hm_json_put_str(&w, e[i]->files.v[j]);
		hm_json_end_array(&w);
	}
	hm_json_end_object(&w);
	hm_json_key(&w, "Files");
	hm_json_begin_object(&w);
	hm_tool_add_all(a, &files, &p->embed_files);
	hm_strs_sort_unique(&files);
	for (size_t i = 0; i < files.n; i++) {
		hm_json_key_str(&w, files.v[i]);
		hm_json_put_str(&w, hm_path_join(&a->arena, p->dir, files.v[i]));
	}
	hm_json_end_object(&w);
	hm_json_end_object(&w);
	return hm_buf_take(&b, &a->arena);
}
