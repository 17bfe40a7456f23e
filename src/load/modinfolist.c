/* The modules that arguments of list -m name. */
#include "acquire/acquire.h"
#include "load/import.h"
#include "load/importstate.h"
#include "load/mainmods.h"
#include "load/modcommit.h"
#include "load/modgraph.h"
#include "load/modinfofill.h"
#include "load/query.h"
#include "load/queryreuse.h"
#include "mod/gover.h"
#include "mod/match.h"
#include "os/pool.h"

/* Requests to a proxy are mostly waiting. */
enum { LIST_THREADS = 16 };

/* One ListModules(). */
struct lister {
	struct hm_modload *ml;
	struct hm_arena *a;
	struct hm_reqs *rs;
	struct hm_modgraph *mg; /* NULL: the roots say enough */
	unsigned mode;
	const struct hm_map *reuse;
	struct hm_map matched;  /* "path@version" that a pattern gave already */
	struct hm_modinfos *out;
	struct hm_err graph_err; /* the graph is incomplete */
};

static bool
is_soft(enum hm_query_fail fail)
{
	return fail == HM_QUERY_NO_MATCH || fail == HM_QUERY_NOT_EXIST;
}

void
hm_modinfo_add_retraction(const struct hm_info_ask *k, struct hm_modinfo *m)
{
	struct hm_strs why = { 0 };
	enum hm_query_fail fail;
	struct hm_err err = { 0 };

	if (m->version.n && hm_query_check_retractions(k->ml, k->a,
	                                               hm_modver_of(m->path, m->version), &why,
	                                               &fail, &err)) {
		if (fail == HM_QUERY_DISALLOWED) {
			if (why.n == 0)
				HM_PUSH(k->a, why, HM_S("retracted by module author"));
			m->retracted = why;
		} else if (!is_soft(fail)) {
			hm_modinfo_set_error(k->a, m, &err);
		}
	}
	hm_err_free(&err);
}

static void
add_update(const struct hm_info_ask *k, struct hm_modinfo *m)
{
	struct hm_revinfo rev;
	enum hm_query_fail fail;
	struct hm_err err = { 0 };

	if (!m->version.n)
		return;
	if (hm_query(k->ml, k->a, m->path, HM_S("upgrade"), m->version, HM_ALLOW_CHECKED, &rev,
	             &fail, &err)) {
		if (!is_soft(fail) && fail != HM_QUERY_DISALLOWED)
			hm_modinfo_set_error(k->a, m, &err);
	} else if (hm_gover_mod_cmp(m->path, rev.version, m->version) > 0) {
		m->update = HM_NEW(k->a, struct hm_modinfo);
		m->update->path = m->path;
		m->update->version = rev.version;
		m->update->time = hm_time_rfc3339(k->a, rev.time);
	}
	hm_err_free(&err);
}

static void
add_versions(const struct hm_info_ask *k, struct hm_modinfo *m)
{
	enum hm_allow allow = k->mode & HM_LIST_RETRACTED_VERSIONS ? HM_ALLOW_NOT_EXCLUDED
	                                                           : HM_ALLOW_CHECKED;
	const struct hm_origin *origin;
	struct hm_err err = { 0 };

	if (hm_query_versions(k->ml, k->a, m->path, allow, &m->versions, &origin, &err))
		hm_modinfo_set_error(k->a, m, &err);
	m->origin = hm_query_merge_origin(k->a, m->origin, origin);
	hm_err_free(&err);
}

static void
add_deprecation(const struct hm_info_ask *k, struct hm_modinfo *m)
{
	enum hm_query_fail fail;
	struct hm_err err = { 0 };
	hm_str text;

	if (hm_query_deprecation(k->ml, k->a, hm_modver_of(m->path, m->version), &text, &fail,
	                         &err) == 0)
		m->deprecated = text;
	else if (!is_soft(fail))
		hm_modinfo_set_error(k->a, m, &err);
	hm_err_free(&err);
}

/* A round over many modules on all cores. */
struct round {
	struct lister *l;
	const struct hm_modver *mods; /* make */
	struct hm_modinfo **v;
};

static void
with_arena(struct round *r, size_t i,
           void (*fn)(const struct hm_info_ask *, struct round *, size_t))
{
	struct hm_resolve *res = hm_resolve_of(r->l->ml);
	struct hm_arena_pool_item *mem = hm_arena_pool_take(&res->arenas);
	struct hm_info_ask k = { r->l->ml, &mem->arena, r->l->rs, r->l->mode, r->l->reuse };

	fn(&k, r, i);
	hm_arena_pool_give(&res->arenas, mem);
}

static void
extend_one(const struct hm_info_ask *k, struct round *r, size_t i)
{
	struct hm_modinfo *m = r->v[i];

	if (k->mode & HM_LIST_U)
		add_update(k, m);
	if (k->mode & HM_LIST_VERSIONS)
		add_versions(k, m);
	if (k->mode & HM_LIST_RETRACTED)
		hm_modinfo_add_retraction(k, m);
	if (k->mode & HM_LIST_DEPRECATED)
		add_deprecation(k, m);
}

