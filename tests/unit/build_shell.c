#include "unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "build/builder.h"
#include "build/shell.h"
#include "os/file.h"

struct fx {
	struct hm_arena a;
	struct hm_err err;
	struct hm_builder b;
	struct hm_pkg pkg;
	struct hm_action act;
	struct hm_buf shown;
	hm_str dir;
};

static void
print(void *ctx, const struct hm_pkg *p, hm_str text)
{
	struct fx *f = ctx;

	(void)p;
	hm_buf_adds(&f->shown, text);
}

static int
setup(void **state)
{
	struct fx *f = calloc(1, sizeof(*f));

	assert_ok(hm_dir_make_temp(&f->a, "/tmp", "hm-shell-", &f->dir, &f->err), &f->err);
	f->b.o.cwd = HM_S("/src/m");
	f->b.o.ui = (struct hm_build_ui){ .print = print, .error = print, .ctx = f };
	f->b.workdir = HM_S("/tmp/go-build1");
	f->b.shell = hm_shell_new();
	assert_ok(hm_cache_open(hm_path_cat(&f->a, f->dir, HM_S("cache")), &f->b.cache, &f->err),
	          &f->err);
	f->pkg = (struct hm_pkg){ .import_path = HM_S("m/a"), .dir = HM_S("/src/m/a") };
	f->act = (struct hm_action){ .builder = &f->b, .pkg = &f->pkg };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fx *f = *state;

	hm_shell_free(f->b.shell);
	hm_cache_free(f->b.cache);
	assert_ok(hm_dir_remove_all(f->dir.p, true, &f->err), &f->err);
	hm_buf_free(&f->shown);
	hm_buf_free(&f->act.output);
	hm_arena_free(&f->act.arena);
	hm_err_free(&f->err);
	hm_arena_free(&f->a);
	free(f);
	return 0;
}

static void
words(void **state)
{
	struct hm_arena a = { 0 };
	hm_str w[] = { HM_S("asm"),  HM_S(""),      HM_S("a b"), HM_S("x=>y;"),
		       HM_S("q\"t"), HM_S("tab\t"), HM_S("(") };
	struct hm_strs s = { w, 7, 7 };

	(void)state;
	assert_str(hm_shell_join(&a, &s), "asm \"\" \"a b\" \"x=>y;\" \"q\\\"t\" \"tab\\t\" \"(\"");
	hm_arena_free(&a);
}

static void
show(void **state)
{
	struct fx *f = *state;

	hm_shell_show(&f->act, HM_S(""), "mkdir -p /tmp/go-build1/b001/");
	hm_shell_show(&f->act, HM_S("/src/m/a"), "asm -I /src/m/a/inc /src/m/a -o/src/m/a");
	hm_shell_show(&f->act, HM_S("/src/m/a"), "again /src/m/a");
	hm_shell_show(&f->act, HM_S("."), "link ./x");
	hm_shell_show(&f->act, HM_S("/tmp/go-build1/b001/"), "x /tmp/go-build1/b001/y");
	hm_shell_show(&f->act, HM_S(""), "cat >/tmp/go-build1/cfg");
	assert_str(hm_buf_str(&f->shown),
	           "mkdir -p $WORK/b001/\n"
	           "cd /src/m/a\n"
	           "asm -I ./inc . -o/src/m/a\n"
	           "again .\n"
	           "cd .\n"
	           "link ./x\n"
	           "cd $WORK/b001/\n"
	           "x $WORK/b001/y\n"
	           "cat >/tmp/go-build1/cfg\n");
}

static void
report(void **state)
{
	struct fx *f = *state;
	struct hm_shell_out out = { .text = HM_S("") };

	assert_ok(hm_shell_report(&f->act, HM_S(""), HM_S(""), &out, &f->err), &f->err);
	out.text = HM_S("/src/m/a/x.go:1: odd\n\tin /src/m/b/y.go, not /lib/src/m/a");
	assert_ok(hm_shell_report(&f->act, HM_S(""), HM_S(""), &out, &f->err), &f->err);
	assert_str(hm_buf_str(&f->act.output),
	           "# m/a\na/x.go:1: odd\n\tin ./b/y.go, not /lib/src/m/a\n");
	hm_shell_flush(&f->act);
	assert_str(hm_buf_str(&f->shown),
	           "# m/a\na/x.go:1: odd\n\tin ./b/y.go, not /lib/src/m/a\n");

	out.failed = true;
	out.why = HM_S("compile: exit status 2");
	out.text = HM_S("/tmp/go-build1/b001/z.go:2: bad\n");
	assert_int_equal(hm_shell_report(&f->act, HM_S("m/a.pgo"), HM_S("."), &out, &f->err), -1);
	assert_int_equal(f->err.code, HM_EBUILD);
	assert_str(hm_err_str(&f->err), "# m/a\n# [m/a.pgo]\n$WORK/b001/z.go:2: bad\n");
	hm_err_clear(&f->err);
	out.text = HM_S("");
	assert_int_equal(hm_shell_report(&f->act, HM_S(""), HM_S(""), &out, &f->err), -1);
	assert_str(hm_err_str(&f->err), "compile: exit status 2");
	hm_err_clear(&f->err);
}

