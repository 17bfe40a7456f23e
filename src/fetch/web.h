/*
 * web.h - one GET as cmd/go/internal/web does it: http, https with credentials,
 * or file.  Private to fetch.
 */
#ifndef HM_FETCH_WEB_H
#define HM_FETCH_WEB_H

#include "codec/url.h"
#include "fetch/auth.h"

/* Shared by all requests; any thread. */
struct hm_web {
	const struct hm_log *log;
	struct hm_http *http;
	struct hm_auth *auth;
};

/* Where the body goes: sink.write == NULL means `out`, in the arena. */
struct hm_web_body {
	uint64_t max; /* HM_ELIMIT above */
	struct hm_http_sink sink;
	hm_str out;
};

/* An answer other than 200 is an error, `reading URL: ...`. */
int hm_web_get(struct hm_web *w, struct hm_arena *a, const struct hm_url *u,
               struct hm_web_body *body, struct hm_err *err);

#endif
