#include "codec/url.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "base/path.h"

/* Which part of a URL a byte stands in; what needs escaping differs. */
enum part {
	PART_PATH,
	PART_SEGMENT,
	PART_HOST,
	PART_ZONE,
	PART_USER,
	PART_QUERY,
	PART_FRAGMENT,
};

static bool
in_set(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool
must_escape(char c, enum part part)
{
	if (isalnum((unsigned char)c) || in_set(c, "-_.~"))
		return false;
	switch (part) {
	case PART_HOST:
	case PART_ZONE:
		return !in_set(c, "!$&'()*+,;=:[]<>\"");
	case PART_PATH:
		return !in_set(c, "$&+,/:;=@");
	case PART_SEGMENT:
		return !in_set(c, "$&+:=@");
	case PART_USER:
		return !in_set(c, "$&+,;=");
	case PART_FRAGMENT:
		return !in_set(c, "$&+,/:;=?@!()*");
	case PART_QUERY:
		break;
	}
	return true;
}

static void
add_escaped(struct hm_buf *b, hm_str s, enum part part)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ' && part == PART_QUERY)
			hm_buf_addc(b, '+');
		else if (must_escape(s.p[i], part))
			hm_buf_printf(b, "%%%02X", (unsigned)(unsigned char)s.p[i]);
		else
			hm_buf_addc(b, s.p[i]);
	}
}

static hm_str
escape(struct hm_arena *a, hm_str s, enum part part)
{
	struct hm_buf b = { 0 };

	add_escaped(&b, s, part);
	return hm_buf_take(&b, a);
}

hm_str
hm_url_path_escape(struct hm_arena *a, hm_str s)
{
	return escape(a, s, PART_SEGMENT);
}

hm_str
hm_url_query_escape(struct hm_arena *a, hm_str s)
{
	return escape(a, s, PART_QUERY);
}

static int
unhex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* May the escape %XX of value v stand in a host or zone? */
static bool
host_escape_ok(enum part part, int v)
{
	if (part == PART_HOST)
		return v >= 0x80 || v == '%';
	return part != PART_ZONE || v == '%' || v == ' ' || !must_escape((char)v, PART_HOST);
}

static int
unescape(struct hm_arena *a, hm_str s, enum part part, hm_str *out, struct hm_err *err)
{
	char *p = hm_arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			int hi = i + 2 < s.n ? unhex(s.p[i + 1]) : -1;
			int lo = i + 2 < s.n ? unhex(s.p[i + 2]) : -1;

			if (hi < 0 || lo < 0 || !host_escape_ok(part, hi << 4 | lo)) {
				hm_str bad = hm_str_sub(s, i, s.n - i < 3 ? s.n : i + 3);

				return hm_err_set(err, HM_EINVALID, "invalid URL escape " HM_F,
				                  HM_P(hm_str_quote(a, bad)));
			}
			p[n++] = (char)(hi << 4 | lo);
			i += 2;
			continue;
		}
		if ((part == PART_HOST || part == PART_ZONE) && (unsigned char)c < 0x80 &&
		    must_escape(c, part))
			return hm_err_set(err, HM_EINVALID,
			                  "invalid character " HM_F " in host name",
			                  HM_P(hm_str_quote(a, hm_str_sub(s, i, i + 1))));
		p[n++] = part == PART_QUERY && c == '+' ? ' ' : c;
	}
	*out = (hm_str){ p, n };
	return 0;
}

int
hm_url_path_unescape(struct hm_arena *a, hm_str s, hm_str *out, struct hm_err *err)
{
	return unescape(a, s, PART_SEGMENT, out, err);
}

int
hm_url_query_unescape(struct hm_arena *a, hm_str s, hm_str *out, struct hm_err *err)
{
	return unescape(a, s, PART_QUERY, out, err);
}

