/*
 * sums.h - lists of files with their SHA-256, as sha256sum(1) writes and checks them, behind
 * a first line that says what they are of ("# hermod-proxy bundle 1"):
 *
 *	<64 hex digits>  <clean relative path>
 *
 * sorted by path, each once.
 */
#ifndef PROXY_SUMS_H
#define PROXY_SUMS_H

#include "base/err.h"
#include "base/vec.h"

#define SUMS_NAME     "SHA256SUMS"
#define SUMS_MAX      ((size_t)8 << 20) /* lines */
#define SUMS_FILE_MAX ((size_t)1 << 30)

struct sum_line {
	hm_str name;
	uint8_t sha256[32];
};
struct sum_lines {
	struct sum_line *v;
	size_t n, cap;
};

/* Sorts the lines and prints them; first with its newline. */
void sums_format(struct sum_lines *lines, hm_str first, struct hm_buf *out);
/* HM_EINVALID for anything that sums_format() does not make; names are borrowed from text. */
int sums_parse(struct hm_arena *a, hm_str text, hm_str first, struct sum_lines *out,
               struct hm_err *err);

#endif
