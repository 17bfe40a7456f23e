#include "unit/unit.h"

#include "load/search.h"
#include "load/searchwalk.h"
#include "unit/modfixture.h"

static struct modfixture f;

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	return 0;
}

static bool
ignored(const char *patterns, const char *dir)
{
	struct hm_strs list = { 0 };
	struct hm_ignore ig;
	hm_str rest = hm_str_of(patterns), p;

	while (hm_str_next_field(&rest, &p))
		HM_PUSH(&f.arena, list, p);
	hm_ignore_init(&f.arena, &ig, &list);
	return hm_ignore_match(&f.arena, &ig, hm_str_of(dir));
}

/* From go's search_test.go and the rules of the ignore directive. */
static void
ignore_patterns(void **state)
{
	(void)state;
	modfixture_open(&f, "-- go.mod --\nmodule m\n", "");
	assert_true(ignored("node_modules", "node_modules"));
	assert_true(ignored("node_modules", "a/node_modules/b"));
	assert_false(ignored("node_modules", "a/my_node_modules"));
	assert_true(ignored("./a/b", "a/b"));
	assert_true(ignored("./a/b", "a/b/c"));
	assert_false(ignored("./a/b", "x/a/b"));
	assert_false(ignored("./a/b", "a/bc"));
	assert_true(ignored("x/y", "a/x/y"));
	assert_false(ignored("x", ""));
	assert_false(ignored("", "x"));
}

struct seen {
	struct hm_buf b;
};

static bool
visit(void *ctx, const struct hm_walk_entry *e)
{
	struct seen *s = ctx;

	hm_buf_printf(&s->b, "%s" HM_F " ", e->err ? "!" : e->link ? "@" : "/", HM_P(e->rel));
	return !hm_str_eqz(e->name, "closed");
}

static void
walk_order(void **state)
{
	struct seen s = { { 0 } };

	(void)state;
	modfixture_open(&f, "-- b/c/x --\n-- b/a/x --\n-- a.b/x --\n-- a/x --\n"
	                "-- closed/in/x --\n-- file --\n", "");
	hm_search_walk(&f.arena, f.dir, visit, &s);
	assert_str(hm_buf_str(&s.b), "/ /a /a.b /b /b/a /b/c /closed ");
	hm_buf_clear(&s.b);
	hm_search_walk(&f.arena, hm_arena_printf(&f.arena, HM_F "/none", HM_P(f.dir)), visit, &s);
	assert_str(hm_buf_str(&s.b), "! ");
	hm_buf_free(&s.b);
}

int
test_load_search(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(ignore_patterns, tear_down),
		cmocka_unit_test_teardown(walk_order, tear_down),
	};

	return cmocka_run_group_tests_name("load/search", tests, NULL, NULL);
}
