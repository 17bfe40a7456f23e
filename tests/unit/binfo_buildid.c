#include "unit/unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "binfo/buildid.h"
#include "binfo/codesign.h"
#include "binfo/obj.h"
#include "crypto/sha256.h"
#include "os/file.h"
#include "unit/tobj.h"

#define ID                                                                                   \
	"abcdefghijklmnopqrstuvwxyz."                                                        \
	"1234567890123456789012345678901234567890123456789012345678901234"
#define NEW                                                                                  \
	"bcdefghijklmnopqrstuvwxyza."                                                        \
	"2345678901234567890123456789012345678901234567890123456789012341"
#define RAW "\xff Go build ID: \"" ID "\"\n \xff"
#define HEAD "!<arch>\n__.PKGDEF       0           0     0     644     7955      `\n"

static void
expect_id(hm_str file, const char *want)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str id;

	assert_ok(hm_buildid_read(&a, file, "f", &id, &err), &err);
	assert_str(id, want);
	hm_arena_free(&a);
}

static void
expect_error(hm_str file, const char *want)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str id;

	assert_int_equal(hm_buildid_read(&a, file, "f", &id, &err), -1);
	assert_str(hm_err_str(&err), want);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
archives(void **state)
{
	(void)state;
	expect_id(HM_S(HEAD "go object linux amd64 go1.26 X:none\nbuild id \"" ID "\"\nmore"), ID);
	expect_id(HM_S(HEAD "go object linux amd64 go1.26 X:none\nbuild id \"a\\x41b\"\n"), "aAb");
	expect_id(HM_S(HEAD "go object linux amd64 go1.26 X:none\n\nno id"), "");
	/* Archives of others: their members are looked through. */
	expect_id(HM_S("!<arch>\n"
	               "x.o/            0           0     0     644     3         `\nabc\n"
	               "y.o/            0           0     0     644     2         `\nab"),
	          "");
	expect_error(HM_S("!<arch>\n"
	                  "x.o/            0           0     0     644     x         `\nabc\n"),
	             "parse f: malformed object file");
	expect_error(HM_S("!<arch>\nshort"), "unexpected EOF");
	expect_error(HM_S("!<arch"), "EOF");
}

static void
binaries(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	expect_id(HM_S("some text " RAW " more"), ID);
	expect_id(HM_S("no id in here"), "");
	expect_error(HM_S("some text \xff Go build ID: \"no end"),
	             "parse f: malformed object file");
	expect_error(HM_S("some text \xff Go build ID: \"a\\\"\n \xff"),
	             "parse f: malformed object file");
	for (int i = 0; i < 4; i++) {
		struct tobj o = { .wide = i & 1, .big = i & 2, .data = HM_S("text") };

		expect_id(tobj_elf(&a, &o), "");
		o.gnu_note = HM_S("system's");
		expect_id(tobj_elf(&a, &o), "system's");
		o.go_note = HM_S(ID);
		expect_id(tobj_elf(&a, &o), ID);
		o.data = HM_S("code " RAW);
		expect_id(tobj_macho(&a, &o), ID);
		o.data = HM_S("code");
		expect_id(tobj_macho(&a, &o), "");
	}
	hm_arena_free(&a);
}

static bool
in_hole(size_t at, const size_t hole[][2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at >= hole[i][0] && at < hole[i][1])
			return true;
	return false;
}

/* The hash is that of the content with the id and the given ranges zeroed. */
static void
expect_hash(hm_str file, const char *id, const size_t hole[][2], size_t n_hole, size_t n_at)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_buildid_at at;
	uint8_t got[32], want[32];
	char *copy = hm_arena_cstr(&a, file);

	assert_ok(hm_buildid_find_and_hash(&a, file, hm_str_of(id), &at, got, &err), &err);
	assert_int_equal(at.n, n_at);
	for (size_t i = 0; i < file.n; i++)
		if (in_hole(i, hole, n_hole))
			copy[i] = 0;
	for (size_t i = 0; i < at.n; i++) {
		assert_memory_equal(copy + at.v[i], id, strlen(id));
		memset(copy + at.v[i], 0, strlen(id));
	}
	hm_sha256_of(hm_str_make(copy, file.n), want);
	assert_memory_equal(got, want, 32);
	hm_arena_free(&a);
}

/* Two ids at all distances, overlapping ones too: the first is found, then what is left. */
static void
find_all(void **state)
{
	char buf[65], id[9] = "IDENTITY";

	(void)state;
	for (size_t j = 0; j < 64; j++)
		for (size_t k = 0; k < 16 && j + k < 64; k++) {
			size_t first = j + 8 <= j + k, second = j + k + 8 <= 64;

			memset(buf, 1, 64);
			buf[64] = '\0';
			for (size_t i = 0; i < 8 && j + i < 64; i++)
				buf[j + i] = id[i];
			for (size_t i = 0; i < 8 && j + k + i < 64; i++)
				buf[j + k + i] = id[i];
			expect_hash(hm_str_make(buf, 64), id, NULL, 0, first + second);
		}
}

