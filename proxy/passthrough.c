#include "passthrough.h"

#include "mod/match.h"
#include "mod/modver.h"
#include "os/file.h"
#include "tlog/tile.h"

static bool
is_allowed(const struct proxy *p, hm_str name)
{
	hm_str rest = p->opts.sumdbs, one;

	while (hm_str_next(&rest, ',', &one))
		if (hm_str_eq(hm_str_trim(one), name))
			return true;
	return false;
}

hm_str
passthrough_file(const struct proxy *p, struct hm_arena *a, const struct route *r)
{
	return hm_arena_printf(a, HM_F "/cache/download" HM_F, HM_P(p->store.root), HM_P(r->url));
}

/* What such a database could have: nothing else is asked of it.  m: whose record, if any's. */
static int
parse_rest(struct hm_arena *a, hm_str rest, struct hm_modver *m, struct hm_err *err)
{
	struct hm_tile t;

	*m = hm_modver_of(HM_S(""), HM_S(""));
	if (hm_str_eqz(rest, "/latest"))
		return 0;
	if (hm_str_cut_prefix(&rest, HM_S("/lookup/"))) {
		if (hm_modver_unescape(a, rest, m, err) == 0)
			return 0;
		err->code = HM_EINVALID;
		return hm_err_wrap(err, "bad request path: ");
	}
	if (hm_tile_parse_path(hm_str_from(rest, 1), &t, err) == 0 && t.h == HM_TILE_HEIGHT)
		return 0;
	return hm_err_set(err, HM_ENOTFOUND, "not found");
}

/* Is it a module that the outside must not hear of? */
static bool
is_private(const struct proxy *p, hm_str module)
{
	return hm_match_prefix_patterns(p->conf->gonosumdb, module) ||
	       hm_match_prefix_patterns(p->conf->gonoproxy, module);
}

/* Tiles and records, from the store to memory. */
static bool
from_store(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	hm_str body;
	int rc = hm_file_read(a, passthrough_file(p, a, r).p, HM_SUMDB_ANSWER_MAX, &body, &err);

	hm_err_free(&err);
	if (rc)
		return false;
	answer_entry(x, hot_put(p->hot, r->url, 200, type_of(r), body,
	                        INT64_MAX, INT64_MAX));
	return true;
}

void
passthrough_serve(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct hm_arena *a = hm_exchange_arena(x);
	bool latest = hm_str_eqz(r->rest, "/latest");
	struct hm_err err = { 0 };
	struct hm_modver m;

	if (!is_allowed(p, r->sumdb)) {
		answer_text(
			x, 404,
			HM_S("not found: this proxy does not pass that checksum database on\n"));
	} else if (hm_str_eqz(r->rest, "/supported")) {
		answer_text(x, 200, HM_S(""));
	} else if (parse_rest(a, r->rest, &m, &err)) {
		answer_text(x, hm_code_http(err.code),
		            hm_arena_printf(a, HM_F "\n", HM_P(hm_err_str(&err))));
	} else if (m.path.n && is_private(p, m.path)) {
		meter_add(p->meter, METER_REFUSED_PRIVATE, 1);
		answer_text(x, 404,
		            HM_S("not found: the module is private (GOPRIVATE or GONOSUMDB "
		                 "of this proxy)\n"));
	} else if (!proxy_from_memory(p, x, r) && (latest || !from_store(p, x, r))) {
		fills_join(p->fills, r, x);
	}
	hm_err_free(&err);
}
