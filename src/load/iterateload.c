/* The part of the loader that works on all cores. */
#include <stdlib.h>

#include "base/mem.h"
#include "load/import.h"
#include "load/iterate.h"
#include "load/mainmods.h"
#include "load/modgraph.h"
#include "load/scan.h"
#include "os/pool.h"

/*
 * The driving thread owns the packages, the map and the flags.  A job resolves
 * one package and reads its imports into an arena of its own; the driver takes
 * it from the done list and makes packages (and jobs) of the imports.
 */
struct job {
	struct board *board;
	struct hm_loadpkg *pkg;
	struct hm_arena_pool_item *mem;
	struct hm_import found;
	struct hm_strs imports, test_imports;
	struct hm_import_error *err; /* why the imports could not be read */
	bool in_std;
	struct job *next;
};

struct board {
	struct hm_iter *it;
	struct hm_modgraph *mg; /* the whole graph when it is not pruned, else NULL */
	pthread_mutex_t mutex;
	pthread_cond_t some;
	struct job *done;
	/* Flags still to be applied; a list, since import chains may be long. */
	HM_VEC(struct flag_todo { struct hm_loadpkg *pkg; unsigned flags; }) todo;
	bool applying;
};

static bool
is_magic(hm_str path)
{
	return hm_str_eqz(path, "C") || hm_str_eqz(path, "appengine") ||
	       hm_str_has_prefix(path, HM_S("appengine/")) ||
	       hm_str_eqz(path, "appengine_internal") ||
	       hm_str_has_prefix(path, HM_S("appengine_internal/"));
}

/* Paths that no module provides, though old code imports them. */
static void
drop_magic(struct hm_strs *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!is_magic(l->v[i]))
			l->v[n++] = l->v[i];
	l->n = n;
}

static void
read_imports(struct job *j)
{
	struct hm_iter *it = j->board->it;
	struct hm_arena *a = &j->mem->arena;
	struct hm_err err = { 0 };
	bool no_go = false;

	if (hm_scan_imports(it->r->scans, a, j->found.dir,
	                    hm_resolve_tags(it->r, it->opts->any_tags), &j->imports,
	                    &j->test_imports, &no_go, &err)) {
		j->err = hm_import_error_from(a, &err);
		if (no_go)
			j->err->kind = HM_IMPORT_NO_GO;
	}
	hm_err_free(&err);
	drop_magic(&j->imports);
	drop_magic(&j->test_imports);
}

static void
check_allowed(struct job *j)
{
	const struct hm_load_opts *o = j->board->it->opts;
	struct hm_err err = { 0 };

	if (o->allow && o->allow(o->allow_ctx, j->pkg->path, j->found.mod, &err))
		j->found.err = hm_import_error_from(&j->mem->arena, &err);
	hm_err_free(&err);
}

static void
run_job(void *arg)
{
	struct job *j = arg;
	struct board *b = j->board;
	struct hm_iter *it = b->it;

	j->mem = hm_arena_pool_take(&it->r->arenas);
	hm_import_from_modules(it->ml, &j->mem->arena, j->pkg->path, it->reqs, b->mg,
	                       it->skip_mod_files, &j->found);
	if (j->found.dir.n) {
		check_allowed(j);
		j->in_std = hm_import_is_std_path(j->pkg->path) && it->r->goroot_src.n &&
		            hm_import_in_dir(&j->mem->arena, j->found.dir, it->r->goroot_src).n;
		read_imports(j);
	}
	hm_arena_pool_give(&it->r->arenas, j->mem);
	pthread_mutex_lock(&b->mutex);
	j->next = b->done;
	b->done = j;
	pthread_cond_signal(&b->some);
	pthread_mutex_unlock(&b->mutex);
}

static struct hm_loadpkg *get_pkg(struct board *b, hm_str path, unsigned flags);
static void add_flags(struct board *b, struct hm_loadpkg *p, unsigned flags);

