#include "unit/net_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/unit.h"

#include "base/path.h"
#include "os/file.h"

static void
exec_server(const struct fixture *f, bool tls, int in, int out)
{
	dup2(in, 0);
	dup2(out, 1);
	if (tls)
		execl(FIXTURE_PROXY, "fixture_proxy", "-tls", f->cert.p, f->dir.p, (char *)NULL);
	else
		execl(FIXTURE_PROXY, "fixture_proxy", f->dir.p, (char *)NULL);
	_exit(127);
}

static hm_str
read_line(struct fixture *f, int fd)
{
	char line[256];
	size_t n = 0;

	while (n < sizeof(line) && read(fd, line + n, 1) == 1 && line[n] != '\n')
		n++;
	return hm_arena_dup(&f->a, hm_str_make(line, n));
}

bool
fixture_start(struct fixture *f, bool tls)
{
	struct hm_err err = { 0 };
	int to[2], from[2];

	*f = (struct fixture){ .in = -1 };
	assert_ok(hm_dir_make_temp(&f->a, "/tmp", "hermod-net-", &f->dir, &err), &err);
	f->cert = hm_path_join(&f->a, f->dir, HM_S("cert.pem"));
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		return false;
	f->pid = fork();
	if (f->pid == 0)
		exec_server(f, tls, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	f->in = to[1];
	f->url = read_line(f, from[0]);
	close(from[0]);
	return f->url.n > 0;
}

void
fixture_stop(struct fixture *f)
{
	struct hm_err err = { 0 };

	close(f->in);
	waitpid(f->pid, NULL, 0);
	(void)hm_dir_remove_all(f->dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&f->a);
}

void
fixture_put(struct fixture *f, const char *name, hm_str data)
{
	struct hm_err err = { 0 };
	hm_str path = hm_path_join(&f->a, f->dir, hm_str_of(name));

	assert_ok(hm_dir_make_all(hm_path_dir(&f->a, path).p, &err), &err);
	assert_ok(hm_file_write(path.p, data, 0644, &err), &err);
}

hm_str
fixture_url(struct fixture *f, const char *spec, const char *path)
{
	return hm_arena_printf(&f->a, HM_F "/_%s/%s", HM_P(f->url), spec, path);
}
