#include "mod/match.h"

#include "base/buf.h"
#include "base/path.h"

static size_t
count_byte(hm_str s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* The first n+1 elements of path; false when it has fewer. */
static bool
leading_elems(hm_str path, size_t n, hm_str *out)
{
	*out = path;
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] != '/')
			continue;
		if (n == 0) {
			*out = hm_str_sub(path, 0, i);
			return true;
		}
		n--;
	}
	return n == 0;
}

bool
hm_match_prefix_patterns(hm_str globs, hm_str target)
{
	hm_str glob, prefix;
	bool ok;

	while (hm_str_next(&globs, ',', &glob)) {
		hm_str_cut_suffix(&glob, HM_S("/"));
		if (glob.n == 0 || !leading_elems(target, count_byte(glob, '/'), &prefix))
			continue;
		if (hm_path_match(glob, prefix, &ok) == 0 && ok)
			return true;
	}
	return false;
}

static const char *
why_in_vain(hm_str glob)
{
	bool match;

	if (hm_path_match(glob, HM_S("x"), &match))
		return "is malformed";
	if (hm_str_contains(glob, HM_S("...")))
		return "has \"...\", which stands for nothing here: a path means all below it, too";
	if (hm_str_contains(glob, HM_S("://")) || hm_str_has_prefix(glob, HM_S("/")))
		return "is no module path";
	if (hm_str_contains(glob, HM_S(" ")))
		return "has a space in it";
	return NULL;
}

int
hm_match_check_prefix_patterns(hm_str globs, struct hm_err *err)
{
	hm_str glob;

	while (hm_str_next(&globs, ',', &glob)) {
		const char *why = why_in_vain(glob);

		if (why)
			return hm_err_set(err, HM_EUSAGE, "pattern \"" HM_F "\" %s", HM_P(glob),
			                  why);
	}
	return 0;
}

static hm_str
lower(hm_str s, struct hm_buf *b)
{
	for (size_t i = 0; i < s.n; i++)
		hm_buf_addc(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i]);
	return hm_buf_str(b);
}

bool
hm_match_prefix_patterns_fold(hm_str globs, hm_str target)
{
	struct hm_buf g = { 0 }, t = { 0 };
	bool is = hm_match_prefix_patterns(lower(globs, &g), lower(target, &t));

	hm_buf_free(&g);
	hm_buf_free(&t);
	return is;
}

/*
 * Package patterns.  As in go, a "vendor" element that is not the last becomes
 * a NUL, which a wildcard does not match.
 */
static const hm_str wild = HM_S_INIT("...");

/*
 * Literals are taken leftmost.  That is enough: when the wildcard before a
 * literal can reach a second place for it, no barrier lies between the two,
 * and so the wildcard behind the first can go on to whatever follows.
 */
static bool
glob(hm_str pattern, hm_str s, char barrier)
{
	ptrdiff_t k = hm_str_index(pattern, wild), at;

	if (k < 0)
		return hm_str_eq(pattern, s);
	if (!hm_str_cut_prefix(&s, hm_str_sub(pattern, 0, (size_t)k)))
		return false;
	pattern = hm_str_from(pattern, (size_t)k + wild.n);
	while ((k = hm_str_index(pattern, wild)) >= 0) {
		at = hm_str_index(s, hm_str_sub(pattern, 0, (size_t)k));
		if (at < 0 || hm_str_index_byte(hm_str_sub(s, 0, (size_t)at), barrier) >= 0)
			return false;
		s = hm_str_from(s, (size_t)(at + k));
		pattern = hm_str_from(pattern, (size_t)k + wild.n);
	}
	return hm_str_cut_suffix(&s, pattern) && hm_str_index_byte(s, barrier) < 0;
}

/* A final "/..." may also match nothing. */
static bool
glob_tree(hm_str pattern, hm_str s, char barrier)
{
	hm_str root = pattern;

	if (hm_str_cut_suffix(&root, HM_S("/...")) && glob(root, s, barrier))
		return true;
	return glob(pattern, s, barrier);
}

/* x with its vendor elements replaced, in b if there are any. */
static hm_str
hide_vendor(hm_str x, struct hm_buf *b)
{
	hm_str rest = x, elem;

	if (hm_str_index(x, HM_S("vendor")) < 0)
		return x;
	while (hm_str_next(&rest, '/', &elem)) {
		if (rest.p && hm_str_eqz(elem, "vendor"))
			hm_buf_addc(b, '\0');
		else
			hm_buf_adds(b, elem);
		if (rest.p)
			hm_buf_addc(b, '/');
	}
	return hm_buf_str(b);
}

/* Both texts have hidden vendor elements. */
static bool
match_hidden(hm_str pattern, hm_str name)
{
	static const hm_str tree = HM_S_INIT("\0/..."), vendor = HM_S_INIT("/vendor");
	hm_str root = pattern, top = name;

	if (hm_str_eq(pattern, tree)) /* go's own slip: with a slash before it */
		return hm_str_eq(name, vendor) ||
		       (hm_str_cut_prefix(&name, HM_S("/")) && glob(tree, name, '\0'));
	if (!hm_str_cut_suffix(&root, tree) || !hm_str_cut_suffix(&root, HM_S("/")))
		return glob_tree(pattern, name, '\0');
	return (hm_str_cut_suffix(&top, vendor) && glob(root, top, '\0')) ||
	       glob(pattern, name, '\0');
}

bool
hm_match_pattern(hm_str pattern, hm_str name)
{
	struct hm_buf p = { 0 }, n = { 0 };
	bool ok;

	if (hm_str_index_byte(pattern, '\0') >= 0 || hm_str_index_byte(name, '\0') >= 0 ||
	    !hm_str_is_utf8(pattern))
		return false;
	ok = match_hidden(hide_vendor(pattern, &p), hide_vendor(name, &n));
	hm_buf_free(&p);
	hm_buf_free(&n);
	return ok;
}

bool
hm_match_simple_pattern(hm_str pattern, hm_str name)
{
	return hm_str_is_utf8(pattern) && glob_tree(pattern, name, '\n');
}

/* Does the path s begin with the elements of prefix? */
static bool
has_path_prefix(hm_str s, hm_str prefix)
{
	if (s.n <= prefix.n)
		return hm_str_eq(s, prefix);
	if (prefix.n && prefix.p[prefix.n - 1] == '/')
		return hm_str_has_prefix(s, prefix);
	return s.p[prefix.n] == '/' && hm_str_has_prefix(s, prefix);
}

bool
hm_match_tree_can(hm_str pattern, hm_str name)
{
	ptrdiff_t k = hm_str_index(pattern, wild);

	if (k >= 0)
		pattern.n = (size_t)k;
	return (name.n <= pattern.n && has_path_prefix(pattern, name)) ||
	       (k >= 0 && hm_str_has_prefix(name, pattern));
}
