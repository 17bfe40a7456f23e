/*
 * server.c - loops, sockets and time limits of the HTTP server; exchange.c has
 * the requests.
 */
#include "net/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/tls.h"
#include "net/server_priv.h"
#include "os/clock.h"
#include "os/pool.h"

enum {
	EVENTS = 256,
	ACCEPTS = 64,
	MAX_CONNS = 20000,
	LINGER_MS = 2000,
	TICK_MS = 1000,
	REST_MS = 500,   /* without accepting, when descriptors are short */
	TELL_MS = 60000, /* between two lines of the log about that */
};

/* ---- connections */

static void
list_remove(struct list *l, struct conn *c)
{
	*(c->prev ? &c->prev->next : &l->first) = c->next;
	*(c->next ? &c->next->prev : &l->last) = c->prev;
}

static void
list_append(struct list *l, struct conn *c)
{
	c->prev = l->last;
	c->next = NULL;
	*(l->last ? &l->last->next : &l->first) = c;
	l->last = c;
}

void
conn_phase(struct conn *c, enum phase p)
{
	struct loop *l = c->loop;

	list_remove(&l->phase[c->phase], c);
	c->phase = p;
	c->deadline = l->now + l->server->limit[p];
	list_append(&l->phase[p], c);
}

void
input_drop(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->in && l->n_spare < SPARE_MAX)
		l->spare[l->n_spare++] = c->in;
	else
		free(c->in);
	c->in = NULL;
	c->in_n = 0;
}

void
conn_free(struct conn *c)
{
	struct loop *l = c->loop;

	input_drop(c);
	list_remove(&l->phase[c->phase], c);
	if (c->tls)
		hm_tls_free(c->tls);
	close(c->fd);
	free(c);
	l->n_conns--;
	atomic_store_explicit(&l->open, l->n_conns, memory_order_relaxed);
}

int
conn_again(struct conn *c)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		                 .data.ptr = c };

	return epoll_ctl(c->loop->epoll, EPOLL_CTL_MOD, c->fd, &e) ? -1 : 0;
}

static void
name_peer(struct conn *c, const struct sockaddr_storage *sa)
{
	const void *addr = sa->ss_family == AF_INET6 ?
		(const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr :
		(const void *)&((const struct sockaddr_in *)sa)->sin_addr;

	if (sa->ss_family == AF_UNIX)
		snprintf(c->peer, sizeof(c->peer), "unix");
	else if (!inet_ntop(sa->ss_family, addr, c->peer, sizeof(c->peer)))
		snprintf(c->peer, sizeof(c->peer), "-");
}

static void
conn_new(struct loop *l, int fd, const struct sockaddr_storage *sa)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	struct conn *c = hm_mem_new(sizeof(*c));
	int one = 1;

	*c = (struct conn){ .loop = l, .fd = fd, .phase = PHASE_HEAD };
	name_peer(c, sa);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	e.data.ptr = c;
	if (l->server->opts.tls)
		c->tls = hm_tls_accept(l->server->opts.tls, fd);
	if ((l->server->opts.tls && !c->tls) || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e)) {
		if (c->tls)
			hm_tls_free(c->tls);
		close(fd);
		free(c);
		return;
	}
	list_append(&l->phase[PHASE_HEAD], c);
	conn_phase(c, PHASE_HEAD);
	l->n_conns++;
	atomic_store_explicit(&l->open, l->n_conns, memory_order_relaxed);
}

/* The oldest idle connection makes room for a new one. */
static bool
make_room(struct loop *l)
{
	if (l->n_conns < l->server->max_conns)
		return true;
	if (!l->phase[PHASE_IDLE].first)
		return false;
	conn_break(l->phase[PHASE_IDLE].first);
	return true;
}

static void
tell(struct loop *l, const char *why)
{
	if (l->told && l->now - l->told < TELL_MS)
		return;
	l->told = l->now;
	hm_log(l->server->opts.log, HM_LOG_WARN, "new connections are turned away: %s; %u are open",
	       why, l->n_conns);
}

