#include "load/importstate.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "conf/conf.h"
#include "load/mainmods.h"
#include "load/modules.h"
#include "load/scan.h"
#include "os/file.h"
#include "os/pool.h"

void
hm_memo_init(struct hm_memo *m)
{
	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->mutex, NULL);
	pthread_cond_init(&m->done, NULL);
	m->map.arena = &m->arena;
}

void
hm_memo_destroy(struct hm_memo *m, struct hm_arena *keep)
{
	pthread_cond_destroy(&m->done);
	pthread_mutex_destroy(&m->mutex);
	hm_arena_absorb(keep, &m->arena);
}

bool
hm_memo_claim(struct hm_memo *m, hm_str key, struct hm_memo_slot **slot)
{
	struct hm_memo_slot *s;
	bool mine = false;

	pthread_mutex_lock(&m->mutex);
	s = hm_map_get(&m->map, key);
	if (!s) {
		s = HM_NEW(&m->arena, struct hm_memo_slot);
		hm_map_set(&m->map, hm_arena_dup(&m->arena, key), s);
		mine = true;
	}
	while (!mine && !s->done)
		pthread_cond_wait(&m->done, &m->mutex);
	pthread_mutex_unlock(&m->mutex);
	*slot = s;
	return mine;
}

void
hm_memo_done(struct hm_memo *m, struct hm_memo_slot *slot, intptr_t num, void *val)
{
	pthread_mutex_lock(&m->mutex);
	slot->num = num;
	slot->val = val;
	slot->done = true;
	pthread_cond_broadcast(&m->done);
	pthread_mutex_unlock(&m->mutex);
}

hm_str
hm_memo_dup(struct hm_memo *m, hm_str s)
{
	hm_str copy;

	pthread_mutex_lock(&m->mutex);
	copy = hm_arena_dup(&m->arena, s);
	pthread_mutex_unlock(&m->mutex);
	return copy;
}

void *
hm_memo_alloc(struct hm_memo *m, size_t n)
{
	void *p;

	pthread_mutex_lock(&m->mutex);
	p = hm_arena_alloc(&m->arena, n);
	pthread_mutex_unlock(&m->mutex);
	return p;
}

struct hm_arena_pool_item *
hm_arena_pool_take(struct hm_arena_pool *p)
{
	struct hm_arena_pool_item *item;

	pthread_mutex_lock(&p->mutex);
	item = p->free;
	if (item)
		p->free = item->next;
	pthread_mutex_unlock(&p->mutex);
	return item ? item : hm_mem_new(sizeof(*item));
}

void
hm_arena_pool_give(struct hm_arena_pool *p, struct hm_arena_pool_item *item)
{
	pthread_mutex_lock(&p->mutex);
	item->next = p->free;
	p->free = item;
	pthread_mutex_unlock(&p->mutex);
}

static void
arenas_end(struct hm_arena_pool *p, struct hm_arena *keep)
{
	while (p->free) {
		struct hm_arena_pool_item *item = p->free;

		p->free = item->next;
		hm_arena_absorb(keep, &item->arena);
		free(item);
	}
	pthread_mutex_destroy(&p->mutex);
}

/* The target that the environment asks for (cfg.BuildContext without flags). */
static void
build_from_conf(struct hm_modload *ml, struct hm_build_ctx *b)
{
	const struct hm_conf *c = ml->conf;

	b->goos = c->goos;
	b->goarch = c->goarch;
	b->goroot = c->goroot;
	b->gopath = c->gopath;
	b->compiler = HM_S("gc");
	b->cgo = c->cgo_enabled;
	b->tool_tags = c->tool_tags;
	hm_build_release_tags(ml->arena, c->goversion, &b->release_tags);
}

static struct hm_resolve *
resolve_new(struct hm_modload *ml)
{
	struct hm_resolve *r = HM_NEW(ml->arena, struct hm_resolve);

	pthread_mutex_init(&r->arenas.mutex, NULL);
	pthread_mutex_init(&r->fatal_mutex, NULL);
	hm_memo_init(&r->gomod);
	hm_memo_init(&r->exists);
	hm_memo_init(&r->godir);
	hm_memo_init(&r->fetched);
	hm_memo_init(&r->latest);
	if (ml->conf->goroot.n && !ml->std_by_name)
		r->goroot_src = hm_path_cat(ml->arena, ml->conf->goroot, HM_S("src"));
	r->tags.ctx = &r->build;
	ml->resolve = r;
	return r;
}

int
hm_modules_attach(struct hm_modload *ml, struct hm_scan_cache *scans,
                  const struct hm_build_ctx *build, struct hm_err *err)
{
	if (ml->resolve)
		return hm_err_set(err, HM_EINTERNAL,
		                  "internal error: module loading attached twice");
	resolve_new(ml);
	ml->resolve->scans = scans;
	ml->resolve->build = *build;
	return 0;
}

