#include "gate_priv.h"

#include <stdlib.h>

#include "base/path.h"
#include "codec/json.h"
#include "codec/time.h"
#include "mod/gover.h"
#include "mod/match.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "os/file.h"
#include "policy/licence.h"
#include "upstream.h"

enum { TIMES_FILE_MAX = 16 << 20 };

/* ---- .info */

struct asking {
	struct hm_arena *a;
	const struct upstream *from;
	struct hm_modver m;
	hm_str json;
	struct hm_strs list;
};

static int
info_from(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct asking *q = ctx;
	struct hm_fetch_info info;
	struct hm_repo repo;

	if (hm_fetch_open(q->from->fetch, q->a, src, q->m.path, &repo, err) ||
	    hm_repo_stat(&repo, q->a, q->m.version, &info, err))
		return -1;
	q->json = info.json;
	return 0;
}

/* A private module goes only where a section of the configuration sends it. */
static bool
may_ask(const struct proxy *p, const struct upstream *u, hm_str path)
{
	return !p->opts.offline &&
	       (u->pattern.n || !hm_match_prefix_patterns(p->conf->gonoproxy, path));
}

static int
ask_info(struct proxy *p, struct hm_arena *a, struct hm_modver m, hm_str *json, struct hm_err *err)
{
	struct asking q = { .a = a, .m = m, .from = upstream_of(p->upstreams, m.path) };

	if (!may_ask(p, q.from, m.path))
		return hm_err_set(err, HM_ENOTFOUND, "not found: this proxy does not have it, and "
		                  "asks nobody");
	if (upstream_try(p->upstreams, q.from, info_from, &q, err)) {
		if (hm_code_may_fall_back(err->code))
			err->code = HM_ENOTFOUND;
		return -1;
	}
	*json = q.json;
	return admit_check_info(m.path, m.version, *json, err);
}

static int
list_from(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct asking *q = ctx;
	struct hm_repo repo;

	q->list.n = 0;
	if (hm_fetch_open(q->from->fetch, q->a, src, q->m.path, &repo, err))
		return -1;
	return hm_repo_versions(&repo, q->a, HM_S(""), &q->list, err);
}

bool
gate_list(struct proxy *p, struct hm_arena *a, hm_str path, hm_str *list)
{
	struct asking q = { .a = a, .m.path = path, .from = upstream_of(p->upstreams, path) };
	struct hm_err err = { 0 };
	bool ok = may_ask(p, q.from, path) &&
	          upstream_try(p->upstreams, q.from, list_from, &q, &err) == 0;

	hm_err_free(&err);
	*list = ok ? hm_strs_join(a, &q.list, HM_S("\n")) : HM_S("");
	return list->n > 0;
}

int
gate_info(struct proxy *p, struct hm_arena *a, struct hm_modver m, bool ask, hm_str *json,
          struct hm_err *err)
{
	struct hm_err no = { 0 };
	int rc = hm_store_read(&p->store, a, m.path, m.version, "info", json, &no);

	hm_err_free(&no);
	if (rc == 0)
		return 0;
	if (!ask)
		return hm_err_set(err, HM_ENOTFOUND, "not in the store");
	return ask_info(p, a, m, json, err);
}

/* Seconds since 1970; 0: it does not say. */
static int64_t
time_of(struct hm_arena *a, hm_str json)
{
	const struct hm_json *j;
	struct hm_err err = { 0 };
	struct hm_time t = { 0 };

	if (hm_json_parse(a, json, &j, &err) == 0)
		hm_time_parse_rfc3339(hm_json_get_str(j, "Time"), &t);
	hm_err_free(&err);
	return hm_time_is_zero(t) ? 0 : t.sec - HM_TIME_UNIX_EPOCH;
}

bool
gate_stored(const struct proxy *p, const struct route *r)
{
	const char *suffix = r->want == WANT_INFO ? "info" : r->want == WANT_MOD ? "mod" : "zip";
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str name, h1;
	bool ok = r->canonical && r->want != WANT_SUMDB &&
	          hm_store_path(&p->store, &a, r->path, r->version, suffix, &name, &err) == 0 &&
	          hm_file_is_regular(name.p) &&
	          (r->want != WANT_ZIP ||
	           hm_store_ziphash(&p->store, &a, r->path, r->version, &h1));

	hm_err_free(&err);
	hm_arena_free(&a);
	return ok;
}

