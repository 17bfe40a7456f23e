/* Which modules may answer the queries of get. */
#include <stdlib.h>

#include "base/path.h"
#include "load/getstate.h"
#include "load/import.h"
#include "load/mainmods.h"
#include "load/modload_priv.h"
#include "load/modules.h"
#include "load/search.h"
#include "mod/modpath.h"
#include "os/pool.h"

/* What is looked for on behalf of one path; memory of the thread that looks. */
struct look {
	struct hm_get *g;
	struct hm_arena *a;
	struct hm_get_query *q;
	struct hm_err err;
	enum hm_query_fail fail;
};

static const char version_change[] = "version change needed";

hm_str
hm_get_version(const struct hm_map *versions, hm_str path)
{
	const hm_str *v = hm_map_get(versions, path);

	return v ? *v : HM_S("none");
}

const struct hm_get_query *
hm_get_removes(const struct hm_get *g, hm_str path)
{
	for (size_t i = 0; i < g->queries.n; i++) {
		const struct hm_get_query *q = g->queries.v[i];

		if (hm_get_is_none(q) && hm_get_matches_path(q, path))
			return q;
	}
	return NULL;
}

static hm_str
initial(void *ctx, hm_str path)
{
	return hm_get_version(&((struct hm_get *)ctx)->initial, path);
}

static hm_str
selected(void *ctx, hm_str path)
{
	return hm_get_version(&((struct hm_get *)ctx)->selected, path);
}

/* pathOnce: true for the first who asks for the candidates of this path. */
static bool
claim(struct look *l, hm_str path)
{
	bool fresh;

	pthread_mutex_lock(&l->g->lock);
	fresh = hm_map_add(&l->q->seen, path);
	pthread_mutex_unlock(&l->g->lock);
	return fresh;
}

/* Takes over the error of l, if there is one. */
static void
take_error(struct look *l, struct hm_get_set *s)
{
	if (l->err.code == HM_OK)
		return;
	hm_resolve_note(l->g->resolve, &l->err);
	s->code = l->err.code;
	s->error = hm_arena_dup(l->a, hm_err_str(&l->err));
	hm_err_clear(&l->err);
}

static void
add_set(struct look *l, hm_str path, struct hm_get_set *s)
{
	take_error(l, s);
	s->path = path;
	if (!s->pkg_mods.n && !s->mod.path.n && !s->error.p)
		return;
	pthread_mutex_lock(&l->g->lock);
	HM_PUSH(l->g->shared, l->q->candidates, *s);
	pthread_mutex_unlock(&l->g->lock);
}

static bool
no_such_version(enum hm_query_fail fail)
{
	return fail == HM_QUERY_NOT_EXIST || fail == HM_QUERY_NO_MATCH;
}

static bool
no_such_package(enum hm_query_fail fail)
{
	return no_such_version(fail) || fail == HM_QUERY_NOT_IN_MODULE;
}

static void
take_results(struct look *l, const struct hm_query_results *r, struct hm_get_set *s)
{
	for (size_t i = 0; i < r->n; i++)
		HM_PUSH(l->a, s->pkg_mods, r->v[i].mod);
}

static int
query_packages(struct look *l, hm_str path, hm_str version, hm_query_current *current,
               struct hm_get_set *s)
{
	struct hm_query_results r;
	int rc = hm_query_packages(l->g->ml, l->a, path, version, current, l->g, HM_ALLOW_ASKED,
	                           &r, &l->fail, &l->err);

	take_results(l, &r, s);
	return rc;
}

static int
query_pattern(struct look *l, struct hm_get_set *s)
{
	struct hm_query_results r;
	int rc = hm_query_pattern(l->g->ml, l->a, l->q->pattern, l->q->version, initial, l->g,
	                          HM_ALLOW_ASKED, &r, &l->fail, &l->err);

	take_results(l, &r, s);
	if (r.has_mod_only)
		s->mod = r.mod_only.mod;
	return rc;
}

