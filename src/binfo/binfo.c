/*
 * Build information as text, one line a fact:
 *
 *	path <package>   mod <path> <version> [<sum>]   dep ...   => ...   build <key>=<value>
 */
#include "binfo/binfo.h"

#include "codec/json.h"
#include "mod/modtext.h"

/* ---- parsing (runtime/debug.ParseBuildInfo) */

struct parser {
	struct hm_arena *arena;
	struct hm_binfo *bi;
	struct hm_binfo_module *last; /* what a "=>" line would replace */
	struct hm_err *err;
};

static bool
any_of(hm_str s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && strchr(set, s.p[i]))
			return true;
	return false;
}

static bool
key_needs_quotes(hm_str key)
{
	return key.n == 0 || any_of(key, "= \t\r\n\"`");
}

static bool
value_needs_quotes(hm_str value)
{
	return any_of(value, " \t\r\n\"`");
}

static size_t
split_tabs(hm_str line, hm_str col[3])
{
	size_t n = 0;
	hm_str c;

	while (hm_str_next(&line, '\t', &c)) {
		if (n < 3)
			col[n] = c;
		n++;
	}
	return n;
}

static int
fail(struct parser *p, const char *text)
{
	return hm_err_set(p->err, HM_EINVALID, "%s", text);
}

static int
parse_module(struct parser *p, hm_str line, struct hm_binfo_module *m)
{
	hm_str col[3] = { HM_S(""), HM_S(""), HM_S("") };
	size_t n = split_tabs(line, col);

	if (n != 2 && n != 3)
		return hm_err_set(p->err, HM_EINVALID, "expected 2 or 3 columns; got %zu", n);
	*m = (struct hm_binfo_module){ .path = col[0], .version = col[1], .sum = col[2] };
	return 0;
}

static int
parse_dep(struct parser *p, hm_str line)
{
	struct hm_binfo *bi = p->bi;
	struct hm_binfo_module m;

	if (parse_module(p, line, &m) < 0)
		return -1;
	if (bi->n_dep == bi->cap_dep)
		bi->dep = hm_vec_grow(p->arena, bi->dep, bi->n_dep, &bi->cap_dep, sizeof(m));
	bi->dep[bi->n_dep++] = m;
	p->last = &bi->dep[bi->n_dep - 1];
	return 0;
}

static int
parse_replacement(struct parser *p, hm_str line)
{
	hm_str col[3];
	size_t n = split_tabs(line, col);
	struct hm_binfo_module *m;

	if (n != 3)
		return hm_err_set(p->err, HM_EINVALID,
		                  "expected 3 columns for replacement; got %zu", n);
	if (!p->last)
		return fail(p, "replacement with no module on previous line");
	m = HM_NEW(p->arena, struct hm_binfo_module);
	*m = (struct hm_binfo_module){ .path = col[0], .version = col[1], .sum = col[2] };
	p->last->replace = m;
	p->last = NULL;
	return 0;
}

/* The quoted text at the beginning of s, quotes included; empty when it does not end. */
static hm_str
quoted_prefix(hm_str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[0] == '"' && s.p[i] == '\\')
			i++;
		else if (s.p[i] == s.p[0])
			return hm_str_sub(s, 0, i + 1);
	}
	return HM_S("");
}

static bool
is_quote(hm_str s)
{
	return s.n > 0 && (s.p[0] == '"' || s.p[0] == '`');
}

static int
unquoted(struct parser *p, const char *what, hm_str s)
{
	hm_str q = hm_str_quote(p->arena, s);

	return hm_err_set(p->err, HM_EINVALID, "unquoted %s " HM_F " must be quoted", what,
	                  HM_P(q));
}

/* Cuts "key=" off *kv. */
static int
parse_key(struct parser *p, hm_str *kv, hm_str *key)
{
	hm_str raw;

	if (kv->n == 0)
		return fail(p, "build line missing '='");
	if (kv->p[0] == '=')
		return fail(p, "build line with missing key");
	if (!is_quote(*kv)) {
		if (!hm_str_cut(*kv, '=', key, kv))
			return fail(p, "build line missing '=' after key");
		return key_needs_quotes(*key) ? unquoted(p, "key", *key) : 0;
	}
	raw = quoted_prefix(*kv);
	if (!hm_modtext_unquote(p->arena, raw, key))
		return fail(p, "invalid quoted key in build line");
	*kv = hm_str_from(*kv, raw.n);
	if (kv->n == 0)
		return fail(p, "build line missing '=' after quoted key");
	if (kv->p[0] != '=') {
		struct hm_buf q = { 0 };

		hm_modtext_quote_rune(&q, (unsigned char)kv->p[0]);
		hm_err_set(p->err, HM_EINVALID, "unexpected character after quoted key: " HM_F,
		           HM_P(hm_buf_str(&q)));
		hm_buf_free(&q);
		return -1;
	}
	*kv = hm_str_from(*kv, 1);
	return 0;
}

static int
parse_setting(struct parser *p, hm_str line)
{
	struct hm_binfo *bi = p->bi;
	struct hm_binfo_setting s = { .value = line };

	if (parse_key(p, &s.value, &s.key) < 0)
		return -1;
	if (is_quote(s.value)) {
		if (!hm_modtext_unquote(p->arena, s.value, &s.value))
			return fail(p, "invalid quoted value in build line");
	} else if (value_needs_quotes(s.value)) {
		return unquoted(p, "value", s.value);
	}
	if (bi->n_setting == bi->cap_setting)
		bi->setting = hm_vec_grow(p->arena, bi->setting, bi->n_setting, &bi->cap_setting,
		                          sizeof(s));
	bi->setting[bi->n_setting++] = s;
	return 0;
}

