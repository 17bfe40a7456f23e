/*
 * tilelog.c - a log is made, opened, proven, closed.
 */
#include "tilelog/tilelog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypto/random.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "tilelog/log.h"

static struct hm_tilelog *
new_log(hm_str dir, const struct hm_tilelog_opts *opts)
{
	struct hm_tilelog *l = hm_mem_new(sizeof(*l));
	pthread_rwlockattr_t fair;
	pthread_condattr_t mono;

	l->dir = hm_arena_dup(&l->arena, dir);
	l->opts = *opts;
	l->log = opts->log;
	l->lock = -1;
	l->last = &l->first;
	hm_tilelog_remember(l, MEMORY_MIB);
	pthread_rwlockattr_init(&fair);
#ifdef __GLIBC__
	pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
	pthread_rwlock_init(&l->seen, &fair);
	pthread_rwlockattr_destroy(&fair);
	pthread_mutex_init(&l->readers_mutex, NULL);
	pthread_mutex_init(&l->right_mutex, NULL);
	pthread_mutex_init(&l->mutex, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&l->work, &mono);
	pthread_cond_init(&l->shown, &mono);
	pthread_condattr_destroy(&mono);
	return l;
}

static void
set_buf(struct hm_buf *b, hm_str text)
{
	hm_buf_clear(b);
	hm_buf_adds(b, text);
}

/* What is sealed is only told to the database with the next batch; say it once at the end. */
static void
note_sealed(struct hm_tilelog *l)
{
	struct hm_logstate now = { .tree = l->head, .sealed = l->sealed,
		                   .latest = hm_buf_str(&l->head_latest),
		                   .checkpoint = hm_buf_str(&l->head_checkpoint) };
	struct hm_err err = { 0 };

	if (hm_logindex_begin(l->index, &err) == 0 &&
	    (hm_logindex_swap(l->index, &l->head, &now, &err) ||
	     hm_logindex_commit(l->index, &err)))
		hm_logindex_rollback(l->index);
	hm_err_free(&err);
}

void
hm_tilelog_free(struct hm_tilelog *l)
{
	if (!l)
		return;
	if (l->running) {
		hm_tilelog_stop(l);
		note_sealed(l);
	}
	while (l->readers)
		hm_logindex_free(l->reader[--l->readers]);
	hm_logindex_free(l->index);
	hm_recent_free(l->recent);
	hm_tilecache_free(l->kept);
	hm_tail_free(&l->tail);
	for (size_t i = 0; i < sizeof(l->right) / sizeof(*l->right); i++)
		free(l->right[i].v);
	hm_buf_free(&l->latest);
	hm_buf_free(&l->checkpoint);
	hm_buf_free(&l->head_latest);
	hm_buf_free(&l->head_checkpoint);
	for (size_t i = 0; i < l->signers.n; i++)
		hm_secret_wipe(l->signers.v[i].seed, sizeof(l->signers.v[i].seed));
	pthread_cond_destroy(&l->work);
	pthread_cond_destroy(&l->shown);
	pthread_mutex_destroy(&l->mutex);
	pthread_mutex_destroy(&l->right_mutex);
	pthread_mutex_destroy(&l->readers_mutex);
	pthread_rwlock_destroy(&l->seen);
	hm_lock_release(l->lock);
	hm_arena_free(&l->arena);
	free(l);
}

static int
read_keys(struct hm_tilelog *l, struct hm_err *err)
{
	if (hm_tilelog_read_keys(&l->arena, l->dir, &l->signers, &l->vkeys, err))
		return -1;
	l->keys = HM_NEW_N(&l->arena, l->vkeys.n, struct hm_verifier);
	for (size_t i = 0; i < l->vkeys.n; i++)
		if (hm_verifier_parse(&l->arena, l->vkeys.v[i], &l->keys[i], err))
			return -1;
	return 0;
}

hm_str
hm_tilelog_name(const struct hm_tilelog *l)
{
	return l->signers.v[0].name;
}

