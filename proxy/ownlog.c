#include "ownlog.h"

#include <pthread.h>

#include "facts.h"
#include "gate.h"
#include "guard.h"
#include "logserve/logserve.h"
#include "mod/modver.h"
#include "modzip/hash.h"
#include "obtain.h"
#include "os/clock.h"
#include "tilelog/witnesses.h"

enum {
	AT_ONCE = 1000,         /* versions a tick */
	WITNESS_WAIT_MS = 5000, /* where the log has witnesses */
};

struct ownlog {
	struct proxy *p; /* the first generation, which lives to the end */
	struct hm_tilelog *tiles;
	struct hm_witnesses *witnesses; /* or NULL */
	struct hm_logserve *serve;

	pthread_mutex_t mutex; /* guards the next two */
	bool closed;
	int64_t since;         /* facts up to then were appended */
};

static hm_str
record_text(struct hm_arena *a, struct hm_modver m, hm_str zip_h1, hm_str mod_h1)
{
	return hm_arena_printf(a, HM_F " " HM_F " " HM_F "\n" HM_F " " HM_F "/go.mod " HM_F "\n",
	                       HM_P(m.path), HM_P(m.version), HM_P(zip_h1), HM_P(m.path),
	                       HM_P(m.version), HM_P(mod_h1));
}

/* ---- a lookup of what the log lacks */

/* As a request for the zip: policy, and the limit on asking in vain. */
static int
bring_in(struct proxy *p, struct hm_arena *a, struct hm_modver m, struct hm_err *err)
{
	struct route r = { .want = WANT_ZIP, .path = m.path, .version = m.version,
		           .canonical = true };
	enum admit_outcome outcome;
	int rc;

	if (p->gate && gate_fill(p, a, &r, err))
		return -1;
	if (!guard_take(p->guard, m.path, hm_clock_monotonic_ns() / 1000000000))
		return hm_err_set(err, HM_EHTTP,
		                  "too many requests for what does not exist: upstream is not "
		                  "asked now; try again in a few seconds");
	rc = obtain_version(p, m, &outcome, err);
	if (rc == 0)
		guard_give(p->guard, m.path);
	else if (err->code == HM_EOFF)
		err->code = HM_ENOTFOUND;
	return rc;
}

static int
record(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *text, struct hm_err *err)
{
	struct ownlog *o = ctx;
	struct proxy *p = proxy_now(o->p);
	hm_str h1, mod;

	if (!obtain_has(p, m) && bring_in(p, a, m, err))
		return -1;
	if (!hm_store_ziphash(&p->store, a, m.path, m.version, &h1))
		return hm_err_set(err, HM_EIO, "its hash cannot be read");
	if (hm_store_read(&p->store, a, m.path, m.version, "mod", &mod, err))
		return -1;
	*text = record_text(a, m, h1, hm_h1_gomod(a, mod));
	return 0;
}

/* ---- what came into the store by itself */

/* The first after a start goes through the whole store: what the log has costs a lookup. */
void
ownlog_tick(struct ownlog *o, struct facts *f)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct facts_list list = { 0 };

	if (!o)
		return;
	pthread_mutex_lock(&o->mutex);
	if (!o->closed && facts_since(f, &a, o->since, false, AT_ONCE, &list, &err) == 0) {
		for (size_t i = 0; i < list.n; i++) {
			const struct fact *v = &list.v[i];

			o->since = v->whole + 1;
			if (v->zip_h1.n && v->mod_h1.n)
				hm_logserve_note(o->serve,
				                 record_text(&a, hm_modver_of(v->path, v->version),
				                             v->zip_h1, v->mod_h1));
		}
	}
	pthread_mutex_unlock(&o->mutex);
	if (err.code != HM_OK)
		hm_log(&o->p->log, HM_LOG_WARN, "hermod-proxy: appending to the log: " HM_F,
		       HM_P(hm_err_str(&err)));
	hm_err_free(&err);
	hm_arena_free(&a);
}

