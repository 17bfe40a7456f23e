#include "serve/accesslog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/json.h"
#include "os/clock.h"

enum {
	GATHER_MS = 50,    /* a batch waits so long for more */
	FREE_MS = 2000,
	PIPE_PART = 4096,  /* PIPE_BUF: what a pipe that is ready takes without blocking */
};

/* mutex guards filling, ending; all else is the thread's or never changes. */
struct hm_accesslog {
	bool json;
	char *path; /* NULL: standard error */
	int fd;
	bool regular;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct hm_buf filling, writing;
	bool ending;
	int64_t give_up; /* ms; 0: never */
	atomic_bool reopen;
	atomic_ullong dropped;
};

/* ---- a line */

static const char *
method_name(const struct hm_http1_request *req)
{
	static const char *const names[] = { [HM_HTTP1_GET] = "GET", [HM_HTTP1_HEAD] = "HEAD",
		                             [HM_HTTP1_PUT] = "PUT", [HM_HTTP1_POST] = "POST",
		                             [HM_HTTP1_DELETE] = "DELETE" };

	return req ? names[req->method] : "-";
}

/* A request path is ASCII without space or control (http1.h); an account's name need not be. */
static void
add_word(struct hm_buf *b, hm_str s)
{
	if (s.n == 0)
		hm_buf_addc(b, '-');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || c == '\\')
			hm_buf_printf(b, "\\x%02x", c);
		else
			hm_buf_addc(b, (char)c);
	}
}

static void
add_time(struct hm_buf *b, int64_t ns)
{
	time_t t = (time_t)(ns / 1000000000);
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	hm_buf_printf(b, "%s.%03dZ", text, (int)(ns / 1000000 % 1000));
}

static void
format_text(struct hm_buf *b, int64_t ns, const struct hm_served *s, hm_str account, hm_str path)
{
	add_time(b, ns);
	hm_buf_addc(b, ' ');
	add_word(b, s->peer);
	hm_buf_addc(b, ' ');
	add_word(b, account);
	hm_buf_printf(b, " %s ", method_name(s->req));
	add_word(b, path);
	hm_buf_printf(b, " %d %llu %lldus%s\n", s->status, (unsigned long long)s->sent,
	              (long long)(s->nanoseconds / 1000), s->cut ? " cut" : "");
}

static void
format_json(struct hm_buf *b, int64_t ns, const struct hm_served *s, hm_str account, hm_str path)
{
	hm_buf_addz(b, "{\"time\":\"");
	add_time(b, ns);
	hm_buf_addz(b, "\",\"peer\":");
	hm_json_quote(b, s->peer, true);
	hm_buf_addz(b, ",\"account\":");
	hm_json_quote(b, account, true);
	hm_buf_printf(b, ",\"method\":\"%s\",\"path\":", method_name(s->req));
	hm_json_quote(b, path, true);
	hm_buf_printf(b, ",\"status\":%d,\"sent\":%llu,\"received\":%llu,\"us\":%lld,\"cut\":%s}\n",
	              s->status, (unsigned long long)s->sent, (unsigned long long)s->received,
	              (long long)(s->nanoseconds / 1000), s->cut ? "true" : "false");
}

void
hm_accesslog_format(struct hm_buf *out, bool json, int64_t unix_ns, const struct hm_served *s,
                    hm_str account)
{
	hm_str path = s->req ? s->req->path : HM_S("");

	if (path.n > HM_ACCESSLOG_PATH_MAX)
		path.n = HM_ACCESSLOG_PATH_MAX;
	if (account.n > HM_ACCESSLOG_PATH_MAX / 8)
		account.n = HM_ACCESSLOG_PATH_MAX / 8;
	if (json)
		format_json(out, unix_ns, s, account, path);
	else
		format_text(out, unix_ns, s, account, path);
}

/* ---- the thread that writes */

static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	            0640);
}