static hm_str
path(struct fx *f, const char *name)
{
	return hm_path_cat(&f->a, f->dir, hm_str_of(name));
}

static void
put(struct fx *f, const char *name, const char *text)
{
	assert_ok(hm_file_write(path(f, name).p, hm_str_of(text), 0644, &f->err), &f->err);
}

static void
expect_file(struct fx *f, const char *name, const char *text, mode_t mode)
{
	struct stat st;
	hm_str got;

	assert_ok(hm_file_read(&f->a, path(f, name).p, 1000, &got, &f->err), &f->err);
	assert_str(got, text);
	assert_int_equal(stat(path(f, name).p, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void
move_and_copy(void **state)
{
	struct fx *f = *state;
	mode_t mask = umask(027);
	struct hm_dirents left = { 0 };

	put(f, "exe", "\x7f" "ELF1");
	put(f, "old", "\x7f" "ELF0");
	assert_ok(hm_shell_move(&f->act, path(f, "old"), path(f, "exe"), 0777, false, &f->err),
	          &f->err);
	expect_file(f, "old", "\x7f" "ELF1", 0750);
	assert_false(hm_file_exists(path(f, "exe").p));

	put(f, "h", "#define X\n");
	put(f, "text", "precious");
	assert_int_equal(
		hm_shell_copy(&f->act, path(f, "text"), path(f, "h"), 0666, false, &f->err), -1);
	assert_str(hm_err_str(&f->err),
	           hm_arena_printf(&f->a, "build output \"" HM_F
	                           "\" already exists and is not an object file",
	                           HM_P(path(f, "text"))).p);
	hm_err_clear(&f->err);
	expect_file(f, "text", "precious", 0640);
	assert_ok(hm_shell_copy(&f->act, path(f, "text"), path(f, "h"), 0666, true, &f->err),
	          &f->err);
	expect_file(f, "text", "#define X\n", 0640);
	assert_int_equal(
		hm_shell_move(&f->act, path(f, "cache"), path(f, "h"), 0666, true, &f->err), -1);
	assert_true(hm_str_has_suffix(hm_err_str(&f->err),
	                              HM_S("\" already exists and is a directory")));
	hm_err_clear(&f->err);
	assert_int_equal(hm_shell_copy(&f->act, path(f, "no/x"), path(f, "h"), 0666, true, &f->err),
	                 -1);
	assert_str(hm_err_str(&f->err),
	           hm_arena_printf(&f->a,
	                           "copying " HM_F ": open " HM_F ": no such file or directory",
	                           HM_P(path(f, "h")), HM_P(path(f, "no/x")))
	                   .p);
	hm_err_clear(&f->err);

	/* What the cache holds stays there. */
	put(f, "cache/x", "\x7f" "ELF2");
	assert_ok(hm_shell_move(&f->act, path(f, "old"), path(f, "cache/x"), 0777, false, &f->err),
	          &f->err);
	expect_file(f, "old", "\x7f" "ELF2", 0750);
	expect_file(f, "cache/x", "\x7f" "ELF2", 0640);
	umask(mask);

	/* No temporary file is left over. */
	assert_ok(hm_dir_read(&f->a, f->dir.p, &left, &f->err), &f->err);
	assert_int_equal(left.n, 4);
}

static void
pack(void **state)
{
	struct fx *f = *state;
	hm_str w[] = { path(f, "odd.o"), path(f, "a_name_that_is_too_long.o") };
	struct hm_strs objs = { w, 2, 2 };

	put(f, "x.a", "!<arch>\n");
	put(f, "odd.o", "abc");
	put(f, "a_name_that_is_too_long.o", "defg");
	assert_ok(hm_pack_append(&f->a, path(f, "x.a"), &objs, &f->err), &f->err);
	hm_str got;
	assert_ok(hm_file_read(&f->a, path(f, "x.a").p, 1000, &got, &f->err), &f->err);
	static const char want[] =
		"!<arch>\n"
		"odd.o           0           0     0     644     3         `\nabc\0"
		"a_name_that_is_t0           0     0     644     4         `\ndefg";
	assert_int_equal(got.n, sizeof(want) - 1);
	assert_memory_equal(got.p, want, got.n);
}

int
test_build_shell(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test_setup_teardown(show, setup, teardown),
		cmocka_unit_test_setup_teardown(report, setup, teardown),
		cmocka_unit_test_setup_teardown(move_and_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(pack, setup, teardown),
	};

	return cmocka_run_group_tests_name("build/shell", tests, NULL, NULL);
}
