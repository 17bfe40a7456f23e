#include "unit/unit.h"

#include "codec/url.h"

/* What Go 1.26's url.Parse, String, Redacted, Hostname and Port say. */
static const struct {
	const char *in, *string, *redacted, *path, *hostname, *port;
} good[] = {
	{ "http://a:80/x y", "http://a:80/x%20y", "http://a:80/x%20y", "/x y", "a", "80" },
	{ "http://u:p@h/x", "http://u:p@h/x", "http://u:xxxxx@h/x", "/x", "h", "" },
	{ "http://u@h", "http://u@h", "http://u@h", "", "h", "" },
	{ "http://a@b@h/", "http://a%40b@h/", "http://a%40b@h/", "/", "h", "" },
	{ "https://[::1]:8080/x", "https://[::1]:8080/x", "https://[::1]:8080/x", "/x", "::1",
	  "8080" },
	{ "https://[fe80::1%25eth0]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%25eth0]/",
	  "/", "fe80::1%eth0", "" },
	{ "mailto:x@y", "mailto:x@y", "mailto:x@y", "", "", "" },
	{ "file:///a/b%20c", "file:///a/b%20c", "file:///a/b%20c", "/a/b c", "", "" },
	{ "http://h/a%2Fb?x=%zz#fr%20ag", "http://h/a%2Fb?x=%zz#fr%20ag",
	  "http://h/a%2Fb?x=%zz#fr%20ag", "/a/b", "h", "" },
	{ "HTTP://H/", "http://H/", "http://H/", "/", "H", "" },
	{ "./a:b", "./a:b", "./a:b", "./a:b", "", "" },
	{ "//h/p", "//h/p", "//h/p", "/p", "h", "" },
};

static const struct {
	const char *in, *err;
} bad[] = {
	{ "http://a:b/", "parse \"http://a:b/\": invalid port \":b\" after host" },
	{ "http://a:1:2/", "parse \"http://a:1:2/\": invalid port \":1:2\" after host" },
	{ "https://[::1", "parse \"https://[::1\": missing ']' in host" },
	{ ":x", "parse \":x\": missing protocol scheme" },
	{ "1a:b", "parse \"1a:b\": first path segment in URL cannot contain colon" },
	{ "http://h/%zz", "parse \"http://h/%zz\": invalid URL escape \"%zz\"" },
	{ "http://h%41/", "parse \"http://h%41/\": invalid URL escape \"%41\"" },
	{ "http://h h/", "parse \"http://h h/\": invalid character \" \" in host name" },
	{ "http://h/\x01", "parse \"http://h/\\x01\": net/url: invalid control character in URL" },
	{ "http://a b@h/", "parse \"http://a b@h/\": net/url: invalid userinfo" },
};

static void
parses_and_prints_as_go(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_url u;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_ok(hm_url_parse(&a, hm_str_of(good[i].in), &u, &err), &err);
		assert_str(hm_url_string(&a, &u), good[i].string);
		assert_str(hm_url_redacted(&a, &u), good[i].redacted);
		assert_str(u.path, good[i].path);
		assert_str(hm_url_hostname(&u), good[i].hostname);
		assert_str(hm_url_port(&u), good[i].port);
	}
	hm_arena_free(&a);
}

static void
refuses_as_go(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_url u;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(hm_url_parse(&a, hm_str_of(bad[i].in), &u, &err), -1);
		assert_str(hm_err_str(&err), bad[i].err);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
resolves_references(void **state)
{
	static const char *const cases[][2] = {
		{ "../x", "https://u:p@ex.com/a/x" },
		{ "..", "https://u:p@ex.com/a/" },
		{ "/../x/./y/..", "https://u:p@ex.com/x/" },
		{ "?q", "https://u:p@ex.com/a/b/c?q" },
		{ "//h/p", "https://h/p" },
		{ "http://h?", "http://h?" },
		{ "", "https://u:p@ex.com/a/b/c?q#f" },
	};
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_url base, ref, u;

	(void)state;
	assert_ok(hm_url_parse(&a, HM_S("https://u:p@ex.com/a/b/c?q#f"), &base, &err), &err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_ok(hm_url_parse(&a, hm_str_of(cases[i][0]), &ref, &err), &err);
		u = hm_url_resolve(&a, &base, &ref);
		assert_str(hm_url_string(&a, &u), cases[i][1]);
	}
	hm_arena_free(&a);
}

static void
escapes(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str s;

	(void)state;
	assert_str(hm_url_path_escape(&a, HM_S("a/b!c d+e;\xff")), "a%2Fb%21c%20d+e%3B%FF");
	assert_str(hm_url_query_escape(&a, HM_S("a/b!c d+e")), "a%2Fb%21c+d%2Be");
	assert_ok(hm_url_query_unescape(&a, HM_S("a+b%2B"), &s, &err), &err);
	assert_str(s, "a b+");
	assert_int_equal(hm_url_path_unescape(&a, HM_S("a%4"), &s, &err), -1);
	assert_str(hm_err_str(&err), "invalid URL escape \"%4\"");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
joins_and_redacts(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_url u, j;
	hm_str path;

	(void)state;
	assert_ok(hm_url_parse(&a, HM_S("https://u:secret@h/go%2Fproxy/"), &u, &err), &err);
	j = hm_url_join(&a, &u, HM_S("!burnt/@v/v1.0.0.info"));
	assert_str(hm_url_redacted(&a, &j), "https://u:xxxxx@h/go%2Fproxy/%21burnt/@v/v1.0.0.info");
	assert_str(hm_url_redact(&a, HM_S("https://u:secret@h:bad/")), "https://xxxxx@h:bad/");
	assert_ok(hm_url_parse(&a, hm_url_from_path(&a, HM_S("/a b/c")), &u, &err), &err);
	assert_ok(hm_url_file_path(&a, &u, &path, &err), &err);
	assert_str(path, "/a b/c");
	assert_ok(hm_url_parse(&a, HM_S("file://host/a"), &u, &err), &err);
	assert_int_equal(hm_url_file_path(&a, &u, &path, &err), -1);
	assert_str(hm_err_str(&err), "file URL specifies non-local host");
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
test_codec_url(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_prints_as_go),
		cmocka_unit_test(refuses_as_go),
		cmocka_unit_test(resolves_references),
		cmocka_unit_test(escapes),
		cmocka_unit_test(joins_and_redacts),
	};

	return cmocka_run_group_tests_name("codec/url", tests, NULL, NULL);
}
