#include "unit/unit.h"

#include "codec/time.h"
#include "mod/policy.h"
#include "mod/spdx.h"

static int64_t
at(const char *rfc3339)
{
	struct hm_time t = { 0 };

	assert_true(hm_time_parse_rfc3339(hm_str_of(rfc3339), &t));
	return t.sec - HM_TIME_UNIX_EPOCH;
}

static struct hm_policy *
parse(struct hm_arena *a, const char *text)
{
	struct hm_err err = { 0 };
	struct hm_policy *p = NULL;

	assert_ok(hm_policy_parse(a, HM_S("hermod.policy"), hm_str_of(text), &p, &err), &err);
	hm_err_free(&err);
	return p;
}

static void
errors(void **state)
{
	static const struct {
		const char *text, *error;
	} t[] = {
		{ "permit a.b/c\n", "hermod.policy:1: unknown directive: permit" },
		{ "deny (\n\ta.b/c\n\tA b\n)\n",
		  "hermod.policy:3:2: malformed module path \"A\": missing dot in first path "
		  "element" },
		{ "\ndeny a.b/c v1.x\n",
		  "hermod.policy:2: version \"v1.x\" invalid: must be of the form v1.2.3" },
		{ "deny a.b/c [v1.2.0, v1.1.0]\n",
		  "hermod.policy:1: version \"v1.1.0\" invalid: below the other end of the "
		  "interval" },
		{ "deny a.b/c [v1.2.0]\n", "hermod.policy:1: an interval is [low, high]" },
		{ "deny a.b/c >v1.0.0 >v1.1.0\n",
		  "hermod.policy:1: two lower bounds stand side by side: a comma separates "
		  "alternatives" },
		{ "deny a.b/c v1.0.0,\n", "hermod.policy:1: no version behind the comma" },
		{ "deny a.b/c >= \n", "hermod.policy:1: version \"\" invalid: must be of the form "
		                      "v1.2.3" },
		{ "deny github.com/evil\n",
		  "hermod.policy:1: no module has the path github.com/evil: to mean all below it, "
		  "write github.com/evil/..." },
		{ "deny github.com/corp/*\n",
		  "hermod.policy:1:21: mod files must use // comments (not /* */ comments); a "
		  "pattern with /* stands in quotes" },
		{ "deny \"a.b/[\"\n", "hermod.policy:1: malformed pattern a.b/[: malformed glob" },
		{ "deny \"a.b/*/...\"\n", "hermod.policy:1: malformed pattern a.b/*/...: has both "
		                          "\"...\" and a glob" },
		{ "deny\n", "hermod.policy:1: the module path or pattern is missing" },
		{ "deny a.b/c because\n",
		  "hermod.policy:1: unexpected because behind \"deny a.b/c\"" },
		{ "allow a.b/c\n",
		  "hermod.policy:1: \"allow\" needs to know what happens to all else: add "
		  "\"default deny\" or \"default allow\"" },
		{ "default deny\ndefault allow\n",
		  "hermod.policy:2: repeated default: line 1 has one" },
		{ "default maybe\n", "hermod.policy:1: usage: default allow or default deny" },
		{ "freeze a.b/c v1\n", "hermod.policy:1: usage: freeze PATTERN [VERSIONS] at "
		                       "VERSIONS" },
		{ "freeze a.b/c v1 at\n",
		  "hermod.policy:1: no version behind \"at\": what may still be used?" },
		{ "retire a.b/c 2026-01-01\n",
		  "hermod.policy:1: usage: retire PATTERN [VERSIONS] by DATE [use PATH]" },
		{ "retire a.b/c by 2026-02-30\n",
		  "hermod.policy:1: \"2026-02-30\" is no date: write yyyy-mm-dd" },
		{ "cooldown 7 ...\n",
		  "hermod.policy:1: \"7\" is no duration: write 12h, 7d or 2w" },
		{ "cooldown 99999999d ...\n",
		  "hermod.policy:1: \"99999999d\" is no duration: write 12h, 7d or 2w" },
		{ "refuse-vulnerable osv at-least awful\n",
		  "hermod.policy:1: unknown severity \"awful\": low, moderate, high or critical" },
		{ "licences MIT BSD_3\n", "hermod.policy:1: \"BSD_3\" is no SPDX licence" },
		{ "except cooldown a.b/c v1.0.0 \"urgent\"\n",
		  "hermod.policy:1: an exception says how long it holds: until yyyy-mm-dd, or "
		  "forever" },
		{ "except cooldown a.b/c v1.0.0 until 2026-12-31\n",
		  "hermod.policy:1: an exception says why: \"reason\" or // reason" },
		{ "except deny a.b/c forever \"x\"\n",
		  "hermod.policy:1: unknown check \"deny\": freeze, retire, cooldown, sumdb, "
		  "vulnerable or licence" },
		{ "x\ndeny a.b/c\ny\n",
		  "hermod.policy:1: unknown directive: x\nhermod.policy:3: unknown directive: y" },
	};
	struct hm_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct hm_arena a = { 0 };
		struct hm_policy *p;

		if (hm_policy_parse(&a, HM_S("hermod.policy"), hm_str_of(t[i].text), &p, &err) == 0)
			fail_msg("no error: %s", t[i].text);
		assert_str(hm_err_str(&err), t[i].error);
		hm_err_clear(&err);
		hm_arena_free(&a);
	}
	hm_err_free(&err);
}