static void
extend_job(void *ctx, size_t i)
{
	with_arena(ctx, i, extend_one);
}

static void
extend_all(struct lister *l)
{
	struct hm_modinfos todo = { 0 };
	struct round r = { .l = l };

	if (l->mode == 0)
		return;
	for (size_t i = 0; i < l->out->n; i++) {
		if (l->out->v[i]->reuse)
			continue;
		HM_PUSH(l->a, todo, l->out->v[i]);
		if (l->out->v[i]->replace)
			HM_PUSH(l->a, todo, l->out->v[i]->replace);
	}
	r.v = todo.v;
	hm_pool_each(LIST_THREADS, todo.n, extend_job, &r);
}

static void
make_one(const struct hm_info_ask *k, struct round *r, size_t i)
{
	r->v[i] = hm_modinfo_make(k, r->mods[i]);
}

static void
make_job(void *ctx, size_t i)
{
	with_arena(ctx, i, make_one);
}

static void
push_all(struct lister *l, const struct hm_modvers *mods)
{
	struct round r = { l, mods->v, HM_NEW_N(l->a, mods->n, struct hm_modinfo *) };

	hm_pool_each(0, mods->n, make_job, &r);
	for (size_t i = 0; i < mods->n; i++)
		HM_PUSH(l->a, *l->out, r.v[i]);
}

static void
push_one(struct lister *l, const struct hm_reqs *rs, struct hm_modver m, hm_str query,
         const struct hm_origin *origin, bool has_origin)
{
	struct hm_info_ask k = { l->ml, l->a, rs, l->mode, l->reuse };
	struct hm_modinfo *info = hm_modinfo_make(&k, m);

	if (query.n && !hm_str_eq(query, info->version))
		info->query = query;
	if (has_origin)
		info->origin = origin;
	HM_PUSH(l->a, *l->out, info);
}

/* modinfoError: says which module, unless the text does. */
static void
push_error(struct lister *l, hm_str path, hm_str version, enum hm_query_fail fail,
           struct hm_err *err)
{
	struct hm_modinfo *m = HM_NEW(l->a, struct hm_modinfo);
	hm_str named = hm_arena_printf(l->a, "module " HM_F ": ", HM_P(path));

	m->path = path;
	m->version = version;
	if (fail == HM_QUERY_NO_MATCH)
		version = HM_S("");
	if (!hm_str_has_prefix(hm_err_str(err), named))
		hm_modver_wrap(err, hm_modver_of(path, version));
	hm_modinfo_set_error(l->a, m, err);
	HM_PUSH(l->a, *l->out, m);
}

static void
push_text(struct lister *l, hm_str path, const char *text)
{
	struct hm_err err = { 0 };

	hm_err_set(&err, HM_EINVALID, "%s", text);
	push_error(l, path, HM_S(""), HM_QUERY_OTHER, &err);
	hm_err_free(&err);
}

static bool
is_wild(hm_str arg)
{
	return hm_str_eqz(arg, "all") || hm_str_contains(arg, HM_S("..."));
}

static bool
stays_near(hm_str version)
{
	return hm_str_eqz(version, "upgrade") || hm_str_eqz(version, "patch");
}

static int
no_root(struct lister *l, hm_str arg, const char *hint, struct hm_err *err)
{
	hm_str q = hm_str_quote(l->a, arg);

	hm_modload_no_main_modules(l->ml, err);
	return hm_err_wrap(err, "cannot match " HM_F "%s: ", HM_P(q), hint);
}

/* Does the argument need the whole graph?  -1 for one that makes no sense. */
static int
needs_graph(struct lister *l, hm_str arg, bool *needs, struct hm_err *err)
{
	hm_str path, version, v;
	bool found, known;

	if (hm_str_index_byte(arg, '\\') >= 0)
		return hm_err_set(err, HM_EINVALID, "module paths never use backslash");
	if (hm_import_is_local(arg))
		return hm_err_set(err, HM_EINVALID, "cannot use relative path " HM_F
		                  " to specify module", HM_P(arg));
	if (is_wild(arg)) {
		*needs = true;
		return hm_modload_has_root(l->ml) ? 0 : no_root(l, arg, "", err);
	}
	if (hm_modinfo_split_arg(arg, &path, &version, &found, err))
		return -1;
	known = l->rs->pruning != HM_UNPRUNED &&
	        hm_reqs_root_selected(l->ml, l->rs, path, &v);
	if (known || (found && !stays_near(version)))
		return 0;
	*needs = true;
	if (hm_modload_has_root(l->ml) || (!found && (l->mode & HM_LIST_VERSIONS)))
		return 0;
	return no_root(l, arg, found ? "" : " without -versions or an explicit version", err);
}

static hm_str
selected(struct lister *l, hm_str path)
{
	hm_str v = HM_S("");

	if (l->mg)
		return hm_modgraph_selected(l->mg, path);
	hm_reqs_root_selected(l->ml, l->rs, path, &v);
	return v;
}

