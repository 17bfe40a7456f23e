#include "unit/unit.h"

#include "codec/base64.h"
#include "db/db.h"
#include "os/clock.h"
#include "os/file.h"
#include "serve/accounts.h"
#include "serve/audit.h"
#include "serve/credential.h"

static struct hm_arena arena;
static struct hm_err err;
static hm_str dir, path;
static struct hm_db *db;
static struct hm_accounts *acc;
static const hm_str by = HM_S_INIT("shell:unit");

static int
set_up(void **state)
{
	(void)state;
	if (hm_dir_make_temp(&arena, "/tmp", "hermod-unit-", &dir, &err))
		return -1;
	path = hm_arena_printf(&arena, HM_F "/access.db", HM_P(dir));
	return hm_accountdb_open(path.p, &db, &err) || hm_accounts_open(path.p, NULL, &acc, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	hm_accounts_free(acc);
	hm_db_free(db);
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

/* A server sees what a command changed a millisecond ago. */
static void
settle(void)
{
	hm_clock_sleep_ms(3);
}

static hm_str
basic(const char *user, hm_str password)
{
	const hm_str parts[] = { hm_str_of(user), HM_S(":"), password };
	hm_str t = hm_arena_concat(&arena, parts, 3);

	return hm_arena_printf(&arena, "Basic " HM_F,
	                       HM_P(hm_base64_encode(&arena, HM_BASE64_STD, t.p, t.n)));
}

static hm_str
bearer(hm_str token)
{
	return hm_arena_printf(&arena, "bearer " HM_F, HM_P(token));
}

static hm_str
new_token(const char *name, int64_t expires)
{
	hm_str token;

	assert_ok(hm_accountdb_token(db, &arena, by, hm_str_of(name), HM_S("laptop"), expires,
	                             &token, &err),
	          &err);
	settle();
	return token;
}

static void
names_and_patterns(void **state)
{
	static const char *const bad_names[] = { "", "-x", "a:b", "a b", "anonymous" };
	static const char *const bad_globs[] = { "", ",", "a,,b", "!a", "a b", "[", "a,!!b" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(*bad_names); i++)
		assert_int_equal(hm_accountdb_add(db, by, hm_str_of(bad_names[i]), &err), -1);
	for (size_t i = 0; i < sizeof(bad_globs) / sizeof(*bad_globs); i++)
		assert_int_equal(hm_accountdb_grant(db, by, HM_S("anonymous"), HM_RIGHT_READ,
		                                    hm_str_of(bad_globs[i]), &err),
		                 -1);
	assert_int_equal(
		hm_accountdb_grant(db, by, HM_S("anonymous"), HM_RIGHT_UPLOAD, HM_S("*"), &err),
		-1);
	assert_int_equal(hm_accountdb_remove(db, by, HM_S("anonymous"), &err), -1);
	assert_int_equal(hm_accountdb_grant(db, by, HM_S("nobody"), HM_RIGHT_READ, HM_S("*"), &err),
	                 -1);
	assert_int_equal(err.code, HM_ENOTFOUND);
}

static void
patterns_match(void **state)
{
	(void)state;
	assert_true(hm_rights_match(HM_S("*"), HM_S("example.com/x")));
	assert_true(hm_rights_match(HM_S("example.com/a"), HM_S("example.com/a/b")));
	assert_false(hm_rights_match(HM_S("example.com/a"), HM_S("example.com/ab")));
	assert_false(hm_rights_match(HM_S("*,!example.com"), HM_S("example.com/x")));
	assert_false(hm_rights_match(HM_S("!example.com,*"), HM_S("example.com/x")));
	assert_true(hm_rights_match(HM_S("*,!example.com"), HM_S("example.org/x")));
	assert_false(hm_rights_match(HM_S("*,!github.com/team"), HM_S("github.com/Team/x")));
	assert_false(hm_rights_match(HM_S("*,!github.com/[A-Z]eam"), HM_S("github.com/team/x")));
	assert_false(hm_rights_match(HM_S("github.com/team"), HM_S("github.com/Team/x")));
	assert_false(hm_rights_match(HM_S("example.com/a"), HM_S("")));
}

static void
what_is_sent(void **state)
{
	struct hm_sent s;

	(void)state;
	assert_true(hm_credential_read(&arena, basic("ci", HM_S("p:w")), &s));
	assert_str(s.user, "ci");
	assert_str(s.password, "p:w");
	assert_true(hm_credential_read(&arena, basic("ci", HM_S("hmd_ab_c_d")), &s));
	assert_str(s.token_id, "ab");
	assert_str(s.secret, "c_d");
	assert_true(hm_credential_read(&arena, basic("hmd_ab_cd", HM_S("")), &s));
	assert_str(s.token_id, "ab");
	assert_str(s.user, "");
	assert_true(hm_credential_read(&arena, HM_S("Bearer hmd_ab_cd"), &s));
	assert_false(hm_credential_read(&arena, HM_S("Bearer abcd"), &s));
	assert_false(hm_credential_read(&arena, HM_S("Bearer hmd__cd"), &s));
	assert_false(hm_credential_read(&arena, HM_S("Basic"), &s));
	assert_false(hm_credential_read(&arena, HM_S("Basic ***"), &s));
	assert_false(hm_credential_read(&arena, HM_S("Digest x"), &s));
	assert_false(hm_credential_read(&arena, basic("", HM_S("x")), &s));
	assert_false(hm_credential_read(&arena, basic("ci", hm_str_make("a\0b", 3)), &s));
}

static void
anonymous_reads_at_first(void **state)
{
	const hm_str none = { NULL, 0 };
	struct hm_identity who;

	(void)state;
	assert_true(hm_accounts_open_to_all(acc));
	assert_int_equal(hm_accounts_recall(acc, none, &who), HM_RECALL_KNOWN);
	assert_string_equal(who.name, "anonymous");
	assert_int_equal(hm_accounts_rights(acc, &who, HM_S("example.com/x")),
	                 HM_RIGHT_READ | HM_RIGHT_FETCH);
	assert_ok(hm_accountdb_revoke(db, by, HM_S("anonymous"), HM_RIGHTS_ALL, none, &err), &err);
	settle();
	assert_false(hm_accounts_open_to_all(acc));
	assert_int_equal(hm_accounts_rights(acc, &who, HM_S("example.com/x")), 0);
	assert_false(hm_accounts_reads_all(acc, &who));
	assert_ok(hm_accountdb_grant(db, by, HM_S("anonymous"), HM_RIGHT_READ,
	                             HM_S("*,!corp.example.com"), &err),
	          &err);
	settle();
	assert_int_equal(hm_accounts_rights(acc, &who, HM_S("example.com/x")), HM_RIGHT_READ);
	assert_int_equal(hm_accounts_rights(acc, &who, HM_S("corp.example.com/x")), 0);
	assert_int_equal(hm_accounts_any(acc, &who), HM_RIGHT_READ);
	assert_false(hm_accounts_reads_all(acc, &who));
}

static void
tokens_and_their_end(void **state)
{
	struct hm_identity who;
	hm_str token, other;

	(void)state;
	assert_ok(hm_accountdb_add(db, by, HM_S("ci"), &err), &err);
	assert_int_equal(hm_accountdb_add(db, by, HM_S("ci"), &err), -1);
	assert_int_equal(err.code, HM_ECONFLICT);
	token = new_token("ci", 0);
	assert_int_equal(hm_accounts_recall(acc, bearer(token), &who), HM_RECALL_COMPUTE);
	assert_int_equal(hm_accounts_verify(acc, bearer(token), &who), HM_RECALL_KNOWN);
	assert_int_equal(hm_accounts_recall(acc, bearer(token), &who), HM_RECALL_KNOWN);
	assert_string_equal(who.name, "ci");
	assert_int_equal(hm_accounts_verify(acc, basic("ci", token), &who), HM_RECALL_KNOWN);
	assert_int_equal(hm_accounts_recall(acc, basic("eve", token), &who), HM_RECALL_WRONG);
	((char *)token.p)[token.n - 2] ^= 1;
	assert_int_equal(hm_accounts_verify(acc, bearer(token), &who), HM_RECALL_WRONG);
	((char *)token.p)[token.n - 2] ^= 1;
	other = new_token("ci", 0);
	assert_int_equal(hm_accounts_verify(acc, bearer(other), &who), HM_RECALL_KNOWN);

	assert_int_equal(hm_accounts_recall(acc, bearer(token), &who), HM_RECALL_KNOWN);
	assert_ok(hm_accountdb_grant(db, by, HM_S("ci"), HM_RIGHT_UPLOAD, HM_S("example.com/team"),
	                             &err),
	          &err);
	settle();
	assert_int_equal(hm_accounts_recall(acc, bearer(token), &who), HM_RECALL_KNOWN);
	assert_true(hm_accounts_rights(acc, &who, HM_S("example.com/team/x")) & HM_RIGHT_UPLOAD);
	assert_false(hm_accounts_rights(acc, &who, HM_S("example.com/other")) & HM_RIGHT_UPLOAD);
	assert_ok(hm_accountdb_revoke_token(db, by, token, &err), &err);
	settle();
	assert_int_equal(hm_accounts_recall(acc, bearer(token), &who), HM_RECALL_WRONG);
	assert_int_equal(hm_accounts_recall(acc, bearer(other), &who), HM_RECALL_KNOWN);
	assert_int_equal(hm_accountdb_revoke_token(db, by, HM_S("beef"), &err), -1);

	token = new_token("ci", hm_clock_unix() - 1);
	assert_int_equal(hm_accounts_verify(acc, bearer(token), &who), HM_RECALL_WRONG);
	assert_ok(hm_accountdb_remove(db, by, HM_S("ci"), &err), &err);
	settle();
	assert_int_equal(hm_accounts_recall(acc, bearer(other), &who), HM_RECALL_WRONG);
}

/* Rights of an identity that was found before a change are those after it. */
static void
an_identity_dies_with_its_credential(void **state)
{
	struct hm_identity who;
	hm_str token;

	(void)state;
	assert_ok(hm_accountdb_add(db, by, HM_S("root"), &err), &err);
	assert_ok(hm_accountdb_grant(db, by, HM_S("root"), HM_RIGHT_ADMIN, HM_S("*"), &err), &err);
	token = new_token("root", 0);
	assert_int_equal(hm_accounts_verify(acc, bearer(token), &who), HM_RECALL_KNOWN);
	assert_int_equal(hm_accounts_rights(acc, &who, HM_S("x.example/y")), HM_RIGHTS_ALL);
	assert_true(hm_accounts_reads_all(acc, &who));
	assert_ok(hm_accountdb_revoke_token(db, by, token, &err), &err);
	settle();
	assert_int_equal(hm_accounts_recall(acc, bearer(token), &who), HM_RECALL_WRONG);
	who = (struct hm_identity){ .account = who.account, .credential = 1, .name = "root" };
	assert_false(hm_accounts_rights(acc, &who, HM_S("x.example/y")) & HM_RIGHT_ADMIN);
}

static void
passwords(void **state)
{
	struct hm_identity who;

	(void)state;
	assert_ok(hm_accountdb_add(db, by, HM_S("ann"), &err), &err);
	assert_int_equal(hm_accountdb_password(db, by, HM_S("ann"), HM_S("short"), &err), -1);
	assert_int_equal(hm_accountdb_password(db, by, HM_S("bob"), HM_S("long enough"), &err), -1);
	assert_ok(hm_accountdb_password(db, by, HM_S("ann"), HM_S("long enough"), &err), &err);
	settle();
	assert_int_equal(hm_accounts_recall(acc, basic("ann", HM_S("long enough")), &who),
	                 HM_RECALL_GUESS);
	assert_int_equal(hm_accounts_verify(acc, basic("ann", HM_S("long enough")), &who),
	                 HM_RECALL_KNOWN);
	assert_int_equal(hm_accounts_verify(acc, basic("ann", HM_S("long enough!")), &who),
	                 HM_RECALL_WRONG);
	assert_int_equal(hm_accounts_recall(acc, basic("bob", HM_S("long enough")), &who),
	                 HM_RECALL_GUESS); /* nobody learns that there is no bob */
	assert_int_equal(hm_accounts_verify(acc, basic("bob", HM_S("long enough")), &who),
	                 HM_RECALL_WRONG);
	assert_ok(hm_accountdb_password(db, by, HM_S("ann"), HM_S("another one"), &err), &err);
	settle();
	assert_int_equal(hm_accounts_recall(acc, basic("ann", HM_S("long enough")), &who),
	                 HM_RECALL_WRONG);
	assert_ok(hm_accountdb_remove(db, by, HM_S("ann"), &err), &err);
}

static void
a_database_that_cannot_be_read_lets_nobody_in(void **state)
{
	const hm_str none = { NULL, 0 };
	struct hm_identity who;
	hm_str token;

	(void)state;
	assert_ok(hm_accountdb_add(db, by, HM_S("eve"), &err), &err);
	token = new_token("eve", 0);
	assert_int_equal(hm_accounts_verify(acc, bearer(token), &who), HM_RECALL_KNOWN);
	assert_ok(hm_db_exec(db, "ALTER TABLE generation RENAME TO gone", &err), &err);
	settle();
	assert_int_equal(hm_accounts_recall(acc, bearer(token), &who), HM_RECALL_BROKEN);
	assert_int_equal(hm_accounts_recall(acc, none, &who), HM_RECALL_BROKEN);
	assert_false(hm_accounts_open_to_all(acc));
	assert_ok(hm_db_exec(db, "ALTER TABLE gone RENAME TO generation", &err), &err);
	settle();
	assert_int_equal(hm_accounts_recall(acc, bearer(token), &who), HM_RECALL_KNOWN);
}

static void
nothing_secret_in_the_file(void **state)
{
	hm_str token, text, wal, id, secret;

	(void)state;
	assert_ok(hm_accountdb_add(db, by, HM_S("spy"), &err), &err);
	token = new_token("spy", 0);
	assert_true(hm_str_cut(hm_str_from(token, 4), '_', &id, &secret));
	assert_ok(hm_file_read(&arena, path.p, HM_FILE_MAX, &text, &err), &err);
	assert_ok(hm_file_read(&arena, hm_arena_printf(&arena, HM_F "-wal", HM_P(path)).p,
	                       HM_FILE_MAX, &wal, &err),
	          &err);
	assert_true(hm_str_contains(text, id) || hm_str_contains(wal, id));
	assert_false(hm_str_contains(text, secret));
	assert_false(hm_str_contains(wal, secret));
	assert_ok(hm_audit_check(db, &err), &err);
}

int
test_serve_accounts(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_patterns),
		cmocka_unit_test(patterns_match),
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(anonymous_reads_at_first),
		cmocka_unit_test(tokens_and_their_end),
		cmocka_unit_test(an_identity_dies_with_its_credential),
		cmocka_unit_test(passwords),
		cmocka_unit_test(a_database_that_cannot_be_read_lets_nobody_in),
		cmocka_unit_test(nothing_secret_in_the_file),
	};

	return cmocka_run_group_tests_name("serve/accounts", tests, set_up, tear_down);
}
