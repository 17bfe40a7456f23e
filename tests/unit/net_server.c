/* The server over a real loopback socket, byte by byte. */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/server.h"
#include "os/clock.h"

static struct hm_server *server;
static struct hm_err err;
static struct sockaddr_in where;
static pthread_t thread;
static int upload_fd = -1;
static int served_count, last_refusal;
/* Of one_client_at_a_time(). */
static int waiting, go_on, flooded, aside_after;
static pthread_t flooded_loop;

static void
reply_later(void *ctx, struct hm_exchange *x)
{
	(void)ctx;
	hm_exchange_reply(x, 200, HM_S("later"));
}

static void *
work(void *arg)
{
	hm_clock_sleep_ms(50);
	hm_exchange_resume(arg, reply_later);
	return NULL;
}

static void
uploaded(void *ctx, struct hm_exchange *x, int status)
{
	(void)ctx;
	hm_exchange_reply(x, status ? status : 201, status ? HM_S("no") : HM_S("stored"));
}

/* What comes on the same loop meanwhile is only seen afterwards. */
static void
hold_the_loop(void)
{
	flooded_loop = pthread_self();
	__atomic_store_n(&waiting, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 10000 && !__atomic_load_n(&go_on, __ATOMIC_ACQUIRE); i++)
		hm_clock_sleep_ms(1);
}

static void
handle(void *ctx, struct hm_exchange *x)
{
	const struct hm_http1_request *r = hm_exchange_request(x);
	pthread_t t;

	(void)ctx;
	if (r->method == HM_HTTP1_PUT && hm_str_eqz(r->path, "/up")) {
		assert_int_equal(ftruncate(upload_fd, 0), 0);
		lseek(upload_fd, 0, SEEK_SET);
		hm_exchange_read_body(x, upload_fd, 1000, uploaded);
	} else if (hm_str_eqz(r->path, "/later")) {
		hm_exchange_defer(x);
		assert_int_equal(pthread_create(&t, NULL, work, x), 0);
		pthread_detach(t);
	} else if (hm_str_eqz(r->path, "/file")) {
		int fd = memfd_create("file", MFD_CLOEXEC);

		assert_int_equal(ftruncate(fd, 3000000), 0);
		assert_int_equal(pwrite(fd, "end", 3, 2999997), 3);
		hm_exchange_reply_file(x, 200, fd, 1, 2999999);
	} else if (hm_str_eqz(r->path, "/wait")) {
		hold_the_loop();
		hm_exchange_reply(x, 200, HM_S(""));
	} else if (hm_str_eqz(r->path, "/flood")) {
		__atomic_fetch_add(&flooded, 1, __ATOMIC_RELAXED);
		hm_exchange_reply(x, 200, HM_S(""));
	} else if (hm_str_eqz(r->path, "/aside")) {
		int n = __atomic_load_n(&flooded, __ATOMIC_RELAXED);

		if (__atomic_load_n(&waiting, __ATOMIC_ACQUIRE) &&
		    pthread_equal(pthread_self(), flooded_loop) &&
		    n > __atomic_load_n(&aside_after, __ATOMIC_RELAXED))
			__atomic_store_n(&aside_after, n, __ATOMIC_RELAXED);
		hm_exchange_reply(x, 200, HM_S("aside"));
	} else {
		hm_exchange_field(x, "X-Path", r->path);
		hm_exchange_field(x, "X-Evil", HM_S("a\r\nInjected: b"));
		hm_exchange_reply(x, 200, HM_S("body"));
	}
}

static void
count_served(void *ctx, const struct hm_served *s)
{
	(void)ctx;
	if (!s->req)
		__atomic_store_n(&last_refusal, s->status, __ATOMIC_RELAXED);
	__atomic_fetch_add(&served_count, 1, __ATOMIC_RELAXED);
}

static void *
run(void *arg)
{
	(void)arg;
	hm_server_run(server, &err);
	return NULL;
}

