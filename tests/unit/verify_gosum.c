#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "os/file.h"
#include "verify/gosum.h"

#define H1 "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define H2 "h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
#define H3 "h1:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA="
#define LINE(mod, hash) mod " " hash "\n"
#define ADVICE                                                                               \
	"\n\nSECURITY ERROR\n"                                                               \
	"This download does NOT match an earlier download recorded in go.sum.\n"             \
	"The bits may have been replaced on the origin server, or an attacker may\n"         \
	"have intercepted the download attempt.\n\n"                                         \
	"For more information, see 'go help module-auth'.\n"

struct fixture {
	struct hm_arena a;
	struct hm_err err;
	hm_str dir, file, one, two; /* go.sum and those of two workspace modules */
	struct hm_sums *s;
	struct hm_map keep;
	hm_str logged;
};

static void
log_line(void *ctx, enum hm_log_level level, hm_str line)
{
	struct fixture *f = ctx;

	assert_int_equal(level, HM_LOG_WARN);
	f->logged = hm_arena_dup(&f->a, line);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_ok(hm_dir_make_temp(&f->a, "/tmp", "hm-gosum-", &f->dir, &f->err), &f->err);
	f->file = hm_arena_printf(&f->a, HM_F "/go.sum", HM_P(f->dir));
	f->one = hm_arena_printf(&f->a, HM_F "/one.sum", HM_P(f->dir));
	f->two = hm_arena_printf(&f->a, HM_F "/two.sum", HM_P(f->dir));
	f->keep.arena = &f->a;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	hm_sums_free(f->s);
	hm_err_free(&f->err);
	hm_dir_remove_all(f->dir.p, true, &f->err);
	hm_arena_free(&f->a);
	free(f);
	return 0;
}

static void
put_file(struct fixture *f, hm_str path, const char *text)
{
	assert_ok(hm_file_write(path.p, hm_str_of(text), 0644, &f->err), &f->err);
}

static void
start(struct fixture *f, const struct hm_sums_conf *more)
{
	static struct hm_log log;
	struct hm_sums_conf conf = more ? *more : (struct hm_sums_conf){ .tidying = false };

	log = (struct hm_log){ .write = log_line, .ctx = f };
	if (conf.file.n == 0)
		conf.file = f->file;
	conf.log = &log;
	hm_sums_free(f->s);
	f->s = hm_sums_new(&conf);
}

static void
start_workspace(struct fixture *f, const char *one, const char *two)
{
	hm_str files[2] = { f->one, f->two };
	struct hm_sums_conf conf = { .workspace = files, .n_workspace = 2 };

	put_file(f, f->one, one);
	put_file(f, f->two, two);
	f->file = hm_arena_printf(&f->a, HM_F "/go.work.sum", HM_P(f->dir));
	start(f, &conf);
}

static void
expect_have(struct fixture *f, const char *path, const char *version, bool want)
{
	bool have;

	assert_ok(hm_sums_have(f->s, hm_str_of(path), hm_str_of(version), &have, &f->err), &f->err);
	assert_int_equal(have, want);
}

static bool
check(struct fixture *f, const char *path, const char *version, const char *hash)
{
	bool listed;

	assert_ok(hm_sums_check(f->s, hm_str_of(path), hm_str_of(version), hm_str_of(hash), &listed,
	                        &f->err),
	          &f->err);
	return listed;
}

static void
add(struct fixture *f, const char *path, const char *version, const char *hash)
{
	assert_false(check(f, path, version, hash));
	assert_ok(hm_sums_add(f->s, hm_str_of(path), hm_str_of(version), hm_str_of(hash), &f->err),
	          &f->err);
}

static void
keep(struct fixture *f, const char *path, const char *version)
{
	hm_map_add(&f->keep, hm_sums_key(&f->a, hm_str_of(path), hm_str_of(version)));
}

static void
expect_file(struct fixture *f, const char *want)
{
	hm_str got;

	assert_ok(hm_file_read(&f->a, f->file.p, 1 << 20, &got, &f->err), &f->err);
	assert_str(got, want);
}

static void
expect_write(struct fixture *f, const char *want)
{
	assert_ok(hm_sums_write(f->s, &f->keep, false, &f->err), &f->err);
	expect_file(f, want);
}

