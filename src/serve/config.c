#include "serve/config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "base/near.h"
#include "os/file.h"

/* Where the parser stands. */
struct parser {
	struct hm_arena *a;
	struct hm_config *out;
	hm_str rest;
	int line;
	hm_str section, sub;
};

static int
bad(const struct parser *p, const char *what, struct hm_err *err)
{
	return hm_err_set(err, HM_ESYNTAX, HM_F ":%d: %s", HM_P(p->out->name), p->line, what);
}

static bool
is_name(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-';
}

static void
skip_blank(struct parser *p)
{
	while (p->rest.n && (p->rest.p[0] == ' ' || p->rest.p[0] == '\t' || p->rest.p[0] == '\r'))
		p->rest = hm_str_from(p->rest, 1);
}

static void
skip_line(struct parser *p)
{
	while (p->rest.n && p->rest.p[0] != '\n')
		p->rest = hm_str_from(p->rest, 1);
}

/* A name in lower case; empty when none stands here. */
static hm_str
take_name(struct parser *p)
{
	size_t n = 0;
	char *s;

	while (n < p->rest.n && is_name(p->rest.p[n]))
		n++;
	s = hm_arena_cstr(p->a, hm_str_sub(p->rest, 0, n));
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] = (char)(s[i] + 32);
	p->rest = hm_str_from(p->rest, n);
	return hm_str_make(s, n);
}

/* One escaped character behind a backslash; 0 for one that means nothing. */
static char
escaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == '"' || c == '\\' ? c : '\0';
}

static int
take_section(struct parser *p, struct hm_err *err)
{
	struct hm_buf b = { 0 };

	p->rest = hm_str_from(p->rest, 1);
	p->section = take_name(p);
	p->sub = HM_S("");
	skip_blank(p);
	if (p->section.n && p->rest.n && p->rest.p[0] == '"') {
		size_t i = 1;

		for (; i < p->rest.n && p->rest.p[i] != '"' && p->rest.p[i] != '\n'; i++) {
			if (p->rest.p[i] == '\\' && i + 1 < p->rest.n && p->rest.p[i + 1] != '\n')
				i++;
			hm_buf_addc(&b, p->rest.p[i]);
		}
		p->sub = hm_buf_take(&b, p->a);
		p->rest = hm_str_from(p->rest, i < p->rest.n && p->rest.p[i] == '"' ? i + 1 : i);
	}
	if (p->section.n == 0 || p->rest.n == 0 || p->rest.p[0] != ']')
		return bad(p, "malformed section header, want [name] or [name \"sub\"]", err);
	p->rest = hm_str_from(p->rest, 1);
	return 0;
}

static int
take_value(struct parser *p, hm_str *out, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	bool quoted = false;
	size_t keep = 0; /* length without trailing space */

	skip_blank(p);
	for (; p->rest.n && (p->rest.p[0] != '\n'); p->rest = hm_str_from(p->rest, 1)) {
		char c = p->rest.p[0];

		if (!quoted && (c == '#' || c == ';')) {
			skip_line(p);
			break;
		}
		if (c == '"') {
			quoted = !quoted;
			keep = b.n;
			continue;
		}
		if (c == '\\' && p->rest.n > 1) {
			p->rest = hm_str_from(p->rest, 1);
			if (p->rest.p[0] == '\n') {
				p->line++;
				continue;
			}
			c = escaped(p->rest.p[0]);
			if (!c) {
				hm_buf_free(&b);
				return bad(p, "unknown escape, want \\\" \\\\ \\n or \\t", err);
			}
			hm_buf_addc(&b, c);
			keep = b.n;
			continue;
		}
		hm_buf_addc(&b, c);
		if (quoted || (c != ' ' && c != '\t' && c != '\r'))
			keep = b.n;
	}
	b.n = keep;
	*out = hm_buf_take(&b, p->a);
	return quoted ? bad(p, "quote is not closed", err) : 0;
}

