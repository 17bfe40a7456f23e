/* Which module, at which version, has packages that match a pattern. */
#include "acquire/acquire.h"
#include "base/path.h"
#include "load/import.h"
#include "load/importstate.h"
#include "load/mainmods.h"
#include "load/queryrepo.h"
#include "load/search.h"
#include "mod/gover.h"
#include "mod/match.h"
#include "mod/modpath.h"
#include "os/pool.h"

/* One QueryPattern(). */
struct pq {
	struct hm_modload *ml;
	struct hm_arena *a;
	hm_str pattern, query;
	bool wild;
	hm_query_current *current;
	void *ctx;
	enum hm_allow allow;
	struct hm_strs prefixes; /* module paths that may contain it, longest first */
	struct hm_query_results *out;
	enum hm_query_fail fail; /* of the source tried last */
	hm_str fail_text;
	HM_VEC(struct pq_try { hm_str text; enum hm_query_fail fail; }) tries;
};

/* A module path at one source. */
struct cand {
	struct hm_query_result r;
	bool ok;
	enum hm_query_fail fail;
	enum hm_code code;
	hm_str msg;
	struct hm_modver not_in; /* NOT_IN_MODULE: the module */
};

struct round {
	struct pq *pq;
	hm_str source;
	struct cand *v;
};

/* The packages of a module (root: its files) that match. */
static void
match_in(struct pq *p, struct hm_arena *a, struct hm_modver mod, const hm_str *roots, size_t n,
         bool local, struct hm_match *m)
{
	const struct hm_mainmod *main = hm_mainmods_find(p->ml->mains, mod.path);
	hm_str prefix = main ? main->prefix : mod.path, dir;
	struct hm_err err = { 0 };
	bool ok;

	*m = (struct hm_match){ .pattern = p->pattern };
	if (p->wild) {
		hm_search_packages(p->ml, a, m, true, HM_SEARCH_OMIT_STD, &mod, 1);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (hm_import_dir_in_module(p->ml, a, p->pattern, prefix, roots[i], local, &dir,
		                            &ok, &err)) {
			hm_match_add_error(a, m, HM_IMPORT_OTHER, &err);
		} else if (ok) {
			m->pkgs = (struct hm_strs){ 0 };
			HM_PUSH(a, m->pkgs, p->pattern);
		}
	}
	hm_err_free(&err);
}

static int
set_fail(enum hm_query_fail *fail, enum hm_query_fail what)
{
	*fail = what;
	return -1;
}

static int
not_in_module(struct pq *p, struct hm_arena *a, struct hm_modver m, struct hm_err *err)
{
	struct hm_modver r = hm_modload_replacement(p->ml, m);
	hm_str found = HM_S(""), by;

	if (r.path.n) {
		by = hm_modver_str(a, r);
		found = hm_str_eq(p->query, m.version)
		        ? hm_arena_printf(a, " (replaced by " HM_F ")", HM_P(by))
		        : hm_arena_printf(a, " (" HM_F ", replaced by " HM_F ")",
		                          HM_P(m.version), HM_P(by));
	} else if (!hm_str_eq(p->query, m.version)) {
		found = hm_arena_printf(a, " (" HM_F ")", HM_P(m.version));
	}
	return hm_err_set(err, HM_EINVALID, "module " HM_F "@" HM_F " found" HM_F
	                  ", but does not contain package%s " HM_F, HM_P(m.path), HM_P(p->query),
	                  HM_P(found), p->wild ? "s matching" : "", HM_P(p->pattern));
}

/* queryModule */
static int
query_module(struct pq *p, struct hm_arena *a, hm_str source, hm_str path, struct cand *c,
             struct hm_err *err)
{
	struct hm_qask ask = { p->ml, a, path, p->query, p->current(p->ctx, path), p->allow, NULL };
	struct hm_match m;
	hm_str root;
	bool local;

	c->r.mod.path = path;
	if (hm_query_source(&ask, source, &c->r.rev, &c->fail, err))
		return -1;
	c->r.mod.version = c->r.rev.version;
	if (hm_gover_is_toolchain(path))
		return 0;
	if (hm_import_fetch(p->ml, a, c->r.mod, &root, &local, err)) {
		c->fail = hm_query_classify(err);
		return -1;
	}
	match_in(p, a, c->r.mod, &root, 1, local, &m);
	c->r.pkgs = m.pkgs;
	if (m.pkgs.n || hm_match_pattern(p->pattern, path))
		return 0;
	if (m.errs.n) {
		c->fail = HM_QUERY_OTHER;
		return hm_err_set(err, m.errs.v[0].code, HM_F, HM_P(m.errs.v[0].text));
	}
	c->fail = HM_QUERY_NOT_IN_MODULE;
	c->not_in = c->r.mod;
	return not_in_module(p, a, c->r.mod, err);
}

