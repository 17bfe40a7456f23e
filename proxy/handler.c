/*
 * handler.c - from a request to its answer, or to the fill it waits for.
 */
#include "desk.h"
#include "gate.h"
#include "index.h"
#include "mod/modver.h"
#include "ownlog.h"
#include "page.h"
#include "passthrough.h"
#include "purge.h"
#include "proxy.h"
#include "seen.h"
#include "serve/access.h"
#include "upload.h"

static bool
is_stored_kind(const struct route *r)
{
	return r->canonical && (r->want == WANT_INFO || r->want == WANT_MOD || r->want == WANT_ZIP);
}

/* go's own way to ask a mirror not to fetch: `Disable-Module-Fetch: true`. */
static bool
fetch_disabled(const struct hm_exchange *x)
{
	return hm_str_eqz(hm_http1_field(hm_exchange_request(x), "disable-module-fetch"), "true");
}

/* A stale list is served and renewed behind the client's back, unless it forbids that. */
bool
proxy_from_memory(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct hot_entry *e = hot_get(p->hot, r->url);
	int64_t now;

	if (!e)
		e = hot_get(p->misses, r->url);
	if (!e)
		return false;
	if (e->fresh_until != INT64_MAX) {
		now = hot_now();
		if (now >= e->usable_until && !p->opts.offline) {
			hot_release(e);
			return false;
		}
		if (now >= e->fresh_until && e->status == 200 && !p->opts.offline &&
		    !fetch_disabled(x) && hot_claim_refresh(p->hot, e))
			fills_join(p->fills, r, NULL);
	}
	meter_add(p->meter, METER_HIT_MEMORY, 1);
	if (e->status == 200 && is_stored_kind(r))
		facts_used(p->facts, r->path, r->version, false);
	if (e->status == 200 && r->ahead && hot_claim_refresh(p->hot, e))
		fills_ahead(p->fills, r);
	answer_entry(x, e);
	return true;
}

/* A refusal of somebody known; that of anonymous is 401, and counted when it was sent. */
static bool
counted(struct proxy *p, struct hm_exchange *x, bool allowed)
{
	if (!allowed && hm_access_who(x)->account)
		meter_add(p->meter, METER_REFUSED_RIGHTS, 1);
	return allowed;
}

static bool
may_fetch(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	return !fetch_disabled(x) && hm_access_may(p->access, x, HM_RIGHT_FETCH, r->path);
}

static hm_str
not_fetched(struct hm_exchange *x)
{
	return fetch_disabled(x) ? HM_S("not found: temporarily unavailable: not in this proxy's "
	                                "cache, and the request disables fetching\n") :
	                           HM_S("not found: not in this proxy's cache, and the account "
	                                "may not have it fetched\n");
}

/* A list or @latest of what the store has. */
static void
make_unfetched(struct proxy *p, struct hm_exchange *x, void *arg, struct desk_answer *out)
{
	const struct route *r = arg;
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };

	*out = (struct desk_answer){ .status = 200, .type = type_of(r),
		                     .cache = HM_S("no-store") };
	if (!stored_answer(p, a, r, &out->body)) {
		out->status = 404;
		out->body = not_fetched(x);
	} else if (gate_filter(p, a, r, false, &out->body, &err)) {
		out->status = hm_code_http(err.code);
		out->body = answer_error(p, a, &err);
	}
	if (out->status != 200)
		out->type = HM_S("text/plain; charset=UTF-8");
	meter_add(p->meter, out->status == 200 ? METER_HIT_STORE : METER_MISSING, 1);
	hm_err_free(&err);
}

/* For who may read, but have nothing fetched. */
static void
serve_unfetched(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct route *own;

	if (r->want != WANT_LIST && r->want != WANT_LATEST) {
		meter_add(p->meter, METER_MISSING, 1);
		answer_text(x, 404, not_fetched(x));
		return;
	}
	own = HM_NEW(hm_exchange_arena(x), struct route);
	*own = *r;
	desk_submit(p->desk, x, make_unfetched, own);
}

/* What somebody asked for before it was seen what it is about. */
static void
catch_up(struct proxy *p, struct hm_exchange *x, hm_str earlier)
{
	struct hm_err err = { 0 };
	struct route r;
	hm_str path;

	while (hm_str_cut(earlier, '\n', &path, &earlier)) {
		if (route_parse(hm_exchange_arena(x), path, &r, &err) == 0 &&
		    may_fetch(p, x, &r)) {
			r.ahead = AHEAD_ZIP;
			fills_ahead(p->fills, &r);
		}
	}
	hm_err_free(&err);
}

/* For --fetch-ahead. */
static enum ahead_of
look_ahead(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	const struct hm_identity *who = hm_access_who(x);
	struct ahead_request q = { .peer = hm_exchange_peer(x),
		                   .account = who->account ? hm_str_of(who->name) : HM_S(""),
		                   .path = hm_exchange_request(x)->path };
	hm_str earlier;

	if (p->opts.offline || p->opts.ahead_mode == AHEAD_NEVER)
		return AHEAD_NOTHING;
	if (p->opts.ahead_mode == AHEAD_ALWAYS)
		return r->want == WANT_INFO && r->canonical && may_fetch(p, x, r) ? AHEAD_MOD_ZIP :
		                                                                     AHEAD_NOTHING;
	if (!ahead_asks(p->ahead, &q, r, hm_exchange_arena(x), &earlier))
		return AHEAD_NOTHING;
	catch_up(p, x, earlier);
	return may_fetch(p, x, r) ? AHEAD_ZIP : AHEAD_NOTHING;
}

