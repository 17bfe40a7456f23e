/* Module folders and zips, one or many: Download, DownloadZip, checkMod of modfetch/fetch.go. */
#include "acquire/internal.h"

#include <stdatomic.h>

#include "mod/gover.h"
#include "modzip/hash.h"
#include "os/file.h"

/* More than inflate, because most of them wait for the network. */
enum { FLOWS = 24 };
#define GOMOD_MAX ((size_t)16 << 20)

/* The ziphash file is damaged: what the zip says counts. */
static int
rehash(struct hm_acquire *ac, const struct hm_store *s, struct hm_modver m, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str zip, h1;
	int rc;

	rc = hm_store_path(s, &a, m.path, m.version, "zip", &zip, err);
	if (rc == 0)
		rc = hm_h1_zip_file(&a, zip.p, 1, &h1, err);
	if (rc == 0)
		rc = hm_acquire_verify_sum(ac, m, h1, err);
	if (rc == 0)
		rc = hm_store_write_ziphash(s, m.path, m.version, h1, err);
	if (rc && !err->final) {
		hm_modver_wrap(err, m);
		hm_err_wrap(err, "verifying ");
		hm_err_finish(err);
	}
	hm_arena_free(&a);
	return rc;
}

/* go's checkMod: what the cache has agrees with go.sum, or else the checksum database. */
static int
check_mod(struct hm_acquire *ac, const struct hm_store *s, struct hm_modver m, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	bool stale = false;
	hm_str h1;
	int rc;

	if (!hm_store_ziphash(s, &a, m.path, m.version, &h1))
		rc = rehash(ac, s, m, err);
	else
		rc = hm_verify_ziphash(hm_acquire_get_verify(ac), m.path, m.version, h1, &stale,
		                       err);
	if (rc == 0 && stale)
		rc = rehash(ac, s, m, err);
	if (rc && hm_acquire_not_exist(err))
		err->code = HM_EHTTP;
	hm_arena_free(&a);
	return rc;
}

/* gover.GoModLookup(data, "go") */
static hm_str
go_line(hm_str data)
{
	hm_str line, rest;

	while (hm_str_next(&data, '\n', &line)) {
		line = hm_str_trim(line);
		if (!hm_str_cut_prefix(&line, HM_S("go")) || line.n == 0 ||
		    (line.p[0] != ' ' && line.p[0] != '\t'))
			continue;
		if (hm_str_contains(line, HM_S("//"))) {
			rest = hm_str_sub(line, 0, (size_t)hm_str_index(line, HM_S("//")));
			return hm_str_trim(rest);
		}
		return hm_str_trim(line);
	}
	return HM_S("");
}

static int
too_new(struct hm_acquire *ac, struct hm_modver m, hm_str go, struct hm_err *err)
{
	struct hm_arena a = { 0 };

	pthread_mutex_lock(&ac->setup);
	if (hm_gover_cmp(go, ac->need_go) > 0)
		ac->need_go = hm_arena_dup(&ac->arena, go);
	pthread_mutex_unlock(&ac->setup);
	hm_err_set(err, HM_ETOOLCHAIN, HM_F " requires go >= " HM_F " (running go " HM_F HM_F ")",
	           HM_P(hm_modver_str(&a, m)), HM_P(go),
	           HM_P(hm_gover_from_toolchain(ac->conf->goversion)),
	           HM_P(ac->conf->toolchain_note));
	hm_arena_free(&a);
	return -1;
}

hm_str
hm_acquire_need_go(struct hm_acquire *ac)
{
	hm_str v;

	pthread_mutex_lock(&ac->setup);
	v = ac->need_go;
	pthread_mutex_unlock(&ac->setup);
	return v;
}

/* Old modules have no go.mod; what one asks for must not be later than what is used. */
static int
check_go(struct hm_acquire *ac, struct hm_modver m, hm_str dir, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str file = hm_arena_printf(&a, HM_F "/go.mod", HM_P(dir)), data, go;
	int rc = hm_file_read(&a, file.p, GOMOD_MAX, &data, err);

	if (rc == 0) {
		go = go_line(data);
		if (hm_gover_cmp(go, hm_gover_from_toolchain(ac->conf->goversion)) > 0)
			rc = too_new(ac, m, go, err);
	} else if (err->code == HM_ENOTFOUND) {
		hm_err_clear(err);
		rc = 0;
	}
	hm_arena_free(&a);
	return rc;
}

