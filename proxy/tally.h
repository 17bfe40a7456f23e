/*
 * tally.h - many versions, one after another or at once: how far it is, and what failed.
 *
 * On a terminal a line on standard error says how far the work is, from half a second on.
 * Any thread may report.
 */
#ifndef PROXY_TALLY_H
#define PROXY_TALLY_H

#include <pthread.h>

#include "base/err.h"
#include "base/vec.h"

struct tally_failure {
	size_t i; /* of the work item: failures are said in this order */
	hm_str text;
};

struct tally {
	const char *doing; /* "importing" */
	size_t total, done, failed;
	size_t stride;
	size_t count[3]; /* what the verb counts */
	struct hm_arena arena;
	HM_VEC(struct tally_failure) failures;
	pthread_mutex_t mutex;
	int64_t began, shown;
	bool terminal;
};

void tally_begin(struct tally *t, const char *doing, size_t total);
/*
 * The i-th item to work on: all of them, in an order in which neighbours are far apart.
 * Sorted items are versions of one module, which wait for one another's locks.
 */
size_t tally_scatter(const struct tally *t, size_t i);
/* Item i is done, as one of count[what]. */
void tally_done(struct tally *t, int what);
/* It failed; err's text is copied. */
void tally_failed(struct tally *t, size_t i, struct hm_err *err);
/*
 * Says every failure on standard error, in order of the items.  HM_EREPORTED when there
 * was one; the tally is freed, its figures stay.
 */
int tally_end(struct tally *t, struct hm_err *err);

#endif