static void
serve_module(struct proxy *p, struct hm_exchange *x, struct route *r)
{
	enum gate_answer gate = GATE_OPEN;

	if (!counted(p, x, hm_access_allow(p->access, x, HM_RIGHT_READ, r->path)))
		return;
	r->ahead = look_ahead(p, x, r);
	if (p->gate && is_stored_kind(r))
		gate = gate_request(p, x, r);
	if (gate == GATE_ANSWERED || (gate == GATE_OPEN && proxy_from_memory(p, x, r)))
		return;
	if (gate == GATE_ASK && gate_stored(p, r)) {
		fills_join(p->fills, r, x); /* for the verdict alone */
		return;
	}
	if (gate == GATE_OPEN && is_stored_kind(r) && answer_stored(p, x, r)) {
		meter_add(p->meter, METER_HIT_STORE, 1);
		facts_used(p->facts, r->path, r->version, r->want == WANT_ZIP);
		if (r->ahead)
			fills_ahead(p->fills, r);
		return;
	}
	if (!may_fetch(p, x, r)) {
		serve_unfetched(p, x, r);
		return;
	}
	fills_join(p->fills, r, x); /* offline: from what the store has */
}

/*
 * What a database says of a module is for those who may read the module.  That it is passed
 * on is for all: go, told 404, asks the database itself.
 */
static bool
allow_sumdb(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct hm_err none = { 0 };
	hm_str rest = r->rest;
	struct hm_modver m;
	int rc;

	if (hm_str_eqz(rest, "/supported"))
		return true;
	if (!hm_str_cut_prefix(&rest, HM_S("/lookup/")))
		return hm_access_allow_any(p->access, x, HM_RIGHT_READ);
	rc = hm_modver_unescape(hm_exchange_arena(x), rest, &m, &none);
	hm_err_free(&none);
	return hm_access_allow(p->access, x, HM_RIGHT_READ, rc ? HM_S("") : m.path);
}

/*
 * An index names every module; a page shows those that who asks may read; whether the
 * server is well is no secret.
 */
static bool
allow_other(struct proxy *p, struct hm_exchange *x, hm_str url)
{
	if (hm_str_eqz(url, "/healthz") || hm_str_eqz(url, "/readyz"))
		return true;
	if (hm_str_has_prefix(url, HM_S("/index")))
		return counted(p, x, hm_access_allow_all(p->access, x));
	return counted(p, x, hm_access_allow_any(p->access, x, HM_RIGHT_READ));
}

/* Somebody who may come in asks for something. */
static void
serve(void *ctx, struct hm_exchange *x)
{
	struct proxy *p = ctx;
	const struct hm_http1_request *req = hm_exchange_request(x);
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct route r;

	if (req->method != HM_HTTP1_GET && req->method != HM_HTTP1_HEAD &&
	    req->method != HM_HTTP1_PUT && req->method != HM_HTTP1_DELETE) {
		hm_exchange_field(x, "Allow", HM_S("GET, HEAD, PUT, DELETE"));
		answer_text(x, 405, HM_S("only GET, HEAD, PUT and DELETE are answered here\n"));
		return;
	}
	if (route_parse(a, req->path, &r, &err)) {
		answer_text(x, hm_code_http(err.code),
		            hm_arena_printf(a, HM_F "\n", HM_P(hm_err_str(&err))));
	} else if (req->method == HM_HTTP1_PUT) {
		upload_serve(p, x, &r);
	} else if (req->method == HM_HTTP1_DELETE) {
		purge_serve(p, x, &r);
	} else if (r.want == WANT_SUMDB) {
		if (!ownlog_serve(p, x, &r) && allow_sumdb(p, x, &r))
			passthrough_serve(p, x, &r);
	} else if (r.want == WANT_OTHER) {
		if (allow_other(p, x, r.url) && !index_serve(p, x, r.url))
			page_serve(p, x, r.url);
	} else {
		serve_module(p, x, &r);
	}
	hm_err_free(&err);
}

void
proxy_handle(void *ctx, struct hm_exchange *x)
{
	struct proxy *p = proxy_now(ctx);
	hm_str path = hm_exchange_request(x)->path;

	meter_began(p->meter);
	if (hm_str_eqz(path, "/healthz") || hm_str_eqz(path, "/readyz"))
		serve(p, x); /* no limit, no database */
	else
		hm_access_enter(p->access, x, serve, p);
}

void
proxy_served(void *ctx, const struct hm_served *s)
{
	struct proxy *p = ctx;

	meter_served(p->meter, s);
	if (s->req && hm_str_has_suffix(s->req->path, HM_S(".info")))
		ahead_answered(p->ahead, &(struct ahead_request){ s->peer, s->who, s->req->path },
		               s->status == 200);
	meter_add(p->meter, METER_REFUSED_RIGHTS, s->status == 401);
	meter_add(p->meter, METER_REFUSED_LIMIT, s->status == 429);
	hm_accesslog_add(p->access_log, s, s->who);
}
