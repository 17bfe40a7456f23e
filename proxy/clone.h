/*
 * clone.h - a file a second time, by the cheapest way that the file system has:
 * reflink, hard link, a copy within the kernel, a copy.
 */
#ifndef PROXY_CLONE_H
#define PROXY_CLONE_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Gives the new, empty file `name`, open as *fd, the content of source, a regular file
 * of at most max bytes (HM_EINVALID, HM_ELIMIT otherwise; symbolic links are not followed).
 * may_link: name may become a second name of source, if nobody but this user can
 * write to that; then *fd is another one, and *mode (0644 before) the source's.  On
 * failure the caller removes name.
 */
int clone_into(const char *source, bool may_link, uint64_t max, hm_str name, int *fd, mode_t *mode,
               struct hm_err *err);

#endif
