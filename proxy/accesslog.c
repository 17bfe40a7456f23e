/*
 * accesslog.c - one line a request, as text or JSON.  The query and the fields of a
 * request, where credentials may be, are left out.
 */
#include <inttypes.h>

#include "os/clock.h"
#include "proxy.h"

static const char *
method_name(const struct hm_http1_request *req)
{
	static const char *const names[] = { [HM_HTTP1_GET] = "GET", [HM_HTTP1_HEAD] = "HEAD",
		                             [HM_HTTP1_PUT] = "PUT", [HM_HTTP1_POST] = "POST",
		                             [HM_HTTP1_DELETE] = "DELETE" };

	return req ? names[req->method] : "-";
}

void
proxy_served(void *ctx, const struct hm_served *s)
{
	struct proxy *p = ctx;
	struct hm_arena a = { 0 };
	hm_str path = s->req ? s->req->path : HM_S("-");
	hm_str when;

	atomic_fetch_add_explicit(&p->count.bytes_out, s->sent, memory_order_relaxed);
	if (hm_str_eqz(p->opts.access_log, "off"))
		return;
	when = hm_clock_rfc3339(&a, hm_clock_unix(), 0);
	if (hm_str_eqz(p->opts.access_log, "json"))
		hm_log(&p->log, HM_LOG_INFO,
		       "{\"time\":\"" HM_F "\",\"peer\":\"" HM_F
		       "\",\"method\":\"%s\",\"path\":" HM_F ",\"status\":%d,\"sent\":%" PRIu64
		       ",\"us\":%" PRId64 ",\"cut\":%s}",
		       HM_P(when), HM_P(s->peer), method_name(s->req), HM_P(hm_str_quote(&a, path)),
		       s->status, s->sent, s->nanoseconds / 1000, s->cut ? "true" : "false");
	else
		hm_log(&p->log, HM_LOG_INFO,
		       HM_F " " HM_F " %s " HM_F " %d %" PRIu64 " %" PRId64 "us%s", HM_P(when),
		       HM_P(s->peer), method_name(s->req), HM_P(path), s->status, s->sent,
		       s->nanoseconds / 1000, s->cut ? " cut" : "");
	hm_arena_free(&a);
}
