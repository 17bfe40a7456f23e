#include "desk.h"

#include <stdlib.h>

#include "base/mem.h"

enum { THREADS = 2, WAITING_MAX = 64 };

struct desk {
	struct proxy *p;
	struct hm_pool *pool;
	atomic_uint waiting;
};

struct job {
	struct desk *d;
	struct hm_exchange *x;
	void (*make)(struct proxy *p, struct hm_exchange *x, void *arg, struct desk_answer *out);
	void *arg;
	struct desk_answer answer;
};

struct desk *
desk_new(struct proxy *p)
{
	struct desk *d = hm_mem_new(sizeof(*d));

	d->p = p;
	d->pool = hm_pool_new(THREADS);
	return d;
}

void
desk_free(struct desk *d)
{
	if (!d)
		return;
	hm_pool_free(d->pool);
	free(d);
}

static void
give(void *ctx, struct hm_exchange *x)
{
	struct job *j = *hm_exchange_data(x);

	(void)ctx;
	if (j->answer.type.n)
		hm_exchange_field(x, "Content-Type", j->answer.type);
	if (j->answer.cache.n)
		hm_exchange_field(x, "Cache-Control", j->answer.cache);
	hm_exchange_reply(x, j->answer.status, j->answer.body);
}

static void
work(void *arg)
{
	struct job *j = arg;
	struct desk *d = j->d;

	j->make(proxy_now(d->p), j->x, j->arg, &j->answer);
	atomic_fetch_sub(&d->waiting, 1);
	hm_exchange_resume(j->x, give); /* j may be gone from here on */
}

bool
desk_submit(struct desk *d, struct hm_exchange *x,
            void (*make)(struct proxy *p, struct hm_exchange *x, void *arg,
                         struct desk_answer *out),
            void *arg)
{
	struct job *j;

	if (atomic_fetch_add(&d->waiting, 1) >= WAITING_MAX) {
		atomic_fetch_sub(&d->waiting, 1);
		hm_exchange_field(x, "Retry-After", HM_S("1"));
		answer_text(x, 503, HM_S("too many such requests wait; try again\n"));
		return false;
	}
	j = HM_NEW(hm_exchange_arena(x), struct job);
	*j = (struct job){ .d = d, .x = x, .make = make, .arg = arg };
	*hm_exchange_data(x) = j;
	hm_exchange_defer(x);
	hm_pool_submit(d->pool, 0, work, j);
	return true;
}
