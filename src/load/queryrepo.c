#include "load/queryrepo.h"

#include <stdlib.h>

#include "acquire/acquire.h"
#include "load/mainmods.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "mod/semver.h"

hm_str
hm_query_zero_version(struct hm_arena *a, hm_str path)
{
	hm_str prefix, major;

	if (hm_modpath_split(path, &prefix, &major) && major.n)
		return hm_pseudo_zero(a, hm_str_from(major, 1));
	return hm_pseudo_zero(a, HM_S("v0"));
}

int
hm_qrepo_open(struct hm_modload *ml, struct hm_arena *a, hm_str source, hm_str path,
              struct hm_qrepo *out, struct hm_err *err)
{
	*out = (struct hm_qrepo){ .ml = ml, .a = a, .path = path };
	out->replaced = ml->mains && hm_map_has(&ml->mains->highest_replaced, path);
	if (hm_gover_is_toolchain(path) || hm_modpath_check(path, err) == 0) {
		out->r = hm_acquire_lookup(ml->acquire, source, path);
		return 0;
	}
	if (!out->replaced)
		return -1;
	hm_err_clear(err);
	return 0;
}

static int
no_module_path(const struct hm_qrepo *q, struct hm_err *err)
{
	return hm_modpath_check(q->path, err);
}

static int
compare_versions(const void *x, const void *y, void *path)
{
	return hm_gover_mod_cmp(*(const hm_str *)path, *(const hm_str *)x, *(const hm_str *)y);
}

static void
sort_unique(struct hm_strs *l, hm_str path)
{
	size_t n = 0;

	qsort_r(l->v, l->n, sizeof(*l->v), compare_versions, &path);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || !hm_str_eq(l->v[i], l->v[n - 1]))
			l->v[n++] = l->v[i];
	l->n = n;
}

/* Versions that exist only because something replaces them. */
static size_t
add_replaced(const struct hm_qrepo *q, hm_str prefix, struct hm_strs *out)
{
	const struct hm_mainmods *mm = q->ml->mains;
	size_t added = 0;

	for (size_t i = 0; i < mm->n; i++) {
		const struct hm_vermap *rows = NULL;

		if (mm->v[i].index)
			rows = &mm->v[i].index->replace.rows;
		for (size_t k = 0; rows && k < rows->n; k++) {
			struct hm_modver m = rows->e[k].key;

			if (!hm_str_eq(m.path, q->path) || !m.version.n ||
			    !hm_str_has_prefix(m.version, prefix) || hm_pseudo_is(m.version))
				continue;
			HM_PUSH(q->a, *out, m.version);
			added++;
		}
	}
	return added;
}

int
hm_qrepo_versions(const struct hm_qrepo *q, hm_str prefix, struct hm_strs *out,
                  const struct hm_origin **origin, struct hm_err *err)
{
	struct hm_acquire_list list = { 0 };

	*out = (struct hm_strs){ 0 };
	*origin = NULL;
	if (q->r && hm_acquire_repo_versions(q->r, prefix, &list, err)) {
		if (!q->replaced || !hm_acquire_not_exist(err))
			return -1;
		hm_err_clear(err);
		list = (struct hm_acquire_list){ 0 };
	}
	for (size_t i = 0; i < list.n; i++)
		HM_PUSH(q->a, *out, list.v[i]);
	*origin = list.origin;
	if (q->replaced && add_replaced(q, prefix, out)) {
		sort_unique(out, q->path);
		*origin = NULL;
	}
	return 0;
}

static void
take_info(const struct hm_acquire_info *info, struct hm_revinfo *out)
{
	*out = (struct hm_revinfo){ info->version, info->time, info->origin };
}

static int
replacement_stat(hm_str version, struct hm_revinfo *out)
{
	struct hm_err err = { 0 };
	int64_t sec;

	*out = (struct hm_revinfo){ .version = version };
	if (hm_pseudo_is(version) && hm_pseudo_time(version, &sec, &err) == 0)
		out->time = hm_time_from_unix(sec, 0);
	hm_err_free(&err);
	return 0;
}

/* The version that a replacement makes exist; empty when there is none. */
static hm_str
replaced_version(const struct hm_qrepo *q, hm_str rev)
{
	struct hm_err err = { 0 };
	hm_str prefix, major, v = hm_modpath_canonical_version(q->a, rev);
	struct hm_modver r;

	if (!hm_str_eq(v, rev))
		return HM_S("");
	if (hm_modpath_split(q->path, &prefix, &major) && major.n == 0 &&
	    hm_modpath_check_major(v, major, &err) && hm_semver_build(v).n == 0)
		v = hm_arena_printf(q->a, HM_F "+incompatible", HM_P(v));
	hm_err_free(&err);
	r = hm_modload_replacement(q->ml, hm_modver_of(q->path, v));
	return r.path.n ? v : HM_S("");
}

int
hm_qrepo_stat(const struct hm_qrepo *q, hm_str rev, struct hm_revinfo *out, struct hm_err *err)
{
	const struct hm_acquire_info *info;
	hm_str v;

	if (q->r && hm_acquire_repo_stat(q->r, rev, &info, err) == 0) {
		take_info(info, out);
		return 0;
	}
	if (!q->r)
		no_module_path(q, err);
	v = q->replaced ? replaced_version(q, rev) : HM_S("");
	if (!v.n)
		return -1;
	hm_err_clear(err);
	return replacement_stat(v, out);
}

int
hm_qrepo_latest(const struct hm_qrepo *q, struct hm_revinfo *out, struct hm_err *err)
{
	const struct hm_acquire_info *info = NULL;
	const hm_str *highest;
	hm_str v;
	int rc = q->r ? hm_acquire_repo_latest(q->r, &info, err) : no_module_path(q, err);

	if (rc == 0)
		take_info(info, out);
	if (!q->replaced)
		return rc;
	highest = hm_map_get(&q->ml->mains->highest_replaced, q->path);
	v = highest && highest->n ? *highest : hm_query_zero_version(q->a, q->path);
	if (rc == 0 && hm_gover_mod_cmp(q->path, v, info->version) <= 0)
		return 0;
	hm_err_clear(err);
	return replacement_stat(v, out);
}

int
hm_qrepo_check_reuse(const struct hm_qrepo *q, hm_str query, const struct hm_origin *origin,
                     struct hm_err *err)
{
	hm_str quoted = hm_str_quote(q->a, query);
	bool tag_needed = false;

	if (!origin)
		return hm_err_set(err, HM_EINVALID, "nil Origin");
	if (origin->repo_sum.n) {
		/* sums up everything */
	} else if (hm_modpath_is_canonical_version(query)) {
		if (!origin->hash.n && !origin->ref.n && !origin->tag_sum.n)
			return hm_err_set(err, HM_EINVALID, "no Origin information to check");
	} else if (hm_query_is_revision(q->path, query)) {
		if (!origin->hash.n && !origin->ref.n)
			return hm_err_set(err, HM_EINVALID, "query " HM_F
			                  " requires a Hash or Ref", HM_P(quoted));
		tag_needed = true;
	} else {
		tag_needed = true;
	}
	if (tag_needed && !origin->tag_sum.n)
		return hm_err_set(err, HM_EINVALID, "query " HM_F " requires a TagSum",
		                  HM_P(quoted));
	if (q->replaced)
		return hm_err_set(err, HM_EINVALID, "replacement repo");
	if (!q->r)
		return hm_err_set(err, HM_EINVALID, "empty repo");
	return hm_acquire_repo_check_reuse(q->r, origin, err);
}
