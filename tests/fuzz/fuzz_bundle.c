/*
 * fuzz_bundle.c - libFuzzer target: any bytes as a bundle's archive and as its list of
 * sums.  What is taken is exactly what would be written.
 */
#include <stdlib.h>

#include "../proxy/sums.h"
#include "../proxy/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(bool ok)
{
	if (!ok)
		abort();
}

static void
try_tar(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_buf again = { 0 };
	hm_str rest = in;
	struct tar_file f;
	int rc;

	while ((rc = tar_next(a, &rest, &f, err)) > 0) {
		need(tar_is_name(f.name));
		tar_header(&again, f.name, f.body.n);
		hm_buf_adds(&again, f.body);
		tar_pad(&again, f.body.n);
	}
	tar_end(&again);
	/* owners, times and modes are not looked at: the length tells */
	need(rc < 0 || again.n == in.n);
	hm_buf_free(&again);
}

static void
try_sums(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	static const hm_str first = HM_S_INIT("# hermod-proxy bundle 1\n");
	struct sum_lines lines = { 0 };
	struct hm_buf again = { 0 };

	if (sums_parse(a, in, first, &lines, err) == 0) {
		sums_format(&lines, first, &again);
		need(again.n == in.n);
	}
	hm_buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	char *copy = malloc(size ? size : 1);
	hm_str in = { copy, size };

	if (size)
		memcpy(copy, data, size);
	try_tar(&a, in, &err);
	hm_err_clear(&err);
	try_sums(&a, in, &err);
	free(copy);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
