/*
 * file.h - files and folders.
 *
 * Paths are NUL-terminated.  Error texts are those of Go's os package
 * ("open /a/b: no such file or directory"), because go shows them too.
 */
#ifndef HM_OS_FILE_H
#define HM_OS_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/vec.h"

/* Upper bound for what hm_file_read() takes when the caller has no tighter one. */
#define HM_FILE_MAX ((size_t)2 << 30)

/* The whole file in the arena, NUL behind; HM_ELIMIT above max bytes. */
int hm_file_read(struct hm_arena *a, const char *path, size_t max, hm_str *out,
                 struct hm_err *err);
/* The same from an open descriptor; `path` is for the error text. */
int hm_file_read_fd(struct hm_arena *a, int fd, const char *path, size_t max, hm_str *out,
                    struct hm_err *err);
/* Maps a file read-only; release with hm_file_unmap(). An empty file gives p = "". */
int hm_file_map(const char *path, hm_str *out, struct hm_err *err);
void hm_file_unmap(hm_str map);

/* A plain write in place (truncates). Prefer hm_file_publish() for what others read. */
int hm_file_write(const char *path, hm_str data, mode_t mode, struct hm_err *err);
/* write(2) until all is written. */
int hm_file_write_fd(int fd, const char *path, hm_str data, struct hm_err *err);
/*
 * A new file, whole or not at all, and without a temporary name that a killed
 * process would leave (O_TMPFILE, then link).  False: it is there already, its
 * folder is not, the file system has no nameless files, or writing failed: take
 * another way, which names the error.
 */
bool hm_file_write_new(const char *path, hm_str data, mode_t mode);
/*
 * Writes a file whole or not at all: temporary file in the same folder, fsync
 * when `durable`, rename, fsync of the folder.  Mode is exact, whatever the umask.
 */
int hm_file_publish(const char *path, hm_str data, mode_t mode, bool durable, struct hm_err *err);
/*
 * Opens a fresh temporary file in the folder of `path` (named after it, O_EXCL,
 * 0600); *tmp is its name in the arena.  Commit with hm_file_commit() or remove it.
 */
int hm_file_temp(struct hm_arena *a, const char *path, hm_str *tmp, int *fd, struct hm_err *err);
/* chmod, fsync when durable, close, rename tmp to path, fsync the folder when durable. */
int hm_file_commit(int fd, const char *tmp, const char *path, mode_t mode, bool durable,
                   struct hm_err *err);

bool hm_file_exists(const char *path);  /* stat succeeds */
bool hm_file_is_dir(const char *path);
bool hm_file_is_regular(const char *path); /* follows links */
int hm_file_stat(const char *path, struct stat *st, struct hm_err *err);
int hm_file_rename(const char *from, const char *to, struct hm_err *err);
/* unlink; a missing file is no error. */
int hm_file_remove(const char *path, struct hm_err *err);
/* Copies contents; the target is written through hm_file_publish's way. */
int hm_file_copy(const char *from, const char *to, mode_t mode, struct hm_err *err);

/* mkdir -p with mode 0777 & ~umask. */
int hm_dir_make_all(const char *path, struct hm_err *err);
/* A new empty folder "<parent>/<prefix><random>"; its name lands in the arena. */
int hm_dir_make_temp(struct hm_arena *a, const char *parent, const char *prefix, hm_str *out,
                     struct hm_err *err);

struct hm_dirent {
	hm_str name;
	unsigned char type; /* DT_REG, DT_DIR, DT_LNK, ... never DT_UNKNOWN */
};
struct hm_dirents {
	struct hm_dirent *v;
	size_t n, cap;
};
/* The entries without "." and "..", sorted by name as os.ReadDir does. */
int hm_dir_read(struct hm_arena *a, const char *path, struct hm_dirents *out, struct hm_err *err);
/*
 * rm -r; does not follow links.  Folders without write permission (the module
 * cache) are made writable first when force.  A missing path is no error.
 */
int hm_dir_remove_all(const char *path, bool force, struct hm_err *err);

/* Absolute path of the working folder: $PWD when it names it, as Go's os.Getwd does. */
int hm_dir_cwd(struct hm_arena *a, hm_str *out, struct hm_err *err);
/* realpath(3) */
int hm_file_real_path(struct hm_arena *a, const char *path, hm_str *out, struct hm_err *err);

#endif
