#include "fetch/internal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "mod/match.h"
#include "mod/modpath.h"

int
hm_fetch_parse_base(struct hm_arena *a, hm_str url, struct hm_url *u, struct hm_err *err)
{
	hm_str red, why;

	if (hm_url_parse(a, url, u, err) < 0) {
		/* The text quotes the whole URL: show it without its secrets. */
		why = hm_arena_dup(a, hm_str_from(hm_err_str(err), hm_str_quote(a, url).n + 6));
		return hm_err_set(err, HM_EINVALID, "parse " HM_F HM_F,
		                  HM_P(hm_str_quote(a, hm_url_redact(a, url))), HM_P(why));
	}
	red = hm_url_redacted(a, u);
	if (hm_str_eqz(u->scheme, "http") || hm_str_eqz(u->scheme, "https"))
		return 0;
	if (hm_str_eqz(u->scheme, "file")) {
		if (!u->host.n && !u->has_user && !u->opaque.n && !u->query.n && !u->force_query &&
		    !u->fragment.n && !u->omit_host)
			return 0;
		return hm_err_set(err, HM_EINVALID,
		                  "invalid file:// proxy URL with non-path elements: " HM_F,
		                  HM_P(red));
	}
	if (u->scheme.n == 0)
		return hm_err_set(err, HM_EINVALID, "invalid proxy URL missing scheme: " HM_F,
		                  HM_P(red));
	return hm_err_set(err, HM_EINVALID, "invalid proxy URL scheme (must be https, http, file): "
	                  HM_F, HM_P(red));
}

/* "proxy.example.com" stands for https; a word without dots and slashes is reserved. */
static hm_str
with_scheme(struct hm_arena *a, hm_str url)
{
	bool bare = false;

	for (size_t i = 0; i < url.n; i++)
		bare |= strchr(".:/", url.p[i]) != NULL;
	if (!bare || hm_str_contains(url, HM_S(":/")) || hm_path_is_abs(url))
		return url;
	return hm_arena_printf(a, "https://" HM_F, HM_P(url));
}

struct source_vec {
	struct hm_fetch_source *v;
	size_t n, cap;
};

static int
read_list(struct hm_fetch *f, struct source_vec *list, struct hm_err *err)
{
	struct hm_arena *a = &f->arena;
	const struct hm_conf *c = f->conf;
	hm_str rest = c->goproxy;

	if (c->gonoproxy.n && !hm_str_eqz(c->goproxy, "direct"))
		HM_PUSH(a, *list, ((struct hm_fetch_source){ .url = HM_S("noproxy") }));
	while (rest.n) {
		struct hm_fetch_source s = { 0 };
		struct hm_url u;
		size_t n = 0;

		while (n < rest.n && rest.p[n] != ',' && rest.p[n] != '|')
			n++;
		s.url = hm_str_trim(hm_str_sub(rest, 0, n));
		s.fall_back_on_error = n < rest.n && rest.p[n] == '|';
		rest = hm_str_from(rest, n < rest.n ? n + 1 : n);
		if (s.url.n == 0)
			continue;
		if (hm_str_eqz(s.url, "off") || hm_str_eqz(s.url, "direct")) {
			s.fall_back_on_error = false;
			HM_PUSH(a, *list, s);
			break;
		}
		s.url = with_scheme(a, s.url);
		if (hm_fetch_parse_base(a, s.url, &u, err) < 0)
			return -1;
		HM_PUSH(a, *list, s);
	}
	if (list->n == 0 || (list->n == 1 && hm_str_eqz(list->v[0].url, "noproxy")))
		return hm_err_set(err, HM_EINVALID,
		                  "GOPROXY list is not the empty string, but contains no entries");
	return 0;
}

struct hm_fetch *
hm_fetch_new(const struct hm_conf *conf, struct hm_http *http, const struct hm_log *log)
{
	struct hm_fetch *f = hm_mem_new(sizeof(*f));
	struct source_vec list = { 0 };

	f->conf = conf;
	f->web = (struct hm_web){ log, http, hm_auth_new(conf, http, log) };
	f->lists.arena = &f->arena;
	pthread_mutex_init(&f->lock, NULL);
	(void)read_list(f, &list, &f->sources_err);
	f->sources = (struct hm_fetch_sources){ list.v, list.n };
	return f;
}

void
hm_fetch_free(struct hm_fetch *f)
{
	if (!f)
		return;
	hm_auth_free(f->web.auth);
	hm_err_free(&f->sources_err);
	pthread_mutex_destroy(&f->lock);
	hm_arena_free(&f->arena);
	free(f);
}

void
hm_fetch_disable(struct hm_fetch *f, hm_str mod_flag, hm_str reason)
{
	f->mod_flag = hm_arena_dup(&f->arena, mod_flag);
	f->mod_reason = hm_arena_dup(&f->arena, reason);
}

void
hm_fetch_keep_no_lists(struct hm_fetch *f)
{
	f->no_lists = true;
}

