/*
 * fsck.c - the walk over the store; versions are read on all cores.
 */
#include "fsck_priv.h"

#include <dirent.h>
#include <stdarg.h>

#include "base/map.h"
#include "base/path.h"
#include "control.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/list.h"

enum {
	TEMP_AGE = 600, /* seconds: a temporary file that old is nobody's */
	AGAIN_MS = 300, /* before what looks wrong is looked at again */
};
#define LIST_MAX ((size_t)64 << 20)

void
fsck_say(struct fsck_work *w, uint64_t wrong, uint64_t mended, const char *fmt, ...)
{
	struct hm_arena a = { 0 };
	va_list ap;
	hm_str line;

	va_start(ap, fmt);
	line = hm_arena_vprintf(&a, fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&w->mutex);
	w->k->wrong += wrong;
	w->k->mended += mended;
	w->k->say(w->k->ctx, line);
	pthread_mutex_unlock(&w->mutex);
	hm_arena_free(&a);
}

/* ---- folders: lists, and what does not belong there */

/* A file of somebody at work, or of the store itself. */
static bool
belongs(hm_str name)
{
	return hm_str_eqz(name, "list") || hm_str_has_suffix(name, HM_S(".lock")) ||
	       hm_str_has_suffix(name, HM_S(".partial"));
}

static void
stray(struct fsck_work *w, hm_str dir, hm_str name)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str file = hm_path_cat(&a, dir, name), rel;
	bool temp = hm_str_has_suffix(name, HM_S(".tmp"));
	struct stat st;

	rel = hm_str_from(file, w->k->p->store.root.n + 1);
	if (lstat(file.p, &st) || (temp && hm_clock_unix() - st.st_mtim.tv_sec < TEMP_AGE))
		goto out;
	fsck_say(w, 1, 0, HM_F ": %s", HM_P(rel),
	         temp ? "a temporary file that was left" : "not a file of the store");
	if (!w->k->repair)
		goto out;
	if (temp ? hm_file_remove(file.p, &err)
	         : fsck_set_aside(w->k, file, rel, HM_S("not a file of the store"), &err))
		fsck_say(w, 0, 0, HM_F ": " HM_F, HM_P(rel), HM_P(hm_err_str(&err)));
	else
		fsck_say(w, 0, 1, HM_F ": %s", HM_P(rel), temp ? "removed" : "it is in evidence");
out:
	hm_err_free(&err);
	hm_arena_free(&a);
}

/* Does the list name exactly the versions that have a .mod? */
static bool
list_is_right(struct hm_arena *a, hm_str dir, const struct hm_strs *mods)
{
	struct hm_err err = { 0 };
	struct hm_strs have = { 0 };
	hm_str text = { 0 }, line;
	bool same;

	if (hm_file_read(a, hm_path_cat(a, dir, HM_S("list")).p, LIST_MAX, &text, &err))
		text = HM_S("");
	hm_err_free(&err);
	while (hm_str_next(&text, '\n', &line))
		if (line.n)
			HM_PUSH(a, have, line);
	hm_strs_sort(&have);
	same = have.n == mods->n;
	for (size_t i = 0; i < have.n && same; i++)
		same = hm_str_eq(have.v[i], mods->v[i]);
	return same;
}

static void
read_mods(struct hm_arena *a, hm_str dir, struct hm_strs *mods)
{
	struct hm_dirents e = { 0 };
	struct hm_err err = { 0 };
	hm_str version;

	*mods = (struct hm_strs){ 0 };
	hm_dir_read(a, dir.p, &e, &err);
	for (size_t i = 0; i < e.n; i++) {
		hm_str v = e.v[i].name;

		if (store_file_kind(a, v, &version) == HAS_MOD &&
		    hm_str_cut_suffix(&v, HM_S(".mod")))
			HM_PUSH(a, *mods, v);
	}
	hm_strs_sort(mods);
	hm_err_free(&err);
}

