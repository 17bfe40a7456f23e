#include "policy/osv.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/mem.h"
#include "codec/json.h"
#include "mod/gover.h"
#include "mod/semver.h"
#include "os/file.h"

enum { ALIASES_MAX = 64, EVENTS_MAX = 10000, SUMMARY_MAX = 300 };

/* What happens from a version on; an empty version is the beginning. */
struct event {
	enum { INTRODUCED, FIXED, LAST_AFFECTED } what;
	hm_str version;
};

struct range {
	struct event *v; /* by version */
	size_t n;
	bool introduced; /* an event says so; without one it is from the beginning */
};

/* One module that an entry names. */
struct affected {
	const struct hm_policy_vuln *entry;
	enum hm_policy_severity severity; /* here: an entry may rate each module by itself */
	struct range *range;
	size_t n_ranges;
	struct hm_strs versions;
	bool all;
	struct affected *next; /* of the same module */
};

struct hm_osv {
	struct hm_arena arena;
	struct hm_map modules; /* path -> struct affected */
	size_t n, files;
	size_t about_go; /* entries, the withdrawn too */
};

struct hm_osv *
hm_osv_new(void)
{
	struct hm_osv *db = hm_mem_new(sizeof(*db));

	db->modules.arena = &db->arena;
	return db;
}

void
hm_osv_free(struct hm_osv *db)
{
	if (!db)
		return;
	hm_arena_free(&db->arena);
	free(db);
}

size_t
hm_osv_count(const struct hm_osv *db)
{
	return db->n;
}

/* ---- severity */

/* The weight of metric `key` ("AV") by the letters of `values`; -1 when it is not there. */
static double
weight(hm_str vector, const char *key, const char *values, const double *w)
{
	hm_str part, k, v;

	while (hm_str_next(&vector, '/', &part))
		if (hm_str_cut(part, ':', &k, &v) && hm_str_eqz(k, key)) {
			const char *at = v.n == 1 && v.p[0] ? strchr(values, v.p[0]) : NULL;

			return at ? w[at - values] : -1;
		}
	return -1;
}

static double
impact_of(hm_str vector, bool changed)
{
	static const double cia[] = { 0.56, 0.22, 0 };
	double c = weight(vector, "C", "HLN", cia), i = weight(vector, "I", "HLN", cia);
	double a = weight(vector, "A", "HLN", cia), iss, power = 1;

	if (c < 0 || i < 0 || a < 0)
		return -1;
	iss = 1 - (1 - c) * (1 - i) * (1 - a);
	if (!changed)
		return 6.42 * iss;
	if (iss <= 0)
		return 0;
	for (int k = 0; k < 15; k++)
		power *= iss - 0.02;
	return 7.52 * (iss - 0.029) - 3.25 * power;
}

/* FIRST, CVSS v3.1 specification, 7.1 and appendix A. */
int
hm_osv_cvss3(hm_str vector)
{
	static const double av[] = { 0.85, 0.62, 0.55, 0.2 }, ac[] = { 0.77, 0.44 };
	static const double pr[] = { 0.85, 0.62, 0.27 }, pr_changed[] = { 0.85, 0.68, 0.5 };
	static const double ui[] = { 0.85, 0.62 }, scope[] = { 0, 1 };
	double s, x[4], impact, score;
	int64_t n;

	if (!hm_str_has_prefix(vector, HM_S("CVSS:3.")))
		return -1;
	s = weight(vector, "S", "UC", scope);
	x[0] = weight(vector, "AV", "NALP", av);
	x[1] = weight(vector, "AC", "LH", ac);
	x[2] = weight(vector, "PR", "NLH", s > 0 ? pr_changed : pr);
	x[3] = weight(vector, "UI", "NR", ui);
	impact = impact_of(vector, s > 0);
	if (s < 0 || x[0] < 0 || x[1] < 0 || x[2] < 0 || x[3] < 0 || impact < 0)
		return -1;
	if (impact <= 0)
		return 0;
	score = (s > 0 ? 1.08 : 1) * (impact + 8.22 * x[0] * x[1] * x[2] * x[3]);
	n = (int64_t)((score > 10 ? 10 : score) * 100000 + 0.5);
	return (int)(n % 10000 ? n / 10000 + 1 : n / 10000);
}

