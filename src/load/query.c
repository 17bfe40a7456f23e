#include "load/query.h"

#include <stdlib.h>

#include "acquire/acquire.h"
#include "load/mainmods.h"
#include "load/modinfo.h"
#include "load/queryrepo.h"
#include "load/queryreuse.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"

/* A query at one source. */
struct run {
	const struct hm_qask *ask;
	struct hm_qrepo repo;
	struct hm_qmatcher qm;
	const struct hm_origin *origin; /* of all that was looked at */
	enum hm_query_fail *fail;
};

enum hm_query_fail
hm_query_classify(const struct hm_err *err)
{
	struct hm_err *e = (struct hm_err *)(uintptr_t)err;

	if (hm_acquire_not_exist(err))
		return HM_QUERY_NOT_EXIST;
	if (hm_str_contains(hm_err_str(e), HM_S(": invalid version: ")))
		return HM_QUERY_INVALID_VERSION;
	return HM_QUERY_OTHER;
}

static int
classified(struct run *r, struct hm_err *err)
{
	*r->fail = hm_query_classify(err);
	return -1;
}

const struct hm_origin *
hm_query_merge_origin(struct hm_arena *a, const struct hm_origin *x, const struct hm_origin *y)
{
	struct hm_origin *m;

	if (!x || !y || !hm_str_eq(x->vcs, y->vcs) || !hm_str_eq(x->url, y->url) ||
	    !hm_str_eq(x->subdir, y->subdir))
		return NULL;
	if ((x->hash.n && y->hash.n && !hm_str_eq(x->hash, y->hash)) ||
	    (x->repo_sum.n && y->repo_sum.n && !hm_str_eq(x->repo_sum, y->repo_sum)) ||
	    (x->ref.n && y->ref.n && !hm_str_eq(x->ref, y->ref)) ||
	    (x->tag_sum.n && y->tag_sum.n && (!hm_str_eq(x->tag_sum, y->tag_sum) ||
	                                      !hm_str_eq(x->tag_prefix, y->tag_prefix))))
		return NULL;
	m = HM_NEW(a, struct hm_origin);
	*m = *x;
	if (y->hash.n)
		m->hash = y->hash;
	if (y->tag_sum.n) {
		m->tag_sum = y->tag_sum;
		m->tag_prefix = y->tag_prefix;
	}
	if (y->repo_sum.n)
		m->repo_sum = y->repo_sum;
	if (y->ref.n)
		m->ref = y->ref;
	return m;
}

static bool
keeps_current(hm_str query)
{
	return hm_str_eqz(query, "upgrade") || hm_str_eqz(query, "patch");
}

static bool
is_none(hm_str current)
{
	return current.n == 0 || hm_str_eqz(current, "none");
}

static int
disallowed(struct run *r, hm_str version, struct hm_err *err)
{
	const struct hm_qask *k = r->ask;

	hm_query_check(k->ml, k->a, hm_modver_of(k->path, version),
	               hm_query_allow_for(k->allow, k->query, k->current, version), r->fail, err);
	if (*r->fail == HM_QUERY_DISALLOWED)
		return -1;
	*r->fail = HM_QUERY_OK; /* what cannot be checked is allowed */
	hm_err_clear(err);
	return 0;
}

/* The query names one revision or version. */
static int
ask_stat(struct run *r, struct hm_revinfo *out, struct hm_err *err)
{
	const struct hm_qask *k = r->ask;
	struct hm_err second = { 0 };
	hm_str canonical;

	if (hm_qrepo_stat(&r->repo, k->query, out, err) == 0)
		return disallowed(r, out->version, err);
	/* v1.2.3+meta is v1.2.3 when there is no such tag. */
	canonical = hm_modpath_canonical_version(k->a, k->query);
	if (!canonical.n || hm_str_eq(canonical, k->query))
		return classified(r, err);
	if (hm_qrepo_stat(&r->repo, canonical, out, &second) == 0) {
		hm_err_clear(err);
		hm_err_free(&second);
		return disallowed(r, out->version, err);
	}
	if (!hm_acquire_not_exist(&second))
		hm_err_move(err, &second);
	hm_err_free(&second);
	return classified(r, err);
}

static int
stat_merged(struct run *r, hm_str version, struct hm_revinfo *out, struct hm_err *err)
{
	if (hm_qrepo_stat(&r->repo, version, out, err))
		return classified(r, err);
	r->origin = hm_query_merge_origin(r->ask->a, r->origin, out->origin);
	out->origin = r->origin;
	return 0;
}

