#include "base/path.h"

#include "base/buf.h"

hm_str
hm_path_clean(struct hm_arena *a, hm_str p)
{
	bool rooted = hm_path_is_abs(p);
	char *out;
	size_t w = 0, r = 0, dotdot;

	if (p.n == 0)
		return hm_arena_dup(a, HM_S("."));
	out = hm_arena_cstr(a, p);
	if (rooted)
		w = r = 1;
	dotdot = w;
	while (r < p.n) {
		size_t e = r;

		while (e < p.n && p.p[e] != '/')
			e++;
		if (e == r || (e == r + 1 && p.p[r] == '.')) {
			; /* empty or "." */
		} else if (e == r + 2 && p.p[r] == '.' && p.p[r + 1] == '.') {
			if (w > dotdot) {
				for (w--; w > dotdot && out[w] != '/'; w--)
					;
			} else if (!rooted) {
				if (w > 0)
					out[w++] = '/';
				out[w++] = '.';
				out[w++] = '.';
				dotdot = w;
			}
		} else {
			if (w != (rooted ? 1u : 0u))
				out[w++] = '/';
			memmove(out + w, p.p + r, e - r);
			w += e - r;
		}
		r = e + 1;
	}
	if (w == 0)
		out[w++] = '.';
	out[w] = '\0';
	return hm_str_make(out, w);
}

hm_str
hm_path_cat(struct hm_arena *a, hm_str x, hm_str y)
{
	hm_str parts[3] = { x, HM_S("/"), y };

	return hm_arena_concat(a, parts, 3);
}

bool
hm_path_is_clean(hm_str p)
{
	bool climbs = !hm_path_is_abs(p); /* only ".." so far */
	hm_str part, rest = p;

	if (p.n == 1)
		return true; /* "/", ".", or a name */
	if (!climbs)
		rest = hm_str_from(p, 1);
	for (bool more = true; more;) {
		more = hm_str_cut(rest, '/', &part, &rest);
		if (part.n == 0 || hm_str_eqz(part, "."))
			return false;
		if (!hm_str_eqz(part, ".."))
			climbs = false;
		else if (!climbs)
			return false;
	}
	return true;
}

hm_str
hm_path_join(struct hm_arena *a, hm_str x, hm_str y)
{
	if (x.n == 0 && y.n == 0)
		return HM_S("");
	if (x.n == 0)
		return hm_path_clean(a, y);
	if (y.n == 0)
		return hm_path_clean(a, x);
	return hm_path_clean(a, hm_path_cat(a, x, y));
}

hm_str
hm_path_join3(struct hm_arena *a, hm_str x, hm_str y, hm_str z)
{
	return hm_path_join(a, hm_path_join(a, x, y), z);
}

hm_str
hm_path_base(hm_str p)
{
	ptrdiff_t i;

	if (p.n == 0)
		return HM_S(".");
	while (p.n > 1 && p.p[p.n - 1] == '/')
		p.n--;
	i = hm_str_rindex_byte(p, '/');
	if (i >= 0 && p.n > 1)
		p = hm_str_from(p, (size_t)i + 1);
	return p;
}

hm_str
hm_path_dir(struct hm_arena *a, hm_str p)
{
	ptrdiff_t i = hm_str_rindex_byte(p, '/');

	return hm_path_clean(a, hm_str_sub(p, 0, (size_t)(i + 1)));
}

hm_str
hm_path_ext(hm_str p)
{
	for (size_t i = p.n; i > 0 && p.p[i - 1] != '/'; i--)
		if (p.p[i - 1] == '.')
			return hm_str_from(p, i - 1);
	return HM_S("");
}

bool
hm_path_has_prefix(hm_str p, hm_str dir)
{
	if (dir.n && dir.p[dir.n - 1] == '/')
		return hm_str_has_prefix(p, dir);
	return hm_str_has_prefix(p, dir) && (p.n == dir.n || p.p[dir.n] == '/');
}

bool
hm_path_rel(struct hm_arena *a, hm_str base, hm_str target, hm_str *out)
{
	struct hm_buf b = { 0 };
	size_t bi = 0, b0 = 0, ti = 0, t0 = 0;

	base = hm_path_clean(a, base);
	target = hm_path_clean(a, target);
	if (hm_str_eq(base, target)) {
		*out = HM_S(".");
		return true;
	}
	if (hm_str_eqz(base, "."))
		base = HM_S("");
	if (hm_str_eqz(target, "."))
		target = HM_S("");
	if (hm_path_is_abs(base) != hm_path_is_abs(target))
		return false;
	while (bi < base.n && ti < target.n) {
		while (bi < base.n && base.p[bi] != '/')
			bi++;
		while (ti < target.n && target.p[ti] != '/')
			ti++;
		if (!hm_str_eq(hm_str_sub(base, b0, bi), hm_str_sub(target, t0, ti)))
			break;
		if (bi < base.n)
			bi++;
		if (ti < target.n)
			ti++;
		b0 = bi;
		t0 = ti;
	}
	if (hm_str_eqz(hm_str_sub(base, b0, bi), ".."))
		return false;
	if (b0 != base.n) {
		hm_buf_addz(&b, "..");
		for (size_t i = b0; i < base.n; i++)
			if (base.p[i] == '/')
				hm_buf_addz(&b, "/..");
		if (t0 != target.n) {
			hm_buf_addc(&b, '/');
			hm_buf_adds(&b, hm_str_from(target, t0));
		}
		*out = hm_buf_take(&b, a);
		return true;
	}
	*out = hm_arena_dup(a, hm_str_from(target, t0));
	return true;
}