static enum hm_policy_severity
severity_of(const struct hm_json *j)
{
	const struct hm_json *list = hm_json_get(j, "severity");
	hm_str word = hm_json_get_str(hm_json_get(j, "database_specific"), "severity");
	int score = -1;

	if (hm_str_eqz(word, "LOW"))
		return HM_POLICY_LOW;
	if (hm_str_eqz(word, "MODERATE") || hm_str_eqz(word, "MEDIUM"))
		return HM_POLICY_MODERATE;
	if (hm_str_eqz(word, "HIGH"))
		return HM_POLICY_HIGH;
	if (hm_str_eqz(word, "CRITICAL"))
		return HM_POLICY_CRITICAL;
	for (size_t i = 0; i < hm_json_len(list); i++) {
		int one = hm_osv_cvss3(hm_json_get_str(hm_json_at(list, i), "score"));

		score = one > score ? one : score;
	}
	return score < 0    ? HM_POLICY_UNRATED
	       : score < 40 ? HM_POLICY_LOW
	       : score < 70 ? HM_POLICY_MODERATE
	       : score < 90 ? HM_POLICY_HIGH
	                    : HM_POLICY_CRITICAL;
}

/* ---- reading */

/* "v1.2.3" of "1.2.3"; empty when it is no version. */
static hm_str
semver_of(struct hm_arena *a, hm_str v)
{
	hm_str s = hm_str_has_prefix(v, HM_S("v")) ? v : hm_arena_printf(a, "v" HM_F, HM_P(v));

	return hm_semver_valid(s) ? hm_arena_dup(a, s) : HM_S("");
}

static int
by_version(const void *x, const void *y)
{
	const struct event *a = x, *b = y;
	int c = hm_semver_cmp(a->version, b->version); /* the empty one is least */

	return c ? c : (a->what == INTRODUCED) - (b->what == INTRODUCED);
}

static int
malformed(hm_str name, const char *what, struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, HM_F ": no OSV entry: %s", HM_P(name), what);
}

/* Absent, or of this kind? */
static bool
may_be(const struct hm_json *j, const char *key, enum hm_json_kind kind)
{
	enum hm_json_kind is = hm_json_kind(hm_json_get(j, key));

	return is == HM_JSON_NULL || is == kind;
}

/* Versions that cannot be read leave more affected, never less. */
static bool
add_event(struct hm_arena *a, struct range *r, const struct hm_json *e)
{
	hm_str in = hm_json_get_str(e, "introduced"), fixed = hm_json_get_str(e, "fixed");
	hm_str last = hm_json_get_str(e, "last_affected"), v;

	if (in.n) {
		v = hm_str_eqz(in, "0") ? HM_S("") : semver_of(a, in); /* "0": below all */
		r->v[r->n++] = (struct event){ INTRODUCED, v };
		r->introduced = true;
	} else if (fixed.n || last.n) {
		v = semver_of(a, fixed.n ? fixed : last);
		if (v.n)
			r->v[r->n++] = (struct event){ fixed.n ? FIXED : LAST_AFFECTED, v };
	}
	return in.n || fixed.n || last.n || hm_json_get_str(e, "limit").n;
}

static int
add_range(struct hm_arena *a, struct affected *af, hm_str name, const struct hm_json *j,
          struct hm_err *err)
{
	const struct hm_json *events = hm_json_get(j, "events");
	struct range *r = &af->range[af->n_ranges];
	size_t n = hm_json_len(events);

