/*
 * failcall.c - LD_PRELOAD: one call that writes to disk fails.
 *
 *	FAIL_NTH=n	the n-th of the calls below fails, counted from 1; 0: none
 *	FAIL_ALL=1	and all that follow, as on a full disk
 *	FAIL_COUNT=file	how many there were is written there at the end
 *
 * Writes and syncs to files, renames and unlinks count; sockets and terminals do not.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;

static int
fails(void)
{
	const char *nth = getenv("FAIL_NTH"), *all = getenv("FAIL_ALL");
	long n = atomic_fetch_add(&calls, 1) + 1, want = nth ? atol(nth) : 0;

	if (want <= 0 || (all ? n < want : n != want))
		return 0;
	errno = all ? ENOSPC : EIO;
	return 1;
}

static int
is_file(int fd)
{
	struct stat st;
	int saved = errno, yes = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	errno = saved;
	return yes && fd > 2;
}

static void __attribute__((destructor))
tell(void)
{
	const char *file = getenv("FAIL_COUNT");
	FILE *f = file ? fopen(file, "w") : NULL;

	if (f) {
		fprintf(f, "%ld\n", atomic_load(&calls));
		fclose(f);
	}
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t
write(int fd, const void *p, size_t n)
{
	return is_file(fd) && fails() ? -1 : REAL(write)(fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return is_file(fd) && fails() ? -1 : REAL(pwrite)(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return is_file(fd) && fails() ? -1 : REAL(pwrite64)(fd, p, n, at);
}

int
fsync(int fd)
{
	return fails() ? -1 : REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	return fails() ? -1 : REAL(fdatasync)(fd);
}

int
ftruncate(int fd, off_t n)
{
	return is_file(fd) && fails() ? -1 : REAL(ftruncate)(fd, n);
}

int
ftruncate64(int fd, off64_t n)
{
	return is_file(fd) && fails() ? -1 : REAL(ftruncate64)(fd, n);
}

int
rename(const char *from, const char *to)
{
	return fails() ? -1 : REAL(rename)(from, to);
}

int
mkdir(const char *path, mode_t mode)
{
	return fails() ? -1 : REAL(mkdir)(path, mode);
}
