#include "mod/verset.h"

#include "mod/gover.h"
#include "mod/semver.h"
#include "mod/pseudo.h"

/* "1.25.3" of "go1.25.3"; empty when w is no Go version. */
static hm_str
go_version(hm_str w)
{
	if (!hm_str_cut_prefix(&w, HM_S("go")) || !hm_gover_valid(w))
		return HM_S("");
	return w;
}

static bool
is_kind(hm_str w)
{
	return hm_str_eqz(w, "release") || hm_str_eqz(w, "prerelease") ||
	       hm_str_eqz(w, "pseudo") || hm_str_eqz(w, "incompatible");
}

/* v1, v1.4 */
static bool
is_prefix(hm_str w)
{
	size_t dots = 0;

	if (!hm_semver_valid(w))
		return false;
	for (size_t i = 0; i < w.n; i++)
		dots += w.p[i] == '.';
	return dots < 2;
}

/* Takes <, <=, >, >= off the front; 0 when there is none. */
static int
cut_operator(hm_str *w, bool *open)
{
	int c = w->n ? w->p[0] : 0;

	if (c != '<' && c != '>')
		return 0;
	*w = hm_str_from(*w, 1);
	*open = !hm_str_cut_prefix(w, HM_S("="));
	return c;
}

/* The bound that w names; false when it is none. */
static bool
bound(hm_str w, hm_str *out, bool *go)
{
	hm_str g = go_version(w);

	*go = g.n > 0;
	*out = *go ? g : w;
	return *go || hm_semver_valid(w);
}

static int
bad(struct hm_err *err, hm_str w, const char *why)
{
	return hm_err_set(err, HM_ESYNTAX, "version \"" HM_F "\" invalid: %s", HM_P(w), why);
}

/* [low, high] */
static int
parse_interval(const hm_str *token, size_t n, size_t *used, struct hm_verset_term *t,
               struct hm_err *err)
{
	bool go_low, go_high;

	if (n < 5 || !hm_str_eqz(token[2], ",") || !hm_str_eqz(token[4], "]"))
		return hm_err_set(err, HM_ESYNTAX, "an interval is [low, high]");
	*used = 1;
	if (!bound(token[1], &t->low, &go_low))
		return bad(err, token[1], "must be of the form v1.2.3");
	*used = 3;
	if (!bound(token[3], &t->high, &go_high) || go_low != go_high)
		return bad(err, token[3], "must be of the form v1.2.3");
	t->go = go_low;
	if ((t->go ? hm_gover_cmp(t->low, t->high) : hm_semver_cmp(t->low, t->high)) > 0)
		return bad(err, token[3], "below the other end of the interval");
	*used = 5;
	return 0;
}

/* Comparisons that follow one another: at most one for each side. */
static int
parse_comparisons(const hm_str *token, size_t n, size_t *used, struct hm_verset_term *t,
                  struct hm_err *err)
{
	size_t i = 0;
	bool go, open = false;

	while (i < n) {
		hm_str w = token[i], *to;
		int op = cut_operator(&w, &open);

		if (!op)
			break;
		*used = i;
		if (w.n == 0 && ++i < n)
			w = token[i]; /* ">= v1.2.3" */
		to = op == '<' ? &t->high : &t->low;
		if (to->n)
			return hm_err_set(err, HM_ESYNTAX,
			                  "two %s bounds stand side by side: a comma separates "
			                  "alternatives", op == '<' ? "upper" : "lower");
		*used = i < n ? i : n - 1;
		if (!bound(w, to, &go) || (t->low.n && t->high.n && go != t->go))
			return bad(err, w, "must be of the form v1.2.3");
		t->go = go;
		*(op == '<' ? &t->high_open : &t->low_open) = open;
		i++;
	}
	*used = i;
	return 0;
}

/* One term; *used stays 0 when token[0] begins none. */
static int
parse_term(const hm_str *token, size_t n, size_t *used, struct hm_verset_term *t,
           struct hm_err *err)
{
	hm_str w = token[0], go = go_version(w);

	*t = (struct hm_verset_term){ 0 };
	if (hm_str_eqz(w, "["))
		return parse_interval(token, n, used, t, err);
	if (w.n && (w.p[0] == '<' || w.p[0] == '>'))
		return parse_comparisons(token, n, used, t, err);
	*used = 1;
	if (is_kind(w)) {
		*t = (struct hm_verset_term){ .what = HM_VERSET_KIND, .word = w };
	} else if (go.n) {
		t->go = true;
		t->low = t->high = t->word = go;
		if (hm_gover_is_lang(go))
			t->what = HM_VERSET_PREFIX;
	} else if (is_prefix(w)) {
		*t = (struct hm_verset_term){ .what = HM_VERSET_PREFIX, .word = w };
	} else if (hm_semver_valid(w)) {
		t->low = t->high = w;
	} else if (w.n > 1 && w.p[0] == 'v' && w.p[1] >= '0' && w.p[1] <= '9') {
		*used = 0;
		return bad(err, w, "must be of the form v1.2.3");
	} else {
		*used = 0;
	}
	return 0;
}