/* Cuts "scheme:" off *rest. */
static int
take_scheme(struct hm_arena *a, hm_str *rest, hm_str *scheme, struct hm_err *err)
{
	hm_str s = *rest;
	size_t i = 0;
	char *p;

	*scheme = HM_S("");
	while (i < s.n && (isalpha((unsigned char)s.p[i]) ||
	                   (i > 0 && (isdigit((unsigned char)s.p[i]) || in_set(s.p[i], "+-.")))))
		i++;
	if (i == s.n || s.p[i] != ':')
		return 0;
	if (i == 0)
		return hm_err_set(err, HM_EINVALID, "missing protocol scheme");
	p = hm_arena_cstr(a, hm_str_sub(s, 0, i));
	for (size_t j = 0; j < i; j++)
		p[j] = (char)tolower((unsigned char)p[j]);
	*scheme = (hm_str){ p, i };
	*rest = hm_str_from(s, i + 1);
	return 0;
}

static bool
optional_port_ok(hm_str s)
{
	if (s.n == 0)
		return true;
	for (size_t i = 1; i < s.n; i++)
		if (!isdigit((unsigned char)s.p[i]))
			return false;
	return s.p[0] == ':';
}

static int
bad_port(struct hm_arena *a, hm_str port, struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "invalid port " HM_F " after host",
	                  HM_P(hm_str_quote(a, port)));
}

/* "[v6%25zone]:port" */
static int
parse_ip_literal(struct hm_arena *a, hm_str s, hm_str *host, struct hm_err *err)
{
	ptrdiff_t close = hm_str_rindex_byte(s, ']'), pct;
	unsigned char addr[sizeof(struct in6_addr)];
	hm_str name, port, zone = HM_S("");

	if (close < 0)
		return hm_err_set(err, HM_EINVALID, "missing ']' in host");
	port = hm_str_from(s, (size_t)close + 1);
	if (!optional_port_ok(port))
		return bad_port(a, port, err);
	name = hm_str_sub(s, 1, (size_t)close);
	pct = hm_str_index(name, HM_S("%25"));
	if (pct >= 0) {
		if (unescape(a, hm_str_from(name, (size_t)pct), PART_ZONE, &zone, err) < 0)
			return -1;
		name = hm_str_sub(name, 0, (size_t)pct);
	}
	if (unescape(a, name, PART_HOST, &name, err) < 0)
		return -1;
	if (inet_pton(AF_INET6, hm_arena_cstr(a, name), addr) != 1 || (pct >= 0 && zone.n < 2))
		return hm_err_set(err, HM_EINVALID,
		                  "invalid host: ParseAddr(" HM_F "): unable to parse IP",
		                  HM_P(hm_str_quote(a, name)));
	*host = hm_arena_printf(a, "[" HM_F HM_F "]" HM_F, HM_P(name), HM_P(zone), HM_P(port));
	return 0;
}

static int
parse_host(struct hm_arena *a, const struct hm_url *u, hm_str s, hm_str *host, struct hm_err *err)
{
	ptrdiff_t open = hm_str_rindex_byte(s, '['), colon;

	if (open > 0)
		return hm_err_set(err, HM_EINVALID, "invalid IP-literal");
	if (open == 0)
		return parse_ip_literal(a, s, host, err);
	/* Only http is strict about a second colon. */
	if (hm_str_eqz(u->scheme, "http") || hm_str_eqz(u->scheme, "https"))
		colon = hm_str_index_byte(s, ':');
	else
		colon = hm_str_rindex_byte(s, ':');
	if (colon >= 0 && !optional_port_ok(hm_str_from(s, (size_t)colon)))
		return bad_port(a, hm_str_from(s, (size_t)colon), err);
	return unescape(a, s, PART_HOST, host, err);
}

static bool
userinfo_ok(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !in_set(s.p[i], "-._:~!$&'()*+,;=%@"))
			return false;
	return true;
}

static int
parse_authority(struct hm_arena *a, struct hm_url *u, hm_str s, struct hm_err *err)
{
	ptrdiff_t at = hm_str_rindex_byte(s, '@');
	hm_str info, user, password;

	if (parse_host(a, u, hm_str_from(s, (size_t)(at + 1)), &u->host, err) < 0)
		return -1;
	if (at < 0)
		return 0;
	info = hm_str_sub(s, 0, (size_t)at);
	if (!userinfo_ok(info))
		return hm_err_set(err, HM_EINVALID, "net/url: invalid userinfo");
	u->has_user = true;
	u->has_password = hm_str_cut(info, ':', &user, &password);
	if (unescape(a, user, PART_USER, &u->user, err) < 0)
		return -1;
	return unescape(a, password, PART_USER, &u->password, err);
}

