/*
 * tar.h - archives of plain files: the ustar format (POSIX.1-1988), with a pax header
 * (POSIX.1-2001) in front of an entry whose name is longer than 100 bytes.
 *
 *	header 512 bytes: name, mode 0644, owner 0, size, time 0, checksum, "ustar" "00"
 *	content, filled up with zeros to a multiple of 512
 *	...
 *	two blocks of zeros
 *
 * The same files give the same bytes.  The reader takes exactly what the writer makes, and
 * nothing else that tar can hold: no folders, links, devices, other pax keys.
 */
#ifndef PROXY_TAR_H
#define PROXY_TAR_H

#include "base/err.h"

enum { TAR_BLOCK = 512, TAR_NAME_MAX = 4096 };
#define TAR_SIZE_MAX ((uint64_t)8 << 30) /* of one file: eleven octal digits */

/* A clean relative path: no empty, "." or ".." element, no control characters. */
bool tar_is_name(hm_str name);

/* The header of a file; its bytes follow, then tar_pad(size). */
void tar_header(struct hm_buf *out, hm_str name, uint64_t size);
void tar_pad(struct hm_buf *out, uint64_t size);
void tar_end(struct hm_buf *out);

struct tar_file {
	hm_str name; /* borrowed from the archive, or in the arena */
	hm_str body; /* borrowed from the archive */
};
/*
 * Takes the next file off *rest: 1, 0 at the end (nothing but the closing blocks may be
 * left), -1 with HM_EINVALID.
 */
int tar_next(struct hm_arena *a, hm_str *rest, struct tar_file *out, struct hm_err *err);

#endif
