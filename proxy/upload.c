#include "upload.h"

#include <errno.h>
#include <unistd.h>

#include "base/path.h"
#include "codec/time.h"
#include "desk.h"
#include "gate.h"
#include "mod/match.h"
#include "mod/modpath.h"
#include "modzip/check.h"
#include "modzip/hash.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "remove.h"
#include "serve/access.h"
#include "serve/audit.h"
#include "store/list.h"

enum { STALE = 86400 };

/* One upload; in the exchange's arena. */
struct upload {
	struct proxy *p; /* base: it may take longer than a generation lasts */
	hm_str path, version, time;
	hm_str file; /* the spooled body */
	int fd;
};

static hm_str
staging(const struct proxy *p, struct hm_arena *a)
{
	return hm_path_cat(a, p->opts.dir, HM_S("staging"));
}

void
upload_sweep(struct proxy *p)
{
	struct hm_arena a = { 0 };
	struct hm_err none = { 0 };
	struct hm_dirents list = { 0 };
	hm_str dir = staging(p, &a);
	struct stat st;

	if (hm_dir_read(&a, dir.p, &list, &none) == 0)
		for (size_t i = 0; i < list.n; i++) {
			hm_str file = hm_path_cat(&a, dir, list.v[i].name);

			if (lstat(file.p, &st) == 0 && S_ISREG(st.st_mode) &&
			    st.st_mtime < hm_clock_unix() - STALE)
				unlink(file.p);
		}
	hm_err_free(&none);
	hm_arena_free(&a);
}

/* The end of one, however it ended. */
static void
finish(struct upload *u)
{
	if (u->fd >= 0)
		close(u->fd);
	if (u->file.p)
		unlink(u->file.p);
	atomic_fetch_sub(&u->p->uploads, 1);
}

/* ---- the work, not on a loop's thread */

/* What was purged does not come back as something else. */
static int
check_purged(struct upload *u, struct hm_arena *a, struct hm_err *err)
{
	struct hm_err none = { 0 };
	struct fact_purge purge;
	hm_str h1;
	int rc = facts_purge_of(u->p->facts, a, u->path, u->version, &purge, &none);

	hm_err_free(&none);
	if (rc || purge.zip_h1.n == 0)
		return 0;
	if (hm_h1_zip_file(a, u->file.p, 1, &h1, err))
		return -1;
	if (hm_str_eq(h1, purge.zip_h1))
		return 0;
	return hm_err_set(err, HM_ECONFLICT,
	                  HM_F "@" HM_F ": was published with another content and purged; take a "
	                       "new version number",
	                  HM_P(u->path), HM_P(u->version));
}

static hm_str
info_of(struct upload *u, struct hm_arena *a)
{
	hm_str when = u->time.p ? u->time : hm_clock_rfc3339(a, hm_clock_unix(), 0);

	return hm_arena_printf(a, "{\"Version\":\"" HM_F "\",\"Time\":\"" HM_F "\"}",
	                       HM_P(u->version), HM_P(when));
}

/* What an upload that was killed left of this version goes first. */
static int
admit_alone(struct upload *u, const struct admit *ad, const struct admit_module *m,
            enum admit_outcome *outcome, struct hm_err *err)
{
	int lock, rc;

	if (hm_modzip_check_name(u->path, u->version, err) ||
	    hm_store_lock(&u->p->store, u->path, u->version, &lock, err))
		return -1;
	hm_store_sweep(&u->p->store, u->path, u->version);
	rc = admit_module_locked(ad, m, outcome, err);
	hm_lock_release(lock);
	return rc;
}

static int
admit(struct upload *u, struct hm_arena *a, enum admit_outcome *outcome, hm_str *mod,
      struct hm_err *err)
{
	struct admit ad = u->p->admit;
	struct admit_module m = {
		.path = u->path,
		.version = u->version,
		.info = info_of(u, a),
		.zip = u->file.p,
		.may_link = true,
		.local = true,
	};

