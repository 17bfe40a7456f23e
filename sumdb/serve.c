/*
 * serve.c - the server: a log (logserve/logserve.h) with what a service needs around it.
 */
#include "base/path.h"
#include "codec/url.h"
#include "crypto/tls.h"
#include "serve/access.h"
#include "serve/audit.h"
#include "serve/life.h"
#include "sumdb.h"

#define TEXT HM_S("text/plain; charset=UTF-8")

static void
answer(struct hm_exchange *x, int status, hm_str type, hm_str body)
{
	hm_exchange_field(x, "Content-Type", type);
	hm_exchange_field(x, "Cache-Control", HM_S("no-store"));
	hm_exchange_reply(x, status, body);
}

static void
serve_about(struct sumdb *s, struct hm_exchange *x)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_tilelog_stats st = hm_tilelog_stats(s->tiles);
	const struct hm_strs *keys = hm_tilelog_vkeys(s->tiles);

	answer(x, 200, TEXT,
	       hm_arena_printf(
		       a, "checksum database " HM_F "\nverifier key " HM_F "\nrecords %lld\n",
		       HM_P(hm_tilelog_name(s->tiles)), HM_P(keys->v[0]), (long long)st.size));
}

static void
serve_metrics(struct sumdb *s, struct hm_exchange *x)
{
	struct hm_buf b = { 0 };

	hm_metrics_print(s->metrics, &b);
	answer(x, 200, HM_METRICS_TYPE, hm_buf_take(&b, hm_exchange_arena(x)));
}

static void
come_in(void *ctx, struct hm_exchange *x)
{
	struct sumdb *s = ctx;
	const struct hm_http1_request *req = hm_exchange_request(x);
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	hm_str path;

	if (req->method != HM_HTTP1_GET && req->method != HM_HTTP1_HEAD) {
		hm_exchange_field(x, "Allow", HM_S("GET, HEAD"));
		answer(x, 405, TEXT, HM_S("only GET and HEAD are answered here\n"));
	} else if (hm_url_path_unescape(a, req->path, &path, &err)) {
		answer(x, hm_code_http(err.code), TEXT,
		       hm_arena_printf(a, HM_F "\n", HM_P(hm_err_str(&err))));
	} else if (hm_logserve_handle(s->serve, x, path)) {
		;
	} else if (hm_str_eqz(path, "/healthz") || hm_str_eqz(path, "/readyz")) {
		answer(x, 200, TEXT, HM_S("ok\n"));
	} else if (hm_str_eqz(path, "/metrics")) {
		if (hm_access_allow_any(s->access, x, HM_RIGHT_READ))
			serve_metrics(s, x);
	} else if (hm_str_eqz(path, "/")) {
		serve_about(s, x);
	} else {
		answer(x, 404, TEXT, HM_S("not found\n"));
	}
	hm_err_free(&err);
}

static void
handle(void *ctx, struct hm_exchange *x)
{
	struct sumdb *s = ctx;

	hm_access_enter(s->access, x, come_in, s);
}

/* On a loop's thread, after each answer. */
static void
served(void *ctx, const struct hm_served *v)
{
	struct sumdb *s = ctx;
	unsigned kind = (unsigned)v->status / 100;

	hm_accesslog_add(s->accesslog, v, v->who);
	hm_metrics_add(s->metrics, s->answers[kind < 6 ? kind : 0], 1);
	hm_metrics_add(s->metrics, s->bytes, (int64_t)v->sent);
	hm_metrics_observe(s->metrics, s->seconds, v->nanoseconds);
}

/* ---- what is counted */

#define READ(name, value)                                  \
	static double read_##name(void *ctx)               \
	{                                                  \
		struct sumdb *s = ctx;                     \
		return (double)(value);                    \
	}
READ(size, hm_tilelog_stats(s->tiles).size)
READ(published, hm_tilelog_stats(s->tiles).published)
READ(batches, hm_tilelog_stats(s->tiles).batches)
READ(appended, hm_tilelog_stats(s->tiles).appended)
READ(refused, hm_tilelog_stats(s->tiles).refused)
READ(lookups, hm_logserve_stats(s->serve).lookups)
READ(found, hm_logserve_stats(s->serve).found)
READ(fetched, hm_logserve_stats(s->serve).fetched)
READ(missing, hm_logserve_stats(s->serve).missing)
READ(remembered, hm_logserve_stats(s->serve).remembered)
READ(failed, hm_logserve_stats(s->serve).failed)
READ(tiles, hm_logserve_stats(s->serve).tiles)
READ(denied, hm_logserve_stats(s->serve).denied)
READ(under_way, hm_logserve_stats(s->serve).under_way)
READ(open, s->server ? hm_server_open(s->server) : 0)
READ(dropped, s->accesslog ? hm_accesslog_dropped(s->accesslog) : 0)

