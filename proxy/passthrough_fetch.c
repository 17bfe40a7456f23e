/*
 * What upstream says of a checksum database.  Where the key is known, the database's client
 * asks (verify/pass.h), and no answer that it finds wrong is passed on.
 */
#include "evidence.h"
#include "fill.h"
#include "passthrough.h"
#include "tlog/tile.h"
#include "upstream.h"

struct attempt {
	struct fill *f;
	hm_str body;
};

/* Where the database itself is: what GOSUMDB says, else https://NAME. */
static hm_str
origin(const struct proxy *p, struct hm_arena *a, hm_str name)
{
	hm_str rest = p->conf->gosumdb, key = { 0 }, url = { 0 }, of, more;

	/* GOSUMDB: NAME or NAME+HASH+KEY, and perhaps an URL */
	if (hm_str_next_field(&rest, &key))
		hm_str_next_field(&rest, &url);
	hm_str_cut(key, '+', &of, &more);
	if (url.n && hm_str_eq(of, name))
		return hm_arena_dup(a, url);
	return hm_arena_printf(a, "https://" HM_F, HM_P(name));
}

/* A number below 10^18 and nothing else. */
static bool
is_number(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && s.n <= 18;
}

/* Has body the form of an answer to that? */
static bool
is_plausible(const struct route *r, hm_str body)
{
	struct hm_err err = { 0 };
	struct hm_tile t;
	hm_str first, more;
	bool note = hm_str_contains(body, HM_S("go.sum database tree\n")) &&
	            hm_str_contains(body, HM_S("\n\n\xe2\x80\x94 "));

	hm_str_cut(body, '\n', &first, &more);
	if (hm_str_has_prefix(r->rest, HM_S("/lookup/")))
		return note && is_number(first);
	if (hm_str_eqz(r->rest, "/latest"))
		return note;
	if (hm_tile_parse_path(hm_str_from(r->rest, 1), &t, &err)) {
		hm_err_free(&err);
		return false;
	}
	return t.l < 0 ? body.n > 0 : body.n == (size_t)t.w * 32;
}

static int
from_source(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct attempt *at = ctx;
	struct fill *f = at->f;
	hm_str base = src->url, path = hm_str_from(f->r.url, 1);

	if (hm_str_eqz(base, "off") || hm_str_eqz(base, "noproxy"))
		return hm_err_set(err, HM_ENOTFOUND, "not found");
	if (hm_str_eqz(base, "direct")) {
		base = origin(f->p, &f->arena, f->r.sumdb);
		path = hm_str_from(f->r.rest, 1);
	}
	return hm_fetch_get(f->from->fetch, &f->arena, base, path, HM_SUMDB_ANSWER_MAX, &at->body,
	                    err);
}

/*
 * As a proxy passes it on: from the first source that has it, else from the database,
 * which go, too, asks where the proxies know none.
 */
static int
ask(struct fill *f, hm_str *body, struct hm_err *err)
{
	struct attempt at = { .f = f };
	struct hm_verify_remote remote = upstream_remote(f->p->upstreams);
	struct hm_buf b = { 0 };
	hm_str url;
	int rc = upstream_try(f->p->upstreams, f->from, from_source, &at, err);

	if (rc && hm_code_may_fall_back(err->code)) {
		hm_err_clear(err);
		url = origin(f->p, &f->arena, f->r.sumdb);
		url = hm_arena_printf(&f->arena, HM_F HM_F, HM_P(url), HM_P(f->r.rest));
		rc = remote.get(remote.ctx, url, &b, err);
		at.body = hm_buf_take(&b, &f->arena);
		hm_buf_free(&b);
	}
	*body = at.body;
	return rc;
}

int
passthrough_fetch(struct fill *f, hm_str *body, bool *proven, struct hm_err *err)
{
	struct proxy *p = f->p;

	if (hm_verify_pass(p->verify, &f->arena, f->r.sumdb, f->r.rest, body, proven, err)) {
		if (!hm_err_is(err, HM_ESECURITY))
			return -1;
		meter_add(p->meter, METER_SUMDB_REJECTED, 1);
		evidence_text(p, &f->arena, f->r.url, *body, err);
		return hm_err_wrap(err, "checksum database " HM_F ": ", HM_P(f->r.sumdb));
	}
	if (*proven)
		return 0;
	if (body->n == 0 && ask(f, body, err))
		return -1;
	if (!is_plausible(&f->r, *body))
		return hm_err_set(err, HM_EHTTP,
		                  "upstream's answer is none of a checksum database");
	return 0;
}
