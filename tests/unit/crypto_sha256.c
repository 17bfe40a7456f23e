#include "unit/unit.h"

#include "codec/hex.h"
#include "crypto/sha256.h"

static void
expect(hm_str in, const char *want)
{
	uint8_t sum[HM_SHA256_SIZE];
	struct hm_arena a = { 0 };

	hm_sha256_of(in, sum);
	assert_str(hm_hex_encode(&a, sum, sizeof(sum)), want);
	hm_arena_free(&a);
}

/* FIPS 180-4 examples. */
static void
published(void **state)
{
	(void)state;
	expect(HM_S(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect((hm_str){ NULL, 0 },
	       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect(HM_S("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect(HM_S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* However a message is cut, the hash is the same; a copied state goes on alone. */
static void
streaming(void **state)
{
	char msg[300];
	uint8_t want[32], got[32];

	(void)state;
	for (size_t i = 0; i < sizeof(msg); i++)
		msg[i] = (char)(i * 7);
	hm_sha256_of(hm_str_make(msg, sizeof(msg)), want);
	for (size_t cut = 0; cut <= sizeof(msg); cut++) {
		struct hm_sha256 h, copy;

		hm_sha256_init(&h);
		hm_sha256_add(&h, msg, cut);
		copy = h;
		hm_sha256_add(&h, "x", 1);
		hm_sha256_add(&copy, msg + cut, sizeof(msg) - cut);
		hm_sha256_final(&copy, got);
		assert_memory_equal(got, want, 32);
		hm_sha256_final(&h, got);
		assert_memory_not_equal(got, want, 32);
	}
}

static void
zeros(void **state)
{
	static const char z[10000];
	uint8_t want[32], got[32];
	struct hm_sha256 h;

	(void)state;
	for (size_t n = 0; n <= sizeof(z); n += 1250) {
		hm_sha256_of(hm_str_make(z, n), want);
		hm_sha256_init(&h);
		hm_sha256_add_zeros(&h, n);
		hm_sha256_final(&h, got);
		assert_memory_equal(got, want, 32);
	}
}

int
test_crypto_sha256(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published),
		cmocka_unit_test(streaming),
		cmocka_unit_test(zeros),
	};

	return cmocka_run_group_tests_name("crypto/sha256", tests, NULL, NULL);
}