static void
run_cand(void *ctx, size_t i)
{
	struct round *r = ctx;
	struct cand *c = &r->v[i];
	struct hm_resolve *res = hm_resolve_of(r->pq->ml);
	struct hm_arena_pool_item *mem = hm_arena_pool_take(&res->arenas);
	struct hm_err err = { 0 };

	c->ok = query_module(r->pq, &mem->arena, r->source, r->pq->prefixes.v[i], c, &err) == 0;
	if (!c->ok) {
		c->code = err.code;
		c->msg = hm_arena_dup(&mem->arena, hm_err_str(&err));
	}
	hm_err_free(&err);
	hm_arena_pool_give(&res->arenas, mem);
}

/* Errors by how much they tell the user, most first; only the first of each kind counts. */
static const struct cand *
most_telling(struct pq *p, const struct cand *v)
{
	static const enum hm_query_fail rank[] = {
		HM_QUERY_NOT_IN_MODULE, HM_QUERY_NO_MATCH, HM_QUERY_NO_PATCH_BASE,
		HM_QUERY_INVALID_PATH, HM_QUERY_INVALID_VERSION, HM_QUERY_NOT_EXIST,
	};
	bool found = false, no_package = false;

	for (size_t i = 0; i < p->prefixes.n; i++) {
		found |= v[i].ok;
		no_package |= !v[i].ok && v[i].fail == HM_QUERY_NOT_IN_MODULE;
		/* An error of another kind counts unless a longer path looked promising. */
		if (!v[i].ok && (v[i].fail == HM_QUERY_OTHER || v[i].fail == HM_QUERY_DISALLOWED) &&
		    !found && !no_package)
			return &v[i];
	}
	for (size_t k = 0; !found && k < sizeof(rank) / sizeof(*rank); k++) {
		const struct cand *first = NULL;

		for (size_t i = 0; i < p->prefixes.n; i++)
			if (!v[i].ok && v[i].fail == rank[k] &&
			    (!first || (rank[k] == HM_QUERY_NOT_IN_MODULE &&
			                hm_mainmods_has(p->ml->mains, first->not_in.path))))
				first = &v[i];
		if (first)
			return first;
	}
	return NULL;
}

/* queryPrefixModules at one source */
static int
try_source(void *ctx, hm_str source, struct hm_err *err)
{
	struct pq *p = ctx;
	struct round r = { p, source, HM_NEW_N(p->a, p->prefixes.n, struct cand) };
	const struct cand *bad;
	struct pq_try t;

	hm_pool_each((unsigned)(p->prefixes.n > 16 ? 16 : p->prefixes.n), p->prefixes.n, run_cand,
	             &r);
	p->out->n = 0;
	for (size_t i = 0; i < p->prefixes.n; i++) {
		if (!r.v[i].ok)
			continue;
		if (r.v[i].r.pkgs.n) {
			HM_PUSH(p->a, *p->out, r.v[i].r);
			continue;
		}
		p->out->has_mod_only = true;
		p->out->mod_only = r.v[i].r;
	}
	bad = most_telling(p, r.v);
	if (!bad)
		return 0;
	t = (struct pq_try){ bad->msg, bad->fail };
	HM_PUSH(p->a, p->tries, t);
	return hm_err_set(err, bad->code, HM_F, HM_P(bad->msg));
}

/* modulePrefixesExcludingTarget */
static void
add_prefixes(struct pq *p, hm_str path)
{
	hm_str prefix, major;

	for (;;) {
		ptrdiff_t slash;

		if (!hm_mainmods_has(p->ml->mains, path) &&
		    hm_modpath_split(path, &prefix, &major))
			HM_PUSH(p->a, p->prefixes, path);
		slash = hm_str_rindex_byte(path, '/');
		if (slash < 0)
			return;
		path.n = (size_t)slash;
	}
}

static bool
keeps_current(hm_str query)
{
	return hm_str_eqz(query, "upgrade") || hm_str_eqz(query, "patch");
}

int
hm_query_in_main_error(hm_str pattern, hm_str query, const struct hm_strs *pkgs,
                       struct hm_err *err)
{
	if (pkgs->n > 1)
		return hm_err_set(err, HM_EINVALID, "pattern " HM_F " matches %zu packages in the "
		                  "main module, so can't request version " HM_F, HM_P(pattern),
		                  pkgs->n, HM_P(query));
	if (hm_import_is_meta(pattern) || hm_str_contains(pattern, HM_S("...")))
		return hm_err_set(err, HM_EINVALID, "pattern " HM_F " matches package " HM_F
		                  " in the main module, so can't request version " HM_F,
		                  HM_P(pattern), HM_P(pkgs->v[0]), HM_P(query));
	return hm_err_set(err, HM_EINVALID, "package " HM_F " is in the main module, so can't "
	                  "request version " HM_F, HM_P(pkgs->v[0]), HM_P(query));
}

int
hm_query_mains_error(const struct hm_modload *ml, hm_str pattern, hm_str query,
                     const struct hm_strs *mains, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str q = hm_str_quote(&a, query), p = hm_str_quote(&a, pattern);
	hm_str list = hm_strs_join(&a, mains, HM_S(", "));

	if (hm_mainmods_has(ml->mains, pattern))
		hm_err_set(err, HM_EINVALID, "can't request version " HM_F " of the main module ("
		           HM_F ")", HM_P(q), HM_P(pattern));
	else
		hm_err_set(err, HM_EINVALID, "can't request version " HM_F " of pattern " HM_F
		           " that includes the main module%s (" HM_F ")", HM_P(q), HM_P(p),
		           mains->n > 1 ? "s" : "", HM_P(list));
	hm_arena_free(&a);
	return -1;
}

