/*
 * serve.c - requests.  The paths of golang.org/x/mod/sumdb's server,
 *
 *	/latest   /lookup/PATH@VERSION   /tile/8/L/N[.p/W]   /tile/8/data/N[.p/W]
 *
 * and the same tree by the paths of C2SP tlog-tiles,
 *
 *	/checkpoint   /tile/L/N[.p/W]   /tile/entries/N[.p/W]
 *
 * A number in a path has at least three digits and a level at most two, so that no
 * path means both.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/url.h"
#include "crypto/tls.h"
#include "mod/modpath.h"
#include "sumdb.h"

enum { DRAIN_MS = 30000 };

#define TEXT HM_S("text/plain; charset=UTF-8")
#define BYTES HM_S("application/octet-stream")
#define FOREVER HM_S("public, max-age=31536000, immutable")

static void
answer(struct hm_exchange *x, int status, hm_str type, hm_str cache, hm_str body)
{
	hm_exchange_field(x, "Content-Type", type);
	hm_exchange_field(x, "Cache-Control", cache);
	hm_exchange_reply(x, status, body);
}

/* What is damaged here is our fault, not the client's. */
void
answer_error(struct hm_exchange *x, struct hm_err *err)
{
	struct hm_arena *a = hm_exchange_arena(x);
	int status = hm_code_http(err->code);
	bool missing = status == 404 || status == 410;
	bool told = hm_str_has_prefix(hm_err_str(err), HM_S("not found"));

	answer(x, status, TEXT, HM_S("no-store"),
	       hm_arena_printf(a, "%s" HM_F "\n", missing && !told ? "not found: " : "",
	                       HM_P(hm_err_str(err))));
}

void
answer_found(struct hm_exchange *x, const struct hm_found *f)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	hm_str record;

	if (hm_tlog_format_record(a, f->id, f->text, &record, &err)) {
		err.code = HM_EINTERNAL;
		answer_error(x, &err);
	} else {
		answer(x, 200, TEXT, HM_S("public, max-age=3600"),
		       hm_arena_concat(a, (hm_str[]){ record, f->head }, 2));
	}
	hm_err_free(&err);
}

/* PATH@VERSION as a client escapes it. */
static int
parse_lookup(struct hm_arena *a, hm_str word, struct hm_modver *m, struct hm_err *err)
{
	hm_str path, version;

	if (!hm_str_cut(word, '@', &path, &version) || hm_str_index_byte(version, '@') >= 0 ||
	    path.n == 0 || version.n == 0)
		return hm_err_set(err, HM_EINVALID, "invalid module@version syntax");
	if (hm_modpath_unescape(a, path, &m->path, err) ||
	    hm_modpath_unescape_version(a, version, &m->version, err))
		return -1;
	return check_modver(*m, err);
}

static void
serve_lookup(struct sumdb *s, struct hm_exchange *x, hm_str word)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct hm_modver m;
	struct hm_found f;

	if (parse_lookup(a, word, &m, &err)) {
		answer_error(x, &err);
	} else if (hm_tilelog_find(s->tiles, a, record_key(a, m), &f, &err) == 0) {
		answer_found(x, &f);
	} else if (err.code != HM_ENOTFOUND) {
		err.code = HM_EINTERNAL;
		answer_error(x, &err);
	} else if (s->opts->offline) {
		answer_error(x, &err);
	} else {
		flights_join(s->flights, m, x);
	}
	hm_err_free(&err);
}

static void
answer_tile(struct hm_exchange *x, const struct hm_tile *t, struct hm_tile_data *d)
{
	hm_str type = t->l < 0 ? TEXT : BYTES;

	if (d->fd < 0) {
		answer(x, 200, type, FOREVER, d->bytes);
		return;
	}
	hm_exchange_field(x, "Content-Type", type);
	hm_exchange_field(x, "Cache-Control", FOREVER);
	hm_exchange_reply_file(x, 200, d->fd, 0, d->size);
}

static int
serve_go_tile(struct sumdb *s, struct hm_exchange *x, hm_str path, struct hm_err *err)
{
	struct hm_tile_data d;
	struct hm_tile t;

	if (hm_tile_parse_path(path, &t, err)) {
		hm_err_clear(err);
		return hm_err_set(err, HM_EINVALID, "invalid tile syntax");
	}
	if (hm_tilelog_tile(s->tiles, hm_exchange_arena(x), &t, &d, err)) {
		if (err->code == HM_EINVALID)
			err->code = HM_EINTERNAL;
		return -1;
	}
	answer_tile(x, &t, &d);
	return 0;
}

