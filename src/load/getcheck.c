/* What is wrong with the packages that get was asked for, once versions are decided. */
#include "acquire/acquire.h"
#include "load/getstate.h"
#include "load/import.h"
#include "load/mainmods.h"
#include "load/modcommit.h"
#include "load/modload_priv.h"
#include "load/modules.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "os/pool.h"
#include "verify/gosum.h"

/* Why something is said about a module. */
enum {
	DECIDED = 1, /* get chose its version */
	NAMED = 2,   /* it has a package that was named */
	NEEDED = 4,  /* it has a package that those need */
	DIRECT = 8,  /* the main module imports it */
};

struct relevant {
	struct hm_modver m;
	unsigned why;
	hm_str retracted, deprecated; /* empty: it is not */
};

struct check {
	struct hm_get *g;
	struct hm_modload *ml;   /* g's, or that of the workspace */
	struct hm_vermap mods;   /* -> struct relevant * */
	HM_VEC(struct relevant *) v; /* by path */
};

static void
mark(struct check *c, struct hm_modver m, unsigned why)
{
	struct hm_vermap_entry *e = hm_vermap_put(&c->mods, m, NULL);

	if (!e->val) {
		struct relevant *r = HM_NEW(c->g->a, struct relevant);

		r->m = m;
		e->val = r;
	}
	((struct relevant *)e->val)->why |= why;
}

static void
check_package(struct check *c, const struct hm_modules *mods, hm_str path)
{
	struct hm_lookup l;
	struct hm_modver m;

	hm_modules_lookup(mods, HM_S(""), false, path, c->g->a, &l);
	if (l.err) {
		/* Its files are for other targets: whoever builds it there will see. */
		if (l.dir.n && l.err->kind == HM_IMPORT_NO_GO)
			return;
		c->g->ml->failed = true;
		for (size_t i = 0; l.err->kind == HM_IMPORT_AMBIGUOUS && i < l.err->n_mods; i++)
			mark(c, l.err->mods[i], NEEDED);
	}
	m = hm_modules_provider(mods, path);
	if (m.path.n)
		mark(c, m, NEEDED);
}

/* Loads the named packages; their errors are logged on the way. */
static int
check_packages(struct check *c, struct hm_err *err)
{
	const struct hm_load_opts opts = {
		.vendor_in_goroot_src = true,
		.load_tests = c->g->opts->tests,
		.allow_errors = true,
		.silence_no_go = true,
	};
	struct hm_strs patterns = { 0 };
	struct hm_modules *mods;

	hm_get_patterns(c->g, &patterns);
	if (patterns.n == 0)
		return 0;
	if (hm_modules_load(c->ml, &opts, &patterns, &mods, err))
		return -1;
	for (size_t i = 0; i < mods->n_matches; i++)
		if (mods->matches[i].errs.n)
			c->g->ml->failed = true;
	for (size_t i = 0; i < mods->loaded.n; i++)
		check_package(c, mods, mods->loaded.v[i]);
	for (size_t i = 0; i < mods->n_matches; i++)
		for (size_t k = 0; k < mods->matches[i].pkgs.n; k++)
			mark(c, hm_modules_provider(mods, mods->matches[i].pkgs.v[k]), NAMED);
	return 0;
}

static void
ask_one(void *ctx, size_t i)
{
	struct check *c = ctx;
	struct relevant *r = c->v.v[i];
	struct hm_resolve *res = hm_resolve_of(c->ml);
	struct hm_arena_pool_item *mem = hm_arena_pool_take(&res->arenas);
	struct hm_arena *a = &mem->arena;
	struct hm_err err = { 0 };
	enum hm_query_fail fail;
	hm_str text;

	if (r->why & (DECIDED | NAMED | NEEDED) &&
	    hm_query_check_retractions(c->ml, a, r->m, NULL, &fail, &err) &&
	    fail == HM_QUERY_DISALLOWED)
		r->retracted = hm_arena_dup(a, hm_err_str(&err));
	hm_err_clear(&err);
	if ((r->why & (DECIDED | NAMED) || (r->why & (NEEDED | DIRECT)) == (NEEDED | DIRECT)) &&
	    hm_query_deprecation(c->ml, a, r->m, &text, &fail, &err) == 0 && text.n)
		r->deprecated = hm_query_short_message(a, text, HM_S(""));
	hm_err_free(&err);
	hm_arena_pool_give(&res->arenas, mem);
}

