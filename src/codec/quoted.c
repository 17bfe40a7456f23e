#include "codec/quoted.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int
hm_quoted_split(struct hm_arena *a, hm_str s, struct hm_strs *out, struct hm_err *err)
{
	size_t i = 0;

	for (;;) {
		size_t from;
		char quote = '\0';

		while (i < s.n && is_space(s.p[i]))
			i++;
		if (i == s.n)
			return 0;
		if (s.p[i] == '"' || s.p[i] == '\'')
			quote = s.p[i++];
		from = i;
		while (i < s.n && (quote ? s.p[i] != quote : !is_space(s.p[i])))
			i++;
		if (quote && i == s.n)
			return hm_err_set(err, HM_EINVALID, "unterminated %c string", quote);
		HM_PUSH(a, *out, hm_str_sub(s, from, i));
		i += quote != '\0';
	}
}

int
hm_quoted_join(struct hm_arena *a, const struct hm_strs *words, hm_str *out, struct hm_err *err)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < words->n; i++) {
		hm_str w = words->v[i];
		bool single = hm_str_index_byte(w, '\'') >= 0;
		bool dbl = hm_str_index_byte(w, '"') >= 0;
		bool space = false;

		for (size_t j = 0; j < w.n; j++)
			space |= is_space(w.p[j]);
		if (single && dbl) {
			hm_buf_free(&b);
			return hm_err_set(err, HM_EINVALID,
			                  "argument " HM_F " contains both single "
			                  "and double quotes and cannot be quoted",
			                  HM_P(hm_str_quote(a, w)));
		}
		if (i)
			hm_buf_addc(&b, ' ');
		if (!space && !single && !dbl)
			hm_buf_adds(&b, w);
		else
			hm_buf_printf(&b, single ? "\"" HM_F "\"" : "'" HM_F "'", HM_P(w));
	}
	*out = hm_buf_take(&b, a);
	return 0;
}
