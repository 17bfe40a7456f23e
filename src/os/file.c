#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/path.h"

int
hm_file_read_fd(struct hm_arena *a, int fd, const char *path, size_t max, hm_str *out,
                struct hm_err *err)
{
	struct hm_buf b = { 0 };
	struct stat st;
	size_t want = 4096;

	if (fstat(fd, &st) == 0 && st.st_size > 0 && (uintmax_t)st.st_size <= max)
		want = (size_t)st.st_size + 1;
	for (;;) {
		ssize_t k = read(fd, hm_buf_room(&b, want), want);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			hm_err_sys(err, errno, "read %s", path);
			hm_buf_free(&b);
			return -1;
		}
		if (k == 0)
			break;
		b.n += (size_t)k;
		if (b.n > max) {
			hm_buf_free(&b);
			return hm_err_set(err, HM_ELIMIT, "read %s: file is larger than %zu bytes",
					  path, max);
		}
		want = want > (size_t)k ? want - (size_t)k : b.n;
		if (want < 4096 && (size_t)k == want)
			want = 4096;
	}
	*out = hm_buf_take(&b, a);
	return 0;
}

static int
open_read(const char *path, struct hm_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : hm_err_sys(err, errno, "open %s", path);
}

int
hm_file_read(struct hm_arena *a, const char *path, size_t max, hm_str *out, struct hm_err *err)
{
	int fd = open_read(path, err), rc;

	if (fd < 0)
		return -1;
	rc = hm_file_read_fd(a, fd, path, max, out, err);
	close(fd);
	return rc;
}

int
hm_file_map(const char *path, hm_str *out, struct hm_err *err)
{
	int fd = open_read(path, err), rc = 0;
	struct stat st;

	if (fd < 0)
		return -1;
	*out = HM_S("");
	if (fstat(fd, &st)) {
		rc = hm_err_sys(err, errno, "stat %s", path);
	} else if (S_ISDIR(st.st_mode)) {
		rc = hm_err_sys(err, EISDIR, "read %s", path);
	} else if (st.st_size > 0) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (p == MAP_FAILED)
			rc = hm_err_sys(err, errno, "mmap %s", path);
		else
			*out = hm_str_make(p, (size_t)st.st_size);
	}
	close(fd);
	return rc;
}

void
hm_file_unmap(hm_str map)
{
	if (map.n)
		munmap((void *)(uintptr_t)map.p, map.n);
}

int
hm_file_write_fd(int fd, const char *path, hm_str data, struct hm_err *err)
{
	while (data.n) {
		ssize_t k = write(fd, data.p, data.n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return hm_err_sys(err, errno, "write %s", path);
		data = hm_str_from(data, (size_t)k);
	}
	return 0;
}

int
hm_file_write(const char *path, hm_str data, mode_t mode, struct hm_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode), rc;

	if (fd < 0)
		return hm_err_sys(err, errno, "open %s", path);
	rc = hm_file_write_fd(fd, path, data, err);
	if (close(fd) && rc == 0)
		rc = hm_err_sys(err, errno, "close %s", path);
	return rc;
}

static unsigned
random_u32(void)
{
	unsigned v;

	if (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v))
		abort();
	return v;
}

