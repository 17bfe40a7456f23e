#include "unit/unit.h"

#include "mod/gover.h"

static void
order(void **state)
{
	static const char *const up[] = {
		"",      "1",       "1.1",      "1.2",     "1.5",    "1.6beta1", "1.6rc1",
		"1.6",   "1.19",    "1.19.1",   "1.20rc1", "1.20",   "1.20.1",   "1.21",
		"1.21rc1", "1.21rc2", "1.21.0", "1.21.1",  "1.21.10", "1.100",
		"1.99999999999999999999",
	};
	enum { N = sizeof(up) / sizeof(*up) };

	(void)state;
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++) {
			/* before 1.21 the language is its first release: it follows 1.20rc1 */
			int want = (i > j) - (i < j);

			if (hm_gover_cmp(hm_str_of(up[i]), hm_str_of(up[j])) != want)
				fail_msg("cmp(%s, %s) != %d", up[i], up[j], want);
		}
	assert_int_equal(hm_gover_cmp(HM_S("1.20"), HM_S("1.20.0")), 0);
	assert_int_equal(hm_gover_cmp(HM_S("1.x"), HM_S("x")), 0);
	assert_str(hm_gover_max(HM_S("1.21.0"), HM_S("1.21")), "1.21.0");
}

static void
parts(void **state)
{
	static const struct {
		const char *v;
		bool valid, lang, pre, in_gomod;
		const char *language, *prev;
	} t[] = {
		{ "1.21", true, true, false, true, "1.21", "1.20" },
		{ "1.21.3", true, false, false, true, "1.21", "1.20" },
		{ "1.21rc2", true, false, true, true, "1.21", "1.20" },
		{ "1.20", true, false, false, true, "1.20", "1.19" },
		{ "1.10", true, false, false, true, "1.10", "1.9" },
		{ "1.1", true, false, false, true, "1.1", "1" },
		{ "1.0", true, false, false, true, "1", "1" },
		{ "1", true, false, false, false, "1", "1" },
		{ "1.21rc", true, false, true, false, "1.21", "1.20" },
		{ "1.21.3rc1", false, false, false, true, "", "" },
		{ "1.021", false, false, false, false, "", "" },
		{ "go1.21", false, false, false, false, "", "" },
		{ "1..2", false, false, false, false, "", "" },
		{ "", false, false, false, false, "", "" },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		hm_str v = hm_str_of(t[i].v);

		assert_int_equal(hm_gover_valid(v), t[i].valid);
		assert_int_equal(hm_gover_is_lang(v), t[i].lang);
		assert_int_equal(hm_gover_is_prerelease(v), t[i].pre);
		assert_int_equal(hm_gover_valid_in_gomod(v), t[i].in_gomod);
		assert_str(hm_gover_lang(v), t[i].language);
		assert_str(hm_gover_prev(&a, v), t[i].prev);
	}
	hm_arena_free(&a);
}

static void
toolchains(void **state)
{
	(void)state;
	assert_str(hm_gover_from_toolchain(HM_S("go1.2.3")), "1.2.3");
	assert_str(hm_gover_from_toolchain(HM_S("go1.2.3-custom x")), "1.2.3");
	assert_str(hm_gover_from_toolchain(HM_S("go1.2.3+custom")), "");
	assert_str(hm_gover_from_toolchain(HM_S("1.2.3")), "");
	assert_str(hm_gover_from_toolchain(HM_S("go1.2.3-a/b")), "");
	assert_str(hm_gover_from_toolchain(hm_str_make("go1\0-x", 6)), "");
	assert_str(hm_gover_toolchain_max(HM_S("go1.9"), HM_S("go1.10-x")), "go1.10-x");
	assert_true(hm_gover_valid_toolchain_in_gomod(HM_S("default")));
	assert_true(hm_gover_valid_toolchain_in_gomod(HM_S("go1.anything")));
	assert_false(hm_gover_valid_toolchain_in_gomod(HM_S("go2")));
}

static void
modules(void **state)
{
	struct hm_arena a = { 0 };
	hm_str go = HM_S("go"), tc = HM_S("toolchain"), m = HM_S("rsc.io/quote");

	(void)state;
	assert_int_equal(hm_gover_mod_cmp(go, HM_S("1.2"), HM_S("1.3")), -1);
	assert_int_equal(hm_gover_mod_cmp(go, HM_S("v1.2"), HM_S("v1.3")), 0);
	assert_int_equal(hm_gover_mod_cmp(tc, HM_S("go1.2"), HM_S("go1.3")), -1);
	assert_int_equal(hm_gover_mod_cmp(tc, HM_S("1.2"), HM_S("1.3")), -1);
	assert_int_equal(hm_gover_mod_cmp(m, HM_S("v1.2"), HM_S("v1.3")), -1);
	assert_int_equal(hm_gover_mod_cmp(m, HM_S("1.2"), HM_S("1.3")), 0);
	assert_true(hm_gover_mod_valid(tc, HM_S("go1.2")));
	assert_false(hm_gover_mod_valid(go, HM_S("v1.2")));
	assert_true(hm_gover_mod_is_prefix(m, HM_S("v1.2")));
	assert_false(hm_gover_mod_is_prefix(m, HM_S("v1.2.3")));
	assert_true(hm_gover_mod_is_prerelease(m, HM_S("v1.2.3-a")));
	assert_str(hm_gover_mod_major_minor(&a, tc, HM_S("go1.21.3")), "go1.21");
	assert_str(hm_gover_mod_major_minor(&a, m, HM_S("v1.2.3")), "v1.2");
	hm_arena_free(&a);
}

int
test_mod_gover(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(parts),
		cmocka_unit_test(toolchains),
		cmocka_unit_test(modules),
	};

	return cmocka_run_group_tests_name("mod/gover", tests, NULL, NULL);
}
