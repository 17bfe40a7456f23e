/* Keys, texts and signatures are those of golang.org/x/mod's own tests. */
#include "unit/unit.h"

#include "tilelog/checkpoint.h"
#include "tlog/note.h"

#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_SECRET                                                                         \
	"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define ENOCH "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT                                                                                 \
	"If you think cryptography is the answer to your problem,\n"                         \
	"then you don't know what your problem is.\n"
#define PETER64                                                                              \
	"x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6K"   \
	"E6RyyBwJnAM="
#define ENOCH64                                                                              \
	"rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33"   \
	"WWd1RvMc+QQ="
#define DASH "\xe2\x80\x94 "
#define PETER_SIG DASH "PeterNeumann " PETER64 "\n"
#define ENOCH_SIG DASH "EnochRoot " ENOCH64 "\n"

static void
expect_bad_verifier(struct hm_arena *a, hm_str key, const char *want)
{
	struct hm_verifier v;
	struct hm_err err = { 0 };

	if (hm_verifier_parse(a, key, &v, &err) == 0)
		fail_msg("accepted \"" HM_F "\"", HM_P(key));
	if (want)
		assert_str(hm_err_str(&err), want);
	hm_err_free(&err);
}

static void
verifier_keys(void **state)
{
	char key[] = PETER;
	hm_str k = hm_str_make(key, sizeof(key) - 1);
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_verifier v;

	(void)state;
	assert_ok(hm_verifier_parse(&a, k, &v, &err), &err);
	assert_str(v.name, "PeterNeumann");
	assert_int_equal(v.hash, 0xc74f20a3);
	assert_str(hm_note_vkey(&a, v.name, v.key), PETER);
	for (size_t i = 0; i <= k.n; i++)
		for (size_t j = i; j <= k.n; j++)
			if (i != 0 || j != k.n)
				expect_bad_verifier(&a, hm_str_sub(k, i, j), NULL);
	for (size_t i = 0; i < k.n; i++) {
		key[i]++;
		expect_bad_verifier(&a, k, NULL);
		key[i]--;
	}
	expect_bad_verifier(&a, HM_S(""), "malformed verifier id");
	expect_bad_verifier(&a, HM_S("sum.golang.org"), "malformed verifier id");
	expect_bad_verifier(&a, HM_S("a b+c74f20a3+ARpc"), "malformed verifier id");
	expect_bad_verifier(&a, HM_S("Peter" PETER), "invalid verifier hash");
	/* Right hashes over a key of the wrong length and over an unknown algorithm. */
	expect_bad_verifier(&a, HM_S("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
	                             "LDE4izWy10TWBADKEY=="),
	                    "malformed verifier id");
	expect_bad_verifier(&a, HM_S("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
	                             "LDE4izWy10TW"),
	                    "unknown verifier algorithm");
	hm_arena_free(&a);
}

