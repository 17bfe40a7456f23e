/* What of a failed answer is shown to the user (cmd/go/internal/web/api.go). */
#include "base/rune.h"
#include "net/transfer.h"

enum { MAX_LINES = 8, MAX_BYTES = MAX_LINES * 81 };

bool
hm_net_is_plain_text(hm_str type)
{
	hm_str media, params, p, name, value;

	hm_str_cut(type, ';', &media, &params);
	media = hm_str_trim(media);
	if (media.n != 10 || strncasecmp(media.p, "text/plain", 10) != 0)
		return false;
	while (hm_str_next(&params, ';', &p)) {
		hm_str_cut(hm_str_trim(p), '=', &name, &value);
		value = hm_str_trim_any(hm_str_trim(value), "\"");
		if (name.n != 7 || strncasecmp(name.p, "charset", 7) != 0)
			continue;
		return (value.n == 5 && strncasecmp(value.p, "utf-8", 5) == 0) ||
		       (value.n == 8 && strncasecmp(value.p, "us-ascii", 8) == 0);
	}
	return true;
}

/* Nothing that could play with the user's terminal. */
static bool
is_presentable(hm_str s)
{
	if (!hm_str_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i);

		if (!hm_rune_is_print(r) && !hm_rune_is_space(r))
			return false;
	}
	return true;
}

static bool
is_blank(hm_str s)
{
	for (size_t i = 0; i < s.n;)
		if (!hm_rune_is_space(hm_str_rune(s, &i)))
			return false;
	return true;
}

hm_str
hm_net_detail(struct hm_arena *a, hm_str body)
{
	struct hm_buf b = { 0 };
	hm_str rest = body, line;
	size_t end = 0;

	/* Only one line more than is shown is looked at. */
	for (int n = 0; n <= MAX_LINES && end < body.n; end++)
		n += body.p[end] == '\n';
	rest = hm_str_sub(body, 0, end);
	if (!is_presentable(rest))
		return HM_S("");
	for (int i = 0; hm_str_next(&rest, '\n', &line) && !is_blank(line); i++) {
		if (i > 0)
			hm_buf_addz(&b, "\n\t");
		if (i >= MAX_LINES) {
			hm_buf_addz(&b, "[Truncated: too many lines.]");
			break;
		}
		if (b.n + line.n > MAX_BYTES) {
			hm_buf_addz(&b, "[Truncated: too long.]");
			break;
		}
		hm_buf_adds(&b, line);
	}
	return hm_buf_take(&b, a);
}

int
hm_http_status_err(const struct hm_http_resp *r, struct hm_err *err)
{
	enum hm_code code = r->status == 404 ? HM_ENOTFOUND :
	                    r->status == 410 ? HM_EGONE :
	                    r->status == 401 || r->status == 403 ? HM_EFORBIDDEN : HM_EHTTP;

	if (r->status == 200)
		return 0;
	hm_err_set(err, code, "reading " HM_F ": " HM_F, HM_P(r->url), HM_P(r->status_text));
	err->sys = r->status;
	if (r->detail.n)
		hm_err_append(err, "\n\tserver response:%s" HM_F,
		              hm_str_index_byte(r->detail, '\n') >= 0 ? "\n\t" : " ",
		              HM_P(r->detail));
	return -1;
}

const char *
hm_net_status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} t[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 203, "Non-Authoritative Information" },
		{ 204, "No Content" },
		{ 205, "Reset Content" },
		{ 206, "Partial Content" },
		{ 300, "Multiple Choices" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 305, "Use Proxy" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 402, "Payment Required" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 407, "Proxy Authentication Required" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Request Entity Too Large" },
		{ 414, "Request URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Requested Range Not Satisfiable" },
		{ 417, "Expectation Failed" },
		{ 418, "I'm a teapot" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Entity" },
		{ 423, "Locked" },
		{ 424, "Failed Dependency" },
		{ 425, "Too Early" },
		{ 426, "Upgrade Required" },
		{ 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 451, "Unavailable For Legal Reasons" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 506, "Variant Also Negotiates" },
		{ 507, "Insufficient Storage" },
		{ 508, "Loop Detected" },
		{ 510, "Not Extended" },
		{ 511, "Network Authentication Required" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (t[i].status == status)
			return t[i].text;
	return "";
}