/* Main modules win over all others.  1: not (only) there, go on. */
static int
look_in_mains(struct pq *p, struct hm_strs *mains, struct hm_err *err)
{
	const struct hm_mainmods *mm = p->ml->mains;

	for (size_t i = 0; mm && i < mm->n; i++) {
		struct hm_query_result r = { .mod = mm->v[i].mod };
		struct hm_match m;

		match_in(p, p->a, r.mod, p->ml->mod_roots, p->ml->n_mod_roots, true, &m);
		if (m.pkgs.n && !keeps_current(p->query))
			return hm_query_in_main_error(p->pattern, p->query, &m.pkgs, err);
		if (m.pkgs.n) {
			r.pkgs = m.pkgs;
			HM_PUSH(p->a, *p->out, r);
			return 0;
		}
		if (m.errs.n)
			return hm_err_set(err, m.errs.v[0].code, HM_F, HM_P(m.errs.v[0].text));
		if (!hm_match_pattern(p->pattern, r.mod.path))
			continue;
		HM_PUSH(p->a, *mains, r.mod.path);
		if (keeps_current(p->query)) {
			p->out->has_mod_only = true;
			p->out->mod_only = r;
		}
	}
	return 1;
}

static int
no_prefixes(struct pq *p, const struct hm_strs *mains, enum hm_query_fail *fail,
            struct hm_err *err)
{
	if (p->out->has_mod_only)
		return 0;
	if (mains->n)
		return hm_query_mains_error(p->ml, p->pattern, p->query, mains, err);
	set_fail(fail, HM_QUERY_NOT_IN_MODULE);
	return hm_err_set(err, HM_EINVALID,
	                  "module @" HM_F " found, but does not contain package%s " HM_F,
	                  HM_P(p->query), p->wild ? "s matching" : "", HM_P(p->pattern));
}

static enum hm_query_fail
fail_of(const struct pq *p, struct hm_err *err)
{
	for (size_t i = 0; i < p->tries.n; i++)
		if (hm_str_eq(p->tries.v[i].text, hm_err_str(err)))
			return p->tries.v[i].fail;
	return hm_query_classify(err);
}

int
hm_query_pattern(struct hm_modload *ml, struct hm_arena *a, hm_str pattern, hm_str query,
                 hm_query_current *current, void *ctx, enum hm_allow allow,
                 struct hm_query_results *out, enum hm_query_fail *fail, struct hm_err *err)
{
	struct pq p = { .ml = ml, .a = a, .pattern = pattern, .query = query, .current = current,
	                .ctx = ctx, .allow = allow, .out = out };
	ptrdiff_t dots = hm_str_index(pattern, HM_S("..."));
	hm_str base = pattern;
	struct hm_strs mains = { 0 };
	enum hm_query_fail ignored;
	int rc;

	fail = fail ? fail : &ignored;
	*fail = HM_QUERY_OTHER;
	*out = (struct hm_query_results){ 0 };
	if (dots >= 0) {
		p.wild = true;
		base = hm_path_dir(a, hm_str_sub(pattern, 0, (size_t)dots + 3));
		if (hm_str_eqz(base, "."))
			return hm_err_set(err, HM_EINVALID, "no modules to query for " HM_F "@" HM_F
			                  " because first path element contains a wildcard",
			                  HM_P(pattern), HM_P(query));
	}
	rc = look_in_mains(&p, &mains, err);
	if (rc <= 0)
		return rc;
	add_prefixes(&p, base);
	if (p.prefixes.n == 0)
		return no_prefixes(&p, &mains, fail, err);
	if (hm_acquire_try(ml->acquire, try_source, &p, err) == 0) {
		*fail = HM_QUERY_OK;
		return 0;
	}
	*fail = fail_of(&p, err);
	if (mains.n && out->n == 0 && !out->has_mod_only && *fail == HM_QUERY_NOT_EXIST) {
		*fail = HM_QUERY_OTHER;
		hm_err_clear(err);
		return hm_query_mains_error(ml, pattern, query, &(struct hm_strs){ 0 }, err);
	}
	return -1;
}

int
hm_query_packages(struct hm_modload *ml, struct hm_arena *a, hm_str pattern, hm_str query,
                  hm_query_current *current, void *ctx, enum hm_allow allow,
                  struct hm_query_results *out, enum hm_query_fail *fail, struct hm_err *err)
{
	struct pq p = { .ml = ml, .a = a, .pattern = pattern, .query = query };

	p.wild = hm_str_contains(pattern, HM_S("..."));
	if (hm_query_pattern(ml, a, pattern, query, current, ctx, allow, out, fail, err))
		return -1;
	if (out->n)
		return 0;
	if (fail)
		*fail = HM_QUERY_NOT_IN_MODULE;
	return not_in_module(&p, a, out->mod_only.mod, err);
}
