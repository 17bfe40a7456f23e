/* Excluded, retracted and deprecated modules. */
#include "acquire/acquire.h"
#include "base/rune.h"
#include "load/importstate.h"
#include "load/mainmods.h"
#include "load/modfiles.h"
#include "load/queryrepo.h"
#include "mod/gover.h"

enum { MAX_SHORT = 500 };

/* unicode.IsGraphic goes by strconv's table plus the spaces, which callers take apart. */
static bool
is_shown(uint32_t r)
{
	return hm_rune_is_print(r) || hm_rune_is_space(r);
}

hm_str
hm_query_short_message(struct hm_arena *a, hm_str message, hm_str empty_default)
{
	hm_str rest;

	hm_str_cut(message, '\n', &message, &rest);
	message = hm_str_trim(message);
	if (message.n == 0)
		return empty_default;
	if (message.n > MAX_SHORT)
		return HM_S("(message omitted: too long)");
	for (size_t i = 0; i < message.n;)
		if (!is_shown(hm_str_rune(message, &i)))
			return HM_S("(message omitted: contains non-printable characters)");
	return hm_arena_dup(a, message);
}

int
hm_query_check_exclusions(struct hm_modload *ml, struct hm_modver m, struct hm_err *err)
{
	if (!hm_modload_excluded(ml, m))
		return 0;
	hm_err_set(err, HM_EFORBIDDEN, "excluded by go.mod");
	return hm_modver_wrap(err, m);
}

/* queryLatestVersionIgnoringRetractions, kept. */
struct latest {
	struct hm_modver m;
	enum hm_code code;
	enum hm_query_fail fail;
	hm_str msg;
};

static void
ask_latest(struct hm_modload *ml, struct hm_arena *a, struct hm_memo *memo, hm_str path,
           struct latest *l)
{
	struct hm_modver all = hm_modload_replacement(ml, hm_modver_of(path, HM_S("")));
	struct hm_revinfo rev;
	struct hm_err err = { 0 };

	if (all.path.n) {
		l->m = all;
	} else if (hm_query(ml, a, path, HM_S("latest"), HM_S(""), HM_ALLOW_ALL, &rev, &l->fail,
	                    &err)) {
		l->code = err.code;
		l->msg = hm_memo_dup(memo, hm_err_str(&err));
	} else {
		l->m = hm_modload_resolve(ml, hm_modver_of(path, rev.version));
	}
	l->m.path = hm_memo_dup(memo, l->m.path);
	l->m.version = hm_memo_dup(memo, l->m.version);
	hm_err_free(&err);
}

static int
latest(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_modver *out,
       enum hm_query_fail *fail, struct hm_err *err)
{
	struct hm_memo *memo = &hm_resolve_of(ml)->latest;
	struct hm_memo_slot *slot;
	struct latest *l;

	if (hm_memo_claim(memo, path, &slot)) {
		l = hm_memo_alloc(memo, sizeof(*l));
		ask_latest(ml, a, memo, path, l);
		hm_memo_done(memo, slot, 0, l);
	}
	l = slot->val;
	*out = l->m;
	*fail = l->fail;
	if (l->code)
		return hm_err_set(err, l->code, HM_F, HM_P(l->msg));
	return 0;
}

/* The go.mod that retracts and deprecates: that of the latest version. */
static int
latest_summary(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m,
               const struct hm_modsummary **out, struct hm_modver *from,
               enum hm_query_fail *fail, struct hm_err *err)
{
	if (latest(ml, a, m.path, from, fail, err))
		return -1;
	if (hm_modload_raw_summary(ml, *from, out, err) == 0)
		return 0;
	hm_resolve_note(hm_resolve_of(ml), err);
	if (hm_err_is(err, HM_ETOOLCHAIN) && *out) {
		hm_err_clear(err); /* it need not be understood for this */
		return 0;
	}
	*fail = hm_query_classify(err);
	return -1;
}