	ad.verify = NULL; /* a private module: nobody outside is asked */
	ad.facts = u->p->facts;
	ad.source = HM_S("upload");
	if (check_purged(u, a, err) ||
	    admit_mod_of_zip(a, u->path, u->version, u->file.p, &m.mod, err) ||
	    gate_upload(u->p, a, hm_modver_of(u->path, u->version), u->file.p, err) ||
	    admit_alone(u, &ad, &m, outcome, err))
		return -1;
	*mod = m.mod;
	return 0;
}

/* It is on the list also when a server was killed just before it wrote that. */
static void
put_on_list(struct upload *u, struct hm_arena *a)
{
	struct hm_err none = { 0 };
	hm_str file;

	if (hm_store_path(&u->p->store, a, u->path, u->version, "mod", &file, &none) == 0)
		hm_store_update_list(hm_path_dir(a, file));
	hm_err_free(&none);
}

/* Lists and "not found" that do not know of it go; /index has it. */
static void
make_known(struct upload *u, struct hm_arena *a)
{
	struct hm_err err = { 0 };
	hm_str escaped;

	if (hm_modpath_escape(a, u->path, &escaped, &err) == 0)
		hot_drop(u->p->misses, hm_arena_printf(a, "/" HM_F "/@", HM_P(escaped)));
	forget_purged(u->p, u->path);
	if (facts_flush(u->p->facts, &err))
		hm_log(&u->p->log, HM_LOG_WARN, "hermod-proxy: " HM_F, HM_P(hm_err_str(&err)));
	hm_err_free(&err);
}

static struct hm_audit_event
event(const struct upload *u, struct hm_exchange *x, const char *action, hm_str detail)
{
	return (struct hm_audit_event){
		.who = hm_str_of(hm_access_who(x)->name),
		.peer = hm_exchange_peer(x),
		.action = hm_str_of(action),
		.object = hm_arena_printf(hm_exchange_arena(x), HM_F "@" HM_F, HM_P(u->path),
		                          HM_P(u->version)),
		.detail = detail,
	};
}

static int
status_of(const struct hm_err *err)
{
	int status = hm_code_http(err->code);

	if (err->sys == ENOSPC || err->sys == EDQUOT)
		return 507;
	return status == 404 || status == 410 || status == 502 ? 400 : status;
}

static void
refused(struct upload *u, struct hm_exchange *x, struct hm_err *err, struct desk_answer *out)
{
	struct hm_audit_event e = event(u, x, "upload.refused", hm_err_str(err));

	hm_audit_note(u->p->audit, &e);
	hm_log(&u->p->log, HM_LOG_WARN, "hermod-proxy: upload by %s: " HM_F, hm_access_who(x)->name,
	       HM_P(hm_err_str(err)));
	out->status = status_of(err);
	out->body = answer_error(u->p, hm_exchange_arena(x), err);
}

/* Its lines for go.sum. */
static hm_str
sum_lines(const struct upload *u, struct hm_arena *a, hm_str h1, hm_str mod)
{
	return hm_arena_printf(a, HM_F " " HM_F " " HM_F "\n" HM_F " " HM_F "/go.mod " HM_F "\n",
	                       HM_P(u->path), HM_P(u->version), HM_P(h1), HM_P(u->path),
	                       HM_P(u->version), HM_P(hm_h1_gomod(a, mod)));
}

static int
publish(struct upload *u, struct hm_exchange *x, struct desk_answer *out, struct hm_err *err)
{
	struct hm_arena *a = hm_exchange_arena(x);
	enum admit_outcome outcome;
	struct hm_audit_event e;
	hm_str mod, h1;

	if (!hm_access_may(u->p->access, x, HM_RIGHT_UPLOAD, u->path))
		return hm_err_set(err, HM_EFORBIDDEN, "the right to upload has been revoked");
	if (admit(u, a, &outcome, &mod, err))
		return -1;
	if (outcome == ADMIT_KNOWN)
		put_on_list(u, a);
	make_known(u, a);
	if (!hm_store_ziphash(&u->p->store, a, u->path, u->version, &h1))
		return hm_err_set(err, HM_EIO, "stored, but it cannot be read");
	out->body = sum_lines(u, a, h1, mod);
	out->status = outcome == ADMIT_NEW ? 201 : 200;
	if (outcome == ADMIT_KNOWN)
		return 0;
	meter_add(u->p->meter, METER_UPLOADS, 1);
	e = event(u, x, "upload", h1);
	return hm_audit_add(u->p->audit, &e, err);
}

