/*
 * interrupt.h - a signal ends a build in order: tools killed, work folder removed.
 *
 * SIGINT, SIGTERM and SIGHUP are taken by a thread of their own, so that no handler
 * has to touch the builder.
 */
#ifndef HM_CLI_INTERRUPT_H
#define HM_CLI_INTERRUPT_H

#include <pthread.h>
#include <stdatomic.h>

#include "build/build.h"

struct hm_interrupt {
	pthread_t thread;
	bool started;
	atomic_int caught;   /* the signal, or 0 */
	atomic_bool program; /* go run's program has the terminal: SIGINT is its own affair */
	pthread_mutex_t lock;
	struct hm_builder *b; /* under lock */
};

/* Before the first other thread starts. */
void hm_interrupt_begin(struct hm_interrupt *i);
/* The builder to stop; NULL when there is none (any more). */
void hm_interrupt_set(struct hm_interrupt *i, struct hm_builder *b);
/* Ends the thread; dies of a caught SIGTERM or SIGHUP as if it had not been caught. */
void hm_interrupt_end(struct hm_interrupt *i);

#endif
