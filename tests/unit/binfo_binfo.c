/* Expected texts are those of runtime/debug and encoding/json. */
#include "unit/unit.h"

#include "binfo/binfo.h"

static const struct {
	const char *text, *again, *error;
} table[] = {
	{ "",
	  "", NULL },
	{ "path\ta\n",
	  "path\ta\n", NULL },
	{ "path\tgithub.com/x/y\nmod\tgithub.com/x/y\tv1.2.3\th1:abc=\n"
	  "dep\ta\tv1.0.0\th1:x=\ndep\tb\tv1.0.0\n=>\t../b\t\t\nbuild\t-compiler=gc\n"
	  "build\tCGO_CFLAGS=\nbuild\t-ldflags=\"-s -w\"\n",
	  "path\tgithub.com/x/y\nmod\tgithub.com/x/y\tv1.2.3\th1:abc=\n"
	  "dep\ta\tv1.0.0\th1:x=\ndep\tb\tv1.0.0\n=>\t../b\t\t\n\nbuild\t-compiler=gc\n"
	  "build\tCGO_CFLAGS=\nbuild\t-ldflags=\"-s -w\"\n", NULL },
	{ "mod\ta\t(devel)\t\n=>\tb\tv1.0.0\th1:q=\n",
	  "mod\ta\t(devel)\n=>\tb\tv1.0.0\th1:q=\n\n", NULL },
	{ "mod\ta\t(devel)\n",
	  "mod\ta\t(devel)\t\n", NULL },
	{ "mod\ta\n",
	  NULL, "could not parse Go build info: line 1: expected 2 or 3 columns; got 1" },
	{ "mod\ta\tb\tc\td\n",
	  NULL, "could not parse Go build info: line 1: expected 2 or 3 columns; got 4" },
	{ "dep\ta\n",
	  NULL, "could not parse Go build info: line 1: expected 2 or 3 columns; got 1" },
	{ "=>\ta\tb\tc\n",
	  NULL, "could not parse Go build info: line 1: replacement with no module on previous "
	        "line" },
	{ "dep\ta\tv1\n=>\ta\tb\n",
	  NULL, "could not parse Go build info: line 2: expected 3 columns for replacement; got "
	        "2" },
	{ "dep\ta\tv1\n=>\ta\tb\tc\n=>\ta\tb\tc\n",
	  NULL, "could not parse Go build info: line 3: replacement with no module on previous "
	        "line" },
	{ "build\t\n",
	  NULL, "could not parse Go build info: line 1: build line missing '='" },
	{ "build\t=x\n",
	  NULL, "could not parse Go build info: line 1: build line with missing key" },
	{ "build\tx\n",
	  NULL, "could not parse Go build info: line 1: build line missing '=' after key" },
	{ "build\ta b=x\n",
	  NULL, "could not parse Go build info: line 1: unquoted key \"a b\" must be quoted" },
	{ "build\t\"a b\"=x\n",
	  "build\t\"a b\"=x\n", NULL },
	{ "build\t\"a b\n",
	  NULL, "could not parse Go build info: line 1: invalid quoted key in build line" },
	{ "build\t\"a b\"\n",
	  NULL, "could not parse Go build info: line 1: build line missing '=' after quoted key" },
	{ "build\t\"a b\"x=y\n",
	  NULL, "could not parse Go build info: line 1: unexpected character after quoted key: "
	        "'x'" },
	{ "build\t\"a b\"\303\251=y\n",
	  NULL, "could not parse Go build info: line 1: unexpected character after quoted key: "
	        "'\303\203'" },
	{ "build\t`a b`=`c d`\n",
	  "build\t\"a b\"=\"c d\"\n", NULL },
	{ "build\ta=\"c d\n",
	  NULL, "could not parse Go build info: line 1: invalid quoted value in build line" },
	{ "build\ta=\"c\" d\n",
	  NULL, "could not parse Go build info: line 1: invalid quoted value in build line" },
	{ "build\ta=c d\n",
	  NULL, "could not parse Go build info: line 1: unquoted value \"c d\" must be quoted" },
	{ "build\ta=c=d\n",
	  "build\ta=c=d\n", NULL },
	{ "build\ta=\"c\\td\"\n",
	  "build\ta=\"c\\td\"\n", NULL },
	{ "build\ta=<b>&\342\200\250\n",
	  "build\ta=<b>&\342\200\250\n", NULL },
	{ "unknown\tline\npath\tx\n",
	  "path\tx\n", NULL },
	{ "path\ta\nno newline",
	  "path\ta\n", NULL },
	{ "path\ta\n\n\nbuild\tbad\n",
	  NULL, "could not parse Go build info: line 4: build line missing '=' after key" },
};

