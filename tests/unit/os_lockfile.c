#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/file.h"
#include "os/lock.h"
#include "os/lockfile.h"

struct fixture {
	struct hm_arena a;
	struct hm_err err;
	hm_str dir, file;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_ok(hm_dir_make_temp(&f->a, "/tmp", "hm-lockfile-", &f->dir, &f->err), &f->err);
	f->file = hm_arena_printf(&f->a, HM_F "/f", HM_P(f->dir));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	hm_err_free(&f->err);
	hm_dir_remove_all(f->dir.p, true, &f->err);
	hm_arena_free(&f->a);
	free(f);
	return 0;
}

static void
expect(struct fixture *f, const char *path, const char *want)
{
	hm_str got;

	assert_ok(hm_lockfile_read(&f->a, path, 1 << 20, &got, &f->err), &f->err);
	assert_str(got, want);
}

static void
replace(struct fixture *f, const char *was, const char *now)
{
	hm_str had;
	int fd;

	assert_ok(hm_lockfile_edit(&f->a, f->file.p, 1 << 20, &fd, &had, &f->err), &f->err);
	assert_str(had, was);
	assert_ok(hm_lockfile_replace(fd, f->file.p, had, hm_str_of(now), &f->err), &f->err);
	hm_lock_release(fd);
	expect(f, f->file.p, now);
}

static void
read_and_replace(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	hm_str none;

	assert_int_equal(hm_lockfile_read(&f->a, f->file.p, 10, &none, &f->err), -1);
	assert_int_equal(f->err.code, HM_ENOTFOUND);
	assert_false(hm_file_exists(f->file.p));
	replace(f, "", "one");
	assert_int_equal(chmod(f->file.p, 0600), 0);
	replace(f, "one", "a longer text");
	replace(f, "a longer text", "");
	assert_int_equal(stat(f->file.p, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* A file with two names is written in place, so that both show the new content. */
static void
two_names(void **state)
{
	struct fixture *f = *state;
	hm_str other = hm_arena_printf(&f->a, HM_F "/g", HM_P(f->dir));

	replace(f, "", "some text");
	assert_int_equal(link(f->file.p, other.p), 0);
	replace(f, "some text", "more text than before");
	expect(f, other.p, "more text than before");
	replace(f, "more text than before", "less");
	expect(f, other.p, "less");
}

static void
cannot(void **state)
{
	struct fixture *f = *state;
	hm_str path = hm_arena_printf(&f->a, HM_F "/none/f", HM_P(f->dir)), was, want;
	int fd;

	assert_int_equal(hm_lockfile_edit(&f->a, path.p, 10, &fd, &was, &f->err), -1);
	want = hm_arena_printf(&f->a, "open " HM_F ": no such file or directory", HM_P(path));
	assert_str(hm_err_str(&f->err), want.p);
	assert_int_equal(fd, -1);
	replace(f, "", "0123456789");
	assert_int_equal(hm_lockfile_edit(&f->a, f->file.p, 5, &fd, &was, &f->err), -1);
	assert_int_equal(f->err.code, HM_ELIMIT);
	assert_int_equal(fd, -1);
}

enum { THREADS = 4, ROUNDS = 100 };

/* Appends a byte, again and again; none may get lost to a file that was replaced meanwhile. */
static void *
append(void *arg)
{
	struct fixture *f = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct hm_arena a = { 0 };
		struct hm_err err = { 0 };
		hm_str was, now;
		int fd;

		if (hm_lockfile_edit(&a, f->file.p, 1 << 20, &fd, &was, &err) < 0)
			abort();
		now = hm_arena_printf(&a, HM_F "x", HM_P(was));
		if (hm_lockfile_replace(fd, f->file.p, was, now, &err) < 0)
			abort();
		hm_lock_release(fd);
		hm_arena_free(&a);
	}
	return NULL;
}

static void
many_writers(void **state)
{
	struct fixture *f = *state;
	pthread_t t[THREADS];
	hm_str got;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, append, f), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_ok(hm_lockfile_read(&f->a, f->file.p, 1 << 20, &got, &f->err), &f->err);
	assert_int_equal(got.n, THREADS * ROUNDS);
}

int
test_os_lockfile(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(read_and_replace),
		WITH(two_names),
		WITH(cannot),
		WITH(many_writers),
	};
#undef WITH

	return cmocka_run_group_tests_name("os/lockfile", tests, NULL, NULL);
}