static int
set_path(struct hm_arena *a, struct hm_url *u, hm_str p, struct hm_err *err)
{
	if (unescape(a, p, PART_PATH, &u->path, err) < 0)
		return -1;
	u->raw_path = hm_str_eq(escape(a, u->path, PART_PATH), p) ? HM_S("") : p;
	return 0;
}

static void
cut_query(struct hm_url *u, hm_str *rest)
{
	ptrdiff_t q = hm_str_index_byte(*rest, '?');

	if (q < 0)
		return;
	u->query = hm_str_from(*rest, (size_t)q + 1);
	u->force_query = u->query.n == 0;
	*rest = hm_str_sub(*rest, 0, (size_t)q);
}

static int
parse(struct hm_arena *a, hm_str s, struct hm_url *u, struct hm_err *err)
{
	hm_str rest = s, segment, authority;

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return hm_err_set(err, HM_EINVALID,
			                  "net/url: invalid control character in URL");
	if (hm_str_eqz(s, "*")) {
		u->path = s;
		return 0;
	}
	if (take_scheme(a, &rest, &u->scheme, err) < 0)
		return -1;
	cut_query(u, &rest);
	if (!hm_str_has_prefix(rest, HM_S("/"))) {
		if (u->scheme.n) {
			u->opaque = rest;
			return 0;
		}
		hm_str_cut(rest, '/', &segment, &authority);
		if (hm_str_index_byte(segment, ':') >= 0)
			return hm_err_set(err, HM_EINVALID,
			                  "first path segment in URL cannot contain colon");
	}
	if (hm_str_has_prefix(rest, HM_S("//")) &&
	    (u->scheme.n || !hm_str_has_prefix(rest, HM_S("///")))) {
		size_t end = 2;

		while (end < rest.n && rest.p[end] != '/')
			end++;
		authority = hm_str_sub(rest, 2, end);
		rest = hm_str_from(rest, end);
		if (parse_authority(a, u, authority, err) < 0)
			return -1;
	} else if (u->scheme.n && rest.n) {
		u->omit_host = true;
	}
	return set_path(a, u, rest, err);
}

int
hm_url_parse(struct hm_arena *a, hm_str s, struct hm_url *u, struct hm_err *err)
{
	hm_str main, frag;

	*u = (struct hm_url){ 0 };
	s = hm_arena_dup(a, s);
	hm_str_cut(s, '#', &main, &frag);
	if (parse(a, main, u, err) < 0)
		return hm_err_wrap(err, "parse " HM_F ": ", HM_P(hm_str_quote(a, main)));
	if (frag.n == 0)
		return 0;
	if (unescape(a, frag, PART_FRAGMENT, &u->fragment, err) < 0)
		return hm_err_wrap(err, "parse " HM_F ": ", HM_P(hm_str_quote(a, s)));
	if (!hm_str_eq(escape(a, u->fragment, PART_FRAGMENT), frag))
		u->raw_fragment = frag;
	return 0;
}

/* Is raw a spelling of text in which every byte may stand as it is? */
static bool
is_spelling(struct hm_arena *a, hm_str raw, hm_str text, enum part part)
{
	struct hm_err ignored = { 0 };
	hm_str plain;
	bool ok = raw.n > 0;

	for (size_t i = 0; ok && i < raw.n; i++)
		ok = in_set(raw.p[i], "!$&'()*+,;=:@[]%") || !must_escape(raw.p[i], part);
	ok = ok && unescape(a, raw, part, &plain, &ignored) == 0 && hm_str_eq(plain, text);
	hm_err_free(&ignored);
	return ok;
}

hm_str
hm_url_escaped_path(struct hm_arena *a, const struct hm_url *u)
{
	if (is_spelling(a, u->raw_path, u->path, PART_PATH))
		return u->raw_path;
	return hm_str_eqz(u->path, "*") ? u->path : escape(a, u->path, PART_PATH);
}

