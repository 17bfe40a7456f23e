/* Request parsing; the refused ones are the published request-smuggling cases. */
#include "unit/unit.h"

#include "net/http1.h"

static int
parse(const char *z, struct hm_http1_request *r)
{
	return hm_http1_parse(hm_str_of(z), r);
}

static void
takes_what_clients_send(void **state)
{
	static const char get[] = "GET /a%2fb/@v/list?x=1 HTTP/1.1\r\nHost: h:80\r\n"
	                          "User-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n";
	struct hm_http1_request r;

	(void)state;
	assert_int_equal(parse(get, &r), sizeof(get) - 1);
	assert_int_equal(r.method, HM_HTTP1_GET);
	assert_str(r.path, "/a%2fb/@v/list");
	assert_str(r.query, "x=1");
	assert_str(r.host, "h:80");
	assert_str(hm_http1_field(&r, "user-agent"), "Go-http-client/1.1");
	assert_null(hm_http1_field(&r, "Range").p);
	assert_false(r.close);
	assert_true(parse("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
	                  "Expect: 100-continue\r\nConnection: close\r\n\r\n", &r) > 0);
	assert_true(r.has_length && r.length == 5 && r.expect_continue && r.close);
	assert_true(parse("GET / HTTP/1.0\r\n\r\n", &r) > 0);
	assert_true(r.close);
	assert_true(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &r) > 0);
	assert_false(r.close);
}

static void
waits_at_every_byte(void **state)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
	struct hm_http1_request r;

	(void)state;
	for (size_t n = 0; n < sizeof(get) - 1; n++)
		assert_int_equal(hm_http1_parse(hm_str_make(get, n), &r), 0);
	assert_int_equal(hm_http1_parse(hm_str_make(get, sizeof(get) - 1), &r), sizeof(get) - 1);
}

static void
refuses_what_is_ambiguous(void **state)
{
	static const struct {
		const char *text;
		int want;
	} t[] = {
		/* framing */
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
		  -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		  -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\n", -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1 1\r\n\r\n", -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
		  -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: "
		  "chunked\r\n\r\n",
		  -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: "
		  "1\r\n\r\n",
		  -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
		  "chunked\r\n\r\n",
		  -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", -501 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", -501 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", -501 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n", -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \x0b"
		  "chunked\r\n\r\n",
		  -400 },
		{ "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n", -400 },
		{ "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", -400 },
		/* lines */
		{ "GET / HTTP/1.1\nHost: h\n\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\rX: y\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\n Host: h\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nNo colon\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nX\x7f: y\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nX: \x01\r\n\r\n", -400 },
		{ "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		/* host */
		{ "GET / HTTP/1.1\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", -400 },
		{ "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", -400 },
		/* request line */
		{ "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", -400 },
		{ "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "GET / \r\nHost: h\r\n\r\n", -400 },
		{ "GET /\r\n\r\n", -400 },
		{ "GET /a\x80 HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "GET * HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "GET / http/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "GET / HTTP/1.01\r\nHost: h\r\n\r\n", -400 },
		{ "GET / HTTP/2.0\r\nHost: h\r\n\r\n", -505 },
		{ "GET / HTTP/1.2\r\nHost: h\r\n\r\n", -505 },
		{ "get / HTTP/1.1\r\nHost: h\r\n\r\n", -501 },
		{ "CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n", -501 },
		{ "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", -400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nExpect: something\r\n\r\n", -417 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", -501 },
	};
	struct hm_http1_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (parse(t[i].text, &r) != t[i].want)
			fail_msg("%d, want %d: %s", parse(t[i].text, &r), t[i].want, t[i].text);
}

static void
holds_its_limits(void **state)
{
	struct hm_http1_request r;
	struct hm_buf b = { 0 };

	(void)state;
	hm_buf_addz(&b, "GET /");
	while (b.n < 9000)
		hm_buf_addc(&b, 'a');
	hm_buf_addz(&b, " HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(hm_http1_parse(hm_buf_str(&b), &r), -414);
	hm_buf_clear(&b);
	hm_buf_addz(&b, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < 64; i++)
		hm_buf_addz(&b, "A: b\r\n");
	hm_buf_addz(&b, "\r\n");
	assert_int_equal(hm_http1_parse(hm_buf_str(&b), &r), -431);
	hm_buf_clear(&b);
	hm_buf_addz(&b, "GET / HTTP/1.1\r\nX: ");
	while (b.n < 20000)
		hm_buf_addc(&b, 'a');
	assert_int_equal(hm_http1_parse(hm_buf_str(&b), &r), -431);
	hm_buf_clear(&b);
	while (b.n < 20000)
		hm_buf_addc(&b, 'a');
	assert_int_equal(hm_http1_parse(hm_buf_str(&b), &r), -414);
	hm_buf_free(&b);
}

/* Decodes text given in pieces of n bytes; answers the last result, body in *out. */
static int
decode(const char *text, size_t n, struct hm_buf *out)
{
	struct hm_http1_chunks c = { 0 };
	hm_str rest = hm_str_of(text);
	int rc = 0;

	hm_buf_clear(out);
	while (rest.n && rc == 0) {
		hm_str piece = hm_str_sub(rest, 0, n < rest.n ? n : rest.n), data;

		rest = hm_str_from(rest, piece.n);
		do {
			rc = hm_http1_chunk(&c, &piece, &data);
			hm_buf_adds(out, data);
		} while (rc == 0 && piece.n);
		if (rc == 1 && piece.n)
			return 2; /* bytes behind the body are left alone */
	}
	return rc;
}

static void
chunks(void **state)
{
	static const char *const bad[] = { "\r\n",
		                           "5;x=y\r\nhello\r\n0\r\n\r\n",
		                           "0x5\r\nhello\r\n0\r\n\r\n",
		                           "5 \r\nhello\r\n0\r\n\r\n",
		                           "5\nhello\n0\n\n",
		                           "5\r\nhelloX\r\n0\r\n\r\n",
		                           "-1\r\n",
		                           "0\r\nTrailer: x\r\n\r\n",
		                           "fffffffffffff\r\n",
		                           "5\r\nhello\r0\r\n\r\n" };
	struct hm_buf out = { 0 };

	(void)state;
	for (size_t n = 1; n < 30; n++) {
		assert_true(decode("5\r\nhello\r\nA\r\n, you two.\r\n0\r\n\r\n", n, &out) == 1);
		assert_str(hm_buf_str(&out), "hello, you two.");
	}
	assert_int_equal(decode("0\r\n\r\nGET /", 100, &out), 2);
	assert_int_equal(decode("5\r\nhel", 100, &out), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (decode(bad[i], 1, &out) != -1 || decode(bad[i], 100, &out) != -1)
			fail_msg("accepted: %s", bad[i]);
	hm_buf_free(&out);
}

int
test_net_http1(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_clients_send),
		cmocka_unit_test(waits_at_every_byte),
		cmocka_unit_test(refuses_what_is_ambiguous),
		cmocka_unit_test(holds_its_limits),
		cmocka_unit_test(chunks),
	};

	return cmocka_run_group_tests_name("net/http1", tests, NULL, NULL);
}
