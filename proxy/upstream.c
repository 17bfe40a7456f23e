#include "upstream.h"

#include <pthread.h>
#include <stdlib.h>

#include "acquire/remote.h"
#include "base/mem.h"
#include "codec/url.h"
#include "mod/match.h"
#include "os/clock.h"
#include "serve/daemon.h"

enum { MAX_HOSTS = 64, MAX_AT_ONCE = 64 };

/* One host.  failures: in a row; probing: the one request of a half-open breaker is out. */
struct breaker {
	struct upstream_state state;
	unsigned failures;
	int64_t pause, until; /* ns; until: the end of the pause */
	bool probing;
};

/* v is constant after upstreams_new(); the mutex guards host and n_hosts. */
struct upstreams {
	struct hm_arena arena;
	struct upstream *v;
	size_t n, cap;
	pthread_mutex_t mutex;
	struct breaker host[MAX_HOSTS];
	size_t n_hosts;
	void (*asked)(void *ctx, hm_str host, int64_t nanoseconds, bool well);
	void *asked_ctx;
};

/* ---- sections */

static struct upstream *
section(struct upstreams *us, hm_str pattern)
{
	for (size_t i = 0; i < us->n; i++)
		if (hm_str_eq(us->v[i].pattern, pattern))
			return &us->v[i];
	pattern = hm_arena_dup(&us->arena, pattern);
	HM_PUSH(&us->arena, *us, ((struct upstream){ .pattern = pattern }));
	return &us->v[us->n - 1];
}

static int
read_entry(struct upstreams *us, const struct hm_config *c, const struct hm_config_entry *e,
           struct hm_err *err)
{
	struct upstream *u = section(us, e->sub);
	hm_str value = hm_arena_dup(&us->arena, e->value);
	char *end;
	long n;

	if (hm_match_check_prefix_patterns(e->sub, err))
		return hm_err_wrap(err, HM_F ":%d: upstream: ", HM_P(c->name), e->line);
	if (hm_str_eqz(e->key, "proxy") && value.n) {
		u->conf.goproxy = value;
		return 0;
	}
	if (!hm_str_eqz(e->key, "at-once"))
		return hm_err_set(err, HM_EUSAGE, HM_F ":%d: unknown setting upstream." HM_F,
		                  HM_P(c->name), e->line, HM_P(e->key));
	n = strtol(value.p, &end, 10);
	if (value.n == 0 || *end || n < 1 || n > MAX_AT_ONCE)
		return hm_err_set(err, HM_EUSAGE,
		                  HM_F ":%d: at-once: \"" HM_F "\" is no number from 1 to %d",
		                  HM_P(c->name), e->line, HM_P(value), MAX_AT_ONCE);
	u->at_once = (unsigned)n;
	return 0;
}

static int
read_sections(struct upstreams *us, const struct hm_config *c, struct hm_err *err)
{
	for (size_t i = 0; c && i < c->n; i++)
		if (hm_str_eqz(c->v[i].section, "upstream") && c->v[i].sub.n &&
		    read_entry(us, c, &c->v[i], err))
			return -1;
	for (size_t i = 0; i < us->n; i++)
		if (us->v[i].conf.goproxy.n == 0)
			return hm_err_set(err, HM_EUSAGE,
			                  HM_F ": section upstream \"" HM_F "\" has no proxy",
			                  HM_P(c->name), HM_P(us->v[i].pattern));
	return 0;
}

int
upstreams_new(const struct hm_conf *conf, struct hm_http *http, const struct hm_log *log,
              const struct hm_config *config, unsigned at_once, struct upstreams **out,
              struct hm_err *err)
{
	struct upstreams *us = hm_mem_new(sizeof(*us));
	struct hm_fetch_sources list;

	pthread_mutex_init(&us->mutex, NULL);
	if (read_sections(us, config, err))
		goto fail;
	section(us, HM_S(""))->conf.goproxy = conf->goproxy;
	for (size_t i = 0; i < us->n; i++) {
		struct upstream *u = &us->v[i];
		hm_str goproxy = u->conf.goproxy;

		u->conf = *conf;
		u->conf.goproxy = goproxy;
		if (u->pattern.n)
			u->conf.gonoproxy = HM_S(""); /* the section says where it may go */
		u->at_once = u->at_once ? u->at_once : at_once;
		u->index = i;
		u->fetch = hm_fetch_new(&u->conf, http, log);
		hm_fetch_keep_no_lists(u->fetch);
		if (hm_fetch_list(u->fetch, &list, err)) {
			err->code = HM_EUSAGE;
			hm_err_wrap(err, "upstream%s" HM_F ": ", u->pattern.n ? " " : "",
			            HM_P(u->pattern));
			goto fail;
		}
	}
	*out = us;
	return 0;
fail:
	upstreams_free(us);
	return -1;
}

/* ---- is it this server? */