/* ---- what may come in */

int
ownlog_vouch(struct ownlog *o, hm_str path, hm_str version, hm_str h1, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_err none = { 0 };
	struct hm_found f;
	hm_str bare = version, key, line;
	int rc = 0;

	if (!o)
		return 0;
	hm_str_cut_suffix(&bare, HM_S("/go.mod"));
	line = hm_arena_printf(&a, HM_F " " HM_F " " HM_F "\n", HM_P(path), HM_P(version),
	                       HM_P(h1));
	key = hm_arena_printf(&a, HM_F " " HM_F, HM_P(path), HM_P(bare));
	if (hm_tilelog_find(o->tiles, &a, key, &f, &none) == 0 && !hm_str_contains(f.text, line)) {
		rc = hm_err_set(err, HM_ESECURITY,
		                HM_F "@" HM_F ": the log of this proxy has other hashes\n"
		                     "\tlogged (record %lld):\n" HM_F "\tnew:\n" HM_F,
		                HM_P(path), HM_P(bare), (long long)f.id, HM_P(f.text), HM_P(line));
		hm_tilelog_alarm(o->tiles, hm_err_str(err));
	} else if (none.code != HM_OK && none.code != HM_ENOTFOUND) {
		rc = hm_err_set(err, none.code, HM_F, HM_P(hm_err_str(&none)));
	}
	hm_err_free(&none);
	hm_arena_free(&a);
	return rc;
}

/* ---- requests */

bool
ownlog_serve(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct ownlog *o = p->ownlog;

	if (!o || !hm_str_eq(r->sumdb, hm_tilelog_name(o->tiles)))
		return false;
	if (hm_str_eqz(r->rest, "/supported"))
		answer_text(x, 200, HM_S(""));
	else if (!hm_logserve_handle(o->serve, x, r->rest))
		answer_text(x, 404, HM_S("not found\n"));
	return true;
}

/* ---- its life */

/* A database that is asked about itself would wait for itself. */
static int
check_gosumdb(const struct proxy *p, hm_str name, struct hm_err *err)
{
	hm_str rest = p->conf->gosumdb, key = HM_S(""), own, more;

	hm_str_next_field(&rest, &key);
	hm_str_cut(key, '+', &own, &more);
	if (!hm_str_eq(own, name))
		return 0;
	return hm_err_set(err, HM_EUSAGE,
	                  "GOSUMDB of this server's environment is " HM_F ", the log that it "
	                  "serves: set it to the public database, or off",
	                  HM_P(name));
}

int
ownlog_open(struct proxy *p, struct hm_err *err)
{
	struct hm_logserve_opts opts = {
		.offline = false, /* what the store has is logged, too */
		.fetches = (unsigned)p->opts.fills,
		.missing_keep = p->opts.missing_keep,
		.record = record,
		.access = p->access,
		.log = &p->log,
	};
	struct ownlog *o;

	if (p->opts.sumdb.n == 0)
		return 0;
	o = HM_NEW(&p->arena, struct ownlog);
	*o = (struct ownlog){ .p = p, .mutex = PTHREAD_MUTEX_INITIALIZER };
	if (hm_witnesses_open_log(p->opts.sumdb, WITNESS_WAIT_MS, &p->log, &o->witnesses, &o->tiles,
	                          err))
		return -1;
	opts.tiles = o->tiles;
	opts.ctx = o;
	o->serve = hm_logserve_new(&opts);
	p->ownlog = o;
	p->admit.ownlog = o;
	return check_gosumdb(p, hm_tilelog_name(o->tiles), err);
}

void
ownlog_close(struct ownlog *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->mutex);
	o->closed = true;
	pthread_mutex_unlock(&o->mutex);
	hm_logserve_free(o->serve);
	hm_tilelog_free(o->tiles);
	hm_witnesses_free(o->witnesses);
}