static int
set_up(void **state)
{
	struct hm_server_opts o = { .listen = HM_S("127.0.0.1:0"), .loops = 2,
		                    .head_ms = 300, .idle_ms = 3000, .handle = handle,
		                    .served = count_served };
	hm_str address, host, port;

	(void)state;
	upload_fd = memfd_create("upload", MFD_CLOEXEC);
	if (hm_server_new(&o, &server, &address, &err))
		return -1;
	hm_str_cut(address, ':', &host, &port);
	where.sin_family = AF_INET;
	where.sin_port = htons((uint16_t)atoi(port.p));
	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return pthread_create(&thread, NULL, run, NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	hm_server_stop(server, 2000);
	pthread_join(thread, NULL);
	hm_server_free(server);
	hm_err_free(&err);
	close(upload_fd);
	return 0;
}

static int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	return fd;
}

/* Sends text, then reads until the peer closes or nothing comes for 200 ms. */
static hm_str
talk(struct hm_arena *a, int fd, hm_str text, bool *closed)
{
	struct hm_buf b = { 0 };

	*closed = false;
	assert_int_equal(send(fd, text.p, text.n, MSG_NOSIGNAL), text.n);
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t k;

		if (poll(&p, 1, 200) == 0)
			break;
		k = recv(fd, hm_buf_room(&b, 65536), 65536, 0);
		if (k <= 0) {
			*closed = true;
			break;
		}
		b.n += (size_t)k;
	}
	return hm_buf_take(&b, a);
}

static size_t
count(hm_str s, const char *what)
{
	size_t n = 0;
	ptrdiff_t i;

	while ((i = hm_str_index(s, hm_str_of(what))) >= 0) {
		n++;
		s = hm_str_from(s, (size_t)i + 1);
	}
	return n;
}

