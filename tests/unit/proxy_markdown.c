#include "unit/unit.h"

#include <stdlib.h>

#include "../proxy/markdown.h"

static struct hm_arena arena;

static int
tear_down(void **state)
{
	(void)state;
	hm_arena_free(&arena);
	return 0;
}

static hm_str
html_of(hm_str text)
{
	struct html h = { 0 };

	markdown_html(&h, &arena, text);
	return html_take(&h, &arena);
}

struct pair {
	const char *text, *html;
};

static void
check(const struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		hm_str got = html_of(hm_str_of(p[i].text));

		hm_str_cut_suffix(&got, HM_S("\n"));
		if (!hm_str_eqz(got, p[i].html))
			fail_msg("%s\ngives " HM_F "\nwant  %s", p[i].text, HM_P(got), p[i].html);
	}
}
#define CHECK(pairs) check(pairs, sizeof(pairs) / sizeof(*(pairs)))

static void
blocks(void **state)
{
	static const struct pair pairs[] = {
		{ "", "" },
		{ "# A\n## B ##\n####### C",
		  "<h3 id=\"readme-a\">A</h3><h4 id=\"readme-b\">B</h4><p>####### C</p>" },
		{ "A\n===\nB\nb\n---\n",
		  "<h3 id=\"readme-a\">A</h3><h4 id=\"readme-b-b\">B\nb</h4>" },
		{ "a\nb\n\nc", "<p>a\nb</p><p>c</p>" },
		{ "a  \nb", "<p>a  <br>\nb</p>" },
		{ "```go\n<x>\n  y\n```\nz",
		  "<pre tabindex=\"0\"><code>&lt;x&gt;\n  y\n</code></pre><p>z</p>" },
		{ "~~~\n```\n", "<pre tabindex=\"0\"><code>```\n</code></pre>" },
		{ "    a\n\n\tb\nc", "<pre tabindex=\"0\"><code>a\n\nb\n</code></pre><p>c</p>" },
		{ "- a\n- b\n", "<ul><li>a</li><li>b</li></ul>" },
		{ "- a\n\n- b\n", "<ul><li><p>a</p></li><li><p>b</p></li></ul>" },
		{ "- a\n  - b\n    c\n", "<ul><li>a<ul><li>b\nc</li></ul></li></ul>" },
		{ "1. a\n2. b\n", "<ol><li>a</li><li>b</li></ol>" },
		{ "a\n- b", "<p>a</p><ul><li>b</li></ul>" },
		{ "a\n7. b", "<p>a\n7. b</p>" },
		{ "> a\nb\n\nc",
		  "<blockquote><p>a\nb</p></blockquote><p>c</p>" },
		{ "***\n---\n_ _ _", "<hr><hr><hr>" },
		{ "|a|b|\n|-|:-:|\n|1|`|`\n",
		  "<div class=\"wide\" tabindex=\"0\"><table><tr><th>a</th>"
		  "<th class=\"center\">b</th></tr>"
		  "<tr><td>1</td><td class=\"center\">`</td></tr></table></div>" },
		{ "###### A\n# B\n### C\n## D\n#### E\n# B",
		  "<h3 id=\"readme-a\">A</h3><h3 id=\"readme-b\">B</h3><h4 id=\"readme-c\">C</h4>"
		  "<h4 id=\"readme-d\">D</h4><h5 id=\"readme-e\">E</h5>"
		  "<h3 id=\"readme-b-1\">B</h3>" },
		{ "# A `b_c`, [Dé 1](https://x)!",
		  "<h3 id=\"readme-a-b_c-d\xc3\xa9-1\">A <code>b_c</code>, "
		  "<a href=\"https://x\" rel=\"nofollow noopener\">D\xc3\xa9 1</a>!</h3>" },
		{ "3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>" },
		{ "- a\n\n* b", "<ul><li>a</li></ul><ul><li>b</li></ul>" },
		{ "- [ ] a\n- [x] b\n- [y] c",
		  "<ul><li>\xe2\x98\x90 a</li><li>\xe2\x98\x91 b</li><li>[y] c</li></ul>" },
		{ "> [!NOTE]\n> a",
		  "<blockquote><p><strong>Note</strong></p><p>a</p></blockquote>" },
		{ "a\n<hr/>", "<p>a</p><hr>" },
		{ "a | b\nno table", "<p>a | b\nno table</p>" },
		{ "<!-- a\nb -->\nc", "<p>c</p>" },
		{ "\xef\xbb\xbf# A\r\nb\r\n", "<h3 id=\"readme-a\">A</h3><p>b</p>" },
	};

	(void)state;
	CHECK(pairs);
}

