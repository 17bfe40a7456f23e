/*
 * fill.c - what the store lacks: fetched once however many ask, verified, stored,
 * and then given to all who waited.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "passthrough.h"
#include "proxy.h"

enum { REVISION_FRESH = 60 };

struct waiter {
	struct hm_exchange *x;
	struct fill *fill;
	struct waiter *next;
};

/* One object on its way. refs: the work itself and each waiter that has not answered. */
struct fill {
	struct fills *all;
	struct fill *next;
	struct hm_arena arena;
	struct route r;
	struct waiter *waiters;
	struct result result;
	bool done;
	int refs;
};

/* mutex guards list, n and the fills' waiters, done and refs. */
struct fills {
	struct proxy *p;
	struct hm_pool *pool;
	pthread_mutex_t mutex;
	struct fill *list;
	size_t n;
};

struct fills *
fills_new(struct proxy *p)
{
	struct fills *f = hm_mem_new(sizeof(*f));

	f->p = p;
	f->pool = hm_pool_new((unsigned)p->opts.fills);
	pthread_mutex_init(&f->mutex, NULL);
	return f;
}

void
fills_free(struct fills *f)
{
	if (!f)
		return;
	hm_pool_free(f->pool);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}

size_t
fills_under_way(struct fills *f)
{
	size_t n;

	pthread_mutex_lock(&f->mutex);
	n = f->n;
	pthread_mutex_unlock(&f->mutex);
	return n;
}

static void
fill_drop(struct fill *f)
{
	bool last;

	pthread_mutex_lock(&f->all->mutex);
	last = --f->refs == 0;
	pthread_mutex_unlock(&f->all->mutex);
	if (!last)
		return;
	hot_release(f->result.entry);
	hm_arena_free(&f->arena);
	free(f);
}

/* ---- the work */

static int64_t
later(int64_t seconds)
{
	return hm_clock_unix() + seconds;
}

static void
found(struct fill *f, hm_str body, bool immutable, int64_t fresh, int64_t stale)
{
	f->result = (struct result){
		.status = 200,
		.entry = hot_put(f->all->p->hot, f->r.url, 200, type_of(f->r.want), body,
		                 immutable ? INT64_MAX : later(fresh),
		                 immutable ? INT64_MAX : later(stale)),
	};
}

/* The sources, one after the other, until one has it. */
struct attempt {
	struct fill *f;
	hm_str body;          /* list, latest, info, mod */
	const struct hm_http_sink *sink;
	int fd;
};

static int
fetch_body(struct attempt *at, const struct hm_repo *repo, struct hm_err *err)
{
	struct fill *f = at->f;
	struct hm_fetch_info info;
	struct hm_strs list = { 0 };

	switch (f->r.want) {
	case WANT_LIST:
		if (hm_repo_versions(repo, &f->arena, HM_S(""), &list, err))
			return -1;
		at->body = hm_strs_join(&f->arena, &list, HM_S("\n"));
		if (list.n)
			at->body = hm_arena_printf(&f->arena, HM_F "\n", HM_P(at->body));
		return 0;
	case WANT_LATEST:
		if (hm_repo_latest(repo, &f->arena, &info, err))
			return -1;
		at->body = info.json;
		return 0;
	case WANT_INFO:
		if (hm_repo_stat(repo, &f->arena, f->r.version, &info, err))
			return -1;
		at->body = info.json;
		return 0;
	case WANT_MOD:
		return hm_repo_gomod(repo, &f->arena, f->r.version, &at->body, err);
	default:
		if (ftruncate(at->fd, 0) || lseek(at->fd, 0, SEEK_SET) < 0)
			return hm_err_sys(err, errno, "truncate");
		return hm_repo_zip(repo, f->r.version, at->sink, err);
	}
}

static int
fetch_from(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct attempt *at = ctx;
	struct hm_repo repo;

	if (hm_fetch_open(at->f->all->p->fetch, &at->f->arena, src, at->f->r.path, &repo, err))
		return -1;
	return fetch_body(at, &repo, err);
}

/* list, @latest, .info of a revision: they change, so they only live in memory. */
static int
fill_query(struct fill *f, struct hm_err *err)
{
	const struct options *o = &f->all->p->opts;
	struct attempt at = { .f = f };

	if (hm_fetch_try(f->all->p->fetch, fetch_from, &at, err))
		return -1;
	if (f->r.want == WANT_INFO)
		found(f, at.body, false, REVISION_FRESH, REVISION_FRESH);
	else
		found(f, at.body, false, o->list_fresh, o->list_stale);
	return 0;
}

