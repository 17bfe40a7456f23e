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
		{ "# A\n## B ##\n####### C", "<h3>A</h3><h4>B</h4><p>####### C</p>" },
		{ "A\n===\nB\nb\n---\n", "<h3>A</h3><h4>B\nb</h4>" },
		{ "a\nb\n\nc", "<p>a\nb</p><p>c</p>" },
		{ "a  \nb", "<p>a  <br>\nb</p>" },
		{ "```go\n<x>\n  y\n```\nz", "<pre><code>&lt;x&gt;\n  y\n</code></pre><p>z</p>" },
		{ "~~~\n```\n", "<pre><code>```\n</code></pre>" },
		{ "    a\n\n\tb\nc", "<pre><code>a\n\nb\n</code></pre><p>c</p>" },
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
		  "<div class=\"wide\"><table><tr><th>a</th><th>b</th></tr>"
		  "<tr><td>1</td><td>`</td><td>`</td></tr></table></div>" },
		{ "a | b\nno table", "<p>a | b\nno table</p>" },
		{ "<!-- a\nb -->\nc", "<p>c</p>" },
		{ "\xef\xbb\xbf# A\r\nb\r\n", "<h3>A</h3><p>b</p>" },
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
		{ "a <b", "<p>a &lt;b</p>" },
		{ "[a](javascript:alert(1)) [b](  JAVASCRIPT:x) [c](data:text/html,x)",
		  "<p>a b c</p>" },
		{ "[a]\n\n[a]: javascript:alert(1)", "<p>a</p>" },
		{ "[a](//evil) [b](/mod/x) [c](#d) [e](x.md)", "<p>a b c e</p>" },
		{ "[a](https://x\"onclick=\"y)",
		  "<p><a href=\"https://x&#34;onclick=&#34;y\" rel=\"nofollow noopener\">a</a>"
		  "</p>" },
		{ "![\"><script>](x)",
		  "<p><span class=\"picture\">&#34;&gt;&lt;script&gt;</span></p>" },
		{ "`</code><script>`", "<p><code>&lt;/code&gt;&lt;script&gt;</code></p>" },
		{ "```\n</pre><script>\n", "<pre><code>&lt;/pre&gt;&lt;script&gt;\n</code></pre>" },
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
