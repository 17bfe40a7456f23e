/*
 * cmd_publish.c - a folder becomes a module zip, as go makes them, and goes to a
 * hermod-proxy: the client of upload.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "cmds.h"
#include "codec/base64.h"
#include "codec/url.h"
#include "fetch/auth.h"
#include "mod/gomod.h"
#include "mod/modpath.h"
#include "modzip/check.h"
#include "modzip/create.h"
#include "modzip/hash.h"
#include "os/file.h"
#include "serve/daemon.h"

const char cmd_publish_usage[] =
	"publish [--url URL] DIR PATH@VERSION\n"
	"\n"
	"Makes the zip of a module from its folder by go's rules (no vendor folders, nested\n"
	"modules or symbolic links), checks it, and uploads it to a hermod-proxy.\n"
	"\n"
	"  --url URL            the proxy, as in GOPROXY (HERMOD_PROXY_URL); user:token@ may\n"
	"                       stand in it\n"
	"  --time TIME          RFC 3339 time of the version (default: now)\n"
	"  --output FILE        writes the zip there and uploads nothing\n"
	"\n"
	"Credentials: the token in HERMOD_PROXY_TOKEN, those in the URL, or ~/.netrc.\n"
	"PATH@ may be left out: it is the module line's.\n";

struct publish {
	struct hm_arena *a;
	struct hm_env env;
	hm_str dir, path, version;
	hm_str url, time, output;
	hm_str tmp;  /* the zip */
	hm_str sums; /* its lines for go.sum */
};

/* ---- the module */

static int
read_module(struct publish *w, hm_str word, struct hm_err *err)
{
	hm_str text, at;
	struct hm_gomod *mod;
	hm_str file = hm_path_cat(w->a, w->dir, HM_S("go.mod"));

	if (!hm_str_cut(word, '@', &w->path, &w->version)) {
		w->version = w->path;
		w->path = (hm_str){ NULL, 0 };
	}
	if (!hm_file_exists(file.p))
		return hm_err_set(err, HM_ENOTFOUND,
		                  HM_F " has no go.mod: is it the root of a module?", HM_P(w->dir));
	if (hm_file_read(w->a, file.p, HM_MODZIP_GOMOD_MAX, &text, err))
		return -1;
	if (hm_gomod_parse(w->a, file, text, NULL, &mod, err))
		return -1;
	at = mod->module;
	if (w->path.p && !hm_str_eq(w->path, at))
		return hm_err_set(err, HM_EUSAGE, HM_F " is of module " HM_F ", not " HM_F,
		                  HM_P(file), HM_P(at), HM_P(w->path));
	w->path = at;
	if (hm_modpath_canonical_version(w->a, w->version).n == 0)
		return hm_err_set(err, HM_EUSAGE,
		                  "\"" HM_F "\" is no version; they begin as v1.2.3 does",
		                  HM_P(w->version));
	return hm_modzip_check_name(w->path, w->version, err);
}

/* What the server will do, done here first: its refusals cost an upload. */
static int
check_zip(struct publish *w, struct hm_err *err)
{
	hm_str data, h1, text;
	struct hm_zip z;
	int rc;

	if (hm_file_map(w->tmp.p, &data, err))
		return -1;
	rc = hm_zip_open(w->a, data, &z, err);
	if (rc == 0)
		rc = hm_modzip_check(&z, w->path, w->version, err);
	if (rc == 0)
		rc = hm_h1_zip(w->a, &z, 0, &h1, err);
	hm_file_unmap(data);
	if (rc == 0)
		rc = admit_mod_of_zip(w->a, w->path, w->version, w->tmp.p, &text, err);
	if (rc)
		return -1;
	w->sums = hm_arena_printf(w->a,
	                          HM_F " " HM_F " " HM_F "\n" HM_F " " HM_F "/go.mod " HM_F "\n",
	                          HM_P(w->path), HM_P(w->version), HM_P(h1), HM_P(w->path),
	                          HM_P(w->version), HM_P(hm_h1_gomod(w->a, text)));
	return 0;
}