const struct hm_strs *
hm_tilelog_vkeys(const struct hm_tilelog *l)
{
	return &l->vkeys;
}

/* ---- making one */

static int
make_key(struct hm_arena *a, hm_str dir, hm_str name, hm_str *vkey, struct hm_err *err)
{
	hm_str skey, text, file = hm_tilelog_file(a, dir, "key");
	int rc;

	if (hm_note_keygen(a, name, &skey, vkey, err))
		return -1;
	text = hm_arena_printf(a, HM_F "\n", HM_P(skey));
	rc = hm_file_publish(file.p, text, 0600, true, err);
	hm_secret_wipe((void *)(uintptr_t)skey.p, skey.n);
	hm_secret_wipe((void *)(uintptr_t)text.p, text.n);
	return rc;
}

static int
make_state(struct hm_tilelog *l, struct hm_arena *a, struct hm_err *err)
{
	struct hm_logstate s = { .tree.n = 0 };
	int rc;

	if (hm_tlog_tree_hash(0, NULL, &s.tree.hash, err) ||
	    hm_tilelog_sign(l, a, &s.tree, &s.latest, &s.checkpoint, err) ||
	    hm_logindex_begin(l->index, err))
		return -1;
	rc = hm_logindex_create(l->index, &s, err);
	if (rc == 0)
		rc = hm_logindex_commit(l->index, err);
	if (rc)
		hm_logindex_rollback(l->index);
	return rc;
}

static int
take_lock(struct hm_tilelog *l, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = hm_lock_try(hm_tilelog_file(&a, l->dir, "lock").p, true, &l->lock, err);

	hm_arena_free(&a);
	if (rc == 0 && l->lock < 0)
		rc = hm_err_set(err, HM_ECONFLICT, HM_F ": in use by another process",
				HM_P(l->dir));
	return rc;
}

int
hm_tilelog_create(struct hm_arena *a, hm_str dir, hm_str name, hm_str *vkey, struct hm_err *err)
{
	static const struct hm_tilelog_opts none;
	struct hm_tilelog *l = new_log(dir, &none);
	struct hm_logstate s;
	int rc = -1;

	if (hm_dir_make_all(l->dir.p, err) || take_lock(l, err))
		goto out;
	/* The state comes last: a folder without one was cut off in the middle. */
	if (hm_logindex_open(dir, false, &l->index, err))
		goto out;
	if (hm_logindex_state(l->index, a, &s, err) == 0) {
		hm_err_set(err, HM_ECONFLICT, HM_F ": there is a log already", HM_P(dir));
		goto out;
	}
	hm_err_clear(err);
	if (make_key(a, dir, name, vkey, err) || hm_tilelog_make_dirs(dir, err) ||
	    hm_tilelog_write_declared(dir, false, err) || read_keys(l, err) ||
	    make_state(l, a, err))
		goto out;
	rc = 0;
out:
	hm_tilelog_free(l);
	return rc;
}

/* ---- opening one */

static int
read_tile(void *ctx, struct hm_arena *a, const struct hm_tile *t, hm_str *out, struct hm_err *err)
{
	struct hm_tilelog *l = ctx;

	if (hm_tilelog_read_tile(a, l->dir, t, out, err) == 0)
		return 0;
	if (err->code == HM_ENOTFOUND)
		err->code = HM_EINVALID;
	return hm_err_wrap(err, "damaged log: ");
}

/* The tail out of tiles and pending records; its root must be the signed one. */
static int
load_tail(struct hm_tilelog *l, struct hm_arena *a, struct hm_err *err)
{
	struct hm_strs pending = { 0 };
	struct hm_hash root;

	if (hm_tail_load(&l->tail, l->sealed, read_tile, l, err) ||
	    hm_logindex_pending(l->index, a, l->sealed, l->head.n, &pending, err))
		return -1;
	for (size_t i = 0; i < pending.n; i++) {
		struct hm_hash h = hm_tlog_record_hash(pending.v[i]);

		hm_tail_add(&l->tail, pending.v[i], &h);
	}
	if (hm_tail_root(&l->tail, &root, err))
		return -1;
	if (!hm_hash_eq(&root, &l->head.hash))
		return hm_err_set(err, HM_ESECURITY,
				  HM_F ": the newest records and tiles do not give the signed root",
				  HM_P(l->dir));
	return 0;
}

