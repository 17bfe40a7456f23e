/*
 * logbench.c - the log of hermod-sumdb under load, without HTTP; lines of "name value".
 *
 *	logbench fill DIR FROM TO          these records in batches; durable at the end
 *	logbench single DIR THREADS SECS   each thread appends one record after the other
 *	logbench find DIR COUNT THREADS SIZE   lookups all over the first SIZE records
 *	logbench urls SIZE COUNT           paths of lookups in a log of SIZE records
 *	logbench fsync DIR COUNT           what one write and fsync cost here
 *
 * Records are example.com/bench/m<i>@v1.0.0; the log is made by hermod-sumdb init.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/clock.h"
#include "tilelog/tilelog.h"

enum { BATCH = 4096, IN_FLIGHT = 8 };

static void
die(struct hm_err *err)
{
	fprintf(stderr, "logbench: %s\n", hm_err_str(err).p);
	exit(1);
}

static double
cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long
peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static struct hm_tilelog *
open_log(const char *dir)
{
	struct hm_err err = { 0 };
	struct hm_tilelog *l;
	int64_t t = hm_clock_monotonic_ns();

	if (hm_tilelog_open(hm_str_of(dir), NULL, &l, &err))
		die(&err);
	printf("open_ms %.1f\n", (double)(hm_clock_monotonic_ns() - t) / 1e6);
	return l;
}

/* Forty-three letters that look like a hash and differ from record to record. */
static hm_str
record(struct hm_arena *a, const char *name, long long i)
{
	char h[44];
	uint64_t x = (uint64_t)i * 0x9e3779b97f4a7c15u + 1;

	for (int k = 0; k < 43; k++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		h[k] = (char)('A' + x % 26);
	}
	h[42] = 'A';
	h[43] = 0;
	return hm_arena_printf(a,
	                       "example.com/%s%lld v1.0.0 h1:%s=\n"
	                       "example.com/%s%lld v1.0.0/go.mod h1:%s=\n",
	                       name, i, h, name, i, h);
}

/* ---- fill */

struct work {
	pthread_mutex_t mutex;
	pthread_cond_t less;
	int in_flight;
};

struct bulk {
	struct work *w;
	struct hm_arena arena;
	struct hm_append v[BATCH];
	size_t left;
};

static void
bulk_done(struct hm_append *a)
{
	struct bulk *b = a->ctx;

	if (a->rc)
		die(&a->err);
	if (--b->left) /* one thread calls, the sequencer's */
		return;
	pthread_mutex_lock(&b->w->mutex);
	b->w->in_flight--;
	pthread_cond_signal(&b->w->less);
	pthread_mutex_unlock(&b->w->mutex);
	hm_arena_free(&b->arena);
	free(b);
}

static void
wait_below(struct work *w, int n)
{
	pthread_mutex_lock(&w->mutex);
	while (w->in_flight >= n)
		pthread_cond_wait(&w->less, &w->mutex);
	pthread_mutex_unlock(&w->mutex);
}

static void
fill(const char *dir, long long at, long long end)
{
	struct hm_tilelog *l = open_log(dir);
	struct work w = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
	long long count = end - at;
	int64_t t = hm_clock_monotonic_ns();
	double seconds, c = cpu();

	while (at < end) {
		struct bulk *b = hm_mem_new(sizeof(*b));

		b->w = &w;
		for (; b->left < BATCH && at < end; at++, b->left++)
			b->v[b->left] = (struct hm_append){
				.text = record(&b->arena, "bench/m", at),
				.done = bulk_done,
				.ctx = b,
			};
		wait_below(&w, IN_FLIGHT);
		pthread_mutex_lock(&w.mutex);
		w.in_flight++;
		pthread_mutex_unlock(&w.mutex);
		hm_tilelog_submit(l, b->v, b->left);
	}
	wait_below(&w, 1);
	seconds = (double)(hm_clock_monotonic_ns() - t) / 1e9;
	printf("appends_per_second %.0f\nappend_cpu_us %.2f\n", (double)count / seconds,
	       (cpu() - c) * 1e6 / (double)count);
	t = hm_clock_monotonic_ns();
	hm_tilelog_free(l);
	printf("publish_ms %.1f\npeak_kib %ld\n", (double)(hm_clock_monotonic_ns() - t) / 1e6,
	       peak_kib());
}

/* ---- many threads */

struct thread {
	pthread_t id;
	struct hm_tilelog *l;
	int n, of;
	long long size, count, done;
	int64_t until;
	int64_t *took; /* nanoseconds of each */
	size_t cap;
};

static void
note(struct thread *t, int64_t ns)
{
	if ((size_t)t->done == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 1024;
		t->took = hm_mem_grow(t->took, t->cap, sizeof(*t->took));
	}
	t->took[t->done++] = ns;
}

