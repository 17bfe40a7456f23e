/*
 * plan.c - what a vendor folder holds: the modules, their packages, and
 * modules.txt, the list that the loader and its consistency check go by.
 *
 *	# path version [=> path [version]]
 *	## explicit; go 1.17            the main module's go.mod names it
 *	import/path                     the packages that are vendored
 */
#include <stdlib.h>
#include <strings.h>

#include "base/path.h"
#include "load/mainmods.h"
#include "load/modinfo.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "mod/modpath.h"
#include "vendor/vendor.h"

/* A module of modules.txt. */
struct entry {
	struct hm_modver mod;
	bool is_explicit;
	HM_VEC(size_t) pkgs; /* numbers in the plan, by import path */
};

struct planning {
	struct hm_modload *ml;
	struct hm_vendor_plan *plan;
	struct hm_arena *a;
	struct hm_map by_mod; /* "path@version" -> struct entry * */
	HM_VEC(struct entry *) mods;
	struct hm_map written; /* replacements in the text so far, by what they replace */
	bool all_replacements, go_versions;
	struct hm_buf text;
};

static struct entry *
entry_of(struct planning *p, struct hm_modver m)
{
	hm_str key = hm_arena_concat(p->a, (hm_str[]){ m.path, HM_S("@"), m.version }, 3);
	struct entry *e = hm_map_get(&p->by_mod, key);

	if (!e) {
		e = HM_NEW(p->a, struct entry);
		e->mod = m;
		hm_map_set(&p->by_mod, key, e);
		HM_PUSH(p->a, p->mods, e);
	}
	return e;
}

static void
add_packages(struct planning *p, const struct hm_modules *mods)
{
	for (size_t i = 0; i < mods->loaded.n; i++) {
		hm_str path = mods->loaded.v[i];
		struct hm_modver m = hm_modules_provider(mods, path);
		struct hm_vendor_pkg pkg = { .path = path, .mod = m };
		struct hm_lookup found;

		if (m.path.n == 0 || hm_mainmods_has(p->ml->mains, m.path))
			continue;
		hm_modules_lookup(mods, HM_S(""), false, path, p->a, &found);
		pkg.dir = found.dir;
		HM_PUSH(p->a, entry_of(p, m)->pkgs, p->plan->n);
		HM_PUSH(p->a, *p->plan, pkg);
	}
}

static int
cmp_path_fold(const void *x, const void *y)
{
	hm_str a = (*(struct entry *const *)x)->mod.path, b = (*(struct entry *const *)y)->mod.path;
	size_t n = a.n < b.n ? a.n : b.n;
	int c = strncasecmp(a.p, b.p, n);

	if (c == 0)
		c = (a.n > b.n) - (a.n < b.n);
	return c ? c : hm_str_cmp(a, b);
}

/* Paths that differ only in case would share a folder on some systems. */
static int
check_collisions(struct planning *p, struct hm_err *err)
{
	struct entry **v = HM_NEW_N(p->a, p->mods.n, struct entry *);

	if (p->mods.n == 0)
		return 0;
	memcpy(v, p->mods.v, p->mods.n * sizeof(*v));
	qsort(v, p->mods.n, sizeof(*v), cmp_path_fold);
	for (size_t i = 1; i < p->mods.n; i++) {
		hm_str x = v[i - 1]->mod.path, y = v[i]->mod.path;

		if (x.n != y.n || strncasecmp(x.p, y.p, x.n) != 0 || hm_str_eq(x, y))
			continue;
		hm_log(p->ml->log, HM_LOG_WARN,
		       "go.mod: case-insensitive import collision: " HM_F " and " HM_F,
		       HM_P(hm_str_quote(p->a, y)), HM_P(hm_str_quote(p->a, x)));
		return hm_err_set(err, HM_EREPORTED, "import collision");
	}
	return 0;
}

/* From go 1.14 on modules.txt says all that go.mod does, and from 1.17 on go versions too. */
static void
add_explicit(struct planning *p)
{
	const struct hm_mainmods *mains = p->ml->mains;
	const struct hm_mainmod *single = hm_mainmods_single(mains);
	hm_str go = hm_modload_main_go(p->ml);

	p->go_versions = hm_gover_cmp(go, HM_S("1.17")) >= 0;
	p->all_replacements = hm_gover_cmp(go, HM_S("1.14")) >= 0 &&
	                      (mains->work || (single && single->file && single->file->go_line));
	if (!p->all_replacements)
		return;
	for (size_t i = 0; i < mains->n; i++) {
		const struct hm_gomod *f = mains->v[i].file;

		for (size_t k = 0; f && k < f->require.n; k++)
			if (f->require.v[k].syntax)
				entry_of(p, f->require.v[k].mod)->is_explicit = true;
	}
}