struct hm_resolve *
hm_resolve_of(struct hm_modload *ml)
{
	struct hm_resolve *r = ml->resolve;

	if (r)
		return r;
	r = resolve_new(ml);
	r->scans = hm_scan_cache_new(ml->conf->gomodcache);
	r->own_scans = true;
	build_from_conf(ml, &r->build);
	return r;
}

const struct hm_build_ctx *
hm_modules_build_ctx(struct hm_modload *ml)
{
	return &hm_resolve_of(ml)->build;
}

struct hm_scan_cache *
hm_modules_scans(struct hm_modload *ml)
{
	return hm_resolve_of(ml)->scans;
}

void
hm_modules_detach(struct hm_modload *ml)
{
	struct hm_resolve *r = ml->resolve;

	if (!r)
		return;
	ml->resolve = NULL;
	if (r->pool)
		hm_pool_free(r->pool);
	if (r->own_scans)
		hm_scan_cache_free(r->scans);
	arenas_end(&r->arenas, ml->arena);
	hm_err_free(&r->fatal);
	pthread_mutex_destroy(&r->fatal_mutex);
	hm_memo_destroy(&r->gomod, ml->arena);
	hm_memo_destroy(&r->exists, ml->arena);
	hm_memo_destroy(&r->godir, ml->arena);
	hm_memo_destroy(&r->fetched, ml->arena);
	hm_memo_destroy(&r->latest, ml->arena);
}

struct hm_pool *
hm_resolve_pool(struct hm_resolve *r)
{
	if (!r->pool)
		r->pool = hm_pool_new(0);
	return r->pool;
}

static bool
remember(struct hm_memo *m, hm_str path, bool (*work)(struct hm_resolve *r, hm_str path),
         struct hm_resolve *r)
{
	struct hm_memo_slot *slot;

	if (hm_memo_claim(m, path, &slot))
		hm_memo_done(m, slot, work(r, path), NULL);
	return slot->num != 0;
}

static bool
look_exists(struct hm_resolve *r, hm_str path)
{
	char buf[4096];

	(void)r;
	if (path.n >= sizeof(buf))
		return false;
	memcpy(buf, path.p, path.n);
	buf[path.n] = '\0';
	return hm_file_exists(buf);
}

static bool
look_gomod(struct hm_resolve *r, hm_str dir)
{
	static const char name[] = "/go.mod";
	char buf[4096];
	struct stat st;

	(void)r;
	if (dir.n + sizeof(name) > sizeof(buf))
		return false;
	memcpy(buf, dir.p, dir.n);
	memcpy(buf + dir.n, name, sizeof(name));
	return stat(buf, &st) == 0 && !S_ISDIR(st.st_mode);
}

static bool
look_go_dir(struct hm_resolve *r, hm_str dir)
{
	return hm_scan_is_go_dir(r->scans, dir);
}

void
hm_resolve_refetch(struct hm_modload *ml)
{
	if (!ml->resolve)
		return;
	hm_memo_destroy(&ml->resolve->fetched, ml->arena);
	hm_memo_init(&ml->resolve->fetched);
}

bool
hm_resolve_exists(struct hm_resolve *r, hm_str path)
{
	return remember(&r->exists, path, look_exists, r);
}

bool
hm_resolve_has_gomod(struct hm_resolve *r, hm_str dir)
{
	return remember(&r->gomod, dir, look_gomod, r);
}

bool
hm_resolve_is_go_dir(struct hm_resolve *r, hm_str dir)
{
	return remember(&r->godir, dir, look_go_dir, r);
}

static void
copy_final(struct hm_err *to, struct hm_err *from)
{
	hm_err_set(to, from->code, HM_F, HM_P(hm_err_str(from)));
	hm_err_finish(to);
}

void
hm_resolve_note(struct hm_resolve *r, struct hm_err *err)
{
	if (!err->final)
		return;
	pthread_mutex_lock(&r->fatal_mutex);
	if (r->fatal.code == HM_OK)
		copy_final(&r->fatal, err);
	pthread_mutex_unlock(&r->fatal_mutex);
}

int
hm_resolve_check(struct hm_resolve *r, struct hm_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&r->fatal_mutex);
	if (r->fatal.code != HM_OK) {
		hm_err_clear(err);
		copy_final(err, &r->fatal);
		rc = -1;
	}
	pthread_mutex_unlock(&r->fatal_mutex);
	return rc;
}

hm_str
hm_resolve_main_root(const struct hm_modload *ml, struct hm_modver m)
{
	const struct hm_mainmod *main = m.version.n ? NULL : hm_mainmods_find(ml->mains, m.path);

	return main ? main->root : HM_S("");
}