static int
check_head(struct hm_tilelog *l, struct hm_arena *a, const char *what, hm_str note, bool c2sp,
           const struct hm_tree *want, struct hm_err *err)
{
	struct hm_tree t;

	if (hm_tilelog_open_head(l, a, note, c2sp, &t, err))
		return hm_err_wrap(err, HM_F "/%s: ", HM_P(l->dir), what);
	if (t.n != want->n || !hm_hash_eq(&t.hash, &want->hash))
		return hm_err_set(err, HM_ESECURITY,
				  HM_F "/%s: the signed head is not that of the log", HM_P(l->dir),
				  what);
	return 0;
}

/* What was declared is in two places, so that neither is lost with the other. */
static int
check_declared(struct hm_tilelog *l, bool open, struct hm_err *err)
{
	enum hm_declared d;
	struct hm_err bad = { 0 };

	if (hm_tilelog_read_declared(l->dir, &d, err))
		return -1;
	if (d == HM_UNDECLARED) {
		if (hm_tilelog_write_declared(l->dir, open, &bad))
			hm_log(l->log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(&bad)));
		hm_err_free(&bad);
		return 0;
	}
	if (open == (d == HM_DECLARED_PUBLIC))
		return 0;
	return hm_err_set(err, HM_EINVALID,
	                  HM_F "/declared says %s, index.db %s: "
	                  "fsck --repair --public or --private",
	                  HM_P(l->dir), open ? "private" : "public", open ? "public" : "private");
}

static int
load_state(struct hm_tilelog *l, struct hm_arena *a, struct hm_err *err)
{
	struct hm_logstate s;

	if (hm_logindex_state(l->index, a, &s, err))
		return hm_err_wrap(err, HM_F "/", HM_P(l->dir));
	if (check_head(l, a, "index.db", s.latest, false, &s.tree, err) ||
	    check_head(l, a, "index.db", s.checkpoint, true, &s.tree, err))
		return -1;
	if (check_declared(l, s.open, err))
		return -1;
	l->open = s.open;
	l->head = l->tree = s.tree;
	l->sealed = l->written = s.sealed;
	hm_buf_adds(&l->head_latest, s.latest);
	hm_buf_adds(&l->head_checkpoint, s.checkpoint);
	l->endorsed = l->opts.endorse || s.shown_checkpoint.n ||
	              hm_file_exists(hm_tilelog_file(a, l->dir, "witnesses").p);
	if (s.shown_checkpoint.n) {
		s.latest = s.shown_latest;
		s.checkpoint = s.shown_checkpoint;
		if (hm_tilelog_open_head(l, a, s.latest, false, &l->tree, err) ||
		    check_head(l, a, "index.db", s.checkpoint, true, &l->tree, err))
			return -1;
	}
	hm_buf_adds(&l->latest, s.latest);
	hm_buf_adds(&l->checkpoint, s.checkpoint);
	l->published = l->tree.n;
	return 0;
}

/* What was shown, or published, must be an older state of this log. */
static int
check_older(struct hm_tilelog *l, hm_str file, const struct hm_tree *t, struct hm_err *err)
{
	struct hm_hash_reader r = { hm_tilelog_read_hashes, l };
	struct hm_hash root;

	if (t->n > l->head.n)
		return hm_err_set(
			err, HM_ESECURITY,
			HM_F ": published are %lld records, the database has %lld: it was set back",
			HM_P(file), (long long)t->n, (long long)l->head.n);
	if (hm_tlog_tree_hash(t->n, &r, &root, err))
		return -1;
	if (!hm_hash_eq(&root, &t->hash))
		return hm_err_set(err, HM_ESECURITY,
				  HM_F ": it was published, but is not of this log", HM_P(file));
	return 0;
}

