#include "mod/pseudo.h"

#include <inttypes.h>

#include "mod/semver.h"

#define STAMP 14 /* yyyymmddhhmmss */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 to the first of March of the year that begins then. */
static int64_t
days_to_march(int64_t year)
{
	return 365 * year + year / 4 - year / 100 + year / 400 - 719468;
}

/* Years run from March here, so that the leap day is the last one. */
static int64_t
days_from_civil(int64_t year, int64_t month, int64_t day)
{
	int64_t shifted = month > 2 ? month - 3 : month + 9;

	return days_to_march(month > 2 ? year : year - 1) + (153 * shifted + 2) / 5 + day - 1;
}

static hm_str
stamp(struct hm_arena *a, int64_t time)
{
	int64_t secs = ((time % 86400) + 86400) % 86400, days = (time - secs) / 86400;
	int64_t year = (days + 719468) * 400 / 146097 + 1, rest, m;

	while (days_to_march(year) > days)
		year--;
	rest = days - days_to_march(year);
	m = (5 * rest + 2) / 153;
	return hm_arena_printf(a, "%04" PRId64 "%02" PRId64 "%02" PRId64 "%02" PRId64 "%02" PRId64
	                          "%02" PRId64,
	                       m < 10 ? year : year + 1, m < 10 ? m + 3 : m - 9,
	                       rest - (153 * m + 2) / 5 + 1, secs / 3600, secs / 60 % 60,
	                       secs % 60);
}

static hm_str
inc_decimal(struct hm_arena *a, hm_str x)
{
	char *d = hm_arena_alloc(a, x.n + 2);
	size_t i = x.n;

	d[0] = '0';
	memcpy(d + 1, x.p, x.n);
	for (; d[i] == '9'; i--)
		d[i] = '0';
	d[i]++;
	return d[0] == '0' ? hm_str_make(d + 1, x.n) : hm_str_make(d, x.n + 1);
}

/* Empty when x is zero. */
static hm_str
dec_decimal(struct hm_arena *a, hm_str x)
{
	char *d = hm_arena_cstr(a, x);
	size_t i = x.n;

	while (i > 0 && d[i - 1] == '0')
		d[--i] = '9';
	if (i == 0)
		return HM_S("");
	d[--i]--;
	return i == 0 && d[0] == '0' && x.n > 1 ? hm_str_make(d + 1, x.n - 1) : hm_str_make(d, x.n);
}

hm_str
hm_pseudo_make(struct hm_arena *a, hm_str major, hm_str older, int64_t time, hm_str rev)
{
	hm_str segment = hm_arena_concat(a, (hm_str[]){ stamp(a, time), HM_S("-"), rev }, 3);
	hm_str build = hm_semver_build(older);
	size_t dot;

	if (major.n == 0)
		major = HM_S("v0");
	older = hm_semver_canonical(a, older);
	if (older.n == 0)
		return hm_arena_concat(a, (hm_str[]){ major, HM_S(".0.0-"), segment }, 3);
	if (hm_semver_prerelease(older).n)
		return hm_arena_concat(a, (hm_str[]){ older, HM_S(".0."), segment, build }, 4);
	dot = (size_t)hm_str_rindex_byte(older, '.') + 1;
	return hm_arena_concat(a,
	                       (hm_str[]){ hm_str_sub(older, 0, dot),
	                                   inc_decimal(a, hm_str_from(older, dot)), HM_S("-0."),
	                                   segment, build },
	                       5);
}

hm_str
hm_pseudo_zero(struct hm_arena *a, hm_str major)
{
	return hm_pseudo_make(a, major, HM_S(""), HM_PSEUDO_ZERO_TIME, HM_S("000000000000"));
}

struct parts {
	hm_str base, stamp, rev, build;
};

static bool
is_rev(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= 'A' && s.p[i] <= 'Z'))
			return false;
	return s.n > 0;
}

/*
 * ^v[0-9]+\.(0\.0-|\d+\.\d+-([^+]*\.)?0\.)\d{14}-[A-Za-z0-9]+(\+...)?$
 * of a valid semantic version, taken apart from the end.
 */
