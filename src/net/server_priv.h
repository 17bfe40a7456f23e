/*
 * server_priv.h - what server.c (loops, sockets, time limits) and exchange.c
 * (one request and its answer) share.
 *
 * Everything of a loop is touched by its own thread only, but for the list of
 * resumed exchanges, which the mutex guards, and the stop flags, which are atomic.
 */
#ifndef HM_NET_SERVER_PRIV_H
#define HM_NET_SERVER_PRIV_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/server.h"

enum {
	INPUT_SIZE = 2 * HM_HTTP1_HEAD_MAX, /* a whole head and room for body behind it */
	SPARE_MAX = 64,                     /* buffers and exchanges that a loop keeps */
};

/* What a connection waits for; each has one time limit and one list, oldest first. */
enum phase { PHASE_IDLE, PHASE_HEAD, PHASE_BODY, PHASE_WRITE, PHASE_LINGER, PHASE_WORK, N_PHASES };

struct conn {
	struct conn *prev, *next; /* in the loop's list of its phase */
	struct loop *loop;
	struct hm_exchange *x;    /* the request at work, or NULL */
	char *in;                 /* INPUT_SIZE bytes, or NULL when nothing was read */
	size_t in_n;
	int64_t deadline;         /* ms */
	int fd;
	struct hm_tls *tls;       /* or NULL */
	enum phase phase;
	bool hup;                 /* the peer sends no more */
	bool last;                /* close after this answer */
	bool drained;             /* nothing to read until the next event */
	char peer[INET6_ADDRSTRLEN];
};

struct list {
	struct conn *first, *last;
};

struct loop {
	struct hm_server *server;
	pthread_t thread;
	bool started;
	int epoll, wake;         /* -1 when closed */
	int listener[HM_SERVER_SOCKETS_MAX];
	size_t n_listeners;
	struct list phase[N_PHASES];
	unsigned n_conns;
	atomic_uint open;        /* n_conns for others to read */
	int64_t rest_until;      /* ms; nothing is accepted before; 0: at work */
	int64_t told;            /* ms; when it last said that it accepts nothing */
	int64_t now;             /* ms, of this turn */
	int64_t date_second;
	char date[40];           /* "Date: ...\r\n" */
	char *spare[SPARE_MAX];  /* input buffers */
	size_t n_spare;
	struct hm_exchange *spare_x;
	size_t n_spare_x;
	pthread_mutex_t mutex;
	struct hm_exchange *resumed;
	bool draining;
	int64_t drain_until;
};

struct hm_server {
	struct hm_server_opts opts;
	struct hm_arena arena;
	int64_t limit[N_PHASES]; /* ms; 0: none */
	unsigned max_conns;      /* a loop */
	atomic_int stop;         /* 0, or drain_ms + 1 */
	atomic_bool running;     /* loops have threads */
	atomic_bool wanted;      /* a descriptor, by a loop that has no idle connection */
	unsigned n_loops;
	struct loop loop[];
};

struct hm_exchange {
	struct hm_exchange *next; /* in the spare or resumed list */
	struct conn *c;           /* NULL when the connection has gone */
	struct loop *loop;
	struct hm_http1_request req;
	char *in;                 /* the request's text, when the connection has gone */
	size_t head;              /* bytes of the head in c->in */
	struct hm_arena arena;
	void *data, *user;
	hm_str who;
	bool secure;
	int64_t began;            /* ns */
	char peer[INET6_ADDRSTRLEN];

	/* Body of the request. */
	int body_fd;
	uint64_t body_max, received;
	struct hm_http1_chunks chunks;
	void (*body_done)(void *ctx, struct hm_exchange *x, int status);

	/* Answer. */
	bool replied, deferred;
	int status;
	struct hm_buf fields, out; /* out: the head, and small bodies behind it */
	size_t out_at;
	hm_str body;
	void (*release)(void *arg);
	void *release_arg;
	int fd;                    /* of the file that is sent, or -1 */
	off_t offset;
	uint64_t left, sent;
	void (*resume)(void *ctx, struct hm_exchange *x);
};

/* server.c */
void conn_phase(struct conn *c, enum phase p);
void conn_free(struct conn *c);
void input_drop(struct conn *c);
/* An event for c comes with the next turn of the loop; answers 0, or -1 when it cannot. */
int conn_again(struct conn *c);

/* exchange.c */
/* Goes as far as input and output allow; may free c. */
void conn_work(struct conn *c);
/* The connection breaks here, whatever it is doing; frees c. */
void conn_break(struct conn *c);
/* Its time in this phase is over: it breaks, half a head with 408; may free c. */
void conn_late(struct conn *c);
void exchange_resumed(struct hm_exchange *x);
void exchange_discard(struct hm_exchange *x);
const char *hm_http1_reason(int status);

#endif
