/* The operations of the module proxy protocol on one module. */
#include "fetch/internal.h"

#include "base/path.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "mod/semver.h"

/* proxyRepo.versionError */
static int
wrap(const struct hm_repo *r, hm_str version, struct hm_err *err)
{
	if (version.n == 0)
		return hm_err_wrap(err, "module " HM_F ": ", HM_P(r->path));
	if (hm_modpath_is_canonical_version(version))
		return hm_err_wrap(err, HM_F "@" HM_F ": ", HM_P(r->path), HM_P(version));
	return hm_err_wrap(err, HM_F "@" HM_F ": invalid %s: ", HM_P(r->path), HM_P(version),
	                   hm_pseudo_is(version) ? "pseudo-version" : "version");
}

static int
get(const struct hm_repo *r, struct hm_arena *a, hm_str file, struct hm_web_body *body,
    struct hm_err *err)
{
	struct hm_url u = hm_url_join(a, &r->url, file);

	/* As go does it; a base such as "https://host//x/" would not match otherwise. */
	u.path = hm_path_clean(a, u.path);
	u.raw_path = hm_path_clean(a, u.raw_path);
	return hm_web_get(&r->fetch->web, a, &u, body, err);
}

/* "@v/<version><suffix>" */
static int
version_file(struct hm_arena *a, hm_str version, const char *suffix, hm_str *out,
             struct hm_err *err)
{
	hm_str escaped;

	if (hm_modpath_escape_version(a, version, &escaped, err) < 0)
		return -1;
	*out = hm_arena_printf(a, "@v/" HM_F "%s", HM_P(escaped), suffix);
	return 0;
}

static hm_str *
cached_list(struct hm_fetch *f, hm_str url)
{
	hm_str *text;

	pthread_mutex_lock(&f->lock);
	text = hm_map_get(&f->lists, url);
	pthread_mutex_unlock(&f->lock);
	return text;
}

/* @v/list, which both versions and latest need, asked for once. */
static int
get_list(const struct hm_repo *r, struct hm_arena *a, hm_str *out, struct hm_err *err)
{
	struct hm_fetch *f = r->fetch;
	struct hm_web_body body = { .max = HM_FETCH_MAX_LIST };
	hm_str *text;

	if (f->no_lists) {
		if (get(r, a, HM_S("@v/list"), &body, err) < 0)
			return -1;
		*out = body.out;
		return 0;
	}
	text = cached_list(f, r->base);
	if (!text) {
		if (get(r, a, HM_S("@v/list"), &body, err) < 0)
			return -1;
		pthread_mutex_lock(&f->lock);
		text = HM_NEW(&f->arena, hm_str);
		*text = hm_arena_dup(&f->arena, body.out);
		hm_map_set(&f->lists, hm_arena_dup(&f->arena, r->base), text);
		pthread_mutex_unlock(&f->lock);
	}
	*out = *text;
	return 0;
}

int
hm_repo_versions(const struct hm_repo *r, struct hm_arena *a, hm_str prefix, struct hm_strs *out,
                 struct hm_err *err)
{
	hm_str rest, line, v;

	if (get_list(r, a, &rest, err) < 0)
		return wrap(r, HM_S(""), err);
	while (hm_str_next(&rest, '\n', &line))
		if (hm_str_next_field(&line, &v) && hm_semver_valid(v) &&
		    hm_str_has_prefix(v, prefix) && !hm_pseudo_is(v))
			HM_PUSH(a, *out, hm_arena_dup(a, v));
	hm_semver_sort(out->v, out->n);
	return 0;
}

static int
wrong_type(const struct hm_json *v, const char *where, const char *type, struct hm_err *err)
{
	return hm_err_set(err, HM_EHTTP, "json: cannot unmarshal %s into Go %s of type %s",
	                  hm_json_kind_word(v), where, type);
}

