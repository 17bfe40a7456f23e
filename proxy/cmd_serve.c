/*
 * cmd_serve.c - the server: settings, parts, signals.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/near.h"
#include "cmds.h"
#include "crypto/tls.h"
#include "control.h"
#include "desk.h"
#include "gate.h"
#include "guard.h"
#include "tune.h"
#include "mod/match.h"
#include "os/clock.h"
#include "ownlog.h"
#include "reload.h"
#include "replica.h"
#include "serve/accesslog.h"
#include "serve/life.h"
#include "serve/program.h"
#include "serve/realip.h"
#include "trim.h"
#include "upload.h"
#include "upstream.h"
#include "web.h"

#define ENV_PREFIX "HERMOD_PROXY_"
enum { MISSES_MAX = 2 << 20, PREFIX_N = sizeof(ENV_PREFIX) - 1 };

const char cmd_serve_usage[] =
	"serve --dir DIR [options]\n"
	"\n"
	"  --dir DIR            store: the layout of a Go module cache\n"
	"  --listen ADDR:PORT   default 127.0.0.1:8080; port 0 takes a free one\n"
	"  --upstream LIST      where modules come from, as GOPROXY (default: go env "
	"GOPROXY)\n"
	"  --config FILE        settings; each is also an option and a variable\n"
	"  --offline            only what the store has\n"
	"  --sumdbs LIST        checksum databases to pass on (default sum.golang.org)\n"
	"  --sumdb DIR          a checksum database of one's own, made by hermod-sumdb init,\n"
	"                       served below /sumdb/NAME\n"
	"  --memory MIB         small answers kept in memory (default 32)\n"
	"  --list-fresh SEC     a version list is not asked for again so long (default 60)\n"
	"  --list-stale SEC     and served while it is renewed so long (default 600)\n"
	"  --missing-keep SEC   \"not found\" is remembered so long (default 30)\n"
	"  --fills N            fetches at once (default 16)\n"
	"  --fetch-ahead WHEN   who asks for .info gets the .zip fetched meanwhile: learn (who\n"
	"                       is seen to go mod download; default), always or never\n"
	"  --upstream-timeout SEC   an upstream may be silent so long (default 30)\n"
	"  --private LIST       patterns that go to no public upstream, beside GOPRIVATE\n"
	"  --quota SIZE         above it the least recently used go, as \"20G\" (default: "
	"none)\n"
	"  --policy FILE        hermod.policy(5): which versions are served\n"
	"  --cooldown-seen      cooldowns count from when a version was first seen here\n"
	"  --replica-of URL     follow this server's /index; no uploads\n"
	"  --replica-interval SEC   how often it is asked (default 10)\n"
	"  --access-log KIND    text, json or off (default)\n"
	"  --access-log-file FILE   it goes there instead of standard error\n"
	"  --upload-max MIB     largest zip that an account may upload (default 100; 0: none)\n"
	"  --rate N             requests a second of one account or address (default 0: no limit)\n"
	"  --rate-burst N       so many at once before that (default 1000)\n"
	"  --insecure-http      plain http beyond loopback; credentials over it are refused\n"
	"  --behind-tls         plain http, with credentials: what stands in front speaks TLS\n"
	"  --trusted-proxies LIST   addresses and networks whose X-Forwarded-For is believed\n"
	"  --client-header NAME     or another field: forwarded\n"
	"  --tls-cert FILE --tls-key FILE   serve https\n";

/* ---- the server's life */

static void
on_reload(void *ctx)
{
	reload_now(ctx);
}

static int
serve(struct proxy *p, struct hm_life *life, struct reload *reload, struct hm_err *err)
{
	struct hm_server_opts server = {
		.listen = p->opts.listen,
		.tls = p->tls,
		.name = "hermod-proxy",
		.handle = proxy_handle,
		.served = proxy_served,
		.ctx = p,
		.log = &p->log,
	};
	struct hm_life_opts o = {
		.server = &server,
		.insecure_http = p->opts.insecure_http || p->opts.behind_tls,
		.reload = on_reload,
		.ctx = reload,
		.out = &p->server,
	};

	p->started = hm_clock_unix();
	p->base = p;
	atomic_store(&p->now, p);
	return hm_life_run(life, &o, err);
}