static void
make(struct proxy *p, struct hm_exchange *x, void *arg, struct desk_answer *out)
{
	struct upload *u = arg;
	struct hm_err err = { 0 };

	(void)p;
	out->type = HM_S("text/plain; charset=UTF-8");
	out->cache = HM_S("no-store");
	if (publish(u, x, out, &err))
		refused(u, x, &err, out);
	hm_err_free(&err);
	finish(u);
}

/* ---- the request, on its loop */

static void
body_is_there(void *ctx, struct hm_exchange *x, int status)
{
	struct upload *u = *hm_exchange_data(x);
	struct proxy *p = ctx;

	if (status == 0) {
		if (!desk_submit(p->desk, x, make, u))
			finish(u);
		return;
	}
	finish(u);
	if (status == 413)
		answer_text(x, status, HM_S("the zip is larger than this server takes\n"));
	else if (status == 507)
		answer_text(x, status, HM_S("this server's disk is full\n"));
	else
		answer_text(x, status, HM_S("the upload did not arrive\n"));
}

static int
open_spool(struct upload *u, struct hm_arena *a, struct hm_err *err)
{
	hm_str dir = staging(u->p, a);

	if (hm_dir_make_all(dir.p, err) ||
	    hm_file_temp(a, hm_path_cat(a, dir, HM_S("upload")).p, &u->file, &u->fd, err))
		return -1;
	return fchmod(u->fd, 0644) ? hm_err_sys(err, errno, "chmod %s", u->file.p) : 0;
}

/* May it be uploaded here, and is the request fit for that? Otherwise it is answered. */
static bool
is_fit(struct proxy *p, struct hm_exchange *x, const struct route *r, hm_str time)
{
	struct hm_time t;

	if (r->want != WANT_ZIP || !r->canonical) {
		answer_text(x, 400,
		            HM_S("PUT takes /MODULE/@v/VERSION.zip with a canonical version\n"));
		return false;
	}
	if (!hm_access_allow(p->access, x, HM_RIGHT_UPLOAD, r->path))
		return false;
	if (p->opts.upload_mib == 0) {
		answer_text(x, 403, HM_S("this server takes no uploads\n"));
		return false;
	}
	if (!hm_match_prefix_patterns(p->conf->gonoproxy, r->path)) {
		answer_text(x, 403,
		            HM_S("only modules that --private (or GOPRIVATE) of this server names "
		                 "can be uploaded\n"));
		return false;
	}
	if (time.p && !hm_time_parse_rfc3339(time, &t)) {
		answer_text(x, 400, HM_S("Module-Time is no RFC 3339 time\n"));
		return false;
	}
	return true;
}

void
upload_serve(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	const struct hm_http1_request *req = hm_exchange_request(x);
	hm_str time = hm_http1_field(req, "module-time");
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct upload *u;

	if (!is_fit(p, x, r, time))
		return;
	if (!req->has_length && !req->chunked) {
		answer_text(x, 411, HM_S("the body has no length\n"));
		return;
	}
	if (atomic_fetch_add(&p->base->uploads, 1) >= UPLOADS_MAX) {
		atomic_fetch_sub(&p->base->uploads, 1);
		hm_exchange_field(x, "Retry-After", HM_S("5"));
		answer_text(x, 503, HM_S("too many uploads at once\n"));
		return;
	}
	u = HM_NEW(a, struct upload);
	*u = (struct upload){ .p = p->base, .path = r->path, .version = r->version, .fd = -1 };
	if (time.p)
		u->time = hm_arena_dup(a, time);
	if (open_spool(u, a, &err)) {
		finish(u);
		hm_log(&p->log, HM_LOG_WARN, "hermod-proxy: " HM_F, HM_P(hm_err_str(&err)));
		answer_text(x, status_of(&err), HM_S("this server cannot take uploads now\n"));
		hm_err_free(&err);
		return;
	}
	*hm_exchange_data(x) = u;
	hm_exchange_read_body(x, u->fd, (uint64_t)p->opts.upload_mib << 20, body_is_there);
}
