#include "unit/unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "policy/guard.h"
#include "policy/licence.h"

static hm_str
read_file(struct hm_arena *a, const char *dir, const char *name)
{
	struct hm_err err = { 0 };
	hm_str text;

	assert_ok(hm_file_read(a, hm_arena_printf(a, "%s/%s", dir, name).p, 1 << 20, &text, &err),
	          &err);
	return text;
}

/* Whole texts: each is its file's name, and two together are both. */
static void
licence_texts(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_dirents list = { 0 };
	const char *dir = TEST_DATA "/licences";
	hm_str mit = read_file(&a, dir, "MIT"), both, want;

	(void)state;
	assert_ok(hm_dir_read(&a, dir, &list, &err), &err);
	assert_true(list.n > 15);
	for (size_t i = 0; i < list.n; i++) {
		hm_str text = read_file(&a, dir, list.v[i].name.p), id = list.v[i].name;

		if (hm_str_eqz(id, "commons-clause"))
			continue;
		assert_str(hm_licence_classify(&a, text), id.p);
		if (hm_str_eqz(id, "MIT") || hm_str_eqz(id, "JSON"))
			continue;
		both = hm_arena_printf(&a, HM_F "\n" HM_F, HM_P(text), HM_P(mit));
		want = hm_str_cmp(id, HM_S("MIT")) < 0
		               ? hm_arena_printf(&a, HM_F " AND MIT", HM_P(id))
		               : hm_arena_printf(&a, "MIT AND " HM_F, HM_P(id));
		assert_str(hm_licence_classify(&a, both), want.p);
	}
	hm_arena_free(&a);
}

static void
licence_rest(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{ "", "unknown" },
		{ "All rights reserved.", "unknown" },
		{ "// SPDX-License-Identifier: MIT OR Apache-2.0\n", "MIT OR Apache-2.0" },
		{ "/* SPDX-License-Identifier: BSD-3-Clause */\n", "BSD-3-Clause" },
		{ "SPDX-License-Identifier: MIT\x01\n", "unknown" },
		{ "SPDX-License-Identifier:", "unknown" },
		{ "The MIT License", "unknown" },
	};
	struct hm_arena a = { 0 };
	const char *dir = TEST_DATA "/licences";
	hm_str mit = read_file(&a, dir, "MIT"), long_one = mit, clause, both;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_str(hm_licence_classify(&a, hm_str_of(t[i].text)), t[i].want);
	for (int i = 0; i < 100; i++)
		long_one = hm_arena_printf(&a, HM_F "You may not use it on Mondays.\n",
		                           HM_P(long_one));
	assert_str(hm_licence_classify(&a, long_one), "MIT AND unknown");
	clause = read_file(&a, dir, "commons-clause");
	both = hm_arena_printf(&a, HM_F HM_F, HM_P(clause), HM_P(mit));
	assert_str(hm_licence_classify(&a, both), "unknown");
	assert_true(hm_licence_is_file(HM_S("LICENSE")));
	assert_true(hm_licence_is_file(HM_S("License.md")));
	assert_true(hm_licence_is_file(HM_S("LICENSE-APACHE")));
	assert_true(hm_licence_is_file(HM_S("COPYING.LESSER")));
	assert_true(hm_licence_is_file(HM_S("UNLICENSE")));
	assert_false(hm_licence_is_file(HM_S("license.go")));
	assert_false(hm_licence_is_file(HM_S("LICENSE-3rdparty.csv")));
	assert_false(hm_licence_is_file(HM_S("README")));
	hm_arena_free(&a);
}

static const char entry[] =
	"{\"id\":\"GO-2026-1\",\"aliases\":[\"CVE-2026-1\",\"GHSA-x\"],"
	"\"summary\":\"Panic\\nin c\",\"affected\":["
	"{\"package\":{\"ecosystem\":\"Go\",\"name\":\"a.b/c\"},"
	"\"ranges\":[{\"type\":\"SEMVER\",\"events\":["
	"{\"introduced\":\"0\"},{\"fixed\":\"1.2.3\"},"
	"{\"introduced\":\"1.4.0-0\"},{\"last_affected\":\"1.4.5\"}]}],\"versions\":[\"1.9.9\"]},"
	"{\"package\":{\"ecosystem\":\"npm\",\"name\":\"a.b/npm\"}}]}";

