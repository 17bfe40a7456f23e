/*
 * Requests to a witness as litewitness's tests have them, in order, with what became
 * of each; a request with a head of Go's public log; the example in the specification.
 */
#include "unit/unit.h"

#include "tlog/note.h"
#include "tlog/witness.h"

#define DASH "\xe2\x80\x94 "
#define SIGSUM "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
#define SIGSUM_KEY SIGSUM "+5202289b+Af/cLU2Y5BJNP+r3iMDC+av9eWCD0fBJVDfzAux5zxAP"
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HEAD_1                                                                               \
	"\n" SIGSUM "\n1\nKgAAAAAA" ZEROS "\n\n" DASH SIGSUM                                 \
	" UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTY" \
	"rajXpNUbIQY=\n"
#define HEAD_3(end)                                                                          \
	"\n" SIGSUM "\n3\nRcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=\n\n" DASH SIGSUM       \
	" UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcaw" \
	"fAB8WVrx6g" end "=\n"

static void
requests(void **state)
{
	static const struct {
		const char *body;
		enum hm_code code; /* HM_EFORBIDDEN: a wrong signature */
	} cases[] = {
		{ "old 0\n" HEAD_1, HM_OK },
		{ "old 1\nKgEAAAAA" ZEROS "\nKgIAAAAA" ZEROS "\n" HEAD_3("x"), HM_EFORBIDDEN },
		{ "old 1\n" HEAD_3("o"), HM_ESECURITY },
		{ "old 1\nKgEAAAAA" ZEROS
		  "\nKgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABA=\n" HEAD_3("o"),
		  HM_ESECURITY },
		{ "old 0\nKgEAAAAA" ZEROS "\nKgIAAAAA" ZEROS "\n" HEAD_3("o"), HM_ECONFLICT },
		{ "old 4\n" HEAD_3("o"), HM_EINVALID },
		{ "old 1\nKgEAAAAA" ZEROS "\nKgIAAAAA" ZEROS "\n" HEAD_3("o"), HM_OK },
		{ "old 3\n" HEAD_3("o"), HM_OK },
		{ "old 1\nKgEAAAAA" ZEROS "\nKgIAAAAA" ZEROS "\n" HEAD_3("o"), HM_ECONFLICT },
		{ "old 3\nKgEAAAAA" ZEROS "\n" HEAD_3("o"), HM_ESECURITY },
		{ "old 3\n" HEAD_1, HM_EINVALID },
	};
	struct hm_tree have = { 0 }, now;
	struct hm_arena a = { 0 };
	struct hm_verifier log;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hm_err err = { 0 };
		struct hm_add_checkpoint req;
		struct hm_note note;
		hm_str rest, word;

		assert_ok(hm_verifier_parse(&a, HM_S(SIGSUM_KEY), &log, &err), &err);
		assert_ok(hm_add_checkpoint_parse(hm_str_of(cases[i].body), &req, &err), &err);
		assert_str(hm_add_checkpoint_format(&a, &req), cases[i].body);
		if (hm_note_open(&a, req.note, &log, 1, &note, &err)) {
			assert_int_equal(cases[i].code, HM_EFORBIDDEN);
			hm_err_free(&err);
			continue;
		}
		rest = note.text;
		hm_str_cut(rest, '\n', &word, &rest);
		now.n = rest.p[0] - '0';
		hm_str_cut(rest, '\n', &word, &rest);
		hm_str_cut(rest, '\n', &word, &rest);
		assert_ok(hm_hash_parse(word, &now.hash, &err), &err);
		hm_witness_judge(&have, &req, &now, &err);
		if (err.code != cases[i].code)
			fail_msg("case %zu: %s", i, hm_code_text(err.code));
		if (err.code == HM_OK)
			have = now;
		hm_err_free(&err);
	}
	assert_int_equal(have.n, 3);
	hm_arena_free(&a);
}

static void
go_head(void **state)
{
	static const char body[] =
		"old 0\n\ngo.sum database tree\n35225469\n"
		"vt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n" DASH "sum.golang.org "
		"Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPyd"
		"hKCExixSfwQ=\n";
	struct hm_add_checkpoint req;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_tree none = { 0 }, tree;
	struct hm_verifier log;
	struct hm_note note;

	(void)state;
	assert_ok(hm_verifier_parse(&a, HM_S("sum.golang.org+033de0ae+"
	                                     "Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"),
	                            &log, &err), &err);
	assert_ok(hm_add_checkpoint_parse(hm_str_of(body), &req, &err), &err);
	assert_ok(hm_note_open(&a, req.note, &log, 1, &note, &err), &err);
	assert_ok(hm_tlog_parse_tree(note.text, &tree, &err), &err);
	assert_int_equal(tree.n, 35225469);
	assert_ok(hm_witness_judge(&none, &req, &tree, &err), &err);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
empty_tree(void **state)
{
	struct hm_add_checkpoint req = { .old = 0 };
	struct hm_tree none = { 0 }, tree = { 0 };
	struct hm_err err = { 0 };

	(void)state;
	assert_int_equal(hm_witness_judge(&none, &req, &tree, &err), -1);
	assert_int_equal(err.code, HM_ESECURITY);
	hm_err_clear(&err);
	assert_ok(hm_tlog_tree_hash(0, NULL, &tree.hash, &err), &err);
	assert_ok(hm_witness_judge(&none, &req, &tree, &err), &err);
	hm_err_free(&err);
}

static void
malformed(void **state)
{
	static const char *const cases[] = {
		"", "old", "old \n\n", "old 1", "old 1\n", "old 01\n\n", "old +1\n\n", "old -1\n\n",
		"old 1 \n\n", "Old 1\n\n", "old  1\n\n", "old 36028797018963969\n\n",
		"old 99999999999999999999\n\n", "old 1\nabc\n\n", "old 1\r\n\n",
		"old 1\nKgEAAAAA" ZEROS "\r\n\n", "old 1\nKgEAAAAA" ZEROS " \n\n",
		"old 1\nKgEAAAAA" ZEROS,
	};
	struct hm_add_checkpoint req;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };
	int64_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (hm_add_checkpoint_parse(hm_str_of(cases[i]), &req, &err) == 0)
			fail_msg("accepted \"%s\"", cases[i]);
		assert_int_equal(err.code, HM_EINVALID);
		hm_err_clear(&err);
	}
	hm_buf_addz(&b, "old 1\n");
	for (int i = 0; i < HM_WITNESS_PROOF_MAX; i++)
		hm_buf_addz(&b, "KgEAAAAA" ZEROS "\n");
	hm_buf_addz(&b, "\nnote");
	assert_ok(hm_add_checkpoint_parse(hm_buf_str(&b), &req, &err), &err);
	assert_int_equal(req.proof.n, HM_WITNESS_PROOF_MAX);
	assert_str(req.note, "note");
	b.n -= 5;
	hm_buf_addz(&b, "KgEAAAAA" ZEROS "\n\n");
	assert_int_equal(hm_add_checkpoint_parse(hm_buf_str(&b), &req, &err), -1);
	hm_err_clear(&err);
	assert_ok(hm_witness_parse_size(HM_S("20852163\n"), &size, &err), &err);
	assert_int_equal(size, 20852163);
	assert_int_equal(hm_witness_parse_size(HM_S("20852163"), &size, &err), -1);
	hm_err_free(&err);
	hm_buf_free(&b);
	hm_arena_free(&a);
}

int
test_tlog_witness(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(go_head),
		cmocka_unit_test(empty_tree),
		cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
