/*
 * upstream.h - where modules come from, by the pattern of their names, and what keeps a
 * sick source from making everyone wait.
 *
 *	--upstream LIST                 for all modules (GOPROXY syntax)
 *	[upstream "corp.example"]       for those that match (GOPRIVATE syntax); the first
 *		proxy = LIST            section that matches decides
 *		at-once = N             fills from here under way at once (default: --fills)
 *
 * A module that GOPRIVATE or GONOPROXY names goes only where a section sends it.
 *
 * Each host has a circuit breaker: after BREAKER_FAILURES failures in a row (no answer, 5xx
 * or 429) it is not asked for BREAKER_FIRST seconds;
 * then one request tries, and the pause doubles, up to BREAKER_LONGEST, while it fails.
 */
#ifndef PROXY_UPSTREAM_H
#define PROXY_UPSTREAM_H

#include "base/log.h"
#include "fetch/fetch.h"
#include "serve/config.h"
#include "verify/verify.h"

enum { BREAKER_FAILURES = 8, BREAKER_FIRST = 5, BREAKER_LONGEST = 60 };

struct upstreams;

/* One section, or (the last of all) what --upstream says. */
struct upstream {
	hm_str pattern;       /* empty: all modules */
	struct hm_conf conf;  /* the proxy's, with this GOPROXY; borrows from it */
	struct hm_fetch *fetch;
	unsigned at_once;
	size_t index;         /* upstream_at(us, index) */
};

/*
 * config may be NULL; its sections "upstream" are read, each wrong key is an error.  conf,
 * http and log are borrowed, what is needed of config is copied.
 */
int upstreams_new(const struct hm_conf *conf, struct hm_http *http, const struct hm_log *log,
                  const struct hm_config *config, unsigned at_once, struct upstreams **out,
                  struct hm_err *err);
/*
 * HM_EUSAGE when one of them is the server that listens there ("127.0.0.1:8080"), which would
 * wait for its own answers: after `go env -w GOPROXY=http://127.0.0.1:8080` by its user.
 */
int upstreams_check_listen(const struct upstreams *us, hm_str listen, struct hm_err *err);
void upstreams_free(struct upstreams *us);

/* Where a module comes from; path empty: --upstream's. Never NULL. */
const struct upstream *upstream_of(const struct upstreams *us, hm_str path);
size_t upstreams_count(const struct upstreams *us);
const struct upstream *upstream_at(const struct upstreams *us, size_t i);

/*
 * hm_fetch_try() behind the breakers: sources whose breaker is open are passed over with
 * HM_ENET.  Any thread.
 */
int upstream_try(struct upstreams *us, const struct upstream *u,
                 int (*fn)(void *ctx, const struct hm_fetch_source *src, struct hm_err *err),
                 void *ctx, struct hm_err *err);
/*
 * asked() is told of each answer of a host, or of its failure, on the thread that asked.
 * Before the first upstream_try().
 */
void upstreams_watch(struct upstreams *us,
                     void (*asked)(void *ctx, hm_str host, int64_t nanoseconds, bool well),
                     void *ctx);
/* For hm_verify_conf: the checksum database by way of --upstream, behind the breakers. */
struct hm_verify_remote upstream_remote(struct upstreams *us);

/* One host as the breakers see it; for metrics and pages. */
struct upstream_state {
	char host[256];       /* "https://proxy.example.com:443", without credentials */
	enum { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN } breaker;
	uint64_t asked, failed, refused; /* refused: not asked, because it was open */
	uint64_t nanoseconds; /* spent waiting for its answers */
};
/* Copies at most max states; answers how many there are. Any thread. */
size_t upstream_states(struct upstreams *us, struct upstream_state *out, size_t max);

#endif
