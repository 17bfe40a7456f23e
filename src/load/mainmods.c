#include "load/mainmods.h"

#include "base/path.h"
#include "conf/conf.h"
#include "load/import.h"
#include "load/modload_priv.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "mod/modpath.h"

const struct hm_mainmod *
hm_mainmods_find(const struct hm_mainmods *mm, hm_str path)
{
	return mm ? hm_map_get(&mm->by_path, path) : NULL;
}

struct hm_mainmod *
hm_mainmods_single(const struct hm_mainmods *mm)
{
	return mm && mm->n == 1 ? &mm->v[0] : NULL;
}

hm_str
hm_modload_main_go(const struct hm_modload *ml)
{
	const struct hm_mainmod *m = hm_mainmods_single(ml->mains);

	if (hm_modload_in_work(ml))
		return hm_gowork_go(ml->mains ? ml->mains->work : NULL);
	if (m)
		return m->file ? hm_gomod_go(m->file) : ml->local_go;
	return HM_S(HM_GOVER_DEFAULT_GOMOD);
}

bool
hm_modload_excluded(const struct hm_modload *ml, struct hm_modver m)
{
	const struct hm_mainmods *mm = ml->mains;

	for (size_t i = 0; mm && i < mm->n; i++)
		if (mm->v[i].index && hm_modtable_find(&mm->v[i].index->exclude, m))
			return true;
	return false;
}

/* The row for m: of this version, else of all versions. */
static const struct hm_modtable_row *
find_replace(const struct hm_modtable *t, struct hm_modver m)
{
	const struct hm_modtable_row *row;

	if (!t->rows.n)
		return NULL;
	row = hm_modtable_find(t, m);
	return row ? row : hm_modtable_find(t, hm_modver_of(m.path, HM_S("")));
}

/* The row that replaces m, *from its main module (NULL: go.work). */
static const struct hm_modtable_row *
find_row(const struct hm_modload *ml, struct hm_modver m, const struct hm_mainmod **from)
{
	const struct hm_mainmods *mm = ml->mains;
	const struct hm_modtable_row *row;

	*from = NULL;
	if (!mm || (!m.version.n && hm_mainmods_has(mm, m.path)))
		return NULL;
	if ((row = find_replace(&mm->work_replace, m)))
		return row;
	/* The last one wins; those that contradict one another were refused at the start. */
	for (size_t i = mm->n; i-- > 0;) {
		if (!mm->v[i].index || !(row = find_replace(&mm->v[i].index->replace, m)))
			continue;
		*from = &mm->v[i];
		return row;
	}
	return NULL;
}

struct hm_modver
hm_modload_replacement(const struct hm_modload *ml, struct hm_modver m)
{
	const struct hm_mainmod *from;
	const struct hm_modtable_row *row = find_row(ml, m, &from);

	return row ? row->use : (struct hm_modver){ { 0 }, { 0 } };
}

struct hm_modver
hm_modload_resolve(const struct hm_modload *ml, struct hm_modver m)
{
	struct hm_modver r = hm_modload_replacement(ml, m);

	return r.path.n ? r : m;
}

struct hm_modver
hm_modload_replacement_from(const struct hm_modload *ml, struct hm_modver m, hm_str *root,
                            hm_str *from)
{
	const struct hm_mainmod *mm;
	const struct hm_modtable_row *row = find_row(ml, m, &mm);

	*root = mm ? mm->root : HM_S("");
	*from = HM_S("");
	if (!row)
		return (struct hm_modver){ { 0 }, { 0 } };
	*from = mm ? mm->gomod : ml->work_file;
	return row->to;
}

hm_str
hm_modload_replace_dir(const struct hm_modload *ml, struct hm_arena *a, hm_str path)
{
	const struct hm_mainmod *m = hm_mainmods_single(ml->mains);
	hm_str base = ml->cwd;

	if (hm_path_is_abs(path))
		return path;
	if (hm_modload_in_work(ml))
		base = hm_path_dir(a, ml->work_file);
	else if (m)
		base = m->root;
	return hm_path_join(a, base, path);
}

/* In a workspace a relative folder is meant from where go.work lies. */
static struct hm_modver
canonical(const struct hm_modload *ml, struct hm_modver to, hm_str root)
{
	hm_str abs, rel;

	if (to.version.n || hm_path_is_abs(to.path) || !hm_modload_in_work(ml))
		return to;
	abs = hm_path_join(ml->arena, root, to.path);
	if (!hm_path_rel(ml->arena, hm_path_dir(ml->arena, ml->work_file), abs, &rel))
		rel = abs;
	if (!hm_gomod_is_dir(rel))
		rel = hm_arena_printf(ml->arena, "./" HM_F,
		                      HM_P(hm_path_clean(ml->arena, rel)));
	return hm_modver_of(rel, HM_S(""));
}

static void
note_replaced(struct hm_modload *ml, struct hm_mainmods *mm, struct hm_modver from)
{
	bool fresh;
	struct hm_map_entry *e = hm_map_put(&mm->highest_replaced, from.path, &fresh);
	hm_str *have = e->val;

	if (fresh)
		e->val = have = HM_NEW(ml->arena, hm_str);
	if (fresh || hm_gover_mod_cmp(from.path, from.version, *have) > 0)
		*have = from.version;
}

