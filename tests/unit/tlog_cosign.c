/*
 * A checkpoint of a certificate log as it was published, with four witnesses, and their
 * public keys; the example of https://c2sp.org/tlog-cosignature.
 */
#include "unit/unit.h"

#include "tlog/cosign.h"

#define DASH "\xe2\x80\x94 "
#define CT_NAME "arche2025h1.staging.ct.transparency.dev"
#define CT_KEY CT_NAME "+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
#define CT_TEXT CT_NAME "\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
#define REMORA64                                                                             \
	"2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk" \
	"5XeU/zZ0WBxtqB0DrAWfBw=="
#define CT_NOTE                                                                              \
	CT_TEXT "\n" DASH CT_NAME                                                            \
		" ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei5"  \
		"9RA23oHP7Ry1k3ZFWwQ=\n" DASH "transparency.dev/DEV:witness-little-garden "  \
		"2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v"   \
		"7sEodkRAErumC2q44vdgJY096st5BQ==\n" DASH "witness1.smartit.nu/witness1 "    \
		"pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7"   \
		"TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n" DASH "remora.n621.de " REMORA64         \
		"\n" DASH "witness.stagemole.eu "                                            \
		"Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/"   \
		"2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n"

static const char *const witnesses[] = {
	"transparency.dev/DEV:witness-little-garden+d8042a87+"
	"BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
	"witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
	"remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
	"witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
	"witness.navigli.sunlight.geomys.org+a3e00fe2+"
	"BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G",
};
enum { N = sizeof(witnesses) / sizeof(*witnesses) };

static void
parse_all(struct hm_arena *a, struct hm_verifier w[N])
{
	struct hm_err err = { 0 };

	for (int i = 0; i < N; i++) {
		assert_ok(hm_cosigner_parse(a, hm_str_of(witnesses[i]), &w[i], &err), &err);
		assert_str(hm_cosigner_vkey(a, w[i].name, w[i].key), witnesses[i]);
	}
}

static void
keys(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_verifier w[N], v;

	(void)state;
	parse_all(&a, w);
	/* A key of type 1 names the same witness. */
	assert_ok(hm_cosigner_parse(&a, hm_note_vkey(&a, w[2].name, w[2].key), &v, &err), &err);
	assert_int_equal(v.hash, 0xda77ade7);
	assert_int_equal(hm_verifier_parse(&a, hm_str_of(witnesses[2]), &v, &err), -1);
	hm_err_clear(&err);
	assert_int_equal(hm_cosigner_parse(&a, HM_S("remora.n621.de+da77ade8+"
	                                            "BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"),
	                                   &v, &err), -1);
	assert_str(hm_err_str(&err), "invalid verifier hash");
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
published(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_verifier w[N], log;
	struct hm_note note;
	bool has[N];
	size_t n;
	int64_t time;

	(void)state;
	parse_all(&a, w);
	assert_ok(hm_verifier_parse(&a, HM_S(CT_KEY), &log, &err), &err);
	assert_ok(hm_note_open(&a, HM_S(CT_NOTE), &log, 1, &note, &err), &err);
	assert_ok(hm_cosign_count(&note, note.text, w, N, has, &n, &err), &err);
	assert_int_equal(n, 4);
	assert_true(has[0] && has[1] && has[2] && has[3] && !has[4]);
	assert_true(hm_cosign_verify(&w[2], note.text, HM_S(REMORA64), &time));
	assert_int_equal(time, 0x6a122120);
	/* Any other text, any other key. */
	assert_false(hm_cosign_verify(&w[2], HM_S(CT_TEXT "x\n"), HM_S(REMORA64), NULL));
	assert_false(hm_cosign_verify(&w[1], note.text, HM_S(REMORA64), NULL));
	assert_int_equal(hm_cosign_count(&note, HM_S(CT_TEXT "x\n"), w, N, NULL, &n, &err), -1);
	assert_int_equal(err.code, HM_ESECURITY);
	hm_err_free(&err);
	hm_arena_free(&a);
}

/* Each byte of a line changed, and each line that is too short or too long. */
static void
damaged(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_verifier w[N];
	char line[] = REMORA64;
	size_t n = sizeof(line) - 1;

	(void)state;
	parse_all(&a, w);
	for (size_t i = 0; i < n - 2; i++) {
		line[i] = line[i] == 'A' ? 'B' : 'A';
		if (strcmp(line, REMORA64) != 0 && i != n - 3)
			assert_false(hm_cosign_verify(&w[2], HM_S(CT_TEXT), hm_str_make(line, n),
			                              NULL));
		memcpy(line, REMORA64, n);
	}
	for (size_t i = 0; i < n; i++)
		assert_false(hm_cosign_verify(&w[2], HM_S(CT_TEXT), hm_str_make(line, i), NULL));
	hm_arena_free(&a);
}

#define SECRET                                                                               \
	"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define PUBLIC "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

static void
signing(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_verifier w[2], log;
	struct hm_signer s;
	struct hm_note note;
	hm_str line, again, twice, other;
	size_t n;

	(void)state;
	assert_ok(hm_signer_parse(&a, HM_S(SECRET), &s, &err), &err);
	assert_ok(hm_cosigner_parse(&a, HM_S(PUBLIC), &w[0], &err), &err);
	w[1] = w[0];
	assert_ok(hm_verifier_parse(&a, HM_S(CT_KEY), &log, &err), &err);
	assert_int_equal(hm_cosign(&a, &s, HM_S(CT_TEXT), 0, &line, &err), -1);
	hm_err_clear(&err);
	assert_ok(hm_cosign(&a, &s, HM_S(CT_TEXT), 1, &line, &err), &err);
	assert_ok(hm_cosign(&a, &s, HM_S(CT_TEXT), INT64_MAX, &again, &err), &err);
	/* Two lines of one witness count once. */
	twice = hm_arena_concat(&a, (hm_str[]){ HM_S(CT_NOTE), line, again }, 3);
	assert_ok(hm_note_open(&a, twice, &log, 1, &note, &err), &err);
	assert_ok(hm_cosign_count(&note, note.text, w, 1, NULL, &n, &err), &err);
	assert_int_equal(n, 1);
	/* A right one does not make up for a wrong one. */
	assert_ok(hm_cosign(&a, &s, HM_S("other\n"), 1, &other, &err), &err);
	twice = hm_arena_concat(&a, (hm_str[]){ HM_S(CT_NOTE), line, other }, 3);
	assert_ok(hm_note_open(&a, twice, &log, 1, &note, &err), &err);
	assert_int_equal(hm_cosign_count(&note, note.text, w, 1, NULL, &n, &err), -1);
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
test_tlog_cosign(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(published),
		cmocka_unit_test(damaged),
		cmocka_unit_test(signing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
