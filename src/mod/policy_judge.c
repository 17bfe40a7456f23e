/*
 * policy_judge.c - the verdict on one module version, from rules and facts.
 */
#include <strings.h>

#include "codec/time.h"
#include "mod/policy.h"
#include "mod/spdx.h"

enum { VULNS_NAMED_MAX = 50 };

struct judge {
	const struct hm_policy *p;
	const struct hm_policy_facts *f;
	struct hm_arena *arena;
	struct hm_policy_verdict *v;
};

/* ---- which rule counts */

static bool
has_capitals(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

static bool
match_folded(hm_str folded, hm_str path)
{
	struct hm_buf b = { 0 };
	bool is;

	for (size_t i = 0; i < path.n; i++)
		hm_buf_addc(&b, path.p[i] >= 'A' && path.p[i] <= 'Z' ? (char)(path.p[i] + 32)
		                                                     : path.p[i]);
	is = hm_policy_match(folded, hm_buf_str(&b));
	hm_buf_free(&b);
	return is;
}

/* Hosts of code take github.com/Evil/x for github.com/evil/x: a deny means both. */
static bool
matches(const struct hm_policy_rule *r, hm_str path)
{
	if (r->exact)
		return r->pattern.n == path.n &&
		       (r->deny ? strncasecmp(r->pattern.p, path.p, path.n) == 0
		                : memcmp(r->pattern.p, path.p, path.n) == 0);
	if (hm_policy_match(r->pattern, path))
		return true;
	return r->deny && (has_capitals(path) || !hm_str_eq(r->folded, r->pattern)) &&
	       match_folded(r->folded, path);
}

static bool
holds(const struct hm_policy_rule *r, struct hm_modver m)
{
	return matches(r, m.path) && hm_verset_has(&r->versions, m);
}

/* Of equally specific rules, the stricter one. */
static bool
stricter(const struct hm_policy_rule *a, const struct hm_policy_rule *b)
{
	switch (a->check) {
	case HM_POLICY_ADMIT:
		return a->deny && !b->deny;
	case HM_POLICY_RETIRE:
		return a->date < b->date;
	case HM_POLICY_COOLDOWN:
		return a->seconds > b->seconds;
	default:
		return false;
	}
}

/* The rule of the list that decides about m; NULL: none holds. */
static const struct hm_policy_rule *
decisive(const struct hm_policy_rules *list, struct hm_modver m)
{
	const struct hm_policy_rule *best = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct hm_policy_rule *r = &list->v[i];
		if (holds(r, m) && (!best || r->rank > best->rank ||
		                    (r->rank == best->rank && stricter(r, best))))
			best = r;
	}
	return best;
}

/* ---- findings */

static void
until(struct judge *j, int64_t when)
{
	if (when > j->f->now && when < j->v->holds_until)
		j->v->holds_until = when;
}

static hm_str
day(struct judge *j, int64_t unix)
{
	hm_str t = hm_time_rfc3339(j->arena, hm_time_from_unix(unix, 0));

	return t.n > 10 ? hm_str_sub(t, 0, 10) : t;
}

static hm_str
because(struct judge *j, hm_str what, hm_str reason)
{
	if (reason.n == 0)
		return what;
	return hm_arena_printf(j->arena, HM_F ": " HM_F, HM_P(what), HM_P(reason));
}

static void
add(struct judge *j, struct hm_policy_finding f)
{
	HM_PUSH(j->arena, j->v->finding, f);
}

static void
refuse(struct judge *j, enum hm_policy_check check, uint32_t line, hm_str rule, hm_str reason,
       int64_t date)
{
	add(j, (struct hm_policy_finding){ check, true, line, rule, reason, date });
}

/*
 * The exception that holds now, which is noted; NULL when there is none.  *past gets
 * what to say of one that has ended.
 */