static void *
append_singly(void *arg)
{
	struct thread *t = arg;

	for (long long i = t->size + t->n; hm_clock_monotonic_ns() < t->until; i += t->of) {
		struct hm_arena a = { 0 };
		struct hm_err err = { 0 };
		struct hm_append one = { .text = record(&a, "single/m", i) };
		int64_t start = hm_clock_monotonic_ns();

		if (hm_tilelog_append(t->l, &one, 1, &err))
			die(&err);
		note(t, hm_clock_monotonic_ns() - start);
		hm_arena_free(&a);
	}
	return NULL;
}

static void *
find_some(void *arg)
{
	struct thread *t = arg;
	uint64_t x = (uint64_t)t->n * 77777 + 88172645463325252u;

	for (long long i = 0; i < t->count / t->of; i++) {
		struct hm_arena a = { 0 };
		struct hm_err err = { 0 };
		struct hm_found f;
		int64_t start = hm_clock_monotonic_ns();
		hm_str key;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		key = hm_arena_printf(&a, "example.com/bench/m%lld v1.0.0",
		                      (long long)(x % (uint64_t)t->size));
		if (hm_tilelog_find(t->l, &a, key, &f, &err))
			die(&err);
		note(t, hm_clock_monotonic_ns() - start);
		hm_arena_free(&a);
	}
	return NULL;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
run(const char *what, const char *dir, int threads, long long count, long long arg,
    void *(*fn)(void *))
{
	struct hm_tilelog *l = open_log(dir);
	struct thread *t = hm_mem_new((size_t)threads * sizeof(*t));
	int64_t start = hm_clock_monotonic_ns(), *all = NULL;
	long long total = 0, size = count ? arg : hm_tilelog_stats(l).size;
	double c = cpu(), took;

	for (int i = 0; i < threads; i++) {
		t[i] = (struct thread){ .l = l, .n = i, .of = threads, .size = size, .count = count,
			                .until = start + arg * INT64_C(1000000000) };
		if (pthread_create(&t[i].id, NULL, fn, &t[i]))
			abort();
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(t[i].id, NULL);
		all = hm_mem_grow(all, (size_t)(total + t[i].done + 1), sizeof(*all));
		memcpy(all + total, t[i].took, (size_t)t[i].done * sizeof(*all));
		total += t[i].done;
		free(t[i].took);
	}
	took = (double)(hm_clock_monotonic_ns() - start) / 1e9;
	qsort(all, (size_t)total, sizeof(*all), by_value);
	printf("%s_per_second %.0f\n%s_p50_us %.1f\n%s_p99_us %.1f\n%s_max_us %.1f\n"
	       "%s_cpu_us %.2f\nbatches %llu\npeak_kib %ld\n",
	       what, (double)total / took, what, (double)all[total / 2] / 1e3, what,
	       (double)all[total * 99 / 100] / 1e3, what, (double)all[total - 1] / 1e3, what,
	       (cpu() - c) * 1e6 / (double)total, (unsigned long long)hm_tilelog_stats(l).batches,
	       peak_kib());
	free(all);
	free(t);
	hm_tilelog_free(l);
}

/* ---- the rest */

static void
urls(long long size, long long count)
{
	uint64_t x = 88172645463325252u;

	for (long long i = 0; i < count; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		printf("/lookup/example.com/bench/m%lld@v1.0.0\n",
		       (long long)(x % (uint64_t)size));
	}
}

static void
time_fsync(const char *dir, long long count)
{
	struct hm_arena a = { 0 };
	hm_str file = hm_arena_printf(&a, "%s/fsync", dir);
	int fd = open(file.p, O_RDWR | O_CREAT, 0600);
	int64_t *took = hm_mem_new((size_t)count * sizeof(*took));
	char block[16384] = { 0 };

	for (long long i = 0; i < count; i++) {
		int64_t start = hm_clock_monotonic_ns();

		if (pwrite(fd, block, sizeof(block), i * (off_t)sizeof(block)) < 0 || fsync(fd))
			exit(1);
		took[i] = hm_clock_monotonic_ns() - start;
	}
	qsort(took, (size_t)count, sizeof(*took), by_value);
	printf("fsync_p50_us %.1f\nfsync_p99_us %.1f\n", (double)took[count / 2] / 1e3,
	       (double)took[count * 99 / 100] / 1e3);
	close(fd);
	unlink(file.p);
	free(took);
	hm_arena_free(&a);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long long n = argc > 3 ? atoll(argv[3]) : 0;

	if (argc == 5 && strcmp(what, "fill") == 0)
		fill(argv[2], n, atoll(argv[4]));
	else if (argc == 5 && strcmp(what, "single") == 0)
		run("single", argv[2], (int)n, 0, atoi(argv[4]), append_singly);
	else if (argc == 6 && strcmp(what, "find") == 0)
		run("find", argv[2], atoi(argv[4]), n, atoll(argv[5]), find_some);
	else if (argc == 4 && strcmp(what, "urls") == 0)
		urls(atoll(argv[2]), n);
	else if (argc == 4 && strcmp(what, "fsync") == 0)
		time_fsync(argv[2], n);
	else
		return fprintf(stderr, "usage: logbench fill|single|find|urls|fsync ...\n"), 2;
	return 0;
}
