/*
 * unbundle.c - the modules of a bundle come into the store: import --from bundle.
 */
#include <stdio.h>
#include <unistd.h>

#include "bundle.h"
#include "mod/modpath.h"
#include "news.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/pool.h"
#include "proofs.h"
#include "tally.h"

struct module {
	struct hm_modver m;
	hm_str info, mod, zip; /* borrowed from the bundle */
	bool has_zip;
};

struct unbundle {
	struct proxy *p;
	struct proofs_reader *proofs; /* NULL: --no-sumdb */
	HM_VEC(struct module) modules;
	struct tally tally;
};

enum { NEW, MOD_ONLY, KNOWN };

/* ---- what is in it */

static int
place(struct hm_arena *a, struct hm_map *map, hm_str name, hm_str body, struct hm_err *err)
{
	ptrdiff_t at = hm_str_index(name, HM_S("/@v/"));
	hm_str file, kind = { 0 };
	struct hm_modver m;
	struct hm_map_entry *e;
	struct module *x;

	if (at <= 0)
		return hm_err_set(err, HM_EINVALID, HM_F ": no file of a GOPROXY tree", HM_P(name));
	file = hm_str_from(name, (size_t)at + 4);
	if (hm_str_eqz(file, "list"))
		return 0; /* the store makes its own */
	at = hm_str_rindex_byte(file, '.');
	if (at > 0)
		kind = hm_str_from(file, (size_t)at);
	if (!hm_str_eqz(kind, ".info") && !hm_str_eqz(kind, ".mod") && !hm_str_eqz(kind, ".zip"))
		return hm_err_set(err, HM_EINVALID, HM_F ": no file of a GOPROXY tree", HM_P(name));
	if (hm_modpath_unescape(a, hm_str_sub(name, 0, (size_t)hm_str_index(name, HM_S("/@v/"))),
	                        &m.path, err) ||
	    hm_modpath_unescape_version(a, hm_str_sub(file, 0, (size_t)at), &m.version, err) ||
	    hm_modpath_check_version(m.path, m.version, err))
		return hm_err_wrap(err, HM_F ": ", HM_P(name));
	e = hm_map_put(map, hm_modver_str(a, m), NULL);
	if (!e->val)
		e->val = HM_NEW(a, struct module);
	x = e->val;
	x->m = m;
	*(kind.p[1] == 'i' ? &x->info : kind.p[1] == 'm' ? &x->mod : &x->zip) = body;
	x->has_zip |= kind.p[1] == 'z';
	return 0;
}

/* All names first: a bundle that holds something else is refused whole. */
static int
survey(struct unbundle *w, struct hm_arena *a, const struct bundle *b, struct hm_err *err)
{
	struct hm_map map = { .arena = a };

	for (size_t i = 0; i < b->files.n; i++) {
		hm_str name = b->files.e[i].key;

		if (!hm_str_has_prefix(name, HM_S("sumdb/")) &&
		    place(a, &map, name, *(hm_str *)b->files.e[i].val, err))
			return -1;
	}
	for (size_t i = 0; i < map.n; i++)
		HM_PUSH(a, w->modules, *(struct module *)map.e[i].val);
	return 0;
}

/* ---- one module */

/* The zip as a file beside its place in the store; hold the version's lock. */
static int
write_zip(struct proxy *p, struct hm_arena *a, const struct module *x, hm_str *tmp,
          struct hm_err *err)
{
	int fd, rc;

	hm_store_sweep(&p->store, x->m.path, x->m.version);
	if (hm_store_temp_zip(&p->store, a, x->m.path, x->m.version, tmp, &fd, err))
		return -1;
	rc = hm_file_write_fd(fd, tmp->p, x->zip, err);
	close(fd);
	return rc;
}

static int
take_locked(struct unbundle *w, struct hm_arena *a, const struct module *x,
            enum admit_outcome *outcome, struct hm_err *err)
{
	struct admit admit = w->p->admit;
	struct admit_module m = { .path = x->m.path,
		                  .version = x->m.version,
		                  .info = x->info,
		                  .mod = x->mod,
		                  .may_take = true };
	hm_str tmp = { 0 };
	int rc = 0;

	if (!x->mod.p)
		return hm_err_set(err, HM_EINVALID, "there is no .mod");
	admit.verify = w->proofs ? proofs_reader_verify(w->proofs, x->m.path) : NULL;
	m.local = !admit.verify || !hm_verify_uses_sumdb(admit.verify, x->m.path);
	if (x->has_zip) {
		rc = write_zip(w->p, a, x, &tmp, err);
		m.zip = tmp.p;
	}
	if (rc == 0)
		rc = admit_module_locked(&admit, &m, outcome, err);
	if (tmp.n)
		unlink(tmp.p);
	return rc;
}

static void
take(void *ctx, size_t k)
{
	struct unbundle *w = ctx;
	size_t i = tally_scatter(&w->tally, k);
	const struct module *x = &w->modules.v[i];
	enum admit_outcome outcome = ADMIT_NEW;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	int lock, rc = hm_store_lock(&w->p->store, x->m.path, x->m.version, &lock, &err);

	if (rc == 0) {
		rc = take_locked(w, &a, x, &outcome, &err);
		hm_lock_release(lock);
	}
	if (rc) {
		hm_modver_wrap(&err, x->m);
		tally_failed(&w->tally, i, &err);
	} else {
		if (outcome == ADMIT_NEW)
			news_tell(w->p, x->m);
		tally_done(&w->tally, outcome == ADMIT_KNOWN ? KNOWN : x->has_zip ? NEW : MOD_ONLY);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
bundle_import(struct proxy *p, hm_str file, bool no_sumdb, struct hm_err *err)
{
	struct unbundle w = { .p = p };
	struct bundle b;
	int rc;

	if (bundle_open(&p->arena, file, &b, err))
		return -1;
	rc = survey(&w, &p->arena, &b, err);
	if (rc == 0) {
		w.proofs = no_sumdb ? NULL : proofs_reader_new(p, &b.files);
		tally_begin(&w.tally, "importing", w.modules.n);
		hm_pool_each((unsigned)p->opts.fills, w.modules.n, take, &w);
		rc = tally_end(&w.tally, err);
		printf("%zu imported, %zu of go.mod alone, %zu known, %zu failed\n",
		       w.tally.count[NEW], w.tally.count[MOD_ONLY], w.tally.count[KNOWN],
		       w.tally.failed);
		proofs_reader_free(w.proofs);
	}
	bundle_close(&b);
	return rc;
}