static void
watch_listeners(struct loop *l, uint32_t events)
{
	struct epoll_event e = { .events = events };

	for (size_t i = 0; i < l->n_listeners; i++) {
		e.data.ptr = &l->listener[i];
		if (l->listener[i] >= 0)
			epoll_ctl(l->epoll, EPOLL_CTL_MOD, l->listener[i], &e);
	}
}

/* A socket that waits to be accepted, and cannot be, would have the loop spin. */
static void
rest(struct loop *l)
{
	l->rest_until = l->now + REST_MS;
	watch_listeners(l, 0);
}

static void
end_rest(struct loop *l)
{
	l->rest_until = 0;
	watch_listeners(l, EPOLLIN);
}

/* accept() failed. Is it worth another try now? */
static bool
accept_failed(struct loop *l, int e)
{
	if (e == EAGAIN || e == EINTR || e == ECONNABORTED)
		return e != EAGAIN;
	if (e == EMFILE && l->phase[PHASE_IDLE].first) {
		conn_break(l->phase[PHASE_IDLE].first);
		return true;
	}
	atomic_store(&l->server->wanted, e == EMFILE);
	tell(l, hm_errno_text(e));
	rest(l);
	return false;
}

static void
accept_some(struct loop *l, int listener)
{
	for (int i = 0; i < ACCEPTS && listener >= 0; i++) {
		struct sockaddr_storage sa;
		socklen_t n = sizeof(sa);
		int fd = accept4(listener, (struct sockaddr *)&sa, &n,
		                 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (!accept_failed(l, errno))
				return;
		} else if (make_room(l)) {
			conn_new(l, fd, &sa);
		} else {
			tell(l, "too many at work");
			close(fd);
		}
	}
}

/* ---- time */