	if (n > EVENTS_MAX)
		return hm_err_set(err, HM_ELIMIT, HM_F ": more than %d events", HM_P(name),
		                  EVENTS_MAX);
	if (hm_str_eqz(hm_json_get_str(j, "type"), "GIT"))
		return 0;
	if (hm_json_kind(events) != HM_JSON_ARRAY)
		return malformed(name, "a range without events", err);
	r->v = HM_NEW_N(a, n + 1, struct event);
	for (size_t i = 0; i < n; i++)
		if (!add_event(a, r, hm_json_at(events, i)))
			return malformed(name, "an event that says nothing", err);
	if (!r->introduced)
		r->v[r->n++] = (struct event){ INTRODUCED, HM_S("") };
	qsort(r->v, r->n, sizeof(*r->v), by_version);
	af->n_ranges++;
	return 0;
}

static int
add_versions(struct hm_arena *a, struct affected *af, hm_str name, const struct hm_json *versions,
             struct hm_err *err)
{
	for (size_t i = 0; i < hm_json_len(versions); i++) {
		hm_str v = hm_json_str(hm_json_at(versions, i));

		if (!v.p)
			return malformed(name, "a version is no text", err);
		v = semver_of(a, v);
		if (v.n)
			HM_PUSH(a, af->versions, v);
	}
	return 0;
}

static int
add_affected(struct hm_osv *db, const struct hm_policy_vuln *entry, hm_str name,
             const struct hm_json *j, struct hm_err *err)
{
	const struct hm_json *package = hm_json_get(j, "package");
	const struct hm_json *ranges = hm_json_get(j, "ranges");
	hm_str path = hm_json_get_str(package, "name");
	struct affected *af = HM_NEW(&db->arena, struct affected);
	struct hm_map_entry *at;

	if (!may_be(j, "ranges", HM_JSON_ARRAY) || !may_be(j, "versions", HM_JSON_ARRAY))
		return malformed(name, "ranges and versions are lists", err);
	af->entry = entry;
	af->severity = entry->severity ? entry->severity : severity_of(j);
	af->range = HM_NEW_N(&db->arena, hm_json_len(ranges), struct range);
	for (size_t i = 0; i < hm_json_len(ranges); i++)
		if (add_range(&db->arena, af, name, hm_json_at(ranges, i), err))
			return -1;
	if (add_versions(&db->arena, af, name, hm_json_get(j, "versions"), err))
		return -1;
	af->all = af->n_ranges == 0 && af->versions.n == 0;
	at = hm_map_find(&db->modules, path);
	if (!at)
		at = hm_map_put(&db->modules, hm_arena_dup(&db->arena, path), NULL);
	af->next = at->val;
	at->val = af;
	return 0;
}

static bool
is_go(const struct hm_json *affected)
{
	const struct hm_json *package = hm_json_get(affected, "package");
	hm_str eco = hm_json_get_str(package, "ecosystem");

	return (hm_str_eqz(eco, "Go") || hm_str_has_prefix(eco, HM_S("Go:"))) &&
	       hm_json_get_str(package, "name").n > 0;
}

static hm_str
line_of(struct hm_arena *a, hm_str text)
{
	return hm_policy_one_line(a, text, SUMMARY_MAX);
}

static struct hm_policy_vuln *
new_entry(struct hm_arena *a, const struct hm_json *j, size_t tag)
{
	const struct hm_json *aliases = hm_json_get(j, "aliases");
	size_t n = hm_json_len(aliases);
	struct hm_policy_vuln *e = HM_NEW(a, struct hm_policy_vuln);
	hm_str *alias;

	if (n > ALIASES_MAX)
		n = ALIASES_MAX;
	alias = HM_NEW_N(a, n, hm_str);
	for (size_t i = 0; i < n; i++)
		alias[i] = line_of(a, hm_json_str(hm_json_at(aliases, i)));
	*e = (struct hm_policy_vuln){
		.id = line_of(a, hm_json_get_str(j, "id")),
		.alias = alias, .n_alias = n,
		.summary = line_of(a, hm_json_get_str(j, "summary")),
		.severity = severity_of(j), .osv = tag,
	};
	return e;
}

static bool
is_about_go(const struct hm_json *affected)
{
	for (size_t i = 0; i < hm_json_len(affected); i++)
		if (is_go(hm_json_at(affected, i)))
			return true;
	return false;
}