static void
lookups(void **state)
{
	struct fixture *f = *state;
	hm_str sum;

	put_file(f, f->file,
	         "\n a v1.0.0 " H1 "\r\na v1.0.0/go.mod " H2 "\nb v1.0.0 h2:later\nc v1.0.0 " H1
	         "\nc v1.0.0 " H2
	         "\nempty v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=");
	start(f, NULL);
	expect_have(f, "a", "v1.0.0", true);
	expect_have(f, "a", "v1.0.0/go.mod", true);
	expect_have(f, "a", "v1.0.1", false);
	expect_have(f, "b", "v1.0.0", false); /* an unknown kind of hash */
	expect_have(f, "c", "v1.0.0", true);
	expect_have(f, "empty", "v1.0.0/go.mod", false);
	assert_true(hm_sums_recorded(f->s, &f->a, HM_S("a"), HM_S("v1.0.0"), &sum));
	assert_str(sum, H1);
	assert_true(hm_sums_recorded(f->s, &f->a, HM_S("x"), HM_S("v1.0.0"), &sum));
	assert_str(sum, "");
	assert_false(hm_sums_recorded(f->s, &f->a, HM_S("c"), HM_S("v1.0.0"), &sum));
	assert_true(check(f, "a", "v1.0.0", H1));
	assert_false(check(f, "x", "v1.0.0", H1));
	assert_true(check(f, "c", "v1.0.0", H1));
}

static void
not_in_use(void **state)
{
	struct fixture *f = *state;
	struct hm_sums_conf conf = { .file = HM_S_INIT("") };
	hm_str sum;

	f->s = hm_sums_new(&conf);
	expect_have(f, "a", "v1.0.0", false);
	add(f, "a", "v1.0.0", H1);
	assert_false(check(f, "a", "v1.0.0", H2));
	assert_false(hm_sums_recorded(f->s, &f->a, HM_S("a"), HM_S("v1.0.0"), &sum));
	keep(f, "a", "v1.0.0");
	assert_ok(hm_sums_write(f->s, &f->keep, true, &f->err), &f->err);
}

static void
expect_mismatch(struct fixture *f, const char *path, const char *version, const char *hash,
                const char *want)
{
	bool listed;

	assert_int_equal(hm_sums_check(f->s, hm_str_of(path), hm_str_of(version), hm_str_of(hash),
	                               &listed, &f->err),
	                 -1);
	assert_int_equal(f->err.code, HM_ESECURITY);
	hm_err_wrap(&f->err, "nothing may be put before it: ");
	assert_str(hm_err_str(&f->err), want);
	hm_err_clear(&f->err);
}

static void
mismatch(void **state)
{
	struct fixture *f = *state;

	put_file(f, f->file,
	         LINE("a v1.0.0", H1) LINE("a v1.0.0/go.mod", H2) LINE("c v1.0.0", H1)
	         LINE("c v1.0.0", H2));
	start(f, NULL);
	expect_mismatch(f, "a", "v1.0.0", H2,
	                "verifying a@v1.0.0: checksum mismatch\n\tdownloaded: " H2
	                "\n\tgo.sum:     " H1 ADVICE);
	expect_mismatch(f, "a", "v1.0.0/go.mod", H1,
	                "verifying a@v1.0.0/go.mod: checksum mismatch\n\tdownloaded: " H1
	                "\n\tgo.sum:     " H2 ADVICE);
	/* The first of two that disagree decides, as in go. */
	expect_mismatch(f, "c", "v1.0.0", H2,
	                "verifying c@v1.0.0: checksum mismatch\n\tdownloaded: " H2
	                "\n\tgo.sum:     " H1 ADVICE);
}

static void
malformed(void **state)
{
	struct fixture *f = *state;
	struct hm_sums_conf tidying = { .tidying = true };
	hm_str want = hm_arena_printf(&f->a,
	                              "malformed go.sum:\n" HM_F ":2: wrong number of fields 2",
	                              HM_P(f->file));
	bool have;

	put_file(f, f->file, "a v1.0.0 " H1 "\nb v1.0.0\n");
	start(f, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hm_sums_have(f->s, HM_S("a"), HM_S("v1.0.0"), &have, &f->err), -1);
		assert_int_equal(f->err.code, HM_ESYNTAX);
		assert_true(hm_str_has_prefix(hm_err_str(&f->err), want));
	}
	hm_err_clear(&f->err);
	start(f, &tidying);
	expect_have(f, "a", "v1.0.0", true);
	expect_have(f, "b", "v1.0.0", false);
}

