#include "unit/unit.h"

#include "mod/pseudo.h"

static void
make(void **state)
{
	static const struct {
		const char *major, *older, *want;
	} t[] = {
		{ "", "", "v0.0.0-20060102150405-hash" },
		{ "v0", "", "v0.0.0-20060102150405-hash" },
		{ "v2", "", "v2.0.0-20060102150405-hash" },
		{ "v1", "v1.2.3", "v1.2.4-0.20060102150405-hash" },
		{ "v1", "v1.2.9", "v1.2.10-0.20060102150405-hash" },
		{ "v1", "v1.2.99999999999999999",
		  "v1.2.100000000000000000-0.20060102150405-hash" },
		{ "v1", "v1.2.3-pre", "v1.2.3-pre.0.20060102150405-hash" },
		{ "v2", "v2.0.0+incompatible", "v2.0.1-0.20060102150405-hash+incompatible" },
		{ "v2", "v2.0.0-pre+incompatible",
		  "v2.0.0-pre.0.20060102150405-hash+incompatible" },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		hm_str v = hm_pseudo_make(&a, hm_str_of(t[i].major), hm_str_of(t[i].older),
		                          1136214245, HM_S("hash"));
		struct hm_err err = { 0 };
		hm_str rev, base;
		int64_t time;

		assert_str(v, t[i].want);
		assert_true(hm_pseudo_is(v));
		assert_ok(hm_pseudo_time(v, &time, &err), &err);
		assert_int_equal(time, 1136214245);
		assert_ok(hm_pseudo_rev(v, &rev, &err), &err);
		assert_str(rev, "hash");
		assert_ok(hm_pseudo_base(&a, v, &base, &err), &err);
		assert_str(base, t[i].older);
	}
	assert_str(hm_pseudo_zero(&a, HM_S("v3")), "v3.0.0-00010101000000-000000000000");
	assert_true(hm_pseudo_is_zero(HM_S("v3.0.0-00010101000000-000000000000")));
	assert_false(hm_pseudo_is_zero(HM_S("v3.0.0-00010101000000-000000000001")));
	hm_arena_free(&a);
}

static void
dates(void **state)
{
	static const struct {
		int64_t time;
		const char *want;
	} t[] = {
		{ 0, "v0.0.0-19700101000000-h" },
		{ 951782399, "v0.0.0-20000228235959-h" },
		{ 951782400, "v0.0.0-20000229000000-h" },
		{ 1583020800, "v0.0.0-20200301000000-h" },
		{ 4107542400, "v0.0.0-21000301000000-h" },
		{ 253402300799, "v0.0.0-99991231235959-h" },
		{ HM_PSEUDO_ZERO_TIME, "v0.0.0-00010101000000-h" },
		{ -1, "v0.0.0-19691231235959-h" },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		hm_str v = hm_pseudo_make(&a, HM_S(""), HM_S(""), t[i].time, HM_S("h"));
		struct hm_err err = { 0 };
		int64_t time;

		assert_str(v, t[i].want);
		assert_ok(hm_pseudo_time(v, &time, &err), &err);
		assert_int_equal(time, t[i].time);
	}
	hm_arena_free(&a);
}

static void
refused(void **state)
{
	static const char *const not_pseudo[] = {
		"v1.2.3", "v1.2.3-pre", "v1.0.0-2006010215040-hash", "v1.2.20060102150405-hash",
		"v1.2.3-0.201-0.20060102150405-hash", "v1.1.0-20060102150405-hash",
		"v1.2.3-1.20060102150405-hash", "v1.2.3-0.20060102150405-ha_sh", "",
		"v1.2.3-pre.00.20060102150405-hash",
	};
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str base;
	int64_t time;

	(void)state;
	for (size_t i = 0; i < sizeof(not_pseudo) / sizeof(*not_pseudo); i++)
		if (hm_pseudo_is(hm_str_of(not_pseudo[i])))
			fail_msg("%s is no pseudo-version", not_pseudo[i]);
	assert_int_equal(hm_pseudo_time(HM_S("v0.0.0-20190230000000-h"), &time, &err), -1);
	assert_str(hm_err_str(&err), "pseudo-version \"v0.0.0-20190230000000-h\" invalid: "
	                             "malformed time \"20190230000000\"");
	assert_int_equal(hm_pseudo_time(HM_S("v1.2.3"), &time, &err), -1);
	assert_str(hm_err_str(&err), "pseudo-version \"v1.2.3\" invalid: syntax error");
	assert_int_equal(
		hm_pseudo_base(&a, HM_S("v2.0.0-20060102150405-h+incompatible"), &base, &err), -1);
	assert_str(hm_err_str(&err),
	           "pseudo-version \"v2.0.0-20060102150405-h+incompatible\" invalid: "
	           "lacks base version, but has build metadata \"+incompatible\"");
	assert_int_equal(hm_pseudo_base(&a, HM_S("v2.1.0-0.20060102150405-h"), &base, &err), -1);
	assert_str(hm_err_str(&err), "pseudo-version \"v2.1.0-0.20060102150405-h\" invalid: "
	                             "version before v2.1.0 would have negative patch number");
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
test_mod_pseudo(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(make),
		cmocka_unit_test(dates),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("mod/pseudo", tests, NULL, NULL);
}
