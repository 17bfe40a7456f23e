/*
 * bring.c - the work of a fill: asks upstream, checks, stores.  On the pool's threads.
 */
#include <errno.h>
#include <unistd.h>

#include "base/path.h"
#include "evidence.h"
#include "fill.h"
#include "gate.h"
#include "guard.h"
#include "mod/match.h"
#include "os/clock.h"
#include "os/file.h"
#include "passthrough.h"
#include "seen.h"

enum {
	REVISION_FRESH = 60, /* seconds that "master" stays the same commit */
	AGAIN = 10,          /* before upstream is asked again that could not answer */
	POLICY_KEEP = 5,     /* a refusal; gate.c remembers those of versions itself */
	LOCK_MS = 2000,      /* that another process may take over a version */
	FAILURE_KEEP = 1,    /* an error is the answer to everyone who asks at once */
};

static int64_t
later(int64_t seconds)
{
	return hot_now() + seconds;
}

static void
found(struct fill *f, hm_str body, int64_t fresh_until, int64_t usable_until)
{
	f->result = (struct result){
		.status = 200,
		.entry = hot_put(f->p->hot, f->r.url, 200, type_of(&f->r), body, fresh_until,
		                 usable_until),
	};
}

static bool
is_changing(const struct fill *f)
{
	return f->r.want == WANT_LIST || f->r.want == WANT_LATEST;
}

/* A private module goes only where a section of the configuration sends it. */
static bool
asks_nobody(const struct fill *f)
{
	return f->p->opts.offline ||
	       (f->from->pattern.n == 0 && f->r.path.n &&
	        hm_match_prefix_patterns(f->p->conf->gonoproxy, f->r.path));
}

/* ---- what upstream has */

/* The sources, one after the other, until one has it. */
struct attempt {
	struct fill *f;
	hm_str body; /* list, latest, info, mod */
	const struct hm_http_sink *sink;
	int fd;
	hm_str source; /* the last that was asked */
};

static int
fetch_list(struct attempt *at, const struct hm_repo *repo, struct hm_err *err)
{
	struct hm_strs list = { 0 };

	if (hm_repo_versions(repo, &at->f->arena, HM_S(""), &list, err))
		return -1;
	at->body = hm_strs_join(&at->f->arena, &list, HM_S("\n"));
	if (list.n)
		at->body = hm_arena_printf(&at->f->arena, HM_F "\n", HM_P(at->body));
	return 0;
}

/* A folder has no @latest: then it is the highest of its list, else the latest commit in it. */
static int
fetch_latest(struct hm_arena *a, const struct hm_repo *repo, struct hm_fetch_info *info,
             struct hm_err *err)
{
	struct hm_strs list = { 0 };
	hm_str best;
	int rc = hm_repo_latest_file(repo, a, info, err);

	if (rc == 0 || !hm_code_may_fall_back(err->code))
		return rc;
	hm_err_clear(err);
	if (hm_repo_versions(repo, a, HM_S(""), &list, err))
		return -1;
	best = highest_version(hm_strs_join(a, &list, HM_S("\n")));
	return best.n ? hm_repo_stat(repo, a, best, info, err) :
	                hm_repo_newest_listed(repo, a, info, err);
}

