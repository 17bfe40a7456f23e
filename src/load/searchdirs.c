/* Patterns that name folders, and the meta-packages of GOROOT. */
#include "base/path.h"
#include "load/import.h"
#include "load/importstate.h"
#include "load/modload.h"
#include "load/pkg.h"
#include "load/scan.h"
#include "load/search.h"
#include "load/searchwalk.h"
#include "mod/gomod.h"
#include "mod/match.h"
#include "os/file.h"
#include "os/pool.h"

/* Larger go.mod files have been refused before this one is read again. */
enum { MAX_GOMOD = 64 << 20 };

/* "/x/" of "x" */
static hm_str
slashed(struct hm_arena *a, hm_str path)
{
	bool front = hm_str_has_prefix(path, HM_S("/")), back = hm_str_has_suffix(path, HM_S("/"));

	return hm_arena_printf(a, "%s" HM_F "%s", front ? "" : "/", HM_P(path), back ? "" : "/");
}

void
hm_ignore_init(struct hm_arena *a, struct hm_ignore *ig, const struct hm_strs *patterns)
{
	*ig = (struct hm_ignore){ 0 };
	for (size_t i = 0; i < patterns->n; i++) {
		hm_str p = patterns->v[i];

		if (hm_str_cut_prefix(&p, HM_S("./")))
			HM_PUSH(a, ig->relative, slashed(a, p));
		else
			HM_PUSH(a, ig->any, slashed(a, p));
	}
}

bool
hm_ignore_match(struct hm_arena *a, const struct hm_ignore *ig, hm_str dir)
{
	if (dir.n == 0 || ig->relative.n + ig->any.n == 0)
		return false;
	dir = slashed(a, dir);
	for (size_t i = 0; i < ig->relative.n; i++)
		if (hm_str_has_prefix(dir, ig->relative.v[i]))
			return true;
	for (size_t i = 0; i < ig->any.n; i++)
		if (hm_str_contains(dir, ig->any.v[i]))
			return true;
	return false;
}

/* A folder, as it will be named, and whether a package was found in it. */
struct dir_cand {
	hm_str name, path;
	bool keep;
};

/* One MatchDirs() or MatchPackages(). */
struct dir_walk {
	struct hm_modload *ml;
	struct hm_resolve *r;
	struct hm_arena *a;
	struct hm_match *m;
	HM_VEC(struct dir_cand) cands;
	struct hm_map have;   /* MatchPackages */
	bool std, cmd;
	hm_str base;          /* MatchDirs: where the walk starts, as the pattern spells it */
	hm_str pattern;       /* cleaned, "./" kept */
	bool dot;             /* names start with "./" */
	hm_str mod_root;
	struct hm_ignore ignore;
	bool failed;
};

static const struct hm_bpkg *
import_dir(struct dir_walk *w, struct hm_arena *a, hm_str dir)
{
	const struct hm_scan_dir *scan;
	struct hm_err err = { 0 };
	struct hm_bpkg *p;

	if (hm_scan_dir(w->r->scans, dir, &scan, &err))
		p = hm_bpkg_missing(a, &w->r->build, dir, HM_S(""), &err);
	else
		p = hm_bpkg_import(a, &w->r->build, scan, HM_S(""));
	hm_err_free(&err);
	return p;
}

static bool
is_no_go(const struct hm_bpkg *p)
{
	return p->failed && p->err.kind == HM_LE_NO_GO;
}

static void
check_dir(void *ctx, size_t i)
{
	struct dir_walk *w = ctx;
	struct dir_cand *c = &w->cands.v[i];
	struct hm_arena_pool_item *item = hm_arena_pool_take(&w->r->arenas);
	const struct hm_bpkg *p = import_dir(w, &item->arena, c->path);

	c->keep = !(is_no_go(p) && p->invalid_go_files.n == 0);
	/* The vendored pprof of the go command is a main package that nobody asked for. */
	if (w->cmd && hm_str_has_prefix(c->name, HM_S("cmd/vendor")) &&
	    hm_str_eqz(p->name, "main"))
		c->keep = false;
	hm_arena_pool_give(&w->r->arenas, item);
}

static void
keep_dirs(struct dir_walk *w, struct hm_strs *out)
{
	hm_pool_each(0, w->cands.n, check_dir, w);
	for (size_t i = 0; i < w->cands.n; i++)
		if (w->cands.v[i].keep)
			HM_PUSH(w->a, *out, w->cands.v[i].name);
}

/* A folder that cannot be read ends a walk of this kind. */
static bool
stop_walk(struct dir_walk *w, struct hm_err *err)
{
	if (!w->failed)
		hm_match_add_error(w->a, w->m, HM_IMPORT_OTHER, err);
	w->failed = true;
	return false;
}

static bool
visit_goroot(void *ctx, const struct hm_walk_entry *e)
{
	struct dir_walk *w = ctx;
	hm_str name = w->cmd ? hm_path_join(w->a, HM_S("cmd"), e->rel) : e->rel;
	struct dir_cand c = { name, e->path, false };

	if (w->failed || e->err)
		return e->err ? stop_walk(w, e->err) : false;
	if (e->rel.n == 0 && w->std)
		return true;
	if (e->link || hm_search_is_hidden(e->name))
		return false;
	if (w->std && (!hm_import_is_std_path(name) || hm_str_eqz(name, "cmd")))
		return false;
	if (hm_map_add(&w->have, name))
		HM_PUSH(w->a, w->cands, c);
	return true;
}

