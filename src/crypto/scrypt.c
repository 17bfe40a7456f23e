#include "crypto/scrypt.h"

#include <openssl/evp.h>

/* RFC 7914: n blocks of 128 * r bytes for the table, p of them for the input. */
static bool
affordable(const struct hm_scrypt *c)
{
	uint64_t block = 128 * (uint64_t)c->r;

	return c->r > 0 && c->p > 0 && c->n > 1 && (c->n & (c->n - 1)) == 0 &&
	       block <= HM_SCRYPT_MEMORY_MAX && c->p <= HM_SCRYPT_MEMORY_MAX / block &&
	       c->n <= (HM_SCRYPT_MEMORY_MAX - c->p * block) / block;
}

int
hm_scrypt(const struct hm_scrypt *cost, hm_str password, hm_str salt, uint8_t *out,
          size_t out_size, struct hm_err *err)
{
	/* OpenSSL counts a little besides the blocks; ours is the limit that matters. */
	uint64_t max = HM_SCRYPT_MEMORY_MAX + ((uint64_t)1 << 20);
	const char *pw = password.n ? password.p : "";
	const char *sa = salt.n ? salt.p : "";

	if (!affordable(cost))
		return hm_err_set(err, HM_ELIMIT, "scrypt: cost parameters out of range");
	if (EVP_PBE_scrypt(pw, password.n, (const uint8_t *)sa, salt.n, cost->n, cost->r, cost->p,
	                   max, out, out_size) != 1)
		return hm_err_set(err, HM_EINTERNAL, "scrypt: derivation failed");
	return 0;
}
