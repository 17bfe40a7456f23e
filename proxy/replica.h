/*
 * replica.h - a server that follows another one: --replica-of URL.
 *
 * Every --replica-interval seconds it reads URL/index/purged and URL/index from where it
 * was, removes what was purged there, and brings in each new version, verified like any
 * fill.  What asks it for something else gets it by way of URL, its only upstream; uploads
 * are refused (403).
 *
 * Where it was is in DIR/replica.json, written after the versions it speaks of are in the
 * store:
 *
 *	{"Of":"https://proxy.example.com","Since":"<Timestamp>","Purged":"<Timestamp>"}
 *
 * A primary that is down, or cannot give a version just now, is asked again later, from the
 * same place; a version that fails verification, is gone there, or is refused there, is
 * logged and passed over.
 */
#ifndef PROXY_REPLICA_H
#define PROXY_REPLICA_H

#include "proxy.h"

struct replica;

/* Starts its thread; p has its facts, and lives longer.  *out is NULL without --replica-of. */
int replica_new(struct proxy *p, struct replica **out, struct hm_err *err);
/* Ends what it is doing. NULL is fine. */
void replica_free(struct replica *r);

#endif
