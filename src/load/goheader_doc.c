/* Comment texts and their first sentence, as go/ast, go/doc and go/doc/comment make them. */
#include "load/goheader.h"

#include "base/rune.h"

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Behind "//": go:x, line, extern, export. */
static bool
is_directive(hm_str c)
{
	ptrdiff_t colon;

	if (hm_str_has_prefix(c, HM_S("line ")) || hm_str_has_prefix(c, HM_S("extern ")) ||
	    hm_str_has_prefix(c, HM_S("export ")))
		return true;
	colon = hm_str_index_byte(c, ':');
	if (colon <= 0 || (size_t)colon + 1 >= c.n)
		return false;
	for (ptrdiff_t i = 0; i <= colon + 1; i++)
		if (i != colon && !is_alnum(c.p[i]))
			return false;
	return true;
}

static hm_str
trim_right(hm_str s)
{
	while (s.n > 0 && strchr(" \t\n\r", s.p[s.n - 1]))
		s.n--;
	return s;
}

hm_str
hm_goheader_comment_text(struct hm_arena *a, const hm_str *comments, size_t n)
{
	struct hm_buf b = { 0 };
	bool blank = true; /* the line before was blank, or there is none */
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		hm_str c = comments[i], line;

		if (c.p[1] == '/') {
			c = hm_str_from(c, 2);
			if (!hm_str_cut_prefix(&c, HM_S(" ")) && is_directive(c))
				continue;
		} else {
			c = hm_str_sub(c, 2, c.n >= 4 ? c.n - 2 : 2);
		}
		while (hm_str_next(&c, '\n', &line)) {
			line = trim_right(line);
			if (line.n == 0 && blank)
				continue;
			blank = line.n == 0;
			hm_buf_adds(&b, line);
			hm_buf_addc(&b, '\n');
			kept++;
		}
	}
	/* a blank last line is where go has only the final newline */
	if (kept > 0 && blank)
		b.n--;
	return hm_buf_take(&b, a);
}

/* Up to a period followed by space and not after a single capital letter. */
static hm_str
first_sentence(hm_str s)
{
	uint32_t ppp = 0, pp = 0, p = 0;

	for (size_t i = 0, start; i < s.n;) {
		uint32_t q;

		start = i;
		q = hm_str_rune(s, &i);
		if (q == '\n' || q == '\r' || q == '\t')
			q = ' ';
		if (q == ' ' && p == '.' && (!hm_rune_is_upper(pp) || hm_rune_is_upper(ppp)))
			return hm_str_sub(s, 0, start);
		if (p == 0x3002 || p == 0xff0e)
			return hm_str_sub(s, 0, start);
		ppp = pp;
		pp = p;
		p = q;
	}
	return s;
}

static bool
has_prefix_fold(hm_str s, const char *prefix)
{
	size_t i = 0;

	for (; *prefix; prefix++)
		if (i >= s.n || hm_rune_lower(hm_str_rune(s, &i)) != (uint32_t)*prefix)
			return false;
	return true;
}

