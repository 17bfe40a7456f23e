#include "unit/unit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/env.h"
#include "os/lock.h"
#include "os/pool.h"
#include "os/spawn.h"
#include "unit/folder.h"

static const char *
in_dir(const char *name)
{
	return hm_arena_printf(&arena, HM_F "/%s", HM_P(dir), name).p;
}

static void
publish_is_exact(void **state)
{
	struct stat st;
	hm_str got;

	(void)state;
	assert_ok(hm_file_publish(in_dir("f"), HM_S("one"), 0640, true, &err), &err);
	assert_ok(hm_file_publish(in_dir("f"), HM_S("two"), 0644, false, &err), &err);
	assert_ok(hm_file_read(&arena, in_dir("f"), 100, &got, &err), &err);
	assert_str(got, "two");
	assert_int_equal(stat(in_dir("f"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(hm_file_read(&arena, in_dir("f"), 2, &got, &err), -1);
	assert_int_equal(err.code, HM_ELIMIT);
}

static void
missing_file_has_go_text(void **state)
{
	hm_str got;

	(void)state;
	assert_int_equal(hm_file_read(&arena, "/nonexistent/x", 9, &got, &err), -1);
	assert_int_equal(err.code, HM_ENOTFOUND);
	assert_str(hm_err_str(&err), "open /nonexistent/x: no such file or directory");
}

static void
remove_all_takes_read_only_folders(void **state)
{
	struct hm_dirents d;

	(void)state;
	assert_ok(hm_dir_make_all(in_dir("a/b/c"), &err), &err);
	assert_ok(hm_file_write(in_dir("a/b/f"), HM_S("x"), 0444, &err), &err);
	assert_int_equal(chmod(in_dir("a/b"), 0555), 0);
	assert_ok(hm_dir_remove_all(in_dir("a"), true, &err), &err);
	assert_ok(hm_dir_remove_all(in_dir("a"), true, &err), &err);
	assert_ok(hm_dir_read(&arena, dir.p, &d, &err), &err);
	for (size_t i = 0; i < d.n; i++)
		assert_false(hm_str_eqz(d.v[i].name, "a"));
}

static void
locks_exclude(void **state)
{
	int a, b;

	(void)state;
	assert_ok(hm_lock_acquire(in_dir("lock"), true, &a, &err), &err);
	assert_ok(hm_lock_try(in_dir("lock"), true, &b, &err), &err);
	assert_int_equal(b, -1);
	hm_lock_release(a);
	assert_ok(hm_lock_try(in_dir("lock"), true, &b, &err), &err);
	assert_true(b >= 0);
	hm_lock_release(b);
}

static void
spawn_captures(void **state)
{
	const char *argv[] = { "sh", "-c", "cat; echo err >&2; exit 3", NULL };
	const char *none[] = { "hermod-no-such-program", NULL };
	struct hm_spawn s = { .argv = argv, .input = HM_S("in") };
	struct hm_spawn_result r;

	(void)state;
	assert_ok(hm_spawn_run(&arena, &s, &r, &err), &err);
	assert_str(r.out, "in");
	assert_str(r.err, "err\n");
	assert_int_equal(r.status, 3);
	s.argv = none;
	assert_int_equal(hm_spawn_run(&arena, &s, &r, &err), -1);
	assert_str(hm_err_str(&err),
	           "exec: \"hermod-no-such-program\": executable file not found in $PATH");
}

static void
count(void *ctx, size_t i)
{
	atomic_fetch_add((atomic_size_t *)ctx, i);
}

static void
count_one(void *ctx)
{
	atomic_fetch_add((atomic_size_t *)ctx, 1);
}

static void
pools_run_all(void **state)
{
	atomic_size_t sum = 0;
	struct hm_pool *p = hm_pool_new(3);

	(void)state;
	hm_pool_each(4, 1000, count, &sum);
	assert_int_equal(sum, 499500);
	for (int i = 0; i < 500; i++)
		hm_pool_submit(p, i % 7, count_one, &sum);
	hm_pool_wait(p);
	assert_int_equal(sum, 500000);
	hm_pool_free(p);
}

static void
times_as_go(void **state)
{
	(void)state;
	assert_str(hm_clock_rfc3339(&arena, 1136214245, 0), "2006-01-02T15:04:05Z");
	assert_str(hm_clock_rfc3339(&arena, 1136214245, 120000000), "2006-01-02T15:04:05.12Z");
}

static void
env_is_a_snapshot(void **state)
{
	struct hm_env e;

	(void)state;
	hm_env_load(&e, &arena);
	hm_env_set(&e, "HERMOD_UNIT", HM_S("v"));
	assert_str(hm_env_get(&e, "HERMOD_UNIT"), "v");
	hm_env_set(&e, "HERMOD_UNIT", (hm_str){ NULL, 0 });
	assert_null(hm_env_get(&e, "HERMOD_UNIT").p);
	assert_null(getenv("HERMOD_UNIT"));
}

static void
of_two_variables_the_first_counts(void **state)
{
	static char one[] = "HERMOD_UNIT=1", two[] = "HERMOD_UNIT=2", odd[] = "HERMOD_ODD";
	char *vars[] = { one, two, odd, NULL }, **saved = environ;
	struct hm_env e;

	(void)state;
	environ = vars;
	hm_env_load(&e, &arena);
	environ = saved;
	assert_str(hm_env_get(&e, "HERMOD_UNIT"), "1");
	assert_int_equal(e.vars.n, 1);
}

int
test_os_file(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publish_is_exact),
		cmocka_unit_test(missing_file_has_go_text),
		cmocka_unit_test(remove_all_takes_read_only_folders),
		cmocka_unit_test(locks_exclude),
		cmocka_unit_test(spawn_captures),
		cmocka_unit_test(pools_run_all),
		cmocka_unit_test(times_as_go),
		cmocka_unit_test(env_is_a_snapshot),
		cmocka_unit_test(of_two_variables_the_first_counts),
	};

	return cmocka_run_group_tests_name("os/file", tests, set_up, tear_down);
}
