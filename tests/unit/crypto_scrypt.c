#include "unit/unit.h"

#include "codec/hex.h"
#include "crypto/random.h"
#include "crypto/scrypt.h"

static void
expect(const char *pw, const char *salt, struct hm_scrypt cost, const char *want)
{
	uint8_t out[64];
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };

	assert_ok(hm_scrypt(&cost, hm_str_of(pw), hm_str_of(salt), out, sizeof(out), &err), &err);
	assert_str(hm_hex_encode(&a, out, sizeof(out)), want);
	hm_arena_free(&a);
}

/* RFC 7914, section 12. */
static void
published(void **state)
{
	(void)state;
	expect("", "", (struct hm_scrypt){ 16, 1, 1 },
	       "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
	       "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
	expect("password", "NaCl", (struct hm_scrypt){ 1024, 8, 16 },
	       "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
	       "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
	expect("pleaseletmein", "SodiumChloride", (struct hm_scrypt){ 16384, 8, 1 },
	       "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
	       "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

static void
limits(void **state)
{
	static const struct hm_scrypt bad[] = {
		{ 0, 8, 1 },      { 1, 8, 1 },          { 3, 8, 1 },
		{ 1024, 0, 1 },   { 1024, 8, 0 },       { 1 << 20, 8, 1 },
		{ 2, (uint32_t)1 << 31, 1 }, { 2, 8, UINT32_MAX }, { (uint64_t)1 << 63, 8, 1 },
	};
	uint8_t out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct hm_err err = { 0 };

		assert_int_equal(hm_scrypt(&bad[i], HM_S("a"), HM_S("b"), out, 32, &err), -1);
		assert_int_equal(err.code, HM_ELIMIT);
		hm_err_free(&err);
	}
}

static void
secrets(void **state)
{
	char a[] = "token", b[] = "toker";

	(void)state;
	assert_false(hm_secret_equal(a, b, 5));
	assert_true(hm_secret_equal(a, b, 4));
	hm_secret_wipe(a, 5);
	assert_memory_equal(a, "\0\0\0\0\0", 5);
}

int
test_crypto_scrypt(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published),
		cmocka_unit_test(limits),
		cmocka_unit_test(secrets),
	};

	return cmocka_run_group_tests_name("crypto/scrypt", tests, NULL, NULL);
}
