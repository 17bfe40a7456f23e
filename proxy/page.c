#include "page.h"

#include <inttypes.h>
#include <unistd.h>


static void
metric(struct hm_buf *b, const char *name, const char *type, const char *help, uint64_t v)
{
	hm_buf_printf(
		b,
		"# HELP hermod_proxy_%s %s\n# TYPE hermod_proxy_%s %s\nhermod_proxy_%s %" PRIu64
		"\n",
		name, help, name, type, name, v);
}

/* Prometheus text format 0.0.4 */
static void
metrics(struct proxy *p, struct hm_exchange *x)
{
	struct hm_http_stats up = hm_http_stats(p->http);
	struct hot_stats hot = hot_stats(p->hot);
	struct hm_buf b = { 0 };

	metric(&b, "requests_total", "counter", "Requests that were read.", p->count.requests);
	metric(&b, "hits_memory_total", "counter", "Answers from memory.", p->count.hot);
	metric(&b, "hits_store_total", "counter", "Answers from the store.", p->count.stored);
	metric(&b, "fills_total", "counter", "Objects fetched.", p->count.filled);
	metric(&b, "missing_total", "counter", "Objects that no source has.", p->count.missing);
	metric(&b, "failed_total", "counter", "Fetches that failed.", p->count.failed);
	metric(&b, "rejected_zips_total", "counter", "Zips refused by a check.",
	       p->count.zips_rejected);
	metric(&b, "sent_bytes_total", "counter", "Bytes of answers.", p->count.bytes_out);
	metric(&b, "upstream_requests_total", "counter", "Requests sent upstream.", up.requests);
	metric(&b, "upstream_bytes_total", "counter", "Bytes received from upstream.", up.bytes);
	metric(&b, "memory_bytes", "gauge", "Bytes of answers kept in memory.", hot.bytes);
	metric(&b, "memory_entries", "gauge", "Answers kept in memory.", hot.entries);
	metric(&b, "fills", "gauge", "Fetches under way.", fills_under_way(p->fills));
	metric(&b, "connections", "gauge", "Open connections.", hm_server_open(p->server));
	metric(&b, "start_time_seconds", "gauge", "When the process started.",
	       (uint64_t)p->started);
	hm_exchange_field(x, "Content-Type", HM_S("text/plain; version=0.0.4; charset=utf-8"));
	hm_exchange_field(x, "Cache-Control", HM_S("no-store"));
	hm_exchange_reply(x, 200, hm_buf_str(&b));
	hm_buf_free(&b);
}

static void
front(struct proxy *p, struct hm_exchange *x)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(
		&b,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		"<title>hermod-proxy</title></head><body><h1>hermod-proxy</h1>"
		"<p>A Go module proxy. Set <code>GOPROXY</code> to this address.</p>"
		"<p>%llu requests, %llu of them answered from memory and %llu from the store; "
		"%llu objects fetched.</p></body></html>\n",
		(unsigned long long)p->count.requests, (unsigned long long)p->count.hot,
		(unsigned long long)p->count.stored, (unsigned long long)p->count.filled);
	hm_exchange_field(x, "Content-Type", HM_S("text/html; charset=utf-8"));
	hm_exchange_field(x, "Content-Security-Policy", HM_S("default-src 'none'"));
	hm_exchange_field(x, "X-Content-Type-Options", HM_S("nosniff"));
	hm_exchange_field(x, "Cache-Control", HM_S("no-store"));
	hm_exchange_reply(x, 200, hm_buf_str(&b));
	hm_buf_free(&b);
}

void
page_serve(struct proxy *p, struct hm_exchange *x, hm_str url)
{
	if (hm_str_eqz(url, "/"))
		front(p, x);
	else if (hm_str_eqz(url, "/healthz"))
		answer_text(x, 200, HM_S("ok\n"));
	else if (hm_str_eqz(url, "/readyz"))
		answer_text(x, access(p->store.root.p, W_OK) == 0 ? 200 : 503,
		            access(p->store.root.p, W_OK) == 0
		                    ? HM_S("ready\n")
		                    : HM_S("the store cannot be written\n"));
	else if (hm_str_eqz(url, "/metrics"))
		metrics(p, x);
	else
		answer_text(x, 404, HM_S("not found\n"));
}
