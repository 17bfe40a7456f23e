#include "net/http1.h"

/* tchar of RFC 9110, section 5.6.2 */
static bool
is_token(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_token_str(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool
same_name(hm_str s, const char *z)
{
	size_t i = 0;

	for (; i < s.n && z[i]; i++)
		if (lower(s.p[i]) != lower(z[i]))
			return false;
	return i == s.n && !z[i];
}

/*
 * Takes a line that ends in CRLF off *rest.  1: *line is it; 0: no end yet; -1: a CR
 * or LF on its own, or a NUL.
 */
static int
take_line(hm_str *rest, hm_str *line)
{
	for (size_t i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (c == '\0' || c == '\n')
			return -1;
		if (c != '\r')
			continue;
		if (i + 1 == rest->n)
			return 0;
		if (rest->p[i + 1] != '\n')
			return -1;
		*line = hm_str_sub(*rest, 0, i);
		*rest = hm_str_from(*rest, i + 2);
		return 1;
	}
	return 0;
}

static int
parse_method(hm_str s, enum hm_http1_method *out)
{
	static const char *const known[] = { [HM_HTTP1_GET] = "GET", [HM_HTTP1_HEAD] = "HEAD",
		                             [HM_HTTP1_PUT] = "PUT", [HM_HTTP1_POST] = "POST",
		                             [HM_HTTP1_DELETE] = "DELETE" };

	if (!is_token_str(s))
		return -400;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (hm_str_eqz(s, known[i])) {
			*out = (enum hm_http1_method)i;
			return 0;
		}
	}
	return -501;
}

/* Origin form only: visible ASCII, no fragment. */
static int
parse_target(hm_str s, struct hm_http1_request *req)
{
	if (s.n > HM_HTTP1_TARGET_MAX)
		return -414;
	if (s.n == 0 || s.p[0] != '/')
		return -400;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 0x20 || c >= 0x7f || strchr("\"#<>\\^`{|}", c))
			return -400;
	}
	req->target = s;
	hm_str_cut(s, '?', &req->path, &req->query);
	return 0;
}

static int
parse_request_line(hm_str line, struct hm_http1_request *req)
{
	hm_str method, rest, target, version;
	int rc;

	if (!hm_str_cut(line, ' ', &method, &rest) || !hm_str_cut(rest, ' ', &target, &version))
		return -400;
	rc = parse_method(method, &req->method);
	if (rc)
		return rc;
	if (version.n != 8 || !hm_str_has_prefix(version, HM_S("HTTP/")) || version.p[6] != '.')
		return -400;
	if (version.p[5] != '1' || version.p[7] < '0' || version.p[7] > '1')
		return version.p[5] >= '0' && version.p[5] <= '9' ? -505 : -400;
	req->minor = version.p[7] - '0';
	return parse_target(target, req);
}

static int
parse_field(hm_str line, struct hm_http1_field *f)
{
	hm_str value;

	if (!hm_str_cut(line, ':', &f->name, &value) || !is_token_str(f->name))
		return -400; /* also: folded lines, space before the colon */
	while (value.n && (value.p[0] == ' ' || value.p[0] == '\t'))
		value = hm_str_from(value, 1);
	while (value.n && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
		value.n--;
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return -400;
	}
	f->value = value;
	return 0;
}

static int
parse_length(hm_str v, uint64_t *out)
{
	uint64_t n = 0;

	if (v.n == 0 || v.n > 18)
		return -400;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return -400;
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	*out = n;
	return 0;
}

/* host [":" port] with the characters of a registered name or an IP literal. */
static int
parse_host(hm_str v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		      (c && strchr(".-_~:[]%", c))))
			return -400;
	}
	return v.n <= 255 ? 0 : -400;
}

static void
parse_connection(hm_str v, struct hm_http1_request *req, bool *keep)
{
	hm_str word;

	while (hm_str_next(&v, ',', &word)) {
		word = hm_str_trim(word);
		if (same_name(word, "close"))
			req->close = true;
		else if (same_name(word, "keep-alive"))
			*keep = true;
	}
}