/* A database that was set back would sign a second tree of a size that the world has seen. */
static int
check_published(struct hm_tilelog *l, struct hm_arena *a, const char *name, bool c2sp,
                struct hm_err *err)
{
	hm_str file = hm_tilelog_file(a, l->dir, name), note;
	struct hm_tree t;

	if (hm_file_read(a, file.p, HM_TILELOG_HEAD_MAX, &note, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err); /* none was ever published, or fsck is to be asked */
		l->published = -1;
		return 0;
	}
	if (hm_tilelog_open_head(l, a, note, c2sp, &t, err))
		return hm_err_wrap(err, HM_F ": ", HM_P(file));
	if (check_older(l, file, &t, err))
		return -1;
	if (t.n < l->published)
		l->published = t.n;
	return 0;
}

struct hm_tilelog *
hm_tilelog_attach(hm_str dir, const struct hm_log *log, struct hm_err *err)
{
	struct hm_tilelog_opts opts = { .log = log };
	struct hm_tilelog *l = new_log(dir, &opts);
	struct hm_arena a = { 0 };
	int rc;

	if (!hm_file_exists(hm_tilelog_file(&a, dir, "key").p))
		rc = hm_err_set(err, HM_ENOTFOUND, HM_F ": there is no log (init makes one)",
				HM_P(dir));
	else
		rc = take_lock(l, err) || read_keys(l, err) ? -1 : 0;
	hm_arena_free(&a);
	if (rc == 0)
		return l;
	hm_tilelog_free(l);
	return NULL;
}

/*
 * A key was added since the head was signed.  What is shown by an endorsement waits for
 * the next one.
 */
static int
sign_again(struct hm_tilelog *l, struct hm_arena *a, struct hm_err *err)
{
	struct hm_logstate now = { .tree = l->head, .sealed = l->sealed };
	int rc;

	if (hm_tilelog_is_signed_by_all(l, a, hm_buf_str(&l->head_latest)) &&
	    hm_tilelog_is_signed_by_all(l, a, hm_buf_str(&l->head_checkpoint)))
		return 0;
	if (hm_tilelog_sign(l, a, &l->head, &now.latest, &now.checkpoint, err) ||
	    hm_logindex_begin(l->index, err))
		return -1;
	rc = hm_logindex_swap(l->index, &l->head, &now, err);
	if (rc == 0)
		rc = hm_logindex_commit(l->index, err);
	if (rc) {
		hm_logindex_rollback(l->index);
		return -1;
	}
	set_buf(&l->head_latest, now.latest);
	set_buf(&l->head_checkpoint, now.checkpoint);
	if (!l->endorsed) {
		set_buf(&l->latest, now.latest);
		set_buf(&l->checkpoint, now.checkpoint);
		l->published = -1;
	}
	return 0;
}

int
hm_tilelog_rotate(struct hm_arena *a, hm_str dir, bool retire, hm_str *vkey, struct hm_err *err)
{
	struct hm_tilelog *l;
	int rc;

	/* Opened before and after: the head must be in order, and then get all signatures. */
	if (hm_tilelog_open(dir, NULL, &l, err))
		return -1;
	hm_tilelog_stop(l);
	rc = hm_tilelog_change_keys(a, dir, retire, err);
	hm_tilelog_free(l);
	if (rc || hm_tilelog_open(dir, NULL, &l, err))
		return -1;
	*vkey = hm_arena_dup(a, l->vkeys.v[l->vkeys.n - 1]);
	hm_tilelog_free(l);
	return 0;
}

/* Everything is read and proven; what a crash left unpublished follows as ever. */
static int
recover(struct hm_tilelog *l, struct hm_arena *a, struct hm_err *err)
{
	if (hm_logindex_open(l->dir, false, &l->index, err) || load_state(l, a, err) ||
	    load_tail(l, a, err) ||
	    check_older(l, hm_tilelog_file(a, l->dir, "index.db"), &l->tree, err) ||
	    check_published(l, a, "public/latest", false, err) ||
	    check_published(l, a, "public/checkpoint", true, err) || sign_again(l, a, err))
		return -1;
	/* With the callback always: who has to endorse may be others than the last time. */
	l->owing = l->endorsed &&
	           (l->opts.endorse || l->tree.n != l->head.n ||
	            !hm_tilelog_is_signed_by_all(l, a, hm_buf_str(&l->checkpoint)));
	l->fresh = l->published != l->tree.n || l->written < l->tree.n; /* the publisher's first */
	return 0;
}