static int
fill_small(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->all->p;
	struct attempt at = { .f = f };
	bool mod = f->r.want == WANT_MOD;

	if (hm_fetch_try(p->fetch, fetch_from, &at, err))
		return -1;
	if (mod ? admit_check_mod(&p->admit, f->r.path, f->r.version, at.body, err)
	        : admit_check_info(f->r.path, f->r.version, at.body, err))
		return -1;
	if (hm_store_write(&p->store, f->r.path, f->r.version, mod ? "mod" : "info", at.body, err))
		return -1;
	found(f, at.body, true, 0, 0);
	return 0;
}

struct zip_work {
	struct fill *f;
	hm_str tmp, final;
	int fd;
};

static int
write_zip(void *ctx, hm_str bytes, struct hm_err *err)
{
	struct zip_work *w = ctx;

	return hm_file_write_fd(w->fd, w->tmp.p, bytes, err);
}

static int
fetch_zip(struct zip_work *w, struct hm_err *err)
{
	struct proxy *p = w->f->all->p;
	struct hm_http_sink sink = { .write = write_zip, .ctx = w };
	struct attempt at = { .f = w->f, .sink = &sink };
	hm_str h1;
	int rc;

	if (hm_store_temp_zip(&p->store, &w->f->arena, w->f->r.path, w->f->r.version, &w->tmp,
	                      &w->fd, err))
		return -1;
	at.fd = w->fd;
	rc = hm_fetch_try(p->fetch, fetch_from, &at, err);
	if (rc == 0) {
		rc = admit_check_zip(&p->admit, &w->f->arena, w->f->r.path, w->f->r.version,
		                     w->tmp.p, NULL, &h1, err);
		if (rc && !hm_code_may_fall_back(err->code))
			atomic_fetch_add(&p->count.zips_rejected, 1);
	}
	if (rc == 0)
		return admit_publish_zip(&p->admit, w->f->r.path, w->f->r.version, w->fd,
		                         w->tmp.p, h1, err);
	close(w->fd);
	unlink(w->tmp.p);
	return rc;
}

static int
fill_zip(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->all->p;
	struct zip_work w = { .f = f, .fd = -1 };
	hm_str h1;
	int lock, rc = 0;

	if (hm_store_path(&p->store, &f->arena, f->r.path, f->r.version, "zip", &w.final, err) ||
	    hm_store_lock(&p->store, f->r.path, f->r.version, &lock, err))
		return -1;
	if (!hm_file_exists(w.final.p) ||
	    !hm_store_ziphash(&p->store, &f->arena, f->r.path, f->r.version, &h1))
		rc = fetch_zip(&w, err); /* else another process made it meanwhile */
	hm_lock_release(lock);
	f->result = (struct result){ .status = 200 };
	return rc;
}

/*
 * A file of a checksum database, as a proxy passes it on: from the first source that
 * has it.  Tiles and records never change, so they are stored, where go keeps them.
 */
static int
fetch_sumdb_from(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct attempt *at = ctx;
	struct fill *f = at->f;
	hm_str base = src->url, path = hm_str_from(f->r.url, 1);

	if (hm_str_eqz(base, "off") || hm_str_eqz(base, "noproxy"))
		return hm_err_set(err, HM_ENOTFOUND, "not found");
	if (hm_str_eqz(base, "direct")) {
		base = hm_arena_printf(&f->arena, "https://" HM_F, HM_P(f->r.sumdb));
		path = hm_str_from(f->r.rest, 1);
	}
	return hm_fetch_get(f->all->p->fetch, &f->arena, base, path, HM_SUMDB_ANSWER_MAX, &at->body,
	                    err);
}

static int
fill_sumdb(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->all->p;
	struct attempt at = { .f = f };
	hm_str file;

	if (hm_fetch_try(p->fetch, fetch_sumdb_from, &at, err))
		return -1;
	if (hm_str_eqz(f->r.rest, "/latest")) {
		found(f, at.body, false, p->opts.list_fresh, p->opts.list_stale);
		return 0;
	}
	file = passthrough_file(p, &f->arena, &f->r);
	if (hm_dir_make_all(hm_path_dir(&f->arena, file).p, err) ||
	    hm_file_publish(file.p, at.body, 0644, false, err))
		return -1;
	found(f, at.body, true, 0, 0);
	return 0;
}

/* Without a network: the versions whose files the store has. */
static int
fill_offline(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->all->p;
	hm_str path, body;

	if (f->r.want == WANT_LIST && hm_store_path(&p->store, &f->arena, f->r.path, HM_S("v0.0.0"),
	                                            "mod", &path, err) == 0) {
		path = hm_arena_printf(&f->arena, HM_F "list",
		                       HM_P(hm_str_sub(path, 0, path.n - strlen("v0.0.0.mod"))));
		if (hm_file_read(&f->arena, path.p, HM_FETCH_MAX_LIST, &body, err) == 0) {
			found(f, body, false, REVISION_FRESH, REVISION_FRESH);
			return 0;
		}
		hm_err_clear(err);
	}
	return hm_err_set(err, HM_ENOTFOUND,
	                  "not found: " HM_F ": this proxy is offline and does not have it",
	                  HM_P(f->r.url));
}