static const struct hm_policy_rule *
excepted(struct judge *j, enum hm_policy_check check,
         bool (*fits)(const struct hm_policy_rule *r, const void *ctx), const void *ctx,
         hm_str *past)
{
	const struct hm_policy_rules *list = &j->p->except[check];

	*past = HM_S("");
	for (size_t i = 0; i < list->n; i++) {
		const struct hm_policy_rule *r = &list->v[i];

		if (!holds(r, j->f->m) || (fits && !fits(r, ctx)))
			continue;
		if (j->f->now >= r->date) {
			*past = hm_arena_printf(j->arena,
			                        " (the exception of line %u ended on " HM_F ")",
			                        r->line, HM_P(day(j, r->date - 1)));
			continue;
		}
		until(j, r->date);
		add(j, (struct hm_policy_finding){
			check, false, r->line, r->text,
			hm_arena_printf(j->arena, "excepted from %s: " HM_F,
			                hm_policy_check_name(check), HM_P(r->reason)),
			r->date == HM_POLICY_FOREVER ? 0 : r->date - 1 });
		return r;
	}
	return NULL;
}

/* ---- the checks */

static void
check_admit(struct judge *j)
{
	const struct hm_policy_rule *r = decisive(&j->p->rules[HM_POLICY_ADMIT], j->f->m);

	if (r && r->deny)
		refuse(j, HM_POLICY_ADMIT, r->line, r->text,
		       because(j, r->text, r->reason), 0);
	else if (!r && j->p->default_deny)
		refuse(j, HM_POLICY_ADMIT, j->p->default_line, HM_S("default deny"),
		       because(j, HM_S("no rule allows it"), j->p->default_reason), 0);
}

/* Several lines add up: each names versions that may still be used. */
static void
check_freeze(struct judge *j)
{
	const struct hm_policy_rules *list = &j->p->rules[HM_POLICY_FREEZE];
	const struct hm_policy_rule *r = decisive(list, j->f->m);
	hm_str past, what;

	for (size_t i = 0; r && i < list->n; i++)
		if (holds(&list->v[i], j->f->m) && hm_verset_has(&list->v[i].at, j->f->m))
			return;
	if (!r || excepted(j, HM_POLICY_FREEZE, NULL, NULL, &past))
		return;
	what = hm_arena_printf(j->arena, "not among the versions of \"" HM_F "\"" HM_F,
	                       HM_P(r->text), HM_P(past));
	refuse(j, HM_POLICY_FREEZE, r->line, r->text, because(j, what, r->reason), 0);
}

static void
check_retire(struct judge *j)
{
	const struct hm_policy_rule *r = decisive(&j->p->rules[HM_POLICY_RETIRE], j->f->m);
	hm_str past, what;
	bool over;

	if (!r || excepted(j, HM_POLICY_RETIRE, NULL, NULL, &past))
		return;
	over = j->f->now >= r->date;
	until(j, r->date);
	what = hm_arena_printf(j->arena, "%s " HM_F "%s" HM_F HM_F,
	                       over ? "retired on" : "to be gone by", HM_P(day(j, r->date)),
	                       r->use.n ? ", use " : "", HM_P(r->use), HM_P(past));
	add(j, (struct hm_policy_finding){ HM_POLICY_RETIRE, over, r->line, r->text,
	                                   because(j, what, r->reason), r->date });
}

/* "3 days", "1 hour" */
static hm_str
span(struct judge *j, int64_t seconds)
{
	bool days = seconds >= 2 * 86400;
	int64_t n = seconds / (days ? 86400 : 3600);

	return hm_arena_printf(j->arena, "%lld %s%s", (long long)n, days ? "day" : "hour",
	                       n == 1 ? "" : "s");
}