/* path@version */
static void
list_versioned(struct lister *l, hm_str path, hm_str version)
{
	struct hm_qask ask = { l->ml, l->a, path, version, selected(l, path), HM_ALLOW_CHECKED,
	                       l->reuse };
	struct hm_revinfo rev;
	enum hm_query_fail fail;
	struct hm_err err = { 0 };

	if (hm_str_eqz(ask.current, "none") && l->graph_err.code && stays_near(version))
		return; /* nobody knows what to start from; that is reported already */
	if (hm_query_is_revision(path, version) || (l->mode & HM_LIST_RETRACTED))
		ask.allow = HM_ALLOW_ALL;
	if (hm_query_ask(&ask, &rev, &fail, &err))
		push_error(l, path, version, fail, &err);
	else
		push_one(l, NULL, hm_modver_of(path, rev.version), version, rev.origin, true);
	hm_err_free(&err);
}

static void
list_path(struct lister *l, hm_str path)
{
	hm_str v = selected(l, path);
	struct hm_modinfo *m;

	if (!hm_str_eqz(v, "none")) {
		push_one(l, l->rs, hm_modver_of(path, v), HM_S(""), NULL, false);
	} else if (l->graph_err.code) {
		return;
	} else if (l->ml->build_mod == HM_MOD_VENDOR) {
		push_text(l, path, "can't resolve module using the vendor directory\n"
		          "\t(Use -mod=mod or -mod=readonly to bypass.)");
	} else if (l->mode & HM_LIST_VERSIONS) {
		m = HM_NEW(l->a, struct hm_modinfo);
		m->path = path;
		HM_PUSH(l->a, *l->out, m);
	} else {
		push_text(l, path, "not a known dependency");
	}
}

static void
list_pattern(struct lister *l, hm_str arg)
{
	bool all = hm_str_eqz(arg, "all");
	struct hm_modvers found = { 0 };
	const struct hm_modver *list;
	bool any = false;
	hm_str q;
	size_t n;

	list = hm_modgraph_build_list(l->mg, &n);
	for (size_t i = 0; i < n; i++) {
		if (hm_gover_is_toolchain(list[i].path) ||
		    (!all && !hm_match_pattern(arg, list[i].path)) ||
		    !hm_map_add(&l->matched, hm_modver_str(l->a, list[i])))
			continue;
		any = true;
		HM_PUSH(l->a, found, list[i]);
	}
	if (!any) {
		q = hm_str_quote(l->a, arg);
		hm_log(l->ml->log, HM_LOG_WARN, "warning: pattern " HM_F
		       " matched no module dependencies", HM_P(q));
	}
	push_all(l, &found);
}

static void
list_mains(struct lister *l)
{
	const struct hm_mainmods *mm = l->ml->mains;

	for (size_t i = 0; mm && i < mm->n; i++)
		if (!hm_gover_is_toolchain(mm->v[i].mod.path))
			push_one(l, l->rs, mm->v[i].mod, HM_S(""), NULL, false);
}

static int
list_args(struct lister *l, const struct hm_strs *args, struct hm_err *err)
{
	bool needs = false, found;
	hm_str path, version;

	for (size_t i = 0; i < args->n; i++)
		if (needs_graph(l, args->v[i], &needs, err))
			return -1;
	if (needs && hm_reqs_expand(l->ml, &l->rs, &l->mg, &l->graph_err))
		hm_resolve_note(hm_resolve_of(l->ml), &l->graph_err);
	for (size_t i = 0; i < args->n; i++) {
		if (hm_modinfo_split_arg(args->v[i], &path, &version, &found, err))
			return -1;
		if (found)
			list_versioned(l, path, version);
		else if (is_wild(args->v[i]))
			list_pattern(l, args->v[i]);
		else
			list_path(l, args->v[i]);
	}
	return 0;
}

/* go leaves go.mod and go.sum alone with -u: it looks at more than a build needs. */
static int
finish(struct lister *l, struct hm_err *err)
{
	if (hm_resolve_check(hm_resolve_of(l->ml), err)) {
		l->out->fatal = true;
		return -1;
	}
	if (l->graph_err.code) {
		hm_err_move(err, &l->graph_err);
		return -1;
	}
	l->ml->reqs = l->rs;
	if (l->ml->explicit_write || (l->mode & HM_LIST_U))
		return 0;
	return hm_modload_commit(l->ml, NULL, err);
}

int
hm_modinfo_list(struct hm_modload *ml, struct hm_arena *a, const struct hm_strs *args,
                unsigned mode, hm_str reuse_file, struct hm_modinfos *out, struct hm_err *err)
{
	struct lister l = { .ml = ml, .a = a, .mode = mode, .out = out };
	struct hm_map reuse = { .arena = a };
	int rc;

	*out = (struct hm_modinfos){ .fatal = true };
	l.matched.arena = a;
	hm_resolve_of(ml);
	if (reuse_file.n) {
		if (hm_query_read_reuse(a, reuse_file, &reuse, err))
			return -1;
		l.reuse = &reuse;
	}
	if (hm_modload_file(ml, &l.rs, err))
		return -1;
	if (args->n == 0)
		list_mains(&l);
	else if (list_args(&l, args, err))
		return -1;
	out->fatal = false;
	extend_all(&l);
	rc = finish(&l, err);
	hm_err_free(&l.graph_err);
	return rc;
}