static int
take_entry(struct parser *p, struct hm_err *err)
{
	struct hm_config_entry e = { .section = p->section, .sub = p->sub, .line = p->line };

	e.key = take_name(p);
	skip_blank(p);
	if (e.key.n == 0)
		return bad(p, "want a key, a [section] or a comment", err);
	if (p->section.n == 0)
		return bad(p, "a key stands before the first [section]", err);
	e.value = HM_S("true");
	if (p->rest.n && p->rest.p[0] == '=') {
		p->rest = hm_str_from(p->rest, 1);
		if (take_value(p, &e.value, err))
			return -1;
	} else if (p->rest.n && p->rest.p[0] != '\n' && p->rest.p[0] != '#' &&
	           p->rest.p[0] != ';') {
		return bad(p, "want = behind the key", err);
	}
	HM_PUSH(p->a, *p->out, e);
	return 0;
}

int
hm_config_parse(struct hm_arena *a, hm_str name, hm_str text, struct hm_config *out,
                struct hm_err *err)
{
	struct parser p = { .a = a, .out = out, .rest = text, .line = 1 };

	*out = (struct hm_config){ .name = hm_arena_dup(a, name) };
	hm_str_cut_prefix(&p.rest, HM_S("\xef\xbb\xbf"));
	while (p.rest.n) {
		int rc = 0;

		skip_blank(&p);
		if (p.rest.n == 0)
			break;
		if (p.rest.p[0] == '\n') {
			p.rest = hm_str_from(p.rest, 1);
			p.line++;
		} else if (p.rest.p[0] == '#' || p.rest.p[0] == ';') {
			skip_line(&p);
		} else {
			rc = p.rest.p[0] == '[' ? take_section(&p, err) : take_entry(&p, err);
		}
		if (rc)
			return -1;
	}
	return 0;
}

int
hm_config_read(struct hm_arena *a, const char *path, struct hm_config *out, struct hm_err *err)
{
	hm_str text;

	if (hm_file_read(a, path, HM_CONFIG_MAX, &text, err))
		return -1;
	return hm_config_parse(a, hm_str_of(path), text, out, err);
}

/* ---- settings */

static int
set_int(const struct hm_setting *s, hm_str v, struct hm_err *err)
{
	char *end;
	long x;

	errno = 0;
	x = strtol(v.p, &end, 10);
	if (v.n == 0 || *end || errno || x < s->min || x > s->max)
		return hm_err_set(err, HM_EUSAGE, "%s: \"" HM_F "\" is no number from %d to %d",
		                  s->key, HM_P(v), s->min, s->max);
	*(int *)s->target = (int)x;
	return 0;
}

/* In any case, as git has them. */
static bool
is_word(hm_str v, const char *word)
{
	return v.n == strlen(word) && strncasecmp(v.p, word, v.n) == 0;
}

static int
set_bool(const struct hm_setting *s, hm_str v, struct hm_err *err)
{
	bool yes = is_word(v, "true") || is_word(v, "yes") || is_word(v, "on") || is_word(v, "1");
	bool no = is_word(v, "false") || is_word(v, "no") || is_word(v, "off") || is_word(v, "0");

	if (!yes && !no)
		return hm_err_set(err, HM_EUSAGE, "%s: \"" HM_F "\" is neither true nor false",
		                  s->key, HM_P(v));
	*(bool *)s->target = yes;
	return 0;
}

static int
set_checked(const struct hm_setting *s, hm_str v, struct hm_err *err)
{
	const struct hm_checked *c = s->target;

	if (v.n && c->check(v, err))
		return hm_err_wrap(err, "%s: ", s->key);
	*c->target = v;
	return 0;
}

static int
set(struct hm_arena *a, const struct hm_setting *s, hm_str v, struct hm_err *err)
{
	v = hm_arena_dup(a, v);
	if (s->kind == HM_SET_INT)
		return set_int(s, v, err);
	if (s->kind == HM_SET_BOOL)
		return set_bool(s, v, err);
	if (s->kind == HM_SET_CHECKED)
		return set_checked(s, v, err);
	*(hm_str *)s->target = v;
	return 0;
}

static const struct hm_setting *
find(const struct hm_setting *known, size_t n, hm_str key)
{
	for (size_t i = 0; i < n; i++)
		if (known[i].key && hm_str_eqz(key, known[i].key))
			return &known[i];
	return NULL;
}

/* The option that is most like key; NULL when none is much. */
static const struct hm_setting *
nearest(const struct hm_setting *known, size_t n, hm_str key)
{
	const struct hm_setting *best = NULL;
	unsigned least = UINT_MAX;

	for (size_t i = 0; i < n; i++) {
		hm_str k = hm_str_of(known[i].key);

		if (k.n && hm_near(key, k) && hm_near_distance(key, k) < least) {
			least = hm_near_distance(key, k);
			best = &known[i];
		}
	}
	return best;
}