/* json.Unmarshal into a RevInfo; null leaves a field alone. */
static int
decode(struct hm_arena *a, hm_str text, struct hm_fetch_info *out, struct hm_err *err)
{
	const struct hm_json *v, *m;
	hm_str s;

	*out = (struct hm_fetch_info){ .version = HM_S(""), .json = text };
	if (hm_json_parse(a, text, &v, err) < 0)
		return -1;
	if (hm_json_kind(v) == HM_JSON_NULL)
		return 0;
	if (hm_json_kind(v) != HM_JSON_OBJECT)
		return wrong_type(v, "value", "modfetch.RevInfo", err);
	m = hm_json_get(v, "Version");
	if (hm_json_kind(m) == HM_JSON_STRING)
		out->version = hm_json_str(m);
	else if (hm_json_kind(m) != HM_JSON_NULL)
		return wrong_type(m, "struct field RevInfo.Version", "string", err);
	m = hm_json_get(v, "Time");
	s = hm_json_str(m);
	if (hm_json_kind(m) != HM_JSON_NULL && !s.p)
		return hm_err_set(err, HM_EHTTP, "Time.UnmarshalJSON: input is not a JSON string");
	if (s.p && !hm_time_parse_rfc3339(s, &out->time))
		return hm_err_set(err, HM_EHTTP,
		                  "parsing time " HM_F " as \"2006-01-02T15:04:05Z07:00\": "
		                  "cannot parse " HM_F " as \"2006\"",
		                  HM_P(hm_str_quote(a, s)), HM_P(hm_str_quote(a, s)));
	out->origin = hm_json_get(v, "Origin");
	if (hm_json_kind(out->origin) == HM_JSON_NULL)
		out->origin = NULL;
	else if (hm_json_kind(out->origin) != HM_JSON_OBJECT)
		return wrong_type(out->origin, "struct field RevInfo.Origin", "codehost.Origin",
		                  err);
	return 0;
}

static int
decode_answer(const struct hm_repo *r, struct hm_arena *a, hm_str text, struct hm_fetch_info *out,
              struct hm_err *err)
{
	if (decode(a, text, out, err) == 0)
		return 0;
	err->code = HM_EHTTP;
	return hm_err_wrap(err, "invalid response from proxy " HM_F ": ",
	                   HM_P(hm_str_quote(a, r->redacted)));
}

/* Whoever asks for a proper version must get it, and no other. */
static int
check_version(const struct hm_repo *r, hm_str rev, const struct hm_fetch_info *info,
              struct hm_err *err)
{
	struct hm_err ignored = { 0 };
	bool proper = hm_modpath_is_canonical_version(rev) &&
	              hm_modpath_check_version(r->path, rev, &ignored) == 0;

	hm_err_free(&ignored);
	if (!proper || hm_str_eq(info->version, rev))
		return 0;
	return hm_err_set(err, HM_EHTTP, "proxy returned info for version " HM_F
	                  " instead of requested version", HM_P(info->version));
}

int
hm_repo_stat(const struct hm_repo *r, struct hm_arena *a, hm_str rev, struct hm_fetch_info *out,
             struct hm_err *err)
{
	struct hm_web_body body = { .max = HM_FETCH_MAX_INFO };
	hm_str file;

	if (version_file(a, rev, ".info", &file, err) < 0 || get(r, a, file, &body, err) < 0 ||
	    decode_answer(r, a, body.out, out, err) < 0 || check_version(r, rev, out, err) < 0)
		return wrap(r, rev, err);
	return 0;
}

/* The time that a line of the list gives; tagged versions without one do not count. */
static bool
line_time(hm_str version, hm_str rest, struct hm_time *t)
{
	struct hm_err ignored = { 0 };
	int64_t sec = 0;
	hm_str stamp;

	*t = (struct hm_time){ 0 };
	if (hm_str_next_field(&rest, &stamp)) {
		(void)hm_time_parse_rfc3339(stamp, t);
		return true;
	}
	if (!hm_pseudo_is(version))
		return false;
	if (hm_pseudo_time(version, &sec, &ignored) == 0)
		*t = hm_time_from_unix(sec, 0);
	hm_err_free(&ignored);
	return true;
}

