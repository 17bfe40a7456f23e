/*
 * markdown_inline.h - what stands within a paragraph; between markdown.c, which has the
 * blocks, and markdown_inline.c.
 */
#ifndef PROXY_MARKDOWN_INLINE_H
#define PROXY_MARKDOWN_INLINE_H

#include "base/map.h"
#include "markdown.h"

struct md {
	struct html *h;
	struct hm_arena *a;
	struct hm_map refs; /* label in lower case, spaces folded: hm_str * of the URL */
	struct hm_map ids;  /* of headings: how many had that slug */
	int outline[6], levels; /* the headings that the last one stands under, and itself */
	bool in_link;
};

/* The key of a label, in the arena. */
hm_str md_label(struct hm_arena *a, hm_str label);
/* depth starts at 0. */
void md_inline(struct md *md, hm_str s, int depth);

#endif
