#include "route.h"

#include "mod/modpath.h"
#include "mod/semver.h"

/* What a file system has, less what the store puts before and behind: DIR, ".ziphash", ... */
enum { PATH_LIMIT = 2048, NAME_LIMIT = 224 };

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoding; an encoded slash, NUL or control character is refused. */
static int
decode(struct hm_arena *a, hm_str s, hm_str *out, struct hm_err *err)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < s.n; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '%') {
			int hi = i + 2 < s.n ? hex(s.p[i + 1]) : -1;
			int lo = i + 2 < s.n ? hex(s.p[i + 2]) : -1;

			c = hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || (c == '/' && s.p[i] != '/')) {
			hm_buf_free(&b);
			return hm_err_set(err, HM_EINVALID, "bad request path: malformed escape");
		}
		hm_buf_addc(&b, (char)c);
	}
	*out = hm_buf_take(&b, a);
	return 0;
}

/* No empty, "." or ".." element, so that no path means another one; nor what no file can be. */
static int
check_clean(hm_str p, struct hm_err *err)
{
	hm_str rest = hm_str_from(p, 1), e;
	bool fits = p.n <= PATH_LIMIT;

	while (hm_str_next(&rest, '/', &e)) {
		if (e.n == 0 || hm_str_eqz(e, ".") || hm_str_eqz(e, ".."))
			return hm_err_set(err, HM_EINVALID, "bad request path: not a clean path");
		fits = fits && e.n <= NAME_LIMIT;
	}
	return fits ? 0 : hm_err_set(err, HM_ENOTFOUND,
	                             "not found: there are no modules of so long a name");
}

static int
parse_file(struct hm_arena *a, hm_str file, struct route *r, struct hm_err *err)
{
	static const struct {
		hm_str suffix;
		enum want want;
	} kinds[] = {
		{ HM_S_INIT(".info"), WANT_INFO },
		{ HM_S_INIT(".mod"), WANT_MOD },
		{ HM_S_INIT(".zip"), WANT_ZIP },
	};

	if (hm_str_eqz(file, "list")) {
		r->want = WANT_LIST;
		return 0;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!hm_str_cut_suffix(&file, kinds[i].suffix))
			continue;
		r->want = kinds[i].want;
		if (hm_modpath_unescape_version(a, file, &r->version, err))
			return -1;
		r->canonical = hm_modpath_check_version(r->path, r->version, err) == 0 &&
		               hm_str_eq(hm_modpath_canonical_version(a, r->version), r->version);
		hm_err_clear(err);
		if (!r->canonical && r->want != WANT_INFO)
			return hm_err_set(err, HM_ENOTFOUND,
			                  "not found: " HM_F "@" HM_F ": version is not canonical",
			                  HM_P(r->path), HM_P(r->version));
		return 0;
	}
	return hm_err_set(err, HM_ENOTFOUND, "not found");
}

static int
parse_module(struct hm_arena *a, hm_str path, hm_str file, struct route *r, struct hm_err *err)
{
	if (hm_modpath_unescape(a, path, &r->path, err)) {
		err->code = HM_EINVALID;
		return hm_err_wrap(err, "bad request path: ");
	}
	if (file.p && parse_file(a, file, r, err)) {
		if (err->code != HM_ENOTFOUND)
			err->code = HM_EINVALID;
		return -1;
	}
	return 0;
}

int
route_parse(struct hm_arena *a, hm_str target, struct route *r, struct hm_err *err)
{
	hm_str s, path;
	ptrdiff_t at;

	*r = (struct route){ .want = WANT_OTHER };
	if (decode(a, target, &r->url, err))
		return -1;
	s = r->url;
	if (s.n == 1)
		return 0;
	if (check_clean(s, err))
		return -1;
	if (hm_str_cut_prefix(&s, HM_S("/sumdb/"))) {
		r->want = WANT_SUMDB;
		at = hm_str_index_byte(s, '/');
		if (at <= 0)
			return hm_err_set(err, HM_ENOTFOUND, "not found");
		r->sumdb = hm_str_sub(s, 0, (size_t)at);
		r->rest = hm_str_from(s, (size_t)at);
		return 0;
	}
	path = hm_str_from(s, 1);
	if (hm_str_cut_suffix(&path, HM_S("/@latest"))) {
		r->want = WANT_LATEST;
		return parse_module(a, path, (hm_str){ NULL, 0 }, r, err);
	}
	at = hm_str_index(path, HM_S("/@v/"));
	if (at > 0)
		return parse_module(a, hm_str_sub(path, 0, (size_t)at),
		                    hm_str_from(path, (size_t)at + 4), r, err);
	return 0;
}
