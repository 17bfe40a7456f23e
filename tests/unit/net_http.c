#include "unit/unit.h"

#include <limits.h>
#include <pthread.h>

#include "net/http.h"
#include "os/clock.h"
#include "unit/net_fixture.h"

struct net {
	struct fixture f;
	struct hm_arena a;
	struct hm_err err;
	struct hm_env env;
	struct hm_http *http;
	struct hm_http_resp r;
};

static int
start(void **state, bool tls)
{
	struct net *n = test_calloc(1, sizeof(*n));
	struct hm_http_config c = { .env = &n->env, .header_ms = 700, .stall_ms = 700,
		                    .backoff_ms = 20 };

	*state = n;
	n->env.vars = (struct hm_map){ .arena = &n->a };
	if (!fixture_start(&n->f, tls))
		return -1;
	if (tls)
		hm_env_set(&n->env, "SSL_CERT_FILE", n->f.cert);
	fixture_put(&n->f, "a.txt", HM_S("hello\n"));
	n->http = hm_http_new(&c);
	return 0;
}

static int
setup(void **state)
{
	return start(state, false);
}

static int
setup_tls(void **state)
{
	return start(state, true);
}

static int
teardown(void **state)
{
	struct net *n = *state;

	hm_http_free(n->http);
	fixture_stop(&n->f);
	hm_err_free(&n->err);
	hm_arena_free(&n->a);
	test_free(n);
	return 0;
}

static int
get(struct net *n, hm_str url)
{
	struct hm_http_req q = { .url = url };

	hm_err_clear(&n->err);
	return hm_http_get(n->http, &n->a, &q, &n->r, &n->err);
}

static int
get_spec(struct net *n, const char *spec)
{
	return get(n, fixture_url(&n->f, spec, "a.txt"));
}

/* The error of the last get or of its status, with the server's address cut out. */
static void
expect_error(struct net *n, int rc, const char *want, enum hm_code code)
{
	struct hm_buf b = { 0 };
	hm_str s, host = hm_str_from(n->f.url, hm_str_has_prefix(n->f.url, HM_S("https")) ? 8 : 7);

	if (rc == 0)
		rc = hm_http_status_err(&n->r, &n->err);
	assert_int_equal(rc, -1);
	s = hm_err_str(&n->err);
	for (ptrdiff_t at; (at = hm_str_index(s, host)) >= 0;) {
		hm_buf_add(&b, s.p, (size_t)at);
		hm_buf_addz(&b, "HOST");
		s = hm_str_from(s, (size_t)at + host.n);
	}
	hm_buf_adds(&b, s);
	assert_str(hm_buf_str(&b), want);
	assert_int_equal(n->err.code, code);
	hm_buf_free(&b);
}

static void
gets_a_file(void **state)
{
	struct net *n = *state;

	assert_ok(get(n, fixture_url(&n->f, "", "a.txt")), &n->err);
	assert_int_equal(n->r.status, 200);
	assert_str(n->r.status_text, "200 OK");
	assert_str(n->r.body, "hello\n");
	assert_str(n->r.content_type, "application/octet-stream");
	assert_ok(get_spec(n, "chunked"), &n->err);
	assert_str(n->r.body, "hello\n");
	assert_ok(get_spec(n, "redirect=3"), &n->err);
	assert_str(n->r.body, "hello\n");
	assert_int_equal(hm_http_stats(n->http).connections, 1);
	assert_int_equal(hm_http_stats(n->http).requests, 6);
}

static void
head_has_no_body(void **state)
{
	struct net *n = *state;
	struct hm_http_req q = { .url = fixture_url(&n->f, "x", "a.txt"), .head = true };

	assert_ok(hm_http_get(n->http, &n->a, &q, &n->r, &n->err), &n->err);
	assert_int_equal(n->r.status, 200);
	assert_int_equal(n->r.body.n, 0);
}

