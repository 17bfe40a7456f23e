/*
 * fuzz_witness.c - libFuzzer target: requests to a witness, cosigned checkpoints,
 * witness keys and trust files of any content; what is accepted reads back as the same.
 */
#include <stdlib.h>

#include "tilelog/checkpoint.h"
#include "tlog/cosign.h"
#include "tlog/trust.h"
#include "tlog/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REMORA "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"

static void
need(bool ok)
{
	if (!ok)
		abort();
}

/* The tree that the seeds' witness has cosigned before. */
static struct hm_tree
seen(void)
{
	struct hm_tree t = { .n = 1 };

	t.hash.b[0] = 42;
	return t;
}

static void
try_request(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_add_checkpoint req, again;
	struct hm_tree have = seen(), tree;
	struct hm_err ignored = { 0 };
	struct hm_note note;
	hm_str origin;
	int64_t size;

	if (hm_witness_parse_size(in, &size, err) == 0)
		need(size >= 0 && size <= HM_TLOG_SIZE_MAX);
	if (hm_add_checkpoint_parse(in, &req, err))
		return;
	need(req.proof.n <= HM_WITNESS_PROOF_MAX && req.old >= 0);
	need(hm_add_checkpoint_parse(hm_add_checkpoint_format(a, &req), &again, err) == 0);
	need(again.old == req.old && again.proof.n == req.proof.n &&
	     hm_str_eq(again.note, req.note));
	hm_note_open(a, req.note, NULL, 0, &note, &ignored);
	hm_err_free(&ignored);
	if (note.text.n == 0 || hm_checkpoint_parse(note.text, &origin, &tree, err))
		return;
	/* Whatever is let through is at least as large, and, when as large, the same. */
	if (hm_witness_judge(&have, &req, &tree, err) == 0)
		need(tree.n > have.n || (tree.n == have.n && hm_hash_eq(&tree.hash, &have.hash)));
}

static void
try_cosigned(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_verifier w, log;
	struct hm_note note;
	struct hm_tree tree;
	size_t n = 0;
	bool has;

	need(hm_cosigner_parse(a, HM_S(REMORA), &w, err) == 0);
	log = w;
	hm_note_open(a, in, &log, 0, &note, err);
	hm_err_clear(err);
	if (note.text.n == 0)
		return;
	if (hm_cosign_count(&note, note.text, &w, 1, &has, &n, err) == 0)
		need(n == has);
	hm_err_clear(err);
	if (hm_checkpoint_read(note.text, HM_S("example.com/log"), &tree, err) == 0)
		need(hm_checkpoint_cosigned(a, HM_S("example.com/log"), note.text, &tree).n > 0);
}

static void
try_trust(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_verifier v, again;
	struct hm_trust t;

	if (hm_cosigner_parse(a, in, &v, err) == 0) {
		need(hm_cosigner_parse(a, hm_cosigner_vkey(a, v.name, v.key), &again, err) == 0);
		need(v.hash == again.hash && hm_str_eq(v.name, again.name));
	}
	hm_err_clear(err);
	if (hm_trust_parse(a, in, &t, err))
		return;
	need(t.quorum <= t.n_witness);
	for (size_t i = 0; i < t.n_db; i++)
		need(t.db[i].quorum <= t.n_witness && t.db[i].patterns.n && t.db[i].key.n);
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
	try_request(&a, in, &err);
	hm_err_clear(&err);
	try_cosigned(&a, in, &err);
	hm_err_clear(&err);
	try_trust(&a, in, &err);
	free(copy);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
