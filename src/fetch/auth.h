/*
 * auth.h - credentials for https requests, from GOAUTH (cmd/go/internal/auth):
 * netrc, off, git DIR, or a command.  Private to fetch.
 *
 * Credentials are headers by URL prefix without "https://".  Any thread.
 */
#ifndef HM_FETCH_AUTH_H
#define HM_FETCH_AUTH_H

#include "conf/conf.h"
#include "net/http.h"

struct hm_auth;

/* All outlive it. */
struct hm_auth *hm_auth_new(const struct hm_conf *conf, struct hm_http *http,
                            const struct hm_log *log);
void hm_auth_free(struct hm_auth *x);

/*
 * Appends the headers for url ("https://..."), in the arena.  refused is the
 * answer that asked for them (4xx), or NULL before the first try; it makes the
 * methods look for url in particular.  Fails only for a wrong GOAUTH.
 */
int hm_auth_headers(struct hm_auth *x, struct hm_arena *a, hm_str url,
                    const struct hm_http_resp *refused, struct hm_strs *headers,
                    struct hm_err *err);

/* netrc.c */
struct hm_netrc_line {
	hm_str machine, login, password;
};
struct hm_netrc {
	struct hm_netrc_line *v;
	size_t n, cap;
};
/* Complete entries in order; all borrowed from text. */
void hm_netrc_parse(struct hm_arena *a, hm_str text, struct hm_netrc *out);
/* Of $NETRC or ~/.netrc; an absent file is empty. */
int hm_netrc_load(struct hm_arena *a, const struct hm_env *env, struct hm_netrc *out,
                  struct hm_err *err);

#endif