static int
permitted(struct hm_acquire *ac, struct hm_modver m, hm_str dir, struct hm_err *err)
{
	if (!ac->opts.permit || ac->opts.permit(ac->opts.permit_ctx, m, dir, err) == 0)
		return 0;
	if (hm_acquire_not_exist(err))
		err->code = HM_EPOLICY; /* a fact is missing, not the module */
	return -1;
}

int
hm_acquire_permitted(struct hm_acquire *ac, struct hm_modver m, struct hm_err *err)
{
	return permitted(ac, m, HM_S(""), err);
}

static int
get_dir(struct hm_acquire *ac, struct hm_arena *a, struct hm_modver m, hm_str *dir,
        struct hm_err *err)
{
	const struct hm_store *s;

	if (hm_acquire_store(ac, &s, err) || permitted(ac, m, HM_S(""), err))
		return -1;
	if (hm_store_dir(s, a, m.path, m.version, dir, NULL, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err);
		if (hm_acquire_unpack(ac, m, HM_WANT_TREE, err))
			return -1;
	}
	if (check_mod(ac, s, m, err) || permitted(ac, m, *dir, err))
		return -1;
	return check_go(ac, m, *dir, err);
}

int
hm_acquire_dir(struct hm_acquire *ac, struct hm_modver m, hm_str *dir, struct hm_err *err)
{
	bool mine;
	struct hm_flight *f =
		hm_flight_take(&ac->flights, FLIGHT_DIR, m.path, m.version, HM_S(""), &mine);
	const void *value;

	if (mine) {
		hm_str *d = HM_NEW(&f->arena, hm_str);

		get_dir(ac, &f->arena, m, d, &f->err);
		hm_flight_land(&ac->flights, f, d);
	}
	*dir = HM_S("");
	if (hm_flight_result(f, &value, err))
		return -1;
	*dir = *(const hm_str *)value;
	return 0;
}

static int
get_zip(struct hm_acquire *ac, struct hm_arena *a, struct hm_modver m, hm_str *zip,
        struct hm_err *err)
{
	const struct hm_store *s;
	bool have = false;

	if (hm_acquire_store(ac, &s, err) || permitted(ac, m, HM_S(""), err) ||
	    hm_store_path(s, a, m.path, m.version, "zip", zip, err) ||
	    hm_acquire_unpack(ac, m, HM_WANT_ZIP, err) ||
	    hm_sums_have(hm_acquire_sums(ac), m.path, m.version, &have, err))
		return -1;
	return have ? 0 : check_mod(ac, s, m, err);
}

int
hm_acquire_zip(struct hm_acquire *ac, struct hm_modver m, hm_str *zip, struct hm_err *err)
{
	bool mine;
	struct hm_flight *f =
		hm_flight_take(&ac->flights, FLIGHT_ZIP, m.path, m.version, HM_S(""), &mine);
	const void *value;

	if (mine) {
		hm_str *z = HM_NEW(&f->arena, hm_str);

		get_zip(ac, &f->arena, m, z, &f->err);
		hm_flight_land(&ac->flights, f, z);
	}
	*zip = HM_S("");
	if (hm_flight_result(f, &value, err))
		return -1;
	*zip = *(const hm_str *)value;
	return 0;
}

int
hm_acquire_local_dir(struct hm_acquire *ac, struct hm_modver m, hm_str *dir, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	const struct hm_store *s;
	struct hm_flight *f;
	hm_str now = { 0 };
	bool mine;
	int rc;

	*dir = HM_S("");
	rc = hm_acquire_store(ac, &s, err);
	if (rc == 0)
		rc = hm_store_dir(s, &a, m.path, m.version, &now, NULL, err);
	if (now.n) {
		f = hm_flight_take(&ac->flights, FLIGHT_DIR_NAME, m.path, m.version, HM_S(""),
		                   &mine);
		if (mine) {
			hm_str *d = HM_NEW(&f->arena, hm_str);

			*d = hm_arena_dup(&f->arena, now);
			hm_flight_land(&ac->flights, f, d);
		}
		*dir = *(const hm_str *)f->value;
	}
	hm_arena_free(&a);
	return rc;
}

