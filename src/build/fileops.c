/* The file operations of shell.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/path.h"
#include "build/builder.h"
#include "build/shell.h"
#include "os/file.h"

enum { MAGIC_MAX = 64 };

/* How archives, objects and executables begin. */
static bool
is_object(const char *path)
{
	static const struct {
		const char *p;
		size_t n;
	} magic[] = {
		{ "!<arch>\n", 8 },
		{ "<bigaf>\n", 8 },
		{ "\x7f" "ELF", 4 },
		{ "\xfe\xed\xfa\xce", 4 },
		{ "\xfe\xed\xfa\xcf", 4 },
		{ "\xce\xfa\xed\xfe", 4 },
		{ "\xcf\xfa\xed\xfe", 4 },
		{ "\x4d\x5a\x90\x00\x03\x00", 6 },
		{ "\x4d\x5a\x78\x00\x01\x00", 6 },
		{ "\x00\x00\x01\xeb", 4 },
		{ "\x00\x00\x8a\x97", 4 },
		{ "\x00\x00\x06\x47", 4 },
		{ "\x00\x61\x73\x6d", 4 },
		{ "\x01\xdf", 2 },
		{ "\x01\xf7", 2 },
	};
	char buf[MAGIC_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof(buf));
	close(fd);
	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
		if (n >= (ssize_t)magic[i].n && memcmp(buf, magic[i].p, magic[i].n) == 0)
			return true;
	return false;
}

/* A folder, or a file that is neither empty nor an object, is not overwritten. */
static int
check_overwrite(struct hm_action *a, const char *dst, bool force, struct hm_err *err)
{
	struct stat st;
	hm_str q = hm_str_quote(&a->arena, hm_str_of(dst));

	if (stat(dst, &st))
		return 0;
	if (S_ISDIR(st.st_mode))
		return hm_err_set(err, HM_EINVALID,
		                  "build output " HM_F " already exists and is a directory",
		                  HM_P(q));
	if (!force && S_ISREG(st.st_mode) && st.st_size && !is_object(dst))
		return hm_err_set(err, HM_EINVALID,
		                  "build output " HM_F " already exists and is not an object file",
		                  HM_P(q));
	return 0;
}

/* A new file beside dst with the mode that the umask leaves of perm; its name in *tmp. */
static int
open_beside(struct hm_action *a, const char *dst, mode_t perm, hm_str *tmp)
{
	*tmp = hm_arena_printf(&a->arena, "%s.tmp%ld", dst, (long)getpid());
	unlink(tmp->p);
	return open(tmp->p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, perm);
}

static int
write_in_place(const char *dst, const char *src, hm_str data, mode_t perm, struct hm_err *err)
{
	int fd = open(dst, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, perm), rc;

	if (fd < 0) {
		hm_err_sys(err, errno, "open %s", dst);
		return hm_err_wrap(err, "copying %s: ", src);
	}
	rc = hm_file_write_fd(fd, dst, data, err);
	close(fd);
	return rc ? hm_err_wrap(err, "copying %s to %s: ", src, dst) : 0;
}

static int
write_beside(struct hm_action *a, const char *dst, const char *src, hm_str data, mode_t perm,
             struct hm_err *err)
{
	hm_str tmp;
	int fd = open_beside(a, dst, perm, &tmp), rc;

	if (fd < 0) {
		/* Go's text names the file that was asked for. */
		hm_err_sys(err, errno, "open %s", dst);
		return hm_err_wrap(err, "copying %s: ", src);
	}
	rc = hm_file_write_fd(fd, dst, data, err);
	if (close(fd) && rc == 0)
		rc = hm_err_sys(err, errno, "write %s", dst);
	if (rc == 0 && rename(tmp.p, dst))
		rc = hm_err_sys(err, errno, "rename %s %s", tmp.p, dst);
	if (rc == 0)
		return 0;
	unlink(tmp.p);
	return hm_err_wrap(err, "copying %s to %s: ", src, dst);
}

int
hm_shell_copy(struct hm_action *a, hm_str dst, hm_str src, mode_t perm, bool force,
              struct hm_err *err)
{
	const struct hm_build_opts *o = &a->builder->o;
	const char *to = hm_arena_cstr(&a->arena, dst), *from = hm_arena_cstr(&a->arena, src);
	struct stat st;
	hm_str data;
	int rc;

	if (o->n || o->x)
		hm_shell_show(a, HM_S(""), "cp " HM_F " " HM_F, HM_P(src), HM_P(dst));
	if (o->n)
		return 0;
	if (hm_file_map(from, &data, err))
		return -1;
	rc = check_overwrite(a, to, force, err);
	if (rc == 0 && lstat(to, &st) == 0 && !S_ISREG(st.st_mode))
		rc = write_in_place(to, from, data, perm, err);
	else if (rc == 0)
		rc = write_beside(a, to, from, data, perm, err);
	hm_file_unmap(data);
	return rc;
}

/* A set-group-ID folder hands its group to what is made in it, not to what is moved there. */
static bool
gives_group(struct hm_action *a, const char *dst)
{
	struct stat st;

	return stat(hm_path_dir(&a->arena, hm_str_of(dst)).p, &st) == 0 && S_ISDIR(st.st_mode) &&
	       (st.st_mode & S_ISGID);
}

static bool
try_rename(struct hm_action *a, const char *dst, const char *src, mode_t perm)
{
	struct stat st;
	mode_t mode = perm;
	hm_str tmp;
	int fd = open_beside(a, dst, perm, &tmp);

	if (fd >= 0) {
		if (fstat(fd, &st) == 0)
			mode = st.st_mode & 0777;
		close(fd);
		unlink(tmp.p);
	}
	return chmod(src, mode) == 0 && rename(src, dst) == 0;
}

int
hm_shell_move(struct hm_action *a, hm_str dst, hm_str src, mode_t perm, bool force,
              struct hm_err *err)
{
	const struct hm_build_opts *o = &a->builder->o;
	const char *to = hm_arena_cstr(&a->arena, dst), *from = hm_arena_cstr(&a->arena, src);

	if (o->n) {
		hm_shell_show(a, HM_S(""), "mv " HM_F " " HM_F, HM_P(src), HM_P(dst));
		return 0;
	}
	if (check_overwrite(a, to, force, err))
		return -1;
	if (!hm_path_has_prefix(src, hm_cache_dir(a->builder->cache)) && !gives_group(a, to) &&
	    try_rename(a, to, from, perm)) {
		if (o->x)
			hm_shell_show(a, HM_S(""), "mv " HM_F " " HM_F, HM_P(src), HM_P(dst));
		return 0;
	}
	return hm_shell_copy(a, dst, src, perm, force, err);
}

void
hm_shell_remove_all(struct hm_action *a, hm_str dir)
{
	const struct hm_build_opts *o = &a->builder->o;
	const char *path = hm_arena_cstr(&a->arena, dir);
	struct hm_err err = { 0 };

	if ((o->n || o->x) && (hm_shell_made(a, dir) || hm_file_exists(path)))
		hm_shell_show(a, HM_S(""), "rm -rf " HM_F, HM_P(dir));
	if (!o->n && hm_dir_remove_all(path, false, &err))
		hm_err_free(&err); /* the whole work folder goes at the end */
}
