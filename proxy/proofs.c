/*
 * In two runs of a client with nothing in its cache: the first reads every record, and
 * ends with the newest tree head of all; the second gets the records with that head in
 * the place of their own, so that all of its proofs are in one tree.
 */
#include "proofs.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "cmds.h"
#include "codec/url.h"
#include "os/file.h"
#include "os/pool.h"
#include "tally.h"
#include "tlog/tlog.h"
#include "upstream.h"

static const hm_str no_proxy = HM_S_INIT("http://bundle.invalid");

/* What follows the database's own address: "/lookup/...", "/tile/...", "/supported". */
static int
tail_of(struct hm_arena *a, hm_str url, hm_str *tail, struct hm_err *err)
{
	static const hm_str marks[] = { HM_S_INIT("/lookup/"), HM_S_INIT("/tile/") };
	struct hm_url u;
	ptrdiff_t at = -1;

	if (hm_url_parse(a, hm_arena_dup(a, url), &u, err))
		return -1;
	for (size_t i = 0; at < 0 && i < sizeof(marks) / sizeof(*marks); i++)
		at = hm_str_index(u.path, marks[i]);
	if (at < 0)
		at = hm_str_rindex_byte(u.path, '/');
	*tail = at < 0 ? u.path : hm_str_from(u.path, (size_t)at);
	return 0;
}

static hm_str
file_name(struct hm_arena *a, hm_str name, hm_str tail)
{
	return hm_arena_printf(a, "sumdb/" HM_F HM_F, HM_P(name), HM_P(tail));
}

static void
put(struct hm_map *files, hm_str name, hm_str data)
{
	hm_str *v = HM_NEW(files->arena, hm_str);

	*v = hm_arena_dup(files->arena, data);
	hm_map_set(files, hm_arena_dup(files->arena, name), v);
}

/* ---- collecting */

struct run {
	struct proxy *p;
	hm_str name; /* of the database */
	struct hm_verify_remote upstream;
	struct hm_verify *verify;
	hm_str scratch;
	hm_str head;           /* second run: of all records */
	pthread_mutex_t mutex; /* guards both maps and their arenas */
	struct hm_map *raw;    /* as it came: both runs */
	struct hm_map *given;  /* as it was given to the client: this run */
	const struct proof_need *need;
	struct tally tally;
};

static bool
get_raw(struct run *r, hm_str file, struct hm_buf *out)
{
	hm_str *v;

	pthread_mutex_lock(&r->mutex);
	v = hm_map_get(r->raw, file);
	if (v)
		hm_buf_adds(out, *v);
	pthread_mutex_unlock(&r->mutex);
	return v != NULL;
}

/* From memory, the store, upstream. */
static int
fetch(struct run *r, struct hm_arena *a, hm_str url, hm_str tail, struct hm_buf *out,
      struct hm_err *err)
{
	hm_str file = file_name(a, r->name, tail), data;
	struct hm_err none = { 0 };
	hm_str stored = hm_arena_printf(a, HM_F "/cache/download/" HM_F, HM_P(r->p->store.root),
	                                HM_P(file));

	if (get_raw(r, file, out))
		return 0;
	if (hm_file_read(a, stored.p, HM_SUMDB_ANSWER_MAX, &data, &none) == 0 && data.n)
		hm_buf_adds(out, data);
	else if (r->p->opts.offline)
		return hm_err_set(err, HM_ENOTFOUND, HM_F ": not in the store", HM_P(file));
	else if (r->upstream.get(r->upstream.ctx, url, out, err))
		return -1;
	hm_err_free(&none);
	pthread_mutex_lock(&r->mutex);
	put(r->raw, file, hm_buf_str(out));
	pthread_mutex_unlock(&r->mutex);
	return 0;
}

/* A record with the head that all share. */
static int
change_head(struct run *r, struct hm_arena *a, struct hm_buf *b, struct hm_err *err)
{
	hm_str text, rest, record;
	int64_t id;

	if (hm_tlog_parse_record(hm_arena_dup(a, hm_buf_str(b)), &id, &text, &rest, err) ||
	    hm_tlog_format_record(a, id, text, &record, err))
		return -1;
	hm_buf_clear(b);
	hm_buf_adds(b, record);
	hm_buf_adds(b, r->head);
	return 0;
}

static int
run_get(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err)
{
	struct run *r = ctx;
	struct hm_arena a = { 0 };
	hm_str tail;
	int rc = tail_of(&a, url, &tail, err);

	if (rc == 0 && hm_str_eqz(tail, "/supported")) {
		if (!r->p->opts.offline)
			rc = r->upstream.get(r->upstream.ctx, url, out, err);
	} else if (rc == 0) {
		rc = fetch(r, &a, url, tail, out, err);
		if (rc == 0 && r->head.n && hm_str_has_prefix(tail, HM_S("/lookup/")))
			rc = change_head(r, &a, out, err);
		pthread_mutex_lock(&r->mutex);
		if (rc == 0)
			put(r->given, file_name(&a, r->name, tail), hm_buf_str(out));
		pthread_mutex_unlock(&r->mutex);
	}
	hm_arena_free(&a);
	return rc;
}

