#include "load/search.h"

#include "base/path.h"
#include "load/import.h"
#include "load/importstate.h"
#include "load/mainmods.h"
#include "load/modfiles.h"
#include "load/pkg.h"
#include "load/scan.h"
#include "load/searchwalk.h"
#include "mod/gover.h"
#include "mod/match.h"
#include "os/pool.h"

bool
hm_match_is_meta(const struct hm_match *m)
{
	return hm_import_is_meta(m->pattern);
}

bool
hm_match_is_literal(const struct hm_match *m)
{
	return !hm_str_contains(m->pattern, HM_S("...")) && !hm_match_is_meta(m);
}

bool
hm_match_is_local(const struct hm_match *m)
{
	return hm_import_is_local(m->pattern) || hm_path_is_abs(m->pattern);
}

void
hm_match_add_error(struct hm_arena *a, struct hm_match *m, enum hm_import_kind kind,
                   struct hm_err *err)
{
	struct hm_match_error e = { .code = err->code, .kind = kind };

	e.bare = hm_arena_dup(a, hm_err_str(err));
	e.text = hm_arena_printf(a, "%s" HM_F ": " HM_F, hm_match_is_literal(m) ? "" : "pattern ",
	                         HM_P(m->pattern), HM_P(e.bare));
	HM_PUSH(a, m->errs, e);
	hm_err_clear(err);
}

/* A folder that may hold a package. */
struct cand {
	hm_str name; /* import path */
	hm_str dir;
	bool keep;
};

/* One matchPackages(). */
struct walk {
	struct hm_modload *ml;
	struct hm_resolve *r;
	struct hm_arena *a;
	struct hm_match *m;
	bool any_tags;
	struct hm_map have;
	HM_VEC(struct cand) cands;
	/* The tree being walked. */
	hm_str root, prefix;
	const struct hm_ignore *ignore;
	bool prune_vendor, prune_gomod;
};

static bool
is_match(const struct hm_match *m, hm_str name)
{
	return hm_match_is_meta(m) || hm_match_pattern(m->pattern, name);
}

static bool
tree_can_match(const struct hm_match *m, hm_str name)
{
	return hm_match_is_meta(m) || hm_match_tree_can(m->pattern, name);
}

bool
hm_search_is_hidden(hm_str elem)
{
	return hm_str_has_prefix(elem, HM_S(".")) || hm_str_has_prefix(elem, HM_S("_")) ||
	       hm_str_eqz(elem, "testdata");
}

static void
add_cand(struct walk *w, hm_str name, hm_str dir)
{
	struct cand c = { name, dir, false };

	if (hm_map_add(&w->have, name) && is_match(w->m, name))
		HM_PUSH(w->a, w->cands, c);
}

/* Should the package walk look at this folder? */
static bool
want_dir(struct walk *w, const struct hm_walk_entry *e, hm_str name)
{
	if (e->rel.n) {
		if (hm_search_is_hidden(e->name))
			return false;
		if (w->ignore && hm_ignore_match(w->a, w->ignore, e->rel)) {
			hm_log(w->ml->log, HM_LOG_TRACE, "# ignoring directory " HM_F,
			       HM_P(e->path));
			return false;
		}
	}
	return tree_can_match(w->m, name);
}

static bool
walk_package(void *ctx, const struct hm_walk_entry *e)
{
	struct walk *w = ctx;
	hm_str name = hm_path_join(w->a, w->prefix, e->rel);

	if (e->err) {
		hm_match_add_error(w->a, w->m, HM_IMPORT_OTHER, e->err);
		return false;
	}
	if (e->rel.n == 0 && w->prefix.n == 0)
		return true; /* GOROOT/src and vendor themselves are no packages */
	if (!want_dir(w, e, name))
		return false;
	if (e->link) {
		if (hm_str_contains(w->m->pattern, HM_S("...")))
			hm_log(w->ml->log, HM_LOG_WARN, "warning: ignoring symlink " HM_F,
			       HM_P(e->path));
		return false;
	}
	if (w->prune_gomod && e->rel.n && hm_resolve_has_gomod(w->r, e->path))
		return false;
	add_cand(w, name, e->path);
	return !(w->prune_vendor && hm_str_eqz(e->name, "vendor"));
}

static void
walk_tree(struct walk *w, hm_str root, hm_str prefix, const struct hm_ignore *ignore)
{
	w->root = root;
	w->prefix = prefix;
	w->ignore = ignore;
	hm_search_walk(w->a, root, walk_package, w);
}

static void
check_cand(void *ctx, size_t i)
{
	struct walk *w = ctx;
	struct cand *c = &w->cands.v[i];
	struct hm_arena_pool_item *item = hm_arena_pool_take(&w->r->arenas);
	struct hm_strs imports = { 0 }, tests = { 0 };
	struct hm_err err = { 0 };
	bool no_go = false;

	c->keep = hm_scan_imports(w->r->scans, &item->arena, c->dir,
	                          hm_resolve_tags(w->r, w->any_tags), &imports, &tests, &no_go,
	                          &err) == 0 || !no_go;
	hm_err_free(&err);
	hm_arena_pool_give(&w->r->arenas, item);
}

static void
keep_packages(struct walk *w)
{
	hm_pool_each(0, w->cands.n, check_cand, w);
	for (size_t i = 0; i < w->cands.n; i++)
		if (w->cands.v[i].keep)
			HM_PUSH(w->a, w->m->pkgs, w->cands.v[i].name);
	hm_strs_sort(&w->m->pkgs);
}

