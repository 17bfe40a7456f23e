#include "reload.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cmds.h"
#include "crypto/tls.h"
#include "desk.h"
#include "gate.h"
#include "os/clock.h"
#include "serve/access.h"
#include "upstream.h"

/* What does not depend on the settings that can change. */
static void
share(struct proxy *p, struct proxy *base)
{
	p->base = base;
	p->log = base->log;
	p->hot = base->hot;
	p->misses = base->misses;
	p->ahead = base->ahead;
	p->guard = base->guard;
	p->gate = base->gate;
	p->facts = base->facts;
	p->desk = base->desk;
	p->control = base->control;
	p->accounts = base->accounts;
	p->access = base->access;
	p->audit = base->audit;
	p->ownlog = base->ownlog;
	p->replica = base->replica;
	p->server = base->server;
	p->tls = base->tls;
	p->meter = base->meter;
	p->web = base->web;
	p->access_log = base->access_log;
	p->started = base->started;
}

static void
generation_free(struct proxy *p)
{
	fills_free(p->fills);
	proxy_close_upstream(p);
	free(p);
}

/* Settings that a running server cannot change: said, not obeyed. */
static void
tell_fixed(const struct proxy *base, const struct proxy *fresh)
{
	const struct options *a = &base->opts, *b = &fresh->opts;
	const struct {
		const char *name;
		bool same;
	} fixed[] = {
		{ "dir", hm_str_eq(a->dir, b->dir) },
		{ "listen", hm_str_eq(a->listen, b->listen) },
		{ "sumdb", hm_str_eq(a->sumdb, b->sumdb) },
		{ "memory", a->memory_mib == b->memory_mib },
		{ "quota", hm_str_eq(a->quota, b->quota) },
		{ "replica-of", hm_str_eq(a->replica_of, b->replica_of) },
		{ "replica-interval", a->replica_interval == b->replica_interval },
		{ "policy", hm_str_eq(a->policy, b->policy) },
		{ "access-log", hm_str_eq(a->access_log, b->access_log) },
		{ "access-log-file", hm_str_eq(a->access_log_file, b->access_log_file) },
		{ "tls-cert", hm_str_eq(a->tls_cert, b->tls_cert) },
		{ "tls-key", hm_str_eq(a->tls_key, b->tls_key) },
		{ "trusted-proxies", hm_str_eq(a->trusted_proxies, b->trusted_proxies) },
		{ "client-header", hm_str_eq(a->client_header, b->client_header) },
		{ "insecure-http", a->insecure_http == b->insecure_http },
		{ "behind-tls", a->behind_tls == b->behind_tls },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (!fixed[i].same)
			hm_log(&base->log, HM_LOG_WARN,
			       "hermod-proxy: reload: another \"%s\" needs a restart",
			       fixed[i].name);
}

static int
generation_new(const struct reload *r, struct proxy **out, struct hm_err *err)
{
	struct proxy *p = hm_mem_new(sizeof(*p)), *base = r->base;
	int argc = r->argc;
	char **argv = r->argv;

	p->opts = options_default();
	share(p, base);
	if (options_read(p, NULL, 0, &argc, &argv, err) || options_check_server(p, err))
		goto fail;
	tell_fixed(base, p);
	p->opts.dir = base->opts.dir;
	if (proxy_open(p, err) || upstreams_check_listen(p->upstreams, base->opts.listen, err))
		goto fail;
	upstreams_watch(p->upstreams, proxy_upstream_asked, p->meter);
	p->fills = fills_new(p);
	*out = p;
	return 0;
fail:
	generation_free(p);
	return -1;
}

static void
retire(struct reload *r, struct proxy *old)
{
	int64_t now = hm_clock_unix();
	struct proxy **at = &r->retired, *p;

	while ((p = *at)) {
		if (now - p->retired >= RETIRED_KEEP && fills_under_way(p->fills) == 0) {
			*at = p->older;
			generation_free(p);
		} else {
			at = &p->older;
		}
	}
	if (old == r->base)
		return;
	old->retired = now;
	old->older = r->retired;
	r->retired = old;
}

/* Each of these keeps its old state when it fails. */
static int
renew_parts(struct proxy *base, struct hm_err *err)
{
	if (base->tls && hm_tls_server_reload(base->tls, err))
		return -1;
	return policy_reload(base, err);
}

static int
reload(struct reload *r, struct hm_err *err)
{
	struct proxy *base = r->base, *fresh = NULL;

	if (generation_new(r, &fresh, err))
		return -1;
	if (renew_parts(base, err)) {
		generation_free(fresh);
		return -1;
	}
	hm_access_set_rate(base->access, fresh->opts.rate, fresh->opts.rate_burst);
	hm_accesslog_reopen(base->access_log);
	retire(r, atomic_exchange(&base->now, fresh));
	hot_drop(base->misses, HM_S("")); /* another upstream may have it */
	return 0;
}

void
reload_now(struct reload *r)
{
	struct hm_err err = { 0 };

	if (reload(r, &err))
		hm_log(&r->base->log, HM_LOG_WARN,
		       "hermod-proxy: reload: " HM_F "; the settings stay as they were",
		       HM_P(hm_err_str(&err)));
	else
		hm_log(&r->base->log, HM_LOG_INFO, "hermod-proxy: reloaded");
	hm_err_free(&err);
}

void
reload_cancel(struct reload *r)
{
	struct proxy *now = atomic_load(&r->base->now);

	hm_http_cancel(r->base->http);
	if (now)
		hm_http_cancel(now->http);
	for (struct proxy *p = r->retired; p; p = p->older)
		hm_http_cancel(p->http);
}

void
reload_close(struct reload *r)
{
	struct proxy *now = atomic_load(&r->base->now), *p;

	desk_free(r->base->desk); /* its jobs may use any generation */
	r->base->desk = NULL;
	while ((p = r->retired)) {
		r->retired = p->older;
		generation_free(p);
	}
	if (now && now != r->base)
		generation_free(now);
	atomic_store(&r->base->now, r->base);
}