static int
run_try(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err), void *arg,
        struct hm_err *err)
{
	struct run *r = ctx;

	if (r->p->opts.offline)
		return fn(arg, no_proxy, err);
	return r->upstream.try_proxies(r->upstream.ctx, fn, arg, err);
}

static void
prove(void *ctx, size_t i)
{
	struct run *r = ctx;
	const struct proof_need *n = &r->need[i];
	struct hm_err err = { 0 };

	if (hm_verify_sum(r->verify, n->path, n->version, n->h1, &err))
		tally_failed(&r->tally, i, &err);
	else
		tally_done(&r->tally, 0);
	hm_err_free(&err);
}

static int
make_scratch(struct run *r, struct hm_arena *a, const struct hm_map *earlier, struct hm_err *err)
{
	hm_str tmp = hm_env_or_empty(&r->p->conf->env, "TMPDIR"), file;
	hm_str *latest =
		earlier ? hm_map_get(earlier, file_name(a, r->name, HM_S("/latest"))) : NULL;

	tmp = tmp.n ? hm_arena_dup(a, tmp) : HM_S("/tmp");
	if (hm_dir_make_temp(a, tmp.p, "hermod-proxy-export-", &r->scratch, err))
		return -1;
	if (!latest)
		return 0;
	file = hm_arena_printf(a, HM_F "/sumdb/" HM_F "/latest", HM_P(r->scratch), HM_P(r->name));
	return hm_dir_make_all(hm_path_dir(a, file).p, err) ||
	                       hm_file_write(file.p, *latest, 0644, err)
	               ? -1
	               : 0;
}

/* One client from nothing (or from the earlier head) to all proofs; *head: its last. */
static int
run_once(struct run *r, struct hm_arena *a, const struct proof_need *needs, size_t n,
         const struct hm_map *earlier, hm_str *head, struct hm_err *err)
{
	static const struct hm_sums_conf none;
	struct hm_verify_conf v = proxy_verify_conf(r->p);
	struct hm_err ignored = { 0 };
	hm_str latest;
	int rc = make_scratch(r, a, earlier, err);

	if (rc == 0) {
		v.modcache = r->scratch;
		v.sumdb_dir = hm_path_cat(a, r->scratch, HM_S("sumdb"));
		v.remote = (struct hm_verify_remote){ r, run_get, run_try };
		r->verify = hm_verify_new(&v, hm_sums_new(&none));
		r->need = needs;
		tally_begin(&r->tally, "proving", n);
		hm_pool_each((unsigned)r->p->opts.fills, n, prove, r);
		rc = tally_end(&r->tally, err);
		hm_verify_free(r->verify);
		latest = hm_arena_printf(a, HM_F "/" HM_F "/latest", HM_P(v.sumdb_dir),
		                         HM_P(r->name));
	}
	if (rc == 0)
		rc = hm_file_read(a, latest.p, HM_SUMDB_ANSWER_MAX, head, err);
	if (r->scratch.n && hm_dir_remove_all(r->scratch.p, true, &ignored))
		hm_err_free(&ignored);
	return rc;
}

/* One database. */
static int
collect(struct proxy *p, struct hm_arena *a, hm_str name, const struct proof_needs *needs,
        const struct hm_map *earlier, struct hm_map *out, struct hm_err *err)
{
	struct hm_arena memory = { 0 };
	struct hm_map raw = { .arena = &memory }, first = { .arena = &memory };
	struct run r = { .p = p,
		         .name = name,
		         .upstream = upstream_remote(p->upstreams),
		         .raw = &raw,
		         .given = &first };
	hm_str head;
	int rc;

	pthread_mutex_init(&r.mutex, NULL);
	rc = run_once(&r, a, needs->v, needs->n, earlier, &head, err);
	if (rc == 0) {
		r.head = head;
		r.given = out;
		rc = run_once(&r, a, needs->v, needs->n, earlier, &head, err);
	}
	if (rc == 0) {
		put(out, file_name(a, name, HM_S("/supported")), HM_S(""));
		put(out, file_name(a, name, HM_S("/latest")), head);
	}
	pthread_mutex_destroy(&r.mutex);
	hm_arena_free(&memory);
	return rc;
}

/* ---- whose proofs */

struct group {
	hm_str name;
	struct proof_needs needs;
};

static struct group *
group_of(struct hm_map *groups, hm_str name)
{
	struct hm_map_entry *e = hm_map_put(groups, name, NULL);

	if (!e->val) {
		struct group *g = HM_NEW(groups->arena, struct group);

		g->name = name;
		e->val = g;
	}
	return e->val;
}

