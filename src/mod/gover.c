#include "mod/gover.h"

#include "mod/semver.h"

/* major[.minor[.patch]][kind[pre]]; numbers stay text, so that none overflows. */
struct parsed {
	hm_str major, minor, patch, kind, pre;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
take_int(hm_str *x, hm_str *out)
{
	size_t n = 0;

	while (n < x->n && is_digit(x->p[n]))
		n++;
	if (n == 0 || (x->p[0] == '0' && n != 1))
		return false;
	*out = hm_str_sub(*x, 0, n);
	*x = hm_str_from(*x, n);
	return true;
}

static int
cmp_int(hm_str x, hm_str y)
{
	int c;

	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	c = hm_str_cmp(x, y);
	return (c > 0) - (c < 0);
}

static bool
parse_pre(hm_str x, struct parsed *v)
{
	size_t n = 0;

	while (n < x.n && x.p[n] >= 'a' && x.p[n] <= 'z')
		n++;
	if (n == 0)
		return false;
	v->kind = hm_str_sub(x, 0, n);
	x = hm_str_from(x, n);
	return x.n == 0 || (take_int(&x, &v->pre) && x.n == 0);
}

static bool
parse_parts(hm_str x, struct parsed *v)
{
	if (!take_int(&x, &v->major))
		return false;
	if (x.n == 0) {
		v->minor = v->patch = HM_S("0");
		return true;
	}
	if (!hm_str_cut_prefix(&x, HM_S(".")) || !take_int(&x, &v->minor))
		return false;
	if (x.n == 0) {
		/* from 1.21 on, the language and its first release differ */
		if (cmp_int(v->minor, HM_S("21")) < 0)
			v->patch = HM_S("0");
		return true;
	}
	if (hm_str_cut_prefix(&x, HM_S(".")))
		return take_int(&x, &v->patch) && x.n == 0;
	return parse_pre(x, v);
}

/* The zero value when x is malformed. */
static struct parsed
parse(hm_str x)
{
	struct parsed v = { 0 };

	if (!parse_parts(x, &v))
		return (struct parsed){ 0 };
	return v;
}

int
hm_gover_cmp(hm_str x, hm_str y)
{
	struct parsed vx, vy;
	int c;

	if (hm_str_eq(x, y))
		return 0;
	vx = parse(x);
	vy = parse(y);
	if ((c = cmp_int(vx.major, vy.major)) || (c = cmp_int(vx.minor, vy.minor)) ||
	    (c = cmp_int(vx.patch, vy.patch)))
		return c;
	c = hm_str_cmp(vx.kind, vy.kind);
	if (c)
		return c < 0 ? -1 : 1;
	return cmp_int(vx.pre, vy.pre);
}

hm_str
hm_gover_max(hm_str x, hm_str y)
{
	return hm_gover_cmp(x, y) < 0 ? y : x;
}

bool
hm_gover_valid(hm_str x)
{
	return parse(x).major.n > 0;
}

bool
hm_gover_is_lang(hm_str x)
{
	struct parsed v = parse(x);

	return v.major.n && !v.patch.n && !v.kind.n && !v.pre.n;
}

hm_str
hm_gover_lang(hm_str x)
{
	struct parsed v = parse(x);

	if (v.minor.n == 0 || v.major.n == x.n ||
	    (hm_str_eqz(v.major, "1") && hm_str_eqz(v.minor, "0")))
		return v.major;
	return hm_str_sub(x, 0, v.major.n + 1 + v.minor.n);
}

bool
hm_gover_is_prerelease(hm_str x)
{
	return parse(x).kind.n > 0;
}

/* Decimal minus one; x is no all-zero text. */
static hm_str
dec(struct hm_arena *a, hm_str x)
{
	char *d = hm_arena_cstr(a, x);
	size_t i = x.n - 1;

	for (; i > 0 && d[i] == '0'; i--)
		d[i] = '9';
	if (i == 0 && d[0] == '1' && x.n > 1)
		return hm_str_make(d + 1, x.n - 1);
	d[i]--;
	return hm_str_make(d, x.n);
}

hm_str
hm_gover_prev(struct hm_arena *a, hm_str x)
{
	struct parsed v = parse(x);

	if (cmp_int(v.minor, HM_S("1")) <= 0)
		return v.major;
	return hm_arena_concat(a, (hm_str[]){ v.major, HM_S("."), dec(a, v.minor) }, 3);
}

hm_str
hm_gover_from_toolchain(hm_str name)
{
	size_t n = 0;

	/* a separator would let an exec look in a relative folder */
	if (hm_str_index_byte(name, '/') >= 0 || hm_str_index_byte(name, '\\') >= 0)
		return HM_S("");
	if (!hm_str_cut_prefix(&name, HM_S("go")))
		return HM_S("");
	while (n < name.n && name.p[n] != ' ' && name.p[n] != '\t' && name.p[n] != '-')
		n++;
	name.n = n;
	return hm_gover_valid(name) ? name : HM_S("");
}

hm_str
hm_gover_toolchain_max(hm_str x, hm_str y)
{
	return hm_gover_cmp(hm_gover_from_toolchain(x), hm_gover_from_toolchain(y)) < 0 ? y : x;
}

/* ^[1-9][0-9]*\.(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?([a-z]+[0-9]+)?$ */
bool
hm_gover_valid_in_gomod(hm_str x)
{
	hm_str major, num;
	size_t letters = 0, digits = 0;

	if (!take_int(&x, &major) || major.p[0] == '0')
		return false;
	if (!hm_str_cut_prefix(&x, HM_S(".")) || !take_int(&x, &num))
		return false;
	if (hm_str_cut_prefix(&x, HM_S(".")) && !take_int(&x, &num))
		return false;
	if (x.n == 0)
		return true;
	while (letters < x.n && x.p[letters] >= 'a' && x.p[letters] <= 'z')
		letters++;
	while (letters + digits < x.n && is_digit(x.p[letters + digits]))
		digits++;
	return letters && digits && letters + digits == x.n;
}

bool
hm_gover_valid_toolchain_in_gomod(hm_str name)
{
	return hm_str_eqz(name, "default") || hm_str_eqz(name, "go1") ||
	       hm_str_has_prefix(name, HM_S("go1."));
}

bool
hm_gover_is_toolchain(hm_str path)
{
	return hm_str_eqz(path, "go") || hm_str_eqz(path, "toolchain");
}

static hm_str
maybe_toolchain(hm_str name)
{
	return hm_gover_valid(name) ? name : hm_gover_from_toolchain(name);
}

int
hm_gover_mod_cmp(hm_str path, hm_str x, hm_str y)
{
	if (hm_str_eqz(path, "go"))
		return hm_gover_cmp(x, y);
	if (hm_str_eqz(path, "toolchain"))
		return hm_gover_cmp(maybe_toolchain(x), maybe_toolchain(y));
	return hm_semver_cmp(x, y);
}

/* The Go version in a version of "go" or "toolchain"; false for other paths. */
static bool
go_version(hm_str path, hm_str *version)
{
	if (hm_str_eqz(path, "go"))
		return true;
	if (!hm_str_eqz(path, "toolchain"))
		return false;
	*version = hm_gover_from_toolchain(*version);
	return true;
}

bool
hm_gover_mod_valid(hm_str path, hm_str version)
{
	return go_version(path, &version) ? hm_gover_valid(version) : hm_semver_valid(version);
}

bool
hm_gover_mod_is_prefix(hm_str path, hm_str version)
{
	int dots = 0;

	if (go_version(path, &version))
		return hm_gover_is_lang(version);
	for (size_t i = 0; i < version.n; i++) {
		if (version.p[i] == '-' || version.p[i] == '+')
			return false;
		if (version.p[i] == '.' && ++dots >= 2)
			return false;
	}
	return true;
}

bool
hm_gover_mod_is_prerelease(hm_str path, hm_str version)
{
	if (go_version(path, &version))
		return hm_gover_is_prerelease(version);
	return hm_semver_prerelease(version).n > 0;
}

hm_str
hm_gover_mod_major_minor(struct hm_arena *a, hm_str path, hm_str version)
{
	if (hm_str_eqz(path, "toolchain"))
		return hm_arena_printf(a, "go" HM_F,
		                       HM_P(hm_gover_lang(hm_gover_from_toolchain(version))));
	if (go_version(path, &version))
		return hm_gover_lang(version);
	return hm_semver_major_minor(a, version);
}
