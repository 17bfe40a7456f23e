#include "unit/unit.h"

#include "serve/realip.h"

static struct hm_realip
trusting(const char *list, const char *header)
{
	struct hm_err err = { 0 };
	struct hm_realip r;

	assert_ok(hm_realip_parse(hm_str_of(list), hm_str_of(header), &r, &err), &err);
	return r;
}

/* fields: the rest of a request's head. */
static void
expect(const struct hm_realip *r, const char *peer, const char *fields, const char *want)
{
	struct hm_arena a = { 0 };
	struct hm_http1_request req;
	char room[HM_REALIP_TEXT_MAX];
	hm_str text = hm_arena_printf(&a, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);

	assert_true(hm_http1_parse(text, &req) > 0);
	assert_str(hm_realip_client(r, hm_str_of(peer), &req, room), want);
	hm_arena_free(&a);
}

#define XFF "X-Forwarded-For: "

static void
x_forwarded_for(void **state)
{
	struct hm_realip r = trusting("10.0.0.0/8, 192.0.2.1 fd00::/8,unix", "X-Forwarded-For");

	(void)state;
	expect(&r, "10.1.2.3", "", "10.1.2.3");
	expect(&r, "10.1.2.3", XFF "203.0.113.7\r\n", "203.0.113.7");
	expect(&r, "unix", XFF "203.0.113.7\r\n", "203.0.113.7");
	expect(&r, "fd12::1", XFF "2001:DB8::1\r\n", "2001:db8::1");
	/* What a client says of itself stands before what the proxies have seen. */
	expect(&r, "10.1.2.3", XFF "1.1.1.1, 203.0.113.7\r\n", "203.0.113.7");
	expect(&r, "10.1.2.3", XFF "1.1.1.1, 203.0.113.7 , 192.0.2.1,10.9.9.9\r\n", "203.0.113.7");
	expect(&r, "10.1.2.3", XFF "1.1.1.1\r\n" XFF "203.0.113.7\r\n", "203.0.113.7");
	expect(&r, "10.1.2.3", XFF "203.0.113.7\r\n" XFF "10.9.9.9\r\n", "203.0.113.7");
	expect(&r, "10.1.2.3", XFF "10.0.0.1, 10.0.0.2\r\n", "10.0.0.1");
	/* Ports, IPv4 in IPv6. */
	expect(&r, "10.1.2.3", XFF "203.0.113.7:4711\r\n", "203.0.113.7");
	expect(&r, "10.1.2.3", XFF "[2001:db8::1]:4711\r\n", "2001:db8::1");
	expect(&r, "::ffff:10.1.2.3", XFF "::ffff:203.0.113.7\r\n", "203.0.113.7");
	/* No address: who said so is as far as it is known. */
	expect(&r, "10.1.2.3", XFF "unknown\r\n", "10.1.2.3");
	expect(&r, "10.1.2.3", XFF "203.0.113.7, unknown, 10.5.5.5\r\n", "10.5.5.5");
	expect(&r, "10.1.2.3", XFF "\"1.1.1.1, 203.0.113.7\r\n", "203.0.113.7");
	expect(&r, "10.1.2.3", XFF "203.0.113.7,\r\n", "10.1.2.3");
	expect(&r, "10.1.2.3", XFF "1.2.3\r\n", "10.1.2.3");
	expect(&r, "10.1.2.3", XFF "[1.2.3.4]\r\n", "10.1.2.3");
	/* Strangers may say what they like; the other field counts for nothing. */
	expect(&r, "192.0.2.2", XFF "203.0.113.7\r\n", "192.0.2.2");
	expect(&r, "11.1.2.3", XFF "203.0.113.7\r\n", "11.1.2.3");
	expect(&r, "fe00::1", XFF "203.0.113.7\r\n", "fe00::1");
	expect(&r, "10.1.2.3", "Forwarded: for=203.0.113.7\r\n", "10.1.2.3");
}

static void
forwarded(void **state)
{
	struct hm_realip r = trusting("::1,127.0.0.1", "forwarded");

	(void)state;
	expect(&r, "127.0.0.1", "Forwarded: for=203.0.113.7;proto=https;by=10.0.0.1\r\n",
	       "203.0.113.7");
	expect(&r, "127.0.0.1", "Forwarded: by=10.0.0.1;For=\"[2001:db8::1]:4711\"\r\n",
	       "2001:db8::1");
	expect(&r, "::1", "Forwarded: for=1.1.1.1, for=\"203.0.113.7:80\", for=127.0.0.1\r\n",
	       "203.0.113.7");
	expect(&r, "::1", "Forwarded: for=\"1.1.1.1, for=203.0.113.7\r\n", "203.0.113.7");
	expect(&r, "::1", "Forwarded: for=1.1.1.1, for=_hidden\r\n", "::1");
	expect(&r, "::1", "Forwarded: for=1.1.1.1, proto=https\r\n", "::1");
	expect(&r, "::1", XFF "203.0.113.7\r\n", "::1");
}

static void
lists(void **state)
{
	static const char *const bad[] = { "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "host",
		                           "10.0.0.0/-1", "10.0.0.0/1x", "1.2.3.4:80" };
	struct hm_realip r = trusting("0.0.0.0/0", "x-forwarded-for");
	struct hm_err err = { 0 };

	(void)state;
	expect(&r, "198.51.100.1", XFF "2001:db8::1\r\n", "2001:db8::1");
	expect(&r, "2001:db8::2", XFF "203.0.113.7\r\n", "2001:db8::2");
	r = trusting("203.0.113.128/25", "x-forwarded-for");
	expect(&r, "203.0.113.129", XFF "1.1.1.1\r\n", "1.1.1.1");
	expect(&r, "203.0.113.127", XFF "1.1.1.1\r\n", "203.0.113.127");
	r = trusting("", "x-forwarded-for");
	expect(&r, "127.0.0.1", XFF "1.1.1.1\r\n", "127.0.0.1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(
			hm_realip_parse(hm_str_of(bad[i]), HM_S("forwarded"), &r, &err), -1);
		hm_err_clear(&err);
	}
	assert_int_equal(hm_realip_parse(HM_S("::1"), HM_S("x-real-ip"), &r, &err), -1);
	hm_err_free(&err);
}

int
test_serve_realip(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x_forwarded_for),
		cmocka_unit_test(forwarded),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests_name("serve/realip", tests, NULL, NULL);
}
