/*
 * gate_list.c - lists and @latest as a policy leaves them.
 */
#include "codec/json.h"
#include "gate_priv.h"
#include "os/clock.h"
#include "seen.h"

struct filter {
	struct proxy *p;
	struct rules *rules;
	struct hm_arena *a;
	const struct route *r;
	bool ask;
	int64_t now;
};

static int
judge(const struct filter *f, struct hm_guard_facts from, hm_str version,
      struct hm_policy_verdict *v, struct hm_err *err)
{
	from.licence = NULL; /* it is known once there is a zip */
	return hm_guard_judge(f->rules->guard, f->a, hm_modver_of(f->r->path, version), f->now,
	                      &from, false, v, err);
}

/* HM_EPOLICY when rules, time, database or vulnerabilities speak against it; not the licence. */
static int
may_list(const struct filter *f, struct hm_guard_facts from, hm_str version, struct hm_err *err)
{
	struct hm_policy_verdict v;

	if (judge(f, from, version, &v, err))
		return -1;
	return hm_guard_error(f->rules->guard, hm_modver_of(f->r->path, version), &v, err);
}

static bool
wants_times(const struct filter *f)
{
	const struct hm_policy_rules *rules = &f->rules->guard->policy->rules[HM_POLICY_COOLDOWN];

	for (size_t i = 0; i < rules->n; i++)
		if (rules->v[i].seconds && hm_policy_match(rules->v[i].pattern, f->r->path))
			return true;
	return false;
}

/* The versions that may be seen, in their order. */
static void
permitted(const struct filter *f, hm_str list, struct hm_strs *out)
{
	struct gate_facts facts = { .p = f->p };
	struct hm_guard_facts from = gate_facts_at_hand(&facts);
	struct gate_times times;
	struct hm_strs first = { 0 };
	struct hm_err err = { 0 };
	hm_str version;

	while (hm_str_next(&list, '\n', &version)) {
		if (version.n && may_list(f, from, version, &err) == 0)
			HM_PUSH(f->a, first, version);
		hm_err_clear(&err);
	}
	if (!wants_times(f)) {
		*out = first;
		return;
	}
	gate_times(f->p, f->a, f->r->path, &first, f->ask, &times);
	facts.times = &times;
	from = gate_facts(&facts);
	for (size_t i = 0; i < first.n; i++) {
		if (may_list(f, from, first.v[i], &err) == 0)
			HM_PUSH(f->a, *out, first.v[i]);
		hm_err_clear(&err);
	}
	hm_err_free(&err);
}

/* The version that @latest would be. */
static hm_str
best_of(const struct filter *f, const struct hm_strs *list)
{
	return highest_version(hm_strs_join(f->a, list, HM_S("\n")));
}

/*
 * Why none of a list may be used: told by its highest version.  Where that is young or
 * vulnerable an older commit may be in use, whose updates must not fail: the list is
 * empty then, which sends go to @latest, and that says it where there is none.
 */
static int
refuse_list(const struct filter *f, hm_str body, struct hm_err *err)
{
	struct gate_facts facts = { .p = f->p };
	hm_str version = highest_version(body);
	const struct hm_policy_finding *why;
	struct hm_policy_verdict v;

	if (version.n == 0)
		return 0;
	if (judge(f, gate_facts(&facts), version, &v, err))
		return -1;
	why = hm_policy_refusal(&v);
	if (why && (why->check == HM_POLICY_COOLDOWN || why->check == HM_POLICY_VULNERABLE))
		return 0;
	return hm_guard_error(f->rules->guard, hm_modver_of(f->r->path, version), &v, err);
}

static int
filter_list(const struct filter *f, hm_str *body, struct hm_err *err)
{
	const struct hm_policy *p = f->rules->guard->policy;
	struct hm_policy_finding why;
	struct hm_strs list = { 0 };
	struct hm_buf b = { 0 };

	if (hm_policy_denies_path(p, f->a, f->r->path, &why))
		return hm_err_set(err, HM_EPOLICY, HM_F,
		                  HM_P(hm_policy_refusal_text(p, f->a,
		                                              hm_modver_of(f->r->path, HM_S("")),
		                                              &why)));
	permitted(f, *body, &list);
	if (list.n == 0 && refuse_list(f, *body, err))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		hm_buf_printf(&b, HM_F "\n", HM_P(list.v[i]));
	*body = hm_buf_take(&b, f->a);
	return 0;
}

static hm_str
version_of(struct hm_arena *a, hm_str json)
{
	const struct hm_json *j;
	struct hm_err err = { 0 };
	hm_str v = { 0 };

	if (hm_json_parse(a, json, &j, &err) == 0)
		v = hm_json_get_str(j, "Version");
	hm_err_free(&err);
	return v;
}

/* What upstream and the store have as the module's versions; the store's commits, too. */
static bool
known_versions(const struct filter *f, hm_str *list)
{
	struct route r = *f->r;
	hm_str own = stored_versions(f->p, f->a, r.path);
	int64_t when;

	r.want = WANT_LIST;
	r.url = hm_arena_printf(f->a, HM_F "/@v/list",
	                        HM_P(hm_str_sub(r.url, 0, r.url.n - strlen("/@latest"))));
	if (!seen_read(f->p, f->a, &r, list, &when) &&
	    !(f->ask && gate_list(f->p, f->a, f->r->path, list)))
		*list = HM_S("");
	*list = hm_arena_printf(f->a, HM_F "\n" HM_F, HM_P(*list), HM_P(own));
	return list->n > 1;
}

/* upstream's own choice if that may be used, else the best of the list. */
static int
filter_latest(const struct filter *f, hm_str *body, struct hm_err *err)
{
	struct gate_facts facts = { .p = f->p, .ask = f->ask };
	hm_str version = version_of(f->a, *body), list, json;
	struct hm_strs may = { 0 };
	struct hm_err other = { 0 };
	int rc = may_list(f, gate_facts(&facts), version, err);

	if (rc == 0 || !hm_err_is(err, HM_EPOLICY) || f->r->want != WANT_LATEST ||
	    !known_versions(f, &list))
		return rc;
	permitted(f, list, &may);
	if (may.n && gate_info(f->p, f->a, hm_modver_of(f->r->path, best_of(f, &may)), f->ask,
	                       &json, &other) == 0) {
		hm_err_clear(err);
		*body = json;
		rc = 0;
	}
	hm_err_free(&other);
	return rc;
}

int
gate_filter(struct proxy *p, struct hm_arena *a, const struct route *r, bool ask, hm_str *body,
            struct hm_err *err)
{
	struct filter f = { .p = p, .a = a, .r = r, .ask = ask };
	int rc = 0;

	if (!p->gate)
		return 0;
	f.rules = gate_hold(p->gate);
	f.now = hm_clock_unix();
	if (r->want == WANT_LIST)
		rc = filter_list(&f, body, err);
	else if (r->want == WANT_LATEST || (r->want == WANT_INFO && !r->canonical))
		rc = filter_latest(&f, body, err);
	gate_drop(p->gate, f.rules);
	if (rc && hm_err_is(err, HM_EPOLICY))
		gate_note(p, NULL, r, hm_err_str(err));
	return rc;
}