static const char std_entry[] =
	"{\"id\":\"GO-2026-2\",\"database_specific\":{\"severity\":\"LOW\"},\"affected\":["
	"{\"package\":{\"ecosystem\":\"Go\",\"name\":\"stdlib\"},"
	"\"ranges\":[{\"type\":\"SEMVER\",\"events\":["
	"{\"introduced\":\"0\"},{\"fixed\":\"1.24.9\"},"
	"{\"introduced\":\"1.25.0-0\"},{\"fixed\":\"1.25.3\"}]}]}]}";

static size_t
hits(struct hm_arena *a, const struct hm_osv *db, const char *path, const char *version)
{
	struct hm_osv_hits h;

	hm_osv_find(db, a, hm_modver_of(hm_str_of(path), hm_str_of(version)), &h);
	return h.n;
}

static void
osv_ranges(void **state)
{
	static const struct {
		const char *path, *version;
		size_t n;
	} t[] = {
		{ "a.b/c", "v0.1.0", 1 },
		{ "a.b/c", "v0.0.0-20200102030405-abcdefabcdef", 1 },
		{ "a.b/c", "v1.2.2", 1 },
		{ "a.b/c", "v1.2.3-rc.1", 1 },
		{ "a.b/c", "v1.2.3", 0 },
		{ "a.b/c", "v1.3.0", 0 },
		{ "a.b/c", "v1.4.0-rc.1", 1 },
		{ "a.b/c", "v1.4.5", 1 },
		{ "a.b/c", "v1.4.6", 0 },
		{ "a.b/c", "v1.9.9", 1 },
		{ "a.b/npm", "v1.0.0", 0 },
		{ "a.b/c/v2", "v2.0.0", 0 },
		{ "golang.org/toolchain", "v0.0.1-go1.24.8.linux-amd64", 1 },
		{ "golang.org/toolchain", "v0.0.1-go1.24.9.linux-amd64", 0 },
		{ "golang.org/toolchain", "v0.0.1-go1.25rc1.linux-amd64", 1 },
		{ "golang.org/toolchain", "v0.0.1-go1.25.3.darwin-arm64", 0 },
		{ "stdlib", "1.25.2", 1 },
		{ "stdlib", "go1.25", 1 },
		{ "stdlib", "1.25.3", 0 },
	};
	struct hm_osv *db = hm_osv_new();
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_osv_hits h;

	(void)state;
	assert_ok(hm_osv_add(db, HM_S("x.json"), hm_str_of(entry), 0, &err), &err);
	assert_ok(hm_osv_add(db, HM_S("y.json"), hm_str_of(std_entry), 0, &err), &err);
	assert_int_equal(hm_osv_count(db), 2);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (hits(&a, db, t[i].path, t[i].version) != t[i].n)
			fail_msg("%s@%s: want %zu", t[i].path, t[i].version, t[i].n);
	hm_osv_find(db, &a, hm_modver_of(HM_S("a.b/c"), HM_S("v1.0.0")), &h);
	assert_str(h.v[0].summary, "Panic in c");
	assert_str(h.v[0].fixed, "v1.2.3");
	assert_int_equal(h.v[0].n_alias, 2);
	assert_int_equal(h.v[0].severity, HM_POLICY_UNRATED);
	hm_osv_find(db, &a, hm_modver_of(HM_S("a.b/c"), HM_S("v1.4.1")), &h);
	assert_str(h.v[0].fixed, "");
	hm_osv_free(db);
	hm_arena_free(&a);
}

#define GO_PKG "\"affected\":[{\"package\":{\"ecosystem\":\"Go\",\"name\":\"a.b/c\"}"