static void
versions(void **state)
{
	static const struct {
		const char *set, *version;
		bool in;
	} t[] = {
		{ "v1.2.3", "v1.2.3", true },           { "v1.2.3", "v1.2.4", false },
		{ "v1", "v1.9.0", true },               { "v1", "v2.0.0+incompatible", false },
		{ "v1.2", "v1.2.0-rc.1", true },        { "v1.2", "v1.20.0", false },
		{ "[v1.2.0, v1.4.9]", "v1.2.0", true }, { "[v1.2.0, v1.4.9]", "v1.4.9", true },
		{ "[v1.2.0, v1.4.9]", "v1.5.0", false },
		{ ">=v1.2.0 <v1.5.0", "v1.4.0", true }, { ">=v1.2.0 <v1.5.0", "v1.5.0", false },
		{ ">= v1.2.0", "v1.2.0", true },        { ">v1.2.0", "v1.2.0", false },
		{ "<v1.0.0, >v2.0.0", "v3.0.0", true }, { "<v1.0.0, >v2.0.0", "v1.5.0", false },
		{ "<v1.5.0", "v1.5.0-rc.1", true },     { "release", "v1.5.0-rc.1", false },
		{ "release", "v1.5.0", true },          { "prerelease", "v1.5.0-rc.1", true },
		{ "prerelease", "v0.0.0-20200102030405-abcdefabcdef", false },
		{ "pseudo", "v0.0.0-20200102030405-abcdefabcdef", true },
		{ "incompatible", "v2.0.0+incompatible", true },
		{ "v1.0.0 v1.1.0", "v1.1.0", true },    { "go1.25", "v1.25.0", false },
	}, go[] = {
		{ "go1.25", "v0.0.1-go1.25.3.linux-amd64", true },
		{ "go1.25", "v0.0.1-go1.25rc1.linux-amd64", true },
		{ "go1.25.3", "v0.0.1-go1.25.3.windows-arm64", true },
		{ "go1.25.3", "v0.0.1-go1.25.4.linux-amd64", false },
		{ "<go1.25.3", "v0.0.1-go1.24.9.linux-amd64", true },
		{ "<go1.25.3", "v0.0.1-go1.25.3.linux-amd64", false },
		{ "prerelease", "v0.0.1-go1.25rc1.linux-amd64", true },
		{ "prerelease", "v0.0.1-go1.25.3.linux-amd64", false },
		{ "release", "v0.0.1-go1.25.3.linux-amd64", true },
		{ "v0", "v0.0.1-go1.25.3.linux-amd64", false },
	};
	struct hm_arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t) + sizeof(go) / sizeof(*go); i++) {
		size_t k = i - sizeof(t) / sizeof(*t);
		bool is_go = i >= sizeof(t) / sizeof(*t);
		const char *set = is_go ? go[k].set : t[i].set;
		const char *version = is_go ? go[k].version : t[i].version;
		hm_str path = is_go ? HM_S(HM_TOOLCHAIN_MODULE) : HM_S("a.b/c");
		struct hm_policy *p = parse(
			&a, hm_arena_printf(&a, "deny " HM_F " %s\n", HM_P(path), set).p);
		bool in = hm_verset_has(&p->rules[HM_POLICY_ADMIT].v[0].versions,
		                        hm_modver_of(path, hm_str_of(version)));

		if (in != (is_go ? go[k].in : t[i].in))
			fail_msg("%s in %s: %d", version, set, in);
	}
	hm_arena_free(&a);
}