/* ---- what failed */

/*
 * An error text for go's user. 404 and 410 let go ask its next source; nothing
 * else does, least of all a verification failure.
 */
static void
failed(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->all->p;
	int status = hm_code_http(err->code);
	bool missing = status == 404 || status == 410;
	int64_t keep = missing ? p->opts.missing_keep : 0;
	hm_str text = hm_arena_printf(
		&f->arena, "%s" HM_F "\n",
		missing && !hm_str_has_prefix(hm_err_str(err), HM_S("not found")) ? "not found: "
										  : "",
		HM_P(hm_err_str(err)));
	struct hot_entry *stale = hot_get(p->hot, f->r.url);

	if (!missing)
		hm_log(&p->log, HM_LOG_WARN, "hermod-proxy: " HM_F ": " HM_F, HM_P(f->r.url),
		       HM_P(hm_err_str(err)));
	atomic_fetch_add(missing ? &p->count.missing : &p->count.failed, 1);
	if (stale && stale->status == 200 && err->code != HM_ESECURITY) {
		hot_unclaim(p->hot, stale); /* better an old list than none */
		f->result = (struct result){ .status = 200, .entry = stale };
		return;
	}
	hot_release(stale);
	f->result = (struct result){
		.status = status,
		.entry = hot_put(p->hot, f->r.url, status, HM_S("text/plain"), text, later(keep),
		                 later(keep)),
	};
}

/* ---- waiting */

static void
give(void *ctx, struct hm_exchange *x)
{
	struct proxy *p = ctx;
	struct waiter *w = *hm_exchange_data(x);
	struct fill *f = w->fill;

	if (f->result.entry) {
		atomic_fetch_add(&f->result.entry->refs, 1);
		answer_entry(x, f->result.entry);
	} else if (!answer_stored(p, x, &f->r)) {
		answer_text(x, 500, HM_S("stored, but it cannot be read\n"));
	}
	fill_drop(f);
}

static void
work(void *arg)
{
	struct fill *f = arg, **at;
	struct fills *all = f->all;
	struct hm_err err = { 0 };
	struct waiter *w, *next;
	int rc;

	if (all->p->opts.offline)
		rc = fill_offline(f, &err);
	else if (f->r.want == WANT_SUMDB)
		rc = fill_sumdb(f, &err);
	else if (f->r.want == WANT_ZIP)
		rc = fill_zip(f, &err);
	else if (f->r.canonical && (f->r.want == WANT_INFO || f->r.want == WANT_MOD))
		rc = fill_small(f, &err);
	else
		rc = fill_query(f, &err);
	if (rc)
		failed(f, &err);
	else
		atomic_fetch_add(&all->p->count.filled, 1);
	hm_err_free(&err);

	pthread_mutex_lock(&all->mutex);
	f->done = true;
	for (at = &all->list; *at != f; at = &(*at)->next)
		;
	*at = f->next;
	all->n--;
	w = f->waiters;
	f->waiters = NULL;
	pthread_mutex_unlock(&all->mutex);
	for (; w; w = next) {
		next = w->next; /* the waiter's memory may go as soon as it is resumed */
		hm_exchange_resume(w->x, give);
	}
	fill_drop(f);
}

static struct fill *
fill_new(struct fills *all, const struct route *r)
{
	struct fill *f = hm_mem_new(sizeof(*f));

	f->all = all;
	f->r = *r;
	f->r.url = hm_arena_dup(&f->arena, r->url);
	f->r.path = hm_arena_dup(&f->arena, r->path);
	f->r.version = hm_arena_dup(&f->arena, r->version);
	f->r.sumdb = hm_arena_dup(&f->arena, r->sumdb);
	f->r.rest = hm_arena_dup(&f->arena, r->rest);
	f->refs = 1;
	f->next = all->list;
	all->list = f;
	all->n++;
	return f;
}

void
fills_join(struct fills *all, const struct route *r, struct hm_exchange *x)
{
	struct waiter *w = x ? HM_NEW(hm_exchange_arena(x), struct waiter) : NULL;
	struct fill *f;
	bool fresh = false;

	if (x)
		hm_exchange_defer(x);
	pthread_mutex_lock(&all->mutex);
	for (f = all->list; f && !hm_str_eq(f->r.url, r->url); f = f->next)
		;
	if (!f) {
		f = fill_new(all, r);
		fresh = true;
	}
	if (w) {
		*w = (struct waiter){ .x = x, .fill = f, .next = f->waiters };
		f->waiters = w;
		f->refs++;
		*hm_exchange_data(x) = w;
	}
	pthread_mutex_unlock(&all->mutex);
	if (fresh)
		hm_pool_submit(all->pool, x ? 1 : 0, work, f);
}
