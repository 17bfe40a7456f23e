/*
 * As in go, what a file lists (sums) and what this command knows about a hash
 * (used, dirty) are kept apart: rereading the file must not lose the latter.
 */
#include "verify/gosum.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "mod/gosum.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/lockfile.h"

/* The hashes of one module (or its go.mod) in one file. */
struct entry {
	hm_str key; /* "path version" */
	struct hm_modver mod;
	struct hm_strs hashes;
};

/* "path version" -> struct entry, in the order of the file. */
struct table {
	hm_str file;
	struct hm_map by_mod;
};

struct status {
	hm_str key; /* of the module */
	struct hm_modver mod;
	hm_str hash;
	bool used;  /* this command has checked it */
	bool dirty; /* not in the file before, or to be deleted from it */
};

struct hm_sums {
	pthread_mutex_t mutex; /* guards all below */
	struct hm_arena arena;
	struct table main;
	struct table *workspace;
	size_t n_workspace;
	struct hm_map status; /* "path version hash" -> struct status */
	struct hm_buf scratch; /* for keys to look up */
	bool loaded;
	bool overwrite; /* the file's content does not count any more */
	bool tidying;
	hm_str lock; /* side lock, or empty */
	const struct hm_log *log;
};

static const char mismatch[] =
	"\n\nSECURITY ERROR\n"
	"This download does NOT match an earlier download recorded in go.sum.\n"
	"The bits may have been replaced on the origin server, or an attacker may\n"
	"have intercepted the download attempt.\n\n"
	"For more information, see 'go help module-auth'.\n";

static const char unknown_hash[] =
	"\n\nSECURITY WARNING\n"
	"This download is listed in go.sum, but using an unknown hash algorithm.\n"
	"The download cannot be verified.\n\n"
	"For more information, see 'go help module-auth'.\n\n";

struct hm_sums *
hm_sums_new(const struct hm_sums_conf *conf)
{
	struct hm_sums *s = hm_mem_new(sizeof(*s));

	pthread_mutex_init(&s->mutex, NULL);
	s->main.file = hm_arena_dup(&s->arena, conf->file);
	s->main.by_mod.arena = &s->arena;
	s->status.arena = &s->arena;
	s->n_workspace = conf->n_workspace;
	s->workspace = HM_NEW_N(&s->arena, conf->n_workspace, struct table);
	for (size_t i = 0; i < conf->n_workspace; i++) {
		s->workspace[i].file = hm_arena_dup(&s->arena, conf->workspace[i]);
		s->workspace[i].by_mod.arena = &s->arena;
	}
	s->tidying = conf->tidying;
	if (conf->lock)
		s->lock = hm_arena_dup(&s->arena, *conf->lock);
	s->log = conf->log;
	return s;
}