static int
make_zip(struct publish *w, struct hm_err *err)
{
	hm_str folder = hm_env_or_empty(&w->env, "TMPDIR");
	hm_str name = hm_path_cat(w->a, folder.n ? folder : HM_S("/tmp"), HM_S("hermod-publish"));
	int fd, rc;

	if (hm_file_temp(w->a, name.p, &w->tmp, &fd, err))
		return -1;
	rc = hm_modzip_create(fd, w->tmp.p, w->path, w->version, w->dir.p, err);
	if (rc == 0)
		rc = check_zip(w, err);
	close(fd);
	return rc == 0 && w->output.n ? hm_file_copy(w->tmp.p, w->output.p, 0644, err) : rc;
}

/* ---- who publishes */

static hm_str
basic(struct publish *w, hm_str user, hm_str password)
{
	hm_str both = hm_arena_printf(w->a, HM_F ":" HM_F, HM_P(user), HM_P(password));

	return hm_arena_printf(w->a, "Authorization: Basic " HM_F,
	                       HM_P(hm_base64_encode(w->a, HM_BASE64_STD, both.p, both.n)));
}

/* As go finds them: by host and port; or by the host alone, as older releases did. */
static int
from_netrc(struct publish *w, const struct hm_url *u, hm_str *header, struct hm_err *err)
{
	struct hm_netrc netrc = { 0 };

	if (hm_netrc_load(w->a, &w->env, &netrc, err))
		return -1;
	for (int by_name = 0; by_name < 2 && !header->n; by_name++)
		for (size_t i = 0; i < netrc.n && !header->n; i++)
			if (hm_str_eq(netrc.v[i].machine, by_name ? hm_url_hostname(u) : u->host))
				*header = basic(w, netrc.v[i].login, netrc.v[i].password);
	return 0;
}

static bool
is_here(hm_str host)
{
	return hm_str_eqz(host, "localhost") ||
	       (hm_daemon_is_loopback(host) && !hm_str_eqz(host, "unix")); /* a name like others */
}

static int
credentials(struct publish *w, const struct hm_url *u, hm_str *header, struct hm_err *err)
{
	hm_str token = hm_str_trim(hm_env_or_empty(&w->env, "HERMOD_PROXY_TOKEN"));

	*header = HM_S("");
	if (token.n)
		*header = hm_arena_printf(w->a, "Authorization: Bearer " HM_F, HM_P(token));
	else if (u->has_user)
		*header = basic(w, u->user, u->password);
	else if (from_netrc(w, u, header, err))
		return -1;
	if (header->n && !hm_str_eqz(u->scheme, "https") && !is_here(hm_url_hostname(u)))
		return hm_err_set(err, HM_ESECURITY,
		                  "credentials are not sent over plain http to " HM_F,
		                  HM_P(u->host));
	return 0;
}

/* ---- upload */

static int
target(struct publish *w, struct hm_url *u, hm_str *header, hm_str *url, struct hm_err *err)
{
	hm_str path, version;

	if (w->url.n == 0)
		return hm_err_set(err, HM_EUSAGE, "--url is missing: which proxy?");
	if (hm_url_parse(w->a, w->url, u, err)) /* its text would quote the URL */
		return hm_err_set(err, HM_EUSAGE, "--url: not a URL");
	if (!hm_str_eqz(u->scheme, "https") && !hm_str_eqz(u->scheme, "http"))
		return hm_err_set(err, HM_EUSAGE, "--url: want https:// or http://");
	if (credentials(w, u, header, err) || hm_modpath_escape(w->a, w->path, &path, err) ||
	    hm_modpath_escape_version(w->a, w->version, &version, err))
		return -1;
	u->has_user = u->has_password = false;
	hm_str_cut_suffix(&u->path, HM_S("/"));
	u->raw_path = HM_S("");
	w->url = hm_url_string(w->a, u);
	*url = hm_arena_printf(w->a, HM_F "/" HM_F "/@v/" HM_F ".zip", HM_P(w->url), HM_P(path),
	                       HM_P(version));
	return 0;
}