/*
 * From a pseudo-version of a branch one does not "upgrade" to what is older,
 * though it may be semantically higher.
 */
static bool
older_than_current(const struct run *r, const struct hm_revinfo *rev)
{
	hm_str current = r->ask->current;
	struct hm_err err = { 0 };
	int64_t sec;
	bool older;

	if (!keeps_current(r->ask->query) || !hm_pseudo_is(current) ||
	    hm_time_is_zero(rev->time))
		return false;
	older = hm_pseudo_time(current, &sec, &err) == 0 &&
	        hm_time_cmp(rev->time, hm_time_from_unix(sec, 0)) < 0;
	hm_err_free(&err);
	return older;
}

static int
look_up(struct run *r, hm_str version, struct hm_revinfo *out, struct hm_err *err)
{
	if (stat_merged(r, version, out, err))
		return -1;
	if (!older_than_current(r, out))
		return 0;
	if (disallowed(r, r->ask->current, err))
		return -1;
	return stat_merged(r, r->ask->current, out, err);
}

static int
no_match(struct run *r, struct hm_err *err)
{
	const struct hm_qask *k = r->ask;
	hm_str q = hm_str_quote(k->a, k->query);

	hm_err_set(err, HM_EINVALID, "no matching versions for query " HM_F, HM_P(q));
	if (keeps_current(k->query) && !is_none(k->current))
		hm_err_append(err, " (current version is " HM_F ")", HM_P(k->current));
	*r->fail = HM_QUERY_NO_MATCH;
	return -1;
}

/* Nothing in the list of versions fits. */
static int
ask_unlisted(struct run *r, struct hm_revinfo *out, struct hm_err *err)
{
	const struct hm_qask *k = r->ask;
	struct hm_revinfo latest;

	if (r->qm.may_use_latest) {
		if (hm_qrepo_latest(&r->repo, &latest, err) == 0) {
			r->origin = hm_query_merge_origin(k->a, r->origin, latest.origin);
			if (hm_qmatcher_allows(&r->qm, latest.version))
				return look_up(r, latest.version, out, err);
		} else if (!hm_acquire_not_exist(err)) {
			return classified(r, err);
		}
		hm_err_clear(err);
	}
	if (keeps_current(k->query) && !is_none(k->current)) {
		if (disallowed(r, k->current, err))
			return -1;
		return look_up(r, k->current, out, err);
	}
	return no_match(r, err);
}

static int
ask_list(struct run *r, struct hm_revinfo *out, struct hm_err *err)
{
	struct hm_strs versions, releases = { 0 }, pre = { 0 };
	const struct hm_strs *from;

	if (hm_qrepo_versions(&r->repo, r->qm.prefix, &versions, &r->origin, err) ||
	    hm_qmatcher_filter(&r->qm, &versions, &releases, &pre, err))
		return classified(r, err);
	from = releases.n ? &releases : &pre;
	if (from->n == 0)
		return ask_unlisted(r, out, err);
	return look_up(r, from->v[r->qm.prefer_lower ? 0 : from->n - 1], out, err);
}

static int
query_disabled(const struct hm_modload *ml, struct hm_err *err)
{
	hm_err_set(err, HM_EOFF, "cannot query module due to -mod=%s",
	           hm_build_mod_name(ml->build_mod));
	if (ml->build_mod_reason.n)
		hm_err_append(err, "\n\t(" HM_F ")", HM_P(ml->build_mod_reason));
	return -1;
}

/* What needs no source. 1: go on. */
static int
ask_nobody(const struct hm_qask *k, struct hm_revinfo *out, struct hm_err *err)
{
	hm_str q;

	if (!is_none(k->current) && !hm_gover_mod_valid(k->path, k->current))
		return hm_err_set(err, HM_EINVALID, "invalid previous version " HM_F "@" HM_F,
		                  HM_P(k->path), HM_P(k->current));
	if (k->ml->build_mod == HM_MOD_VENDOR)
		return query_disabled(k->ml, err);
	if (hm_mainmods_has(k->ml->mains, k->path) && keeps_current(k->query)) {
		*out = (struct hm_revinfo){ 0 };
		return 0;
	}
	if (hm_str_eqz(k->path, "std") || hm_str_eqz(k->path, "cmd")) {
		q = hm_str_quote(k->a, k->query);
		return hm_err_set(err, HM_EINVALID, "can't query specific version (" HM_F
		                  ") of standard-library module \"" HM_F "\"", HM_P(q),
		                  HM_P(k->path));
	}
	return 1;
}

