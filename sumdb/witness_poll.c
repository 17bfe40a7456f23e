/*
 * witness_poll.c - logs that do not ask: their newest head is read, the consistency
 * proof made out of their tiles, and the rest is as if they had asked.
 */
#include "remote.h"
#include "tilelog/checkpoint.h"
#include "witness.h"

/* One look at one log. */
struct look {
	struct witness *w;
	struct hm_arena *a;
	struct known *k;
	struct remote r;
	hm_str head;
	struct hm_note note;
	struct hm_tree tree;
};

static int
read_head(struct look *l, struct hm_err *err)
{
	const struct known *k = l->k;

	l->r.scratch = l->a;
	if (remote_head(&l->r, l->a, true, &l->head, err))
		return -1;
	if (hm_note_open(l->a, l->head, k->keys, k->n_keys, &l->note, err))
		return -1;
	return hm_checkpoint_read(l->note.text, k->name, &l->tree, err);
}

static int
contradiction(struct look *l, enum event_kind kind, const char *what, int *status,
              struct hm_err *err)
{
	*status = event_status(kind);
	hm_err_set(err, HM_ESECURITY, "%s (%lld records, %lld cosigned)", what,
	           (long long)l->tree.n, (long long)l->k->tree.n);
	witness_alarm(l->w, kind, l->k, l->head, err);
	return -1;
}

/* An older head of the same history is late, and no more: caches do that. */
static int
check_older(struct look *l, int *status, struct hm_err *err)
{
	struct hm_hash root;

	if (remote_front(&l->r, &l->k->tree, l->tree.n, &root, err)) {
		hm_err_clear(err);
		return contradiction(l, EVENT_ROLLBACK, "the log was rolled back", status, err);
	}
	if (!hm_hash_eq(&root, &l->tree.hash))
		return contradiction(l, EVENT_FORK, "the log has forked", status, err);
	return 0;
}

static int
make_proof(struct look *l, struct hm_add_checkpoint *req, int *status, struct hm_err *err)
{
	struct hm_tile_reader tiles = remote_tiles(&l->r);
	struct hm_tile_hashes th = { &l->tree, &tiles };
	struct hm_hash_reader hashes = hm_tile_hash_reader(&th);
	struct hm_hash root;

	if (remote_front(&l->r, &l->tree, req->old, &root, err))
		return -1;
	if (!hm_hash_eq(&root, &l->k->tree.hash))
		return contradiction(l, EVENT_FORK, "the log has forked", status, err);
	return hm_tlog_prove_tree(l->tree.n, req->old, &hashes, &req->proof, err);
}

static int
look_at(struct look *l, int *status, struct hm_err *err)
{
	struct hm_add_checkpoint req = { .old = l->k->tree.n };
	hm_str line;

	if (read_head(l, err))
		return -1;
	req.note = l->head;
	if (l->tree.n < req.old)
		return check_older(l, status, err);
	if (req.old > 0 && l->tree.n > req.old && make_proof(l, &req, status, err))
		return -1;
	if (witness_cosign(l->w, l->a, l->k, &l->note, &l->tree, &req, &line, err)) {
		if (err->code == HM_ECONFLICT) {
			hm_err_clear(err); /* somebody else was quicker */
			return 0;
		}
		if (err->code == HM_ESECURITY)
			*status = event_status(EVENT_FORK);
		return -1;
	}
	return 0;
}

/* Told once, until the log is as it should be again. */
static void
note_down(struct witness *w, const struct known *k, enum event_kind kind, struct hm_err *err)
{
	struct event e = { .kind = kind, .log = k->name, .message = hm_err_str(err) };
	struct hm_err bad = { 0 };

	if (hm_strs_has(&w->down, k->name))
		return;
	HM_PUSH(&w->arena, w->down, hm_arena_dup(&w->arena, k->name));
	if (event_hook(w->hook, &e, w->log, &bad))
		hm_log(w->log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(&bad)));
	hm_err_free(&bad);
}

static void
note_up(struct witness *w, const struct known *k)
{
	for (size_t i = 0; i < w->down.n; i++)
		if (hm_str_eq(w->down.v[i], k->name))
			w->down.v[i--] = w->down.v[--w->down.n];
}

/* What a look asks with, so that it can be cut short; NULL when it is over. */
static void
note_asking(struct witness *w, struct hm_http *http)
{
	pthread_mutex_lock(&w->mutex);
	w->asking = http;
	pthread_mutex_unlock(&w->mutex);
	if (atomic_load(&w->ending))
		hm_http_cancel(http);
}

void
witness_end(struct witness *w)
{
	atomic_store(&w->ending, true);
	pthread_mutex_lock(&w->mutex);
	hm_http_cancel(w->asking);
	pthread_mutex_unlock(&w->mutex);
}

static int
look_once(struct witness *w, struct known *k, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct look l = { .w = w, .a = &a, .k = k };
	struct hm_strs none = { 0 };
	enum event_kind kind;
	int status = 0, rc;

	rc = remote_open(&l.r, hm_str_eqz(k->url, "goproxy") ? HM_S("") : k->url, &none, w->log,
	                 err);
	l.r.keys = k->keys;
	l.r.n_keys = k->n_keys;
	note_asking(w, l.r.http);
	if (rc == 0)
		rc = look_at(&l, &status, err);
	note_asking(w, NULL);
	remote_close(&l.r);
	if (rc == 0) {
		note_up(w, k);
		status = 0;
	} else if (status == 0 && !atomic_load(&w->ending)) { /* else it is told already */
		kind = event_is_unreachable(err) ? EVENT_UNREACHABLE : EVENT_INVALID;
		note_down(w, k, kind, err);
		hm_log(w->log, HM_LOG_WARN, HM_F ": " HM_F, HM_P(k->name),
		       HM_P(hm_err_str(err)));
		status = event_status(kind);
	}
	hm_arena_free(&a); /* what is known of the log may have been read into it again */
	return status;
}

/* fork, rollback, what does not verify, unreachable */
static bool
is_worse(int a, int b)
{
	static const int rank[] = { [0] = 0, [6] = 1, [5] = 2, [1] = 3, [4] = 4, [3] = 5 };

	return rank[a] > rank[b];
}

int
witness_poll(struct witness *w, hm_str name, int *status, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct knowns logs;
	int rc = witness_logs(w, &a, &logs, err);

	*status = 0;
	for (size_t i = 0; rc == 0 && i < logs.n && !atomic_load(&w->ending); i++) {
		struct hm_err one = { 0 };
		int got;

		if (logs.v[i].url.n == 0 || (name.n && !hm_str_eq(name, logs.v[i].name)))
			continue;
		got = look_once(w, &logs.v[i], &one);
		if (is_worse(got, *status))
			*status = got;
		hm_err_free(&one);
	}
	hm_arena_free(&a);
	return rc;
}