int
hm_verset_parse(struct hm_arena *a, const hm_str *token, size_t n, size_t *used,
                struct hm_verset *out, struct hm_err *err)
{
	size_t i = 0, k;
	bool comma = false;

	*out = (struct hm_verset){ 0 };
	while (i < n) {
		struct hm_verset_term t;

		k = 0;
		if (parse_term(token + i, n - i, &k, &t, err)) {
			*used = i + k;
			return -1;
		}
		if (k == 0)
			break;
		HM_PUSH(a, *out, t);
		i += k;
		comma = i < n && hm_str_eqz(token[i], ",");
		i += comma;
	}
	*used = i;
	if (comma)
		return hm_err_set(err, HM_ESYNTAX, "no version behind the comma");
	return 0;
}

hm_str
hm_verset_toolchain(struct hm_modver m)
{
	hm_str v = m.version, go, rest;
	size_t i;

	if (!hm_str_eqz(m.path, HM_TOOLCHAIN_MODULE) || !hm_str_cut_prefix(&v, HM_S("v0.0.1-go")))
		return HM_S("");
	/* behind the version: .GOOS-GOARCH */
	if ((i = (size_t)hm_str_rindex_byte(v, '-')) >= v.n)
		return HM_S("");
	rest = hm_str_sub(v, 0, i);
	if ((i = (size_t)hm_str_rindex_byte(rest, '.')) >= rest.n)
		return HM_S("");
	go = hm_str_make(v.p - 2, i + 2);
	return go_version(go).n ? go : HM_S("");
}

static bool
in_prefix(hm_str version, hm_str prefix)
{
	return hm_str_has_prefix(version, prefix) &&
	       (version.n == prefix.n || version.p[prefix.n] == '.');
}

/* go: of a toolchain, whose versions are all prereleases of v0.0.1. */
static bool
of_kind(hm_str version, hm_str go, hm_str kind)
{
	if (go.n)
		return hm_str_eqz(kind, hm_gover_is_prerelease(go) ? "prerelease" : "release");
	if (hm_str_eqz(kind, "pseudo"))
		return hm_pseudo_is(version);
	if (hm_str_eqz(kind, "incompatible"))
		return hm_str_has_suffix(version, HM_S("+incompatible"));
	if (hm_pseudo_is(version))
		return false;
	return (hm_semver_prerelease(version).n > 0) == hm_str_eqz(kind, "prerelease");
}

/* "1.25rc1" and "1.25.3" are of "1.25", "1.250" is not. */
static bool
in_go_prefix(hm_str version, hm_str prefix)
{
	return hm_str_eq(hm_gover_lang(version), hm_gover_lang(prefix));
}

static bool
in_range(const struct hm_verset_term *t, hm_str v)
{
	int (*cmp)(hm_str, hm_str) = t->go ? hm_gover_cmp : hm_semver_cmp;
	int c;

	if (t->low.n && ((c = cmp(v, t->low)) < 0 || (c == 0 && t->low_open)))
		return false;
	return !t->high.n || !((c = cmp(v, t->high)) > 0 || (c == 0 && t->high_open));
}

static bool
in_term(const struct hm_verset_term *t, struct hm_modver m)
{
	hm_str go = hm_verset_toolchain(m);

	hm_str_cut_prefix(&go, HM_S("go"));
	if (t->what == HM_VERSET_KIND)
		return of_kind(m.version, go, t->word);
	if (t->go)
		return go.n && (t->what == HM_VERSET_PREFIX ? in_go_prefix(go, t->word)
		                                            : in_range(t, go));
	if (go.n) /* its semantic version says nothing but its name */
		return hm_str_eq(t->low, m.version) && hm_str_eq(t->high, m.version);
	return t->what == HM_VERSET_PREFIX ? in_prefix(m.version, t->word)
	                                   : in_range(t, m.version);
}

bool
hm_verset_has(const struct hm_verset *s, struct hm_modver m)
{
	for (size_t i = 0; i < s->n; i++)
		if (in_term(&s->v[i], m))
			return true;
	return s->n == 0;
}

bool
hm_verset_is_single(const struct hm_verset *s)
{
	const struct hm_verset_term *t = s->v;

	return s->n == 1 && t->what == HM_VERSET_RANGE && t->low.n && hm_str_eq(t->low, t->high) &&
	       !t->low_open && !t->high_open;
}