static int
ask_authors(struct check *c, struct hm_err *err)
{
	struct hm_reqs *rs;

	if (hm_modload_file(c->ml, &rs, err))
		return -1;
	for (size_t i = 0; i < c->mods.n; i++) {
		struct relevant *r = c->mods.e[i].val;

		if (hm_reqs_is_direct(rs, r->m.path))
			r->why |= DIRECT;
		HM_PUSH(c->g->a, c->v, r);
		for (size_t k = c->v.n - 1; k > 0 && hm_str_cmp(c->v.v[k - 1]->m.path,
		                                                c->v.v[k]->m.path) > 0; k--) {
			c->v.v[k] = c->v.v[k - 1];
			c->v.v[k - 1] = r;
		}
	}
	hm_pool_each(0, c->v.n, ask_one, c);
	return hm_resolve_check(hm_resolve_of(c->ml), err);
}

static void
say_authors(const struct check *c)
{
	const struct hm_log *log = c->g->ml->log;
	hm_str retracted = HM_S("");

	for (size_t i = 0; i < c->v.n; i++)
		if (c->v.v[i]->deprecated.n)
			hm_log(log, HM_LOG_WARN, "go: module " HM_F " is deprecated: " HM_F,
			       HM_P(c->v.v[i]->m.path), HM_P(c->v.v[i]->deprecated));
	for (size_t i = 0; i < c->v.n; i++) {
		if (!c->v.v[i]->retracted.n)
			continue;
		hm_log(log, HM_LOG_WARN, "go: warning: " HM_F, HM_P(c->v.v[i]->retracted));
		retracted = retracted.n ? HM_S("<module>") : c->v.v[i]->m.path;
	}
	if (retracted.n)
		hm_log(log, HM_LOG_WARN, "go: to switch to the latest unretracted version, run:\n"
		       "\tgo get " HM_F "@latest", HM_P(retracted));
}

/* Sums of modules that changed along and had sums: later commands need them. */
struct sums {
	struct hm_get *g;
	hm_str *errors; /* one for each module of the build list; p == NULL: none */
};

static void
get_sum(void *ctx, size_t i)
{
	struct sums *s = ctx;
	struct hm_modload *ml = s->g->ml;
	struct hm_modver m = s->g->list[i], old = m, now = hm_modload_resolve(ml, m);
	struct hm_sums *sums = hm_acquire_sums(ml->acquire);
	const hm_str *initial = hm_map_get(&s->g->initial, m.path);
	struct hm_arena_pool_item *mem;
	struct hm_err err = { 0 };
	bool have = false;
	hm_str zip;

	if (!initial || !initial->n || !sums)
		return;
	old.version = *initial;
	old = hm_modload_resolve(ml, old);
	if (hm_modver_eq(now, old) || !now.version.n ||
	    hm_sums_have(sums, old.path, old.version, &have, &err) || !have) {
		hm_err_free(&err);
		return;
	}
	mem = hm_arena_pool_take(&s->g->resolve->arenas);
	if (hm_acquire_zip(ml->acquire, now, &zip, &err)) {
		hm_str name = hm_modver_str(&mem->arena, now), by = HM_S("");
		bool down = hm_gover_mod_cmp(m.path, m.version, *initial) < 0;

		hm_resolve_note(s->g->resolve, &err);
		if (!hm_modver_eq(now, m))
			by = hm_arena_printf(&mem->arena, " (replaced by " HM_F ")", HM_P(name));
		s->errors[i] = hm_arena_printf(&mem->arena, "%s " HM_F " " HM_F " => " HM_F HM_F
		                               ": error finding sum for " HM_F ": " HM_F,
		                               down ? "downgraded" : "upgraded", HM_P(m.path),
		                               HM_P((*initial)), HM_P(m.version), HM_P(by),
		                               HM_P(name), HM_P(hm_err_str(&err)));
	}
	hm_err_free(&err);
	hm_arena_pool_give(&s->g->resolve->arenas, mem);
}