void
hm_sums_free(struct hm_sums *s)
{
	if (!s)
		return;
	hm_buf_free(&s->scratch);
	hm_arena_free(&s->arena);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

hm_str
hm_sums_key(struct hm_arena *a, hm_str path, hm_str version)
{
	return hm_arena_concat(a, (hm_str[]){ path, HM_S(" "), version }, 3);
}

/* The key of a module, valid until the next call; with a hash behind it if there is one. */
static hm_str
make_key(struct hm_sums *s, struct hm_modver mod, hm_str hash)
{
	struct hm_buf *b = &s->scratch;

	hm_buf_clear(b);
	hm_buf_adds(b, mod.path);
	hm_buf_addc(b, ' ');
	hm_buf_adds(b, mod.version);
	if (hash.n > 0) {
		hm_buf_addc(b, ' ');
		hm_buf_adds(b, hash);
	}
	return hm_buf_str(b);
}

/* Cuts a key into what make_key() put together; answers the module's part. */
static hm_str
split_key(hm_str key, struct hm_modver like, struct hm_modver *mod)
{
	mod->path = hm_str_sub(key, 0, like.path.n);
	mod->version = hm_str_make(key.p + like.path.n + 1, like.version.n);
	return hm_str_sub(key, 0, like.path.n + 1 + like.version.n);
}

static struct entry *
find(struct hm_sums *s, const struct table *t, struct hm_modver mod)
{
	return hm_map_get(&t->by_mod, make_key(s, mod, HM_S("")));
}

static struct entry *
put(struct hm_sums *s, struct table *t, struct hm_modver mod)
{
	struct entry *e = find(s, t, mod);

	if (e)
		return e;
	e = HM_NEW(&s->arena, struct entry);
	e->key = split_key(hm_arena_dup(&s->arena, hm_buf_str(&s->scratch)), mod, &e->mod);
	hm_map_set(&t->by_mod, e->key, e);
	return e;
}

static struct status *
find_status(struct hm_sums *s, struct hm_modver mod, hm_str hash)
{
	return hm_map_get(&s->status, make_key(s, mod, hash));
}

static struct status *
put_status(struct hm_sums *s, struct hm_modver mod, hm_str hash)
{
	struct status *st = find_status(s, mod, hash);
	hm_str key;

	if (st)
		return st;
	st = HM_NEW(&s->arena, struct status);
	key = hm_arena_dup(&s->arena, hm_buf_str(&s->scratch));
	st->key = split_key(key, mod, &st->mod);
	st->hash = hm_str_from(key, st->key.n + 1);
	hm_map_set(&s->status, key, st);
	return st;
}

static bool
is_dirty(struct hm_sums *s, struct hm_modver mod, hm_str hash)
{
	struct status *st = find_status(s, mod, hash);

	return st && st->dirty;
}

/* data has to live as long as s. */
static int
read_table(struct hm_sums *s, struct table *t, hm_str data, struct hm_err *err)
{
	struct hm_gosum_lines lines = { 0 };

	if (hm_gosum_parse(&s->arena, t->file, data, s->tidying, &lines, err) < 0)
		return hm_err_finish(err);
	for (size_t i = 0; i < lines.n; i++)
		HM_PUSH(&s->arena, put(s, t, lines.v[i].mod)->hashes, lines.v[i].hash);
	return 0;
}

static int
read_file(struct hm_sums *s, struct table *t, struct hm_err *err)
{
	hm_str data = { NULL, 0 };

	t->by_mod = (struct hm_map){ .arena = &s->arena };
	if (hm_lockfile_read(&s->arena, t->file.p, HM_SUMS_FILE_MAX, &data, err) < 0) {
		if (!hm_err_is(err, HM_ENOTFOUND))
			return -1;
		hm_err_clear(err);
	}
	return read_table(s, t, data, err);
}

/* Is go.sum in use? Reads the files at the first call. */
static int
load(struct hm_sums *s, bool *in_use, struct hm_err *err)
{
	*in_use = s->main.file.n > 0;
	if (!*in_use || s->loaded)
		return 0;
	for (size_t i = 0; i < s->n_workspace; i++)
		if (read_file(s, &s->workspace[i], err) < 0)
			return -1;
	if (read_file(s, &s->main, err) < 0)
		return -1;
	s->loaded = true;
	return 0;
}

int
hm_sums_load(struct hm_sums *s, struct hm_err *err)
{
	bool in_use;
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = load(s, &in_use, err);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

static bool
is_h1(hm_str hash)
{
	return hm_str_has_prefix(hash, HM_S("h1:"));
}

/*
 * The one trusted hash that the tables list for a module: empty when there is
 * none, false when there are several.
 */
static bool
recorded(struct hm_sums *s, struct hm_modver mod, hm_str *sum)
{
	*sum = HM_S("");
	for (size_t i = 0; i <= s->n_workspace; i++) {
		struct entry *e = find(s, i < s->n_workspace ? &s->workspace[i] : &s->main, mod);

		for (size_t k = 0; e && k < e->hashes.n; k++) {
			hm_str h = e->hashes.v[k];

			if (!is_h1(h) || is_dirty(s, e->mod, h))
				continue;
			if (sum->n > 0 && !hm_str_eq(*sum, h))
				return false;
			*sum = h;
		}
	}
	return true;
}

int
hm_sums_have(struct hm_sums *s, hm_str path, hm_str version, bool *have, struct hm_err *err)
{
	struct hm_modver mod = { path, version };
	bool in_use;
	hm_str sum;
	int rc;

	*have = false;
	pthread_mutex_lock(&s->mutex);
	rc = load(s, &in_use, err);
	if (rc == 0 && in_use)
		*have = !recorded(s, mod, &sum) || sum.n > 0;
	pthread_mutex_unlock(&s->mutex);
	if (rc < 0 && !err->final) {
		/* As in go: a go.sum that cannot be read lists nothing; a check will say why. */
		hm_err_clear(err);
		rc = 0;
	}
	return rc;
}

bool
hm_sums_recorded(struct hm_sums *s, struct hm_arena *a, hm_str path, hm_str version,
                 hm_str *sum)
{
	struct hm_modver mod = { path, version };
	struct hm_err err = { 0 };
	bool in_use, ok;

	pthread_mutex_lock(&s->mutex);
	ok = load(s, &in_use, &err) == 0 && in_use && recorded(s, mod, sum);
	*sum = ok ? hm_arena_dup(a, *sum) : HM_S("");
	pthread_mutex_unlock(&s->mutex);
	hm_err_free(&err);
	return ok;
}

static int
report_mismatch(struct hm_modver mod, hm_str hash, hm_str file, hm_str listed,
                struct hm_err *err)
{
	hm_err_set(err, HM_ESECURITY,
	           "verifying " HM_F "@" HM_F ": checksum mismatch\n\tdownloaded: " HM_F "\n\t" HM_F
	           ":     " HM_F "%s",
	           HM_P(mod.path), HM_P(mod.version), HM_P(hash), HM_P(file), HM_P(listed),
	           mismatch);
	return hm_err_finish(err);
}

/* Does a table list this hash?  Another known one is an error, shown under `name`. */
static int
listed_in(struct hm_sums *s, const struct table *t, hm_str name, struct hm_modver mod,
          hm_str hash, bool *listed, struct hm_err *err)
{
	struct entry *e = find(s, t, mod);

	for (size_t i = 0; e && i < e->hashes.n; i++) {
		hm_str h = e->hashes.v[i];

		if (hm_str_eq(h, hash))
			*listed = true;
		/* The main file's match is final, but all files of a workspace have to agree. */
		if (*listed && t == &s->main)
			return 0;
		if (!hm_str_eq(h, hash) && is_h1(h))
			return report_mismatch(mod, hash, name, h, err);
	}
	return 0;
}

static int
is_listed(struct hm_sums *s, struct hm_modver mod, hm_str hash, bool *listed, struct hm_err *err)
{
	hm_str name = hm_str_has_suffix(s->main.file, HM_S("go.work.sum")) ? HM_S("go.work.sum")
	                                                                   : HM_S("go.sum");

	*listed = false;
	if (listed_in(s, &s->main, name, mod, hash, listed, err) < 0)
		return -1;
	if (*listed)
		return 0;
	for (size_t i = 0; i < s->n_workspace; i++) {
		const struct table *t = &s->workspace[i];

		if (listed_in(s, t, t->file, mod, hash, listed, err) < 0)
			return -1;
	}
	return 0;
}

int
hm_sums_check(struct hm_sums *s, hm_str path, hm_str version, hm_str hash, bool *listed,
              struct hm_err *err)
{
	struct hm_modver mod = { path, version };
	bool in_use;
	int rc;

	*listed = false;
	pthread_mutex_lock(&s->mutex);
	rc = load(s, &in_use, err);
	if (rc == 0 && in_use)
		rc = is_listed(s, mod, hash, listed, err);
	if (rc == 0 && in_use)
		put_status(s, mod, hash)->used = true;
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

static void
warn_unknown(struct hm_sums *s, const struct entry *e, hm_str hash)
{
	struct hm_arena a = { 0 };
	hm_str had = hm_strs_join(&a, &e->hashes, HM_S(", "));

	hm_log(s->log, HM_LOG_WARN,
	       "warning: verifying " HM_F "@" HM_F ": unknown hashes in go.sum: " HM_F
	       "; adding " HM_F "%s",
	       HM_P(e->mod.path), HM_P(e->mod.version), HM_P(had), HM_P(hash), unknown_hash);
	hm_arena_free(&a);
}

/* Adds to the main table what no table lists. */
static int
add(struct hm_sums *s, struct hm_modver mod, hm_str hash, struct hm_err *err)
{
	struct entry *e;
	bool listed;

	if (is_listed(s, mod, hash, &listed, err) < 0)
		return -1;
	if (listed)
		return 0;
	e = put(s, &s->main, mod);
	if (e->hashes.n > 0)
		warn_unknown(s, e, hash);
	HM_PUSH(&s->arena, e->hashes, hm_arena_dup(&s->arena, hash));
	return 0;
}

int
hm_sums_add(struct hm_sums *s, hm_str path, hm_str version, hm_str hash, struct hm_err *err)
{
	struct hm_modver mod = { path, version };
	bool in_use;
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = load(s, &in_use, err);
	if (rc == 0 && in_use)
		rc = add(s, mod, hash, err);
	if (rc == 0 && in_use)
		put_status(s, mod, hash)->dirty = true;
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

static bool
kept(const struct hm_map *keep, hm_str key)
{
	return keep && hm_map_has(keep, key);
}

static bool
in_workspace(const struct hm_sums *s, hm_str key)
{
	for (size_t i = 0; i < s->n_workspace; i++)
		if (hm_map_has(&s->workspace[i].by_mod, key))
			return true;
	return false;
}

/*
 * Puts what other processes added meanwhile together with what this one has
 * checked.  Not what it had only read: the user may have removed a bad hash.
 */
static int
reread(struct hm_sums *s, hm_str data, struct hm_err *err)
{
	s->main.by_mod = (struct hm_map){ .arena = &s->arena };
	if (read_table(s, &s->main, hm_arena_dup(&s->arena, data), err) < 0)
		return -1;
	for (size_t i = 0; i < s->status.n; i++) {
		const struct status *st = s->status.e[i].val;

		if (st->used && !in_workspace(s, st->key) && add(s, st->mod, st->hash, err) < 0)
			return -1;
	}
	return 0;
}

/* What the file should say, given what it says. */
static int
tidy(struct hm_sums *s, hm_str data, const struct hm_map *keep, struct hm_buf *out,
     struct hm_err *err)
{
	struct hm_gosum_lines lines = { 0 };

	if (!s->overwrite && reread(s, data, err) < 0)
		return -1;
	for (size_t i = 0; i < s->main.by_mod.n; i++) {
		const struct entry *e = s->main.by_mod.e[i].val;
		bool keep_mod = kept(keep, e->key);

		if (in_workspace(s, e->key))
			continue;
		for (size_t k = 0; k < e->hashes.n; k++) {
			const struct status *st = find_status(s, e->mod, e->hashes.v[k]);

			if (!st || !st->dirty || (st->used && keep_mod))
				HM_PUSH(&s->arena, lines,
				        ((struct hm_gosum_line){ e->mod, e->hashes.v[k] }));
		}
	}
	hm_gosum_sort(&lines);
	hm_gosum_format(&lines, out);
	return 0;
}

/* Is there a new hash to save, or an unused one to delete? */
static bool
needs_write(struct hm_sums *s, const struct hm_map *keep)
{
	for (size_t i = 0; i < s->main.by_mod.n; i++) {
		const struct entry *e = s->main.by_mod.e[i].val;
		bool keep_mod = kept(keep, e->key);

		for (size_t k = 0; k < e->hashes.n; k++) {
			const struct status *st = find_status(s, e->mod, e->hashes.v[k]);

			if (st && st->dirty && (!st->used || keep_mod))
				return true;
		}
	}
	return false;
}

static int
rewrite(struct hm_sums *s, const struct hm_map *keep, struct hm_err *err)
{
	struct hm_buf now = { 0 };
	struct hm_arena a = { 0 };
	const char *path = s->main.file.p;
	hm_str was;
	int fd, rc;

	if (hm_lockfile_edit(&a, path, HM_SUMS_FILE_MAX, &fd, &was, err) < 0)
		return hm_err_wrap(err, "updating go.sum: ");
	rc = tidy(s, was, keep, &now, err);
	if (rc == 0 && !hm_str_eq(was, hm_buf_str(&now)))
		rc = hm_lockfile_replace(fd, path, was, hm_buf_str(&now), err);
	if (rc < 0)
		hm_err_wrap(err, "updating go.sum: ");
	hm_lock_release(fd);
	hm_buf_free(&now);
	hm_arena_free(&a);
	return rc;
}

static int
write_locked(struct hm_sums *s, const struct hm_map *keep, bool readonly, struct hm_err *err)
{
	struct hm_err ignored = { 0 };
	int side = -1, rc;

	if (!s->loaded || !needs_write(s, keep))
		return 0;
	if (readonly)
		return hm_err_set(err, HM_EREADONLY,
		                  "updates to go.sum needed, disabled by -mod=readonly");
	/* Old go commands know no other lock; it is no matter if it cannot be had. */
	if (s->lock.n > 0 && hm_lock_acquire(s->lock.p, true, &side, &ignored) < 0)
		hm_err_free(&ignored);
	rc = rewrite(s, keep, err);
	hm_lock_release(side);
	if (rc == 0) {
		s->status = (struct hm_map){ .arena = &s->arena };
		s->overwrite = false;
	}
	return rc;
}

int
hm_sums_write(struct hm_sums *s, const struct hm_map *keep, bool readonly, struct hm_err *err)
{
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = write_locked(s, keep, readonly, err);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

int
hm_sums_tidy(struct hm_sums *s, struct hm_arena *a, const struct hm_map *keep, hm_str *before,
             hm_str *after, struct hm_err *err)
{
	struct hm_buf now = { 0 };
	int rc;

	*before = HM_S("");
	pthread_mutex_lock(&s->mutex);
	rc = hm_lockfile_read(a, s->main.file.p, HM_SUMS_FILE_MAX, before, err);
	if (rc < 0 && hm_err_is(err, HM_ENOTFOUND)) {
		hm_err_clear(err);
		rc = 0;
	} else if (rc < 0) {
		hm_err_wrap(err, "reading go.sum: ");
	}
	if (rc == 0)
		rc = tidy(s, *before, keep, &now, err);
	pthread_mutex_unlock(&s->mutex);
	if (rc == 0)
		*after = hm_arena_dup(a, hm_buf_str(&now));
	hm_buf_free(&now);
	return rc;
}

int
hm_sums_trim(struct hm_sums *s, const struct hm_map *keep, struct hm_err *err)
{
	bool in_use;
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = load(s, &in_use, err);
	for (size_t i = 0; rc == 0 && in_use && i < s->main.by_mod.n; i++) {
		const struct entry *e = s->main.by_mod.e[i].val;

		if (kept(keep, e->key))
			continue;
		for (size_t k = 0; k < e->hashes.n; k++) {
			struct status *st = put_status(s, e->mod, e->hashes.v[k]);

			st->used = false;
			st->dirty = true;
		}
		s->overwrite = true;
	}
	pthread_mutex_unlock(&s->mutex);
	return rc;
}
