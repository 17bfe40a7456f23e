/*
 * logserve.c - requests: what a path asks for, who may see it, its answer.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "logserve/priv.h"
#include "mod/modpath.h"
#include "serve/access.h"

#define TEXT HM_S("text/plain; charset=UTF-8")
#define BYTES HM_S("application/octet-stream")

static void
answer(struct hm_exchange *x, int status, hm_str type, hm_str cache, hm_str body)
{
	hm_exchange_field(x, "Content-Type", type);
	hm_exchange_field(x, "Cache-Control", cache);
	hm_exchange_reply(x, status, body);
}

/* What names modules is for who asked alone, unless names are no secret here. */
static bool
is_secret(const struct hm_logserve *s, bool names)
{
	return names && s->opts.access && !hm_tilelog_is_public(s->opts.tiles);
}

static hm_str
forever(const struct hm_logserve *s, bool names)
{
	return is_secret(s, names) ? HM_S("private, max-age=31536000, immutable") :
	                             HM_S("public, max-age=31536000, immutable");
}

/* What is damaged here is our fault, not the client's. */
void
hm_logserve_error(struct hm_exchange *x, struct hm_err *err)
{
	struct hm_arena *a = hm_exchange_arena(x);
	int status = hm_code_http(err->code);
	bool missing = status == 404 || status == 410;
	bool told = hm_str_has_prefix(hm_err_str(err), HM_S("not found"));

	answer(x, status, TEXT, HM_S("no-store"),
	       hm_arena_printf(a, "%s" HM_F "\n", missing && !told ? "not found: " : "",
	                       HM_P(hm_err_str(err))));
}

/* What the log could not read: the text may name our folders, so it is for us. */
static void
answer_internal(struct hm_logserve *s, struct hm_exchange *x, struct hm_err *err)
{
	count(&s->failed);
	if (err->code != HM_EINVALID) { /* else a damaged tile: named, and told of already */
		hm_log(s->opts.log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(err)));
		hm_err_clear(err);
		hm_err_set(err, HM_EINTERNAL, "the log cannot be read");
	}
	err->code = HM_EINTERNAL;
	hm_logserve_error(x, err);
}

void
hm_logserve_found(struct hm_logserve *s, struct hm_exchange *x, const struct hm_found *f)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	hm_str record;

	if (hm_tlog_format_record(a, f->id, f->text, &record, &err)) {
		err.code = HM_EINTERNAL;
		hm_logserve_error(x, &err);
	} else {
		answer(x, 200, TEXT,
		       is_secret(s, true) ? HM_S("private, max-age=3600") :
		                            HM_S("public, max-age=3600"),
		       hm_arena_concat(a, (hm_str[]){ record, f->head }, 2));
	}
	hm_err_free(&err);
}

hm_str
hm_logserve_key(struct hm_arena *a, struct hm_modver m)
{
	return hm_arena_printf(a, HM_F " " HM_F, HM_P(m.path), HM_P(m.version));
}

/* ---- who may; each has answered when it says no */

static bool
allowed(struct hm_logserve *s, bool yes)
{
	if (!yes)
		count(&s->denied);
	return yes;
}

static bool
may_read(struct hm_logserve *s, struct hm_exchange *x, hm_str module)
{
	struct hm_access *acc = s->opts.access;

	return !acc || allowed(s, hm_access_allow(acc, x, HM_RIGHT_READ, module));
}

/* Who may not have it fetched hears what there is: nothing. */
static bool
may_fetch(struct hm_logserve *s, struct hm_exchange *x, hm_str module)
{
	if (!s->opts.access || hm_access_may(s->opts.access, x, HM_RIGHT_FETCH, module))
		return true;
	answer(x, 404, TEXT, HM_S("no-store"),
	       HM_S("not found: not in the log, and the account may not have it fetched\n"));
	return allowed(s, false);
}

static bool
may_see(struct hm_logserve *s, struct hm_exchange *x, bool names)
{
	struct hm_access *acc = s->opts.access;

	if (!acc || (names && hm_tilelog_is_public(s->opts.tiles)))
		return true;
	return allowed(s, names ? hm_access_allow_all(acc, x) :
	                          hm_access_allow_any(acc, x, HM_RIGHT_READ));
}

/* ---- lookups */

/* The log has no such record. */
static void
serve_unknown(struct hm_logserve *s, struct hm_exchange *x, struct hm_modver m, hm_str key,
              struct hm_err *err)
{
	if (s->opts.offline) {
		count(&s->not_there);
		hm_logserve_error(x, err);
		return;
	}
	if (!may_fetch(s, x, m.path))
		return;
	hm_err_clear(err);
	if (hm_missing_get(s->missing, key, err)) {
		count(&s->remembered);
		hm_logserve_error(x, err);
		return;
	}
	hm_logflights_join(s->flights, m, x);
}

static void
serve_lookup(struct hm_logserve *s, struct hm_exchange *x, hm_str word)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct hm_modver m;
	struct hm_found f;
	hm_str key;

	count(&s->lookups);
	if (hm_modver_unescape(a, word, &m, &err)) {
		hm_logserve_error(x, &err);
	} else if (may_read(s, x, m.path)) {
		key = hm_logserve_key(a, m);
		if (hm_tilelog_find(s->opts.tiles, a, key, &f, &err) == 0) {
			count(&s->found);
			hm_logserve_found(s, x, &f);
		} else if (err.code == HM_ENOTFOUND) {
			serve_unknown(s, x, m, key, &err);
		} else {
			answer_internal(s, x, &err);
		}
	}
	hm_err_free(&err);
}