int
hm_query_source(const struct hm_qask *k, hm_str source, struct hm_revinfo *out,
                enum hm_query_fail *fail, struct hm_err *err)
{
	struct run r = { .ask = k, .fail = fail };
	int rc;

	*fail = HM_QUERY_OTHER;
	rc = ask_nobody(k, out, err);
	if (rc <= 0)
		return rc;
	if (hm_qrepo_open(k->ml, k->a, source, k->path, &r.repo, err)) {
		*fail = HM_QUERY_INVALID_PATH;
		return -1;
	}
	if (hm_query_reuse(&r.repo, k, out))
		return 0;
	if (hm_qmatcher_init(&r.qm, k->ml, k->a, k->path, k->query, k->current, k->allow, fail,
	                     err))
		return -1;
	if (r.qm.can_stat || r.qm.revision)
		return ask_stat(&r, out, err);
	return ask_list(&r, out, err);
}

/*
 * hm_acquire_try() picks one of the sources' errors; its text tells which, and
 * so what kind it was.
 */
struct tries {
	const struct hm_qask *ask;
	struct hm_revinfo *out;
	HM_VEC(struct try { hm_str text; enum hm_query_fail fail; }) failed;
};

static int
try_source(void *ctx, hm_str source, struct hm_err *err)
{
	struct tries *t = ctx;
	struct try f;

	if (hm_query_source(t->ask, source, t->out, &f.fail, err) == 0)
		return 0;
	f.text = hm_arena_dup(t->ask->a, hm_err_str(err));
	HM_PUSH(t->ask->a, t->failed, f);
	return -1;
}

static enum hm_query_fail
fail_of(const struct tries *t, struct hm_err *err)
{
	for (size_t i = 0; i < t->failed.n; i++)
		if (hm_str_eq(t->failed.v[i].text, hm_err_str(err)))
			return t->failed.v[i].fail;
	return hm_query_classify(err);
}

int
hm_query_ask(const struct hm_qask *ask, struct hm_revinfo *out, enum hm_query_fail *fail,
             struct hm_err *err)
{
	struct tries t = { .ask = ask, .out = out };
	enum hm_query_fail ignored;

	if (!fail)
		fail = &ignored;
	*fail = HM_QUERY_OK;
	*out = (struct hm_revinfo){ 0 };
	if (hm_acquire_try(ask->ml->acquire, try_source, &t, err) == 0)
		return 0;
	*fail = fail_of(&t, err);
	return -1;
}

int
hm_query(struct hm_modload *ml, struct hm_arena *a, hm_str path, hm_str query, hm_str current,
         enum hm_allow allow, struct hm_revinfo *out, enum hm_query_fail *fail, struct hm_err *err)
{
	struct hm_qask ask = { ml, a, path, query, current, allow, NULL };

	return hm_query_ask(&ask, out, fail, err);
}

struct list_try {
	struct hm_modload *ml;
	struct hm_arena *a;
	hm_str path;
	enum hm_allow allow;
	struct hm_strs *out;
	const struct hm_origin **origin;
};

static int
list_source(void *ctx, hm_str source, struct hm_err *err)
{
	struct list_try *t = ctx;
	struct hm_qrepo repo;
	struct hm_strs all;

	if (hm_qrepo_open(t->ml, t->a, source, t->path, &repo, err) ||
	    hm_qrepo_versions(&repo, HM_S(""), &all, t->origin, err))
		return -1;
	*t->out = (struct hm_strs){ 0 };
	for (size_t i = 0; i < all.n; i++) {
		enum hm_query_fail fail = HM_QUERY_OK;

		if (hm_query_check(t->ml, t->a, hm_modver_of(t->path, all.v[i]), t->allow, &fail,
		                   err) == 0) {
			HM_PUSH(t->a, *t->out, all.v[i]);
		} else if (fail != HM_QUERY_DISALLOWED) {
			return -1;
		}
		hm_err_clear(err);
	}
	return 0;
}

int
hm_query_versions(struct hm_modload *ml, struct hm_arena *a, hm_str path, enum hm_allow allow,
                  struct hm_strs *out, const struct hm_origin **origin, struct hm_err *err)
{
	struct list_try t = { ml, a, path, allow, out, origin };

	*out = (struct hm_strs){ 0 };
	*origin = NULL;
	return hm_acquire_try(ml->acquire, list_source, &t, err);
}
