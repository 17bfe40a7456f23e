/*
 * A module at one source, each question asked once: cachingRepo of
 * cmd/go/internal/modfetch/cache.go.
 */
#include "acquire/internal.h"

#include "mod/gover.h"

struct hm_acquire_repo {
	struct hm_acquire *ac;
	hm_str source, path;
	bool releases;              /* "go" or "toolchain" */
	struct hm_acquire_repo *dl; /* then: golang.org/toolchain at the source */
};

struct hm_acquire_repo *
hm_acquire_lookup(struct hm_acquire *ac, hm_str source, hm_str path)
{
	bool mine;
	struct hm_flight *f =
		hm_flight_take(&ac->flights, FLIGHT_REPO, source, path, HM_S(""), &mine);

	if (mine) {
		struct hm_acquire_repo *r = HM_NEW(&f->arena, struct hm_acquire_repo);

		r->ac = ac;
		r->source = hm_arena_dup(&f->arena, source);
		r->path = hm_arena_dup(&f->arena, path);
		r->releases = hm_gover_is_toolchain(path);
		if (r->releases)
			r->dl = hm_acquire_lookup(ac, source, HM_S("golang.org/toolchain"));
		hm_flight_land(&ac->flights, f, r);
	}
	return (struct hm_acquire_repo *)(uintptr_t)f->value;
}

static int
to_info(struct hm_arena *a, const struct hm_fetch_info *from, const struct hm_acquire_info **to,
        struct hm_err *err)
{
	struct hm_acquire_info *x = HM_NEW(a, struct hm_acquire_info);

	x->version = from->version;
	x->time = from->time;
	*to = x;
	return hm_origin_parse(a, from->origin, &x->origin, err);
}

static int
list_versions(const struct hm_acquire_repo *r, struct hm_arena *a, hm_str prefix,
              struct hm_acquire_list *out, struct hm_err *err)
{
	struct hm_strs list = { 0 };
	struct hm_repo repo;

	if (r->releases)
		return hm_acquire_go_versions(r->ac, a, r->path, r->dl, out, err);
	if (hm_acquire_open(r->ac, a, r->source, r->path, &repo, err) ||
	    hm_repo_versions(&repo, a, prefix, &list, err))
		return -1;
	*out = (struct hm_acquire_list){ .v = list.v, .n = list.n };
	return 0;
}

int
hm_acquire_repo_versions(struct hm_acquire_repo *r, hm_str prefix, struct hm_acquire_list *out,
                         struct hm_err *err)
{
	struct hm_flights *fl = &r->ac->flights;
	bool mine;
	struct hm_flight *f = hm_flight_take(fl, FLIGHT_LIST, r->source, r->path, prefix, &mine);
	const void *value;

	if (mine) {
		struct hm_acquire_list *list = HM_NEW(&f->arena, struct hm_acquire_list);

		list_versions(r, &f->arena, prefix, list, &f->err);
		hm_flight_land(fl, f, list);
	}
	*out = (struct hm_acquire_list){ 0 };
	if (hm_flight_result(f, &value, err))
		return -1;
	*out = *(const struct hm_acquire_list *)value;
	return 0;
}

/* To disk, and as the answer to the question for that very version. */
static void
keep_info(const struct hm_acquire_repo *r, hm_str rev, const struct hm_acquire_info *info)
{
	struct hm_err err = { 0 };

	if (!hm_str_eq(info->version, rev))
		hm_flight_put(&r->ac->flights, FLIGHT_STAT, r->source, r->path, info->version,
		              info);
	/* a version that cannot be a file name is not kept, and that is no failure */
	if (hm_acquire_write_info(r->ac, r->path, info, &err) && err.code == HM_EIO)
		hm_log(r->ac->opts.log, HM_LOG_INFO, "go: writing stat cache: " HM_F,
		       HM_P(hm_err_str(&err)));
	hm_err_free(&err);
}

static int
stat_rev(struct hm_acquire_repo *r, struct hm_arena *a, hm_str rev,
         const struct hm_acquire_info **info, struct hm_err *err)
{
	struct hm_fetch_info got = { 0 };
	struct hm_repo repo;

	if (r->releases)
		return hm_acquire_go_stat(r->ac, a, r->path, r->dl, rev, info, err);
	if (hm_acquire_read_info(r->ac, a, r->path, rev, info, err) == 0)
		return 0;
	hm_err_clear(err);
	if (hm_acquire_open(r->ac, a, r->source, r->path, &repo, err) ||
	    hm_repo_stat(&repo, a, rev, &got, err) || to_info(a, &got, info, err))
		return -1;
	keep_info(r, rev, *info);
	return 0;
}

