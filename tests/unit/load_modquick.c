/* The short scan may decline, but must never disagree with the full parser. */
#include "unit/unit.h"

#include "load/modquick.h"
#include "mod/gomod.h"

static struct hm_arena arena;

static int
tear_down(void **state)
{
	(void)state;
	hm_arena_free(&arena);
	return 0;
}

/* Scans text; true when it was taken, and then it must be what the parser says. */
static bool
scan(const char *text)
{
	struct hm_modquick q;
	struct hm_gomod *f;
	struct hm_err err = { 0 };

	if (!hm_modquick_scan(&arena, hm_str_of(text), &q))
		return false;
	assert_ok(hm_gomod_parse_lax(&arena, HM_S("go.mod"), hm_str_of(text), NULL, &f, &err),
	          &err);
	assert_true(hm_str_eq(q.module, f->module));
	assert_true(hm_str_eq(q.go, f->go));
	assert_int_equal(q.require.n, f->require.n);
	for (size_t i = 0; i < q.require.n; i++)
		assert_true(hm_modver_eq(q.require.v[i], f->require.v[i].mod));
	assert_int_equal(f->retract.n, 0);
	assert_int_equal(f->ignore.n, 0);
	assert_int_equal(f->deprecated.n, 0);
	return true;
}

static void
takes_plain_files(void **state)
{
	static const char *const plain[] = {
		"",
		"module m",
		"module example.com/m // a comment\n",
		"module m\r\n\r\ngo 1.21\r\nrequire a.b/c v1.0.0\r\n",
		"module m\n\ngo 1.22.1\n\ntoolchain go1.23.0\n\nrequire a.b/c v1.0.0 // indirect\n",
		"module m\nrequire (\n\ta.b/c v1.0.0\n\n\t// why\n\ta.b/d/v2 v2.0.0-pre.1\n)\n",
		"module m\nrequire (\n) // end\nrequire a.b/c v3.0.0+incompatible\n",
		"module m\nreplace a => ../a\nexclude a.b/c v1.2.3\n",
		"module m\nreplace (\n\tx => y v1.0.0\n)\n",
		"module m\nfuture thing x=y\nfuture (\n\tmore of it\n)\n",
		"module m\ntool a.b/c\ngodebug panicnil=1\n",
		"// caf\xc3\xa9\nmodule m\n",
		"module m\nrequire gopkg.in/yaml.v2 v2.4.0\n",
		"require a.b/c v1.0.0//indirect\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (!scan(plain[i]))
			fail_msg("declined: %s", plain[i]);
}

static void
declines_the_unusual(void **state)
{
	static const char *const odd[] = {
		"module \"m\"\n",
		"module `m`\n",
		"module m\nmodule m\n",
		"// Deprecated: use n\nmodule m\n",
		"module m // Deprecated: use n\n",
		"module (\n\tm\n)\n",
		"module m n\n",
		"module\n",
		"go 1.x\n",
		"go v1.16\n",
		"go 1.21\ngo 1.21\n",
		"go (\n\t1.21\n)\n",
		"retract v1.0.0\n",
		"retract [v1.0.0, v1.1.0]\n",
		"retract (\n\tv1.0.0\n)\n",
		"ignore ./x\n",
		"require a.b/c\n",
		"require a.b/c v1.0.0 v2.0.0\n",
		"require a.b/c v1.0\n",
		"require a.b/c master\n",
		"require a.b/c v2.0.0\n",
		"require a.b/c/v2 v1.0.0\n",
		"require a.b/c/v1 v1.0.0\n",
		"require (\n\ta.b/c v1.0.0\n",
		"require (\n\ta.b/c v1.0.0 )\n",
		"require ( a.b/c v1.0.0\n)\n",
		"require ()\n",
		"require (\n(\n",
		")\n",
		"(\n",
		"a ( b\n",
		"a b (\n)\n",
		"a \"b\n",
		"a [b]\n",
		"/* no */\n",
		"a b/*c\n",
		"a \x01\n",
		"a caf\xc3\xa9\n",
		"a {\n}\n",
		"a b,c\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		if (scan(odd[i]))
			fail_msg("taken: %s", odd[i]);
}

/* Random lines out of likely pieces: whatever is taken, the parser agrees. */
static void
agrees_on_random_files(void **state)
{
	static const char *const piece[] = {
		"module", "go", "require", "replace", "exclude", "toolchain", "retract", "x", " ",
		" ", " ", "\t", "\n", "\n", "\n", "(", ")", "(\n", ")\n", "// c\n", "//", "1.21",
		"a.b/c", "v1.0.0", "v2.0.0", "a.b/c/v2", "=>", "\r", "require (\n", "module m\n",
		"require a.b/c v1.0.0\n", "\ta.b/c v1.0.0\n", "go 1.20\n", "/", "*", "\"", "[", ",",
	};
	uint32_t seed = 1, taken = 0;

	(void)state;
	for (size_t i = 0; i < 50000; i++) {
		struct hm_buf b = { 0 };

		for (size_t k = 0; k < 1 + seed % 12; k++) {
			seed = seed * 1664525 + 1013904223;
			hm_buf_addz(&b, piece[(seed >> 8) % (sizeof(piece) / sizeof(*piece))]);
		}
		taken += scan(hm_buf_str(&b).p);
		hm_buf_free(&b);
		hm_arena_free(&arena);
		seed = seed * 1664525 + 1013904223;
	}
	assert_true(taken > 1000);
}

int
test_load_modquick(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(takes_plain_files, tear_down),
		cmocka_unit_test_teardown(declines_the_unusual, tear_down),
		cmocka_unit_test_teardown(agrees_on_random_files, tear_down),
	};

	return cmocka_run_group_tests_name("load/modquick", tests, NULL, NULL);
}
