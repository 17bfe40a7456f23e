#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "mod/semver.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/list.h"

enum {
	SUM_LEN = 47, /* "h1:" and the base64 of 32 bytes */
	TEMP_TRIES = 10000,
	FOLDER_TRIES = 100,
	REV_LEN = 12, /* of a commit in a pseudo-version */
	LOCK_STEP_MS = 10,
};
/* Anything in cache/download that is read whole. */
#define CACHED_MAX ((size_t)64 << 20)

static int
check_root(hm_str root, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str q;

	if (root.n == 0)
		return hm_err_set(err, HM_EINVALID,
		                  "module cache not found: neither GOMODCACHE nor GOPATH is set");
	if (hm_path_is_abs(root))
		return 0;
	q = hm_str_quote(&a, root);
	hm_err_set(err, HM_EINVALID,
	           "GOMODCACHE entry is relative; must be absolute path: " HM_F ".\n", HM_P(q));
	hm_arena_free(&a);
	return -1;
}

int
hm_store_open(struct hm_store *s, hm_str root, bool rw, const struct hm_log *log,
              struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct stat st;
	int rc = 0;

	*s = (struct hm_store){ .root = root, .rw = rw, .log = log };
	if (check_root(root, err))
		return -1;
	if (stat(root.p, &st) == 0) {
		if (!S_ISDIR(st.st_mode)) {
			hm_str q = hm_str_quote(&a, root);

			rc = hm_err_set(err, HM_EIO, HM_F " is not a directory", HM_P(q));
		}
	} else if (errno == ENOENT) {
		rc = hm_dir_make_all(root.p, err);
	} else {
		rc = hm_err_sys(err, errno, "stat " HM_F, HM_P(root));
	}
	hm_arena_free(&a);
	return rc ? hm_err_wrap(err, "could not create module cache: ") : 0;
}

/* Both escaped; -1 for what cannot be in a cache. */
static int
escape(struct hm_arena *a, hm_str path, hm_str version, hm_str *epath, hm_str *eversion,
       struct hm_err *err)
{
	const char *why = NULL;

	if (hm_gover_is_toolchain(path))
		return hm_err_set(err, HM_EINTERNAL,
		                  "internal error: invalid operation on toolchain module");
	if (hm_modpath_escape(a, path, epath, err))
		return -1;
	if (!hm_gover_mod_valid(path, version))
		why = "non-semver";
	else if (!hm_modpath_is_canonical_version(version))
		why = "non-canonical";
	if (why) {
		hm_str q = hm_str_quote(a, version);

		return hm_err_set(err, HM_EINVALID, "%s module version " HM_F, why, HM_P(q));
	}
	return hm_modpath_escape_version(a, version, eversion, err);
}

int
hm_store_path(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
              const char *suffix, hm_str *out, struct hm_err *err)
{
	hm_str p, v;

	if (escape(a, path, version, &p, &v, err))
		return -1;
	*out = hm_arena_printf(a, HM_F "/cache/download/" HM_F "/@v/" HM_F ".%s", HM_P(s->root),
	                       HM_P(p), HM_P(v), suffix);
	return 0;
}

int
hm_store_dir_path(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                  hm_str *out, struct hm_err *err)
{
	hm_str p, v;

	if (escape(a, path, version, &p, &v, err))
		return -1;
	*out = hm_arena_printf(a, HM_F "/" HM_F "@" HM_F, HM_P(s->root), HM_P(p), HM_P(v));
	return 0;
}

/* go's DownloadDirPartialError, which counts as "does not exist". */
static int
partial(hm_str dir, const char *why, enum hm_store_state *state, struct hm_err *err)
{
	*state = HM_STORE_PARTIAL;
	return hm_err_set(err, HM_ENOTFOUND, HM_F ": %s", HM_P(dir), why);
}

int
hm_store_dir(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version, hm_str *dir,
             enum hm_store_state *state, struct hm_err *err)
{
	enum hm_store_state ignored;
	struct stat st;
	hm_str file;

