/*
 * meter.h - what the proxy counts about itself: /metrics (hermod-proxy(1) lists every
 * name) and the figures of the dashboard.
 *
 * Adding is one relaxed atomic (serve/metrics.h).  m may be NULL everywhere: the verbs that
 * serve nothing count nothing.  Any thread.
 */
#ifndef PROXY_METER_H
#define PROXY_METER_H

#include "net/server.h"
#include "serve/metrics.h"

struct meter;
struct proxy;

enum meter_count {
	METER_HIT_MEMORY,      /* answered from the hot table */
	METER_HIT_STORE,       /* from the store's files */
	METER_FILLED,          /* by a fetch that succeeded */
	METER_STALE,           /* an old answer, because upstream failed */
	METER_MISSING,         /* no source has it */
	METER_FAILED,          /* the fetch failed */
	METER_FILES_REJECTED,   /* zip rules, go.mod, checksum database */
	METER_SUMDB_REJECTED,  /* answers of a checksum database that are provably wrong */
	METER_REFUSED_POLICY,
	METER_REFUSED_RIGHTS,
	METER_REFUSED_LIMIT,   /* rate limits, the guard against storms */
	METER_REFUSED_PRIVATE, /* lookups of private modules in a public database */
	METER_UPLOADS,
	METER_TRIMMED,         /* versions removed by the quota */
	METER_PURGED,          /* versions removed by an administrator */
	METER_COUNTS,
};

struct meter *meter_new(void);
void meter_free(struct meter *m);
/* The registry, for metrics of other parts. */
struct hm_metrics *meter_registry(struct meter *m);
/* Gauges that are read from the proxy's parts when they are printed; the minutes begin. */
void meter_watch(struct meter *m, struct proxy *p);

void meter_add(struct meter *m, enum meter_count what, int64_t n);
/* A handler begins; meter_served() ends it. */
void meter_began(struct meter *m);
/* After each answer: requests, latency and bytes by kind. */
void meter_served(struct meter *m, const struct hm_served *s);
/* An upstream ("https://host") was asked: how long it took and whether it answered. */
void meter_upstream(struct meter *m, hm_str host, int64_t nanoseconds, bool well);
/* Something went wrong that an administrator should see; both are copied and cut. */
void meter_error(struct meter *m, hm_str what, hm_str why);

/* ---- for the dashboard */

/* What happened in one minute. */
struct meter_minute {
	int64_t requests, hits, fills, errors, sent;
};
enum { METER_MINUTES = 24 * 60, METER_ERRORS = 12, METER_HOSTS = 32 };

/* The last n minutes that are over, the oldest first (zeros before the start). */
void meter_minutes(struct meter *m, struct meter_minute *out, size_t n);

struct meter_totals {
	int64_t requests, sent, in_flight;
	int64_t count[METER_COUNTS];
};
struct meter_totals meter_totals(struct meter *m);

/* What was asked for: "zip", "list", ... */
struct meter_kind {
	const char *name;
	int64_t requests, errors; /* errors: 5xx */
	int64_t mean, p99;        /* nanoseconds */
};
enum { METER_KINDS = 8 };
void meter_kinds(struct meter *m, struct meter_kind out[METER_KINDS]);

struct meter_host {
	hm_str host;
	int64_t asked, failed, mean, p99; /* nanoseconds */
};
/* The slowest first; slices are in the arena. */
size_t meter_hosts(struct meter *m, struct hm_arena *a, struct meter_host out[METER_HOSTS]);

struct meter_fault {
	int64_t when; /* seconds */
	hm_str what, why;
};
/* The newest first. */
size_t meter_faults(struct meter *m, struct hm_arena *a, struct meter_fault out[METER_ERRORS]);

#endif