static int
add_entry(struct hm_osv *db, hm_str name, const struct hm_json *j, size_t tag, struct hm_err *err)
{
	const struct hm_json *affected = hm_json_get(j, "affected");
	const struct hm_policy_vuln *e;

	if (!may_be(j, "affected", HM_JSON_ARRAY))
		return malformed(name, "affected is a list", err);
	if (hm_json_len(affected) && hm_json_get_str(j, "id").n == 0)
		return malformed(name, "it has no id", err);
	if (!is_about_go(affected))
		return 0;
	db->about_go++;
	if (hm_json_get_str(j, "withdrawn").n)
		return 0;
	e = new_entry(&db->arena, j, tag);
	db->n++;
	for (size_t i = 0; i < hm_json_len(affected); i++) {
		const struct hm_json *one = hm_json_at(affected, i);

		if (is_go(one) && add_affected(db, e, name, one, err))
			return -1;
	}
	return 0;
}

int
hm_osv_add(struct hm_osv *db, hm_str name, hm_str json, size_t tag, struct hm_err *err)
{
	struct hm_arena scratch = { 0 };
	const struct hm_json *j;
	int rc = hm_json_parse(&scratch, json, &j, err);

	if (rc) {
		err->code = HM_EINVALID;
		hm_err_wrap(err, HM_F ": ", HM_P(name));
	} else if (hm_json_kind(j) == HM_JSON_OBJECT) {
		rc = add_entry(db, name, j, tag, err);
	}
	hm_arena_free(&scratch);
	return rc;
}

static int
add_file(struct hm_osv *db, const char *path, size_t tag, struct hm_err *err)
{
	struct hm_arena scratch = { 0 };
	hm_str text;
	int rc = -1;

	if (++db->files > HM_OSV_FILES_MAX)
		hm_err_set(err, HM_ELIMIT, "%s: more than %zu files", path, HM_OSV_FILES_MAX);
	else if (hm_file_read(&scratch, path, HM_OSV_FILE_MAX, &text, err) == 0)
		rc = hm_osv_add(db, hm_str_of(path), text, tag, err);
	hm_arena_free(&scratch);
	return rc;
}

/* Also one that a symbolic link names. */
static bool
is_dir(const struct hm_dirent *e, const char *path)
{
	struct stat st;

	return e->type == DT_DIR ||
	       (e->type == DT_LNK && stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static int
add_dir(struct hm_osv *db, const char *dir, size_t tag, unsigned depth, struct hm_err *err)
{
	struct hm_arena scratch = { 0 };
	struct hm_dirents list = { 0 };
	int rc = 0;

	if (depth > HM_OSV_DEPTH_MAX)
		return hm_err_set(err, HM_ELIMIT, "%s: folders deeper than %d", dir,
		                  HM_OSV_DEPTH_MAX);
	if (hm_dir_read(&scratch, dir, &list, err))
		rc = -1;
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		hm_str name = list.v[i].name;
		hm_str path = hm_arena_printf(&scratch, "%s/" HM_F, dir, HM_P(name));

		if (hm_str_has_prefix(name, HM_S(".")))
			continue;
		if (is_dir(&list.v[i], path.p))
			rc = add_dir(db, path.p, tag, depth + 1, err);
		else if (hm_str_has_suffix(name, HM_S(".json")) && hm_file_is_regular(path.p))
			rc = add_file(db, path.p, tag, err);
	}
	hm_arena_free(&scratch);
	return rc;
}

int
hm_osv_add_dir(struct hm_osv *db, const char *dir, size_t tag, struct hm_err *err)
{
	size_t before = db->about_go;

	if (add_dir(db, dir, tag, 0, err))
		return -1;
	if (db->about_go == before)
		return hm_err_set(err, HM_EINVALID, "%s: no OSV entry about Go in it: is it an "
		                  "unpacked database?", dir);
	return 0;
}

/* ---- asking */

/* The semantic version that entries about Go itself use: 1.22rc1 is 1.22.0-rc.1. */
static hm_str
go_semver(struct hm_arena *a, hm_str go)
{
	static const char *const words[] = { "rc", "beta", "alpha" };

	hm_str_cut_prefix(&go, HM_S("go"));
	if (!hm_gover_valid(go))
		return HM_S("");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		ptrdiff_t k = hm_str_index(go, hm_str_of(words[i]));
		hm_str base;

		if (k < 0)
			continue;
		base = hm_semver_canonical(a, hm_arena_printf(a, "v" HM_F,
		                                              HM_P(hm_str_sub(go, 0, (size_t)k))));
		return hm_arena_printf(a, HM_F "-%s." HM_F, HM_P(base), words[i],
		                       HM_P(hm_str_from(go, (size_t)k + strlen(words[i]))));
	}
	return hm_semver_canonical(a, hm_arena_printf(a, "v" HM_F, HM_P(go)));
}