static void
make_metrics(struct sumdb *s)
{
	static const struct {
		const char *name, *help;
		bool counter;
		double (*read)(void *ctx);
	} known[] = {
		{ "records", "Records in the head that is shown.", false, read_size },
		{ "published_records", "Records in the public files.", false, read_published },
		{ "batches_total", "Transactions that appended.", true, read_batches },
		{ "appended_total", "Records appended.", true, read_appended },
		{ "append_refused_total", "Records not appended.", true, read_refused },
		{ "lookups_total", "Lookups.", true, read_lookups },
		{ "lookups_found_total", "Answered from the log.", true, read_found },
		{ "fetched_total", "Versions fetched and logged.", true, read_fetched },
		{ "missing_total", "Versions that upstream does not have.", true, read_missing },
		{ "missing_remembered_total", "The same, without asking again.", true,
		  read_remembered },
		{ "failed_total", "Versions that could not be logged.", true, read_failed },
		{ "fetches", "Versions that are looked for now.", false, read_under_way },
		{ "tiles_total", "Tiles and entry bundles asked for.", true, read_tiles },
		{ "denied_total", "Requests that lacked the right.", true, read_denied },
		{ "connections", "Connections open now.", false, read_open },
		{ "access_log_dropped_total", "Lines that were not written.", true, read_dropped },
	};
	static const char *const classes[] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };

	s->metrics = hm_metrics_new("hermod_sumdb_");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		hm_metrics_reader(s->metrics, known[i].name, known[i].help, NULL, known[i].counter,
		                  known[i].read, s);
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		s->answers[i] = hm_metrics_counter(s->metrics, "requests_total", "Requests.",
		                                   HM_LABEL("status", hm_str_of(classes[i])));
	s->bytes = hm_metrics_counter(s->metrics, "sent_bytes_total", "Bytes of bodies.", NULL);
	s->seconds =
		hm_metrics_histogram(s->metrics, "request_seconds", "Time of a request.", NULL);
}

/* ---- the server's life */

/* The certificate, and the access log's file; what failed stays as it was. */
static void
on_reload(void *ctx)
{
	struct sumdb *s = ctx;
	struct hm_err err = { 0 };

	hm_accesslog_reopen(s->accesslog);
	if (s->tls && hm_tls_server_reload(s->tls, &err))
		hm_log(s->log, HM_LOG_WARN, "hermod-sumdb: reload: " HM_F, HM_P(hm_err_str(&err)));
	else
		hm_log(s->log, HM_LOG_WARN, "hermod-sumdb: reloaded");
	hm_err_free(&err);
}

static int
run(struct sumdb *s, struct hm_life *life, struct hm_err *err)
{
	struct hm_server_opts server = {
		.listen = s->opts->listen,
		.tls = s->tls,
		.name = "hermod-sumdb",
		.handle = handle,
		.served = served,
		.ctx = s,
		.log = s->log,
	};
	struct hm_life_opts o = {
		.server = &server,
		.insecure_http = s->opts->insecure_http || s->opts->behind_tls,
		.reload = on_reload,
		.ctx = s,
		.out = &s->server,
	};

	return hm_life_run(life, &o, err);
}

/* DIR/access.db: what anonymous may do, accounts, tokens (hermod-proxy account --dir DIR). */
static int
open_access(struct sumdb *s, struct hm_err *err)
{
	hm_str file = hm_path_cat(&s->arena, s->opts->dir, HM_S("access.db"));
	struct hm_access_opts o = {
		.realm = "hermod-sumdb",
		.insecure = s->opts->behind_tls,
		.rate = s->opts->rate,
		.burst = s->opts->rate_burst,
	};

	if (hm_audit_open(file.p, s->log, &s->audit, err) ||
	    hm_accounts_open(file.p, s->log, &s->accounts, err))
		return -1;
	o.accounts = s->accounts;
	o.audit = s->audit;
	s->access = hm_access_new(&o);
	return 0;
}

static int
record_of(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *text, struct hm_err *err)
{
	struct sumdb *s = ctx;

	return source_record(&s->source, a, m, text, err);
}

static int
open_parts(struct sumdb *s, struct hm_err *err)
{
	struct options *o = s->opts;
	struct hm_logserve_opts serve = {
		.offline = o->offline,
		.fetches = (unsigned)o->fetches,
		.missing_keep = o->missing_keep,
		.record = record_of,
		.ctx = s,
		.log = s->log,
	};

	if (open_log(o, s->log, &s->witnesses, &s->tiles, err) ||
	    source_open(&s->source, o, hm_tilelog_name(s->tiles), s->log, err) ||
	    open_access(s, err) ||
	    hm_accesslog_new(o->access_log, o->access_log_file, &s->accesslog, err))
		return -1;
	if ((o->tls_cert.n || o->tls_key.n) &&
	    hm_tls_server_new(o->tls_cert.p, o->tls_key.p, &s->tls, err))
		return -1;
	hm_tilelog_remember(s->tiles, o->memory_mib);
	serve.tiles = s->tiles;
	serve.access = s->access;
	s->serve = hm_logserve_new(&serve);
	make_metrics(s);
	return 0;
}

int
cmd_serve(struct options *o, struct hm_log *log, struct hm_err *err)
{
	struct sumdb s = { .opts = o, .log = log };
	struct hm_life *life;
	int rc;

	if (hm_life_begin(&life, err))
		return -1;
	rc = open_parts(&s, err);
	if (rc == 0)
		rc = run(&s, life, err);
	hm_life_end(life);
	hm_access_free(s.access);
	hm_http_cancel(s.source.http);
	hm_logserve_free(s.serve); /* its work ends before the loops that it resumes on go away */
	hm_server_free(s.server);
	hm_tls_server_free(s.tls);
	hm_accesslog_free(s.accesslog);
	hm_metrics_free(s.metrics);
	hm_audit_free(s.audit);
	hm_accounts_free(s.accounts);
	source_close(&s.source);
	hm_tilelog_free(s.tiles);
	hm_witnesses_free(s.witnesses);
	hm_arena_free(&s.arena);
	return rc;
}
