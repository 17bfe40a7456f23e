/*
 * witnessed.c - a log whose heads witnesses cosign before anybody sees them; heads of
 * others that must be so.
 */
#include "sumdb.h"
#include "tilelog/checkpoint.h"
#include "tlog/cosign.h"
#include "tlog/trust.h"

static bool
wants_witnesses(const struct options *o)
{
	return o->witness.n || o->witness_quorum >= 0;
}

/* --witness and --witness-quorum as tlog/trust.h has them. */
static hm_str
trust_text(const struct options *o, struct hm_arena *a)
{
	hm_str list = o->witness, part, word, key, url;
	struct hm_buf b = { 0 };
	int n = 0;

	while (list.n) {
		hm_str_cut(list, ';', &part, &list);
		while (hm_str_next_field(&part, &word)) {
			hm_str_cut(word, '=', &key, &url);
			hm_buf_printf(&b, "witness " HM_F " " HM_F "\n", HM_P(key), HM_P(url));
			n++;
		}
	}
	hm_buf_printf(&b, "quorum %d\n", o->witness_quorum < 0 ? n : o->witness_quorum);
	return hm_buf_take(&b, a);
}

int
open_log(const struct options *o, const struct hm_log *log, struct hm_witnesses **w,
         struct hm_tilelog **l, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = 0;

	if (wants_witnesses(o) && hm_witnesses_require(o->dir, trust_text(o, &a), err))
		rc = hm_err_wrap(err, "--witness: ");
	hm_arena_free(&a);
	return rc ? -1 : hm_witnesses_open_log(o->dir, o->witness_wait * 1000, log, w, l, err);
}

int
check_cosigned(const struct options *o, const struct hm_verifier *keys, size_t n_keys, hm_str head,
               struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_trust t = { .quorum = 0 };
	struct hm_tree tree;
	struct hm_note note;
	size_t n = 0;
	int rc = -1;

	if (wants_witnesses(o) && hm_trust_parse(&a, trust_text(o, &a), &t, err)) {
		hm_err_wrap(err, "--witness: ");
		goto out;
	}
	if (hm_note_open(&a, head, keys, n_keys, &note, err) ||
	    hm_checkpoint_read(note.text, keys[0].name, &tree, err) ||
	    hm_cosign_count(&note, hm_checkpoint_cosigned(&a, keys[0].name, note.text, &tree),
	                    t.witness, t.n_witness, NULL, &n, err))
		goto out;
	rc = n >= t.quorum ? 0 :
	                     hm_err_set(err, HM_ESECURITY,
	                                "too few witnesses: the tree of %lld records is "
	                                "cosigned by %zu, wanted are %zu of %zu",
	                                (long long)tree.n, n, t.quorum, t.n_witness);
out:
	hm_arena_free(&a);
	return rc;
}