int
hm_acquire_repo_stat(struct hm_acquire_repo *r, hm_str rev, const struct hm_acquire_info **info,
                     struct hm_err *err)
{
	struct hm_flights *fl = &r->ac->flights;
	bool mine;
	struct hm_flight *f = hm_flight_take(fl, FLIGHT_STAT, r->source, r->path, rev, &mine);
	const void *value = NULL;
	int rc;

	if (mine) {
		stat_rev(r, &f->arena, rev, (const struct hm_acquire_info **)&value, &f->err);
		hm_flight_land(fl, f, value);
	}
	rc = hm_flight_result(f, &value, err);
	*info = value;
	return rc;
}

static int
find_latest(struct hm_acquire_repo *r, struct hm_arena *a, const struct hm_acquire_info **info,
            struct hm_err *err)
{
	const struct hm_acquire_info *known;
	struct hm_fetch_info got = { 0 };
	struct hm_err ignored = { 0 };
	struct hm_repo repo;

	if (r->releases)
		return hm_acquire_go_latest(r->ac, a, r->path, r->dl, info, err);
	if (hm_acquire_open(r->ac, a, r->source, r->path, &repo, err) ||
	    hm_repo_latest(&repo, a, &got, err) || to_info(a, &got, info, err))
		return -1;
	hm_flight_put(&r->ac->flights, FLIGHT_STAT, r->source, r->path, (*info)->version, *info);
	if (hm_acquire_read_info(r->ac, a, r->path, (*info)->version, &known, &ignored)) {
		hm_err_clear(&ignored);
		hm_acquire_write_info(r->ac, r->path, *info, &ignored);
	}
	hm_err_free(&ignored);
	return 0;
}

int
hm_acquire_repo_latest(struct hm_acquire_repo *r, const struct hm_acquire_info **info,
                       struct hm_err *err)
{
	struct hm_flights *fl = &r->ac->flights;
	bool mine;
	struct hm_flight *f =
		hm_flight_take(fl, FLIGHT_LATEST, r->source, r->path, HM_S(""), &mine);
	const void *value = NULL;
	int rc;

	if (mine) {
		find_latest(r, &f->arena, (const struct hm_acquire_info **)&value, &f->err);
		hm_flight_land(fl, f, value);
	}
	rc = hm_flight_result(f, &value, err);
	*info = value;
	return rc;
}

static int
fetch_gomod(struct hm_acquire_repo *r, struct hm_arena *a, hm_str version, hm_str *data,
            struct hm_err *err)
{
	const struct hm_store *s;
	struct hm_err ignored = { 0 };
	struct hm_repo repo;

	if (r->releases) {
		*data = hm_arena_printf(a, "module " HM_F "\n", HM_P(r->path));
		return 0;
	}
	if (hm_acquire_read_gomod(r->ac, a, r->path, version, data, err) == 0)
		return 0;
	if (err->code != HM_ENOTFOUND)
		return -1;
	hm_err_clear(err);
	if (hm_acquire_open(r->ac, a, r->source, r->path, &repo, err) ||
	    hm_repo_gomod(&repo, a, version, data, err) ||
	    hm_acquire_verify_gomod(r->ac, r->path, version, *data, err) ||
	    hm_acquire_store(r->ac, &s, err))
		return -1;
	if (hm_store_write(s, r->path, version, "mod", *data, &ignored))
		hm_log(r->ac->opts.log, HM_LOG_INFO, "go: writing go.mod cache: " HM_F,
		       HM_P(hm_err_str(&ignored)));
	hm_err_free(&ignored);
	return 0;
}

int
hm_acquire_repo_gomod(struct hm_acquire_repo *r, hm_str version, hm_str *data, struct hm_err *err)
{
	struct hm_flights *fl = &r->ac->flights;
	bool mine;
	struct hm_flight *f = hm_flight_take(fl, FLIGHT_GOMOD, r->source, r->path, version, &mine);
	const void *value;

	if (mine) {
		hm_str *text = HM_NEW(&f->arena, hm_str);

		fetch_gomod(r, &f->arena, version, text, &f->err);
		hm_flight_land(fl, f, text);
	}
	*data = HM_S("");
	if (hm_flight_result(f, &value, err))
		return -1;
	*data = *(const hm_str *)value;
	return 0;
}

int
hm_acquire_repo_check_reuse(struct hm_acquire_repo *r, const struct hm_origin *origin,
                            struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_repo repo;
	int rc = -1;

	(void)origin;
	if (r->releases)
		hm_err_set(err, HM_EINVALID, "invalid use of toolchainRepo: CheckReuse");
	else if (hm_acquire_open(r->ac, &a, r->source, r->path, &repo, err) == 0)
		rc = hm_err_set(err, HM_EINVALID, "proxy does not support CheckReuse");
	hm_arena_free(&a);
	return rc;
}
