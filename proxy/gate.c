#include "gate_priv.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/json.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "mod/semver.h"
#include "os/clock.h"
#include "seen.h"
#include "serve/audit.h"

/* What may be remembered; when it is full all is forgotten, and found again. */
enum { SLOTS = 1 << 14, VERDICTS_MAX_BYTES = 4 << 20 };

/* A policy in force: whoever judges by it holds it. */
struct rules {
	struct hm_guard *guard;
	unsigned refs; /* under the gate's mutex */
};

/* What is known of one version. */
struct verdict {
	struct verdict *chain;
	int64_t until;   /* seconds: it may change then */
	unsigned open;   /* 1 << WANT_...: may be served */
	hm_str text;     /* the refusal; empty: none */
	size_t key_n;
	char data[];     /* key, text */
};

/* mutex guards everything. */
struct gate {
	hm_str file;
	pthread_mutex_t mutex;
	struct rules *rules;
	struct verdict *slot[SLOTS];
	size_t bytes;
};

enum { ALL = 1 << WANT_INFO | 1 << WANT_MOD | 1 << WANT_ZIP };

/* ---- the policy in force */

static int
load(hm_str file, struct rules **out, struct hm_err *err)
{
	struct rules *r = hm_mem_new(sizeof(*r));

	r->refs = 1;
	if (hm_guard_load(file.p, &r->guard, err)) {
		free(r);
		return -1;
	}
	*out = r;
	return 0;
}

static struct rules *
hold(struct gate *g)
{
	struct rules *r;

	pthread_mutex_lock(&g->mutex);
	r = g->rules;
	r->refs++;
	pthread_mutex_unlock(&g->mutex);
	return r;
}

static void
drop(struct gate *g, struct rules *r)
{
	bool last;

	pthread_mutex_lock(&g->mutex);
	last = --r->refs == 0;
	pthread_mutex_unlock(&g->mutex);
	if (!last)
		return;
	hm_guard_free(r->guard);
	free(r);
}

/* ---- what is remembered; the mutex is held */

static void
forget_all(struct gate *g)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct verdict *v, *next;

		for (v = g->slot[i]; v; v = next) {
			next = v->chain;
			free(v);
		}
		g->slot[i] = NULL;
	}
	g->bytes = 0;
}

static struct verdict **
slot_of(struct gate *g, hm_str key)
{
	struct verdict **at = &g->slot[hm_str_hash(key) % SLOTS];

	while (*at && !hm_str_eq(hm_str_make((*at)->data, (*at)->key_n), key))
		at = &(*at)->chain;
	return at;
}

/* "/example.com/m/@v/v1.0.0" of the path of any of its files. */
static hm_str
key_of(const struct route *r)
{
	return hm_str_sub(r->url, 0, r->url.n - (r->want == WANT_INFO ? 5 : 4));
}

/* rules: those that it was judged by; if they are not in force any more it is too late. */
static void
remember(struct gate *g, const struct rules *rules, hm_str key, int64_t until, unsigned open,
         hm_str text)
{
	size_t size = sizeof(struct verdict) + key.n + text.n;
	struct verdict *v = hm_mem_grow(NULL, 1, size), **at;

	*v = (struct verdict){ .until = until, .open = open, .key_n = key.n };
	memcpy(v->data, key.p, key.n);
	if (text.n)
		memcpy(v->data + key.n, text.p, text.n);
	v->text = hm_str_make(v->data + key.n, text.n);
	pthread_mutex_lock(&g->mutex);
	if (rules != g->rules) {
		pthread_mutex_unlock(&g->mutex);
		free(v);
		return;
	}
	if (g->bytes + size > VERDICTS_MAX_BYTES)
		forget_all(g);
	at = slot_of(g, key);
	if (*at) {
		struct verdict *old = *at;

		*at = old->chain;
		g->bytes -= sizeof(*old) + old->key_n + old->text.n;
		free(old);
	}
	v->chain = g->slot[hm_str_hash(key) % SLOTS];
	g->slot[hm_str_hash(key) % SLOTS] = v;
	g->bytes += size;
	pthread_mutex_unlock(&g->mutex);
}