static int
parse_line(struct parser *p, hm_str line)
{
	if (hm_str_cut_prefix(&line, HM_S("path\t"))) {
		p->bi->path = line;
		return 0;
	}
	if (hm_str_cut_prefix(&line, HM_S("mod\t"))) {
		p->last = &p->bi->main;
		return parse_module(p, line, p->last);
	}
	if (hm_str_cut_prefix(&line, HM_S("dep\t")))
		return parse_dep(p, line);
	if (hm_str_cut_prefix(&line, HM_S("=>\t")))
		return parse_replacement(p, line);
	if (hm_str_cut_prefix(&line, HM_S("build\t")))
		return parse_setting(p, line);
	return 0;
}

int
hm_binfo_parse(struct hm_arena *a, hm_str text, struct hm_binfo *bi, struct hm_err *err)
{
	struct parser p = { a, bi, NULL, err };
	size_t number = 1;
	hm_str line;

	*bi = (struct hm_binfo){ .n_dep = 0 };
	/* What follows the last newline is no line. */
	for (; hm_str_index_byte(text, '\n') >= 0; number++) {
		hm_str_cut(text, '\n', &line, &text);
		if (parse_line(&p, line) < 0)
			return hm_err_wrap(err, "could not parse Go build info: line %zu: ",
			                   number);
	}
	return 0;
}

/* ---- printing (BuildInfo.String) */

/* Fields may hold any bytes, NUL too, so no printf. */
static void
put_line(struct hm_buf *b, const char *word, hm_str value)
{
	hm_buf_addz(b, word);
	hm_buf_addc(b, '\t');
	hm_buf_adds(b, value);
}

static void
put_module(struct hm_buf *b, const char *word, const struct hm_binfo_module *m)
{
	put_line(b, word, m->path);
	put_line(b, "", m->version);
	if (m->replace) {
		hm_buf_addc(b, '\n');
		put_module(b, "=>", m->replace);
	} else {
		put_line(b, "", m->sum);
	}
	hm_buf_addc(b, '\n');
}

static void
put_word(struct hm_buf *b, hm_str s, bool quote)
{
	if (quote)
		hm_buf_quote(b, s);
	else
		hm_buf_adds(b, s);
}

static bool
is_empty(const struct hm_binfo_module *m)
{
	return m->path.n == 0 && m->version.n == 0 && m->sum.n == 0 && !m->replace;
}

hm_str
hm_binfo_format(struct hm_arena *a, const struct hm_binfo *bi)
{
	struct hm_buf b = { 0 };

	if (bi->go_version.n > 0) {
		put_line(&b, "go", bi->go_version);
		hm_buf_addc(&b, '\n');
	}
	if (bi->path.n > 0) {
		put_line(&b, "path", bi->path);
		hm_buf_addc(&b, '\n');
	}
	if (!is_empty(&bi->main))
		put_module(&b, "mod", &bi->main);
	for (size_t i = 0; i < bi->n_dep; i++)
		put_module(&b, "dep", &bi->dep[i]);
	for (size_t i = 0; i < bi->n_setting; i++) {
		const struct hm_binfo_setting *s = &bi->setting[i];

		hm_buf_addz(&b, "build\t");
		put_word(&b, s->key, key_needs_quotes(s->key));
		hm_buf_addc(&b, '=');
		put_word(&b, s->value, value_needs_quotes(s->value));
		hm_buf_addc(&b, '\n');
	}
	return hm_buf_take(&b, a);
}

static void
put_json_module(struct hm_json_out *w, const struct hm_binfo_module *m)
{
	hm_json_begin_object(w);
	hm_json_member_opt_str(w, "Path", m->path);
	hm_json_member_opt_str(w, "Version", m->version);
	hm_json_member_opt_str(w, "Sum", m->sum);
	if (m->replace) {
		hm_json_key(w, "Replace");
		put_json_module(w, m->replace);
	}
	hm_json_end_object(w);
}

static void
put_json_settings(struct hm_json_out *w, const struct hm_binfo *bi)
{
	hm_json_key(w, "Settings");
	hm_json_begin_array(w);
	for (size_t i = 0; i < bi->n_setting; i++) {
		hm_json_begin_object(w);
		hm_json_member_opt_str(w, "Key", bi->setting[i].key);
		hm_json_member_opt_str(w, "Value", bi->setting[i].value);
		hm_json_end_object(w);
	}
	hm_json_end_array(w);
}

hm_str
hm_binfo_json(struct hm_arena *a, const struct hm_binfo *bi)
{
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b, .indent = "\t" };

	hm_json_begin_object(&w);
	hm_json_member_opt_str(&w, "GoVersion", bi->go_version);
	hm_json_member_opt_str(&w, "Path", bi->path);
	hm_json_key(&w, "Main");
	put_json_module(&w, &bi->main);
	if (bi->n_dep > 0) {
		hm_json_key(&w, "Deps");
		hm_json_begin_array(&w);
		for (size_t i = 0; i < bi->n_dep; i++)
			put_json_module(&w, &bi->dep[i]);
		hm_json_end_array(&w);
	}
	if (bi->n_setting > 0)
		put_json_settings(&w, bi);
	hm_json_end_object(&w);
	return hm_buf_take(&b, a);
}

hm_str
hm_binfo_setting(const struct hm_binfo *bi, const char *key)
{
	for (size_t i = 0; i < bi->n_setting; i++)
		if (hm_str_eqz(bi->setting[i].key, key))
			return bi->setting[i].value;
	return (hm_str){ NULL, 0 };
}
