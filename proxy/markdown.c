/*
 * markdown.c - blocks: line by line, a container's lines again without its marks.
 */
#include "markdown.h"

#include "base/rune.h"
#include "base/vec.h"
#include "markdown_inline.h"

enum { SLUG_MAX = 200 };

struct lines {
	hm_str *v;
	size_t n, cap;
};

static void blocks(struct md *md, const struct lines *l, int depth, bool tight);

static size_t
indent_of(hm_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == ' ')
		n++;
	return n;
}

static bool
is_blank(hm_str s)
{
	return hm_str_trim(s).n == 0;
}

static hm_str
without_indent(hm_str s, size_t n)
{
	size_t has = indent_of(s);

	return hm_str_from(s, has < n ? has : n);
}

/* Lines without CR, leading tabs as spaces. */
static void
split(struct hm_arena *a, hm_str text, struct lines *out)
{
	hm_str line;

	while (hm_str_next(&text, '\n', &line)) {
		size_t n = 0, columns = 0;

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		for (; n < line.n && (line.p[n] == ' ' || line.p[n] == '\t') && columns < 64; n++)
			columns = line.p[n] == '\t' ? columns / 4 * 4 + 4 : columns + 1;
		if (columns != n)
			line = hm_arena_printf(a, "%*s" HM_F, (int)columns, "",
			                       HM_P(hm_str_from(line, n)));
		HM_PUSH(a, *out, line);
	}
}

/* ---- what a line is */

/* "```" or "~~~": the length of its mark, or 0. */
static size_t
fence(hm_str s)
{
	size_t n = 0;

	if (indent_of(s) > 3)
		return 0;
	s = hm_str_trim(s);
	while (n < s.n && s.p[n] == s.p[0])
		n++;
	return s.n && (s.p[0] == '`' || s.p[0] == '~') && n >= 3 &&
	                       (s.p[0] == '~' || hm_str_index_byte(hm_str_from(s, n), '`') < 0) ?
		       n :
		       0;
}

/* "# ...": its level and text. */
static size_t
heading(hm_str s, hm_str *text)
{
	size_t n = 0;

	if (indent_of(s) > 3)
		return 0;
	s = hm_str_trim(s);
	while (n < s.n && s.p[n] == '#')
		n++;
	if (n == 0 || n > 6 || (n < s.n && s.p[n] != ' '))
		return 0;
	*text = hm_str_trim(hm_str_from(s, n));
	while (text->n && text->p[text->n - 1] == '#')
		text->n--;
	*text = hm_str_trim(*text);
	return n;
}

static bool
is_rule(hm_str s)
{
	size_t marks = 0;

	if (indent_of(s) > 3)
		return false;
	s = hm_str_trim(s);
	if (hm_str_eqz(s, "<hr>") || hm_str_eqz(s, "<hr/>") || hm_str_eqz(s, "<hr />"))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == s.p[0])
			marks++;
		else if (s.p[i] != ' ')
			return false;
	}
	return marks >= 3 && strchr("-*_", s.p[0]);
}

/* Underlines of a heading: 1 for "===", 2 for "---". */
static int
underline(hm_str s)
{
	if (indent_of(s) > 3)
		return 0;
	s = hm_str_trim(s);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != s.p[0])
			return 0;
	return s.n == 0 ? 0 : s.p[0] == '=' ? 1 : s.p[0] == '-' && s.n > 1 ? 2 : 0;
}

/* A list item: how far its content is from the margin, and its kind ('-', '1'); 0: none. */
static size_t
item(hm_str s, char *kind)
{
	size_t at = indent_of(s), digits = 0, spaces = 0;

	if (at > 3 || at == s.n)
		return 0;
	while (digits < 9 && at + digits < s.n && s.p[at + digits] >= '0' &&
	       s.p[at + digits] <= '9')
		digits++;
	at += digits;
	if (at == s.n || !strchr(digits ? ".)" : "-*+", s.p[at]))
		return 0;
	*kind = digits ? '1' : s.p[at];
	at++;
	while (at + spaces < s.n && s.p[at + spaces] == ' ')
		spaces++;
	if (at < s.n && spaces == 0)
		return 0;
	return at + (spaces == 0 || spaces > 4 ? 1 : spaces);
}