static void
check_list(struct fsck_work *w, hm_str dir)
{
	struct hm_arena a = { 0 };
	struct hm_strs mods;
	hm_str rel = hm_str_from(dir, w->k->p->store.root.n + 1);
	bool right = false;

	for (int i = 0; i < 2 && !right; i++) {
		if (i > 0)
			hm_clock_sleep_ms(AGAIN_MS); /* someone may be writing it */
		read_mods(&a, dir, &mods);
		right = list_is_right(&a, dir, &mods);
	}
	if (!right) {
		fsck_say(w, 1, 0, HM_F "/list: does not name the versions that are there",
		         HM_P(rel));
		if (w->k->repair) {
			hm_store_update_list(dir);
			if (list_is_right(&a, dir, &mods))
				fsck_say(w, 0, 1, HM_F "/list: written anew", HM_P(rel));
		}
	}
	hm_arena_free(&a);
}

static int
folder(void *ctx, hm_str path, hm_str dir, struct hm_err *err)
{
	struct fsck_work *w = ctx;
	struct hm_arena a = { 0 };
	struct hm_map found = { .arena = &a };
	struct hm_dirents e = { 0 };
	hm_str version, own_path;
	int kind, rc = hm_dir_read(&a, dir.p, &e, err);

	if (rc == 0 && path.n == 0) {
		fsck_say(w, 1, 0, HM_F ": not the folder of a module",
		         HM_P(hm_str_from(dir, w->k->p->store.root.n + 1)));
		e.n = 0;
	}
	for (size_t i = 0; i < e.n && rc == 0; i++) {
		kind = store_file_kind(&a, e.v[i].name, &version);
		if (kind)
			hm_map_put(&found, version, NULL)->num |= kind;
		else if (!belongs(e.v[i].name))
			stray(w, dir, e.v[i].name);
	}
	own_path = found.n ? hm_arena_dup(&w->arena, path) : path;
	for (size_t i = 0; i < found.n; i++)
		if (found.e[i].num & (HAS_INFO | HAS_MOD | HAS_ZIP))
			HM_PUSH(&w->arena, w->v,
			        ((struct fsck_version){ own_path,
			                                hm_arena_dup(&w->arena, found.e[i].key),
			                                (int)found.e[i].num }));
	if (found.n)
		check_list(w, dir);
	hm_arena_free(&a);
	return rc;
}

/* ---- versions */

/* Whoever runs on this store may know more than facts.db says yet. */
static void
let_servers_write(struct fsck_work *w)
{
	struct hm_err err = { 0 };

	control_tell(w->k->p->store.root, HM_S("flush"), &err);
	hm_err_free(&err);
}

static void
say_all(struct fsck_work *w, hm_str name, const struct diagnosis *d)
{
	for (size_t i = 0; i < d->lines.n; i++)
		fsck_say(w, 1, 0, HM_F ": " HM_F, HM_P(name), HM_P(d->lines.v[i]));
}

/* What is mended is looked at like all else. */
static void
look_again(struct fsck_work *w, struct hm_arena *a, struct hm_modver m, struct mending *md)
{
	hm_str name = hm_modver_str(a, m);
	struct hm_err err = { 0 };
	struct diagnosis d;

	facts_stored(w->k->p->facts, m.path, m.version, NULL);
	if (facts_flush(w->k->p->facts, &err) ||
	    control_tell(w->k->p->store.root, hm_arena_printf(a, "forget " HM_F, HM_P(m.path)),
	                 &err))
		fsck_say(w, 0, 0, HM_F ": " HM_F, HM_P(name), HM_P(hm_err_str(&err)));
	hm_err_free(&err);
	fsck_look(w->k, a, m, &d);
	for (size_t i = 0; i < d.lines.n; i++)
		fsck_say(w, 0, 0, HM_F ": still: " HM_F, HM_P(name), HM_P(d.lines.v[i]));
	/* with nothing of it left there is nothing for facts.db to have */
	fsck_say(w, 0, (d.bad & ~BAD_FACTS) || md->lost ? 0 : md->d->lines.n, HM_F ": " HM_F,
	         HM_P(name), HM_P(md->text));
}