/* ---- life */

int
gate_new(struct proxy *p, hm_str file, struct gate **out, struct hm_err *err)
{
	struct gate *g;
	struct rules *r;

	*out = NULL;
	if (file.n == 0)
		return 0;
	if (load(file, &r, err))
		return -1;
	g = hm_mem_new(sizeof(*g));
	g->file = hm_arena_dup(&p->arena, file);
	pthread_mutex_init(&g->mutex, NULL);
	g->rules = r;
	*out = g;
	return 0;
}

void
gate_free(struct gate *g)
{
	if (!g)
		return;
	forget_all(g);
	hm_guard_free(g->rules->guard);
	free(g->rules);
	pthread_mutex_destroy(&g->mutex);
	free(g);
}

int
policy_reload(struct proxy *p, struct hm_err *err)
{
	struct gate *g = p->gate;
	struct rules *fresh, *old;

	if (!g)
		return 0;
	if (load(g->file, &fresh, err))
		return -1;
	pthread_mutex_lock(&g->mutex);
	old = g->rules;
	g->rules = fresh;
	forget_all(g);
	pthread_mutex_unlock(&g->mutex);
	drop(g, old);
	hot_drop(p->hot, HM_S("/")); /* lists, above all */
	hot_drop(p->misses, HM_S("/"));
	return 0;
}

/* ---- one version */

static void
note(struct proxy *p, struct hm_exchange *x, const struct route *r, hm_str text)
{
	struct hm_audit_event e = { .action = HM_S("refused"), .detail = text };
	struct hm_arena a = { 0 };

	meter_add(p->meter, METER_REFUSED_POLICY, 1);
	if (!p->audit)
		return;
	e.object = hm_modver_str(&a, hm_modver_of(r->path, r->version));
	if (x)
		e.peer = hm_exchange_peer(x);
	hm_audit_note(p->audit, &e);
	hm_arena_free(&a);
}

static enum gate_answer
refuse(struct proxy *p, struct hm_exchange *x, const struct route *r, hm_str text)
{
	note(p, x, r, text);
	answer_text(x, 403, hm_arena_printf(hm_exchange_arena(x), HM_F "\n", HM_P(text)));
	return GATE_ANSWERED;
}

/* Rules alone, and what costs nothing to know. */
static enum gate_answer
judge_at_hand(struct proxy *p, struct hm_exchange *x, const struct route *r, int64_t now)
{
	struct gate_facts f = { .p = p };
	const struct hm_guard_facts from = gate_facts_at_hand(&f);
	struct rules *rules = hold(p->gate);
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_modver m = hm_modver_of(r->path, r->version);
	struct hm_policy_verdict v;
	struct hm_err err = { 0 };
	enum gate_answer answer = GATE_ASK;

	if (hm_guard_judge(rules->guard, a, m, now, &from, false, &v, &err) == 0) {
		const struct hm_policy_finding *why = hm_policy_refusal(&v);

		if (v.answer == HM_POLICY_PERMITTED) {
			remember(p->gate, rules, key_of(r), v.holds_until, ALL, HM_S(""));
			answer = GATE_OPEN;
		} else if (why && !(r->want == WANT_INFO && why->check == HM_POLICY_ADMIT)) {
			hm_str text = hm_policy_refusal_text(rules->guard->policy, a, m, why);

			remember(p->gate, rules, key_of(r), v.holds_until, 0, text);
			answer = refuse(p, x, r, text);
		}
	}
	hm_err_free(&err);
	drop(p->gate, rules);
	return answer;
}

enum gate_answer
gate_request(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct gate *g = p->gate;
	const struct verdict *v;
	int64_t now;
	hm_str text = { 0 };
	bool open = false;

	if (!g)
		return GATE_OPEN;
	now = hm_clock_unix();
	pthread_mutex_lock(&g->mutex);
	v = *slot_of(g, key_of(r));
	if (v && now < v->until) {
		open = v->open & 1u << r->want;
		if (v->text.n)
			text = hm_arena_dup(hm_exchange_arena(x), v->text);
	}
	pthread_mutex_unlock(&g->mutex);
	if (open)
		return GATE_OPEN;
	return text.n ? refuse(p, x, r, text) : judge_at_hand(p, x, r, now);
}

