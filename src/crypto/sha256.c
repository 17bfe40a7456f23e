/*
 * OpenSSL's low-level calls are deprecated in favour of EVP, but EVP allocates
 * a context for each hash, which costs as much as hashing a small file.  Both
 * run the same assembly (SHA-NI where the CPU has it).
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct hm_sha256), "room for OpenSSL's state");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct hm_sha256), "alignment");

static SHA256_CTX *
ctx(struct hm_sha256 *h)
{
	return (SHA256_CTX *)(void *)h->state;
}

void
hm_sha256_init(struct hm_sha256 *h)
{
	SHA256_Init(ctx(h));
}

void
hm_sha256_add(struct hm_sha256 *h, const void *p, size_t n)
{
	if (n > 0)
		SHA256_Update(ctx(h), p, n);
}

void
hm_sha256_add_zeros(struct hm_sha256 *h, size_t n)
{
	static const uint8_t zeros[4096];

	for (; n > sizeof(zeros); n -= sizeof(zeros))
		hm_sha256_add(h, zeros, sizeof(zeros));
	hm_sha256_add(h, zeros, n);
}

void
hm_sha256_final(struct hm_sha256 *h, uint8_t out[HM_SHA256_SIZE])
{
	SHA256_Final(out, ctx(h));
}

void
hm_sha256_of(hm_str s, uint8_t out[HM_SHA256_SIZE])
{
	struct hm_sha256 h;

	hm_sha256_init(&h);
	hm_sha256_adds(&h, s);
	hm_sha256_final(&h, out);
}