static void
patterns(void **state)
{
	(void)state;
	assert_true(hm_policy_match(HM_S("a.b/c"), HM_S("a.b/c")));
	assert_false(hm_policy_match(HM_S("a.b/c"), HM_S("a.b/c/v2")));
	assert_true(hm_policy_match(HM_S("a.b/..."), HM_S("a.b")));
	assert_true(hm_policy_match(HM_S("a.b/..."), HM_S("a.b/c/v2")));
	assert_false(hm_policy_match(HM_S("a.b/..."), HM_S("a.bc/d")));
	assert_true(hm_policy_match(HM_S("..."), HM_S("x.y/z")));
	assert_true(hm_policy_match(HM_S("*.corp.com/x"), HM_S("git.corp.com/x/y")));
	assert_false(hm_policy_match(HM_S("*.corp.com/x"), HM_S("git.corp.com/xy")));
}

/* Everything known, unless a test says otherwise. */
static struct hm_policy_facts
facts(const char *path, const char *version)
{
	return (struct hm_policy_facts){
		.m = { hm_str_of(path), hm_str_of(version) },
		.now = at("2026-06-15T12:00:00Z"),
		.known = 15, .time = at("2026-01-01T00:00:00Z"), .vouched = true,
		.licence = HM_S("MIT"),
	};
}

/* The first refusal's text, or "permitted". */
static hm_str
judge(struct hm_arena *a, const struct hm_policy *p, const struct hm_policy_facts *f)
{
	struct hm_policy_verdict v;
	const struct hm_policy_finding *r;

	hm_policy_judge(p, a, f, &v);
	r = hm_policy_refusal(&v);
	if (r)
		return hm_arena_printf(a, "%u: " HM_F, r->line, HM_P(r->reason));
	return v.answer == HM_POLICY_UNDECIDED ? HM_S("undecided") : HM_S("permitted");
}

static const char example[] =
	"// our policy\n"
	"default deny \"ask security@\"\n"
	"allow (\n"
	"	golang.org/x/...\n"
	"	github.com/corp/... // ours\n"
	"	a.b/c\n"
	"	github.com/evil/good v1.0.0 \"audited\"\n"
	"	\"*.internal/team\"\n"
	"	golang.org/toolchain\n"
	")\n"
	"deny (\n"
	"	github.com/corp/bad \"CVE in the design\"\n"
	"	golang.org/x/crypto <v0.31.0 // CVE-2024-45337\n"
	"	github.com/evil/...\n"
	"	github.com/corp/lib/v3 \"experimental\"\n"
	")\n"
	"freeze (\n"
	"	github.com/corp/lib v1 at v1.4.9 // security fixes only\n"
	"	github.com/corp/lib v1 at v1.4.10\n"
	")\n"
	"except freeze github.com/corp/lib v1.3.0 until 2026-06-15 \"team X moves\"\n"
	"retire github.com/corp/old by 2026-06-01 use github.com/corp/new\n"
	"retire github.com/corp/going by 2026-07-01 \"see RFC 7\"\n";

static void
admission(void **state)
{
	static const struct {
		const char *path, *version, *want;
	} t[] = {
		{ "a.b/c", "v1.0.0", "permitted" },
		{ "a.b/c/v2", "v2.0.0", "2: no rule allows it: ask security@" },
		{ "x.y/z", "v1.0.0", "2: no rule allows it: ask security@" },
		{ "golang.org/x/net", "v0.1.0", "permitted" },
		{ "golang.org/x/crypto", "v0.30.0",
		  "13: deny golang.org/x/crypto <v0.31.0: CVE-2024-45337" },
		{ "golang.org/x/crypto", "v0.31.0", "permitted" },
		{ "github.com/corp/any", "v1.0.0", "permitted" },
		{ "github.com/corp/bad", "v1.0.0",
		  "12: deny github.com/corp/bad: CVE in the design" },
		{ "github.com/evil/good", "v1.0.0", "permitted" },
		{ "github.com/Evil/x", "v1.0.0", "14: deny github.com/evil/..." },
		{ "github.com/evil/good", "v1.0.1", "14: deny github.com/evil/..." },
		{ "git.internal/team/x", "v1.0.0", "permitted" },
		{ "github.com/corp/lib", "v1.4.9", "permitted" },
		{ "github.com/corp/lib", "v1.4.10", "permitted" },
		{ "github.com/corp/lib", "v1.4.11",
		  "18: not among the versions of \"freeze github.com/corp/lib v1 at v1.4.9\": "
		  "security fixes only" },
		{ "github.com/corp/lib", "v0.9.0", "permitted" },
		{ "github.com/corp/lib", "v1.3.0", "permitted" },
		{ "github.com/corp/lib/v2", "v2.7.0", "permitted" },
		{ "github.com/corp/lib/v3", "v3.0.0",
		  "15: deny github.com/corp/lib/v3: experimental" },
		{ "github.com/corp/old", "v1.0.0",
		  "22: retired on 2026-06-01, use github.com/corp/new" },
		{ "github.com/corp/going", "v1.0.0", "permitted" },
		{ "golang.org/toolchain", "v0.0.1-go1.25.3.linux-amd64", "permitted" },
	};
	struct hm_arena a = { 0 };
	struct hm_policy *p = parse(&a, example);
	struct hm_policy_facts f;
	struct hm_policy_verdict v;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		f = facts(t[i].path, t[i].version);
		assert_str(judge(&a, p, &f), t[i].want);
	}
	f = facts("github.com/corp/lib", "v1.3.0"); /* the exception's last second is over */
	f.now = at("2026-06-16T00:00:00Z");
	assert_str(judge(&a, p, &f),
	           "18: not among the versions of \"freeze github.com/corp/lib v1 at v1.4.9\" "
	           "(the exception of line 21 ended on 2026-06-15): security fixes only");
	f.now--;
	hm_policy_judge(p, &a, &f, &v);
	assert_int_equal(v.answer, HM_POLICY_PERMITTED);
	assert_int_equal(v.holds_until, at("2026-06-16T00:00:00Z"));
	f = facts("github.com/corp/going", "v1.0.0");
	hm_policy_judge(p, &a, &f, &v);
	assert_int_equal(v.finding.n, 1);
	assert_false(v.finding.v[0].refused);
	assert_str(v.finding.v[0].reason, "to be gone by 2026-07-01: see RFC 7");
	assert_int_equal(v.holds_until, at("2026-07-01T00:00:00Z"));
	hm_arena_free(&a);
}

