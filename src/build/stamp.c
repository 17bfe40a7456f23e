#include "build/stamp.h"

#include <stdlib.h>

#include "base/path.h"
#include "build/builder.h"
#include "load/modinfo.h"
#include "mod/gover.h"

/* The runtime finds the text by these marks around it. */
static const char info_start[] = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
static const char info_end[] = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";

/* Longest chain of replacements that is followed; go has at most one. */
enum { REPLACE_MAX = 8 };

hm_str
hm_stamp_data(struct hm_arena *a, hm_str text)
{
	hm_str part[] = { { info_start, 16 }, text, { info_end, 16 } };

	return hm_arena_concat(a, part, 3);
}

static void
add(struct hm_builder *b, struct hm_binfo *info, const char *key, hm_str value)
{
	struct hm_arena *a = &b->arena;
	char *safe = hm_arena_cstr(a, value);
	struct hm_binfo_setting s = { hm_str_of(key), { safe, value.n } };

	for (size_t i = 0; i < value.n; i++)
		if (safe[i] == '\n')
			safe[i] = ' ';
	if (info->n_setting == info->cap_setting)
		info->setting = hm_vec_grow(a, info->setting, info->n_setting, &info->cap_setting,
		                            sizeof(*info->setting));
	info->setting[info->n_setting++] = s;
}

static struct hm_binfo_module
module_of(struct hm_builder *b, const struct hm_modinfo *m, int depth)
{
	struct hm_binfo_module out = {
		.path = m->path,
		.version = m->version.n ? m->version : HM_S("(devel)"),
	};

	if (m->replace && depth < REPLACE_MAX) {
		out.replace = HM_NEW(&b->arena, struct hm_binfo_module);
		*out.replace = module_of(b, m->replace, depth + 1);
	} else if (m->version.n && !b->mods.vendored && b->mods.sum) {
		out.sum = b->mods.sum(b->mods.sum_ctx, &b->arena, m->path, m->version);
	}
	return out;
}

static int
cmp_module(const void *x, const void *y)
{
	const struct hm_modinfo *a = *(const struct hm_modinfo *const *)x;
	const struct hm_modinfo *b = *(const struct hm_modinfo *const *)y;
	int r = hm_str_cmp(a->path, b->path);

	return r ? r : hm_gover_mod_cmp(a->path, a->version, b->version);
}

/* The modules of all packages below p, but for main's own. */
static void
add_deps(struct hm_builder *b, const struct hm_pkg *p, struct hm_binfo *info)
{
	struct hm_arena *a = &b->arena;
	struct hm_map seen = { .arena = a }, have = { .arena = a };
	struct hm_pkgs q = { 0 };
	struct {
		const struct hm_modinfo **v;
		size_t n, cap;
	} mods = { 0 };

	for (size_t i = 0; i < p->import_pkgs.n; i++)
		HM_PUSH(a, q, p->import_pkgs.v[i]);
	for (size_t i = 0; i < q.n; i++) {
		const struct hm_modinfo *m = q.v[i]->module;

		if (!hm_map_add(&seen, q.v[i]->import_path))
			continue;
		if (m && !hm_str_eq(m->path, info->main.path) &&
		    hm_map_add(&have, hm_arena_printf(a, HM_F "@" HM_F, HM_P(m->path),
		                                      HM_P(m->version))))
			HM_PUSH(a, mods, m);
		for (size_t j = 0; j < q.v[i]->import_pkgs.n; j++)
			HM_PUSH(a, q, q.v[i]->import_pkgs.v[j]);
	}
	if (mods.n)
		qsort(mods.v, mods.n, sizeof(mods.v[0]), cmp_module);
	info->dep = HM_NEW_N(a, mods.n, struct hm_binfo_module);
	info->n_dep = info->cap_dep = mods.n;
	for (size_t i = 0; i < mods.n; i++)
		info->dep[i] = module_of(b, mods.v[i], 0);
}

static hm_str
last_of(const struct hm_strs *s)
{
	return s->n ? s->v[s->n - 1] : HM_S("");
}

