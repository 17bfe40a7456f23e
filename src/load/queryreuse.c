#include "load/queryreuse.h"

#include "acquire/acquire.h"
#include "base/map.h"
#include "load/modload.h"
#include "os/file.h"

bool
hm_query_reuse(const struct hm_qrepo *q, const struct hm_qask *ask, struct hm_revinfo *out)
{
	const struct hm_modinfo *old;
	struct hm_err err = { 0 };
	bool ok;

	if (!ask->reuse)
		return false;
	old = hm_map_get(ask->reuse, hm_modver_str(ask->a, hm_modver_of(ask->path, ask->query)));
	if (!old)
		return false;
	ok = hm_qrepo_check_reuse(q, ask->query, old->origin, &err) == 0;
	hm_err_free(&err);
	if (!ok)
		return false;
	*out = (struct hm_revinfo){ .version = old->version, .origin = old->origin };
	if (old->time.p)
		hm_time_parse_rfc3339(old->time, &out->time);
	return true;
}

struct reuse_try {
	struct hm_modload *ml;
	struct hm_arena *a;
	struct hm_modver m;
	const struct hm_origin *origin;
};

static int
try_source(void *ctx, hm_str source, struct hm_err *err)
{
	struct reuse_try *t = ctx;
	struct hm_qrepo repo;

	if (hm_qrepo_open(t->ml, t->a, source, t->m.path, &repo, err))
		return -1;
	return hm_qrepo_check_reuse(&repo, t->m.version, t->origin, err);
}

bool
hm_query_reuse_module(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m,
                      const struct hm_origin *origin)
{
	struct reuse_try t = { ml, a, m, origin };
	struct hm_err err = { 0 };
	bool ok = hm_acquire_try(ml->acquire, try_source, &t, &err) == 0;

	hm_err_free(&err);
	return ok;
}

static hm_str
text_of(const struct hm_json *o, const char *key)
{
	return hm_json_get_str(o, key);
}

static void
strs_of(struct hm_arena *a, const struct hm_json *list, struct hm_strs *out)
{
	for (size_t i = 0; i < hm_json_len(list); i++)
		HM_PUSH(a, *out, hm_json_str(hm_json_at(list, i)));
}

static hm_str
error_of(const struct hm_json *v)
{
	if (hm_json_kind(v) == HM_JSON_NULL)
		return (hm_str){ 0 };
	/* go mod download -json has the text alone. */
	return hm_json_kind(v) == HM_JSON_STRING ? hm_json_str(v) : text_of(v, "Err");
}

/* The objects nest only one deep: Replace and Update have none themselves. */
static struct hm_modinfo *
module_of(struct hm_arena *a, const struct hm_json *o, bool top, struct hm_err *err)
{
	struct hm_modinfo *m = HM_NEW(a, struct hm_modinfo);
	const struct hm_json *time = hm_json_get(o, "Time");

	if (hm_json_kind(o) != HM_JSON_OBJECT)
		return NULL;
	m->path = text_of(o, "Path");
	m->version = text_of(o, "Version");
	m->query = text_of(o, "Query");
	m->dir = text_of(o, "Dir");
	m->go_mod = text_of(o, "GoMod");
	m->go_version = text_of(o, "GoVersion");
	m->deprecated = text_of(o, "Deprecated");
	m->sum = text_of(o, "Sum");
	m->go_mod_sum = text_of(o, "GoModSum");
	m->main = hm_json_bool(hm_json_get(o, "Main"));
	m->indirect = hm_json_bool(hm_json_get(o, "Indirect"));
	m->time = hm_json_str(time);
	m->error = error_of(hm_json_get(o, "Error"));
	strs_of(a, hm_json_get(o, "Versions"), &m->versions);
	strs_of(a, hm_json_get(o, "Retracted"), &m->retracted);
	if (hm_origin_parse(a, hm_json_get(o, "Origin"), &m->origin, err))
		return NULL;
	if (top) {
		m->replace = module_of(a, hm_json_get(o, "Replace"), false, err);
		m->update = module_of(a, hm_json_get(o, "Update"), false, err);
	}
	return m;
}

/* Length of the JSON value at the front of s, by its brackets alone. */
static size_t
value_length(hm_str s)
{
	size_t depth = 0, i;
	bool quoted = false;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && (depth == 0 || --depth == 0)) {
			return i + 1;
		}
	}
	return s.n;
}

int
hm_query_read_reuse(struct hm_arena *a, hm_str file, struct hm_map *out, struct hm_err *err)
{
	hm_str data, rest;

	if (hm_file_read(a, file.p, HM_REUSE_MAX, &data, err))
		return -1;
	for (rest = hm_str_trim(data); rest.n; rest = hm_str_trim(rest)) {
		size_t n = value_length(rest);
		const struct hm_json *o;
		struct hm_modinfo *m;

		if (hm_json_parse(a, hm_str_sub(rest, 0, n), &o, err))
			return hm_err_wrap(err, "parsing " HM_F ": ", HM_P(file));
		m = module_of(a, o, true, err);
		if (err->code)
			return hm_err_wrap(err, "parsing " HM_F ": ", HM_P(file));
		rest = hm_str_from(rest, n);
		if (!m || !m->origin)
			continue;
		m->reuse = true;
		hm_map_set(out, hm_modver_str(a, hm_modver_of(m->path, m->version)), m);
		if (m->query.n)
			hm_map_set(out, hm_modver_str(a, hm_modver_of(m->path, m->query)), m);
	}
	return 0;
}
