/*
 * facts_news.c - the queue of versions that are to be looked at.
 */
#include "facts_priv.h"

#include <stdlib.h>
#include <time.h>

#include "base/map.h"
#include "base/mem.h"

/* MANY: that the writer is woken for, so that they need not be kept. */
enum { QUEUE_MAX = 1 << 14, MANY = 1 << 10 };

struct newsq {
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wake, room;
	struct news *first, **last;
	size_t n;
	bool lost, stop;
};

struct newsq *
newsq_new(void)
{
	struct newsq *q = hm_mem_new(sizeof(*q));
	pthread_condattr_t attr;

	q->last = &q->first;
	pthread_mutex_init(&q->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->wake, &attr);
	pthread_cond_init(&q->room, &attr);
	pthread_condattr_destroy(&attr);
	return q;
}

/* ---- one */

/* "https://user:secret@host/x" without what is before the '@'. */
static hm_str
without_credentials(struct hm_arena *a, hm_str url)
{
	ptrdiff_t at = hm_str_index(url, HM_S("://")), end, sign = -1;
	hm_str rest;

	if (at < 0)
		return url;
	rest = hm_str_from(url, (size_t)at + 3);
	end = hm_str_index_byte(rest, '/');
	for (ptrdiff_t i = 0; i < (end < 0 ? (ptrdiff_t)rest.n : end); i++)
		if (rest.p[i] == '@')
			sign = i;
	if (sign < 0)
		return url;
	return hm_arena_printf(a, HM_F HM_F, HM_P(hm_str_sub(url, 0, (size_t)at + 3)),
	                       HM_P(hm_str_from(rest, (size_t)sign + 1)));
}

void
news_free(struct news *n)
{
	free(n->newer);
	free(n);
}

static void
free_news(struct news *n)
{
	struct news *next;

	for (; n; n = next) {
		next = n->next;
		news_free(n);
	}
}

static struct news *
news_new(hm_str path, hm_str version, const struct facts_origin *o)
{
	static const struct facts_origin none;
	struct hm_arena a = { 0 };
	hm_str parts[4], *out[4];
	struct news *n;
	size_t size = 0;
	char *p;

	if (!o)
		o = &none;
	parts[0] = path;
	parts[1] = version;
	parts[2] = without_credentials(&a, o->source);
	parts[3] = o->sumdb;
	for (size_t i = 0; i < 4; i++)
		size += parts[i].n + 1;
	n = hm_mem_new(sizeof(*n) + size);
	out[0] = &n->path;
	out[1] = &n->version;
	out[2] = &n->source;
	out[3] = &n->sumdb;
	p = (char *)(n + 1);
	for (size_t i = 0; i < 4; i++) {
		if (parts[i].n)
			memcpy(p, parts[i].p, parts[i].n);
		*out[i] = hm_str_make(p, parts[i].n);
		p += parts[i].n + 1;
	}
	n->record = o->record;
	hm_arena_free(&a);
	return n;
}

/* ---- the queue */

void
newsq_put(struct newsq *q, hm_str path, hm_str version, const struct facts_origin *o, bool may_wait)
{
	struct news *n = news_new(path, version, o);

	pthread_mutex_lock(&q->mutex);
	while (may_wait && q->n >= QUEUE_MAX / 4 && !q->stop) {
		pthread_cond_signal(&q->wake);
		pthread_cond_wait(&q->room, &q->mutex);
	}
	if (q->n >= QUEUE_MAX) {
		q->lost = true;
		news_free(n);
	} else {
		*q->last = n;
		q->last = &n->next;
		if (++q->n == MANY)
			pthread_cond_signal(&q->wake);
	}
	pthread_mutex_unlock(&q->mutex);
}