/* EnterWorkspace: a module state of the workspace, with the requirements as they will be. */
static int
enter_workspace(struct hm_get *g, struct hm_modload *ws, struct hm_err *err)
{
	const struct hm_mainmod *main = &g->ml->mains->v[0];
	const struct hm_acquire_opts opts = { .conf = g->ml->conf, .log = g->ml->log,
		                              .cache_rw = g->opts->cache_rw };
	struct hm_mainmod *in_work;
	hm_str before, after;
	struct hm_reqs *rs;
	bool changed;

	if (hm_modload_updated_gomod(g->ml, NULL, &before, &after, &changed, err))
		return -1;
	*ws = (struct hm_modload){
		.arena = g->a,
		.conf = g->ml->conf,
		.acquire = hm_acquire_new(&opts), /* with the sums of go.work */
		.log = g->ml->log,
		.cmd = g->ml->cmd,
		.cwd = g->ml->cwd,
		.local_go = g->ml->local_go,
		.force_use_modules = true,
		.explicit_write = true,
	};
	if (!ws->acquire)
		return hm_err_set(err, HM_EINTERNAL, "no module cache");
	if (hm_modload_init_work(ws, err) || hm_modload_file(ws, &rs, err))
		return -1;
	in_work = (struct hm_mainmod *)(uintptr_t)hm_mainmods_find(ws->mains, main->mod.path);
	if (in_work)
		in_work->file = main->file;
	ws->reqs = hm_reqs_from_files(ws);
	return 0;
}

static int
check_in(struct check *c, struct hm_err *err)
{
	for (size_t i = 0; i < c->g->choices.n; i++) {
		const struct hm_get_choice *d = c->g->choices.e[i].val;

		mark(c, hm_modver_of(c->g->choices.e[i].key, d->version), DECIDED);
	}
	if (check_packages(c, err) || ask_authors(c, err))
		return -1;
	if (c->ml != c->g->ml && c->ml->failed)
		c->g->ml->failed = true;
	return 0;
}

static int
check_workspace(struct check *c, struct hm_err *err)
{
	struct hm_modload ws = { 0 };
	int rc;

	rc = enter_workspace(c->g, &ws, err);
	c->ml = &ws;
	if (rc == 0)
		rc = check_in(c, err);
	if (rc && ws.need_go.n)
		hm_modfiles_need_go(c->g->ml, ws.need_go);
	/* What was said about modules is in memory of the workspace's. */
	for (size_t i = 0; i < c->v.n; i++) {
		c->v.v[i]->retracted = hm_arena_dup(c->g->a, c->v.v[i]->retracted);
		c->v.v[i]->deprecated = hm_arena_dup(c->g->a, c->v.v[i]->deprecated);
		c->v.v[i]->m.path = hm_arena_dup(c->g->a, c->v.v[i]->m.path);
	}
	hm_modload_free(&ws);
	hm_acquire_free(ws.acquire);
	return rc;
}

int
hm_get_check(struct hm_get *g, struct hm_err *err)
{
	struct check c = { .g = g, .ml = g->ml, .mods.arena = g->a };
	bool in_work = g->has_work && hm_map_has(&g->work, g->ml->mains->v[0].mod.path);
	struct sums s = { g, HM_NEW_N(g->a, g->n_list, hm_str) };

	if (in_work ? check_workspace(&c, err) : check_in(&c, err))
		return -1;
	hm_pool_each(0, g->n_list, get_sum, &s);
	if (hm_resolve_check(g->resolve, err))
		return -1;
	say_authors(&c);
	for (size_t i = 0; i < g->n_list; i++)
		if (s.errors[i].p)
			hm_modload_report(g->ml, HM_F, HM_P(s.errors[i]));
	return 0;
}