static bool
has_section(const struct hm_setting *known, size_t n, hm_str section)
{
	for (size_t i = 0; i < n; i++)
		if (known[i].kind == HM_SET_SECTION && hm_str_eqz(section, known[i].section))
			return true;
	return false;
}

static int
unknown_setting(const struct hm_setting *known, size_t n, const struct hm_config *c,
                const struct hm_config_entry *e, struct hm_err *err)
{
	const struct hm_setting *near = nearest(known, n, e->key);

	if (!e->sub.n && has_section(known, n, e->section))
		return hm_err_set(err, HM_EUSAGE,
		                  HM_F ":%d: section [" HM_F "] needs a name in quotes",
		                  HM_P(c->name), e->line, HM_P(e->section));
	if (e->sub.n)
		return hm_err_set(err, HM_EUSAGE,
		                  HM_F ":%d: unknown section [" HM_F " \"" HM_F "\"]",
		                  HM_P(c->name), e->line, HM_P(e->section), HM_P(e->sub));
	if (near && *near->section)
		return hm_err_set(err, HM_EUSAGE,
		                  HM_F ":%d: unknown setting " HM_F "." HM_F "; %s.%s?",
		                  HM_P(c->name), e->line, HM_P(e->section), HM_P(e->key),
		                  near->section, near->key);
	return hm_err_set(err, HM_EUSAGE, HM_F ":%d: unknown setting " HM_F "." HM_F,
	                  HM_P(c->name), e->line, HM_P(e->section), HM_P(e->key));
}

static int
from_config(struct hm_arena *a, const struct hm_setting *known, size_t n,
            const struct hm_config *c, struct hm_err *err)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct hm_config_entry *e = &c->v[i];
		const struct hm_setting *s = find(known, n, e->key);

		if (e->sub.n && has_section(known, n, e->section))
			continue;
		if (e->sub.n || !s || !hm_str_eqz(e->section, s->section))
			return unknown_setting(known, n, c, e, err);
		if (set(a, s, e->value, err))
			return hm_err_wrap(err, HM_F ":%d: ", HM_P(c->name), e->line);
	}
	return 0;
}

static int
unknown_option(const struct hm_setting *near, hm_str key, struct hm_err *err)
{
	return near ? hm_err_set(err, HM_EUSAGE, "unknown option --" HM_F "; --%s?", HM_P(key),
	                         near->key) :
	              hm_err_set(err, HM_EUSAGE, "unknown option --" HM_F, HM_P(key));
}

/* Options may stand among the other words, which move together; "--" ends them. */
static int
from_words(struct hm_arena *a, const struct hm_setting *known, size_t n, int *argc,
           char **argv, struct hm_err *err)
{
	int kept = 0, i = 0;

	while (i < *argc) {
		hm_str word = hm_str_of(argv[i]), key, value;
		const struct hm_setting *s;
		bool given;

		if (!hm_str_cut_prefix(&word, HM_S("--")) &&
		    (word.n < 2 || !hm_str_cut_prefix(&word, HM_S("-")))) {
			argv[kept++] = argv[i++];
			continue;
		}
		i++;
		if (word.n == 0)
			break;
		given = hm_str_cut(word, '=', &key, &value);
		s = find(known, n, key);
		if (!s)
			return unknown_option(nearest(known, n, key), key, err);
		if (!given && s->kind == HM_SET_BOOL)
			value = HM_S("true");
		else if (!given && i == *argc)
			return hm_err_set(err, HM_EUSAGE, "--" HM_F " needs a value", HM_P(key));
		else if (!given)
			value = hm_str_of(argv[i++]);
		if (set(a, s, value, err))
			return hm_err_wrap(err, "--");
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	*argc = kept;
	return 0;
}

int
hm_settings_apply(struct hm_arena *a, const struct hm_setting *known, size_t n,
                  const struct hm_config *config, int *argc, char ***argv, struct hm_err *err)
{
	if (config && from_config(a, known, n, config, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *v = known[i].env ? getenv(known[i].env) : NULL;

		if (v && set(a, &known[i], hm_str_of(v), err))
			return hm_err_wrap(err, "$%s: ", known[i].env);
	}
	return from_words(a, known, n, argc, *argv, err);
}