static int
query_module(struct look *l, hm_str path, struct hm_modver *out)
{
	struct hm_revinfo rev;

	if (hm_query(l->g->ml, l->a, path, l->q->version, initial(l->g, path), HM_ALLOW_ASKED,
	             &rev, &l->fail, &l->err))
		return -1;
	*out = hm_modver_of(path, rev.version);
	return 0;
}

/* The packages of a module that match the pattern, remembered.  -1: l->err. */
static int
match_in_module(struct look *l, hm_str pattern, struct hm_modver m, struct hm_strs *pkgs)
{
	struct hm_match *match;
	hm_str name = hm_modver_str(l->a, m);
	hm_str key = hm_arena_printf(l->a, HM_F " " HM_F, HM_P(pattern), HM_P(name));

	pthread_mutex_lock(&l->g->lock);
	match = hm_map_get(&l->g->matches, key);
	pthread_mutex_unlock(&l->g->lock);
	if (!match) {
		match = HM_NEW(l->a, struct hm_match);
		match->pattern = pattern;
		hm_search_in_module(l->g->ml, l->a, match, m, true);
		pthread_mutex_lock(&l->g->lock);
		hm_map_set(&l->g->matches, key, match);
		pthread_mutex_unlock(&l->g->lock);
	}
	*pkgs = match->pkgs;
	if (match->errs.n)
		return hm_err_set(&l->err, match->errs.v[0].code, HM_F,
		                  HM_P(match->errs.v[0].text));
	return 0;
}

static int
about_main(struct look *l, hm_str module)
{
	struct hm_strs mains = { 0 };

	HM_PUSH(l->a, mains, module);
	return hm_query_mains_error(l->g->ml, l->q->pattern, l->q->version, &mains, &l->err);
}

static void
remove_module(struct look *l, hm_str path)
{
	struct hm_get_set s = { 0 };

	if (!claim(l, path))
		return;
	if (hm_mainmods_has(l->g->ml->mains, path))
		about_main(l, path);
	else
		s.mod = hm_modver_of(path, HM_S("none"));
	add_set(l, path, &s);
}

/* queryNone: a version that is not there has no packages, so only paths of modules match. */
static void
look_none(struct look *l)
{
	const struct hm_get *g = l->g;

	if (!hm_get_is_wild(l->q))
		remove_module(l, l->q->pattern);
	for (size_t i = 0; i < g->n_list; i++)
		if (hm_get_matches_path(l->q, g->list[i].path))
			remove_module(l, g->list[i].path);
}

/* tryWildcard */
static void
try_module(struct look *l, struct hm_modver m, struct hm_get_set *s)
{
	struct hm_strs pkgs;

	if (match_in_module(l, l->q->pattern, m, &pkgs))
		return;
	if (pkgs.n)
		HM_PUSH(l->a, s->pkg_mods, m);
	else if (hm_get_matches_path(l->q, m.path))
		s->mod = m;
}

static void
try_main(struct look *l, struct hm_modver m, struct hm_get_set *s)
{
	struct hm_strs pkgs;

	if (hm_get_matches_path(l->q, m.path))
		about_main(l, m.path);
	else if (match_in_module(l, l->q->pattern, m, &pkgs))
		return;
	else if (pkgs.n)
		hm_query_in_main_error(l->q->pattern, l->q->version, &pkgs, &l->err);
	else
		try_module(l, m, s);
}

/* queryWildcard for one module of the build list. */
static void
look_wild_in(struct look *l, struct hm_modver m)
{
	struct hm_get_set s = { 0 };
	struct hm_modver at;

	if (!hm_get_can_match_in(l->q, m.path) || !claim(l, m.path))
		return;
	if (hm_get_removes(l->g, m.path))
		return; /* it will not be there any more */
	if (hm_mainmods_has(l->g->ml->mains, m.path) && !hm_get_ok_for_main(l->q->version))
		try_main(l, m, &s);
	else if (query_module(l, m.path, &at) == 0)
		try_module(l, at, &s);
	else if (no_such_version(l->fail))
		hm_err_clear(&l->err); /* too early to complain: see hm_get_check_patterns() */
	add_set(l, m.path, &s);
}

