/*
 * hex.h - lower-case hexadecimal.
 */
#ifndef HM_CODEC_HEX_H
#define HM_CODEC_HEX_H

#include "base/buf.h"

/* 2n digits in the arena. */
hm_str hm_hex_encode(struct hm_arena *a, const void *p, size_t n);
void hm_hex_add(struct hm_buf *b, const void *p, size_t n);
/* Exactly 2n digits (either case) into out; false otherwise. */
bool hm_hex_decode(hm_str s, void *out, size_t n);

#endif
