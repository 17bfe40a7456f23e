/*
 * fill.c - who waits for what: one fill an object, however many ask; a queue for each
 * upstream, so that a slow one delays nobody else.
 */
#include "fill.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gate.h"

/*
 * What a lane holds in its queue; more are told to come back.  Each costs a few KiB, so
 * this is what a storm may take of memory.
 */
enum { BUCKETS = 1024, QUEUE_MAX = 2000, HOUSE_AT_ONCE = 2 };
/* The rest of a queue is for what somebody waits for. */
enum { AHEAD_QUEUE_MAX = QUEUE_MAX / 2 };
/* Zips from SHARED_ZIP on are checked by several cores, from LARGE_ZIP on one at a time. */
enum { SHARED_ZIP = 512 << 10, LARGE_ZIP = 4 << 20, MAX_THREADS = 4 };

struct waiter {
	struct hm_exchange *x;
	struct fill *fill;
	struct waiter *next;
};

/* Fills that ask one upstream; lane 0 is those that ask nobody. */
struct lane {
	unsigned running, at_once;
	size_t queued;
	struct fill *first, *last;
};

/* mutex guards everything below it, and the fills' fields that are said to be. */
struct fills {
	struct proxy *p;
	struct hm_pool *pool;
	sem_t cores;
	pthread_mutex_t large;
	pthread_mutex_t mutex;
	struct fill *bucket[BUCKETS];
	size_t n;
	bool stopping;
	size_t n_lanes;
	struct lane lane[];
};

struct fills *
fills_new(struct proxy *p)
{
	size_t n = upstreams_count(p->upstreams) + 1;
	struct fills *f = hm_mem_new(sizeof(*f) + n * sizeof(f->lane[0]));
	unsigned threads = HOUSE_AT_ONCE;

	f->p = p;
	f->n_lanes = n;
	f->lane[0].at_once = HOUSE_AT_ONCE;
	for (size_t i = 1; i < n; i++) {
		f->lane[i].at_once = upstream_at(p->upstreams, i - 1)->at_once;
		threads += f->lane[i].at_once;
	}
	f->pool = hm_pool_new(threads);
	pthread_mutex_init(&f->mutex, NULL);
	pthread_mutex_init(&f->large, NULL);
	sem_init(&f->cores, 0, hm_pool_cores());
	return f;
}

void
fills_stop(struct fills *f)
{
	pthread_mutex_lock(&f->mutex);
	f->stopping = true;
	pthread_mutex_unlock(&f->mutex);
}

void
fills_free(struct fills *f)
{
	if (!f)
		return;
	fills_stop(f);
	hm_pool_free(f->pool);
	hm_server_flush(f->p->server); /* those who waited hold fills */
	sem_destroy(&f->cores);
	pthread_mutex_destroy(&f->large);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}

unsigned
fills_compute(struct fills *all, uint64_t bytes)
{
	unsigned threads = 1;

	if (bytes > LARGE_ZIP)
		pthread_mutex_lock(&all->large);
	while (sem_wait(&all->cores) && errno == EINTR)
		;
	while (bytes > SHARED_ZIP && threads < MAX_THREADS && sem_trywait(&all->cores) == 0)
		threads++;
	return threads;
}

void
fills_computed(struct fills *all, uint64_t bytes, unsigned threads)
{
	while (threads-- > 0)
		sem_post(&all->cores);
	if (bytes > LARGE_ZIP)
		pthread_mutex_unlock(&all->large);
}

size_t
fills_under_way(struct fills *f)
{
	size_t n;

	pthread_mutex_lock(&f->mutex);
	n = f->n;
	pthread_mutex_unlock(&f->mutex);
	return n;
}

static void
fill_drop(struct fill *f)
{
	bool last;

	pthread_mutex_lock(&f->all->mutex);
	last = --f->refs == 0;
	pthread_mutex_unlock(&f->all->mutex);
	if (!last)
		return;
	hot_release(f->result.entry);
	hm_arena_free(&f->arena);
	free(f);
}

/* ---- those who wait */

static void
give(void *ctx, struct hm_exchange *x)
{
	struct proxy *p = ctx;
	struct waiter *w = *hm_exchange_data(x);
	struct fill *f = w->fill;

	if (f->result.status == 200 && f->r.canonical)
		facts_used(p->facts, f->r.path, f->r.version, f->r.want == WANT_ZIP);
	if (f->result.entry) {
		hot_hold(f->result.entry);
		answer_entry(x, f->result.entry);
	} else if (!answer_stored(p, x, &f->r)) {
		answer_text(x, 500, HM_S("stored, but it cannot be read\n"));
	}
	fill_drop(f);
}

/* Nobody can join any more; the mutex is held. Answers who waited. */
static struct waiter *
take_out(struct fill *f)
{
	struct fill **at = &f->all->bucket[hm_str_hash(f->r.url) % BUCKETS];
	struct waiter *w = f->waiters;

	while (*at != f)
		at = &(*at)->chain;
	*at = f->chain;
	f->all->n--;
	f->waiters = NULL;
	return w;
}

static void
finish(struct fill *f)
{
	struct waiter *w, *next;

	pthread_mutex_lock(&f->all->mutex);
	w = take_out(f);
	pthread_mutex_unlock(&f->all->mutex);
	if (f->r.ahead && f->result.status == 200)
		fills_ahead(f->all, &f->r); /* before anybody can ask for them */
	for (; w; w = next) {
		next = w->next; /* the waiter's memory may go as soon as it is resumed */
		hm_exchange_resume(w->x, give);
	}
	if (f->renew)
		fills_join(f->all, &f->r, NULL);
	fill_drop(f);
}

