#include "mod/modpath.h"

#include <strings.h>

#include "base/rune.h"
#include "mod/modtext.h"
#include "mod/semver.h"

/* The kinds of paths, as bits of the tables below. */
enum kind { MODULE = 1, IMPORT = 2, FILEPATH = 4 };

/* What an ASCII character may appear in. */
static unsigned
ascii_class(unsigned char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return MODULE | IMPORT | FILEPATH;
	switch (c) {
	case '-': case '.': case '_': case '~':
		return MODULE | IMPORT | FILEPATH;
	case '+':
		return IMPORT | FILEPATH;
	case '!': case '#': case '$': case '%': case '&': case '(': case ')': case ',':
	case '=': case '@': case '[': case ']': case '^': case '{': case '}': case ' ':
		return FILEPATH;
	default:
		return 0;
	}
}

static bool
rune_ok(uint32_t r, enum kind kind)
{
	if (r < 0x80)
		return (ascii_class((unsigned char)r) & (unsigned)kind) != 0;
	return kind == FILEPATH && hm_rune_is_letter(r);
}

static int
fail(struct hm_err *err, const char *why)
{
	return hm_err_set(err, HM_EINVALID, "%s", why);
}

static int
fail_rune(struct hm_err *err, uint32_t r, const char *where)
{
	struct hm_buf b = { 0 };

	hm_modtext_quote_rune(&b, r);
	hm_err_set(err, HM_EINVALID, "invalid char " HM_F "%s", HM_P(hm_buf_str(&b)), where);
	hm_buf_free(&b);
	return -1;
}

/* Sets the message to before + Go's quotation of s + after. */
static int
fail_quoted(struct hm_err *err, const char *before, hm_str s, const char *after)
{
	struct hm_buf b = { 0 };

	hm_buf_quote(&b, s);
	hm_err_set(err, HM_EINVALID, "%s" HM_F "%s", before, HM_P(hm_buf_str(&b)), after);
	hm_buf_free(&b);
	return -1;
}

/* CON, PRN, AUX, NUL, COM1-9, LPT1-9 in any case */
static bool
is_windows_device(hm_str s)
{
	static const char names[] = "CON PRN AUX NUL";

	if (s.n == 3) {
		for (size_t i = 0; i < sizeof(names); i += 4)
			if (strncasecmp(s.p, names + i, 3) == 0)
				return true;
		return false;
	}
	return s.n == 4 && s.p[3] >= '1' && s.p[3] <= '9' &&
	       (strncasecmp(s.p, "COM", 3) == 0 || strncasecmp(s.p, "LPT", 3) == 0);
}

