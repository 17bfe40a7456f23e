/*
 * Each record and each tile is read by one thread; others that want it wait.
 * A thread that reads a record may wait for tiles, never the other way round.
 */
#include "verify/sumdb.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "mod/modpath.h"
#include "os/pool.h"
#include "tlog/note.h"
#include "tlog/tile.h"

/* Requests of one batch of tiles in flight at once. */
#define TILE_THREADS 8

/* What is worked out once; guarded by the mutex until it is done, constant from then on. */
struct once {
	bool started, done;
	struct hm_buf data;
	struct hm_err err; /* the outcome, when it failed */
};

struct tile_slot {
	struct once once;
	bool saved;            /* in the cache on disk, or known not to belong there */
	struct hm_tree proven; /* the tree it was last found right for; n == 0: none */
};

struct record_slot {
	struct once once;
};

/* When a tree head was signed, against the latest one. */
enum when { PAST, NOW, FUTURE };

/* A tree head and the note that says so; the note lives in the arena of the database. */
struct head {
	struct hm_tree tree;
	hm_str msg;
};

struct hm_sumdb {
	struct hm_sumdb_ops ops;
	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t done;
	struct hm_arena arena;
	struct once init;
	struct hm_verifier key;
	struct hm_map records; /* remote path -> struct record_slot */
	struct hm_map tiles;   /* tile path -> struct tile_slot */
	struct head latest;
	struct hm_tree proven; /* a tree that tiles have been checked against */
};

struct hm_sumdb *
hm_sumdb_new(const struct hm_sumdb_ops *ops)
{
	struct hm_sumdb *db = hm_mem_new(sizeof(*db));

	db->ops = *ops;
	if (db->ops.tile_height == 0)
		db->ops.tile_height = HM_TILE_HEIGHT;
	pthread_mutex_init(&db->mutex, NULL);
	pthread_cond_init(&db->done, NULL);
	db->records.arena = db->tiles.arena = &db->arena;
	return db;
}

static void
free_once(struct once *o)
{
	hm_buf_free(&o->data);
	hm_err_free(&o->err);
}

void
hm_sumdb_free(struct hm_sumdb *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < db->records.n; i++)
		free_once(&((struct record_slot *)db->records.e[i].val)->once);
	for (size_t i = 0; i < db->tiles.n; i++)
		free_once(&((struct tile_slot *)db->tiles.e[i].val)->once);
	free_once(&db->init);
	hm_arena_free(&db->arena);
	pthread_cond_destroy(&db->done);
	pthread_mutex_destroy(&db->mutex);
	free(db);
}

/* True when the caller has to do the work, and then to call finish(); false when it is done. */
static bool
begin(struct hm_sumdb *db, struct once *o)
{
	bool mine;

	pthread_mutex_lock(&db->mutex);
	mine = !o->started;
	o->started = true;
	while (!mine && !o->done)
		pthread_cond_wait(&db->done, &db->mutex);
	pthread_mutex_unlock(&db->mutex);
	return mine;
}

static void
finish(struct hm_sumdb *db, struct once *o)
{
	pthread_mutex_lock(&db->mutex);
	o->done = true;
	pthread_cond_broadcast(&db->done);
	pthread_mutex_unlock(&db->mutex);
}

/* 0 or the error that the work ended with, copied: several threads may want it. */
static int
outcome(const struct once *o, struct hm_err *err)
{
	if (o->err.code == HM_OK)
		return 0;
	hm_err_set(err, o->err.code, HM_F, HM_P(hm_str_make(o->err.msg.p, o->err.msg.n)));
	err->sys = o->err.sys;
	err->final = o->err.final;
	return -1;
}

static hm_str
file_name(const struct hm_sumdb *db, struct hm_arena *a, hm_str rest)
{
	return hm_path_cat(a, db->key.name, rest);
}

static int
read_remote(struct hm_sumdb *db, hm_str path, struct hm_buf *out, struct hm_err *err)
{
	hm_buf_clear(out);
	if (db->ops.read_remote(db->ops.ctx, path, out, err) < 0)
		return -1;
	if (out->n > HM_SUMDB_ANSWER_MAX)
		return hm_err_set(err, HM_ELIMIT, HM_F ": answer is longer than %zu bytes",
		                  HM_P(path), HM_SUMDB_ANSWER_MAX);
	return 0;
}

