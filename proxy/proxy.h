/*
 * proxy.h - the state of one hermod-proxy, and how its parts fit.
 *
 *	handler.c  a request: from memory (hot.h), from the store, or it waits for a fill
 *	fill.c     what is missing is fetched once; all who wait get it
 *	bring.c    the work of that: upstream asked, its answer checked and stored
 *	answer.c   bytes as HTTP answers: ETag, ranges, cache rules, errors
 *
 * The server's loops run handler.c and answer.c; the pool's threads run bring.c.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include <stdatomic.h>

#include "admit.h"
#include "ahead.h"
#include "conf/conf.h"
#include "fetch/fetch.h"
#include "hot.h"
#include "meter.h"
#include "net/server.h"
#include "os/pool.h"
#include "route.h"
#include "serve/accesslog.h"
#include "store/store.h"
#include "verify/verify.h"

struct fills;
struct replica;
struct hm_access;
struct hm_accounts;
struct hm_audit;
struct control;
struct desk;
struct gate;
struct guard;
struct ownlog;
struct upstreams;
struct web;

/* From the command line, the configuration file and the environment. */
struct options {
	hm_str config;        /* the file */
	hm_str dir;           /* absolute */
	hm_str listen;
	hm_str upstream;      /* GOPROXY syntax; empty: GOPROXY of the environment */
	hm_str tls_cert, tls_key;
	hm_str sumdb;         /* folder of a log of one's own; empty: none */
	hm_str sumdbs;        /* names that may be passed through, comma-separated */
	hm_str access_log;    /* "text", "json" or "off" */
	hm_str access_log_file; /* empty: standard error */
	bool offline;
	bool insecure_http;   /* plain HTTP on any address */
	bool behind_tls;      /* the same, and credentials over it: something in front speaks TLS */
	hm_str trusted_proxies, client_header; /* serve/realip.h; empty: nobody */
	int rate, rate_burst; /* requests a second of one account or address; 0: no limit */
	int upload_mib;       /* largest zip that is taken */
	int memory_mib;       /* of the hot table */
	int list_fresh, list_stale; /* seconds */
	int missing_keep;     /* seconds that "not found" is remembered */
	int fills;            /* at once */
	int upstream_timeout; /* seconds that an upstream may be silent */
	hm_str private;       /* as GOPRIVATE, which it is added to */
	hm_str quota;         /* size, as "20G"; empty: none */
	bool cooldown_seen;   /* a version's age counts from when it was first seen here */
	hm_str fetch_ahead;   /* "learn", "always" or "never": ahead_mode */
	enum ahead_mode ahead_mode;
	hm_str policy;        /* file; empty: everything is permitted */
	hm_str replica_of;    /* URL of the server to follow; empty: none */
	int replica_interval; /* seconds */
};

/* trim.h; the writer of the facts alone uses it while the server runs. */
struct quota {
	int64_t bytes;           /* 0: none */
	bool warned;             /* that it cannot be kept */
};

struct proxy {
	struct options opts;
	struct hm_arena arena;
	struct hm_conf *conf;    /* as go would see upstream: GOPROXY, GOSUMDB, ... */
	struct hm_http *http;
	struct upstreams *upstreams;
	struct hm_fetch *fetch;  /* of --upstream */
	struct hm_verify *verify;
	struct hm_store store;
	struct admit admit;      /* on store and verify */
	struct hot *hot;
	struct hot *misses;      /* "not found" and other errors, for a short time */
	struct ahead *ahead;
	struct guard *guard;
	struct gate *gate;       /* NULL: no policy */
	struct fills *fills;
	struct facts *facts;     /* NULL in verbs that do not ask for it */
	struct desk *desk;
	struct control *control; /* what commands on this machine say to a server */
	struct quota quota;
	struct replica *replica; /* NULL: it follows nobody */
	struct hm_accounts *accounts;
	struct hm_access *access;
	struct hm_audit *audit;  /* NULL in verbs that do not ask for it */
	atomic_uint uploads;     /* at work */
	struct ownlog *ownlog;   /* NULL: no --sumdb */
	struct hm_server *server;
	struct hm_tls_server *tls;
	struct hm_log log;
	struct meter *meter;
	struct web *web;         /* pages that were just made */
	struct hm_accesslog *access_log; /* NULL: off */
	int64_t started;         /* seconds */

	/* Generations: reload.h. */
	struct proxy *base;               /* the first one */
	_Atomic(struct proxy *) now;      /* of base: the one that takes requests */
	struct proxy *older;              /* the next that was retired */
	int64_t retired;                  /* when, in seconds */
};

/* The generation that takes requests. */
static inline struct proxy *
proxy_now(struct proxy *p)
{
	struct proxy *now = p->base ? atomic_load(&p->base->now) : NULL;

	return now ? now : p;
}

/* What a fill came to, for everyone who waited. */
struct result {
	int status;              /* 200, or the status to answer with */
	struct hot_entry *entry; /* body or error text; NULL: the file is in the store now */
};

/* handler.c: the server's callback; ctx is the proxy. */
void proxy_handle(void *ctx, struct hm_exchange *x);
/* From memory, where it is fresh or will be renewed; false: not there. */
bool proxy_from_memory(struct proxy *p, struct hm_exchange *x, const struct route *r);

/* handler.c: the server's other callback */
void proxy_served(void *ctx, const struct hm_served *s);

/* fill.c */
struct fills *fills_new(struct proxy *p);
/* Waits for the fills under way. */
void fills_free(struct fills *f);
/* What has not begun is refused from now on: the server goes down. */
void fills_stop(struct fills *f);
/*
 * x waits for the object (it is deferred), together with all others that ask for
 * it; x NULL: nobody waits, a stored answer is only renewed.
 */
void fills_join(struct fills *f, const struct route *r, struct hm_exchange *x);
/*
 * Fetches of this .info what its route says and the store lacks, as if somebody had asked
 * for it: not what was just looked for in vain, nor where many wait already.
 */
void fills_ahead(struct fills *f, const struct route *info);
size_t fills_under_way(struct fills *f);

/* answer.c */
/* Gives e back when it is sent. */
void answer_entry(struct hm_exchange *x, struct hot_entry *e);
/* fd is closed. etag may be empty. */
void answer_file(struct hm_exchange *x, int fd, uint64_t size, hm_str type, hm_str etag);
void answer_text(struct hm_exchange *x, int status, hm_str text);
/* An error as a line for who asked: where the store lies is not told, it is called DIR. */
hm_str answer_error(const struct proxy *p, struct hm_arena *a, struct hm_err *err);
/* The store's file for an immutable object, if it is there; false: it is not. */
bool answer_stored(struct proxy *p, struct hm_exchange *x, const struct route *r);

/* Content-Type of what is found. */
hm_str type_of(const struct route *r);

#endif
