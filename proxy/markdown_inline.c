/*
 * markdown_inline.c - emphasis, code, links.
 *
 * A delimiter that has no partner in the rest of the text is remembered as dead, so
 * that a text of nothing but delimiters is still read once.
 */
#include "markdown_inline.h"

enum { RUN_MAX = 8 };

/* Delimiters that find no partner any more in one text. */
struct dead {
	bool code[RUN_MAX + 1], star[4], line[4], tilde, bracket, angle, comment;
};

struct span {
	struct md *md;
	hm_str s;
	size_t at, done; /* text from done to at was not put out yet */
	int depth;
	struct dead dead;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

static bool
is_punct(char c)
{
	return c > ' ' && c < 0x7f && !is_word(c);
}

static char
char_at(const struct span *p, size_t i)
{
	return i < p->s.n ? p->s.p[i] : ' ';
}

static char
char_before(const struct span *p, size_t i)
{
	return i > 0 ? p->s.p[i - 1] : ' ';
}

static size_t
run_of(hm_str s, size_t i)
{
	size_t n = 1;

	while (i + n < s.n && s.p[i + n] == s.p[i])
		n++;
	return n;
}

/* Puts out what came before, and goes on at `next`. */
static void
flush(struct span *p, size_t next)
{
	if (p->at > p->done)
		html_text(p->md->h, hm_str_sub(p->s, p->done, p->at));
	p->at = p->done = next;
}

static void
inner(struct span *p, size_t from, size_t to)
{
	md_inline(p->md, hm_str_sub(p->s, from, to), p->depth + 1);
}

/* ---- code */

static bool
code(struct span *p)
{
	size_t n = run_of(p->s, p->at), j = p->at + n, k;
	hm_str text;

	if (n > RUN_MAX || p->dead.code[n]) {
		p->at += n;
		return true;
	}
	for (; j < p->s.n; j += k) {
		k = p->s.p[j] == '`' ? run_of(p->s, j) : 1;
		if (p->s.p[j] == '`' && k == n)
			break;
	}
	if (j >= p->s.n) {
		p->dead.code[n] = true;
		p->at += n;
		return true;
	}
	text = hm_str_sub(p->s, p->at + n, j);
	if (text.n > 2 && text.p[0] == ' ' && text.p[text.n - 1] == ' ')
		text = hm_str_sub(text, 1, text.n - 1);
	flush(p, j + n);
	html_element(p->md->h, "code", NULL, text);
	return true;
}

/* ---- emphasis */

/* Where the run of n times c that closes begins; 0: nowhere. */
static size_t
find_close(const struct span *p, size_t from, char c, size_t n)
{
	size_t run;

	for (size_t j = from; j < p->s.n; j++) {
		if (p->s.p[j] == '\\') {
			j++;
			continue;
		}
		if (p->s.p[j] != c)
			continue;
		run = run_of(p->s, j);
		if (run == n && j > from && !is_space(p->s.p[j - 1]) &&
		    (c != '_' || !is_word(char_at(p, j + n))))
			return j;
		j += run - 1;
	}
	return 0;
}

static bool
emphasis(struct span *p)
{
	char c = p->s.p[p->at];
	size_t n = run_of(p->s, p->at), from = p->at + n, to;
	bool *dead = n > 3 ? NULL : c == '*' ? &p->dead.star[n] : c == '_' ? &p->dead.line[n] :
									     &p->dead.tilde;
	int depth = p->md->h->depth;

	to = 0;
	if (dead && !*dead && (c != '~' || n == 2) && !is_space(char_at(p, from)) &&
	    (c != '_' || !is_word(char_before(p, p->at)))) {
		to = find_close(p, from, c, n);
		*dead = to == 0;
	}
	if (to == 0) {
		p->at = from;
		return true;
	}
	flush(p, to + n);
	if (c == '~')
		html_open(p->md->h, "del");
	else if (n >= 2)
		html_open(p->md->h, "strong");
	if (c != '~' && n != 2)
		html_open(p->md->h, "em");
	inner(p, from, to);
	html_close_to(p->md->h, depth);
	return true;
}

/* ---- links */

hm_str
md_label(struct hm_arena *a, hm_str label)
{
	struct hm_buf b = { 0 };
	hm_str rest = label, word;

	while (hm_str_next_field(&rest, &word)) {
		if (b.n)
			hm_buf_addc(&b, ' ');
		for (size_t i = 0; i < word.n; i++)
			hm_buf_addc(&b, word.p[i] >= 'A' && word.p[i] <= 'Z' ?
						(char)(word.p[i] + 32) :
						word.p[i]);
	}
	return hm_buf_take(&b, a);
}

/* The bracket that closes the one at i; 0: none near. */
static size_t
matching_bracket(struct span *p, size_t i)
{
	size_t end = i + MARKDOWN_LINK_MAX < p->s.n ? i + MARKDOWN_LINK_MAX : p->s.n;
	int open = 0;

	for (size_t j = i; j < end; j++) {
		if (p->s.p[j] == '\\')
			j++;
		else if (p->s.p[j] == '[')
			open++;
		else if (p->s.p[j] == ']' && --open == 0)
			return j;
	}
	return 0;
}

/* "(url "title")" at i; *end is behind it. */
static bool
destination(const struct span *p, size_t i, hm_str *url, size_t *end)
{
	size_t limit = i + 2 * MARKDOWN_LINK_MAX < p->s.n ? i + 2 * MARKDOWN_LINK_MAX : p->s.n;
	size_t from;
	int open = 0;

	for (i++; i < limit && is_space(p->s.p[i]); i++)
		;
	from = i;
	for (; i < limit && !is_space(p->s.p[i]); i++) {
		open += p->s.p[i] == '(';
		if (p->s.p[i] == ')' && open-- == 0)
			break;
	}
	*url = hm_str_sub(p->s, from, i);
	for (; i < limit && p->s.p[i] != ')'; i++)
		;
	if (i >= limit)
		return false;
	if (url->n >= 2 && url->p[0] == '<' && url->p[url->n - 1] == '>')
		*url = hm_str_sub(*url, 1, url->n - 1);
	*end = i + 1;
	return true;
}

static bool
reference(struct span *p, hm_str label, hm_str *url)
{
	const hm_str *found = hm_map_get(&p->md->refs, md_label(p->md->a, label));

	if (found)
		*url = *found;
	return found != NULL;
}

/* What follows the ']' at `to` of a text that begins at `from`. */
static bool
target(struct span *p, size_t from, size_t to, hm_str *url, size_t *end)
{
	hm_str text = hm_str_sub(p->s, from, to);
	size_t close;

	*end = to + 1;
	if (char_at(p, to + 1) == '(' && destination(p, to + 1, url, end))
		return true;
	if (char_at(p, to + 1) == '[') {
		close = matching_bracket(p, to + 1);
		if (close > to + 2) {
			*end = close + 1;
			return reference(p, hm_str_sub(p->s, to + 2, close), url);
		}
		*end = close ? close + 1 : *end;
	}
	return p->md->refs.n && reference(p, text, url);
}

static void
put_link(struct span *p, size_t from, size_t to, hm_str url)
{
	struct md *md = p->md;
	bool heading = url.n > 1 && url.p[0] == '#';

	if (heading)
		url = hm_arena_printf(md->a, "#readme-" HM_F,
		                      HM_P(md_label(md->a, hm_str_from(url, 1))));
	if (md->in_link || url.p[0] == '/' || (!heading && url.p[0] == '#') ||
	    !html_url_is_safe(url)) {
		inner(p, from, to);
		return;
	}
	md->in_link = true;
	html_open(md->h, "a");
	html_url(md->h, "href", url);
	if (!heading)
		html_attr(md->h, "rel", HM_S("nofollow noopener"));
	inner(p, from, to);
	if (md->h->in_tag) /* a picture without description */
		html_text(md->h, url);
	html_close(md->h);
	md->in_link = false;
}

static bool
link_or_picture(struct span *p)
{
	bool picture = p->s.p[p->at] == '!';
	size_t from = p->at + (picture ? 2 : 1), to, end;
	hm_str url = { 0 };

	if (picture && char_at(p, p->at + 1) != '[')
		return false;
	if (p->dead.bracket)
		return false;
	if (!memchr(p->s.p + from, ']', p->s.n - from)) {
		p->dead.bracket = true;
		return false;
	}
	to = matching_bracket(p, from - 1);
	if (to == 0 || !target(p, from, to, &url, &end))
		return false;
	flush(p, end);
	if (picture && to > from)
		html_element(p->md->h, "span", "picture", hm_str_sub(p->s, from, to));
	else if (picture)
		return true;
	else if (url.n == 0)
		inner(p, from, to);
	else
		put_link(p, from, to, url);
	return true;
}

static void
plain_link(struct span *p, size_t from, size_t to, size_t next)
{
	hm_str url = hm_str_sub(p->s, from, to);

	flush(p, next);
	if (p->md->in_link || !html_url_is_safe(url)) {
		html_text(p->md->h, url);
		return;
	}
	html_open(p->md->h, "a");
	html_url(p->md->h, "href", url);
	html_attr(p->md->h, "rel", HM_S("nofollow noopener"));
	html_text(p->md->h, url);
	html_close(p->md->h);
}

static bool
is_http(hm_str s)
{
	return hm_str_has_prefix(s, HM_S("http://")) || hm_str_has_prefix(s, HM_S("https://"));
}

static bool
bare_url(struct span *p)
{
	size_t end = p->at;

	if (is_word(char_before(p, p->at)) || !is_http(hm_str_from(p->s, p->at)))
		return false;
	while (end < p->s.n && !is_space(p->s.p[end]) && !strchr("<>\"`|", p->s.p[end]))
		end++;
	while (end > p->at && strchr(".,;:!?)]*_'", p->s.p[end - 1]))
		end--;
	plain_link(p, p->at, end, end);
	return true;
}

/* ---- HTML in the text */

static bool
comment(struct span *p)
{
	ptrdiff_t end;

	if (p->dead.comment || !hm_str_has_prefix(hm_str_from(p->s, p->at), HM_S("<!--")))
		return false;
	end = hm_str_index(hm_str_from(p->s, p->at), HM_S("-->"));
	p->dead.comment = end < 0;
	if (end < 0)
		return false;
	flush(p, p->at + (size_t)end + 3);
	return true;
}

static bool
is_same(char c, char lower)
{
	return c == lower || (c >= 'A' && c <= 'Z' && c + 32 == lower);
}

/* Is this the inside of a tag of that name? */
static bool
is_tag(hm_str in, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (i >= in.n || !is_same(in.p[i], name[i]))
			return false;
	return in.n == n || is_space(in.p[n]) || in.p[n] == '/';
}

/* Its attribute of that name (in lower case). */
static bool
attribute(hm_str in, const char *name, hm_str *value)
{
	size_t n = strlen(name), k, end;

	for (size_t i = 1; i + n + 1 < in.n; i++) {
		for (k = 0; k < n && is_same(in.p[i + k], name[k]); k++)
			;
		if (k < n || !is_space(in.p[i - 1]) || in.p[i + n] != '=')
			continue;
		i += n + 1;
		if (in.p[i] == '"' || in.p[i] == '\'') {
			*value = hm_str_from(in, i + 1);
			hm_str_cut(*value, in.p[i], value, &in);
			return true;
		}
		for (end = i; end < in.n && !is_space(in.p[end]); end++)
			;
		*value = hm_str_sub(in, i, end);
		return true;
	}
	return false;
}

/* Where "</a" begins; 0: nowhere near. */
static size_t
find_link_end(const struct span *p, size_t from)
{
	size_t end = from + MARKDOWN_LINK_MAX < p->s.n ? from + MARKDOWN_LINK_MAX : p->s.n;

	for (; from + 3 < end; from++)
		if (p->s.p[from] == '<' && p->s.p[from + 1] == '/' &&
		    is_same(p->s.p[from + 2], 'a') && p->s.p[from + 3] == '>')
			return from;
	return 0;
}

/* The tag that stays: where its link and its end are plain to see; to: of its '>'. */
static bool
html_link(struct span *p, hm_str in, size_t to)
{
	hm_str url;
	size_t end;

	if (p->md->in_link || !is_tag(in, "a") || !attribute(in, "href", &url) || url.n == 0)
		return false;
	end = find_link_end(p, to + 1);
	if (end == 0)
		return false;
	flush(p, end + strlen("</a>"));
	put_link(p, to + 1, end, url);
	return true;
}

/* Tags that part words. */
static bool
is_block(hm_str in)
{
	static const char *const names[] = { "/p", "/div", "/td", "/th", "/tr", "/li",
		                             "/h1", "/h2", "/h3", "/summary" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is_tag(in, names[i]))
			return true;
	return false;
}

/* A tag goes, what stands between tags stays, as text. */
static bool
tag(struct span *p)
{
	char c = char_at(p, p->at + 1);
	const char *close;
	size_t end;
	hm_str in;

	if (comment(p))
		return true;
	if (p->dead.angle || (is_punct(c) && c != '/' && c != '!') || is_space(c))
		return false;
	close = memchr(p->s.p + p->at, '>', p->s.n - p->at);
	p->dead.angle = !close;
	if (!close)
		return false;
	end = (size_t)(close - p->s.p);
	in = hm_str_sub(p->s, p->at + 1, end);
	if (is_http(in) || hm_str_has_prefix(in, HM_S("mailto:"))) {
		plain_link(p, p->at + 1, end, end + 1);
		return true;
	}
	if (html_link(p, in, end))
		return true;
	flush(p, end + 1);
	if (is_tag(in, "br"))
		html_void(p->md->h, "br");
	else if (is_tag(in, "img") && attribute(in, "alt", &in) && in.n)
		html_element(p->md->h, "span", "picture", in);
	else if (is_block(in))
		html_text(p->md->h, HM_S(" "));
	return true;
}

static uint32_t
digit(char c)
{
	return c >= '0' && c <= '9' ? (uint32_t)(c - '0') :
	       c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10 :
	       c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10 :
				      UINT32_MAX;
}

/* "&#39;", "&#x27;" */
static bool
number(struct span *p, hm_str s)
{
	uint32_t base = 10, n = 0;
	struct hm_buf b = { 0 };
	size_t i = 2, from;

	if (!hm_str_has_prefix(s, HM_S("&#")))
		return false;
	if (i < s.n && is_same(s.p[i], 'x')) {
		base = 16;
		i++;
	}
	for (from = i; i < s.n && i < from + 7 && digit(s.p[i]) < base; i++)
		n = n * base + digit(s.p[i]);
	if (i == from || i == s.n || s.p[i] != ';')
		return false;
	flush(p, p->at + i + 1);
	hm_buf_add_rune(&b, n == 0 || n > 0x10ffff ? 0xfffd : n);
	html_text(p->md->h, hm_buf_str(&b));
	hm_buf_free(&b);
	return true;
}

static bool
entity(struct span *p)
{
	static const struct {
		hm_str name, text;
	} known[] = {
		{ HM_S_INIT("&amp;"), HM_S_INIT("&") },   { HM_S_INIT("&lt;"), HM_S_INIT("<") },
		{ HM_S_INIT("&gt;"), HM_S_INIT(">") },    { HM_S_INIT("&quot;"), HM_S_INIT("\"") },
		{ HM_S_INIT("&apos;"), HM_S_INIT("'") },  { HM_S_INIT("&nbsp;"), HM_S_INIT(" ") },
		{ HM_S_INIT("&copy;"), HM_S_INIT("\xc2\xa9") },
		{ HM_S_INIT("&reg;"), HM_S_INIT("\xc2\xae") },
		{ HM_S_INIT("&middot;"), HM_S_INIT("\xc2\xb7") },
		{ HM_S_INIT("&times;"), HM_S_INIT("\xc3\x97") },
		{ HM_S_INIT("&emsp;"), HM_S_INIT("\xe2\x80\x83") },
		{ HM_S_INIT("&ndash;"), HM_S_INIT("\xe2\x80\x93") },
		{ HM_S_INIT("&mdash;"), HM_S_INIT("\xe2\x80\x94") },
		{ HM_S_INIT("&bull;"), HM_S_INIT("\xe2\x80\xa2") },
		{ HM_S_INIT("&hellip;"), HM_S_INIT("\xe2\x80\xa6") },
		{ HM_S_INIT("&trade;"), HM_S_INIT("\xe2\x84\xa2") },
		{ HM_S_INIT("&larr;"), HM_S_INIT("\xe2\x86\x90") },
		{ HM_S_INIT("&rarr;"), HM_S_INIT("\xe2\x86\x92") },
	};
	hm_str rest = hm_str_from(p->s, p->at);

	if (number(p, rest))
		return true;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!hm_str_has_prefix(rest, known[i].name))
			continue;
		flush(p, p->at + known[i].name.n);
		html_text(p->md->h, known[i].text);
		return true;
	}
	return false;
}

