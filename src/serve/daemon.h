/*
 * daemon.h - a server and what runs it: signals, socket activation, readiness, as
 * systemd has them (sd_listen_fds(3), sd_notify(3)), without its library.
 */
#ifndef HM_SERVE_DAEMON_H
#define HM_SERVE_DAEMON_H

#include "base/err.h"

#define HM_DAEMON_FDS_MAX 16

/*
 * The listening sockets that LISTEN_FDS and LISTEN_PID hand to this process: 3, 4, ...;
 * close-on-exec is set.  *n is 0 when there are none.  HM_EUSAGE for what is no
 * listening stream socket.
 */
int hm_daemon_sockets(int fds[static HM_DAEMON_FDS_MAX], size_t *n, struct hm_err *err);

/* To NOTIFY_SOCKET, if there is one: "READY=1", "STOPPING=1\nSTATUS=...". */
void hm_daemon_notify(const char *state);
/* RELOADING=1 with the time that systemd wants beside it. */
void hm_daemon_notify_reloading(void);

/* 127.0.0.0/8, ::1 or ::ffff:127.0.0.0/104, with or without brackets and port; "unix". */
bool hm_daemon_is_loopback(hm_str address);

/*
 * Signals on a thread of their own, where everything may be called.  Call it before
 * any other thread starts: the signals are blocked in all of them.
 */
struct hm_signals;
struct hm_signal_handlers {
	void (*stop)(void *ctx);   /* SIGTERM, SIGINT */
	void (*reload)(void *ctx); /* SIGHUP; may be NULL: ignored */
	void *ctx;
};
int hm_signals_start(const struct hm_signal_handlers *h, struct hm_signals **out,
                     struct hm_err *err);
/* Ends the thread. NULL is fine. */
void hm_signals_free(struct hm_signals *s);

#endif