static void
add_authority(struct hm_buf *b, const struct hm_url *u)
{
	if (u->omit_host && u->host.n == 0 && !u->has_user)
		return;
	if (u->host.n || u->path.n || u->has_user)
		hm_buf_addz(b, "//");
	if (u->has_user) {
		add_escaped(b, u->user, PART_USER);
		if (u->has_password) {
			hm_buf_addc(b, ':');
			add_escaped(b, u->password, PART_USER);
		}
		hm_buf_addc(b, '@');
	}
	add_escaped(b, u->host, PART_HOST);
}

hm_str
hm_url_string(struct hm_arena *a, const struct hm_url *u)
{
	struct hm_buf b = { 0 };
	hm_str path, segment, after;

	if (u->scheme.n)
		hm_buf_printf(&b, HM_F ":", HM_P(u->scheme));
	if (u->opaque.n) {
		hm_buf_adds(&b, u->opaque);
	} else {
		if (u->scheme.n || u->host.n || u->has_user)
			add_authority(&b, u);
		path = hm_url_escaped_path(a, u);
		if (path.n && path.p[0] != '/' && u->host.n)
			hm_buf_addc(&b, '/');
		hm_str_cut(path, '/', &segment, &after);
		if (b.n == 0 && hm_str_index_byte(segment, ':') >= 0)
			hm_buf_addz(&b, "./");
		hm_buf_adds(&b, path);
	}
	if (u->force_query || u->query.n)
		hm_buf_printf(&b, "?" HM_F, HM_P(u->query));
	if (u->fragment.n) {
		hm_buf_addc(&b, '#');
		if (is_spelling(a, u->raw_fragment, u->fragment, PART_FRAGMENT))
			hm_buf_adds(&b, u->raw_fragment);
		else
			add_escaped(&b, u->fragment, PART_FRAGMENT);
	}
	return hm_buf_take(&b, a);
}

hm_str
hm_url_redacted(struct hm_arena *a, const struct hm_url *u)
{
	struct hm_url copy = *u;

	if (copy.has_password)
		copy.password = HM_S("xxxxx");
	return hm_url_string(a, &copy);
}

hm_str
hm_url_redact(struct hm_arena *a, hm_str s)
{
	struct hm_err ignored = { 0 };
	struct hm_url u;
	ptrdiff_t at, slashes;
	int rc = hm_url_parse(a, s, &u, &ignored);

	hm_err_free(&ignored);
	if (rc == 0)
		return hm_url_redacted(a, &u);
	at = hm_str_rindex_byte(s, '@');
	slashes = hm_str_index(s, HM_S("//"));
	if (at < 0)
		return hm_arena_dup(a, s);
	return hm_arena_printf(a, HM_F "xxxxx" HM_F,
	                       HM_P(hm_str_sub(s, 0, slashes < 0 || slashes > at ? 0 :
	                                             (size_t)slashes + 2)),
	                       HM_P(hm_str_from(s, (size_t)at)));
}

/* Splits "host:port" and takes the brackets off. */
static void
split_host(hm_str s, hm_str *host, hm_str *port)
{
	ptrdiff_t colon = hm_str_rindex_byte(s, ':');

	*host = s;
	*port = HM_S("");
	if (colon >= 0 && optional_port_ok(hm_str_from(s, (size_t)colon))) {
		*host = hm_str_sub(s, 0, (size_t)colon);
		*port = hm_str_from(s, (size_t)colon + 1);
	}
	if (host->n >= 2 && host->p[0] == '[' && host->p[host->n - 1] == ']')
		*host = hm_str_sub(*host, 1, host->n - 1);
}

hm_str
hm_url_hostname(const struct hm_url *u)
{
	hm_str host, port;

	split_host(u->host, &host, &port);
	return host;
}

hm_str
hm_url_port(const struct hm_url *u)
{
	hm_str host, port;

	split_host(u->host, &host, &port);
	return port;
}

