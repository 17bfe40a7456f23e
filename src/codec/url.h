/*
 * url.h - URLs as Go's net/url reads and prints them (RFC 3986).
 */
#ifndef HM_CODEC_URL_H
#define HM_CODEC_URL_H

#include "base/err.h"

/* All parts are borrowed from the arena that was parsed into; empty when absent. */
struct hm_url {
	hm_str scheme;   /* lower case */
	hm_str opaque;   /* "mailto:x": what follows the scheme without a slash */
	bool has_user, has_password;
	hm_str user, password; /* unescaped */
	hm_str host;     /* with the port */
	hm_str path;     /* unescaped */
	hm_str raw_path; /* the spelling of path, when it is not the default one */
	bool omit_host;  /* "scheme:/path" */
	bool force_query;
	hm_str query;    /* still escaped */
	hm_str fragment; /* unescaped */
	hm_str raw_fragment;
};

/* url.Parse; error text `parse "...": ...` as Go's, which quotes s: redact before showing. */
int hm_url_parse(struct hm_arena *a, hm_str s, struct hm_url *u, struct hm_err *err);
/* URL.String */
hm_str hm_url_string(struct hm_arena *a, const struct hm_url *u);
/* URL.Redacted: the password becomes xxxxx. */
hm_str hm_url_redacted(struct hm_arena *a, const struct hm_url *u);
/* The same for text; what cannot be parsed loses everything between "//" and "@". */
hm_str hm_url_redact(struct hm_arena *a, hm_str s);
/* URL.EscapedPath */
hm_str hm_url_escaped_path(struct hm_arena *a, const struct hm_url *u);
/* URL.Hostname, URL.Port */
hm_str hm_url_hostname(const struct hm_url *u);
hm_str hm_url_port(const struct hm_url *u);
/* u with "/path" appended to path and raw_path, as proxy requests are built; path is unescaped. */
struct hm_url hm_url_join(struct hm_arena *a, const struct hm_url *u, hm_str path);
/* The target of a reference, URL.ResolveReference (redirects). */
struct hm_url hm_url_resolve(struct hm_arena *a, const struct hm_url *base,
                             const struct hm_url *ref);

/* url.PathEscape, url.QueryEscape */
hm_str hm_url_path_escape(struct hm_arena *a, hm_str s);
hm_str hm_url_query_escape(struct hm_arena *a, hm_str s);
/* url.PathUnescape, url.QueryUnescape; errors `invalid URL escape "%zz"`. */
int hm_url_path_unescape(struct hm_arena *a, hm_str s, hm_str *out, struct hm_err *err);
int hm_url_query_unescape(struct hm_arena *a, hm_str s, hm_str *out, struct hm_err *err);

/* The absolute local path that a file: URL names, with go's errors. */
int hm_url_file_path(struct hm_arena *a, const struct hm_url *u, hm_str *out, struct hm_err *err);
/* file:// URL of an absolute path. */
hm_str hm_url_from_path(struct hm_arena *a, hm_str path);

#endif
