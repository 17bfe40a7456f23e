/* Scans kept for the life of a run, and imports read from them. */
#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "load/scan.h"
#include "load/scan_folder.h"

struct entry {
	struct hm_arena arena;
	bool done;
	int rc;
	struct hm_scan_dir dir;
	struct hm_err err;
};

struct hm_scan_cache {
	pthread_mutex_t lock;
	pthread_cond_t done;
	struct hm_arena arena; /* keys and table, under lock */
	struct hm_map dirs;    /* folder -> struct entry *, under lock */
	hm_str modcache;
};

struct hm_scan_cache *
hm_scan_cache_new(hm_str modcache)
{
	struct hm_scan_cache *c = hm_mem_new(sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->done, NULL);
	c->dirs.arena = &c->arena;
	c->modcache = hm_arena_dup(&c->arena, modcache);
	return c;
}

void
hm_scan_cache_free(struct hm_scan_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->dirs.n; i++) {
		struct entry *e = c->dirs.e[i].val;

		hm_arena_free(&e->arena);
		hm_err_free(&e->err);
		free(e);
	}
	hm_arena_free(&c->arena);
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* The entry of dir; *fresh: the caller has to fill it. */
static struct entry *
claim(struct hm_scan_cache *c, hm_str dir, bool *fresh)
{
	struct hm_map_entry *m;
	struct entry *e;

	pthread_mutex_lock(&c->lock);
	m = hm_map_find(&c->dirs, dir);
	*fresh = !m;
	if (!m) {
		m = hm_map_put(&c->dirs, hm_arena_dup(&c->arena, dir), NULL);
		m->val = hm_mem_new(sizeof(struct entry));
	}
	e = m->val;
	while (!*fresh && !e->done)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
	return e;
}

static void
fill(struct hm_scan_cache *c, hm_str dir, struct entry *e)
{
	bool in_modcache = c->modcache.n > 0 && hm_path_has_prefix(dir, c->modcache);

	e->rc = hm_scan_folder(&e->arena, dir, in_modcache, &e->dir, &e->err);
	pthread_mutex_lock(&c->lock);
	e->done = true;
	pthread_cond_broadcast(&c->done);
	pthread_mutex_unlock(&c->lock);
}

/* A copy: the kept error is shared by threads and hm_err_str() may write to it. */
static int
same_error(const struct hm_err *from, struct hm_err *to)
{
	return hm_err_set(to, from->code, HM_F, (int)from->msg.n, from->msg.p);
}

int
hm_scan_dir(struct hm_scan_cache *c, hm_str dir, const struct hm_scan_dir **out,
            struct hm_err *err)
{
	bool fresh;
	struct entry *e = claim(c, dir, &fresh);

	if (fresh)
		fill(c, dir, e);
	if (e->rc != 0)
		return same_error(&e->err, err);
	*out = &e->dir;
	return 0;
}

bool
hm_scan_is_go_dir(struct hm_scan_cache *c, hm_str dir)
{
	const struct hm_scan_dir *d;
	struct hm_err err = { 0 };
	bool ok = hm_scan_dir(c, dir, &d, &err) == 0 && d->has_go;

	hm_err_free(&err);
	return ok;
}

bool
hm_scan_should_build(const struct hm_scan_file *f, const struct hm_tags *tags)
{
	if (f->go_build.n > 0)
		return f->go_build_expr && hm_tags_eval(tags, f->go_build_expr);
	for (size_t i = 0; i < f->plus_build.n; i++)
		if (f->plus_build_expr[i] && !hm_tags_eval(tags, f->plus_build_expr[i]))
			return false;
	return true;
}

/* Imports found so far, as sets. */
struct found {
	struct hm_map imports, tests;
	size_t files;
};

/* One import of a file, whether it parses or not. */
static bool
import_at(const struct hm_scan_dir *d, const struct hm_scan_file *f, size_t i, hm_str *path)
{
	if (!d->indexed && f->loose_imports.n > 0) {
		if (i < f->loose_imports.n)
			*path = f->loose_imports.v[i];
		return i < f->loose_imports.n;
	}
	if (i < f->imports.n)
		*path = f->imports.v[i].text;
	return i < f->imports.n;
}

static bool
lacks_cgo(const struct hm_scan_dir *d, const struct hm_scan_file *f, const struct hm_tags *tags)
{
	hm_str path;

	if (hm_tags_has(tags, HM_S("cgo")))
		return false;
	for (size_t i = 0; import_at(d, f, i, &path); i++)
		if (hm_str_eqz(path, "C"))
			return true;
	return false;
}

static void
collect(const struct hm_scan_dir *d, const struct hm_scan_file *f, const struct hm_tags *tags,
        bool named, struct found *out)
{
	hm_str path;

	if (!f->is_go || (!named && !hm_tags_match_name(tags, f->name)))
		return;
	if (lacks_cgo(d, f, tags) || (!named && !hm_scan_should_build(f, tags)))
		return;
	out->files++;
	for (size_t i = 0; import_at(d, f, i, &path); i++)
		hm_map_add(f->is_test ? &out->tests : &out->imports, path);
}

static void
to_sorted(struct hm_arena *a, const struct hm_map *set, struct hm_strs *out)
{
	for (size_t i = 0; i < set->n; i++)
		HM_PUSH(a, *out, set->e[i].key);
	hm_strs_sort(out);
}

static int
finish(struct hm_arena *a, const struct found *f, struct hm_strs *imports,
       struct hm_strs *test_imports, bool *no_go, struct hm_err *err)
{
	if (no_go)
		*no_go = f->files == 0;
	if (f->files == 0)
		return hm_err_set(err, HM_ENOTFOUND, "no Go source files");
	to_sorted(a, &f->imports, imports);
	to_sorted(a, &f->tests, test_imports);
	return 0;
}

int
hm_scan_imports(struct hm_scan_cache *c, struct hm_arena *a, hm_str dir,
                const struct hm_tags *tags, struct hm_strs *imports,
                struct hm_strs *test_imports, bool *no_go, struct hm_err *err)
{
	struct found found = { { .arena = a }, { .arena = a }, 0 };
	const struct hm_scan_dir *d;

	if (no_go)
		*no_go = false;
	if (hm_scan_dir(c, dir, &d, err) != 0)
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		const struct hm_scan_file *f = &d->v[i];

		if (!d->indexed && f->is_go && f->error.n > 0 && hm_tags_match_name(tags, f->name))
			return hm_err_set(err, HM_EINVALID, HM_F, HM_P(f->error));
		collect(d, f, tags, false, &found);
	}
	return finish(a, &found, imports, test_imports, no_go, err);
}

int
hm_scan_file_imports(struct hm_arena *a, const struct hm_strs *files, const struct hm_tags *tags,
                     struct hm_strs *imports, struct hm_strs *test_imports, bool *no_go,
                     struct hm_err *err)
{
	struct found found = { { .arena = a }, { .arena = a }, 0 };

	if (no_go)
		*no_go = false;
	for (size_t i = 0; i < files->n; i++) {
		struct hm_strs one = { 0 };
		struct hm_scan_dir d;

		HM_PUSH(a, one, hm_path_base(files->v[i]));
		if (hm_scan_files(a, hm_path_dir(a, files->v[i]), &one, &d, err) != 0)
			return -1;
		for (size_t f = 0; f < d.n; f++) {
			if (d.v[f].error.n > 0)
				return hm_err_set(err, HM_EINVALID, HM_F, HM_P(d.v[f].error));
			collect(&d, &d.v[f], tags, true, &found);
		}
	}
	return finish(a, &found, imports, test_imports, no_go, err);
}