static void
look_wild(struct look *l)
{
	for (size_t i = 0; i < l->g->n_list; i++)
		look_wild_in(l, l->g->list[i]);
}

static void
look_path(struct look *l)
{
	struct hm_get_query *q = l->q;
	struct hm_get_set s = { 0 };
	struct hm_strs pkgs = { 0 };

	if (!claim(l, q->pattern))
		return;
	if (hm_import_is_std_path(q->pattern)) {
		if (match_in_module(l, q->pattern, (struct hm_modver){ 0 }, &pkgs))
			hm_err_clear(&l->err);
		if (pkgs.n && !q->raw_version.n) {
			q->matches_packages = true;
			return;
		}
	}
	if (pkgs.n)
		hm_err_set(&l->err, HM_EINVALID, "can't request explicit version " HM_F
		           " of standard library package " HM_F,
		           HM_P(hm_str_quote(l->a, q->version)), HM_P(q->pattern));
	else
		query_pattern(l, &s);
	add_set(l, q->pattern, &s);
}

/* findMissingWildcards for one query. */
static void
look_missing(struct look *l)
{
	struct hm_get_set s = { 0 };

	if (!claim(l, l->q->pattern))
		return;
	/* A pattern may be one of modules alone. */
	if (query_pattern(l, &s) && no_such_package(l->fail) && l->q->resolved)
		hm_err_clear(&l->err);
	add_set(l, l->q->pattern, &s);
}

/* Queries that are looked at on several threads. */
struct batch {
	struct hm_get *g;
	struct hm_get_queries v;
	void (*one)(struct look *l);
};

static void
run_one(void *ctx, size_t i)
{
	struct batch *b = ctx;
	struct hm_arena_pool_item *mem = hm_arena_pool_take(&b->g->resolve->arenas);
	struct look l = { .g = b->g, .a = &mem->arena, .q = b->v.v[i] };

	if (hm_get_is_none(l.q))
		look_none(&l);
	else
		b->one(&l);
	hm_err_free(&l.err);
	hm_arena_pool_give(&b->g->resolve->arenas, mem);
}

static void
run_all(struct batch *b)
{
	hm_pool_each(0, b->v.n, run_one, b);
}

static bool
is_pattern(const struct hm_get_query *q, const char *name)
{
	return hm_str_eqz(q->pattern, name);
}

/* Neither local nor one of the words that mean packages of several modules. */
static bool
is_plain(const struct hm_get_query *q)
{
	return !q->local && !is_pattern(q, "all") && !is_pattern(q, "work") &&
	       !is_pattern(q, "tool");
}

static void
warn_unmatched(struct look *l, hm_str pattern)
{
	hm_log(l->g->ml->log, HM_LOG_WARN, "go: warning: " HM_F " matched no packages",
	       HM_P(hm_str_quote(l->a, pattern)));
}

/* The only main module: get never works on several at once. */
static const struct hm_mainmod *
main_module(const struct hm_get *g)
{
	return &g->ml->mains->v[0];
}

static void
no_local_package(struct look *l, hm_str pkg, hm_str where)
{
	const struct hm_get_query *q = l->q;

	if (!q->raw.n || hm_str_eqz(q->raw, "."))
		hm_err_set(&l->err, HM_EINVALID, "no package to get in current directory");
	else if (!hm_get_is_wild(q))
		hm_err_set(&l->err, HM_EINVALID, HM_F HM_F " is not a package in module rooted at "
		           HM_F, HM_P(q->pattern), HM_P(where), HM_P(main_module(l->g)->root));
	else
		warn_unmatched(l, pkg);
}

