#include "page.h"

#include <unistd.h>


static void
metrics(struct proxy *p, struct hm_exchange *x)
{
	struct hm_buf b = { 0 };

	hm_metrics_print(meter_registry(p->meter), &b);
	hm_exchange_field(x, "Content-Type", HM_METRICS_TYPE);
	hm_exchange_field(x, "Cache-Control", HM_S("no-store"));
	hm_exchange_reply(x, 200, hm_buf_str(&b));
	hm_buf_free(&b);
}

static void
front(struct proxy *p, struct hm_exchange *x)
{
	struct meter_totals t = meter_totals(p->meter);
	struct hm_buf b = { 0 };

	hm_buf_printf(
		&b,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		"<title>hermod-proxy</title></head><body><h1>hermod-proxy</h1>"
		"<p>A Go module proxy. Set <code>GOPROXY</code> to this address.</p>"
		"<p>%llu requests, %llu of them answered from memory and %llu from the store; "
		"%llu objects fetched.</p></body></html>\n",
		(unsigned long long)t.requests, (unsigned long long)t.count[METER_HIT_MEMORY],
		(unsigned long long)t.count[METER_HIT_STORE],
		(unsigned long long)t.count[METER_FILLED]);
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
