#include "load/reqs.h"

#include <stdatomic.h>

#include "load/modload_priv.h"
#include "load/vendorlist.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/gowork.h"

enum hm_pruning
hm_pruning_for_go(hm_str go)
{
	return hm_gover_cmp(go, HM_S(HM_GOVER_EXPLICIT_INDIRECT)) < 0 ? HM_UNPRUNED : HM_PRUNED;
}

bool
hm_modvers_eq(const struct hm_modver *a, size_t n, const struct hm_modver *b, size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!hm_modver_eq(a[i], b[i]))
			return false;
	return true;
}

struct hm_reqs *
hm_reqs_new(struct hm_modload *ml, enum hm_pruning pruning, const struct hm_modver *roots,
            size_t n, struct hm_map direct)
{
	struct hm_reqs *rs = HM_NEW(ml->arena, struct hm_reqs);

	rs->pruning = pruning;
	rs->roots = roots;
	rs->n_roots = n;
	rs->direct = direct;
	rs->max_root.arena = ml->arena;
	/* The roots are sorted, so the last version of a path is its greatest. */
	for (size_t i = 0; i < n; i++)
		hm_map_set(&rs->max_root, roots[i].path, (void *)(uintptr_t)&roots[i]);
	return rs;
}

bool
hm_reqs_root_selected(const struct hm_modload *ml, const struct hm_reqs *rs, hm_str path,
                      hm_str *version)
{
	const struct hm_modver *m;

	*version = HM_S("");
	if (hm_mainmods_has(ml->mains, path))
		return true;
	m = hm_map_get(&rs->max_root, path);
	if (m)
		*version = m->version;
	return m != NULL;
}

hm_str
hm_reqs_go(const struct hm_modload *ml, const struct hm_reqs *rs)
{
	hm_str v;

	hm_reqs_root_selected(ml, rs, HM_S("go"), &v);
	return v;
}

bool
hm_reqs_is_direct(const struct hm_reqs *rs, hm_str path)
{
	return hm_map_has(&rs->direct, path);
}

struct hm_modgraph *
hm_reqs_graph_loaded(const struct hm_reqs *rs)
{
	return atomic_load(&rs->graph);
}

/* Adds the go and toolchain lines to the roots; every module uses the language. */
static void
add_go_roots(struct hm_modload *ml, hm_str go, hm_str toolchain, struct hm_modvers *roots,
             struct hm_map *direct)
{
	HM_PUSH(ml->arena, *roots, hm_modver_of(HM_S("go"), go));
	hm_map_add(direct, HM_S("go"));
	if (toolchain.n)
		HM_PUSH(ml->arena, *roots, hm_modver_of(HM_S("toolchain"), toolchain));
}

void
hm_reqs_roots_of(struct hm_modload *ml, const struct hm_mainmod *m, bool with_toolchain,
                 struct hm_modvers *roots, struct hm_map *direct)
{
	const char *verb = ml->build_mod == HM_MOD_MOD ? "dropping" : "ignoring";

	for (size_t i = 0; i < m->file->require.n; i++) {
		const struct hm_gomod_require *r = &m->file->require.v[i];

		if (m->index && hm_modtable_find(&m->index->exclude, r->mod)) {
			hm_log(ml->log, HM_LOG_WARN,
			       "go: %s requirement on excluded version " HM_F " " HM_F, verb,
			       HM_P(r->mod.path), HM_P(r->mod.version));
			continue;
		}
		HM_PUSH(ml->arena, *roots, r->mod);
		if (!r->indirect)
			hm_map_add(direct, r->mod.path);
	}
	add_go_roots(ml, hm_gomod_go(m->file), with_toolchain ? m->file->toolchain : HM_S(""),
	             roots, direct);
}

static struct hm_reqs *
from_work(struct hm_modload *ml)
{
	const struct hm_mainmods *mm = ml->mains;
	struct hm_map direct = { .arena = ml->arena }, unused = direct;
	struct hm_modvers roots = { 0 };

	for (size_t i = 0; i < mm->n; i++)
		HM_PUSH(ml->arena, roots, mm->v[i].mod);
	add_go_roots(ml, hm_gowork_go(mm->work), mm->work->toolchain, &roots, &unused);
	for (size_t i = 0; i < mm->n; i++)
		for (size_t k = 0; k < mm->v[i].file->require.n; k++)
			if (!mm->v[i].file->require.v[k].indirect)
				hm_map_add(&direct, mm->v[i].file->require.v[k].mod.path);
	hm_modver_sort(&roots);
	return hm_reqs_new(ml, HM_WORKSPACE, roots.v, roots.n, direct);
}

struct hm_reqs *
hm_reqs_from_files(struct hm_modload *ml)
{
	struct hm_map direct = { .arena = ml->arena };
	struct hm_modvers roots = { 0 };

	if (hm_modload_in_work(ml))
		return from_work(ml);
	hm_reqs_roots_of(ml, &ml->mains->v[0], true, &roots, &direct);
	hm_modver_sort(&roots);
	return hm_reqs_new(ml, hm_pruning_for_go(hm_modload_main_go(ml)), roots.v, roots.n,
	                   direct);
}
