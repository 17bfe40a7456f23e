/* Heads of Go files: part of a file must say the same as the whole of it. */
#include <stdlib.h>

#include "load/goheader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	hm_str text = hm_arena_dup(&a, hm_str_make((const char *)data, size));
	struct hm_scan_file whole = { .name = HM_S("x.go") }, part = whole, other = whole;

	if (!hm_goheader_scan(&a, HM_S("/d/x.go"), text, true, &whole))
		abort();
	for (size_t n = 0; n < size; n += size / 8 + 1) {
		part = (struct hm_scan_file){ .name = HM_S("x.go") };
		if (hm_goheader_scan(&a, HM_S("/d/x.go"), hm_str_sub(text, 0, n), false, &part) &&
		    (part.imports.n != whole.imports.n ||
		     !hm_str_eq(part.pkg_name, whole.pkg_name) ||
		     !hm_str_eq(part.error, whole.error)))
			abort();
	}
	hm_goheader_scan_other(&a, HM_S("/d/x.s"), text, true, &other);
	hm_goheader_embeds(&a, HM_S("/d/x.go"), text, &other);
	hm_goheader_synopsis(&a, text);
	hm_arena_free(&a);
	return 0;
}
