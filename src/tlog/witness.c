#include "tlog/witness.h"

hm_str
hm_add_checkpoint_format(struct hm_arena *a, const struct hm_add_checkpoint *req)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "old %lld\n", (long long)req->old);
	for (size_t i = 0; i < req->proof.n; i++)
		hm_buf_printf(&b, HM_F "\n", HM_P(hm_hash_text(a, &req->proof.h[i])));
	hm_buf_addc(&b, '\n');
	hm_buf_adds(&b, req->note);
	return hm_buf_take(&b, a);
}

int
hm_add_checkpoint_parse(hm_str body, struct hm_add_checkpoint *out, struct hm_err *err)
{
	hm_str line;

	*out = (struct hm_add_checkpoint){ .old = 0 };
	if (!hm_str_cut(body, '\n', &line, &body) || !hm_str_cut_prefix(&line, HM_S("old ")) ||
	    !hm_tlog_parse_size(line, &out->old))
		return hm_err_set(err, HM_EINVALID, "malformed request: no old size");
	for (;;) {
		if (!hm_str_cut(body, '\n', &line, &body))
			return hm_err_set(err, HM_EINVALID, "malformed request: no checkpoint");
		if (line.n == 0)
			break;
		/* 32 bytes are 44 letters: nothing that a lenient decoder would pass over. */
		if (out->proof.n == HM_WITNESS_PROOF_MAX || line.n != 44 ||
		    hm_hash_parse(line, &out->proof.h[out->proof.n], err)) {
			hm_err_clear(err);
			return hm_err_set(err, HM_EINVALID, "malformed request: no proof");
		}
		out->proof.n++;
	}
	out->note = body;
	return 0;
}

int
hm_witness_parse_size(hm_str body, int64_t *size, struct hm_err *err)
{
	if (!hm_str_cut_suffix(&body, HM_S("\n")) || !hm_tlog_parse_size(body, size))
		return hm_err_set(err, HM_EINVALID, "malformed tree size");
	return 0;
}

static int
inconsistent(const char *what, struct hm_err *err)
{
	return hm_err_set(err, HM_ESECURITY, "%s", what);
}

/* old is the size of what the witness has, and not beyond the tree. */
static int
judge_proof(const struct hm_tree *have, const struct hm_add_checkpoint *req,
            const struct hm_tree *tree, struct hm_err *err)
{
	if (have->n == 0 || have->n == tree->n) {
		if (req->proof.n)
			return inconsistent("the consistency proof must be empty", err);
		if (have->n && !hm_hash_eq(&have->hash, &tree->hash))
			return inconsistent("another tree of this size was cosigned", err);
		return 0;
	}
	if (hm_tlog_check_tree(req->proof.h, req->proof.n, tree, have, err) == 0)
		return 0;
	hm_err_clear(err);
	return inconsistent("the consistency proof does not hold", err);
}

int
hm_witness_judge(const struct hm_tree *have, const struct hm_add_checkpoint *req,
                 const struct hm_tree *tree, struct hm_err *err)
{
	struct hm_hash empty;

	if (req->old > tree->n)
		return hm_err_set(err, HM_EINVALID,
		                  "the old size is larger than the checkpoint's");
	if (req->old != have->n)
		return hm_err_set(err, HM_ECONFLICT, "the newest tree seen has %lld records",
		                  (long long)have->n);
	if (tree->n == 0) {
		if (hm_tlog_tree_hash(0, NULL, &empty, err))
			return -1;
		if (!hm_hash_eq(&empty, &tree->hash))
			return inconsistent("this is not the root of an empty tree", err);
	}
	return judge_proof(have, req, tree, err);
}