static bool
is_any(hm_str host)
{
	return host.n == 0 || hm_str_eqz(host, "0.0.0.0") || hm_str_eqz(host, "[::]");
}

static bool
is_here(hm_str host)
{
	return hm_str_eqz(host, "localhost") || hm_daemon_is_loopback(host);
}

static bool
is_server(const struct hm_url *u, hm_str host, hm_str port)
{
	hm_str its = hm_url_hostname(u), its_port = hm_url_port(u);

	if (its_port.n == 0)
		its_port = hm_str_eqz(u->scheme, "https") ? HM_S("443") : HM_S("80");
	if (u->host.n == 0 || !hm_str_eq(its_port, port))
		return false;
	return hm_str_eq(its, host) || (is_here(its) && (is_here(host) || is_any(host)));
}

static int
check_sources(const struct upstream *up, hm_str host, hm_str port, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_fetch_sources list;
	struct hm_url u;
	int rc = hm_fetch_list(up->fetch, &list, err);

	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		if (!hm_str_contains(list.v[i].url, HM_S("://")))
			continue;
		rc = hm_url_parse(&a, list.v[i].url, &u, err);
		if (rc == 0 && is_server(&u, host, port))
			rc = hm_err_set(err, HM_EUSAGE,
			                "upstream " HM_F " is this server itself: say with "
			                "--upstream where modules come from, as "
			                "https://proxy.golang.org",
			                HM_P(hm_url_redacted(&a, &u)));
	}
	hm_arena_free(&a);
	return rc;
}

int
upstreams_check_listen(const struct upstreams *us, hm_str listen, struct hm_err *err)
{
	ptrdiff_t colon = hm_str_rindex_byte(listen, ':');

	for (size_t i = 0; colon >= 0 && i < us->n; i++)
		if (check_sources(&us->v[i], hm_str_sub(listen, 0, (size_t)colon),
		                  hm_str_from(listen, (size_t)colon + 1), err))
			return -1;
	return 0;
}

void
upstreams_free(struct upstreams *us)
{
	if (!us)
		return;
	for (size_t i = 0; i < us->n; i++)
		hm_fetch_free(us->v[i].fetch);
	pthread_mutex_destroy(&us->mutex);
	hm_arena_free(&us->arena);
	free(us);
}

const struct upstream *
upstream_of(const struct upstreams *us, hm_str path)
{
	for (size_t i = 0; path.n && i + 1 < us->n; i++)
		if (hm_match_prefix_patterns(us->v[i].pattern, path))
			return &us->v[i];
	return &us->v[us->n - 1];
}

size_t
upstreams_count(const struct upstreams *us)
{
	return us->n;
}

const struct upstream *
upstream_at(const struct upstreams *us, size_t i)
{
	return &us->v[i];
}

/* ---- breakers */

/* "scheme://host" of an URL; empty for what no breaker guards (files, "direct"). */
static hm_str
host_of(hm_str url, char *out, size_t size)
{
	ptrdiff_t sep = hm_str_index(url, HM_S("://"));
	hm_str scheme, rest, host;
	ptrdiff_t at;

	if (sep <= 0)
		return HM_S("");
	scheme = hm_str_sub(url, 0, (size_t)sep);
	rest = hm_str_from(url, (size_t)sep + 3);
	host = hm_str_sub(rest, 0, 0);
	while (host.n < rest.n && !strchr("/?#", rest.p[host.n]))
		host.n++;
	at = hm_str_rindex_byte(host, '@');
	host = at >= 0 ? hm_str_from(host, (size_t)at + 1) : host;
	if (host.n == 0 || scheme.n + 3 + host.n >= size)
		return HM_S("");
	memcpy(out, scheme.p, scheme.n);
	memcpy(out + scheme.n, "://", 3);
	memcpy(out + scheme.n + 3, host.p, host.n);
	out[scheme.n + 3 + host.n] = '\0';
	return hm_str_make(out, scheme.n + 3 + host.n);
}

/* With the mutex. NULL when the table is full: hosts beyond it have no breaker. */
static struct breaker *
breaker_of(struct upstreams *us, hm_str host)
{
	struct breaker *b;

	for (size_t i = 0; i < us->n_hosts; i++)
		if (hm_str_eqz(host, us->host[i].state.host))
			return &us->host[i];
	if (us->n_hosts == MAX_HOSTS)
		return NULL;
	b = &us->host[us->n_hosts++];
	memcpy(b->state.host, host.p, host.n);
	return b;
}

static bool
may_ask(struct breaker *b, int64_t now)
{
	if (b->state.breaker == BREAKER_OPEN && now >= b->until)
		b->state.breaker = BREAKER_HALF_OPEN;
	if (b->state.breaker == BREAKER_OPEN ||
	    (b->state.breaker == BREAKER_HALF_OPEN && b->probing))
		return false;
	b->probing = b->state.breaker == BREAKER_HALF_OPEN;
	return true;
}

