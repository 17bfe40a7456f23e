/* Setting up, and the questions that go over all of GOPROXY. */
#include "acquire/internal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mod/gover.h"

struct hm_acquire *
hm_acquire_new(const struct hm_acquire_opts *opts)
{
	struct hm_acquire *ac = hm_mem_new(sizeof(*ac));

	ac->opts = *opts;
	ac->conf = opts->conf;
	pthread_mutex_init(&ac->setup, NULL);
	pthread_cond_init(&ac->room, NULL);
	hm_flights_init(&ac->flights);
	return ac;
}

void
hm_acquire_free(struct hm_acquire *ac)
{
	if (!ac)
		return;
	if (ac->pool)
		hm_pool_free(ac->pool);
	if (ac->verify)
		hm_verify_free(ac->verify);
	if (ac->fetch)
		hm_fetch_free(ac->fetch);
	hm_http_free(ac->http);
	hm_err_free(&ac->store_err);
	hm_flights_free(&ac->flights);
	hm_arena_free(&ac->arena);
	pthread_cond_destroy(&ac->room);
	pthread_mutex_destroy(&ac->setup);
	free(ac);
}

bool
hm_acquire_is_vouched(struct hm_acquire *ac, hm_str path)
{
	return hm_verify_uses_sumdb(hm_acquire_get_verify(ac), path);
}

void
hm_acquire_set_quiet(struct hm_acquire *ac)
{
	ac->quiet = true;
}

void
hm_acquire_disable_lookup(struct hm_acquire *ac, hm_str mod_flag, hm_str reason)
{
	pthread_mutex_lock(&ac->setup);
	ac->mod_flag = hm_arena_dup(&ac->arena, mod_flag);
	ac->mod_reason = hm_arena_dup(&ac->arena, reason);
	if (ac->fetch)
		hm_fetch_disable(ac->fetch, ac->mod_flag, ac->mod_reason);
	pthread_mutex_unlock(&ac->setup);
}

int
hm_acquire_store(struct hm_acquire *ac, const struct hm_store **store, struct hm_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&ac->setup);
	if (!ac->store_tried)
		hm_store_open(&ac->store, ac->conf->gomodcache, ac->opts.cache_rw, ac->opts.log,
		              &ac->store_err);
	ac->store_tried = true;
	if (ac->store_err.code != HM_OK) {
		rc = hm_err_set(err, ac->store_err.code, HM_F, HM_P(hm_err_str(&ac->store_err)));
		err->sys = ac->store_err.sys;
	}
	pthread_mutex_unlock(&ac->setup);
	*store = &ac->store;
	return rc;
}

static void
make_fetch(struct hm_acquire *ac)
{
	struct hm_http_config c = { .env = &ac->conf->env, .log = ac->opts.log };

	ac->http = hm_http_new(&c);
	ac->fetch = hm_fetch_new(ac->conf, ac->http, ac->opts.log);
	if (ac->mod_flag.n)
		hm_fetch_disable(ac->fetch, ac->mod_flag, ac->mod_reason);
}

struct hm_fetch *
hm_acquire_get_fetch(struct hm_acquire *ac)
{
	pthread_mutex_lock(&ac->setup);
	if (!ac->fetch)
		make_fetch(ac);
	pthread_mutex_unlock(&ac->setup);
	return ac->fetch;
}

struct hm_pool *
hm_acquire_get_pool(struct hm_acquire *ac)
{
	pthread_mutex_lock(&ac->setup);
	if (!ac->pool)
		ac->pool = hm_pool_new(ac->opts.threads);
	pthread_mutex_unlock(&ac->setup);
	return ac->pool;
}

void
hm_acquire_enter(struct hm_acquire *ac)
{
	unsigned threads = ac->opts.threads ? ac->opts.threads : hm_pool_cores();

	pthread_mutex_lock(&ac->setup);
	while (ac->reading >= 2 * threads)
		pthread_cond_wait(&ac->room, &ac->setup);
	ac->reading++;
	pthread_mutex_unlock(&ac->setup);
}

void
hm_acquire_leave(struct hm_acquire *ac)
{
	pthread_mutex_lock(&ac->setup);
	ac->reading--;
	pthread_cond_signal(&ac->room);
	pthread_mutex_unlock(&ac->setup);
}

/* How verify reaches the network. */
static int
remote_get(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err)
{
	struct hm_acquire *ac = ctx;
	struct hm_arena a = { 0 };
	hm_str body;
	int rc = hm_fetch_get(hm_acquire_get_fetch(ac), &a, url, HM_S(""), HM_SUMDB_ANSWER_MAX,
	                      &body, err);

	if (rc == 0)
		hm_buf_adds(out, body);
	hm_arena_free(&a);
	return rc;
}