/* ---- times that were asked for */

hm_str
gate_marks_file(const struct proxy *p, struct hm_arena *a, hm_str path, const char *name)
{
	struct hm_err err = { 0 };
	hm_str escaped = { 0 };

	hm_modpath_escape(a, path, &escaped, &err);
	hm_err_free(&err);
	return hm_arena_printf(a, HM_F "/cache/upstream/" HM_F "/@v/%s", HM_P(p->store.root),
	                       HM_P(escaped), name);
}

static bool
parse_seconds(hm_str s, int64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i > 14)
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return s.n > 0;
}

void
gate_marks_read(struct hm_arena *a, hm_str file, size_t max, struct hm_map *out)
{
	struct hm_err err = { 0 };
	hm_str text = { 0 }, line, version, seconds;
	int64_t at;

	if (hm_file_read(a, file.p, max, &text, &err) == 0)
		while (hm_str_next(&text, '\n', &line))
			if (hm_str_cut(line, ' ', &version, &seconds) &&
			    parse_seconds(seconds, &at))
				hm_map_set_num(out, version, (intptr_t)at);
	hm_err_free(&err);
}

void
gate_marks_write(struct hm_arena *a, hm_str file, const struct hm_map *marks)
{
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < marks->n; i++)
		hm_buf_printf(&b, HM_F " %lld\n", HM_P(marks->e[i].key),
		              (long long)marks->e[i].num);
	if (hm_dir_make_all(hm_path_dir(a, file).p, &err) == 0)
		hm_file_publish(file.p, hm_buf_str(&b), 0644, false, &err);
	hm_buf_free(&b);
	hm_err_free(&err);
}

static void
read_times(const struct proxy *p, struct hm_arena *a, hm_str path, struct gate_times *out)
{
	*out = (struct gate_times){ .at.arena = a };
	gate_read_first(p, a, path, &out->first);
	gate_marks_read(a, gate_marks_file(p, a, path, "times"), TIMES_FILE_MAX, &out->at);
}

/* Best effort: what is lost is asked for again. */
static void
write_times(const struct proxy *p, struct hm_arena *a, hm_str path, const struct gate_times *t)
{
	gate_marks_write(a, gate_marks_file(p, a, path, "times"), &t->at);
}

struct batch {
	struct proxy *p;
	hm_str path;
	struct hm_strs versions;
	int64_t *time;
};

static void
ask_time(void *ctx, size_t i)
{
	struct batch *b = ctx;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str json;

	if (ask_info(b->p, &a, hm_modver_of(b->path, b->versions.v[i]), &json, &err) == 0)
		b->time[i] = time_of(&a, json);
	hm_err_free(&err);
	hm_arena_free(&a);
}

/* What is known without asking: 0 when nothing is. */
static int64_t
time_at_hand(struct proxy *p, struct hm_arena *a, struct hm_modver m, const struct gate_times *t)
{
	struct hm_err err = { 0 };
	int64_t at = 0;
	hm_str json;

	if (hm_pseudo_is(m.version) && hm_pseudo_time(m.version, &at, &err) == 0)
		return at;
	at = t ? (int64_t)hm_map_num(&t->at, m.version) : 0;
	hm_err_clear(&err);
	if (!at && gate_info(p, a, m, false, &json, &err) == 0)
		at = time_of(a, json);
	hm_err_free(&err);
	return at;
}

static int
by_release(const void *x, const void *y)
{
	hm_str a = hm_verset_toolchain(hm_modver_of(HM_S(HM_TOOLCHAIN_MODULE), *(const hm_str *)x));
	hm_str b = hm_verset_toolchain(hm_modver_of(HM_S(HM_TOOLCHAIN_MODULE), *(const hm_str *)y));

	return hm_gover_cmp(hm_gover_from_toolchain(a), hm_gover_from_toolchain(b));
}

