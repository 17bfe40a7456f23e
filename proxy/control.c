#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "crypto/random.h"
#include "news.h"
#include "os/clock.h"
#include "os/file.h"
#include "remove.h"

enum { LINE_MAX_BYTES = 4096, WAIT_S = 10 };

struct control {
	struct proxy *p;
	int folder, sock;
	int wake[2];
	pthread_t thread;
	bool running;
	char name[32];
};

/* The address of `name` in an open folder: however long the folder's own name is. */
static struct sockaddr_un
address_of(int folder, const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/%s", folder, name);
	return sa;
}

static void
set_patience(int fd)
{
	struct timeval tv = { .tv_sec = WAIT_S };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* Up to the newline; false when it does not come. */
static bool
read_line(int fd, char *buf, size_t max, hm_str *line)
{
	size_t n = 0;
	ssize_t k;

	while (n < max) {
		k = read(fd, buf + n, max - n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		n += (size_t)k;
		if (buf[n - 1] == '\n') {
			*line = hm_str_make(buf, n - 1);
			return true;
		}
	}
	return false;
}

static void
say(int fd, hm_str line)
{
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };

	hm_buf_adds(&b, line);
	hm_buf_addc(&b, '\n');
	hm_file_write_fd(fd, "control", hm_buf_str(&b), &err);
	hm_buf_free(&b);
	hm_err_free(&err);
}

/* ---- the server's side */

static hm_str
obey(struct proxy *p, hm_str line)
{
	struct hm_modver m;
	bool purged = hm_str_cut_prefix(&line, HM_S("purged "));

	if (purged || hm_str_cut_prefix(&line, HM_S("forget "))) {
		forget_purged(p, line);
		meter_add(p->meter, METER_PURGED, purged);
		return HM_S("ok");
	}
	if (hm_str_cut_prefix(&line, HM_S("came ")) && hm_modver_cut(line, &m)) {
		news_came(p, m);
		return HM_S("ok");
	}
	if (hm_str_eqz(line, "flush")) {
		struct hm_err err = { 0 };
		int rc = facts_flush(p->facts, &err);

		hm_err_free(&err);
		return rc ? HM_S("facts.db cannot be written") : HM_S("ok");
	}
	return HM_S("this server does not know that command");
}

static void
serve_one(struct control *c)
{
	char buf[LINE_MAX_BYTES];
	hm_str line;
	int fd = accept4(c->sock, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		hm_clock_sleep_ms(100); /* without a descriptor poll() would be back at once */
		return;
	}
	set_patience(fd);
	if (read_line(fd, buf, sizeof(buf), &line))
		say(fd, obey(c->p, line));
	close(fd);
}

static void *
control_main(void *arg)
{
	struct control *c = arg;
	struct pollfd fds[2] = { { .fd = c->sock, .events = POLLIN },
		                 { .fd = c->wake[0], .events = POLLIN } };

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			break;
		if (fds[0].revents)
			serve_one(c);
	}
	return NULL;
}

/* It gets its name when it answers: who finds a name and nobody there may remove it. */
static int
listen_at(struct control *c, struct hm_err *err)
{
	struct sockaddr_un sa;
	char made[40];

	snprintf(made, sizeof(made), ".%s", c->name);
	sa = address_of(c->folder, made);
	c->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->sock < 0)
		return hm_err_sys(err, errno, "socket");
	if (bind(c->sock, (struct sockaddr *)&sa, sizeof(sa)) || listen(c->sock, 16))
		return hm_err_sys(err, errno, "bind %s", sa.sun_path);
	if (renameat(c->folder, made, c->folder, c->name))
		return hm_err_sys(err, errno, "rename %s", sa.sun_path);
	return 0;
}

static int
open_folder(hm_str dir, bool make, int *fd, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str folder = hm_path_cat(&a, dir, HM_S("control"));
	int rc = 0;

	if (make && mkdir(folder.p, 0700) && errno != EEXIST)
		rc = hm_err_sys(err, errno, "mkdir " HM_F, HM_P(folder));
	*fd = rc ? -1 : open(folder.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (rc == 0 && *fd < 0)
		rc = hm_err_sys(err, errno, "open " HM_F, HM_P(folder));
	hm_arena_free(&a);
	return rc;
}

int
control_new(struct proxy *p, struct control **out, struct hm_err *err)
{
	struct control *c = hm_mem_new(sizeof(*c));
	uint8_t name[8];
	int rc;

	c->p = p;
	c->folder = c->sock = c->wake[0] = c->wake[1] = -1;
	rc = hm_random_bytes(name, sizeof(name), err);
	snprintf(c->name, sizeof(c->name), "%02x%02x%02x%02x%02x%02x%02x%02x", name[0], name[1],
	         name[2], name[3], name[4], name[5], name[6], name[7]);
	if (rc == 0)
		rc = open_folder(p->store.root, true, &c->folder, err);
	if (rc == 0)
		rc = listen_at(c, err);
	if (rc == 0 && pipe2(c->wake, O_CLOEXEC))
		rc = hm_err_sys(err, errno, "pipe");
	if (rc == 0 && pthread_create(&c->thread, NULL, control_main, c))
		rc = hm_err_set(err, HM_EIO, "a thread cannot be started");
	if (rc) {
		control_free(c);
		return -1;
	}
	c->running = true;
	*out = c;
	return 0;
}

void
control_free(struct control *c)
{
	if (!c)
		return;
	if (c->running) {
		(void)!write(c->wake[1], "", 1);
		pthread_join(c->thread, NULL);
	}
	if (c->folder >= 0)
		unlinkat(c->folder, c->name, 0);
	for (size_t i = 0; i < 2; i++)
		if (c->wake[i] >= 0)
			close(c->wake[i]);
	if (c->sock >= 0)
		close(c->sock);
	if (c->folder >= 0)
		close(c->folder);
	free(c);
}

/* ---- the command's side */

static int
tell_one(int folder, const char *name, hm_str line, struct hm_err *err)
{
	struct sockaddr_un sa = address_of(folder, name);
	char buf[LINE_MAX_BYTES];
	hm_str answer;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return hm_err_sys(err, errno, "socket");
	set_patience(fd);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		if (errno == ECONNREFUSED)
			unlinkat(folder, name, 0); /* killed */
		else if (errno != ENOENT)
			rc = hm_err_sys(err, errno, "connect to the server's control/%s", name);
		close(fd);
		return rc;
	}
	say(fd, line);
	if (!read_line(fd, buf, sizeof(buf), &answer))
		rc = hm_err_set(err, HM_EIO, "the server of control/%s does not answer", name);
	else if (!hm_str_eqz(answer, "ok"))
		rc = hm_err_set(err, HM_EIO, "the server of control/%s: " HM_F, name, HM_P(answer));
	close(fd);
	return rc;
}

int
control_tell(hm_str dir, hm_str line, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_dirents e = { 0 };
	int folder, rc;

	if (open_folder(dir, false, &folder, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err); /* no server was ever here */
		return 0;
	}
	rc = hm_dir_read(&a, hm_path_cat(&a, dir, HM_S("control")).p, &e, err);
	for (size_t i = 0; i < e.n && rc == 0; i++)
		if (e.v[i].name.p[0] != '.')
			rc = tell_one(folder, e.v[i].name.p, line, err);
	close(folder);
	hm_arena_free(&a);
	return rc;
}
