/*
 * pool.h - work on several cores.
 *
 * A pool has a number of threads, each started when work first needs it, and one queue.
 * Jobs may submit jobs.
 * Jobs of higher priority run first; equals in order of submission.
 */
#ifndef HM_OS_POOL_H
#define HM_OS_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct hm_pool;

/* Number of usable cores (sched_getaffinity), at least 1. */
unsigned hm_pool_cores(void);

/* threads == 0: one a core. */
struct hm_pool *hm_pool_new(unsigned threads);
/* Waits for all jobs, ends the threads. */
void hm_pool_free(struct hm_pool *p);
void hm_pool_submit(struct hm_pool *p, int priority, void (*fn)(void *arg), void *arg);
/* Until the queue is empty and no job runs. */
void hm_pool_wait(struct hm_pool *p);

/* fn(ctx, i) for i in 0..n-1, spread over the cores; returns when all are done. */
void hm_pool_each(unsigned threads, size_t n, void (*fn)(void *ctx, size_t i), void *ctx);

#endif
