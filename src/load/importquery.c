/* Looking for a module that could be added, so that an import is provided. */
#include <stdlib.h>

#include "acquire/acquire.h"
#include "load/importerr.h"
#include "load/mainmods.h"
#include "load/modgraph.h"
#include "load/query.h"
#include "load/queryrepo.h"
#include "mod/gover.h"
#include "mod/modpath.h"

static bool
fail(struct hm_modload *ml, struct hm_arena *a, struct hm_import *out, struct hm_import_error *e)
{
	hm_import_error_render(ml, a, e);
	out->mod = (struct hm_modver){ 0 };
	out->err = e;
	return false;
}

static bool
fail_err(struct hm_modload *ml, struct hm_arena *a, struct hm_import *out, struct hm_err *err)
{
	fail(ml, a, out, hm_import_error_from(a, err));
	hm_err_free(err);
	return false;
}

static int
longest_first(const void *x, const void *y)
{
	size_t a = ((const struct hm_modver *)x)->path.n, b = ((const struct hm_modver *)y)->path.n;

	return (a < b) - (a > b);
}

/* The replaced modules that might provide path and would raise the version selected now. */
static int
replaced_candidates(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_reqs *rs,
                    struct hm_modvers *out, struct hm_err *err)
{
	const struct hm_map *all = &ml->mains->highest_replaced;
	struct hm_modgraph *mg;

	for (size_t i = 0; i < all->n; i++) {
		const hm_str *v = all->e[i].val;
		struct hm_modver m = { all->e[i].key, v ? *v : HM_S("") };

		if (!hm_import_may_be_in(path, m.path))
			continue;
		if (!m.version.n)
			m.version = hm_query_zero_version(a, m.path);
		if (hm_reqs_graph(ml, rs, &mg, err))
			return -1;
		if (hm_gover_mod_cmp(m.path, hm_modgraph_selected(mg, m.path), m.version) < 0)
			HM_PUSH(a, *out, m);
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), longest_first);
	return 0;
}

/* 1: none of the replaced modules has it. */
static int
look_in_replaced(struct hm_modload *ml, struct hm_arena *a, hm_str path,
                 const struct hm_modvers *mods, struct hm_import *out)
{
	struct hm_import_error *e;
	struct hm_err err = { 0 };
	hm_str root, dir;
	bool local, ok;

	for (size_t i = 0; i < mods->n; i++) {
		if (hm_import_fetch(ml, a, mods->v[i], &root, &local, &err)) {
			if (!hm_err_is(&err, HM_EMISSINGSUM)) {
				fail_err(ml, a, out, &err);
				return 0;
			}
			hm_err_free(&err);
			e = HM_NEW(a, struct hm_import_error);
			e->kind = HM_IMPORT_MISSING_SUM;
			e->code = HM_EMISSINGSUM;
			e->import_path = path;
			fail(ml, a, out, e);
			return 0;
		}
		hm_import_dir_in_module(ml, a, path, mods->v[i].path, root, local, &dir, &ok, &err);
		if (!ok)
			continue;
		out->mod = mods->v[i];
		if (ml->build_mod == HM_MOD_READONLY) {
			e = hm_import_error_missing(a, path);
			e->replaced = mods->v[i];
			fail(ml, a, out, e);
		}
		return 0;
	}
	return 1;
}

/* The path cannot be fetched, and the replaced modules do not have it. */
static bool
only_replaced(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_modver m,
              struct hm_import *out)
{
	struct hm_import_error *e = HM_NEW(a, struct hm_import_error);
	struct hm_modver r = hm_modload_replacement(ml, m);
	hm_str by = hm_modver_str(a, r);

	e->kind = HM_IMPORT_NOT_IN_MODULE;
	e->code = HM_EINVALID;
	e->import_path = path;
	e->module = m;
	if (r.path.n)
		e->text = hm_arena_printf(a, "module " HM_F "@latest found (" HM_F ", replaced by "
		                          HM_F "), but does not contain package " HM_F,
		                          HM_P(m.path), HM_P(m.version), HM_P(by), HM_P(path));
	else
		e->text = hm_arena_printf(a, "module " HM_F "@latest found (" HM_F "), but does "
		                          "not contain package " HM_F, HM_P(m.path),
		                          HM_P(m.version), HM_P(path));
	return fail(ml, a, out, e);
}