static void
make_imports(struct board *b, struct hm_loadpkg *p, hm_str parent, const struct hm_strs *paths)
{
	struct hm_iter *it = b->it;
	unsigned flags = p->flags & HM_PKG_IN_ALL;

	p->imports = HM_NEW_N(it->a, paths->n, struct hm_loadpkg *);
	for (size_t i = 0; i < paths->n; i++) {
		hm_str path = paths->v[i];

		if (p->in_std)
			path = hm_import_std_vendor(it->ml, it->a, parent, path,
			                            it->opts->vendor_in_goroot_src);
		p->imports[p->n_imports++] = get_pkg(b, path, flags);
	}
}

/* pkgTest: the package's test, made when it is first wanted. */
static void
want_test(struct board *b, struct hm_loadpkg *p, unsigned flags)
{
	struct hm_loadpkg *t = p->test;

	if (t) {
		add_flags(b, t, flags);
		return;
	}
	t = p->test = HM_NEW(b->it->a, struct hm_loadpkg);
	t->path = p->path;
	t->test_of = p;
	t->mod = p->mod;
	t->mod_root = p->mod_root;
	t->dir = p->dir;
	t->err = p->err;
	t->in_std = p->in_std;
	add_flags(b, t, flags);
	make_imports(b, t, t->path, &p->test_imports);
	add_flags(b, t, HM_PKG_IMPORTS_LOADED);
}

static void
maybe_test(struct board *b, struct hm_loadpkg *p)
{
	struct hm_iter *it = b->it;
	bool main = hm_mainmods_has(it->ml->mains, p->mod.path);
	bool closes = it->all_closes_over_tests && (p->flags & HM_PKG_IN_ALL);

	if ((it->all_is_root && (main || closes)) ||
	    (it->opts->load_tests && (p->flags & HM_PKG_IS_ROOT)))
		want_test(b, p, main || closes ? HM_PKG_IN_ALL : 0);
}

static void
apply_flags(struct board *b, struct hm_loadpkg *p, unsigned flags)
{
	unsigned old = p->flags, new;

	if ((flags & HM_PKG_IN_ALL) && b->it->all_is_root && !p->test_of)
		flags |= HM_PKG_IS_ROOT;
	if (flags & HM_PKG_IS_ROOT)
		flags |= HM_PKG_FROM_ROOT;
	new = p->flags |= flags;
	if (new == old || !(new & HM_PKG_IMPORTS_LOADED))
		return;
	if (!p->test_of)
		maybe_test(b, p);
	for (unsigned f = HM_PKG_IN_ALL; f <= HM_PKG_FROM_ROOT; f <<= 1) {
		if (f == HM_PKG_IS_ROOT || !(new & f) ||
		    (old & (f | HM_PKG_IMPORTS_LOADED)) == (f | HM_PKG_IMPORTS_LOADED))
			continue;
		for (size_t i = 0; i < p->n_imports; i++)
			add_flags(b, p->imports[i], f);
	}
}

/* applyPkgFlags */
static void
add_flags(struct board *b, struct hm_loadpkg *p, unsigned flags)
{
	struct flag_todo t = { p, flags };

	if (flags == 0 || (p->flags & flags) == flags)
		return;
	HM_PUSH(b->it->a, b->todo, t);
	if (b->applying)
		return;
	b->applying = true;
	while (b->todo.n) {
		t = b->todo.v[--b->todo.n];
		apply_flags(b, t.pkg, t.flags);
	}
	b->applying = false;
}

static struct hm_loadpkg *
get_pkg(struct board *b, hm_str path, unsigned flags)
{
	struct hm_iter *it = b->it;
	bool fresh;
	struct hm_map_entry *e = hm_map_put(&it->by_path, path, &fresh);
	struct hm_loadpkg *p = e->val;

	if (fresh) {
		struct job *j = hm_mem_new(sizeof(*j));

		p = HM_NEW(it->a, struct hm_loadpkg);
		p->path = path;
		e->val = p;
		j->board = b;
		j->pkg = p;
		it->in_flight++;
		hm_pool_submit(hm_resolve_pool(it->r), 0, run_job, j);
	}
	add_flags(b, p, flags);
	return p;
}