/* What n says of the origin and old does not; of two that say it the later counts. */
static void
update(struct news *old, const struct news *n)
{
	hm_str source = n->source.n ? n->source : old->source;
	hm_str sumdb = n->sumdb.n ? n->sumdb : old->sumdb;
	char *p;

	if (n->source.n == 0 && n->sumdb.n == 0)
		return;
	p = hm_mem_grow(NULL, source.n + sumdb.n + 1, 1);
	if (source.n)
		memcpy(p, source.p, source.n);
	if (sumdb.n)
		memcpy(p + source.n, sumdb.p, sumdb.n);
	free(old->newer);
	old->newer = p;
	old->source = hm_str_make(p, source.n);
	old->sumdb = hm_str_make(p + source.n, sumdb.n);
	if (n->sumdb.n)
		old->record = n->record;
}

/* The .info, .mod and .zip of one version come together: it is looked at once. */
static struct news *
merge(struct hm_arena *a, struct news *list)
{
	struct hm_map seen = { .arena = a };
	struct news *first = NULL, **last = &first, *n, *next, *old;
	bool fresh;

	for (n = list; n; n = next) {
		struct hm_map_entry *e = hm_map_put(
			&seen, hm_modver_str(a, hm_modver_of(n->path, n->version)), &fresh);

		next = n->next;
		if (fresh) {
			e->val = n;
			*last = n;
			last = &n->next;
			continue;
		}
		old = e->val;
		update(old, n);
		news_free(n);
	}
	*last = NULL;
	return first;
}

struct news *
newsq_take(struct newsq *q, struct hm_arena *a)
{
	struct news *list;

	pthread_mutex_lock(&q->mutex);
	list = q->first;
	q->first = NULL;
	q->last = &q->first;
	q->n = 0;
	pthread_cond_broadcast(&q->room);
	pthread_mutex_unlock(&q->mutex);
	return merge(a, list);
}

void
newsq_put_back(struct newsq *q, struct news *list)
{
	struct news *last = list;
	size_t n = 1;

	if (!list)
		return;
	for (; last->next; last = last->next)
		n++;
	pthread_mutex_lock(&q->mutex);
	if (q->n + n > QUEUE_MAX) {
		q->lost = true;
	} else {
		last->next = q->first;
		if (!q->first)
			q->last = &last->next;
		q->first = list;
		q->n += n;
		list = NULL;
	}
	pthread_mutex_unlock(&q->mutex);
	free_news(list);
}

bool
newsq_wait(struct newsq *q, int ms)
{
	struct timespec until;
	bool stop;

	pthread_mutex_lock(&q->mutex);
	if (!q->stop) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += ms / 1000;
		pthread_cond_timedwait(&q->wake, &q->mutex, &until);
	}
	stop = q->stop;
	pthread_mutex_unlock(&q->mutex);
	return stop;
}

void
newsq_wake(struct newsq *q)
{
	pthread_cond_signal(&q->wake);
}

void
newsq_stop(struct newsq *q)
{
	pthread_mutex_lock(&q->mutex);
	q->stop = true;
	pthread_cond_broadcast(&q->wake);
	pthread_cond_broadcast(&q->room);
	pthread_mutex_unlock(&q->mutex);
}

bool
newsq_stopped(struct newsq *q)
{
	bool stop;

	pthread_mutex_lock(&q->mutex);
	stop = q->stop;
	pthread_mutex_unlock(&q->mutex);
	return stop;
}

bool
newsq_lost(struct newsq *q, bool forget)
{
	bool lost;

	pthread_mutex_lock(&q->mutex);
	lost = q->lost;
	if (forget)
		q->lost = false;
	pthread_mutex_unlock(&q->mutex);
	return lost;
}

size_t
newsq_length(struct newsq *q)
{
	size_t n;

	pthread_mutex_lock(&q->mutex);
	n = q->n;
	pthread_mutex_unlock(&q->mutex);
	return n;
}

void
newsq_free(struct newsq *q)
{
	if (!q)
		return;
	free_news(q->first);
	pthread_cond_destroy(&q->wake);
	pthread_cond_destroy(&q->room);
	pthread_mutex_destroy(&q->mutex);
	free(q);
}