static void
write_new(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	put_file(f, f->file, "b v1.0.0 " H1 "\n\nb v1.0.0/go.mod " H2 "\nzz v0.9.0 h9:odd\n");
	assert_int_equal(chmod(f->file.p, 0640), 0);
	start(f, NULL);
	keep(f, "a", "v1.0.0");
	keep(f, "a", "v1.0.0/go.mod");
	keep(f, "b", "v1.10.0");
	assert_true(check(f, "b", "v1.0.0", H1));
	/* Nothing new: the file is not touched, not even tidied. */
	expect_write(f, "b v1.0.0 " H1 "\n\nb v1.0.0/go.mod " H2 "\nzz v0.9.0 h9:odd\n");

	add(f, "unwanted", "v1.0.0", H1);
	expect_have(f, "unwanted", "v1.0.0", false);
	assert_ok(hm_sums_write(f->s, &f->keep, true, &f->err), &f->err);
	add(f, "b", "v1.10.0", H1);
	add(f, "b", "v1.9.0", H1);
	add(f, "a", "v1.0.0/go.mod", H2);
	add(f, "a", "v1.0.0", H3);
	assert_true(check(f, "a", "v1.0.0", H3));
	assert_int_equal(hm_sums_write(f->s, &f->keep, true, &f->err), -1);
	assert_int_equal(f->err.code, HM_EREADONLY);
	assert_str(hm_err_str(&f->err), "updates to go.sum needed, disabled by -mod=readonly");
	expect_write(f, LINE("a v1.0.0", H3) LINE("a v1.0.0/go.mod", H2) LINE("b v1.0.0", H1)
	             LINE("b v1.0.0/go.mod", H2) LINE("b v1.10.0", H1) LINE("zz v0.9.0", "h9:odd"));
	assert_int_equal(stat(f->file.p, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* It is clean now. */
	expect_have(f, "a", "v1.0.0", true);
	assert_ok(hm_sums_write(f->s, &f->keep, true, &f->err), &f->err);
}

static void
write_first(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	keep(f, "a", "v1.0.0");
	assert_ok(hm_sums_write(f->s, &f->keep, false, &f->err), &f->err); /* never read: no file */
	assert_false(hm_file_exists(f->file.p));
	add(f, "a", "v1.0.0", H1);
	expect_write(f, "a v1.0.0 " H1 "\n");
}

/* Another process has changed the file since it was read. */
static void
write_merges(void **state)
{
	struct fixture *f = *state;

	put_file(f, f->file, "a v1.0.0 " H1 "\nb v1.0.0 " H1 "\n");
	start(f, NULL);
	assert_true(check(f, "a", "v1.0.0", H1));
	add(f, "n", "v1.0.0", H1);
	keep(f, "a", "v1.0.0");
	keep(f, "n", "v1.0.0");
	/* b was removed, a too, x was added: what was only read is not put back. */
	put_file(f, f->file, "x v1.0.0 " H2 "\n");
	expect_write(f, "a v1.0.0 " H1 "\nn v1.0.0 " H1 "\nx v1.0.0 " H2 "\n");
}

static void
write_merge_conflict(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	add(f, "n", "v1.0.0", H1);
	keep(f, "n", "v1.0.0");
	put_file(f, f->file, "n v1.0.0 " H2 "\n");
	assert_int_equal(hm_sums_write(f->s, &f->keep, false, &f->err), -1);
	assert_int_equal(f->err.code, HM_ESECURITY);
	expect_file(f, "n v1.0.0 " H2 "\n");
}

static void
trim(void **state)
{
	struct fixture *f = *state;
	hm_str before, after;

	put_file(f, f->file, "old v1.0.0 " H1 "\na v1.0.0 " H1 "\nb v1.0.0 " H2 "\n");
	start(f, NULL);
	keep(f, "a", "v1.0.0");
	keep(f, "b", "v1.0.0");
	assert_true(check(f, "a", "v1.0.0", H1));
	assert_true(check(f, "old", "v1.0.0", H1));
	assert_ok(hm_sums_trim(f->s, &f->keep, &f->err), &f->err);
	expect_have(f, "old", "v1.0.0", false);
	assert_ok(hm_sums_tidy(f->s, &f->a, &f->keep, &before, &after, &f->err), &f->err);
	assert_str(before, "old v1.0.0 " H1 "\na v1.0.0 " H1 "\nb v1.0.0 " H2 "\n");
	assert_str(after, "a v1.0.0 " H1 "\nb v1.0.0 " H2 "\n");
	expect_write(f, "a v1.0.0 " H1 "\nb v1.0.0 " H2 "\n");
}

static void
unknown_hashes(void **state)
{
	struct fixture *f = *state;

	put_file(f, f->file, "a v1.0.0 h2:x\na v1.0.0 h3:y\n");
	start(f, NULL);
	keep(f, "a", "v1.0.0");
	add(f, "a", "v1.0.0", H1);
	assert_true(hm_str_has_prefix(
		f->logged, HM_S("warning: verifying a@v1.0.0: unknown hashes in go.sum: "
		                "h2:x, h3:y; "
	                        "adding " H1 "\n\nSECURITY WARNING\n")));
	expect_write(f, "a v1.0.0 " H1 "\na v1.0.0 h2:x\na v1.0.0 h3:y\n");
}

static void
workspace(void **state)
{
	struct fixture *f = *state;
	hm_str sum;
	hm_str mismatch_text;

	start_workspace(f, "a v1.0.0 " H1 "\nb v1.0.0 " H1 "\n",
	                "a v1.0.0 " H1 "\nb v1.0.0 " H2 "\n");
	expect_have(f, "a", "v1.0.0", true);
	assert_true(check(f, "a", "v1.0.0", H1));
	assert_true(hm_sums_recorded(f->s, &f->a, HM_S("a"), HM_S("v1.0.0"), &sum));
	assert_str(sum, H1);
	assert_false(hm_sums_recorded(f->s, &f->a, HM_S("b"), HM_S("v1.0.0"), &sum));
	mismatch_text = hm_arena_printf(&f->a,
	                                "verifying b@v1.0.0: checksum mismatch\n\tdownloaded: " H1
	                                "\n\t" HM_F ":     " H2 ADVICE,
	                                HM_P(f->two));
	expect_mismatch(f, "b", "v1.0.0", H1, mismatch_text.p);
	/* What a module's own go.sum has does not go to go.work.sum. */
	add(f, "n", "v1.0.0", H3);
	keep(f, "n", "v1.0.0");
	keep(f, "a", "v1.0.0");
	expect_write(f, "n v1.0.0 " H3 "\n");
}

static void
workspace_names(void **state)
{
	struct fixture *f = *state;

	start_workspace(f, "", "");
	put_file(f, f->file, "w v1.0.0 " H1 "\n");
	expect_mismatch(f, "w", "v1.0.0", H2,
	                "verifying w@v1.0.0: checksum mismatch\n\tdownloaded: " H2
	                "\n\tgo.work.sum:     " H1 ADVICE);
}

static void
cannot_write(void **state)
{
	struct fixture *f = *state;
	hm_str want;

	f->file = hm_arena_printf(&f->a, HM_F "/none/go.sum", HM_P(f->dir));
	start(f, NULL);
	add(f, "a", "v1.0.0", H1);
	keep(f, "a", "v1.0.0");
	assert_int_equal(hm_sums_write(f->s, &f->keep, false, &f->err), -1);
	want = hm_arena_printf(&f->a, "updating go.sum: open " HM_F ": no such file or directory",
	                       HM_P(f->file));
	assert_str(hm_err_str(&f->err), want.p);
}

/* A link is followed, and stays one. */
static void
linked_file(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	put_file(f, f->one, "b v1.0.0 " H1 "\n");
	assert_int_equal(symlink("one.sum", f->file.p), 0);
	start(f, NULL);
	add(f, "a", "v1.0.0", H1);
	keep(f, "a", "v1.0.0");
	expect_write(f, "a v1.0.0 " H1 "\nb v1.0.0 " H1 "\n");
	assert_int_equal(lstat(f->file.p, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

int
test_verify_gosum(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(lookups),         WITH(not_in_use),     WITH(mismatch),
		WITH(malformed),       WITH(write_new),      WITH(write_first),
		WITH(write_merges),    WITH(write_merge_conflict),
		WITH(trim),            WITH(unknown_hashes), WITH(workspace),
		WITH(workspace_names), WITH(cannot_write),   WITH(linked_file),
	};
#undef WITH

	return cmocka_run_group_tests_name("verify/gosum", tests, NULL, NULL);
}
