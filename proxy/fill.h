/*
 * fill.h - one object on its way into the house; between fill.c, which has the queue
 * and those who wait, and bring.c, which does the work.
 */
#ifndef PROXY_FILL_H
#define PROXY_FILL_H

#include "proxy.h"
#include "upstream.h"

struct fill {
	struct proxy *p;
	struct fills *all;
	struct hm_arena arena;       /* the work's */
	struct route r;
	const struct upstream *from; /* who is asked */
	struct result result;
	bool renew;                  /* it is old: ask upstream, now that nobody waits */

	/* fill.c's; its mutex guards them */
	struct fill *chain, *behind; /* in the table; in a lane's queue */
	struct waiter *waiters;
	bool in_house;               /* its first turn, in the lane that asks nobody */
	int refs;
};

/*
 * What the house has, though it may be old: a list or @latest that was kept.  True: the
 * fill is done.  It asks nobody.
 */
bool bring_kept(struct fill *f);
/* Fetches, checks and stores; f->result is set in any case. */
void bring(struct fill *f);
/*
 * Around the check of a zip of so many bytes, which takes a core and memory and waits for
 * nothing: as many at once as there are cores, of large ones a single one.  Answers how
 * many threads it may have: more than one where other cores have nothing to do.
 */
unsigned fills_compute(struct fills *all, uint64_t bytes);
void fills_computed(struct fills *all, uint64_t bytes, unsigned threads);
/* It is not even tried. */
void bring_refused(struct fill *f, int status, hm_str text);

#endif