/* ---- lanes */

static struct lane *
lane_of(struct fill *f)
{
	return &f->all->lane[f->in_house ? 0 : f->from->index + 1];
}

static void work(void *arg);

/* The mutex is held. False: there are too many. */
static bool
enqueue(struct fill *f)
{
	struct lane *l = lane_of(f);

	if (l->running < l->at_once) {
		l->running++;
		hm_pool_submit(f->all->pool, 0, work, f);
		return true;
	}
	if (l->queued >= QUEUE_MAX)
		return false;
	f->behind = NULL;
	*(l->last ? &l->last->behind : &l->first) = f;
	l->last = f;
	l->queued++;
	return true;
}

/* One of the lane has ended: the next may start. The mutex is held. */
static void
next_in(struct fills *all, struct lane *l)
{
	struct fill *f = l->first;

	if (!f) {
		l->running--;
		return;
	}
	l->first = f->behind;
	if (!l->first)
		l->last = NULL;
	l->queued--;
	hm_pool_submit(all->pool, 0, work, f);
}

static void
refuse(struct fill *f)
{
	bring_refused(f, 503, HM_S("too many fetches wait for this upstream; try again later\n"));
	finish(f);
}

static void
work(void *arg)
{
	struct fill *f = arg;
	struct fills *all = f->all;
	struct lane *mine;
	bool stopping, done = true, room = true;

	pthread_mutex_lock(&all->mutex);
	mine = lane_of(f);
	stopping = all->stopping;
	pthread_mutex_unlock(&all->mutex);
	if (stopping)
		bring_refused(f, 503, HM_S("this proxy is going down\n"));
	else if (f->in_house)
		done = bring_kept(f);
	else
		bring(f);

	pthread_mutex_lock(&all->mutex);
	next_in(all, mine);
	if (!done) {
		f->in_house = false;
		room = enqueue(f);
	}
	pthread_mutex_unlock(&all->mutex);
	if (done)
		finish(f);
	else if (!room)
		refuse(f);
}

/* ---- joining */

static struct fill *
fill_new(struct fills *all, const struct route *r)
{
	struct fill *f = hm_mem_new(sizeof(*f));
	struct fill **bucket = &all->bucket[hm_str_hash(r->url) % BUCKETS];

	f->p = all->p;
	f->all = all;
	f->r = *r;
	f->r.url = hm_arena_dup(&f->arena, r->url);
	f->r.path = hm_arena_dup(&f->arena, r->path);
	f->r.version = hm_arena_dup(&f->arena, r->version);
	f->r.sumdb = hm_arena_dup(&f->arena, r->sumdb);
	f->r.rest = hm_arena_dup(&f->arena, r->rest);
	f->from = upstream_of(all->p->upstreams, f->r.path);
	f->refs = 1;
	f->chain = *bucket;
	*bucket = f;
	all->n++;
	return f;
}

static struct fill *
find(struct fills *all, hm_str url)
{
	struct fill *f = all->bucket[hm_str_hash(url) % BUCKETS];

	while (f && !hm_str_eq(f->r.url, url))
		f = f->chain;
	return f;
}

void
fills_join(struct fills *all, const struct route *r, struct hm_exchange *x)
{
	struct waiter *w = x ? HM_NEW(hm_exchange_arena(x), struct waiter) : NULL;
	struct fill *f;
	bool fresh, room = true;

	if (x)
		hm_exchange_defer(x);
	pthread_mutex_lock(&all->mutex);
	f = find(all, r->url);
	fresh = !f;
	if (fresh)
		f = fill_new(all, r);
	if (r->ahead > f->r.ahead)
		f->r.ahead = r->ahead;
	if (w) {
		*w = (struct waiter){ .x = x, .fill = f, .next = f->waiters };
		f->waiters = w;
		f->refs++;
		*hm_exchange_data(x) = w;
	}
	if (fresh) {
		f->in_house = x && (r->want == WANT_LIST || r->want == WANT_LATEST);
		room = enqueue(f);
	}
	pthread_mutex_unlock(&all->mutex);
	if (!room)
		refuse(f);
}

/* ---- ahead of those who will ask */

static bool
may_go_ahead(struct fills *all, const struct route *info)
{
	const struct upstream *from = upstream_of(all->p->upstreams, info->path);
	bool may;

	pthread_mutex_lock(&all->mutex);
	may = !all->stopping && all->lane[from->index + 1].queued < AHEAD_QUEUE_MAX;
	pthread_mutex_unlock(&all->mutex);
	return may;
}

static bool
was_in_vain(struct proxy *p, const struct route *r)
{
	struct hot_entry *e = hot_get(p->misses, r->url);
	bool known = e && hot_now() < e->usable_until;

	hot_release(e);
	return known;
}

void
fills_ahead(struct fills *all, const struct route *info)
{
	static const struct {
		enum want want;
		const char *suffix;
		enum ahead_of from;
	} files[] = { { WANT_ZIP, "zip", AHEAD_ZIP }, { WANT_MOD, "mod", AHEAD_MOD_ZIP } };
	hm_str stem = hm_str_sub(info->url, 0, info->url.n - strlen("info"));
	struct hm_arena a = { 0 };
	struct route r = *info;

	r.ahead = AHEAD_NOTHING;
	for (size_t i = 0; i < 2 && info->ahead >= files[i].from && may_go_ahead(all, info); i++) {
		r.want = files[i].want;
		r.url = hm_arena_printf(&a, HM_F "%s", HM_P(stem), files[i].suffix);
		if (!gate_stored(all->p, &r) && !was_in_vain(all->p, &r))
			fills_join(all, &r, NULL);
	}
	hm_arena_free(&a);
}
