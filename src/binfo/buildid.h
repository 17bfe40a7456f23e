/*
 * buildid.h - build IDs of package archives and binaries, and the hash of their
 * content with the ID left out: cmd/internal/buildid of Go 1.26.
 *
 * The content hash reads as zeros: every occurrence of the ID, a Mach-O code
 * signature, and the host's own build ID (.note.gnu.build-id, LC_UUID).
 */
#ifndef HM_BINFO_BUILDID_H
#define HM_BINFO_BUILDID_H

#include "base/err.h"
#include "base/vec.h"

/* Length of hm_buildid_hash_text()'s answer. */
#define HM_BUILDID_HASH_LEN 20

struct hm_buildid_at {
	int64_t *v; /* file offsets, ascending */
	size_t n, cap;
};

/* The build ID in the arena; empty when there is none (which is no error). */
int hm_buildid_read_file(struct hm_arena *a, const char *path, hm_str *id, struct hm_err *err);
/* The same from the whole content (mapped, say); name is for the error text. */
int hm_buildid_read(struct hm_arena *a, hm_str file, const char *name, hm_str *id,
                    struct hm_err *err);

/* Where id occurs in the content, and the content hash; HM_EINVALID for an empty id. */
int hm_buildid_find_and_hash(struct hm_arena *a, hm_str file, hm_str id,
                             struct hm_buildid_at *at, uint8_t hash[32], struct hm_err *err);
/*
 * Writes id to all these places of an open file (O_RDWR) and signs a Mach-O file
 * again if the Go linker signed it.  The length must be that of the old ID.
 */
int hm_buildid_rewrite(int fd, const char *path, const struct hm_buildid_at *at, hm_str id,
                       struct hm_err *err);

/* The first 120 bits in URL-safe base64, as IDs hold them; a NUL behind. */
void hm_buildid_hash_text(const uint8_t hash[32], char out[HM_BUILDID_HASH_LEN + 1]);

#endif
