#include "load/modgraph.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "load/modload_priv.h"
#include "load/roots.h"
#include "load/vendorlist.h"
#include "mod/gover.h"
#include "mvs/mvs.h"
#include "os/pool.h"

struct hm_modgraph {
	struct hm_modgraph *next; /* all of a modload */
	struct hm_arena arena;
	struct hm_mvs_graph *g;
	struct hm_vermap nodes; /* -> struct node *: what was read or is being read */
	struct hm_err err;      /* why it is incomplete; HM_OK: complete */
	pthread_mutex_t lock;   /* guards the list */
	struct hm_modvers list; /* v == NULL until asked for */
};

struct node {
	struct reader *reader;
	struct hm_modver mod;
	bool queued[HM_WORKSPACE + 1]; /* by the pruning with which it is read */
	bool required;                 /* its requirements are in the graph */
	struct hm_err err;
};

/* One reading of a graph. */
struct reader {
	struct hm_modload *ml;
	struct hm_modgraph *mg;
	struct hm_pool *pool;
	const struct hm_vermap *unprune; /* read wherever they are required; may be NULL */
	pthread_mutex_t lock; /* guards the graph, the nodes, failed */
	bool failed;
};

struct job {
	struct node *node;
	enum hm_pruning pruning;
};

int
hm_modload_cmp(void *ctx, hm_str path, hm_str v1, hm_str v2)
{
	(void)ctx;
	if (hm_str_eq(v1, v2))
		return 0;
	if (!v1.n || !v2.n)
		return v1.n ? -1 : 1;
	return hm_gover_mod_cmp(path, v1, v2);
}

static struct hm_modgraph *
graph_new(struct hm_modload *ml, const struct hm_modver *roots, size_t n)
{
	struct hm_modgraph *mg = hm_mem_new(sizeof(*mg));

	mg->nodes.arena = &mg->arena;
	mg->g = hm_mvs_graph_new(&mg->arena, (struct hm_mvs_cmp){ hm_modload_cmp, NULL }, roots,
	                         n);
	pthread_mutex_init(&mg->lock, NULL);
	pthread_mutex_lock(&ml->files->lock);
	mg->next = ml->files->graphs;
	ml->files->graphs = mg;
	pthread_mutex_unlock(&ml->files->lock);
	return mg;
}

void
hm_modgraph_free(struct hm_modgraph *mg)
{
	while (mg) {
		struct hm_modgraph *next = mg->next;

		for (size_t i = 0; i < mg->nodes.n; i++)
			hm_err_free(&((struct node *)mg->nodes.e[i].val)->err);
		hm_err_free(&mg->err);
		pthread_mutex_destroy(&mg->lock);
		hm_arena_free(&mg->arena);
		free(mg);
		mg = next;
	}
}

static void enqueue(struct reader *r, struct hm_modver m, enum hm_pruning pruning);

/* Notes what was read and queues what has to be read for it.  r->lock is held. */
static void
note(struct reader *r, struct node *n, enum hm_pruning pruning, const struct hm_modsummary *s,
     struct hm_err *err)
{
	enum hm_pruning next = s && pruning != HM_UNPRUNED ? s->pruning : HM_UNPRUNED;
	bool pruned;

	if (!s) {
		r->failed = true;
		if (n->err.code == HM_OK)
			hm_err_move(&n->err, err);
		return;
	}
	if (!n->required)
		hm_mvs_require(r->mg->g, n->mod, s->require, s->n_require);
	n->required = true;
	/*
	 * What a module that supports pruning requires is all that packages of it
	 * need; of others everything has to be read.
	 */
	pruned = pruning == HM_PRUNED && s->pruning != HM_UNPRUNED;
	for (size_t i = 0; i < s->n_require; i++)
		if (!pruned || (r->unprune && hm_vermap_has(r->unprune, s->require[i])))
			enqueue(r, s->require[i], next);
}

static void
run_job(void *arg)
{
	struct job *job = arg;
	struct node *n = job->node;
	struct reader *r = n->reader;
	const struct hm_modsummary *s = NULL;
	struct hm_err err = { 0 };

	if (hm_modload_summary(r->ml, n->mod, &s, &err))
		s = NULL;
	pthread_mutex_lock(&r->lock);
	note(r, n, job->pruning, s, &err);
	pthread_mutex_unlock(&r->lock);
	hm_err_free(&err);
}