/* ---- settings */

struct options
options_default(void)
{
	return (struct options){ .listen = HM_S("127.0.0.1:8080"), .sumdbs = HM_S("sum.golang.org"),
	                         .access_log = HM_S("off"), .memory_mib = 32, .list_fresh = 60,
	                         .list_stale = 600, .missing_keep = 30, .fills = 16,
	                         .upstream_timeout = 30, .rate_burst = 1000,
	                         .replica_interval = 10,
	                         .client_header = HM_S("x-forwarded-for"),
	                         .upload_mib = 100, .fetch_ahead = HM_S("learn") };
}

static int
check_quota(hm_str v, struct hm_err *err)
{
	int64_t bytes;

	return trim_parse_size(v, &bytes, err);
}

static int
check_trusted(hm_str v, struct hm_err *err)
{
	struct hm_realip r;

	return hm_realip_parse(v, HM_S("forwarded"), &r, err);
}

static int
check_header(hm_str v, struct hm_err *err)
{
	struct hm_realip r;

	return hm_realip_parse(HM_S(""), v, &r, err);
}

/*
 * HERMOD_PROXY_PRIVAT would be passed over in silence.  Others with that prefix are not
 * ours: where a service has this name Kubernetes sets HERMOD_PROXY_PORT and the like.
 */
static int
check_environment(const struct hm_setting *known, size_t n, struct hm_err *err)
{
	for (char **e = environ; *e; e++) {
		const struct hm_setting *near = NULL;
		hm_str name = hm_str_of(*e);

		hm_str_cut(name, '=', &name, &(hm_str){ 0 });
		if (!hm_str_has_prefix(name, HM_S(ENV_PREFIX)))
			continue;
		for (size_t i = 0; i < n; i++) {
			hm_str env = hm_str_of(known[i].env);

			if (hm_str_eq(name, env)) {
				near = NULL;
				break;
			}
			if (env.n > PREFIX_N && hm_near(hm_str_from(name, PREFIX_N),
			                                hm_str_from(env, PREFIX_N)))
				near = &known[i];
		}
		if (near)
			return hm_err_set(err, HM_EUSAGE, "$" HM_F " is no setting; $%s?",
			                  HM_P(name), near->env);
	}
	return 0;
}

