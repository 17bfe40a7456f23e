#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/clock.h"

enum { QUIET_MS = 500, EVERY_MS = 100 };

static size_t
gcd(size_t a, size_t b)
{
	while (b) {
		size_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/* Coprime to n, so that its multiples meet every item once. */
static size_t
stride_of(size_t n)
{
	size_t s = n / 8 * 5 + 1;

	while (gcd(s, n) > 1)
		s++;
	return s;
}

void
tally_begin(struct tally *t, const char *doing, size_t total)
{
	*t = (struct tally){ .doing = doing, .total = total, .stride = stride_of(total) };
	pthread_mutex_init(&t->mutex, NULL);
	t->began = hm_clock_monotonic_ns();
	t->terminal = isatty(STDERR_FILENO);
}

size_t
tally_scatter(const struct tally *t, size_t i)
{
	return (size_t)((uint64_t)i * t->stride % t->total);
}

static void
show(struct tally *t)
{
	int64_t now = hm_clock_monotonic_ns();

	if (!t->terminal || now - t->began < (int64_t)QUIET_MS * 1000000 ||
	    now - t->shown < (int64_t)EVERY_MS * 1000000)
		return;
	t->shown = now;
	fprintf(stderr, "\r%s: %zu of %zu, %zu failed\033[K", t->doing, t->done, t->total,
	        t->failed);
}

void
tally_done(struct tally *t, int what)
{
	pthread_mutex_lock(&t->mutex);
	t->done++;
	t->count[what]++;
	show(t);
	pthread_mutex_unlock(&t->mutex);
}

void
tally_failed(struct tally *t, size_t i, struct hm_err *err)
{
	struct tally_failure f = { .i = i };

	pthread_mutex_lock(&t->mutex);
	t->done++;
	t->failed++;
	f.text = hm_arena_dup(&t->arena, hm_err_str(err));
	HM_PUSH(&t->arena, t->failures, f);
	show(t);
	pthread_mutex_unlock(&t->mutex);
}

static int
by_item(const void *a, const void *b)
{
	const struct tally_failure *x = a, *y = b;

	return (x->i > y->i) - (x->i < y->i);
}

int
tally_end(struct tally *t, struct hm_err *err)
{
	if (t->shown)
		fputs("\r\033[K", stderr);
	if (t->failures.n)
		qsort(t->failures.v, t->failures.n, sizeof(*t->failures.v), by_item);
	for (size_t i = 0; i < t->failures.n; i++)
		fprintf(stderr, "hermod-proxy: " HM_F "\n", HM_P(t->failures.v[i].text));
	hm_arena_free(&t->arena);
	pthread_mutex_destroy(&t->mutex);
	return t->failed ? hm_err_set(err, HM_EREPORTED, "%zu failed", t->failed) : 0;
}
