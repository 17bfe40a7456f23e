/*
 * fuzz_policy.c - libFuzzer target: hermod.policy files, OSV entries and licence texts of
 * any content.
 *
 * What parses as a policy must come to a verdict about anything, and never permit what is
 * undecided; what is an entry must answer about any version.
 */
#include <stdlib.h>

#include "mod/spdx.h"
#include "policy/guard.h"
#include "policy/licence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hm_modver modules[] = {
	{ HM_S_INIT("a.b/c"), HM_S_INIT("v1.2.3") },
	{ HM_S_INIT("github.com/x/y/v2"), HM_S_INIT("v2.0.0-rc.1") },
	{ HM_S_INIT("golang.org/toolchain"), HM_S_INIT("v0.0.1-go1.25rc1.linux-amd64") },
	{ HM_S_INIT("a.b/c"), HM_S_INIT("v0.0.0-20200102030405-abcdefabcdef") },
	{ HM_S_INIT("stdlib"), HM_S_INIT("1.25") },
};
enum { N = sizeof(modules) / sizeof(*modules) };

static void
judge(struct hm_arena *a, const struct hm_policy *p, struct hm_modver m)
{
	static const struct hm_policy_vuln vuln = { .id = HM_S_INIT("GO-2026-1") };
	struct hm_policy_facts f = { .m = m, .now = 1 << 30, .vuln = &vuln, .n_vulns = 1,
		                     .licence = HM_S("MIT AND (BSD-3-Clause OR x)") };
	struct hm_policy_finding why;
	struct hm_policy_verdict v;

	for (f.known = 0; f.known < 16; f.known++) {
		hm_policy_judge(p, a, &f, &v);
		if ((v.answer == HM_POLICY_REFUSED) != (hm_policy_refusal(&v) != NULL) ||
		    (v.answer == HM_POLICY_PERMITTED && v.needs) || (v.needs & f.known))
			abort();
	}
	hm_policy_denies_path(p, a, m.path, &why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_osv *db = hm_osv_new();
	hm_str text = hm_str_make((const char *)data, size);
	struct hm_policy *p;
	struct hm_osv_hits hits;
	struct hm_strs list = { 0 };

	if (hm_policy_parse(&a, HM_S("hermod.policy"), text, &p, &err) == 0)
		for (size_t i = 0; i < N; i++)
			judge(&a, p, modules[i]);
	hm_err_clear(&err);
	if (hm_osv_add(db, HM_S("x.json"), text, 0, &err) == 0)
		for (size_t i = 0; i < N; i++)
			hm_osv_find(db, &a, modules[i], &hits);
	hm_osv_cvss3(text);
	HM_PUSH(&a, list, HM_S("MIT"));
	hm_spdx_permitted(&list, hm_licence_classify(&a, text));
	hm_spdx_permitted(&list, text);
	hm_osv_free(db);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