/* Across the blocks that are hashed at a time. */
static void
find_across_blocks(void **state)
{
	struct hm_arena a = { 0 };
	size_t n = 300000;
	char *p = hm_arena_alloc(&a, n);

	(void)state;
	for (size_t at = 131072 - sizeof(ID) - 1; at < 131072 + 3; at += 7) {
		memset(p, 'x', n);
		memcpy(p + at, ID, sizeof(ID) - 1);
		memcpy(p + n - sizeof(ID) + 1, ID, sizeof(ID) - 1);
		expect_hash(hm_str_make(p, n), ID, NULL, 0, 2);
	}
	hm_arena_free(&a);
}

static void
no_id(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_buildid_at at;
	uint8_t hash[32];

	(void)state;
	assert_int_equal(hm_buildid_find_and_hash(&a, HM_S("aha!"), HM_S(""), &at, hash, &err), -1);
	assert_str(hm_err_str(&err), "buildid.FindAndHash: no id specified");
	hm_err_free(&err);
}

static void
left_out(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct tobj o = { .wide = i & 1, .big = i & 2 };
		size_t cmds = o.wide ? 32 + 72 + 160 : 28 + 56 + 136;
		size_t gnu[][2] = { { 0x210, 0x224 } };
		size_t end = 0x1000 + sizeof("code " RAW) - 1;
		size_t both[][2] = { { cmds + 8, cmds + 24 }, { end, end + 200 } };

		o.gnu_note = HM_S("01234567890123456789");
		o.go_note = HM_S(ID);
		o.data = HM_S("data");
		expect_hash(tobj_elf(&a, &o), ID, (const size_t(*)[2])gnu, 1, 1);
		o.data = HM_S("code " RAW);
		o.uuid = true;
		o.signature = 200;
		expect_hash(tobj_macho(&a, &o), ID, (const size_t(*)[2])both, 2, 1);
		/* An id inside a signature does not count. */
		o.data = HM_S("none");
		expect_hash(tobj_macho(&a, &o), "0123456789abcdef",
		            (const size_t[][2]){ { cmds + 8, cmds + 24 },
		                                 { 0x1004, 0x1004 + 200 } }, 2,
		            0);
	}
	hm_arena_free(&a);
}

/* What was rewritten has the new id, the same content hash, and a right signature. */
static void
expect_rewrite(hm_str file, hm_str path)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_buildid_at at;
	uint8_t before[32], after[32];
	hm_str now, id;
	int fd;

	assert_ok(hm_buildid_find_and_hash(&a, file, HM_S(ID), &at, before, &err), &err);
	assert_ok(hm_file_write(path.p, file, 0644, &err), &err);
	fd = open(path.p, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_ok(hm_buildid_rewrite(fd, path.p, &at, HM_S(NEW), &err), &err);
	close(fd);
	assert_ok(hm_buildid_read_file(&a, path.p, &id, &err), &err);
	assert_str(id, NEW);
	assert_ok(hm_file_read(&a, path.p, 1 << 20, &now, &err), &err);
	assert_int_equal(now.n, file.n);
	assert_ok(hm_buildid_find_and_hash(&a, now, HM_S(NEW), &at, after, &err), &err);
	assert_memory_equal(before, after, 32);
	hm_arena_free(&a);
}

static void
rewrite(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct tobj o = { .wide = true, .data = HM_S("code " RAW), .go_note = HM_S(ID) };
	int64_t code = 0x1000 + (int64_t)o.data.n;
	hm_str dir, path, now;
	uint8_t *sig;

	(void)state;
	assert_ok(hm_dir_make_temp(&a, "/tmp", "hm-buildid-", &dir, &err), &err);
	path = hm_arena_printf(&a, HM_F "/f", HM_P(dir));
	expect_rewrite(HM_S("text " RAW " text " ID), path);
	expect_rewrite(HM_S(HEAD "go object x\nbuild id \"" ID "\"\n" ID ID), path);
	expect_rewrite(tobj_elf(&a, &o), path);
	o.signature = 77; /* not of the length that Go's linker makes: left alone */
	expect_rewrite(tobj_macho(&a, &o), path);
	o.signature = (uint32_t)hm_codesign_size(code, HM_S("a.out"));
	expect_rewrite(tobj_macho(&a, &o), path);
	assert_ok(hm_file_read(&a, path.p, 1 << 20, &now, &err), &err);
	sig = hm_arena_alloc(&a, o.signature);
	hm_codesign_sign(sig, hm_str_sub(now, 0, (size_t)code), HM_S("a.out"), 0x1000, o.data.n,
	                 true);
	assert_memory_equal(now.p + code, sig, o.signature);
	assert_ok(hm_dir_remove_all(dir.p, true, &err), &err);
	hm_arena_free(&a);
}

static void
hash_text(void **state)
{
	uint8_t hash[32];
	char text[HM_BUILDID_HASH_LEN + 1];

	(void)state;
	hm_sha256_of(HM_S("abc"), hash);
	hm_buildid_hash_text(hash, text);
	assert_string_equal(text, "ungWv48Bz-pBQUDeXa4i");
}

int
test_binfo_buildid(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(archives), cmocka_unit_test(binaries),
		cmocka_unit_test(find_all), cmocka_unit_test(find_across_blocks),
		cmocka_unit_test(no_id),    cmocka_unit_test(left_out),
		cmocka_unit_test(rewrite),  cmocka_unit_test(hash_text),
	};

	return cmocka_run_group_tests_name("binfo/buildid", tests, NULL, NULL);
}
