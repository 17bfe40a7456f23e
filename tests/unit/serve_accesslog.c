#include "unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "serve/accesslog.h"
#include "unit/folder.h"

static hm_str
in_dir(const char *name)
{
	return hm_arena_printf(&arena, HM_F "/%s", HM_P(dir), name);
}

static struct hm_http1_request req = {
	.method = HM_HTTP1_GET,
	.path = HM_S_INIT("/example.com/m/@v/list"),
	.query = HM_S_INIT("token=hush"),
	.field = { { HM_S_INIT("Authorization"), HM_S_INIT("Bearer hush") } },
	.n_fields = 1,
};

static struct hm_served served = {
	.req = &req,
	.peer = HM_S_INIT("192.0.2.7"),
	.status = 200,
	.sent = 123,
	.received = 4,
	.nanoseconds = 456789,
};

static hm_str
line(bool json, const struct hm_served *s, hm_str account)
{
	struct hm_buf b = { 0 };

	hm_accesslog_format(&b, json, 1767323045678000000, s, account);
	return hm_buf_take(&b, &arena);
}

static void
formats(void **state)
{
	struct hm_served refused = { .peer = HM_S("::1"), .status = 400, .cut = true };

	(void)state;
	assert_str(line(false, &served, HM_S("")),
	           "2026-01-02T03:04:05.678Z 192.0.2.7 - GET /example.com/m/@v/list 200 123 "
	           "456us\n");
	assert_str(line(true, &served, HM_S("alice")),
	           "{\"time\":\"2026-01-02T03:04:05.678Z\",\"peer\":\"192.0.2.7\","
	           "\"account\":\"alice\",\"method\":\"GET\",\"path\":\"/example.com/m/@v/list\","
	           "\"status\":200,\"sent\":123,\"received\":4,\"us\":456,\"cut\":false}\n");
	assert_str(line(false, &refused, HM_S("")),
	           "2026-01-02T03:04:05.678Z ::1 - - - 400 0 0us cut\n");
}

/* Nothing that is sent can make a line of its own, or look like another field. */
static void
escapes(void **state)
{
	(void)state;
	assert_str(line(false, &served, HM_S("a b\n\x1b[31m\xe2\x80\xae")),
	           "2026-01-02T03:04:05.678Z 192.0.2.7 a\\x20b\\x0a\\x1b[31m\\xe2\\x80\\xae "
	           "GET /example.com/m/@v/list 200 123 456us\n");
	assert_true(hm_str_contains(line(true, &served, HM_S("a\"\n\xff")),
	                            HM_S("\"account\":\"a\\\"\\n\\ufffd\"")));
}

static void
file_and_reopen(void **state)
{
	struct hm_accesslog *l;
	hm_str path = in_dir("log"), text;

	(void)state;
	assert_ok(hm_accesslog_new(HM_S("text"), path, &l, &err), &err);
	hm_accesslog_add(l, &served, HM_S("one"));
	hm_accesslog_free(l);
	assert_ok(hm_accesslog_new(HM_S("text"), path, &l, &err), &err);
	assert_int_equal(rename(path.p, in_dir("old").p), 0);
	hm_accesslog_reopen(l);
	hm_accesslog_add(l, &served, HM_S("two"));
	hm_accesslog_free(l);
	assert_ok(hm_file_read(&arena, in_dir("old").p, 4096, &text, &err), &err);
	assert_true(hm_str_contains(text, HM_S(" one ")));
	assert_false(hm_str_contains(text, HM_S(" two ")));
	assert_ok(hm_file_read(&arena, path.p, 4096, &text, &err), &err);
	assert_true(hm_str_contains(text, HM_S(" two ")));
	assert_false(hm_str_contains(text, HM_S("hush")));
}

/* A pipe that nobody empties takes nothing from the requests but the lines. */
static void
blocked_pipe(void **state)
{
	struct hm_accesslog *l;
	hm_str path = in_dir("pipe");
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path.p, 0600), 0);
	reader = open(path.p, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_ok(hm_accesslog_new(HM_S("json"), path, &l, &err), &err);
	for (int i = 0; i < 40000; i++)
		hm_accesslog_add(l, &served, HM_S(""));
	assert_true(hm_accesslog_dropped(l) > 0);
	hm_accesslog_free(l);
	close(reader);
}

static void
settings(void **state)
{
	struct hm_accesslog *l;

	(void)state;
	assert_ok(hm_accesslog_new(HM_S("off"), HM_S(""), &l, &err), &err);
	assert_null(l);
	hm_accesslog_add(l, &served, HM_S(""));
	hm_accesslog_free(l);
	assert_int_equal(hm_accesslog_new(HM_S("xml"), HM_S(""), &l, &err), -1);
	assert_int_equal(err.code, HM_EUSAGE);
	hm_err_clear(&err);
	assert_int_equal(hm_accesslog_new(HM_S("text"), in_dir("no/such"), &l, &err), -1);
	assert_null(l);
	hm_err_clear(&err);
}

int
test_serve_accesslog(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(escapes),
		cmocka_unit_test(file_and_reopen),
		cmocka_unit_test(blocked_pipe),
		cmocka_unit_test(settings),
	};

	return cmocka_run_group_tests_name("serve/accesslog", tests, set_up, tear_down);
}
