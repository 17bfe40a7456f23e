#include "unit/unit.h"

#include "load/query.h"
#include "load/queryrepo.h"
#include "unit/modfixture.h"

static struct modfixture f;

static int
set_up(void **state)
{
	(void)state;
	modfixture_open(&f, "-- go.mod --\nmodule m\n", "");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	return 0;
}

/* A table as in go's query_test.go: what each query would choose of a list of versions. */
static const char *
choose(const char *path, const char *query, const char *current, const char *versions)
{
	struct hm_strs all = { 0 }, rel = { 0 }, pre = { 0 };
	struct hm_qmatcher qm;
	enum hm_query_fail fail;
	hm_str rest = hm_str_of(versions), v;

	hm_err_clear(&f.err);
	if (hm_qmatcher_init(&qm, &f.ml, &f.arena, hm_str_of(path), hm_str_of(query),
	                     hm_str_of(current), HM_ALLOW_ALL, &fail, &f.err))
		return hm_err_str(&f.err).p;
	if (qm.revision)
		return "revision";
	if (qm.can_stat)
		return "stat";
	while (hm_str_next_field(&rest, &v))
		HM_PUSH(&f.arena, all, v);
	qm.prefer_incompatible = true; /* so that no go.mod is asked for */
	assert_ok(hm_qmatcher_filter(&qm, &all, &rel, &pre, &f.err), &f.err);
	if (rel.n == 0)
		rel = pre;
	return rel.n ? hm_arena_cstr(&f.arena, rel.v[qm.prefer_lower ? 0 : rel.n - 1])
	             : qm.may_use_latest ? "latest" : "none";
}

#define LIST                                                                                       \
	"v0.0.1 v0.0.2 v0.0.3 v0.1.0 v0.1.1 v0.1.2 v0.3.0 v1.0.0 v1.1.0 v1.9.0 v1.9.9 "            \
	"v1.9.10-pre1"

static void
queries(void **state)
{
	(void)state;
	assert_string_equal(choose("a.b/q", "latest", "", LIST), "v1.9.9");
	assert_string_equal(choose("a.b/q", "latest", "", ""), "latest");
	assert_string_equal(choose("a.b/q", "v1", "", LIST), "v1.9.9");
	assert_string_equal(choose("a.b/q", "v0.1", "", LIST), "v0.1.2");
	assert_string_equal(choose("a.b/q", "v0.2", "", LIST), "none");
	assert_string_equal(choose("a.b/q", "v0.0", "", LIST), "v0.0.3");
	assert_string_equal(choose("a.b/q", "v0.0.2", "", LIST), "stat");
	assert_string_equal(choose("a.b/q", "master", "", LIST), "revision");
	assert_string_equal(choose("a.b/q", "<v1.0.0", "", LIST), "v0.3.0");
	assert_string_equal(choose("a.b/q", "<=v1.0.0", "", LIST), "v1.0.0");
	assert_string_equal(choose("a.b/q", ">v0.0.0", "", LIST), "v0.0.1");
	assert_string_equal(choose("a.b/q", ">=v0.3.1", "", LIST), "v1.0.0");
	assert_string_equal(choose("a.b/q", ">v1.10.0", "", LIST), "none");
	assert_string_equal(choose("a.b/q", "<v1.0", "", LIST), "v0.3.0");
	assert_string_equal(choose("a.b/q", "<=v1.0", "", LIST),
	                    "ambiguous semantic version \"v1.0\" in range \"<=v1.0\"");
	assert_string_equal(choose("a.b/q", ">v1.0", "", LIST),
	                    "ambiguous semantic version \"v1.0\" in range \">v1.0\"");
	assert_string_equal(choose("a.b/q", "<vx", "", LIST),
	                    "invalid semantic version \"vx\" in range \"<vx\"");
	assert_string_equal(choose("a.b/q", "upgrade", "v1.9.10-pre1", LIST), "v1.9.10-pre1");
	assert_string_equal(choose("a.b/q", "upgrade", "v0.0.1", LIST), "v1.9.9");
	assert_string_equal(choose("a.b/q", "patch", "v0.1.0", LIST), "v0.1.2");
	assert_string_equal(choose("a.b/q", "patch", "none", LIST), "can't query version \"patch\" "
	                    "of module a.b/q: no existing version is required");
	assert_string_equal(choose("go", "1.21", "", "1.20.1 1.21rc1 1.21.0 1.21.5"), "1.21.5");
}

