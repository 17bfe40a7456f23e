/*
 * flight.c - a version that the log lacks: fetched and logged once, however many ask.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "os/pool.h"
#include "sumdb.h"

/* More versions than this are not looked for at once. */
enum { FLIGHTS_MAX = 10000 };

struct waiter {
	struct hm_exchange *x;
	struct flight *flight;
	struct waiter *next;
};

/* refs: the work itself and each waiter that has not answered. */
struct flight {
	struct flights *all;
	struct flight *next;
	struct hm_arena arena;
	struct hm_modver m;
	struct hm_append append;
	struct hm_found found;
	struct hm_err err; /* code HM_OK: found */
	struct waiter *waiters;
	int refs;
};

/* mutex guards list, n and the flights' waiters and refs. */
struct flights {
	struct sumdb *s;
	struct hm_pool *pool;
	pthread_mutex_t mutex;
	pthread_cond_t none;
	struct flight *list;
	size_t n;
};

struct flights *
flights_new(struct sumdb *s)
{
	struct flights *f = hm_mem_new(sizeof(*f));

	f->s = s;
	f->pool = hm_pool_new((unsigned)s->opts->fetches);
	pthread_mutex_init(&f->mutex, NULL);
	pthread_cond_init(&f->none, NULL);
	return f;
}

void
flights_free(struct flights *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->mutex);
	while (f->n)
		pthread_cond_wait(&f->none, &f->mutex);
	pthread_mutex_unlock(&f->mutex);
	hm_pool_free(f->pool);
	pthread_cond_destroy(&f->none);
	pthread_mutex_destroy(&f->mutex);
	free(f);
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
		answer_found(x, &f->found);
	else
		answer_error(x, &f->err);
	drop(f);
}

static void
land(struct flight *f)
{
	struct flights *all = f->all;
	struct flight **at;
	struct waiter *w, *next;

	pthread_mutex_lock(&all->mutex);
	for (at = &all->list; *at != f; at = &(*at)->next)
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

	if (a->rc) {
		hm_err_move(&f->err, &a->err);
	} else {
		f->found = (struct hm_found){
			.id = a->id,
			.text = a->text,
			.head = hm_tilelog_latest(f->all->s->tiles, &f->arena, NULL),
		};
	}
	land(f);
}

/* What contradicts the public log, or itself, is kept as evidence. */
static void
work(void *arg)
{
	struct flight *f = arg;
	struct sumdb *s = f->all->s;
	int rc = source_record(&s->source, &f->arena, f->m, &f->append.text, &f->err);

	if (rc == 0) {
		f->append.done = logged;
		f->append.ctx = f;
		hm_tilelog_submit(s->tiles, &f->append, 1);
		return;
	}
	if (f->err.code == HM_ESECURITY)
		keep_evidence(s->tiles, &f->err, f->append.text);
	else if (!hm_code_may_fall_back(f->err.code))
		hm_log(s->log, HM_LOG_WARN, "hermod-sumdb: " HM_F, HM_P(hm_err_str(&f->err)));
	land(f);
}

static struct flight *
take_off(struct flights *all, struct hm_modver m)
{
	struct flight *f = hm_mem_new(sizeof(*f));

	f->all = all;
	f->m.path = hm_arena_dup(&f->arena, m.path);
	f->m.version = hm_arena_dup(&f->arena, m.version);
	f->refs = 1;
	f->next = all->list;
	all->list = f;
	all->n++;
	return f;
}

void
flights_join(struct flights *all, struct hm_modver m, struct hm_exchange *x)
{
	struct waiter *w = HM_NEW(hm_exchange_arena(x), struct waiter);
	struct hm_err err = { 0 };
	struct flight *f;
	bool fresh = false;

	pthread_mutex_lock(&all->mutex);
	for (f = all->list; f && !hm_modver_eq(f->m, m); f = f->next)
		;
	if (!f && all->n >= FLIGHTS_MAX) {
		pthread_mutex_unlock(&all->mutex);
		hm_err_set(&err, HM_EHTTP, "too many versions are being looked for");
		answer_error(x, &err);
		hm_err_free(&err);
		return;
	}
	hm_exchange_defer(x);
	if (!f) {
		f = take_off(all, m);
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