static void
whole_paths(void **state)
{
	static const struct {
		const char *path;
		bool denied;
	} t[] = {
		{ "x.y/z", true },
		{ "a.b/c", false },
		{ "golang.org/x/crypto", false },
		{ "github.com/corp/bad", true },
		{ "github.com/evil/good", false }, /* one version is */
		{ "github.com/evil/other", true },
	};
	struct hm_arena a = { 0 };
	struct hm_policy *p = parse(&a, example);
	struct hm_policy_finding f;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (hm_policy_denies_path(p, &a, hm_str_of(t[i].path), &f) != t[i].denied)
			fail_msg("%s", t[i].path);
	hm_arena_free(&a);
}

static void
cooldown(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_policy *p = parse(&a,
		"cooldown 7d ... \"let others find it\"\n"
		"cooldown 30d github.com/new/...\n"
		"cooldown 0 corp.com/...\n"
		"except cooldown x.y/z v1.2.3 until 2026-06-20 \"CVE-2026-1\"\n");
	struct hm_policy_facts f = facts("a.b/c", "v1.0.0");
	struct hm_policy_verdict v;

	(void)state;
	f.time = at("2026-06-12T12:00:00Z");
	assert_str(judge(&a, p, &f), "1: published 3 days ago, the cooldown is 7 days, until "
	                             "2026-06-19T12:00:00Z: let others find it");
	hm_policy_judge(p, &a, &f, &v);
	assert_int_equal(v.holds_until, at("2026-06-19T12:00:00Z"));
	f.now = v.holds_until;
	assert_str(judge(&a, p, &f), "permitted");
	f = facts("github.com/new/x", "v1.0.0");
	f.time = at("2026-06-01T00:00:00Z");
	assert_str(judge(&a, p, &f), "2: published 14 days ago, the cooldown is 30 days, until "
	                             "2026-07-01T00:00:00Z");
	f = facts("corp.com/x", "v1.0.0");
	f.time = f.now;
	f.known = 0;
	assert_str(judge(&a, p, &f), "permitted");
	f = facts("x.y/z", "v1.2.3");
	f.time = f.now - 3600;
	assert_str(judge(&a, p, &f), "permitted");
	f.m.version = HM_S("v1.2.4");
	assert_str(judge(&a, p, &f), "1: published 1 hour ago, the cooldown is 7 days, until "
	                             "2026-06-22T11:00:00Z: let others find it");
	f.known = 0;
	assert_str(judge(&a, p, &f), "undecided");
	hm_policy_judge(p, &a, &f, &v);
	assert_int_equal(v.needs, HM_POLICY_NEED_TIME);
	f.known = 15;
	f.time = 0;
	assert_str(judge(&a, p, &f), "1: when it was published is not known, and the cooldown is "
	                             "7 days: let others find it");
	hm_arena_free(&a);
}