/* "tile/8/" + what follows "tile/", with "data" for "entries", is go's spelling. */
static int
serve_c2sp_tile(struct sumdb *s, struct hm_exchange *x, hm_str rest, struct hm_err *err)
{
	struct hm_arena *a = hm_exchange_arena(x);
	bool entries = hm_str_cut_prefix(&rest, HM_S("entries/"));
	struct hm_tile t;
	hm_str body, path;

	path = hm_arena_printf(a, "tile/8/%s" HM_F, entries ? "data/" : "", HM_P(rest));
	if (!entries)
		return serve_go_tile(s, x, path, err);
	if (hm_tile_parse_path(path, &t, err)) {
		hm_err_clear(err);
		return hm_err_set(err, HM_EINVALID, "invalid tile syntax");
	}
	if (hm_tilelog_entries(s->tiles, a, t.n, t.w, &body, err)) {
		if (err->code == HM_EINVALID)
			err->code = HM_EINTERNAL;
		return -1;
	}
	answer(x, 200, BYTES, FOREVER, body);
	return 0;
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

static void
serve_tile(struct sumdb *s, struct hm_exchange *x, hm_str path)
{
	struct hm_err err = { 0 };
	hm_str rest = path;
	int rc;

	hm_str_cut_prefix(&rest, HM_S("tile/"));
	if (is_go_tile(rest))
		rc = serve_go_tile(s, x, path, &err);
	else
		rc = serve_c2sp_tile(s, x, rest, &err);
	if (rc)
		answer_error(x, &err);
	hm_err_free(&err);
}

static void
serve_about(struct sumdb *s, struct hm_exchange *x)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_tilelog_stats st = hm_tilelog_stats(s->tiles);
	const struct hm_strs *keys = hm_tilelog_vkeys(s->tiles);

	answer(x, 200, TEXT, HM_S("no-store"),
	       hm_arena_printf(
		       a, "checksum database " HM_F "\nverifier key " HM_F "\nrecords %lld\n",
		       HM_P(hm_tilelog_name(s->tiles)), HM_P(keys->v[0]), (long long)st.size));
}

static void
handle(void *ctx, struct hm_exchange *x)
{
	struct sumdb *s = ctx;
	const struct hm_http1_request *req = hm_exchange_request(x);
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	hm_str path;

	if (req->method != HM_HTTP1_GET && req->method != HM_HTTP1_HEAD) {
		hm_exchange_field(x, "Allow", HM_S("GET, HEAD"));
		answer(x, 405, TEXT, HM_S("no-store"),
		       HM_S("only GET and HEAD are answered here\n"));
		return;
	}
	if (hm_url_path_unescape(a, req->path, &path, &err)) {
		answer_error(x, &err);
	} else if (hm_str_cut_prefix(&path, HM_S("/lookup/"))) {
		serve_lookup(s, x, path);
	} else if (hm_str_eqz(path, "/latest")) {
		answer(x, 200, TEXT, HM_S("no-cache"), hm_tilelog_latest(s->tiles, a, NULL));
	} else if (hm_str_eqz(path, "/checkpoint")) {
		answer(x, 200, TEXT, HM_S("no-cache"), hm_tilelog_checkpoint(s->tiles, a));
	} else if (hm_str_has_prefix(path, HM_S("/tile/"))) {
		serve_tile(s, x, hm_str_from(path, 1));
	} else if (hm_str_eqz(path, "/healthz") || hm_str_eqz(path, "/readyz")) {
		answer(x, 200, TEXT, HM_S("no-store"), HM_S("ok\n"));
	} else if (hm_str_eqz(path, "/")) {
		serve_about(s, x);
	} else {
		answer(x, 404, TEXT, HM_S("no-store"), HM_S("not found\n"));
	}
	hm_err_free(&err);
}

/* ---- the server */

/* What a signal may touch; set once the server runs. */
static struct hm_server *volatile running;

static void
on_stop(int sig)
{
	(void)sig;
	if (running)
		hm_server_stop(running, DRAIN_MS);
}

static bool
is_loopback(hm_str address)
{
	return hm_str_has_prefix(address, HM_S("127.")) ||
	       hm_str_has_prefix(address, HM_S("[::1]"));
}

static int
run(struct sumdb *s, struct hm_tls_server *tls, struct hm_err *err)
{
	struct hm_server_opts o = {
		.listen = s->opts->listen,
		.tls = tls,
		.name = "hermod-sumdb",
		.handle = handle,
		.ctx = s,
		.log = s->log,
	};
	struct sigaction stop = { .sa_handler = on_stop };
	static const int first = 3;
	const char *fds = getenv("LISTEN_FDS");
	hm_str address;

	if (fds && strcmp(fds, "1") == 0) { /* systemd's socket activation */
		o.inherited = &first;
		o.n_inherited = 1;
	}
	if (hm_server_new(&o, &s->server, &address, err))
		return -1;
	if (!tls && !is_loopback(address))
		fprintf(stderr,
			"hermod-sumdb: warning: plain http on an address that is not loopback\n");
	running = s->server;
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	fprintf(stderr, "listening on %s://%s\n", tls ? "https" : "http", address.p);
	return hm_server_run(s->server, err);
}

int
cmd_serve(struct options *o, struct hm_log *log, struct hm_err *err)
{
	struct sumdb s = { .opts = o, .log = log };
	struct hm_tls_server *tls = NULL;
	int rc = hm_tilelog_open(o->dir, log, &s.tiles, err);

	if (rc == 0)
		rc = source_open(&s.source, o, hm_tilelog_name(s.tiles), log, err);
	if (rc == 0 && (o->tls_cert.n || o->tls_key.n))
		rc = hm_tls_server_new(o->tls_cert.p, o->tls_key.p, &tls, err);
	if (rc == 0) {
		s.flights = flights_new(&s);
		rc = run(&s, tls, err);
	}
	flights_free(s.flights); /* its work ends before the loops that it resumes on go away */
	running = NULL;
	hm_server_free(s.server);
	hm_tls_server_free(tls);
	source_close(&s.source);
	hm_tilelog_free(s.tiles);
	return rc;
}
