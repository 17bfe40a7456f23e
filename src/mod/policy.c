/*
 * policy.c - from the text of hermod.policy to its rules; policy_judge.c applies them.
 */
#include "mod/policy.h"

#include <limits.h>
#include <stdlib.h>

#include "base/path.h"
#include "base/rune.h"
#include "codec/time.h"
#include "mod/directive.h"
#include "mod/match.h"
#include "mod/modpath.h"
#include "mod/modtext.h"

enum { DAY = 86400, DURATION_MAX_DAYS = 36500, REASON_MAX = 1000 };

/* The tokens of one line, taken from the front. */
struct parser {
	struct hm_directive d;
	struct hm_arena *arena;
	struct hm_policy *p;
	struct hm_mod_line *line;
	struct hm_strs token; /* with those that its block begins with */
	size_t at;
	size_t n_rules;
	uint32_t first_allow; /* line; 0: none */
	bool bad;             /* this line has its error */
};

static void fail(struct parser *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One error a line. */
static void
fail(struct parser *s, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	if (s->bad)
		return;
	s->bad = true;
	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_directive_fail(&s->d, s->line->start, HM_F, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
}

static bool
is_quoted(hm_str token)
{
	return token.n && (token.p[0] == '"' || token.p[0] == '`');
}

/* The next token; empty at the end of the line. */
static hm_str
peek(const struct parser *s)
{
	return s->at < s->token.n ? s->token.v[s->at] : HM_S("");
}

/* Takes the next token if it is this word. */
static bool
take_word(struct parser *s, const char *word)
{
	bool is = hm_str_eqz(peek(s), word);

	s->at += is;
	return is;
}

/* Takes the next token, whatever it is; `what` names it in the error when there is none. */
static hm_str
take(struct parser *s, const char *what)
{
	hm_str t = peek(s), out = t;

	if (t.n == 0) {
		fail(s, "%s is missing", what);
		return t;
	}
	s->at++;
	if (is_quoted(t) && (!hm_modtext_unquote(s->arena, t, &out) || out.n == 0)) {
		fail(s, "%s: invalid quoted string", what);
		return HM_S("");
	}
	return out;
}

static bool
is_glob(hm_str pattern)
{
	for (size_t i = 0; i < pattern.n; i++)
		if (strchr("*?[", pattern.p[i]) && pattern.p[i])
			return true;
	return false;
}

/* Hosts whose modules have at least two elements behind the name. */
static bool
names_only_an_owner(hm_str path)
{
	hm_str host, owner;

	hm_str_cut(path, '/', &host, &owner);
	return (hm_str_eqz(host, "github.com") || hm_str_eqz(host, "bitbucket.org")) &&
	       hm_str_index_byte(owner, '/') < 0;
}

/* NULL, or what is wrong with it. */
static const char *
check_glob(hm_str pattern)
{
	bool ok;

	if (hm_str_index(pattern, HM_S("...")) >= 0)
		return "has both \"...\" and a glob";
	if (hm_str_index_byte(pattern, ',') >= 0)
		return "a comma is no part of a path";
	/* path.Match tells only where it gets to: an empty name sees the whole pattern */
	return hm_path_match(pattern, HM_S(""), &ok) ? "malformed glob" : NULL;
}

static hm_str
take_pattern(struct parser *s)
{
	hm_str p = take(s, "the module path or pattern");
	struct hm_err err = { 0 };
	const char *why = NULL;

	if (s->bad)
		return p;
	if (!hm_str_is_utf8(p))
		why = "not UTF-8";
	else if (is_glob(p))
		why = check_glob(p);
	else if (hm_str_index(p, HM_S("...")) < 0) {
		if (hm_modpath_check(p, &err))
			fail(s, HM_F, HM_P(hm_err_str(&err)));
		else if (names_only_an_owner(p))
			fail(s, "no module has the path " HM_F ": to mean all below it, write "
			     HM_F "/...", HM_P(p), HM_P(p));
	}
	if (why)
		fail(s, "malformed pattern " HM_F ": %s", HM_P(p), why);
	hm_err_free(&err);
	return p;
}

static struct hm_verset
take_versions(struct parser *s)
{
	struct hm_verset v = { 0 };
	struct hm_err err = { 0 };
	size_t used = 0;

	if (!s->bad && s->at < s->token.n &&
	    hm_verset_parse(s->arena, s->token.v + s->at, s->token.n - s->at, &used, &v, &err))
		fail(s, HM_F, HM_P(hm_err_str(&err)));
	s->at += used;
	hm_err_free(&err);
	return v;
}

/* The first second of a day, UTC. */
static int64_t
take_date(struct parser *s)
{
	hm_str t = take(s, "the date");
	hm_str full = hm_arena_printf(s->arena, HM_F "T00:00:00Z", HM_P(t));
	struct hm_time when = { 0 };

	if (!s->bad && (t.n != 10 || !hm_time_parse_rfc3339(full, &when)))
		fail(s, "\"" HM_F "\" is no date: write yyyy-mm-dd", HM_P(t));
	return when.sec - HM_TIME_UNIX_EPOCH;
}

/* "7d", "12h", "2w", "0" */
static int64_t
take_duration(struct parser *s)
{
	hm_str t = take(s, "the duration");
	int64_t n = 0, unit = 0;
	size_t i = 0;

	for (; i < t.n && t.p[i] >= '0' && t.p[i] <= '9' && i < 9; i++)
		n = n * 10 + (t.p[i] - '0');
	if (i > 0 && i + 1 == t.n)
		unit = t.p[i] == 'h' ? 3600 : t.p[i] == 'd' ? DAY : t.p[i] == 'w' ? 7 * DAY : 0;
	if (i == t.n && i > 0 && n == 0)
		return 0;
	if (!s->bad && (unit == 0 || n > DURATION_MAX_DAYS * (int64_t)DAY / unit))
		fail(s, "\"" HM_F "\" is no duration: write 12h, 7d or 2w", HM_P(t));
	return n * unit;
}

static enum hm_policy_severity
severity_of(hm_str word)
{
	for (int i = HM_POLICY_LOW; i <= HM_POLICY_CRITICAL; i++)
		if (hm_str_eqz(word, hm_policy_severity_name((enum hm_policy_severity)i)))
			return (enum hm_policy_severity)i;
	return HM_POLICY_UNRATED;
}

/* The tokens up to the reason, as a person would write them. */
static hm_str
text_of(const struct parser *s, size_t n)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < n; i++) {
		hm_str t = s->token.v[i];
		bool tight = i == 0 || hm_str_eqz(s->token.v[i - 1], "[") ||
		             hm_str_eqz(t, ",") || hm_str_eqz(t, "]");

		if (!tight)
			hm_buf_addc(&b, ' ');
		hm_buf_adds(&b, t);
	}
	return hm_buf_take(&b, s->arena);
}