/*
 * go looks for the module of a package under every prefix of its path: a version that
 * is not admitted is refused only when there is one, else it is "not found".
 */
static bool
exists(struct proxy *p, struct hm_arena *a, struct hm_modver m, struct hm_err *err)
{
	hm_str json;

	if (gate_info(p, a, m, true, &json, err) == 0 || !hm_err_is(err, HM_ENOTFOUND)) {
		hm_err_clear(err);
		return true;
	}
	return false;
}

static int
judge_for_fill(struct proxy *p, struct rules *rules, struct hm_arena *a, const struct route *r,
               struct hm_err *err)
{
	struct gate_facts f = { .p = p, .ask = true, .keep = r->want == WANT_INFO };
	const struct hm_guard_facts from = gate_facts(&f);
	struct hm_modver m = hm_modver_of(r->path, r->version);
	const struct hm_policy_finding *why;
	struct hm_policy_verdict v;
	hm_str text;

	if (hm_guard_judge(rules->guard, a, m, hm_clock_unix(), &from, false, &v, err))
		return -1;
	why = hm_policy_refusal(&v);
	if (why) {
		if (why->check == HM_POLICY_ADMIT && r->want == WANT_INFO && !exists(p, a, m, err))
			return -1;
		text = hm_policy_refusal_text(rules->guard->policy, a, m, why);
		remember(p->gate, rules, key_of(r), v.holds_until, 0, text);
		return hm_guard_error(rules->guard, m, &v, err);
	}
	if (v.needs & HM_POLICY_NEED_TIME)
		return hm_err_set(err, HM_ENOTFOUND,
		                  "not found: " HM_F "@" HM_F ": upstream does not say when it was "
		                  "published, and hermod.policy has a cooldown for it",
		                  HM_P(r->path), HM_P(r->version));
	/* without its zip the licence is open: .info and .mod may pass */
	remember(p->gate, rules, key_of(r), v.holds_until,
	         v.answer == HM_POLICY_PERMITTED ? ALL : ALL & ~(1u << WANT_ZIP), HM_S(""));
	return 0;
}

int
gate_fill(struct proxy *p, struct hm_arena *a, const struct route *r, struct hm_err *err)
{
	struct rules *rules;
	int rc;

	if (!p->gate || (r->want != WANT_MOD && r->want != WANT_ZIP &&
	                 (r->want != WANT_INFO || !r->canonical)))
		return 0; /* a revision is judged when it is known what it leads to */
	rules = hold(p->gate);
	rc = judge_for_fill(p, rules, a, r, err);
	drop(p->gate, rules);
	if (rc && hm_err_is(err, HM_EPOLICY))
		note(p, NULL, r, hm_err_str(err));
	return rc;
}

int
gate_upload(struct proxy *p, struct hm_arena *a, struct hm_modver m, const char *zip,
            struct hm_err *err)
{
	struct gate_facts f = { .p = p, .always_old = true, .zip = zip };
	const struct hm_guard_facts from = gate_facts(&f);
	struct hm_policy_verdict v;
	struct rules *rules;
	int rc;

	if (!p->gate)
		return 0;
	rules = hold(p->gate);
	rc = hm_guard_judge(rules->guard, a, m, hm_clock_unix(), &from, false, &v, err);
	if (rc == 0)
		rc = hm_guard_error(rules->guard, m, &v, err);
	drop(p->gate, rules);
	if (rc && hm_err_is(err, HM_EPOLICY))
		meter_add(p->meter, METER_REFUSED_POLICY, 1);
	return rc;
}