void
hm_search_goroot(struct hm_modload *ml, struct hm_arena *a, struct hm_match *m)
{
	struct dir_walk w = { .ml = ml, .r = hm_resolve_of(ml), .a = a, .m = m };
	hm_str root = w.r->goroot_src;

	m->pkgs = (struct hm_strs){ 0 };
	m->pkgs_set = true;
	w.have.arena = a;
	w.std = hm_str_eqz(m->pattern, "std");
	w.cmd = hm_str_eqz(m->pattern, "cmd");
	if (w.cmd)
		root = hm_path_cat(a, root, HM_S("cmd"));
	hm_map_add(&w.have, HM_S("builtin"));
	if (!w.r->build.cgo)
		hm_map_add(&w.have, HM_S("runtime/cgo"));
	hm_search_walk(a, root, visit_goroot, &w);
	keep_dirs(&w, &m->pkgs);
}

static bool
visit_dir(void *ctx, const struct hm_walk_entry *e)
{
	struct dir_walk *w = ctx;
	hm_str path = hm_path_clean(w->a, hm_path_join(w->a, w->base, e->rel)), elem, name, rel;
	struct dir_cand c;

	if (w->failed || e->err)
		return e->err ? stop_walk(w, e->err) : false;
	if (e->link)
		return false;
	elem = hm_path_base(path);
	if (hm_search_is_hidden(elem) && !hm_str_eqz(elem, ".") && !hm_str_eqz(elem, ".."))
		return false;
	rel = w->mod_root.n ? hm_import_in_dir(w->a, e->path, w->mod_root) : HM_S("");
	if (hm_ignore_match(w->a, &w->ignore, rel)) {
		hm_log(w->ml->log, HM_LOG_TRACE, "# ignoring directory " HM_F, HM_P(e->path));
		return false;
	}
	if (e->rel.n && hm_resolve_has_gomod(w->r, e->path))
		return false;
	name = w->dot ? hm_arena_printf(w->a, "./" HM_F, HM_P(path)) : path;
	if (hm_match_pattern(w->pattern, name)) {
		c = (struct dir_cand){ name, e->path, false };
		HM_PUSH(w->a, w->cands, c);
	}
	return true;
}

static void
read_ignore(struct dir_walk *w)
{
	struct hm_strs patterns = { 0 };
	struct hm_err err = { 0 };
	struct hm_gomod *f;
	hm_str data, file = hm_path_join(w->a, w->mod_root, HM_S("go.mod"));

	if (w->mod_root.n && hm_file_read(w->a, file.p, MAX_GOMOD, &data, &err) == 0 &&
	    hm_gomod_parse_lax(w->a, file, data, NULL, &f, &err) == 0)
		for (size_t i = 0; i < f->ignore.n; i++)
			HM_PUSH(w->a, patterns, f->ignore.v[i].path);
	hm_ignore_init(w->a, &w->ignore, &patterns);
	hm_err_free(&err);
}

/* The module root that the walk stays in; says so when there is none. */
static void
find_mod_root(struct dir_walk *w, hm_str abs, const struct hm_strs *roots)
{
	struct hm_err err = { 0 };
	hm_str list;
	bool found = roots->n == 0;

	for (size_t i = 0; i < roots->n; i++)
		if (roots->v[i].n && hm_path_has_prefix(abs, roots->v[i])) {
			found = true;
			w->mod_root = roots->v[i];
		}
	if (found)
		return;
	list = hm_strs_join(w->a, roots, HM_S(", "));
	hm_err_set(&err, HM_EINVALID, "directory " HM_F " is outside module root%s (" HM_F ")",
	           HM_P(abs), roots->n > 1 ? "s" : "", HM_P(list));
	hm_match_add_error(w->a, w->m, HM_IMPORT_OTHER, &err);
	hm_err_free(&err);
}

/* The text of a pattern up to the last slash before "..." (filepath.Split). */
static hm_str
fixed_part(hm_str pattern)
{
	ptrdiff_t dots = hm_str_index(pattern, HM_S("..."));
	hm_str head = hm_str_sub(pattern, 0, (size_t)dots);

	return hm_str_sub(head, 0, (size_t)(hm_str_rindex_byte(head, '/') + 1));
}

void
hm_search_dirs(struct hm_modload *ml, struct hm_arena *a, struct hm_match *m,
               const struct hm_strs *mod_roots)
{
	struct dir_walk w = { .ml = ml, .r = hm_resolve_of(ml), .a = a, .m = m };
	hm_str clean, abs;

	m->dirs = (struct hm_strs){ 0 };
	m->dirs_set = true;
	if (hm_match_is_literal(m)) {
		HM_PUSH(a, m->dirs, m->pattern);
		return;
	}
	clean = hm_path_clean(a, m->pattern);
	w.dot = hm_str_has_prefix(m->pattern, HM_S("./")) && !hm_str_eqz(clean, ".");
	w.pattern = w.dot ? hm_arena_printf(a, "./" HM_F, HM_P(clean)) : clean;
	w.base = fixed_part(w.pattern);
	abs = hm_path_is_abs(w.base) ? hm_path_clean(a, w.base) : hm_path_join(a, ml->cwd, w.base);
	find_mod_root(&w, abs, mod_roots);
	read_ignore(&w);
	hm_search_walk(a, abs, visit_dir, &w);
	keep_dirs(&w, &m->dirs);
}