int
options_read(struct proxy *p, const struct hm_setting *more, size_t n, int *argc, char ***argv,
             struct hm_err *err)
{
	struct options *o = &p->opts;
	struct hm_checked quota = { &o->quota, check_quota };
	struct hm_checked private = { &o->private, hm_match_check_prefix_patterns };
	struct hm_checked access_log = { &o->access_log, hm_accesslog_check };
	struct hm_checked trusted = { &o->trusted_proxies, check_trusted };
	struct hm_checked header = { &o->client_header, check_header };
	const struct hm_setting common[] = {
		{ "serve", "dir", "HERMOD_PROXY_DIR", HM_SET_STR, &o->dir, 0, 0 },
		{ "serve", "listen", "HERMOD_PROXY_LISTEN", HM_SET_STR, &o->listen, 0, 0 },
		{ "serve", "upstream", "HERMOD_PROXY_UPSTREAM", HM_SET_STR, &o->upstream, 0, 0 },
		{ "serve", "offline", "HERMOD_PROXY_OFFLINE", HM_SET_BOOL, &o->offline, 0, 0 },
		{ "serve", "sumdb", "HERMOD_PROXY_SUMDB", HM_SET_STR, &o->sumdb, 0, 0 },
		{ "serve", "sumdbs", "HERMOD_PROXY_SUMDBS", HM_SET_STR, &o->sumdbs, 0, 0 },
		{ "serve", "memory", "HERMOD_PROXY_MEMORY", HM_SET_INT, &o->memory_mib, 8, 65536 },
		{ "serve", "list-fresh", "HERMOD_PROXY_LIST_FRESH", HM_SET_INT, &o->list_fresh, 0,
		  86400 },
		{ "serve", "list-stale", "HERMOD_PROXY_LIST_STALE", HM_SET_INT, &o->list_stale, 0,
		  31536000 },
		{ "serve", "missing-keep", "HERMOD_PROXY_MISSING_KEEP", HM_SET_INT,
		  &o->missing_keep, 0, 86400 },
		{ "serve", "fills", "HERMOD_PROXY_FILLS", HM_SET_INT, &o->fills, 1, 64 },
		{ "serve", "upstream-timeout", "HERMOD_PROXY_UPSTREAM_TIMEOUT", HM_SET_INT,
		  &o->upstream_timeout, 1, 600 },
		{ "serve", "quota", "HERMOD_PROXY_QUOTA", HM_SET_CHECKED, &quota, 0, 0 },
		{ "serve", "policy", "HERMOD_PROXY_POLICY", HM_SET_STR, &o->policy, 0, 0 },
		{ "serve", "cooldown-seen", "HERMOD_PROXY_COOLDOWN_SEEN", HM_SET_BOOL,
		  &o->cooldown_seen, 0, 0 },
		{ "serve", "fetch-ahead", "HERMOD_PROXY_FETCH_AHEAD", HM_SET_STR,
		  &o->fetch_ahead, 0, 0 },
		{ "serve", "replica-of", "HERMOD_PROXY_REPLICA_OF", HM_SET_STR, &o->replica_of, 0,
		  0 },
		{ "serve", "replica-interval", "HERMOD_PROXY_REPLICA_INTERVAL", HM_SET_INT,
		  &o->replica_interval, 1, 86400 },
		{ "serve", "private", "HERMOD_PROXY_PRIVATE", HM_SET_CHECKED, &private, 0, 0 },
		{ "serve", "access-log", "HERMOD_PROXY_ACCESS_LOG", HM_SET_CHECKED, &access_log, 0,
		  0 },
		{ "serve", "access-log-file", "HERMOD_PROXY_ACCESS_LOG_FILE", HM_SET_STR,
		  &o->access_log_file, 0, 0 },
		{ "serve", "insecure-http", "HERMOD_PROXY_INSECURE_HTTP", HM_SET_BOOL,
		  &o->insecure_http, 0, 0 },
		{ "serve", "behind-tls", "HERMOD_PROXY_BEHIND_TLS", HM_SET_BOOL, &o->behind_tls,
		  0, 0 },
		{ "serve", "rate", "HERMOD_PROXY_RATE", HM_SET_INT, &o->rate, 0, 1000000 },
		{ "serve", "rate-burst", "HERMOD_PROXY_RATE_BURST", HM_SET_INT, &o->rate_burst, 1,
		  1000000 },
		{ "serve", "trusted-proxies", "HERMOD_PROXY_TRUSTED_PROXIES", HM_SET_CHECKED,
		  &trusted, 0, 0 },
		{ "serve", "client-header", "HERMOD_PROXY_CLIENT_HEADER", HM_SET_CHECKED,
		  &header, 0, 0 },
		{ "serve", "upload-max", "HERMOD_PROXY_UPLOAD_MAX", HM_SET_INT, &o->upload_mib, 0,
		  500 },
		{ "serve", "tls-cert", "HERMOD_PROXY_TLS_CERT", HM_SET_STR, &o->tls_cert, 0, 0 },
		{ "serve", "tls-key", "HERMOD_PROXY_TLS_KEY", HM_SET_STR, &o->tls_key, 0, 0 },
		{ "upstream", NULL, NULL, HM_SET_SECTION, NULL, 0, 0 },
		{ "", "config", "HERMOD_PROXY_CONFIG", HM_SET_STR, &o->config, 0, 0 },
	};
	enum { N = sizeof(common) / sizeof(*common) };
	struct hm_setting *known = HM_NEW_N(&p->arena, N + n, struct hm_setting);

	memcpy(known, common, sizeof(common));
	if (n)
		memcpy(known + N, more, n * sizeof(*more));
	if (check_environment(known, N + n, err))
		return -1;
	if (hm_program_settings(&p->arena, known, N + n, &o->config, argc, argv, err))
		return -1;
	if (ahead_mode_of(o->fetch_ahead, &o->ahead_mode, err))
		return -1;
	if (o->replica_of.n) {
		o->upload_mib = 0; /* what it takes in comes from there alone */
		if (o->upstream.n == 0)
			o->upstream = o->replica_of;
	}
	return hm_program_abs(&p->arena, &o->dir, err) ||
	                       hm_program_abs(&p->arena, &o->sumdb, err) ?
	               -1 :
	               0;
}

