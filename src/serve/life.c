#include "serve/life.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "serve/daemon.h"

struct hm_life {
	struct hm_signals *signals;
	const struct hm_life_opts *opts;    /* set before server */
	_Atomic(struct hm_server *) server; /* once it can be stopped */
	atomic_bool stopping;
};

static void
stop(void *ctx)
{
	struct hm_life *l = ctx;
	struct hm_server *s;

	hm_daemon_notify("STOPPING=1");
	atomic_store(&l->stopping, true);
	s = atomic_load(&l->server);
	if (s)
		hm_server_stop(s, HM_LIFE_DRAIN_MS);
}

static void
reload(void *ctx)
{
	struct hm_life *l = ctx;

	if (!atomic_load(&l->server) || !l->opts->reload)
		return; /* it reads everything just now */
	hm_daemon_notify_reloading();
	l->opts->reload(l->opts->ctx);
	hm_daemon_notify("READY=1");
}

/* As many connections as the administrator allows, not as select() once could take. */
static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
hm_life_begin(struct hm_life **out, struct hm_err *err)
{
	struct hm_life *l = hm_mem_new(sizeof(*l));
	struct hm_signal_handlers h = { .stop = stop, .reload = reload, .ctx = l };

	if (hm_signals_start(&h, &l->signals, err)) {
		free(l);
		return -1;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_files();
	*out = l;
	return 0;
}

static int
check_address(const struct hm_life_opts *o, hm_str address, struct hm_err *err)
{
	if (o->server->tls || o->insecure_http || hm_daemon_is_loopback(address))
		return 0;
	return hm_err_set(err, HM_EUSAGE,
	                  "plain http on " HM_F ", which others reach, too: serve https "
	                  "(--tls-cert, --tls-key), or say --insecure-http or --behind-tls",
	                  HM_P(address));
}

static int
open_sockets(const struct hm_life_opts *o, struct hm_arena *a, int fds[static HM_DAEMON_FDS_MAX],
             struct hm_err *err)
{
	struct hm_server_opts *s = o->server;
	hm_str address[HM_DAEMON_FDS_MAX];
	size_t n = 1;

	if (hm_daemon_sockets(fds, &s->n_inherited, err))
		return -1;
	s->inherited = fds;
	for (size_t i = 0; i < s->n_inherited; i++) {
		address[i] = hm_server_socket_address(a, fds[i]);
		if (check_address(o, address[i], err))
			return -1;
	}
	if (s->n_inherited) {
		hm_str first;

		n = s->n_inherited;
		if (hm_server_new(s, o->out, &first, err))
			return -1;
	} else if (hm_server_new(s, o->out, &address[0], err) ||
	           check_address(o, address[0], err)) {
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		hm_log(s->log, HM_LOG_INFO, "listening on %s://" HM_F, s->tls ? "https" : "http",
		       HM_P(address[i]));
	return 0;
}

int
hm_life_run(struct hm_life *l, const struct hm_life_opts *o, struct hm_err *err)
{
	int fds[HM_DAEMON_FDS_MAX];
	struct hm_arena a = { 0 };
	int rc = open_sockets(o, &a, fds, err);

	hm_arena_free(&a);
	if (rc)
		return -1;
	l->opts = o;
	atomic_store(&l->server, *o->out);
	if (atomic_load(&l->stopping))
		hm_server_stop(*o->out, HM_LIFE_DRAIN_MS);
	hm_daemon_notify("READY=1");
	rc = hm_server_run(*o->out, err);
	atomic_store(&l->server, NULL); /* a later signal finds nothing to stop or reload */
	return rc;
}

void
hm_life_end(struct hm_life *l)
{
	if (!l)
		return;
	hm_signals_free(l->signals);
	free(l);
}
