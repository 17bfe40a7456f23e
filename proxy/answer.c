/*
 * answer.c - objects as HTTP answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "proxy.h"

enum { HOT_FILE_MAX = 64 << 10 };

hm_str
type_of(const struct route *r)
{
	switch (r->want) {
	case WANT_INFO:
	case WANT_LATEST:
		return HM_S("application/json");
	case WANT_ZIP:
		return HM_S("application/zip");
	case WANT_SUMDB: /* hashes; records are text */
		if (hm_str_has_prefix(r->rest, HM_S("/tile/")) &&
		    !hm_str_has_prefix(r->rest, HM_S("/tile/8/data/")))
			return HM_S("application/octet-stream");
		return HM_S("text/plain; charset=UTF-8");
	default:
		return HM_S("text/plain; charset=UTF-8");
	}
}

void
answer_text(struct hm_exchange *x, int status, hm_str text)
{
	hm_exchange_field(x, "Content-Type", HM_S("text/plain; charset=UTF-8"));
	hm_exchange_field(x, "Cache-Control", HM_S("no-store"));
	hm_exchange_reply(x, status, text);
}

hm_str
answer_error(const struct proxy *p, struct hm_arena *a, struct hm_err *err)
{
	hm_str rest = hm_err_str(err), root = p->store.root;
	struct hm_buf b = { 0 };
	ptrdiff_t at;

	while (root.n && (at = hm_str_index(rest, root)) >= 0) {
		hm_buf_adds(&b, hm_str_sub(rest, 0, (size_t)at));
		hm_buf_addz(&b, "DIR");
		rest = hm_str_from(rest, (size_t)at + root.n);
	}
	hm_buf_adds(&b, rest);
	hm_buf_addc(&b, '\n');
	return hm_buf_take(&b, a);
}

/* Is etag in a list as If-None-Match has it? Weak comparison (RFC 9110, 13.1.2). */
static bool
matches(hm_str list, hm_str etag)
{
	hm_str one;

	if (!list.p || etag.n == 0)
		return false;
	while (hm_str_next(&list, ',', &one)) {
		one = hm_str_trim(one);
		hm_str_cut_prefix(&one, HM_S("W/"));
		if (hm_str_eq(one, etag) || hm_str_eqz(one, "*"))
			return true;
	}
	return false;
}

static bool
parse_number(hm_str s, uint64_t *out)
{
	if (s.n == 0 || s.n > 18)
		return false;
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return true;
}

/*
 * One byte range (RFC 9110, 14.1.2): 1 and its bounds, 0 to send everything (several
 * ranges, other units, a stale If-Range), -1 when it cannot be satisfied.
 */
static int
parse_range(const struct hm_http1_request *req, uint64_t size, hm_str etag, uint64_t *first,
            uint64_t *length)
{
	hm_str range = hm_http1_field(req, "range"), if_range = hm_http1_field(req, "if-range");
	hm_str from, to;
	uint64_t a, b;

	if (!range.p || req->method != HM_HTTP1_GET || !hm_str_cut_prefix(&range, HM_S("bytes=")) ||
	    (if_range.p && !hm_str_eq(if_range, etag)) || !hm_str_cut(range, '-', &from, &to))
		return 0;
	from = hm_str_trim(from);
	to = hm_str_trim(to);
	if (from.n == 0) { /* the last b bytes */
		if (!parse_number(to, &b))
			return 0;
		*length = b < size ? b : size;
		*first = size - *length;
		return b > 0 && size > 0 ? 1 : -1;
	}
	if (!parse_number(from, &a) || (to.n && (!parse_number(to, &b) || b < a)))
		return 0;
	if (a >= size)
		return -1;
	*first = a;
	*length = to.n && b < size - 1 ? b - a + 1 : size - a;
	return 1;
}

