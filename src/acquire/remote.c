#include "acquire/remote.h"

static int
get(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str body;
	int rc = hm_fetch_get(ctx, &a, url, HM_S(""), HM_SUMDB_ANSWER_MAX, &body, err);

	if (rc == 0)
		hm_buf_adds(out, body);
	hm_arena_free(&a);
	return rc;
}

struct each_proxy {
	int (*fn)(void *arg, hm_str proxy, struct hm_err *err);
	void *arg;
};

static int
one_proxy(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct each_proxy *e = ctx;

	return e->fn(e->arg, src->url, err);
}

static int
try_proxies(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err), void *arg,
            struct hm_err *err)
{
	struct each_proxy e = { fn, arg };

	return hm_fetch_try(ctx, one_proxy, &e, err);
}

struct hm_verify_remote
hm_acquire_remote(struct hm_fetch *f)
{
	return (struct hm_verify_remote){ .ctx = f, .get = get, .try_proxies = try_proxies };
}
