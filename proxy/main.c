/*
 * main.c - hermod-proxy: settings, parts, signals.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acquire/remote.h"
#include "base/path.h"
#include "crypto/tls.h"
#include "os/clock.h"
#include "os/file.h"
#include "proxy.h"
#include "serve/config.h"

enum { DRAIN_MS = 30000 };

/* What a signal may touch; set once the server runs. */
static struct hm_server *volatile running;

static void
on_stop(int sig)
{
	(void)sig;
	if (running)
		hm_server_stop(running, DRAIN_MS);
}

static void
log_line(void *ctx, enum hm_log_level level, hm_str line)
{
	struct hm_buf b = { 0 };

	(void)ctx, (void)level;
	hm_buf_adds(&b, line);
	hm_buf_addc(&b, '\n');
	(void)!write(STDERR_FILENO, b.p, b.n);
	hm_buf_free(&b);
}

static int
fail(struct hm_err *err)
{
	fprintf(stderr, "hermod-proxy: %s\n", hm_err_str(err).p);
	return hm_code_exit(err->code);
}

static void
usage(FILE *out)
{
	fputs("usage: hermod-proxy serve --dir DIR [options]\n"
	      "\n"
	      "  --dir DIR            store: the layout of a Go module cache\n"
	      "  --listen ADDR:PORT   default 127.0.0.1:8080; port 0 takes a free one\n"
	      "  --upstream LIST      where modules come from, as GOPROXY (default: go env "
	      "GOPROXY)\n"
	      "  --config FILE        settings; each is also an option and a variable\n"
	      "  --offline            only what the store has\n"
	      "  --sumdbs LIST        checksum databases to pass on (default sum.golang.org)\n"
	      "  --memory MIB         small answers kept in memory (default 32)\n"
	      "  --list-fresh SEC     a version list is not asked for again so long (default 60)\n"
	      "  --list-stale SEC     and served while it is renewed so long (default 600)\n"
	      "  --missing-keep SEC   \"not found\" is remembered so long (default 30)\n"
	      "  --fills N            fetches at once (default 16)\n"
	      "  --access-log KIND    text, json or off (default)\n"
	      "  --tls-cert FILE --tls-key FILE   serve https\n",
	      out);
}

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

static int
open_parts(struct proxy *p, struct hm_err *err)
{
	static const struct hm_sums_conf none; /* no go.sum: the checksum database decides */
	struct hm_http_config http = { .env = &p->conf->env, .log = &p->log };
	struct hm_verify_conf v = {
		.gosumdb = p->conf->gosumdb,
		.gonosumdb = p->conf->gonosumdb,
		.goproxy = p->conf->goproxy,
		.modcache = p->opts.dir,
		.sumdb_dir = p->conf->sumdbdir,
		.log = &p->log,
	};

	if (hm_store_open(&p->store, p->opts.dir, true, &p->log, err))
		return -1;
	p->http = hm_http_new(&http);
	p->fetch = hm_fetch_new(p->conf, p->http, &p->log);
	v.remote = hm_acquire_remote(p->fetch);
	p->verify = hm_verify_new(&v, hm_sums_new(&none));
	p->hot = hot_new((size_t)p->opts.memory_mib << 20);
	p->fills = fills_new(p);
	if (p->opts.tls_cert.n || p->opts.tls_key.n)
		return hm_tls_server_new(p->opts.tls_cert.p, p->opts.tls_key.p, &p->tls, err);
	return 0;
}

static void
close_parts(struct proxy *p)
{
	fills_free(p->fills); /* its work ends before the loops that it resumes on go away */
	hm_server_free(p->server);
	hm_tls_server_free(p->tls);
	hot_free(p->hot);
	hm_verify_free(p->verify);
	hm_fetch_free(p->fetch);
	hm_http_free(p->http);
	hm_conf_free(p->conf);
	hm_arena_free(&p->arena);
}

static bool
is_loopback(hm_str address)
{
	return hm_str_has_prefix(address, HM_S("127.")) ||
	       hm_str_has_prefix(address, HM_S("[::1]"));
}

