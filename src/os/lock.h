/*
 * lock.h - advisory whole-file locks, the ones that go's lockedfile package
 * takes on Linux (flock), so that go and hermod exclude each other.
 */
#ifndef HM_OS_LOCK_H
#define HM_OS_LOCK_H

#include "base/err.h"

/* Opens (and creates, 0666) path and locks it; waits. *fd is the lock: hm_lock_release(fd). */
int hm_lock_acquire(const char *path, bool exclusive, int *fd, struct hm_err *err);
/* The same without waiting: *fd is -1 when another holds it (and the answer is 0). */
int hm_lock_try(const char *path, bool exclusive, int *fd, struct hm_err *err);
/* Unlocks and closes; fd may be -1. */
void hm_lock_release(int fd);

#endif