static void
statuses_read_as_in_go(void **state)
{
	struct net *n = *state;

	expect_error(n, get_spec(n, "status=404+type=text/html+text=x"),
	             "reading http://HOST/_status=404+type=text/html+text=x/a.txt: 404 Not Found",
	             HM_ENOTFOUND);
	expect_error(n, get_spec(n, "status=410+text=gone"),
	             "reading http://HOST/_status=410+text=gone/a.txt: 410 Gone\n"
	             "\tserver response: gone", HM_EGONE);
	expect_error(n, get_spec(n, "status=403+text=a%0Ab%0A%0Ac"),
	             "reading http://HOST/_status=403+text=a%0Ab%0A%0Ac/a.txt: 403 Forbidden\n"
	             "\tserver response:\n\ta\n\tb", HM_EFORBIDDEN);
	expect_error(n, get_spec(n, "status=500+text=%1b[31mred"),
	             "reading http://HOST/_status=500+text=%1b[31mred/a.txt: "
	             "500 Internal Server Error", HM_EHTTP);
	expect_error(n, get_spec(n, "status=500+type=text/plain;charset=latin1+text=x"),
	             "reading http://HOST/_status=500+type=text/plain;charset=latin1+text=x/a.txt: "
	             "500 Internal Server Error", HM_EHTTP);
	expect_error(n, get_spec(n, "status=500+text=1%0A2%0A3%0A4%0A5%0A6%0A7%0A8%0A9%0A10"),
	             "reading http://HOST/_status=500+text=1%0A2%0A3%0A4%0A5%0A6%0A7%0A8%0A9%0A10"
	             "/a.txt: 500 Internal Server Error\n\tserver response:\n"
	             "\t1\n\t2\n\t3\n\t4\n\t5\n\t6\n\t7\n\t8\n\t[Truncated: too many lines.]",
	             HM_EHTTP);
}

static void
failures_read_as_in_go(void **state)
{
	struct net *n = *state;

	expect_error(n, get_spec(n, "redirect=loop"),
	             "Get \"/_redirect=loop/a.txt\": stopped after 10 redirects", HM_ENET);
	expect_error(n, get_spec(n, "redirect=ftp:%2F%2Fx%2Fy"),
	             "Get \"ftp://x/y/a.txt\": unsupported protocol scheme \"ftp\"", HM_ENET);
	expect_error(n, get_spec(n, "length=100+cut=3"),
	             "read \"http://HOST/_length=100+cut=3/a.txt\": unexpected EOF", HM_ENET);
	expect_error(n, get_spec(n, "hang"), "Get \"http://HOST/_hang/a.txt\": "
	             "net/http: timeout awaiting response headers", HM_ENET);
	expect_error(n, get_spec(n, "hang=3"), "read \"http://HOST/_hang=3/a.txt\": i/o timeout",
	             HM_ENET);
	expect_error(n, get(n, HM_S("http://127.0.0.1:1/x")), "Get \"http://127.0.0.1:1/x\": "
	             "dial tcp 127.0.0.1:1: connect: connection refused", HM_ENET);
	expect_error(n, get(n, HM_S("http://u:secret@127.0.0.1:1/x")),
	             "refusing to pass credentials "
	             "to insecure URL: http://u:xxxxx@127.0.0.1:1/x",
	             HM_EINVALID);
	expect_error(n, get(n, HM_S("ftp://h/x")), "unsupported scheme: ftp://h/x", HM_EINVALID);
	expect_error(n, get(n, HM_S("http:///x")),
	             "Get \"http:///x\": http: no Host in request URL", HM_EINVALID);
}