static void
revisions(void **state)
{
	(void)state;
	assert_true(hm_query_is_revision(HM_S("a.b"), HM_S("v1.0.0")));
	assert_true(hm_query_is_revision(HM_S("a.b"), HM_S("0123abc")));
	assert_false(hm_query_is_revision(HM_S("a.b"), HM_S("v1.0")));
	assert_false(hm_query_is_revision(HM_S("a.b"), HM_S("upgrade")));
	assert_false(hm_query_is_revision(HM_S("a.b"), HM_S(">=v1.0.0")));
}

static void
short_messages(void **state)
{
	char longest[502];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_str(hm_query_short_message(&f.arena, HM_S(" one \ntwo"), HM_S("-")), "one");
	assert_str(hm_query_short_message(&f.arena, HM_S(" \ntwo"), HM_S("-")), "-");
	assert_str(hm_query_short_message(&f.arena, HM_S("a\xc2\xa0z \xe2\x80\xa6"), HM_S("-")),
	           "a\xc2\xa0z \xe2\x80\xa6");
	assert_str(hm_query_short_message(&f.arena, HM_S("a\x1b[1m"), HM_S("-")),
	           "(message omitted: contains non-printable characters)");
	assert_str(hm_query_short_message(&f.arena, hm_str_make(longest, 501), HM_S("-")),
	           "(message omitted: too long)");
	assert_int_equal(hm_query_short_message(&f.arena, hm_str_make(longest, 500), HM_S("-")).n,
	                 500);
}

static void
origins(void **state)
{
	const struct hm_origin a = { .vcs = HM_S("git"), .url = HM_S("u"), .hash = HM_S("1") };
	const struct hm_origin b = { .vcs = HM_S("git"), .url = HM_S("u"), .tag_sum = HM_S("t") };
	const struct hm_origin c = { .vcs = HM_S("git"), .url = HM_S("u"), .hash = HM_S("2") };
	const struct hm_origin *m = hm_query_merge_origin(&f.arena, &a, &b);

	(void)state;
	assert_non_null(m);
	assert_str(m->hash, "1");
	assert_str(m->tag_sum, "t");
	assert_null(hm_query_merge_origin(&f.arena, &a, &c));
	assert_null(hm_query_merge_origin(&f.arena, &a, NULL));
}

/* What a query answers when there is nobody to ask. */
static void
no_source(void **state)
{
	struct hm_revinfo rev;
	enum hm_query_fail fail;

	(void)state;
	assert_ok(hm_modload_init(&f.ml, &f.err), &f.err);
	assert_int_equal(hm_query(&f.ml, &f.arena, HM_S("a.b/q"), HM_S("latest"), HM_S(""),
	                          HM_ALLOW_ALL, &rev, &fail, &f.err), -1);
	assert_int_equal(fail, HM_QUERY_NOT_EXIST);
	assert_str(hm_err_str(&f.err), "module lookup disabled by GOPROXY=off");
	hm_err_clear(&f.err);
	assert_int_equal(hm_query(&f.ml, &f.arena, HM_S("bad path"), HM_S("latest"), HM_S(""),
	                          HM_ALLOW_ALL, &rev, &fail, &f.err), -1);
	assert_int_equal(fail, HM_QUERY_INVALID_PATH);
	assert_str(hm_err_str(&f.err), "malformed module path \"bad path\": invalid char ' '");
	hm_err_clear(&f.err);
	assert_int_equal(hm_query(&f.ml, &f.arena, HM_S("std"), HM_S("v1"), HM_S(""), HM_ALLOW_ALL,
	                          &rev, &fail, &f.err), -1);
	assert_str(hm_err_str(&f.err), "can't query specific version (\"v1\") of standard-library "
	           "module \"std\"");
}

int
test_load_query(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(queries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(revisions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(short_messages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(origins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_source, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("load/query", tests, NULL, NULL);
}