/* ---- tiles */

static struct tile_slot *
tile_slot(struct hm_sumdb *db, const struct hm_tile *t)
{
	char path[HM_TILE_PATH_MAX];
	size_t n = hm_tile_path_put(t, path);
	struct tile_slot *slot;

	pthread_mutex_lock(&db->mutex);
	slot = hm_map_get(&db->tiles, hm_str_make(path, n));
	if (!slot) {
		slot = HM_NEW(&db->arena, struct tile_slot);
		hm_map_set(&db->tiles, hm_arena_dup(&db->arena, hm_str_make(path, n)), slot);
	}
	pthread_mutex_unlock(&db->mutex);
	return slot;
}

static struct hm_tile
full_tile(struct hm_tile t)
{
	t.w = 1 << t.h;
	return t;
}

/* Cuts a full tile to the width wanted: its first hashes are the partial tile. */
static void
narrow(struct hm_buf *data, const struct hm_tile *t)
{
	data->n = data->n / (size_t)full_tile(*t).w * (size_t)t->w;
}

static bool
read_cached_tile(struct hm_sumdb *db, const struct hm_tile *t, struct hm_arena *a,
                 struct hm_buf *out)
{
	hm_buf_clear(out);
	return db->ops.read_cache(db->ops.ctx, file_name(db, a, hm_tile_path(a, t)), out);
}

static int
read_remote_tile(struct hm_sumdb *db, const struct hm_tile *t, struct hm_arena *a,
                 struct hm_buf *out, struct hm_err *err)
{
	hm_str path = hm_arena_concat(a, (hm_str[]){ HM_S("/"), hm_tile_path(a, t) }, 2);

	return read_remote(db, path, out, err);
}

/*
 * The cache, then the server; a partial tile may be there as part of the full
 * one only.  What comes from the cache was found right before it got there.
 */
static void
load_tile(struct hm_sumdb *db, struct tile_slot *slot, const struct hm_tile *t)
{
	struct hm_tile full = full_tile(*t);
	struct hm_buf *data = &slot->once.data;
	struct hm_arena a = { 0 };
	struct hm_err again = { 0 };

	slot->saved = true;
	if (read_cached_tile(db, t, &a, data))
		goto out;
	if (t->w != full.w && read_cached_tile(db, &full, &a, data)) {
		narrow(data, t);
		goto out;
	}
	slot->saved = false;
	if (read_remote_tile(db, t, &a, data, &slot->once.err) == 0)
		goto out;
	if (t->w != full.w && read_remote_tile(db, &full, &a, data, &again) == 0) {
		narrow(data, t);
		hm_err_clear(&slot->once.err);
	}
out:
	hm_err_free(&again);
	hm_arena_free(&a);
}

struct tile_batch {
	struct hm_sumdb *db;
	const struct hm_tile *t;
	struct tile_slot **slot;
	size_t *todo; /* indexes of those that are not there yet */
};

static void
load_one(void *ctx, size_t i)
{
	struct tile_batch *b = ctx;
	size_t at = b->todo[i];

	if (!begin(b->db, &b->slot[at]->once))
		return;
	load_tile(b->db, b->slot[at], &b->t[at]);
	finish(b->db, &b->slot[at]->once);
}

static int
read_tiles(void *ctx, const struct hm_tile *t, size_t n, hm_str *data, struct hm_err *err)
{
	struct tile_batch b = { .db = ctx, .t = t };
	struct hm_arena a = { 0 };
	size_t todo = 0;
	int rc = 0;

	b.slot = HM_NEW_N(&a, n, struct tile_slot *);
	b.todo = HM_NEW_N(&a, n, size_t);
	for (size_t i = 0; i < n; i++)
		b.slot[i] = tile_slot(b.db, &t[i]);
	pthread_mutex_lock(&b.db->mutex);
	for (size_t i = 0; i < n; i++)
		if (!b.slot[i]->once.done)
			b.todo[todo++] = i;
	pthread_mutex_unlock(&b.db->mutex);
	if (todo == 1)
		load_one(&b, 0);
	else if (todo > 1)
		hm_pool_each(todo < TILE_THREADS ? (unsigned)todo : TILE_THREADS, todo, load_one,
		             &b);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct once *o = &b.slot[i]->once;

		rc = outcome(o, err);
		data[i] = hm_str_make(o->data.p, o->data.n);
	}
	hm_arena_free(&a);
	return rc;
}

