#include "admit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "clone.h"
#include "hot.h"
#include "codec/json.h"
#include "codec/time.h"
#include "mod/gomod.h"
#include "mod/modsyntax.h"
#include "modzip/check.h"
#include "modzip/hash.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/list.h"
#include "ownlog.h"
#include "zip/zip.h"

static int
parse_info(struct hm_arena *a, hm_str version, hm_str text, struct hm_err *err)
{
	const struct hm_json *j, *t;
	struct hm_time time;
	hm_str v;

	if (text.n > ADMIT_INFO_MAX)
		return hm_err_set(err, HM_ELIMIT, "larger than %zu bytes", ADMIT_INFO_MAX);
	if (hm_json_parse(a, text, &j, err))
		return -1;
	v = hm_json_get_str(j, "Version");
	if (!hm_str_eq(v, version))
		return hm_err_set(err, HM_EINVALID, "Version is %s" HM_F,
		                  v.n ? "" : "not there", HM_P(v));
	t = hm_json_get(j, "Time");
	if (hm_json_kind(t) != HM_JSON_NULL && !hm_time_parse_rfc3339(hm_json_str(t), &time))
		return hm_err_set(err, HM_EINVALID, "Time is not a time");
	return 0;
}

int
admit_check_info(hm_str path, hm_str version, hm_str info, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = parse_info(&a, version, info, err);

	hm_arena_free(&a);
	if (rc) {
		hm_err_wrap(err, ".info: ");
		hm_modver_wrap(err, hm_modver_of(path, version));
	}
	return rc;
}

static int
vouch_mod(struct ownlog *o, hm_str path, hm_str version, hm_str mod, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = ownlog_vouch(o, path, hm_arena_printf(&a, HM_F "/go.mod", HM_P(version)),
	                      hm_h1_gomod(&a, mod), err);

	hm_arena_free(&a);
	return rc;
}

int
admit_check_mod(const struct admit *ad, hm_str path, hm_str version, hm_str mod,
                struct hm_err *err)
{
	if (mod.n > ADMIT_MOD_MAX) {
		hm_err_set(err, HM_ELIMIT, ".mod: larger than %zu bytes", ADMIT_MOD_MAX);
		return hm_modver_wrap(err, hm_modver_of(path, version));
	}
	if (ad->verify && hm_verify_gomod(ad->verify, path, version, mod, err))
		return -1;
	return ad->ownlog ? vouch_mod(ad->ownlog, path, version, mod, err) : 0;
}

/* ---- zips */

/* go.mod at the root of the zip, or what go has in the place of none (legacyGoMod). */
static int
mod_of_zip(struct hm_inflater *inf, struct hm_arena *a, const struct hm_zip *z,
           struct hm_modver m, hm_str *out, struct hm_err *err)
{
	hm_str name = hm_arena_printf(a, HM_F "@" HM_F "/go.mod", HM_P(m.path), HM_P(m.version));

	for (size_t i = 0; i < z->n; i++)
		if (hm_str_eq(z->f[i].name, name))
			return hm_zip_read(inf, z, &z->f[i], HM_MODZIP_GOMOD_MAX, out, err);
	*out = hm_arena_printf(a, "module " HM_F "\n", HM_P(hm_mod_auto_quote(a, m.path)));
	return 0;
}

int
admit_mod_of_zip(struct hm_arena *a, hm_str path, hm_str version, const char *file, hm_str *mod,
                 struct hm_err *err)
{
	struct hm_modver m = hm_modver_of(path, version);
	struct hm_inflater *inf = hm_inflater_new();
	hm_str data, text = { 0 };
	struct hm_zip z;
	int rc = hm_file_map(file, &data, err);

	if (rc == 0) {
		rc = hm_zip_open(a, data, &z, err);
		if (rc == 0)
			rc = mod_of_zip(inf, a, &z, m, &text, err);
		*mod = hm_arena_dup(a, text);
		hm_file_unmap(data);
	}
	hm_inflater_free(inf);
	return rc ? hm_modver_wrap(err, m) : 0;
}

