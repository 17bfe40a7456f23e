/*
 * gosum.h - the text of go.sum files: `path version hash`, where version may end
 * in "/go.mod" (cmd/go/internal/modfetch readGoSum, WriteGoSum).
 */
#ifndef HM_MOD_GOSUM_H
#define HM_MOD_GOSUM_H

#include "mod/modver.h"

struct hm_gosum_line {
	struct hm_modver mod; /* version with its "/go.mod" */
	hm_str hash;          /* "h1:..." */
};

struct hm_gosum_lines {
	struct hm_gosum_line *v;
	size_t n, cap;
};

/*
 * Appends the lines of data to *out, in order, borrowed from data.  Blank lines
 * and the hash of an empty go.mod (an old bug of go) are left out.  A line
 * without three fields is an error,
 *
 *	malformed go.sum:
 *	FILE:LINE: wrong number of fields N
 *
 * unless skip_malformed (go mod tidy).
 */
int hm_gosum_parse(struct hm_arena *a, hm_str file, hm_str data, bool skip_malformed,
                   struct hm_gosum_lines *out, struct hm_err *err);
/* Sorts by module, version and hash as go writes them, and drops duplicates. */
void hm_gosum_sort(struct hm_gosum_lines *lines);
void hm_gosum_format(const struct hm_gosum_lines *lines, struct hm_buf *out);

#endif