static bool
same_tree(const struct hm_tree *x, const struct hm_tree *y)
{
	return x->n == y->n && hm_hash_eq(&x->hash, &y->hash);
}

static bool
is_proven(void *ctx, const struct hm_tree *tree, const struct hm_tile *t)
{
	struct hm_sumdb *db = ctx;
	struct tile_slot *slot = tile_slot(db, t);
	bool yes;

	pthread_mutex_lock(&db->mutex);
	yes = tree->n > 0 && same_tree(&slot->proven, tree);
	pthread_mutex_unlock(&db->mutex);
	return yes;
}

/* Tiles that were found right go to the cache, once each, whether that succeeds or not. */
static void
save_tiles(void *ctx, const struct hm_tree *tree, const struct hm_tile *t, size_t n,
           const hm_str *data)
{
	struct hm_sumdb *db = ctx;
	struct hm_arena a = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct tile_slot *slot = tile_slot(db, &t[i]);
		bool save;

		pthread_mutex_lock(&db->mutex);
		save = !slot->saved;
		slot->saved = true;
		slot->proven = *tree;
		pthread_mutex_unlock(&db->mutex);
		if (save)
			db->ops.write_cache(db->ops.ctx, file_name(db, &a, hm_tile_path(&a, &t[i])),
			                    data[i]);
	}
	pthread_mutex_lock(&db->mutex);
	db->proven = *tree;
	pthread_mutex_unlock(&db->mutex);
	hm_arena_free(&a);
}

static struct hm_tile_reader
tile_reader(struct hm_sumdb *db)
{
	return (struct hm_tile_reader){ db->ops.tile_height, read_tiles, save_tiles, is_proven,
		                        db };
}

/* ---- tree heads */

static struct head
get_latest(struct hm_sumdb *db)
{
	struct head h;

	pthread_mutex_lock(&db->mutex);
	h = db->latest;
	pthread_mutex_unlock(&db->mutex);
	return h;
}

static void
add_indented(struct hm_buf *b, hm_str msg)
{
	for (size_t i = 0; i < msg.n; i++) {
		hm_buf_addc(b, msg.p[i]);
		if (msg.p[i] == '\n')
			hm_buf_addc(b, '\t');
	}
}

static void
add_hash(struct hm_buf *b, const struct hm_hash *h)
{
	struct hm_arena a = { 0 };

	hm_buf_addz(b, "\n\t");
	hm_buf_adds(b, hm_hash_text(&a, h));
	hm_arena_free(&a);
}

/*
 * The newer tree's own hash of what the older tree claims to be, and the proof
 * of it: with both notes, all that is needed to show the fork to others.  The
 * tiles for that have all been read.
 */
static void
add_proof(struct hm_buf *b, const struct head *older, const struct head *newer,
          const struct hm_hash_reader *r, const struct hm_hash *h)
{
	struct hm_tree claimed = { older->tree.n, *h };
	struct hm_proof p;
	struct hm_err err = { 0 };

	add_hash(b, h);
	if (hm_tlog_prove_tree(newer->tree.n, older->tree.n, r, &p, &err) < 0) {
		hm_buf_addz(b, "\tinternal error: ");
		hm_buf_adds(b, hm_err_str(&err));
		hm_buf_addc(b, '\n');
	} else if (hm_tlog_check_tree(p.h, p.n, &newer->tree, &claimed, &err) < 0) {
		hm_buf_addz(b, "\tinternal error: generated inconsistent proof\n");
	} else {
		for (size_t i = 0; i < p.n; i++)
			add_hash(b, &p.h[i]);
	}
	hm_err_free(&err);
}