	if (!state)
		state = &ignored;
	*dir = HM_S("");
	*state = HM_STORE_ABSENT;
	if (hm_store_dir_path(s, a, path, version, dir, err))
		return -1;
	if (stat(dir->p, &st)) {
		hm_err_sys(err, errno, "stat " HM_F, HM_P(*dir));
		if (errno == ENOENT)
			return -1;
		*state = HM_STORE_PARTIAL;
		err->code = HM_ENOTFOUND;
		return hm_err_wrap(err, HM_F ": ", HM_P(*dir));
	}
	if (!S_ISDIR(st.st_mode))
		return partial(*dir, "not a directory", state, err);
	if (hm_store_path(s, a, path, version, "partial", &file, err))
		return -1;
	if (stat(file.p, &st) == 0)
		return partial(*dir, "not completely extracted", state, err);
	if (errno != ENOENT)
		return hm_err_sys(err, errno, "stat " HM_F, HM_P(file));
	/* comes out of GOROOT, not from a download */
	if (!hm_str_eqz(path, "golang.org/fips140")) {
		if (hm_store_path(s, a, path, version, "ziphash", &file, err))
			return -1;
		if (stat(file.p, &st) && errno == ENOENT)
			return partial(*dir, "ziphash file is missing", state, err);
	}
	*state = HM_STORE_WHOLE;
	return 0;
}

/* hm_store_unlock() of another may have removed it meanwhile. */
static bool
has_name(int fd, hm_str file)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && stat(file.p, &there) == 0 && mine.st_ino == there.st_ino &&
	       mine.st_dev == there.st_dev;
}

/* A folder for a file, which may be removed again before the file is there. */
static int
make_folder(hm_str dir, int tries, struct hm_err *err)
{
	hm_err_clear(err);
	if (hm_dir_make_all(dir.p, err) && (err->sys != ENOENT || tries == FOLDER_TRIES))
		return -1;
	return tries < FOLDER_TRIES ? 0 : hm_err_set(err, HM_EIO, HM_F " does not stay", HM_P(dir));
}

/* ms < 0: however long it takes. *fd is -1 when it took longer. */
static int
acquire(hm_str file, int ms, int *fd, struct hm_err *err)
{
	if (ms < 0)
		return hm_lock_acquire(file.p, true, fd, err);
	for (;; ms -= LOCK_STEP_MS) {
		if (hm_lock_try(file.p, true, fd, err))
			return -1;
		if (*fd >= 0 || ms <= 0)
			return 0;
		hm_clock_sleep_ms(LOCK_STEP_MS);
	}
}

static int
lock_file(hm_str file, int ms, int *fd, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str dir = hm_path_dir(&a, file);
	int rc;

	for (int tries = 0;; tries++) {
		rc = acquire(file, ms, fd, err);
		if (rc == 0 && (*fd < 0 || has_name(*fd, file)))
			break;
		if (rc && (err->sys != ENOENT || make_folder(dir, tries, err)))
			break;
		hm_err_clear(err);
		hm_lock_release(*fd);
	}
	hm_arena_free(&a);
	return rc;
}

int
hm_store_lock_within(const struct hm_store *s, hm_str path, hm_str version, int ms, int *fd,
                     struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str file;
	int rc = hm_store_path(s, &a, path, version, "lock", &file, err);

	*fd = -1;
	if (rc == 0)
		rc = lock_file(file, ms, fd, err);
	hm_arena_free(&a);
	return rc;
}

int
hm_store_lock(const struct hm_store *s, hm_str path, hm_str version, int *fd, struct hm_err *err)
{
	return hm_store_lock_within(s, path, version, -1, fd, err);
}

void
hm_store_unlock(const struct hm_store *s, hm_str path, hm_str version, int fd)
{
	static const char *const kinds[] = { "info", "mod", "zip", "ziphash", "local" };
	struct hm_arena a = { 0 };
	struct hm_err none = { 0 };
	hm_str root = hm_path_cat(&a, s->root, HM_S("cache/download")), file;
	bool empty = fd >= 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && empty; i++)
		empty = hm_store_path(s, &a, path, version, kinds[i], &file, &none) == 0 &&
		        !hm_file_exists(file.p);
	if (empty && hm_store_path(s, &a, path, version, "lock", &file, &none) == 0 &&
	    unlink(file.p) == 0)
		for (hm_str dir = hm_path_dir(&a, file); dir.n > root.n && rmdir(dir.p) == 0;)
			dir = hm_path_dir(&a, dir);
	hm_lock_release(fd);
	hm_err_free(&none);
	hm_arena_free(&a);
}

int
hm_store_side_lock(const struct hm_store *s, int *fd, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str file = hm_arena_printf(&a, HM_F "/cache/lock", HM_P(s->root));
	int rc = lock_file(file, -1, fd, err);

	hm_arena_free(&a);
	return rc;
}