static void
look_local(struct look *l)
{
	struct hm_modload *ml = l->g->ml;
	struct hm_get_query *q = l->q;
	struct hm_get_set s = { 0 };
	struct hm_match match = { 0 };
	struct hm_modver mod;
	hm_str where = HM_S("");

	if (!claim(l, q->pattern))
		return;
	if (!hm_path_is_abs(q->pattern))
		where = hm_arena_printf(l->a, " (" HM_F ")",
		                        HM_P(hm_path_join(l->a, ml->cwd, q->pattern)));
	match.pattern = hm_modules_dir_import_path(ml, l->a, q->pattern, &mod);
	if (hm_str_eqz(match.pattern, ".")) {
		hm_err_set(&l->err, HM_EINVALID, HM_F HM_F " is not within module rooted at " HM_F,
		           HM_P(q->pattern), HM_P(where), HM_P(main_module(l->g)->root));
	} else {
		hm_search_in_module(ml, l->a, &match, mod, true);
		if (match.errs.n)
			hm_err_set(&l->err, match.errs.v[0].code, HM_F,
			           HM_P(match.errs.v[0].text));
		else if (match.pkgs.n)
			HM_PUSH(l->a, s.pkg_mods, mod);
		else
			no_local_package(l, match.pattern, where);
	}
	add_set(l, q->pattern, &s);
}

static void
look_tools(struct look *l)
{
	const struct hm_strs *tools = &l->g->ml->mains->tools;

	for (size_t i = 0; i < tools->n; i++) {
		struct hm_get_set s = { 0 };

		if (!claim(l, tools->v[i]))
			continue;
		query_packages(l, tools->v[i], l->q->version, initial, &s);
		add_set(l, tools->v[i], &s);
	}
}

static void
look_work(struct look *l)
{
	struct hm_match match = { .pattern = l->q->pattern };
	struct hm_get_set s = { 0 };

	if (!claim(l, l->q->pattern))
		return;
	hm_search_in_module(l->g->ml, l->a, &match, main_module(l->g)->mod, true);
	if (match.errs.n)
		hm_err_set(&l->err, match.errs.v[0].code, HM_F, HM_P(match.errs.v[0].text));
	else if (match.pkgs.n)
		HM_PUSH(l->a, s.pkg_mods, main_module(l->g)->mod);
	else
		warn_unmatched(l, l->q->pattern);
	add_set(l, l->q->pattern, &s);
}

void
hm_get_look(struct hm_get *g)
{
	struct batch paths = { .g = g, .one = look_path };
	struct look l = { .g = g, .a = g->a };

	for (size_t i = 0; i < g->queries.n; i++) {
		struct hm_get_query *q = l.q = g->queries.v[i];

		if (q->local)
			look_local(&l);
		else if (is_plain(q) && !hm_get_is_wild(q))
			HM_PUSH(g->a, paths.v, q);
	}
	run_all(&paths);
	for (size_t i = 0; i < g->queries.n; i++) {
		l.q = g->queries.v[i];
		if (is_pattern(l.q, "tool"))
			look_tools(&l);
		else if (is_pattern(l.q, "work"))
			look_work(&l);
	}
	hm_err_free(&l.err);
}

static void
wild_queries(struct hm_get *g, bool missing_only, struct hm_get_queries *out)
{
	for (size_t i = 0; i < g->queries.n; i++) {
		struct hm_get_query *q = g->queries.v[i];

		if (!is_plain(q) || !hm_get_is_wild(q) ||
		    (missing_only && (hm_get_is_none(q) || q->matches_packages)))
			continue;
		HM_PUSH(g->a, *out, q);
	}
}

void
hm_get_look_missing(struct hm_get *g)
{
	struct batch b = { .g = g, .one = look_missing };

	wild_queries(g, true, &b.v);
	run_all(&b);
}

/* A package outside the main module was loaded, or is missing (m.path empty). */
typedef bool found_fn(struct look *l, hm_str path, struct hm_modver m);

struct loading {
	struct hm_get *g;
	found_fn *found; /* false: its module may change, so its imports are not followed */
	struct hm_strs missing;
};

static bool
call_found(struct loading *ld, hm_str path, struct hm_modver m)
{
	struct hm_arena_pool_item *mem = hm_arena_pool_take(&ld->g->resolve->arenas);
	struct look l = { .g = ld->g, .a = &mem->arena };
	bool ok = ld->found(&l, path, m);

	hm_err_free(&l.err);
	hm_arena_pool_give(&ld->g->resolve->arenas, mem);
	return ok;
}