static void
check_cooldown(struct judge *j)
{
	const struct hm_policy_rule *r = decisive(&j->p->rules[HM_POLICY_COOLDOWN], j->f->m);
	const struct hm_policy_facts *f = j->f;
	hm_str past, what;
	int64_t ready;

	if (!r || r->seconds == 0)
		return;
	if (!(f->known & HM_POLICY_NEED_TIME)) {
		j->v->needs |= HM_POLICY_NEED_TIME;
		return;
	}
	ready = f->time + r->seconds;
	if (f->time && f->now >= ready)
		return;
	if (excepted(j, HM_POLICY_COOLDOWN, NULL, NULL, &past))
		return;
	if (f->time == 0) {
		what = hm_arena_printf(j->arena, "when it was published is not known, and the "
		                       "cooldown is " HM_F HM_F, HM_P(span(j, r->seconds)),
		                       HM_P(past));
	} else {
		until(j, ready);
		what = hm_arena_printf(j->arena, "published " HM_F " ago, the cooldown is " HM_F
		                       ", until " HM_F HM_F,
		                       HM_P(span(j, f->now > f->time ? f->now - f->time : 0)),
		                       HM_P(span(j, r->seconds)),
		                       HM_P(hm_time_rfc3339(j->arena, hm_time_from_unix(ready, 0))),
		                       HM_P(past));
	}
	refuse(j, HM_POLICY_COOLDOWN, r->line, r->text, because(j, what, r->reason),
	       f->time ? ready : 0);
}

static void
check_sumdb(struct judge *j)
{
	const struct hm_policy_rule *r = decisive(&j->p->rules[HM_POLICY_SUMDB], j->f->m);
	hm_str past, what;

	if (!r)
		return;
	if (!(j->f->known & HM_POLICY_NEED_VOUCHED)) {
		j->v->needs |= HM_POLICY_NEED_VOUCHED;
		return;
	}
	if (j->f->vouched || excepted(j, HM_POLICY_SUMDB, NULL, NULL, &past))
		return;
	what = hm_arena_printf(j->arena, "no checksum database vouches for it" HM_F, HM_P(past));
	refuse(j, HM_POLICY_SUMDB, r->line, r->text, because(j, what, r->reason), 0);
}

static bool
fits_vuln(const struct hm_policy_rule *r, const void *ctx)
{
	const struct hm_policy_vuln *u = ctx;

	for (size_t i = 0; i < u->n_alias; i++)
		if (hm_str_eq(u->alias[i], r->id))
			return true;
	return hm_str_eq(u->id, r->id);
}

static hm_str
describe_vuln(struct judge *j, const struct hm_policy_vuln *u)
{
	struct hm_buf b = { 0 };

	hm_buf_adds(&b, u->id);
	for (size_t i = 0; i < u->n_alias && i < 3; i++)
		hm_buf_printf(&b, "%s" HM_F, i ? ", " : " (", HM_P(u->alias[i]));
	if (u->n_alias)
		hm_buf_addc(&b, ')');
	if (u->summary.n)
		hm_buf_printf(&b, ": " HM_F, HM_P(u->summary));
	if (u->fixed.n)
		hm_buf_printf(&b, "; fixed in " HM_F, HM_P(u->fixed));
	return hm_buf_take(&b, j->arena);
}

static void
check_vulnerable(struct judge *j)
{
	const struct hm_policy *p = j->p;

	if (p->osv.n && !(j->f->known & HM_POLICY_NEED_VULNS)) {
		j->v->needs |= HM_POLICY_NEED_VULNS;
		return;
	}
	for (size_t i = 0; p->osv.n && i < j->f->n_vulns && i < VULNS_NAMED_MAX; i++) {
		const struct hm_policy_vuln *u = &j->f->vuln[i];
		const struct hm_policy_osv *o = &p->osv.v[u->osv < p->osv.n ? u->osv : 0];
		hm_str past, what;

		if (u->severity != HM_POLICY_UNRATED && u->severity < o->at_least)
			continue;
		if (excepted(j, HM_POLICY_VULNERABLE, fits_vuln, u, &past))
			continue;
		what = hm_arena_printf(j->arena, HM_F HM_F, HM_P(describe_vuln(j, u)), HM_P(past));
		refuse(j, HM_POLICY_VULNERABLE, o->line, o->text, because(j, what, o->reason), 0);
	}
}

/* ---- licences */

static bool
fits_licence(const struct hm_policy_rule *r, const void *ctx)
{
	return hm_spdx_names(*(const hm_str *)ctx, r->id);
}

