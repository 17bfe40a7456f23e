/*
 * scrypt.h - the password hash of RFC 7914.
 */
#ifndef HM_CRYPTO_SCRYPT_H
#define HM_CRYPTO_SCRYPT_H

#include "base/err.h"

/* Memory that one derivation may take; parameters that ask for more are HM_ELIMIT. */
#define HM_SCRYPT_MEMORY_MAX ((uint64_t)256 << 20)

/* n is the cost (a power of two), r the block size, p the parallelism. */
struct hm_scrypt {
	uint64_t n;
	uint32_t r, p;
};

int hm_scrypt(const struct hm_scrypt *cost, hm_str password, hm_str salt, uint8_t *out,
              size_t out_size, struct hm_err *err);

#endif
