#include "html.h"

#include <stdlib.h>

static void
end_tag(struct html *h)
{
	if (h->in_tag)
		hm_buf_addc(&h->b, '>');
	h->in_tag = false;
}

void
html_doctype(struct html *h)
{
	hm_buf_addz(&h->b, "<!DOCTYPE html>\n");
}

void
html_open_(struct html *h, const char *element)
{
	if (h->depth == HTML_DEPTH_MAX)
		abort();
	html_void_(h, element);
	h->open[h->depth++] = element;
}

void
html_void_(struct html *h, const char *element)
{
	end_tag(h);
	hm_buf_addc(&h->b, '<');
	hm_buf_addz(&h->b, element);
	h->in_tag = true;
}

/* What would act on the text around it, or on a terminal that it is copied to. */
static bool
is_hidden(uint32_t r)
{
	return (r < 0x20 && r != '\n' && r != '\t') || (r >= 0x7f && r <= 0x9f) || r == 0x61c ||
	       r == 0x200e || r == 0x200f || (r >= 0x2028 && r <= 0x202e) ||
	       (r >= 0x2066 && r <= 0x2069) || (r >= 0xe0000 && r <= 0xe007f);
}

static void
escape(struct hm_buf *b, hm_str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i);

		if (r == '&')
			hm_buf_addz(b, "&amp;");
		else if (r == '<')
			hm_buf_addz(b, "&lt;");
		else if (r == '>')
			hm_buf_addz(b, "&gt;");
		else if (r == '"')
			hm_buf_addz(b, "&#34;");
		else if (r == '\'')
			hm_buf_addz(b, "&#39;");
		else if (is_hidden(r))
			hm_buf_printf(b, "[U+%04X]", (unsigned)r);
		else
			hm_buf_add_rune(b, r);
	}
}

void
html_attr_(struct html *h, const char *name, hm_str value)
{
	if (!h->in_tag)
		abort();
	hm_buf_printf(&h->b, " %s=\"", name);
	escape(&h->b, value);
	hm_buf_addc(&h->b, '"');
}

void
html_attrf_(struct html *h, const char *name, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	html_attr_(h, name, hm_buf_str(&b));
	hm_buf_free(&b);
}

/* Browsers take white space and controls out of a URL before they read its scheme. */
static bool
is_plain(hm_str url)
{
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f || url.p[i] == '\\')
			return false;
	return hm_str_is_utf8(url);
}

static bool
has_scheme(hm_str url, const char *scheme)
{
	size_t n = strlen(scheme);

	if (url.n <= n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((url.p[i] >= 'A' && url.p[i] <= 'Z' ? url.p[i] + 32 : url.p[i]) != scheme[i])
			return false;
	return true;
}

bool
html_url_is_safe(hm_str url)
{
	if (url.n == 0 || !is_plain(url))
		return false;
	if (url.p[0] == '#')
		return true;
	if (url.p[0] == '/')
		return url.n == 1 || url.p[1] != '/';
	return has_scheme(url, "https://") || has_scheme(url, "http://") ||
	       has_scheme(url, "mailto:");
}

bool
html_url_(struct html *h, const char *name, hm_str url)
{
	if (!html_url_is_safe(url))
		return false;
	html_attr_(h, name, url);
	return true;
}

void
html_text(struct html *h, hm_str s)
{
	end_tag(h);
	escape(&h->b, s);
}

void
html_textz(struct html *h, const char *z)
{
	html_text(h, hm_str_of(z));
}

void
html_textf(struct html *h, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	html_text(h, hm_buf_str(&b));
	hm_buf_free(&b);
}

void
html_element_(struct html *h, const char *element, const char *class, hm_str text)
{
	html_open_(h, element);
	if (class)
		html_attr_(h, "class", hm_str_of(class));
	html_text(h, text);
	html_close(h);
}

void
html_close(struct html *h)
{
	if (h->depth == 0)
		abort();
	end_tag(h);
	hm_buf_printf(&h->b, "</%s>", h->open[--h->depth]);
}

void
html_close_to(struct html *h, int depth)
{
	while (h->depth > depth)
		html_close(h);
}

hm_str
html_take(struct html *h, struct hm_arena *a)
{
	end_tag(h);
	html_close_to(h, 0);
	hm_buf_addc(&h->b, '\n');
	return hm_buf_take(&h->b, a);
}

void
html_free(struct html *h)
{
	hm_buf_free(&h->b);
	*h = (struct html){ 0 };
}