static int
allow(void *ctx, hm_str path, struct hm_modver m, struct hm_err *err)
{
	if (!m.path.n || !m.version.n || call_found(ctx, path, m))
		return 0;
	return hm_err_set(err, HM_ECONFLICT, "%s", version_change);
}

static void
call_missing(void *ctx, size_t i)
{
	struct loading *ld = ctx;

	call_found(ld, ld->missing.v[i], (struct hm_modver){ 0 });
}

static bool
in_workspace(struct hm_get *g, hm_str path)
{
	struct hm_err err = { 0 };
	bool go_files = false;
	hm_str dir;

	for (size_t i = 0; i < g->work.n && !go_files; i++) {
		if (hm_import_dir_in_module(g->ml, g->a, path, g->work.e[i].key,
		                            *(hm_str *)g->work.e[i].val, true, &dir, &go_files,
		                            &err))
			go_files = false;
		hm_err_clear(&err);
	}
	hm_err_free(&err);
	return go_files;
}

/* loadPackages */
static int
load(struct hm_get *g, const struct hm_strs *patterns, found_fn *found, struct hm_err *err)
{
	struct loading ld = { .g = g, .found = found };
	const struct hm_load_opts opts = {
		.any_tags = true,
		.vendor_in_goroot_src = true,
		.load_tests = g->opts->tests,
		.assume_roots_imported = true,
		.silence_package_errors = true,
		.verbose = g->opts->verbose,
		.allow = allow,
		.allow_ctx = &ld,
	};
	struct hm_modules *mods;

	if (hm_modules_load(g->ml, &opts, patterns, &mods, err))
		return -1;
	for (size_t i = 0; i < mods->loaded.n; i++) {
		struct hm_lookup l;

		hm_modules_lookup(mods, HM_S(""), false, mods->loaded.v[i], g->a, &l);
		if (l.err && (l.err->kind == HM_IMPORT_MISSING ||
		              l.err->kind == HM_IMPORT_AMBIGUOUS) &&
		    !in_workspace(g, mods->loaded.v[i]))
			HM_PUSH(g->a, ld.missing, mods->loaded.v[i]);
	}
	hm_pool_each(0, ld.missing.n, call_missing, &ld);
	return hm_resolve_check(g->resolve, err);
}

/* For "all": every package asks for a version of the module that has it. */
static bool
found_for_all(struct look *l, hm_str path, struct hm_modver m)
{
	bool ok = true;

	for (size_t i = 0; i < l->g->queries.n; i++) {
		struct hm_get_set s = { 0 };

		l->q = l->g->queries.v[i];
		if (!is_pattern(l->q, "all") || !claim(l, path))
			continue;
		query_packages(l, path, l->q->version, initial, &s);
		if (s.pkg_mods.n != 1 || !hm_modver_eq(s.pkg_mods.v[0], m))
			ok = false;
		add_set(l, hm_arena_dup(l->a, path), &s);
	}
	return ok;
}

static int
cmp_sets(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_get_set *)x)->path,
	                  ((const struct hm_get_set *)y)->path);
}

static void
sort_sets(struct hm_get_sets *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), cmp_sets);
}

int
hm_get_look_again(struct hm_get *g, struct hm_err *err)
{
	struct batch b = { .g = g, .one = look_wild };
	struct hm_strs all = { 0 };
	bool any = false;

	wild_queries(g, false, &b.v);
	run_all(&b);
	for (size_t i = 0; i < g->queries.n; i++)
		any |= is_pattern(g->queries.v[i], "all");
	if (!any)
		return hm_resolve_check(g->resolve, err);
	HM_PUSH(g->a, all, HM_S("all"));
	if (load(g, &all, found_for_all, err))
		return -1;
	for (size_t i = 0; i < g->queries.n; i++)
		if (is_pattern(g->queries.v[i], "all"))
			sort_sets(&g->queries.v[i]->candidates);
	return 0;
}

static bool
can_be_module(hm_str path)
{
	struct hm_err err = { 0 };
	bool ok = hm_modpath_check(path, &err) == 0;

	hm_err_free(&err);
	return ok;
}