static void
note_kind(struct hm_accesslog *l)
{
	struct stat st;

	l->regular = fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* The old file goes on where the new one cannot be made. */
static void
open_anew(struct hm_accesslog *l)
{
	int fd = l->path ? open_file(l->path) : -1;

	if (fd < 0)
		return;
	close(l->fd);
	l->fd = fd;
	note_kind(l);
}

static bool
given_up(struct hm_accesslog *l)
{
	bool yes;

	pthread_mutex_lock(&l->mutex);
	yes = l->ending && hm_clock_monotonic_ns() / 1000000 >= l->give_up;
	pthread_mutex_unlock(&l->mutex);
	return yes;
}

/* Waits where others hold the pipe, but not beyond the end of the program. */
static bool
write_out(struct hm_accesslog *l, hm_str s)
{
	struct pollfd p = { .fd = l->fd, .events = POLLOUT };
	size_t part;
	ssize_t n;

	while (s.n) {
		if (!l->regular && poll(&p, 1, 200) <= 0) {
			if (given_up(l))
				return false;
			continue;
		}
		part = l->regular || s.n < PIPE_PART ? s.n : PIPE_PART;
		n = write(l->fd, s.p, part);
		if (n < 0 && (errno == EINTR || errno == EAGAIN) && !given_up(l))
			continue;
		if (n < 0)
			return false;
		s = hm_str_from(s, (size_t)n);
	}
	return true;
}

static uint64_t
lines_of(hm_str s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

/* Takes the next batch; false when there will be none. */
static bool
take(struct hm_accesslog *l)
{
	struct hm_buf empty;
	struct timespec until;
	bool more;

	pthread_mutex_lock(&l->mutex);
	while (l->filling.n == 0 && !l->ending)
		pthread_cond_wait(&l->wake, &l->mutex);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	while (!l->ending && l->filling.n < HM_ACCESSLOG_BUFFER / 2 &&
	       pthread_cond_timedwait(&l->wake, &l->mutex, &until) != ETIMEDOUT)
		;
	empty = l->writing;
	l->writing = l->filling;
	l->filling = empty;
	more = l->writing.n > 0;
	pthread_mutex_unlock(&l->mutex);
	return more;
}

static void *
writer(void *arg)
{
	struct hm_accesslog *l = arg;

	while (take(l)) {
		if (atomic_exchange(&l->reopen, false))
			open_anew(l);
		if (!write_out(l, hm_buf_str(&l->writing)))
			atomic_fetch_add(&l->dropped, lines_of(hm_buf_str(&l->writing)));
		hm_buf_clear(&l->writing);
	}
	return NULL;
}

/* ---- from outside */

static int
start(struct hm_accesslog *l, struct hm_err *err)
{
	pthread_condattr_t attr;
	int rc;

	pthread_mutex_init(&l->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	rc = pthread_create(&l->thread, NULL, writer, l);
	if (rc == 0)
		return 0;
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->mutex);
	return hm_err_sys(err, rc, "start the access log's thread");
}

int
hm_accesslog_check(hm_str format, struct hm_err *err)
{
	if (hm_str_eqz(format, "text") || hm_str_eqz(format, "json") || hm_str_eqz(format, "off"))
		return 0;
	return hm_err_set(err, HM_EUSAGE, "\"" HM_F "\" is none of text, json, off",
	                  HM_P(format));
}

int
hm_accesslog_new(hm_str format, hm_str path, struct hm_accesslog **out, struct hm_err *err)
{
	struct hm_accesslog *l;

	*out = NULL;
	if (hm_accesslog_check(format, err))
		return hm_err_wrap(err, "access log: ");
	if (hm_str_eqz(format, "off"))
		return 0;
	l = hm_mem_new(sizeof(*l));
	l->json = hm_str_eqz(format, "json");
	l->fd = STDERR_FILENO;
	if (path.n) {
		l->path = memcpy(hm_mem_new(path.n + 1), path.p, path.n);
		l->fd = open_file(l->path);
	}
	if (l->fd < 0)
		hm_err_sys(err, errno, "open %s", l->path);
	else
		note_kind(l);
	if (l->fd < 0 || start(l, err)) {
		if (l->path && l->fd >= 0)
			close(l->fd);
		free(l->path);
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}

void
hm_accesslog_free(struct hm_accesslog *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->mutex);
	l->ending = true;
	l->give_up = hm_clock_monotonic_ns() / 1000000 + FREE_MS;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->mutex);
	pthread_join(l->thread, NULL);
	if (l->path)
		close(l->fd);
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->mutex);
	hm_buf_free(&l->filling);
	hm_buf_free(&l->writing);
	free(l->path);
	free(l);
}

void
hm_accesslog_add(struct hm_accesslog *l, const struct hm_served *s, hm_str account)
{
	struct hm_buf line = { 0 };
	size_t before;
	bool wake = false;

	if (!l)
		return;
	hm_accesslog_format(&line, l->json, hm_clock_unix_nano(), s, account);
	pthread_mutex_lock(&l->mutex);
	before = l->filling.n;
	if (before + line.n <= HM_ACCESSLOG_BUFFER) {
		hm_buf_add(&l->filling, line.p, line.n);
		wake = before == 0 || (before < HM_ACCESSLOG_BUFFER / 2 &&
		                       l->filling.n >= HM_ACCESSLOG_BUFFER / 2);
	} else {
		atomic_fetch_add(&l->dropped, 1);
	}
	pthread_mutex_unlock(&l->mutex);
	if (wake)
		pthread_cond_signal(&l->wake);
	hm_buf_free(&line);
}

void
hm_accesslog_reopen(struct hm_accesslog *l)
{
	if (l)
		atomic_store(&l->reopen, true);
}

uint64_t
hm_accesslog_dropped(const struct hm_accesslog *l)
{
	return l ? atomic_load(&((struct hm_accesslog *)l)->dropped) : 0;
}
