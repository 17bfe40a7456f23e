#include "unit/unit.h"

#include "codec/hex.h"
#include "crypto/ed25519.h"

/* RFC 8032, section 7.1, tests 1 to 3. */
static const struct {
	const char *seed, *pub, *msg, *sig;
} vectors[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

static void
published(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		uint8_t seed[32], pub[32], want_pub[32], sig[64], want_sig[64], raw[2];
		size_t n = strlen(vectors[i].msg) / 2;
		hm_str msg = hm_str_make((char *)raw, n);
		struct hm_err err = { 0 };

		assert_true(hm_hex_decode(hm_str_of(vectors[i].seed), seed, 32));
		assert_true(hm_hex_decode(hm_str_of(vectors[i].pub), want_pub, 32));
		assert_true(hm_hex_decode(hm_str_of(vectors[i].sig), want_sig, 64));
		assert_true(hm_hex_decode(hm_str_of(vectors[i].msg), raw, n));
		assert_ok(hm_ed25519_public(seed, pub, &err), &err);
		assert_memory_equal(pub, want_pub, 32);
		assert_ok(hm_ed25519_sign(seed, msg, sig, &err), &err);
		assert_memory_equal(sig, want_sig, 64);
		assert_true(hm_ed25519_verify(pub, msg, hm_str_make((char *)sig, 64)));
	}
}

/* Every flipped bit of key, message and signature is noticed; so is every other length. */
static void
forged(void **state)
{
	uint8_t seed[32], pub[32], sig[64];
	char msg[] = "go.sum database tree\n";
	hm_str m = hm_str_make(msg, sizeof(msg) - 1), s = hm_str_make((char *)sig, 64);
	struct hm_err err = { 0 };

	(void)state;
	assert_ok(hm_ed25519_keygen(seed, pub, &err), &err);
	assert_ok(hm_ed25519_sign(seed, m, sig, &err), &err);
	assert_true(hm_ed25519_verify(pub, m, s));
	for (size_t i = 0; i < 64 * 8; i++) {
		sig[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(hm_ed25519_verify(pub, m, s));
		sig[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < 32 * 8; i++) {
		pub[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(hm_ed25519_verify(pub, m, s));
		pub[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	msg[3] ^= 1;
	assert_false(hm_ed25519_verify(pub, m, s));
	msg[3] ^= 1;
	assert_false(hm_ed25519_verify(pub, m, hm_str_make((char *)sig, 63)));
	assert_false(hm_ed25519_verify(pub, m, HM_S("")));
	assert_false(hm_ed25519_verify(pub, hm_str_sub(m, 0, m.n - 1), s));
	assert_true(hm_ed25519_verify(pub, m, s));
}

/* S + L verifies in a careless implementation (RFC 8032, 5.1.7 forbids it). */
static void
malleable(void **state)
{
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
		0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
	};
	uint8_t seed[32] = { 1 }, pub[32], sig[64];
	unsigned carry = 0;
	struct hm_err err = { 0 };

	(void)state;
	assert_ok(hm_ed25519_public(seed, pub, &err), &err);
	assert_ok(hm_ed25519_sign(seed, HM_S("x"), sig, &err), &err);
	for (int i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(hm_ed25519_verify(pub, HM_S("x"), hm_str_make((char *)sig, 64)));
}

static void
fresh_keys_differ(void **state)
{
	uint8_t s1[32], s2[32], p1[32], p2[32];
	struct hm_err err = { 0 };

	(void)state;
	assert_ok(hm_ed25519_keygen(s1, p1, &err), &err);
	assert_ok(hm_ed25519_keygen(s2, p2, &err), &err);
	assert_memory_not_equal(s1, s2, 32);
	assert_memory_not_equal(p1, p2, 32);
}

int
test_crypto_ed25519(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published),
		cmocka_unit_test(forged),
		cmocka_unit_test(malleable),
		cmocka_unit_test(fresh_keys_differ),
	};

	return cmocka_run_group_tests_name("crypto/ed25519", tests, NULL, NULL);
}
