/*
 * html.h - HTML, escaped by construction.
 *
 *	html_open(h, "a");
 *	html_url(h, "href", url);
 *	html_text(h, name);
 *	html_close(h);
 *
 * Names of elements and attributes are string literals (the macros see to that); all
 * else is data and goes through the escaping of its place: text, attribute, URL.  There
 * is no way to put markup in from outside.  Elements nest as they are opened and closed.
 *
 * Data may be any bytes: what is no UTF-8 becomes U+FFFD; control characters and those
 * that turn the direction of text around are shown as [U+202E].
 */
#ifndef PROXY_HTML_H
#define PROXY_HTML_H

#include "base/buf.h"

enum { HTML_DEPTH_MAX = 64 };

/* Zero-initialise; html_take() or html_free() when done. */
struct html {
	struct hm_buf b;
	const char *open[HTML_DEPTH_MAX];
	int depth;
	bool in_tag; /* attributes may follow */
};

#define html_open(h, element) html_open_((h), "" element "")
#define html_void(h, element) html_void_((h), "" element "")
#define html_attr(h, name, value) html_attr_((h), "" name "", (value))
#define html_attrf(h, name, ...) html_attrf_((h), "" name "", __VA_ARGS__)
#define html_url(h, name, url) html_url_((h), "" name "", (url))
/* An element with a class (or NULL) and nothing but text. */
#define html_element(h, element, class_, text) html_element_((h), "" element "", (class_), (text))

void html_doctype(struct html *h);
/* More than HTML_DEPTH_MAX levels are a bug of the caller: ends the process. */
void html_open_(struct html *h, const char *element);
/* Without content: br, hr, input, meta. */
void html_void_(struct html *h, const char *element);
/* Right behind html_open() or html_void(). */
void html_attr_(struct html *h, const char *name, hm_str value);
void html_attrf_(struct html *h, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * http:, https: and mailto: URLs, paths ("/...", but not "//...") and fragments ("#...").
 * Anything else, javascript: first of all, leaves the attribute out; answers false then.
 */
bool html_url_(struct html *h, const char *name, hm_str url);
/* The same question alone. */
bool html_url_is_safe(hm_str url);
void html_text(struct html *h, hm_str s);
void html_textz(struct html *h, const char *z);
/* Formatted, then escaped. */
void html_textf(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_element_(struct html *h, const char *element, const char *class, hm_str text);
void html_close(struct html *h);
/* Down to this depth, which is what h->depth was. */
void html_close_to(struct html *h, int depth);
/* The whole, every element closed. */
hm_str html_take(struct html *h, struct hm_arena *a);
void html_free(struct html *h);

#endif
