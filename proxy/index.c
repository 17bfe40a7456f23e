#include "index.h"

#include "codec/json.h"
#include "codec/time.h"
#include "codec/url.h"
#include "desk.h"

enum { LIMIT = 2000 };

struct question {
	bool purged, all;
	int64_t since;
	size_t limit;
};

static int
parse_since(hm_str s, int64_t *out, struct hm_err *err)
{
	struct hm_time t;

	if (!hm_time_parse_rfc3339(s, &t))
		return hm_err_set(err, HM_EINVALID, "since: not a time as RFC 3339 has it");
	*out = (t.sec - HM_TIME_UNIX_EPOCH) * 1000000 + t.nsec / 1000;
	return 0;
}

static int
parse_limit(hm_str s, size_t *out, struct hm_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i > 8)
			return hm_err_set(err, HM_EINVALID, "limit: not a number");
		n = n * 10 + (size_t)(s.p[i] - '0');
	}
	if (n == 0)
		return hm_err_set(err, HM_EINVALID, "limit: at least 1");
	*out = n < LIMIT ? n : LIMIT;
	return 0;
}

/* Unknown names are passed over, as by the public index. */
static int
parse_query(struct hm_arena *a, hm_str query, struct question *q, struct hm_err *err)
{
	hm_str one, name, value;

	while (hm_str_next(&query, '&', &one)) {
		hm_str_cut(one, '=', &name, &value);
		if (hm_url_query_unescape(a, value, &value, err))
			return -1;
		if (value.n == 0)
			continue;
		if (hm_str_eqz(name, "since") && parse_since(value, &q->since, err))
			return -1;
		if (hm_str_eqz(name, "limit") && parse_limit(value, &q->limit, err))
			return -1;
		if (hm_str_eqz(name, "include")) {
			if (!hm_str_eqz(value, "all"))
				return hm_err_set(err, HM_EINVALID, "include: only \"all\"");
			q->all = true;
		}
	}
	return 0;
}

static void
put_line(struct hm_arena *a, struct hm_buf *b, hm_str path, hm_str version, int64_t at,
         hm_str reason)
{
	struct hm_json_out w = { .out = b };
	struct hm_time t = hm_time_from_unix(at / 1000000, (int32_t)(at % 1000000) * 1000);

	hm_json_begin_object(&w);
	hm_json_member_str(&w, "Path", path);
	hm_json_member_str(&w, "Version", version);
	hm_json_member_str(&w, "Timestamp", hm_time_rfc3339(a, t));
	hm_json_member_opt_str(&w, "Reason", reason);
	hm_json_end_object(&w);
	hm_buf_addc(b, '\n');
}

static int
write_lines(struct facts *f, struct hm_arena *a, const struct question *q, struct hm_buf *b,
            struct hm_err *err)
{
	struct facts_purges gone;
	struct facts_list list;

	if (q->purged) {
		if (facts_purges(f, a, q->since, q->limit, &gone, err))
			return -1;
		for (size_t i = 0; i < gone.n; i++)
			put_line(a, b, gone.v[i].path, gone.v[i].version, gone.v[i].at,
			         gone.v[i].reason);
		return 0;
	}
	/* who stored something a moment ago finds it here */
	if (facts_flush(f, err) || facts_since(f, a, q->since, q->all, q->limit, &list, err))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		put_line(a, b, list.v[i].path, list.v[i].version,
		         q->all ? list.v[i].changed : list.v[i].whole, HM_S(""));
	return 0;
}

static void
make(struct proxy *p, struct hm_exchange *x, void *arg, struct desk_answer *out)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };

	if (write_lines(p->facts, a, arg, &b, &err)) {
		hm_log(&p->log, HM_LOG_WARN, "hermod-proxy: /index: " HM_F, HM_P(hm_err_str(&err)));
		*out = (struct desk_answer){ .status = 500,
			                     .type = HM_S("text/plain; charset=UTF-8"),
			                     .cache = HM_S("no-store"),
			                     .body = HM_S("the index cannot be read now\n") };
		hm_buf_free(&b);
	} else {
		*out = (struct desk_answer){ .status = 200,
			                     .type = HM_S("application/json"),
			                     .cache = HM_S("no-cache"),
			                     .body = hm_buf_take(&b, a) };
	}
	hm_err_free(&err);
}

bool
index_serve(struct proxy *p, struct hm_exchange *x, hm_str url)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct question *q;

	if (!hm_str_eqz(url, "/index") && !hm_str_eqz(url, "/index/purged"))
		return false;
	q = HM_NEW(a, struct question);
	q->limit = LIMIT;
	q->purged = hm_str_eqz(url, "/index/purged");
	if (parse_query(a, hm_exchange_request(x)->query, q, &err))
		answer_text(x, 400, hm_arena_printf(a, HM_F "\n", HM_P(hm_err_str(&err))));
	else
		desk_submit(p->desk, x, make, q);
	hm_err_free(&err);
	return true;
}
