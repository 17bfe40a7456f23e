/*
 * exchange.c - one request and its answer on a connection.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/tls.h"
#include "net/connio.h"
#include "net/server_priv.h"
#include "os/clock.h"

enum {
	INLINE_BODY = 4096,     /* bodies up to this travel behind the head in one buffer */
	SENDFILE_MAX = 4 << 20, /* a turn, so that one client does not hold the loop */
	STEPS_MAX = 64,         /* the same for reads, heads and answers; a request takes 3 */
};

const char *
hm_http1_reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} t[] = {
		{ 100, "Continue" },           { 200, "OK" },
		{ 201, "Created" },            { 204, "No Content" },
		{ 206, "Partial Content" },    { 301, "Moved Permanently" },
		{ 302, "Found" },              { 303, "See Other" },
		{ 304, "Not Modified" },       { 400, "Bad Request" },
		{ 401, "Unauthorized" },       { 403, "Forbidden" },
		{ 404, "Not Found" },          { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },    { 409, "Conflict" },
		{ 410, "Gone" },               { 411, "Length Required" },
		{ 412, "Precondition Failed" },   { 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" },
		{ 429, "Too Many Requests" },  { 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" },        { 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },    { 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (t[i].status == status)
			return t[i].text;
	return "Status";
}

/* ---- life */

static struct hm_exchange *
exchange_new(struct conn *c)
{
	struct loop *l = c->loop;
	struct hm_exchange *x = l->spare_x;

	if (x) {
		l->spare_x = x->next;
		l->n_spare_x--;
	} else {
		x = hm_mem_new(sizeof(*x));
	}
	x->c = c;
	x->loop = l;
	x->fd = -1;
	x->began = hm_clock_monotonic_ns();
	x->secure = c->tls != NULL;
	memcpy(x->peer, c->peer, sizeof(x->peer));
	c->x = x;
	return x;
}

static void
output_free(struct hm_exchange *x)
{
	if (x->release)
		x->release(x->release_arg);
	x->release = NULL;
	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
}

void
exchange_discard(struct hm_exchange *x)
{
	struct loop *l = x->loop;
	struct hm_buf fields = x->fields, out = x->out;

	output_free(x);
	free(x->in);
	hm_arena_free(&x->arena);
	if (l->n_spare_x >= SPARE_MAX) {
		hm_buf_free(&fields);
		hm_buf_free(&out);
		free(x);
		return;
	}
	hm_buf_clear(&fields);
	hm_buf_clear(&out);
	*x = (struct hm_exchange){ .next = l->spare_x, .fields = fields, .out = out, .fd = -1 };
	l->spare_x = x;
	l->n_spare_x++;
}

static void
tell_served(struct hm_exchange *x, bool refused, bool cut)
{
	const struct hm_server *s = x->loop->server;
	struct hm_served v = {
		.req = refused ? NULL : &x->req,
		.peer = hm_str_of(x->peer),
		.who = x->who,
		.status = x->status,
		.sent = x->sent,
		.received = x->received,
		.nanoseconds = hm_clock_monotonic_ns() - x->began,
		.cut = cut,
	};

	if (s->opts.served)
		s->opts.served(s->opts.ctx, &v);
}

void
conn_break(struct conn *c)
{
	struct hm_exchange *x = c->x;

	if (x && !x->replied && !x->deferred && c->phase == PHASE_BODY) {
		x->c = NULL; /* the body's owner hears of it, and cleans up */
		x->body_done(c->loop->server->opts.ctx, x, 400);
	}
	if (x && x->deferred && !x->replied) {
		x->c = NULL; /* who works on it will find nobody to answer */
		x->in = c->in; /* the request's text */
		c->in = NULL;
	} else if (x) {
		tell_served(x, x->head == 0, true);
		exchange_discard(x);
	}
	c->x = NULL;
	conn_free(c);
}

/* ---- the answer */

static void
add_date(struct hm_exchange *x)
{
	hm_buf_addz(&x->out, x->loop->date);
}

static void
write_head(struct hm_exchange *x, int status, uint64_t length)
{
	const char *name = x->loop->server->opts.name;
	bool last = x->c && x->c->last;

	hm_buf_clear(&x->out);
	x->out_at = 0;
	hm_buf_printf(&x->out, "HTTP/1.1 %d %s\r\n", status, hm_http1_reason(status));
	add_date(x);
	if (name)
		hm_buf_printf(&x->out, "Server: %s\r\n", name);
	hm_buf_adds(&x->out, hm_buf_str(&x->fields));
	if (status != 304 && status != 204)
		hm_buf_printf(&x->out, "Content-Length: %llu\r\n", (unsigned long long)length);
	hm_buf_addz(&x->out, last ? "Connection: close\r\n\r\n" : "\r\n");
}

static void
start_reply(struct hm_exchange *x, int status, uint64_t length)
{
	x->replied = true;
	x->status = status;
	/* A body that nobody asked for is not read, so the connection cannot go on. */
	if (!x->body_done && (x->req.chunked || x->req.length))
		hm_exchange_close(x);
	write_head(x, status, length);
}

static bool
wants_body(const struct hm_exchange *x)
{
	return x->req.method != HM_HTTP1_HEAD && x->status != 304 && x->status != 204;
}

void
hm_exchange_reply(struct hm_exchange *x, int status, hm_str body)
{
	start_reply(x, status, body.n);
	if (!wants_body(x))
		return;
	if (body.n > INLINE_BODY)
		x->body = hm_arena_dup(&x->arena, body);
	else
		hm_buf_adds(&x->out, body);
	x->sent = body.n > INLINE_BODY ? 0 : body.n;
}

void
hm_exchange_reply_borrowed(struct hm_exchange *x, int status, hm_str body,
                           void (*release)(void *arg), void *arg)
{
	start_reply(x, status, body.n);
	x->release = release;
	x->release_arg = arg;
	if (wants_body(x))
		x->body = body;
}

void
hm_exchange_reply_file(struct hm_exchange *x, int status, int fd, off_t offset, uint64_t length)
{
	start_reply(x, status, length);
	x->fd = fd;
	x->offset = offset;
	x->left = wants_body(x) ? length : 0;
}

void
hm_exchange_field(struct hm_exchange *x, const char *name, hm_str value)
{
	char *to;

	hm_buf_addz(&x->fields, name);
	hm_buf_add(&x->fields, ": ", 2);
	to = hm_buf_room(&x->fields, value.n);
	for (size_t i = 0; i < value.n; i++) /* no value can start another field */
		to[i] = value.p[i] == '\r' || value.p[i] == '\n' ? ' ' : value.p[i];
	x->fields.n += value.n;
	hm_buf_add(&x->fields, "\r\n", 2);
}

void
hm_exchange_close(struct hm_exchange *x)
{
	if (x->c)
		x->c->last = true;
}

/* 1: all is out; 0: the socket is full; -1: broken. */
static int
send_memory(struct conn *c, struct hm_exchange *x)
{
	while (x->out_at < x->out.n || x->body.n) {
		hm_str head = hm_str_make(x->out.p + x->out_at, x->out.n - x->out_at);
		ssize_t k = connio_write(c, head, x->body, x->left > 0);
		size_t of_head;

		if (k <= 0)
			return (int)k;
		of_head = (size_t)k < head.n ? (size_t)k : head.n;
		x->out_at += of_head;
		x->body = hm_str_from(x->body, (size_t)k - of_head);
		x->sent += (uint64_t)k - of_head;
	}
	return 1;
}

static int
send_file(struct conn *c, struct hm_exchange *x)
{
	for (size_t turn = 0; x->left;) {
		size_t want = x->left < SENDFILE_MAX ? (size_t)x->left : SENDFILE_MAX;
		ssize_t k = connio_send_file(c, x->fd, &x->offset, want);

		if (k <= 0)
			return (int)k;
		x->left -= (uint64_t)k;
		x->sent += (uint64_t)k;
		turn += (size_t)k;
		if (turn >= SENDFILE_MAX && x->left)
			return conn_again(c); /* others first */
	}
	return 1;
}

static int
send_some(struct conn *c)
{
	int rc = send_memory(c, c->x);

	return rc == 1 && c->x->left ? send_file(c, c->x) : rc;
}

/* ---- the request */

/* Reads once. 1: something came; 0: nothing there; -1: the end, or broken. */
static int
read_some(struct conn *c, size_t room)
{
	ssize_t k = connio_read(c, c->in + c->in_n, room);

	if (k > 0)
		c->in_n += (size_t)k;
	return k > 0 ? 1 : (int)k;
}

static void
refuse(struct conn *c, struct hm_exchange *x, int status)
{
	hm_str text = hm_arena_printf(&x->arena, "%s\n", hm_http1_reason(status));

	c->last = true;
	x->req.method = HM_HTTP1_GET;
	hm_exchange_field(x, "Content-Type", HM_S("text/plain; charset=utf-8"));
	hm_exchange_reply(x, status, text);
}

/* Looks for a whole head in what was read. 1: at work on it; 0: more must come. */
static int
take_head(struct conn *c)
{
	struct hm_server *s = c->loop->server;
	struct hm_exchange *x;
	int n;

	if (c->in_n == 0)
		return 0;
	x = exchange_new(c);
	n = hm_http1_parse(hm_str_make(c->in, c->in_n), &x->req);
	if (n == 0) {
		exchange_discard(x);
		c->x = NULL;
		return 0;
	}
	if (n < 0) {
		refuse(c, x, -n);
		return 1;
	}
	x->head = (size_t)n;
	if (x->req.close || c->loop->draining)
		c->last = true;
	conn_phase(c, PHASE_WORK);
	s->opts.handle(s->opts.ctx, x);
	return 1;
}

static int
body_write(struct hm_exchange *x, hm_str data)
{
	if (data.n > x->body_max - x->received)
		return 413;
	x->received += data.n;
	while (data.n) {
		ssize_t k = write(x->body_fd, data.p, data.n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return errno == ENOSPC || errno == EDQUOT ? 507 : 500;
		data = hm_str_from(data, (size_t)k);
	}
	return 0;
}

/* What lies behind the head goes to the body. 1: it is whole; 0: more; else a status. */
static int
take_body(struct conn *c, struct hm_exchange *x)
{
	hm_str in = hm_str_make(c->in + x->head, c->in_n - x->head), data;
	int rc = 0, status;

	while (rc == 0) {
		if (x->req.chunked) {
			rc = hm_http1_chunk(&x->chunks, &in, &data);
			if (rc < 0)
				return 400;
		} else {
			uint64_t left = x->req.length - x->received;
			size_t k = left < in.n ? (size_t)left : in.n;

			data = hm_str_sub(in, 0, k);
			in = hm_str_from(in, k);
			rc = left == k;
		}
		status = body_write(x, data);
		if (status)
			return status;
		if (in.n == 0)
			break;
	}
	memmove(c->in + x->head, in.p, in.n);
	c->in_n = x->head + in.n;
	return rc;
}

void
hm_exchange_read_body(struct hm_exchange *x, int fd, uint64_t max,
                      void (*done)(void *ctx, struct hm_exchange *x, int status))
{
	x->body_fd = fd;
	x->body_max = max;
	x->body_done = done;
	if (x->req.has_length && x->req.length > max)
		x->body_max = 0; /* refused before it is sent, by the first byte at the latest */
	else if (x->req.expect_continue && x->c && x->c->in_n == x->head)
		(void)!connio_write(x->c, HM_S("HTTP/1.1 100 Continue\r\n\r\n"), HM_S(""), false);
	if (x->c)
		conn_phase(x->c, PHASE_BODY);
	else
		done(x->loop->server->opts.ctx, x, 400);
}

/* 1: the answer is there or someone works on it; 0: more body must come. */
static int
body_work(struct conn *c, struct hm_exchange *x)
{
	struct hm_server *s = c->loop->server;
	int rc = x->req.has_length && x->req.length > x->body_max ? 413 : take_body(c, x);

	if (rc == 0)
		return 0;
	if (rc != 1)
		c->last = true;
	conn_phase(c, PHASE_WORK);
	x->body_done(s->opts.ctx, x, rc == 1 ? 0 : rc);
	return 1;
}

/* ---- the connection */

/* The answer is out: the next request, or the end. False when c is gone. */
static bool
answer_done(struct conn *c)
{
	struct hm_exchange *x = c->x;
	size_t head = x->head;
	bool refused = head == 0;

	tell_served(x, refused, false);
	exchange_discard(x);
	c->x = NULL;
	if (c->last) {
		if (c->tls)
			hm_tls_shutdown(c->tls);
		shutdown(c->fd, SHUT_WR);
		if (c->hup) {
			conn_free(c);
			return false;
		}
		input_drop(c);
		conn_phase(c, PHASE_LINGER); /* so that the peer can read the answer */
		return true;
	}
	memmove(c->in, c->in + head, c->in_n - head);
	c->in_n -= head;
	if (c->in_n == 0)
		input_drop(c);
	conn_phase(c, c->in_n ? PHASE_HEAD : PHASE_IDLE);
	return true;
}

/* Discards what a peer still sends. False when c is gone. */
static bool
linger(struct conn *c)
{
	char t[4096];
	ssize_t k;

	for (int i = 0; i < 64; i++) {
		k = recv(c->fd, t, sizeof(t), 0);
		if (k > 0 || (k < 0 && errno == EINTR))
			continue;
		if (k < 0 && errno == EAGAIN)
			return true;
		break;
	}
	conn_free(c);
	return false;
}

/* Reads for a head or a body. False: nothing more to do now (or c is gone). */
static bool
input_work(struct conn *c)
{
	size_t limit = c->x ? INPUT_SIZE : HM_HTTP1_HEAD_MAX;
	struct loop *l = c->loop;
	int rc;

	if (c->drained && !c->hup)
		return false;
	if (!c->in)
		c->in = l->n_spare ? l->spare[--l->n_spare] : hm_mem_grow(NULL, 1, INPUT_SIZE);
	rc = c->in_n < limit ? read_some(c, limit - c->in_n) : 1;
	if (rc < 0) {
		conn_break(c);
		return false;
	}
	if (rc == 0) {
		if (!c->x && c->in_n == 0)
			input_drop(c);
		return false;
	}
	if (c->x)
		conn_phase(c, PHASE_BODY); /* progress renews the limit */
	else if (c->phase != PHASE_HEAD)
		conn_phase(c, PHASE_HEAD);
	return true;
}

void
conn_work(struct conn *c)
{
	for (int steps = 0;; steps++) {
		struct hm_exchange *x = c->x;
		int rc;

		if (steps == STEPS_MAX) { /* others first */
			if (conn_again(c))
				conn_break(c);
			return;
		}
		if (c->phase == PHASE_LINGER) {
			linger(c);
			return;
		}
		if (x && x->replied) {
			rc = send_some(c);
			if (rc < 0) {
				conn_break(c);
				return;
			}
			if (rc == 0) {
				conn_phase(c, PHASE_WRITE);
				return; /* an event says when there is room again */
			}
			if (!answer_done(c))
				return;
			continue;
		}
		if (x && c->phase == PHASE_WORK) { /* someone else is at work */
			if (c->hup && c->loop->draining)
				conn_break(c);
			return;
		}
		if (x ? body_work(c, x) : take_head(c))
			continue;
		if (!input_work(c))
			return;
	}
}

void
conn_late(struct conn *c)
{
	if (c->phase != PHASE_HEAD || c->in_n == 0) {
		conn_break(c);
		return;
	}
	refuse(c, exchange_new(c), 408);
	conn_work(c);
}

void
exchange_resumed(struct hm_exchange *x)
{
	void *ctx = x->loop->server->opts.ctx;
	struct conn *c = x->c;

	x->deferred = false;
	x->resume(ctx, x);
	if (!c) {
		if (x->deferred)
			return; /* deferred again: it comes back */
		tell_served(x, false, true);
		exchange_discard(x);
		return;
	}
	if (x->replied || c->phase == PHASE_BODY)
		conn_work(c);
}

/* ---- what handlers see */

const struct hm_http1_request *
hm_exchange_request(const struct hm_exchange *x)
{
	return &x->req;
}

hm_str
hm_exchange_peer(const struct hm_exchange *x)
{
	return hm_str_of(x->peer);
}

void
hm_exchange_set_peer(struct hm_exchange *x, hm_str peer)
{
	if (peer.n >= sizeof(x->peer) || peer.p == x->peer)
		return;
	memcpy(x->peer, peer.p, peer.n);
	x->peer[peer.n] = '\0';
}

bool
hm_exchange_secure(const struct hm_exchange *x)
{
	return x->secure;
}

struct hm_arena *
hm_exchange_arena(struct hm_exchange *x)
{
	return &x->arena;
}

void **
hm_exchange_data(struct hm_exchange *x)
{
	return &x->data;
}

void **
hm_exchange_user(struct hm_exchange *x)
{
	return &x->user;
}

void
hm_exchange_set_who(struct hm_exchange *x, hm_str who)
{
	x->who = who;
}

void
hm_exchange_defer(struct hm_exchange *x)
{
	x->deferred = true;
}

void
hm_exchange_resume(struct hm_exchange *x, void (*fn)(void *ctx, struct hm_exchange *x))
{
	static const uint64_t one = 1;
	struct loop *l = x->loop;

	x->resume = fn;
	pthread_mutex_lock(&l->mutex);
	x->next = l->resumed;
	l->resumed = x;
	pthread_mutex_unlock(&l->mutex);
	(void)!write(l->wake, &one, sizeof(one));
}
