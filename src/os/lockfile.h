/*
 * lockfile.h - small files that several processes read and rewrite, go among
 * them: cmd/go/internal/lockedfile, whose locks these are.
 *
 * Unlike go, a new content is put in place by rename where that is possible, so
 * that no crash leaves half of it.  Whoever takes a lock makes sure that the
 * file locked is still the one that has the name.
 */
#ifndef HM_OS_LOCKFILE_H
#define HM_OS_LOCKFILE_H

#include "base/err.h"

/* The content under a shared lock, in the arena; HM_ENOTFOUND when there is no file. */
int hm_lockfile_read(struct hm_arena *a, const char *path, size_t max, hm_str *out,
                     struct hm_err *err);
/*
 * Opens the file (made empty, 0666 less umask, when it is not there) with an
 * exclusive lock, and reads it.  *fd is the lock: hm_lock_release(fd).
 */
int hm_lockfile_edit(struct hm_arena *a, const char *path, size_t max, int *fd, hm_str *was,
                     struct hm_err *err);
/* Gives the locked file a new content; `was` is the old one. Release the lock afterwards. */
int hm_lockfile_replace(int fd, const char *path, hm_str was, hm_str now, struct hm_err *err);

#endif