static bool
is_quote(hm_str s)
{
	size_t n = indent_of(s);

	return n <= 3 && n < s.n && s.p[n] == '>';
}

/* "[label]: url"; true also for one that is no use. */
static bool
definition(hm_str s, hm_str *label, hm_str *url)
{
	ptrdiff_t close;

	s = hm_str_trim(s);
	close = hm_str_index(s, HM_S("]:"));
	if (s.n == 0 || s.p[0] != '[' || close < 2 || close > MARKDOWN_LINK_MAX || s.p[1] == '^')
		return false;
	*label = hm_str_sub(s, 1, (size_t)close);
	s = hm_str_from(s, (size_t)close + 2);
	if (!hm_str_next_field(&s, url))
		return false;
	if (url->n >= 2 && url->p[0] == '<' && url->p[url->n - 1] == '>')
		*url = hm_str_sub(*url, 1, url->n - 1);
	return true;
}

/* May this line end the paragraph above it? */
static bool
interrupts(hm_str s)
{
	hm_str text;
	char kind;

	return is_blank(s) || fence(s) || heading(s, &text) || is_rule(s) || is_quote(s) ||
	       (item(s, &kind) && item(s, &kind) < hm_str_trim(s).n + indent_of(s) &&
	        (kind != '1' || hm_str_has_prefix(hm_str_trim(s), HM_S("1"))));
}

/* ---- blocks; each takes the lines from i on and answers where it ended */

static void
open_code(struct md *md)
{
	html_open(md->h, "pre");
	html_attr(md->h, "tabindex", HM_S("0")); /* it scrolls, also by keys */
	html_open(md->h, "code");
}

static size_t
fenced_code(struct md *md, const struct lines *l, size_t i)
{
	size_t n = fence(l->v[i]), margin = indent_of(l->v[i]);
	char mark = hm_str_trim(l->v[i]).p[0];

	open_code(md);
	for (i++; i < l->n; i++) {
		hm_str s = hm_str_trim(l->v[i]);

		if (s.n >= n && s.p[0] == mark && fence(l->v[i]) == s.n)
			break;
		html_text(md->h, without_indent(l->v[i], margin));
		html_text(md->h, HM_S("\n"));
	}
	html_close(md->h);
	html_close(md->h);
	return i + 1;
}

static size_t
indented_code(struct md *md, const struct lines *l, size_t i)
{
	size_t end = i;

	for (size_t k = i; k < l->n && (is_blank(l->v[k]) || indent_of(l->v[k]) >= 4); k++)
		if (!is_blank(l->v[k]))
			end = k + 1;
	open_code(md);
	for (; i < end; i++) {
		html_text(md->h, without_indent(l->v[i], 4));
		html_text(md->h, HM_S("\n"));
	}
	html_close(md->h);
	html_close(md->h);
	return end;
}

/* As GitHub names headings: letters and digits in lower case, spaces as "-". */
static hm_str
slug_of(struct md *md, hm_str text)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < text.n && b.n < SLUG_MAX;) {
		uint32_t r = hm_str_rune(text, &i);

		if (r == ']' && i < text.n && text.p[i] == '(')
			while (i < text.n && text.p[i++] != ')')
				;
		else if (r == ' ' || r == '\n')
			hm_buf_addc(&b, '-');
		else if (r == '-' || r == '_' || hm_rune_is_letter(r) || hm_rune_is_digit(r))
			hm_buf_add_rune(&b, hm_rune_lower(r));
	}
	return hm_buf_take(&b, md->a);
}

