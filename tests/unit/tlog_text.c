#include "unit/unit.h"

#include "tlog/tlog.h"

#define HELLO "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"
#define TREE "go.sum database tree\n123456789012\n" HELLO

static void
trees(void **state)
{
	static const char *const good[] = { TREE, TREE "JOE", TREE "JOE\n", TREE "\n\n" };
	static const char *const bad[] = {
		"",
		"not-" TREE,
		"go.sum database tree\n0xabcdef\n" HELLO,
		"go.sum database tree\n-1\n" HELLO,
		"go.sum database tree\n+1\n" HELLO,
		"go.sum database tree\n01\n" HELLO,
		"go.sum database tree\n\n" HELLO,
		"go.sum database tree\n9223372036854775807\n" HELLO,
		"go.sum database tree\n9223372036854775808\n" HELLO,
		"go.sum database tree\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=",
		"go.sum database tree\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBTOOBIG=\n",
		"go.sum database tree\n1\nTszz\n",
		"go.sum database tree\n123456789012\n",
	};
	struct hm_tree want = { 123456789012, hm_tlog_record_hash(HM_S("hello world")) };
	struct hm_buf long_one = { 0 };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_tree t;

	(void)state;
	assert_str(hm_tlog_format_tree(&a, &want), TREE);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_ok(hm_tlog_parse_tree(hm_str_of(good[i]), &t, &err), &err);
		assert_int_equal(t.n, want.n);
		assert_true(hm_hash_eq(&t.hash, &want.hash));
	}
	hm_buf_addz(&long_one, TREE);
	for (int i = 0; i < 1000; i++)
		hm_buf_addz(&long_one, "JOE\n");
	assert_ok(hm_tlog_parse_tree(hm_buf_str(&long_one), &t, &err), &err);
	assert_int_equal(t.n, want.n);
	hm_buf_free(&long_one);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (hm_tlog_parse_tree(hm_str_of(bad[i]), &t, &err) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
		assert_str(hm_err_str(&err), "malformed tree note");
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
format_record(void **state)
{
	static const char *const bad[] = { "", "hello\nworld", "hello\n\nworld\n",
	                                   "hello\x01world\n",
		                           "\n\n", "a\xffz\n" };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str out;

	(void)state;
	assert_ok(hm_tlog_format_record(&a, 123456789012, HM_S("hello, world\n"), &out, &err),
	          &err);
	assert_str(out, "123456789012\nhello, world\n\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(hm_tlog_format_record(&a, 1, hm_str_of(bad[i]), &out, &err), -1);
	assert_str(hm_err_str(&err), "malformed record data");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
parse_record(void **state)
{
	static const char *const bad[] = {
		"",
		"not-123\nhello, world\n\n",
		"123\nhello\x01world\n\n",
		"123\nhello\xffworld\n\n",
		"123\nhello world\n",
		"0x123\nhello world\n\n",
		"-1\nhello world\n\n",
		"9223372036854775808\nhello\n\n",
		"\nhello\n\n",
		"123",
	};
	struct hm_err err = { 0 };
	hm_str text, rest;
	int64_t id;

	(void)state;
	assert_ok(hm_tlog_parse_record(HM_S("123456789012\nhello, world\n\njunk on end\x01\xff"),
	                               &id, &text, &rest, &err),
	          &err);
	assert_int_equal(id, 123456789012);
	assert_str(text, "hello, world\n");
	assert_str(rest, "junk on end\x01\xff");
	assert_ok(hm_tlog_parse_record(HM_S("7\na\nb\n\n"), &id, &text, &rest, &err), &err);
	assert_str(text, "a\nb\n");
	assert_str(rest, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (hm_tlog_parse_record(hm_str_of(bad[i]), &id, &text, &rest, &err) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
		assert_str(hm_err_str(&err), "malformed record data");
	}
	hm_err_free(&err);
}

int
test_tlog_text(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees),
		cmocka_unit_test(format_record),
		cmocka_unit_test(parse_record),
	};

	return cmocka_run_group_tests_name("tlog/text", tests, NULL, NULL);
}
