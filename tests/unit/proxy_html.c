#include "unit/unit.h"

#include "../proxy/html.h"

static struct hm_arena arena;

static int
tear_down(void **state)
{
	(void)state;
	hm_arena_free(&arena);
	return 0;
}

static void
nesting(void **state)
{
	struct html h = { 0 };

	(void)state;
	html_doctype(&h);
	html_open(&h, "p");
	html_attr(&h, "class", HM_S("a\"b'c<d>&"));
	html_textf(&h, "%d < %s", 1, "2 & 3");
	html_void(&h, "br");
	html_element(&h, "b", "x", HM_S("</b>"));
	html_element(&h, "i", NULL, HM_S(""));
	html_open(&h, "em");
	assert_str(html_take(&h, &arena),
	           "<!DOCTYPE html>\n"
	           "<p class=\"a&#34;b&#39;c&lt;d&gt;&amp;\">1 &lt; 2 &amp; 3<br>"
	           "<b class=\"x\">&lt;/b&gt;</b><i></i><em></em></p>\n");
}

/* What is no text is shown, not obeyed. */
static void
hidden_characters(void **state)
{
	struct html h = { 0 };

	(void)state;
	html_text(&h, HM_S("a\x1b[31m\xe2\x80\xae" "b\xff\xc0\x80\n\t\xf3\xa0\x81\x81"));
	html_text(&h, hm_str_make("\0c", 2));
	assert_str(html_take(&h, &arena),
	           "a[U+001B][31m[U+202E]b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n\t[U+E0041]"
	           "[U+0000]c\n");
}

static void
urls(void **state)
{
	static const char *const good[] = {
		"https://a.example/x?y=z&w", "HTTP://A/", "mailto:a@b", "/mod/a.b/c@v1.0.0", "/",
		"#readme",
	};
	static const char *const bad[] = {
		"", "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)",
		"java\nscript:alert(1)", "\tjavascript:x", "\x01javascript:x", "data:text/html,x",
		"vbscript:x", "//evil.example/", "/\\evil.example", "\\\\evil", "x.md", "https:x",
		"http:", "file:///etc/passwd", "https://a b", "https://\xff",
	};
	struct html h = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!html_url_is_safe(hm_str_of(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (html_url_is_safe(hm_str_of(bad[i])))
			fail_msg("taken: %s", bad[i]);
	html_open(&h, "a");
	assert_false(html_url(&h, "href", HM_S("javascript:alert(1)")));
	html_close(&h);
	html_open(&h, "a");
	assert_true(html_url(&h, "href", HM_S("https://a/\"><script>")));
	assert_str(html_take(&h, &arena),
	           "<a></a><a href=\"https://a/&#34;&gt;&lt;script&gt;\"></a>\n");
}

int
test_proxy_html(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting),
		cmocka_unit_test(hidden_characters),
		cmocka_unit_test(urls),
	};

	return cmocka_run_group_tests_name("proxy/html", tests, NULL, tear_down);
}
