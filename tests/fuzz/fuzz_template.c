/* Templates: parsed and run over a package. */
#include "load/pkg.h"
#include "load/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	struct hm_pkg p = { .import_path = HM_S("a/b"), .name = HM_S("b"), .standard = true };
	struct hm_template *t;
	struct hm_err err = { 0 };
	struct hm_buf out = { 0 };

	/* a loop may run as often as it says; keep the numbers small */
	for (size_t i = 0, digits = 0; i < size; i++) {
		digits = data[i] >= '0' && data[i] <= '9' ? digits + 1
			 : data[i] == '_'		  ? digits
							  : 0;
		if (digits > 3 || data[i] == 'x' || data[i] == 'e')
			return 0;
	}
	HM_PUSH(&a, p.go_files, HM_S("a.go"));
	HM_PUSH(&a, p.imports, HM_S("io"));
	if (hm_template_parse(&a, "main", hm_str_make((const char *)data, size), NULL, 0, &t,
			      &err) == 0)
		hm_template_exec(t, &hm_pkg_type, &p, NULL, &out, &err);
	hm_buf_free(&out);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
