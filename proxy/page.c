#include "page.h"

#include <unistd.h>

#include "web.h"

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

void
page_serve(struct proxy *p, struct hm_exchange *x, hm_str url)
{
	if (hm_str_eqz(url, "/healthz"))
		answer_text(x, 200, HM_S("ok\n"));
	else if (hm_str_eqz(url, "/readyz") && access(p->store.root.p, W_OK) == 0)
		answer_text(x, 200, HM_S("ready\n"));
	else if (hm_str_eqz(url, "/readyz"))
		answer_text(x, 503, HM_S("the store cannot be written\n"));
	else if (hm_str_eqz(url, "/metrics"))
		metrics(p, x);
	else if (!web_serve(p, x, url))
		answer_text(x, 404, HM_S("not found\n"));
}
