#include "unit/unit.h"

#include <stdlib.h>

#include "serve/config.h"

static struct hm_arena a;
static struct hm_err err;

static int
tear_down(void **state)
{
	(void)state;
	hm_arena_free(&a);
	hm_err_free(&err);
	return 0;
}

static void
reads_as_git_does(void **state)
{
	static const char text[] = "# c\n; c\n[Serve]\n\tListen = :80 # x\n  spaced = a b  \t\n"
	                           "quoted = \" a # b \" ; c\nesc = \"\\\"\\\\\\n\"\nflag\n"
	                           "long = one \\\ntwo\n[up \"x\\\"y/*\"] k=v\n";
	static const char *const want[] = { "serve..listen=:80:4", "serve..spaced=a b:5",
		                            "serve..quoted= a # b :6", "serve..esc=\"\\\n:7",
		                            "serve..flag=true:8", "serve..long=one two:9",
		                            "up.x\"y/*.k=v:11" };
	struct hm_config c;

	(void)state;
	assert_ok(hm_config_parse(&a, HM_S("f"), hm_str_of(text), &c, &err), &err);
	assert_int_equal(c.n, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < c.n; i++)
		assert_str(hm_arena_printf(&a, HM_F "." HM_F "." HM_F "=" HM_F ":%d",
		                           HM_P(c.v[i].section), HM_P(c.v[i].sub), HM_P(c.v[i].key),
		                           HM_P(c.v[i].value), c.v[i].line),
		           want[i]);
}

static void
names_the_line(void **state)
{
	static const char *const t[][2] = {
		{ "[a]\nb = \"x\n", "f:2: quote is not closed" },
		{ "[a]\n\nb = \\q\n", "f:3: unknown escape, want \\\" \\\\ \\n or \\t" },
		{ "k = v\n", "f:1: a key stands before the first [section]" },
		{ "[a\n", "f:1: malformed section header, want [name] or [name \"sub\"]" },
		{ "[a \"b]\n", "f:1: malformed section header, want [name] or [name \"sub\"]" },
		{ "[a]\n= v\n", "f:2: want a key, a [section] or a comment" },
		{ "[a]\nk v\n", "f:2: want = behind the key" },
	};
	struct hm_config c;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_int_equal(hm_config_parse(&a, HM_S("f"), hm_str_of(t[i][0]), &c, &err), -1);
		assert_str(hm_err_str(&err), t[i][1]);
	}
}

static void
words_beat_environment_beats_file(void **state)
{
	hm_str s = HM_S("default");
	int n = 1;
	bool b = false;
	const struct hm_setting known[] = {
		{ "serve", "name", "HERMOD_UNIT_NAME", HM_SET_STR, &s, 0, 0 },
		{ "serve", "size", "HERMOD_UNIT_SIZE", HM_SET_INT, &n, 1, 100 },
		{ "serve", "quiet", NULL, HM_SET_BOOL, &b, 0, 0 },
	};
	char *words[] = { (char *)(uintptr_t)"--size=7", (char *)(uintptr_t)"rest",
		          (char *)(uintptr_t)"--quiet",  (char *)(uintptr_t)"--",
		          (char *)(uintptr_t)"--more",   NULL };
	char *bad[] = { (char *)(uintptr_t)"--size", (char *)(uintptr_t)"101", NULL };
	char **argv = words;
	int argc = 5;
	struct hm_config c;

	(void)state;
	assert_ok(
		hm_config_parse(&a, HM_S("f"), HM_S("[serve]\nname = file\nsize = 3\n"), &c, &err),
		&err);
	setenv("HERMOD_UNIT_SIZE", "5", 1);
	assert_ok(hm_settings_apply(&a, known, 3, &c, &argc, &argv, &err), &err);
	assert_str(s, "file");
	assert_int_equal(n, 7);
	assert_true(b);
	assert_int_equal(argc, 2);
	assert_string_equal(argv[0], "rest");
	assert_string_equal(argv[1], "--more");
	argv = bad;
	argc = 2;
	assert_int_equal(hm_settings_apply(&a, known, 3, NULL, &argc, &argv, &err), -1);
	assert_str(hm_err_str(&err), "--size: \"101\" is no number from 1 to 100");
	assert_ok(hm_config_parse(&a, HM_S("f"), HM_S("[serve]\nnmae = file\n"), &c, &err), &err);
	assert_int_equal(hm_settings_apply(&a, known, 3, &c, &argc, &argv, &err), -1);
	assert_str(hm_err_str(&err), "f:2: unknown setting serve.nmae; serve.name?");
	unsetenv("HERMOD_UNIT_SIZE");
}

static int
check_even(hm_str v, struct hm_err *e)
{
	return v.n % 2 == 0 ? 0 : hm_err_set(e, HM_EUSAGE, "\"" HM_F "\" is odd", HM_P(v));
}

static void
says_where_a_mistake_is(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "[serve]\neven = abc\n", "f:2: even: \"abc\" is odd" },
		{ "[serve]\n\nevne = ab\n", "f:3: unknown setting serve.evne; serve.even?" },
		{ "[other \"x\"]\na = b\n", "f:2: unknown section [other \"x\"]" },
		{ "[known]\na = b\n", "f:2: section [known] needs a name in quotes" },
		{ "\xef\xbb\xbf[serve]\neven = ab\neven = abcd\n[known \"x\"]\na = b\n"
		  "[serve]\nquiet = TRUE\n",
		  NULL },
	};
	hm_str even = { 0 };
	bool quiet = false;
	struct hm_checked checked = { &even, check_even };
	const struct hm_setting known[] = {
		{ "serve", "even", NULL, HM_SET_CHECKED, &checked, 0, 0 },
		{ "serve", "quiet", NULL, HM_SET_BOOL, &quiet, 0, 0 },
		{ "known", NULL, NULL, HM_SET_SECTION, NULL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *none[] = { NULL }, **argv = none;
		int argc = 0, rc;
		struct hm_config c;

		assert_ok(hm_config_parse(&a, HM_S("f"), hm_str_of(cases[i].text), &c, &err), &err);
		rc = hm_settings_apply(&a, known, 3, &c, &argc, &argv, &err);
		assert_int_equal(rc, cases[i].says ? -1 : 0);
		if (cases[i].says)
			assert_str(hm_err_str(&err), cases[i].says);
	}
	assert_str(even, "abcd");
	assert_true(quiet);
}

int
test_serve_config(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_as_git_does),
		cmocka_unit_test(names_the_line),
		cmocka_unit_test(words_beat_environment_beats_file),
		cmocka_unit_test(says_where_a_mistake_is),
	};

	return cmocka_run_group_tests_name("serve/config", tests, NULL, tear_down);
}
