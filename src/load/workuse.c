#include "load/workuse.h"

#include <dirent.h>
#include <errno.h>

#include "base/path.h"
#include "load/modfiles.h"
#include "load/modload_priv.h"
#include "load/workspace.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "os/file.h"

/* Deeper trees are not searched for modules. */
enum { DEPTH_MAX = 1000 };

/* A use line as it shall be. */
struct keep {
	hm_str dir; /* as written; empty: no line */
};

struct use {
	struct hm_modload *ml;
	struct hm_arena *a;
	hm_str work_dir;
	struct hm_gowork *w;
	struct hm_map keep; /* absolute folder -> struct keep * */
	bool recursive;
	struct hm_err errs; /* joined as go prints them; said at the end */
	bool too_new;
};

hm_str
hm_work_dir_path(struct hm_arena *a, hm_str path)
{
	if (hm_gomod_is_dir(path))
		return path;
	return hm_arena_printf(a, "./" HM_F, HM_P(hm_path_clean(a, path)));
}

static hm_str
use_dir(const struct use *u, hm_str path)
{
	return hm_path_is_abs(path) ? hm_path_clean(u->a, path)
	                            : hm_path_join(u->a, u->work_dir, path);
}

/* The absolute folder that dir means, and how go.work shall say it. */
static hm_str
resolve(const struct use *u, hm_str dir, hm_str *written)
{
	hm_str abs, rel;

	if (hm_path_is_abs(dir))
		return *written = hm_path_clean(u->a, dir);
	abs = hm_path_join(u->a, u->ml->cwd, dir);
	*written = hm_path_rel(u->a, u->work_dir, abs, &rel) ? hm_work_dir_path(u->a, rel) : abs;
	return abs;
}

/* Keeps the error for later and clears it. */
static void
note(struct use *u, struct hm_err *err)
{
	u->too_new |= hm_err_is(err, HM_ETOOLCHAIN);
	if (u->errs.code == HM_OK)
		hm_err_move(&u->errs, err);
	else
		hm_err_append(&u->errs, "\ngo: " HM_F, HM_P(hm_err_str(err)));
	hm_err_clear(err);
}

static void
keep(struct use *u, hm_str abs, hm_str dir)
{
	struct hm_map_entry *e = hm_map_put(&u->keep, abs, NULL);

	if (!e->val)
		e->val = HM_NEW(u->a, struct keep);
	((struct keep *)e->val)->dir = dir;
}

static void
look(struct use *u, hm_str dir)
{
	struct hm_err err = { 0 };
	hm_str written, abs = resolve(u, dir, &written);
	hm_str file = hm_path_join(u->a, abs, HM_S("go.mod"));
	const struct keep *had = hm_map_get(&u->keep, abs);
	struct stat st;

	if (stat(file.p, &st)) {
		if (errno == ENOENT) {
			keep(u, abs, HM_S(""));
		} else {
			hm_err_sys(&err, errno, "stat " HM_F, HM_P(file));
			note(u, &err);
		}
	} else if (!S_ISREG(st.st_mode)) {
		hm_err_set(&err, HM_EINVALID, HM_F " is not a regular file",
		           HM_P(hm_modload_short_path(u->ml, u->a, file)));
		note(u, &err);
	} else {
		if (had && had->dir.n && !hm_str_eq(had->dir, written))
			hm_modload_report(u->ml, "already added \"" HM_F "\" as \"" HM_F "\"",
			                  HM_P(written), HM_P(had->dir));
		keep(u, abs, written);
	}
	hm_err_free(&err);
}

static void
warn_link(struct use *u, hm_str path)
{
	if (hm_file_is_dir(hm_modload_abs(u->ml, u->a, path)))
		hm_log(u->ml->log, HM_LOG_WARN, "warning: ignoring symlink " HM_F,
		       HM_P(hm_modload_short_path(u->ml, u->a, path)));
}

/* dir and all folders below it, in go's order; false: one could not be read, which ends it. */
static bool
look_below(struct use *u, hm_str dir, int depth)
{
	struct hm_dirents ents = { 0 };
	struct hm_err err = { 0 };

	look(u, dir);
	if (depth == DEPTH_MAX ||
	    hm_dir_read(u->a, hm_modload_abs(u->ml, u->a, dir), &ents, &err)) {
		hm_err_free(&err);
		return false;
	}
	for (size_t i = 0; i < ents.n; i++) {
		hm_str path = hm_path_join(u->a, dir, ents.v[i].name);

		if (ents.v[i].type == DT_LNK)
			warn_link(u, path);
		if (ents.v[i].type == DT_DIR && !look_below(u, path, depth + 1))
			return false;
	}
	return true;
}