/* r->lock is held. */
static void
enqueue(struct reader *r, struct hm_modver m, enum hm_pruning pruning)
{
	struct hm_vermap_entry *e;
	struct node *n;
	struct job *job;

	if (hm_str_eqz(m.version, "none"))
		return;
	e = hm_vermap_put(&r->mg->nodes, m, NULL);
	if (!e->val) {
		n = HM_NEW(&r->mg->arena, struct node);
		n->reader = r;
		n->mod = m;
		e->val = n;
	}
	n = e->val;
	if (n->queued[pruning])
		return;
	n->queued[pruning] = true;
	job = HM_NEW(&r->mg->arena, struct job);
	job->node = n;
	job->pruning = pruning;
	hm_pool_submit(r->pool, 0, run_job, job);
}

static void
enqueue_all(struct reader *r, const struct hm_modver *m, size_t n, enum hm_pruning pruning)
{
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < n; i++)
		enqueue(r, m[i], pruning);
	pthread_mutex_unlock(&r->lock);
	hm_pool_wait(r->pool);
}

/*
 * One round of the search below: the selected versions that still have to be
 * read among the paths in `paths` and what they require.
 */
static void
find_unread(struct reader *r, const struct hm_map *paths, struct hm_vermap *seen,
            struct hm_modvers *out, struct hm_arena *a)
{
	struct hm_vermap found = { .arena = a };

	for (size_t i = 0; i < paths->n; i++) {
		hm_str path = paths->e[i].key;
		struct hm_modver m = hm_modver_of(path, hm_mvs_selected(r->mg->g, path));
		const struct hm_modver *reqs;
		size_t n;

		if (!hm_vermap_has(seen, m)) {
			if (hm_vermap_add(&found, m))
				HM_PUSH(a, *out, m);
			continue;
		}
		if (!hm_mvs_required_by(r->mg->g, m, &reqs, &n))
			continue;
		for (size_t k = 0; k < n; k++) {
			m.path = reqs[k].path;
			m.version = hm_mvs_selected(r->mg->g, m.path);
			if (hm_gover_mod_cmp(m.path, m.version, reqs[k].version) > 0 &&
			    !hm_vermap_has(seen, m) && hm_vermap_add(&found, m))
				HM_PUSH(a, *out, m);
		}
	}
}

/*
 * In a workspace the main modules may require versions lower than those
 * selected; what the selected ones need is read too, for as long as that
 * selects others.
 */
static void
read_selected(struct reader *r, const struct hm_modver *roots, size_t n)
{
	struct hm_arena a = { 0 };
	struct hm_map paths = { .arena = &a };
	struct hm_vermap seen = { .arena = &a };

	for (size_t i = 0; i < n; i++)
		hm_map_add(&paths, roots[i].path);
	for (;;) {
		struct hm_modvers todo = { 0 };

		find_unread(r, &paths, &seen, &todo, &a);
		if (!todo.n)
			break;
		for (size_t i = 0; i < todo.n; i++) {
			hm_vermap_add(&seen, todo.v[i]);
			hm_map_add(&paths, todo.v[i].path);
		}
		enqueue_all(r, todo.v, todo.n, HM_WORKSPACE);
	}
	hm_arena_free(&a);
}

static bool
node_failed(void *ctx, struct hm_modver m)
{
	const struct node *n = hm_vermap_get(ctx, m);

	return n && n->err.code != HM_OK;
}

/*
 * Is the message one about the module r itself (go's *module.ModuleError)?  Then
 * it begins with r's name; "module DIR: " of a folder becomes "DIR: ".
 */
static bool
is_about(struct hm_arena *a, struct hm_modver r, struct hm_err *err)
{
	hm_str msg = hm_arena_dup(a, hm_err_str(err)), name = hm_modver_str(a, r), rest = msg;

	if (!r.path.n)
		return false;
	if (hm_str_cut_prefix(&rest, name))
		return hm_str_has_prefix(rest, HM_S(": "));
	if (r.version.n || !hm_str_cut_prefix(&rest, HM_S("module ")))
		return false;
	msg = rest;
	if (!hm_str_cut_prefix(&rest, name) || !hm_str_has_prefix(rest, HM_S(": ")))
		return false;
	hm_err_set(err, err->code, HM_F, HM_P(msg));
	return true;
}

/* The first error on a shortest way from the roots, with that way. */
static void
find_error(struct hm_modload *ml, struct hm_modgraph *mg)
{
	struct hm_modvers path = { 0 };
	struct hm_modver replaced;
	struct node *n;

	hm_mvs_find_path(mg->g, &mg->arena, node_failed, &mg->nodes, &path);
	if (!path.n)
		return;
	n = hm_vermap_get(&mg->nodes, path.v[path.n - 1]);
	hm_modload_copy_err(&mg->err, &n->err);
	replaced = hm_modload_replacement(ml, n->mod);
	hm_mvs_wrap(&mg->err, path.v, path.n, NULL, NULL,
	            is_about(&mg->arena, replaced, &mg->err) ? &replaced : NULL);
}