/* The latest version is not what was asked about: its name goes off the message. */
static void
drop_module_prefix(struct hm_err *err, hm_str path, struct hm_arena *a)
{
	hm_str text = hm_arena_dup(a, hm_err_str(err)),
	       at = hm_arena_printf(a, HM_F "@", HM_P(path));
	enum hm_code code = err->code;
	ptrdiff_t colon = hm_str_index(text, HM_S(": "));
	bool by_path =
		hm_str_cut_prefix(&text, hm_arena_printf(a, "module " HM_F ": ", HM_P(path)));

	if (!by_path && !(colon >= 0 && hm_str_has_prefix(text, at)))
		return;
	if (!by_path)
		text = hm_str_from(text, (size_t)colon + 2);
	hm_err_clear(err);
	hm_err_set(err, code, HM_F, HM_P(text));
}

static int
retracted(struct hm_arena *a, struct hm_modver m, const struct hm_strs *rationale,
          enum hm_query_fail *fail, struct hm_err *err)
{
	hm_str why;

	hm_err_set(err, HM_EFORBIDDEN, "retracted by module author");
	if (rationale->n) {
		why = hm_query_short_message(a, rationale->v[0],
		                             HM_S("retracted by module author"));
		hm_err_append(err, ": " HM_F, HM_P(why));
	}
	*fail = HM_QUERY_DISALLOWED;
	return hm_modver_wrap(err, m);
}

static bool
all_replaced(const struct hm_modload *ml, hm_str path)
{
	return hm_modload_replacement(ml, hm_modver_of(path, HM_S(""))).path.n > 0;
}

int
hm_query_check_retractions(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m,
                           struct hm_strs *rationale, enum hm_query_fail *fail, struct hm_err *err)
{
	const struct hm_modsummary *s = NULL;
	struct hm_strs why = { 0 };
	struct hm_modver from = { 0 };
	bool is_retracted = false;

	*fail = HM_QUERY_OK;
	if (!m.version.n || all_replaced(ml, m.path))
		return 0;
	if (latest_summary(ml, a, m, &s, &from, fail, err)) {
		drop_module_prefix(err, m.path, a);
		return hm_err_wrap(err, "loading module retractions for " HM_F "@" HM_F ": ",
		                   HM_P(m.path), HM_P(m.version));
	}
	for (size_t i = 0; i < s->n_retract; i++) {
		const struct hm_retraction *r = &s->retract[i];

		if (hm_gover_mod_cmp(m.path, r->low, m.version) > 0 ||
		    hm_gover_mod_cmp(m.path, m.version, r->high) > 0)
			continue;
		is_retracted = true;
		if (r->rationale.n)
			HM_PUSH(a, why, r->rationale);
	}
	if (rationale)
		*rationale = why;
	return is_retracted ? retracted(a, m, &why, fail, err) : 0;
}

enum hm_allow
hm_query_allow_for(enum hm_allow allow, hm_str query, hm_str current, hm_str version)
{
	if (allow != HM_ALLOW_ASKED)
		return allow;
	if (hm_str_eq(version, query))
		return HM_ALLOW_NOT_EXCLUDED;
	if ((hm_str_eqz(query, "upgrade") || hm_str_eqz(query, "patch")) &&
	    hm_str_eq(version, current))
		return HM_ALLOW_ALL;
	return HM_ALLOW_CHECKED;
}

int
hm_query_check(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m, enum hm_allow allow,
               enum hm_query_fail *fail, struct hm_err *err)
{
	*fail = HM_QUERY_OK;
	if (allow == HM_ALLOW_ALL)
		return 0;
	if (hm_query_check_exclusions(ml, m, err) ||
	    (!hm_gover_is_toolchain(m.path) && hm_acquire_permitted(ml->acquire, m, err))) {
		*fail = HM_QUERY_DISALLOWED;
		return -1;
	}
	if (allow == HM_ALLOW_NOT_EXCLUDED)
		return 0;
	return hm_query_check_retractions(ml, a, m, NULL, fail, err);
}

int
hm_query_deprecation(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m, hm_str *out,
                     enum hm_query_fail *fail, struct hm_err *err)
{
	const struct hm_modsummary *s = NULL;
	struct hm_modver from = { 0 };

	*fail = HM_QUERY_OK;
	*out = HM_S("");
	if (!m.version.n || all_replaced(ml, m.path))
		return 0;
	if (latest_summary(ml, a, m, &s, &from, fail, err))
		return hm_err_wrap(err, "loading deprecation for " HM_F ": ", HM_P(m.path));
	*out = s->deprecated;
	return 0;
}
