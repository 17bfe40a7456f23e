/* How far into a Go file one must read, and the constraints found there. */
#include "load/goheader.h"

enum reader_err { READER_OK, READER_SYNTAX, READER_NUL };

struct reader {
	hm_str s;
	size_t i; /* bytes taken */
	unsigned char peek;
	bool eof;
	enum reader_err err;
};

static void
syntax_error(struct reader *r)
{
	if (!r->err)
		r->err = READER_SYNTAX;
}

static unsigned char
read_byte(struct reader *r)
{
	unsigned char c;

	if (r->i >= r->s.n) {
		r->eof = true;
		return 0;
	}
	c = (unsigned char)r->s.p[r->i++];
	if (c == 0 && !r->err)
		r->err = READER_NUL;
	return c;
}

/* Takes n bytes that are of no interest, except that none may be NUL. */
static void
skip(struct reader *r, size_t n)
{
	const char *nul = memchr(r->s.p + r->i, 0, n);

	if (nul) {
		r->i = (size_t)(nul - r->s.p);
		read_byte(r);
	} else {
		r->i += n;
	}
}

/* Behind a slash: takes the comment; the answer is the byte after it. */
static unsigned char
skip_comment(struct reader *r)
{
	unsigned char c = read_byte(r);
	const char *end;
	size_t rest = r->s.n - r->i;

	if (c == '/') {
		end = rest ? memchr(r->s.p + r->i, '\n', rest) : NULL;
		skip(r, end ? (size_t)(end - (r->s.p + r->i)) + 1 : rest);
		if (!end && !r->err)
			r->eof = true;
	} else if (c == '*') {
		end = rest ? memmem(r->s.p + r->i, rest, "*/", 2) : NULL;
		skip(r, end ? (size_t)(end - (r->s.p + r->i)) + 2 : rest);
		if (!end)
			syntax_error(r);
	} else {
		syntax_error(r);
	}
	return read_byte(r);
}

static unsigned char
peek_byte(struct reader *r, bool skip_space)
{
	unsigned char c;

	if (r->err)
		return 0;
	c = r->peek ? r->peek : read_byte(r);
	while (skip_space && !r->err && !r->eof) {
		if (c == ' ' || c == '\f' || c == '\t' || c == '\r' || c == '\n' || c == ';')
			c = read_byte(r);
		else if (c == '/')
			c = skip_comment(r);
		else
			break;
	}
	r->peek = c;
	return c;
}

static unsigned char
next_byte(struct reader *r, bool skip_space)
{
	unsigned char c = peek_byte(r, skip_space);

	r->peek = 0;
	return c;
}

static bool
is_ident(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c >= 0x80;
}

static void
read_keyword(struct reader *r, const char *kw)
{
	peek_byte(r, true);
	for (; *kw; kw++) {
		if (next_byte(r, false) != (unsigned char)*kw) {
			syntax_error(r);
			return;
		}
	}
	if (is_ident(peek_byte(r, false)))
		syntax_error(r);
}

static void
read_ident(struct reader *r)
{
	if (!is_ident(peek_byte(r, true))) {
		syntax_error(r);
		return;
	}
	do
		r->peek = read_byte(r);
	while (is_ident(r->peek));
}

static void
read_string(struct reader *r)
{
	unsigned char quote = next_byte(r, true), c;

	if (quote != '`' && quote != '"') {
		syntax_error(r);
		return;
	}
	while (!r->err) {
		c = read_byte(r);
		if (c == quote)
			break;
		if (r->eof || (quote == '"' && c == '\n'))
			syntax_error(r);
		if (quote == '"' && c == '\\')
			read_byte(r);
	}
}

static void
read_import(struct reader *r, struct hm_arena *a, struct hm_strs *loose)
{
	unsigned char c = peek_byte(r, true);
	size_t start;

	if (c == '.')
		r->peek = 0;
	else if (is_ident(c))
		read_ident(r);
	peek_byte(r, true);
	start = r->i;
	read_string(r);
	if (loose && !r->err && start > 0)
		HM_PUSH(a, *loose, hm_str_sub(r->s, start - 1, r->i));
}

static void
read_imports(struct reader *r, struct hm_arena *a, struct hm_strs *loose)
{
	read_keyword(r, "package");
	read_ident(r);
	while (peek_byte(r, true) == 'i') {
		read_keyword(r, "import");
		if (peek_byte(r, true) != '(') {
			read_import(r, a, loose);
			continue;
		}
		next_byte(r, false);
		while (peek_byte(r, true) != ')' && !r->err)
			read_import(r, a, loose);
		next_byte(r, false);
	}
}