static int
not_the_zips(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "the .mod is not the zip's go.mod");
}

/* A zip that cannot be read is another matter. */
static int
compare_stored(const struct hm_store *s, hm_str path, hm_str version, hm_str mod,
               struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_err none = { 0 };
	hm_str zip, h1, inside;
	int rc = 0;

	if (hm_store_path(s, &a, path, version, "zip", &zip, &none) == 0 &&
	    hm_store_ziphash(s, &a, path, version, &h1) && hm_file_exists(zip.p) &&
	    admit_mod_of_zip(&a, path, version, zip.p, &inside, &none) == 0 &&
	    !hm_str_eq(inside, mod))
		rc = not_the_zips(err);
	hm_err_free(&none);
	hm_arena_free(&a);
	return rc ? hm_modver_wrap(err, hm_modver_of(path, version)) : 0;
}

int
admit_check_new_mod(const struct admit *ad, hm_str path, hm_str version, hm_str mod,
                    struct hm_err *err)
{
	if (admit_check_mod(ad, path, version, mod, err))
		return -1;
	return compare_stored(ad->store, path, version, mod, err);
}

static int
compare_mod(struct hm_arena *a, const struct hm_zip *z, struct hm_modver m, hm_str mod,
            struct hm_err *err)
{
	struct hm_inflater *inf = hm_inflater_new();
	hm_str inside;
	int rc = mod_of_zip(inf, a, z, m, &inside, err);

	if (rc == 0 && !hm_str_eq(inside, mod))
		rc = not_the_zips(err);
	hm_inflater_free(inf);
	return rc;
}

/* What is known of each entry (name, hash, its place in three tables), in bytes. */
enum { BYTES_AN_ENTRY = 512 };
/* Memory that nobody has to make room for. */
enum { SMALL_CHECK = 64 << 10 };

/* Bytes that the check of a zip takes: its tables, and with each thread an entry (also packed). */
static size_t
memory_of_check(const struct hm_zip *z, unsigned threads)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < z->n; i++)
		largest = z->f[i].size > largest ? z->f[i].size : largest;
	return z->n * BYTES_AN_ENTRY +
	       2 * threads * (size_t)(largest < HM_ZIP_LARGE ? largest : HM_ZIP_LARGE);
}

static int
check_entries(struct hm_arena *a, struct hm_modver m, struct hm_zip *z,
              unsigned threads, const hm_str *mod, hm_str *h1, struct hm_err *err)
{
	if (hm_modzip_check(z, m.path, m.version, err) || hm_h1_zip(a, z, threads, h1, err))
		return -1;
	return mod ? compare_mod(a, z, m, *mod, err) : 0;
}

static int
check_bytes(const struct admit *ad, struct hm_arena *a, struct hm_modver m, hm_str data,
            const hm_str *mod, hm_str *h1, struct hm_err *err)
{
	unsigned threads = ad->threads ? ad->threads : 1;
	struct hm_zip z;
	size_t memory;
	bool lends;
	int rc;

	if (data.n > HM_MODZIP_MAX)
		return hm_err_set(err, HM_ELIMIT, "the zip has more than %zu bytes", HM_MODZIP_MAX);
	if (hm_zip_open(a, data, &z, err))
		return -1;
	z.mapped = true;
	z.frugal = true;
	memory = memory_of_check(&z, threads);
	lends = ad->lender && memory > SMALL_CHECK;
	if (lends)
		hot_lend(ad->lender, memory);
	rc = check_entries(a, m, &z, threads, mod, h1, err);
	if (lends)
		hot_give_back(ad->lender, memory);
	return rc;
}

int
admit_check_zip(const struct admit *ad, struct hm_arena *a, hm_str path, hm_str version,
                const char *file, const hm_str *mod, hm_str *h1, struct hm_err *err)
{
	struct hm_modver m = hm_modver_of(path, version);
	hm_str data;
	int rc;

	if (hm_file_map(file, &data, err))
		return hm_modver_wrap(err, m);
	rc = check_bytes(ad, a, m, data, mod, h1, err);
	hm_file_unmap(data);
	if (rc)
		return hm_modver_wrap(err, m);
	if (ad->verify && hm_verify_sum(ad->verify, path, version, *h1, err))
		return -1;
	return ownlog_vouch(ad->ownlog, path, version, *h1, err);
}