static void
other_facts(void **state)
{
	static const hm_str alias[] = { HM_S_INIT("CVE-2026-1") };
	const struct hm_policy_vuln vulns[] = {
		{ .id = HM_S("GO-2026-1"), .alias = alias, .n_alias = 1,
		  .summary = HM_S("panic"), .fixed = HM_S("v1.1.0"),
		  .severity = HM_POLICY_MODERATE },
		{ .id = HM_S("GO-2026-2"), .severity = HM_POLICY_UNRATED },
	};
	struct hm_arena a = { 0 };
	struct hm_policy *p = parse(&a,
		"require-sumdb ...\n"
		"except sumdb corp.com/... forever // private\n"
		"refuse-vulnerable osv at-least high\n"
		"except vulnerable GO-2026-2 a.b/c until 2026-12-31 \"not reachable\"\n"
		"refuse-vulnerable osv2\n"
		"licences (\n\tMIT\n\tBSD-3-Clause\n\tGPL-2.0-only\n)\n"
		"except licence BUSL-1.1 corp.com/x forever \"bought\"\n");
	struct hm_policy_facts f = facts("a.b/c", "v1.0.0");

	(void)state;
	assert_str(judge(&a, p, &f), "permitted");
	f.vouched = false;
	assert_str(judge(&a, p, &f), "1: no checksum database vouches for it");
	f = facts("corp.com/x", "v1.0.0");
	f.vouched = false;
	assert_str(judge(&a, p, &f), "permitted");
	f.licence = HM_S("BUSL-1.1");
	assert_str(judge(&a, p, &f), "permitted");
	f.m.path = HM_S("corp.com/y");
	assert_str(judge(&a, p, &f), "7: licence BUSL-1.1 is not on the list");
	f.licence = HM_S("none");
	assert_str(judge(&a, p, &f), "7: it has no licence file");
	f = facts("x.y/z", "v1.0.0");
	f.vuln = vulns;
	f.n_vulns = 1;
	assert_str(judge(&a, p, &f), "permitted"); /* moderate, and the rule says high */
	f.n_vulns = 2;
	assert_str(judge(&a, p, &f), "3: GO-2026-2");
	f.m.path = HM_S("a.b/c");
	assert_str(judge(&a, p, &f), "permitted");
	f.known = HM_POLICY_NEED_VOUCHED;
	assert_str(judge(&a, p, &f), "undecided");
	hm_arena_free(&a);
}

static void
licences(void **state)
{
	static const struct {
		const char *expression;
		bool ok;
	} t[] = {
		{ "MIT", true }, { "mit", true }, { "GPL-3.0", false },
		{ "GPL-2.0", true }, { "GPL-2.0-or-later", true }, { "GPL-2.0+", true },
		{ "MIT OR GPL-3.0", true }, { "MIT AND GPL-3.0", false },
		{ "MIT AND (GPL-3.0 OR BSD-3-Clause)", true },
		{ "GPL-3.0 OR MIT AND BSD-3-Clause", true },
		{ "GPL-2.0 WITH Classpath-exception-2.0", true },
		{ "MIT OR", false }, { "(MIT", false }, { "MIT)", false }, { "", false },
		{ "MIT MIT", false }, { "AND MIT", false }, { "MIT WITH", false },
		{ "((((((((((((((((((((((((((((((((((((((MIT))))))))))))))))))))))))))))))))))))))",
		  false },
	};
	struct hm_arena a = { 0 };
	struct hm_policy *p = parse(&a, "licenses MIT, BSD-3-Clause GPL-2.0-only\n");

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (hm_spdx_permitted(&p->licences, hm_str_of(t[i].expression)) !=
		    t[i].ok)
			fail_msg("%s", t[i].expression);
	hm_arena_free(&a);
}

static void
one_line(void **state)
{
	struct hm_arena a = { 0 };

	(void)state;
	assert_str(hm_policy_one_line(&a, HM_S(" a\nb\x1b[31m\tc "), 100), "a b [31m c");
	assert_str(hm_policy_one_line(&a, HM_S("x\xe2\x80\xaey\xff"), 100), "x y ");
	assert_str(hm_policy_one_line(&a, HM_S("ab\xc3\xa9"), 3), "ab"); /* not half of a letter */
	assert_str(hm_policy_one_line(&a, HM_S("ab\xc3\xa9"), 4), "ab\xc3\xa9");
	assert_str(hm_policy_one_line(&a, HM_S(""), 4), "");
	hm_arena_free(&a);
}

int
test_mod_policy(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors),      cmocka_unit_test(versions),
		cmocka_unit_test(patterns),    cmocka_unit_test(admission),
		cmocka_unit_test(whole_paths), cmocka_unit_test(cooldown),
		cmocka_unit_test(other_facts), cmocka_unit_test(licences),
		cmocka_unit_test(one_line),
	};

	return cmocka_run_group_tests_name("mod_policy", tests, NULL, NULL);
}
