/* Folders of packages, read once each by whoever comes first. */
#include "base/path.h"
#include "load/pkgload_priv.h"
#include "os/pool.h"

struct preload {
	struct hm_loader *l;
	struct hm_pool *pool;
	bool imports;
};

struct job {
	struct preload *pre;
	hm_str path; /* canonical, claimed */
	struct hm_loader_found found;
	struct hm_loader_data *data;
};

static bool
is_std_path(hm_str path)
{
	hm_str first, rest;

	hm_str_cut(path, '/', &first, &rest);
	return hm_str_index_byte(first, '.') < 0;
}

static struct hm_bpkg *
read_folder(struct hm_loader *l, struct hm_arena *a, hm_str dir)
{
	hm_str src = hm_path_cat(a, l->conf.goroot, HM_S("src"));
	const struct hm_scan_dir *scan;
	struct hm_scan_dir copy;
	struct hm_err err = { 0 };
	struct hm_bpkg *b;

	if (hm_scan_dir(l->scans, dir, &scan, &err) == 0) {
		copy = *scan;
		if (l->conf.vendor && !hm_path_has_prefix(dir, src))
			copy.indexed = false;
		b = hm_bpkg_import(a, &l->conf.ctx, &copy, src);
	} else {
		b = hm_bpkg_missing(a, &l->conf.ctx, dir, src, &err);
	}
	hm_err_free(&err);
	return b;
}

static void
fail(struct hm_bpkg *b, hm_str text)
{
	b->failed = true;
	b->err = (struct hm_load_err){ .kind = HM_LE_OTHER, .text = text };
}

static struct hm_bpkg *
read_package(struct hm_loader *l, struct hm_arena *a, hm_str path,
             const struct hm_loader_found *found)
{
	struct hm_bpkg *b;

	if (found->dir.n == 0) {
		b = HM_NEW(a, struct hm_bpkg);
		if (found->err.p)
			fail(b, hm_arena_dup(a, found->err));
		else
			fail(b, hm_arena_printf(a,
			                        "unknown import path \"" HM_F "\": internal error: "
			                        "module loader did not resolve import",
			                        HM_P(path)));
	} else {
		b = read_folder(l, a, found->dir);
		if (found->err.p && !b->failed && !found->no_go)
			fail(b, hm_arena_dup(a, found->err));
	}
	if (!b->goroot)
		b->bin_dir = l->conf.gobin.n > 0 ? l->conf.gobin : l->conf.bin_dir;
	return b;
}

/* The entry of a canonical path; *fresh: the caller has to fill it with publish(). */
static struct hm_loader_data *
claim(struct hm_loader *l, hm_str path, hm_str asked, bool *fresh)
{
	struct hm_loader_data *d;

	pthread_mutex_lock(&l->lock);
	d = hm_map_get(&l->data, path);
	*fresh = !d;
	if (!d) {
		d = HM_NEW(&l->data_arena, struct hm_loader_data);
		d->path = hm_arena_dup(&l->data_arena, path);
		d->asked = hm_arena_dup(&l->data_arena, asked);
		hm_map_set(&l->data, d->path, d);
	}
	pthread_mutex_unlock(&l->lock);
	return d;
}

static void
publish(struct hm_loader *l, struct hm_loader_data *d, struct hm_bpkg *b, struct hm_arena *mem)
{
	pthread_mutex_lock(&l->lock);
	d->b = b;
	d->done = true;
	hm_arena_absorb(&l->data_arena, mem);
	pthread_cond_broadcast(&l->done);
	pthread_mutex_unlock(&l->lock);
}

static void
await(struct hm_loader *l, const struct hm_loader_data *d)
{
	pthread_mutex_lock(&l->lock);
	while (!d->done)
		pthread_cond_wait(&l->done, &l->lock);
	pthread_mutex_unlock(&l->lock);
}

static hm_str
canonical(const struct hm_loader_found *found, hm_str path)
{
	return found->path.n > 0 ? found->path : path;
}

const struct hm_loader_data *
hm_loader_data_get(struct hm_loader *l, hm_str parent, bool parent_std, hm_str path, hm_str *why)
{
	struct hm_loader_found found = { 0 };
	struct hm_arena mem = { 0 };
	struct hm_loader_data *d;
	bool fresh;

	if (hm_str_has_prefix(path, HM_S("mod/"))) {
		*why = hm_arena_printf(l->a, "disallowed import path \"" HM_F "\"", HM_P(path));
		return NULL;
	}
	if (hm_str_index_byte(path, '@') >= 0) {
		*why = HM_S("can only use path@version syntax with 'go get' and 'go install' in "
		            "module-aware mode");
		return NULL;
	}
	l->src.lookup(l->src.ctx, &mem, parent, parent_std, path, &found);
	d = claim(l, canonical(&found, path), path, &fresh);
	if (fresh)
		publish(l, d, read_package(l, &mem, d->path, &found), &mem);
	else
		await(l, d);
	hm_arena_free(&mem);
	return d;
}

static void preload_one(void *arg);

/* Queues the package that path means, unless somebody has it already. */
static void
enqueue(struct preload *pre, struct hm_arena *a, hm_str parent, bool parent_std, hm_str path)
{
	struct hm_loader *l = pre->l;
	struct hm_loader_found found = { 0 };
	struct hm_loader_data *d;
	struct job *job;
	bool fresh;

	if (hm_str_eqz(path, "C") || hm_str_has_prefix(path, HM_S("mod/")) ||
	    hm_str_index_byte(path, '@') >= 0)
		return;
	l->src.lookup(l->src.ctx, a, parent, parent_std, path, &found);
	d = claim(l, canonical(&found, path), path, &fresh);
	if (!fresh)
		return;
	pthread_mutex_lock(&l->lock);
	job = HM_NEW(&l->data_arena, struct job);
	job->found.dir = hm_arena_dup(&l->data_arena, found.dir);
	job->found.err = found.err.p ? hm_arena_dup(&l->data_arena, found.err) : found.err;
	job->found.no_go = found.no_go;
	job->pre = pre;
	job->path = d->path;
	job->data = d;
	pthread_mutex_unlock(&l->lock);
	hm_pool_submit(pre->pool, 0, preload_one, job);
}

static void
preload_one(void *arg)
{
	struct job *job = arg;
	struct hm_loader *l = job->pre->l;
	struct hm_arena mem = { 0 }, tmp = { 0 };
	struct hm_bpkg *b = read_package(l, &mem, job->path, &job->found);

	publish(l, job->data, b, &mem);
	if (job->pre->imports)
		for (size_t i = 0; i < b->imports.n; i++)
			enqueue(job->pre, &tmp, job->path, b->goroot && is_std_path(job->path),
			        b->imports.v[i].text);
	hm_arena_free(&mem);
	hm_arena_free(&tmp);
}

void
hm_loader_data_preload(struct hm_loader *l, const struct hm_strs *paths, bool imports)
{
	struct preload pre = { l, NULL, imports };
	struct hm_arena tmp = { 0 };

	pre.pool = hm_pool_new(l->conf.threads);
	for (size_t i = 0; i < paths->n; i++)
		enqueue(&pre, &tmp, HM_S(""), false, paths->v[i]);
	hm_pool_free(pre.pool);
	hm_arena_free(&tmp);
}