/* An administrator beside a service that runs as a user of its own. */
static void
warn_root(const struct proxy *p)
{
	struct stat st;

	if (geteuid() == 0 && stat(p->opts.dir.p, &st) == 0 && st.st_uid != 0)
		hm_log(&p->log, HM_LOG_WARN,
		       "hermod-proxy: " HM_F " belongs to user %u, who cannot change what root "
		       "makes there: better be that user (sudo -u '#%u' hermod-proxy ...)",
		       HM_P(p->opts.dir), (unsigned)st.st_uid, (unsigned)st.st_uid);
}

int
options_need_dir(const struct proxy *p, struct hm_err *err)
{
	if (p->opts.dir.n == 0)
		return hm_err_set(err, HM_EUSAGE,
		                  "--dir is missing: where shall the modules be stored?");
	warn_root(p);
	return 0;
}

int
options_check_server(const struct proxy *p, struct hm_err *err)
{
	const struct options *o = &p->opts;

	if (o->quota.n && o->offline)
		return hm_err_set(err, HM_EUSAGE,
		                  "--quota and --offline exclude each other: what is removed could "
		                  "not be fetched again");
	if (!o->tls_cert.n != !o->tls_key.n)
		return hm_err_set(err, HM_EUSAGE, "--tls-cert and --tls-key need each other");
	return 0;
}

int
options_no_words(int argc, char **argv, struct hm_err *err)
{
	return argc == 0 ? 0 : hm_err_set(err, HM_EUSAGE, "unexpected word \"%s\"", argv[0]);
}

/* ---- the verb */

void
proxy_upstream_asked(void *ctx, hm_str host, int64_t nanoseconds, bool well)
{
	meter_upstream(ctx, host, nanoseconds, well);
}

/* On the facts' writer thread. */
static void
tick(void *ctx, struct facts *f)
{
	struct proxy *p = ctx;

	trim_tick(p, f);
	ownlog_tick(p->ownlog, f);
}

static int
open_server(struct proxy *p, struct hm_err *err)
{
	struct facts_opts facts = { .store = &p->store, .log = &p->log, .scan = true,
		                    .tick = tick, .ctx = p };

	if (proxy_open_access(p, err) || ownlog_open(p, err))
		return -1;
	p->hot = hot_new((size_t)p->opts.memory_mib << 20);
	p->misses = hot_new(MISSES_MAX);
	p->ahead = ahead_new();
	if (trim_parse_size(p->opts.quota, &p->quota.bytes, err))
		return -1;
	p->meter = meter_new();
	if (facts_open(&facts, &p->facts, err) || control_new(p, &p->control, err))
		return -1;
	upload_sweep(p);
	p->desk = desk_new(p);
	meter_watch(p->meter, p);
	p->web = web_new();
	upstreams_watch(p->upstreams, proxy_upstream_asked, p->meter);
	if (hm_accesslog_new(p->opts.access_log, p->opts.access_log_file, &p->access_log, err))
		return -1;
	p->guard = guard_new();
	if (gate_new(p, p->opts.policy, &p->gate, err))
		return -1;
	p->fills = fills_new(p);
	if (p->opts.tls_cert.n &&
	    hm_tls_server_new(p->opts.tls_cert.p, p->opts.tls_key.p, &p->tls, err))
		return -1;
	p->admit.facts = p->facts;
	p->admit.source = p->opts.replica_of;
	return replica_new(p, &p->replica, err);
}

int
cmd_serve(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct reload reload = { .base = p, .argc = argc, .argv = argv };
	struct hm_life *life;
	int rc;

	tune_memory();
	if (options_read(p, NULL, 0, &argc, &argv, err) || options_no_words(argc, argv, err) ||
	    options_need_dir(p, err) || options_check_server(p, err) ||
	    hm_life_begin(&life, err))
		return -1;
	rc = proxy_open(p, err) || upstreams_check_listen(p->upstreams, p->opts.listen, err) ||
	                     open_server(p, err) || serve(p, life, &reload, err) ? -1 : 0;
	hm_life_end(life);
	reload_cancel(&reload);
	reload_close(&reload);
	return rc;
}