static void
signer_keys(void **state)
{
	char key[] = PETER_SECRET;
	hm_str k = hm_str_make(key, sizeof(key) - 1);
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_signer s;

	(void)state;
	assert_ok(hm_signer_parse(&a, k, &s, &err), &err);
	assert_str(s.name, "PeterNeumann");
	for (size_t i = 0; i <= k.n; i++)
		for (size_t j = i; j <= k.n; j++)
			if (i != 0 || j != k.n)
				assert_int_equal(
					hm_signer_parse(&a, hm_str_sub(k, i, j), &s, &err), -1);
	for (size_t i = 0; i < k.n; i++) {
		key[i]++;
		assert_int_equal(hm_signer_parse(&a, k, &s, &err), -1);
		key[i]--;
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
fresh_keys(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_note note = { .text = HM_S_INIT("hi\n") };
	struct hm_verifier v;
	struct hm_signer s;
	hm_str skey, vkey, msg;

	(void)state;
	assert_ok(hm_note_keygen(&a, HM_S("EnochRoot"), &skey, &vkey, &err), &err);
	assert_ok(hm_signer_parse(&a, skey, &s, &err), &err);
	assert_ok(hm_verifier_parse(&a, vkey, &v, &err), &err);
	assert_int_equal(s.hash, v.hash);
	assert_ok(hm_note_sign(&a, &note, &s, 1, &msg, &err), &err);
	assert_ok(hm_note_open(&a, msg, &v, 1, &note, &err), &err);
	assert_str(note.text, "hi\n");
	assert_int_equal(hm_note_keygen(&a, HM_S("a b"), &skey, &vkey, &err), -1);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static void
sign(void **state)
{
	static const char want[] = TEXT "\n" PETER_SIG;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_note_sig old = { HM_S("PeterNeumann"), 0xc74f20a3, HM_S("BADSIGN=") };
	struct hm_note note = { .text = HM_S_INIT(TEXT) };
	struct hm_signer s;
	hm_str msg;

	(void)state;
	assert_ok(hm_signer_parse(&a, HM_S(PETER_SECRET), &s, &err), &err);
	assert_ok(hm_note_sign(&a, &note, &s, 1, &msg, &err), &err);
	assert_str(msg, want);

	/* An old signature by the same key is replaced, whatever it was. */
	note.sigs.v = &old;
	note.sigs.n = 1;
	assert_ok(hm_note_sign(&a, &note, &s, 1, &msg, &err), &err);
	assert_str(msg, want);

	/* Without a signer, old signatures stay: they have to be well-formed. */
	assert_int_equal(hm_note_sign(&a, &note, NULL, 0, &msg, &err), -1);
	assert_str(hm_err_str(&err), "malformed note");
	old = (struct hm_note_sig){ HM_S("a+b"), 0, HM_S("ABCD") };
	assert_int_equal(hm_note_sign(&a, &note, &s, 1, &msg, &err), -1);
	assert_str(hm_err_str(&err), "malformed note");
	old = (struct hm_note_sig){ HM_S("EnochRoot"), 0xaf0cfe78, HM_S(ENOCH64) };
	assert_ok(hm_note_sign(&a, &note, &s, 1, &msg, &err), &err);
	assert_str(msg, TEXT "\n" ENOCH_SIG PETER_SIG);

	note = (struct hm_note){ .text = HM_S_INIT("abc") };
	assert_int_equal(hm_note_sign(&a, &note, &s, 1, &msg, &err), -1);
	assert_str(hm_err_str(&err), "malformed note");
	note.text = HM_S("abc\n");
	s.name = HM_S("bad name");
	assert_int_equal(hm_note_sign(&a, &note, &s, 1, &msg, &err), -1);
	assert_str(hm_err_str(&err), "invalid signer");
	hm_err_free(&err);
	hm_arena_free(&a);
}

struct fixture {
	struct hm_arena a;
	struct hm_err err;
	struct hm_verifier peter, enoch;
};

static int
setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .err = { 0 } };
	assert_ok(hm_verifier_parse(&f.a, HM_S(PETER), &f.peter, &f.err), &f.err);
	assert_ok(hm_verifier_parse(&f.a, HM_S(ENOCH), &f.enoch, &f.err), &f.err);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	hm_arena_free(&f->a);
	hm_err_free(&f->err);
	return 0;
}

static void
expect_sig(const struct hm_note_sigs *sigs, size_t i, const char *name, uint32_t hash,
           const char *base64)
{
	assert_true(i < sigs->n);
	assert_str(sigs->v[i].name, name);
	assert_int_equal(sigs->v[i].hash, hash);
	assert_str(sigs->v[i].base64, base64);
}

static void
open_good(void **state)
{
	struct fixture *f = *state;
	struct hm_verifier both[] = { f->peter, f->enoch };
	struct hm_note n;

	assert_ok(hm_note_open(&f->a, HM_S(TEXT "\n" PETER_SIG ENOCH_SIG), &f->peter, 1, &n,
	                       &f->err),
	          &f->err);
	assert_str(n.text, TEXT);
	assert_int_equal(n.sigs.n, 1);
	assert_int_equal(n.unverified.n, 1);
	expect_sig(&n.sigs, 0, "PeterNeumann", 0xc74f20a3, PETER64);
	expect_sig(&n.unverified, 0, "EnochRoot", 0xaf0cfe78, ENOCH64);

	assert_ok(hm_note_open(&f->a, HM_S(TEXT "\n" PETER_SIG ENOCH_SIG), both, 2, &n, &f->err),
	          &f->err);
	assert_int_equal(n.sigs.n, 2);
	assert_int_equal(n.unverified.n, 0);
	expect_sig(&n.sigs, 1, "EnochRoot", 0xaf0cfe78, ENOCH64);
}

static void
open_unverified(void **state)
{
	struct fixture *f = *state;
	struct hm_note n;

	assert_int_equal(
		hm_note_open(&f->a, HM_S(TEXT "\n" PETER_SIG ENOCH_SIG), NULL, 0, &n, &f->err), -1);
	assert_str(hm_err_str(&f->err), "note has no verifiable signatures");
	assert_int_equal(f->err.code, HM_ESECURITY);
	assert_int_equal(n.sigs.n, 0);
	assert_int_equal(n.unverified.n, 2);
}

static void
open_ambiguous(void **state)
{
	struct fixture *f = *state;
	struct hm_verifier twice[] = { f->enoch, f->peter, f->enoch };
	struct hm_note n;

	assert_int_equal(hm_note_open(&f->a, HM_S(TEXT "\n" ENOCH_SIG), twice, 3, &n, &f->err), -1);
	assert_str(hm_err_str(&f->err), "ambiguous key EnochRoot+af0cfe78");
	assert_ok(hm_note_open(&f->a, HM_S(TEXT "\n" PETER_SIG), twice, 3, &n, &f->err), &f->err);
}

static void
open_many(void **state)
{
	struct fixture *f = *state;
	struct hm_buf b = { 0 };
	struct hm_note n;

	hm_buf_addz(&b, TEXT "\n");
	for (int i = 0; i < HM_NOTE_SIGS_MAX; i++)
		hm_buf_addz(&b, PETER_SIG);
	assert_ok(hm_note_open(&f->a, hm_buf_str(&b), &f->peter, 1, &n, &f->err), &f->err);
	assert_int_equal(n.sigs.n, 1);
	hm_buf_addz(&b, PETER_SIG);
	assert_int_equal(hm_note_open(&f->a, hm_buf_str(&b), &f->peter, 1, &n, &f->err), -1);
	assert_str(hm_err_str(&f->err), "malformed note");
	assert_int_equal(hm_note_open(&f->a, hm_buf_str(&b), NULL, 0, &n, &f->err), -1);
	assert_str(hm_err_str(&f->err), "malformed note");
	hm_buf_free(&b);
}

/* The signature of a known key is wrong, or its length is, or the text was changed. */
static void
open_forged(void **state)
{
	struct fixture *f = *state;
	struct hm_note n;
	static const char *const bad[] = {
		TEXT "\n" DASH "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcEABCDlZInNIuGUg"
		     "YN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
		TEXT "\n" DASH "PeterNeumann x08go/ZJkuBS\n",
		"then you don't know what your problem is.\n\n" PETER_SIG,
		TEXT "\n\n" PETER_SIG,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(
			hm_note_open(&f->a, hm_str_of(bad[i]), &f->peter, 1, &n, &f->err), -1);
		assert_str(hm_err_str(&f->err), "invalid signature for key PeterNeumann+c74f20a3");
		assert_int_equal(f->err.code, HM_ESECURITY);
	}
}

static void
open_duplicates(void **state)
{
	struct fixture *f = *state;
	struct hm_note n;

	assert_ok(hm_note_open(&f->a,
	                       HM_S(TEXT "\n" PETER_SIG PETER_SIG ENOCH_SIG ENOCH_SIG DASH
	                                 "EnochRoot rwz+eABCDBzmZa0SO3Nb\n"),
	                       &f->peter, 1, &n, &f->err),
	          &f->err);
	assert_int_equal(n.sigs.n, 1);
	assert_int_equal(n.unverified.n, 2);
	expect_sig(&n.unverified, 1, "EnochRoot", 0xaf0cfe78, "rwz+eABCDBzmZa0SO3Nb");
	assert_ok(hm_note_open(&f->a,
	                       HM_S(TEXT "\n" PETER_SIG ENOCH_SIG DASH
	                                 "EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n"
	                                 "ABCD2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"),
	                       &f->peter, 1, &n, &f->err),
	          &f->err);
	assert_int_equal(n.unverified.n, 2);
}

static void
open_malformed(void **state)
{
	struct fixture *f = *state;
	struct hm_note n;
	static const char *const bad[] = {
		"",
		"\n",
		"\n\n",
		TEXT,
		TEXT "\n",
		TEXT "\n" DASH "PeterNeumann " PETER64,
		"\x01" TEXT "\n" PETER_SIG,
		"\xff" TEXT "\n" PETER_SIG,
		"\t" TEXT "\n" PETER_SIG,
		TEXT "\n" DASH "Bad Name " PETER64 "\n",
		TEXT "\n" DASH "Bad+Name " PETER64 "\n",
		TEXT "\n" DASH "Bad\xc2\xa0Name " PETER64 "\n",
		TEXT "\n" DASH PETER64 "\n",
		TEXT "\n" DASH "PeterNeumann\n",
		TEXT "\n" DASH "PeterNeumann \n",
		TEXT "\n" DASH "PeterNeumann x08gow==\n",
		TEXT "\n" DASH "PeterNeumann !!!!\n",
		TEXT "\n- PeterNeumann " PETER64 "\n",
		TEXT "\n" PETER_SIG "Unexpected line.\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (hm_note_open(&f->a, hm_str_of(bad[i]), &f->peter, 1, &n, &f->err) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
		assert_str(hm_err_str(&f->err), "malformed note");
	}
}

/* The examples of https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint. */
static void
c2sp_note(void **state)
{
	static const char key[] =
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	static const char note[] =
		"This is an example message.\n\n" DASH
		"example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
		"OBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
	struct fixture *f = *state;
	struct hm_verifier v;
	struct hm_note n;

	assert_ok(hm_verifier_parse(&f->a, hm_str_of(key), &v, &f->err), &f->err);
	assert_str(hm_note_vkey(&f->a, v.name, v.key), key);
	assert_ok(hm_note_open(&f->a, hm_str_of(note), &v, 1, &n, &f->err), &f->err);
	assert_str(n.text, "This is an example message.\n");
	assert_int_equal(n.sigs.n, 1);
	assert_int_equal(n.unverified.n, 0);
}

#define SOFA "example.com/behind-the-sofa\n"
#define SOFA_ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

static void
c2sp_checkpoint(void **state)
{
	static const char *const bad[] = {
		"", "\n20852163\n" SOFA_ROOT, SOFA, SOFA "20852163\n", SOFA "020852163\n" SOFA_ROOT,
		SOFA "+1\n" SOFA_ROOT, SOFA "-1\n" SOFA_ROOT, SOFA "\n" SOFA_ROOT, SOFA "1\nAAAA\n",
		SOFA "9223372036854775808\n" SOFA_ROOT, SOFA "1\n\n" SOFA_ROOT,
	};
	struct fixture *f = *state;
	struct hm_tree t;
	hm_str origin;

	assert_ok(hm_checkpoint_parse(HM_S(SOFA "20852163\n" SOFA_ROOT), &origin, &t, &f->err),
	          &f->err);
	assert_str(origin, "example.com/behind-the-sofa");
	assert_int_equal(t.n, 20852163);
	assert_str(hm_checkpoint_format(&f->a, origin, &t), SOFA "20852163\n" SOFA_ROOT);
	assert_ok(hm_checkpoint_parse(HM_S(SOFA "0\n" SOFA_ROOT "ext\n"), &origin, &t, &f->err),
	          &f->err);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (hm_checkpoint_parse(hm_str_of(bad[i]), &origin, &t, &f->err) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
}

int
test_tlog_note(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifier_keys),
		cmocka_unit_test(signer_keys),
		cmocka_unit_test(fresh_keys),
		cmocka_unit_test(sign),
		cmocka_unit_test_setup_teardown(open_good, setup, teardown),
		cmocka_unit_test_setup_teardown(open_unverified, setup, teardown),
		cmocka_unit_test_setup_teardown(open_ambiguous, setup, teardown),
		cmocka_unit_test_setup_teardown(open_many, setup, teardown),
		cmocka_unit_test_setup_teardown(open_forged, setup, teardown),
		cmocka_unit_test_setup_teardown(open_duplicates, setup, teardown),
		cmocka_unit_test_setup_teardown(open_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(c2sp_note, setup, teardown),
		cmocka_unit_test_setup_teardown(c2sp_checkpoint, setup, teardown),
	};

	return cmocka_run_group_tests_name("tlog/note", tests, NULL, NULL);
}
