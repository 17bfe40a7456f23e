#include "unit/unit.h"

#include "binfo/codesign.h"
#include "codec/hex.h"
#include "crypto/sha256.h"

/* Size and SHA-256 of what cmd/internal/codesign makes of these contents. */
static const struct {
	size_t code;
	int64_t size;
	const char *sum;
} table[] = {
	{ 0, 114, "8e6d9ef4bc46c85d9299570ae723846e83cf09c5260b5a2f24ec7808a0f66cd2" },
	{ 1, 146, "8d757e0a9cf267dfc0c1f837c77aad4a053f4ab2bfbb4845e469d5acff92355a" },
	{ 4096, 146, "dd062a30c33a84c8a712e6c354395488d4c1dd76b0c94820de90e0ba23386f16" },
	{ 4097, 178, "9cbaf2636613528fd7af3075affc48ab9c7e224739561e19c83d0049dd3645eb" },
	{ 10000, 210, "8e46bf17f6eb233fd8e447855c8d2ab3c7966d05e4aa52a2abb362084eac150c" },
	{ 1 << 20, 8306, "70fcaf122e25650c6b30e89d616992e68947df3e5391dd8cbf61ae29c05e02cb" },
};

static void
same_as_go(void **state)
{
	struct hm_arena a = { 0 };
	char *code = hm_arena_alloc(&a, 1 << 20);

	(void)state;
	for (size_t i = 0; i < 1 << 20; i++)
		code[i] = (char)(i * 7);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		hm_str c = hm_str_make(code, table[i].code);
		int64_t size = hm_codesign_size((int64_t)c.n, HM_S("a.out"));
		uint8_t *out = hm_arena_alloc(&a, (size_t)size), sum[32];

		assert_int_equal(size, table[i].size);
		hm_codesign_sign(out, c, HM_S("a.out"), 0x4000, 0x123456789, c.n % 2 == 0);
		hm_sha256_of(hm_str_make((char *)out, (size_t)size), sum);
		assert_str(hm_hex_encode(&a, sum, 32), table[i].sum);
	}
	hm_arena_free(&a);
}

int
test_binfo_codesign(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_as_go) };

	return cmocka_run_group_tests_name("binfo/codesign", tests, NULL, NULL);
}
