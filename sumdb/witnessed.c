/*
 * witnessed.c - a log whose heads witnesses cosign before anybody sees them.
 */
#include "sumdb.h"

/* --witness and --witness-quorum, as the file that they are kept in. */
static int
require(const struct options *o, struct hm_err *err)
{
	hm_str list = o->witness, part, word, key, url;
	struct hm_arena a = { 0 };
	struct hm_buf b = { 0 };
	int rc, n = 0;

	while (list.n) {
		hm_str_cut(list, ';', &part, &list);
		while (hm_str_next_field(&part, &word)) {
			hm_str_cut(word, '=', &key, &url);
			hm_buf_printf(&b, "witness " HM_F " " HM_F "\n", HM_P(key), HM_P(url));
			n++;
		}
	}
	hm_buf_printf(&b, "quorum %d\n", o->witness_quorum < 0 ? n : o->witness_quorum);
	rc = hm_witnesses_require(o->dir, hm_buf_take(&b, &a), err);
	hm_arena_free(&a);
	return rc ? hm_err_wrap(err, "--witness: ") : 0;
}

int
open_log(const struct options *o, const struct hm_log *log, struct hm_witnesses **w,
         struct hm_tilelog **l, struct hm_err *err)
{
	if ((o->witness.n || o->witness_quorum >= 0) && require(o, err))
		return -1;
	return hm_witnesses_open_log(o->dir, o->witness_wait * 1000, log, w, l, err);
}