static void
tick(struct loop *l)
{
	int64_t second;

	l->now = hm_clock_monotonic_ns() / 1000000;
	second = hm_clock_unix();
	if (second != l->date_second) {
		time_t t = (time_t)second;
		struct tm tm;

		l->date_second = second;
		gmtime_r(&t, &tm);
		strftime(l->date, sizeof(l->date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	}
}

static void
expire(struct loop *l)
{
	for (int p = 0; p < N_PHASES; p++) {
		if (l->server->limit[p] == 0)
			continue;
		while (l->phase[p].first && l->phase[p].first->deadline <= l->now)
			conn_late(l->phase[p].first);
	}
	if (l->rest_until && l->rest_until <= l->now)
		end_rest(l);
}

/* Another loop needs a descriptor, and this one has an idle connection. */
static void
help(struct loop *l)
{
	if (atomic_load_explicit(&l->server->wanted, memory_order_relaxed) &&
	    l->phase[PHASE_IDLE].first && atomic_exchange(&l->server->wanted, false))
		conn_break(l->phase[PHASE_IDLE].first);
}

static int
patience(const struct loop *l)
{
	int64_t least = l->now + TICK_MS;

	for (int p = 0; p < N_PHASES; p++)
		if (l->server->limit[p] && l->phase[p].first && l->phase[p].first->deadline < least)
			least = l->phase[p].first->deadline;
	if (l->rest_until && l->rest_until < least)
		least = l->rest_until;
	return least > l->now ? (int)(least - l->now) : 0;
}

/* ---- the loop */

static void
take_resumed(struct loop *l)
{
	struct hm_exchange *x, *next, *in_order = NULL;
	uint64_t count;

	(void)!read(l->wake, &count, sizeof(count));
	pthread_mutex_lock(&l->mutex);
	x = l->resumed;
	l->resumed = NULL;
	pthread_mutex_unlock(&l->mutex);
	for (; x; x = next) {
		next = x->next;
		x->next = in_order;
		in_order = x;
	}
	for (x = in_order; x; x = next) {
		next = x->next;
		x->next = NULL;
		exchange_resumed(x);
	}
}

static void
close_listeners(struct loop *l)
{
	for (size_t i = 0; i < l->n_listeners; i++) {
		if (l->listener[i] >= 0)
			close(l->listener[i]);
		l->listener[i] = -1;
	}
}

/*
 * No more connections; those that are idle, or whose peer has hung up, end now, the others
 * with their answer.
 */
static void
start_drain(struct loop *l, int stop)
{
	l->draining = true;
	l->drain_until = l->now + stop - 1;
	close_listeners(l);
	while (l->phase[PHASE_IDLE].first)
		conn_break(l->phase[PHASE_IDLE].first);
	for (int p = 0; p < N_PHASES; p++)
		for (struct conn *c = l->phase[p].first, *next; c; c = next) {
			next = c->next;
			c->last = true;
			if (p == PHASE_WORK && c->hup)
				conn_break(c);
		}
}

/* Is the event one of a listening socket or of the wake-up, not of a connection? */
static bool
is_own(const struct loop *l, const struct epoll_event *e)
{
	const char *p = e->data.ptr, *first = (const char *)l->listener;

	return e->data.ptr == &l->wake || (p >= first && p < first + sizeof(l->listener));
}

static void
handle_event(struct loop *l, const struct epoll_event *e)
{
	struct conn *c = e->data.ptr;

	if (is_own(l, e) && e->data.ptr != &l->wake) {
		accept_some(l, *(const int *)e->data.ptr);
	} else if (e->data.ptr == &l->wake) {
		take_resumed(l);
	} else if (e->events & (EPOLLHUP | EPOLLERR)) {
		conn_break(c);
	} else {
		if (e->events & EPOLLRDHUP)
			c->hup = true;
		if (e->events & (EPOLLIN | EPOLLRDHUP))
			c->drained = false;
		conn_work(c);
	}
}

static void *
loop_run(void *arg)
{
	struct loop *l = arg;
	struct epoll_event e[EVENTS];

	tick(l);
	for (;;) {
		int n = epoll_wait(l->epoll, e, EVENTS, patience(l)), stop;

		tick(l);
		/*
		 * A connection has one event a turn, and only the wake-up, handled last, and
		 * expire() touch connections other than the event's own.
		 */
		for (int i = 0; i < n; i++)
			if (!is_own(l, &e[i]))
				handle_event(l, &e[i]);
		for (int i = 0; i < n; i++)
			if (is_own(l, &e[i]))
				handle_event(l, &e[i]);
		expire(l);
		help(l);
		stop = atomic_load(&l->server->stop);
		if (stop && !l->draining)
			start_drain(l, stop);
		if (l->draining && (l->n_conns == 0 || l->now >= l->drain_until))
			break;
	}
	for (int p = 0; p < N_PHASES; p++)
		while (l->phase[p].first)
			conn_break(l->phase[p].first);
	return NULL;
}

/* ---- set up and tear down */

static int
bad_address(hm_str listen, struct hm_err *err)
{
	return hm_err_set(err, HM_EUSAGE,
	                  "listen address \"" HM_F "\": want host:port, [host]:port or :port, "
	                  "port from 0 to 65535",
	                  HM_P(listen));
}

static bool
is_port(hm_str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (unsigned)(s.p[i] - '0');
		if (n > UINT16_MAX)
			return false;
	}
	return s.n > 0;
}

static int
resolve(struct hm_arena *a, hm_str listen, struct addrinfo **out, struct hm_err *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		                  .ai_socktype = SOCK_STREAM };
	ptrdiff_t colon = hm_str_rindex_byte(listen, ':');
	hm_str host, port;
	int rc;

	if (colon < 0)
		return bad_address(listen, err);
	host = hm_str_sub(listen, 0, (size_t)colon);
	port = hm_str_from(listen, (size_t)colon + 1);
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = hm_str_sub(host, 1, host.n - 1);
	else if (hm_str_index_byte(host, ':') >= 0)
		return bad_address(listen, err);
	if (!is_port(port))
		return bad_address(listen, err);
	rc = getaddrinfo(host.n ? hm_arena_cstr(a, host) : NULL, hm_arena_cstr(a, port), &hints,
	                 out);
	return rc == 0 ? 0 : hm_err_set(err, HM_EUSAGE, "listen address \"" HM_F "\": %s",
	                                HM_P(listen), gai_strerror(rc));
}