static int
enter(struct upstreams *us, hm_str host, struct hm_err *err)
{
	struct breaker *b;
	bool yes;

	pthread_mutex_lock(&us->mutex);
	b = breaker_of(us, host);
	yes = !b || may_ask(b, hm_clock_monotonic_ns());
	if (b)
		(*(yes ? &b->state.asked : &b->state.refused))++;
	pthread_mutex_unlock(&us->mutex);
	return yes ? 0 :
	             hm_err_set(err, HM_ENET, HM_F " does not answer: it failed %d times in a row "
	                        "and is left alone for a while", HM_P(host), BREAKER_FAILURES);
}

/*
 * It did its work, though perhaps it lacks what was asked for, or did not like the
 * question.  err->sys of HM_EHTTP is the status, or 0 when the answer made no sense.
 */
static bool
is_well(const struct hm_err *err)
{
	return !hm_err_is(err, HM_ENET) &&
	       !(hm_err_is(err, HM_EHTTP) && (err->sys >= 500 || err->sys == 429));
}

static void
leave(struct upstreams *us, hm_str host, bool well, int64_t began)
{
	int64_t now = hm_clock_monotonic_ns();
	struct breaker *b;

	pthread_mutex_lock(&us->mutex);
	b = breaker_of(us, host);
	if (b) {
		bool was_probe = b->probing;

		b->probing = false;
		b->state.nanoseconds += (uint64_t)(now - began);
		b->state.failed += !well;
		b->failures = well ? 0 : b->failures + 1;
		if (well) {
			b->state.breaker = BREAKER_CLOSED;
			b->pause = 0;
		} else if (was_probe || (b->state.breaker == BREAKER_CLOSED &&
		                         b->failures >= BREAKER_FAILURES)) {
			b->pause = b->pause ? b->pause * 2 : BREAKER_FIRST * INT64_C(1000000000);
			if (b->pause > BREAKER_LONGEST * INT64_C(1000000000))
				b->pause = BREAKER_LONGEST * INT64_C(1000000000);
			b->until = now + b->pause;
			b->state.breaker = BREAKER_OPEN;
		}
	}
	pthread_mutex_unlock(&us->mutex);
	if (us->asked)
		us->asked(us->asked_ctx, host, now - began, well);
}

void
upstreams_watch(struct upstreams *us,
                void (*asked)(void *ctx, hm_str host, int64_t nanoseconds, bool well), void *ctx)
{
	us->asked = asked;
	us->asked_ctx = ctx;
}

struct attempt {
	struct upstreams *us;
	int (*fn)(void *ctx, const struct hm_fetch_source *src, struct hm_err *err);
	void *ctx;
};

static int
guarded(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct attempt *at = ctx;
	char text[sizeof(at->us->host[0].state.host)];
	hm_str host = host_of(src->url, text, sizeof(text));
	int64_t began = hm_clock_monotonic_ns();
	int rc;

	if (host.n == 0 || hm_str_has_prefix(host, HM_S("file:")))
		return at->fn(at->ctx, src, err);
	if (enter(at->us, host, err))
		return -1;
	rc = at->fn(at->ctx, src, err);
	leave(at->us, host, rc == 0 || is_well(err), began);
	return rc;
}

int
upstream_try(struct upstreams *us, const struct upstream *u,
             int (*fn)(void *ctx, const struct hm_fetch_source *src, struct hm_err *err),
             void *ctx, struct hm_err *err)
{
	struct attempt at = { us, fn, ctx };

	return hm_fetch_try(u->fetch, guarded, &at, err);
}

/* ---- the checksum database's way */

static struct hm_verify_remote
plain_remote(struct upstreams *us)
{
	return hm_acquire_remote(upstream_of(us, HM_S(""))->fetch);
}

struct get {
	struct upstreams *us;
	struct hm_buf *out;
};

static int
get_one(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct get *g = ctx;
	struct hm_verify_remote r = plain_remote(g->us);

	return r.get(r.ctx, src->url, g->out, err);
}

static int
remote_get(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err)
{
	struct get g = { ctx, out };
	struct attempt at = { ctx, get_one, &g };
	struct hm_fetch_source src = { .url = url };

	return guarded(&at, &src, err);
}

static int
remote_try(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err), void *arg,
           struct hm_err *err)
{
	struct hm_verify_remote r = plain_remote(ctx);

	return r.try_proxies(r.ctx, fn, arg, err);
}

struct hm_verify_remote
upstream_remote(struct upstreams *us)
{
	return (struct hm_verify_remote){ .ctx = us, .get = remote_get, .try_proxies = remote_try };
}

size_t
upstream_states(struct upstreams *us, struct upstream_state *out, size_t max)
{
	size_t n;

	pthread_mutex_lock(&us->mutex);
	n = us->n_hosts;
	for (size_t i = 0; i < n && i < max; i++)
		out[i] = us->host[i].state;
	pthread_mutex_unlock(&us->mutex);
	return n;
}