static int
serve(struct proxy *p, struct hm_err *err)
{
	struct hm_server_opts o = {
		.listen = p->opts.listen,
		.inherited_fd = -1,
		.tls = p->tls,
		.name = "hermod-proxy",
		.handle = proxy_handle,
		.served = proxy_served,
		.ctx = p,
		.log = &p->log,
	};
	struct sigaction stop = { .sa_handler = on_stop };
	const char *fds = getenv("LISTEN_FDS");
	hm_str address;

	if (fds && strcmp(fds, "1") == 0)
		o.inherited_fd = 3; /* systemd's socket activation */
	if (hm_server_new(&o, &p->server, &address, err))
		return -1;
	if (!p->tls && !is_loopback(address))
		fprintf(stderr,
		        "hermod-proxy: warning: plain http on an address that is not loopback\n");
	running = p->server;
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	p->started = hm_clock_unix();
	fprintf(stderr, "listening on %s://%s\n", p->tls ? "https" : "http", address.p);
	return hm_server_run(p->server, err);
}

static int
read_options(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct options *o = &p->opts;
	hm_str file = { 0 };
	struct hm_config config;
	const struct hm_setting known[] = {
		{ "serve", "dir", "HERMOD_PROXY_DIR", HM_SET_STR, &o->dir, 0, 0 },
		{ "serve", "listen", "HERMOD_PROXY_LISTEN", HM_SET_STR, &o->listen, 0, 0 },
		{ "serve", "upstream", "HERMOD_PROXY_UPSTREAM", HM_SET_STR, &o->upstream, 0, 0 },
		{ "serve", "offline", "HERMOD_PROXY_OFFLINE", HM_SET_BOOL, &o->offline, 0, 0 },
		{ "serve", "sumdbs", "HERMOD_PROXY_SUMDBS", HM_SET_STR, &o->sumdbs, 0, 0 },
		{ "serve", "memory", "HERMOD_PROXY_MEMORY", HM_SET_INT, &o->memory_mib, 1, 65536 },
		{ "serve", "list-fresh", "HERMOD_PROXY_LIST_FRESH", HM_SET_INT, &o->list_fresh, 0,
		  86400 },
		{ "serve", "list-stale", "HERMOD_PROXY_LIST_STALE", HM_SET_INT, &o->list_stale, 0,
		  31536000 },
		{ "serve", "missing-keep", "HERMOD_PROXY_MISSING_KEEP", HM_SET_INT,
		  &o->missing_keep, 0, 86400 },
		{ "serve", "fills", "HERMOD_PROXY_FILLS", HM_SET_INT, &o->fills, 1, 256 },
		{ "serve", "access-log", "HERMOD_PROXY_ACCESS_LOG", HM_SET_STR, &o->access_log, 0,
		  0 },
		{ "serve", "tls-cert", "HERMOD_PROXY_TLS_CERT", HM_SET_STR, &o->tls_cert, 0, 0 },
		{ "serve", "tls-key", "HERMOD_PROXY_TLS_KEY", HM_SET_STR, &o->tls_key, 0, 0 },
		{ "", "config", "HERMOD_PROXY_CONFIG", HM_SET_STR, &file, 0, 0 },
	};
	enum { N = sizeof(known) / sizeof(*known) };
	int c = argc;
	char **v = argv;

	/* First only to learn of --config; then in the order that lets words win. */
	if (hm_settings_apply(&p->arena, known, N, NULL, &c, &v, err))
		return -1;
	if (file.n) {
		if (hm_config_read(&p->arena, file.p, &config, err) ||
		    hm_settings_apply(&p->arena, known, N, &config, &argc, &argv, err))
			return -1;
	}
	if (c > 0)
		return hm_err_set(err, HM_EUSAGE, "unexpected word \"%s\"", v[0]);
	if (o->dir.n == 0)
		return hm_err_set(err, HM_EUSAGE,
		                  "--dir is missing: where shall the modules be stored?");
	if (!hm_path_is_abs(o->dir)) {
		hm_str cwd;

		if (hm_dir_cwd(&p->arena, &cwd, err))
			return -1;
		o->dir = hm_path_join(&p->arena, cwd, o->dir);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct proxy p = {
		.opts = { .listen = HM_S("127.0.0.1:8080"), .sumdbs = HM_S("sum.golang.org"),
		          .access_log = HM_S("off"), .memory_mib = 32, .list_fresh = 60,
		          .list_stale = 600, .missing_keep = 30, .fills = 16 },
		.log = { .write = log_line },
	};
	struct hm_err err = { 0 };
	int status = 0;

	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		usage(stdout);
		return 0;
	}
	if (argc < 2 || strcmp(argv[1], "serve") != 0) {
		usage(stderr);
		return 2;
	}
	if (read_options(&p, argc - 2, argv + 2, &err) || make_conf(&p, &err) ||
	    open_parts(&p, &err) || serve(&p, &err))
		status = fail(&err);
	close_parts(&p);
	hm_err_free(&err);
	return status;
}