/* Takes one (possibly escaped) character of a class off *p. */
static int
class_rune(hm_str *p, uint32_t *r)
{
	size_t i = 0;

	if (p->n == 0 || p->p[0] == '-' || p->p[0] == ']')
		return -1;
	if (p->p[0] == '\\') {
		*p = hm_str_from(*p, 1);
		if (p->n == 0)
			return -1;
	}
	*r = hm_str_rune(*p, &i);
	if (*r == 0xfffd && i == 1)
		return -1;
	*p = hm_str_from(*p, i);
	return p->n == 0 ? -1 : 0;
}

/* Matches one [class]; *p stands behind '['. */
static int
match_class(hm_str *p, uint32_t c, bool *in)
{
	bool not = false, hit = false;
	size_t ranges = 0;

	if (p->n && p->p[0] == '^') {
		not = true;
		*p = hm_str_from(*p, 1);
	}
	for (;; ranges++) {
		uint32_t lo, hi;

		if (p->n && p->p[0] == ']' && ranges > 0)
			break;
		if (class_rune(p, &lo))
			return -1;
		hi = lo;
		if (p->p[0] == '-') {
			*p = hm_str_from(*p, 1);
			if (class_rune(p, &hi))
				return -1;
		}
		if (lo <= c && c <= hi)
			hit = true;
	}
	*p = hm_str_from(*p, 1);
	*in = hit != not;
	return 0;
}

/* Matches the star-free chunk at the start of s; *failed keeps checking the syntax only. */
static int
match_chunk(hm_str chunk, hm_str s, hm_str *rest, bool *ok)
{
	bool failed = false;

	while (chunk.n) {
		size_t i = 0;
		char c = chunk.p[0];

		if (!failed && s.n == 0)
			failed = true;
		if (c == '[') {
			uint32_t r = 0;
			bool in;

			if (!failed) {
				r = hm_str_rune(s, &i);
				s = hm_str_from(s, i);
			}
			chunk = hm_str_from(chunk, 1);
			if (match_class(&chunk, r, &in))
				return -1;
			if (!in)
				failed = true;
			continue;
		}
		if (c == '?') {
			if (!failed) {
				if (s.p[0] == '/')
					failed = true;
				hm_str_rune(s, &i);
				s = hm_str_from(s, i);
			}
			chunk = hm_str_from(chunk, 1);
			continue;
		}
		if (c == '\\') {
			chunk = hm_str_from(chunk, 1);
			if (chunk.n == 0)
				return -1;
		}
		if (!failed) {
			if (chunk.p[0] != s.p[0])
				failed = true;
			s = hm_str_from(s, 1);
		}
		chunk = hm_str_from(chunk, 1);
	}
	*rest = s;
	*ok = !failed;
	return 0;
}

static bool
scan_chunk(hm_str *pattern, hm_str *chunk)
{
	bool star = false, in_class = false;
	size_t i;

	while (pattern->n && pattern->p[0] == '*') {
		*pattern = hm_str_from(*pattern, 1);
		star = true;
	}
	for (i = 0; i < pattern->n; i++) {
		char c = pattern->p[i];

		if (c == '\\' && i + 1 < pattern->n)
			i++;
		else if (c == '[')
			in_class = true;
		else if (c == ']')
			in_class = false;
		else if (c == '*' && !in_class)
			break;
	}
	*chunk = hm_str_sub(*pattern, 0, i);
	*pattern = hm_str_from(*pattern, i);
	return star;
}

int
hm_path_match(hm_str pattern, hm_str name, bool *ok)
{
	*ok = false;
	while (pattern.n) {
		hm_str chunk, rest;
		bool star = scan_chunk(&pattern, &chunk), hit;

		if (star && chunk.n == 0) {
			*ok = hm_str_index_byte(name, '/') < 0;
			return 0;
		}
		if (match_chunk(chunk, name, &rest, &hit))
			return -1;
		if (hit && (rest.n == 0 || pattern.n)) {
			name = rest;
			continue;
		}
		hit = false;
		for (size_t i = 0; star && i < name.n && name.p[i] != '/'; i++) {
			if (match_chunk(chunk, hm_str_from(name, i + 1), &rest, &hit))
				return -1;
			if (hit && (pattern.n || rest.n == 0))
				break;
			hit = false;
		}
		if (hit) {
			name = rest;
			continue;
		}
		while (pattern.n) { /* the rest must still be well-formed */
			scan_chunk(&pattern, &chunk);
			if (match_chunk(chunk, HM_S(""), &rest, &hit))
				return -1;
		}
		return 0;
	}
	*ok = name.n == 0;
	return 0;
}