hm_str
hm_policy_one_line(struct hm_arena *a, hm_str s, size_t max)
{
	struct hm_buf b = { 0 };
	size_t from, i = 0;

	s = hm_str_trim(s);
	while (i < s.n && i <= max) {
		uint32_t r;

		from = i;
		r = hm_str_rune(s, &i);
		if (i > max)
			break;
		if (hm_rune_is_print(r) && r != 0xfffd)
			hm_buf_add(&b, s.p + from, i - from);
		else
			hm_buf_addc(&b, ' ');
	}
	return hm_buf_take(&b, a);
}

/* The end of a line: its reason, in quotes or behind "//". */
static void
take_rest(struct parser *s, hm_str *text, hm_str *reason)
{
	hm_str r = HM_S("");

	*text = text_of(s, s->at);
	if (is_quoted(peek(s)))
		r = take(s, "the reason");
	else if (s->line->com.suffix.n)
		r = hm_str_from(s->line->com.suffix.v[0].token, 2);
	if (!s->bad && s->at < s->token.n)
		fail(s, "unexpected " HM_F " behind \"" HM_F "\"", HM_P(peek(s)), HM_P(*text));
	*reason = hm_policy_one_line(s->arena, r, REASON_MAX);
}

static size_t
literal_length(hm_str pattern)
{
	size_t i = 0;

	while (i < pattern.n && !strchr("*?[", pattern.p[i]) &&
	       !hm_str_has_prefix(hm_str_from(pattern, i), HM_S("...")))
		i++;
	return i;
}