/*
 * A listening socket at sa; port 0 becomes the one that was bound.  The first is bound
 * alone: with SO_REUSEPORT a second server would get half of the connections.
 */
static int
listen_at(struct sockaddr_storage *sa, socklen_t n, bool first, int *fd, struct hm_err *err)
{
	int one = 1;

	*fd = socket(sa->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return hm_err_sys(err, errno, "socket");
	setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!first)
		setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(*fd, (struct sockaddr *)sa, n))
		return hm_err_sys(err, errno, "listen");
	if (first)
		setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (listen(*fd, 4096) || getsockname(*fd, (struct sockaddr *)sa, &n))
		return hm_err_sys(err, errno, "listen");
	return 0;
}

hm_str
hm_server_socket_address(struct hm_arena *a, int fd)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);
	char host[INET6_ADDRSTRLEN], port[8];

	if (getsockname(fd, (struct sockaddr *)&sa, &n))
		return HM_S("-");
	if (sa.ss_family == AF_UNIX)
		return HM_S("unix");
	if (getnameinfo((struct sockaddr *)&sa, n, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV))
		return HM_S("-");
	return hm_arena_printf(a, sa.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* Sockets of another's making: each is shared by all loops. */
static int
share_inherited(struct hm_server *s, struct hm_err *err)
{
	if (s->opts.n_inherited > HM_SERVER_SOCKETS_MAX)
		return hm_err_set(err, HM_EUSAGE, "more than %d listening sockets",
		                  HM_SERVER_SOCKETS_MAX);
	for (size_t k = 0; k < s->opts.n_inherited; k++) {
		int fd = s->opts.inherited[k];

		if (fcntl(fd, F_SETFL, O_NONBLOCK))
			return hm_err_sys(err, errno, "inherited socket");
		for (unsigned i = 0; i < s->n_loops; i++) {
			struct loop *l = &s->loop[i];
			int own = i == 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);

			if (own < 0)
				return hm_err_sys(err, errno, "inherited socket");
			l->listener[l->n_listeners++] = own;
		}
	}
	return 0;
}

static int
open_listeners(struct hm_server *s, struct hm_err *err)
{
	struct sockaddr_storage sa = { 0 };
	struct addrinfo *ai = NULL;
	socklen_t n;

	if (s->opts.n_inherited)
		return share_inherited(s, err);
	if (resolve(&s->arena, s->opts.listen, &ai, err))
		return -1;
	n = ai->ai_addrlen;
	memcpy(&sa, ai->ai_addr, n);
	freeaddrinfo(ai);
	for (unsigned i = 0; i < s->n_loops; i++) {
		s->loop[i].n_listeners = 1;
		if (listen_at(&sa, n, i == 0, &s->loop[i].listener[0], err))
			return hm_err_wrap(err, HM_F ": ", HM_P(s->opts.listen));
	}
	return 0;
}

static int
open_loop(struct loop *l, struct hm_err *err)
{
	struct epoll_event e = { .events = EPOLLIN };

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->epoll < 0 || l->wake < 0)
		return hm_err_sys(err, errno, "epoll");
	e.data.ptr = &l->wake;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &e))
		return hm_err_sys(err, errno, "epoll_ctl");
	for (size_t i = 0; i < l->n_listeners; i++) {
		e.data.ptr = &l->listener[i];
		if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->listener[i], &e))
			return hm_err_sys(err, errno, "epoll_ctl");
	}
	return 0;
}

/*
 * A part of the descriptors that the process may have; what is left is for files and
 * upstreams, so that who is connected is served.
 */