/* The same heading again gets "-1", "-2". */
static void
put_id(struct md *md, hm_str text)
{
	hm_str slug = slug_of(md, text), id = slug;
	intptr_t n = hm_map_num(&md->ids, slug);

	while (hm_map_has(&md->ids, id))
		id = hm_arena_printf(md->a, HM_F "-%d", HM_P(slug), (int)++n);
	hm_map_set_num(&md->ids, slug, n);
	hm_map_add(&md->ids, id);
	html_attrf(md->h, "id", "readme-" HM_F, HM_P(id));
}

/* One level below the heading that it stands under, whatever numbers they have. */
static void
put_heading(struct md *md, int level, hm_str text)
{
	while (md->levels && md->outline[md->levels - 1] >= level)
		md->levels--;
	md->outline[md->levels++] = level;
	switch (md->levels) {
	case 1:
		html_open(md->h, "h3");
		break;
	case 2:
		html_open(md->h, "h4");
		break;
	case 3:
		html_open(md->h, "h5");
		break;
	default:
		html_open(md->h, "h6");
	}
	put_id(md, text);
	md_inline(md, text, 0);
	html_close(md->h);
}

/* "[!NOTE]" on a quote's first line. */
static bool
put_alert(struct md *md, hm_str s)
{
	static const struct {
		const char *mark, *name;
	} kinds[] = { { "[!NOTE]", "Note" }, { "[!TIP]", "Tip" }, { "[!WARNING]", "Warning" },
		      { "[!IMPORTANT]", "Important" }, { "[!CAUTION]", "Caution" } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (hm_str_eqz(hm_str_trim(s), kinds[i].mark)) {
			html_open(md->h, "p");
			html_element(md->h, "strong", NULL, hm_str_of(kinds[i].name));
			html_close(md->h);
			return true;
		}
	return false;
}

static size_t
quote(struct md *md, const struct lines *l, size_t i, int depth)
{
	struct lines in = { 0 };

	for (; i < l->n && (is_quote(l->v[i]) || (in.n && !interrupts(l->v[i]))); i++) {
		hm_str s = l->v[i];

		if (is_quote(s)) {
			s = hm_str_from(s, indent_of(s) + 1);
			s = s.n && s.p[0] == ' ' ? hm_str_from(s, 1) : s;
		}
		HM_PUSH(md->a, in, s);
	}
	html_open(md->h, "blockquote");
	if (put_alert(md, in.v[0]))
		in = (struct lines){ .v = in.v + 1, .n = in.n - 1 };
	blocks(md, &in, depth + 1, false);
	html_close(md->h);
	return i;
}

/* The lines of one item, its mark taken off. *loose: a blank line stood in it or behind it. */
static size_t
take_item(struct md *md, const struct lines *l, size_t i, size_t width, struct lines *in,
          bool *loose)
{
	bool blank = false;
	char own, kind;

	item(l->v[i], &own);

	HM_PUSH(md->a, *in, l->v[i].n > width ? hm_str_from(l->v[i], width) : HM_S(""));
	for (i++; i < l->n; i++) {
		hm_str s = l->v[i];

		if (is_blank(s)) {
			blank = true;
			continue;
		}
		if (indent_of(s) < width && (blank || item(s, &kind) || interrupts(s)))
			break;
		if (blank) {
			*loose = true;
			HM_PUSH(md->a, *in, HM_S(""));
		}
		blank = false;
		HM_PUSH(md->a, *in, without_indent(s, width));
	}
	if (blank && i < l->n && item(l->v[i], &kind) && kind == own)
		*loose = true;
	return i;
}

static void
open_numbered(struct md *md, hm_str s)
{
	int n = 0;

	for (s = hm_str_trim(s); s.n && s.p[0] >= '0' && s.p[0] <= '9'; s = hm_str_from(s, 1))
		n = n * 10 + (s.p[0] - '0'); /* item() took nine digits at most */
	html_open(md->h, "ol");
	if (n != 1)
		html_attrf(md->h, "start", "%d", n);
}

/* "[ ] " or "[x] " before an item's text becomes a box. */
static void
mark_task(struct md *md, hm_str *s)
{
	if (hm_str_cut_prefix(s, HM_S("[ ] ")))
		*s = hm_arena_printf(md->a, "\xe2\x98\x90 " HM_F, HM_P(*s));
	else if (hm_str_cut_prefix(s, HM_S("[x] ")) || hm_str_cut_prefix(s, HM_S("[X] ")))
		*s = hm_arena_printf(md->a, "\xe2\x98\x91 " HM_F, HM_P(*s));
}

static size_t
list(struct md *md, const struct lines *l, size_t i, int depth)
{
	char kind = 0, next = 0;
	size_t width = item(l->v[i], &kind), first = i;
	HM_VEC(struct lines) items = { 0 };
	bool loose = false;

	for (next = kind; i < l->n && width && next == kind && !(i > first && is_rule(l->v[i]));
	     width = i < l->n ? item(l->v[i], &next) : 0) {
		struct lines in = { 0 };

		i = take_item(md, l, i, width, &in, &loose);
		HM_PUSH(md->a, items, in);
	}
	if (kind == '1')
		open_numbered(md, l->v[first]);
	else
		html_open(md->h, "ul");
	for (size_t k = 0; k < items.n; k++) {
		html_open(md->h, "li");
		mark_task(md, &items.v[k].v[0]);
		blocks(md, &items.v[k], depth + 1, !loose);
		html_close(md->h);
	}
	html_close(md->h);
	return i;
}

/* ---- tables */

static size_t
cells(hm_str row, hm_str out[MARKDOWN_COLUMNS_MAX])
{
	size_t n = 0, from = 0;

	row = hm_str_trim(row);
	hm_str_cut_prefix(&row, HM_S("|"));
	hm_str_cut_suffix(&row, HM_S("|"));
	for (size_t i = 0; i <= row.n && n < MARKDOWN_COLUMNS_MAX; i++) {
		if (i < row.n && row.p[i] == '\\') {
			i++;
			continue;
		}
		if (i >= row.n || row.p[i] == '|') {
			i = i < row.n ? i : row.n;
			out[n++] = hm_str_trim(hm_str_sub(row, from, i));
			from = i + 1;
		}
	}
	return n;
}

static bool
is_table(const struct lines *l, size_t i)
{
	hm_str head[MARKDOWN_COLUMNS_MAX], marks[MARKDOWN_COLUMNS_MAX];
	size_t n;

	if (i + 1 >= l->n || hm_str_index_byte(l->v[i], '|') < 0 ||
	    hm_str_index_byte(l->v[i + 1], '-') < 0)
		return false;
	n = cells(l->v[i + 1], marks);
	if (n != cells(l->v[i], head))
		return false;
	for (size_t k = 0; k < n; k++)
		if (marks[k].n == 0 || hm_str_trim_any(marks[k], ":-").n)
			return false;
	return true;
}

/* As many cells as there are columns; marks: of these, ":-:" or the like. */
static void
row(struct md *md, hm_str line, bool head, const hm_str *marks, size_t columns)
{
	hm_str cell[MARKDOWN_COLUMNS_MAX];
	size_t n = cells(line, cell);

	html_open(md->h, "tr");
	for (size_t k = 0; k < n && k < columns; k++) {
		if (head)
			html_open(md->h, "th");
		else
			html_open(md->h, "td");
		if (hm_str_has_suffix(marks[k], HM_S(":")))
			html_attr(md->h, "class",
			          marks[k].p[0] == ':' ? HM_S("center") : HM_S("right"));
		md_inline(md, cell[k], 0);
		html_close(md->h);
	}
	html_close(md->h);
}

static size_t
table(struct md *md, const struct lines *l, size_t i)
{
	hm_str marks[MARKDOWN_COLUMNS_MAX];
	size_t columns = cells(l->v[i + 1], marks);

	html_open(md->h, "div");
	html_attr(md->h, "class", HM_S("wide"));
	html_attr(md->h, "tabindex", HM_S("0"));
	html_open(md->h, "table");
	row(md, l->v[i], true, marks, columns);
	for (i += 2; i < l->n && !is_blank(l->v[i]) && hm_str_index_byte(l->v[i], '|') >= 0; i++)
		row(md, l->v[i], false, marks, columns);
	html_close(md->h);
	html_close(md->h);
	return i;
}

/* ---- the rest */

static size_t
comment(const struct lines *l, size_t i)
{
	while (i < l->n && hm_str_index(l->v[i], HM_S("-->")) < 0)
		i++;
	return i + 1;
}

static size_t
paragraph(struct md *md, const struct lines *l, size_t i, bool tight)
{
	struct hm_buf b = { 0 };
	hm_str text;
	int level = 0;
	size_t first = i;

	for (; i < l->n; i++) {
		level = i > first ? underline(l->v[i]) : 0;
		if (level || (i > first && interrupts(l->v[i])))
			break;
		if (i > first)
			hm_buf_addc(&b, '\n');
		hm_buf_adds(&b, without_indent(l->v[i], SIZE_MAX));
	}
	text = hm_buf_take(&b, md->a);
	if (level) {
		put_heading(md, level, hm_str_trim(text));
		return i + 1;
	}
	if (!tight)
		html_open(md->h, "p");
	md_inline(md, text, 0);
	if (!tight)
		html_close(md->h);
	return i;
}

static size_t
block(struct md *md, const struct lines *l, size_t i, int depth, bool tight)
{
	hm_str s = l->v[i], text, url;
	bool nests = depth < MARKDOWN_DEPTH;
	size_t level;
	char kind;

	if (fence(s))
		return fenced_code(md, l, i);
	if (indent_of(s) >= 4)
		return indented_code(md, l, i);
	if (hm_str_has_prefix(hm_str_trim(s), HM_S("<!--")))
		return comment(l, i);
	if (definition(s, &text, &url))
		return i + 1;
	level = heading(s, &text);
	if (level) {
		put_heading(md, (int)level, text);
		return i + 1;
	}
	if (is_rule(s)) {
		html_void(md->h, "hr");
		return i + 1;
	}
	if (nests && is_quote(s))
		return quote(md, l, i, depth);
	if (nests && item(s, &kind))
		return list(md, l, i, depth);
	if (is_table(l, i))
		return table(md, l, i);
	return paragraph(md, l, i, tight);
}

static void
blocks(struct md *md, const struct lines *l, int depth, bool tight)
{
	for (size_t i = 0; i < l->n;)
		i = is_blank(l->v[i]) ? i + 1 : block(md, l, i, depth, tight);
}

static void
collect(struct md *md, const struct lines *l)
{
	hm_str label, url, *kept;

	for (size_t i = 0; i < l->n && md->refs.n < MARKDOWN_REFS_MAX; i++) {
		if (!definition(l->v[i], &label, &url))
			continue;
		kept = HM_NEW(md->a, hm_str);
		*kept = url;
		label = md_label(md->a, label);
		if (!hm_map_has(&md->refs, label))
			hm_map_set(&md->refs, label, kept);
	}
}

void
markdown_html(struct html *h, struct hm_arena *a, hm_str text)
{
	struct md md = { .h = h, .a = a, .refs = { .arena = a }, .ids = { .arena = a } };
	struct lines l = { 0 };
	bool cut = text.n > MARKDOWN_MAX;

	if (cut)
		text.n = MARKDOWN_MAX;
	hm_str_cut_prefix(&text, HM_S("\xef\xbb\xbf"));
	hm_str_cut_suffix(&text, HM_S("\n"));
	split(a, text, &l);
	collect(&md, &l);
	blocks(&md, &l, 0, false);
	if (cut)
		html_element(h, "p", "note", HM_S("The text is longer; the rest is not shown."));
}
