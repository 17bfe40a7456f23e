#include "crypto/random.h"

#include <limits.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

int
hm_random_bytes(void *p, size_t n, struct hm_err *err)
{
	if (n > INT_MAX || RAND_priv_bytes(p, (int)n) != 1)
		return hm_err_set(err, HM_EINTERNAL, "no random bytes from the system");
	return 0;
}

bool
hm_secret_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
hm_secret_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}