/* "name~1": what Windows makes of long names. */
static bool
is_windows_short_name(hm_str s)
{
	ptrdiff_t tilde = hm_str_rindex_byte(s, '~');

	if (tilde < 0 || (size_t)tilde + 1 == s.n)
		return false;
	for (size_t i = (size_t)tilde + 1; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool
is_all_dots(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '.')
			return false;
	return true;
}

static int
check_elem(hm_str elem, enum kind kind, struct hm_err *err)
{
	hm_str before_dot, rest;

	if (elem.n == 0)
		return fail(err, "empty path element");
	if (is_all_dots(elem))
		return fail_quoted(err, "invalid path element ", elem, "");
	if (elem.p[0] == '.' && kind == MODULE)
		return fail(err, "leading dot in path element");
	if (elem.p[elem.n - 1] == '.')
		return fail(err, "trailing dot in path element");
	for (size_t i = 0; i < elem.n;) {
		uint32_t r = hm_str_rune(elem, &i);

		if (!rune_ok(r, kind))
			return fail_rune(err, r, "");
	}
	hm_str_cut(elem, '.', &before_dot, &rest);
	if (is_windows_device(before_dot))
		return fail_quoted(err, "", before_dot,
		                   " disallowed as path element component on Windows");
	if (kind != FILEPATH && is_windows_short_name(before_dot))
		return fail(err, "trailing tilde and digits in path element");
	return 0;
}

static int
check_path(hm_str path, enum kind kind, struct hm_err *err)
{
	hm_str elem;

	if (!hm_str_is_utf8(path))
		return fail(err, "invalid UTF-8");
	if (path.n == 0)
		return fail(err, "empty string");
	if (path.p[0] == '-' && kind != FILEPATH)
		return fail(err, "leading dash");
	if (hm_str_index(path, HM_S("//")) >= 0)
		return fail(err, "double slash");
	if (path.p[path.n - 1] == '/')
		return fail(err, "trailing slash");
	while (hm_str_next(&path, '/', &elem))
		if (check_elem(elem, kind, err))
			return -1;
	return 0;
}

int
hm_modpath_why(hm_str path, struct hm_err *err)
{
	hm_str first, prefix, rest;

	if (check_path(path, MODULE, err))
		return -1;
	hm_str_cut(path, '/', &first, &rest);
	if (first.n == 0)
		return fail(err, "leading slash");
	if (hm_str_index_byte(first, '.') < 0)
		return fail(err, "missing dot in first path element");
	for (size_t i = 0; i < first.n; i++) {
		char c = first.p[i];

		if (c != '-' && c != '.' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z'))
			return fail_rune(err, (unsigned char)c, " in first path element");
	}
	if (!hm_modpath_split(path, &prefix, &rest))
		return fail(err, "invalid version");
	return 0;
}

int
hm_modpath_why_import(hm_str path, struct hm_err *err)
{
	return check_path(path, IMPORT, err);
}

int
hm_modpath_why_file(hm_str path, struct hm_err *err)
{
	return check_path(path, FILEPATH, err);
}

static int
malformed(const char *kind, hm_str path, struct hm_err *err)
{
	struct hm_buf b = { 0 };

	hm_buf_quote(&b, path);
	hm_err_wrap(err, "malformed %s path " HM_F ": ", kind, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return -1;
}

int
hm_modpath_check(hm_str path, struct hm_err *err)
{
	return hm_modpath_why(path, err) ? malformed("module", path, err) : 0;
}

int
hm_modpath_check_import(hm_str path, struct hm_err *err)
{
	return hm_modpath_why_import(path, err) ? malformed("import", path, err) : 0;
}

int
hm_modpath_check_file(hm_str path, struct hm_err *err)
{
	return hm_modpath_why_file(path, err) ? malformed("file", path, err) : 0;
}

int
hm_modpath_check_version(hm_str path, hm_str version, struct hm_err *err)
{
	hm_str prefix, major;

	if (hm_modpath_check(path, err))
		return -1;
	if (!hm_semver_valid(version))
		return hm_err_set(err, HM_EINVALID,
		                  HM_F "@" HM_F ": invalid version: not a semantic version",
		                  HM_P(path), HM_P(version));
	hm_modpath_split(path, &prefix, &major);
	if (hm_modpath_check_major(version, major, err))
		return hm_modver_wrap(err, hm_modver_of(path, HM_S("")));
	return 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Cuts path where the last two bytes before i are sep and 'v'; false if they are not. */
static bool
cut_major(hm_str path, size_t i, char sep, hm_str *prefix, hm_str *major)
{
	if (i <= 1 || path.p[i - 1] != 'v' || path.p[i - 2] != sep)
		return false;
	*prefix = hm_str_sub(path, 0, i - 2);
	*major = hm_str_from(path, i - 2);
	return true;
}

static bool
split_gopkg_in(hm_str path, hm_str *prefix, hm_str *major)
{
	hm_str p = path, pre, maj;
	size_t i;

	hm_str_cut_suffix(&p, HM_S("-unstable"));
	for (i = p.n; i > 0 && is_digit(path.p[i - 1]); i--)
		;
	if (!cut_major(path, i, '.', &pre, &maj) || maj.n <= 2 ||
	    (maj.p[2] == '0' && !hm_str_eqz(maj, ".v0"))) {
		*prefix = path;
		*major = HM_S("");
		return false;
	}
	*prefix = pre;
	*major = maj;
	return true;
}

bool
hm_modpath_split(hm_str path, hm_str *prefix, hm_str *major)
{
	hm_str pre, maj;
	bool dot = false;
	size_t i;

	if (hm_str_has_prefix(path, HM_S("gopkg.in/")))
		return split_gopkg_in(path, prefix, major);
	*prefix = path;
	*major = HM_S("");
	for (i = path.n; i > 0 && (is_digit(path.p[i - 1]) || path.p[i - 1] == '.'); i--)
		dot |= path.p[i - 1] == '.';
	if (i == path.n || !cut_major(path, i, '/', &pre, &maj))
		return true;
	if (dot || maj.p[2] == '0' || hm_str_eqz(maj, "/v1"))
		return false;
	*prefix = pre;
	*major = maj;
	return true;
}

static bool
major_fits(hm_str version, hm_str *major, hm_str *have)
{
	*have = hm_semver_major(version);
	if (hm_str_has_prefix(*major, HM_S(".v")))
		hm_str_cut_suffix(major, HM_S("-unstable"));
	/* go once made such pseudo-versions below gopkg.in, and go.mod files still have them */
	if (hm_str_eqz(*major, ".v1") && hm_str_has_prefix(version, HM_S("v0.0.0-")))
		return true;
	if (major->n == 0) {
		*major = HM_S("v0 or v1");
		return hm_str_eqz(*have, "v0") || hm_str_eqz(*have, "v1") ||
		       hm_str_eqz(hm_semver_build(version), "+incompatible");
	}
	if (major->p[0] == '/' || major->p[0] == '.') {
		*major = hm_str_from(*major, 1);
		return hm_str_eq(*have, *major);
	}
	return false;
}

bool
hm_modpath_match_major(hm_str version, hm_str major)
{
	hm_str have;

	return major_fits(version, &major, &have);
}

int
hm_modpath_check_major(hm_str version, hm_str major, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	hm_str have;

	if (major_fits(version, &major, &have))
		return 0;
	hm_buf_quote(&b, version);
	hm_err_set(err, HM_EINVALID, "version " HM_F " invalid: should be " HM_F ", not " HM_F,
	           HM_P(hm_buf_str(&b)), HM_P(major), HM_P(have));
	hm_buf_free(&b);
	return -1;
}

hm_str
hm_modpath_major_prefix(hm_str major)
{
	if (major.n == 0)
		return major;
	if (hm_str_has_prefix(major, HM_S(".v")))
		hm_str_cut_suffix(&major, HM_S("-unstable"));
	return hm_str_from(major, 1);
}

hm_str
hm_modpath_canonical_version(struct hm_arena *a, hm_str version)
{
	if (hm_str_eqz(hm_semver_build(version), "+incompatible"))
		return version;
	return hm_semver_canonical(a, version);
}

bool
hm_modpath_is_canonical_version(hm_str version)
{
	return hm_semver_is_canonical(version) ||
	       hm_str_eqz(hm_semver_build(version), "+incompatible");
}

static int
escape(struct hm_arena *a, hm_str s, hm_str *out, struct hm_err *err)
{
	size_t upper = 0, n = 0;
	char *e;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '!' || (unsigned char)s.p[i] >= 0x80)
			return fail(err, "internal error: inconsistency in EscapePath");
		upper += s.p[i] >= 'A' && s.p[i] <= 'Z';
	}
	*out = s;
	if (upper == 0)
		return 0;
	e = hm_arena_alloc(a, s.n + upper + 1);
	for (size_t i = 0; i < s.n; i++) {
		bool up = s.p[i] >= 'A' && s.p[i] <= 'Z';

		if (up)
			e[n++] = '!';
		e[n++] = (char)(up ? s.p[i] + ('a' - 'A') : s.p[i]);
	}
	*out = hm_str_make(e, n);
	return 0;
}

int
hm_modpath_escape(struct hm_arena *a, hm_str path, hm_str *out, struct hm_err *err)
{
	return hm_modpath_check(path, err) ? -1 : escape(a, path, out, err);
}

int
hm_modpath_escape_version(struct hm_arena *a, hm_str version, hm_str *out, struct hm_err *err)
{
	if (check_elem(version, FILEPATH, err) || hm_str_index_byte(version, '!') >= 0)
		return fail_quoted(err, "version ", version, " invalid: disallowed version string");
	return escape(a, version, out, err);
}

static bool
unescape(struct hm_arena *a, hm_str s, hm_str *out)
{
	char *u = hm_arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((unsigned char)c >= 0x80 || (c >= 'A' && c <= 'Z'))
			return false;
		if (c == '!') {
			if (++i == s.n || s.p[i] < 'a' || s.p[i] > 'z')
				return false;
			c = (char)(s.p[i] - ('a' - 'A'));
		}
		u[n++] = c;
	}
	*out = hm_str_make(u, n);
	return true;
}

static int
wrap_quoted(struct hm_err *err, const char *before, hm_str s)
{
	struct hm_buf b = { 0 };

	hm_buf_quote(&b, s);
	hm_err_wrap(err, "%s" HM_F ": ", before, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return -1;
}

int
hm_modpath_unescape(struct hm_arena *a, hm_str escaped, hm_str *out, struct hm_err *err)
{
	if (!unescape(a, escaped, out))
		return fail_quoted(err, "invalid escaped module path ", escaped, "");
	if (hm_modpath_check(*out, err))
		return wrap_quoted(err, "invalid escaped module path ", escaped);
	return 0;
}

int
hm_modpath_unescape_version(struct hm_arena *a, hm_str escaped, hm_str *out, struct hm_err *err)
{
	if (!unescape(a, escaped, out))
		return fail_quoted(err, "invalid escaped version ", escaped, "");
	if (check_elem(*out, FILEPATH, err))
		return wrap_quoted(err, "invalid escaped version ", *out);
	return 0;
}

bool
hm_modpath_has_prefix(hm_str s, hm_str prefix)
{
	if (prefix.n == 0)
		return true;
	return hm_str_has_prefix(s, prefix) &&
	       (s.n == prefix.n || prefix.p[prefix.n - 1] == '/' || s.p[prefix.n] == '/');
}