/* What is asked of a rule each time it is looked at. */
static void
prepare(struct hm_arena *a, struct hm_policy_rule *r)
{
	size_t n = literal_length(r->pattern);
	char *low = hm_arena_cstr(a, r->pattern);

	for (size_t i = 0; i < r->pattern.n; i++)
		if (low[i] >= 'A' && low[i] <= 'Z')
			low[i] = (char)(low[i] + 32);
	r->folded = hm_str_make(low, r->pattern.n);
	r->exact = n == r->pattern.n;
	r->rank = (uint64_t)r->exact << 62 | (uint64_t)n << 2 |
	          (r->versions.n ? hm_verset_is_single(&r->versions) ? 2 : 1 : 0);
}

static void
add_rule(struct parser *s, struct hm_policy_rules *list, struct hm_policy_rule *r)
{
	take_rest(s, &r->text, &r->reason);
	r->line = s->line->start.line;
	if (s->bad)
		return;
	prepare(s->arena, r);
	if (++s->n_rules > HM_POLICY_MAX_RULES)
		fail(s, "more than %zu rules", HM_POLICY_MAX_RULES);
	else
		HM_PUSH(s->arena, *list, *r);
}

static void
parse_default(struct parser *s)
{
	bool deny = hm_str_eqz(peek(s), "deny");
	hm_str text;

	if (!deny && !hm_str_eqz(peek(s), "allow")) {
		fail(s, "usage: default allow or default deny");
		return;
	}
	if (s->p->default_line)
		fail(s, "repeated default: line %u has one", s->p->default_line);
	s->at++;
	s->p->default_deny = deny;
	s->p->default_line = s->line->start.line;
	take_rest(s, &text, &s->p->default_reason);
}

static void
parse_admit(struct parser *s, bool deny)
{
	struct hm_policy_rule r = { .check = HM_POLICY_ADMIT, .deny = deny };

	if (!deny && !s->first_allow)
		s->first_allow = s->line->start.line;
	r.pattern = take_pattern(s);
	r.versions = take_versions(s);
	add_rule(s, &s->p->rules[HM_POLICY_ADMIT], &r);
}

static void
parse_freeze(struct parser *s)
{
	struct hm_policy_rule r = { .check = HM_POLICY_FREEZE };

	r.pattern = take_pattern(s);
	r.versions = take_versions(s);
	if (!take_word(s, "at"))
		fail(s, "usage: freeze PATTERN [VERSIONS] at VERSIONS");
	r.at = take_versions(s);
	if (r.at.n == 0)
		fail(s, "no version behind \"at\": what may still be used?");
	add_rule(s, &s->p->rules[HM_POLICY_FREEZE], &r);
}

static void
parse_retire(struct parser *s)
{
	struct hm_policy_rule r = { .check = HM_POLICY_RETIRE };

	r.pattern = take_pattern(s);
	r.versions = take_versions(s);
	if (!take_word(s, "by"))
		fail(s, "usage: retire PATTERN [VERSIONS] by DATE [use PATH]");
	r.date = take_date(s);
	if (take_word(s, "use"))
		r.use = take(s, "the path to use");
	add_rule(s, &s->p->rules[HM_POLICY_RETIRE], &r);
}

static void
parse_cooldown(struct parser *s)
{
	struct hm_policy_rule r = { .check = HM_POLICY_COOLDOWN };

	r.seconds = take_duration(s);
	r.pattern = take_pattern(s);
	r.versions = take_versions(s);
	add_rule(s, &s->p->rules[HM_POLICY_COOLDOWN], &r);
}