static int
add_work_replaces(struct hm_modload *ml, struct hm_mainmods *mm, struct hm_map *by_work,
                  struct hm_vermap *all, struct hm_err *err)
{
	for (size_t i = 0; i < mm->work->replace.n; i++) {
		const struct hm_gomod_replace *r = &mm->work->replace.v[i];

		if (!r->from.version.n && hm_mainmods_has(mm, r->from.path))
			hm_modload_report(ml, "workspace module " HM_F " is replaced at all "
			                  "versions in the go.work file. To fix, remove the "
			                  "replacement from the go.work file or specify the "
			                  "version at which to replace the module.",
			                  HM_P(r->from.path));
		hm_map_add(by_work, r->from.path);
		note_replaced(ml, mm, r->from);
		hm_vermap_put(all, r->from, NULL)->val = mm->work->replace.v + i;
	}
	return hm_modtable_replaces(ml->arena, &mm->work->replace, &mm->work_replace, err);
}

static int
conflict(struct hm_modload *ml, struct hm_modver from, struct hm_modver a, struct hm_modver b,
         struct hm_err *err)
{
	hm_str old = hm_modver_str(ml->arena, from);

	hm_err_set(err, HM_EINVALID, "conflicting replacements for " HM_F ":\n\t" HM_F "\n\t" HM_F
	           "\nuse \"go work edit -replace " HM_F "=[override]\" to resolve", HM_P(old),
	           HM_P(hm_modver_str(ml->arena, a)), HM_P(hm_modver_str(ml->arena, b)),
	           HM_P(old));
	return hm_err_finish(err);
}

/* The replace lines of one main module; all has those of go.work and of earlier modules. */
static int
add_replaces(struct hm_modload *ml, struct hm_mainmods *mm, struct hm_mainmod *m,
             const struct hm_map *by_work, struct hm_vermap *all, struct hm_err *err)
{
	for (size_t i = 0; m->file && i < m->file->replace.n; i++) {
		const struct hm_gomod_replace *r = &m->file->replace.v[i];
		struct hm_gomod_replace *seen = hm_vermap_get(all, r->from);
		struct hm_gomod_replace *mine;

		if (hm_map_has(by_work, r->from.path))
			continue;
		mine = HM_NEW(ml->arena, struct hm_gomod_replace);
		*mine = *r;
		if (ml->work_file.n && !r->to.version.n && !hm_path_is_abs(r->to.path))
			mine->to.path = hm_path_join(ml->arena, m->root, r->to.path);
		mine->syntax = r->syntax;
		/* A line of the same file was compared when it was indexed. */
		if (seen && !hm_modver_eq(seen->to, mine->to))
			return conflict(ml, r->from, seen->to, mine->to, err);
		hm_vermap_put(all, r->from, NULL)->val = mine;
		note_replaced(ml, mm, r->from);
	}
	for (size_t i = 0; m->index && i < m->index->replace.rows.n; i++) {
		struct hm_modtable_row *row = m->index->replace.rows.e[i].val;

		row->use = canonical(ml, row->to, m->root);
	}
	return 0;
}

static int
add_tools(struct hm_modload *ml, struct hm_mainmods *mm, const struct hm_mainmod *m,
          struct hm_err *err)
{
	for (size_t i = 0; m->file && i < m->file->tool.n; i++) {
		hm_str path = m->file->tool.v[i].path;

		if (hm_modpath_why_import(path, err)) {
			hm_err_wrap(err, "malformed tool path %s: ",
			            hm_str_quote(ml->arena, path).p);
			return hm_err_finish(err);
		}
		HM_PUSH(ml->arena, mm->tools, path);
	}
	return 0;
}

static void
fill_mainmod(struct hm_modload *ml, struct hm_mainmods *mm, struct hm_mainmod *m,
             const struct hm_mainmod_in *in, hm_str cwd_root)
{
	hm_str src = hm_path_join(ml->arena, ml->conf->goroot, HM_S("src"));

	m->mod = in->mod;
	m->root = in->root;
	m->gomod = hm_modload_gomod_path(ml, in->root);
	m->file = in->file;
	m->index = in->index;
	m->prefix = in->mod.path;
	if (m->root.n && ml->conf->goroot.n && hm_import_in_dir(ml->arena, m->root, src).n) {
		m->in_goroot_src = true;
		/* The standard library's packages have no prefix, but only in GOROOT. */
		if (hm_str_eqz(m->mod.path, "std"))
			m->prefix = HM_S("");
	}
	if (hm_map_has(&mm->by_path, m->mod.path))
		hm_modload_report(ml, "module " HM_F " appears multiple times in workspace",
		                  HM_P(m->mod.path));
	hm_map_set(&mm->by_path, m->mod.path, m);
	if (hm_str_eq(m->root, cwd_root))
		mm->with_cwd = m;
}

int
hm_mainmods_make(struct hm_modload *ml, const struct hm_mainmod_in *in, size_t n,
                 struct hm_gowork *work, struct hm_err *err)
{
	struct hm_arena *a = ml->arena;
	hm_str cwd_root = hm_modload_find_root(a, ml->cwd);
	struct hm_mainmods *mm = HM_NEW(a, struct hm_mainmods);
	struct hm_vermap all = { .arena = a };
	struct hm_map by_work = { .arena = a };

	mm->v = HM_NEW_N(a, n, struct hm_mainmod);
	mm->n = n;
	mm->work = work;
	mm->by_path.arena = mm->highest_replaced.arena = a;
	for (size_t i = 0; i < n; i++)
		fill_mainmod(ml, mm, &mm->v[i], &in[i], cwd_root);
	ml->mains = mm;
	hm_modload_set_vendor_dir(ml);
	if (work && add_work_replaces(ml, mm, &by_work, &all, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (add_replaces(ml, mm, &mm->v[i], &by_work, &all, err) ||
		    add_tools(ml, mm, &mm->v[i], err))
			return -1;
	hm_strs_sort_unique(&mm->tools);
	return 0;
}