int
hm_fetch_list(struct hm_fetch *f, struct hm_fetch_sources *out, struct hm_err *err)
{
	if (f->sources_err.code != HM_OK)
		return hm_err_set(err, f->sources_err.code, "%.*s", (int)f->sources_err.msg.n,
		                  f->sources_err.msg.p);
	*out = f->sources;
	return 0;
}

#define NOT_PRIVATE "path does not match GOPRIVATE/GONOPROXY"

static bool
is_not_found(const struct hm_err *err)
{
	return err->code == HM_ENOTFOUND || err->code == HM_EGONE || err->code == HM_EOFF;
}

/* How telling an error is: errors of direct access, of a proxy, "not found". */
static int
rank_of(const struct hm_fetch_source *src, struct hm_err *err)
{
	if (hm_str_eqz(src->url, "direct") ||
	    (hm_str_eqz(src->url, "noproxy") &&
	     !hm_str_has_suffix(hm_err_str(err), HM_S(NOT_PRIVATE))))
		return 2;
	return is_not_found(err) ? 0 : 1;
}

int
hm_fetch_try(struct hm_fetch *f,
             int (*fn)(void *ctx, const struct hm_fetch_source *src, struct hm_err *err),
             void *ctx, struct hm_err *err)
{
	struct hm_fetch_sources list = { 0 };
	struct hm_err e = { 0 };
	int best = -1, rank;

	if (hm_fetch_list(f, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct hm_fetch_source *s = &list.v[i];
		bool go_on;

		hm_err_clear(&e);
		if (fn(ctx, s, &e) == 0) {
			hm_err_free(&e);
			hm_err_clear(err);
			return 0;
		}
		go_on = !hm_err_is(&e, HM_ESECURITY) && (s->fall_back_on_error || is_not_found(&e));
		rank = rank_of(s, &e);
		/* Where a proxy has answered already, that we cannot go on to direct adds nothing.
		 */
		if (hm_err_is(&e, HM_ENOTYET) && best >= 0)
			rank = -1;
		if (rank >= best && rank >= 0) {
			best = rank;
			hm_err_move(err, &e);
		}
		if (!go_on)
			break;
	}
	hm_err_free(&e);
	return -1;
}

int
hm_fetch_open(struct hm_fetch *f, struct hm_arena *a, const struct hm_fetch_source *src,
              hm_str path, struct hm_repo *out, struct hm_err *err)
{
	bool direct = hm_str_eqz(src->url, "direct"), noproxy = hm_str_eqz(src->url, "noproxy");
	hm_str escaped, dir;

	*out = (struct hm_repo){ .fetch = f, .path = path };
	if (f->mod_flag.n) {
		hm_err_set(err, HM_EFORBIDDEN, "module lookup disabled by -mod=" HM_F,
		           HM_P(f->mod_flag));
		return f->mod_reason.n ? hm_err_append(err, "\n\t(" HM_F ")", HM_P(f->mod_reason))
		                       : -1;
	}
	if (hm_match_prefix_patterns(f->conf->gonoproxy, path)) {
		if (!direct && !noproxy)
			return hm_err_set(err, HM_ENOTFOUND, "disabled by GOPRIVATE/GONOPROXY");
		direct = true;
	}
	if (hm_str_eqz(src->url, "off"))
		return hm_err_set(err, HM_EOFF, "module lookup disabled by GOPROXY=off");
	if (direct)
		return hm_err_set(
			err, HM_ENOTYET,
			"module " HM_F ": fetching directly from version "
			"control is not supported yet: set GOPROXY to a module proxy that has "
			"it, and GONOPROXY=none if GOPRIVATE names it",
			HM_P(path));
	if (noproxy)
		return hm_err_set(err, HM_ENOTFOUND, NOT_PRIVATE);
	if (hm_fetch_parse_base(a, src->url, &out->url, err) < 0 ||
	    hm_modpath_escape(a, path, &escaped, err) < 0)
		return -1;
	out->redacted = hm_url_redacted(a, &out->url);
	out->url = hm_url_join(a, &out->url, escaped);
	out->base = hm_url_string(a, &out->url);
	if (hm_str_eqz(out->url.scheme, "file") && hm_url_file_path(a, &out->url, &dir, err) == 0)
		out->dir = hm_path_clean(a, dir);
	return 0;
}

int
hm_fetch_get(struct hm_fetch *f, struct hm_arena *a, hm_str base_url, hm_str path, uint64_t max,
             hm_str *out, struct hm_err *err)
{
	struct hm_web_body body = { .max = max };
	struct hm_url u;

	if (hm_fetch_parse_base(a, base_url, &u, err) < 0)
		return -1;
	if (path.n)
		u = hm_url_join(a, &u, path);
	if (hm_web_get(&f->web, a, &u, &body, err) < 0)
		return -1;
	*out = body.out;
	return 0;
}