static bool
is_indented(hm_str line)
{
	return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

static size_t
leading_space(hm_str s)
{
	size_t i = 0;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	return i;
}

/* The lines without blank ones around them and without what indents all of them. */
static void
unindent(struct hm_arena *a, hm_str text, struct hm_strs *out)
{
	struct hm_strs lines = { 0 };
	hm_str line, prefix;
	size_t from = 0, to;

	while (hm_str_next(&text, '\n', &line))
		HM_PUSH(a, lines, line);
	to = lines.n;
	while (from < to && lines.v[from].n == 0)
		from++;
	while (from < to && lines.v[to - 1].n == 0)
		to--;
	if (from == to)
		return;
	prefix = hm_str_sub(lines.v[from], 0, leading_space(lines.v[from]));
	for (size_t i = from + 1; i < to; i++) {
		size_t n = 0;

		if (lines.v[i].n == 0)
			continue;
		while (n < prefix.n && n < lines.v[i].n && prefix.p[n] == lines.v[i].p[n])
			n++;
		prefix.n = n;
	}
	for (size_t i = from; i < to; i++) {
		line = lines.v[i];
		hm_str_cut_prefix(&line, prefix);
		if (hm_str_trim(line).n == 0)
			line = HM_S("");
		if (out->n > 0 || line.n > 0)
			HM_PUSH(a, *out, line);
	}
	while (out->n > 0 && out->v[out->n - 1].n == 0)
		out->n--;
}

static bool
is_list(hm_str line)
{
	size_t n = 0;
	uint32_t r;

	line = hm_str_trim(line);
	if (line.n == 0)
		return false;
	r = hm_str_rune(line, &n);
	if (r >= '0' && r <= '9') {
		while (n < line.n && line.p[n] >= '0' && line.p[n] <= '9')
			n++;
		if (n >= line.n || (line.p[n] != '.' && line.p[n] != ')'))
			return false;
		n++;
	} else if (r != 0x2022 && r != '*' && r != '+' && r != '-') {
		return false;
	}
	line = hm_str_from(line, n);
	return is_indented(line) && hm_str_trim(line).n > 0;
}

static bool
is_heading(hm_str line)
{
	return line.n >= 2 && line.p[0] == '#' && (line.p[1] == ' ' || line.p[1] == '\t') &&
	       !hm_str_eqz(hm_str_trim(line), "#");
}

enum span { SPAN_NONE, SPAN_PARA, SPAN_OTHER };

/*
 * The next block of lines from *at on: start..*end.  An old-style heading needs
 * a blank line before it, so only a later span can be one; those come after the
 * first paragraph and do not matter here.
 */
static enum span
next_span(const struct hm_strs *lines, size_t *at, size_t *force, size_t *start, size_t *end)
{
	size_t i = *at;
	hm_str last;

again:
	while (i < lines->n && lines->v[i].n == 0)
		i++;
	if (i >= lines->n)
		return SPAN_NONE;
	*start = i;
	if (i < *force || is_indented(lines->v[i])) {
		bool list_ok = is_list(lines->v[i]) && i < *force;

		for (i++; i < lines->n &&
		          (lines->v[i].n == 0 || i < *force || is_indented(lines->v[i]) ||
		           (list_ok && is_list(lines->v[i])));
		     i++)
			if (lines->v[i].n == 0)
				list_ok = false;
		*end = i;
		while (*end > *start && lines->v[*end - 1].n == 0)
			--*end;
		if (*end < lines->n && hm_str_has_prefix(lines->v[*end], HM_S("}")))
			++*end;
		*at = *end;
		return SPAN_OTHER;
	}
	for (i++; i < lines->n && lines->v[i].n > 0 && !is_indented(lines->v[i]); i++)
		;
	*end = i;
	if (i < lines->n && lines->v[i].n > 0 && !is_list(lines->v[i])) {
		last = lines->v[i - 1];
		if (is_list(last)) {
			*force = *end;
			--*end;
			while (*end > *start && is_list(lines->v[*end - 1]))
				--*end;
		} else if (hm_str_has_suffix(last, HM_S("{")) ||
		           hm_str_has_suffix(last, HM_S("\\"))) {
			*force = *end;
			--*end;
		}
		if (*start == *end && *force > *start) {
			i = *start;
			goto again;
		}
	}
	*at = *end;
	return *end - *start == 1 && is_heading(lines->v[*start]) ? SPAN_OTHER : SPAN_PARA;
}

static bool
is_scheme(hm_str s)
{
	static const char *const schemes[] = {
		"file", "ftp", "gopher", "http", "https", "mailto", "nntp",
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (hm_str_eqz(s, schemes[i]))
			return true;
	return false;
}

/* What "[text]: http://..." defines. */
struct link_def {
	hm_str text, url;
	bool used;
};
struct link_defs {
	struct link_def *v;
	size_t n, cap;
};

static bool
is_link_def(hm_str line, struct link_def *def)
{
	ptrdiff_t i = hm_str_index(line, HM_S("]:")), j;
	hm_str url;

	if (line.n == 0 || line.p[0] != '[' || i < 0 || (size_t)i + 3 >= line.n ||
	    (line.p[i + 2] != ' ' && line.p[i + 2] != '\t'))
		return false;
	url = hm_str_trim(hm_str_from(line, (size_t)i + 3));
	*def = (struct link_def){ hm_str_sub(line, 1, (size_t)i), url, false };
	j = hm_str_index(url, HM_S("://"));
	return j >= 0 && is_scheme(hm_str_sub(url, 0, (size_t)j));
}

static bool
all_link_defs(struct hm_arena *a, const hm_str *lines, size_t n, struct link_defs *defs)
{
	struct link_def def;

	for (size_t i = 0; i < n; i++)
		if (!is_link_def(lines[i], &def))
			return false;
	for (size_t i = 0; i < n; i++) {
		is_link_def(lines[i], &def);
		HM_PUSH(a, *defs, def);
	}
	return true;
}

/* Standard packages without a slash: what [name] may refer to. */
static bool
is_std_name(hm_str s)
{
	static const char *const names[] = {
		"bufio", "bytes", "cmp", "context", "crypto", "embed", "encoding", "errors",
		"expvar", "flag", "fmt", "hash", "html", "image", "io", "iter", "log", "maps",
		"math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime",
		"slices", "sort", "strconv", "strings", "structs", "sync", "syscall", "testing",
		"time", "unicode", "unique", "unsafe", "weak",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (hm_str_eqz(s, names[i]))
			return true;
	return false;
}

static bool
is_import_path(hm_str path)
{
	hm_str elem;

	if (path.n == 0 || path.p[0] == '-')
		return false;
	while (hm_str_next(&path, '/', &elem)) {
		if (elem.n == 0 || elem.p[0] == '.' || elem.p[elem.n - 1] == '.')
			return false;
		for (size_t i = 0; i < elem.n; i++) {
			char c = elem.p[i];

			if (!is_alnum(c) && !(c >= 'A' && c <= 'Z') && (!c || !strchr("-.~_+", c)))
				return false;
		}
	}
	return true;
}

static bool
is_exported(hm_str s)
{
	size_t i = 0;

	if (s.n == 0 || !hm_rune_is_upper(hm_str_rune(s, &i)))
		return false;
	for (i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i);

		if (!hm_rune_is_letter(r) && r != '_' && !(r >= '0' && r <= '9'))
			return false;
	}
	return true;
}

/* Takes ".Name" (or a lone Name) off the end of *s. */
static bool
cut_name(hm_str *s)
{
	ptrdiff_t dot = hm_str_rindex_byte(*s, '.');

	if (!is_exported(hm_str_from(*s, (size_t)(dot + 1))))
		return false;
	*s = hm_str_sub(*s, 0, dot < 0 ? 0 : (size_t)dot);
	return true;
}

static bool
is_punct_or_space(uint32_t r)
{
	if (r < 0x80)
		return r == ' ' || r == '\t' || r == '\n' ||
		       (r && strchr("!\"#%&'()*,-./:;?@[\\]_{}", (int)r));
	return r >= 0x2010 && r <= 0x2027;
}

/* [pkg], [pkg.Name], [pkg.Recv.Name]; symbols of the package itself are not known here. */
static bool
is_doc_link(hm_str text, hm_str before, hm_str after)
{
	size_t i = 0;

	if (before.n > 0) {
		i = before.n - 1;
		while (i > 0 && ((unsigned char)before.p[i] & 0xc0) == 0x80)
			i--;
		if (!is_punct_or_space(hm_str_rune(before, &i)))
			return false;
	}
	i = 0;
	if (after.n > 0 && !is_punct_or_space(hm_str_rune(after, &i)))
		return false;
	hm_str_cut_prefix(&text, HM_S("*"));
	if (cut_name(&text))
		cut_name(&text);
	if (text.n == 0)
		return false;
	return hm_str_index_byte(text, '/') >= 0 ? is_import_path(text) : is_std_name(text);
}

/* Plain text: `` and '' become quotation marks. */
static void
add_text(struct hm_buf *b, hm_str s)
{
	for (size_t i = 0; i < s.n;) {
		hm_str t = hm_str_from(s, i);

		if (hm_str_has_prefix(t, HM_S("```"))) {
			size_t n = 3;

			while (n < t.n && t.p[n] == '`')
				n++;
			hm_buf_adds(b, hm_str_sub(t, 0, n));
			i += n;
		} else if (hm_str_has_prefix(t, HM_S("``"))) {
			hm_buf_addz(b, "\xe2\x80\x9c");
			i += 2;
		} else if (hm_str_has_prefix(t, HM_S("''"))) {
			hm_buf_addz(b, "\xe2\x80\x9d");
			i += 2;
		} else {
			hm_buf_addc(b, t.p[0]);
			i++;
		}
	}
}

/* Marks the definition as used. */
static bool
use_definition(struct link_defs *defs, hm_str text)
{
	for (size_t d = 0; d < defs->n; d++) {
		bool same = defs->v[d].text.n == text.n;

		for (size_t i = 0; same && i < text.n; i++) {
			char c = text.p[i] == '\n' || text.p[i] == '\t' ? ' ' : text.p[i];

			same = defs->v[d].text.p[i] == c;
		}
		defs->v[d].used |= same;
		if (same)
			return true;
	}
	return false;
}

/* Links lose their brackets. */
static void
add_linked_text(struct hm_buf *b, hm_str text, struct link_defs *defs)
{
	ptrdiff_t open = -1;
	size_t wrote = 0;

	for (size_t i = 0; i < text.n; i++) {
		hm_str inner;

		if (text.p[i] == '[')
			open = (ptrdiff_t)i;
		if (text.p[i] != ']' || open < 0)
			continue;
		inner = hm_str_sub(text, (size_t)open + 1, i);
		if (use_definition(defs, inner) ||
		    is_doc_link(inner, hm_str_sub(text, 0, (size_t)open),
		                hm_str_from(text, i + 1))) {
			add_text(b, hm_str_sub(text, wrote, (size_t)open));
			add_text(b, inner);
			wrote = i + 1;
		}
		open = -1;
	}
	add_text(b, hm_str_from(text, wrote));
}

static hm_str
single_spaced(struct hm_arena *a, hm_str s)
{
	struct hm_buf b = { 0 };
	bool space = false;

	for (size_t i = 0; i < s.n;) {
		size_t start = i;

		if (hm_rune_is_space(hm_str_rune(s, &i))) {
			space = b.n > 0;
			continue;
		}
		if (space)
			hm_buf_addc(&b, ' ');
		space = false;
		hm_buf_add(&b, s.p + start, i - start);
	}
	return hm_buf_take(&b, a);
}

hm_str
hm_goheader_synopsis(struct hm_arena *a, hm_str text)
{
	struct hm_strs lines = { 0 }, para = { 0 };
	struct link_defs defs = { 0 };
	struct hm_buf b = { 0 };
	const char *sep = "\n\n";
	size_t at = 0, force = 0, start, end;
	enum span span;
	bool other_first = false;

	text = first_sentence(text);
	if (has_prefix_fold(text, "copyright") || has_prefix_fold(text, "all rights") ||
	    has_prefix_fold(text, "author"))
		return HM_S("");
	unindent(a, text, &lines);
	while ((span = next_span(&lines, &at, &force, &start, &end)) != SPAN_NONE) {
		if (span == SPAN_OTHER) {
			other_first |= para.v == NULL;
		} else if (!all_link_defs(a, lines.v + start, end - start, &defs) && !para.v) {
			para.v = lines.v + start;
			para.n = end - start;
		}
	}
	if (other_first || !para.v)
		return HM_S("");
	add_linked_text(&b, hm_strs_join(a, &para, HM_S("\n")), &defs);
	text = single_spaced(a, hm_buf_str(&b));
	hm_buf_clear(&b);
	hm_buf_adds(&b, text);
	for (size_t i = 0; i < defs.n; i++) {
		if (!defs.v[i].used)
			continue;
		hm_buf_printf(&b, "%s[" HM_F "]: " HM_F, sep, HM_P(defs.v[i].text),
		              HM_P(defs.v[i].url));
		sep = "\n";
	}
	return hm_buf_take(&b, a);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind a backslash in a double-quoted literal. */
static bool
unescape(hm_str *s, struct hm_buf *b)
{
	static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
	char c = s->n ? s->p[0] : 0;
	const char *simple = c ? strchr(from, c) : NULL;
	unsigned n = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 3, skip = n != 3;
	int shift = n == 3 ? 3 : 4;
	uint32_t v = 0;

	if (simple) {
		hm_buf_addc(b, to[simple - from]);
		*s = hm_str_from(*s, 1);
		return true;
	}
	if (s->n < n + skip || (n == 3 && (c < '0' || c > '7')))
		return false;
	for (unsigned i = skip; i < n + skip; i++) {
		int d = hex_value(s->p[i]);

		if (d < 0 || d >= 1 << shift)
			return false;
		v = v << shift | (uint32_t)d;
	}
	*s = hm_str_from(*s, n + skip);
	if (n <= 3) {
		if (v > 255)
			return false;
		hm_buf_addc(b, (char)v);
		return true;
	}
	if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return false;
	hm_buf_add_rune(b, v);
	return true;
}

static bool
unquote_raw(struct hm_arena *a, hm_str *s, hm_str *out)
{
	struct hm_buf b = { 0 };
	ptrdiff_t end = hm_str_index_byte(hm_str_from(*s, 1), '`');

	if (end < 0)
		return false;
	for (ptrdiff_t i = 1; i <= end; i++)
		if (s->p[i] != '\r')
			hm_buf_addc(&b, s->p[i]);
	*s = hm_str_from(*s, (size_t)end + 2);
	*out = hm_buf_take(&b, a);
	return true;
}

/* Up to what ends the text or needs care. */
static size_t
plain_length(hm_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '"' && s.p[n] != '\\' && s.p[n] != '\n')
		n++;
	return n;
}

bool
hm_goheader_unquote(struct hm_arena *a, hm_str *s, hm_str *out)
{
	struct hm_buf b = { 0 };
	hm_str rest = *s;
	bool ok = true;
	size_t end;

	if (rest.n > 0 && rest.p[0] == '`')
		return unquote_raw(a, s, out);
	if (!hm_str_cut_prefix(&rest, HM_S("\"")))
		return false;
	end = plain_length(rest);
	if (end < rest.n && rest.p[end] == '"') { /* nearly always */
		*out = hm_arena_dup(a, hm_str_sub(rest, 0, end));
		*s = hm_str_from(rest, end + 1);
		return true;
	}
	while (ok && rest.n > 0 && rest.p[0] != '"') {
		char c = rest.p[0];

		rest = hm_str_from(rest, 1);
		if (c == '\n')
			ok = false;
		else if (c == '\\')
			ok = unescape(&rest, &b);
		else
			hm_buf_addc(&b, c);
	}
	if (!ok || rest.n == 0) {
		hm_buf_free(&b);
		return false;
	}
	*s = hm_str_from(rest, 1);
	*out = hm_buf_take(&b, a);
	return true;
}
