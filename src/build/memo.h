/*
 * memo.h - what hermod remembers of files between runs: their SHA-256 and the
 * version lines of tools, so that a build with nothing to do reads no source
 * and starts no process.
 *
 * A record is keyed by device, inode, size, mtime and ctime of the file; it is
 * kept only when both times lay at least two seconds back when the file was
 * read, so that a write within the clock's grain cannot hide behind it.  The
 * store is one file beside the build cache, read by mmap, replaced whole by a
 * rename; a damaged one counts as empty.  All functions may be called from
 * several threads at once.
 */
#ifndef HM_BUILD_MEMO_H
#define HM_BUILD_MEMO_H

#include "base/err.h"

struct hm_memo;

/* path may be NULL: nothing is remembered beyond this run. Never fails. */
struct hm_memo *hm_memo_open(const char *path);
/* Writes what is new (best effort) and frees. NULL is fine. */
void hm_memo_close(struct hm_memo *m);

/* SHA-256 of the contents of path; the error is Go's of open or read. */
int hm_memo_hash(struct hm_memo *m, const char *path, uint8_t sum[32], struct hm_err *err);

/*
 * A short text (at most HM_MEMO_TEXT bytes) that depends on the file at path and
 * on `about` (what was asked of it, in which environment); false when unknown.
 */
enum { HM_MEMO_TEXT = 200 };
bool hm_memo_get(struct hm_memo *m, const char *path, hm_str about, struct hm_arena *a,
                 hm_str *text);
void hm_memo_put(struct hm_memo *m, const char *path, hm_str about, hm_str text);

#endif