static bool
split(hm_str v, struct parts *p)
{
	ptrdiff_t dash;
	hm_str pre;

	if (!hm_semver_valid(v))
		return false;
	p->build = hm_semver_build(v);
	v.n -= p->build.n;
	dash = hm_str_rindex_byte(v, '-');
	if (dash < STAMP + 1)
		return false;
	p->rev = hm_str_from(v, (size_t)dash + 1);
	v.n = (size_t)dash;
	p->stamp = hm_str_from(v, v.n - STAMP);
	p->base = hm_str_sub(v, 0, v.n - STAMP - 1);
	for (size_t i = 0; i < STAMP; i++)
		if (!is_digit(p->stamp.p[i]))
			return false;
	if (!is_rev(p->rev))
		return false;
	if (v.p[p->base.n] == '-') {
		hm_str minor = p->base;

		return hm_semver_prerelease(p->base).n == 0 &&
		       hm_str_cut_prefix(&minor, hm_semver_major(p->base)) &&
		       hm_str_eqz(minor, ".0.0");
	}
	pre = hm_semver_prerelease(p->base);
	return v.p[p->base.n] == '.' &&
	       (hm_str_eqz(pre, "-0") || hm_str_has_suffix(pre, HM_S(".0")));
}

bool
hm_pseudo_is(hm_str v)
{
	struct parts p;

	return split(v, &p);
}

bool
hm_pseudo_is_zero(hm_str v)
{
	struct parts p;

	return split(v, &p) && p.build.n == 0 && hm_str_eqz(p.stamp, "00010101000000") &&
	       hm_str_eqz(p.rev, "000000000000") && v.p[p.base.n] == '-';
}

/* Go's `pseudo-version "v" invalid: why + quoted` (quoted only if q.p). */
static int
invalid(hm_str v, const char *why, hm_str q, struct hm_err *err)
{
	struct hm_buf b = { 0 };

	hm_buf_addz(&b, "pseudo-version ");
	hm_buf_quote(&b, v);
	hm_buf_printf(&b, " invalid: %s", why);
	if (q.p)
		hm_buf_quote(&b, q);
	hm_err_set(err, HM_EINVALID, HM_F, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return -1;
}

static int
parse(hm_str v, struct parts *p, struct hm_err *err)
{
	return split(v, p) ? 0 : invalid(v, "syntax error", (hm_str){ 0 }, err);
}

static int64_t
number(hm_str s, size_t from, size_t to)
{
	int64_t n = 0;

	for (size_t i = from; i < to; i++)
		n = n * 10 + (s.p[i] - '0');
	return n;
}

int
hm_pseudo_time(hm_str v, int64_t *time, struct hm_err *err)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t year, month, day, h, m, s;
	struct parts p;

	if (parse(v, &p, err))
		return -1;
	year = number(p.stamp, 0, 4);
	month = number(p.stamp, 4, 6);
	day = number(p.stamp, 6, 8);
	h = number(p.stamp, 8, 10);
	m = number(p.stamp, 10, 12);
	s = number(p.stamp, 12, 14);
	if (month < 1 || month > 12 || day < 1 ||
	    day > days[month - 1] + (month == 2 && is_leap(year)) || h > 23 || m > 59 || s > 59)
		return invalid(v, "malformed time ", p.stamp, err);
	*time = days_from_civil(year, month, day) * 86400 + h * 3600 + m * 60 + s;
	return 0;
}

int
hm_pseudo_rev(hm_str v, hm_str *rev, struct hm_err *err)
{
	struct parts p;

	if (parse(v, &p, err))
		return -1;
	*rev = p.rev;
	return 0;
}

/* vX.Y.(Z+1)-0 gives vX.Y.Z */
static int
base_of_release(struct hm_arena *a, hm_str v, const struct parts *p, hm_str *base,
                struct hm_err *err)
{
	hm_str next = hm_str_sub(p->base, 0, p->base.n - 2), patch;
	size_t dot = (size_t)hm_str_rindex_byte(next, '.') + 1;

	patch = dec_decimal(a, hm_str_from(next, dot));
	if (patch.n == 0) {
		hm_str why = hm_arena_printf(
			a, "version before " HM_F " would have negative patch number", HM_P(next));

		return invalid(v, why.p, (hm_str){ 0 }, err);
	}
	*base = hm_arena_concat(a, (hm_str[]){ hm_str_sub(next, 0, dot), patch, p->build }, 3);
	return 0;
}

int
hm_pseudo_base(struct hm_arena *a, hm_str v, hm_str *base, struct hm_err *err)
{
	struct parts p;
	hm_str pre;

	if (parse(v, &p, err))
		return -1;
	pre = hm_semver_prerelease(p.base);
	if (pre.n == 0) {
		*base = HM_S("");
		if (p.build.n)
			return invalid(v, "lacks base version, but has build metadata ", p.build,
			               err);
		return 0;
	}
	if (hm_str_eqz(pre, "-0"))
		return base_of_release(a, v, &p, base, err);
	*base = hm_arena_concat(a, (hm_str[]){ hm_str_sub(p.base, 0, p.base.n - 2), p.build }, 2);
	return 0;
}