/* ---- tiles */

static void
answer_tile(struct hm_logserve *s, struct hm_exchange *x, const struct hm_tile *t,
            const struct hm_tile_data *d)
{
	hm_exchange_field(x, "Content-Type", t->l < 0 ? TEXT : BYTES);
	hm_exchange_field(x, "Cache-Control", forever(s, t->l < 0));
	hm_exchange_reply_borrowed(x, 200, d->bytes, d->held ? hm_tilelog_release : NULL, d->held);
}

/* Is it tile/H/L/N...? Its second element behind "tile/" is a level then. */
static bool
is_go_tile(hm_str rest)
{
	hm_str h, l;

	hm_str_cut(rest, '/', &h, &rest);
	hm_str_cut(rest, '/', &l, &rest);
	return rest.n > 0 && !hm_str_eqz(h, "entries") && (l.n < 3 || hm_str_eqz(l, "data"));
}

/* "tile/8/" + what follows "tile/", with "data" for "entries", is go's spelling. */
int
hm_logserve_parse_tile(struct hm_arena *a, hm_str path, struct hm_tile *t, bool *bundle,
                       struct hm_err *err)
{
	hm_str rest = path;
	bool go;

	*bundle = false;
	hm_str_cut_prefix(&rest, HM_S("tile/"));
	go = is_go_tile(rest);
	if (!go) {
		*bundle = hm_str_cut_prefix(&rest, HM_S("entries/"));
		path = hm_arena_printf(a, "tile/8/%s" HM_F, *bundle ? "data/" : "", HM_P(rest));
	}
	if (hm_tile_parse_path(path, t, err) == 0 && (go || *bundle == (t->l < 0)))
		return 0;
	hm_err_clear(err);
	return hm_err_set(err, HM_EINVALID, "invalid tile syntax");
}

static void
give_tile(struct hm_logserve *s, struct hm_exchange *x, const struct hm_tile *t, bool bundle)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct hm_tile_data d;
	hm_str body;
	int rc = bundle ? hm_tilelog_entries(s->opts.tiles, a, t->n, t->w, &body, &err) :
	                  hm_tilelog_tile(s->opts.tiles, a, t, &d, &err);

	if (rc && err.code == HM_ENOTFOUND)
		hm_logserve_error(x, &err);
	else if (rc)
		answer_internal(s, x, &err);
	else if (bundle)
		answer(x, 200, BYTES, forever(s, true), body);
	else
		answer_tile(s, x, t, &d);
	hm_err_free(&err);
}

static void
serve_tile(struct hm_logserve *s, struct hm_exchange *x, hm_str path)
{
	struct hm_err err = { 0 };
	struct hm_tile t;
	bool bundle;

	count(&s->tiles);
	if (hm_logserve_parse_tile(hm_exchange_arena(x), path, &t, &bundle, &err))
		hm_logserve_error(x, &err);
	else if (may_see(s, x, t.l < 0))
		give_tile(s, x, &t, bundle);
	hm_err_free(&err);
}

/* ---- all of it */

struct hm_logserve *
hm_logserve_new(const struct hm_logserve_opts *opts)
{
	struct hm_logserve *s = hm_mem_new(sizeof(*s));

	s->opts = *opts;
	s->missing = hm_missing_new(opts->missing_keep);
	s->flights = hm_logflights_new(s);
	return s;
}

void
hm_logserve_free(struct hm_logserve *s)
{
	if (!s)
		return;
	hm_logflights_free(s->flights);
	hm_missing_free(s->missing);
	free(s);
}

bool
hm_logserve_handle(struct hm_logserve *s, struct hm_exchange *x, hm_str path)
{
	struct hm_arena *a = hm_exchange_arena(x);

	if (hm_str_cut_prefix(&path, HM_S("/lookup/"))) {
		serve_lookup(s, x, path);
	} else if (hm_str_has_prefix(path, HM_S("/tile/"))) {
		serve_tile(s, x, hm_str_from(path, 1));
	} else if (hm_str_eqz(path, "/latest")) {
		if (may_see(s, x, false))
			answer(x, 200, TEXT, HM_S("no-cache"),
			       hm_tilelog_latest(s->opts.tiles, a, NULL));
	} else if (hm_str_eqz(path, "/checkpoint")) {
		if (may_see(s, x, false))
			answer(x, 200, TEXT, HM_S("no-cache"),
			       hm_tilelog_checkpoint(s->opts.tiles, a));
	} else {
		return false;
	}
	return true;
}

void
hm_logserve_note(struct hm_logserve *s, hm_str text)
{
	hm_logflights_note(s->flights, text);
}

struct hm_logserve_stats
hm_logserve_stats(struct hm_logserve *s)
{
	return (struct hm_logserve_stats){
		.lookups = atomic_load(&s->lookups),
		.found = atomic_load(&s->found),
		.fetched = atomic_load(&s->fetched),
		.missing = atomic_load(&s->not_there),
		.remembered = atomic_load(&s->remembered),
		.failed = atomic_load(&s->failed),
		.tiles = atomic_load(&s->tiles),
		.denied = atomic_load(&s->denied),
		.under_way = hm_logflights_under_way(s->flights),
	};
}