/* What the fields say about framing; each of them at most once. */
static int
interpret(struct hm_http1_request *req)
{
	bool host = false, keep = false;

	for (size_t i = 0; i < req->n_fields; i++) {
		hm_str name = req->field[i].name, v = req->field[i].value;

		if (same_name(name, "host")) {
			if (host || parse_host(v))
				return -400;
			host = true;
			req->host = v;
		} else if (same_name(name, "content-length")) {
			if (req->has_length || req->chunked || parse_length(v, &req->length))
				return -400;
			req->has_length = true;
		} else if (same_name(name, "transfer-encoding")) {
			if (req->has_length || req->chunked || req->minor == 0)
				return -400;
			if (!same_name(v, "chunked"))
				return -501;
			req->chunked = true;
		} else if (same_name(name, "connection")) {
			parse_connection(v, req, &keep);
		} else if (same_name(name, "expect")) {
			if (req->expect_continue || !same_name(v, "100-continue"))
				return -417;
			req->expect_continue = req->minor > 0;
		}
	}
	if (req->minor > 0 && !host)
		return -400;
	if (req->minor == 0 && !keep)
		req->close = true;
	/* A body where none has a meaning is how requests are smuggled. */
	if ((req->method == HM_HTTP1_GET || req->method == HM_HTTP1_HEAD ||
	     req->method == HM_HTTP1_DELETE) && (req->chunked || req->length))
		return -400;
	return 0;
}

int
hm_http1_parse(hm_str buf, struct hm_http1_request *req)
{
	hm_str rest = buf, line;
	int rc;

	*req = (struct hm_http1_request){ .method = HM_HTTP1_GET };
	if (rest.n > HM_HTTP1_HEAD_MAX)
		rest.n = HM_HTTP1_HEAD_MAX;
	rc = take_line(&rest, &line);
	if (rc < 0)
		return -400;
	if (rc == 0)
		return buf.n < HM_HTTP1_HEAD_MAX ? 0 : -414;
	rc = parse_request_line(line, req);
	if (rc)
		return rc;
	for (;;) {
		rc = take_line(&rest, &line);
		if (rc < 0)
			return -400;
		if (rc == 0)
			return buf.n < HM_HTTP1_HEAD_MAX ? 0 : -431;
		if (line.n == 0)
			break;
		if (req->n_fields == HM_HTTP1_FIELDS_MAX)
			return -431;
		rc = parse_field(line, &req->field[req->n_fields++]);
		if (rc)
			return rc;
	}
	rc = interpret(req);
	return rc ? rc : (int)(rest.p - buf.p);
}

hm_str
hm_http1_field(const struct hm_http1_request *req, const char *name)
{
	for (size_t i = 0; i < req->n_fields; i++)
		if (same_name(req->field[i].name, name))
			return req->field[i].value;
	return (hm_str){ NULL, 0 };
}

/* States of a chunked body: which byte comes next. */
enum { CH_SIZE, CH_SIZE_LF, CH_DATA, CH_DATA_CR, CH_DATA_LF, CH_END_CR, CH_END_LF, CH_DONE };
enum { CHUNK_DIGITS_MAX = 12 };

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte outside of the data; -1 when it may not stand there. */
static int
chunk_step(struct hm_http1_chunks *c, char ch)
{
	int digit;

	switch (c->state) {
	case CH_SIZE:
		digit = hex_value(ch);
		if (digit >= 0 && c->digits < CHUNK_DIGITS_MAX) {
			c->left = c->left * 16 + (uint64_t)digit;
			c->digits++;
			return 0;
		}
		c->state = CH_SIZE_LF;
		return ch == '\r' && c->digits > 0 ? 0 : -1;
	case CH_SIZE_LF:
		c->state = c->left ? CH_DATA : CH_END_CR;
		return ch == '\n' ? 0 : -1;
	case CH_DATA_CR:
		c->state = CH_DATA_LF;
		return ch == '\r' ? 0 : -1;
	case CH_DATA_LF:
		*c = (struct hm_http1_chunks){ .state = CH_SIZE };
		return ch == '\n' ? 0 : -1;
	case CH_END_CR:
		c->state = CH_END_LF;
		return ch == '\r' ? 0 : -1;
	default: /* CH_END_LF */
		c->state = CH_DONE;
		return ch == '\n' ? 0 : -1;
	}
}

int
hm_http1_chunk(struct hm_http1_chunks *c, hm_str *in, hm_str *data)
{
	*data = HM_S("");
	while (in->n && c->state != CH_DONE) {
		if (c->state == CH_DATA) {
			size_t k = c->left < in->n ? (size_t)c->left : in->n;

			*data = hm_str_sub(*in, 0, k);
			*in = hm_str_from(*in, k);
			c->left -= k;
			if (c->left == 0)
				c->state = CH_DATA_CR;
			return 0;
		}
		if (chunk_step(c, in->p[0]))
			return -1;
		*in = hm_str_from(*in, 1);
	}
	return c->state == CH_DONE;
}