static int
fetch_body(struct attempt *at, const struct hm_repo *repo, struct hm_err *err)
{
	struct fill *f = at->f;
	struct hm_fetch_info info;
	int rc;

	switch (f->r.want) {
	case WANT_LIST:
		return fetch_list(at, repo, err);
	case WANT_LATEST:
	case WANT_INFO:
		rc = f->r.want == WANT_INFO ?
			hm_repo_stat(repo, &f->arena, f->r.version, &info, err) :
			fetch_latest(&f->arena, repo, &info, err);
		at->body = rc == 0 ? info.json : HM_S("");
		return rc;
	case WANT_MOD:
		return hm_repo_gomod(repo, &f->arena, f->r.version, &at->body, err);
	default: /* another source may have sent a part */
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

	at->source = src->url;
	if (hm_fetch_open(at->f->from->fetch, &at->f->arena, src, at->f->r.path, &repo, err))
		return -1;
	return fetch_body(at, &repo, err);
}

static int
fetch(struct attempt *at, struct hm_err *err)
{
	return upstream_try(at->f->p->upstreams, at->f->from, fetch_from, at, err);
}

/* It is in the store now. */
static void
note_stored(const struct attempt *at)
{
	const struct fill *f = at->f;
	struct facts_origin o = { .source = at->source };

	if (f->r.want != WANT_INFO)
		o.sumdb = hm_verify_sumdb_name(f->p->verify, f->r.path);
	facts_stored(f->p->facts, f->r.path, f->r.version, &o);
}

/* ---- each kind of object */

/* What is told of upstream's list or @latest: the store's versions belong to it, too. */
static int
tell(struct fill *f, hm_str body, int64_t fresh_until, int64_t usable_until, struct hm_err *err)
{
	hm_str own;

	if (f->r.want == WANT_LIST && stored_answer(f->p, &f->arena, &f->r, &own))
		body = merge_lists(&f->arena, body, own);
	if (gate_filter(f->p, &f->arena, &f->r, !f->in_house, &body, err))
		return -1;
	found(f, body, fresh_until, usable_until);
	return 0;
}

/* list, @latest, .info of a revision: what may change lives in memory, and is kept for bad days. */
static int
bring_query(struct fill *f, struct hm_err *err)
{
	const struct options *o = &f->p->opts;
	struct attempt at = { .f = f };

	if (fetch(&at, err))
		return -1;
	if (!is_changing(f))
		return tell(f, at.body, later(REVISION_FRESH), later(REVISION_FRESH), err);
	seen_write(f->p, &f->arena, &f->r, at.body);
	if (f->r.want == WANT_LIST && f->p->gate)
		gate_saw_list(f->p, &f->arena, f->r.path, at.body);
	return tell(f, at.body, later(o->list_fresh), later(o->list_stale), err);
}

/* What the store says may not be mistaken for "upstream does not have it". */
static int
store_failed(struct hm_err *err)
{
	if (hm_code_may_fall_back(err->code))
		err->code = HM_EIO;
	return -1;
}

static int
bring_small(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->p;
	struct attempt at = { .f = f };
	bool mod = f->r.want == WANT_MOD;
	int rc;

	if (fetch(&at, err))
		return -1;
	rc = mod ? admit_check_new_mod(&p->admit, f->r.path, f->r.version, at.body, err) :
	           admit_check_info(f->r.path, f->r.version, at.body, err);
	if (rc && evidence_of(err)) {
		meter_add(p->meter, METER_FILES_REJECTED, 1);
		evidence_text(p, &f->arena, f->r.url, at.body, err);
	}
	if (rc)
		return -1;
	if (hm_store_write(&p->store, f->r.path, f->r.version, mod ? "mod" : "info", at.body, err))
		return store_failed(err);
	note_stored(&at);
	found(f, at.body, INT64_MAX, INT64_MAX);
	return 0;
}

struct zip_work {
	struct fill *f;
	int lock; /* of the version; -1: another process holds it */
	hm_str tmp;
	int fd;
};

static int
write_zip(void *ctx, hm_str bytes, struct hm_err *err)
{
	struct zip_work *w = ctx;

	return hm_file_write_fd(w->fd, w->tmp.p, bytes, err);
}

static int
check_zip(struct zip_work *w, hm_str *h1, struct hm_err *err)
{
	struct fill *f = w->f;
	struct proxy *p = f->p;
	struct hm_err no_mod = { 0 };
	hm_str mod;
	bool has_mod = hm_store_read(&p->store, &f->arena, f->r.path, f->r.version, "mod", &mod,
	                             &no_mod) == 0;
	struct admit here = p->admit;
	uint64_t bytes = 0;
	struct stat st;
	int rc;

	hm_err_free(&no_mod);
	here.verify = NULL; /* the database's turn comes when the core is free for others */
	if (fstat(w->fd, &st) == 0)
		bytes = (uint64_t)st.st_size;
	here.lender = p->hot;
	here.threads = fills_compute(f->all, bytes);
	rc = admit_check_zip(&here, &f->arena, f->r.path, f->r.version, w->tmp.p,
	                     has_mod ? &mod : NULL, h1, err);
	fills_computed(f->all, bytes, here.threads);
	if (rc == 0)
		rc = hm_verify_sum(p->verify, f->r.path, f->r.version, *h1, err);
	if (rc && evidence_of(err)) {
		meter_add(p->meter, METER_FILES_REJECTED, 1);
		evidence_file(p, &f->arena, f->r.url, w->tmp.p, err);
	}
	return rc;
}

static int
fetch_zip(struct zip_work *w, struct hm_err *err)
{
	struct proxy *p = w->f->p;
	const struct route *r = &w->f->r;
	struct hm_http_sink sink = { .write = write_zip, .ctx = w };
	struct attempt at = { .f = w->f, .sink = &sink };
	hm_str h1;
	int rc;

	if (w->lock >= 0)
		hm_store_sweep(&p->store, r->path, r->version);
	if (hm_store_temp_zip(&p->store, &w->f->arena, r->path, r->version, &w->tmp, &w->fd, err))
		return store_failed(err);
	at.fd = w->fd;
	rc = fetch(&at, err);
	if (rc == 0 && check_zip(w, &h1, err))
		rc = -1;
	if (rc == 0) {
		if (admit_publish_zip(&p->admit, r->path, r->version, w->fd, w->tmp.p, h1, err))
			return store_failed(err);
		note_stored(&at);
		return 0;
	}
	close(w->fd);
	unlink(w->tmp.p);
	return rc;
}

/*
 * Who holds the lock for long may wait for this very answer: a go command that has this
 * store for its module cache, and this proxy.  Then it is made without, under its own name.
 */
static int
bring_zip(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->p;
	struct zip_work w = { .f = f, .fd = -1 };
	hm_str h1, final;
	int rc = 0;

	if (hm_store_path(&p->store, &f->arena, f->r.path, f->r.version, "zip", &final, err) ||
	    hm_store_lock_within(&p->store, f->r.path, f->r.version, LOCK_MS, &w.lock, err))
		return store_failed(err);
	if (!hm_file_exists(final.p) ||
	    !hm_store_ziphash(&p->store, &f->arena, f->r.path, f->r.version, &h1))
		rc = fetch_zip(&w, err); /* else another process made it meanwhile */
	hm_store_unlock(&p->store, f->r.path, f->r.version, w.lock);
	f->result = (struct result){ .status = 200 };
	return rc;
}

/* Tiles and records that are proven never change; the rest is told, but not for long. */
static int
bring_sumdb(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->p;
	bool proven, latest = hm_str_eqz(f->r.rest, "/latest");
	hm_str body, file;

	if (passthrough_fetch(f, &body, &proven, err))
		return -1;
	if (latest || !proven) {
		found(f, body, later(p->opts.list_fresh),
		      later(latest ? p->opts.list_stale : p->opts.list_fresh));
		return 0;
	}
	file = passthrough_file(p, &f->arena, &f->r);
	if (hm_dir_make_all(hm_path_dir(&f->arena, file).p, err) ||
	    hm_file_publish(file.p, body, 0644, false, err))
		return store_failed(err);
	found(f, body, INT64_MAX, INT64_MAX);
	return 0;
}

/* What the store alone can say. */
static int
bring_own(struct fill *f, struct hm_err *err)
{
	hm_str body;

	if (stored_answer(f->p, &f->arena, &f->r, &body))
		return tell(f, body, later(AGAIN), later(AGAIN), err);
	if (f->p->opts.offline)
		return hm_err_set(err, HM_ENOTFOUND,
		                  "not found: " HM_F ": this proxy is offline and does not have it",
		                  HM_P(f->r.url));
	return hm_err_set(err, HM_ENOTFOUND,
	                  "not found: " HM_F ": the module is private (GOPRIVATE of this proxy): "
	                  "no upstream is asked, and the proxy does not have it", HM_P(f->r.path));
}

static int
bring_object(struct fill *f, struct hm_err *err)
{
	if (asks_nobody(f))
		return bring_own(f, err);
	if (f->r.want == WANT_SUMDB)
		return bring_sumdb(f, err);
	if (f->r.want == WANT_ZIP)
		return bring_zip(f, err);
	if (f->r.canonical && (f->r.want == WANT_INFO || f->r.want == WANT_MOD))
		return bring_small(f, err);
	return bring_query(f, err);
}

/* By policy before anything is fetched, and again when there is a zip with a licence. */
static int
bring_permitted(struct fill *f, struct hm_err *err)
{
	if (!f->p->gate)
		return bring_object(f, err);
	if (gate_fill(f->p, &f->arena, &f->r, err))
		return -1;
	if (gate_stored(f->p, &f->r)) /* it waited for its verdict alone */
		f->result = (struct result){ .status = 200 };
	else if (bring_object(f, err))
		return -1;
	return f->r.want == WANT_ZIP ? gate_fill(f->p, &f->arena, &f->r, err) : 0;
}

/* ---- when it failed */

static int
status_of(const struct hm_err *err)
{
	switch (err->code) {
	case HM_EINVALID: /* of upstream's answer, not of the request */
	case HM_ESYNTAX:
	case HM_ELIMIT:
	case HM_EMISSINGSUM:
		return 502;
	case HM_EIO:
		return err->sys == ENOSPC || err->sys == EDQUOT ? 507 : 500;
	default:
		return hm_code_http(err->code);
	}
}

/* Nobody's answer for long, in a table of its own, so that it displaces nothing of use. */
static void
answer_with(struct fill *f, int status, int64_t keep, hm_str text)
{
	f->result = (struct result){
		.status = status,
		.entry = hot_put(f->p->misses, f->r.url, status, HM_S("text/plain"), text,
		                 later(keep), later(keep)),
	};
}

/* The last answer that there was; better than none. */
static bool
answer_old(struct fill *f, bool missing)
{
	const struct options *o = &f->p->opts;
	struct hot_entry *e = missing ? NULL : hot_get(f->p->hot, f->r.url);
	struct hm_err err = { 0 };
	hm_str body;
	int64_t when;
	bool ok = false;

	if (e && e->status == 200) {
		found(f, e->body, later(AGAIN), later(o->list_stale));
		ok = true;
	} else if (is_changing(f) &&
	           ((!missing && seen_read(f->p, &f->arena, &f->r, &body, &when)) ||
	            stored_answer(f->p, &f->arena, &f->r, &body))) {
		ok = tell(f, body, later(AGAIN), later(o->list_stale), &err) == 0;
	}
	hot_release(e);
	hm_err_free(&err);
	meter_add(f->p->meter, METER_STALE, ok);
	return ok;
}

/*
 * An error text for go's user. 404 and 410 let go ask its next source; nothing
 * else does, least of all a verification failure.
 */
static void
failed(struct fill *f, struct hm_err *err)
{
	struct proxy *p = f->p;
	int status = status_of(err);
	bool missing = status == 404 || status == 410;
	bool refused = evidence_of(err);
	bool named = hm_str_has_prefix(hm_err_str(err), HM_S("not found"));

	if (hm_err_is(err, HM_EPOLICY)) {
		hot_remove(p->hot, f->r.url);
		answer_with(f, status, POLICY_KEEP, answer_error(p, &f->arena, err));
		return;
	}
	if (!missing) {
		hm_log(&p->log, HM_LOG_WARN, "hermod-proxy: " HM_F ": " HM_F, HM_P(f->r.url),
		       HM_P(hm_err_str(err)));
		meter_error(p->meter, f->r.url, hm_err_str(err));
	}
	meter_add(p->meter, missing ? METER_MISSING : METER_FAILED, 1);
	if (missing && is_changing(f) && !asks_nobody(f))
		seen_forget(p, &f->arena, &f->r);
	if (!hm_err_is(err, HM_ESECURITY) && answer_old(f, missing))
		return;
	if (missing)
		hot_remove(p->hot, f->r.url);
	answer_with(f, status,
	            missing || refused ? p->opts.missing_keep : FAILURE_KEEP,
	            hm_arena_printf(&f->arena, "%s" HM_F, missing && !named ? "not found: " : "",
	                            HM_P(answer_error(p, &f->arena, err))));
}

/* ---- for fill.c */

bool
bring_kept(struct fill *f)
{
	const struct options *o = &f->p->opts;
	struct hm_err err = { 0 };
	hm_str body;
	int64_t when, age;
	int rc;

	if (asks_nobody(f)) {
		bring(f);
		return true;
	}
	if (!seen_read(f->p, &f->arena, &f->r, &body, &when))
		return false;
	age = hm_clock_unix() - when;
	if (age < 0 || age >= o->list_stale) /* or the clock was set back */
		return false;
	rc = tell(f, body, later(o->list_fresh - age), later(o->list_stale - age), &err);
	if (rc)
		failed(f, &err);
	f->renew = age >= o->list_fresh;
	hm_err_free(&err);
	return true;
}

/* A module; what is asked of a database has no other names beside it. */
static hm_str
guarded(const struct fill *f)
{
	return f->r.want == WANT_SUMDB ? f->r.url : f->r.path;
}

/* Modules that nothing is known of are what a storm of invented names is made of. */
static bool
may_ask(struct fill *f)
{
	if (asks_nobody(f) ||
	    guard_take(f->p->guard, guarded(f), hm_clock_monotonic_ns() / 1000000000))
		return true;
	bring_refused(f, 429, HM_S("too many requests for what does not exist: upstream is not "
	                           "asked now; try again in a few seconds\n"));
	return false;
}

void
bring(struct fill *f)
{
	struct proxy *p = f->p;
	struct hm_err err = { 0 };
	int rc;

	if (!may_ask(f))
		return;
	rc = bring_permitted(f, &err);
	if (rc == 0)
		meter_add(p->meter, METER_FILLED, 1);
	if (!asks_nobody(f) && (rc == 0 || !hm_code_may_fall_back(err.code)))
		guard_give(p->guard, guarded(f)); /* it was not in vain, or the breaker's matter */
	if (rc)
		failed(f, &err);
	hm_err_free(&err);
}

void
bring_refused(struct fill *f, int status, hm_str text)
{
	meter_add(f->p->meter, METER_REFUSED_LIMIT, status != 429); /* 429 is when it was sent */
	if (is_changing(f) && answer_old(f, false))
		return;
	f->result = (struct result){
		.status = status,
		.entry = hot_entry_new(f->r.url, status, HM_S("text/plain"), text),
	};
}
