#include "verify/quorum.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/hex.h"
#include "crypto/sha256.h"
#include "tilelog/checkpoint.h"
#include "tlog/cosign.h"
#include "tlog/trust.h"

struct hm_quorum {
	const struct hm_verify_remote *remote;
	const struct hm_trust *trust;
	const struct hm_verifier *log;
	size_t need;
	pthread_mutex_t mutex; /* guards the next */
	int64_t *seen; /* size of the proven tree that the witness published last; one each */
};

struct hm_quorum *
hm_quorum_new(const struct hm_verify_remote *remote, const struct hm_sumdb_choice *choice,
              const struct hm_verifier *log)
{
	struct hm_quorum *q = hm_mem_new(sizeof(*q));

	*q = (struct hm_quorum){ .remote = remote, .trust = choice->trust, .log = log,
		                 .need = choice->quorum };
	q->seen = hm_mem_grow(NULL, q->trust->n_witness + 1, sizeof(*q->seen));
	memset(q->seen, 0, (q->trust->n_witness + 1) * sizeof(*q->seen));
	pthread_mutex_init(&q->mutex, NULL);
	return q;
}

void
hm_quorum_free(struct hm_quorum *q)
{
	if (!q)
		return;
	pthread_mutex_destroy(&q->mutex);
	free(q->seen);
	free(q);
}

static hm_str
origin_of(const struct hm_quorum *q)
{
	return hm_checkpoint_origin(q->log->name);
}

/* ---- a witness that publishes what it has seen */

static int
read_published(struct hm_quorum *q, struct hm_arena *a, size_t i, hm_str *out, struct hm_err *err)
{
	uint8_t sum[HM_SHA256_SIZE];
	struct hm_buf b = { 0 };
	hm_str url = q->trust->witness_url[i];
	int rc;

	hm_str_cut_suffix(&url, HM_S("/"));
	hm_sha256_of(origin_of(q), sum);
	url = hm_arena_printf(a, HM_F "/" HM_F "/checkpoint", HM_P(url),
	                      HM_P(hm_hex_encode(a, sum, sizeof(sum))));
	rc = q->remote->get(q->remote->ctx, url, &b, err);
	*out = hm_buf_take(&b, a);
	return rc;
}

/* The tree that it cosigned: properly signed by both, and of one history with what we have. */
static int
check_published(struct hm_quorum *q, struct hm_sumdb *db, struct hm_arena *a, size_t i,
                hm_str text, struct hm_tree *tree, struct hm_err *err)
{
	struct hm_note note;
	size_t n;

	if (hm_note_open(a, text, q->log, 1, &note, err) ||
	    hm_checkpoint_read(note.text, q->log->name, tree, err) ||
	    hm_cosign_count(&note, hm_checkpoint_cosigned(a, q->log->name, note.text, tree),
	                    &q->trust->witness[i], 1, NULL, &n, err))
		return -1;
	if (n == 0)
		return hm_err_set(err, HM_EINVALID, "not cosigned by " HM_F,
		                  HM_P(q->trust->witness[i].name));
	return hm_sumdb_check_tree(db, tree, text, err);
}

static int64_t
get_seen(struct hm_quorum *q, size_t i)
{
	int64_t n;

	pthread_mutex_lock(&q->mutex);
	n = q->seen[i];
	pthread_mutex_unlock(&q->mutex);
	return n;
}

static void
set_seen(struct hm_quorum *q, size_t i, int64_t n)
{
	pthread_mutex_lock(&q->mutex);
	if (n > q->seen[i])
		q->seen[i] = n;
	pthread_mutex_unlock(&q->mutex);
}

/* Has witness i published a tree with record id?  What it cannot say goes to why. */
static int
ask(struct hm_quorum *q, struct hm_sumdb *db, size_t i, int64_t id, bool *yes,
    struct hm_buf *why, struct hm_err *err)
{
	struct hm_err failed = { 0 };
	struct hm_arena a = { 0 };
	struct hm_tree tree = { .n = get_seen(q, i) };
	hm_str text, name = q->trust->witness[i].name;
	int rc = 0;

	if (id >= tree.n) {
		rc = read_published(q, &a, i, &text, &failed);
		if (rc == 0)
			rc = check_published(q, db, &a, i, text, &tree, &failed);
		if (rc == 0)
			set_seen(q, i, tree.n);
	}
	*yes = rc == 0 && id < tree.n;
	if (rc && failed.code == HM_ESECURITY) {
		hm_err_move(err, &failed);
		hm_arena_free(&a);
		return hm_err_wrap(err, "witness " HM_F ": ", HM_P(name));
	}
	if (rc)
		hm_buf_printf(why, "\n\t" HM_F ": " HM_F, HM_P(name), HM_P(hm_err_str(&failed)));
	else if (!*yes)
		hm_buf_printf(why, "\n\t" HM_F ": has seen %lld records, not yet this one",
		              HM_P(name), (long long)tree.n);
	hm_err_free(&failed);
	hm_arena_free(&a);
	return 0;
}

/* ---- */

static int
too_few(const struct hm_quorum *q, const struct hm_tree *tree, size_t n, struct hm_buf *why,
        struct hm_err *err)
{
	return hm_err_set(err, HM_ESECURITY,
	                  "too few witnesses: the tree of %lld records of " HM_F
	                  " is cosigned by %zu, HERMOD_SUMDBS wants %zu of %zu" HM_F,
	                  (long long)tree->n, HM_P(q->log->name), n, q->need,
	                  q->trust->n_witness, HM_P(hm_buf_str(why)));
}

/* Those that are missing on the head itself, until there are enough. */
static int
ask_others(struct hm_quorum *q, struct hm_sumdb *db, const bool *has, int64_t id, size_t *n,
           struct hm_buf *why, struct hm_err *err)
{
	for (size_t i = 0; i < q->trust->n_witness && *n < q->need; i++) {
		bool yes;

		if (has[i] || q->trust->witness_url[i].n == 0)
			continue;
		if (ask(q, db, i, id, &yes, why, err))
			return -1;
		*n += yes;
	}
	return 0;
}

int
hm_quorum_vouch(struct hm_quorum *q, struct hm_sumdb *db, const struct hm_note *note,
                const struct hm_tree *tree, int64_t id, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_buf why = { 0 };
	bool *has = HM_NEW_N(&a, q->trust->n_witness, bool);
	size_t n = 0;
	int rc;

	rc = hm_cosign_count(note, hm_checkpoint_cosigned(&a, q->log->name, note->text, tree),
	                     q->trust->witness, q->trust->n_witness, has, &n, err);
	if (rc == 0 && id >= tree->n)
		rc = hm_err_set(err, HM_ESECURITY, "record %lld is not in its tree of %lld",
		                (long long)id, (long long)tree->n);
	if (rc == 0)
		rc = ask_others(q, db, has, id, &n, &why, err);
	if (rc == 0 && n < q->need)
		rc = too_few(q, tree, n, &why, err);
	hm_buf_free(&why);
	hm_arena_free(&a);
	return rc;
}