hm_str
gate_describe(struct proxy *p, struct hm_arena *a, struct hm_modver m)
{
	struct gate_facts f = { .p = p };
	const struct hm_guard_facts from = gate_facts(&f);
	struct hm_policy_verdict v;
	struct hm_err err = { 0 };
	struct rules *rules;
	hm_str text = HM_S("");

	if (!p->gate)
		return text;
	rules = hold(p->gate);
	if (hm_guard_judge(rules->guard, a, m, hm_clock_unix(), &from, true, &v, &err) == 0) {
		const struct hm_policy_finding *why = hm_policy_refusal(&v);

		if (!why && v.finding.n)
			why = &v.finding.v[0];
		text = HM_S("permitted");
		if (why)
			text = hm_arena_printf(a, "%s, " HM_F ":%u: " HM_F,
			                       why->refused ? "refused" : "permitted",
			                       HM_P(rules->guard->policy->name), why->line,
			                       HM_P(why->reason));
		else if (v.answer == HM_POLICY_UNDECIDED)
			text = HM_S("not decided: its files are not all here");
	}
	hm_err_free(&err);
	drop(p->gate, rules);
	return text;
}

/* ---- lists and @latest */

struct filter {
	struct proxy *p;
	struct rules *rules;
	struct hm_arena *a;
	const struct route *r;
	bool ask;
	int64_t now;
};

/* HM_EPOLICY when rules, time, database or vulnerabilities speak against it; not the licence. */
static int
may_list(const struct filter *f, struct hm_guard_facts from, hm_str version, struct hm_err *err)
{
	struct hm_modver m = hm_modver_of(f->r->path, version);
	struct hm_policy_verdict v;

	from.licence = NULL;
	if (hm_guard_judge(f->rules->guard, f->a, m, f->now, &from, false, &v, err))
		return -1;
	return hm_guard_error(f->rules->guard, m, &v, err);
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

/* go's choice: the highest release, else prerelease. */
static hm_str
highest(const struct hm_strs *list)
{
	hm_str best = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		hm_str v = list->v[i];
		bool release = hm_semver_prerelease(v).n == 0;
		bool best_release = best.n && hm_semver_prerelease(best).n == 0;

		if (best.n == 0 || release > best_release ||
		    (release == best_release && hm_semver_cmp(v, best) > 0))
			best = v;
	}
	return best;
}

/*
 * Why none of a list may be used: told by its highest version.  An empty list instead
 * would send go to @latest, and from there to its next source.
 */
static int
refuse_list(const struct filter *f, hm_str body, struct hm_err *err)
{
	struct gate_facts facts = { .p = f->p };
	struct hm_strs all = { 0 };
	hm_str version;

	while (hm_str_next(&body, '\n', &version))
		if (version.n)
			HM_PUSH(f->a, all, version);
	return all.n ? may_list(f, gate_facts(&facts), highest(&all), err) : 0;
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

/* What upstream, or the store, has as the module's list. */
static bool
known_list(const struct filter *f, hm_str *list)
{
	struct route r = *f->r;
	int64_t when;
	hm_str own;

	r.want = WANT_LIST;
	r.url = hm_arena_printf(f->a, HM_F "/@v/list",
	                        HM_P(hm_str_sub(r.url, 0, r.url.n - strlen("/@latest"))));
	if (!seen_read(f->p, f->a, &r, list, &when))
		*list = HM_S("");
	if (stored_answer(f->p, f->a, &r, &own))
		*list = merge_lists(f->a, *list, own);
	return list->n > 0 || (f->ask && gate_list(f->p, f->a, f->r->path, list));
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
	    !known_list(f, &list))
		return rc;
	permitted(f, list, &may);
	if (may.n && gate_info(f->p, f->a, hm_modver_of(f->r->path, highest(&may)), f->ask, &json,
	                       &other) == 0) {
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
	f.rules = hold(p->gate);
	f.now = hm_clock_unix();
	if (r->want == WANT_LIST)
		rc = filter_list(&f, body, err);
	else if (r->want == WANT_LATEST || (r->want == WANT_INFO && !r->canonical))
		rc = filter_latest(&f, body, err);
	drop(p->gate, f.rules);
	if (rc && hm_err_is(err, HM_EPOLICY))
		note(p, NULL, r, hm_err_str(err));
	return rc;
}
