/*
 * fuzz_gomod.c - libFuzzer target: go.mod and go.work files of any content.
 *
 * What parses must print and may be parsed again; edits must not trip over what
 * the parser lets through.
 */
#include <stdlib.h>

#include "mod/gomod.h"
#include "mod/gosum.h"
#include "mod/gowork.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
print_and_parse(struct hm_arena *a, const struct hm_mod_syntax *x)
{
	struct hm_buf once = { 0 }, twice = { 0 };
	struct hm_err err = { 0 };
	struct hm_mod_syntax *y;

	hm_mod_syntax_print(x, &once);
	if (hm_mod_syntax_parse(a, HM_S("again"), hm_buf_str(&once), &y, &err) == 0)
		hm_mod_syntax_print(y, &twice);
	hm_buf_free(&once);
	hm_buf_free(&twice);
	hm_err_free(&err);
}

static void
edit(struct hm_gomod *f)
{
	struct hm_gomod_require req[] = {
		{ { HM_S_INIT("a.b/c"), HM_S_INIT("v1.0.0") }, true, NULL },
		{ { HM_S_INIT("a.b/d"), HM_S_INIT("v1.1.0") }, false, NULL },
	};
	struct hm_buf b = { 0 };

	hm_gomod_set_require_separate(f, req, 2);
	hm_gomod_add_replace(f, HM_S("a.b/c"), HM_S(""), HM_S("./x"), HM_S(""));
	hm_gomod_add_tool(f, HM_S("a.b/c"));
	hm_gomod_cleanup(f);
	hm_gomod_set_require(f, req, 1);
	hm_gomod_cleanup(f);
	hm_gomod_format(f, &b);
	hm_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_gosum_lines sums = { 0 };
	hm_str text = hm_str_make((const char *)data, size);
	struct hm_gowork *w;
	struct hm_gomod *f;

	if (hm_gomod_parse_lax(&a, HM_S("go.mod"), text, NULL, &f, &err) == 0)
		print_and_parse(&a, f->syntax);
	hm_err_clear(&err);
	if (hm_gomod_parse(&a, HM_S("go.mod"), text, NULL, &f, &err) == 0)
		edit(f);
	hm_err_clear(&err);
	if (hm_gowork_parse(&a, HM_S("go.work"), text, NULL, &w, &err) == 0)
		print_and_parse(&a, w->syntax);
	hm_err_clear(&err);
	if (hm_gosum_parse(&a, HM_S("go.sum"), text, false, &sums, &err) == 0)
		hm_gosum_sort(&sums);
	hm_gomod_module_path(&a, text);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
