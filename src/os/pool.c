#include "os/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

struct job {
	void (*fn)(void *arg);
	void *arg;
	int priority;
	uint64_t seq;
};

/* queue is a binary heap; mutex guards every field. */
struct hm_pool {
	pthread_mutex_t mutex;
	pthread_cond_t work, idle;
	struct job *queue;
	size_t n, cap;
	uint64_t seq;
	size_t running;
	bool stop;
	unsigned threads, max, waiting; /* threads that were started, may be, have no job */
	pthread_t thread[];
};

unsigned
hm_pool_cores(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

	return n > 0 ? (unsigned)n : 1;
}

static bool
before(const struct job *x, const struct job *y)
{
	return x->priority != y->priority ? x->priority > y->priority : x->seq < y->seq;
}

static void
swap(struct job *x, struct job *y)
{
	struct job t = *x;

	*x = *y;
	*y = t;
}

static void
push(struct hm_pool *p, struct job j)
{
	size_t i = p->n++;

	if (p->n > p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->queue = hm_mem_grow(p->queue, p->cap, sizeof(*p->queue));
	}
	for (p->queue[i] = j; i > 0 && before(&p->queue[i], &p->queue[(i - 1) / 2]);
	     i = (i - 1) / 2)
		swap(&p->queue[i], &p->queue[(i - 1) / 2]);
}

static struct job
pop(struct hm_pool *p)
{
	struct job top = p->queue[0];
	size_t i = 0;

	p->queue[0] = p->queue[--p->n];
	for (;;) {
		size_t best = i;

		for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < p->n; c++)
			if (before(&p->queue[c], &p->queue[best]))
				best = c;
		if (best == i)
			return top;
		swap(&p->queue[i], &p->queue[best]);
		i = best;
	}
}

/* Called and returns with the mutex held. */
static void
run_one(struct hm_pool *p)
{
	struct job j = pop(p);

	p->running++;
	pthread_mutex_unlock(&p->mutex);
	j.fn(j.arg);
	pthread_mutex_lock(&p->mutex);
	if (--p->running == 0 && p->n == 0)
		pthread_cond_broadcast(&p->idle);
}

static void *
worker(void *arg)
{
	struct hm_pool *p = arg;

	pthread_mutex_lock(&p->mutex);
	for (;;) {
		p->waiting++;
		while (p->n == 0 && !p->stop)
			pthread_cond_wait(&p->work, &p->mutex);
		p->waiting--;
		if (p->n == 0)
			break;
		run_one(p);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

struct hm_pool *
hm_pool_new(unsigned threads)
{
	struct hm_pool *p;

	if (threads == 0)
		threads = hm_pool_cores();
	p = hm_mem_new(sizeof(*p) + threads * sizeof(p->thread[0]));
	p->max = threads;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->idle, NULL);
	return p;
}

void
hm_pool_submit(struct hm_pool *p, int priority, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&p->mutex);
	push(p, (struct job){ .fn = fn, .arg = arg, .priority = priority, .seq = p->seq++ });
	if (p->n > p->waiting && p->threads < p->max &&
	    pthread_create(&p->thread[p->threads], NULL, worker, p) == 0)
		p->threads++;
	pthread_cond_signal(&p->work);
	if (p->threads == 0)
		pthread_cond_broadcast(&p->idle);
	pthread_mutex_unlock(&p->mutex);
}

void
hm_pool_wait(struct hm_pool *p)
{
	pthread_mutex_lock(&p->mutex);
	while (p->n > 0 || p->running > 0) {
		if (p->threads == 0 && p->n > 0)
			run_one(p); /* no thread could be made: do the work here */
		else
			pthread_cond_wait(&p->idle, &p->mutex);
	}
	pthread_mutex_unlock(&p->mutex);
}

void
hm_pool_free(struct hm_pool *p)
{
	if (!p)
		return;
	hm_pool_wait(p);
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->mutex);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->idle);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->mutex);
	free(p->queue);
	free(p);
}

struct each {
	void (*fn)(void *ctx, size_t i);
	void *ctx;
	size_t n;
	atomic_size_t next;
};

static void *
each_worker(void *arg)
{
	struct each *e = arg;

	for (;;) {
		size_t i = atomic_fetch_add(&e->next, 1);

		if (i >= e->n)
			return NULL;
		e->fn(e->ctx, i);
	}
}

void
hm_pool_each(unsigned threads, size_t n, void (*fn)(void *ctx, size_t i), void *ctx)
{
	struct each e = { .fn = fn, .ctx = ctx, .n = n };
	pthread_t *t;
	unsigned made = 0;

	if (threads == 0)
		threads = hm_pool_cores();
	if (threads > n)
		threads = (unsigned)n;
	t = hm_mem_grow(NULL, threads + 1, sizeof(*t));
	for (; made + 1 < threads; made++)
		if (pthread_create(&t[made], NULL, each_worker, &e))
			break;
	each_worker(&e);
	for (unsigned i = 0; i < made; i++)
		pthread_join(t[i], NULL);
	free(t);
}
