#include "obtain.h"

#include <errno.h>
#include <unistd.h>

#include "evidence.h"
#include "mod/match.h"
#include "os/file.h"
#include "upstream.h"

struct fetching {
	struct proxy *p;
	struct hm_arena *a;
	struct hm_modver m;
	const struct upstream *from;
	enum want want;
	hm_str info, mod; /* what came; empty: nothing */
	hm_str tmp;       /* .zip */
	int fd;
};

static int
write_zip(void *ctx, hm_str bytes, struct hm_err *err)
{
	struct fetching *f = ctx;

	return hm_file_write_fd(f->fd, f->tmp.p, bytes, err);
}

static int
fetch_from(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct fetching *f = ctx;
	struct hm_http_sink sink = { .write = write_zip, .ctx = f };
	struct hm_fetch_info info;
	struct hm_repo repo;

	if (hm_fetch_open(f->from->fetch, f->a, src, f->m.path, &repo, err))
		return -1;
	switch (f->want) {
	case WANT_INFO:
		if (hm_repo_stat(&repo, f->a, f->m.version, &info, err))
			return -1;
		f->info = info.json;
		return 0;
	case WANT_MOD:
		return hm_repo_gomod(&repo, f->a, f->m.version, &f->mod, err);
	default: /* another source may have sent a part */
		if (ftruncate(f->fd, 0) || lseek(f->fd, 0, SEEK_SET) < 0)
			return hm_err_sys(err, errno, "truncate " HM_F, HM_P(f->tmp));
		return hm_repo_zip(&repo, f->m.version, &sink, err);
	}
}

/* A private module goes only where a section of the configuration sends it. */
static int
fetch(struct fetching *f, enum want want, struct hm_err *err)
{
	struct proxy *p = f->p;

	f->want = want;
	f->from = upstream_of(p->upstreams, f->m.path);
	if (p->opts.offline)
		return hm_err_set(err, HM_EOFF, "not in the store, and --offline asks nobody");
	if (f->from->pattern.n == 0 && hm_match_prefix_patterns(p->conf->gonoproxy, f->m.path))
		return hm_err_set(err, HM_EOFF,
		                  "not in the store, and private (GOPRIVATE): nobody is asked");
	return upstream_try(p->upstreams, f->from, fetch_from, f, err);
}

static bool
stored(struct fetching *f, const char *suffix, hm_str *out)
{
	const struct hm_store *s = &f->p->store;
	struct hm_err err = { 0 };
	bool ok = hm_store_read(s, f->a, f->m.path, f->m.version, suffix, out, &err) == 0;

	hm_err_free(&err);
	return ok;
}

static bool
stored_zip(struct fetching *f, hm_str *file)
{
	const struct hm_store *s = &f->p->store;
	struct hm_err err = { 0 };
	hm_str h1;
	bool ok = hm_store_path(s, f->a, f->m.path, f->m.version, "zip", file, &err) == 0 &&
	          hm_file_exists(file->p) &&
	          hm_store_ziphash(s, f->a, f->m.path, f->m.version, &h1);

	hm_err_free(&err);
	return ok;
}

bool
obtain_has_content(struct proxy *p, struct hm_modver m)
{
	struct hm_arena a = { 0 };
	struct fetching f = { .p = p, .a = &a, .m = m };
	hm_str s;
	bool ok = stored_zip(&f, &s) && stored(&f, "mod", &s);

	hm_arena_free(&a);
	return ok;
}

bool
obtain_has(struct proxy *p, struct hm_modver m)
{
	struct hm_arena a = { 0 };
	struct fetching f = { .p = p, .a = &a, .m = m };
	hm_str s;
	bool ok = obtain_has_content(p, m) && stored(&f, "info", &s);

	hm_arena_free(&a);
	return ok;
}

