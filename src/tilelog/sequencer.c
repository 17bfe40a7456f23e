/*
 * sequencer.c - the one thread that appends: sequence, write, fsync, swap, have the
 * head endorsed, show it.
 */
#include <stdlib.h>

#include "tilelog/log.h"

enum { RETRY_MS = 1000 };

hm_str
hm_tilelog_key(hm_str text)
{
	ptrdiff_t end = hm_str_index_byte(text, '\n'), hash;

	if (end < 0)
		return HM_S("");
	text.n = (size_t)end;
	hash = hm_str_rindex_byte(text, ' ');
	return hash > 0 ? hm_str_sub(text, 0, (size_t)hash) : HM_S("");
}

/* ---- one batch */

/* One that is well-formed. */
struct item {
	struct hm_append *a;
	const struct item *same; /* an earlier one of this batch by that name */
	int64_t hash, at;        /* where it begins in its data tile */
	bool known;              /* the log had it */
};

struct batch {
	struct hm_tilelog *l;
	struct hm_arena arena;
	struct hm_append *all;
	struct item *item;       /* in order of arrival */
	struct item **by_hash;   /* so that the index is walked in its own order */
	size_t n;
	struct { /* those that become records size, size + 1, ... */
		struct hm_append **v;
		size_t n, cap;
	} fresh;
	struct item *now;        /* the one that is looked up */
};

static int
by_hash(const void *x, const void *y)
{
	const struct item *a = *(struct item *const *)x, *b = *(struct item *const *)y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void
sort(struct batch *b)
{
	size_t n = 0;

	for (struct hm_append *a = b->all; a; a = a->next)
		n += a->rc == 0;
	b->item = HM_NEW_N(&b->arena, n + 1, struct item);
	b->by_hash = HM_NEW_N(&b->arena, n + 1, struct item *);
	for (struct hm_append *a = b->all; a; a = a->next) {
		struct item *i = &b->item[b->n];

		if (a->rc)
			continue;
		*i = (struct item){ .a = a, .hash = hm_logindex_hash(hm_tilelog_key(a->text)) };
		b->by_hash[b->n++] = i;
	}
	qsort(b->by_hash, b->n, sizeof(*b->by_hash), by_hash);
}

/* The log has this name as record id: the same text, or it is refused. */
static void
settle(struct hm_append *a, int64_t id, hm_str text)
{
	a->id = id;
	if (!hm_str_eq(text, a->text))
		a->rc = hm_err_set(&a->err, HM_ESECURITY,
				   HM_F ": refused: the log has other hashes of this version\n"
					"\tlogged (record %lld):\n" HM_F "\tnew:\n" HM_F,
				   HM_P(hm_tilelog_key(text)), (long long)id, HM_P(text),
				   HM_P(a->text));
}

/* Is record `id` the one that b->now wants to append? Then the answer is 1. */
static int
compare(void *ctx, struct hm_hint hint, struct hm_err *err)
{
	struct batch *b = ctx;
	struct hm_tilelog *l = b->l;
	struct hm_append *a = b->now->a;
	hm_str text, key = hm_tilelog_key(a->text);
	bool is;

	if (hint.id < l->tree.n) {
		if (hm_tilelog_is_record(l, &b->arena, hint, key, &text, &is, err))
			return -1;
	} else if (hm_tail_record(&l->tail, hint.id, &text)) { /* committed, not shown yet */
		is = hm_str_eq(hm_tilelog_key(text), key);
	} else {
		return hm_err_set(err, HM_EINVALID, "index.db: record %lld is not in the log",
		                  (long long)hint.id);
	}
	if (is)
		settle(a, hint.id, text);
	return is;
}

/* What is in the log already, and what comes twice. */
static int
look_up(struct batch *b, struct hm_err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->by_hash[i];
		hm_str key = hm_tilelog_key(it->a->text);
		int found;

		b->now = it;
		found = hm_logindex_find(b->l->index, it->hash, compare, b, err);
		if (found < 0)
			return -1;
		it->known = found;
		for (size_t k = i; !it->known && !it->same && k > 0; k--) {
			const struct item *before = b->by_hash[k - 1];

			if (before->hash != it->hash)
				break;
			if (!before->same && hm_str_eq(hm_tilelog_key(before->a->text), key))
				it->same = before;
		}
	}
	return 0;
}

