/*
 * `mod tidy` of modules from go 1.17 on: a root for every module that gives a
 * package of "all", and for whatever else would change or become ambiguous.
 */
#include "load/import.h"
#include "load/modgraph.h"
#include "load/modload_priv.h"
#include "load/roots_priv.h"
#include "mod/gover.h"
#include "os/pool.h"

struct pkgs {
	HM_VEC(struct hm_loadpkg *) v;
};

struct tidy {
	struct hm_modload *ml;
	struct hm_reqs *old;
	struct hm_reqs *rs; /* so far */
	struct hm_modvers roots;
	struct hm_map is_root; /* paths */
	struct hm_map queued;  /* keys are the bytes of a package's address */
	struct pkgs queue;
};

static void
push(struct tidy *t, struct hm_loadpkg *p)
{
	struct hm_loadpkg **key = HM_NEW(t->ml->arena, struct hm_loadpkg *);

	*key = p;
	if (hm_map_add(&t->queued, hm_str_make((const char *)key, sizeof(*key))))
		HM_PUSH(t->ml->arena, t->queue.v, p);
}

static void
add_root(struct tidy *t, struct hm_modver m)
{
	if (hm_map_add(&t->is_root, m.path))
		HM_PUSH(t->ml->arena, t->roots, m);
}

/* Requirements from a sorted copy of the roots, which may grow further. */
static void
make_reqs(struct tidy *t)
{
	struct hm_modvers copy = { 0 };

	for (size_t i = 0; i < t->roots.n; i++)
		HM_PUSH(t->ml->arena, copy, t->roots.v[i]);
	hm_modver_sort(&copy);
	t->rs = hm_reqs_new(t->ml, HM_PRUNED, copy.v, copy.n, t->old->direct);
}

static void
start(struct tidy *t, struct hm_loadpkg *const *pkgs, size_t n)
{
	static const hm_str own[] = { HM_S_INIT("go"), HM_S_INIT("toolchain") };
	hm_str v;

	hm_map_add(&t->is_root, t->ml->mains->v[0].mod.path);
	for (size_t i = 0; i < 2; i++)
		if (hm_reqs_root_selected(t->ml, t->old, own[i], &v))
			add_root(t, hm_modver_of(own[i], v));
	for (size_t i = 0; i < n; i++) {
		if (!(pkgs[i]->flags & HM_PKG_IN_ALL))
			continue;
		if (hm_loadpkg_is_external(t->ml, pkgs[i]))
			add_root(t, pkgs[i]->mod);
		push(t, pkgs[i]);
	}
	make_reqs(t);
}

/* One step outwards from "all": modules that the roots alone would select too low. */
static int
expand(struct tidy *t, struct hm_err *err)
{
	struct pkgs now = t->queue;
	struct hm_modgraph *mg;
	size_t before = t->roots.n;

	if (hm_reqs_graph(t->ml, t->rs, &mg, err))
		return -1;
	t->queue = (struct pkgs){ 0 };
	for (size_t i = 0; i < now.v.n; i++) {
		struct hm_loadpkg *p = now.v.v[i];

		if (!p->mod.path.n)
			continue;
		for (size_t k = 0; k < p->n_imports; k++)
			push(t, p->imports[k]);
		if (p->test)
			push(t, p->test);
		if (hm_gover_mod_cmp(p->mod.path, hm_modgraph_selected(mg, p->mod.path),
		                     p->mod.version) < 0)
			add_root(t, p->mod);
	}
	if (t->roots.n > before)
		make_reqs(t);
	return 0;
}

/* Packages whose import became ambiguous because their module is no root. */
struct ambiguous {
	struct tidy *t;
	struct hm_loadpkg *const *pkgs;
	bool *found;
};

static void
check_ambiguous(void *ctx, size_t i)
{
	struct ambiguous *c = ctx;
	const struct hm_loadpkg *p = c->pkgs[i];
	struct hm_arena a = { 0 };
	struct hm_import imp = { 0 };

	if (!p->mod.path.n || hm_map_has(&c->t->is_root, p->mod.path))
		return;
	hm_import_from_modules(c->t->ml, &a, p->path, c->t->rs, NULL, true, &imp);
	c->found[i] = imp.err && imp.err->kind == HM_IMPORT_AMBIGUOUS;
	hm_arena_free(&a);
}

static int
disambiguate(struct tidy *t, struct hm_loadpkg *const *pkgs, size_t n, struct hm_err *err)
{
	struct hm_modgraph *mg;
	size_t before;

	do {
		struct ambiguous c = { t, pkgs, HM_NEW_N(t->ml->arena, n, bool) };

		before = t->roots.n;
		hm_pool_each(0, n, check_ambiguous, &c);
		for (size_t i = 0; i < n; i++)
			if (c.found[i])
				add_root(t, pkgs[i]->mod);
		if (t->roots.n == before)
			break;
		make_reqs(t);
		/* The new roots may bring in modules that make others ambiguous. */
		if (hm_reqs_graph(t->ml, t->rs, &mg, err))
			return -1;
	} while (t->roots.n > before);
	return 0;
}

int
hm_reqs_tidy_roots(struct hm_modload *ml, struct hm_reqs *rs, struct hm_loadpkg *const *pkgs,
                   size_t n, struct hm_reqs **out, struct hm_err *err)
{
	struct hm_arena *a = ml->arena;
	struct tidy t = { .ml = ml, .old = rs, .is_root.arena = a, .queued.arena = a };
	struct hm_modgraph *mg;

	*out = rs;
	if (rs->pruning == HM_UNPRUNED)
		return hm_reqs_tidy_unpruned(ml, rs, pkgs, n, out, err);
	start(&t, pkgs, n);
	while (t.queue.v.n)
		if (expand(&t, err))
			return -1;
	if (hm_reqs_graph(ml, t.rs, &mg, err) || disambiguate(&t, pkgs, n, err))
		return -1;
	*out = t.rs;
	return 0;
}