/* The fields of a found object. True when the answer (304, 416) has been given. */
static bool
start(struct hm_exchange *x, hm_str type, hm_str etag, bool immutable, int64_t max_age,
      uint64_t size, int *status, uint64_t *first, uint64_t *length)
{
	const struct hm_http1_request *req = hm_exchange_request(x);
	struct hm_arena *a = hm_exchange_arena(x);
	/* What one may see with credentials is for no cache that others ask, too. */
	const char *whose = hm_http1_field(req, "authorization").p ? "private" : "public";
	int range;

	if (etag.n)
		hm_exchange_field(x, "ETag", etag);
	if (immutable)
		hm_exchange_field(x, "Cache-Control",
		                  hm_arena_printf(a, "%s, max-age=31536000, immutable", whose));
	else
		hm_exchange_field(x, "Cache-Control",
		                  hm_arena_printf(a, "%s, max-age=%lld", whose,
		                                  (long long)max_age));
	if (matches(hm_http1_field(req, "if-none-match"), etag)) {
		hm_exchange_reply(x, 304, HM_S(""));
		return true;
	}
	*first = 0;
	*length = size;
	*status = 200;
	hm_exchange_field(x, "Content-Type", type);
	hm_exchange_field(x, "Accept-Ranges", HM_S("bytes"));
	range = parse_range(req, size, etag, first, length);
	if (range < 0) {
		hm_exchange_field(x, "Content-Range",
		                  hm_arena_printf(a, "bytes */%llu", (unsigned long long)size));
		hm_exchange_reply(x, 416, HM_S(""));
		return true;
	}
	if (range > 0) {
		*status = 206;
		hm_exchange_field(x, "Content-Range",
		                  hm_arena_printf(a, "bytes %llu-%llu/%llu",
		                                  (unsigned long long)*first,
		                                  (unsigned long long)(*first + *length - 1),
		                                  (unsigned long long)size));
	}
	return false;
}

void
answer_entry(struct hm_exchange *x, struct hot_entry *e)
{
	uint64_t first, length;
	int64_t age = e->fresh_until - hot_now();
	int status;

	if (e->status == 429 || e->status == 503)
		hm_exchange_field(x, "Retry-After", HM_S("5"));
	if (e->status != 200) {
		answer_text(x, e->status, e->body);
		hot_release(e);
		return;
	}
	if (start(x, e->type, e->etag, e->fresh_until == INT64_MAX, age > 0 ? age : 0, e->body.n,
	          &status, &first, &length)) {
		hot_release(e);
		return;
	}
	hm_exchange_reply_borrowed(x, status, hm_str_sub(e->body, first, first + length),
	                           hot_release, e);
}

void
answer_file(struct hm_exchange *x, int fd, uint64_t size, hm_str type, hm_str etag)
{
	uint64_t first, length;
	int status;

	if (start(x, type, etag, true, 0, size, &status, &first, &length)) {
		close(fd);
		return;
	}
	hm_exchange_reply_file(x, status, fd, (off_t)first, length);
}

static const char *
suffix_of(enum want want)
{
	return want == WANT_INFO ? "info" : want == WANT_MOD ? "mod" : "zip";
}

/* A small file goes to memory on its first use. */
static bool
warm_up(struct proxy *p, struct hm_exchange *x, const struct route *r, int fd, const char *name)
{
	struct hm_err err = { 0 };
	hm_str body;
	int rc = hm_file_read_fd(hm_exchange_arena(x), fd, name, HOT_FILE_MAX, &body, &err);

	hm_err_free(&err);
	close(fd);
	if (rc)
		return false;
	answer_entry(x, hot_put(p->hot, r->url, 200, type_of(r), body, INT64_MAX, INT64_MAX));
	return true;
}

/* A zip's ETag is the h1 hash that was verified when it was stored. */
static hm_str
zip_etag(struct proxy *p, struct hm_arena *a, const struct route *r)
{
	hm_str h1;

	if (!hm_store_ziphash(&p->store, a, r->path, r->version, &h1))
		return HM_S("");
	return hm_arena_printf(a, "\"" HM_F "\"", HM_P(h1));
}

bool
answer_stored(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct stat st;
	hm_str name, etag = { 0 };
	int fd = -1;

	if (hm_store_path(&p->store, a, r->path, r->version, suffix_of(r->want), &name, &err) == 0)
		fd = open(name.p, O_RDONLY | O_CLOEXEC);
	hm_err_free(&err);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	if (r->want != WANT_ZIP && st.st_size <= HOT_FILE_MAX)
		return warm_up(p, x, r, fd, name.p);
	if (r->want == WANT_ZIP) {
		etag = zip_etag(p, a, r);
		if (etag.n == 0) { /* never verified here: not served */
			close(fd);
			return false;
		}
	}
	answer_file(x, fd, (uint64_t)st.st_size, type_of(r), etag);
	return true;
}
