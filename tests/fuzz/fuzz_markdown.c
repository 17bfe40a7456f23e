/*
 * fuzz_markdown.c - READMEs of any content.
 *
 * What comes out has no element, attribute or URL but those that the page's authors wrote
 * down; every "<" begins one of them.
 */
#include <stdlib.h>

#include "../proxy/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const elements[] = {
	"p", "a", "em", "strong", "del", "code", "pre", "br", "hr", "ul", "ol", "li", "table", "tr",
	"th", "td", "blockquote", "span", "div", "h3", "h4", "h5", "h6",
};

/* The rest of a tag behind its name. */
static bool
is_known(hm_str attributes)
{
	hm_str url;

	static const char *const whole[] = {
		"", " class=\"picture\"", " class=\"note\"", " class=\"center\"",
		" class=\"right\"", " tabindex=\"0\"", " class=\"wide\" tabindex=\"0\"",
	};
	static const char *const own[] = { " id=\"readme-", " href=\"#readme-", " start=\"" };

	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		if (hm_str_eqz(attributes, whole[i]))
			return true;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (hm_str_cut_prefix(&attributes, hm_str_of(own[i])))
			return hm_str_cut_suffix(&attributes, HM_S("\"")) &&
			       hm_str_index_byte(attributes, '"') < 0 &&
			       hm_str_index_byte(attributes, ' ') < 0;
	if (!hm_str_cut_prefix(&attributes, HM_S(" href=\"")) ||
	    !hm_str_cut_suffix(&attributes, HM_S("\" rel=\"nofollow noopener\"")))
		return false;
	url = attributes;
	return hm_str_index_byte(url, '"') < 0 && html_url_is_safe(url) && url.p[0] != '/' &&
	       url.p[0] != '#';
}

static void
check_tag(hm_str tag)
{
	size_t n = 0;
	hm_str name;

	hm_str_cut_prefix(&tag, HM_S("/"));
	while (n < tag.n && tag.p[n] != ' ')
		n++;
	name = hm_str_sub(tag, 0, n);
	for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++)
		if (hm_str_eqz(name, elements[i])) {
			if (!is_known(hm_str_from(tag, n)))
				abort();
			return;
		}
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	struct html h = { 0 };
	hm_str rest, text, tag;

	markdown_html(&h, &a, hm_str_make((const char *)data, size));
	rest = html_take(&h, &a);
	while (hm_str_cut(rest, '<', &text, &rest)) {
		if (!hm_str_cut(rest, '>', &tag, &rest))
			abort();
		check_tag(tag);
	}
	hm_arena_free(&a);
	return 0;
}
