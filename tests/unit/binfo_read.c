/* Binaries in every format, each read back; then damaged in every byte. */
#include "unit/unit.h"

#include <stdlib.h>

#include "binfo/binfo.h"
#include "os/file.h"
#include "unit/tobj.h"

#define MAGIC "\xff Go buildinf:"
#define MOD "path\texample.com/m\nmod\texample.com/m\tv1.0.0\th1:x=\n"
#define FRAME "0123456789abcdef"

/* The block of Go 1.18 and later. */
static hm_str
inline_block(struct hm_arena *a, size_t lead)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < lead; i++)
		hm_buf_addc(&b, 'x');
	hm_buf_addz(&b, MAGIC);
	hm_buf_add(&b, "\x08\x02", 2);
	hm_buf_add(&b, (char[16]){ 0 }, 16);
	hm_buf_addc(&b, 8);
	hm_buf_addz(&b, "go1.26.8");
	hm_buf_addc(&b, (char)(sizeof(MOD FRAME FRAME) - 1));
	hm_buf_addz(&b, FRAME MOD FRAME);
	hm_buf_add(&b, (char[16]){ 0 }, 16);
	return hm_buf_take(&b, a);
}

static void
put_ptr(struct hm_buf *b, uint64_t v, unsigned size, bool big)
{
	for (unsigned i = 0; i < size; i++)
		hm_buf_addc(b, (char)(v >> 8 * (big ? size - 1 - i : i)));
}

/* The block before that: addresses of strings; base is where it will be. */
static hm_str
pointer_block(struct hm_arena *a, uint64_t base, unsigned size, bool big)
{
	struct hm_buf b = { 0 };
	uint64_t strings = base + 32, text = strings + 4 * size;

	hm_buf_addz(&b, MAGIC);
	hm_buf_addc(&b, (char)size);
	hm_buf_addc(&b, big);
	put_ptr(&b, strings, size, big);
	put_ptr(&b, strings + 2 * size, size, big);
	while (b.n < 32)
		hm_buf_addc(&b, 0);
	put_ptr(&b, text, size, big);
	put_ptr(&b, 8, size, big);
	put_ptr(&b, text + 8, size, big);
	put_ptr(&b, sizeof(MOD FRAME FRAME) - 1, size, big);
	hm_buf_addz(&b, "go1.17.1" FRAME MOD FRAME);
	return hm_buf_take(&b, a);
}

static void
expect(hm_str file, const char *version)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_binfo bi;

	assert_ok(hm_binfo_read(&a, file, &bi, &err), &err);
	assert_str(bi.go_version, version);
	bi.go_version = HM_S("");
	assert_str(hm_binfo_format(&a, &bi), MOD);
	hm_arena_free(&a);
}

static void
expect_not(hm_str file, const char *want)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_binfo bi;

	assert_int_equal(hm_binfo_read(&a, file, &bi, &err), -1);
	if (want)
		assert_str(hm_err_str(&err), want);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
elf(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct tobj o = { .wide = i & 1, .big = i & 2, .named = i & 4 };

		o.data = inline_block(&a, 32);
		expect(tobj_elf(&a, &o), "go1.26.8");
		o.data = pointer_block(&a, TOBJ_ADDR, o.wide ? 8 : 4, o.big);
		expect(tobj_elf(&a, &o), "go1.17.1");
	}
	hm_arena_free(&a);
}

static void
macho(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct tobj o = { .wide = i & 1, .big = i & 2, .named = i & 4 };

		o.data = inline_block(&a, 0);
		expect(tobj_macho(&a, &o), "go1.26.8");
		expect(tobj_fat(&a, tobj_macho(&a, &o)), "go1.26.8");
		o.data = pointer_block(&a, TOBJ_ADDR, o.wide ? 8 : 4, o.big);
		expect(tobj_macho(&a, &o), "go1.17.1");
	}
	hm_arena_free(&a);
}

static void
coff(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct tobj o = { .wide = i };

		o.data = inline_block(&a, 48);
		expect(tobj_pe(&a, &o), "go1.26.8");
		expect(tobj_xcoff(&a, &o), "go1.26.8");
		o.data = pointer_block(&a, 0x400000 + TOBJ_ADDR, i ? 8 : 4, false);
		expect(tobj_pe(&a, &o), "go1.17.1");
	}
	hm_arena_free(&a);
}

static void
plan9(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct tobj o = { .wide = i, .data = inline_block(&a, 0) };

		expect(tobj_plan9(&a, &o), "go1.26.8");
	}
	hm_arena_free(&a);
}

