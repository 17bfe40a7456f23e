#include "os/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "os/file.h"
#include "os/lock.h"

static int
lock(int fd, int op, const char *path, struct hm_err *err)
{
	int rc;

	do
		rc = flock(fd, op);
	while (rc && errno == EINTR);
	return rc ? hm_err_sys(err, errno, "lock %s", path) : 0;
}

int
hm_lockfile_read(struct hm_arena *a, const char *path, size_t max, hm_str *out,
                 struct hm_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return hm_err_sys(err, errno, "open %s", path);
	rc = lock(fd, LOCK_SH, path, err);
	if (rc == 0)
		rc = hm_file_read_fd(a, fd, path, max, out, err);
	close(fd);
	return rc;
}

/* Does the name still stand for what fd has open? Another may have renamed a new file over it. */
static bool
is_current(int fd, const char *path)
{
	struct stat mine, named;

	return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_dev == named.st_dev &&
	       mine.st_ino == named.st_ino;
}

int
hm_lockfile_edit(struct hm_arena *a, const char *path, size_t max, int *fd, hm_str *was,
                 struct hm_err *err)
{
	for (;;) {
		*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (*fd < 0)
			return hm_err_sys(err, errno, "open %s", path);
		if (lock(*fd, LOCK_EX, path, err) < 0)
			goto fail;
		if (is_current(*fd, path))
			break;
		close(*fd);
	}
	if (hm_file_read_fd(a, *fd, path, max, was, err) == 0)
		return 0;
fail:
	hm_lock_release(*fd);
	*fd = -1;
	return -1;
}

static int
write_at(int fd, const char *path, hm_str data, size_t at, struct hm_err *err)
{
	while (data.n > 0) {
		ssize_t n = pwrite(fd, data.p, data.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hm_err_sys(err, errno, "write %s", path);
		data = hm_str_from(data, (size_t)n);
		at += (size_t)n;
	}
	return 0;
}

static int
restore(int fd, const char *path, hm_str was, struct hm_err *err)
{
	struct hm_err again = { 0 };

	if (write_at(fd, path, was, 0, &again) < 0 || ftruncate(fd, (off_t)was.n))
		hm_err_append(err, " (and its old content could not be put back)");
	hm_err_free(&again);
	return -1;
}

/* The tail goes first: a full disk is noticed while the old content is still whole. */
static int
write_in_place(int fd, const char *path, hm_str was, hm_str now, struct hm_err *err)
{
	size_t head = now.n < was.n ? now.n : was.n;

	if (write_at(fd, path, hm_str_from(now, head), head, err) < 0 ||
	    write_at(fd, path, hm_str_sub(now, 0, head), 0, err) < 0)
		return restore(fd, path, was, err);
	if (now.n < was.n && ftruncate(fd, (off_t)now.n)) {
		hm_err_sys(err, errno, "truncate %s", path);
		return restore(fd, path, was, err);
	}
	return 0;
}

int
hm_lockfile_replace(int fd, const char *path, hm_str was, hm_str now, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_err try = { 0 };
	struct stat st;
	hm_str real;
	int rc = -1;

	if (fstat(fd, &st))
		return hm_err_sys(err, errno, "stat %s", path);
	/* Links and owners stay as they are; so does a file in a folder that takes no new names. */
	if (st.st_nlink == 1 && st.st_uid == geteuid() &&
	    hm_file_real_path(&a, path, &real, &try) == 0)
		rc = hm_file_publish(real.p, now, st.st_mode & 07777, true, &try);
	if (rc < 0)
		rc = write_in_place(fd, path, was, now, err);
	hm_err_free(&try);
	hm_arena_free(&a);
	return rc;
}
