#include "unit/unit.h"

#include "mod/match.h"

static void
globs(void **state)
{
	static const struct {
		const char *globs, *target;
		bool want;
	} t[] = {
		{ "", "rsc.io/quote", false },
		{ "/", "rsc.io/quote", false },
		{ "*/quote", "rsc.io/quote", true },
		{ "*/quo", "rsc.io/quote", false },
		{ "*/quo*", "rsc.io/quote", true },
		{ "*quo*", "quote", true },
		{ "quote", "rsc.io/quote", false },
		{ "rsc.io", "rsc.io/quote/v2", true },
		{ "rsc.io/", "rsc.io/quote", true },
		{ "rsc.io/quote/v2", "rsc.io/quote", false },
		{ "a.com,,rsc.io", "rsc.io/quote", true },
		{ "[,rsc.io", "rsc.io/quote", true },
		{ "[", "rsc.io/quote", false },
		{ "*.corp.com", "git.corp.com/x", true },
		{ "*.corp.com", "corp.com/x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (hm_match_prefix_patterns(hm_str_of(t[i].globs), hm_str_of(t[i].target)) !=
		    t[i].want)
			fail_msg("%s against %s", t[i].globs, t[i].target);
}

/* m: MatchPattern, s: MatchSimplePattern, t: TreeCanMatch */
static void
patterns(void **state)
{
	static const struct {
		const char *pattern, *name, *want;
	} t[] = {
		{ "...", "a/b", "mst" },
		{ "...", "a/vendor/b", "st" },
		{ "net", "net", "mst" },
		{ "net", "net/http", "" },
		{ "net/http", "net", "t" },
		{ "net...", "netchan", "mst" },
		{ "net...", "not/http", "" },
		{ "net/...", "net", "mst" },
		{ "net/...", "net/http", "mst" },
		{ "net/...", "netchan", "" },
		{ "a/...b", "a/b", "mst" },
		{ "a/...b", "a/x/y/b", "mst" },
		{ "a/...b", "a/x/y/c", "t" },
		{ "./...", "./vendor", "mst" },
		{ "./...", "./vendor/foo", "st" },
		{ "./...", "./x/vendor/foo", "st" },
		{ "./vendor/...", "./vendor", "mst" },
		{ "./vendor/...", "./vendor/foo", "mst" },
		{ "./vendor/...", "./vendor/foo/vendor", "mst" },
		{ "./vendor/...", "./vendor/foo/vendor/bar", "st" },
		{ "./mycode/vendor/...", "./mycode/vendor/foo", "mst" },
		{ "vendor/x", "vendor/x", "mst" },
		{ "a...c...e", "abcde", "mst" },
		{ "a...c...e", "abde", "t" },
		{ "a...a", "a", "t" },
		{ "x.y/z...", "x.y/zz/vendor", "mst" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		hm_str p = hm_str_of(t[i].pattern), n = hm_str_of(t[i].name);
		char got[4] = "";

		if (hm_match_pattern(p, n))
			strcat(got, "m");
		if (hm_match_simple_pattern(p, n))
			strcat(got, "s");
		if (hm_match_tree_can(p, n))
			strcat(got, "t");
		if (strcmp(got, t[i].want) != 0)
			fail_msg("%s against %s: got \"%s\", want \"%s\"", t[i].pattern, t[i].name,
			         got, t[i].want);
	}
}

/* Many wildcards and no match: must not take exponential time. */
static void
hostile(void **state)
{
	struct hm_buf p = { 0 }, n = { 0 };

	(void)state;
	for (int i = 0; i < 200; i++) {
		hm_buf_addz(&p, "a...");
		hm_buf_addz(&n, "aaaaaaaaaa");
	}
	hm_buf_addz(&p, "b");
	assert_false(hm_match_pattern(hm_buf_str(&p), hm_buf_str(&n)));
	hm_buf_free(&p);
	hm_buf_free(&n);
}

int
test_mod_match(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs),
		cmocka_unit_test(patterns),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("mod/match", tests, NULL, NULL);
}
