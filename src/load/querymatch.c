/* Which versions a query means, and which of them may be chosen. */
#include "acquire/acquire.h"
#include "load/mainmods.h"
#include "load/queryrepo.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/modsyntax.h"
#include "mod/pseudo.h"
#include "mod/semver.h"

bool
hm_query_is_revision(hm_str path, hm_str query)
{
	return !(hm_str_eqz(query, "latest") || hm_str_eqz(query, "upgrade") ||
	         hm_str_eqz(query, "patch") || hm_str_has_prefix(query, HM_S("<")) ||
	         hm_str_has_prefix(query, HM_S(">")) ||
	         (hm_gover_mod_valid(path, query) && hm_gover_mod_is_prefix(path, query)));
}

static bool
matches_major(hm_str path, hm_str v)
{
	struct hm_err err = { 0 };
	hm_str prefix, major;
	bool ok = hm_modpath_split(path, &prefix, &major) &&
	          hm_modpath_check_major(v, major, &err) == 0;

	hm_err_free(&err);
	return ok;
}

static bool
is_none(hm_str current)
{
	return current.n == 0 || hm_str_eqz(current, "none");
}

/* <v, <=v, >v, >=v */
static int
init_range(struct hm_qmatcher *qm, hm_str query, struct hm_err *err)
{
	bool less = query.p[0] == '<', equal = query.n > 1 && query.p[1] == '=';
	hm_str v = hm_str_from(query, equal ? 2 : 1), qv, qq;

	/* Whether <=v1.2 lets v1.2.3 through is anybody's guess; so with >v1.2. */
	bool refuse_prefix = less == equal;

	if (!hm_gover_mod_valid(qm->path, v) ||
	    (refuse_prefix && hm_gover_mod_is_prefix(qm->path, v))) {
		qv = hm_str_quote(qm->a, v);
		qq = hm_str_quote(qm->a, query);
		return hm_err_set(err, HM_EINVALID, "%s semantic version " HM_F " in range " HM_F,
		                  hm_gover_mod_valid(qm->path, v) ? "ambiguous" : "invalid",
		                  HM_P(qv), HM_P(qq));
	}
	qm->op = less ? (equal ? HM_QF_LE : HM_QF_LT) : (equal ? HM_QF_GE : HM_QF_GT);
	qm->bound = v;
	qm->prefer_lower = !less;
	qm->prefer_incompatible |= !matches_major(qm->path, v);
	return 0;
}

static void
init_version(struct hm_qmatcher *qm, hm_str query)
{
	qm->bound = query;
	if (hm_gover_mod_is_prefix(qm->path, query)) {
		/* v1.2 must not match a pre-release of v1.2.0. */
		qm->prefix = hm_arena_printf(qm->a, HM_F ".", HM_P(query));
		qm->op = HM_QF_GE;
	} else {
		qm->can_stat = true;
		qm->op = HM_QF_EQ;
		qm->prefix = hm_semver_canonical(qm->a, query);
	}
	qm->prefer_incompatible |= !matches_major(qm->path, query);
}

int
hm_qmatcher_init(struct hm_qmatcher *qm, struct hm_modload *ml, struct hm_arena *a, hm_str path,
                 hm_str query, hm_str current, enum hm_allow allow, enum hm_query_fail *fail,
                 struct hm_err *err)
{
	*qm = (struct hm_qmatcher){ .ml = ml, .a = a, .path = path, .allow = allow,
	                            .query = query, .current = current };
	qm->prefer_incompatible = hm_str_has_suffix(current, HM_S("+incompatible"));
	if (hm_str_eqz(query, "latest")) {
		qm->may_use_latest = true;
	} else if (hm_str_eqz(query, "upgrade") && is_none(current)) {
		qm->may_use_latest = true;
	} else if (hm_str_eqz(query, "patch") && is_none(current)) {
		*fail = HM_QUERY_NO_PATCH_BASE;
		return hm_err_set(err, HM_EINVALID, "can't query version \"patch\" of module " HM_F
		                  ": no existing version is required", HM_P(path));
	} else if (hm_str_eqz(query, "upgrade") || hm_str_eqz(query, "patch")) {
		qm->may_use_latest = hm_pseudo_is(current);
		qm->op = HM_QF_GE;
		qm->bound = current;
		if (hm_str_eqz(query, "patch"))
			qm->prefix = hm_arena_printf(
				a, HM_F ".", HM_P(hm_gover_mod_major_minor(a, path, current)));
	} else if (hm_str_has_prefix(query, HM_S("<")) || hm_str_has_prefix(query, HM_S(">"))) {
		*fail = HM_QUERY_OTHER;
		return init_range(qm, query, err);
	} else if (hm_gover_mod_valid(path, query)) {
		init_version(qm, query);
	} else {
		qm->revision = true;
	}
	return 0;
}