static int
put_module(struct planning *p, struct hm_modver m, struct hm_modver r, struct hm_err *err)
{
	hm_buf_addz(&p->text, "# ");
	hm_buf_adds(&p->text, m.path);
	if (m.version.n)
		hm_buf_printf(&p->text, " " HM_F, HM_P(m.version));
	if (r.path.n) {
		if (hm_path_has_prefix(hm_path_clean(p->a, r.path), HM_S("vendor")))
			return hm_err_set(err, HM_EINVALID,
			                  "replacement path " HM_F " inside vendor directory",
			                  HM_P(r.path));
		hm_buf_printf(&p->text, " => " HM_F, HM_P(r.path));
		if (r.version.n)
			hm_buf_printf(&p->text, " " HM_F, HM_P(r.version));
	}
	hm_buf_addc(&p->text, '\n');
	return 0;
}

/* Notes that m is in the text; false when it was there. */
static bool
note_written(struct planning *p, struct hm_modver m)
{
	return hm_map_add(&p->written,
	                  hm_arena_concat(p->a, (hm_str[]){ m.path, HM_S("@"), m.version }, 3));
}

static void
put_annotation(struct planning *p, const struct entry *e)
{
	struct hm_err err = { 0 };
	const struct hm_modinfo *info = NULL;
	hm_str go = HM_S("");

	if (p->go_versions)
		info = hm_modinfo_named(p->ml, p->a, e->mod.path, &err);
	hm_err_free(&err);
	if (info)
		go = info->go_version;
	if (e->is_explicit && go.n)
		hm_buf_printf(&p->text, "## explicit; go " HM_F "\n", HM_P(go));
	else if (e->is_explicit)
		hm_buf_addz(&p->text, "## explicit\n");
	else if (go.n)
		hm_buf_printf(&p->text, "## go " HM_F "\n", HM_P(go));
}

static int
put_entry(struct planning *p, const struct entry *e, struct hm_err *err)
{
	note_written(p, e->mod);
	if (put_module(p, e->mod, hm_modload_replacement(p->ml, e->mod), err))
		return -1;
	put_annotation(p, e);
	for (size_t i = 0; i < e->pkgs.n; i++) {
		hm_buf_adds(&p->text, p->plan->v[e->pkgs.v[i]].path);
		hm_buf_addc(&p->text, '\n');
	}
	return 0;
}

/*
 * Replacements that had no effect: without the whole build list a reader could not
 * know that.
 */
static int
put_unused(struct planning *p, const struct hm_gomod_replaces *list, bool from_work,
           struct hm_err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct hm_gomod_replace *r = &list->v[i];
		struct hm_modver to = r->to;

		if (!r->syntax || !note_written(p, r->from))
			continue;
		if (!from_work)
			to = hm_modload_replacement(p->ml, r->from);
		if (to.path.n && put_module(p, r->from, to, err))
			return -1;
	}
	return 0;
}

static int
put_all_unused(struct planning *p, struct hm_err *err)
{
	const struct hm_mainmods *mains = p->ml->mains;

	if (!p->all_replacements)
		return 0;
	if (mains->work && put_unused(p, &mains->work->replace, true, err))
		return -1;
	for (size_t i = 0; i < mains->n; i++)
		if (mains->v[i].file && put_unused(p, &mains->v[i].file->replace, false, err))
			return -1;
	return 0;
}

static int
cmp_entries(const void *x, const void *y)
{
	return hm_modver_cmp((*(struct entry *const *)x)->mod, (*(struct entry *const *)y)->mod);
}

static int
put_text(struct planning *p, struct hm_err *err)
{
	if (p->mods.n)
		qsort(p->mods.v, p->mods.n, sizeof(*p->mods.v), cmp_entries);
	if (p->ml->mains->work)
		hm_buf_addz(&p->text, "## workspace\n");
	for (size_t i = 0; i < p->mods.n; i++)
		if (put_entry(p, p->mods.v[i], err))
			return -1;
	return put_all_unused(p, err);
}

int
hm_vendor_load(struct hm_modload *ml, bool errors_ok, struct hm_modules **out, struct hm_err *err)
{
	const struct hm_load_opts opts = {
		.any_tags = true,
		.vendor_in_goroot_src = true,
		.resolve_missing = true,
		.use_vendor_all = true,
		.allow_errors = errors_ok,
		.silence_missing_std = true,
	};
	struct hm_strs all = { 0 };

	HM_PUSH(ml->arena, all, HM_S("all"));
	return hm_modules_load(ml, &opts, &all, out, err);
}

int
hm_vendor_plan_make(struct hm_modload *ml, const struct hm_modules *mods,
                    struct hm_vendor_plan *out, struct hm_err *err)
{
	struct planning p = { .ml = ml, .plan = out, .a = ml->arena };
	int rc;

	*out = (struct hm_vendor_plan){ .ml = ml };
	p.by_mod.arena = p.written.arena = p.a;
	add_packages(&p, mods);
	rc = check_collisions(&p, err);
	if (rc == 0) {
		add_explicit(&p);
		rc = put_text(&p, err);
	}
	out->text = hm_buf_take(&p.text, p.a);
	return rc;
}
