#include "unit/unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "os/file.h"
#include "unit/zipmake.h"
#include "zip/zip.h"

/* Opens and reads all; "" or the error. */
static const char *
outcome(struct hm_arena *a, hm_str data)
{
	struct hm_inflater *inf = hm_inflater_new();
	struct hm_err err = { 0 };
	struct hm_zip z = { 0 };
	const char *text = "";
	hm_str content;
	int rc = hm_zip_open(a, data, &z, &err);

	for (size_t i = 0; rc == 0 && i < z.n; i++)
		rc = hm_zip_read(inf, &z, &z.f[i], (size_t)1 << 20, &content, &err);
	if (rc)
		text = hm_arena_cstr(a, hm_err_str(&err));
	hm_err_free(&err);
	hm_inflater_free(inf);
	return text;
}

static const char *
outcome_of(struct hm_arena *a, const struct zip_entry *e, size_t n)
{
	struct hm_buf b = { 0 };
	const char *text;

	zip_make(&b, e, n);
	text = outcome(a, hm_buf_str(&b));
	hm_buf_free(&b);
	return text;
}

static void
test_entries(void **state)
{
	static const struct {
		struct zip_entry e;
		const char *want; /* as archive/zip says */
	} cases[] = {
		{ { .name = "a", .text = "hello" }, "" },
		{ { .name = "a", .text = "" }, "" },
		{ { .name = "", .text = "x" }, "" },
		{ { .name = "a", .text = "hello hello hello hello", .deflate = true }, "" },
		{ { .name = "a", .text = "hello", .descriptor = true }, "" },
		{ { .name = "d/", .text = "" }, "" },
		{ { .name = "d/", .text = "x" }, "zip: not a valid zip file" },
		{ { .name = "a", .text = "hello", .crc_off = 1 }, "zip: checksum error" },
		{ { .name = "a", .text = "hello", .claim = 4 }, "zip: not a valid zip file" },
		{ { .name = "a", .text = "hello", .claim = 6 }, "unexpected EOF" },
		{ { .name = "a", .text = "hello", .deflate = true, .claim = 4 },
		  "zip: not a valid zip file" },
		{ { .name = "a", .text = "hello", .deflate = true, .claim = 6 }, "unexpected EOF" },
		/* four gigabytes out of seven bytes: refused before any memory is taken */
		{ { .name = "a", .text = "hello", .deflate = true, .claim = 0xfffffffe },
		  "unexpected EOF" },
		{ { .name = "a", .text = "hello", .claim = 0xfffffffe },
		  "zip: entry of 4294967294 bytes is too large" },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(outcome_of(&a, &cases[i].e, 1), cases[i].want);
	hm_arena_free(&a);
}

static void
test_overlap(void **state)
{
	/* archive/zip has no objection to two entries with the same bytes */
	struct zip_entry e[] = { { .name = "a", .text = "same" },
		                 { .name = "b", .text = "same", .at_of = 1 } };
	struct hm_arena a = { 0 };

	(void)state;
	assert_string_equal(outcome_of(&a, e, 2), "");
	hm_arena_free(&a);
}

static void
test_truncated(void **state)
{
	struct zip_entry e[] = { { .name = "a", .text = "hello hello hello", .deflate = true },
		                 { .name = "b", .text = "world" } };
	struct hm_arena a = { 0 };
	struct hm_buf b = { 0 };

	(void)state;
	zip_make(&b, e, 2);
	for (size_t n = 0; n < b.n; n++) {
		/* exactly as large as it says, so that a sanitizer sees every read beyond */
		char *copy = hm_arena_alloc(&a, n + 1);

		memcpy(copy, b.p, n);
		assert_string_equal(outcome(&a, hm_str_make(copy, n)), "zip: not a valid zip file");
	}
	hm_buf_free(&b);
	hm_arena_free(&a);
}

static void
test_leading_bytes(void **state)
{
	struct zip_entry e = { .name = "a", .text = "hello" };
	struct hm_arena a = { 0 };
	struct hm_buf b = { 0 };

	(void)state;
	hm_buf_addz(&b, "#!/bin/sh\n");
	zip_make(&b, &e, 1);
	assert_string_equal(outcome(&a, hm_buf_str(&b)), "");
	/* made apart and glued on: offsets count from the archive's own start */
	hm_buf_clear(&b);
	zip_make(&b, &e, 1);
	hm_buf_prepend(&b, HM_S("junk"));
	assert_string_equal(outcome(&a, hm_buf_str(&b)), "");
	hm_buf_free(&b);
	hm_arena_free(&a);
}

static void
test_many_entries(void **state)
{
	enum { N = 70000 };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_zip_writer *w;
	struct hm_zip z;
	hm_str data, dir;
	char *path;
	int fd;

	(void)state;
	assert_int_equal(hm_dir_make_temp(&a, "/tmp", "hermod-unit-", &dir, &err), 0);
	path = (char *)(uintptr_t)hm_arena_printf(&a, HM_F "/x.zip", HM_P(dir)).p;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	w = hm_zip_writer_new(fd, path);
	for (int i = 0; i < N; i++)
		assert_int_equal(
			hm_zip_writer_add(w, hm_arena_printf(&a, "f%d", i), HM_S("x"), &err), 0);
	assert_int_equal(hm_zip_writer_finish(w, &err), 0);
	hm_zip_writer_free(w);
	close(fd);
	assert_int_equal(hm_file_map(path, &data, &err), 0);
	assert_int_equal(hm_zip_open(&a, data, &z, &err), 0);
	assert_int_equal(z.n, N);
	assert_true(hm_str_eqz(z.f[N - 1].name, "f69999"));
	assert_string_equal(outcome(&a, data), "");
	hm_file_unmap(data);
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
test_writer(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_inflater *inf = hm_inflater_new();
	hm_str dir, first = { 0 }, long_text, content;

	(void)state;
	long_text = hm_str_make(hm_arena_alloc(&a, 3 << 20), 3 << 20);
	assert_int_equal(hm_dir_make_temp(&a, "/tmp", "hermod-unit-", &dir, &err), 0);
	for (int round = 0; round < 2; round++) {
		hm_str path = hm_arena_printf(&a, HM_F "/%d.zip", HM_P(dir), round), data;
		int fd = open(path.p, O_RDWR | O_CREAT | O_EXCL, 0600);
		struct hm_zip_writer *w = hm_zip_writer_new(fd, path.p);
		struct hm_zip z;

		assert_int_equal(hm_zip_writer_add(w, HM_S("empty"), HM_S(""), &err), 0);
		assert_int_equal(hm_zip_writer_add(w, HM_S("z\xc3\xbc/long"), long_text, &err), 0);
		assert_int_equal(hm_zip_writer_add(w, HM_S("short"), HM_S("qwertz"), &err), 0);
		assert_int_equal(hm_zip_writer_finish(w, &err), 0);
		hm_zip_writer_free(w);
		close(fd);
		assert_int_equal(hm_file_read(&a, path.p, HM_FILE_MAX, &data, &err), 0);
		assert_int_equal(hm_zip_open(&a, data, &z, &err), 0);
		assert_int_equal(z.n, 3);
		assert_int_equal(hm_zip_read(inf, &z, &z.f[1], HM_FILE_MAX, &content, &err), 0);
		assert_true(hm_str_eq(content, long_text));
		assert_int_equal(hm_zip_read(inf, &z, &z.f[2], HM_FILE_MAX, &content, &err), 0);
		assert_true(hm_str_eqz(content, "qwertz"));
		assert_int_equal(z.f[2].method, HM_ZIP_STORE);
		if (round == 1)
			assert_true(hm_str_eq(first, data));
		first = data;
	}
	hm_inflater_free(inf);
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
test_zip_zip(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),      cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_truncated),    cmocka_unit_test(test_leading_bytes),
		cmocka_unit_test(test_many_entries), cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests_name("zip/zip", tests, NULL, NULL);
}
