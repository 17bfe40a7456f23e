#include "os/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int
lock(const char *path, int op, int *fd, struct hm_err *err)
{
	int rc;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (*fd < 0)
		return hm_err_sys(err, errno, "open %s", path);
	do
		rc = flock(*fd, op);
	while (rc && errno == EINTR);
	if (rc == 0)
		return 0;
	rc = errno == EWOULDBLOCK ? 0 : hm_err_sys(err, errno, "lock %s", path);
	close(*fd);
	*fd = -1;
	return rc;
}

int
hm_lock_acquire(const char *path, bool exclusive, int *fd, struct hm_err *err)
{
	return lock(path, exclusive ? LOCK_EX : LOCK_SH, fd, err);
}

int
hm_lock_try(const char *path, bool exclusive, int *fd, struct hm_err *err)
{
	return lock(path, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB, fd, err);
}

void
hm_lock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