/* Folders in go.work that are gone were not met on the way. */
static void
forget_missing(struct use *u, hm_str below)
{
	for (size_t i = 0; i < u->w->use.n; i++) {
		hm_str abs = use_dir(u, u->w->use.v[i].path);

		if (hm_path_has_prefix(abs, below) && !hm_map_has(&u->keep, abs))
			keep(u, abs, HM_S(""));
	}
}

static void
take(struct use *u, hm_str dir)
{
	struct hm_err err = { 0 };
	hm_str written, abs = resolve(u, dir, &written);
	struct stat st;

	if (stat(abs.p, &st)) {
		if (errno == ENOENT)
			hm_err_set(&err, HM_ENOTFOUND, "directory " HM_F " does not exist",
			           HM_P(hm_modload_short_path(u->ml, u->a, abs)));
		else
			hm_err_sys(&err, errno, "stat " HM_F, HM_P(abs));
		note(u, &err);
	} else if (!S_ISDIR(st.st_mode)) {
		hm_err_set(&err, HM_EINVALID, HM_F " is not a directory",
		           HM_P(hm_modload_short_path(u->ml, u->a, abs)));
		note(u, &err);
	} else if (!u->recursive) {
		look(u, dir);
	} else {
		look_below(u, dir, 0);
		forget_missing(u, abs);
	}
	hm_err_free(&err);
}

/* One line for the folder abs, written as dir; none when dir is empty. */
static void
set_lines(struct use *u, const struct hm_strs *had, hm_str dir)
{
	size_t kept = 0;

	for (size_t i = 0; i < had->n; i++) {
		if (hm_str_eq(had->v[i], dir))
			kept++;
		else
			hm_gowork_drop_use(u->w, had->v[i]);
	}
	if (!dir.n || kept == 1)
		return;
	if (kept > 1)
		hm_gowork_drop_use(u->w, dir);
	hm_gowork_add_use(u->w, dir, HM_S(""));
}

static void
update_lines(struct use *u)
{
	struct hm_map had = { .arena = u->a }; /* absolute folder -> struct hm_strs * */

	for (size_t i = 0; i < u->w->use.n; i++) {
		struct hm_map_entry *e = hm_map_put(&had, use_dir(u, u->w->use.v[i].path), NULL);

		if (!e->val)
			e->val = HM_NEW(u->a, struct hm_strs);
		HM_PUSH(u->a, *(struct hm_strs *)e->val, u->w->use.v[i].path);
	}
	for (size_t i = 0; i < u->keep.n; i++) {
		static const struct hm_strs none;
		const struct hm_strs *lines = hm_map_get(&had, u->keep.e[i].key);

		set_lines(u, lines ? lines : &none, ((const struct keep *)u->keep.e[i].val)->dir);
	}
}

/* The highest go version of go.work and the modules in it. */
static hm_str
go_version(struct use *u)
{
	hm_str go = hm_gowork_go(u->w);

	for (size_t i = 0; i < u->w->use.n; i++) {
		hm_str path = u->w->use.v[i].path, data;
		struct hm_err err = { 0 };
		struct hm_gomod *f;
		bool fixed;

		if (!path.n)
			continue; /* dropped */
		path = hm_path_join(u->a, use_dir(u, path), HM_S("go.mod"));
		if (hm_modload_read_gomod(u->ml, path, HM_FIX_NONE, &data, &f, &fixed, &err))
			note(u, &err);
		else
			go = hm_gover_max(go, hm_gomod_go(f));
		hm_err_free(&err);
	}
	return go;
}

int
hm_work_use(struct hm_modload *ml, hm_str gowork, struct hm_gowork *w,
            const struct hm_strs *dirs, bool recursive, struct hm_err *err)
{
	struct use u = { .ml = ml, .a = ml->arena, .w = w, .recursive = recursive };
	hm_str go;

	u.keep.arena = u.a;
	u.work_dir = hm_path_dir(u.a, gowork);
	if (!ml->files)
		hm_modfiles_init(ml);
	for (size_t i = 0; i < dirs->n; i++)
		take(&u, dirs->v[i]);
	update_lines(&u);
	go = go_version(&u);
	if (u.errs.code != HM_OK) {
		hm_err_move(err, &u.errs);
		if (u.too_new)
			err->code = HM_ETOOLCHAIN;
		return -1;
	}
	if (ml->failed)
		return hm_err_set(err, HM_EREPORTED, "use");
	hm_work_update_go(w, go);
	hm_work_update_uses(ml, w);
	return 0;
}