/* A copy that lives as long as ac. */
static hm_str
keep(struct hm_acquire *ac, hm_str text)
{
	pthread_mutex_lock(&ac->setup);
	text = hm_arena_dup(&ac->arena, text);
	pthread_mutex_unlock(&ac->setup);
	return text;
}

hm_str
hm_acquire_sum(struct hm_acquire *ac, struct hm_modver m)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	const struct hm_store *s;
	hm_str h1 = { 0 };

	if (hm_acquire_store(ac, &s, &err) == 0 && hm_store_ziphash(s, &a, m.path, m.version, &h1))
		h1 = keep(ac, h1);
	hm_err_free(&err);
	hm_arena_free(&a);
	return h1;
}

int
hm_acquire_download(struct hm_acquire *ac, struct hm_modver m, struct hm_acquire_download *out,
                    struct hm_err *err)
{
	const struct hm_acquire_info *info;
	struct hm_arena a = { 0 };
	const struct hm_store *s;
	hm_str file, data;
	int rc = -1;

	*out = (struct hm_acquire_download){ 0 };
	if (hm_acquire_info(ac, m.path, m.version, &info, err) || hm_acquire_store(ac, &s, err) ||
	    hm_store_path(s, &a, m.path, m.version, "info", &file, err))
		goto out;
	out->info = keep(ac, file);
	if (hm_acquire_gomod(ac, m.path, m.version, &data, err) ||
	    hm_store_path(s, &a, m.path, m.version, "mod", &file, err))
		goto out;
	out->gomod = keep(ac, file);
	out->gomod_sum = keep(ac, hm_h1_gomod(&a, data));
	/* both at once, so that the zip is read once; then each as go checks it */
	if (permitted(ac, m, HM_S(""), err) ||
	    hm_acquire_unpack(ac, m, HM_WANT_ZIP | HM_WANT_TREE, err) ||
	    hm_acquire_zip(ac, m, &out->zip, err))
		goto out;
	out->sum = hm_acquire_sum(ac, m);
	rc = hm_acquire_dir(ac, m, &out->dir, err);
out:
	hm_arena_free(&a);
	return rc;
}

/* Work on many modules; one of dirs and out is set. */
struct many {
	struct hm_acquire *ac;
	const struct hm_modver *m;
	hm_str *dirs;
	struct hm_acquire_download *out;
	struct hm_err *errs;
	atomic_bool failed, stopped;
};

static void
get_one(void *ctx, size_t i)
{
	struct many *w = ctx;
	struct hm_err own = { 0 }, *err = w->errs ? &w->errs[i] : &own;
	int rc;

	if (w->stopped)
		rc = hm_err_set(err, HM_EREPORTED, "stopped after a checksum mismatch");
	else if (w->out)
		rc = hm_acquire_download(w->ac, w->m[i], &w->out[i], err);
	else
		rc = hm_acquire_dir(w->ac, w->m[i], &w->dirs[i], err);
	if (rc && err->final)
		w->stopped = true;
	if (rc)
		w->failed = true;
	else
		hm_err_free(err); /* what was cleared on the way holds memory */
	hm_err_free(&own);
}

int
hm_acquire_dirs(struct hm_acquire *ac, const struct hm_modver *m, size_t n, hm_str *dirs,
                struct hm_err *errs)
{
	struct many w = { .ac = ac, .m = m, .dirs = dirs, .errs = errs };

	hm_pool_each(n < FLOWS ? (unsigned)n : FLOWS, n, get_one, &w);
	return w.failed ? -1 : 0;
}

void
hm_acquire_downloads(struct hm_acquire *ac, const struct hm_modver *m, size_t n,
                     struct hm_acquire_download *out, struct hm_err *errs)
{
	struct many w = { .ac = ac, .m = m, .out = out, .errs = errs };

	hm_pool_each(n < FLOWS ? (unsigned)n : FLOWS, n, get_one, &w);
}
