#include "unit/unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acquire/acquire.h"
#include "base/path.h"
#include "conf/conf.h"
#include "modzip/hash.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/pool.h"
#include "unit/zipmake.h"
#include "verify/gosum.h"

/* A file:// proxy in <dir>/proxy and a module cache in <dir>/mod, new for each test. */
static struct hm_arena arena;
static struct hm_err err;
static struct hm_conf *conf;
static hm_str dir;

static hm_str
in(const char *rel)
{
	return hm_path_cat(&arena, dir, hm_str_of(rel));
}

static int
set_up(void **state)
{
	struct hm_env env = { .vars = { .arena = &arena } };

	(void)state;
	umask(022);
	assert_ok(hm_dir_make_temp(&arena, "/tmp", "hermod-unit-", &dir, &err), &err);
	hm_env_set(&env, "HOME", in("home"));
	hm_env_set(&env, "GOENV", HM_S("off"));
	hm_env_set(&env, "GOMODCACHE", in("mod"));
	hm_env_set(&env, "GOPROXY", hm_arena_printf(&arena, "file://" HM_F "/proxy", HM_P(dir)));
	hm_env_set(&env, "GOSUMDB", HM_S("off"));
	conf = hm_conf_new(HM_CONF_GO, &env, dir, &err);
	assert_non_null(conf);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	hm_conf_free(conf);
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

static struct hm_acquire *
start(void)
{
	return hm_acquire_new(&(struct hm_acquire_opts){ .conf = conf });
}

static void
put_bytes(const char *rel, hm_str bytes)
{
	hm_str file = in(rel);

	assert_ok(hm_dir_make_all(hm_path_dir(&arena, file).p, &err), &err);
	assert_ok(hm_file_write(file.p, bytes, 0644, &err), &err);
}

static void
put(const char *rel, const char *text)
{
	put_bytes(rel, hm_str_of(text));
}

/* The .info, .mod and .zip of path@version at the proxy. */
static void
serve(const char *path, const char *version, const char *gomod, const struct zip_entry *e, size_t n)
{
	struct hm_buf zip = { 0 };
	const char *at = hm_arena_printf(&arena, "proxy/%s/@v/%s", path, version).p;

	zip_make(&zip, e, n);
	put(hm_arena_printf(&arena, "%s.info", at).p,
	    hm_arena_printf(&arena, "{\"Version\":\"%s\",\"Time\":\"2020-01-02T03:04:05Z\"}\n",
	                    version)
	            .p);
	put(hm_arena_printf(&arena, "%s.mod", at).p, gomod);
	put_bytes(hm_arena_printf(&arena, "%s.zip", at).p, hm_buf_str(&zip));
	hm_buf_free(&zip);
}

#define P "example.com/m@v1.0.0/"
static const struct zip_entry good[] = {
	{ .name = P "go.mod", .text = "module example.com/m\n" },
	{ .name = P "m.go", .text = "package m\n", .deflate = true },
	{ .name = P "sub/x.go", .text = "package sub\n" },
};
static const struct hm_modver m = { HM_S_INIT("example.com/m"), HM_S_INIT("v1.0.0") };

static void
serve_good(void)
{
	serve("example.com/m", "v1.0.0", "module example.com/m\n", good, 3);
}

static hm_str
content(const char *rel)
{
	hm_str text = { 0 };

	hm_err_clear(&err);
	if (hm_file_read(&arena, in(rel).p, 1 << 20, &text, &err))
		text = HM_S("(none)");
	hm_err_clear(&err);
	return text;
}

/* Names below cache/download/example.com/m/@v and example.com, in one line. */
static hm_str
cached(void)
{
	static const char *const folders[] = { "mod/cache/download/example.com/m/@v",
		                               "mod/example.com" };
	struct hm_strs names = { 0 };

	for (int i = 0; i < 2; i++) {
		struct hm_dirents e = { 0 };

		hm_dir_read(&arena, in(folders[i]).p, &e, &err);
		for (size_t k = 0; k < e.n; k++)
			HM_PUSH(&arena, names, e.v[k].name);
	}
	hm_err_clear(&err);
	return hm_strs_join(&arena, &names, HM_S(" "));
}

static void
test_dir(void **state)
{
	struct hm_acquire *ac = start();
	struct stat st;
	hm_str got, again;

	(void)state;
	serve_good();
	assert_int_equal(hm_acquire_local_dir(ac, m, &got, &err), -1);
	assert_int_equal(err.code, HM_ENOTFOUND);
	hm_err_clear(&err);
	assert_ok(hm_acquire_dir(ac, m, &got, &err), &err);
	assert_str(got, in("mod/example.com/m@v1.0.0").p);
	assert_ok(hm_acquire_dir(ac, m, &again, &err), &err);
	assert_ptr_equal(got.p, again.p);
	assert_ok(hm_acquire_local_dir(ac, m, &again, &err), &err);
	assert_true(hm_str_eq(got, again));
	assert_str(content("mod/example.com/m@v1.0.0/sub/x.go"), "package sub\n");
	/* a tree alone needs no .info and no .mod */
	assert_str(cached(), "v1.0.0.lock v1.0.0.zip v1.0.0.ziphash m@v1.0.0");
	assert_true(hm_str_eq(hm_acquire_sum(ac, m),
	                      content("mod/cache/download/example.com/m/@v/v1.0.0.ziphash")));
	assert_int_equal(stat(in("mod/example.com/m@v1.0.0/m.go").p, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal(stat(in("mod/example.com/m@v1.0.0/sub").p, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0555);
	hm_acquire_free(ac);
}

static void
test_download(void **state)
{
	struct hm_acquire *ac = start();
	const struct hm_acquire_info *info;
	struct hm_acquire_download d;
	hm_str data;

	(void)state;
	serve_good();
	assert_ok(hm_acquire_download(ac, m, &d, &err), &err);
	assert_str(cached(), "list v1.0.0.info v1.0.0.lock v1.0.0.mod v1.0.0.zip v1.0.0.ziphash "
	                     "m@v1.0.0");
	assert_str(content("mod/cache/download/example.com/m/@v/list"), "v1.0.0\n");
	assert_str(content("mod/cache/download/example.com/m/@v/v1.0.0.info"),
	           "{\"Version\":\"v1.0.0\",\"Time\":\"2020-01-02T03:04:05Z\"}");
	assert_str(d.zip, in("mod/cache/download/example.com/m/@v/v1.0.0.zip").p);
	assert_str(d.info, in("mod/cache/download/example.com/m/@v/v1.0.0.info").p);
	assert_str(d.dir, in("mod/example.com/m@v1.0.0").p);
	assert_true(hm_str_eq(d.gomod_sum, hm_h1_gomod(&arena, HM_S("module example.com/m\n"))));
	hm_acquire_free(ac);

	/* from the cache alone: the proxy is gone */
	assert_ok(hm_dir_remove_all(in("proxy").p, true, &err), &err);
	ac = start();
	assert_ok(hm_acquire_download(ac, m, &d, &err), &err);
	assert_ok(hm_acquire_gomod(ac, m.path, m.version, &data, &err), &err);
	assert_str(data, "module example.com/m\n");
	assert_ok(hm_acquire_info(ac, m.path, m.version, &info, &err), &err);
	assert_str(hm_time_rfc3339(&arena, info->time), "2020-01-02T03:04:05Z");
	hm_acquire_free(ac);
}

/* Each of the parts is brought back when it alone is gone. */
static void
test_missing_parts(void **state)
{
	static const char *const parts[] = { "cache/download/example.com/m/@v/v1.0.0.info",
		                             "cache/download/example.com/m/@v/v1.0.0.mod",
		                             "cache/download/example.com/m/@v/v1.0.0.zip",
		                             "cache/download/example.com/m/@v/v1.0.0.ziphash",
		                             "example.com/m@v1.0.0" };
	struct hm_acquire_download d;
	struct hm_acquire *ac;
	hm_str all = { 0 };

	(void)state;
	serve_good();
	for (size_t i = 0; i <= sizeof(parts) / sizeof(*parts); i++) {
		ac = start();
		assert_ok(hm_acquire_download(ac, m, &d, &err), &err);
		hm_acquire_free(ac);
		if (i == 0)
			all = cached();
		assert_true(hm_str_eq(cached(), all));
		if (i < sizeof(parts) / sizeof(*parts))
			assert_ok(hm_dir_remove_all(
					  hm_path_cat(&arena, in("mod"), hm_str_of(parts[i])).p,
					  true, &err),
			          &err);
	}
}

static void
test_go_sum_mismatch(void **state)
{
	struct hm_sums_conf sc = { .file = in("go.sum") };
	struct hm_acquire *ac = start();
	struct hm_acquire_download d;
	hm_str got, text;

	(void)state;
	serve_good();
	put("go.sum", "example.com/m v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	hm_acquire_set_sums(ac, hm_sums_new(&sc));
	assert_int_equal(hm_acquire_dir(ac, m, &got, &err), -1);
	assert_int_equal(err.code, HM_ESECURITY);
	text = hm_err_str(&err);
	assert_true(hm_str_has_prefix(
		text,
		HM_S("verifying example.com/m@v1.0.0: checksum mismatch\n\tdownloaded: h1:")));
	assert_true(hm_str_contains(text, HM_S("\n\tgo.sum:     h1:AAAA")));
	assert_true(hm_str_contains(text, HM_S("\nSECURITY ERROR\n")));
	hm_err_clear(&err);
	assert_str(cached(), "v1.0.0.lock"); /* nothing is kept */
	hm_acquire_free(ac);

	ac = start();
	put("go.sum",
	    "example.com/m v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	hm_acquire_set_sums(ac, hm_sums_new(&sc));
	assert_int_equal(hm_acquire_download(ac, m, &d, &err), -1);
	assert_int_equal(err.code, HM_ESECURITY);
	assert_true(hm_str_has_prefix(
		hm_err_str(&err),
		HM_S("verifying example.com/m@v1.0.0/go.mod: checksum mismatch\n")));
	hm_err_clear(&err);
	assert_str(cached(), "v1.0.0.info v1.0.0.lock");
	hm_acquire_free(ac);
}

/* Wrong zips: go's text, and nothing stays. */
static void
test_bad_zips(void **state)
{
	static const struct {
		struct zip_entry e[2];
		const char *want;
	} cases[] = {
		{ { { .name = P "a", .text = "x" }, { .name = "b", .text = "x" } },
		  "zip for example.com/m@v1.0.0 has unexpected file b" },
		{ { { .name = P "../a", .text = "x" }, { .name = P "b", .text = "x" } },
		  P "../a: malformed file path \"../a\": invalid path element \"..\"" },
		{ { { .name = P "a", .text = "x" }, { .name = P "a", .text = "y" } },
		  P "a: multiple entries for file \"a\"" },
		{ { { .name = P "a", .text = "x" }, { .name = P "A", .text = "y" } },
		  P "A: case-insensitive file name collision: \"a\" and \"A\"" },
		{ { { .name = P "a", .text = "x" }, { .name = P "b", .text = "y", .crc_off = 1 } },
		  "zip: checksum error" },
		{ { { .name = P "a", .text = "x" },
		    { .name = P "b", .text = "y", .deflate = true, .claim = 0xfffffffe } },
		  "unexpected EOF" },
		{ { { .name = P "a", .text = "x" }, { .name = P "b", .text = "y", .claim = 2 } },
		  "unexpected EOF" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hm_acquire *ac = start();
		hm_str got, text;

		serve("example.com/m", "v1.0.0", "module example.com/m\n", cases[i].e, 2);
		assert_int_equal(hm_acquire_dir(ac, m, &got, &err), -1);
		text = hm_err_str(&err);
		if (!hm_str_has_suffix(text, hm_str_of(cases[i].want)))
			fail_msg("got \"" HM_F "\", want \"...%s\"", HM_P(text), cases[i].want);
		hm_err_clear(&err);
		assert_str(cached(), "v1.0.0.lock");
		hm_acquire_free(ac);
	}
}

static void
test_truncated_zip(void **state)
{
	hm_str zip;

	(void)state;
	serve_good();
	zip = content("proxy/example.com/m/@v/v1.0.0.zip");
	for (size_t n = 0; n < zip.n; n += 7) {
		struct hm_acquire *ac = start();
		hm_str got;

		put_bytes("proxy/example.com/m/@v/v1.0.0.zip", hm_str_sub(zip, 0, n));
		assert_int_equal(hm_acquire_dir(ac, m, &got, &err), -1);
		assert_str(hm_err_str(&err), "example.com/m@v1.0.0: zip: not a valid zip file");
		hm_err_clear(&err);
		assert_str(cached(), "v1.0.0.lock");
		hm_acquire_free(ac);
	}
}

/* What go leaves when it dies in the middle of an extraction, and an older hermod. */
static void
test_remains(void **state)
{
	struct hm_acquire *ac = start();
	hm_str got;

	(void)state;
	serve_good();
	put("mod/cache/download/example.com/m/@v/v1.0.0.partial", "");
	put("mod/cache/download/example.com/m/@v/v1.0.0.zip123.tmp", "half");
	put("mod/example.com/m@v1.0.0/junk/file", "half");
	put("mod/example.com/m@v1.0.0.tmp-77/file", "half");
	assert_int_equal(chmod(in("mod/example.com/m@v1.0.0/junk").p, 0555), 0);
	assert_ok(hm_acquire_dir(ac, m, &got, &err), &err);
	assert_str(cached(), "v1.0.0.lock v1.0.0.zip v1.0.0.ziphash m@v1.0.0");
	assert_str(content("mod/example.com/m@v1.0.0/junk/file"), "(none)");
	assert_str(content("mod/example.com/m@v1.0.0/m.go"), "package m\n");
	hm_acquire_free(ac);
}

static void
test_changed_zip(void **state)
{
	struct zip_entry other[] = { good[0], good[1] };
	struct hm_acquire *ac = start();
	struct hm_buf zip = { 0 };
	hm_str got;

	(void)state;
	serve_good();
	assert_ok(hm_acquire_zip(ac, m, &got, &err), &err);
	assert_str(cached(), "v1.0.0.lock v1.0.0.zip v1.0.0.ziphash");
	hm_acquire_free(ac);
	zip_make(&zip, other, 2);
	put_bytes("mod/cache/download/example.com/m/@v/v1.0.0.zip", hm_buf_str(&zip));
	hm_buf_free(&zip);
	ac = start();
	assert_int_equal(hm_acquire_dir(ac, m, &got, &err), -1);
	assert_true(hm_str_has_prefix(hm_err_str(&err),
	                              HM_S("example.com/m v1.0.0: zip has been modified (/")));
	hm_err_clear(&err);
	assert_str(cached(), "v1.0.0.lock v1.0.0.zip v1.0.0.ziphash");
	hm_acquire_free(ac);
}

static void
test_too_new(void **state)
{
	struct zip_entry e = { .name = P "go.mod",
		               .text = "module example.com/m\ngo 1.99 // soon\n" };
	struct hm_acquire *ac = start();
	hm_str got;

	(void)state;
	serve("example.com/m", "v1.0.0", e.text, &e, 1);
	assert_int_equal(hm_acquire_dir(ac, m, &got, &err), -1);
	assert_int_equal(err.code, HM_ETOOLCHAIN);
	assert_true(hm_str_has_prefix(
		hm_err_str(&err), HM_S("example.com/m@v1.0.0 requires go >= 1.99 (running go ")));
	assert_str(hm_acquire_need_go(ac), "1.99");
	hm_err_clear(&err);
	hm_acquire_free(ac);
}

static void
test_questions(void **state)
{
	struct hm_acquire *ac = start();
	const struct hm_acquire_info *info;
	struct hm_acquire_list list;
	hm_str data;

	(void)state;
	serve_good();
	put("proxy/example.com/m/@v/list",
	    "v1.0.0\nv1.10.0\nv1.9.0\nv0.0.0-20200101000000-abcdefabcdef\n");
	put("proxy/example.com/m/@v/main.info", "{\"Version\":\"v1.0.0\"}");
	assert_ok(hm_acquire_versions(ac, m.path, HM_S(""), &list, &err), &err);
	assert_int_equal(list.n, 3);
	assert_str(list.v[2], "v1.10.0");
	assert_ok(hm_acquire_versions(ac, m.path, HM_S("v1.9"), &list, &err), &err);
	assert_int_equal(list.n, 1);
	assert_ok(hm_acquire_stat(ac, m.path, HM_S("main"), &info, &err), &err);
	assert_str(info->version, "v1.0.0");
	/* what was learnt of main is kept under its version, without a time */
	assert_str(content("mod/cache/download/example.com/m/@v/v1.0.0.info"),
	           "{\"Version\":\"v1.0.0\",\"Time\":\"0001-01-01T00:00:00Z\"}");
	assert_ok(hm_acquire_gomod(ac, m.path, HM_S("main"), &data, &err), &err);
	assert_str(data, "module example.com/m\n");
	assert_int_equal(hm_acquire_stat(ac, m.path, HM_S("v1.1.1"), &info, &err), -1);
	assert_true(hm_acquire_not_exist(&err));
	assert_true(hm_str_has_prefix(hm_err_str(&err),
	                              HM_S("example.com/m@v1.1.1: reading file:///")));
	hm_err_clear(&err);
	assert_int_equal(hm_acquire_info(ac, m.path, HM_S("main"), &info, &err), -1);
	assert_str(hm_err_str(&err), "invalid version \"main\"");
	hm_err_clear(&err);
	hm_acquire_free(ac);
}

static void
test_lookup_disabled(void **state)
{
	struct hm_acquire *ac = start();
	const struct hm_acquire_info *info;

	(void)state;
	serve_good();
	hm_acquire_disable_lookup(ac, HM_S("vendor"), HM_S("because"));
	assert_int_equal(hm_acquire_stat(ac, m.path, HM_S("v1.0.0"), &info, &err), -1);
	assert_str(hm_err_str(&err), "module lookup disabled by -mod=vendor\n\t(because)");
	hm_err_clear(&err);
	hm_acquire_free(ac);
}

/* Many threads, few modules: each is fetched once and all get the same answer. */
enum { ASKERS = 16 };
struct asker {
	struct hm_acquire *ac;
	hm_str dirs[ASKERS];
};

static void
ask(void *ctx, size_t i)
{
	struct asker *a = ctx;
	struct hm_err e = { 0 };

	hm_acquire_dir(a->ac, m, &a->dirs[i], &e);
	hm_err_free(&e);
}

static void
test_threads(void **state)
{
	struct asker a = { .ac = start() };

	(void)state;
	serve_good();
	hm_pool_each(ASKERS, ASKERS, ask, &a);
	for (int i = 0; i < ASKERS; i++) {
		assert_int_not_equal(a.dirs[i].n, 0);
		assert_ptr_equal(a.dirs[i].p, a.dirs[0].p);
	}
	hm_acquire_free(a.ac);
}

/* A module large enough to be interrupted. */
enum { BIG = 400 };

static void
serve_big(void)
{
	struct zip_entry *e = hm_arena_array(&arena, BIG, sizeof(*e));
	char *text = hm_arena_alloc(&arena, 20001);

	memset(text, 'x', 20000);
	for (int i = 0; i < BIG; i++)
		e[i] = (struct zip_entry){
			.name = hm_arena_printf(&arena, P "d%d/f%d", i % 20, i).p, .text = text + i
		};
	serve("example.com/m", "v1.0.0", "module example.com/m\n", e, BIG);
}

static void
child(void)
{
	struct hm_acquire *ac = start();
	struct hm_err e = { 0 };
	hm_str got;
	int rc = hm_acquire_dir(ac, m, &got, &e);

	_exit(rc ? 1 : 0);
}

/* The tree's hash, which is the zip's, too. */
static void
check_big(void)
{
	hm_str h1;

	assert_ok(hm_h1_dir(&arena, in("mod/example.com/m@v1.0.0").p, HM_S("example.com/m@v1.0.0"),
	                    1, &h1, &err),
	          &err);
	assert_true(hm_str_eq(h1, content("mod/cache/download/example.com/m/@v/v1.0.0.ziphash")));
	assert_str(cached(), "v1.0.0.lock v1.0.0.zip v1.0.0.ziphash m@v1.0.0");
}

static void
test_processes(void **state)
{
	enum { N = 4 };
	int status;

	(void)state;
	serve_big();
	for (int i = 0; i < N; i++)
		if (fork() == 0)
			child();
	for (int i = 0; i < N; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	check_big();
}

static void
test_killed(void **state)
{
	(void)state;
	serve_big();
	for (unsigned ms = 0; ms < 40; ms += 3) {
		struct hm_acquire *ac;
		pid_t pid = fork();
		hm_str got;

		if (pid == 0)
			child();
		hm_clock_sleep_ms(ms);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		/* at no moment does anything stand under the final name that is not whole */
		if (hm_file_is_dir(in("mod/example.com/m@v1.0.0").p))
			check_big();
		ac = start();
		assert_ok(hm_acquire_dir(ac, m, &got, &err), &err);
		hm_acquire_free(ac);
		check_big();
		assert_ok(hm_dir_remove_all(in("mod").p, true, &err), &err);
	}
}

#define T "golang.org/toolchain@v0.0.1-go1.99.0.linux-amd64/"

static void
test_toolchain(void **state)
{
	static const struct zip_entry e[] = {
		{ .name = T "bin/go", .text = "#!/bin/sh\n" },
		{ .name = T "bin/gofmt", .text = "#!/bin/sh\n" },
		{ .name = T "pkg/tool/linux_amd64/compile", .text = "x" },
		{ .name = T "lib/wasm/go_js_wasm_exec", .text = "x" },
		{ .name = T "lib/time/zoneinfo.zip", .text = "x" },
		{ .name = T "src/_go.mod", .text = "module std\n" },
		{ .name = T "src/cmd/_go.mod", .text = "module cmd\n" },
		{ .name = T "VERSION", .text = "go1.99.0\n" },
	};
	static const struct {
		const char *rel;
		unsigned mode;
	} modes[] = { { "bin/go", 0555 },
		      { "bin/gofmt", 0555 },
		      { "pkg/tool/linux_amd64/compile", 0555 },
		      { "lib/wasm/go_js_wasm_exec", 0555 },
		      { "lib/time/zoneinfo.zip", 0444 },
		      { "src/go.mod", 0444 },
		      { "src", 0555 },
		      { "src/cmd", 0555 } };
	struct hm_acquire *ac = start();
	hm_str root, text;

	(void)state;
	conf->gohostos = HM_S("linux");
	conf->gohostarch = HM_S("amd64");
	serve("golang.org/toolchain", "v0.0.1-go1.99.0.linux-amd64",
	      "module golang.org/toolchain\n", e, 8);
	for (int round = 0; round < 2; round++) {
		assert_ok(hm_acquire_toolchain(ac, HM_S("go1.99.0"), &root, &err), &err);
		for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
			struct stat st;

			assert_int_equal(
				stat(hm_path_cat(&arena, root, hm_str_of(modes[i].rel)).p, &st), 0);
			assert_int_equal(st.st_mode & 07777, modes[i].mode);
		}
		assert_ok(hm_file_read(&arena, hm_path_cat(&arena, root, HM_S("src/cmd/go.mod")).p,
		                       100, &text, &err),
		          &err);
		assert_str(text, "module cmd\n");
	}
	assert_int_equal(hm_acquire_toolchain(ac, HM_S("go1.98.0"), &root, &err), -1);
	assert_str(hm_err_str(&err), "download go1.98.0 for linux/amd64: toolchain not available");
	hm_err_clear(&err);
	assert_int_equal(hm_acquire_toolchain(ac, HM_S("go1.98"), &root, &err), -1);
	assert_str(hm_err_str(&err), "invalid toolchain: go1.98 is a language version but not a "
	                             "toolchain version (go1.98.x)");
	hm_err_clear(&err);
	hm_acquire_free(ac);
}

static void
test_releases(void **state)
{
	struct hm_acquire *ac = start();
	const struct hm_acquire_info *info;
	struct hm_acquire_list list;

	(void)state;
	put("proxy/golang.org/toolchain/@v/list",
	    "v0.0.1-go1.99.0.linux-amd64\nv0.0.1-go1.99.0.windows-386\nv0.0.1-go1.9.2.linux-amd64\n"
	    "v0.0.1-go1.99rc1.linux-amd64\n");
	put("proxy/golang.org/toolchain/@v/v0.0.1-go1.99.0.linux-amd64.info",
	    "{\"Version\":\"v0.0.1-go1.99.0.linux-amd64\",\"Time\":\"2020-01-02T03:04:05Z\"}");
	assert_ok(hm_acquire_versions(ac, HM_S("go"), HM_S(""), &list, &err), &err);
	assert_int_equal(list.n, 4);
	assert_str(list.v[0], "1.9.2");
	assert_str(list.v[2], "1.99rc1");
	assert_str(list.v[3], "1.99.0");
	assert_ok(hm_acquire_latest(ac, HM_S("toolchain"), &info, &err), &err);
	assert_str(info->version, "go1.99.0");
	assert_ok(hm_acquire_stat(ac, HM_S("go"), HM_S("1.20"), &info, &err), &err);
	assert_str(info->version, "1.20");
	assert_int_equal(hm_acquire_stat(ac, HM_S("go"), HM_S("1.99"), &info, &err), -1);
	assert_str(hm_err_str(&err), "go language version 1.99 is not a toolchain version");
	hm_err_clear(&err);
	hm_acquire_free(ac);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
test_acquire_acquire(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_dir),
		CASE(test_download),
		CASE(test_missing_parts),
		CASE(test_go_sum_mismatch),
		CASE(test_bad_zips),
		CASE(test_truncated_zip),
		CASE(test_remains),
		CASE(test_changed_zip),
		CASE(test_too_new),
		CASE(test_questions),
		CASE(test_lookup_disabled),
		CASE(test_threads),
		CASE(test_processes),
		CASE(test_killed),
		CASE(test_toolchain),
		CASE(test_releases),
	};

	return cmocka_run_group_tests_name("acquire/acquire", tests, NULL, NULL);
}