/* The flags that went into the build, in order of their names. */
static void
add_flags(struct hm_builder *b, const struct hm_pkg *p, struct hm_binfo *info)
{
	const struct hm_build_opts *o = &b->o;

	if (o->asmflags.n)
		add(b, info, "-asmflags", last_of(&o->asmflags));
	add(b, info, "-buildmode",
	    hm_str_eqz(o->buildmode, "default") ? HM_S("exe") : o->buildmode);
	add(b, info, "-compiler", HM_S("gc"));
	if (last_of(&o->gcflags).n)
		add(b, info, "-gcflags", last_of(&o->gcflags));
	/* They may name files of this machine. */
	if (last_of(&o->ldflags).n && !o->trimpath)
		add(b, info, "-ldflags", last_of(&o->ldflags));
	if (o->tags.n)
		add(b, info, "-tags", hm_strs_join(&b->arena, &o->tags, HM_S(",")));
	if (o->trimpath)
		add(b, info, "-trimpath", HM_S("true"));
	if (p->default_godebug.n)
		add(b, info, "DefaultGODEBUG", p->default_godebug);
}

static void
add_environment(struct hm_builder *b, struct hm_binfo *info)
{
	static const char *const cgo_flags[] = { "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS",
		                                     "CGO_LDFLAGS" };
	const struct hm_conf *conf = b->o.conf;

	add(b, info, "CGO_ENABLED", conf->cgo_enabled ? HM_S("1") : HM_S("0"));
	for (size_t i = 0; conf->cgo_enabled && !b->o.trimpath && i < 4; i++)
		add(b, info, cgo_flags[i], hm_conf_get(conf, cgo_flags[i]));
	add(b, info, "GOARCH", b->goarch);
	if (conf->goexperiment.n)
		add(b, info, "GOEXPERIMENT", conf->goexperiment);
	if (b->fips140)
		add(b, info, "GOFIPS140", conf->gofips140);
	add(b, info, "GOOS", b->goos);
	if (b->arch_key.n && b->arch_val.n)
		add(b, info, hm_arena_cstr(&b->arena, b->arch_key), b->arch_val);
}

static int
cmp_setting(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_binfo_setting *)x)->key,
	                  ((const struct hm_binfo_setting *)y)->key);
}

static void
add_profile(struct hm_builder *b, const struct hm_pkg *p, struct hm_binfo *info)
{
	if (!p->pgo_profile.n)
		return;
	add(b, info, "-pgo", b->o.trimpath ? hm_path_base(p->pgo_profile) : p->pgo_profile);
	qsort(info->setting, info->n_setting, sizeof(info->setting[0]), cmp_setting);
}

static int
add_vcs(struct hm_builder *b, const struct hm_pkg *p, struct hm_binfo *info, struct hm_err *err)
{
	struct hm_stamp_vcs vcs = { 0 };

	if (hm_stamp_vcs(b, p, &vcs, err))
		return -1;
	if (!vcs.vcs.n)
		return 0;
	add(b, info, "vcs", vcs.vcs);
	if (vcs.revision.n)
		add(b, info, "vcs.revision", vcs.revision);
	if (vcs.time.n)
		add(b, info, "vcs.time", vcs.time);
	add(b, info, "vcs.modified", vcs.modified ? HM_S("true") : HM_S("false"));
	if (vcs.version.n && b->tc->minor >= 24)
		info->main.version = vcs.version;
	return 0;
}

int
hm_stamp_make(struct hm_builder *b, struct hm_pkg *p, struct hm_binfo **out, struct hm_err *err)
{
	struct hm_binfo *info = HM_NEW(&b->arena, struct hm_binfo);

	info->path = p->cmdline_files ? HM_S("command-line-arguments") : p->import_path;
	if (p->module)
		info->main = module_of(b, p->module, 0);
	add_deps(b, p, info);
	add_flags(b, p, info);
	add_environment(b, info);
	if (add_vcs(b, p, info, err))
		return -1;
	add_profile(b, p, info);
	*out = info;
	return 0;
}