int
hm_store_read(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
              const char *suffix, hm_str *out, struct hm_err *err)
{
	hm_str file;

	if (hm_store_path(s, a, path, version, suffix, &file, err) ||
	    hm_file_read(a, file.p, CACHED_MAX, out, err)) {
		hm_err_clear(err);
		return hm_err_set(err, HM_ENOTFOUND, "not in cache");
	}
	return 0;
}

/* O_EXCL, mode 0666 less umask, named "<file><number>.tmp" as go's are. */
static int
open_temp(struct hm_arena *a, hm_str file, hm_str *tmp, int *fd, struct hm_err *err)
{
	for (int tries = 0; tries < TEMP_TRIES; tries++) {
		unsigned v;

		if (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v))
			return hm_err_sys(err, errno, "getrandom");
		*tmp = hm_arena_printf(a, HM_F "%u.tmp", HM_P(file), v % 1000000000);
		*fd = open(tmp->p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (*fd >= 0)
			return 0;
		if (errno == ENOENT) {
			if (make_folder(hm_path_dir(a, file), tries, err))
				return -1;
			continue;
		}
		if (errno != EEXIST)
			break;
	}
	return hm_err_sys(err, errno, "open " HM_F, HM_P(*tmp));
}

static int
publish_file(struct hm_arena *a, hm_str file, hm_str data, struct hm_err *err)
{
	hm_str tmp;
	int fd, rc;

	if (hm_file_write_new(file.p, data, 0666))
		return 0;
	if (hm_dir_make_all(hm_path_dir(a, file).p, err))
		return -1;
	if (hm_file_write_new(file.p, data, 0666))
		return 0;
	if (open_temp(a, file, &tmp, &fd, err))
		return -1;
	rc = hm_file_write_fd(fd, tmp.p, data, err);
	if (close(fd) && rc == 0)
		rc = hm_err_sys(err, errno, "close " HM_F, HM_P(tmp));
	if (rc == 0)
		rc = hm_file_rename(tmp.p, file.p, err);
	if (rc)
		unlink(tmp.p);
	return rc;
}

int
hm_store_write(const struct hm_store *s, hm_str path, hm_str version, const char *suffix,
               hm_str data, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str file;
	int rc = hm_store_path(s, &a, path, version, suffix, &file, err);

	if (rc == 0)
		rc = publish_file(&a, file, data, err);
	if (rc == 0 && strcmp(suffix, "mod") == 0)
		hm_store_update_list(hm_path_dir(&a, file));
	hm_arena_free(&a);
	return rc;
}

static bool
is_sum(hm_str s)
{
	return s.n == SUM_LEN && hm_str_has_prefix(s, HM_S("h1:")) &&
	       hm_str_index_byte(s, '\0') < 0;
}

bool
hm_store_ziphash(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                 hm_str *h1)
{
	struct hm_err err = { 0 };
	bool ok = false;
	hm_str file;
	int fd;

	if (hm_store_path(s, a, path, version, "ziphash", &file, &err) == 0) {
		fd = open(file.p, O_RDONLY | O_CLOEXEC);
		ok = fd >= 0 && hm_file_read_fd(a, fd, file.p, CACHED_MAX, h1, &err) == 0;
		*h1 = ok ? hm_str_trim(*h1) : HM_S("");
		/* perhaps being written just now: read again when the writer is done */
		if (ok && !is_sum(*h1) && flock(fd, LOCK_SH) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
		    hm_file_read_fd(a, fd, file.p, CACHED_MAX, h1, &err) == 0)
			*h1 = hm_str_trim(*h1);
		ok = ok && is_sum(*h1);
		if (fd >= 0)
			close(fd);
	}
	if (!ok)
		*h1 = HM_S("");
	hm_err_free(&err);
	return ok;
}

int
hm_store_write_ziphash(const struct hm_store *s, hm_str path, hm_str version, hm_str h1,
                       struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str file;
	int fd = -1, rc;

	rc = hm_store_path(s, &a, path, version, "ziphash", &file, err);
	if (rc == 0)
		rc = lock_file(file, -1, &fd, err);
	/* zeros first: a write that does not happen leaves no valid hash */
	if (rc == 0 && (ftruncate(fd, 0) || ftruncate(fd, (off_t)h1.n)))
		rc = hm_err_sys(err, errno, "truncate " HM_F, HM_P(file));
	if (rc == 0)
		rc = hm_file_write_fd(fd, file.p, h1, err);
	hm_lock_release(fd);
	hm_arena_free(&a);
	return rc;
}

