#include "unit/unit.h"

#include "codec/json.h"

/* Go 1.26: json.Unmarshal into any, then its error. */
static const struct {
	const char *in, *err;
} bad[] = {
	{ "", "unexpected end of JSON input" },
	{ "<html>", "invalid character '<' looking for beginning of value" },
	{ "{\"a\"", "unexpected end of JSON input" },
	{ "{\"a\":1,}", "invalid character '}' looking for beginning of object key string" },
	{ "{\"a\" 1}", "invalid character '1' after object key" },
	{ "{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair" },
	{ "[1 2]", "invalid character '2' after array element" },
	{ "[1,]", "invalid character ']' looking for beginning of value" },
	{ "{} x", "invalid character 'x' after top-level value" },
	{ "tru", "invalid character ' ' in literal true (expecting 'e')" },
	{ "nulx", "invalid character 'x' in literal null (expecting 'l')" },
	{ "-", "invalid character ' ' in numeric literal" },
	{ "01", "invalid character '1' after top-level value" },
	{ "1.x", "invalid character 'x' after decimal point in numeric literal" },
	{ "1e+", "invalid character ' ' in exponent of numeric literal" },
	{ "\"a\tb\"", "invalid character '\\t' in string literal" },
	{ "\"\\x\"", "invalid character 'x' in string escape code" },
	{ "\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape" },
	{ "'x'", "invalid character '\\'' looking for beginning of value" },
	{ "\xc3\xa9", "invalid character '\xc3\x83' looking for beginning of value" },
};

static void
refuses_with_gos_words(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	const struct hm_json *v;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(hm_json_parse(&a, hm_str_of(bad[i].in), &v, &err), -1);
		assert_str(hm_err_str(&err), bad[i].err);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
nesting_is_limited(void **state)
{
	static char deep[4 * HM_JSON_MAX_DEPTH];
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	const struct hm_json *v;

	(void)state;
	memset(deep, '[', sizeof(deep));
	assert_int_equal(hm_json_parse(&a, hm_str_make(deep, sizeof(deep)), &v, &err), -1);
	assert_true(hm_err_is(&err, HM_ELIMIT));
	memset(deep + HM_JSON_MAX_DEPTH, ']', HM_JSON_MAX_DEPTH);
	assert_ok(hm_json_parse(&a, hm_str_make(deep, 2 * HM_JSON_MAX_DEPTH), &v, &err), &err);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
reads_members(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	const struct hm_json *v;
	int64_t n;

	(void)state;
	assert_ok(hm_json_parse(&a,
	                        HM_S("{\"version\":\"v1\",\"Version\":\"v2\",\"n\":-3,\"f\":1.5,"
	                             "\"l\":[true,null],\"s\":\"\\ud800\xff\\u0000\"}"),
	                        &v, &err),
	          &err);
	assert_str(hm_json_get_str(v, "Version"), "v2");
	assert_str(hm_json_get_str(v, "absent"), "");
	assert_true(hm_json_int(hm_json_get(v, "N"), &n));
	assert_int_equal(n, -3);
	assert_false(hm_json_int(hm_json_get(v, "f"), &n));
	assert_int_equal(hm_json_len(hm_json_get(v, "l")), 2);
	assert_true(hm_json_bool(hm_json_at(hm_json_get(v, "l"), 0)));
	assert_null(hm_json_at(hm_json_get(v, "l"), 2));
	assert_null(hm_json_str(hm_json_get(v, "l")).p);
	assert_true(hm_str_eq(hm_json_get_str(v, "s"), HM_S("\xef\xbf\xbd\xef\xbf\xbd\0")));
	assert_str(hm_json_key_at(v, 2), "n");
	assert_string_equal(hm_json_kind_word(hm_json_get(v, "l")), "array");
	hm_arena_free(&a);
}

static void
writes_as_marshal(void **state)
{
	struct hm_buf b = { 0 };

	(void)state;
	hm_json_quote(&b, HM_S("a<b>&\"\\\b\f\n\r\t\x01\x7f\xff\xe2\x80\xa8\xc3\xa9"), false);
	assert_str(hm_buf_str(&b), "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f"
	                           "\\ufffd\\u2028\xc3\xa9\"");
	hm_buf_clear(&b);
	hm_json_quote(&b, HM_S("<&>"), true);
	assert_str(hm_buf_str(&b), "\"<&>\"");
	hm_buf_free(&b);
}

static void
write_sample(struct hm_json_out *w)
{
	hm_json_begin_object(w);
	hm_json_member_str(w, "Path", HM_S("p"));
	hm_json_member_opt_str(w, "None", HM_S(""));
	hm_json_key(w, "Empty");
	hm_json_begin_object(w);
	hm_json_end_object(w);
	hm_json_key(w, "List");
	hm_json_begin_array(w);
	hm_json_put_int(w, -1);
	hm_json_begin_array(w);
	hm_json_end_array(w);
	hm_json_put_raw(w, HM_S("{\"a\":[1,{}],\"b\":\"{,:\\\"\"}"));
	hm_json_put_null(w);
	hm_json_end_array(w);
	hm_json_member_bool(w, "OK", true);
	hm_json_end_object(w);
}

static void
writes_as_marshal_indent(void **state)
{
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b, .indent = "\t" }, compact = { .out = &b };

	(void)state;
	write_sample(&w);
	assert_str(hm_buf_str(&b),
	           "{\n\t\"Path\": \"p\",\n\t\"Empty\": {},\n\t\"List\": [\n\t\t-1,\n\t\t[],\n"
	           "\t\t{\n\t\t\t\"a\": [\n\t\t\t\t1,\n\t\t\t\t{}\n\t\t\t],\n"
	           "\t\t\t\"b\": \"{,:\\\"\"\n\t\t},\n\t\tnull\n\t],\n\t\"OK\": true\n}");
	hm_buf_clear(&b);
	write_sample(&compact);
	assert_str(hm_buf_str(&b), "{\"Path\":\"p\",\"Empty\":{},\"List\":[-1,[],"
	                           "{\"a\":[1,{}],\"b\":\"{,:\\\"\"},null],\"OK\":true}");
	hm_buf_free(&b);
}

int
test_codec_json(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_with_gos_words),
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(reads_members),
		cmocka_unit_test(writes_as_marshal),
		cmocka_unit_test(writes_as_marshal_indent),
	};

	return cmocka_run_group_tests_name("codec/json", tests, NULL, NULL);
}
