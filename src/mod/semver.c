#include "mod/semver.h"

#include <stdlib.h>

/* The parts of a valid version; pre and build keep their '-' and '+'. */
struct parsed {
	hm_str major, minor, patch;
	int missing; /* numbers left out: 0, 1 or 2 */
	hm_str pre, build;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_ident(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool
is_num(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

static bool
take_int(hm_str *v, hm_str *out)
{
	size_t n = 0;

	while (n < v->n && is_digit(v->p[n]))
		n++;
	if (n == 0 || (v->p[0] == '0' && n != 1))
		return false;
	*out = hm_str_sub(*v, 0, n);
	*v = hm_str_from(*v, n);
	return true;
}

/* Dot-separated identifiers behind one mark, up to end or '+'; strict: no leading zeros. */
static bool
take_idents(hm_str *v, bool strict, hm_str *out)
{
	size_t i = 1, start = 1;

	for (;; i++) {
		bool end = i == v->n || (strict && v->p[i] == '+');

		if (!end && v->p[i] != '.') {
			if (!is_ident(v->p[i]))
				return false;
			continue;
		}
		if (i == start)
			return false;
		if (strict && i - start > 1 && v->p[start] == '0' &&
		    is_num(hm_str_sub(*v, start, i)))
			return false;
		if (end)
			break;
		start = i + 1;
	}
	*out = hm_str_sub(*v, 0, i);
	*v = hm_str_from(*v, i);
	return true;
}

static bool
take_dot(hm_str *v)
{
	return hm_str_cut_prefix(v, HM_S("."));
}

static bool
parse(hm_str v, struct parsed *p)
{
	*p = (struct parsed){ .minor = HM_S_INIT("0"), .patch = HM_S_INIT("0") };
	if (!hm_str_cut_prefix(&v, HM_S("v")) || !take_int(&v, &p->major))
		return false;
	if (v.n == 0) {
		p->missing = 2;
		return true;
	}
	if (!take_dot(&v) || !take_int(&v, &p->minor))
		return false;
	if (v.n == 0) {
		p->missing = 1;
		return true;
	}
	if (!take_dot(&v) || !take_int(&v, &p->patch))
		return false;
	if (v.n && v.p[0] == '-' && !take_idents(&v, true, &p->pre))
		return false;
	if (v.n && v.p[0] == '+' && !take_idents(&v, false, &p->build))
		return false;
	return v.n == 0;
}

bool
hm_semver_valid(hm_str v)
{
	struct parsed p;

	return parse(v, &p);
}

hm_str
hm_semver_canonical(struct hm_arena *a, hm_str v)
{
	static const hm_str zeros[] = { HM_S_INIT(""), HM_S_INIT(".0"), HM_S_INIT(".0.0") };
	struct parsed p;

	if (!parse(v, &p))
		return HM_S("");
	if (p.missing)
		return hm_arena_concat(a, (hm_str[]){ v, zeros[p.missing] }, 2);
	return hm_str_sub(v, 0, v.n - p.build.n);
}

bool
hm_semver_is_canonical(hm_str v)
{
	struct parsed p;

	return parse(v, &p) && !p.missing && p.build.n == 0;
}

hm_str
hm_semver_major(hm_str v)
{
	struct parsed p;

	return parse(v, &p) ? hm_str_sub(v, 0, 1 + p.major.n) : HM_S("");
}

hm_str
hm_semver_major_minor(struct hm_arena *a, hm_str v)
{
	struct parsed p;

	if (!parse(v, &p))
		return HM_S("");
	if (p.missing == 2)
		return hm_arena_concat(a, (hm_str[]){ v, HM_S(".0") }, 2);
	return hm_str_sub(v, 0, 2 + p.major.n + p.minor.n);
}

hm_str
hm_semver_prerelease(hm_str v)
{
	struct parsed p;

	return parse(v, &p) ? p.pre : HM_S("");
}

hm_str
hm_semver_build(hm_str v)
{
	struct parsed p;

	return parse(v, &p) ? p.build : HM_S("");
}

static int
sign(int c)
{
	return (c > 0) - (c < 0);
}

/* Decimal numbers without leading zeros, of any length. */
static int
cmp_int(hm_str x, hm_str y)
{
	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return sign(hm_str_cmp(x, y));
}

static int
cmp_ident(hm_str x, hm_str y)
{
	bool nx = is_num(x), ny = is_num(y);

	if (nx != ny)
		return nx ? -1 : 1;
	return nx ? cmp_int(x, y) : sign(hm_str_cmp(x, y));
}

static int
cmp_pre(hm_str x, hm_str y)
{
	if (x.n == 0 || y.n == 0) /* a release is greater */
		return (x.n == 0) - (y.n == 0);
	x = hm_str_from(x, 1);
	y = hm_str_from(y, 1);
	for (;;) {
		hm_str ix, iy;
		bool more_x = hm_str_cut(x, '.', &ix, &x);
		bool more_y = hm_str_cut(y, '.', &iy, &y);
		int c = cmp_ident(ix, iy);

		if (c)
			return c;
		if (!more_x || !more_y)
			return more_x - more_y;
	}
}

int
hm_semver_cmp(hm_str v, hm_str w)
{
	struct parsed pv, pw;
	bool okv, okw;
	int c;

	if (hm_str_eq(v, w))
		return 0;
	okv = parse(v, &pv);
	okw = parse(w, &pw);
	if (!okv || !okw)
		return okv - okw;
	if ((c = cmp_int(pv.major, pw.major)) || (c = cmp_int(pv.minor, pw.minor)) ||
	    (c = cmp_int(pv.patch, pw.patch)))
		return c;
	return cmp_pre(pv.pre, pw.pre);
}

hm_str
hm_semver_max(struct hm_arena *a, hm_str v, hm_str w)
{
	v = hm_semver_canonical(a, v);
	w = hm_semver_canonical(a, w);
	return hm_semver_cmp(v, w) > 0 ? v : w;
}

static int
cmp_qsort(const void *x, const void *y)
{
	const hm_str *v = x, *w = y;
	int c = hm_semver_cmp(*v, *w);

	return c ? c : hm_str_cmp(*v, *w);
}

void
hm_semver_sort(hm_str *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), cmp_qsort);
}