static int
remote_try(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err), void *arg,
           struct hm_err *err)
{
	return hm_acquire_try(ctx, fn, arg, err);
}

/* The first element of GOPATH. */
static hm_str
first_gopath(hm_str list)
{
	hm_str first, rest;

	hm_str_cut(list, ':', &first, &rest);
	return first;
}

static void
make_verify(struct hm_acquire *ac)
{
	const struct hm_conf *c = ac->conf;
	struct hm_verify_conf vc = {
		.gosumdb = c->gosumdb,
		.gonosumdb = c->gonosumdb,
		.sumdbs = hm_conf_get(c, "HERMOD_SUMDBS"),
		.goproxy = c->goproxy,
		.modcache = c->gomodcache,
		.gopath_error = c->gopath_err,
		.git_http_user_agent = hm_env_or_empty(&c->env, "GIT_HTTP_USER_AGENT"),
		.remote = { .ctx = ac, .get = remote_get, .try_proxies = remote_try },
		.log = ac->opts.log,
	};
	struct hm_sums_conf none = { .log = ac->opts.log };

	if (c->sumdbdir.n)
		vc.sumdb_dir = c->sumdbdir;
	else if (c->gopath.n)
		vc.sumdb_dir = hm_arena_printf(&ac->arena, HM_F "/pkg/sumdb",
		                               HM_P(first_gopath(c->gopath)));
	ac->verify = hm_verify_new(&vc, hm_sums_new(&none));
}

struct hm_verify *
hm_acquire_get_verify(struct hm_acquire *ac)
{
	pthread_mutex_lock(&ac->setup);
	if (!ac->verify)
		make_verify(ac);
	pthread_mutex_unlock(&ac->setup);
	return ac->verify;
}

void
hm_acquire_set_sums(struct hm_acquire *ac, struct hm_sums *sums)
{
	hm_sums_free(hm_verify_swap_sums(hm_acquire_get_verify(ac), sums));
	hm_flights_forget(&ac->flights);
}

struct hm_sums *
hm_acquire_sums(struct hm_acquire *ac)
{
	return hm_verify_sums(hm_acquire_get_verify(ac));
}

bool
hm_acquire_not_exist(const struct hm_err *err)
{
	return err->code == HM_ENOTFOUND || err->code == HM_EGONE || err->code == HM_EOFF;
}

/* Turns the sources of hm_fetch_try() into their names. */
struct by_name {
	int (*fn)(void *ctx, hm_str source, struct hm_err *err);
	void *ctx;
};

static int
try_by_name(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	const struct by_name *b = ctx;

	return b->fn(b->ctx, src->url, err);
}

int
hm_acquire_try(struct hm_acquire *ac, int (*fn)(void *ctx, hm_str source, struct hm_err *err),
               void *ctx, struct hm_err *err)
{
	struct by_name b = { fn, ctx };

	return hm_fetch_try(hm_acquire_get_fetch(ac), try_by_name, &b, err);
}

int
hm_acquire_open(struct hm_acquire *ac, struct hm_arena *a, hm_str source, hm_str path,
                struct hm_repo *r, struct hm_err *err)
{
	struct hm_fetch_source src = { .url = source };

	return hm_fetch_open(hm_acquire_get_fetch(ac), a, &src, path, r, err);
}

/* One question for hm_acquire_try(). */
struct question {
	struct hm_acquire *ac;
	hm_str path, what;
	const struct hm_acquire_info *info;
	struct hm_acquire_list list;
	hm_str data;
};

static int
ask_stat(void *ctx, hm_str source, struct hm_err *err)
{
	struct question *q = ctx;

	return hm_acquire_repo_stat(hm_acquire_lookup(q->ac, source, q->path), q->what, &q->info,
	                            err);
}

static int
ask_versions(void *ctx, hm_str source, struct hm_err *err)
{
	struct question *q = ctx;

	return hm_acquire_repo_versions(hm_acquire_lookup(q->ac, source, q->path), q->what,
	                                &q->list, err);
}

static int
ask_latest(void *ctx, hm_str source, struct hm_err *err)
{
	struct question *q = ctx;

	return hm_acquire_repo_latest(hm_acquire_lookup(q->ac, source, q->path), &q->info, err);
}

static int
ask_gomod(void *ctx, hm_str source, struct hm_err *err)
{
	struct question *q = ctx;

	return hm_acquire_repo_gomod(hm_acquire_lookup(q->ac, source, q->path), q->what, &q->data,
	                             err);
}

int
hm_acquire_stat(struct hm_acquire *ac, hm_str path, hm_str rev, const struct hm_acquire_info **info,
                struct hm_err *err)
{
	struct question q = { .ac = ac, .path = path, .what = rev };
	int rc = hm_acquire_try(ac, ask_stat, &q, err);