/* Numbers in order of arrival; names into the index in its order. */
static int
number(struct batch *b, struct hm_err *err)
{
	int64_t at = hm_tail_at(&b->l->tail);

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = &b->item[i];
		struct hm_append *a = it->a;

		if (it->known)
			continue;
		if (it->same) {
			settle(a, it->same->a->id, it->same->a->text);
			continue;
		}
		a->id = b->l->head.n + (int64_t)b->fresh.n;
		a->fresh = true;
		it->at = at;
		at = (a->id + 1) % HM_TILE_WIDTH ? at + (int64_t)a->text.n + 1 : 0;
		HM_PUSH(&b->arena, b->fresh, a);
		if (hm_logindex_add_pending(b->l->index, a->id, a->text, err))
			return -1;
	}
	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->by_hash[i];
		struct hm_hint hint = { it->a->id, it->at };

		if (it->a->fresh && hm_logindex_add_recent(b->l->index, it->hash, hint, err))
			return -1;
	}
	/* Twice as many as came, so that they never pile up. */
	return hm_logindex_merge(b->l->index, RECENT_NAMES, 2 * b->fresh.n + 64, err);
}

/* The tail grows beyond what readers look at. */
static void
grow(struct batch *b)
{
	pthread_rwlock_wrlock(&b->l->seen);
	for (size_t i = 0; i < b->fresh.n; i++)
		hm_tail_add(&b->l->tail, b->fresh.v[i]->text, &b->fresh.v[i]->hash);
	pthread_rwlock_unlock(&b->l->seen);
}

static void
note_head(struct hm_tilelog *l, const struct hm_logstate *s)
{
	l->head = s->tree;
	hm_buf_clear(&l->head_latest);
	hm_buf_adds(&l->head_latest, s->latest);
	hm_buf_clear(&l->head_checkpoint);
	hm_buf_adds(&l->head_checkpoint, s->checkpoint);
	l->owing = true;
}

static int
commit_fresh(struct batch *b, struct hm_err *err)
{
	struct hm_tilelog *l = b->l;
	struct hm_logstate now = { .tree.n = l->tail.size, .sealed = l->sealed };

	if (hm_tail_root(&l->tail, &now.tree.hash, err) ||
	    hm_tilelog_sign(l, &b->arena, &now.tree, &now.latest, &now.checkpoint, err) ||
	    hm_logindex_swap(l->index, &l->head, &now, err) || hm_logindex_commit(l->index, err))
		return -1;
	note_head(l, &now);
	return 0;
}

static int
commit(struct batch *b, struct hm_err *err)
{
	struct hm_tilelog *l = b->l;

	if (!b->all)
		return 0;
	if (l->tail.size - l->sealed > UNPUBLISHED_MAX)
		return hm_err_set(err, HM_EIO, "too many records wait to be published");
	sort(b);
	if (hm_logindex_begin(l->index, err))
		return -1;
	if (look_up(b, err) || number(b, err))
		goto fail;
	if (b->fresh.n == 0) {
		hm_logindex_rollback(l->index);
		return 0;
	}
	grow(b);
	if (commit_fresh(b, err) == 0)
		return 0;
	pthread_rwlock_wrlock(&l->seen);
	hm_tail_cut(&l->tail, l->head.n);
	pthread_rwlock_unlock(&l->seen);
fail:
	hm_logindex_rollback(l->index);
	return -1;
}

/* ---- showing it */

/* What the endorsement gave is the same head, signed by us, and more. */
static int
check_endorsed(struct hm_tilelog *l, struct hm_arena *a, hm_str point, struct hm_err *err)
{
	struct hm_tree t;

	if (point.n > HM_TILELOG_HEAD_MAX)
		return hm_err_set(err, HM_ELIMIT, "the endorsed checkpoint is too long");
	if (hm_tilelog_open_head(l, a, point, true, &t, err))
		return hm_err_wrap(err, "the endorsed checkpoint: ");
	if (t.n != l->head.n || !hm_hash_eq(&t.hash, &l->head.hash))
		return hm_err_set(err, HM_ESECURITY, "the endorsed checkpoint is another one");
	return 0;
}

/* It must be known after a crash that this one was shown, hence the second commit. */
static int
endorse(struct hm_tilelog *l, struct hm_arena *a, hm_str *latest, hm_str *point,
        struct hm_err *err)
{
	if (!l->opts.endorse)
		return hm_err_set(err, HM_EOFF,
		                  "this log's heads take an endorsement, which is the server's");
	if (l->opts.endorse(l->opts.ctx, l, a, &l->head, *point, point, err) ||
	    check_endorsed(l, a, *point, err) ||
	    hm_tilelog_carry_signatures(l, a, *point, latest, err))
		return -1;
	return hm_logindex_show(l->index, *latest, *point, err);
}

