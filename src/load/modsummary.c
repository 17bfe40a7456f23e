/*
 * go.mod files of dependencies, read once each, from any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "acquire/acquire.h"
#include "base/path.h"
#include "load/modfiles.h"
#include "load/modload_priv.h"
#include "load/modquick.h"
#include "load/vendorlist.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "os/file.h"
#include "verify/gosum.h"

/* All memory is in the arena of the modfiles; err alone is its own. */
struct entry {
	bool started, done;
	struct hm_modsummary *sum;  /* NULL when the file could not be read */
	struct hm_modsummary *kept; /* without excluded requirements; NULL until asked for */
	struct hm_err err;          /* code HM_OK: none */
	hm_str go;                  /* go's rawGoVersion; p == NULL: not known */
};

void
hm_modfiles_init(struct hm_modload *ml)
{
	struct hm_modfiles *f = HM_NEW(ml->arena, struct hm_modfiles);

	pthread_mutex_init(&f->lock, NULL);
	pthread_mutex_init(&f->graph_lock, NULL);
	pthread_cond_init(&f->done, NULL);
	f->entries.arena = &f->arena;
	ml->files = f;
}

/* What a main module says, and what main modules exclude, is another matter from now on. */
static void
forget_mains(struct hm_modload *ml, struct hm_modver m, struct entry *e)
{
	e->kept = NULL;
	if (m.version.n || !hm_mainmods_has(ml->mains, m.path))
		return;
	hm_err_free(&e->err);
	*e = (struct entry){ .go = e->go };
}

void
hm_modfiles_forget_mains(struct hm_modload *ml)
{
	struct hm_modfiles *f = ml->files;

	for (size_t i = 0; i < f->entries.n; i++)
		forget_mains(ml, f->entries.e[i].key, f->entries.e[i].val);
}

void
hm_modfiles_free(struct hm_modload *ml)
{
	struct hm_modfiles *f = ml->files;

	if (!f)
		return;
	for (size_t i = 0; i < f->entries.n; i++)
		hm_err_free(&((struct entry *)f->entries.e[i].val)->err);
	hm_modgraph_free(f->graphs);
	hm_arena_free(&f->arena);
	pthread_cond_destroy(&f->done);
	pthread_mutex_destroy(&f->graph_lock);
	pthread_mutex_destroy(&f->lock);
	ml->files = NULL;
}

void
hm_modfiles_need_go(struct hm_modload *ml, hm_str go)
{
	struct hm_modfiles *f = ml->files;

	pthread_mutex_lock(&f->lock);
	if (hm_gover_cmp(ml->need_go, go) < 0)
		ml->need_go = hm_arena_dup(&f->arena, go);
	pthread_mutex_unlock(&f->lock);
}

/* The entry of m, made when missing.  f->lock is held. */
static struct entry *
entry_of(struct hm_modfiles *f, struct hm_modver m)
{
	struct hm_vermap_entry *v = hm_vermap_put(&f->entries, m, NULL);

	if (!v->val) {
		v->key = hm_modver_of(hm_arena_dup(&f->arena, m.path),
		                      hm_arena_dup(&f->arena, m.version));
		v->val = HM_NEW(&f->arena, struct entry);
	}
	return v->val;
}

hm_str
hm_modload_raw_go(struct hm_modload *ml, struct hm_modver m)
{
	struct entry *e;
	hm_str go;

	pthread_mutex_lock(&ml->files->lock);
	e = hm_vermap_get(&ml->files->entries, m);
	go = e ? e->go : (hm_str){ 0 };
	pthread_mutex_unlock(&ml->files->lock);
	return go;
}

void
hm_modload_set_raw_go(struct hm_modload *ml, struct hm_modver m, hm_str go)
{
	pthread_mutex_lock(&ml->files->lock);
	entry_of(ml->files, m)->go = hm_arena_dup(&ml->files->arena, go);
	pthread_mutex_unlock(&ml->files->lock);
}

const char *
hm_modload_abs(const struct hm_modload *ml, struct hm_arena *a, hm_str path)
{
	return hm_arena_cstr(a, hm_path_is_abs(path) ? path : hm_path_join(a, ml->cwd, path));
}

