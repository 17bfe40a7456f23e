#include "tilelog/checkpoint.h"

#include "codec/base64.h"

hm_str
hm_checkpoint_format(struct hm_arena *a, hm_str origin, const struct hm_tree *tree)
{
	return hm_arena_printf(a, HM_F "\n%lld\n" HM_F "\n", HM_P(origin), (long long)tree->n,
	                       HM_P(hm_hash_text(a, &tree->hash)));
}

int
hm_checkpoint_parse(hm_str text, hm_str *origin, struct hm_tree *tree, struct hm_err *err)
{
	hm_str size, root, line;

	if (!hm_str_cut(text, '\n', origin, &text) || !hm_str_cut(text, '\n', &size, &text) ||
	    !hm_str_cut(text, '\n', &root, &text) || origin->n == 0 ||
	    !hm_tlog_parse_size(size, &tree->n) ||
	    !hm_base64_decode_to(HM_BASE64_STD, root, tree->hash.b, sizeof(tree->hash.b)))
		return hm_err_set(err, HM_EINVALID, "malformed checkpoint");
	while (text.n)
		if (!hm_str_cut(text, '\n', &line, &text) || line.n == 0)
			return hm_err_set(err, HM_EINVALID, "malformed checkpoint");
	return 0;
}

#define GO_HEAD HM_S("go.sum database tree\n")

hm_str
hm_checkpoint_origin(hm_str name)
{
	return hm_str_eqz(name, "sum.golang.org") ? HM_S("go.sum database tree") : name;
}

int
hm_checkpoint_read(hm_str text, hm_str name, struct hm_tree *tree, struct hm_err *err)
{
	hm_str origin;

	if (hm_str_has_prefix(text, GO_HEAD))
		return hm_tlog_parse_tree(text, tree, err);
	if (hm_checkpoint_parse(text, &origin, tree, err))
		return -1;
	if (!hm_str_eq(origin, hm_checkpoint_origin(name)))
		return hm_err_set(err, HM_ESECURITY, "checkpoint of another log, \"" HM_F "\"",
		                  HM_P(origin));
	return 0;
}

hm_str
hm_checkpoint_cosigned(struct hm_arena *a, hm_str name, hm_str text, const struct hm_tree *tree)
{
	if (!hm_str_has_prefix(text, GO_HEAD))
		return text;
	return hm_checkpoint_format(a, hm_checkpoint_origin(name), tree);
}
