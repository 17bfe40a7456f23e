/*
 * source.c - a module version becomes a record: fetched as go would, checked by the
 * zip rules, hashed, and held against the public log.
 */
#include <errno.h>
#include <unistd.h>

#include "acquire/remote.h"
#include "base/path.h"
#include "mod/modpath.h"
#include "modzip/check.h"
#include "modzip/hash.h"
#include "os/file.h"
#include "sumdb.h"
#include "zip/zip.h"

hm_str
record_key(struct hm_arena *a, struct hm_modver m)
{
	return hm_arena_printf(a, HM_F " " HM_F, HM_P(m.path), HM_P(m.version));
}

hm_str
record_text(struct hm_arena *a, struct hm_modver m, hm_str zip_h1, hm_str mod_h1)
{
	return hm_arena_printf(a, HM_F " " HM_F " " HM_F "\n" HM_F " " HM_F "/go.mod " HM_F "\n",
	                       HM_P(m.path), HM_P(m.version), HM_P(zip_h1), HM_P(m.path),
	                       HM_P(m.version), HM_P(mod_h1));
}

int
check_modver(struct hm_modver m, struct hm_err *err)
{
	if (hm_modpath_check_version(m.path, m.version, err))
		return -1;
	if (!hm_modpath_is_canonical_version(m.version))
		return hm_err_set(err, HM_EINVALID, "version " HM_F " is not canonical",
				  HM_P(m.version));
	return 0;
}

/* ---- what it is made of */

/* The name of the database that GOSUMDB means. */
static hm_str
sumdb_name(hm_str gosumdb)
{
	hm_str key = HM_S(""), name, rest;

	hm_str_next_field(&gosumdb, &key);
	hm_str_cut(key, '+', &name, &rest);
	return name;
}

int
source_open(struct source *s, const struct options *o, hm_str own, struct hm_log *log,
            struct hm_err *err)
{
	static const struct hm_sums_conf none; /* no go.sum: the public log decides */
	hm_str cache = hm_path_cat(&s->arena, o->dir, HM_S("upstream"));
	struct hm_http_config http = { .log = log };
	struct hm_verify_conf v = {
		.modcache = cache,
		.sumdb_dir = hm_path_cat(&s->arena, cache, HM_S("sumdb")),
		.log = log,
	};
	struct hm_env env;

	hm_env_load(&env, &s->arena);
	if (o->upstream.n)
		hm_env_set(&env, "GOPROXY", o->upstream);
	hm_env_set(&env, "GOMODCACHE", cache);
	s->log = log;
	s->tmp = hm_path_cat(&s->arena, o->dir, HM_S("tmp"));
	s->conf = hm_conf_new(HM_CONF_GO, &env, HM_S(""), err);
	if (!s->conf || hm_dir_make_all(s->tmp.p, err))
		return -1;
	http.env = &s->conf->env;
	s->http = hm_http_new(&http);
	s->fetch = hm_fetch_new(s->conf, s->http, log);
	v.remote = hm_acquire_remote(s->fetch);
	v.gosumdb = s->conf->gosumdb;
	if (hm_str_eq(sumdb_name(v.gosumdb), own))
		v.gosumdb = HM_S("off");
	v.gonosumdb = s->conf->gonosumdb;
	v.goproxy = s->conf->goproxy;
	s->verify = hm_verify_new(&v, hm_sums_new(&none));
	return 0;
}

void
source_close(struct source *s)
{
	hm_verify_free(s->verify);
	hm_fetch_free(s->fetch);
	hm_http_free(s->http);
	hm_conf_free(s->conf);
	hm_arena_free(&s->arena);
}

/* ---- one version */

struct download {
	struct source *s;
	struct hm_arena *a;
	struct hm_modver m;
	hm_str gomod;
	hm_str file; /* of the zip; it has no name any more once it is open */
	int fd;
};

static int
write_zip(void *ctx, hm_str bytes, struct hm_err *err)
{
	struct download *d = ctx;

	return hm_file_write_fd(d->fd, d->file.p, bytes, err);
}

/* Both files from the same source: they must belong together. */
static int
fetch_from(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct download *d = ctx;
	struct hm_http_sink sink = { .write = write_zip, .ctx = d };
	struct hm_repo repo;

	if (ftruncate(d->fd, 0) || lseek(d->fd, 0, SEEK_SET) < 0)
		return hm_err_sys(err, errno, "truncate " HM_F, HM_P(d->file));
	if (hm_fetch_open(d->s->fetch, d->a, src, d->m.path, &repo, err) ||
	    hm_repo_gomod(&repo, d->a, d->m.version, &d->gomod, err) ||
	    hm_repo_zip(&repo, d->m.version, &sink, err))
		return -1;
	return 0;
}

/* The go.mod file in the zip, if it has one, is the one that was served beside it. */
static int
check_gomod(const struct download *d, const struct hm_zip *z, struct hm_err *err)
{
	hm_str name = hm_arena_printf(d->a, HM_F "@" HM_F "/go.mod", HM_P(d->m.path),
	                              HM_P(d->m.version));
	struct hm_inflater *inf = hm_inflater_new();
	hm_str data;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < z->n; i++) {
		if (!hm_str_eq(z->f[i].name, name))
			continue;
		rc = hm_zip_read(inf, z, &z->f[i], HM_MODZIP_GOMOD_MAX, &data, err);
		if (rc == 0 && !hm_str_eq(data, d->gomod))
			rc = hm_err_set(err, HM_ESECURITY,
					"the go.mod file is not the one in the zip");
	}
	hm_inflater_free(inf);
	return rc;
}

static int
hash_zip(const struct download *d, hm_str *h1, struct hm_err *err)
{
	hm_str data, path = hm_arena_printf(d->a, "/proc/self/fd/%d", d->fd);
	struct hm_zip z;
	int rc;

	if (hm_file_map(path.p, &data, err))
		return -1;
	rc = hm_zip_open(d->a, data, &z, err);
	if (rc == 0)
		rc = hm_modzip_check(&z, d->m.path, d->m.version, err);
	if (rc == 0)
		rc = check_gomod(d, &z, err);
	if (rc == 0)
		rc = hm_h1_zip(d->a, &z, 1, h1, err);
	hm_file_unmap(data);
	return rc ? hm_modver_wrap(err, d->m) : 0;
}

int
source_confirm(struct source *s, struct hm_modver m, hm_str zip_h1, hm_str mod_h1,
               struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str mod_version = hm_arena_printf(&a, HM_F "/go.mod", HM_P(m.version));
	int rc = hm_verify_sum(s->verify, m.path, m.version, zip_h1, err);

	if (rc == 0)
		rc = hm_verify_sum(s->verify, m.path, mod_version, mod_h1, err);
	hm_arena_free(&a);
	return rc;
}

int
source_record(struct source *s, struct hm_arena *a, struct hm_modver m, hm_str *text,
              struct hm_err *err)
{
	struct download d = { .s = s, .a = a, .m = m };
	hm_str h1, mod_h1;
	int rc;

	if (check_modver(m, err) ||
	    hm_file_temp(a, hm_path_cat(a, s->tmp, HM_S("zip")).p, &d.file, &d.fd, err))
		return -1;
	unlink(d.file.p);
	rc = hm_fetch_try(s->fetch, fetch_from, &d, err);
	if (rc == 0)
		rc = hash_zip(&d, &h1, err);
	close(d.fd);
	if (rc)
		return -1;
	mod_h1 = hm_h1_gomod(a, d.gomod);
	*text = record_text(a, m, h1, mod_h1);
	return source_confirm(s, m, h1, mod_h1, err);
}