int
hm_modload_locked_read(const struct hm_modload *ml, struct hm_arena *a, hm_str path,
                       hm_str *data, struct hm_err *err)
{
	int fd = open(hm_modload_abs(ml, a, path), O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return hm_err_sys(err, errno, "open " HM_F, HM_P(path));
	/* go writes go.mod in place under an exclusive lock. */
	while (flock(fd, LOCK_SH) && errno == EINTR)
		;
	rc = hm_file_read_fd(a, fd, hm_arena_cstr(a, path), HM_GOMOD_MAX, data, err);
	close(fd);
	return rc;
}

static hm_str *
copy_strs(struct hm_arena *a, const struct hm_gomod_paths *p)
{
	hm_str *v = HM_NEW_N(a, p->n, hm_str);

	for (size_t i = 0; i < p->n; i++)
		v[i] = hm_arena_dup(a, p->v[i].path);
	return v;
}

/* What the go line means: pruning, and from 1.21 on a last requirement of its own. */
static void
set_go(struct hm_modsummary *s, struct hm_modver *require, size_t n)
{
	s->pruning = s->go.n ? hm_pruning_for_go(s->go) : HM_UNPRUNED;
	if (s->go.n && hm_gover_cmp(s->go, HM_S(HM_GOVER_STRICT)) >= 0)
		require[n++] = hm_modver_of(HM_S("go"), s->go);
	s->require = require;
	s->n_require = n;
}

/* go's summaryFromModFile, all text copied. */
static struct hm_modsummary *
summarize(struct hm_arena *a, const struct hm_gomod *f)
{
	struct hm_modsummary *s = HM_NEW(a, struct hm_modsummary);
	struct hm_retraction *r = HM_NEW_N(a, f->retract.n, struct hm_retraction);
	struct hm_modver *require = HM_NEW_N(a, f->require.n + 1, struct hm_modver);

	s->module = hm_arena_dup(a, f->module);
	s->deprecated = hm_arena_dup(a, f->deprecated);
	s->go = hm_arena_dup(a, f->go);
	s->toolchain = hm_arena_dup(a, f->toolchain);
	s->ignore = copy_strs(a, &f->ignore);
	s->n_ignore = f->ignore.n;
	for (size_t i = 0; i < f->retract.n; i++)
		r[i] = (struct hm_retraction){ hm_arena_dup(a, f->retract.v[i].low),
			                       hm_arena_dup(a, f->retract.v[i].high),
			                       hm_arena_dup(a, f->retract.v[i].rationale) };
	s->retract = r;
	s->n_retract = f->retract.n;
	for (size_t i = 0; i < f->require.n; i++)
		require[i] = hm_modver_of(hm_arena_dup(a, f->require.v[i].mod.path),
		                          hm_arena_dup(a, f->require.v[i].mod.version));
	set_go(s, require, f->require.n);
	return s;
}

/* The same of plain text that lives as long as the summary. */
static struct hm_modsummary *
summarize_plain(struct hm_arena *a, const struct hm_modquick *q)
{
	struct hm_modsummary *s = HM_NEW(a, struct hm_modsummary);
	struct hm_modver *require = HM_NEW_N(a, q->require.n + 1, struct hm_modver);

	s->module = q->module;
	s->go = q->go;
	for (size_t i = 0; i < q->require.n; i++)
		require[i] = q->require.v[i];
	set_go(s, require, q->require.n);
	return s;
}

/* A file that asks for a newer go than this one is read all the same. */
static void
check_go(struct hm_modload *ml, struct hm_modver m, struct entry *e)
{
	struct hm_arena tmp = { 0 };
	hm_str go = e->sum ? e->sum->go : HM_S("");

	if (hm_gover_cmp(go, HM_S(HM_GOVER_STRICT)) >= 0 && hm_gover_cmp(go, ml->local_go) > 0)
		hm_modload_too_new(ml, hm_arena_printf(&tmp, "module " HM_F,
		                                       HM_P(hm_modver_str(&tmp, m))),
		                   go, HM_S(""), &e->err);
	hm_arena_free(&tmp);
}

/* The file of a main module in a workspace, or of a folder that replaces a module. */
static int
read_folder(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m, hm_str *name,
            hm_str *data, struct hm_err *err)
{
	const struct hm_mainmod *mm = hm_mainmods_find(ml->mains, m.path);
	hm_str dir = m.path;

	if (!hm_path_is_abs(dir))
		dir = mm && hm_modload_in_work(ml) ? mm->root : hm_modload_replace_dir(ml, a, dir);
	*name = hm_path_join(a, dir, HM_S("go.mod"));
	if (hm_modload_locked_read(ml, a, *name, data, err)) {
		hm_err_wrap(err, "reading " HM_F ": ", HM_P(hm_modload_short_path(ml, a, *name)));
		return hm_modver_wrap(err, m);
	}
	return 0;
}

/* go's rawGoModData. */
static int
read_data(struct hm_modload *ml, struct hm_arena *a, struct hm_modver m, hm_str *name,
          hm_str *data, struct hm_err *err)
{
	if (!m.version.n)
		return read_folder(ml, a, m, name, data, err);
	if (!hm_gover_mod_valid(m.path, m.version)) {
		hm_err_set(err, HM_EINTERNAL, "internal error: " HM_F "@" HM_F
		           ": unexpected invalid semantic version", HM_P(m.path),
		           HM_P(m.version));
		return hm_err_finish(err);
	}
	*name = HM_S("go.mod");
	return hm_acquire_gomod(ml->acquire, m.path, m.version, data, err);
}

static void
read_entry(struct hm_modload *ml, struct entry *e, struct hm_modver m)
{
	struct hm_arena tmp = { 0 };
	struct hm_modquick q;
	struct hm_gomod *f;
	hm_str name, data;
	bool plain;

	if (read_data(ml, &tmp, m, &name, &data, &e->err))
		goto out;
	/* A module's text stays with acquire; that of a folder goes with tmp. */
	plain = m.version.n && hm_modquick_scan(&tmp, data, &q);
	if (!plain && hm_gomod_parse_lax(&tmp, name, data, NULL, &f, &e->err)) {
		hm_err_wrap(&e->err, "parsing " HM_F ": ",
		            HM_P(hm_modload_short_path(ml, &tmp, name)));
		hm_modver_wrap(&e->err, m);
		goto out;
	}
	pthread_mutex_lock(&ml->files->lock);
	e->sum = plain ? summarize_plain(&ml->files->arena, &q) : summarize(&ml->files->arena, f);
	pthread_mutex_unlock(&ml->files->lock);
out:
	hm_arena_free(&tmp);
}

/* "go" and "toolchain" have no file; a go release brings its own toolchain. */
static struct hm_modsummary *
summarize_toolchain(struct hm_arena *a, struct hm_modver m)
{
	struct hm_modsummary *s = HM_NEW(a, struct hm_modsummary);
	struct hm_modver *r = HM_NEW(a, struct hm_modver);

	s->module = hm_arena_dup(a, m.path);
	if (hm_str_eqz(m.path, "go") && hm_gover_cmp(m.version, HM_S(HM_GOVER_STRICT)) >= 0) {
		r->path = HM_S("toolchain");
		r->version = hm_arena_printf(a, "go" HM_F, HM_P(m.version));
		s->require = r;
		s->n_require = 1;
	}
	return s;
}

/* A main module in a workspace; without file for "command-line-arguments". */
static struct hm_modsummary *
summarize_main(struct hm_arena *a, const struct hm_mainmod *mm)
{
	struct hm_modsummary *s;

	if (mm->file)
		return summarize(a, mm->file);
	s = HM_NEW(a, struct hm_modsummary);
	s->module = mm->mod.path;
	return s;
}

static void
fill_entry(struct hm_modload *ml, struct entry *e, struct hm_modver m)
{
	const struct hm_mainmod *mm = m.version.n ? NULL : hm_mainmods_find(ml->mains, m.path);
	struct hm_modfiles *f = ml->files;

	if (!mm && !hm_gover_is_toolchain(m.path)) {
		read_entry(ml, e, m);
	} else {
		pthread_mutex_lock(&f->lock);
		e->sum = mm ? summarize_main(&f->arena, mm) : summarize_toolchain(&f->arena, m);
		pthread_mutex_unlock(&f->lock);
	}
	check_go(ml, m, e);
}

int
hm_modload_copy_err(struct hm_err *err, struct hm_err *from)
{
	hm_err_set(err, from->code, HM_F, HM_P(hm_err_str(from)));
	err->sys = from->sys;
	err->final = from->final;
	return -1;
}

/* The entry of m, read now unless it has been; waits for a thread that is at it. */
static struct entry *
get_entry(struct hm_modload *ml, struct hm_modver m)
{
	struct hm_modfiles *f = ml->files;
	struct entry *e;

	pthread_mutex_lock(&f->lock);
	e = entry_of(f, m);
	if (e->started) {
		while (!e->done)
			pthread_cond_wait(&f->done, &f->lock);
		pthread_mutex_unlock(&f->lock);
		return e;
	}
	e->started = true;
	pthread_mutex_unlock(&f->lock);
	fill_entry(ml, e, m);
	pthread_mutex_lock(&f->lock);
	if (!e->go.p && e->sum && e->sum->go.n)
		e->go = e->sum->go;
	e->done = true;
	pthread_cond_broadcast(&f->done);
	pthread_mutex_unlock(&f->lock);
	return e;
}

int
hm_modload_raw_summary(struct hm_modload *ml, struct hm_modver m,
                       const struct hm_modsummary **out, struct hm_err *err)
{
	struct entry *e = get_entry(ml, m);

	*out = e->sum;
	return e->err.code == HM_OK ? 0 : hm_modload_copy_err(err, &e->err);
}

/* In vendor mode every vendored module may need every other; nobody knows. */
static int
vendor_summary(struct hm_modload *ml, struct hm_modver m, const struct hm_modsummary **out,
               struct hm_err *err)
{
	const struct hm_vendorlist *v;
	const struct hm_modver *have;
	struct hm_modsummary *s;

	if (hm_modload_vendorlist(ml, &v, err))
		return -1;
	pthread_mutex_lock(&ml->files->lock);
	s = HM_NEW(&ml->files->arena, struct hm_modsummary);
	pthread_mutex_unlock(&ml->files->lock);
	s->module = m.path;
	have = hm_map_get(&v->version, m.path);
	if (have && hm_str_eq(have->version, m.version)) {
		s->require = v->list.v;
		s->n_require = v->list.n;
	}
	*out = s;
	return 0;
}

/* The summary without requirements that a main module excludes. */
static const struct hm_modsummary *
without_excluded(struct hm_modload *ml, struct entry *e)
{
	struct hm_modver *v;
	size_t n = 0, k = 0;

	while (n < e->sum->n_require && !hm_modload_excluded(ml, e->sum->require[n]))
		n++;
	if (n == e->sum->n_require)
		return e->sum;
	pthread_mutex_lock(&ml->files->lock);
	if (!e->kept) {
		e->kept = HM_NEW(&ml->files->arena, struct hm_modsummary);
		*e->kept = *e->sum;
		v = HM_NEW_N(&ml->files->arena, e->sum->n_require, struct hm_modver);
		for (size_t i = 0; i < e->sum->n_require; i++)
			if (!hm_modload_excluded(ml, e->sum->require[i]))
				v[k++] = e->sum->require[i];
		e->kept->require = v;
		e->kept->n_require = k;
	}
	pthread_mutex_unlock(&ml->files->lock);
	return e->kept;
}

static int
check_sum_listed(struct hm_modload *ml, struct hm_modver actual, hm_str path, struct hm_err *err)
{
	struct hm_sums *sums = hm_acquire_sums(ml->acquire);
	struct hm_arena tmp = { 0 };
	bool have = false;
	int rc = 0;

	if (sums)
		rc = hm_sums_have(sums, actual.path,
		                  hm_arena_printf(&tmp, HM_F "/go.mod", HM_P(actual.version)),
		                  &have, err);
	hm_arena_free(&tmp);
	if (rc || have)
		return rc;
	hm_err_set(err, HM_EMISSINGSUM, "missing go.sum entry for go.mod file; to add it:\n"
	           "\tgo mod download " HM_F, HM_P(path));
	return hm_modver_wrap(err, actual);
}

int
hm_modload_summary(struct hm_modload *ml, struct hm_modver m, const struct hm_modsummary **out,
                   struct hm_err *err)
{
	struct hm_modver actual;
	struct entry *e;

	*out = NULL;
	if (hm_gover_is_toolchain(m.path))
		return hm_modload_raw_summary(ml, m, out, err);
	if (ml->build_mod == HM_MOD_VENDOR)
		return vendor_summary(ml, m, out, err);
	actual = hm_modload_resolve(ml, m);
	if (actual.version.n && hm_modload_must_have_sums(ml) &&
	    check_sum_listed(ml, actual, m.path, err))
		return -1;
	e = get_entry(ml, actual);
	if (e->err.code != HM_OK)
		return hm_modload_copy_err(err, &e->err);
	if (actual.version.n && !e->sum->module.n) {
		hm_err_set(err, HM_EINVALID, "parsing go.mod: missing module line");
		return hm_modver_wrap(err, actual);
	}
	if (actual.version.n && !hm_str_eq(e->sum->module, m.path) &&
	    !hm_str_eq(e->sum->module, actual.path)) {
		hm_err_set(err, HM_EINVALID,
		           "parsing go.mod:\n\tmodule declares its path as: " HM_F
		           "\n\t        but was required as: " HM_F, HM_P(e->sum->module),
		           HM_P(m.path));
		return hm_modver_wrap(err, actual);
	}
	*out = without_excluded(ml, e);
	return 0;
}
