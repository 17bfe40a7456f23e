#include "unit/unit.h"

#include "load/listjson.h"
#include "load/modinfo.h"
#include "acquire/origin.h"
#include "load/queryreuse.h"
#include "os/file.h"
#include "unit/modfixture.h"

static struct modfixture f;

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	return 0;
}

#define WORK                                                                                 \
	"-- go.mod --\nmodule example.com/m\n\ngo 1.20\n\n"                                  \
	"require example.com/a v1.0.0\n\nrequire example.com/b v1.1.0 // indirect\n\n"       \
	"replace example.com/a => ./a\n\nreplace example.com/b => ./b\n"                     \
	"-- a/go.mod --\nmodule example.com/a\n\ngo 1.18\n\nrequire example.com/b v1.0.0\n"  \
	"-- b/go.mod --\nmodule example.com/b\n\ngo 1.16\n"

static int
list(const char *files, const char *args, unsigned mode, struct hm_modinfos *out)
{
	struct hm_strs words = { 0 };
	hm_str rest = hm_str_of(args), w;

	modfixture_open(&f, files, "");
	f.ml.cmd = HM_S("list");
	assert_ok(hm_modload_init(&f.ml, &f.err), &f.err);
	while (hm_str_next_field(&rest, &w))
		HM_PUSH(&f.arena, words, w);
	return hm_modinfo_list(&f.ml, &f.arena, &words, mode, HM_S(""), out, &f.err);
}

static hm_str
lines(const struct hm_modinfos *l)
{
	struct hm_strs s = { 0 };

	for (size_t i = 0; i < l->n; i++)
		HM_PUSH(&f.arena, s, l->v[i]->error.p ? l->v[i]->error
		                                      : hm_modinfo_string(&f.arena, l->v[i]));
	return hm_strs_join(&f.arena, &s, HM_S("\n"));
}

static void
main_modules_and_all(void **state)
{
	struct hm_modinfos out;

	(void)state;
	assert_ok(list(WORK, "all", 0, &out), &f.err);
	assert_str(lines(&out), "example.com/m\nexample.com/a v1.0.0 => ./a\n"
	           "example.com/b v1.1.0 => ./b");
	assert_false(out.v[1]->indirect);
	assert_true(out.v[2]->indirect);
	assert_str(out.v[2]->go_version, "1.16");
	assert_true(out.v[0]->main);
}

static void
paths_and_patterns(void **state)
{
	struct hm_modinfos out;

	(void)state;
	assert_ok(list(WORK, "example.com/b example.com/... none.x/... example.com/none", 0, &out),
	          &f.err);
	assert_str(lines(&out), "example.com/b v1.1.0 => ./b\nexample.com/m\n"
	           "example.com/a v1.0.0 => ./a\nexample.com/b v1.1.0 => ./b\n"
	           "module example.com/none: not a known dependency");
	assert_str(hm_buf_str(&f.said), "warning: pattern \"none.x/...\" matched no module "
	           "dependencies\n");
}

static void
words_that_stop(void **state)
{
	static const char *const bad[][2] = {
		{ "a\\b", "module paths never use backslash" },
		{ "./a", "cannot use relative path ./a to specify module" },
		{ "a.b@-x", "invalid module version \"-x\"" },
	};
	struct hm_modinfos out;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(list(WORK, bad[i][0], 0, &out), -1);
		assert_true(out.fatal);
		assert_str(hm_err_str(&f.err), bad[i][1]);
		if (i + 1 < sizeof(bad) / sizeof(*bad))
			tear_down(state);
	}
}

static void
strings(void **state)
{
	struct hm_modinfo up = { .version = HM_S("v1.2.0") }, by = { .path = HM_S("c") };
	struct hm_modinfo m = { .path = HM_S("a.b"), .version = HM_S("v1.0.0"), .update = &up,
	                        .deprecated = HM_S("no"), .replace = &by };
	struct hm_buf b = { 0 };

	(void)state;
	modfixture_open(&f, WORK, "");
	HM_PUSH(&f.arena, m.retracted, HM_S("why"));
	assert_str(hm_modinfo_string(&f.arena, &m),
	           "a.b v1.0.0 (retracted) [v1.2.0] (deprecated) => c");
	by.version = HM_S("v2.0.0");
	m.error = HM_S("<bad>");
	m.main = true;
	hm_listjson_write(&b, &hm_modinfo_type, &m, NULL);
	assert_str(hm_buf_str(&b),
	           "{\n\t\"Path\": \"a.b\",\n\t\"Version\": \"v1.0.0\",\n"
	           "\t\"Replace\": {\n\t\t\"Path\": \"c\",\n\t\t\"Version\": \"v2.0.0\"\n\t},\n"
	           "\t\"Update\": {\n\t\t\"Version\": \"v1.2.0\"\n\t},\n\t\"Main\": true,\n"
	           "\t\"Retracted\": [\n\t\t\"why\"\n\t],\n\t\"Deprecated\": \"no\",\n"
	           "\t\"Error\": {\n\t\t\"Err\": \"\\u003cbad\\u003e\"\n\t}\n}");
	hm_buf_free(&b);
}

static void
reuse_files(void **state)
{
	struct hm_map map;
	struct hm_modinfo *m;

	(void)state;
	modfixture_open(
		&f,
		WORK "-- reuse --\n{\"Path\":\"a.b\",\"Version\":\"v1.0.0\",\"Query\":\"latest\","
		     "\"Error\":\"} text\",\"Origin\":{\"Hash\":\"h\"}}\n"
		     "{\"Path\":\"c.d\",\"Version\":\"v1.0.0\"}\n"
		     "-- broken --\n{\"Path\":\"a.b\"\n",
		"");
	map = (struct hm_map){ .arena = &f.arena };
	assert_ok(hm_query_read_reuse(&f.arena,
	                              hm_arena_printf(&f.arena, HM_F "/reuse", HM_P(f.dir)), &map,
	                              &f.err),
	          &f.err);
	assert_int_equal(map.n, 2);
	m = hm_map_get(&map, HM_S("a.b@latest"));
	assert_non_null(m);
	assert_true(m->reuse);
	assert_str(m->error, "} text");
	assert_str(m->origin->hash, "h");
	assert_int_equal(hm_query_read_reuse(&f.arena, hm_arena_printf(&f.arena, HM_F "/broken",
	                                                               HM_P(f.dir)), &map, &f.err),
	                 -1);
}

int
test_load_modinfo(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(main_modules_and_all, tear_down),
		cmocka_unit_test_teardown(paths_and_patterns, tear_down),
		cmocka_unit_test_teardown(words_that_stop, tear_down),
		cmocka_unit_test_teardown(strings, tear_down),
		cmocka_unit_test_teardown(reuse_files, tear_down),
	};

	return cmocka_run_group_tests_name("load/modinfo", tests, NULL, NULL);
}
