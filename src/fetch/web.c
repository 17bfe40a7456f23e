#include "fetch/web.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/clock.h"
#include "os/file.h"

enum { FILE_CHUNK = 1 << 20 };

/* `read "URL": ` before what a local read or the sink said. */
static int
wrap_read(struct hm_arena *a, const struct hm_url *u, struct hm_err *err)
{
	return hm_err_wrap(err, "read " HM_F ": ",
	                   HM_P(hm_str_quote(a, hm_url_redacted(a, u))));
}

static int
too_large(struct hm_arena *a, const struct hm_url *u, uint64_t max, struct hm_err *err)
{
	return hm_err_set(err, HM_ELIMIT, "reading " HM_F ": answer larger than %llu bytes",
	                  HM_P(hm_url_redacted(a, u)), (unsigned long long)max);
}

static int
copy_file(int fd, const char *path, const struct hm_web_body *body, struct hm_err *err)
{
	char *chunk = hm_mem_new(FILE_CHUNK);
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = read(fd, chunk, FILE_CHUNK)) != 0) {
		if (n > 0)
			rc = body->sink.write(body->sink.ctx, hm_str_make(chunk, (size_t)n), err);
		else if (errno != EINTR)
			rc = hm_err_sys(err, errno, "read %s", path);
	}
	free(chunk);
	return rc;
}

/* web.getFile: what is missing or forbidden reads like an HTTP status. */
static int
get_file(struct hm_arena *a, const struct hm_url *u, struct hm_web_body *body, struct hm_err *err)
{
	hm_str path;
	struct stat st;
	int fd, rc;

	if (hm_url_file_path(a, u, &path, err) < 0)
		return -1;
	fd = open(path.p, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == EACCES || errno == EPERM)) {
		hm_err_sys(err, errno, "reading " HM_F, HM_P(hm_url_redacted(a, u)));
		if (!hm_err_is(err, HM_ENOTFOUND))
			err->code = HM_EFORBIDDEN;
		return -1;
	}
	if (fd < 0)
		return hm_err_sys(err, errno, "open %s", path.p);
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size > body->max)
		rc = too_large(a, u, body->max, err);
	else if (body->sink.write)
		rc = copy_file(fd, path.p, body, err);
	else
		rc = hm_file_read_fd(a, fd, path.p, (size_t)body->max, &body->out, err);
	close(fd);
	if (rc < 0 && !hm_err_is(err, HM_ELIMIT))
		wrap_read(a, u, err);
	return rc;
}

static bool
same_headers(const struct hm_strs *x, const struct hm_strs *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!hm_str_eq(x->v[i], y->v[i]))
			return false;
	return true;
}

/*
 * The request, and once more with other credentials when the first were refused
 * and GOAUTH has others to offer.
 */
static int
ask(struct hm_web *w, struct hm_arena *a, struct hm_http_req *q, struct hm_http_resp *r,
    bool https, struct hm_err *err)
{
	struct hm_strs better = { 0 };

	if (https && hm_auth_headers(w->auth, a, q->url, NULL, &q->headers, err) < 0)
		return -1;
	if (hm_http_get(w->http, a, q, r, err) < 0)
		return -1;
	if (!https || r->status < 400 || r->status >= 500)
		return 0;
	if (hm_auth_headers(w->auth, a, q->url, r, &better, err) < 0)
		return -1;
	if (same_headers(&q->headers, &better))
		return 0;
	q->headers = better;
	return hm_http_get(w->http, a, q, r, err);
}

struct sink_guard {
	struct hm_http_sink to;
	bool failed;
};

static int
guarded_write(void *ctx, hm_str bytes, struct hm_err *err)
{
	struct sink_guard *g = ctx;
	int rc = g->to.write(g->to.ctx, bytes, err);

	g->failed |= rc != 0;
	return rc;
}

static int
get_http(struct hm_web *w, struct hm_arena *a, const struct hm_url *u, struct hm_web_body *body,
         struct hm_err *err)
{
	struct sink_guard guard = { .to = body->sink };
	struct hm_http_req q = { .url = hm_url_string(a, u), .max_body = body->max };
	struct hm_http_resp r;
	bool https = hm_str_eqz(u->scheme, "https"), trace = w->log && w->log->trace;
	hm_str red = hm_url_redacted(a, u);
	int64_t began = hm_clock_monotonic_ns();

	if (body->sink.write)
		q.sink = (struct hm_http_sink){ guarded_write, &guard };
	if (trace)
		hm_log(w->log, HM_LOG_TRACE, "# get " HM_F, HM_P(red));
	if (ask(w, a, &q, &r, https, err) < 0) {
		if (guard.failed)
			wrap_read(a, u, err);
		if (trace)
			hm_log(w->log, HM_LOG_TRACE, "# get " HM_F ": " HM_F, HM_P(red),
			       HM_P(hm_err_str(err)));
		return -1;
	}
	if (trace)
		hm_log(w->log, HM_LOG_TRACE, "# get " HM_F ": " HM_F " (%.3fs)", HM_P(red),
		       HM_P(r.status_text), (double)(hm_clock_monotonic_ns() - began) / 1e9);
	body->out = r.body;
	return hm_http_status_err(&r, err);
}

int
hm_web_get(struct hm_web *w, struct hm_arena *a, const struct hm_url *u, struct hm_web_body *body,
           struct hm_err *err)
{
	if (hm_str_eqz(u->scheme, "file"))
		return get_file(a, u, body, err);
	return get_http(w, a, u, body, err);
}