static void
bodies_are_limited(void **state)
{
	struct net *n = *state;
	struct hm_http_req q = { .url = fixture_url(&n->f, "x", "a.txt"), .max_body = 5 };

	assert_int_equal(hm_http_get(n->http, &n->a, &q, &n->r, &n->err), -1);
	assert_true(hm_err_is(&n->err, HM_ELIMIT));
	q.max_body = 6;
	assert_ok(hm_http_get(n->http, &n->a, &q, &n->r, &n->err), &n->err);
	/* One that says so beforehand, and one that does not. */
	q.max_body = 1000;
	q.url = fixture_url(&n->f, "length=5000000000", "a.txt");
	assert_int_equal(hm_http_get(n->http, &n->a, &q, &n->r, &n->err), -1);
	assert_true(hm_err_is(&n->err, HM_ELIMIT));
	q.url = fixture_url(&n->f, "endless", "a.txt");
	assert_int_equal(hm_http_get(n->http, &n->a, &q, &n->r, &n->err), -1);
	assert_true(hm_err_is(&n->err, HM_ELIMIT));
}

static int
sink_add(void *ctx, hm_str bytes, struct hm_err *err)
{
	struct hm_buf *b = ctx;

	hm_buf_adds(b, bytes);
	return b->n > 100000 ? hm_err_set(err, HM_EIO, "disk full") : 0;
}

static void
sink_gets_the_bytes_once(void **state)
{
	struct net *n = *state;
	struct hm_buf b = { 0 };
	struct hm_http_req q = { .sink = { sink_add, &b } };

	q.url = fixture_url(&n->f, "times=2+status=503", "a.txt");
	assert_ok(hm_http_get(n->http, &n->a, &q, &n->r, &n->err), &n->err);
	assert_str(hm_buf_str(&b), "hello\n");
	assert_int_equal(hm_http_stats(n->http).retries, 2);
	/* Once bytes have gone out there is no second try. */
	hm_buf_clear(&b);
	q.url = fixture_url(&n->f, "times=1+cut=3+length=6", "a.txt");
	assert_int_equal(hm_http_get(n->http, &n->a, &q, &n->r, &n->err), -1);
	assert_str(hm_buf_str(&b), "hel");
	/* The sink's own error comes back. */
	hm_buf_clear(&b);
	q.url = fixture_url(&n->f, "endless", "a.txt");
	assert_int_equal(hm_http_get(n->http, &n->a, &q, &n->r, &n->err), -1);
	assert_str(hm_err_str(&n->err), "disk full");
	assert_true(hm_err_is(&n->err, HM_EIO));
	hm_buf_free(&b);
}

static void
transient_failures_are_retried(void **state)
{
	struct net *n = *state;

	assert_ok(get_spec(n, "times=3+status=502"), &n->err);
	assert_str(n->r.body, "hello\n");
	assert_ok(get_spec(n, "times=2+reset"), &n->err);
	assert_str(n->r.body, "hello\n");
	assert_ok(get_spec(n, "times=1+cut=2+length=6"), &n->err);
	assert_str(n->r.body, "hello\n");
	expect_error(n, get_spec(n, "times=4+status=503+text=busy"),
	             "reading http://HOST/_times=4+status=503+text=busy/a.txt: "
	             "503 Service Unavailable\n\tserver response: busy", HM_EHTTP);
	/* 500 is an answer, not a hiccup. */
	assert_ok(get_spec(n, "times=1+status=500"), &n->err);
	assert_int_equal(n->r.status, 500);
}

struct many {
	struct net *n;
	int failed;
	pthread_mutex_t lock;
};

static void *
get_many(void *arg)
{
	struct many *m = arg;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_http_resp r;
	struct hm_http_req q = { .url = hm_arena_printf(&a, HM_F "/_x/a.txt", HM_P(m->n->f.url)) };

	for (int i = 0; i < 25; i++)
		if (hm_http_get(m->n->http, &a, &q, &r, &err) < 0 ||
		    !hm_str_eqz(r.body, "hello\n")) {
			pthread_mutex_lock(&m->lock);
			m->failed++;
			pthread_mutex_unlock(&m->lock);
		}
	hm_err_free(&err);
	hm_arena_free(&a);
	return NULL;
}

