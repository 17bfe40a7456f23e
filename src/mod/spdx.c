#include "mod/spdx.h"

#include <strings.h>

enum { DEPTH_MAX = 32 };

/* GPL-2.0, GPL-2.0-only, GPL-2.0-or-later and GPL-2.0+ are one text. */
static hm_str
licence_text(hm_str id)
{
	if (!hm_str_cut_suffix(&id, HM_S("-only")) && !hm_str_cut_suffix(&id, HM_S("-or-later")))
		hm_str_cut_suffix(&id, HM_S("+"));
	return id;
}

static bool
same_licence(hm_str a, hm_str b)
{
	a = licence_text(a);
	b = licence_text(b);
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

struct expression {
	const struct hm_strs *list;
	hm_str rest;
	bool bad;
};

static hm_str
next_word(struct expression *e)
{
	hm_str s = hm_str_trim(e->rest);
	size_t n = 0;

	if (s.n && (s.p[0] == '(' || s.p[0] == ')'))
		n = 1;
	while (n == 0 || (n < s.n && s.p[0] != '(' && s.p[0] != ')')) {
		if (n >= s.n || strchr(" \t()", s.p[n]))
			break;
		n++;
	}
	e->rest = hm_str_from(s, n);
	return hm_str_sub(s, 0, n);
}

static bool
take_operator(struct expression *e, const char *word)
{
	struct expression look = *e;

	if (!hm_str_eqz(next_word(&look), word))
		return false;
	*e = look;
	return true;
}

static bool any_of(struct expression *e, unsigned depth);

/* An id, perhaps WITH an exception, which only permits more; or ( ... ). */
static bool
one_of(struct expression *e, unsigned depth)
{
	hm_str w = next_word(e);
	bool ok = false;

	if (hm_str_eqz(w, "(") && depth < DEPTH_MAX) {
		ok = any_of(e, depth + 1);
		e->bad |= !hm_str_eqz(next_word(e), ")");
		return ok;
	}
	e->bad |= w.n == 0 || hm_str_eqz(w, "(") || hm_str_eqz(w, ")");
	for (size_t i = 0; i < e->list->n; i++)
		ok |= same_licence(w, e->list->v[i]);
	if (take_operator(e, "WITH"))
		e->bad |= next_word(e).n == 0;
	return ok;
}

static bool
all_of(struct expression *e, unsigned depth)
{
	bool ok = one_of(e, depth);

	while (!e->bad && take_operator(e, "AND"))
		ok &= one_of(e, depth);
	return ok;
}

static bool
any_of(struct expression *e, unsigned depth)
{
	bool ok = all_of(e, depth);

	while (!e->bad && take_operator(e, "OR"))
		ok |= all_of(e, depth);
	return ok;
}

bool
hm_spdx_permitted(const struct hm_strs *list, hm_str expression)
{
	struct expression e = { .list = list, .rest = expression };
	bool ok = any_of(&e, 0);

	return ok && !e.bad && hm_str_trim(e.rest).n == 0;
}

bool
hm_spdx_names(hm_str expression, hm_str id)
{
	struct expression e = { .rest = expression };
	hm_str w;

	while ((w = next_word(&e)).n)
		if (same_licence(w, id))
			return true;
	return false;
}
