/*
 * markdown.h - READMEs: a small part of CommonMark, as safe HTML.
 *
 * Headings (from h3 on, none left out; the id is "readme-" and GitHub's name of it),
 * paragraphs, lists, also of tasks, quotes, alerts, code, tables, rules, emphasis, links,
 * also by reference.  Pictures become their description; HTML in the text loses its tags,
 * but for links.  Links go to http, https and mailto, and carry rel="nofollow noopener",
 * or to a heading; what points into the repository is plain text.
 *
 * Work is linear in the text but for small factors, and the depth of nesting is bounded.
 */
#ifndef PROXY_MARKDOWN_H
#define PROXY_MARKDOWN_H

#include "html.h"

enum {
	MARKDOWN_MAX = 256 << 10,   /* bytes that are looked at; the rest is cut off, and said so */
	MARKDOWN_DEPTH = 5,         /* of lists and quotes, and of emphasis */
	MARKDOWN_LINK_MAX = 1000,   /* bytes between [ and ] */
	MARKDOWN_REFS_MAX = 512,
	MARKDOWN_COLUMNS_MAX = 24,
};

void markdown_html(struct html *h, struct hm_arena *a, hm_str text);

#endif
