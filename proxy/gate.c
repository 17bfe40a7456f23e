#include "gate_priv.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "os/clock.h"
#include "serve/audit.h"

/* What may be remembered; when it is full all is forgotten, and found again. */
enum { SLOTS = 1 << 14, VERDICTS_MAX_BYTES = 4 << 20 };

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

enum { ALL = 1 << WANT_INFO | 1 << WANT_ZIP };

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

struct rules *
gate_hold(struct gate *g)
{
	struct rules *r;

	pthread_mutex_lock(&g->mutex);
	r = g->rules;
	r->refs++;
	pthread_mutex_unlock(&g->mutex);
	return r;
}

void
gate_drop(struct gate *g, struct rules *r)
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
	gate_drop(g, old);
	hot_drop(p->hot, HM_S("/")); /* lists, above all */
	hot_drop(p->misses, HM_S("/"));
	return 0;
}

/* ---- one version */

void
gate_note(struct proxy *p, struct hm_exchange *x, const struct route *r, hm_str text)
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
	gate_note(p, x, r, text);
	answer_text(x, 403, hm_arena_printf(hm_exchange_arena(x), HM_F "\n", HM_P(text)));
	return GATE_ANSWERED;
}

/* Rules alone, and what costs nothing to know. */
static enum gate_answer
judge_at_hand(struct proxy *p, struct hm_exchange *x, const struct route *r, int64_t now)
{
	struct gate_facts f = { .p = p };
	const struct hm_guard_facts from = gate_facts_at_hand(&f);
	struct rules *rules = gate_hold(p->gate);
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
	gate_drop(p->gate, rules);
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

	if (!g || r->want == WANT_MOD)
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
	/* without its zip the licence is open: .info may pass */
	remember(p->gate, rules, key_of(r), v.holds_until,
	         v.answer == HM_POLICY_PERMITTED ? ALL : ALL & ~(1u << WANT_ZIP), HM_S(""));
	return 0;
}

int
gate_fill(struct proxy *p, struct hm_arena *a, const struct route *r, struct hm_err *err)
{
	struct rules *rules;
	int rc;

	if (!p->gate || (r->want != WANT_ZIP && (r->want != WANT_INFO || !r->canonical)))
		return 0; /* a revision is judged when it is known what it leads to */
	rules = gate_hold(p->gate);
	rc = judge_for_fill(p, rules, a, r, err);
	gate_drop(p->gate, rules);
	if (rc && hm_err_is(err, HM_EPOLICY))
		gate_note(p, NULL, r, hm_err_str(err));
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
	rules = gate_hold(p->gate);
	rc = hm_guard_judge(rules->guard, a, m, hm_clock_unix(), &from, false, &v, err);
	if (rc == 0)
		rc = hm_guard_error(rules->guard, m, &v, err);
	gate_drop(p->gate, rules);
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
	rules = gate_hold(p->gate);
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
	gate_drop(p->gate, rules);
	return text;
}
