#include "unit/unit.h"

#include "logserve/logserve.h"
#include "logserve/missing.h"

static struct hm_err err;

static void
put(struct hm_missing *m, hm_str key, enum hm_code code, const char *text)
{
	hm_err_set(&err, code, "%s", text);
	hm_missing_put(m, key, &err);
	hm_err_clear(&err);
}

static void
remembers(void **state)
{
	struct hm_missing *m = hm_missing_new(3600);

	(void)state;
	assert_int_equal(hm_missing_get(m, HM_S("a v1.0.0"), &err), 0);
	put(m, HM_S("a v1.0.0"), HM_EGONE, "not found: it is gone");
	put(m, HM_S("b v1.0.0"), HM_ENOTFOUND, "not found");
	assert_int_equal(hm_missing_get(m, HM_S("a v1.0.0"), &err), -1);
	assert_int_equal(err.code, HM_EGONE);
	assert_true(hm_str_eqz(hm_err_str(&err), "not found: it is gone"));
	hm_err_clear(&err);
	assert_int_equal(hm_missing_get(m, HM_S("a v1.0.1"), &err), 0);
	put(m, HM_S("a v1.0.0"), HM_ENOTFOUND, "another text");
	assert_int_equal(hm_missing_get(m, HM_S("a v1.0.0"), &err), -1);
	assert_true(hm_str_eqz(hm_err_str(&err), "another text"));
	hm_err_free(&err);
	hm_missing_free(m);
}

/* Ten times what fits: memory does not grow, the newest are there. */
static void
is_bounded(void **state)
{
	struct hm_missing *m = hm_missing_new(3600);
	struct hm_arena a = { 0 };
	int known = 0;

	(void)state;
	for (int i = 0; i < 10 * HM_LOGSERVE_MISSING_MAX; i++) {
		put(m, hm_arena_printf(&a, "m%d v1.0.0", i), HM_ENOTFOUND, "x");
		if (i % 1000 == 0)
			hm_arena_free(&a);
	}
	for (int i = 0; i < 10 * HM_LOGSERVE_MISSING_MAX; i++) {
		known += hm_missing_get(m, hm_arena_printf(&a, "m%d v1.0.0", i), &err) != 0;
		hm_err_clear(&err);
		hm_arena_free(&a);
	}
	assert_in_range(known, HM_LOGSERVE_MISSING_MAX / 2, HM_LOGSERVE_MISSING_MAX);
	put(m, HM_S("last v1.0.0"), HM_ENOTFOUND, "x");
	assert_int_equal(hm_missing_get(m, HM_S("last v1.0.0"), &err), -1);
	hm_err_free(&err);
	hm_missing_free(m);
}

static void
zero_is_off(void **state)
{
	struct hm_missing *m = hm_missing_new(0);

	(void)state;
	put(m, HM_S("a v1.0.0"), HM_ENOTFOUND, "x");
	assert_int_equal(hm_missing_get(m, HM_S("a v1.0.0"), &err), 0);
	hm_err_free(&err);
	hm_missing_free(m);
}

int
test_logserve_missing(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(zero_is_off),
	};

	return cmocka_run_group_tests_name("logserve/missing", tests, NULL, NULL);
}