static void
parse_sumdb(struct parser *s)
{
	struct hm_policy_rule r = { .check = HM_POLICY_SUMDB };

	r.pattern = take_pattern(s);
	r.versions = take_versions(s);
	add_rule(s, &s->p->rules[HM_POLICY_SUMDB], &r);
}

static void
parse_vulnerable(struct parser *s)
{
	struct hm_policy_osv o = { .line = s->line->start.line };

	o.dir = take(s, "the folder of OSV entries");
	if (take_word(s, "at-least")) {
		hm_str word = take(s, "the severity");

		o.at_least = severity_of(word);
		if (o.at_least == HM_POLICY_UNRATED)
			fail(s, "unknown severity \"" HM_F
			     "\": low, moderate, high or critical", HM_P(word));
	}
	take_rest(s, &o.text, &o.reason);
	if (!s->bad)
		HM_PUSH(s->arena, s->p->osv, o);
}

static bool
is_licence_id(hm_str id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '-' || c == '+'))
			return false;
	}
	return id.n > 0 && id.n <= 100;
}

static void
parse_licences(struct parser *s)
{
	hm_str text, reason;

	do {
		hm_str id = take(s, "the SPDX licence");

		take_word(s, ",");
		if (!is_licence_id(id))
			fail(s, "\"" HM_F "\" is no SPDX licence", HM_P(id));
		else if (!hm_strs_has(&s->p->licences, id))
			HM_PUSH(s->arena, s->p->licences, id);
	} while (!s->bad && s->at < s->token.n && !is_quoted(peek(s)));
	take_rest(s, &text, &reason);
	if (!s->p->licences_line)
		s->p->licences_line = s->line->start.line;
	if (!s->p->licences_reason.n)
		s->p->licences_reason = reason;
}

static enum hm_policy_check
check_of(hm_str word)
{
	for (int i = HM_POLICY_FREEZE; i < HM_POLICY_CHECKS; i++)
		if (hm_str_eqz(word, hm_policy_check_name((enum hm_policy_check)i)))
			return (enum hm_policy_check)i;
	return hm_str_eqz(word, "license") ? HM_POLICY_LICENCE : HM_POLICY_CHECKS;
}

static void
parse_except(struct parser *s)
{
	struct hm_policy_rule r = { 0 };
	hm_str word = take(s, "what to except from");

	r.check = check_of(word);
	if (r.check == HM_POLICY_CHECKS) {
		fail(s, "unknown check \"" HM_F "\": freeze, retire, cooldown, sumdb, vulnerable "
		     "or licence", HM_P(word));
		return;
	}
	if (r.check == HM_POLICY_VULNERABLE)
		r.id = take(s, "the vulnerability's ID");
	if (r.check == HM_POLICY_LICENCE)
		r.id = take(s, "the SPDX licence");
	r.pattern = take_pattern(s);
	r.versions = take_versions(s);
	if (take_word(s, "until"))
		r.date = take_date(s) + DAY;
	else if (take_word(s, "forever"))
		r.date = HM_POLICY_FOREVER;
	else
		fail(s, "an exception says how long it holds: until yyyy-mm-dd, or forever");
	add_rule(s, &s->p->except[r.check], &r);
	if (!s->bad && r.reason.n == 0)
		fail(s, "an exception says why: \"reason\" or // reason");
}

