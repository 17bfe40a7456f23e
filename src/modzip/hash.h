/*
 * hash.h - "h1:" hashes of file trees (golang.org/x/mod/sumdb/dirhash): SHA-256
 * over one line "<sha256 of the file in hex>  <name>\n" a file, sorted by name.
 */
#ifndef HM_MODZIP_HASH_H
#define HM_MODZIP_HASH_H

#include "base/err.h"
#include "base/vec.h"
#include "zip/zip.h"

struct hm_h1_file {
	hm_str name;
	uint8_t sha256[32];
};

/*
 * "h1:..." of the files, which are sorted in place; the answer is in the arena.
 * -1 for a name with a newline.
 */
int hm_h1_sum(struct hm_arena *a, struct hm_h1_file *files, size_t n, hm_str *out,
              struct hm_err *err);
/* Of a tree that holds only a go.mod with this content. */
hm_str hm_h1_gomod(struct hm_arena *a, hm_str data);
/*
 * dirhash.HashZip, on `threads` threads (0: one a core); each inflates entries in memory,
 * of a frugal zip the small ones.
 */
int hm_h1_zip(struct hm_arena *a, const struct hm_zip *z, unsigned threads, hm_str *out,
              struct hm_err *err);
/* dirhash.HashZip of a file, mapped. */
int hm_h1_zip_file(struct hm_arena *a, const char *path, unsigned threads, hm_str *out,
                   struct hm_err *err);
/*
 * dirhash.HashDir: every file below dir, `prefix` in the place of dir's own name.
 * go.mod files that go made from _go.mod (toolchain trees) are not left out.
 */
int hm_h1_dir(struct hm_arena *a, const char *dir, hm_str prefix, unsigned threads, hm_str *out,
              struct hm_err *err);

struct hm_h1_pair {
	hm_str zip, dir;
};
/*
 * Both hashes of a module that is in the cache twice, on the caller's thread.
 * Where a file equals its entry it is compared, not hashed again.  zip or dir may
 * be NULL.  prefix as for hm_h1_dir().  The errors are those of the two functions.
 */
int hm_h1_zip_and_dir(struct hm_arena *a, const char *zip, const char *dir, hm_str prefix,
                      struct hm_h1_pair *out, struct hm_err *err);

#endif
