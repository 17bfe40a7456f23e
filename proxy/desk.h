/*
 * desk.h - answers that take a while (they read the database, or zips): made on threads
 * of their own, a few at a time, never on a server's loop.
 */
#ifndef PROXY_DESK_H
#define PROXY_DESK_H

#include "proxy.h"

/* What a job made: sent on the loop. Fields and body are copied. */
struct desk_answer {
	int status;
	hm_str type, cache; /* Content-Type, Cache-Control */
	hm_str body;        /* in the exchange's arena or a literal */
};

struct desk *desk_new(struct proxy *p);
/* Waits for the jobs under way. */
void desk_free(struct desk *d);
/*
 * True: x is deferred, and make() runs on another thread, with the exchange's arena, and may call
 * hm_exchange_field(), too.  False where too many wait: 503 has been answered.
 */
bool desk_submit(struct desk *d, struct hm_exchange *x,
                 void (*make)(struct proxy *p, struct hm_exchange *x, void *arg,
                              struct desk_answer *out),
                 void *arg);

#endif