int
hm_tilelog_open_with(hm_str dir, const struct hm_tilelog_opts *opts, struct hm_tilelog **out,
                     struct hm_err *err)
{
	struct hm_tilelog *l = hm_tilelog_attach(dir, opts->log, err);
	struct hm_arena a = { 0 };
	int rc = -1;

	if (!l)
		return -1;
	l->opts = *opts;
	if (!hm_file_exists(hm_tilelog_file(&a, dir, "index.db").p))
		hm_err_set(err, HM_EINVALID, HM_F "/index.db: it is not there", HM_P(dir));
	else if (recover(l, &a, err) == 0)
		rc = hm_tilelog_start(l, err);
	hm_arena_free(&a);
	if (rc) {
		hm_tilelog_free(l);
		return -1;
	}
	*out = l;
	return 0;
}

int
hm_tilelog_open(hm_str dir, const struct hm_log *log, struct hm_tilelog **out, struct hm_err *err)
{
	struct hm_tilelog_opts opts = { .log = log };

	return hm_tilelog_open_with(dir, &opts, out, err);
}

void
hm_tilelog_remember(struct hm_tilelog *l, int mib)
{
	size_t all = (size_t)mib << 20, records = all / RECENT_SHARE;

	hm_recent_free(l->recent);
	hm_tilecache_free(l->kept);
	l->recent = hm_recent_new(records / RECENT_BYTES);
	l->kept = hm_tilecache_new(all - records);
}

int
hm_tilelog_declare(hm_str dir, bool open, struct hm_err *err)
{
	struct hm_tilelog *l = hm_tilelog_attach(dir, NULL, err);
	int rc;

	if (!l)
		return -1;
	rc = hm_logindex_open(dir, false, &l->index, err);
	if (rc == 0)
		rc = hm_logindex_declare(l->index, open, err);
	if (rc == 0)
		rc = hm_tilelog_write_declared(dir, open, err);
	hm_tilelog_free(l);
	return rc;
}

bool
hm_tilelog_is_public(const struct hm_tilelog *l)
{
	return l->open;
}

/* ---- beside */

void
hm_tilelog_alarm(struct hm_tilelog *l, hm_str text)
{
	struct hm_arena a = { 0 };
	hm_str file = hm_tilelog_file(&a, l->dir, "alarms");
	hm_str when = hm_clock_rfc3339(&a, hm_clock_unix(), 0);
	hm_str line = hm_arena_printf(&a, HM_F " " HM_F "\n", HM_P(when), HM_P(text));
	struct hm_err err = { 0 };
	int fd = open(file.p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

	hm_log(l->log, HM_LOG_WARN, "alarm: " HM_F, HM_P(text));
	if (fd < 0 || hm_file_write_fd(fd, file.p, line, &err) || fsync(fd))
		hm_log(l->log, HM_LOG_WARN, HM_F ": the alarm could not be kept", HM_P(file));
	if (fd >= 0)
		close(fd);
	hm_err_free(&err);
	hm_arena_free(&a);
}

struct hm_tilelog_stats
hm_tilelog_stats(struct hm_tilelog *l)
{
	struct hm_tilelog_stats s;

	pthread_mutex_lock(&l->mutex);
	s = (struct hm_tilelog_stats){ .batches = l->batches, .appended = l->appended,
		                       .refused = l->refused };
	pthread_mutex_unlock(&l->mutex);
	pthread_rwlock_rdlock(&l->seen);
	s.size = l->tree.n;
	s.published = l->published;
	pthread_rwlock_unlock(&l->seen);
	return s;
}