static int
publish_zip(const struct admit *ad, struct hm_modver m, int fd, const char *tmp, mode_t mode,
            hm_str h1, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str final;
	int rc;

	rc = hm_store_path(ad->store, &a, m.path, m.version, "zip", &final, err);
	if (rc == 0)
		rc = hm_store_write_ziphash(ad->store, m.path, m.version, h1, err);
	if (rc == 0)
		rc = hm_file_commit(fd, tmp, final.p, mode, true, err);
	else
		close(fd);
	unlink(tmp); /* of two names of one file rename() leaves both */
	hm_arena_free(&a);
	return rc;
}

int
admit_publish_zip(const struct admit *ad, hm_str path, hm_str version, int fd, const char *tmp,
                  hm_str h1, struct hm_err *err)
{
	return publish_zip(ad, hm_modver_of(path, version), fd, tmp, 0644, h1, err);
}

/* ---- whole versions */

struct admission {
	const struct admit *ad;
	const struct admit_module *m;
	struct hm_arena arena;
	bool has_info, has_mod, has_zip; /* in the store */
	hm_str stored_h1;
};

static int
differs(const char *what, struct hm_err *err)
{
	return hm_err_set(err, HM_ECONFLICT, "the store has another %s for this version", what);
}

/*
 * What the store has.  An .info may differ (Origin, or Time, as another proxy saw it): the
 * first stays.  A .mod may not.
 */
static int
survey(struct admission *w, struct hm_err *err)
{
	const struct hm_store *s = w->ad->store;
	const struct admit_module *m = w->m;
	struct hm_err none = { 0 };
	hm_str file, have;

	w->has_info = hm_store_read(s, &w->arena, m->path, m->version, "info", &have, &none) == 0;
	w->has_mod = hm_store_read(s, &w->arena, m->path, m->version, "mod", &have, &none) == 0;
	hm_err_free(&none);
	if (w->has_mod && !hm_str_eq(have, m->mod))
		return differs(".mod", err);
	if (hm_store_path(s, &w->arena, m->path, m->version, "zip", &file, err))
		return -1;
	w->has_zip = hm_file_exists(file.p) &&
	             hm_store_ziphash(s, &w->arena, m->path, m->version, &w->stored_h1);
	return 0;
}

/* The hash of a zip that passed, against what is known of it. */
static int
check_known(const struct admission *w, hm_str h1, struct hm_err *err)
{
	if (hm_verify_is_sum(w->m->want_h1) && !hm_str_eq(h1, w->m->want_h1))
		return hm_err_set(err, HM_ESECURITY,
		                  "the zip's hash is " HM_F ", recorded beside it is " HM_F,
		                  HM_P(h1), HM_P(w->m->want_h1));
	if (w->has_zip && !hm_str_eq(h1, w->stored_h1))
		return differs("zip", err);
	return 0;
}

/*
 * The zip under a temporary name beside its place.  It is this that is checked, not
 * the source, which may change.
 */
