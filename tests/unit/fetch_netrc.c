#include "unit/unit.h"

#include "fetch/auth.h"

static void
parses_as_go(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_netrc n = { 0 };

	(void)state;
	hm_netrc_parse(
		&a,
		HM_S("machine incomplete\n"
	             "password none\n"
	             "\n"
	             "machine api.github.com\n"
	             "  login user\n"
	             "  password pwd\n"
	             "\n"
	             "machine incomlete.host\n"
	             "  login justlogin\n"
	             "\n"
	             "machine test.host login user2 password pwd2\n"
	             "\n"
	             "machine oneline login user3 password pwd3\n"
	             "\n"
	             "machine ignore.host macdef ignore\n"
	             "  login nobody\n"
	             "  password nothing\n"
	             "\n"
	             "machine hasmacro.too macdef ignore-next-lines login user4 password pwd4\n"
	             "  login nobody\n"
	             "  password nothing\n"
	             "\n"
	             "default\n"
	             "login anonymous\n"
	             "password gopher@golang.org\n"
	             "\n"
	             "machine after.default\n"
	             "login oops\n"
	             "password too-late-in-file\n"),
		&n);
	assert_int_equal(n.n, 4);
	assert_str(n.v[0].machine, "api.github.com");
	assert_str(n.v[0].login, "user");
	assert_str(n.v[0].password, "pwd");
	assert_str(n.v[1].machine, "test.host");
	assert_str(n.v[2].password, "pwd3");
	assert_str(n.v[3].machine, "hasmacro.too");
	assert_str(n.v[3].login, "user4");
	hm_arena_free(&a);
}

int
test_fetch_netrc(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_as_go),
	};

	return cmocka_run_group_tests_name("fetch/netrc", tests, NULL, NULL);
}