/* The lines of a record that an earlier bundle had: "path version h1:...". */
static void
add_record(struct hm_arena *a, struct group *g, hm_str file)
{
	struct hm_err none = { 0 };
	struct proof_need n;
	hm_str text, rest, line;
	int64_t id;

	if (hm_tlog_parse_record(file, &id, &text, &rest, &none) == 0)
		while (hm_str_next(&text, '\n', &line))
			if (hm_str_next_field(&line, &n.path) &&
			    hm_str_next_field(&line, &n.version) &&
			    hm_str_next_field(&line, &n.h1) && hm_verify_is_sum(n.h1))
				HM_PUSH(a, g->needs, n);
	hm_err_free(&none);
}

static void
add_earlier(struct hm_arena *a, struct hm_map *groups, const struct hm_map *earlier)
{
	for (size_t i = 0; earlier && i < earlier->n; i++) {
		hm_str name = earlier->e[i].key;
		ptrdiff_t at;

		if (!hm_str_cut_prefix(&name, HM_S("sumdb/")))
			continue;
		at = hm_str_index(name, HM_S("/lookup/"));
		if (at > 0)
			add_record(a, group_of(groups, hm_str_sub(name, 0, (size_t)at)),
			           *(hm_str *)earlier->e[i].val);
	}
}

int
proofs_collect(struct proxy *p, struct hm_arena *a, const struct proof_needs *needs,
               const struct hm_map *earlier, struct hm_map *out, struct hm_err *err)
{
	struct hm_map groups = { .arena = a };

	for (size_t i = 0; i < needs->n; i++) {
		hm_str name = hm_verify_sumdb_name(p->verify, needs->v[i].path);

		if (name.n) {
			struct group *g = group_of(&groups, name);

			HM_PUSH(a, g->needs, needs->v[i]);
		}
	}
	add_earlier(a, &groups, earlier);
	for (size_t i = 0; i < groups.n; i++) {
		struct group *g = groups.e[i].val;

		if (collect(p, a, g->name, &g->needs, earlier, out, err))
			return -1;
	}
	return 0;
}

/* ---- reading */

/* One database; never changes. */
struct reader_part {
	struct reader_part *next;
	hm_str name;
	const struct hm_map *files;
	struct hm_verify *verify;
};

struct proofs_reader {
	struct proxy *p;
	const struct hm_map *files;
	pthread_mutex_t mutex; /* guards all below */
	struct hm_arena arena;
	struct reader_part *parts;
};

static int
part_get(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err)
{
	struct reader_part *part = ctx;
	struct hm_arena a = { 0 };
	hm_str tail, file, *data = NULL;
	int rc = tail_of(&a, url, &tail, err);

	if (rc == 0 && !hm_str_eqz(tail, "/supported")) {
		file = file_name(&a, part->name, tail);
		data = hm_map_get(part->files, file);
		if (data)
			hm_buf_adds(out, *data);
		else
			rc = hm_err_set(
				err, HM_ENOTFOUND, HM_F " is not in the bundle%s", HM_P(file),
				hm_str_has_prefix(tail, HM_S("/tile/"))
					? " (if this store has taken another bundle before: "
					  "export with --after THAT ONE)"
					: "");
	}
	hm_arena_free(&a);
	return rc;
}

static int
part_try(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err), void *arg,
         struct hm_err *err)
{
	(void)ctx;
	return fn(arg, no_proxy, err);
}

struct proofs_reader *
proofs_reader_new(struct proxy *p, const struct hm_map *files)
{
	struct proofs_reader *r = hm_mem_new(sizeof(*r));

	r->p = p;
	r->files = files;
	pthread_mutex_init(&r->mutex, NULL);
	return r;
}

void
proofs_reader_free(struct proofs_reader *r)
{
	if (!r)
		return;
	for (struct reader_part *part = r->parts; part; part = part->next)
		hm_verify_free(part->verify);
	hm_arena_free(&r->arena);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}

static struct reader_part *
part_new(struct proofs_reader *r, hm_str name)
{
	static const struct hm_sums_conf none;
	struct hm_verify_conf v = proxy_verify_conf(r->p);
	struct reader_part *part = HM_NEW(&r->arena, struct reader_part);

	part->name = hm_arena_dup(&r->arena, name);
	part->files = r->files;
	v.remote = (struct hm_verify_remote){ part, part_get, part_try };
	part->verify = hm_verify_new(&v, hm_sums_new(&none));
	part->next = r->parts;
	r->parts = part;
	return part;
}

struct hm_verify *
proofs_reader_verify(struct proofs_reader *r, hm_str path)
{
	hm_str name = hm_verify_sumdb_name(r->p->verify, path);
	struct reader_part *part;

	pthread_mutex_lock(&r->mutex);
	for (part = r->parts; part && !hm_str_eq(part->name, name); part = part->next)
		;
	if (!part)
		part = part_new(r, name);
	pthread_mutex_unlock(&r->mutex);
	return part->verify;
}
