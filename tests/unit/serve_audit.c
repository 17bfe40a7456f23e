#include "unit/unit.h"

#include "db/db.h"
#include "os/file.h"
#include "serve/accountdb.h"
#include "serve/audit.h"

static struct hm_arena arena;
static struct hm_err err;
static hm_str dir, path;

static int
set_up(void **state)
{
	(void)state;
	if (hm_dir_make_temp(&arena, "/tmp", "hermod-unit-", &dir, &err))
		return -1;
	path = hm_arena_printf(&arena, HM_F "/access.db", HM_P(dir));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

struct seen {
	size_t n, notes;
	struct hm_buf text;
};

static int
see(void *ctx, const struct hm_audit_line *l, struct hm_err *e)
{
	struct seen *s = ctx;

	(void)e;
	s->n++;
	s->notes += hm_str_eqz(l->e.action, "refused");
	hm_buf_printf(&s->text, "%lld " HM_F " " HM_F " " HM_F "\n", (long long)l->id,
	              HM_P(l->e.who), HM_P(l->e.action), HM_P(l->e.detail));
	return 0;
}

static void
read_all(struct hm_db *db, struct seen *s)
{
	assert_ok(hm_audit_each(db, 0, see, s, &err), &err);
}

static void
lines_are_kept(void **state)
{
	const struct hm_audit_event e = { HM_S("ci"), HM_S("127.0.0.1"), HM_S("upload"),
		                          HM_S("example.com/a@v1.0.0"), HM_S("a\nb\x01\xff") };
	struct hm_audit *a;
	struct hm_db *db;
	struct seen s = { 0 };

	(void)state;
	assert_ok(hm_audit_open(path.p, NULL, &a, &err), &err);
	assert_ok(hm_audit_add(a, &e, &err), &err);
	assert_ok(hm_audit_add(a, &e, &err), &err);
	hm_audit_free(a);
	assert_ok(hm_accountdb_open(path.p, &db, &err), &err);
	read_all(db, &s);
	assert_str(hm_buf_str(&s.text),
	           "1 ci upload a b \xef\xbf\xbd\n2 ci upload a b \xef\xbf\xbd\n");
	hm_buf_free(&s.text);
	assert_ok(hm_audit_check(db, &err), &err);
	assert_int_equal(hm_db_exec(db, "UPDATE audit SET who = 'eve' WHERE id = 1", &err), -1);
	assert_int_equal(hm_db_exec(db, "DELETE FROM audit", &err), -1);
	assert_int_equal(hm_db_exec(db,
	                            "INSERT OR REPLACE INTO audit SELECT id, time, 'eve', peer,"
	                            " action, object, detail, hash FROM audit",
	                            &err),
	                 -1);
	assert_ok(hm_audit_check(db, &err), &err);
	assert_ok(hm_db_exec(db, "DROP TRIGGER audit_no_change", &err), &err);
	assert_ok(hm_db_exec(db, "UPDATE audit SET who = 'eve' WHERE id = 1", &err), &err);
	assert_int_equal(hm_audit_check(db, &err), -1);
	assert_int_equal(err.code, HM_ESECURITY);
	assert_str(hm_err_str(&err), "audit log: line 1 is not as it was written");
	hm_db_free(db);
}

static void
a_flood_is_counted(void **state)
{
	struct hm_audit *a;
	struct hm_db *db;
	struct seen s = { 0 };

	(void)state;
	assert_ok(hm_audit_open(path.p, NULL, &a, &err), &err);
	for (int i = 0; i < 20000; i++) {
		struct hm_audit_event e = {
			.who = HM_S("eve"),
			.action = HM_S("refused"),
			.object = hm_arena_printf(&arena, "example.com/m%d@v1.0.0", i),
		};

		hm_audit_note(a, &e);
		hm_audit_note(a, &e);
	}
	hm_audit_free(a);
	assert_ok(hm_accountdb_open(path.p, &db, &err), &err);
	read_all(db, &s);
	hm_db_free(db);
	hm_buf_free(&s.text);
	assert_true(s.notes > 0);
	assert_true(s.notes <= 3 * HM_AUDIT_NOTES_MINUTE);
}

int
test_serve_audit(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_kept),
		cmocka_unit_test(a_flood_is_counted),
	};

	return cmocka_run_group_tests_name("serve/audit", tests, set_up, tear_down);
}
