#include "clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/file.h"

static bool
is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() && (st->st_mode & 022) == 0;
}

/* By way of a third name, so that the file is there throughout. */
static bool
link_over(const char *source, hm_str name)
{
	struct hm_arena a = { 0 };
	hm_str step = hm_arena_printf(&a, HM_F ".tmp", HM_P(name));
	bool ok = link(source, step.p) == 0;

	if (ok && rename(step.p, name.p)) {
		unlink(step.p);
		ok = false;
	}
	hm_arena_free(&a);
	return ok;
}

static bool
try_link(const char *source, const struct stat *st, hm_str name, int *fd, mode_t *mode)
{
	struct stat here;
	int linked;

	if (!is_ours(st) || fstat(*fd, &here) || here.st_dev != st->st_dev ||
	    !link_over(source, name))
		return false;
	linked = open(name.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	/* what was linked is what was looked at */
	if (linked < 0 || fstat(linked, &here) || here.st_ino != st->st_ino ||
	    here.st_dev != st->st_dev) {
		if (linked >= 0)
			close(linked);
		close(*fd);
		unlink(name.p);
		*fd = open(name.p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		return false;
	}
	close(*fd);
	*fd = linked;
	*mode = st->st_mode & 0777;
	return true;
}

static int
copy_slowly(int in, int out, const char *name, struct hm_err *err)
{
	char buf[64 << 10];
	ssize_t k;

	while ((k = read(in, buf, sizeof(buf))) > 0)
		if (hm_file_write_fd(out, name, hm_str_make(buf, (size_t)k), err))
			return -1;
	return k < 0 ? hm_err_sys(err, errno, "read %s", name) : 0;
}

static int
copy(int in, int out, off_t size, const char *name, struct hm_err *err)
{
	off_t done = 0;
	ssize_t k = 1;

	for (; done < size && k > 0; done += k > 0 ? k : 0)
		k = copy_file_range(in, NULL, out, NULL, (size_t)(size - done), 0);
	if (done == size)
		return 0;
	if (k == 0 || errno == ENOSPC || errno == EIO)
		return hm_err_sys(err, k ? errno : EIO, "copy %s", name);
	return copy_slowly(in, out, name, err);
}

int
clone_into(const char *source, bool may_link, uint64_t max, hm_str name, int *fd, mode_t *mode,
           struct hm_err *err)
{
	int in = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc = 0;
	struct stat st;

	*mode = 0644;
	if (in < 0)
		return hm_err_sys(err, errno, "open %s", source);
	if (fstat(in, &st))
		rc = hm_err_sys(err, errno, "stat %s", source);
	else if (!S_ISREG(st.st_mode))
		rc = hm_err_set(err, HM_EINVALID, "%s: not a regular file", source);
	else if ((uint64_t)st.st_size > max)
		rc = hm_err_set(err, HM_ELIMIT, "%s: larger than %llu bytes", source,
		                (unsigned long long)max);
	if (rc == 0 && ioctl(*fd, FICLONE, in) &&
	    !(may_link && try_link(source, &st, name, fd, mode)))
		rc = *fd < 0 ? hm_err_sys(err, errno, "open " HM_F, HM_P(name))
		             : copy(in, *fd, st.st_size, source, err);
	close(in);
	return rc;
}
