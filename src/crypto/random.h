/*
 * random.h - random bytes fit for keys, and what secrets need besides.
 */
#ifndef HM_CRYPTO_RANDOM_H
#define HM_CRYPTO_RANDOM_H

#include "base/err.h"

int hm_random_bytes(void *p, size_t n, struct hm_err *err);
/* Equal, in a time that depends on n only. */
bool hm_secret_equal(const void *a, const void *b, size_t n);
/* Zeroes memory in a way that the compiler keeps. */
void hm_secret_wipe(void *p, size_t n);

#endif