static int
show(struct hm_tilelog *l, struct hm_arena *a, struct hm_err *err)
{
	hm_str latest = hm_buf_str(&l->head_latest), point = hm_buf_str(&l->head_checkpoint);

	if (l->endorsed && endorse(l, a, &latest, &point, err))
		return -1;
	pthread_rwlock_wrlock(&l->seen);
	l->tree = l->head;
	hm_buf_clear(&l->latest);
	hm_buf_adds(&l->latest, latest);
	hm_buf_clear(&l->checkpoint);
	hm_buf_adds(&l->checkpoint, point);
	pthread_rwlock_unlock(&l->seen);
	l->owing = false;
	pthread_mutex_lock(&l->mutex);
	l->fresh = true;
	pthread_cond_signal(&l->shown);
	pthread_mutex_unlock(&l->mutex);
	return 0;
}

/* ---- what became of each */

/* Without the callback nobody here can show it: durable is all that is asked for. */
static bool
is_answered(const struct hm_tilelog *l, const struct hm_append *a)
{
	return a->id < l->tree.n || (l->endorsed && !l->opts.endorse && a->id < l->head.n);
}

static void
answer(struct batch *b, struct hm_err *err)
{
	struct hm_append *next;

	for (struct hm_append *a = b->all; a; a = next) {
		next = a->next; /* a's memory may be gone after done */
		if (a->rc && a->err.code == HM_ESECURITY)
			hm_tilelog_alarm(b->l, hm_err_str(&a->err));
		if (a->rc == 0 && !is_answered(b->l, a)) {
			a->rc = hm_err_set(&a->err, err->code, HM_F, HM_P(hm_err_str(err)));
			a->id = -1;
		}
		a->fresh &= a->rc == 0;
		a->done(a);
	}
}

/* Nothing of a batch that failed has a number. */
static void
forget_ids(struct batch *b)
{
	for (struct hm_append *a = b->all; a; a = a->next)
		if (a->rc == 0)
			a->id = INT64_MAX;
}

static void
count(struct batch *b, int rc)
{
	uint64_t bad = 0;

	for (struct hm_append *a = b->all; a; a = a->next)
		bad += a->rc != 0;
	pthread_mutex_lock(&b->l->mutex);
	b->l->batches += b->all != NULL;
	b->l->refused += bad;
	b->l->appended += rc == 0 ? b->fresh.n : 0;
	pthread_mutex_unlock(&b->l->mutex);
}

/* all may be NULL: only an endorsement is still owing. */
static void
work_off(struct hm_tilelog *l, struct hm_append *all)
{
	struct batch b = { .l = l, .all = all };
	struct hm_err err = { 0 };
	int rc = commit(&b, &err);

	if (rc)
		forget_ids(&b);
	count(&b, rc);
	if (rc == 0 && l->owing)
		rc = show(l, &b.arena, &err);
	if (rc && !(err.code == HM_EOFF && l->endorsed))
		hm_log(l->log, HM_LOG_WARN, "appending: " HM_F, HM_P(hm_err_str(&err)));
	answer(&b, &err);
	hm_err_free(&err);
	hm_arena_free(&b.arena);
}

/* ---- the thread */

/* Up to BATCH_MAX of the queue; NULL when it is empty. With the mutex held. */
static struct hm_append *
take_batch(struct hm_tilelog *l)
{
	struct hm_append *all = l->first, **end = &l->first;
	size_t n = 0;

	while (*end && n < BATCH_MAX) {
		end = &(*end)->next;
		n++;
	}
	l->first = *end;
	if (end != &l->first)
		*end = NULL;
	if (!l->first)
		l->last = &l->first;
	l->waiting -= n;
	return n ? all : NULL;
}

void
hm_tilelog_seal(struct hm_tilelog *l)
{
	int64_t written;

	pthread_mutex_lock(&l->mutex);
	written = l->written;
	pthread_mutex_unlock(&l->mutex);
	if (written <= l->sealed)
		return;
	pthread_rwlock_wrlock(&l->seen);
	hm_tail_drop(&l->tail, written);
	pthread_rwlock_unlock(&l->seen);
	l->sealed = written;
}

/* So many records wait for their tiles that memory is at stake. With the mutex held. */
static void
wait_for_tiles(struct hm_tilelog *l)
{
	while (l->tree.n - l->written > BACKLOG && !l->behind && !l->stop)
		pthread_cond_wait(&l->work, &l->mutex);
}

