/*
 * parts.c - what the verbs work with, opened by their settings.
 */
#include "acquire/remote.h"
#include "base/path.h"
#include "cmds.h"
#include "crypto/tls.h"

/* The list without "direct": version control is not read yet, and 404 must stay 404. */
static hm_str
without_direct(struct hm_arena *a, hm_str list)
{
	struct hm_buf b = { 0 };

	while (list.n) {
		size_t n = strcspn(list.p, ",|");
		hm_str one = hm_str_sub(list, 0, n < list.n ? n : list.n);

		if (!hm_str_eqz(hm_str_trim(one), "direct")) {
			hm_buf_adds(&b, one);
			if (n < list.n)
				hm_buf_addc(&b, list.p[n]);
		}
		list = n < list.n ? hm_str_from(list, n + 1) : HM_S("");
	}
	while (b.n && strchr(",|", b.p[b.n - 1]))
		b.n--;
	return hm_buf_take(&b, a);
}

/* Settings of the upstream side: as go would have them, on the store as its module cache. */
static int
make_conf(struct proxy *p, struct hm_err *err)
{
	struct hm_env env;
	struct hm_conf *c;
	hm_str list = p->opts.upstream;

	hm_env_load(&env, &p->arena);
	if (list.n == 0) {
		c = hm_conf_new(HM_CONF_GO, &env, HM_S(""), err);
		if (!c)
			return -1;
		list = hm_arena_dup(&p->arena, c->goproxy);
		hm_conf_free(c);
	}
	list = without_direct(&p->arena, list);
	hm_env_set(&env, "GOPROXY", list.n ? list : HM_S("off"));
	hm_env_set(&env, "GOMODCACHE", p->opts.dir);
	hm_env_set(&env, "GOPATH", hm_path_cat(&p->arena, p->opts.dir, HM_S("gopath")));
	p->conf = hm_conf_new(HM_CONF_GO, &env, HM_S(""), err);
	return p->conf ? 0 : -1;
}

int
proxy_open(struct proxy *p, struct hm_err *err)
{
	static const struct hm_sums_conf none; /* no go.sum: the checksum database decides */
	struct hm_http_config http = { .log = &p->log };
	struct hm_verify_conf v = {
		.modcache = p->opts.dir,
		.log = &p->log,
	};

	if (make_conf(p, err))
		return -1;
	http.env = &p->conf->env;
	v.gosumdb = p->conf->gosumdb;
	v.gonosumdb = p->conf->gonosumdb;
	v.goproxy = p->conf->goproxy;
	v.sumdb_dir = p->conf->sumdbdir;
	if (hm_store_open(&p->store, p->opts.dir, true, &p->log, err))
		return -1;
	p->http = hm_http_new(&http);
	p->fetch = hm_fetch_new(p->conf, p->http, &p->log);
	v.remote = hm_acquire_remote(p->fetch);
	p->verify = hm_verify_new(&v, hm_sums_new(&none));
	p->admit = (struct admit){ .store = &p->store, .verify = p->verify };
	return 0;
}

void
proxy_close(struct proxy *p)
{
	fills_free(p->fills); /* its work ends before the loops that it resumes on go away */
	hm_server_free(p->server);
	hm_tls_server_free(p->tls);
	meter_free(p->meter); /* it reads from the parts */
	hm_accesslog_free(p->access_log);
	hot_free(p->hot);
	hm_verify_free(p->verify);
	hm_fetch_free(p->fetch);
	hm_http_free(p->http);
	hm_conf_free(p->conf);
	hm_arena_free(&p->arena);
}