static unsigned
most_conns(unsigned want, unsigned loops)
{
	unsigned max = want ? want : MAX_CONNS;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 4 * 3 / loops < max)
		max = (unsigned)(files.rlim_cur / 4 * 3 / loops);
	return max ? max : 1;
}

static int64_t
or_default(int ms, int def)
{
	return ms > 0 ? ms : def;
}

int
hm_server_new(const struct hm_server_opts *opts, struct hm_server **out, hm_str *address,
              struct hm_err *err)
{
	unsigned n = opts->loops ? opts->loops : hm_pool_cores();
	struct hm_server *s = hm_mem_new(sizeof(*s) + n * sizeof(s->loop[0]));

	s->opts = *opts;
	s->n_loops = n;
	s->limit[PHASE_IDLE] = or_default(opts->idle_ms, 75000);
	s->limit[PHASE_HEAD] = or_default(opts->head_ms, 10000);
	s->limit[PHASE_BODY] = or_default(opts->body_ms, 30000);
	s->limit[PHASE_WRITE] = or_default(opts->write_ms, 30000);
	s->limit[PHASE_LINGER] = LINGER_MS;
	s->max_conns = most_conns(opts->max_conns, n);
	for (unsigned i = 0; i < n; i++) {
		s->loop[i].server = s;
		s->loop[i].epoll = s->loop[i].wake = -1;
		memset(s->loop[i].listener, -1, sizeof(s->loop[i].listener));
		pthread_mutex_init(&s->loop[i].mutex, NULL);
	}
	if (open_listeners(s, err))
		goto fail;
	for (unsigned i = 0; i < n; i++)
		if (open_loop(&s->loop[i], err))
			goto fail;
	*address = hm_server_socket_address(&s->arena, s->loop[0].listener[0]);
	*out = s;
	return 0;
fail:
	hm_server_free(s);
	return -1;
}

int
hm_server_run(struct hm_server *s, struct hm_err *err)
{
	int rc = 0;

	atomic_store(&s->running, true);
	for (unsigned i = 1; i < s->n_loops && rc == 0; i++) {
		rc = pthread_create(&s->loop[i].thread, NULL, loop_run, &s->loop[i]);
		s->loop[i].started = rc == 0;
	}
	if (rc) {
		hm_server_stop(s, 0);
		hm_err_sys(err, rc, "thread");
	} else {
		loop_run(&s->loop[0]);
	}
	for (unsigned i = 1; i < s->n_loops; i++)
		if (s->loop[i].started)
			pthread_join(s->loop[i].thread, NULL);
	atomic_store(&s->running, false);
	return rc ? -1 : 0;
}

void
hm_server_stop(struct hm_server *s, int drain_ms)
{
	static const uint64_t one = 1;

	atomic_store(&s->stop, drain_ms + 1);
	for (unsigned i = 0; i < s->n_loops; i++)
		(void)!write(s->loop[i].wake, &one, sizeof(one));
}

unsigned
hm_server_open(const struct hm_server *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_loops; i++)
		n += atomic_load_explicit(&s->loop[i].open, memory_order_relaxed);
	return n;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
hm_server_flush(struct hm_server *s)
{
	if (!s || atomic_load(&s->running))
		return;
	for (unsigned i = 0; i < s->n_loops; i++)
		take_resumed(&s->loop[i]);
}

void
hm_server_free(struct hm_server *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n_loops; i++) {
		struct loop *l = &s->loop[i];
		struct hm_exchange *x;

		while (l->n_spare)
			free(l->spare[--l->n_spare]);
		while ((x = l->spare_x)) {
			l->spare_x = x->next;
			hm_buf_free(&x->fields);
			hm_buf_free(&x->out);
			free(x);
		}
		close_fd(l->epoll);
		close_listeners(l);
		close_fd(l->wake);
		pthread_mutex_destroy(&l->mutex);
	}
	hm_arena_free(&s->arena);
	free(s);
}