static void *
sequence(void *arg)
{
	struct hm_tilelog *l = arg;
	struct hm_append *all;

	pthread_mutex_lock(&l->mutex);
	for (;;) {
		wait_for_tiles(l);
		all = take_batch(l);
		if (!all && l->stop)
			break;
		pthread_mutex_unlock(&l->mutex);
		hm_tilelog_seal(l);
		if (all || l->owing)
			work_off(l, all);
		pthread_mutex_lock(&l->mutex);
		if (l->first || l->stop)
			continue;
		if (l->owing && l->opts.endorse)
			hm_tilelog_wait(&l->work, &l->mutex, RETRY_MS);
		else
			pthread_cond_wait(&l->work, &l->mutex);
	}
	pthread_mutex_unlock(&l->mutex);
	return NULL;
}

int
hm_tilelog_start(struct hm_tilelog *l, struct hm_err *err)
{
	int sys;

	if (hm_tilelog_start_publisher(l, err))
		return -1;
	sys = pthread_create(&l->thread, NULL, sequence, l);
	if (sys) {
		hm_tilelog_stop_publisher(l);
		return hm_err_sys(err, sys, "starting the log's thread");
	}
	l->running = true;
	return 0;
}

void
hm_tilelog_stop(struct hm_tilelog *l)
{
	if (!l->running)
		return;
	pthread_mutex_lock(&l->mutex);
	l->stop = true;
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->mutex);
	pthread_join(l->thread, NULL);
	hm_tilelog_stop_publisher(l);
	hm_tilelog_seal(l);
	l->running = false;
}

/* ---- the queue */

static int
check(struct hm_append *a)
{
	struct hm_arena arena = { 0 };
	hm_str out;
	int rc;

	if (a->text.n > HM_TILELOG_RECORD_MAX)
		return hm_err_set(&a->err, HM_ELIMIT, "record of %zu bytes is too long", a->text.n);
	rc = hm_tlog_format_record(&arena, 0, a->text, &out, &a->err);
	hm_arena_free(&arena);
	if (rc == 0 && hm_tilelog_key(a->text).n == 0)
		rc = hm_err_set(&a->err, HM_EINVALID, "malformed record data");
	return rc;
}

void
hm_tilelog_submit(struct hm_tilelog *l, struct hm_append *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		v[i].id = -1;
		v[i].fresh = false;
		v[i].next = i + 1 < n ? &v[i + 1] : NULL;
		v[i].err = (struct hm_err){ 0 };
		v[i].rc = check(&v[i]);
		v[i].hash = hm_tlog_record_hash(v[i].text);
	}
	if (n == 0)
		return;
	pthread_mutex_lock(&l->mutex);
	if (l->waiting >= HM_TILELOG_QUEUE_MAX || n > HM_TILELOG_QUEUE_MAX - l->waiting)
		for (size_t i = 0; i < n; i++)
			if (v[i].rc == 0)
				v[i].rc = hm_err_set(&v[i].err, HM_ELIMIT,
						     "too many records wait to be logged");
	*l->last = v;
	l->last = &v[n - 1].next;
	l->waiting += n;
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->mutex);
}

struct waiting {
	pthread_mutex_t mutex;
	pthread_cond_t done;
	size_t left;
};

static void
one_done(struct hm_append *a)
{
	struct waiting *w = a->ctx;

	pthread_mutex_lock(&w->mutex);
	if (--w->left == 0)
		pthread_cond_signal(&w->done);
	pthread_mutex_unlock(&w->mutex);
}

int
hm_tilelog_append(struct hm_tilelog *l, struct hm_append *v, size_t n, struct hm_err *err)
{
	struct waiting w = { .left = n };
	int rc = 0;

	pthread_mutex_init(&w.mutex, NULL);
	pthread_cond_init(&w.done, NULL);
	for (size_t i = 0; i < n; i++) {
		v[i].done = one_done;
		v[i].ctx = &w;
	}
	hm_tilelog_submit(l, v, n);
	pthread_mutex_lock(&w.mutex);
	while (w.left)
		pthread_cond_wait(&w.done, &w.mutex);
	pthread_mutex_unlock(&w.mutex);
	pthread_cond_destroy(&w.done);
	pthread_mutex_destroy(&w.mutex);
	for (size_t i = 0; i < n; i++) {
		if (v[i].rc && rc == 0)
			rc = hm_err_set(err, v[i].err.code, HM_F, HM_P(hm_err_str(&v[i].err)));
		hm_err_free(&v[i].err);
	}
	return rc;
}
