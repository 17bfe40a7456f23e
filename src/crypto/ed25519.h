/*
 * ed25519.h - Ed25519 signatures (RFC 8032).
 *
 * A private key is its 32-byte seed, which is what Go's note keys hold.
 */
#ifndef HM_CRYPTO_ED25519_H
#define HM_CRYPTO_ED25519_H

#include "base/err.h"

#define HM_ED25519_SEED 32
#define HM_ED25519_PUBLIC 32
#define HM_ED25519_SIG 64

/* False for every signature that is not exactly right, a malformed key included. */
bool hm_ed25519_verify(const uint8_t pub[HM_ED25519_PUBLIC], hm_str msg, hm_str sig);
int hm_ed25519_sign(const uint8_t seed[HM_ED25519_SEED], hm_str msg,
                    uint8_t sig[HM_ED25519_SIG], struct hm_err *err);
/* The public key of a seed. */
int hm_ed25519_public(const uint8_t seed[HM_ED25519_SEED], uint8_t pub[HM_ED25519_PUBLIC],
                      struct hm_err *err);
int hm_ed25519_keygen(uint8_t seed[HM_ED25519_SEED], uint8_t pub[HM_ED25519_PUBLIC],
                      struct hm_err *err);

#endif
