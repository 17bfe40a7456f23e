#include "unit/unit.h"

#include "modzip/check.h"
#include "unit/zipmake.h"

#define P "example.com/m@v1.0.0/"

/* "" or the error of hm_modzip_check(). */
static const char *
outcome(struct hm_arena *a, const struct zip_entry *e, size_t n, const char *path,
        const char *version)
{
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };
	const char *text = "";
	struct hm_zip z;

	zip_make(&b, e, n);
	assert_ok(hm_zip_open(a, hm_buf_str(&b), &z, &err), &err);
	if (hm_modzip_check(&z, hm_str_of(path), hm_str_of(version), &err))
		text = hm_arena_cstr(a, hm_err_str(&err));
	hm_err_free(&err);
	hm_buf_free(&b);
	return text;
}

/* The texts are those of golang.org/x/mod/zip.CheckZip for the same archives. */
static void
test_rules(void **state)
{
	static const struct {
		const char *names[4];
		const char *want;
	} cases[] = {
		{ { P "go.mod", P "a/b.go", P "LICENSE" }, "" },
		{ { P, P "a/", P "a/b.go", P "a/" }, "" },
		{ { P "vendor/modules.txt", P "vendor/x/y.go" }, "" },
		{ { "a.go" }, "a.go: path does not have prefix \"" P "\"" },
		{ { "example.com/m@v1.0.0" },
		  "example.com/m@v1.0.0: path does not have prefix \"" P "\"" },
		{ { P "../x" },
		  P "../x: malformed file path \"../x\": invalid path element \"..\"" },
		{ { P "a/../b" }, P "a/../b: file path is not clean" },
		{ { P "./c" }, P "./c: file path is not clean" },
		{ { P "a//b" }, P "a//b: file path is not clean" },
		{ { P "/etc/passwd" },
		  P "/etc/passwd: malformed file path \"/etc/passwd\": empty path element" },
		{ { P "a\\b" }, P "a\\b: malformed file path \"a\\\\b\": invalid char '\\\\'" },
		{ { P "a:b" }, P "a:b: malformed file path \"a:b\": invalid char ':'" },
		{ { P "v\n.go" }, P "v\n.go: malformed file path \"v\\n.go\": invalid char '\\n'" },
		{ { P "con" },
		  P "con: malformed file path \"con\": \"con\" disallowed as path "
		    "element component on Windows" },
		{ { P "x." }, P "x.: malformed file path \"x.\": trailing dot in path element" },
		{ { P "a.go", P "a.go" }, P "a.go: multiple entries for file \"a.go\"" },
		{ { P "a.go", P "A.go" },
		  P "A.go: case-insensitive file name collision: \"a.go\" and \"A.go\"" },
		{ { P "sub/x.go", P "Sub/y.go" },
		  P "Sub/y.go: case-insensitive file name collision: \"sub\" and \"Sub\"" },
		{ { P "K.go", P "\xe2\x84\xaa.go" }, /* Kelvin sign */
		  P "\xe2\x84\xaa.go: case-insensitive file name collision: \"K.go\" and "
		    "\"\xe2\x84\xaa.go\"" },
		{ { P "d", P "d/f" }, P "d/f: entry \"d\" is both a file and a directory" },
		{ { P "d/f", P "d" }, P "d: entry \"d\" is both a file and a directory" },
		{ { P "x/go.mod" }, P "x/go.mod: go.mod file not in module root directory" },
		{ { P "x/Go.mod" }, P "x/Go.mod: go.mod file not in module root directory" },
		{ { P "GO.MOD" }, P "GO.MOD: go.mod files must have lowercase names" },
		{ { P "a.go", "b.go", P "a.go" },
		  "b.go: path does not have prefix \"" P "\"\n" P
		  "a.go: multiple entries for file \"a.go\"" },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct zip_entry e[4] = { 0 };
		size_t n = 0;

		for (; n < 4 && cases[i].names[n]; n++)
			e[n] = (struct zip_entry){ .name = cases[i].names[n], .text = "" };
		assert_string_equal(outcome(&a, e, n, "example.com/m", "v1.0.0"), cases[i].want);
	}
	hm_arena_free(&a);
}

static void
test_sizes(void **state)
{
	static const struct {
		const char *name;
		size_t claim;
		const char *want;
	} cases[] = {
		{ P "x", HM_MODZIP_MAX, "" },
		{ P "x", HM_MODZIP_MAX + 1,
		  "total uncompressed size of module contents too large (max size is 524288000 "
		  "bytes)" },
		{ P "x", 0xfffffffe,
		  "total uncompressed size of module contents too large (max size is 524288000 "
		  "bytes)" },
		{ P "go.mod", HM_MODZIP_GOMOD_MAX, "" },
		{ P "go.mod", HM_MODZIP_GOMOD_MAX + 1,
		  P "go.mod: go.mod file too large (max size is 16777216 bytes)" },
		{ P "LICENSE", HM_MODZIP_LICENSE_MAX + 1,
		  P "LICENSE: LICENSE file too large (max size is 16777216 bytes)" },
		{ P "x/LICENSE", HM_MODZIP_LICENSE_MAX + 1, "" },
	};
	struct zip_entry two[] = { { .name = P "a", .text = "", .claim = 300 << 20 },
		                   { .name = P "b", .text = "", .claim = 300 << 20 } };
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct zip_entry e = { .name = cases[i].name, .text = "", .claim = cases[i].claim };

		assert_string_equal(outcome(&a, &e, 1, "example.com/m", "v1.0.0"), cases[i].want);
	}
	assert_string_equal(outcome(&a, two, 2, "example.com/m", "v1.0.0"), cases[1].want);
	hm_arena_free(&a);
}

static void
test_names(void **state)
{
	static const struct {
		const char *path, *version, *want;
	} cases[] = {
		{ "example.com/m", "v1.0",
		  "version \"v1.0\" is not canonical (should be \"v1.0.0\")" },
		{ "example.com/m", "v1.0.0+meta",
		  "version \"v1.0.0+meta\" is not canonical (should be \"v1.0.0\")" },
		{ "example.com/m", "main", "version \"main\" is not canonical (should be \"\")" },
		{ "m", "v1.0.0", "malformed module path \"m\": missing dot in first path element" },
		{ "example.com/m/v2", "v1.0.0",
		  "example.com/m/v2@v1.0.0: invalid version: should be v2, not v1" },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct zip_entry e = { .name = P "x", .text = "" };

		assert_string_equal(outcome(&a, &e, 1, cases[i].path, cases[i].version),
		                    cases[i].want);
	}
	hm_arena_free(&a);
}

int
test_modzip_check(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("modzip/check", tests, NULL, NULL);
}
