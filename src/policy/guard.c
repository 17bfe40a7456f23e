#include "policy/guard.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "os/file.h"

static int
load_osv(struct hm_guard *g, struct hm_err *err)
{
	hm_str folder = hm_path_dir(&g->arena, g->file);

	if (g->policy->osv.n == 0)
		return 0;
	g->osv = hm_osv_new();
	for (size_t i = 0; i < g->policy->osv.n; i++) {
		const struct hm_policy_osv *o = &g->policy->osv.v[i];
		hm_str dir = hm_path_is_abs(o->dir) ? o->dir
		                                    : hm_path_join(&g->arena, folder, o->dir);

		if (hm_osv_add_dir(g->osv, dir.p, i, err))
			return hm_err_wrap(err, HM_F ":%u: ", HM_P(g->policy->name), o->line);
	}
	return 0;
}

static int
load(struct hm_guard *g, struct hm_err *err)
{
	struct hm_arena scratch = { 0 };
	hm_str text;
	int rc = hm_file_read(&scratch, g->file.p, HM_POLICY_MAX_BYTES, &text, err);

	if (rc == 0)
		rc = hm_policy_parse(&g->arena, hm_path_base(g->file), text, &g->policy, err);
	hm_arena_free(&scratch);
	return rc ? -1 : load_osv(g, err);
}

int
hm_guard_load(const char *file, struct hm_guard **out, struct hm_err *err)
{
	struct hm_guard *g = hm_mem_new(sizeof(*g));

	g->file = hm_arena_dup(&g->arena, hm_str_of(file));
	if (load(g, err)) {
		hm_guard_free(g);
		return -1;
	}
	*out = g;
	return 0;
}

void
hm_guard_free(struct hm_guard *g)
{
	if (!g)
		return;
	hm_osv_free(g->osv);
	hm_arena_free(&g->arena);
	free(g);
}

/* One fact that is needed; the cheapest first. */
static int
gather(struct hm_arena *a, const struct hm_guard_facts *from, unsigned needs, unsigned *which,
       struct hm_policy_facts *f, struct hm_err *err)
{
	if (needs & HM_POLICY_NEED_VOUCHED) {
		*which = HM_POLICY_NEED_VOUCHED;
		if (from->vouched)
			return from->vouched(from->ctx, a, f->m, &f->vouched, err);
	} else if (needs & HM_POLICY_NEED_TIME) {
		*which = HM_POLICY_NEED_TIME;
		if (from->time)
			return from->time(from->ctx, a, f->m, &f->time, err);
	} else {
		*which = HM_POLICY_NEED_LICENCE;
		if (from->licence)
			return from->licence(from->ctx, a, f->m, &f->licence, err);
	}
	return hm_err_set(err, HM_ENOTFOUND, "not known here");
}

int
hm_guard_judge(const struct hm_guard *g, struct hm_arena *a, struct hm_modver m, int64_t now,
               const struct hm_guard_facts *from, bool all, struct hm_policy_verdict *v,
               struct hm_err *err)
{
	struct hm_policy_facts f = { .m = m, .now = now };
	struct hm_osv_hits hits = { 0 };
	unsigned tried = 0, which = 0;

	if (g->osv) {
		hm_osv_find(g->osv, a, m, &hits);
		f.vuln = hits.v;
		f.n_vulns = hits.n;
	}
	f.known = HM_POLICY_NEED_VULNS;
	for (;;) {
		hm_policy_judge(g->policy, a, &f, v);
		if (!(v->needs & ~tried) || (v->answer != HM_POLICY_UNDECIDED && !all))
			return 0;
		if (gather(a, from, v->needs & ~tried, &which, &f, err) == 0)
			f.known |= which;
		else if (!hm_err_is(err, HM_ENOTFOUND))
			return -1;
		hm_err_clear(err);
		tried |= which;
	}
}

int
hm_guard_error(const struct hm_guard *g, struct hm_modver m, const struct hm_policy_verdict *v,
               struct hm_err *err)
{
	const struct hm_policy_finding *f = hm_policy_refusal(v);
	struct hm_arena scratch = { 0 };
	hm_str text;

	if (!f)
		return 0;
	text = hm_policy_refusal_text(g->policy, &scratch, m, f);
	hm_err_set(err, HM_EPOLICY, HM_F, HM_P(text));
	hm_arena_free(&scratch);
	return -1;
}