static void
check_licence(struct judge *j)
{
	const struct hm_policy *p = j->p;
	const struct hm_policy_rules *except = &p->except[HM_POLICY_LICENCE];
	struct hm_strs list = { 0 };
	hm_str past, what;

	if (p->licences.n == 0)
		return;
	if (!(j->f->known & HM_POLICY_NEED_LICENCE)) {
		j->v->needs |= HM_POLICY_NEED_LICENCE;
		return;
	}
	if (hm_spdx_permitted(&p->licences, j->f->licence))
		return;
	for (size_t i = 0; i < p->licences.n; i++)
		HM_PUSH(j->arena, list, p->licences.v[i]);
	for (size_t i = 0; i < except->n; i++)
		if (holds(&except->v[i], j->f->m) && j->f->now < except->v[i].date)
			HM_PUSH(j->arena, list, except->v[i].id);
	if (excepted(j, HM_POLICY_LICENCE, fits_licence, &j->f->licence, &past) &&
	    hm_spdx_permitted(&list, j->f->licence))
		return;
	if (hm_str_eqz(j->f->licence, "none"))
		what = HM_S("it has no licence file");
	else if (hm_str_eqz(j->f->licence, "unknown"))
		what = HM_S("its licence file holds no licence that is known here");
	else
		what = hm_arena_printf(j->arena, "licence " HM_F " is not on the list",
		                       HM_P(j->f->licence));
	what = hm_arena_printf(j->arena, HM_F HM_F, HM_P(what), HM_P(past));
	refuse(j, HM_POLICY_LICENCE, p->licences_line, HM_S("licences"),
	       because(j, what, p->licences_reason), 0);
}

void
hm_policy_judge(const struct hm_policy *p, struct hm_arena *a, const struct hm_policy_facts *f,
                struct hm_policy_verdict *v)
{
	struct judge j = { p, f, a, v };

	*v = (struct hm_policy_verdict){ .holds_until = HM_POLICY_FOREVER };
	check_admit(&j);
	check_freeze(&j);
	check_retire(&j);
	check_cooldown(&j);
	check_sumdb(&j);
	check_vulnerable(&j);
	check_licence(&j);
	v->answer = hm_policy_refusal(v) ? HM_POLICY_REFUSED
	            : v->needs           ? HM_POLICY_UNDECIDED
	                                 : HM_POLICY_PERMITTED;
}

const struct hm_policy_finding *
hm_policy_refusal(const struct hm_policy_verdict *v)
{
	for (size_t i = 0; i < v->finding.n; i++)
		if (v->finding.v[i].refused)
			return &v->finding.v[i];
	return NULL;
}

hm_str
hm_policy_refusal_text(const struct hm_policy *p, struct hm_arena *a, struct hm_modver m,
                       const struct hm_policy_finding *f)
{
	return hm_arena_printf(a, HM_F ": refused by policy, " HM_F ":%u: " HM_F,
	                       HM_P(hm_modver_str(a, m)), HM_P(p->name), f->line, HM_P(f->reason));
}

bool
hm_policy_denies_path(const struct hm_policy *p, struct hm_arena *a, hm_str path,
                      struct hm_policy_finding *f)
{
	const struct hm_policy_rules *list = &p->rules[HM_POLICY_ADMIT];
	const struct hm_policy_rule *best = NULL;
	struct hm_policy_verdict v = { 0 };
	struct judge j = { .p = p, .arena = a, .v = &v };

	for (size_t i = 0; i < list->n; i++) {
		const struct hm_policy_rule *r = &list->v[i];

		if (r->versions.n || !matches(r, path))
			continue;
		if (!best || r->rank > best->rank || (r->rank == best->rank && r->deny))
			best = r;
	}
	if (best ? !best->deny : !p->default_deny)
		return false;
	for (size_t i = 0; i < list->n; i++) { /* some versions, more specifically? */
		const struct hm_policy_rule *r = &list->v[i];

		if (!r->deny && r->versions.n && hm_policy_match(r->pattern, path) &&
		    (!best || r->rank > best->rank))
			return false;
	}
	*f = (struct hm_policy_finding){
		.check = HM_POLICY_ADMIT, .refused = true,
		.line = best ? best->line : p->default_line,
		.rule = best ? best->text : HM_S("default deny"),
		.reason = best ? because(&j, best->text, best->reason)
		               : because(&j, HM_S("no rule allows it"), p->default_reason),
	};
	return true;
}
