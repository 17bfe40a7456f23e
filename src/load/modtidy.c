#include "load/modtidy.h"

#include "acquire/acquire.h"
#include "codec/diff.h"
#include "load/modcommit.h"
#include "load/modules.h"
#include "mod/gover.h"
#include "verify/gosum.h"

static void
add_diff(struct hm_buf *out, const char *name, hm_str before, hm_str after)
{
	struct hm_arena a = { 0 };
	size_t n = out->n;

	hm_diff(out, hm_arena_printf(&a, "current/%s", name), before,
	        hm_arena_printf(&a, "tidy/%s", name), after);
	if (out->n > n)
		hm_buf_addc(out, '\n');
	hm_arena_free(&a);
}

static int
diff_sums(struct hm_modload *ml, const struct hm_map *keep, hm_str compat, struct hm_buf *out,
          struct hm_err *err)
{
	struct hm_sums *sums = hm_acquire_sums(ml->acquire);
	hm_str before, after;
	struct hm_map now;

	if (!sums)
		return 0;
	if (hm_sums_trim(sums, keep, err))
		return -1;
	/* Without compatibility with go 1.16 fewer sums may do. */
	if (hm_gover_cmp(hm_modules_tidy_compat(ml, ml->reqs, compat), HM_S("1.16")) > 0) {
		if (hm_modload_keep_sums(ml, ml->loaded, ml->reqs, HM_SUMS_BUILD_LIST, &now, err))
			return -1;
		keep = &now;
	}
	if (hm_sums_tidy(sums, ml->arena, keep, &before, &after, err))
		return -1;
	add_diff(out, "go.sum", before, after);
	return 0;
}

int
hm_modtidy_diff(struct hm_modload *ml, const struct hm_map *keep, hm_str compat,
                struct hm_buf *out, struct hm_err *err)
{
	hm_str before, after;
	bool has_file;

	ml->build_mod = HM_MOD_READONLY;
	if (hm_modload_updated_gomod(ml, NULL, &before, &after, &has_file, err))
		return -1;
	if (has_file)
		add_diff(out, "go.mod", before, after);
	return diff_sums(ml, keep, compat, out, err);
}
