/* .info and .mod files of cache/download: readDiskStat, readDiskGoMod and so on of cache.go. */
#include "acquire/internal.h"

#include "mod/pseudo.h"

/* json.Unmarshal into a RevInfo. */
static int
parse_info(struct hm_arena *a, hm_str text, struct hm_acquire_info *info, struct hm_err *err)
{
	const struct hm_json *j, *v;

	if (hm_json_parse(a, text, &j, err))
		return -1;
	if (hm_json_kind(j) != HM_JSON_OBJECT)
		return hm_err_set(err, HM_ESYNTAX, "not an object");
	v = hm_json_get(j, "Version");
	if (hm_json_kind(v) != HM_JSON_STRING && hm_json_kind(v) != HM_JSON_NULL)
		return hm_err_set(err, HM_ESYNTAX, "Version is not a string");
	info->version = hm_json_get_str(j, "Version");
	v = hm_json_get(j, "Time");
	if (hm_json_kind(v) != HM_JSON_NULL &&
	    (hm_json_kind(v) != HM_JSON_STRING ||
	     !hm_time_parse_rfc3339(hm_json_str(v), &info->time)))
		return hm_err_set(err, HM_ESYNTAX, "Time is not a time");
	return hm_origin_parse(a, hm_json_get(j, "Origin"), &info->origin, err);
}

static int
read_info(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
          const struct hm_acquire_info **info, struct hm_err *err)
{
	struct hm_acquire_info *x = HM_NEW(a, struct hm_acquire_info);
	hm_str text;

	if (hm_store_read(s, a, path, version, "info", &text, err))
		return -1;
	if (parse_info(a, text, x, err)) {
		hm_err_clear(err);
		return hm_err_set(err, HM_ENOTFOUND, "not in cache");
	}
	*info = x;
	return 0;
}

int
hm_acquire_read_info(struct hm_acquire *ac, struct hm_arena *a, hm_str path, hm_str rev,
                     const struct hm_acquire_info **info, struct hm_err *err)
{
	const struct hm_store *s;
	hm_str version;

	*info = NULL;
	if (hm_acquire_store(ac, &s, err))
		return -1;
	if (read_info(s, a, path, rev, info, err) == 0)
		return 0;
	/* only where nobody can be asked is a version known for this commit good enough */
	if (!hm_str_eqz(ac->conf->goproxy, "off") || !hm_store_find_rev(s, a, path, rev, &version))
		return -1;
	hm_err_clear(err);
	return read_info(s, a, path, version, info, err);
}

int
hm_acquire_write_info(struct hm_acquire *ac, hm_str path, const struct hm_acquire_info *info,
                      struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b };
	const struct hm_store *s;
	int rc;

	hm_json_begin_object(&w);
	hm_json_member_str(&w, "Version", info->version);
	hm_json_member_str(&w, "Time", hm_time_rfc3339(&a, info->time));
	if (info->origin) {
		struct hm_origin o = *info->origin;

		/* what a version that is known exactly does not depend on */
		o.tag_sum = o.tag_prefix = o.repo_sum = HM_S("");
		if (hm_pseudo_is(info->version))
			o.ref = HM_S("");
		hm_json_key(&w, "Origin");
		hm_origin_put(&w, &o);
	}
	hm_json_end_object(&w);
	rc = hm_acquire_store(ac, &s, err);
	if (rc == 0)
		rc = hm_store_write(s, path, info->version, "info", hm_buf_str(&b), err);
	hm_buf_free(&b);
	hm_arena_free(&a);
	return rc;
}

int
hm_acquire_read_gomod(struct hm_acquire *ac, struct hm_arena *a, hm_str path, hm_str version,
                      hm_str *data, struct hm_err *err)
{
	const struct hm_store *s;

	if (hm_acquire_store(ac, &s, err) || hm_store_read(s, a, path, version, "mod", data, err))
		return -1;
	/* written by the first versions of go from other tools' files */
	if (hm_str_has_prefix(*data, HM_S("//vgo 0.0.")))
		return hm_err_set(err, HM_ENOTFOUND, "not in cache");
	return hm_acquire_verify_gomod(ac, path, version, *data, err);
}