/* The newest last: as the list has them, but for toolchains, whose versions are odd names. */
static struct hm_strs
in_order(struct hm_arena *a, hm_str path, const struct hm_strs *versions)
{
	struct hm_strs s = { 0 };

	for (size_t i = 0; i < versions->n; i++)
		HM_PUSH(a, s, versions->v[i]);
	if (hm_str_eqz(path, HM_TOOLCHAIN_MODULE) && s.n)
		qsort(s.v, s.n, sizeof(*s.v), by_release);
	return s;
}

void
gate_times(struct proxy *p, struct hm_arena *a, hm_str path, const struct hm_strs *versions,
           bool ask, struct gate_times *out)
{
	struct hm_strs sorted = in_order(a, path, versions);
	struct batch b = { .p = p, .path = path };

	read_times(p, a, path, out);
	for (size_t i = sorted.n; i > 0; i--) {
		struct hm_modver m = hm_modver_of(path, sorted.v[i - 1]);
		int64_t at = time_at_hand(p, a, m, out);

		if (at)
			hm_map_set_num(&out->at, m.version, (intptr_t)at);
		else if (b.versions.n < GATE_TIMES_MAX)
			HM_PUSH(a, b.versions, m.version);
	}
	if (b.versions.n == 0 || !ask)
		return;
	b.time = HM_NEW_N(a, b.versions.n, int64_t);
	hm_pool_each(GATE_TIMES_AT_ONCE, b.versions.n, ask_time, &b);
	for (size_t i = 0; i < b.versions.n; i++)
		if (b.time[i])
			hm_map_set_num(&out->at, b.versions.v[i], (intptr_t)b.time[i]);
	write_times(p, a, path, out);
}

/* ---- one version */

/* What the .info says, asked for where it is not known. */
static int
published(const struct gate_facts *f, struct hm_arena *a, struct hm_modver m,
          struct gate_times *own, int64_t *out, struct hm_err *err)
{
	hm_str json;

	*out = time_at_hand(f->p, a, m, f->times ? f->times : own);
	if (*out)
		return 0;
	if (gate_info(f->p, a, m, f->ask, &json, err))
		return -1;
	*out = time_of(a, json);
	if (f->keep && hm_store_write(&f->p->store, m.path, m.version, "info", json, err) == 0) {
		facts_stored(f->p->facts, m.path, m.version, NULL);
	} else if (*out && !f->times) {
		hm_err_clear(err);
		hm_map_set_num(&own->at, m.version, (intptr_t)*out);
		write_times(f->p, a, m.path, own);
	}
	return 0;
}

static int
get_time(void *ctx, struct hm_arena *a, struct hm_modver m, int64_t *out, struct hm_err *err)
{
	const struct gate_facts *f = ctx;
	struct gate_times own;
	struct hm_err no = { 0 };
	int64_t seen;
	hm_str json;
	bool stored;

	*out = 1;
	if (f->always_old)
		return 0;
	if (!f->times)
		read_times(f->p, a, m.path, &own);
	stored = f->p->opts.cooldown_seen && gate_info(f->p, a, m, false, &json, &no) == 0;
	hm_err_free(&no);
	if (published(f, a, m, &own, out, err))
		return -1;
	seen = gate_first_seen(f->p, a, m, stored, f->times ? &f->times->first : &own.first);
	if (*out && seen > *out)
		*out = seen;
	return 0;
}

static int
get_vouched(void *ctx, struct hm_arena *a, struct hm_modver m, bool *out, struct hm_err *err)
{
	const struct gate_facts *f = ctx;

	(void)a, (void)err;
	*out = hm_verify_uses_sumdb(f->p->verify, m.path);
	return 0;
}

static int
get_licence(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *out, struct hm_err *err)
{
	const struct gate_facts *f = ctx;
	hm_str zip;

	if (f->zip)
		return hm_licence_of_zip(a, f->zip, out, err);
	if (hm_store_path(&f->p->store, a, m.path, m.version, "zip", &zip, err))
		return -1;
	return hm_licence_of_zip(a, zip.p, out, err);
}

struct hm_guard_facts
gate_facts(struct gate_facts *f)
{
	return (struct hm_guard_facts){ f, get_time, get_vouched, get_licence };
}

struct hm_guard_facts
gate_facts_at_hand(struct gate_facts *f)
{
	return (struct hm_guard_facts){ .ctx = f, .vouched = get_vouched };
}
