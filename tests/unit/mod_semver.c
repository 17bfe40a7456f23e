#include "unit/unit.h"

#include "mod/semver.h"

/* Ascending; the canonical form is empty for those that are invalid. */
static const struct {
	const char *v, *canonical, *major_minor, *pre, *build;
} table[] = {
	{ "bad", "", "", "", "" },
	{ "v1-alpha.beta.gamma", "", "", "", "" },
	{ "v1-pre", "", "", "", "" },
	{ "v1+meta", "", "", "", "" },
	{ "v1.2-pre", "", "", "", "" },
	{ "v1.2.3-alpha.01", "", "", "", "" },
	{ "v1.2.3-", "", "", "", "" },
	{ "v1.2.3-a..b", "", "", "", "" },
	{ "v1.2.3+", "", "", "", "" },
	{ "v1.2.3+a..b", "", "", "", "" },
	{ "v01.2.3", "", "", "", "" },
	{ "v1.02.3", "", "", "", "" },
	{ "v1.2.03", "", "", "", "" },
	{ "1.2.3", "", "", "", "" },
	{ "v1.2.3.4", "", "", "", "" },
	{ "v", "", "", "", "" },
	{ "", "", "", "", "" },
	{ "v1.0.0-alpha", "v1.0.0-alpha", "v1.0", "-alpha", "" },
	{ "v1.0.0-alpha.1", "v1.0.0-alpha.1", "v1.0", "-alpha.1", "" },
	{ "v1.0.0-alpha.beta", "v1.0.0-alpha.beta", "v1.0", "-alpha.beta", "" },
	{ "v1.0.0-beta", "v1.0.0-beta", "v1.0", "-beta", "" },
	{ "v1.0.0-beta.2", "v1.0.0-beta.2", "v1.0", "-beta.2", "" },
	{ "v1.0.0-beta.11", "v1.0.0-beta.11", "v1.0", "-beta.11", "" },
	{ "v1.0.0-rc.1+m.01", "v1.0.0-rc.1", "v1.0", "-rc.1", "+m.01" },
	{ "v1", "v1.0.0", "v1.0", "", "" },
	{ "v1.2", "v1.2.0", "v1.2", "", "" },
	{ "v1.2.3-456", "v1.2.3-456", "v1.2", "-456", "" },
	{ "v1.2.3-456-789", "v1.2.3-456-789", "v1.2", "-456-789", "" },
	{ "v1.2.3-pre+meta", "v1.2.3-pre", "v1.2", "-pre", "+meta" },
	{ "v1.2.3", "v1.2.3", "v1.2", "", "" },
	{ "v2.0.0+incompatible", "v2.0.0", "v2.0", "", "+incompatible" },
	{ "v9.10.11", "v9.10.11", "v9.10", "", "" },
	{ "v10.0.0", "v10.0.0", "v10.0", "", "" },
	{ "v99999999999999999999999.0.0", "v99999999999999999999999.0.0",
	  "v99999999999999999999999.0", "", "" },
};
#define N (sizeof(table) / sizeof(*table))

static void
parts(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < N; i++) {
		hm_str v = hm_str_of(table[i].v);

		assert_str(hm_semver_canonical(&a, v), table[i].canonical);
		assert_str(hm_semver_major_minor(&a, v), table[i].major_minor);
		assert_str(hm_semver_prerelease(v), table[i].pre);
		assert_str(hm_semver_build(v), table[i].build);
		assert_int_equal(hm_semver_valid(v), *table[i].canonical != '\0');
		assert_int_equal(hm_semver_is_canonical(v),
		                 v.n > 0 && strcmp(table[i].v, table[i].canonical) == 0);
	}
	assert_str(hm_semver_major(HM_S("v12.1")), "v12");
	assert_str(hm_semver_major(HM_S("12.1")), "");
	hm_arena_free(&a);
}

static void
order(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < N; i++) {
		for (size_t j = 0; j < N; j++) {
			hm_str v = hm_str_of(table[i].v), w = hm_str_of(table[j].v);
			int want = (i > j) - (i < j);

			if (!*table[i].canonical && !*table[j].canonical)
				want = 0;
			if (hm_semver_cmp(v, w) != want)
				fail_msg("cmp(%s, %s) != %d", table[i].v, table[j].v, want);
		}
	}
	assert_int_equal(hm_semver_cmp(HM_S("v1.2.3+a"), HM_S("v1.2.3+b")), 0);
	assert_str(hm_semver_max(&a, HM_S("v1.2"), HM_S("v1.1.9+x")), "v1.2.0");
	hm_arena_free(&a);
}

static void
sort(void **state)
{
	hm_str v[] = { HM_S_INIT("v1.10.0"), HM_S_INIT("x"), HM_S_INIT("v1.9.0+b"),
		       HM_S_INIT("v1.9.0+a"), HM_S_INIT("v1.9.0-rc1") };
	static const char *const want[] = { "x", "v1.9.0-rc1", "v1.9.0+a", "v1.9.0+b", "v1.10.0" };

	(void)state;
	hm_semver_sort(v, 5);
	for (size_t i = 0; i < 5; i++)
		assert_str(v[i], want[i]);
}

int
test_mod_semver(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(order),
		cmocka_unit_test(sort),
	};

	return cmocka_run_group_tests_name("mod/semver", tests, NULL, NULL);
}
