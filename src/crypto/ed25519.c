#include "crypto/ed25519.h"

#include <openssl/evp.h>

#include "crypto/random.h"

bool
hm_ed25519_verify(const uint8_t pub[HM_ED25519_PUBLIC], hm_str msg, hm_str sig)
{
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = false;

	if (sig.n != HM_ED25519_SIG || !md)
		goto out;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, HM_ED25519_PUBLIC);
	if (!key || EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) != 1)
		goto out;
	ok = EVP_DigestVerify(md, (const uint8_t *)sig.p, sig.n, (const uint8_t *)msg.p,
	                      msg.n) == 1;
out:
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(md);
	return ok;
}

static EVP_PKEY *
private_key(const uint8_t seed[HM_ED25519_SEED], struct hm_err *err)
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, HM_ED25519_SEED);

	if (!key)
		hm_err_set(err, HM_EINTERNAL, "ed25519: cannot make a private key");
	return key;
}

int
hm_ed25519_sign(const uint8_t seed[HM_ED25519_SEED], hm_str msg, uint8_t sig[HM_ED25519_SIG],
                struct hm_err *err)
{
	size_t n = HM_ED25519_SIG;
	EVP_PKEY *key = private_key(seed, err);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	int rc = -1;

	if (!key)
		goto out;
	if (!md || EVP_DigestSignInit(md, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(md, sig, &n, (const uint8_t *)msg.p, msg.n) != 1) {
		hm_err_set(err, HM_EINTERNAL, "ed25519: cannot sign");
		goto out;
	}
	rc = 0;
out:
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return rc;
}

int
hm_ed25519_public(const uint8_t seed[HM_ED25519_SEED], uint8_t pub[HM_ED25519_PUBLIC],
                  struct hm_err *err)
{
	size_t n = HM_ED25519_PUBLIC;
	EVP_PKEY *key = private_key(seed, err);
	int rc = -1;

	if (!key)
		return -1;
	if (EVP_PKEY_get_raw_public_key(key, pub, &n) == 1)
		rc = 0;
	else
		hm_err_set(err, HM_EINTERNAL, "ed25519: cannot derive the public key");
	EVP_PKEY_free(key);
	return rc;
}

int
hm_ed25519_keygen(uint8_t seed[HM_ED25519_SEED], uint8_t pub[HM_ED25519_PUBLIC],
                  struct hm_err *err)
{
	if (hm_random_bytes(seed, HM_ED25519_SEED, err) < 0)
		return -1;
	return hm_ed25519_public(seed, pub, err);
}
