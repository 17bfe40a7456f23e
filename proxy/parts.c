/*
 * parts.c - what the verbs work with, opened by their settings.
 */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "cmds.h"
#include "control.h"
#include "crypto/tls.h"
#include "desk.h"
#include "gate.h"
#include "guard.h"
#include "mod/match.h"
#include "ownlog.h"
#include "replica.h"
#include "serve/access.h"
#include "serve/realip.h"
#include "serve/audit.h"
#include "upstream.h"
#include "web.h"

enum { CONNECT_MS = 10000, TOTAL_MS = 900000, FETCH_BUFFER = 32 << 10 };

static hm_str
join_patterns(struct proxy *p, hm_str a, hm_str b)
{
	return a.n && b.n ? hm_arena_printf(&p->arena, HM_F "," HM_F, HM_P(a), HM_P(b))
	       : a.n      ? a
	                  : b;
}

/*
 * What is private stays in the house whatever GONOPROXY says: teams set it to "none", so
 * that go asks the proxy.  GONOSUMDB=none is another matter: a database of their own.
 */
static void
add_private(struct proxy *p, struct hm_env *env, const struct hm_conf *c)
{
	hm_str all = join_patterns(p, c->goprivate, p->opts.private);
	struct hm_err vain = { 0 };

	if (hm_match_check_prefix_patterns(c->goprivate, &vain)) /* go says nothing */
		hm_log(&p->log, HM_LOG_WARN, "hermod-proxy: GOPRIVATE: " HM_F,
		       HM_P(hm_err_str(&vain)));
	hm_err_free(&vain);
	if (all.n == 0)
		return;
	hm_env_set(env, "GOPRIVATE", all);
	hm_env_set(env, "GONOPROXY", join_patterns(p, c->gonoproxy, all));
	if (!hm_str_eqz(c->gonosumdb, "none"))
		hm_env_set(env, "GONOSUMDB", join_patterns(p, c->gonosumdb, all));
}

/* Settings of the upstream side: as go would have them, on the store as its module cache. */
static int
make_conf(struct proxy *p, struct hm_err *err)
{
	struct hm_env env;
	struct hm_conf *c;
	hm_str list = p->opts.upstream;

	hm_env_load(&env, &p->arena);
	c = hm_conf_new(HM_CONF_GO, &env, HM_S(""), err);
	if (!c)
		return -1;
	if (list.n == 0)
		list = hm_arena_dup(&p->arena, c->goproxy);
	add_private(p, &env, c);
	hm_conf_free(c);
	if (p->opts.replica_of.n) /* private modules, too, come from there */
		hm_env_set(&env, "GONOPROXY", HM_S("none"));
	hm_env_set(&env, "GOPROXY", list);
	hm_env_set(&env, "GOMODCACHE", p->opts.dir);
	hm_env_set(&env, "GOPATH", hm_path_cat(&p->arena, p->opts.dir, HM_S("gopath")));
	p->conf = hm_conf_new(HM_CONF_GO, &env, HM_S(""), err);
	return p->conf ? 0 : -1;
}

struct hm_verify_conf
proxy_verify_conf(const struct proxy *p)
{
	return (struct hm_verify_conf){
		.gosumdb = p->conf->gosumdb,
		.gonosumdb = p->conf->gonosumdb,
		.sumdbs = hm_conf_get(p->conf, "HERMOD_SUMDBS"),
		.goproxy = p->conf->goproxy,
		.modcache = p->opts.dir,
		.sumdb_dir = p->conf->sumdbdir,
		.log = &p->log,
		.long_lived = true,
	};
}