static void
keeps_alive_and_pipelines(void **state)
{
	struct hm_arena a = { 0 };
	bool closed;
	int fd = dial();
	hm_str got;

	(void)state;
	got = talk(&a, fd,
	           HM_S("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n"
	                "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /4 HTTP/1.1\r\nHost: h\r\n\r\n"),
	           &closed);
	assert_false(closed);
	assert_int_equal(count(got, "HTTP/1.1 200 OK"), 4);
	assert_int_equal(count(got, "body"), 2); /* none for HEAD */
	assert_int_equal(count(got, "later"), 1);
	assert_int_equal(count(got, "\r\nInjected"), 0);
	assert_true(hm_str_index(got, HM_S("later")) < hm_str_index(got, HM_S("X-Path: /4")));
	got = talk(&a, fd, HM_S("GET /5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
	           &closed);
	assert_true(closed);
	assert_int_equal(count(got, "Connection: close"), 1);
	close(fd);
	hm_arena_free(&a);
}

static void
refuses_and_closes(void **state)
{
	static const char *const bad[] = {
		"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /x HTTP/1.1\r\nHost: "
		"h\r\n\r\n",
		"GET / HTTP/1.1\nHost: h\n\n",
		"PUT /up HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: "
		"chunked\r\n\r\n0\r\n\r\n",
		"PUT /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
		"chunked\r\n\r\n5;a\r\nhello\r\n0\r\n\r\n",
		"PUT /up HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n",
		"PUT /none HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /smuggled "
		"HTTP/1.1\r\nHost: h\r\n\r\n",
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int fd = dial();
		bool closed;
		hm_str got = talk(&a, fd, hm_str_of(bad[i]), &closed);

		if (count(got, "HTTP/1.1 ") != 1 || !closed ||
		    count(got, "\r\nConnection: close\r\n") != 1)
			fail_msg("%s\n-> " HM_F, bad[i], HM_P(got));
		close(fd);
	}
	hm_arena_free(&a);
}

static void
takes_bodies(void **state)
{
	struct hm_arena a = { 0 };
	char stored[16] = "";
	int fd = dial();
	bool closed;
	hm_str got;

	(void)state;
	got = talk(&a, fd,
	           HM_S("PUT /up HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /n "
	                "HTTP/1.1\r\nHost: h\r\n\r\n"),
	           &closed);
	assert_int_equal(count(got, "201 Created"), 1);
	assert_int_equal(count(got, "X-Path: /n"), 1);
	got = talk(&a, fd, HM_S("PUT /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
	                        "Expect: 100-continue\r\n\r\n"), &closed);
	assert_int_equal(count(got, "100 Continue"), 1);
	got = talk(&a, fd, HM_S("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), &closed);
	assert_int_equal(count(got, "201 Created"), 1);
	assert_int_equal(pread(upload_fd, stored, sizeof(stored), 0), 5);
	assert_string_equal(stored, "abcde");
	close(fd);
	hm_arena_free(&a);
}

static void
sends_files(void **state)
{
	struct hm_arena a = { 0 };
	int fd = dial();
	bool closed;
	hm_str got = talk(&a, fd, HM_S("GET /file HTTP/1.1\r\nHost: h\r\n\r\n"), &closed);

	(void)state;
	assert_int_equal(count(got, "Content-Length: 2999999\r\n"), 1);
	assert_true(got.n > 2999999 && got.n < 3000400);
	assert_true(hm_str_has_suffix(got, HM_S("end")));
	close(fd);
	hm_arena_free(&a);
}

static void
slow_heads_end(void **state)
{
	struct hm_arena a = { 0 };
	int fd = dial();
	bool closed;
	hm_str got;

	(void)state;
	talk(&a, fd, HM_S("GET / HT"), &closed);
	hm_clock_sleep_ms(300);
	got = talk(&a, fd, HM_S("T"), &closed);
	assert_true(closed);
	assert_int_equal(count(got, "HTTP/1.1 408 Request Timeout\r\n"), 1);
	assert_int_equal(__atomic_load_n(&last_refusal, __ATOMIC_RELAXED), 408);
	close(fd);
	hm_arena_free(&a);
}

/* Hundreds of requests at once on one connection: others, who came later, get their turn. */
static void
one_client_at_a_time(void **state)
{
	enum { FLOOD = 400, OTHERS = 8 };
	static const hm_str ask = HM_S("GET /aside HTTP/1.1\r\nHost: h\r\n\r\n");
	struct hm_arena a = { 0 };
	struct hm_buf b = { 0 };
	int fd = dial(), others[OTHERS];
	bool closed;

	(void)state;
	hm_buf_addz(&b, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
	for (int i = 0; i < FLOOD; i++)
		hm_buf_addz(&b, "GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(send(fd, b.p, b.n, MSG_NOSIGNAL), b.n);
	while (!__atomic_load_n(&waiting, __ATOMIC_ACQUIRE))
		hm_clock_sleep_ms(1);
	for (int i = 0; i < OTHERS; i++) { /* some of them on the same loop */
		others[i] = dial();
		assert_int_equal(send(others[i], ask.p, ask.n, MSG_NOSIGNAL), ask.n);
	}
	__atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < OTHERS; i++) {
		assert_int_equal(count(talk(&a, others[i], HM_S(""), &closed), "aside"), 1);
		close(others[i]);
	}
	assert_int_equal(count(talk(&a, fd, HM_S(""), &closed), "200 OK"), FLOOD + 1);
	assert_true(__atomic_load_n(&aside_after, __ATOMIC_RELAXED) < FLOOD);
	close(fd);
	hm_buf_free(&b);
	hm_arena_free(&a);
}

static void
clients_that_leave_do_no_harm(void **state)
{
	struct hm_arena a = { 0 };
	bool closed;

	(void)state;
	for (int i = 0; i < 20; i++) {
		int fd = dial();

		assert_true(send(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n", 33, 0) == 33);
		close(fd);
	}
	for (int i = 0; i < 1000 && hm_server_open(server); i++)
		hm_clock_sleep_ms(10);
	assert_int_equal(hm_server_open(server), 0);
	int fd = dial();
	assert_int_equal(
		count(talk(&a, fd, HM_S("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"), &closed), "200 OK"),
		1);
	close(fd);
	assert_true(__atomic_load_n(&served_count, __ATOMIC_RELAXED) > 30);
	hm_arena_free(&a);
}

int
test_net_server(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_alive_and_pipelines),
		cmocka_unit_test(refuses_and_closes),
		cmocka_unit_test(takes_bodies),
		cmocka_unit_test(sends_files),
		cmocka_unit_test(slow_heads_end),
		cmocka_unit_test(one_client_at_a_time),
		cmocka_unit_test(clients_that_leave_do_no_harm),
	};

	return cmocka_run_group_tests_name("net/server", tests, set_up, tear_down);
}
