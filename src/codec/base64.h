/*
 * base64.h - RFC 4648, with the leniencies of Go's encoding/base64: CR and LF
 * are skipped when decoding, trailing padding bits are not checked.
 */
#ifndef HM_CODEC_BASE64_H
#define HM_CODEC_BASE64_H

#include "base/buf.h"

enum hm_base64 {
	HM_BASE64_STD,     /* + /, padded: h1: hashes, notes, basic auth */
	HM_BASE64_URL,     /* - _, padded */
	HM_BASE64_RAW_URL, /* - _, not padded: build IDs */
};

hm_str hm_base64_encode(struct hm_arena *a, enum hm_base64 kind, const void *p, size_t n);
/* False when s is not of that kind. */
bool hm_base64_decode(struct hm_arena *a, enum hm_base64 kind, hm_str s, hm_str *out);
/* Into exactly n bytes at out; false when s decodes to another length. */
bool hm_base64_decode_to(enum hm_base64 kind, hm_str s, void *out, size_t n);

#endif
