/*
 * flight.c - a version that the log lacks: fetched and logged once, however many ask.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "logserve/priv.h"
#include "os/pool.h"

enum { FETCHES = 8, BUCKETS = 1024 };

struct waiter {
	struct hm_exchange *x;
	struct flight *flight;
	struct waiter *next;
};

/* refs: the work itself and each waiter that has not answered. */
struct flight {
	struct hm_logflights *all;
	struct flight *next;
	struct hm_arena arena;
	struct hm_modver m;
	hm_str key;
	struct hm_append append;
	struct hm_found found;
	struct hm_err err; /* code HM_OK: found */
	struct waiter *waiters;
	int refs;
};

/* mutex guards buckets, n, noted and the flights' waiters and refs. */
struct hm_logflights {
	struct hm_logserve *s;
	struct hm_pool *pool;
	pthread_mutex_t mutex;
	pthread_cond_t none;
	struct flight *bucket[BUCKETS];
	size_t n, noted;
};

struct hm_logflights *
hm_logflights_new(struct hm_logserve *s)
{
	struct hm_logflights *f = hm_mem_new(sizeof(*f));

	f->s = s;
	f->pool = hm_pool_new(s->opts.fetches ? s->opts.fetches : FETCHES);
	pthread_mutex_init(&f->mutex, NULL);
	pthread_cond_init(&f->none, NULL);
	return f;
}

void
hm_logflights_free(struct hm_logflights *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->mutex);
	while (f->n || f->noted)
		pthread_cond_wait(&f->none, &f->mutex);
	pthread_mutex_unlock(&f->mutex);
	hm_pool_free(f->pool);
	pthread_cond_destroy(&f->none);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}

size_t
hm_logflights_under_way(struct hm_logflights *f)
{
	size_t n;

	pthread_mutex_lock(&f->mutex);
	n = f->n;
	pthread_mutex_unlock(&f->mutex);
	return n;
}

static struct flight **
bucket_of(struct hm_logflights *all, hm_str key)
{
	return &all->bucket[hm_str_hash(key) % BUCKETS];
}

static void
drop(struct flight *f)
{
	bool last;

	pthread_mutex_lock(&f->all->mutex);
	last = --f->refs == 0;
	pthread_mutex_unlock(&f->all->mutex);
	if (!last)
		return;
	hm_err_free(&f->append.err);
	hm_err_free(&f->err);
	hm_arena_free(&f->arena);
	free(f);
}

static void
give(void *ctx, struct hm_exchange *x)
{
	struct waiter *w = *hm_exchange_data(x);
	struct flight *f = w->flight;

	(void)ctx;
	if (f->err.code == HM_OK)
		hm_logserve_found(f->all->s, x, &f->found);
	else
		hm_logserve_error(x, &f->err);
	drop(f);
}

static void
land(struct flight *f)
{
	struct hm_logflights *all = f->all;
	struct flight **at;
	struct waiter *w, *next;

	pthread_mutex_lock(&all->mutex);
	for (at = bucket_of(all, f->key); *at != f; at = &(*at)->next)
		;
	*at = f->next;
	w = f->waiters;
	f->waiters = NULL;
	pthread_mutex_unlock(&all->mutex);
	for (; w; w = next) {
		next = w->next; /* the waiter's memory may go as soon as it is resumed */
		hm_exchange_resume(w->x, give);
	}
	drop(f);
	pthread_mutex_lock(&all->mutex);
	if (--all->n == 0)
		pthread_cond_broadcast(&all->none);
	pthread_mutex_unlock(&all->mutex);
}

/* On the sequencer's thread. */
static void
logged(struct hm_append *a)
{
	struct flight *f = a->ctx;
	struct hm_logserve *s = f->all->s;

	if (a->rc) {
		hm_err_move(&f->err, &a->err);
		count(&s->failed);
	} else {
		f->found = (struct hm_found){
			.id = a->id,
			.text = a->text,
			.head = hm_tilelog_latest(s->opts.tiles, &f->arena, NULL),
		};
		count(&s->fetched);
	}
	land(f);
}

/* To DIR/alarms: what contradicts the public log or itself, and what was fetched. */
static void
keep_evidence(struct flight *f)
{
	hm_str text = hm_err_str(&f->err);

	if (f->append.text.n)
		text = hm_arena_printf(&f->arena, HM_F "\n\tfetched:\n" HM_F, HM_P(text),
		                       HM_P(f->append.text));
	hm_tilelog_alarm(f->all->s->opts.tiles, text);
}

