/*
 * life.h - a server from its sockets to its end, for programs that run one.
 *
 *	hm_life_begin()   signals are blocked: before any other thread starts; the process may
 *	                  have as many descriptors as its hard limit says
 *	...               what the server needs is opened
 *	hm_life_run()     sockets, "listening on URL", requests, until SIGTERM or SIGINT
 *	hm_life_end()
 *
 * Sockets are those that systemd hands over, else opts->listen.  Plain HTTP on an
 * address that others than this machine reach is refused unless the user says so.
 * systemd is told when the server is ready, reloading, stopping.
 */
#ifndef HM_SERVE_LIFE_H
#define HM_SERVE_LIFE_H

#include "net/server.h"

enum { HM_LIFE_DRAIN_MS = 30000 };

struct hm_life;

int hm_life_begin(struct hm_life **out, struct hm_err *err);

struct hm_life_opts {
	struct hm_server_opts *server; /* its sockets are filled in */
	bool insecure_http;
	/* SIGHUP, on a thread of its own, while the server runs; may be NULL. */
	void (*reload)(void *ctx);
	void *ctx;
	struct hm_server **out; /* set before the first request; the caller's to free */
};
int hm_life_run(struct hm_life *l, const struct hm_life_opts *o, struct hm_err *err);

/* No more signals are handled. NULL is fine. */
void hm_life_end(struct hm_life *l);

#endif