/* go.mod may not change: say why nobody was asked. */
static bool
lookup_disabled(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_import *out)
{
	struct hm_import_error *e = hm_import_error_missing(a, path);
	const char *mod = hm_build_mod_name(ml->build_mod);

	if (ml->build_mod_explicit)
		e->query_err = hm_arena_printf(a, "import lookup disabled by -mod=%s", mod);
	else if (ml->build_mod_reason.n)
		e->query_err = hm_arena_printf(a, "import lookup disabled by -mod=%s\n\t(" HM_F ")",
		                               mod, HM_P(ml->build_mod_reason));
	return fail(ml, a, out, e);
}

static hm_str
selected(void *ctx, hm_str path)
{
	return hm_modgraph_selected(ctx, path);
}

/* A candidate must be higher than what is selected, which has been found wanting. */
static bool
choose(struct hm_modload *ml, struct hm_arena *a, hm_str path, const struct hm_modgraph *mg,
       const struct hm_query_results *found, struct hm_import *out)
{
	struct hm_import_error *e;
	hm_str missing = HM_S("");

	for (size_t i = 0; i < found->n; i++) {
		struct hm_modver m = found->v[i].mod;
		hm_str v = hm_modgraph_selected(mg, m.path);

		if (hm_gover_mod_cmp(m.path, v, m.version) <= 0) {
			out->mod = m;
			return true;
		}
		if (i == 0)
			missing = v;
	}
	e = hm_import_error_missing(a, path);
	e->module = found->v[0].mod;
	e->new_missing_version = missing;
	return fail(ml, a, out, e);
}

static bool
ask_sources(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_reqs *rs,
            struct hm_import *out)
{
	struct hm_query_results found;
	struct hm_import_error *e;
	enum hm_query_fail why;
	struct hm_modgraph *mg;
	struct hm_err err = { 0 };

	hm_log(ml->log, HM_LOG_INFO, "go: finding module for package " HM_F, HM_P(path));
	if (hm_reqs_graph(ml, rs, &mg, &err))
		return fail_err(ml, a, out, &err);
	if (hm_query_packages(ml, a, path, HM_S("latest"), selected, mg, HM_ALLOW_CHECKED, &found,
	                      &why, &err) == 0)
		return choose(ml, a, path, mg, &found, out);
	if (why == HM_QUERY_NOT_EXIST) {
		e = hm_import_error_missing(a, path);
		e->query_err = hm_arena_dup(a, hm_err_str(&err));
	} else {
		e = hm_import_error_from(a, &err);
		if (why == HM_QUERY_NOT_IN_MODULE) {
			e->kind = HM_IMPORT_NOT_IN_MODULE;
			e->import_path = path;
		}
	}
	hm_err_free(&err);
	return fail(ml, a, out, e);
}

bool
hm_import_query(struct hm_modload *ml, struct hm_arena *a, hm_str path, struct hm_reqs *rs,
                struct hm_import *out)
{
	struct hm_modvers mods = { 0 };
	struct hm_import_error *e;
	struct hm_err err = { 0 };
	bool bad;

	*out = (struct hm_import){ 0 };
	if (replaced_candidates(ml, a, path, rs, &mods, &err))
		return fail_err(ml, a, out, &err);
	if (look_in_replaced(ml, a, path, &mods, out) == 0)
		return !out->err;
	bad = hm_modpath_check(path, &err) != 0;
	hm_err_free(&err);
	if (mods.n && bad)
		return only_replaced(ml, a, path, mods.v[0], out);
	if (hm_import_is_std_path(path)) {
		e = hm_import_error_missing(a, path);
		e->is_std = true;
		return fail(ml, a, out, e);
	}
	if (ml->build_mod != HM_MOD_MOD && !ml->allow_missing_imports)
		return lookup_disabled(ml, a, path, out);
	return ask_sources(ml, a, path, rs, out);
}