int
hm_repo_newest_listed(const struct hm_repo *r, struct hm_arena *a, struct hm_fetch_info *out,
                      struct hm_err *err)
{
	hm_str rest, line, v, best = HM_S("");
	struct hm_time t, best_time = { 0 };

	if (get_list(r, a, &rest, err) < 0)
		return wrap(r, HM_S(""), err);
	while (hm_str_next(&rest, '\n', &line))
		if (hm_str_next_field(&line, &v) && hm_semver_valid(v) && line_time(v, line, &t) &&
		    hm_time_cmp(best_time, t) < 0) {
			best_time = t;
			best = v;
		}
	if (best.n == 0) {
		hm_err_set(err, HM_ENOTFOUND, "no commits");
		return wrap(r, HM_S(""), err);
	}
	return hm_repo_stat(r, a, best, out, err);
}

int
hm_repo_latest_file(const struct hm_repo *r, struct hm_arena *a, struct hm_fetch_info *out,
                    struct hm_err *err)
{
	struct hm_web_body body = { .max = HM_FETCH_MAX_INFO };

	if (get(r, a, HM_S("@latest"), &body, err) < 0 ||
	    decode_answer(r, a, body.out, out, err) < 0)
		return wrap(r, HM_S(""), err);
	return 0;
}

int
hm_repo_latest(const struct hm_repo *r, struct hm_arena *a, struct hm_fetch_info *out,
               struct hm_err *err)
{
	int rc = hm_repo_latest_file(r, a, out, err);

	if (rc == 0 || (!hm_err_is(err, HM_ENOTFOUND) && !hm_err_is(err, HM_EGONE)))
		return rc;
	hm_err_clear(err);
	return hm_repo_newest_listed(r, a, out, err);
}

static int
need_canonical(hm_str version, const char *who, struct hm_err *err)
{
	if (hm_modpath_is_canonical_version(version))
		return 0;
	return hm_err_set(err, HM_EINTERNAL,
	                  "internal error: version passed to %s is not canonical", who);
}

int
hm_repo_gomod(const struct hm_repo *r, struct hm_arena *a, hm_str version, hm_str *out,
              struct hm_err *err)
{
	struct hm_web_body body = { .max = HM_FETCH_MAX_GOMOD };
	hm_str file;

	if (need_canonical(version, "GoMod", err) < 0 ||
	    version_file(a, version, ".mod", &file, err) < 0 || get(r, a, file, &body, err) < 0)
		return wrap(r, version, err);
	*out = body.out;
	return 0;
}

int
hm_repo_zip(const struct hm_repo *r, hm_str version, const struct hm_http_sink *sink,
            struct hm_err *err)
{
	struct hm_web_body body = { .max = HM_FETCH_MAX_ZIP, .sink = *sink };
	struct hm_arena a = { 0 };
	hm_str file;
	int rc = 0;

	if (need_canonical(version, "Zip", err) < 0 ||
	    version_file(&a, version, ".zip", &file, err) < 0 ||
	    get(r, &a, file, &body, err) < 0) {
		if (hm_err_is(err, HM_ELIMIT))
			hm_err_set(err, HM_ELIMIT, "downloaded zip file too large");
		rc = wrap(r, version, err);
	}
	hm_arena_free(&a);
	return rc;
}

int
hm_repo_zip_path(const struct hm_repo *r, struct hm_arena *a, hm_str version, hm_str *out,
                 struct hm_err *err)
{
	hm_str file;

	*out = HM_S("");
	if (r->dir.n == 0)
		return 0;
	if (need_canonical(version, "Zip", err) < 0 ||
	    version_file(a, version, ".zip", &file, err) < 0)
		return wrap(r, version, err);
	*out = hm_path_join(a, r->dir, file);
	return 0;
}
