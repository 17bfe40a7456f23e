/*
 * fuzz_zip.c - libFuzzer target: zips of any content are opened, checked, read,
 * hashed; what passes the check holds what the check promises.
 */
#include <stdlib.h>

#include "modzip/check.h"
#include "modzip/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRY_MAX = 1 << 20 };

static void
read_all(const struct hm_zip *z, struct hm_err *err)
{
	struct hm_inflater *inf = hm_inflater_new();
	hm_str content;

	for (size_t i = 0; i < z->n && i < 64; i++) {
		hm_err_clear(err);
		if (hm_zip_read(inf, z, &z->f[i], ENTRY_MAX, &content, err) == 0 &&
		    content.n != z->f[i].size && !hm_zip_is_dir(&z->f[i]))
			abort();
	}
	hm_inflater_free(inf);
}

static void
check_names(const struct hm_zip *z)
{
	for (size_t i = 0; i < z->n; i++) {
		hm_str name = z->f[i].name;

		if (!hm_str_cut_prefix(&name, HM_S("example.com/m@v1.0.0/")) ||
		    hm_str_has_prefix(name, HM_S("/")) || hm_str_contains(name, HM_S("../")))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	/* a copy of exactly this size, so that reads beyond it are seen */
	char *copy = malloc(size ? size : 1);
	struct hm_zip z;
	uint64_t claimed = 0;
	hm_str h1;

	if (size)
		memcpy(copy, data, size);
	if (hm_zip_open(&a, hm_str_make(copy, size), &z, &err) == 0) {
		read_all(&z, &err);
		hm_err_clear(&err);
		if (hm_modzip_check(&z, HM_S("example.com/m"), HM_S("v1.0.0"), &err) == 0)
			check_names(&z);
		for (size_t i = 0; i < z.n && claimed < ENTRY_MAX; i++)
			claimed += z.f[i].size < ENTRY_MAX ? z.f[i].size : ENTRY_MAX;
		hm_err_clear(&err);
		if (claimed < ENTRY_MAX)
			hm_h1_zip(&a, &z, 1, &h1, &err);
	}
	free(copy);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
