/*
 * access.h - accounts, rights and rate limits at the door of an HTTP server: who sends
 * a request is found once, before anything is done for it.
 *
 * What is answered, and why:
 *
 *	400  two Authorization fields.
 *	401  credentials that are wrong; or none, where anonymous lacks the right.  It
 *	     depends on the name asked for and never on what is stored, and says how to
 *	     send credentials.
 *	404  somebody known who may not read the module.  go asks a proxy for each prefix
 *	     of an import path and must go on; that the module exists is not told.
 *	403  somebody known who may not upload, purge or the like.
 *	403  credentials over plain HTTP from afar: they were just shown to the network.
 *	429  more requests than the limit, with Retry-After; also for wrong passwords again
 *	     and again from one address.
 *	503  the database of accounts cannot be read.
 */
#ifndef HM_SERVE_ACCESS_H
#define HM_SERVE_ACCESS_H

#include "net/server.h"
#include "serve/accounts.h"

struct hm_access;
struct hm_audit;
struct hm_realip;

struct hm_access_opts {
	struct hm_accounts *accounts; /* borrowed */
	struct hm_audit *audit;       /* told of wrong credentials; borrowed, may be NULL */
	const struct hm_realip *realip; /* who may name the client; borrowed, may be NULL */
	const char *realm;            /* the program's name */
	bool insecure;                /* credentials over plain HTTP are taken from anywhere */
	int rate, burst;              /* requests a second of an account or address; 0: no limit */
};

struct hm_access *hm_access_new(const struct hm_access_opts *opts);
/* Waits for what is being verified; before the server is freed. */
void hm_access_free(struct hm_access *acc);
/* New limits, for a reload. */
void hm_access_set_rate(struct hm_access *acc, int rate, int burst);

/*
 * The first thing a handler does: next(ctx, x) goes on with the request, at once or
 * later on the same loop; or it is answered here and next is not called.
 */
void hm_access_enter(struct hm_access *acc, struct hm_exchange *x,
                     void (*next)(void *ctx, struct hm_exchange *x), void *ctx);
/* Who was let in: in the exchange's arena; anonymous when nobody was asked. */
const struct hm_identity *hm_access_who(struct hm_exchange *x);

/* May who asks do this with the module? */
bool hm_access_may(struct hm_access *acc, struct hm_exchange *x, enum hm_right right,
                   hm_str module);
/* The same; when false, the answer has been given. */
bool hm_access_allow(struct hm_access *acc, struct hm_exchange *x, enum hm_right right,
                     hm_str module);
/* For what concerns every module (/index, search, metrics ...): read on all, or answered. */
bool hm_access_allow_all(struct hm_access *acc, struct hm_exchange *x);
/* A right on some module suffices (admin pages). */
bool hm_access_allow_any(struct hm_access *acc, struct hm_exchange *x, enum hm_right right);

#endif
