/*
 * fuzz_note.c - libFuzzer target: notes, keys, tree heads and records of any
 * content; what is accepted reads back as the same.
 */
#include <stdlib.h>

#include "tlog/note.h"
#include "tlog/tlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

static void
need(bool ok)
{
	if (!ok)
		abort();
}

static void
try_note(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_verifier peter;
	struct hm_note n, again;
	hm_str out;

	need(hm_verifier_parse(a, HM_S(PETER), &peter, err) == 0);
	if (hm_note_open(a, in, &peter, 1, &n, err) < 0)
		return;
	need(n.sigs.n == 1 && n.sigs.n + n.unverified.n <= HM_NOTE_SIGS_MAX);
	need(hm_note_sign(a, &n, NULL, 0, &out, err) == 0);
	need(hm_note_open(a, out, &peter, 1, &again, err) == 0);
	need(hm_str_eq(n.text, again.text) && n.unverified.n == again.unverified.n);
}

static void
try_keys(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_verifier v, again;
	struct hm_signer s;

	(void)hm_signer_parse(a, in, &s, err);
	if (hm_verifier_parse(a, in, &v, err) < 0)
		return;
	need(hm_verifier_parse(a, hm_note_vkey(a, v.name, v.key), &again, err) == 0);
	need(v.hash == again.hash && hm_str_eq(v.name, again.name));
}

static void
try_texts(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_tree t, t2;
	hm_str text, rest, again;
	int64_t id;

	if (hm_tlog_parse_tree(in, &t, err) == 0) {
		need(hm_tlog_parse_tree(hm_tlog_format_tree(a, &t), &t2, err) == 0);
		need(t.n == t2.n && hm_hash_eq(&t.hash, &t2.hash));
	}
	if (hm_tlog_parse_record(in, &id, &text, &rest, err) == 0) {
		need(hm_tlog_format_record(a, id, text, &again, err) == 0);
		need(hm_str_has_suffix(hm_str_sub(in, 0, in.n - rest.n),
		                       hm_str_from(again, again.n - text.n - 1)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	/* a copy of exactly this size, so that reads beyond it are seen */
	char *copy = malloc(size ? size : 1);
	hm_str in = { copy, size };

	if (size)
		memcpy(copy, data, size);
	try_note(&a, in, &err);
	try_keys(&a, in, &err);
	try_texts(&a, in, &err);
	free(copy);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
