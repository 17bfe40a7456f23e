#include "unit/unit.h"

#include "build/keys.h"
#include "codec/hex.h"

struct lines {
	struct hm_buf text;
};

static void
note(void *ctx, enum hm_log_level level, hm_str line)
{
	struct lines *l = ctx;

	(void)level;
	hm_buf_adds(&l->text, line);
	hm_buf_addc(&l->text, '\n');
}

/*
 * The sum is SHA-256 of "go1.26.8compile\ngoos linux goarch amd64\nimport \"a\\\"b\"\n", the
 * trace is what cmd/go prints for the same writes.
 */
static void
key_and_trace(void **state)
{
	struct lines l = { 0 };
	struct hm_log log = { .write = note, .ctx = &l };
	struct hm_keys keys = { .salt = HM_S("go1.26.8"), .trace = true, .log = &log };
	struct hm_arena a = { 0 };
	struct hm_key k;
	uint8_t id[HM_HASH_SIZE], plain[HM_HASH_SIZE];

	(void)state;
	for (int traced = 1; traced >= 0; traced--) {
		keys.trace = traced;
		hm_key_init(&k, &keys, "build ", HM_S("x/y"));
		hm_key_printf(&k, "compile\n");
		hm_key_printf(&k, "goos %s goarch %s\n", "linux", "amd64");
		hm_buf_addz(&k.line, "import ");
		hm_buf_quote(&k.line, HM_S("a\"b"));
		hm_buf_addc(&k.line, '\n');
		hm_key_write(&k);
		hm_key_sum(&k, traced ? id : plain);
	}
	assert_memory_equal(id, plain, sizeof(id));
	assert_str(hm_hex_encode(&a, id, sizeof(id)),
	           "4f06c4fb4aca6450049c11db21e99b642280802ed928b1ed66b9597338b971de");
	assert_str(hm_buf_str(&l.text),
	           "HASH[build x/y]\n"
	           "HASH[build x/y]: \"go1.26.8\"\n"
	           "HASH[build x/y]: \"compile\\n\"\n"
	           "HASH[build x/y]: \"goos linux goarch amd64\\n\"\n"
	           "HASH[build x/y]: \"import \\\"a\\\\\\\"b\\\"\\n\"\n"
	           "HASH[build x/y]: "
	           "4f06c4fb4aca6450049c11db21e99b642280802ed928b1ed66b9597338b971de\n");
	hm_buf_free(&l.text);
	hm_arena_free(&a);
}

/* SHA-256 of "subkey:", 32 bytes 0x01 and "stdout". */
static void
subkey(void **state)
{
	struct lines l = { 0 };
	struct hm_log log = { .write = note, .ctx = &l };
	struct hm_keys keys = { .salt = HM_S("go1.26.8"), .trace = true, .log = &log };
	struct hm_arena a = { 0 };
	uint8_t parent[HM_HASH_SIZE], id[HM_HASH_SIZE];

	(void)state;
	memset(parent, 1, sizeof(parent));
	hm_key_subkey(&keys, parent, "stdout", id);
	assert_str(hm_hex_encode(&a, id, sizeof(id)),
	           "d010cfb9237ffdb23290b1377adfd8e3f5d1240b1b582419a7f85b9af72292fe");
	assert_str(hm_buf_str(&l.text),
	           "HASH subkey 0101010101010101010101010101010101010101010101010101010101010101 "
	           "\"stdout\" = "
	           "d010cfb9237ffdb23290b1377adfd8e3f5d1240b1b582419a7f85b9af72292fe\n");
	hm_buf_free(&l.text);
	hm_arena_free(&a);
}

static void
parts(void **state)
{
	(void)state;
	assert_str(hm_key_action_part(HM_S("a/b")), "a");
	assert_str(hm_key_action_part(HM_S("a/b/c/d")), "a");
	assert_str(hm_key_action_part(HM_S("a")), "a");
	assert_str(hm_key_content_part(HM_S("a/b/c/d")), "d");
	assert_str(hm_key_content_part(HM_S("a")), "a");
	assert_str(hm_key_content_part(HM_S("")), "");
}

int
test_build_keys(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_and_trace),
		cmocka_unit_test(subkey),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests_name("build/keys", tests, NULL, NULL);
}
