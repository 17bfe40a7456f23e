#include "serve/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/clock.h"

enum { FIRST_FD = 3 };

/* ---- systemd */

/* A number of decimal digits in the environment; -1 when it is none. */
static long
number_in(const char *name)
{
	const char *v = getenv(name);
	char *end;
	long n;

	if (!v || !*v)
		return -1;
	errno = 0;
	n = strtol(v, &end, 10);
	return *end || errno || n < 0 ? -1 : n;
}

static int
check_socket(int fd, struct hm_err *err)
{
	int type = 0, listening = 0;
	socklen_t n = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_STREAM &&
	    (n = sizeof(int), getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n)) == 0 &&
	    listening && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return 0;
	return hm_err_set(err, HM_EUSAGE,
	                  "socket activation: descriptor %d is no listening stream socket", fd);
}

int
hm_daemon_sockets(int fds[static HM_DAEMON_FDS_MAX], size_t *n, struct hm_err *err)
{
	long count = number_in("LISTEN_FDS");

	*n = 0;
	if (count <= 0 || number_in("LISTEN_PID") != (long)getpid())
		return 0;
	if (count > HM_DAEMON_FDS_MAX)
		return hm_err_set(err, HM_EUSAGE, "socket activation: %ld sockets, at most %d",
		                  count, HM_DAEMON_FDS_MAX);
	for (int fd = FIRST_FD; fd < FIRST_FD + (int)count; fd++) {
		if (check_socket(fd, err))
			return -1;
		fds[(*n)++] = fd;
	}
	return 0;
}

void
hm_daemon_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(sa.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(sa.sun_path, path, n);
	if (path[0] == '@')
		sa.sun_path[0] = '\0'; /* an abstract name */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa,
	              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

void
hm_daemon_notify_reloading(void)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "RELOADING=1\nMONOTONIC_USEC=%lld",
	              (long long)(hm_clock_monotonic_ns() / 1000));
	hm_daemon_notify(hm_buf_str(&b).p);
	hm_buf_free(&b);
}

/* An address, and no name that begins like one. */
static bool
is_numeric(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789.:", s.p[i]) || !s.p[i])
			return false;
	return true;
}

bool
hm_daemon_is_loopback(hm_str address)
{
	hm_str_cut_prefix(&address, HM_S("["));
	hm_str_cut_prefix(&address, HM_S("::ffff:"));
	return (hm_str_has_prefix(address, HM_S("127.")) && is_numeric(address)) ||
	       hm_str_eqz(address, "unix") || hm_str_eqz(address, "::1") ||
	       hm_str_has_prefix(address, HM_S("::1]"));
}

/* ---- signals */

struct hm_signals {
	struct hm_signal_handlers h;
	pthread_t thread;
	atomic_bool over;
};

static void
watched(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR2); /* wakes the thread for its end */
}

static void *
await(void *arg)
{
	struct hm_signals *s = arg;
	sigset_t set;
	int sig;

	watched(&set);
	while (sigwait(&set, &sig) == 0 && !atomic_load(&s->over)) {
		if (sig == SIGHUP && s->h.reload)
			s->h.reload(s->h.ctx);
		else if (sig == SIGTERM || sig == SIGINT)
			s->h.stop(s->h.ctx);
	}
	return NULL;
}

int
hm_signals_start(const struct hm_signal_handlers *h, struct hm_signals **out, struct hm_err *err)
{
	struct hm_signals *s = hm_mem_new(sizeof(*s));
	sigset_t set;
	int rc;

	s->h = *h;
	watched(&set);
	rc = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (rc == 0)
		rc = pthread_create(&s->thread, NULL, await, s);
	if (rc) {
		free(s);
		return hm_err_sys(err, rc, "signal thread");
	}
	*out = s;
	return 0;
}

void
hm_signals_free(struct hm_signals *s)
{
	if (!s)
		return;
	atomic_store(&s->over, true);
	pthread_kill(s->thread, SIGUSR2);
	pthread_join(s->thread, NULL);
	free(s);
}