static void
keep_one(struct fetching *f, const char *suffix, hm_str body, struct hm_err *why)
{
	const struct hm_store *s = &f->p->store;
	struct hm_err none = { 0 };
	hm_str file, url;

	if (hm_store_path(s, f->a, f->m.path, f->m.version, suffix, &file, &none) == 0) {
		url = hm_str_from(file, s->root.n + strlen("/cache/download"));
		if (body.n)
			evidence_text(f->p, f->a, url, body, why);
		else
			evidence_file(f->p, f->a, url, f->tmp.p, why);
	}
	hm_err_free(&none);
}

/* Everything that came: of two files that disagree each may be the wrong one. */
static void
keep_evidence(struct fetching *f, struct hm_err *why)
{
	if (!evidence_of(why))
		return;
	meter_add(f->p->meter, METER_FILES_REJECTED, 1);
	if (f->info.n)
		keep_one(f, "info", f->info, why);
	if (f->mod.n)
		keep_one(f, "mod", f->mod, why);
	if (f->tmp.n)
		keep_one(f, "zip", HM_S(""), why);
}

int
obtain_mod(struct proxy *p, struct hm_arena *a, struct hm_modver m, hm_str *data,
           struct hm_err *err)
{
	struct fetching f = { .p = p, .a = a, .m = m };
	struct facts_origin origin = {
		.source = p->admit.source,
		.sumdb = p->admit.verify ? hm_verify_sumdb_name(p->admit.verify, m.path) : HM_S(""),
	};

	if (stored(&f, "mod", data))
		return 0;
	if (fetch(&f, WANT_MOD, err))
		return hm_modver_wrap(err, m);
	if (admit_check_new_mod(&p->admit, m.path, m.version, f.mod, err)) {
		keep_evidence(&f, err);
		return hm_modver_wrap(err, m);
	}
	if (hm_store_write(&p->store, m.path, m.version, "mod", f.mod, err))
		return hm_modver_wrap(err, m);
	facts_stored(p->admit.facts, m.path, m.version, &origin);
	*data = f.mod;
	return 0;
}

/* Under the version's lock. */
static int
obtain_locked(struct fetching *f, enum admit_outcome *outcome, struct hm_err *err)
{
	struct proxy *p = f->p;
	struct admit_module m = { .path = f->m.path, .version = f->m.version, .may_take = true };
	hm_str file;
	bool has_zip = stored_zip(f, &file);
	int rc = 0;

	f->fd = -1;
	if (!stored(f, "info", &m.info)) {
		if (fetch(f, WANT_INFO, err))
			return -1;
		m.info = f->info;
	}
	if (!stored(f, "mod", &m.mod)) {
		if (fetch(f, WANT_MOD, err))
			return -1;
		m.mod = f->mod;
	}
	if (!has_zip) {
		hm_store_sweep(&p->store, f->m.path, f->m.version);
		if (hm_store_temp_zip(&p->store, f->a, f->m.path, f->m.version, &f->tmp, &f->fd,
		                      err))
			return -1;
		rc = fetch(f, WANT_ZIP, err);
		close(f->fd);
		m.zip = f->tmp.p;
	}
	if (rc == 0 && admit_module_locked(&p->admit, &m, outcome, err)) {
		keep_evidence(f, err);
		rc = -1;
	}
	if (!has_zip)
		unlink(f->tmp.p);
	return rc;
}

int
obtain_version(struct proxy *p, struct hm_modver m, enum admit_outcome *outcome, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct fetching f = { .p = p, .a = &a, .m = m };
	int lock, rc = 0;

	*outcome = ADMIT_KNOWN;
	if (!obtain_has(p, m)) {
		rc = hm_store_lock(&p->store, m.path, m.version, &lock, err);
		if (rc == 0) {
			rc = obtain_locked(&f, outcome, err);
			hm_store_unlock(&p->store, m.path, m.version, lock);
		}
	}
	hm_arena_free(&a);
	return rc ? hm_modver_wrap(err, m) : 0;
}