static bool
found_import(struct look *l, hm_str path, struct hm_modver m)
{
	struct hm_get *g = l->g;
	struct hm_get_set s = { 0 };
	hm_str version = m.path.n ? g->opts->upgrade : HM_S("latest");

	if (m.path.n && (!version.n || hm_map_has(&g->choices, m.path)))
		return true;
	if (query_packages(l, path, version, selected, &s) &&
	    (no_such_package(l->fail) || (!m.path.n && !can_be_module(path))))
		return true; /* no version helps; loading will say so */
	for (size_t i = 0; i < s.pkg_mods.n; i++)
		if (hm_modver_eq(s.pkg_mods.v[i], m))
			return true;
	take_error(l, &s);
	s.path = hm_arena_dup(l->a, path);
	pthread_mutex_lock(&g->lock);
	HM_PUSH(g->shared, g->upgrades, s);
	pthread_mutex_unlock(&g->lock);
	return false;
}

void
hm_get_patterns(struct hm_get *g, struct hm_strs *out)
{
	for (size_t i = 0; i < g->queries.n; i++)
		if (g->queries.v[i]->matches_packages)
			HM_PUSH(g->a, *out, g->queries.v[i]->pattern);
}

int
hm_get_look_imports(struct hm_get *g, struct hm_err *err)
{
	struct hm_strs patterns = { 0 };

	g->upgrades.n = 0;
	hm_get_patterns(g, &patterns);
	if (patterns.n == 0)
		return 0;
	if (load(g, &patterns, found_import, err))
		return -1;
	sort_sets(&g->upgrades);
	return 0;
}

static void
report(struct look *l)
{
	hm_get_report(l->g, l->q, hm_err_str(&l->err));
	hm_err_clear(&l->err);
}

/* The module is not at the version that the pattern asks for, as it seems; why not? */
static void
check_other_version(struct look *l, struct hm_modver cur, struct hm_modver want)
{
	hm_str now = hm_modver_str(l->a, cur), then = hm_modver_str(l->a, want);
	struct hm_strs pkgs = { 0 };

	if (!hm_get_matches_path(l->q, cur.path)) {
		if (match_in_module(l, l->q->pattern, want, &pkgs)) {
			report(l);
			return;
		}
		if (!pkgs.n) {
			if (!hm_str_eq(want.version, l->q->version))
				then = hm_arena_printf(l->a, HM_F "@" HM_F " (" HM_F ")",
				                       HM_P(want.path), HM_P(l->q->version),
				                       HM_P(want.version));
			hm_err_set(&l->err, HM_EINVALID, HM_F " matches packages in " HM_F
			           " but not " HM_F ": specify a different version for module "
			           HM_F, HM_P(l->q->raw), HM_P(now), HM_P(then),
			           HM_P(want.path));
			report(l);
			return;
		}
	}
	hm_err_set(&l->err, HM_EINTERNAL, "internal error: selected " HM_F " instead of " HM_F,
	           HM_P(now), HM_P(want.version));
	report(l);
}

static void
check_pattern(struct look *l, struct hm_modver cur)
{
	struct hm_strs pkgs = { 0 };
	struct hm_modver want;

	if (!hm_get_can_match_in(l->q, cur.path))
		return;
	if (!hm_get_matches_path(l->q, cur.path)) {
		bool failed = match_in_module(l, l->q->pattern, cur, &pkgs) != 0;

		if (failed && !pkgs.n)
			report(l);
		hm_err_clear(&l->err);
		if (!pkgs.n)
			return;
	}
	if (query_module(l, cur.path, &want))
		report(l);
	else if (!hm_str_eq(want.version, cur.version))
		check_other_version(l, cur, want);
}

void
hm_get_check_patterns(struct hm_get *g)
{
	struct look l = { .g = g, .a = g->a };
	struct hm_get_queries wild = { 0 };

	wild_queries(g, false, &wild);
	for (size_t i = 0; i < wild.n; i++) {
		l.q = wild.v[i];
		for (size_t k = 0; k < g->n_list; k++)
			check_pattern(&l, g->list[k]);
	}
	hm_err_free(&l.err);
}
