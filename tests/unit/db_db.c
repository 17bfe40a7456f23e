#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "db/db.h"
#include "unit/folder.h"

static const char *
in_dir(const char *name)
{
	return hm_arena_printf(&arena, HM_F "/%s", HM_P(dir), name).p;
}

static const char *const steps[] = {
	"CREATE TABLE kv (k TEXT PRIMARY KEY, v TEXT) STRICT",
	"ALTER TABLE kv ADD COLUMN n INTEGER NOT NULL DEFAULT 0",
};

static void
migrates_and_keeps(void **state)
{
	struct hm_db *db;
	struct hm_stmt *s;
	bool row;

	(void)state;
	assert_ok(hm_db_open(in_dir("a.db"), NULL, &db, &err), &err);
	assert_ok(hm_db_migrate(db, steps, 1, &err), &err);
	assert_ok(hm_stmt_new(db, "INSERT INTO kv (k, v) VALUES (?, ?)", &s, &err), &err);
	hm_stmt_bind_str(s, 1, HM_S("a"));
	hm_stmt_bind_str(s, 2, HM_S("one"));
	assert_ok(hm_stmt_run(s, &err), &err);
	hm_stmt_bind_str(s, 1, HM_S("a"));
	hm_stmt_bind_null(s, 2);
	assert_int_equal(hm_stmt_run(s, &err), -1);
	assert_int_equal(err.code, HM_ECONFLICT);
	hm_stmt_free(s);
	hm_db_free(db);

	assert_ok(hm_db_open(in_dir("a.db"), NULL, &db, &err), &err);
	assert_ok(hm_db_migrate(db, steps, 2, &err), &err);
	assert_ok(hm_stmt_new(db, "SELECT v, n FROM kv WHERE k = ?", &s, &err), &err);
	hm_stmt_bind_str(s, 1, HM_S("a"));
	assert_ok(hm_stmt_step(s, &row, &err), &err);
	assert_true(row);
	assert_str(hm_stmt_str(s, 0), "one");
	assert_int_equal(hm_stmt_int(s, 1), 0);
	assert_ok(hm_stmt_step(s, &row, &err), &err);
	assert_false(row);
	hm_stmt_free(s);
	assert_ok(hm_db_check(db, &err), &err);
	assert_ok(hm_db_backup(db, in_dir("copy.db"), &err), &err);
	/* an older program refuses a newer database */
	assert_int_equal(hm_db_migrate(db, steps, 1, &err), -1);
	assert_int_equal(err.code, HM_ECONFLICT);
	hm_db_free(db);
	assert_true(hm_file_exists(in_dir("copy.db")));
}

static void
a_failed_step_changes_nothing(void **state)
{
	static const char *const bad[] = { "CREATE TABLE x (a)", "CREATE TABLE nonsense" };
	struct hm_db *db;

	(void)state;
	assert_ok(hm_db_open(in_dir("b.db"), NULL, &db, &err), &err);
	assert_int_equal(hm_db_migrate(db, bad, 2, &err), -1);
	assert_int_equal(hm_db_exec(db, "SELECT * FROM x", &err), -1);
	hm_db_free(db);
}

static void
transactions_swap_or_not(void **state)
{
	struct hm_db *db;

	(void)state;
	assert_ok(hm_db_open(in_dir("c.db"), &(struct hm_db_opts){ .durable = true }, &db, &err),
	          &err);
	assert_ok(hm_db_exec(db, "CREATE TABLE t (size INTEGER); INSERT INTO t VALUES (5)", &err),
	          &err);
	assert_ok(hm_db_begin(db, &err), &err);
	assert_ok(hm_db_exec(db, "UPDATE t SET size = 6 WHERE size = 4", &err), &err);
	assert_int_equal(hm_db_changes(db), 0);
	assert_ok(hm_db_exec(db, "UPDATE t SET size = 6 WHERE size = 5", &err), &err);
	assert_int_equal(hm_db_changes(db), 1);
	hm_db_rollback(db);
	assert_ok(hm_db_exec(db, "UPDATE t SET size = 7 WHERE size = 5", &err), &err);
	assert_int_equal(hm_db_changes(db), 1);
	hm_db_free(db);
}

static void
damage_is_named(void **state)
{
	struct hm_db *db;

	(void)state;
	assert_ok(hm_file_write(in_dir("d.db"),
	                        HM_S("this is no database, but it is long enough to look at..."),
	                        0644, &err),
	          &err);
	assert_int_equal(hm_db_open(in_dir("d.db"), NULL, &db, &err), -1);
	assert_int_equal(err.code, HM_EINVALID);
	assert_int_equal(hm_db_open(in_dir("no/such.db"), NULL, &db, &err), -1);
}

static void
links_on_the_way(void **state)
{
	struct hm_db *db;

	(void)state;
	assert_ok(hm_db_open(in_dir("real.db"), NULL, &db, &err), &err);
	hm_db_free(db);
	assert_int_equal(symlink(".", in_dir("way")), 0);
	assert_int_equal(symlink("real.db", in_dir("link.db")), 0);
	assert_ok(hm_db_open(in_dir("way/real.db"), NULL, &db, &err), &err);
	hm_db_free(db);
	assert_int_equal(hm_db_open(in_dir("link.db"), NULL, &db, &err), -1);
	assert_int_equal(hm_db_open(in_dir("none/real.db"), NULL, &db, &err), -1);
}

int
test_db_db(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migrates_and_keeps),
		cmocka_unit_test(a_failed_step_changes_nothing),
		cmocka_unit_test(transactions_swap_or_not),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(links_on_the_way),
	};

	return cmocka_run_group_tests_name("db/db", tests, set_up, tear_down);
}
