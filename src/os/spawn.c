#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "os/file.h"

enum { OUTPUT_MAX = 64 << 20 };

bool
hm_spawn_look_path(struct hm_arena *a, hm_str name, hm_str path_list, hm_str *out)
{
	hm_str rest = path_list, dir;

	if (hm_str_index_byte(name, '/') >= 0) {
		*out = hm_arena_dup(a, name);
		return access(out->p, X_OK) == 0 && !hm_file_is_dir(out->p);
	}
	while (hm_str_next(&rest, ':', &dir)) {
		*out = hm_path_join(a, dir.n ? dir : HM_S("."), name);
		if (hm_file_is_regular(out->p) && access(out->p, X_OK) == 0)
			return true;
	}
	return false;
}

static hm_str
path_of(const char *const *env)
{
	for (; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return hm_str_of(*env + 5);
	return HM_S("");
}

/* What of a child flows through a pipe. */
struct flow {
	int in, out, err; /* our ends, -1 when closed */
	hm_str input;
	struct hm_buf obuf, ebuf;
	size_t max;
	bool over;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
drain(struct flow *f, int *fd, struct hm_buf *b)
{
	char t[65536];
	ssize_t k = read(*fd, t, sizeof(t));

	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (k <= 0) {
		close_fd(fd);
		return;
	}
	if (b->n + (size_t)k > f->max)
		f->over = true;
	else
		hm_buf_add(b, t, (size_t)k);
}

static void
feed(struct flow *f)
{
	ssize_t k = write(f->in, f->input.p, f->input.n);

	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (k >= 0)
		f->input = hm_str_from(f->input, (size_t)k);
	if (k < 0 || f->input.n == 0)
		close_fd(&f->in);
}

static void
pump(struct flow *f)
{
	while (f->in >= 0 || f->out >= 0 || f->err >= 0) {
		struct pollfd p[3] = {
			{ .fd = f->in, .events = POLLOUT },
			{ .fd = f->out, .events = POLLIN },
			{ .fd = f->err, .events = POLLIN },
		};

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents)
			feed(f);
		if (p[1].revents)
			drain(f, &f->out, &f->obuf);
		if (p[2].revents)
			drain(f, &f->err, &f->ebuf);
	}
}

/* Both ends close on exec and lie above stderr, so that dup2 in the child is safe. */
static int
make_pipe(int fd[2])
{
	int raw[2];

	if (pipe2(raw, O_CLOEXEC))
		return -1;
	for (int i = 0; i < 2; i++) {
		fd[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
		close(raw[i]);
	}
	return fd[0] < 0 || fd[1] < 0 ? -1 : 0;
}

static int
start(const struct hm_spawn *s, const char *prog, const char *const *env, struct flow *f,
      pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, def;
	int pin[2] = { -1, -1 }, pout[2] = { -1, -1 }, perr[2] = { -1, -1 }, rc = 0;

	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&at);
	sigemptyset(&none);
	sigemptyset(&def);
	sigaddset(&def, SIGPIPE);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setsigdefault(&at, &def);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!s->inherit) {
		if ((s->input.n && make_pipe(pin)) || make_pipe(pout) ||
		    (!s->merge && make_pipe(perr))) {
			rc = errno;
			goto out;
		}
		if (s->input.n)
			posix_spawn_file_actions_adddup2(&fa, pin[0], 0);
		else
			posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&fa, pout[1], 1);
		posix_spawn_file_actions_adddup2(&fa, s->merge ? pout[1] : perr[1], 2);
	}
	if (s->dir)
		posix_spawn_file_actions_addchdir_np(&fa, s->dir);
	rc = posix_spawn(pid, prog, &fa, &at, (char *const *)(uintptr_t)s->argv,
	                 (char *const *)(uintptr_t)env);
	if (rc == 0) {
		*f = (struct flow){
			.in = pin[1], .out = pout[0], .err = perr[0], .input = s->input
		};
		pin[1] = pout[0] = perr[0] = -1;
	}
out:
	for (int i = 0; i < 2; i++) {
		close_fd(&pin[i]);
		close_fd(&pout[i]);
		close_fd(&perr[i]);
	}
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int
hm_spawn_run(struct hm_arena *a, const struct hm_spawn *s, struct hm_spawn_result *r,
             struct hm_err *err)
{
	const char *const *env = s->env ? s->env : (const char *const *)environ;
	struct flow f = { 0 };
	struct rusage ru;
	hm_str prog;
	pid_t pid;
	int status, rc;

	*r = (struct hm_spawn_result){ 0 };
	if (!hm_spawn_look_path(a, hm_str_of(s->argv[0]), path_of(env), &prog)) {
		if (strchr(s->argv[0], '/'))
			return hm_err_sys(err, errno ? errno : EACCES, "fork/exec %s", s->argv[0]);
		return hm_err_set(err, HM_ENOTFOUND,
		                  "exec: \"%s\": executable file not found in $PATH", s->argv[0]);
	}
	rc = start(s, prog.p, env, &f, &pid);
	if (rc)
		return hm_err_sys(err, rc, "fork/exec %s", prog.p);
	if (s->watch)
		s->watch(s->watch_ctx, pid, true);
	f.max = s->max_output ? s->max_output : OUTPUT_MAX;
	if (!s->inherit)
		pump(&f);
	if (s->watch) {
		siginfo_t si;

		while (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) < 0 && errno == EINTR)
			;
		s->watch(s->watch_ctx, pid, false);
	}
	while (wait4(pid, &status, 0, &ru) < 0)
		if (errno != EINTR)
			return hm_err_sys(err, errno, "wait %s", prog.p);
	r->signaled = WIFSIGNALED(status);
	r->status = r->signaled ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	r->user_seconds = seconds(ru.ru_utime);
	r->sys_seconds = seconds(ru.ru_stime);
	r->out = hm_buf_take(&f.obuf, a);
	r->err = hm_buf_take(&f.ebuf, a);
	if (f.over)
		return hm_err_set(err, HM_ELIMIT, "%s: more than %zu bytes of output", s->argv[0],
		                  f.max);
	return 0;
}