static int
report_fork(struct hm_sumdb *db, const struct head *older, const struct head *newer,
            const struct hm_hash_reader *r, const struct hm_hash *h, struct hm_err *err)
{
	struct hm_buf b = { 0 };

	hm_buf_addz(&b, "SECURITY ERROR\ngo.sum database server misbehavior detected!\n\n");
	hm_buf_addz(&b, "old database:\n\t");
	add_indented(&b, older->msg);
	hm_buf_addz(&b, "\nnew database:\n\t");
	add_indented(&b, newer->msg);
	hm_buf_addz(&b, "\nproof of misbehavior:");
	add_proof(&b, older, newer, r, h);
	if (db->ops.security_error)
		db->ops.security_error(db->ops.ctx, hm_buf_str(&b));
	hm_err_set(err, HM_ESECURITY, HM_F, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return hm_err_finish(err);
}

static bool
known_good(struct hm_sumdb *db, const struct hm_tree *tree)
{
	bool yes;

	pthread_mutex_lock(&db->mutex);
	yes = same_tree(&db->proven, tree);
	pthread_mutex_unlock(&db->mutex);
	return yes;
}

/* The older tree is the beginning of the newer one, or the run ends here. */
static int
check_trees(struct hm_sumdb *db, const struct head *older, const struct head *newer,
            struct hm_err *err)
{
	struct hm_tile_reader tr = tile_reader(db);
	struct hm_tile_hashes th = { &newer->tree, &tr };
	struct hm_hash_reader r = hm_tile_hash_reader(&th);
	struct hm_hash h;

	if (same_tree(&older->tree, &newer->tree) && known_good(db, &newer->tree))
		return 0;
	if (hm_tlog_tree_hash(older->tree.n, &r, &h, err) < 0) {
		if (older->tree.n == newer->tree.n)
			return hm_err_wrap(err, "checking tree#%" PRId64 ": ", older->tree.n);
		return hm_err_wrap(err, "checking tree#%" PRId64 " against tree#%" PRId64 ": ",
		                   older->tree.n, newer->tree.n);
	}
	if (hm_hash_eq(&h, &older->tree.hash))
		return 0;
	return report_fork(db, older, newer, &r, &h, err);
}

static int
parse_head(struct hm_sumdb *db, hm_str msg, struct head *head, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_note note;
	int rc = -1;

	head->msg = msg;
	if (hm_note_open(&a, msg, &db->key, 1, &note, err) < 0) {
		hm_err_wrap(err, "reading tree note: ");
		hm_err_append(err, "\nnote:\n" HM_F, HM_P(msg));
		goto out;
	}
	if (hm_tlog_parse_tree(note.text, &head->tree, err) < 0) {
		hm_err_wrap(err, "reading tree: ");
		hm_err_append(err, "\ntree:\n" HM_F, HM_P(note.text));
		goto out;
	}
	rc = 0;
out:
	hm_arena_free(&a);
	return rc;
}

/* Puts head in the place of latest, unless another thread has changed that meanwhile. */
static bool
install(struct hm_sumdb *db, struct head *latest, const struct head *head)
{
	bool ok;

	pthread_mutex_lock(&db->mutex);
	ok = same_tree(&db->latest.tree, &latest->tree);
	if (ok) {
		db->latest.tree = head->tree;
		db->latest.msg = hm_arena_dup(&db->arena, head->msg);
	} else {
		*latest = db->latest;
	}
	pthread_mutex_unlock(&db->mutex);
	return ok;
}

/* Makes a signed tree head part of the one timeline; *when says where it lies on it. */
static int
merge_in_memory(struct hm_sumdb *db, hm_str msg, enum when *when, struct hm_err *err)
{
	struct head latest = get_latest(db), head;

	if (msg.n == 0) { /* nothing was ever seen: the empty tree */
		*when = latest.tree.n == 0 ? NOW : PAST;
		return 0;
	}
	if (parse_head(db, msg, &head, err) < 0)
		return -1;
	for (;;) {
		/* The mutex is not held while tiles are read, so latest may move on. */
		if (head.tree.n <= latest.tree.n) {
			*when = head.tree.n < latest.tree.n ? PAST : NOW;
			return check_trees(db, &head, &latest, err);
		}
		if (check_trees(db, &latest, &head, err) < 0)
			return -1;
		if (install(db, &latest, &head)) {
			*when = FUTURE;
			return 0;
		}
	}
}

static int
read_latest_config(struct hm_sumdb *db, struct hm_buf *out, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc;

	hm_buf_clear(out);
	rc = db->ops.read_config(db->ops.ctx, file_name(db, &a, HM_S("latest")), out, err);
	hm_arena_free(&a);
	return rc;
}

static int
write_latest_config(struct hm_sumdb *db, hm_str was, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = db->ops.write_config(db->ops.ctx, file_name(db, &a, HM_S("latest")), was,
	                              get_latest(db).msg, err);

	hm_arena_free(&a);
	return rc;
}

/* Compare and swap until the file has what is in memory, or something newer that fits it. */
static int
save_latest(struct hm_sumdb *db, struct hm_err *err)
{
	struct hm_buf was = { 0 };
	enum when when;
	int rc;

	for (;;) {
		rc = read_latest_config(db, &was, err);
		if (rc == 0)
			rc = merge_in_memory(db, hm_buf_str(&was), &when, err);
		if (rc < 0 || when != PAST)
			break;
		rc = write_latest_config(db, hm_buf_str(&was), err);
		if (rc == 0 || !hm_err_is(err, HM_ECONFLICT))
			break;
		hm_err_clear(err);
	}
	hm_buf_free(&was);
	return rc;
}

static int
merge_latest(struct hm_sumdb *db, hm_str msg, struct hm_err *err)
{
	enum when when;

	if (merge_in_memory(db, msg, &when, err) < 0)
		return -1;
	return when == FUTURE ? save_latest(db, err) : 0;
}

/* ---- lookup */

static int
set_up(struct hm_sumdb *db, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	struct hm_tree empty = { .n = 0 };
	int rc = -1;

	if (hm_tlog_tree_hash(0, NULL, &empty.hash, err) < 0)
		goto out;
	db->latest.tree = empty;
	if (db->ops.read_config(db->ops.ctx, HM_S("key"), &b, err) < 0 ||
	    hm_verifier_parse(&db->arena, hm_str_trim(hm_buf_str(&b)), &db->key, err) < 0)
		goto out;
	if (read_latest_config(db, &b, err) < 0)
		goto out;
	rc = merge_latest(db, hm_buf_str(&b), err);
out:
	if (rc < 0)
		hm_err_wrap(err, "initializing sumdb.Client: ");
	hm_buf_free(&b);
	return rc;
}

static int
ensure_set_up(struct hm_sumdb *db, struct hm_err *err)
{
	if (begin(db, &db->init)) {
		set_up(db, &db->init.err);
		finish(db, &db->init);
	}
	return outcome(&db->init, err);
}

static int
check_record(struct hm_sumdb *db, int64_t id, hm_str text, struct hm_err *err)
{
	struct hm_tile_reader tr = tile_reader(db);
	struct head latest = get_latest(db);
	struct hm_hash have = hm_tlog_record_hash(text), want;
	int64_t index;

	if (id >= latest.tree.n)
		return hm_err_set(err, HM_ESECURITY,
		                  "cannot validate record %" PRId64 " in tree of size %" PRId64, id,
		                  latest.tree.n);
	index = hm_tlog_index(0, id);
	if (hm_tile_read_hashes(&latest.tree, &tr, &index, 1, &want, err) < 0)
		return -1;
	if (!hm_hash_eq(&have, &want))
		return hm_err_set(err, HM_ESECURITY,
		                  "cannot authenticate record data in server response");
	return 0;
}

int
hm_sumdb_check_tree(struct hm_sumdb *db, const struct hm_tree *tree, hm_str msg,
                    struct hm_err *err)
{
	struct head latest = get_latest(db), head = { *tree, msg };

	if (head.tree.n <= latest.tree.n)
		return check_trees(db, &head, &latest, err);
	return check_trees(db, &latest, &head, err);
}

/* msg was merged: it is a head of this log. */
static int
vouch(struct hm_sumdb *db, hm_str msg, int64_t id, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_tree tree;
	struct hm_note note;
	int rc = 0;

	if (db->ops.vouch) {
		rc = hm_note_open(&a, msg, &db->key, 1, &note, err);
		if (rc == 0)
			rc = hm_tlog_parse_tree(note.text, &tree, err);
		if (rc == 0)
			rc = db->ops.vouch(db->ops.ctx, &note, &tree, id, err);
	}
	hm_arena_free(&a);
	return rc;
}

/* What a lookup gave is a record of the log; *text is borrowed from data. */
static int
prove_record(struct hm_sumdb *db, struct hm_buf *data, hm_str *text, struct hm_err *err)
{
	hm_str head;
	int64_t id;

	if (hm_tlog_parse_record(hm_buf_str(data), &id, text, &head, err) < 0 ||
	    merge_latest(db, head, err) < 0 || check_record(db, id, *text, err) < 0)
		return -1;
	return vouch(db, head, id, err);
}

/* Reads and proves a record; its text is left in *data. */
static int
load_record(struct hm_sumdb *db, hm_str remote, struct hm_buf *data, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str file = file_name(db, &a, hm_str_from(remote, 1)), text;
	bool cached = db->ops.read_cache(db->ops.ctx, file, data);
	int rc = -1;

	if (!cached && read_remote(db, remote, data, err) < 0)
		goto out;
	rc = prove_record(db, data, &text, err);
	if (rc < 0 && cached && db->ops.vouch && !err->final) {
		/* It may be from before the witnesses were asked for. */
		hm_err_clear(err);
		cached = false;
		rc = read_remote(db, remote, data, err);
		if (rc == 0)
			rc = prove_record(db, data, &text, err);
	}
	if (rc < 0)
		goto out;
	if (!cached)
		db->ops.write_cache(db->ops.ctx, file, hm_buf_str(data));
	memmove(data->p, text.p, text.n);
	data->n = text.n;
out:
	hm_arena_free(&a);
	return rc;
}

static struct record_slot *
record_slot(struct hm_sumdb *db, hm_str remote)
{
	struct record_slot *slot;

	pthread_mutex_lock(&db->mutex);
	slot = hm_map_get(&db->records, remote);
	if (!slot) {
		slot = HM_NEW(&db->arena, struct record_slot);
		hm_map_set(&db->records, hm_arena_dup(&db->arena, remote), slot);
	}
	pthread_mutex_unlock(&db->mutex);
	return slot;
}

/* "/lookup/" + escaped path@version, the same for a module and its go.mod. */
static int
remote_path(struct hm_arena *a, hm_str path, hm_str version, hm_str *out, struct hm_err *err)
{
	hm_str epath, eversion;

	hm_str_cut_suffix(&version, HM_S("/go.mod"));
	if (hm_modpath_escape(a, path, &epath, err) < 0 ||
	    hm_modpath_escape_version(a, version, &eversion, err) < 0)
		return -1;
	*out = hm_arena_printf(a, "/lookup/" HM_F "@" HM_F, HM_P(epath), HM_P(eversion));
	return 0;
}

static int
lookup(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str version, struct once **out,
       struct hm_err *err)
{
	struct once *o;
	hm_str remote;

	if (ensure_set_up(db, err) < 0 || remote_path(a, path, version, &remote, err) < 0)
		return -1;
	o = &record_slot(db, remote)->once;
	if (begin(db, o)) {
		load_record(db, remote, &o->data, &o->err);
		finish(db, o);
	}
	*out = o;
	return outcome(o, err);
}

int
hm_sumdb_ask(struct hm_sumdb *db, hm_str path, struct hm_buf *out, struct hm_err *err)
{
	return ensure_set_up(db, err) < 0 ? -1 : read_remote(db, path, out, err);
}

int
hm_sumdb_prove(struct hm_sumdb *db, struct hm_buf *answer, hm_str *text, struct hm_err *err)
{
	return ensure_set_up(db, err) < 0 ? -1 : prove_record(db, answer, text, err);
}

int
hm_sumdb_merge(struct hm_sumdb *db, hm_str msg, struct hm_err *err)
{
	return ensure_set_up(db, err) < 0 ? -1 : merge_latest(db, msg, err);
}

int
hm_sumdb_reader(struct hm_sumdb *db, struct hm_tree *tree, struct hm_tile_reader *tiles,
                struct hm_err *err)
{
	if (ensure_set_up(db, err) < 0)
		return -1;
	*tree = get_latest(db).tree;
	*tiles = tile_reader(db);
	return 0;
}

int
hm_sumdb_lookup(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str version,
                struct hm_strs *lines, struct hm_err *err)
{
	struct once *o;
	hm_str prefix, text, line;

	if (lookup(db, a, path, version, &o, err) < 0)
		return hm_err_wrap(err, HM_F "@" HM_F ": ", HM_P(path), HM_P(version));
	prefix = hm_arena_printf(a, HM_F " " HM_F " ", HM_P(path), HM_P(version));
	text = hm_str_make(o->data.p, o->data.n);
	while (hm_str_next(&text, '\n', &line))
		if (hm_str_has_prefix(line, prefix))
			HM_PUSH(a, *lines, hm_arena_dup(a, line));
	return 0;
}