/* go's readModGraph. */
static struct hm_modgraph *
read_graph(struct hm_modload *ml, enum hm_pruning pruning, const struct hm_modver *roots, size_t n,
           const struct hm_vermap *unprune)
{
	struct hm_modgraph *mg;
	struct reader r = { .ml = ml, .unprune = unprune };

	if (pruning == HM_WORKSPACE) {
		mg = graph_new(ml, roots, n);
	} else {
		mg = graph_new(ml, &ml->mains->v[0].mod, 1);
		hm_mvs_require(mg->g, ml->mains->v[0].mod, roots, n);
	}
	r.mg = mg;
	r.pool = hm_pool_new(0);
	pthread_mutex_init(&r.lock, NULL);
	enqueue_all(&r, roots, n, pruning);
	if (pruning == HM_WORKSPACE)
		read_selected(&r, roots, n);
	hm_pool_free(r.pool);
	pthread_mutex_destroy(&r.lock);
	if (r.failed)
		find_error(ml, mg);
	return mg;
}

int
hm_modgraph_read(struct hm_modload *ml, enum hm_pruning pruning, const struct hm_modver *roots,
                 size_t n, const struct hm_vermap *unprune, struct hm_modgraph **mg,
                 struct hm_err *err)
{
	*mg = read_graph(ml, pruning, roots, n, unprune);
	return (*mg)->err.code == HM_OK ? 0 : hm_modload_copy_err(err, &(*mg)->err);
}

enum hm_modgraph_state
hm_modgraph_state(const struct hm_modgraph *mg, struct hm_modver m, struct hm_err **why)
{
	struct node *n = hm_vermap_get(&mg->nodes, m);

	if (!n || (!n->required && n->err.code == HM_OK))
		return HM_NODE_UNREAD;
	if (n->err.code == HM_OK)
		return HM_NODE_READ;
	*why = &n->err;
	return HM_NODE_FAILED;
}

int
hm_reqs_graph(struct hm_modload *ml, struct hm_reqs *rs, struct hm_modgraph **mg,
              struct hm_err *err)
{
	*mg = atomic_load(&rs->graph);
	if (!*mg) {
		pthread_mutex_lock(&ml->files->graph_lock);
		*mg = atomic_load(&rs->graph);
		if (!*mg) {
			*mg = read_graph(ml, rs->pruning, rs->roots, rs->n_roots, NULL);
			atomic_store(&rs->graph, *mg);
		}
		pthread_mutex_unlock(&ml->files->graph_lock);
	}
	if ((*mg)->err.code == HM_OK)
		return 0;
	return hm_modload_copy_err(err, &(*mg)->err);
}

/* In vendor mode the pruned roots have to list all that is vendored. */
static int
check_vendor_roots(struct hm_modload *ml, const struct hm_reqs *rs, const struct hm_modver *list,
                   size_t n, struct hm_err *err)
{
	bool consistent = true;

	for (size_t i = 0; i < n; i++) {
		hm_str v;

		if (hm_reqs_root_selected(ml, rs, list[i].path, &v) &&
		    hm_str_eq(v, list[i].version))
			continue;
		hm_modload_report(ml, "vendored module " HM_F
		                  " should be required explicitly in go.mod",
		                  HM_P(hm_modver_str(ml->arena, list[i])));
		consistent = false;
	}
	if (consistent)
		return 0;
	hm_modload_dirty(ml, err);
	return hm_err_finish(err);
}

static void
require_with(struct hm_modload *ml, struct hm_modgraph *mg, struct hm_modver m,
             const struct hm_modver *reqs, size_t n, struct hm_modver last)
{
	struct hm_modvers all = { 0 };

	for (size_t i = 0; i < n; i++)
		HM_PUSH(ml->arena, all, reqs[i]);
	HM_PUSH(ml->arena, all, last);
	hm_mvs_require(mg->g, m, all.v, all.n);
}