static void
osv_entries(void **state)
{
	static const struct {
		const char *json;
		size_t hits; /* of a.b/c v1.0.0 */
	} t[] = {
		{ "{\"id\":\"A\"," GO_PKG "}]}", 1 }, /* no ranges: all versions */
		{ "{\"id\":\"A\"," GO_PKG ",\"ranges\":[{\"type\":\"GIT\",\"events\":[]}]}]}", 1 },
		{ "{\"id\":\"A\",\"withdrawn\":\"2026-01-01T00:00:00Z\"," GO_PKG "}]}", 0 },
		{ "{\"id\":\"A\"," GO_PKG ",\"versions\":[\"1.0.0\"]}]}", 1 },
		{ "{\"id\":\"A\"," GO_PKG ",\"versions\":[\"1.0.1\"]}]}", 0 },
		{ "{\"id\":\"A\"," GO_PKG ",\"ranges\":[{\"type\":\"SEMVER\",\"events\":["
		  "{\"introduced\":\"0\"},{\"fixed\":\"what\"}]}]}]}", 1 },
		{ "{\"id\":\"A\"," GO_PKG ",\"ranges\":[{\"type\":\"SEMVER\",\"events\":["
		  "{\"fixed\":\"0.9.0\"},{\"introduced\":\"0.1.0\"}]}]}]}", 0 },
		{ "{\"id\":\"A\"," GO_PKG ",\"ranges\":[{\"type\":\"SEMVER\","
		  "\"events\":[]}]}]}", 1 },
		{ "{\"id\":\"A\"," GO_PKG ",\"ranges\":[{\"type\":\"SEMVER\",\"events\":["
		  "{\"fixed\":\"1.0.1\"}]}]}]}", 1 }, /* introduced nowhere: from the beginning */
		{ "[{\"path\":\"a.b/c\"}]", 0 },
		{ "{\"modified\":\"2026\"}", 0 },
	};
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct hm_osv *db = hm_osv_new();

		assert_ok(hm_osv_add(db, HM_S("x.json"), hm_str_of(t[i].json), 0, &err), &err);
		if (hits(&a, db, "a.b/c", "v1.0.0") != t[i].hits)
			fail_msg("%s", t[i].json);
		hm_osv_free(db);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

/* Each module as it is rated, else as the entry is. */
static void
osv_severity(void **state)
{
	static const char two[] =
		"{\"id\":\"A\"," GO_PKG ",\"database_specific\":{\"severity\":\"LOW\"}},"
		"{\"package\":{\"ecosystem\":\"Go\",\"name\":\"a.b/d\"},"
		"\"severity\":[{\"type\":\"CVSS_V3\",\"score\":"
		"\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}]}]}";
	struct hm_osv *db = hm_osv_new();
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_osv_hits h;

	(void)state;
	assert_ok(hm_osv_add(db, HM_S("x.json"), hm_str_of(two), 0, &err), &err);
	hm_osv_find(db, &a, hm_modver_of(HM_S("a.b/c"), HM_S("v1.0.0")), &h);
	assert_int_equal(h.v[0].severity, HM_POLICY_LOW);
	hm_osv_find(db, &a, hm_modver_of(HM_S("a.b/d"), HM_S("v1.0.0")), &h);
	assert_int_equal(h.v[0].severity, HM_POLICY_CRITICAL);
	hm_osv_free(db);
	hm_arena_free(&a);
}

/* What cannot be read hides no vulnerability: it is said by the file's name. */
static void
osv_malformed(void **state)
{
	static const struct {
		const char *json, *text;
	} t[] = {
		{ "{\"id\":", "x.json: unexpected end of JSON input" },
		{ "{\"id\":\"A\",\"affected\":\"all\"}",
		  "x.json: no OSV entry: affected is a list" },
		{ "{\"ID_\":\"A\"," GO_PKG "}]}", "x.json: no OSV entry: it has no id" },
		{ "{\"id\":\"A\"," GO_PKG ",\"ranges\":{}}]}",
		  "x.json: no OSV entry: ranges and versions are lists" },
		{ "{\"id\":\"A\"," GO_PKG ",\"versions\":[1]}]}",
		  "x.json: no OSV entry: a version is no text" },
		{ "{\"id\":\"A\"," GO_PKG ",\"ranges\":[{\"events\":{\"introduced\":\"0\"}}]}]}",
		  "x.json: no OSV entry: a range without events" },
		{ "{\"id\":\"A\"," GO_PKG ",\"ranges\":[{\"events\":[{\"introduced\":0}]}]}]}",
		  "x.json: no OSV entry: an event that says nothing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct hm_osv *db = hm_osv_new();
		struct hm_err err = { 0 };

		assert_int_equal(hm_osv_add(db, HM_S("x.json"), hm_str_of(t[i].json), 0, &err), -1);
		assert_str(hm_err_str(&err), t[i].text);
		assert_int_equal(err.code, HM_EINVALID);
		hm_err_free(&err);
		hm_osv_free(db);
	}
}

/* Scores of the examples of the specification and of published entries. */
static void
cvss(void **state)
{
	(void)state;
	assert_int_equal(hm_osv_cvss3(HM_S("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")), 98);
	assert_int_equal(hm_osv_cvss3(HM_S("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")), 100);
	assert_int_equal(hm_osv_cvss3(HM_S("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")), 75);
	assert_int_equal(hm_osv_cvss3(HM_S("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N")), 64);
	assert_int_equal(hm_osv_cvss3(HM_S("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N")), 61);
	assert_int_equal(hm_osv_cvss3(HM_S("CVSS:3.1/AV:L/AC:H/PR:H/UI:N/S:U/C:N/I:N/A:N")), 0);
	assert_int_equal(hm_osv_cvss3(HM_S("CVSS:3.1/AV:N/AC:L")), -1);
	assert_int_equal(hm_osv_cvss3(HM_S("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H")), -1);
}

struct source {
	int64_t time;
	bool vouched;
	const char *licence;
	int asked;
};

static int
get_time(void *ctx, struct hm_arena *a, struct hm_modver m, int64_t *out, struct hm_err *err)
{
	struct source *s = ctx;

	(void)a, (void)m, (void)err;
	s->asked |= HM_POLICY_NEED_TIME;
	*out = s->time;
	return 0;
}

static int
get_vouched(void *ctx, struct hm_arena *a, struct hm_modver m, bool *out, struct hm_err *err)
{
	struct source *s = ctx;

	(void)a, (void)m, (void)err;
	s->asked |= HM_POLICY_NEED_VOUCHED;
	*out = s->vouched;
	return 0;
}

static int
get_licence(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *out, struct hm_err *err)
{
	struct source *s = ctx;

	(void)a, (void)m;
	s->asked |= HM_POLICY_NEED_LICENCE;
	if (!s->licence)
		return hm_err_set(err, HM_ENOTFOUND, "no zip");
	*out = hm_str_of(s->licence);
	return 0;
}

static void
put(struct hm_arena *a, const char *dir, const char *name, const char *text)
{
	struct hm_err err = { 0 };

	assert_ok(hm_file_write(hm_arena_printf(a, "%s/%s", dir, name).p, hm_str_of(text), 0644,
	                        &err),
	          &err);
}

/* A policy with its databases, and facts that are asked for only when they matter. */
static void
guard(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_guard *g = NULL;
	struct hm_policy_verdict v;
	struct source s = { .time = 1000, .vouched = true };
	const struct hm_guard_facts from = { &s, get_time, get_vouched, get_licence };
	hm_str dir, file;

	(void)state;
	assert_ok(hm_dir_make_temp(&a, "/tmp", "hermod-policy", &dir, &err), &err);
	assert_ok(hm_dir_make_all(hm_arena_printf(&a, HM_F "/osv/ID", HM_P(dir)).p, &err), &err);
	assert_ok(hm_dir_make_all(hm_arena_printf(&a, HM_F "/osv/index", HM_P(dir)).p, &err), &err);
	put(&a, dir.p, "osv/ID/GO-2026-1.json", entry);
	put(&a, dir.p, "osv/GO-2026-2.json", std_entry);
	put(&a, dir.p, "osv/index/modules.json", "[{\"path\":\"a.b/c\"}]");
	put(&a, dir.p, "hermod.policy",
	    "deny x.y/...\ncooldown 1d ...\nrequire-sumdb ...\nrefuse-vulnerable osv\n"
	    "licences MIT\n");
	file = hm_arena_printf(&a, HM_F "/hermod.policy", HM_P(dir));
	assert_ok(hm_guard_load(file.p, &g, &err), &err);
	assert_int_equal(hm_osv_count(g->osv), 2);

	assert_ok(hm_guard_judge(g, &a, hm_modver_of(HM_S("x.y/z"), HM_S("v1.0.0")), 1 << 20,
	                         &from, false, &v, &err), &err);
	assert_int_equal(hm_guard_error(g, hm_modver_of(HM_S("x.y/z"), HM_S("v1.0.0")), &v, &err),
	                 -1);
	assert_str(hm_err_str(&err),
	           "x.y/z@v1.0.0: refused by policy, hermod.policy:1: deny x.y/...");
	assert_int_equal(err.code, HM_EPOLICY);
	assert_int_equal(s.asked, 0);
	hm_err_clear(&err);

	assert_ok(hm_guard_judge(g, &a, hm_modver_of(HM_S("a.b/c"), HM_S("v1.0.0")), 1 << 20,
	                         &from, false, &v, &err), &err);
	assert_int_equal(v.answer, HM_POLICY_REFUSED);
	assert_str(hm_policy_refusal(&v)->reason,
	           "GO-2026-1 (CVE-2026-1, GHSA-x): Panic in c; fixed in v1.2.3");
	assert_int_equal(s.asked, 0);

	assert_ok(hm_guard_judge(g, &a, hm_modver_of(HM_S("a.b/c"), HM_S("v1.3.0")), 2000,
	                         &from, false, &v, &err), &err);
	assert_int_equal(v.answer, HM_POLICY_REFUSED); /* too young: the licence is not asked for */
	assert_int_equal(s.asked, HM_POLICY_NEED_TIME | HM_POLICY_NEED_VOUCHED);

	assert_ok(hm_guard_judge(g, &a, hm_modver_of(HM_S("a.b/c"), HM_S("v1.3.0")), 1 << 20,
	                         &from, false, &v, &err), &err);
	assert_int_equal(v.answer, HM_POLICY_UNDECIDED);
	assert_int_equal(v.needs, HM_POLICY_NEED_LICENCE);
	s.licence = "MIT";
	assert_ok(hm_guard_judge(g, &a, hm_modver_of(HM_S("a.b/c"), HM_S("v1.3.0")), 1 << 20,
	                         &from, false, &v, &err), &err);
	assert_int_equal(v.answer, HM_POLICY_PERMITTED);
	hm_guard_free(g);

	put(&a, dir.p, "osv/bad.json", "{\"id\":");
	assert_int_equal(hm_guard_load(file.p, &g, &err), -1);
	assert_true(hm_str_has_prefix(hm_err_str(&err), HM_S("hermod.policy:4: ")));
	assert_true(hm_str_has_suffix(hm_err_str(&err),
	                              HM_S("osv/bad.json: unexpected end of JSON input")));
	hm_err_clear(&err);
	assert_ok(hm_dir_remove_all(dir.p, false, &err), &err);
	assert_int_equal(hm_guard_load(file.p, &g, &err), -1);
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
test_policy_policy(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(licence_texts), cmocka_unit_test(licence_rest),
		cmocka_unit_test(osv_ranges),    cmocka_unit_test(osv_entries),
		cmocka_unit_test(osv_malformed), cmocka_unit_test(osv_severity),
		cmocka_unit_test(cvss),          cmocka_unit_test(guard),
	};

	return cmocka_run_group_tests_name("policy_policy", tests, NULL, NULL);
}