static hm_str
without_bom(hm_str s)
{
	hm_str_cut_prefix(&s, HM_S("\xef\xbb\xbf"));
	return s;
}

bool
hm_goheader_extent(hm_str content, hm_str *header, struct hm_arena *a, struct hm_strs *loose)
{
	struct reader r = { .s = without_bom(content) };

	read_imports(&r, a, loose);
	*header = hm_str_sub(r.s, 0, r.i);
	if (!r.err && !r.eof)
		header->n--;
	if (r.err == READER_SYNTAX)
		*header = r.s;
	return r.err != READER_NUL;
}

bool
hm_goheader_comments(hm_str content, hm_str *header)
{
	struct reader r = { .s = without_bom(content) };

	peek_byte(&r, true);
	*header = hm_str_sub(r.s, 0, r.i);
	if (!r.err && !r.eof)
		header->n--;
	return !r.err;
}

static bool
take_line(hm_str *rest, hm_str *line)
{
	if (rest->n == 0)
		return false;
	hm_str_cut(*rest, '\n', line, rest);
	*line = hm_str_trim(*line);
	return true;
}

static bool
is_go_build_comment(hm_str line)
{
	return hm_str_cut_prefix(&line, HM_S("//go:build")) &&
	       (line.n == 0 || hm_str_trim(line).n < line.n);
}

/*
 * What of the line is left once comments are taken off its front; *in_comment
 * says whether it starts (and ends) inside one.
 */
static hm_str
after_comments(hm_str line, bool *in_comment)
{
	while (line.n > 0) {
		if (*in_comment) {
			ptrdiff_t end = hm_str_index(line, HM_S("*/"));

			if (end < 0)
				return HM_S("");
			*in_comment = false;
			line = hm_str_trim(hm_str_from(line, (size_t)end + 2));
		} else if (hm_str_has_prefix(line, HM_S("//"))) {
			return HM_S("");
		} else if (hm_str_has_prefix(line, HM_S("/*"))) {
			*in_comment = true;
			line = hm_str_trim(hm_str_from(line, 2));
		} else {
			break;
		}
	}
	return line;
}

/*
 * Finds the //go:build line and the part of the file where +build lines count:
 * line comments and blank lines at the top, up to the last blank line.
 */
static bool
file_header(hm_str content, hm_str *plus_part, hm_str *go_build, bool *binary_only)
{
	hm_str rest = content, line;
	bool ended = false, in_comment = false;
	size_t end = 0;

	*go_build = (hm_str){ NULL, 0 };
	while (take_line(&rest, &line)) {
		if (line.n == 0 && !ended) {
			end = content.n - rest.n;
			continue;
		}
		if (!hm_str_has_prefix(line, HM_S("//")))
			ended = true;
		if (!in_comment && is_go_build_comment(line)) {
			if (go_build->p)
				return false;
			*go_build = line;
		}
		if (!in_comment && hm_str_eqz(line, "//go:binary-only-package"))
			*binary_only = true;
		if (after_comments(line, &in_comment).n > 0)
			break;
	}
	*plus_part = hm_str_sub(content, 0, end);
	return true;
}

static const struct hm_constraint *
parse_constraint(struct hm_arena *a, hm_str line, hm_str *why)
{
	const struct hm_constraint *x = NULL;
	struct hm_err err = { 0 };

	if (hm_constraint_parse(a, line, &x, &err) != 0) {
		x = NULL;
		if (why)
			*why = hm_arena_dup(a, hm_err_str(&err));
	}
	hm_err_free(&err);
	return x;
}

static void
add_plus_build(struct hm_arena *a, hm_str part, struct hm_scan_file *f)
{
	HM_VEC(const struct hm_constraint *) exprs = { 0 };
	hm_str line;

	while (take_line(&part, &line)) {
		if (!hm_constraint_is_plus_build(line))
			continue;
		line = hm_arena_dup(a, line);
		HM_PUSH(a, f->plus_build, line);
		HM_PUSH(a, exprs, parse_constraint(a, line, NULL));
	}
	f->plus_build_expr = exprs.v;
}

void
hm_goheader_constraints(struct hm_arena *a, hm_str header, struct hm_scan_file *f)
{
	hm_str part, go_build;

	if (!file_header(header, &part, &go_build, &f->binary_only)) {
		f->error = hm_arena_printf(a, HM_F ": multiple //go:build comments", HM_P(f->name));
		return;
	}
	if (f->is_test || !f->is_go)
		f->binary_only = false;
	if (go_build.p) {
		f->go_build = hm_arena_dup(a, go_build);
		f->go_build_expr = parse_constraint(a, f->go_build, &f->go_build_error);
	} else {
		add_plus_build(a, part, f);
	}
}