static int
bring_in(struct admission *w, hm_str *tmp, int *fd, mode_t *mode, struct hm_err *err)
{
	const struct admit_module *m = w->m;

	if (m->may_take) {
		*tmp = hm_str_of(m->zip);
		*mode = 0644;
		*fd = open(m->zip, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		return *fd < 0 ? hm_err_sys(err, errno, "open %s", m->zip) : 0;
	}
	if (hm_store_temp_zip(w->ad->store, &w->arena, m->path, m->version, tmp, fd, err))
		return -1;
	return clone_into(m->zip, m->may_link, HM_MODZIP_MAX, *tmp, fd, mode, err);
}

static int
take_zip(struct admission *w, struct hm_err *err)
{
	const struct admit_module *m = w->m;
	hm_str tmp = { 0 }, h1;
	mode_t mode;
	int fd = -1, rc = bring_in(w, &tmp, &fd, &mode, err);

	if (rc == 0)
		rc = admit_check_zip(w->ad, &w->arena, m->path, m->version, tmp.p, &m->mod, &h1,
		                     err);
	if (rc == 0)
		rc = check_known(w, h1, err);
	if (rc == 0 && !w->has_zip && m->local)
		rc = facts_mark_local(w->ad->store, m->path, m->version, err);
	if (rc == 0 && !w->has_zip)
		return publish_zip(w->ad, hm_modver_of(m->path, m->version), fd, tmp.p, mode, h1,
		                   err);
	if (fd >= 0)
		close(fd);
	if (tmp.n && !m->may_take)
		unlink(tmp.p);
	return rc;
}

/* A .mod without a zip: nothing but the database can vouch for it, so it must make sense. */
static int
check_lone_mod(struct admission *w, struct hm_err *err)
{
	struct hm_gomod *f;

	return hm_gomod_parse_lax(&w->arena, HM_S("go.mod"), w->m->mod, NULL, &f, err);
}

/* A run that died, or a full disk, may have left the .mod and not its line. */
static int
mend_list(struct admission *w, struct hm_err *err)
{
	hm_str file;

	if (hm_store_path(w->ad->store, &w->arena, w->m->path, w->m->version, "mod", &file, err))
		return -1;
	hm_store_mend_list(hm_path_dir(&w->arena, file), w->m->version);
	return 0;
}

static int
admit_locked(struct admission *w, enum admit_outcome *outcome, struct hm_err *err)
{
	const struct hm_store *s = w->ad->store;
	const struct admit_module *m = w->m;
	bool same_zip, known;

	if (survey(w, err))
		return -1;
	/* the zip was checked when it came in, under this hash */
	same_zip = !m->zip || (w->has_zip && hm_str_eq(m->want_h1, w->stored_h1));
	known = (w->has_info || m->info.n == 0) && w->has_mod && (!m->zip || w->has_zip);
	*outcome = known ? ADMIT_KNOWN : ADMIT_NEW;
	if (same_zip && known)
		return mend_list(w, err);
	if ((m->info.n && admit_check_info(m->path, m->version, m->info, err)) ||
	    admit_check_new_mod(w->ad, m->path, m->version, m->mod, err) ||
	    (!m->zip && check_lone_mod(w, err)) ||
	    (!same_zip && take_zip(w, err)))
		return -1;
	if (!w->has_info && m->info.n &&
	    hm_store_write(s, m->path, m->version, "info", m->info, err))
		return -1;
	if (w->has_mod)
		return mend_list(w, err);
	return hm_store_write(s, m->path, m->version, "mod", m->mod, err);
}

int
admit_module_locked(const struct admit *ad, const struct admit_module *m,
                    enum admit_outcome *outcome, struct hm_err *err)
{
	struct admission w = { .ad = ad, .m = m };
	struct facts_origin origin = { .source = ad->source };
	int rc;

	if (ad->verify)
		origin.sumdb = hm_verify_sumdb_name(ad->verify, m->path);
	rc = hm_modzip_check_name(m->path, m->version, err);
	if (rc == 0)
		rc = admit_locked(&w, outcome, err);
	/* also of what was known: a run that died may not have told */
	if (rc == 0)
		facts_stored(ad->facts, m->path, m->version,
		             *outcome == ADMIT_NEW ? &origin : NULL);
	hm_arena_free(&w.arena);
	return rc ? hm_modver_wrap(err, hm_modver_of(m->path, m->version)) : 0;
}

int
admit_module(const struct admit *ad, const struct admit_module *m, enum admit_outcome *outcome,
             struct hm_err *err)
{
	int lock, rc;

	if (hm_modzip_check_name(m->path, m->version, err) ||
	    hm_store_lock(ad->store, m->path, m->version, &lock, err))
		return hm_modver_wrap(err, hm_modver_of(m->path, m->version));
	hm_store_sweep(ad->store, m->path, m->version); /* who locks has no temporary files yet */
	rc = admit_module_locked(ad, m, outcome, err);
	hm_lock_release(lock);
	return rc;
}