/* https://ossf.github.io/osv-schema/#evaluation */
static bool
in_range(const struct range *r, hm_str v)
{
	bool in = false;

	for (size_t i = 0; i < r->n; i++) {
		int c = hm_semver_cmp(v, r->v[i].version);

		if (r->v[i].what == INTRODUCED)
			in |= r->v[i].version.n == 0 || c >= 0;
		else if (r->v[i].what == FIXED ? c >= 0 : c > 0)
			in = false;
	}
	return in;
}

static bool
is_affected(const struct affected *af, hm_str v)
{
	bool hit = af->all;

	for (size_t i = 0; i < af->n_ranges; i++)
		hit |= in_range(&af->range[i], v);
	for (size_t i = 0; i < af->versions.n; i++)
		hit |= hm_semver_cmp(af->versions.v[i], v) == 0;
	return hit;
}

/* The first version above v that an event calls fixed. */
static hm_str
first_fixed(const struct affected *af, hm_str v)
{
	hm_str best = HM_S("");

	for (size_t i = 0; i < af->n_ranges; i++)
		for (size_t k = 0; k < af->range[i].n; k++) {
			const struct event *e = &af->range[i].v[k];

			if (e->what == FIXED && hm_semver_cmp(e->version, v) > 0 &&
			    (best.n == 0 || hm_semver_cmp(e->version, best) < 0))
				best = e->version;
		}
	return best;
}

static bool
has_hit(const struct hm_osv_hits *hits, hm_str id, size_t tag)
{
	for (size_t i = 0; i < hits->n; i++)
		if (hm_str_eq(hits->v[i].id, id) && hits->v[i].osv == tag)
			return true;
	return false;
}

static void
find(const struct hm_osv *db, struct hm_arena *a, hm_str path, hm_str v, struct hm_osv_hits *out)
{
	const struct affected *af = hm_map_get(&db->modules, path);

	for (; af && hm_semver_valid(v); af = af->next) {
		struct hm_policy_vuln u = *af->entry;

		if (has_hit(out, u.id, u.osv) || !is_affected(af, v))
			continue;
		u.severity = af->severity;
		u.fixed = first_fixed(af, v);
		HM_PUSH(a, *out, u);
	}
}

static int
by_id(const void *x, const void *y)
{
	const struct hm_policy_vuln *a = x, *b = y;
	int c = hm_str_cmp(a->id, b->id);

	return c ? c : (a->osv > b->osv) - (a->osv < b->osv);
}

void
hm_osv_find(const struct hm_osv *db, struct hm_arena *a, struct hm_modver m,
            struct hm_osv_hits *out)
{
	hm_str toolchain = hm_verset_toolchain(m), v;

	*out = (struct hm_osv_hits){ 0 };
	if (toolchain.n) {
		v = go_semver(a, toolchain);
		find(db, a, HM_S("stdlib"), v, out);
		find(db, a, HM_S("toolchain"), v, out);
	} else if (hm_str_eqz(m.path, "stdlib") || hm_str_eqz(m.path, "toolchain")) {
		find(db, a, m.path, go_semver(a, m.version), out);
	} else {
		find(db, a, m.path, m.version, out);
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_id);
}