/* What will not be otherwise in a moment is remembered, a contradiction with the rest. */
static void
not_there(struct flight *f)
{
	struct hm_logserve *s = f->all->s;
	bool missing = hm_code_may_fall_back(f->err.code);

	count(missing ? &s->not_there : &s->failed);
	if (f->err.code == HM_ESECURITY)
		keep_evidence(f);
	else if (!missing)
		hm_log(s->opts.log, HM_LOG_WARN, HM_F ": " HM_F, HM_P(f->key),
		       HM_P(hm_err_str(&f->err)));
	if (missing || f->err.code == HM_ESECURITY)
		hm_missing_put(s->missing, f->key, &f->err);
	land(f);
}

/* Whoever came between the lookup and the landing of an earlier flight starts a second one. */
static bool
is_settled(struct flight *f)
{
	struct hm_logserve *s = f->all->s;

	if (hm_tilelog_find(s->opts.tiles, &f->arena, f->key, &f->found, &f->err) == 0)
		return true;
	hm_err_clear(&f->err);
	return hm_missing_get(s->missing, f->key, &f->err) != 0;
}

static void
work(void *arg)
{
	struct flight *f = arg;
	struct hm_logserve *s = f->all->s;

	if (is_settled(f)) {
		land(f);
		return;
	}
	if (s->opts.record(s->opts.ctx, &f->arena, f->m, &f->append.text, &f->err)) {
		not_there(f);
		return;
	}
	f->append.done = logged;
	f->append.ctx = f;
	hm_tilelog_submit(s->opts.tiles, &f->append, 1);
}

static struct flight *
take_off(struct hm_logflights *all, struct hm_modver m, hm_str key)
{
	struct flight *f = hm_mem_new(sizeof(*f)), **at = bucket_of(all, key);

	f->all = all;
	f->m.path = hm_arena_dup(&f->arena, m.path);
	f->m.version = hm_arena_dup(&f->arena, m.version);
	f->key = hm_arena_dup(&f->arena, key);
	f->refs = 1;
	f->next = *at;
	*at = f;
	all->n++;
	return f;
}

static void
refuse(struct hm_logflights *all, struct hm_exchange *x)
{
	count(&all->s->failed);
	hm_exchange_field(x, "Retry-After", HM_S("5"));
	hm_exchange_field(x, "Cache-Control", HM_S("no-store"));
	hm_exchange_reply(x, 503, HM_S("too many versions are being looked for\n"));
}

void
hm_logflights_join(struct hm_logflights *all, struct hm_modver m, struct hm_exchange *x)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct waiter *w = HM_NEW(a, struct waiter);
	hm_str key = hm_logserve_key(a, m);
	struct flight *f;
	bool fresh = false;

	pthread_mutex_lock(&all->mutex);
	for (f = *bucket_of(all, key); f && !hm_str_eq(f->key, key); f = f->next)
		;
	if (!f && all->n >= HM_LOGSERVE_FLIGHTS_MAX) {
		pthread_mutex_unlock(&all->mutex);
		refuse(all, x);
		return;
	}
	hm_exchange_defer(x);
	if (!f) {
		f = take_off(all, m, key);
		fresh = true;
	}
	*w = (struct waiter){ .x = x, .flight = f, .next = f->waiters };
	f->waiters = w;
	f->refs++;
	*hm_exchange_data(x) = w;
	pthread_mutex_unlock(&all->mutex);
	if (fresh)
		hm_pool_submit(all->pool, 0, work, f);
}

/* ---- without anybody waiting */

struct note {
	struct hm_logflights *all;
	struct hm_append append;
	char text[];
};

static void
noted(struct hm_append *append)
{
	struct note *n = append->ctx;
	struct hm_logflights *all = n->all;

	if (append->rc)
		hm_log(all->s->opts.log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(&append->err)));
	else if (append->fresh)
		count(&all->s->fetched);
	hm_err_free(&append->err);
	free(n);
	pthread_mutex_lock(&all->mutex);
	if (--all->noted == 0)
		pthread_cond_broadcast(&all->none);
	pthread_mutex_unlock(&all->mutex);
}

void
hm_logflights_note(struct hm_logflights *all, hm_str text)
{
	struct note *n = hm_mem_new(sizeof(*n) + text.n + 1);

	n->all = all;
	memcpy(n->text, text.p, text.n);
	n->append.text = hm_str_make(n->text, text.n);
	n->append.done = noted;
	n->append.ctx = n;
	pthread_mutex_lock(&all->mutex);
	all->noted++;
	pthread_mutex_unlock(&all->mutex);
	hm_tilelog_submit(all->s->opts.tiles, &n->append, 1);
}