static void
inlines(void **state)
{
	static const struct pair pairs[] = {
		{ "*a* **b** ***c*** _d_ __e__ ~~f~~",
		  "<p><em>a</em> <strong>b</strong> <strong><em>c</em></strong> <em>d</em> "
		  "<strong>e</strong> <del>f</del></p>" },
		{ "a_b_c 2 * 3 * 4 **x", "<p>a_b_c 2 * 3 * 4 **x</p>" },
		{ "`a <b>` ``c`d`` `e", "<p><code>a &lt;b&gt;</code> <code>c`d</code> `e</p>" },
		{ "\\*a\\* &lt;b&gt; &x;", "<p>*a* &lt;b&gt; &amp;x;</p>" },
		{ "[a](https://b/c \"t\") [d][e] [E] [f]\n\n[e]: <https://g>\n",
		  "<p><a href=\"https://b/c\" rel=\"nofollow noopener\">a</a> "
		  "<a href=\"https://g\" rel=\"nofollow noopener\">d</a> "
		  "<a href=\"https://g\" rel=\"nofollow noopener\">E</a> [f]</p>" },
		{ "[![a](https://b/c.svg)](https://d)",
		  "<p><a href=\"https://d\" rel=\"nofollow noopener\">"
		  "<span class=\"picture\">a</span></a></p>" },
		{ "see https://a.b/c_d. <https://e>",
		  "<p>see <a href=\"https://a.b/c_d\" rel=\"nofollow noopener\">"
		  "https://a.b/c_d</a>. "
		  "<a href=\"https://e\" rel=\"nofollow noopener\">https://e</a></p>" },
		{ "[![](x)](https://d) ![](x)",
		  "<p><a href=\"https://d\" rel=\"nofollow noopener\">https://d</a> </p>" },
		{ "[a](#Some-Part) [b](#)", "<p><a href=\"#readme-some-part\">a</a> b</p>" },
		{ "&#65;&#x42;&rarr;&#0;&#x110000;&#;&#x;&#99999999;",
		  "<p>AB\xe2\x86\x92\xef\xbf\xbd\xef\xbf\xbd&amp;#;&amp;#x;&amp;#99999999;</p>" },
		{ "<A HREF='https://a' id=x><img src=b alt=\"c d\"></a><p>e</p>f",
		  "<p><a href=\"https://a\" rel=\"nofollow noopener\">"
		  "<span class=\"picture\">c d</span></a>e f</p>" },
		{ "[a [b](https://c) d](https://e)",
		  "<p><a href=\"https://e\" rel=\"nofollow noopener\">a b d</a></p>" },
	};

	(void)state;
	CHECK(pairs);
}

/* Nothing that a README says is markup, and no link goes where it must not. */
static void
hostile(void **state)
{
	static const struct pair pairs[] = {
		{ "<script>alert(1)</script>", "<p>alert(1)</p>" },
		{ "<img src=x onerror=alert(1)>a", "<p>a</p>" },
		{ "<a href=\"javascript:x\">y</a>", "<p>y</p>" },
		{ "<a href=/mod/x>y</a> <a href=//evil>y</a> <a href=\"data:x\">y</a> "
		  "<a href>y</a>",
		  "<p>y y y y</p>" },
		{ "&#60;script&#62; &#x202e;", "<p>&lt;script&gt; [U+202E]</p>" },
		{ "[a](#\"onclick=\"x)", "<p><a href=\"#readme-&#34;onclick=&#34;x\">a</a></p>" },
		{ "# \"><script>\n", "<h3 id=\"readme-script\">&#34;&gt;</h3>" },
		{ "a <b", "<p>a &lt;b</p>" },
		{ "[a](javascript:alert(1)) [b](  JAVASCRIPT:x) [c](data:text/html,x)",
		  "<p>a b c</p>" },
		{ "[a]\n\n[a]: javascript:alert(1)", "<p>a</p>" },
		{ "[a](//evil) [b](/mod/x) [e](x.md)", "<p>a b e</p>" },
		{ "[a](https://x\"onclick=\"y)",
		  "<p><a href=\"https://x&#34;onclick=&#34;y\" rel=\"nofollow noopener\">a</a>"
		  "</p>" },
		{ "![\"><script>](x)",
		  "<p><span class=\"picture\">&#34;&gt;&lt;script&gt;</span></p>" },
		{ "`</code><script>`", "<p><code>&lt;/code&gt;&lt;script&gt;</code></p>" },
		{ "```\n</pre><script>\n",
		  "<pre tabindex=\"0\"><code>&lt;/pre&gt;&lt;script&gt;\n</code></pre>" },
		{ "\xe2\x80\xae" "evil", "<p>[U+202E]evil</p>" },
		{ "<javascript:alert(1)>", "<p></p>" },
	};

	(void)state;
	CHECK(pairs);
}

/* Long and deep: an answer comes, and soon; the limits of work are the fuzzer's matter. */
static void
large(void **state)
{
	static const char *const pieces[] = { "*", "_a", "[", "[a](", "> ", "- ", "`", "<", "|\n",
		                              "**a ", "[x][", "1. " };
	struct hm_buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct hm_arena a = { 0 };
		struct html h = { 0 };

		hm_buf_clear(&b);
		while (b.n <= MARKDOWN_MAX)
			hm_buf_addz(&b, pieces[i]);
		markdown_html(&h, &a, hm_buf_str(&b));
		assert_true(hm_str_contains(html_take(&h, &a), HM_S("the rest is not shown")));
		hm_arena_free(&a);
	}
	hm_buf_free(&b);
}

int
test_proxy_markdown(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks),
		cmocka_unit_test(inlines),
		cmocka_unit_test(hostile),
		cmocka_unit_test(large),
	};

	return cmocka_run_group_tests_name("proxy/markdown", tests, NULL, tear_down);
}
