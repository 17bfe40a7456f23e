#include "load/modquick.h"

#include "mod/gover.h"
#include "mod/modpath.h"

enum tok { TOK_END, TOK_WORD, TOK_OPEN, TOK_CLOSE, TOK_ODD };
enum verb { VERB_NONE, VERB_MODULE, VERB_GO, VERB_REQUIRE, VERB_IGNORED, VERB_ODD };

/* Bytes that a plain word is made of. */
static inline bool
is_plain(char c)
{
	switch (c) {
	case '(': case ')': case '[': case ']': case '{': case '}': case ',': case '"': case '`':
		return false;
	default:
		return c > ' ' && c < 0x7f;
	}
}

/* The next token of a line, up to a comment. */
static enum tok
next(hm_str *line, hm_str *word)
{
	const char *p = line->p, *end = line->p + line->n, *start;

	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	for (start = p; p < end && is_plain(*p); p++) {
		if (*p != '/' || p + 1 == end)
			continue;
		if (p[1] == '/')
			break;
		if (p[1] == '*')
			return TOK_ODD;
	}
	*word = hm_str_make(start, (size_t)(p - start));
	*line = hm_str_make(p, (size_t)(end - p));
	if (word->n)
		return TOK_WORD;
	if (p == end || *p == '/')
		return TOK_END;
	*line = hm_str_from(*line, 1);
	return *p == '(' ? TOK_OPEN : *p == ')' ? TOK_CLOSE : TOK_ODD;
}

static bool
at_end(hm_str *line)
{
	hm_str word;

	return next(line, &word) == TOK_END;
}

static enum verb
verb_of(hm_str word)
{
	if (hm_str_eqz(word, "require"))
		return VERB_REQUIRE;
	if (hm_str_eqz(word, "module"))
		return VERB_MODULE;
	if (hm_str_eqz(word, "go"))
		return VERB_GO;
	if (hm_str_eqz(word, "retract") || hm_str_eqz(word, "ignore"))
		return VERB_ODD;
	return VERB_IGNORED;
}

/* The version is canonical and fits the path: the parser would leave it as it is. */
static bool
is_sound(hm_str path, hm_str version)
{
	hm_str prefix, major;

	return hm_modpath_is_canonical_version(version) &&
	       hm_modpath_split(path, &prefix, &major) && hm_modpath_match_major(version, major);
}

static bool
add_require(struct hm_arena *a, hm_str path, hm_str *line, struct hm_modquick *q)
{
	hm_str version;

	if (next(line, &version) != TOK_WORD || !at_end(line) || !is_sound(path, version))
		return false;
	HM_PUSH(a, q->require, hm_modver_of(path, version));
	return true;
}

/* A statement of one line, behind its verb and first word. */
static bool
statement(struct hm_arena *a, enum verb verb, hm_str word, hm_str *line, struct hm_modquick *q)
{
	switch (verb) {
	case VERB_REQUIRE:
		return add_require(a, word, line, q);
	case VERB_MODULE:
		if (q->module.n || !at_end(line))
			return false;
		q->module = word;
		return true;
	case VERB_GO:
		if (q->go.n || !at_end(line) || !hm_gover_valid_in_gomod(word))
			return false;
		q->go = word;
		return true;
	default:
		return false;
	}
}

/* Only words up to the end of the line. */
static bool
skip(hm_str *line)
{
	enum tok t;
	hm_str word;

	do
		t = next(line, &word);
	while (t == TOK_WORD);
	return t == TOK_END;
}

/* A line outside any block; *block gets the verb of a block that begins. */
static bool
top_line(struct hm_arena *a, hm_str line, enum verb *block, struct hm_modquick *q)
{
	hm_str word;
	enum verb verb;
	enum tok t = next(&line, &word);

	if (t != TOK_WORD)
		return t == TOK_END;
	verb = verb_of(word);
	t = next(&line, &word);
	if (t == TOK_OPEN) {
		*block = verb;
		return (verb == VERB_REQUIRE || verb == VERB_IGNORED) && at_end(&line);
	}
	if (verb == VERB_IGNORED)
		return t == TOK_END || (t == TOK_WORD && skip(&line));
	return t == TOK_WORD && statement(a, verb, word, &line, q);
}

static bool
block_line(struct hm_arena *a, hm_str line, enum verb *block, struct hm_modquick *q)
{
	hm_str word;
	enum tok t = next(&line, &word);

	if (t == TOK_END)
		return true;
	if (t == TOK_CLOSE) {
		*block = VERB_NONE;
		return at_end(&line);
	}
	if (t != TOK_WORD)
		return false;
	return *block == VERB_REQUIRE ? add_require(a, word, &line, q) : skip(&line);
}

bool
hm_modquick_scan(struct hm_arena *a, hm_str data, struct hm_modquick *out)
{
	enum verb block = VERB_NONE;
	hm_str line;

	*out = (struct hm_modquick){ 0 };
	if (hm_str_contains(data, HM_S("Deprecated:")))
		return false;
	while (hm_str_next(&data, '\n', &line))
		if (!(block == VERB_NONE ? top_line(a, line, &block, out) :
		                           block_line(a, line, &block, out)))
			return false;
	return block == VERB_NONE;
}