static void
others(void **state)
{
	struct hm_arena a = { 0 };
	struct tobj o = { .wide = true, .named = true };

	(void)state;
	expect_not(HM_S(""), "unrecognized file format");
	expect_not(HM_S("#!/bin/sh\nexit 0\n# a script"), "unrecognized file format");
	expect_not(HM_S("\x7f" "ELF is not enough"), "unrecognized file format");
	expect_not(HM_S("MZ................................................................."),
	           "unrecognized file format");
	expect_not(HM_S("\xca\xfe\xba\xbe\x7f\xff\xff\xff............"),
	           "unrecognized file format");
	o.data = HM_S("nothing of Go's in here, nothing of Go's in here");
	expect_not(tobj_elf(&a, &o), "not a Go executable");
	expect_not(tobj_macho(&a, &o), "not a Go executable");
	expect_not(tobj_pe(&a, &o), "not a Go executable");
	/* The magic is not where it has to be, or there is too little behind it. */
	o.data = inline_block(&a, 8);
	expect_not(tobj_elf(&a, &o), "not a Go executable");
	o.data = hm_str_sub(inline_block(&a, 0), 0, 24);
	expect_not(tobj_elf(&a, &o), "not a Go executable");
	o.data = hm_str_sub(inline_block(&a, 0), 0, 50);
	expect_not(tobj_elf(&a, &o), "not a Go executable");
	o.data = HM_S("");
	expect_not(tobj_elf(&a, &o), "not a Go executable");
	hm_arena_free(&a);
}

/* A misaligned magic text before the real one is passed over. */
static void
decoy(void **state)
{
	struct hm_arena a = { 0 };
	struct tobj o = { .wide = true };
	hm_str real = inline_block(&a, 0), lead = HM_S("12345" MAGIC "..............x" MAGIC);

	(void)state;
	assert_int_equal(lead.n % 16, 0);
	o.data = hm_arena_concat(&a, (hm_str[]){ lead, real }, 2);
	expect(tobj_elf(&a, &o), "go1.26.8");
	hm_arena_free(&a);
}

/* Whatever byte is damaged, and wherever the file ends: an answer or an error, never harm. */
static void
damaged(void **state)
{
	struct hm_arena a = { 0 };
	struct tobj o = { .wide = true, .named = true, .data = inline_block(&a, 0) };
	hm_str files[6];

	(void)state;
	files[0] = tobj_elf(&a, &o);
	files[1] = tobj_macho(&a, &o);
	files[2] = tobj_pe(&a, &o);
	files[3] = tobj_xcoff(&a, &o);
	files[4] = tobj_plan9(&a, &o);
	files[5] = tobj_fat(&a, files[1]);
	for (size_t i = 0; i < 6; i++) {
		char *copy = malloc(files[i].n);

		memcpy(copy, files[i].p, files[i].n);
		for (size_t k = 0; k < files[i].n; k += k < 0x300 ? 1 : 17) {
			static const char with[] = { '\0', '\x7f', '\x80', '\xff' };
			struct hm_err err = { 0 };
			hm_str v, m;

			for (size_t c = 0; c < sizeof(with); c++) {
				copy[k] = with[c];
				(void)hm_binfo_read_raw(hm_str_make(copy, files[i].n), &v, &m,
				                        &err);
			}
			copy[k] = files[i].p[k];
			(void)hm_binfo_read_raw(hm_str_make(copy, k), &v, &m, &err);
			hm_err_free(&err);
		}
		free(copy);
	}
	hm_arena_free(&a);
}

static void
files(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct tobj o = { .wide = true, .data = inline_block(&a, 0) };
	struct hm_binfo bi;
	hm_str dir, path, want;

	(void)state;
	assert_ok(hm_dir_make_temp(&a, "/tmp", "hm-binfo-", &dir, &err), &err);
	path = hm_arena_printf(&a, HM_F "/x", HM_P(dir));
	assert_int_equal(hm_binfo_read_file(&a, path.p, &bi, &err), -1);
	want = hm_arena_printf(&a, "could not read Go build info: open " HM_F
	                           ": no such file or directory", HM_P(path));
	assert_str(hm_err_str(&err), want.p);
	assert_ok(hm_file_write(path.p, HM_S("text"), 0644, &err), &err);
	assert_int_equal(hm_binfo_read_file(&a, path.p, &bi, &err), -1);
	want = hm_arena_printf(&a, "could not read Go build info from " HM_F
	                           ": unrecognized file format", HM_P(path));
	assert_str(hm_err_str(&err), want.p);
	assert_ok(hm_file_write(path.p, tobj_elf(&a, &o), 0755, &err), &err);
	hm_err_clear(&err);
	assert_ok(hm_binfo_read_file(&a, path.p, &bi, &err), &err);
	assert_str(bi.path, "example.com/m");
	assert_ok(hm_dir_remove_all(dir.p, true, &err), &err);
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
test_binfo_read(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf),     cmocka_unit_test(macho),   cmocka_unit_test(coff),
		cmocka_unit_test(plan9),   cmocka_unit_test(others),  cmocka_unit_test(decoy),
		cmocka_unit_test(damaged), cmocka_unit_test(files),
	};

	return cmocka_run_group_tests_name("binfo/read", tests, NULL, NULL);
}