/* The server's own words; they are for people. */
static int
refused(const struct publish *w, const struct hm_http_resp *r, struct hm_err *err)
{
	enum hm_code code = r->status == 409                       ? HM_ECONFLICT
	                    : r->status == 401 || r->status == 403 ? HM_EFORBIDDEN
	                                                           : HM_EHTTP;

	hm_err_set(err, code, HM_F "@" HM_F ": the proxy answers " HM_F, HM_P(w->path),
	           HM_P(w->version), HM_P(r->status_text));
	if (r->detail.n)
		hm_err_append(err, "%s" HM_F, r->detail.p[0] == '\n' ? "" : ": ", HM_P(r->detail));
	return -1;
}

static int
send(struct publish *w, hm_str url, hm_str header, hm_str data, int *status, struct hm_err *err)
{
	struct hm_http_config conf = { .env = &w->env, .stall_ms = 120000, .header_ms = 300000 };
	struct hm_http_req req = {
		.url = url, .method = HM_S("PUT"), .body = data, .keep_body = true
	};
	struct hm_http_resp resp = { 0 };
	struct hm_http *http = hm_http_new(&conf);
	int rc;

	if (header.n)
		HM_PUSH(w->a, req.headers, header);
	HM_PUSH(w->a, req.headers, HM_S("Content-Type: application/zip"));
	if (w->time.n)
		HM_PUSH(w->a, req.headers,
		        hm_arena_printf(w->a, "Module-Time: " HM_F, HM_P(w->time)));
	rc = hm_http_get(http, w->a, &req, &resp, err);
	hm_http_free(http);
	*status = resp.status;
	if (rc == 0 && resp.status != 200 && resp.status != 201)
		rc = refused(w, &resp, err);
	else if (rc == 0 && !hm_str_eq(resp.body, w->sums))
		rc = hm_err_set(err, HM_ESECURITY,
		                "the proxy says that it stored something else:\n" HM_F,
		                HM_P(resp.body));
	return rc;
}

static int
upload(struct publish *w, struct hm_err *err)
{
	struct hm_url u;
	hm_str header = { 0 }, url, data;
	int status, rc;

	if (target(w, &u, &header, &url, err) || hm_file_map(w->tmp.p, &data, err))
		return -1;
	rc = send(w, url, header, data, &status, err);
	hm_file_unmap(data);
	if (rc)
		return -1;
	fprintf(stderr,
	        HM_F "@" HM_F " %s " HM_F "\n"
	             "to use it:\n"
	             "\tgo env -w GOPROXY=" HM_F " GONOSUMDB=" HM_F "\n"
	             "and, if GOPRIVATE names it, GONOPROXY=none\n",
	        HM_P(w->path), HM_P(w->version), status == 201 ? "published at" : "was already at",
	        HM_P(w->url), HM_P(w->url), HM_P(w->path));
	return 0;
}

int
cmd_publish(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct publish w = { .a = &p->arena };
	const struct hm_setting more[] = {
		{ "", "url", "HERMOD_PROXY_URL", HM_SET_STR, &w.url, 0, 0 },
		{ "", "time", NULL, HM_SET_STR, &w.time, 0, 0 },
		{ "", "output", NULL, HM_SET_STR, &w.output, 0, 0 },
	};
	int rc;

	if (options_read(p, more, sizeof(more) / sizeof(*more), &argc, &argv, err))
		return -1;
	if (argc != 2)
		return hm_err_set(err, HM_EUSAGE, "publish what? DIR PATH@VERSION");
	hm_env_load(&w.env, &p->arena);
	w.dir = hm_str_of(argv[0]);
	rc = read_module(&w, hm_str_of(argv[1]), err) || make_zip(&w, err) ||
	     (!w.output.n && upload(&w, err));
	if (w.tmp.p)
		unlink(w.tmp.p);
	if (rc == 0)
		fputs(w.sums.p, stdout);
	return rc ? -1 : 0;
}