static void
walk_std(struct walk *w)
{
	w->prune_gomod = true;
	w->prune_vendor = false;
	if (!w->r->goroot_src.n)
		return;
	walk_tree(w, w->r->goroot_src, HM_S(""), NULL);
	if (tree_can_match(w->m, HM_S("cmd")))
		walk_tree(w, hm_path_cat(w->a, w->r->goroot_src, HM_S("cmd")), HM_S("cmd"), NULL);
}

static void
walk_vendor_mode(struct walk *w)
{
	const struct hm_mainmods *mm = w->ml->mains;

	w->prune_vendor = w->prune_gomod = true;
	for (size_t i = 0; mm && i < mm->n; i++) {
		struct hm_ignore ignore = { 0 };

		if (!mm->v[i].root.n)
			continue;
		if (mm->v[i].index)
			hm_ignore_init(w->a, &ignore, &mm->v[i].index->ignore);
		walk_tree(w, mm->v[i].root, mm->v[i].prefix, &ignore);
	}
	w->prune_gomod = false;
	if (hm_modload_has_root(w->ml))
		walk_tree(w, hm_modload_vendor_dir(w->ml), HM_S(""), NULL);
}

static void
walk_main(struct walk *w, const struct hm_mainmod *main)
{
	struct hm_ignore ignore = { 0 };

	if (!main->root.n)
		return;
	if (main->index)
		hm_ignore_init(w->a, &ignore, &main->index->ignore);
	w->prune_vendor = w->prune_gomod = true;
	walk_tree(w, main->root, main->prefix, &ignore);
}

static void
walk_module(struct walk *w, struct hm_modver mod)
{
	const struct hm_mainmod *main = hm_mainmods_find(w->ml->mains, mod.path);
	const struct hm_modsummary *summary = NULL;
	struct hm_ignore ignore = { 0 };
	struct hm_err err = { 0 };
	hm_str root;
	bool local;

	if (main) {
		walk_main(w, main);
		return;
	}
	if (hm_import_fetch(w->ml, w->a, mod, &root, &local, &err)) {
		hm_match_add_error(w->a, w->m, HM_IMPORT_OTHER, &err);
		hm_err_free(&err);
		return;
	}
	if (hm_modload_summary(w->ml, mod, &summary, &err) == 0) {
		struct hm_strs patterns = { 0 };

		for (size_t i = 0; i < summary->n_ignore; i++)
			HM_PUSH(w->a, patterns, summary->ignore[i]);
		hm_ignore_init(w->a, &ignore, &patterns);
	}
	hm_err_free(&err);
	w->prune_vendor = true;
	w->prune_gomod = local;
	walk_tree(w, root, mod.path, &ignore);
}

void
hm_search_packages(struct hm_modload *ml, struct hm_arena *a, struct hm_match *m, bool any_tags,
                   enum hm_search_std filter, const struct hm_modver *mods, size_t n_mods)
{
	struct walk w = { .ml = ml, .r = hm_resolve_of(ml), .a = a, .m = m, .any_tags = any_tags };

	w.have.arena = a;
	m->pkgs = (struct hm_strs){ 0 };
	m->pkgs_set = true;
	hm_map_add(&w.have, HM_S("builtin")); /* documentation only */
	if (!w.r->build.cgo)
		hm_map_add(&w.have, HM_S("runtime/cgo"));
	if (filter == HM_SEARCH_WITH_STD)
		walk_std(&w);
	if (ml->build_mod == HM_MOD_VENDOR)
		walk_vendor_mode(&w);
	else
		for (size_t i = 0; i < n_mods; i++)
			if (!hm_gover_is_toolchain(mods[i].path) &&
			    tree_can_match(m, mods[i].path))
				walk_module(&w, mods[i]);
	keep_packages(&w);
}

void
hm_search_in_module(struct hm_modload *ml, struct hm_arena *a, struct hm_match *match,
                    struct hm_modver m, bool any_tags)
{
	struct hm_resolve *r = hm_resolve_of(ml);
	struct hm_strs imports = { 0 }, tests = { 0 };
	struct hm_err err = { 0 };
	hm_str root, dir = HM_S("");
	bool local, ok = false, no_go = false;

	if (m.path.n == 0)
		hm_search_packages(ml, a, match, any_tags, HM_SEARCH_WITH_STD, NULL, 0);
	if (!hm_match_is_literal(match)) {
		hm_search_packages(ml, a, match, any_tags, HM_SEARCH_OMIT_STD, &m, 1);
		return;
	}
	if (hm_import_fetch(ml, a, m, &root, &local, &err) ||
	    hm_import_dir_in_module(ml, a, match->pattern, m.path, root, local, &dir, &ok, &err)) {
		struct hm_match_error e = { .code = err.code, .kind = HM_IMPORT_OTHER };

		e.text = e.bare = hm_arena_dup(a, hm_err_str(&err));
		match->errs.n = 0;
		HM_PUSH(a, match->errs, e);
	} else if (ok && (hm_scan_imports(r->scans, a, dir, hm_resolve_tags(r, any_tags), &imports,
	                                  &tests, &no_go, &err) == 0 || !no_go)) {
		match->pkgs.n = 0;
		HM_PUSH(a, match->pkgs, match->pattern);
	}
	hm_err_free(&err);
}