static bool
in_range(const struct hm_qmatcher *qm, hm_str v)
{
	int c = qm->op == HM_QF_NONE ? 0 : hm_gover_mod_cmp(qm->path, v, qm->bound);

	switch (qm->op) {
	case HM_QF_NONE: return true;
	case HM_QF_LT: return c < 0;
	case HM_QF_LE: return c <= 0;
	case HM_QF_EQ: return c == 0;
	case HM_QF_GE: return c >= 0;
	case HM_QF_GT: return c > 0;
	}
	return false;
}

static bool
has_prefix(const struct hm_qmatcher *qm, hm_str v)
{
	hm_str p = qm->prefix;

	if (hm_str_has_prefix(v, p))
		return true;
	/* "1.21." also means Go 1.21 itself. */
	hm_str_cut_suffix(&p, HM_S("."));
	return hm_gover_is_toolchain(qm->path) && hm_str_eq(p, v);
}

bool
hm_qmatcher_allows(const struct hm_qmatcher *qm, hm_str version)
{
	enum hm_query_fail fail = HM_QUERY_OK;
	struct hm_err err = { 0 };

	if (!has_prefix(qm, version) || !in_range(qm, version))
		return false;
	hm_query_check(qm->ml, qm->a, hm_modver_of(qm->path, version),
	               hm_query_allow_for(qm->allow, qm->query, qm->current, version), &fail,
	               &err);
	hm_err_free(&err);
	return fail != HM_QUERY_DISALLOWED;
}

/* versionHasGoMod: its go.mod is more than the module line that is made up for a missing one. */
static int
has_go_mod(const struct hm_qmatcher *qm, hm_str version, bool *has, struct hm_err *err)
{
	hm_str data, quoted, fake;

	if (hm_acquire_gomod(qm->ml->acquire, qm->path, version, &data, err))
		return -1;
	quoted = hm_mod_auto_quote(qm->a, qm->path);
	fake = hm_arena_printf(qm->a, "module " HM_F "\n", HM_P(quoted));
	*has = !hm_str_eq(data, fake);
	return 0;
}

int
hm_qmatcher_filter(const struct hm_qmatcher *qm, const struct hm_strs *versions,
                   struct hm_strs *releases, struct hm_strs *prereleases, struct hm_err *err)
{
	bool incompatible = qm->prefer_incompatible, has = false;
	hm_str last = HM_S(""); /* compatible version seen last */

	for (size_t i = 0; i < versions->n; i++) {
		hm_str v = versions->v[i];

		if (!hm_qmatcher_allows(qm, v))
			continue;
		/*
		 * A go.mod in the last compatible version says that the module knows
		 * about modules: then v2.0.0+incompatible and higher do not count.
		 */
		if (!incompatible && !hm_str_has_suffix(v, HM_S("+incompatible"))) {
			last = v;
		} else if (!incompatible && last.n) {
			if (has_go_mod(qm, last, &has, err))
				return -1;
			if (has)
				break;
			incompatible = true;
		}
		if (hm_gover_mod_is_prerelease(qm->path, v))
			HM_PUSH(qm->a, *prereleases, v);
		else
			HM_PUSH(qm->a, *releases, v);
	}
	return 0;
}
