/*
 * quoted.h - lists of words with optional '' or "" around each, as GOFLAGS, CC,
 * -ldflags and their like hold them (cmd/internal/quoted).
 */
#ifndef HM_CODEC_QUOTED_H
#define HM_CODEC_QUOTED_H

#include "base/err.h"
#include "base/vec.h"

/* Appends the words of s (borrowed from s); error `unterminated ' string`. */
int hm_quoted_split(struct hm_arena *a, hm_str s, struct hm_strs *out, struct hm_err *err);
/* Words that hm_quoted_split() reads back; fails when one holds both kinds of quotes. */
int hm_quoted_join(struct hm_arena *a, const struct hm_strs *words, hm_str *out,
                   struct hm_err *err);

#endif
