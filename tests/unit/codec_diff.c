#include "unit/unit.h"

#include "codec/diff.h"

/* What Go 1.26's internal/diff makes of before and after, without the header. */
static const struct {
	const char *before, *after, *diff;
} vectors[] = {
	{ "", "a\n", "@@ -0,0 +1,1 @@\n+a\n" },
	{ "a\n", "", "@@ -1,1 +0,0 @@\n-a\n" },
	{ "a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b\n" },
	{ "a", "a\n",
	  "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n" },
	{ "a\nb\nc\nd\ne\n", "a\nb\nX\nd\ne\n",
	  "@@ -1,5 +1,5 @@\n a\n b\n-c\n+X\n d\n e\n" },
	/* Seven equal lines between two changes make two chunks, six one. */
	{ "x\n1\n2\n3\n4\n5\n6\n7\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\nY\n",
	  "@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n"
	  "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y\n+Y\n" },
	{ "x\n1\n2\n3\n4\n5\ny\n", "X\n1\n2\n3\n4\n5\nY\n",
	  "@@ -1,7 +1,7 @@\n-x\n+X\n 1\n 2\n 3\n 4\n 5\n-y\n+Y\n" },
	/* Lines that come twice are no anchors. */
	{ "}\na\n}\n", "}\nb\n}\n", "@@ -1,3 +1,3 @@\n }\n-a\n+b\n }\n" },
	/* Of two that changed places one stays. */
	{ "a\nb\n", "b\na\n", "@@ -1,2 +1,2 @@\n-a\n b\n+a\n" },
};

static void
makes_what_go_makes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		const hm_str header = HM_S("diff x y\n--- x\n+++ y\n");
		struct hm_buf out = { 0 };
		hm_str text;

		hm_diff(&out, HM_S("x"), hm_str_of(vectors[i].before), HM_S("y"),
		        hm_str_of(vectors[i].after));
		text = hm_buf_str(&out);
		assert_true(hm_str_cut_prefix(&text, header));
		assert_string_equal(text.p, vectors[i].diff);
		hm_buf_free(&out);
	}
}

static void
is_silent_about_equal_texts(void **state)
{
	struct hm_buf out = { 0 };

	(void)state;
	hm_diff(&out, HM_S("x"), HM_S("a\nb"), HM_S("y"), HM_S("a\nb"));
	assert_int_equal(out.n, 0);
	hm_diff(&out, HM_S("x"), HM_S(""), HM_S("y"), HM_S(""));
	assert_int_equal(out.n, 0);
	hm_buf_free(&out);
}

int
test_codec_diff(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_what_go_makes),
		cmocka_unit_test(is_silent_about_equal_texts),
	};

	return cmocka_run_group_tests_name("codec/diff", tests, NULL, NULL);
}