static void
parse_and_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct hm_arena a = { 0 };
		struct hm_err err = { 0 };
		struct hm_binfo bi;
		int rc = hm_binfo_parse(&a, hm_str_of(table[i].text), &bi, &err);

		if (table[i].error) {
			assert_int_equal(rc, -1);
			assert_str(hm_err_str(&err), table[i].error);
		} else {
			assert_ok(rc, &err);
			assert_str(hm_binfo_format(&a, &bi), table[i].again);
		}
		hm_err_free(&err);
		hm_arena_free(&a);
	}
}

static void
json(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_binfo bi;

	(void)state;
	assert_ok(hm_binfo_parse(&a,
	                         HM_S("path\tgithub.com/x/y\n"
	                              "mod\tgithub.com/x/y\tv1.2.3\th1:abc=\n"
	                              "dep\ta\tv1.0.0\th1:x=\ndep\tb\tv1.0.0\n=>\t../b\t\t\n"
	                              "build\t-compiler=gc\nbuild\tCGO_CFLAGS=\n"
	                              "build\t-ldflags=\"-s -w\"\n"
	                              "build\ta=<b>&\342\200\250\n"),
	                         &bi, &err),
	          &err);
	bi.go_version = HM_S("go1.26.8");
	assert_str(hm_binfo_json(&a, &bi),
	           "{\n\t\"GoVersion\": \"go1.26.8\",\n\t\"Path\": \"github.com/x/y\",\n"
	           "\t\"Main\": {\n\t\t\"Path\": \"github.com/x/y\",\n"
	           "\t\t\"Version\": \"v1.2.3\",\n\t\t\"Sum\": \"h1:abc=\"\n\t},\n"
	           "\t\"Deps\": [\n\t\t{\n\t\t\t\"Path\": \"a\",\n"
	           "\t\t\t\"Version\": \"v1.0.0\",\n\t\t\t\"Sum\": \"h1:x=\"\n\t\t},\n"
	           "\t\t{\n\t\t\t\"Path\": \"b\",\n\t\t\t\"Version\": \"v1.0.0\",\n"
	           "\t\t\t\"Replace\": {\n\t\t\t\t\"Path\": \"../b\"\n\t\t\t}\n\t\t}\n"
	           "\t],\n\t\"Settings\": [\n\t\t{\n\t\t\t\"Key\": \"-compiler\",\n"
	           "\t\t\t\"Value\": \"gc\"\n\t\t},\n\t\t{\n"
	           "\t\t\t\"Key\": \"CGO_CFLAGS\"\n\t\t},\n\t\t{\n"
	           "\t\t\t\"Key\": \"-ldflags\",\n\t\t\t\"Value\": \"-s -w\"\n\t\t},\n"
	           "\t\t{\n\t\t\t\"Key\": \"a\",\n"
	           "\t\t\t\"Value\": \"\\u003cb\\u003e\\u0026\\u2028\"\n\t\t}\n\t]\n}");
	assert_str(hm_binfo_setting(&bi, "-ldflags"), "-s -w");
	assert_str(hm_binfo_setting(&bi, "CGO_CFLAGS"), "");
	assert_non_null(hm_binfo_setting(&bi, "CGO_CFLAGS").p);
	assert_null(hm_binfo_setting(&bi, "GOOS").p);
	bi = (struct hm_binfo){ .n_dep = 0 };
	assert_str(hm_binfo_json(&a, &bi), "{\n\t\"Main\": {}\n}");
	hm_arena_free(&a);
}

int
test_binfo_binfo(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_and_format),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests_name("binfo/binfo", tests, NULL, NULL);
}
