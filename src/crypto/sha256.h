/*
 * sha256.h - SHA-256 (FIPS 180-4), as fast as OpenSSL's assembly makes it.
 *
 * The state is a plain value: no allocation, nothing to free, and a copy of it
 * may go on alone.
 */
#ifndef HM_CRYPTO_SHA256_H
#define HM_CRYPTO_SHA256_H

#include "base/str.h"

#define HM_SHA256_SIZE 32

/* Room for OpenSSL's state; opaque outside crypto. */
struct hm_sha256 {
	uint64_t state[14];
};

void hm_sha256_init(struct hm_sha256 *h);
void hm_sha256_add(struct hm_sha256 *h, const void *p, size_t n);
/* n zero bytes. */
void hm_sha256_add_zeros(struct hm_sha256 *h, size_t n);
/* Ends h; start again with hm_sha256_init(). */
void hm_sha256_final(struct hm_sha256 *h, uint8_t out[HM_SHA256_SIZE]);
/* All at once. */
void hm_sha256_of(hm_str s, uint8_t out[HM_SHA256_SIZE]);

static inline void
hm_sha256_adds(struct hm_sha256 *h, hm_str s)
{
	hm_sha256_add(h, s.p, s.n);
}

#endif
