/* //go:debug lines of a package that is compiled (go's checkDirectives). */
#include "build/builder.h"
#include "build/shell.h"
#include "load/modfiles.h"
#include "load/modload.h"

/*
 * Splits "//go:debug key=value" and checks both; false for another directive, -1
 * in *rc with the reason for a wrong one.
 */
static bool
parse(struct hm_builder *b, hm_str text, hm_str *key, int *rc, struct hm_err *err)
{
	struct hm_modload ml = { .conf = b->o.conf, .local_go = b->tc->local };
	hm_str value, rest = text;

	*rc = 0;
	if (!hm_str_cut_prefix(&rest, HM_S("//go:debug")))
		return false;
	if (rest.n && rest.p[0] != ' ' && rest.p[0] != '\t')
		return false;
	if (!hm_str_cut(hm_str_trim(rest), '=', key, &value))
		*rc = hm_err_set(err, HM_EINVALID, "missing key=value");
	else
		*rc = hm_modload_check_godebug(&ml, HM_S("//go:debug setting"), *key, value, err);
	return true;
}

int
hm_directives_check(struct hm_action *a, struct hm_err *err)
{
	const struct hm_bpkg *build = a->pkg->build;
	struct hm_arena *ar = &a->arena;
	struct hm_map seen = { .arena = ar };
	struct hm_buf text = { 0 };
	struct hm_shell_out out = { .failed = true };

	for (size_t i = 0; build && i < build->directives.n; i++) {
		const struct hm_scan_item *d = &build->directives.v[i];
		const struct hm_pos *before;
		hm_str key;
		int rc;

		if (!parse(a->builder, d->text, &key, &rc, err))
			continue;
		if (rc) {
			hm_buf_printf(&text, HM_F ": invalid //go:debug: " HM_F "\n",
			              HM_P(hm_pos_text(ar, &d->pos)), HM_P(hm_err_str(err)));
			hm_err_clear(err);
			continue;
		}
		before = hm_map_get(&seen, key);
		if (before)
			hm_buf_printf(&text,
			              HM_F ": repeated //go:debug for " HM_F "\n\t" HM_F
			                   ": previous //go:debug\n",
			              HM_P(hm_pos_text(ar, &d->pos)), HM_P(key),
			              HM_P(hm_pos_text(ar, before)));
		else
			hm_map_set(&seen, key, (void *)(uintptr_t)&d->pos);
	}
	if (!text.n)
		return 0;
	out.text = hm_buf_take(&text, ar);
	return hm_shell_report(a, HM_S(""), HM_S(""), &out, err);
}
