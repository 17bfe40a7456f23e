#include "passthrough.h"

#include "mod/match.h"
#include "mod/modpath.h"
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

/* What such a database could have: nothing else is asked of it. */
static bool
is_well_formed(hm_str rest)
{
	struct hm_err err = { 0 };
	struct hm_tile t;
	bool ok;

	if (!hm_str_has_prefix(rest, HM_S("/tile/")))
		return hm_str_eqz(rest, "/latest") || hm_str_has_prefix(rest, HM_S("/lookup/"));
	ok = hm_tile_parse_path(hm_str_from(rest, 1), &t, &err) == 0 && t.h == HM_TILE_HEIGHT;
	hm_err_free(&err);
	return ok;
}

/* Is this a lookup of a module that the outside must not hear of? */
static bool
is_private(const struct proxy *p, struct hm_arena *a, hm_str rest)
{
	struct hm_err err = { 0 };
	hm_str path, version, module;
	bool secret;

	if (!hm_str_cut_prefix(&rest, HM_S("/lookup/")))
		return false;
	hm_str_cut(rest, '@', &path, &version);
	secret = hm_modpath_unescape(a, path, &module, &err) ||
	         hm_match_prefix_patterns(p->conf->gonosumdb, module) ||
	         hm_match_prefix_patterns(p->conf->gonoproxy, module);
	hm_err_free(&err);
	return secret;
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
	answer_entry(x, hot_put(p->hot, r->url, 200, HM_S("text/plain; charset=UTF-8"), body,
	                        INT64_MAX, INT64_MAX));
	return true;
}

void
passthrough_serve(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	bool latest = hm_str_eqz(r->rest, "/latest");

	if (!is_allowed(p, r->sumdb)) {
		answer_text(
			x, 404,
			HM_S("not found: this proxy does not pass that checksum database on\n"));
	} else if (hm_str_eqz(r->rest, "/supported")) {
		answer_text(x, 200, HM_S(""));
	} else if (!is_well_formed(r->rest)) {
		answer_text(x, 404, HM_S("not found\n"));
	} else if (is_private(p, hm_exchange_arena(x), r->rest)) {
		meter_add(p->meter, METER_REFUSED_PRIVATE, 1);
		answer_text(x, 404,
		            HM_S("not found: the module is private (GOPRIVATE or GONOSUMDB "
		                 "of this proxy)\n"));
	} else if (!proxy_from_memory(p, x, r) && (latest || !from_store(p, x, r))) {
		fills_join(p->fills, r, x);
	}
}
