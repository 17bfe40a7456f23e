#include "unit/unit.h"

#include "tlog/trust.h"

#define W1 "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
#define W2 "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv"

static void
right(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_trust t;

	(void)state;
	assert_ok(hm_trust_parse(&a, HM_S(""), &t, &err), &err);
	assert_int_equal(t.n_db + t.n_witness + t.quorum, 0);
	assert_ok(hm_trust_parse(&a, HM_S(" a.example=x+1+2 ;b.example/*,c = y+3+4== https://y ;;"),
	                         &t, &err), &err);
	assert_int_equal(t.n_db, 2);
	assert_str(t.db[0].patterns, "a.example");
	assert_str(t.db[0].key, "x+1+2");
	assert_str(t.db[0].url, "");
	assert_str(t.db[1].patterns, "b.example/*,c");
	assert_str(t.db[1].key, "y+3+4==");
	assert_str(t.db[1].url, "https://y");
	assert_ok(hm_trust_parse(&a, HM_S("# two; witnesses\r\n"
	                                  "a=x+1+2\n"
	                                  "quorum 2; b=x+1+2\n"
	                                  "\n"
	                                  "  # they follow\n"
	                                  "witness " W1 "\n"
	                                  "witness " W2 " https://w2; quorum 1\n"
	                                  "c=x+1+2"),
	                         &t, &err), &err);
	assert_int_equal(t.n_db, 3);
	assert_int_equal(t.db[0].quorum, 0);
	assert_int_equal(t.db[1].quorum, 2);
	assert_int_equal(t.db[2].quorum, 1);
	assert_int_equal(t.n_witness, 2);
	assert_str(t.witness[1].name, "witness.stagemole.eu");
	assert_str(t.witness_url[0], "");
	assert_str(t.witness_url[1], "https://w2");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
wrong(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a", "line 1: \"a\" is not PATTERN=NAME+HASH+KEY [URL]" },
		{ "\n=x", "line 2: one pattern, or more with commas, before =" },
		{ "a b=x", "line 1: one pattern, or more with commas, before =" },
		{ "a=", "line 1: NAME+HASH+KEY is missing" },
		{ "a=b c d", "line 1: too many fields" },
		{ "a=b # no comment here", "line 1: too many fields" },
		{ "witness", "line 1: witness: NAME+HASH+KEY is missing" },
		{ "witness x", "line 1: witness: malformed verifier id" },
		{ "witness " W1 "; witness " W1, "line 1: witness remora.n621.de has the key of "
		                                 "witness remora.n621.de" },
		{ "witness " W1, "witnesses, but no quorum" },
		{ "quorum", "line 1: quorum wants one number" },
		{ "quorum -1", "line 1: quorum wants one number" },
		{ "quorum 1 2", "line 1: quorum wants one number" },
		{ "quorum 99999", "line 1: quorum wants one number" },
		{ "quorum 2; witness " W1 "; quorum 1", "quorum 2 of 1 witnesses" },
	};
	struct hm_arena a = { 0 };
	struct hm_trust t;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hm_err err = { 0 };

		if (hm_trust_parse(&a, hm_str_of(cases[i].text), &t, &err) == 0)
			fail_msg("accepted \"%s\"", cases[i].text);
		assert_str(hm_err_str(&err), cases[i].want);
		hm_err_free(&err);
	}
	hm_arena_free(&a);
}

int
test_tlog_trust(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(right), cmocka_unit_test(wrong) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