int
hm_file_temp(struct hm_arena *a, const char *path, hm_str *tmp, int *fd, struct hm_err *err)
{
	for (int tries = 0; tries < 1000; tries++) {
		*tmp = hm_arena_printf(a, "%s%u.tmp", path, random_u32());
		*fd = open(tmp->p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (*fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return hm_err_sys(err, errno, "open %s", tmp->p);
}

static int
sync_folder_of(const char *path, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str dir = hm_path_dir(&a, hm_str_of(path));
	int fd = open(dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0 || fsync(fd))
		rc = hm_err_sys(err, errno, "sync %s", dir.p);
	if (fd >= 0)
		close(fd);
	hm_arena_free(&a);
	return rc;
}

int
hm_file_commit(int fd, const char *tmp, const char *path, mode_t mode, bool durable,
               struct hm_err *err)
{
	int rc = 0;

	if (fchmod(fd, mode))
		rc = hm_err_sys(err, errno, "chmod %s", tmp);
	if (rc == 0 && durable && fsync(fd))
		rc = hm_err_sys(err, errno, "sync %s", tmp);
	if (close(fd) && rc == 0)
		rc = hm_err_sys(err, errno, "close %s", tmp);
	if (rc == 0)
		rc = hm_file_rename(tmp, path, err);
	if (rc)
		unlink(tmp);
	else if (durable)
		rc = sync_folder_of(path, err);
	return rc;
}

bool
hm_file_write_new(const char *path, hm_str data, mode_t mode)
{
	struct hm_arena a = { 0 };
	struct hm_err ignored = { 0 };
	char self[32];
	bool made = false;
	int fd;

	fd = open(hm_path_dir(&a, hm_str_of(path)).p, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	if (fd >= 0) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		made = hm_file_write_fd(fd, path, data, &ignored) == 0 &&
		       linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
		close(fd);
	}
	hm_err_free(&ignored);
	hm_arena_free(&a);
	return made;
}

int
hm_file_publish(const char *path, hm_str data, mode_t mode, bool durable, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str tmp;
	int fd, rc;

	rc = hm_file_temp(&a, path, &tmp, &fd, err);
	if (rc == 0) {
		rc = hm_file_write_fd(fd, tmp.p, data, err);
		if (rc) {
			close(fd);
			unlink(tmp.p);
		} else {
			rc = hm_file_commit(fd, tmp.p, path, mode, durable, err);
		}
	}
	hm_arena_free(&a);
	return rc;
}

bool
hm_file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool
hm_file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
hm_file_is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int
hm_file_stat(const char *path, struct stat *st, struct hm_err *err)
{
	return stat(path, st) ? hm_err_sys(err, errno, "stat %s", path) : 0;
}

int
hm_file_rename(const char *from, const char *to, struct hm_err *err)
{
	return rename(from, to) ? hm_err_sys(err, errno, "rename %s %s", from, to) : 0;
}

int
hm_file_remove(const char *path, struct hm_err *err)
{
	return unlink(path) && errno != ENOENT ? hm_err_sys(err, errno, "remove %s", path) : 0;
}

int
hm_file_copy(const char *from, const char *to, mode_t mode, struct hm_err *err)
{
	hm_str data;
	int rc;

	if (hm_file_map(from, &data, err))
		return -1;
	rc = hm_file_publish(to, data, mode, false, err);
	hm_file_unmap(data);
	return rc;
}

int
hm_dir_make_all(const char *path, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	char *p = hm_arena_cstr(&a, hm_str_of(path));
	int rc = 0;

	if (hm_file_is_dir(path))
		goto out;
	for (char *q = p + 1;; q++) {
		char c = *q;

		if (c != '/' && c != '\0')
			continue;
		*q = '\0';
		if (mkdir(p, 0777) && !(errno == EEXIST && hm_file_is_dir(p))) {
			/* an existing parent may sit on a read-only file system */
			int sys = errno == EEXIST ? ENOTDIR : errno;

			if (!hm_file_is_dir(p)) {
				rc = hm_err_sys(err, sys, "mkdir %s", p);
				break;
			}
		}
		*q = c;
		if (c == '\0')
			break;
	}
out:
	hm_arena_free(&a);
	return rc;
}

int
hm_dir_make_temp(struct hm_arena *a, const char *parent, const char *prefix, hm_str *out,
                 struct hm_err *err)
{
	for (int tries = 0; tries < 1000; tries++) {
		*out = hm_arena_printf(a, "%s/%s%u", parent, prefix, random_u32());
		if (mkdir(out->p, 0700) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return hm_err_sys(err, errno, "mkdir %s", out->p);
}

static int
dirent_cmp(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_dirent *)x)->name, ((const struct hm_dirent *)y)->name);
}

static unsigned char
type_of(int dirfd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type;
	if (fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_REG;
	return (unsigned char)IFTODT(st.st_mode);
}

int
hm_dir_read(struct hm_arena *a, const char *path, struct hm_dirents *out, struct hm_err *err)
{
	DIR *d = opendir(path);
	struct dirent *e;

	*out = (struct hm_dirents){ 0 };
	if (!d)
		return hm_err_sys(err, errno, "open %s", path);
	while ((e = readdir(d))) {
		struct hm_dirent x;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		x.name = hm_arena_dup(a, hm_str_of(e->d_name));
		x.type = type_of(dirfd(d), e);
		HM_PUSH(a, *out, x);
	}
	closedir(d);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), dirent_cmp);
	return 0;
}

enum { DEPTH_MAX = 4096 };

static int
remove_at(int parent, const char *name, bool force, int depth, struct hm_err *err)
{
	DIR *d;
	struct dirent *e;
	int fd, rc = 0;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM && !(force && errno == EACCES))
		return hm_err_sys(err, errno, "unlinkat %s", name);
	if (depth > DEPTH_MAX)
		return hm_err_set(err, HM_ELIMIT, "remove %s: folders too deep", name);
	if (force && fchmodat(parent, name, 0777, 0))
		return hm_err_sys(err, errno, "chmod %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d) {
		rc = hm_err_sys(err, errno, "unlinkat %s", name);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = remove_at(fd, e->d_name, force, depth + 1, err);
	closedir(d);
	if (rc == 0 && unlinkat(parent, name, AT_REMOVEDIR) && errno != ENOENT)
		rc = hm_err_sys(err, errno, "unlinkat %s", name);
	return rc;
}

int
hm_dir_remove_all(const char *path, bool force, struct hm_err *err)
{
	return remove_at(AT_FDCWD, path, force, 0, err);
}

int
hm_dir_cwd(struct hm_arena *a, hm_str *out, struct hm_err *err)
{
	const char *pwd = getenv("PWD");
	struct stat x, y;
	char *p;

	if (pwd && pwd[0] == '/' && stat(pwd, &x) == 0 && stat(".", &y) == 0 &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino) {
		*out = hm_arena_dup(a, hm_str_of(pwd));
		return 0;
	}
	p = getcwd(NULL, 0);
	if (!p)
		return hm_err_sys(err, errno, "getwd");
	*out = hm_arena_dup(a, hm_str_of(p));
	free(p);
	return 0;
}

int
hm_file_real_path(struct hm_arena *a, const char *path, hm_str *out, struct hm_err *err)
{
	char *p = realpath(path, NULL);

	if (!p)
		return hm_err_sys(err, errno, "lstat %s", path);
	*out = hm_arena_dup(a, hm_str_of(p));
	free(p);
	return 0;
}