int
hm_reqs_init_vendor(struct hm_modload *ml, struct hm_reqs *rs, const struct hm_modver *list,
                    size_t n, struct hm_err *err)
{
	struct hm_modver vendor = hm_modver_of(HM_S("vendor/modules.txt"), HM_S(""));
	const struct hm_mainmods *mm = ml->mains;
	struct hm_modgraph *mg;

	if (mm->by_path.n != mm->n)
		return hm_err_set(err, HM_EREPORTED, "module listed twice");
	if (hm_modload_in_work(ml)) {
		mg = graph_new(ml, rs->roots, rs->n_roots);
		for (size_t i = 0; i < mm->n; i++) {
			struct hm_map direct = { .arena = ml->arena };
			struct hm_modvers roots = { 0 };

			if (mm->v[i].file)
				hm_reqs_roots_of(ml, &mm->v[i], false, &roots, &direct);
			require_with(ml, mg, mm->v[i].mod, roots.v, roots.n, vendor);
		}
		hm_mvs_require(mg->g, vendor, list, n);
	} else if (rs->pruning == HM_PRUNED) {
		if (check_vendor_roots(ml, rs, list, n, err))
			return -1;
		mg = graph_new(ml, &mm->v[0].mod, 1);
		hm_mvs_require(mg->g, mm->v[0].mod, rs->roots, rs->n_roots);
	} else {
		/* How the vendored modules depend on one another is not recorded. */
		mg = graph_new(ml, &mm->v[0].mod, 1);
		require_with(ml, mg, mm->v[0].mod, rs->roots, rs->n_roots, vendor);
		hm_mvs_require(mg->g, vendor, list, n);
	}
	atomic_store(&rs->graph, mg);
	return 0;
}

hm_str
hm_modgraph_selected(const struct hm_modgraph *mg, hm_str path)
{
	return hm_mvs_selected(mg->g, path);
}

bool
hm_modgraph_required_by(const struct hm_modgraph *mg, struct hm_modver m,
                        const struct hm_modver **reqs, size_t *n)
{
	return hm_mvs_required_by(mg->g, m, reqs, n);
}

const struct hm_modver *
hm_modgraph_build_list(const struct hm_modgraph *mg, size_t *n)
{
	struct hm_modgraph *w = (struct hm_modgraph *)(uintptr_t)mg; /* the list is a cache */

	pthread_mutex_lock(&w->lock);
	if (!w->list.v)
		hm_mvs_graph_build_list(w->g, &w->arena, &w->list);
	pthread_mutex_unlock(&w->lock);
	*n = w->list.n;
	return w->list.v;
}

void
hm_modgraph_walk(const struct hm_modgraph *mg, void (*f)(void *ctx, struct hm_modver m), void *ctx)
{
	hm_mvs_walk(mg->g, f, ctx);
}

/* Is every root the selected version of its path? */
static bool
all_roots_selected(struct hm_modload *ml, const struct hm_modgraph *mg)
{
	const struct hm_modver *roots;
	size_t n;

	if (hm_modload_in_work(ml))
		return true; /* the main modules are */
	if (!hm_mvs_required_by(mg->g, ml->mains->v[0].mod, &roots, &n))
		return true;
	for (size_t i = 0; i < n; i++)
		if (!hm_str_eq(hm_mvs_selected(mg->g, roots[i].path), roots[i].version))
			return false;
	return true;
}

int
hm_reqs_expand(struct hm_modload *ml, struct hm_reqs **rs, struct hm_modgraph **mg,
               struct hm_err *err)
{
	struct hm_roots_in in = { .direct = &(*rs)->direct };
	struct hm_reqs *out;

	if (hm_reqs_graph(ml, *rs, mg, err))
		return -1;
	if (all_roots_selected(ml, *mg))
		return 0;
	if (hm_reqs_update_roots(ml, *rs, &in, &out, err))
		return -1;
	*rs = out;
	return hm_reqs_graph(ml, out, mg, err);
}

/* The graph as an earlier or later go would see it; roots as they stand. */
static int
graph_for_go(struct hm_modload *ml, struct hm_reqs *rs, hm_str go, struct hm_modgraph **mg,
             struct hm_err *err)
{
	hm_str own = hm_reqs_go(ml, rs);

	if (hm_gover_cmp(own, HM_S(HM_GOVER_STRICT)) >= 0 && hm_gover_cmp(go, own) < 0)
		return hm_err_set(err, HM_EINVALID, "requested Go version " HM_F " cannot load "
		                  "module graph (requires Go >= " HM_F ")", HM_P(go), HM_P(own));
	if (hm_pruning_for_go(go) == HM_UNPRUNED && rs->pruning != HM_UNPRUNED)
		rs = hm_reqs_new(ml, HM_UNPRUNED, rs->roots, rs->n_roots, rs->direct);
	return hm_reqs_graph(ml, rs, mg, err);
}

int
hm_modload_graph(struct hm_modload *ml, hm_str go_version, struct hm_modgraph **mg,
                 struct hm_err *err)
{
	struct hm_reqs *rs;

	*mg = NULL;
	if (hm_modload_file(ml, &rs, err))
		return -1;
	if (go_version.n)
		return graph_for_go(ml, rs, go_version, mg, err);
	if (hm_reqs_expand(ml, &rs, mg, err))
		return -1;
	ml->reqs = rs;
	return 0;
}