static void
many_threads_share_the_client(void **state)
{
	struct many m = { .n = *state, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t t[20];

	for (size_t i = 0; i < 20; i++)
		assert_int_equal(pthread_create(&t[i], NULL, get_many, &m), 0);
	for (size_t i = 0; i < 20; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(m.failed, 0);
	assert_in_range(hm_http_stats(m.n->http).connections, 1, 20);
}

static void
total_time_is_limited(void **state)
{
	struct net *n = *state;
	struct hm_http_req q = { .url = fixture_url(&n->f, "slow=5000", "a.txt"), .total_ms = 200 };
	int64_t t0 = hm_clock_monotonic_ns();

	expect_error(n, hm_http_get(n->http, &n->a, &q, &n->r, &n->err),
	             "Get \"http://HOST/_slow=5000/a.txt\": context deadline exceeded "
	             "(Client.Timeout exceeded while awaiting headers)", HM_ENET);
	assert_true(hm_clock_monotonic_ns() - t0 < (int64_t)2000000000);
}

static void
tls_is_verified_and_credentials_stay_inside(void **state)
{
	struct net *n = *state;
	struct hm_env none = { .vars = { .arena = &n->a } };
	struct hm_http_config c = { .env = &none };
	struct hm_http *distrustful = hm_http_new(&c);
	hm_str host = hm_str_from(n->f.url, 8), url;
	struct hm_http_req q = { .url = hm_arena_printf(&n->a, HM_F "/a.txt", HM_P(n->f.url)) };

	assert_ok(get(n, q.url), &n->err);
	assert_str(n->r.body, "hello\n");
	expect_error(n, hm_http_get(distrustful, &n->a, &q, &n->r, &n->err),
	             "Get \"https://HOST/a.txt\": tls: failed to verify certificate: x509: "
	             "certificate signed by unknown authority", HM_ENET);
	q.security = HM_HTTP_INSECURE;
	assert_ok(hm_http_get(distrustful, &n->a, &q, &n->r, &n->err), &n->err);
	hm_http_free(distrustful);

	url = hm_arena_printf(&n->a, "https://me:pa%%20ss@" HM_F "/_auth=me:pa%%20ss/a.txt",
	                      HM_P(host));
	assert_ok(get(n, url), &n->err);
	assert_str(n->r.body, "hello\n");
	url = hm_arena_printf(&n->a, "https://me:wrong@" HM_F "/_auth=me:x/a.txt", HM_P(host));
	expect_error(n, get(n, url), "reading https://me:xxxxx@HOST/_auth=me:x/a.txt: "
	             "401 Unauthorized\n\tserver response: who are you?", HM_EFORBIDDEN);
	url = hm_arena_printf(&n->a, "https://me:secret@" HM_F "/_length=9+cut=1/a.txt",
	                      HM_P(host));
	expect_error(n, get(n, url), "read \"https://me:xxxxx@HOST/_length=9+cut=1/a.txt\": "
	             "unexpected EOF", HM_ENET);
	url = hm_arena_printf(&n->a, HM_F "/_redirect=http:%%2F%%2Fh/a.txt", HM_P(n->f.url));
	expect_error(n, get(n, url), "Get \"http://h/a.txt\": redirected from secure URL "
	             "https://HOST/_redirect=http:%2F%2Fh/a.txt to insecure URL http://h/a.txt",
	             HM_ENET);
}

int
test_net_http(void)
{
	const struct CMUnitTest tests[] = {
#define N(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		N(gets_a_file),
		N(head_has_no_body),
		N(statuses_read_as_in_go),
		N(failures_read_as_in_go),
		N(bodies_are_limited),
		N(sink_gets_the_bytes_once),
		N(transient_failures_are_retried),
		N(many_threads_share_the_client),
		N(total_time_is_limited),
		cmocka_unit_test_setup_teardown(tls_is_verified_and_credentials_stay_inside,
		                                setup_tls, teardown),
#undef N
	};

	return cmocka_run_group_tests_name("net/http", tests, NULL, NULL);
}
