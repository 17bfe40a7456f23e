/* Build constraints: what is printed must read as the same expression. */
#include <stdlib.h>

#include "load/constraint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hm_constraint *x, *y;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str text = hm_str_make((const char *)data, size), shown;

	if (hm_constraint_parse(&a, text, &x, &err) == 0) {
		shown = hm_constraint_text(&a, x);
		if (hm_constraint_parse(&a, hm_arena_printf(&a, "//go:build " HM_F, HM_P(shown)),
					&y, &err) != 0 ||
		    !hm_str_eq(shown, hm_constraint_text(&a, y)) ||
		    hm_tags_eval(hm_tags_any(), x) != hm_tags_eval(hm_tags_any(), y))
			abort();
	}
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
