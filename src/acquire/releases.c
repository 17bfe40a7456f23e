/*
 * The pseudo-modules "go" and "toolchain", whose versions are those of
 * golang.org/toolchain (cmd/go/internal/modfetch/toolchain.go).
 */
#include "acquire/internal.h"

#include <stdlib.h>

#include "mod/gover.h"

static bool
is_go(hm_str path)
{
	return hm_str_eqz(path, "go");
}

static hm_str
local_go(const struct hm_acquire *ac)
{
	return hm_gover_from_toolchain(ac->conf->goversion);
}

/* "1.19.7" of "v0.0.1-go1.19.7.windows-amd64"; empty for anything else. */
static hm_str
release_of(hm_str v)
{
	hm_str rest;
	ptrdiff_t dot;

	if (!hm_str_cut(v, '-', &v, &rest))
		return HM_S("");
	dot = hm_str_rindex_byte(rest, '.');
	if (dot < 0 || hm_str_index_byte(hm_str_from(rest, (size_t)dot), '-') < 0)
		return HM_S("");
	rest = hm_str_sub(rest, 0, (size_t)dot);
	hm_str_cut_prefix(&rest, HM_S("go"));
	return rest;
}

static int
cmp_go(const void *x, const void *y)
{
	return hm_gover_cmp(*(const hm_str *)x, *(const hm_str *)y);
}

static int
cmp_toolchain(const void *x, const void *y)
{
	return hm_gover_cmp(hm_gover_from_toolchain(*(const hm_str *)x),
	                    hm_gover_from_toolchain(*(const hm_str *)y));
}

int
hm_acquire_go_versions(struct hm_acquire *ac, struct hm_arena *a, hm_str path,
                       struct hm_acquire_repo *r, struct hm_acquire_list *out, struct hm_err *err)
{
	const char *prefix = is_go(path) ? "" : "go";
	struct hm_map have = { .arena = a };
	struct hm_strs list = { 0 };
	struct hm_acquire_list all;
	hm_str v;

	if (hm_acquire_repo_versions(r, HM_S(""), &all, err))
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		v = release_of(all.v[i]);
		if (v.n && hm_map_add(&have, v))
			HM_PUSH(a, list, hm_arena_printf(a, "%s" HM_F, prefix, HM_P(v)));
	}
	/* a development version may not have been released yet */
	v = local_go(ac);
	if (hm_map_add(&have, v))
		HM_PUSH(a, list, hm_arena_printf(a, "%s" HM_F, prefix, HM_P(v)));
	qsort(list.v, list.n, sizeof(list.v[0]), is_go(path) ? cmp_go : cmp_toolchain);
	*out = (struct hm_acquire_list){ .v = list.v, .n = list.n };
	return 0;
}

int
hm_acquire_go_stat(struct hm_acquire *ac, struct hm_arena *a, hm_str path,
                   struct hm_acquire_repo *r, hm_str rev, const struct hm_acquire_info **info,
                   struct hm_err *err)
{
	struct hm_acquire_info *x = HM_NEW(a, struct hm_acquire_info);
	const struct hm_acquire_info *dl;
	hm_str v = rev, local = local_go(ac), dl_version;

	*info = x;
	hm_str_cut_prefix(&v, HM_S("go"));
	x->version = hm_arena_printf(a, "%s" HM_F, is_go(path) ? "" : "go", HM_P(v));
	if (!hm_gover_valid(v))
		return hm_err_set(err, HM_EINVALID, "invalid " HM_F " version " HM_F, HM_P(path),
		                  HM_P(rev));
	/* these need no network to be known to exist */
	if (is_go(path) ? hm_gover_cmp(v, local) <= 0 : hm_str_eq(v, local))
		return 0;
	if (hm_gover_is_lang(v))
		return hm_err_set(err, HM_EINVALID,
		                  "go language version " HM_F " is not a toolchain version",
		                  HM_P(rev));
	/* the one platform that every release has */
	dl_version = hm_arena_printf(a, "v0.0.1-go" HM_F ".linux-amd64", HM_P(v));
	if (hm_acquire_repo_stat(r, dl_version, &dl, err))
		return -1;
	x->time = dl->time;
	return 0;
}

int
hm_acquire_go_latest(struct hm_acquire *ac, struct hm_arena *a, hm_str path,
                     struct hm_acquire_repo *r, const struct hm_acquire_info **info,
                     struct hm_err *err)
{
	struct hm_acquire_list list;
	hm_str max = { 0 };

	if (hm_acquire_go_versions(ac, a, path, r, &list, err))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (max.n == 0 || hm_gover_mod_cmp(path, list.v[i], max) > 0)
			max = list.v[i];
	return hm_acquire_go_stat(ac, a, path, r, max, info, err);
}