static bool
line_end(struct span *p)
{
	bool hard = p->at >= 2 && p->s.p[p->at - 1] == ' ' && p->s.p[p->at - 2] == ' ';

	flush(p, p->at + 1);
	if (hard)
		html_void(p->md->h, "br");
	html_text(p->md->h, HM_S("\n"));
	return true;
}

static bool
escaped(struct span *p)
{
	char next = char_at(p, p->at + 1);

	if (!is_punct(next))
		return false;
	flush(p, p->at + 1);
	p->at++; /* that character is text */
	return true;
}

static bool
special(struct span *p)
{
	switch (p->s.p[p->at]) {
	case '\\':
		return escaped(p);
	case '`':
		return code(p);
	case '*':
	case '_':
	case '~':
		return emphasis(p);
	case '!':
	case '[':
		return link_or_picture(p);
	case '<':
		return tag(p);
	case '&':
		return entity(p);
	case 'h':
		return bare_url(p);
	case '\n':
		return line_end(p);
	default:
		return false;
	}
}

void
md_inline(struct md *md, hm_str s, int depth)
{
	struct span p = { .md = md, .s = s, .depth = depth };

	if (depth > MARKDOWN_DEPTH) {
		html_text(md->h, s);
		return;
	}
	while (p.at < s.n)
		if (!special(&p))
			p.at++;
	flush(&p, s.n);
}