/* What the driver does with a package that a job has looked at (the end of go's load). */
static void
finish(struct board *b, struct job *j)
{
	struct hm_iter *it = b->it;
	struct hm_loadpkg *p = j->pkg;

	p->mod = j->found.mod;
	p->mod_root = j->found.mod_root;
	p->dir = j->found.dir;
	p->alt_mods = j->found.alt_mods;
	p->n_alt_mods = j->found.n_alt_mods;
	p->err = j->found.err;
	p->in_std = j->in_std;
	if (it->ml->mains && hm_strs_has(&it->ml->mains->tools, p->path))
		add_flags(b, p, HM_PKG_IN_ALL);
	if (!p->dir.n)
		return;
	if (hm_mainmods_has(it->ml->mains, p->mod.path))
		add_flags(b, p, HM_PKG_IN_ALL);
	if (j->err) {
		p->err = j->err;
		return;
	}
	p->test_imports = j->test_imports;
	make_imports(b, p, p->path, &j->imports);
	add_flags(b, p, HM_PKG_IMPORTS_LOADED);
}

static struct job *
take_done(struct board *b)
{
	struct job *list;

	pthread_mutex_lock(&b->mutex);
	while (!b->done)
		pthread_cond_wait(&b->some, &b->mutex);
	list = b->done;
	b->done = NULL;
	pthread_mutex_unlock(&b->mutex);
	return list;
}

static void
drive(struct board *b)
{
	while (b->it->in_flight) {
		struct job *j = take_done(b), *next;

		for (; j; j = next) {
			next = j->next;
			finish(b, j);
			b->it->in_flight--;
			free(j);
		}
	}
}

void
hm_iter_load(struct hm_iter *it, const struct hm_strs *roots)
{
	struct board b = { .it = it };
	struct hm_err err = { 0 };
	struct hm_map seen = { .arena = it->a };

	pthread_mutex_init(&b.mutex, NULL);
	pthread_cond_init(&b.some, NULL);
	/* An incomplete graph may select wrong versions: the roots are tried first then. */
	if (it->reqs->pruning == HM_UNPRUNED && hm_reqs_graph(it->ml, it->reqs, &b.mg, &err))
		b.mg = NULL;
	hm_err_free(&err);
	for (size_t i = 0; i < roots->n; i++)
		if (hm_map_add(&seen, roots->v[i]))
			HM_PUSH(it->a, it->roots, get_pkg(&b, roots->v[i], HM_PKG_IS_ROOT));
	drive(&b);
	hm_pool_wait(hm_resolve_pool(it->r));
	pthread_cond_destroy(&b.some);
	pthread_mutex_destroy(&b.mutex);
}

/* Many lookups at once. */
struct batch {
	struct hm_iter *it;
	const struct hm_strs *paths;
	struct hm_reqs *rs;
	struct hm_modgraph *mg;
	bool query;
	struct hm_import *out;
};

static void
resolve_one(void *ctx, size_t i)
{
	struct batch *b = ctx;
	struct hm_iter *it = b->it;
	struct hm_arena_pool_item *mem = hm_arena_pool_take(&it->r->arenas);

	if (b->query)
		hm_import_query(it->ml, &mem->arena, b->paths->v[i], b->rs, &b->out[i]);
	else
		hm_import_from_modules(it->ml, &mem->arena, b->paths->v[i], b->rs, b->mg,
		                       it->skip_mod_files, &b->out[i]);
	hm_arena_pool_give(&it->r->arenas, mem);
}

void
hm_iter_resolve(struct hm_iter *it, const struct hm_strs *paths, struct hm_reqs *rs,
                struct hm_modgraph *mg, struct hm_import *out)
{
	struct batch b = { it, paths, rs, mg, false, out };

	hm_pool_each(0, paths->n, resolve_one, &b);
}

void
hm_iter_query(struct hm_iter *it, const struct hm_strs *paths, struct hm_import *out)
{
	struct batch b = { it, paths, it->reqs, NULL, true, out };

	hm_pool_each(0, paths->n, resolve_one, &b);
}
