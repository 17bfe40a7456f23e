/*
 * heads.c - one tree, two signed heads: the one that go's clients know, and a C2SP
 * checkpoint (https://c2sp.org/tlog-checkpoint: origin, size, root, each on a line).
 */
#include "tilelog/checkpoint.h"
#include "tilelog/log.h"

int
hm_tilelog_sign(const struct hm_tilelog *l, struct hm_arena *a, const struct hm_tree *tree,
                hm_str *latest, hm_str *checkpoint, struct hm_err *err)
{
	struct hm_note head = { .text = hm_tlog_format_tree(a, tree) };
	struct hm_note point = { .text = hm_checkpoint_format(a, hm_tilelog_name(l), tree) };

	if (hm_note_sign(a, &head, l->signers.v, l->signers.n, latest, err) ||
	    hm_note_sign(a, &point, l->signers.v, l->signers.n, checkpoint, err))
		return -1;
	return 0;
}

int
hm_tilelog_open_head(const struct hm_tilelog *l, struct hm_arena *a, hm_str text, bool c2sp,
                     struct hm_tree *out, struct hm_err *err)
{
	struct hm_note note;
	hm_str origin;

	if (hm_note_open(a, text, l->keys, l->signers.n, &note, err))
		return -1;
	if (!c2sp)
		return hm_tlog_parse_tree(note.text, out, err);
	if (hm_checkpoint_parse(note.text, &origin, out, err))
		return -1;
	if (!hm_str_eq(origin, hm_tilelog_name(l)))
		return hm_err_set(err, HM_ESECURITY, "checkpoint of another log, \"" HM_F "\"",
		                  HM_P(origin));
	return 0;
}

int
hm_tilelog_carry_signatures(const struct hm_tilelog *l, struct hm_arena *a, hm_str checkpoint,
                            hm_str *latest, struct hm_err *err)
{
	struct hm_note point, head;

	if (hm_note_open(a, checkpoint, l->keys, l->signers.n, &point, err) ||
	    hm_note_open(a, *latest, l->keys, l->signers.n, &head, err))
		return -1;
	head.unverified = point.unverified;
	return hm_note_sign(a, &head, NULL, 0, latest, err);
}

/* By a key of our name that is none of ours any more? */
static bool
has_retired(const struct hm_tilelog *l, const struct hm_note *note)
{
	for (size_t i = 0; i < note->unverified.n; i++)
		if (hm_str_eq(note->unverified.v[i].name, hm_tilelog_name(l)))
			return true;
	return false;
}

bool
hm_tilelog_is_signed_by_all(const struct hm_tilelog *l, struct hm_arena *a, hm_str text)
{
	struct hm_err err = { 0 };
	struct hm_note note;
	bool all = hm_note_open(a, text, l->keys, l->signers.n, &note, &err) == 0 &&
	           note.sigs.n == l->signers.n && !has_retired(l, &note);

	hm_err_free(&err);
	return all;
}
