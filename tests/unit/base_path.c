#include "unit/unit.h"

#include "base/path.h"

static void
clean_as_go(void **state)
{
	static const char *const t[][2] = {
		{ "", "." },          { "a/b/", "a/b" },      { "a//b", "a/b" },
		{ "./a/./b", "a/b" }, { "a/../b", "b" },      { "../../a", "../../a" },
		{ "/../a", "/a" },    { "a/b/../../..", ".." }, { "/", "/" },
		{ "a/..", "." },      { "/a/..", "/" },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_str(hm_path_clean(&a, hm_str_of(t[i][0])), t[i][1]);
	/* all paths of up to 7 of these letters */
	for (unsigned n = 0; n <= 7; n++)
		for (unsigned code = 0; code < 1u << 2 * n; code++) {
			char p[8];

			for (unsigned i = 0; i < n; i++)
				p[i] = "/.a."[code >> 2 * i & 3];
			assert_int_equal(
				hm_path_is_clean(hm_str_make(p, n)),
				hm_str_eq(hm_path_clean(&a, hm_str_make(p, n)), hm_str_make(p, n)));
		}
	hm_arena_free(&a);
}

static void
parts(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	assert_str(hm_path_base(HM_S("a/b/")), "b");
	assert_str(hm_path_base(HM_S("/")), "/");
	assert_str(hm_path_base(HM_S("")), ".");
	assert_str(hm_path_dir(&a, HM_S("a/b")), "a");
	assert_str(hm_path_dir(&a, HM_S("b")), ".");
	assert_str(hm_path_dir(&a, HM_S("/b")), "/");
	assert_str(hm_path_ext(HM_S("a.b/c.go")), ".go");
	assert_str(hm_path_ext(HM_S("a.b/c")), "");
	assert_true(hm_path_has_prefix(HM_S("/a/b"), HM_S("/a")));
	assert_false(hm_path_has_prefix(HM_S("/ab"), HM_S("/a")));
	hm_arena_free(&a);
}

static void
relative(void **state)
{
	struct hm_arena a = { 0 };
	hm_str r;

	(void)state;
	assert_true(hm_path_rel(&a, HM_S("/a/b"), HM_S("/a/c/d"), &r));
	assert_str(r, "../c/d");
	assert_true(hm_path_rel(&a, HM_S("/a"), HM_S("/a/b"), &r));
	assert_str(r, "b");
	assert_true(hm_path_rel(&a, HM_S("/a"), HM_S("/a"), &r));
	assert_str(r, ".");
	assert_true(hm_path_rel(&a, HM_S("a/b"), HM_S("."), &r));
	assert_str(r, "../..");
	assert_false(hm_path_rel(&a, HM_S("/a"), HM_S("b"), &r));
	hm_arena_free(&a);
}

static void
match_as_go(void **state)
{
	static const struct {
		const char *pattern, *name;
		int want; /* 1, 0, -1 malformed */
	} t[] = {
		{ "abc", "abc", 1 },
		{ "*", "abc", 1 },
		{ "*c", "abc", 1 },
		{ "a*", "a", 1 },
		{ "a*", "ab/c", 0 },
		{ "a*/b", "abc/b", 1 },
		{ "a*b*c*d*e*/f", "axbxcxdxe/f", 1 },
		{ "a*b?c*x", "abxbbxdbxebxczzy", 0 },
		{ "ab[c]", "abc", 1 },
		{ "ab[b-d]", "abc", 1 },
		{ "ab[^c]", "abc", 0 },
		{ "a?b",
		  "a\xe2\x98\xba"
		  "b",
		  1 },
		{ "a\\*b", "a*b", 1 },
		{ "[]a]", "]", -1 },
		{ "[-]", "-", -1 },
		{ "[a-", "a", -1 },
		{ "a[", "ab", -1 },
		{ "[", "a", -1 },
		{ "*x", "xxx", 1 },
		{ "a[", "x", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		bool ok;
		int rc = hm_path_match(hm_str_of(t[i].pattern), hm_str_of(t[i].name), &ok);

		if ((rc ? -1 : ok) != t[i].want)
			fail_msg("%s against %s", t[i].pattern, t[i].name);
	}
}

int
test_base_path(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_as_go),
		cmocka_unit_test(parts),
		cmocka_unit_test(relative),
		cmocka_unit_test(match_as_go),
	};

	return cmocka_run_group_tests_name("base/path", tests, NULL, NULL);
}