static void
suspicious(struct fsck_work *w, struct hm_arena *a, struct hm_modver m)
{
	struct mending md = { .w = w, .a = a, .m = m };
	hm_str name = hm_modver_str(a, m);
	struct hm_err err = { 0 };
	struct diagnosis d;
	int lock;

	if (hm_store_lock(&w->k->p->store, m.path, m.version, &lock, &err)) {
		fsck_say(w, 1, 0, HM_F ": " HM_F, HM_P(name), HM_P(hm_err_str(&err)));
		hm_err_free(&err);
		return;
	}
	let_servers_write(w); /* now that nobody makes it: what was made is known */
	fsck_look(w->k, a, m, &d);
	say_all(w, name, &d);
	md.d = &d;
	if (d.bad && w->k->repair)
		fsck_mend_here(&md);
	hm_lock_release(lock);
	if (d.bad && w->k->repair) {
		fsck_mend_fetch(&md);
		look_again(w, a, m, &md);
	}
}

static void
check_one(void *ctx, size_t i)
{
	struct fsck_work *w = ctx;
	const struct fsck_version *v = &w->v.v[i];
	struct hm_modver m = hm_modver_of(v->path, v->version);
	struct hm_arena a = { 0 };
	struct diagnosis d;

	fsck_look(w->k, &a, m, &d);
	pthread_mutex_lock(&w->mutex);
	w->k->versions++;
	w->k->zips += d.has_zip;
	w->k->bytes += d.bytes;
	pthread_mutex_unlock(&w->mutex);
	if (d.bad)
		suspicious(w, &a, m);
	hm_arena_free(&a);
}

/* ---- what the facts have and the store has not */

struct gone {
	struct fsck_work *w;
	struct hm_arena arena;
	HM_VEC(struct hm_modver) v;
};

static bool
is_there(struct fsck_work *w, struct hm_modver m)
{
	static const char *const kinds[] = { "info", "mod", "zip" };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	bool there = false;
	hm_str file;

	for (size_t i = 0; i < 3 && !there; i++)
		there = hm_store_path(&w->k->p->store, &a, m.path, m.version, kinds[i], &file,
		                      &err) == 0 &&
		        hm_file_exists(file.p);
	hm_err_free(&err);
	hm_arena_free(&a);
	return there;
}

static int
note_gone(void *ctx, const struct fact *v, struct hm_err *err)
{
	struct gone *g = ctx;

	(void)err;
	if (!is_there(g->w, hm_modver_of(v->path, v->version)))
		HM_PUSH(&g->arena, g->v,
		        hm_modver_of(hm_arena_dup(&g->arena, v->path),
		                     hm_arena_dup(&g->arena, v->version)));
	return 0;
}

static int
check_gone(struct fsck_work *w, struct hm_err *err)
{
	struct gone g = { .w = w };
	struct facts *f = w->k->p->facts;
	struct fact v;
	int rc = 0;

	if (f)
		rc = facts_each(f, note_gone, &g, err);
	if (g.v.n)
		let_servers_write(w);
	for (size_t i = 0; i < g.v.n && rc == 0; i++) {
		struct hm_modver m = g.v.v[i];
		struct hm_err none = { 0 };
		bool still = facts_version(f, &g.arena, m.path, m.version, &v, &none) == 0 &&
		             !is_there(w, m);

		hm_err_free(&none);
		if (!still)
			continue;
		fsck_say(w, 1, 0, HM_F "@" HM_F ": facts.db: has it, the store has not",
		         HM_P(m.path), HM_P(m.version));
		if (!w->k->repair)
			continue;
		facts_removed(f, m.path, m.version);
		rc = facts_flush(f, err);
		if (rc == 0)
			fsck_say(w, 0, 1, HM_F "@" HM_F ": facts.db has forgotten it", HM_P(m.path),
			         HM_P(m.version));
	}
	hm_arena_free(&g.arena);
	return rc;
}

int
fsck_run(struct fsck *k, struct hm_err *err)
{
	struct fsck_work w = { .k = k };
	const struct walk walk = { .ctx = &w, .folder = folder };
	int rc;

	pthread_mutex_init(&w.mutex, NULL);
	rc = store_walk(&k->p->store, &walk, err);
	if (rc == 0)
		hm_pool_each(0, w.v.n, check_one, &w);
	if (rc == 0)
		rc = check_gone(&w, err);
	if (rc == 0)
		rc = fsck_sumdb(&w, err);
	pthread_mutex_destroy(&w.mutex);
	hm_arena_free(&w.arena);
	return rc;
}