int
hm_store_temp_zip(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                  hm_str *tmp, int *fd, struct hm_err *err)
{
	hm_str file;

	*fd = -1;
	if (hm_store_path(s, a, path, version, "zip", &file, err))
		return -1;
	return open_temp(a, file, tmp, fd, err);
}

int
hm_store_stage(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
               hm_str *stage, struct hm_err *err)
{
	hm_str dir;
	unsigned v;

	if (hm_store_dir_path(s, a, path, version, &dir, err) ||
	    hm_dir_make_all(hm_path_dir(a, dir).p, err))
		return -1;
	if (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v))
		return hm_err_sys(err, errno, "getrandom");
	*stage = hm_arena_printf(a, HM_F ".tmp-%u", HM_P(dir), v);
	return 0;
}

int
hm_store_publish(const struct hm_store *s, hm_str path, hm_str version, const char *stage,
                 struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str dir, mark;
	int rc;

	rc = hm_store_dir_path(s, &a, path, version, &dir, err);
	if (rc == 0)
		rc = hm_store_path(s, &a, path, version, "partial", &mark, err);
	if (rc == 0 && rename(stage, dir.p) == 0) {
		rc = hm_file_remove(mark.p, err);
	} else if (rc == 0) {
		/* what stands there is partial: it goes before its mark does */
		rc = hm_dir_remove_all(dir.p, true, err);
		if (rc == 0)
			rc = hm_file_remove(mark.p, err);
		if (rc == 0)
			rc = hm_file_rename(stage, dir.p, err);
	}
	hm_arena_free(&a);
	return rc;
}

/* Removes the entries of a folder whose names begin and end so; best effort. */
static void
remove_matching(struct hm_arena *a, hm_str folder, hm_str prefix, hm_str suffix)
{
	struct hm_dirents e = { 0 };
	struct hm_err err = { 0 };

	hm_dir_read(a, folder.p, &e, &err);
	for (size_t i = 0; i < e.n; i++) {
		hm_str name = e.v[i].name;

		if (name.n >= prefix.n + suffix.n && hm_str_has_prefix(name, prefix) &&
		    hm_str_has_suffix(name, suffix)) {
			hm_err_clear(&err);
			hm_dir_remove_all(hm_path_cat(a, folder, name).p, true, &err);
		}
	}
	hm_err_free(&err);
}

void
hm_store_sweep(const struct hm_store *s, hm_str path, hm_str version)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str zip, dir;

	if (hm_store_path(s, &a, path, version, "zip", &zip, &err) == 0 &&
	    hm_store_dir_path(s, &a, path, version, &dir, &err) == 0) {
		remove_matching(&a, hm_path_dir(&a, zip), hm_path_base(zip), HM_S(".tmp"));
		remove_matching(&a, hm_path_dir(&a, dir),
		                hm_arena_printf(&a, HM_F ".tmp-", HM_P(hm_path_base(dir))),
		                HM_S(""));
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static bool
is_commit(hm_str rev)
{
	for (size_t i = 0; i < rev.n; i++)
		if (!memchr("0123456789abcdef", rev.p[i], 16))
			return false;
	return rev.n >= REV_LEN;
}

bool
hm_store_find_rev(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str rev,
                  hm_str *version)
{
	struct hm_dirents e = { 0 };
	struct hm_err err = { 0 };
	hm_str p, folder, suffix;

	*version = HM_S("");
	if (!is_commit(rev) || hm_modpath_escape(a, path, &p, &err)) {
		hm_err_free(&err);
		return false;
	}
	folder = hm_arena_printf(a, HM_F "/cache/download/" HM_F "/@v", HM_P(s->root), HM_P(p));
	suffix = hm_arena_printf(a, "-" HM_F ".info", HM_P(hm_str_sub(rev, 0, REV_LEN)));
	hm_dir_read(a, folder.p, &e, &err);
	for (size_t i = 0; i < e.n; i++) {
		hm_str v = e.v[i].name;

		if (hm_str_has_suffix(v, suffix) && hm_str_cut_suffix(&v, HM_S(".info")) &&
		    hm_pseudo_is(v) && (version->n == 0 || hm_semver_cmp(v, *version) > 0))
			*version = v;
	}
	hm_err_free(&err);
	return version->n > 0;
}

int
hm_store_remove_all(const char *dir, struct hm_err *err)
{
	return hm_dir_remove_all(dir, true, err);
}