int
proxy_open(struct proxy *p, struct hm_err *err)
{
	static const struct hm_sums_conf none; /* no go.sum: the checksum database decides */
	unsigned silence = (unsigned)p->opts.upstream_timeout * 1000;
	struct hm_http_config http = {
		.log = &p->log,
		.connect_ms = silence < CONNECT_MS ? silence : CONNECT_MS,
		.header_ms = silence,
		.stall_ms = silence,
		.total_ms = TOTAL_MS,
		.retries = 1,
		.buffer = FETCH_BUFFER,
	};
	struct hm_config config = { 0 };
	struct hm_verify_conf v;

	if (make_conf(p, err))
		return -1;
	http.env = &p->conf->env;
	p->http = hm_http_new(&http);
	if (p->opts.config.n && hm_config_read(&p->arena, p->opts.config.p, &config, err))
		return -1;
	if (upstreams_new(p->conf, p->http, &p->log, &config, (unsigned)p->opts.fills,
	                  &p->upstreams, err))
		return -1;
	if (hm_store_open(&p->store, p->opts.dir, true, &p->log, err))
		return -1;
	p->fetch = upstream_of(p->upstreams, HM_S(""))->fetch;
	v = proxy_verify_conf(p);
	v.remote = upstream_remote(p->upstreams);
	p->verify = hm_verify_new(&v, hm_sums_new(&none));
	p->admit = (struct admit){ .store = &p->store, .verify = p->verify,
		                    .ownlog = p->ownlog };
	return 0;
}

static hm_str
access_db(struct proxy *p)
{
	return hm_path_cat(&p->arena, p->opts.dir, HM_S("access.db"));
}

int
proxy_open_audit(struct proxy *p, struct hm_err *err)
{
	return hm_audit_open(access_db(p).p, &p->log, &p->audit, err);
}

int
proxy_open_access(struct proxy *p, struct hm_err *err)
{
	struct hm_access_opts o = {
		.realm = "hermod-proxy",
		.insecure = p->opts.behind_tls,
		.rate = p->opts.rate,
		.burst = p->opts.rate_burst,
	};

	if (p->opts.trusted_proxies.n) {
		struct hm_realip *r = HM_NEW(&p->arena, struct hm_realip);

		if (hm_realip_parse(p->opts.trusted_proxies, p->opts.client_header, r, err))
			return hm_err_wrap(err, "--trusted-proxies: ");
		o.realip = r;
	}
	if (proxy_open_audit(p, err) ||
	    hm_accounts_open(access_db(p).p, &p->log, &p->accounts, err))
		return -1;
	o.accounts = p->accounts;
	o.audit = p->audit;
	p->access = hm_access_new(&o);
	return 0;
}

hm_str
proxy_shell_user(struct hm_arena *a)
{
	const char *sudo = getenv("SUDO_USER");
	struct passwd *pw = getpwuid(getuid());

	if (getuid() == 0 && sudo && *sudo)
		return hm_arena_printf(a, "shell:%s", sudo);
	return pw ? hm_arena_printf(a, "shell:%s", pw->pw_name) :
	            hm_arena_printf(a, "shell:%u", (unsigned)getuid());
}

void
proxy_close_upstream(struct proxy *p)
{
	hm_verify_free(p->verify);
	upstreams_free(p->upstreams);
	hm_http_free(p->http);
	hm_conf_free(p->conf);
	hm_arena_free(&p->arena);
}

void
proxy_close(struct proxy *p)
{
	/* their work ends before the loops that it resumes on go away */
	replica_free(p->replica);
	fills_free(p->fills);
	desk_free(p->desk);
	ownlog_close(p->ownlog);
	hm_access_free(p->access);
	control_free(p->control);
	hm_server_free(p->server);
	hm_tls_server_free(p->tls);
	web_free(p->web);
	facts_stop(p->facts); /* its ticks trim, count, and make hot forget */
	meter_free(p->meter); /* it reads from the parts */
	hm_accesslog_free(p->access_log);
	facts_close(p->facts);
	hm_audit_free(p->audit);
	hm_accounts_free(p->accounts);
	hot_free(p->hot);
	hot_free(p->misses);
	ahead_free(p->ahead);
	guard_free(p->guard);
	gate_free(p->gate);
	proxy_close_upstream(p);
}