struct hm_url
hm_url_join(struct hm_arena *a, const struct hm_url *u, hm_str path)
{
	struct hm_url j = *u;
	struct hm_buf raw = { 0 };
	hm_str base = u->path, segment, rest = path;

	hm_str_cut_suffix(&base, HM_S("/"));
	j.path = hm_arena_printf(a, HM_F "/" HM_F, HM_P(base), HM_P(path));
	base = hm_url_escaped_path(a, u);
	hm_str_cut_suffix(&base, HM_S("/"));
	hm_buf_adds(&raw, base);
	while (hm_str_next(&rest, '/', &segment)) {
		hm_buf_addc(&raw, '/');
		add_escaped(&raw, segment, PART_SEGMENT);
	}
	j.raw_path = hm_buf_take(&raw, a);
	return j;
}

/* RFC 3986, section 5.2.4. */
static hm_str
resolve_path(struct hm_arena *a, hm_str base, hm_str ref)
{
	hm_str full = ref, elem, rest;
	struct hm_buf b = { 0 };
	bool first = true;

	if (ref.n == 0)
		full = base;
	else if (ref.p[0] != '/')
		full = hm_arena_printf(
			a, HM_F HM_F,
			HM_P(hm_str_sub(base, 0, (size_t)(hm_str_rindex_byte(base, '/') + 1))),
			HM_P(ref));
	if (full.n == 0)
		return full;
	hm_buf_addc(&b, '/');
	for (rest = full, elem = HM_S(""); hm_str_next(&rest, '/', &elem);) {
		if (hm_str_eqz(elem, ".")) {
			first = false;
		} else if (hm_str_eqz(elem, "..")) {
			ptrdiff_t cut = hm_str_rindex_byte(hm_str_make(b.p + 1, b.n - 1), '/');

			b.n = cut < 0 ? 1 : (size_t)cut + 1;
			first = b.n == 1;
		} else {
			if (!first)
				hm_buf_addc(&b, '/');
			hm_buf_adds(&b, elem);
			first = false;
		}
	}
	if (hm_str_eqz(elem, ".") || hm_str_eqz(elem, ".."))
		hm_buf_addc(&b, '/');
	full = hm_buf_take(&b, a);
	return full.n > 1 && full.p[1] == '/' ? hm_str_from(full, 1) : full;
}

struct hm_url
hm_url_resolve(struct hm_arena *a, const struct hm_url *base, const struct hm_url *ref)
{
	struct hm_url u = *ref;
	struct hm_err ignored = { 0 };

	if (ref->scheme.n == 0)
		u.scheme = base->scheme;
	if (ref->scheme.n || ref->host.n || ref->has_user) {
		(void)set_path(a, &u, resolve_path(a, hm_url_escaped_path(a, ref), HM_S("")),
		               &ignored);
		hm_err_free(&ignored);
		return u;
	}
	if (ref->path.n == 0 && !ref->force_query && ref->query.n == 0) {
		u.query = base->query;
		if (ref->fragment.n == 0) {
			u.fragment = base->fragment;
			u.raw_fragment = base->raw_fragment;
		}
	}
	u.host = base->host;
	u.has_user = base->has_user;
	u.has_password = base->has_password;
	u.user = base->user;
	u.password = base->password;
	(void)set_path(a, &u, resolve_path(a, hm_url_escaped_path(a, base),
	                                   hm_url_escaped_path(a, ref)), &ignored);
	hm_err_free(&ignored);
	return u;
}

int
hm_url_file_path(struct hm_arena *a, const struct hm_url *u, hm_str *out, struct hm_err *err)
{
	hm_str path = u->path;

	if (!hm_str_eqz(u->scheme, "file"))
		return hm_err_set(err, HM_EINVALID, "non-file URL");
	if (path.n == 0) {
		if (u->host.n || u->opaque.n == 0)
			return hm_err_set(err, HM_EINVALID, "file URL missing path");
		path = u->opaque;
	} else if (u->host.n && !hm_str_eqz(u->host, "localhost")) {
		return hm_err_set(err, HM_EINVALID, "file URL specifies non-local host");
	}
	if (!hm_path_is_abs(path))
		return hm_err_set(err, HM_EINVALID, "path is not absolute");
	*out = hm_arena_dup(a, path);
	return 0;
}

hm_str
hm_url_from_path(struct hm_arena *a, hm_str path)
{
	struct hm_url u = { .scheme = HM_S("file"), .path = path };

	return hm_url_string(a, &u);
}
