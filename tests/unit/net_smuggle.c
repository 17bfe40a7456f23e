/*
 * Requests that two servers would read in two ways: the published cases of request
 * smuggling, on a raw socket.  /smuggled must never be asked for, but where it is a
 * request of its own by RFC 9112 alone.
 */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/server.h"

static struct hm_server *server;
static struct hm_err err;
static struct sockaddr_in where;
static pthread_t thread;
static int upload_fd = -1;
static int smuggled;

static void
uploaded(void *ctx, struct hm_exchange *x, int status)
{
	(void)ctx;
	hm_exchange_reply(x, status ? status : 201, HM_S(""));
}

static void
handle(void *ctx, struct hm_exchange *x)
{
	const struct hm_http1_request *r = hm_exchange_request(x);

	(void)ctx;
	if (hm_str_eqz(r->path, "/smuggled"))
		__atomic_fetch_add(&smuggled, 1, __ATOMIC_RELAXED);
	if (r->method == HM_HTTP1_PUT || r->method == HM_HTTP1_POST)
		hm_exchange_read_body(x, upload_fd, 1000, uploaded);
	else
		hm_exchange_reply(x, 200, HM_S("ok"));
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
	struct hm_server_opts o = { .listen = HM_S("127.0.0.1:0"), .loops = 1,
		                    .handle = handle };
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

#define H "Host: h\r\n"
#define POST "POST / HTTP/1.1\r\n" H
#define NEXT "GET /smuggled HTTP/1.1\r\n" H "\r\n"
#define REFUSED "400 closed"

/* want: all statuses, then "closed" or "open". passes: how often /smuggled may be asked for. */
static const struct {
	const char *name, *bytes, *want;
	int passes;
	size_t n; /* of bytes, where there is a NUL among them */
} cases[] = {
	/* Content-Length against Transfer-Encoding */
	{ "CL.TE", POST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE.CL", POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
	  "5c\r\n" NEXT "0\r\n\r\n", REFUSED, 0, 0 },
	{ "CL.TE on GET", "GET / HTTP/1.1\r\n" H "Content-Length: 4\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	/* Transfer-Encoding that one side does not see */
	{ "TE: xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT,
	  "501 closed", 0, 0 },
	{ "TE: chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n"
	  "\r\n0\r\n\r\n" NEXT, "501 closed", 0, 0 },
	{ "TE: identity", POST "Transfer-Encoding: identity\r\n\r\n" NEXT,
	  "501 closed", 0, 0 },
	{ "TE: gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n"
	  "0\r\n\r\n" NEXT, "501 closed", 0, 0 },
	{ "TE twice", POST "Transfer-Encoding: chunked\r\n"
	  "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE twice, both chunked", POST "Transfer-Encoding: chunked\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE with space before the colon", POST "Transfer-Encoding : chunked\r\n"
	  "\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE with tab before the colon", POST "Transfer-Encoding\t: chunked\r\n"
	  "\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE folded", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "TE behind a folded field", POST "X: y\r\n Transfer-Encoding: chunked\r\n"
	  "\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE first, indented", "POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\n" H "\r\n"
	  "0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE with vertical tab", POST "Transfer-Encoding: \vchunked\r\n\r\n"
	  "0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE with NUL", POST "Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n" NEXT,
	  REFUSED, 0, sizeof(POST "Transfer-Encoding: chunked\0\r\n\r\n"
	                     "0\r\n\r\n" NEXT) - 1 },
	{ "TE quoted", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" NEXT,
	  "501 closed", 0, 0 },
	{ "TE in another field's line (bare CR)", POST "X: y\rTransfer-Encoding: "
	  "chunked\r\n\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE in another field's line (bare LF)", POST "X: y\nTransfer-Encoding: "
	  "chunked\r\n\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "TE of HTTP/1.0", "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
	  "0\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "underscore for hyphen", "GET / HTTP/1.1\r\n" H "Transfer_Encoding: chunked\r\n\r\n",
	  "200 open", 0, 0 },
	/* Content-Length that is read in two ways */
	{ "CL twice, different", POST "Content-Length: 0\r\nContent-Length: 47\r\n"
	  "\r\n" NEXT, REFUSED, 0, 0 },
	{ "CL twice, the same", POST "Content-Length: 0\r\nContent-Length: 0\r\n"
	  "\r\n" NEXT, REFUSED, 0, 0 },
	{ "CL as a list", POST "Content-Length: 0, 0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "CL +", POST "Content-Length: +0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "CL -", POST "Content-Length: -1\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "CL hex", POST "Content-Length: 0x0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "CL with space inside", POST "Content-Length: 0 0\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "CL with underscore", POST "Content-Length: 1_0\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "CL empty", POST "Content-Length:\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "CL beyond 2^64", POST "Content-Length: 18446744073709551616\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "CL with space before the colon", POST "Content-Length : 0\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "CL with form feed", POST "Content-Length: \f0\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "CL folded", POST "Content-Length: 0\r\n 47\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	/* bodies where none belong */
	{ "GET with a body", "GET / HTTP/1.1\r\n" H "Content-Length: 47\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "HEAD with a body", "HEAD / HTTP/1.1\r\n" H "Content-Length: 47\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "DELETE with a body", "DELETE / HTTP/1.1\r\n" H "Content-Length: 47\r\n\r\n" NEXT,
	  REFUSED, 0, 0 },
	{ "GET in chunks", "GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
	  "0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "GET with an empty body", "GET / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n" NEXT,
	  "200 200 open", 1, 0 },
	/* chunks */
	{ "chunk extension", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "1;x=y\r\na\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk extension with bare LF", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "1;\nxx\r\na\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk size 0x", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "0x1\r\na\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk size +", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "+1\r\na\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk size beyond 2^64", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "10000000000000001\r\na\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk size with space", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "1 \r\na\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk size with bare LF", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "1\na\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk without its CRLF", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "1\r\nab0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk longer than it says", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "1\r\naaa\r\n0\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "trailer field", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "0\r\nContent-Length: 47\r\n\r\n" NEXT, REFUSED, 0, 0 },
	{ "chunk of 2^48 - 1", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "ffffffffffff\r\n" NEXT "0\r\n\r\n", "open", 0, 0 },
	{ "last chunk with two ends", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "0\r\n\r\n\r\n" NEXT, "201 400 closed", 0, 0 },
	{ "last chunk with CR for CRLF", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "0\r\r\n" NEXT, REFUSED, 0, 0 },
	{ "right chunks", POST "Transfer-Encoding: chunked\r\n\r\n"
	  "1\r\na\r\n0\r\n\r\n" NEXT, "201 200 open", 1, 0 },
	/* line ends and control characters */
	{ "bare LF", "GET / HTTP/1.1\n" H "\r\n" NEXT, REFUSED, 0, 0 },
	{ "bare LF before the end", "GET / HTTP/1.1\r\n" H "\n" NEXT, REFUSED, 0, 0 },
	{ "bare CR at the end", "GET / HTTP/1.1\r\n" H "\r" NEXT, REFUSED, 0, 0 },
	{ "NUL in a name", "GET / HTTP/1.1\r\n" H "X\0: y\r\n\r\n", REFUSED, 0,
	  sizeof("GET / HTTP/1.1\r\n" H "X\0: y\r\n\r\n") - 1 },
	{ "NUL in the target", "GET /\0 HTTP/1.1\r\n" H "\r\n", REFUSED, 0,
	  sizeof("GET /\0 HTTP/1.1\r\n" H "\r\n") - 1 },
	{ "empty line first", "\r\nGET / HTTP/1.1\r\n" H "\r\n", REFUSED, 0, 0 },
	/* request line */
	{ "absolute form", "GET http://other/smuggled HTTP/1.1\r\n" H "\r\n", REFUSED, 0, 0 },
	{ "authority form", "CONNECT other:443 HTTP/1.1\r\n" H "\r\n", "501 closed", 0, 0 },
	{ "asterisk form", "OPTIONS * HTTP/1.1\r\n" H "\r\n", "501 closed", 0, 0 },
	{ "two spaces", "GET  / HTTP/1.1\r\n" H "\r\n", REFUSED, 0, 0 },
	{ "tab for space", "GET\t/ HTTP/1.1\r\n" H "\r\n", REFUSED, 0, 0 },
	{ "space in the target", "GET /a /smuggled HTTP/1.1\r\n" H "\r\n", REFUSED, 0, 0 },
	{ "space at the end", "GET / HTTP/1.1 \r\n" H "\r\n", REFUSED, 0, 0 },
	{ "no version", "GET /\r\n" H "\r\n", REFUSED, 0, 0 },
	{ "HTTP/1.2", "GET / HTTP/1.2\r\n" H "\r\n", "505 closed", 0, 0 },
	{ "HTTP/2.0", "GET / HTTP/2.0\r\n" H "\r\n", "505 closed", 0, 0 },
	{ "http/1.1", "GET / http/1.1\r\n" H "\r\n", REFUSED, 0, 0 },
	{ "HTTP/01.1", "GET / HTTP/01.1\r\n" H "\r\n", REFUSED, 0, 0 },
	{ "lower case method", "get / HTTP/1.1\r\n" H "\r\n", "501 closed", 0, 0 },
	{ "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "501 closed", 0, 0 },
	{ "HTTP/0.9", "GET /smuggled\r\n", REFUSED, 0, 0 },
	{ "Upgrade to HTTP/2", "GET / HTTP/1.1\r\n" H "Connection: Upgrade, HTTP2-Settings\r\n"
	  "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" NEXT, "200 200 open", 1, 0 },
	{ "fragment", "GET /#/smuggled HTTP/1.1\r\n" H "\r\n", REFUSED, 0, 0 },
	{ "bytes above ASCII", "GET /\xff HTTP/1.1\r\n" H "\r\n", REFUSED, 0, 0 },
	/* Host */
	{ "no Host", "GET / HTTP/1.1\r\n\r\n", REFUSED, 0, 0 },
	{ "two Hosts", "GET / HTTP/1.1\r\n" H "Host: other\r\n\r\n", REFUSED, 0, 0 },
	{ "two Hosts, one indented", "GET / HTTP/1.1\r\n" H " Host: other\r\n\r\n", REFUSED, 0, 0 },
	{ "Host with a path", "GET / HTTP/1.1\r\nHost: h/smuggled\r\n\r\n", REFUSED, 0, 0 },
	{ "Host with a user", "GET / HTTP/1.1\r\nHost: a@h\r\n\r\n", REFUSED, 0, 0 },
	{ "empty field name", "GET / HTTP/1.1\r\n" H ": x\r\n\r\n", REFUSED, 0, 0 },
	{ "field without a colon", "GET / HTTP/1.1\r\n" H "Smuggled\r\n\r\n", REFUSED, 0, 0 },
	/* what is right stays right */
	{ "pipelining", "GET / HTTP/1.1\r\n" H "\r\n" NEXT NEXT, "200 200 200 open", 2, 0 },
	{ "HTTP/1.0 ends", "GET / HTTP/1.0\r\n\r\n" NEXT, "200 closed", 0, 0 },
	{ "HTTP/1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" NEXT,
	  "200 200 open", 1, 0 },
	{ "Connection: close ends", "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n" NEXT,
	  "200 closed", 0, 0 },
	{ "a body and the next", POST "Content-Length: 3\r\n\r\nabc" NEXT,
	  "201 200 open", 1, 0 },
	{ "a body that is too long", POST "Content-Length: 5000\r\n\r\n" NEXT,
	  "413 closed", 0, 0 },
	{ "Expect, and the body at once", POST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
	  "abc" NEXT, "201 200 open", 1, 0 },
	{ "Expect twice", POST "Content-Length: 3\r\nExpect: 100-continue\r\n"
	  "Expect: 100-continue\r\n\r\nabc" NEXT, "417 closed", 0, 0 },
	{ "Expect and more", POST "Content-Length: 3\r\nExpect: 100-continue, x\r\n\r\nabc" NEXT,
	  "417 closed", 0, 0 },
	{ "Expect on a body that is too long", POST "Content-Length: 5000\r\n"
	  "Expect: 100-continue\r\n\r\n" NEXT, "413 closed", 0, 0 },
	{ "Connection names the length", POST "Connection: Content-Length\r\nContent-Length: 3\r\n"
	  "\r\nabc" NEXT, "201 200 open", 1, 0 },
	{ "Expect of another kind", "GET / HTTP/1.1\r\n" H "Expect: 200-ok\r\n\r\n" NEXT,
	  "417 closed", 0, 0 },
};

/* "200 200 open": the statuses that came back, and whether the connection lives. */
static hm_str
talk(struct hm_arena *a, hm_str text)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct hm_buf in = { 0 }, out = { 0 };
	const char *end = "closed ";
	hm_str rest;
	ptrdiff_t at;

	assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	assert_int_equal(send(fd, text.p, text.n, MSG_NOSIGNAL), text.n);
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t k;

		if (poll(&p, 1, 300) == 0) {
			end = "open ";
			break;
		}
		k = recv(fd, hm_buf_room(&in, 65536), 65536, 0);
		if (k <= 0)
			break;
		in.n += (size_t)k;
	}
	close(fd);
	rest = hm_buf_str(&in);
	while ((at = hm_str_index(rest, HM_S("HTTP/1.1 "))) >= 0) {
		rest = hm_str_from(rest, (size_t)at + 9);
		hm_buf_add(&out, rest.p, 4);
	}
	hm_buf_addz(&out, end);
	hm_buf_free(&in);
	rest = hm_buf_take(&out, a);
	return hm_str_sub(rest, 0, rest.n - 1);
}

static void
nothing_is_smuggled(void **state)
{
	struct hm_arena a = { 0 };
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = cases[i].n ? cases[i].n : strlen(cases[i].bytes);
		hm_str got;
		int passed;

		__atomic_store_n(&smuggled, 0, __ATOMIC_RELAXED);
		got = talk(&a, hm_str_make(cases[i].bytes, n));
		passed = __atomic_load_n(&smuggled, __ATOMIC_RELAXED);
		if (hm_str_eqz(got, cases[i].want) && passed == cases[i].passes)
			continue;
		wrong++;
		print_error("%s: got \"" HM_F "\", want \"%s\"; /smuggled %d times, want %d\n",
		            cases[i].name, HM_P(got), cases[i].want, passed, cases[i].passes);
	}
	assert_int_equal(wrong, 0);
	hm_arena_free(&a);
}

int
test_net_smuggle(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_smuggled),
	};

	return cmocka_run_group_tests_name("net/smuggle", tests, set_up, tear_down);
}
