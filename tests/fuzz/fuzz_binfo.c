/*
 * fuzz_binfo.c - libFuzzer target: object files and build information of any
 * content; what is accepted reads back as the same.
 */
#include <stdlib.h>

#include "binfo/binfo.h"
#include "binfo/buildid.h"
#include "binfo/section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(bool ok)
{
	if (!ok)
		abort();
}

static void
try_text(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_binfo bi, again;
	hm_str text;

	if (hm_binfo_parse(a, in, &bi, err) < 0)
		return;
	text = hm_binfo_format(a, &bi);
	need(hm_binfo_parse(a, text, &again, err) == 0);
	need(hm_str_eq(text, hm_binfo_format(a, &again)));
	(void)hm_binfo_json(a, &bi);
}

static void
try_file(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_binfo_section s;
	struct hm_buildid_at at;
	uint8_t hash[32];
	hm_str version, mod, id;

	if (hm_binfo_read_raw(in, &version, &mod, err) == 0)
		try_text(a, mod, err);
	if (hm_buildid_read(a, in, "f", &id, err) == 0 && id.n > 0) {
		need(hm_buildid_find_and_hash(a, in, id, &at, hash, err) == 0);
		for (size_t i = 0; i < at.n; i++)
			need(memcmp(in.p + at.v[i], id.p, id.n) == 0);
	}
	for (size_t i = 0; i < in.n; i += 1 + in.n / 8)
		(void)hm_binfo_section_at(in, i, &s);
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
	try_text(&a, in, &err);
	try_file(&a, in, &err);
	free(copy);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
