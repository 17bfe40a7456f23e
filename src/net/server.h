/*
 * server.h - an HTTP/1.1 server: one event loop (epoll) a thread, each with a
 * listening socket of its own (SO_REUSEPORT), strict requests (http1.h), replies
 * from memory or by sendfile.
 *
 * The handler runs on the loop's thread and must not wait for anything.  What
 * takes time is deferred: hm_exchange_defer(), work elsewhere, hm_exchange_resume()
 * from any thread.
 *
 * Each phase of a request has a time limit: the head must be whole, the body must
 * flow, the answer must be taken.  An idle connection costs one small struct and
 * no buffer; the one that was idle longest makes room when there are too many or no
 * descriptor is left.  However fast one client asks or sends, others get their turn.
 * Limits: HM_HTTP1_* for heads, hm_exchange_read_body()'s for bodies, max_conns.
 */
#ifndef HM_NET_SERVER_H
#define HM_NET_SERVER_H

#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "net/http1.h"

#define HM_SERVER_SOCKETS_MAX 16

struct hm_server;
struct hm_exchange;
struct hm_tls_server;

/* What a request came to; for access logs and metrics. Valid during the call. */
struct hm_served {
	const struct hm_http1_request *req; /* NULL when the head was refused */
	hm_str peer;          /* address without port; "unix" */
	hm_str who;           /* as hm_exchange_set_who() had it; empty */
	int status;
	uint64_t sent;        /* bytes of the body */
	uint64_t received;
	int64_t nanoseconds;
	bool cut;             /* the connection broke before the end */
};

struct hm_server_opts {
	hm_str listen; /* "127.0.0.1:8080", "[::1]:0", "host:port"; port 0 takes a free one */
	/* Listening sockets given by socket activation, in the place of `listen`; taken over. */
	const int *inherited;
	size_t n_inherited;   /* HM_SERVER_SOCKETS_MAX at most */
	unsigned loops;       /* 0: one a core */
	unsigned max_conns;   /* a loop; 0: 20000; all together 3/4 of RLIMIT_NOFILE at most */
	int head_ms, idle_ms, body_ms, write_ms; /* 0: 10 s, 75 s, 30 s, 30 s; without progress */
	struct hm_tls_server *tls; /* NULL: plain HTTP; borrowed */
	const char *name;     /* Server field, or NULL */
	/* Called for each whole head. Must reply or defer before it returns. */
	void (*handle)(void *ctx, struct hm_exchange *x);
	/* Called after each answer, on the loop's thread; may be NULL. */
	void (*served)(void *ctx, const struct hm_served *s);
	void *ctx;
	const struct hm_log *log;
};

/* Binds; *address (in the server's memory) is "ip:port" as bound. */
int hm_server_new(const struct hm_server_opts *opts, struct hm_server **out, hm_str *address,
                  struct hm_err *err);
/* Runs until hm_server_stop(); on return no connection is left. */
int hm_server_run(struct hm_server *s, struct hm_err *err);
/*
 * No new connections; those that are at work finish, for drain_ms at most.
 * Async-signal-safe.
 */
void hm_server_stop(struct hm_server *s, int drain_ms);
/*
 * After hm_server_run() what was resumed since gets its turn, though there is nobody to
 * answer, so that whoever resumes can let go.  Does nothing while it runs.
 */
void hm_server_flush(struct hm_server *s);
void hm_server_free(struct hm_server *s);
/* "ip:port" that a socket is bound to, "unix" for a local one, "-" for what is none of these. */
hm_str hm_server_socket_address(struct hm_arena *a, int fd);
/* Connections open now. */
unsigned hm_server_open(const struct hm_server *s);

/* ---- inside a handler */

const struct hm_http1_request *hm_exchange_request(const struct hm_exchange *x);
hm_str hm_exchange_peer(const struct hm_exchange *x);
/* Somebody behind the peer, from now on; an address, copied (serve/realip.h). */
void hm_exchange_set_peer(struct hm_exchange *x, hm_str peer);
/* Did the request come over TLS? */
bool hm_exchange_secure(const struct hm_exchange *x);
/* Memory that lives until the answer is sent. One thread at a time. */
struct hm_arena *hm_exchange_arena(struct hm_exchange *x);
/* The handler's own data for this exchange. */
void **hm_exchange_data(struct hm_exchange *x);
/* The same again, for what knows who asks (serve/access.h). */
void **hm_exchange_user(struct hm_exchange *x);
/* Who asks, for hm_served; lives as long as the exchange's arena. */
void hm_exchange_set_who(struct hm_exchange *x, hm_str who);

/* A field of the answer, before the reply, which adds Content-Length; name and value are copied. */
void hm_exchange_field(struct hm_exchange *x, const char *name, hm_str value);
/* Answers from memory; body is copied. A HEAD request gets the fields alone. */
void hm_exchange_reply(struct hm_exchange *x, int status, hm_str body);
/* The same, body borrowed until release(arg) is called (release may be NULL). */
void hm_exchange_reply_borrowed(struct hm_exchange *x, int status, hm_str body,
                                void (*release)(void *arg), void *arg);
/* Answers with length bytes of fd from offset on; the exchange closes fd. */
void hm_exchange_reply_file(struct hm_exchange *x, int status, int fd, off_t offset,
                            uint64_t length);
/* The connection ends after this answer. */
void hm_exchange_close(struct hm_exchange *x);

/*
 * Reads the request's body, at most max bytes of it, into fd; then calls done (on
 * the loop's thread) with 0, or with the status to answer (413, 400, 500; 400 also when
 * the client goes away), which must reply or defer.  fd stays the caller's.
 */
void hm_exchange_read_body(struct hm_exchange *x, int fd, uint64_t max,
                           void (*done)(void *ctx, struct hm_exchange *x, int status));

/* The answer comes later, by hm_exchange_resume(). The request and the arena stay valid. */
void hm_exchange_defer(struct hm_exchange *x);
/*
 * From any thread, once, after hm_exchange_defer(): fn(ctx, x) is called on the
 * loop's thread and must reply.  It is called even when the client has gone.
 */
void hm_exchange_resume(struct hm_exchange *x, void (*fn)(void *ctx, struct hm_exchange *x));

#endif