	*info = q.info;
	return rc;
}

int
hm_acquire_versions(struct hm_acquire *ac, hm_str path, hm_str prefix, struct hm_acquire_list *out,
                    struct hm_err *err)
{
	struct question q = { .ac = ac, .path = path, .what = prefix };
	int rc = hm_acquire_try(ac, ask_versions, &q, err);

	*out = q.list;
	return rc;
}

int
hm_acquire_latest(struct hm_acquire *ac, hm_str path, const struct hm_acquire_info **info,
                  struct hm_err *err)
{
	struct question q = { .ac = ac, .path = path };
	int rc = hm_acquire_try(ac, ask_latest, &q, err);

	*info = q.info;
	return rc;
}

static int
bad_version(hm_str version, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str q = hm_str_quote(&a, version);

	hm_err_set(err, HM_EINVALID, "invalid version " HM_F, HM_P(q));
	hm_arena_free(&a);
	return -1;
}

/* From the cache on disk, with a key of its own beside those of the sources. */
static int
info_on_disk(struct hm_acquire *ac, hm_str path, hm_str rev, const struct hm_acquire_info **info)
{
	bool mine;
	struct hm_flight *f = hm_flight_take(&ac->flights, FLIGHT_STAT, HM_S(""), path, rev, &mine);
	struct hm_err err = { 0 };
	const void *value = NULL;
	int rc;

	if (mine) {
		hm_acquire_read_info(ac, &f->arena, path, rev,
		                     (const struct hm_acquire_info **)&value, &f->err);
		hm_flight_land(&ac->flights, f, value);
	}
	rc = hm_flight_result(f, &value, &err);
	*info = value;
	hm_err_free(&err);
	return rc;
}

int
hm_acquire_info(struct hm_acquire *ac, hm_str path, hm_str version,
                const struct hm_acquire_info **info, struct hm_err *err)
{
	if (!hm_gover_mod_valid(path, version))
		return bad_version(version, err);
	if (info_on_disk(ac, path, version, info) == 0)
		return 0;
	return hm_acquire_stat(ac, path, version, info, err);
}

/* A revision becomes a version; *rev lives as long as ac. */
static int
resolve_rev(struct hm_acquire *ac, hm_str path, hm_str *rev, struct hm_err *err)
{
	const struct hm_acquire_info *info;
	const struct hm_store *store;

	if (hm_gover_mod_valid(path, *rev))
		return 0;
	if (info_on_disk(ac, path, *rev, &info)) {
		if (hm_acquire_store(ac, &store, err) ||
		    hm_acquire_stat(ac, path, *rev, &info, err))
			return -1;
	}
	*rev = info->version;
	return 0;
}

static int
find_gomod(struct hm_acquire *ac, struct hm_arena *a, hm_str path, hm_str rev, hm_str *data,
           struct hm_err *err)
{
	struct question q = { .ac = ac, .path = path };

	if (resolve_rev(ac, path, &rev, err))
		return -1;
	if (hm_acquire_read_gomod(ac, a, path, rev, data, err) == 0)
		return 0;
	if (err->code != HM_ENOTFOUND)
		return -1;
	hm_err_clear(err);
	q.what = rev;
	if (hm_acquire_try(ac, ask_gomod, &q, err))
		return -1;
	*data = q.data;
	return 0;
}

int
hm_acquire_gomod(struct hm_acquire *ac, hm_str path, hm_str rev, hm_str *data, struct hm_err *err)
{
	bool mine;
	struct hm_flight *f =
		hm_flight_take(&ac->flights, FLIGHT_ANY_GOMOD, path, rev, HM_S(""), &mine);
	const void *value;

	if (mine) {
		hm_str *text = HM_NEW(&f->arena, hm_str);

		find_gomod(ac, &f->arena, path, rev, text, &f->err);
		hm_flight_land(&ac->flights, f, text);
	}
	if (hm_flight_result(f, &value, err))
		return -1;
	*data = *(const hm_str *)value;
	return 0;
}

struct gomods {
	struct hm_acquire *ac;
	const struct hm_modver *m;
};

static void
get_one_gomod(void *ctx, size_t i)
{
	const struct gomods *g = ctx;
	struct hm_err err = { 0 };
	hm_str data;

	hm_acquire_gomod(g->ac, g->m[i].path, g->m[i].version, &data, &err);
	hm_err_free(&err);
}

void
hm_acquire_gomods(struct hm_acquire *ac, const struct hm_modver *m, size_t n)
{
	enum { THREADS = 32 };
	struct gomods g = { ac, m };

	hm_pool_each(n < THREADS ? (unsigned)n : THREADS, n, get_one_gomod, &g);
}