static void
parse_line(struct parser *s, const struct hm_mod_block *block, struct hm_mod_line *line)
{
	hm_str verb;

	s->line = line;
	s->token.n = 0;
	s->at = 1;
	s->bad = false;
	for (size_t i = 0; block && i < block->token.n; i++)
		HM_PUSH(s->arena, s->token, block->token.v[i]);
	for (size_t i = 0; i < line->token.n; i++)
		HM_PUSH(s->arena, s->token, line->token.v[i]);
	if (s->token.n == 0)
		return;
	verb = s->token.v[0];
	if (hm_str_eqz(verb, "default"))
		parse_default(s);
	else if (hm_str_eqz(verb, "allow") || hm_str_eqz(verb, "deny"))
		parse_admit(s, hm_str_eqz(verb, "deny"));
	else if (hm_str_eqz(verb, "freeze"))
		parse_freeze(s);
	else if (hm_str_eqz(verb, "retire"))
		parse_retire(s);
	else if (hm_str_eqz(verb, "cooldown"))
		parse_cooldown(s);
	else if (hm_str_eqz(verb, "require-sumdb"))
		parse_sumdb(s);
	else if (hm_str_eqz(verb, "refuse-vulnerable"))
		parse_vulnerable(s);
	else if (hm_str_eqz(verb, "licences") || hm_str_eqz(verb, "licenses"))
		parse_licences(s);
	else if (hm_str_eqz(verb, "except"))
		parse_except(s);
	else
		fail(s, "unknown directive: " HM_F, HM_P(verb));
}

static void
parse_file(struct parser *s, const struct hm_mod_syntax *x)
{
	struct hm_mod_line line = { 0 };

	for (size_t i = 0; i < x->stmt.n; i++) {
		const struct hm_mod_block *b = x->stmt.v[i].block;

		if (x->stmt.v[i].kind == HM_MOD_LINE)
			parse_line(s, NULL, x->stmt.v[i].line);
		for (size_t k = 0; x->stmt.v[i].kind == HM_MOD_BLOCK && k < b->line.n; k++)
			parse_line(s, b, b->line.v[k]);
	}
	if (s->first_allow && !s->p->default_line) {
		line.start.line = s->first_allow;
		s->line = &line;
		s->bad = false;
		fail(s, "\"allow\" needs to know what happens to all else: add \"default deny\" "
		     "or \"default allow\"");
	}
}

int
hm_policy_parse(struct hm_arena *a, hm_str name, hm_str text, struct hm_policy **out,
                struct hm_err *err)
{
	struct hm_policy *p = HM_NEW(a, struct hm_policy);
	struct parser s = { .p = p, .arena = a };
	struct hm_mod_syntax *x;

	if (text.n > HM_POLICY_MAX_BYTES)
		return hm_err_set(err, HM_ELIMIT, HM_F ": more than %zu bytes", HM_P(name),
		                  HM_POLICY_MAX_BYTES);
	p->name = hm_arena_dup(a, name);
	if (hm_mod_syntax_parse(a, name, text, &x, err)) {
		if (hm_str_contains(hm_err_str(err), HM_S("/* */")))
			hm_err_append(err, "; a pattern with /* stands in quotes");
		return -1;
	}
	s.d = (struct hm_directive){ .arena = a, .file = p->name };
	parse_file(&s, x);
	if (hm_directive_finish(&s.d, err))
		return -1;
	hm_strs_sort_unique(&p->licences);
	*out = p;
	return 0;
}

bool
hm_policy_match(hm_str pattern, hm_str path)
{
	if (is_glob(pattern))
		return hm_match_prefix_patterns(pattern, path);
	if (hm_str_index(pattern, HM_S("...")) >= 0)
		return hm_match_simple_pattern(pattern, path);
	return hm_str_eq(pattern, path);
}

const char *
hm_policy_check_name(enum hm_policy_check c)
{
	static const char *const names[] = {
		[HM_POLICY_ADMIT] = "deny",         [HM_POLICY_FREEZE] = "freeze",
		[HM_POLICY_RETIRE] = "retire",      [HM_POLICY_COOLDOWN] = "cooldown",
		[HM_POLICY_SUMDB] = "sumdb",        [HM_POLICY_VULNERABLE] = "vulnerable",
		[HM_POLICY_LICENCE] = "licence",
	};

	return names[c];
}

const char *
hm_policy_severity_name(enum hm_policy_severity s)
{
	static const char *const names[] = {
		[HM_POLICY_UNRATED] = "unrated",   [HM_POLICY_LOW] = "low",
		[HM_POLICY_MODERATE] = "moderate", [HM_POLICY_HIGH] = "high",
		[HM_POLICY_CRITICAL] = "critical",
	};

	return names[s];
}
