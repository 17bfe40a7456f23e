#include "unit/unit.h"

#include "conf/experiment.h"
#include "conf/platform.h"

/* `go list -f '{{context.ToolTags}}' fmt` of the releases named, without the prefix. */
static const struct {
	int minor;
	const char *os, *arch, *setting, *on, *canonical;
} experiments[] = {
	{ 26, "linux", "amd64", "",
	  "regabiwrappers regabiargs dwarf5 greenteagc randomizedheapbase64", "" },
	{ 26, "darwin", "arm64", "", "regabiwrappers regabiargs greenteagc randomizedheapbase64",
	  "" },
	{ 26, "linux", "mips", "", "dwarf5 greenteagc randomizedheapbase64", "" },
	{ 26, "linux", "amd64", "none", "regabiwrappers regabiargs",
	  "nodwarf5,nogreenteagc,norandomizedheapbase64" },
	{ 26, "linux", "s390x", "noregabi", "dwarf5 greenteagc randomizedheapbase64",
	  "noregabiwrappers,noregabiargs" },
	{ 26, "linux", "amd64", "nodwarf5,arenas,,",
	  "regabiwrappers regabiargs arenas greenteagc "
	  "randomizedheapbase64",
	  "arenas,nodwarf5" },
	{ 24, "linux", "amd64", "",
	  "regabiwrappers regabiargs coverageredesign aliastypeparams "
	  "swissmap spinbitmutex synchashtriemap",
	  "" },
	{ 24, "linux", "s390x", "", "coverageredesign aliastypeparams swissmap synchashtriemap",
	  "" },
	{ 21, "linux", "loong64", "", "coverageredesign", "" },
	{ 27, "linux", "amd64", "",
	  "regabiwrappers regabiargs dwarf5 jsonv2 greenteagc "
	  "randomizedheapbase64 sizespecializedmalloc",
	  "" },
};

static void
experiments_by_release(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_experiment e;

	(void)state;
	for (size_t i = 0; i < sizeof(experiments) / sizeof(*experiments); i++) {
		struct hm_strs on = { 0 };

		assert_ok(hm_experiment_parse(experiments[i].minor, hm_str_of(experiments[i].os),
		                              hm_str_of(experiments[i].arch),
		                              hm_str_of(experiments[i].setting), &e, &err), &err);
		hm_experiment_enabled(&a, &e, &on);
		assert_str(hm_strs_join(&a, &on, HM_S(" ")), experiments[i].on);
		assert_str(hm_experiment_string(&a, &e), experiments[i].canonical);
	}
	assert_int_equal(hm_experiment_parse(26, HM_S("linux"), HM_S("s390x"),
	                                     HM_S("noregabiwrappers"), &e, &err), -1);
	assert_str(hm_err_str(&err), "GOEXPERIMENT regabiargs requires regabiwrappers");
	assert_int_equal(hm_experiment_parse(26, HM_S("linux"), HM_S("amd64"), HM_S("swissmap"), &e,
	                                     &err), -1);
	assert_str(hm_err_str(&err), "unknown GOEXPERIMENT swissmap");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static const struct {
	const char *arch, *value, *tags;
} arch_tags[] = {
	{ "amd64", "v1", "amd64.v1" },
	{ "amd64", "v3", "amd64.v1 amd64.v2 amd64.v3" },
	{ "amd64", "v9", "amd64.v1" },
	{ "arm", "6,softfloat", "arm.5 arm.6" },
	{ "arm", "x", "arm.5 arm.6 arm.7" },
	{ "arm64", "v8.2,lse,crypto", "arm64.v8.0 arm64.v8.1 arm64.v8.2" },
	{ "arm64", "v9.1", "arm64.v9.0 arm64.v9.1 arm64.v8.0 arm64.v8.1 arm64.v8.2 arm64.v8.3 "
	  "arm64.v8.4 arm64.v8.5 arm64.v8.6" },
	{ "386", "softfloat", "386.softfloat" },
	{ "mipsle", "softfloat", "mipsle.softfloat" },
	{ "ppc64le", "power10", "ppc64le.power8 ppc64le.power9 ppc64le.power10" },
	{ "riscv64", "rva23u64", "riscv64.rva20u64 riscv64.rva22u64 riscv64.rva23u64" },
	{ "wasm", "", "wasm.satconv wasm.signext" },
	{ "s390x", "", "" },
};

static void
tags_of_processors(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_strs old = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(arch_tags) / sizeof(*arch_tags); i++) {
		struct hm_strs t = { 0 };

		hm_platform_arch_tags(&a, 26, hm_str_of(arch_tags[i].arch),
		                      hm_str_of(arch_tags[i].value), &t);
		assert_str(hm_strs_join(&a, &t, HM_S(" ")), arch_tags[i].tags);
	}
	hm_platform_arch_tags(&a, 22, HM_S("arm64"), HM_S("v8.0"), &old);
	assert_int_equal(old.n, 0);
	hm_arena_free(&a);
}

static void
names_and_ports(void **state)
{
	struct hm_err err = { 0 };
	hm_str os, arch;
	size_t n = 0;

	(void)state;
	assert_true(hm_platform_known_os(HM_S("nacl")));
	assert_false(hm_platform_known_os(HM_S("unix")));
	assert_false(hm_platform_known_os(HM_S("")));
	assert_true(hm_platform_known_arch(HM_S("sparc")));
	assert_true(hm_platform_unix_os(HM_S("android")));
	assert_false(hm_platform_unix_os(HM_S("plan9")));
	while (hm_platform_at(n, &os, &arch))
		n++;
	assert_int_equal(n, 50);
	assert_int_equal(hm_platform_check_pair(HM_S("linux"), HM_S("wasm"), &err), -1);
	assert_str(hm_err_str(&err), "unsupported GOOS/GOARCH pair linux/wasm");
	assert_true(hm_platform_default_pie(HM_S("windows"), HM_S("amd64"), false));
	assert_false(hm_platform_default_pie(HM_S("windows"), HM_S("amd64"), true));
	assert_false(hm_platform_default_pie(HM_S("linux"), HM_S("amd64"), false));
	assert_true(hm_platform_must_link_external(HM_S("android"), HM_S("arm"), false));
	assert_false(hm_platform_must_link_external(HM_S("android"), HM_S("arm64"), false));
	assert_true(hm_platform_must_link_external(HM_S("linux"), HM_S("mips"), true));
	assert_true(hm_platform_buildmode_supported("pie", HM_S("openbsd"), HM_S("arm64")));
	assert_false(hm_platform_buildmode_supported("plugin", HM_S("windows"), HM_S("amd64")));
	assert_false(hm_platform_buildmode_supported("exe", HM_S("linux"), HM_S("wasm")));
	hm_err_free(&err);
}

int
test_conf_platform(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(experiments_by_release),
		cmocka_unit_test(tags_of_processors),
		cmocka_unit_test(names_and_ports),
	};

	return cmocka_run_group_tests_name("conf/platform", tests, NULL, NULL);
}
