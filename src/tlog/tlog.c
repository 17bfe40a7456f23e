#include "tlog/tlog.h"

#include "codec/base64.h"
#include "crypto/sha256.h"

/* Stored hashes that one proof or root of a tree within HM_TLOG_SIZE_MAX needs. */
#define PLAN_MAX 192

/* Records [lo, hi); how many stored hashes make it up is worked out from that. */
struct span {
	int64_t lo, hi;
};

/* The way from the root down to where a proof starts, and what lies beside it. */
struct walk {
	struct span at;
	struct span side[HM_TLOG_PROOF_MAX]; /* from the root down */
	bool right[HM_TLOG_PROOF_MAX];       /* the way goes right, side is on the left */
	size_t n;
};

struct plan {
	int64_t index[PLAN_MAX];
	size_t n;
};

hm_str
hm_hash_text(struct hm_arena *a, const struct hm_hash *h)
{
	return hm_base64_encode(a, HM_BASE64_STD, h->b, sizeof(h->b));
}

int
hm_hash_parse(hm_str text, struct hm_hash *h, struct hm_err *err)
{
	if (!hm_base64_decode_to(HM_BASE64_STD, text, h->b, sizeof(h->b)))
		return hm_err_set(err, HM_EINVALID, "malformed hash");
	return 0;
}

/* RFC 6962, 2.1: the first byte keeps leaves and nodes apart. */
struct hm_hash
hm_tlog_record_hash(hm_str record)
{
	struct hm_sha256 s;
	struct hm_hash h;

	hm_sha256_init(&s);
	hm_sha256_add(&s, "\0", 1);
	hm_sha256_adds(&s, record);
	hm_sha256_final(&s, h.b);
	return h;
}

struct hm_hash
hm_tlog_node_hash(const struct hm_hash *left, const struct hm_hash *right)
{
	char in[1 + 2 * sizeof(left->b)];
	struct hm_hash h;

	in[0] = 1;
	memcpy(in + 1, left->b, sizeof(left->b));
	memcpy(in + 1 + sizeof(left->b), right->b, sizeof(right->b));
	hm_sha256_of(hm_str_make(in, sizeof(in)), h.b);
	return h;
}

int64_t
hm_tlog_index(int level, int64_t n)
{
	int64_t i = 0;

	/* Go down to the last record below the hash, which completed it. */
	for (int l = level; l > 0; l--)
		n = 2 * n + 1;
	for (; n > 0; n >>= 1)
		i += n;
	return i + level;
}

static int
trailing_zeros(int64_t n)
{
	return __builtin_ctzll((unsigned long long)n);
}

void
hm_tlog_split_index(int64_t index, int *level, int64_t *n)
{
	/* Record n's hash lies between n and 2n, so the search starts close by. */
	int64_t rec = index / 2, at = hm_tlog_index(0, rec);

	for (;;) {
		int64_t next = at + 1 + trailing_zeros(rec + 1);

		if (next > index)
			break;
		rec++;
		at = next;
	}
	*level = (int)(index - at);
	*n = rec >> *level;
}

int64_t
hm_tlog_count(int64_t n)
{
	return n == 0 ? 0 : hm_tlog_index(0, n - 1) + 1 + trailing_zeros(n);
}

int
hm_tlog_stored(int64_t n, const struct hm_hash *record, const struct hm_hash_reader *r,
               struct hm_hash out[64], size_t *count, struct hm_err *err)
{
	int64_t index[64];
	struct hm_hash old[64];
	size_t m;

	if (n < 0 || n >= HM_TLOG_SIZE_MAX)
		return hm_err_set(err, HM_EINVALID, "tlog: record number out of range");
	m = (size_t)trailing_zeros(n + 1);
	for (size_t i = 0; i < m; i++)
		index[m - 1 - i] = hm_tlog_index((int)i, (n >> i) - 1);
	if (m > 0 && r->read(r->ctx, index, m, old, err) < 0)
		return -1;
	out[0] = *record;
	for (size_t i = 0; i < m; i++)
		out[i + 1] = hm_tlog_node_hash(&old[m - 1 - i], &out[i]);
	*count = m + 1;
	return 0;
}

/* log2 of the largest power of two below n; n >= 2. */
static int
split_level(int64_t n)
{
	return 63 - __builtin_clzll((unsigned long long)(n - 1));
}

/* Takes the largest complete subtree off the front of s; answers its stored index. */
static int64_t
take_subtree(struct span *s)
{
	int level = split_level(s->hi - s->lo + 1);
	int64_t index = hm_tlog_index(level, s->lo >> level);

	s->lo += (int64_t)1 << level;
	return index;
}

static void
plan_span(struct plan *p, struct span s)
{
	while (s.lo < s.hi)
		p->index[p->n++] = take_subtree(&s);
}

/* The hash of s out of the next hashes read for it; steps *h over them. */
static struct hm_hash
fold_span(struct span s, const struct hm_hash **h)
{
	struct hm_hash x;
	size_t n = 0;

	while (s.lo < s.hi) {
		take_subtree(&s);
		n++;
	}
	x = (*h)[n - 1];
	for (size_t i = n - 1; i-- > 0;)
		x = hm_tlog_node_hash(&(*h)[i], &x);
	*h += n;
	return x;
}

int
hm_tlog_tree_hash(int64_t n, const struct hm_hash_reader *r, struct hm_hash *out,
                  struct hm_err *err)
{
	struct plan p = { .n = 0 };
	struct hm_hash h[PLAN_MAX];
	const struct hm_hash *at = h;
	struct span all = { 0, n };

	if (n < 0 || n > HM_TLOG_SIZE_MAX)
		return hm_err_set(err, HM_EINVALID, "tlog: tree size out of range");
	if (n == 0) {
		hm_sha256_of(HM_S(""), out->b);
		return 0;
	}
	plan_span(&p, all);
	if (r->read(r->ctx, p.index, p.n, h, err) < 0)
		return -1;
	*out = fold_span(all, &at);
	return 0;
}

static int64_t
middle(const struct walk *w)
{
	return w->at.lo + ((int64_t)1 << split_level(w->at.hi - w->at.lo));
}

static void
step(struct walk *w, bool right)
{
	int64_t mid = middle(w);

	w->side[w->n] = right ? (struct span){ w->at.lo, mid } : (struct span){ mid, w->at.hi };
	w->right[w->n++] = right;
	if (right)
		w->at.lo = mid;
	else
		w->at.hi = mid;
}

/* Down to record n of a tree of size t. */
static void
walk_to_record(struct walk *w, int64_t t, int64_t n)
{
	*w = (struct walk){ .at = { 0, t } };
	while (w->at.lo + 1 < w->at.hi)
		step(w, n >= middle(w));
}

/* Down to the subtree that ends where the older tree of size n did. */
static void
walk_to_tree(struct walk *w, int64_t t, int64_t n)
{
	*w = (struct walk){ .at = { 0, t } };
	while (w->at.hi != n)
		step(w, n > middle(w));
}

/* Reads what lies beside the way, from its end up; with the span at its end when wanted. */
static int
prove(const struct walk *w, bool with_end, const struct hm_hash_reader *r, struct hm_proof *p,
      struct hm_err *err)
{
	struct plan plan = { .n = 0 };
	struct hm_hash h[PLAN_MAX];
	const struct hm_hash *at = h;

	if (with_end)
		plan_span(&plan, w->at);
	for (size_t i = w->n; i-- > 0;)
		plan_span(&plan, w->side[i]);
	p->n = 0;
	if (plan.n == 0)
		return 0;
	if (r->read(r->ctx, plan.index, plan.n, h, err) < 0)
		return -1;
	if (with_end)
		p->h[p->n++] = fold_span(w->at, &at);
	for (size_t i = w->n; i-- > 0;)
		p->h[p->n++] = fold_span(w->side[i], &at);
	return 0;
}

static int
bad_inputs(const char *where, struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "tlog: invalid inputs in %s", where);
}

static int
bad_proof(struct hm_err *err)
{
	return hm_err_set(err, HM_ESECURITY, "invalid transparency proof");
}

int
hm_tlog_prove_record(int64_t t, int64_t n, const struct hm_hash_reader *r, struct hm_proof *p,
                     struct hm_err *err)
{
	struct walk w;

	if (t > HM_TLOG_SIZE_MAX || n < 0 || n >= t)
		return bad_inputs("ProveRecord", err);
	walk_to_record(&w, t, n);
	return prove(&w, false, r, p, err);
}

int
hm_tlog_check_record(const struct hm_hash *proof, size_t n_proof, const struct hm_tree *tree,
                     int64_t n, const struct hm_hash *record, struct hm_err *err)
{
	struct hm_hash h = *record;
	struct walk w;

	if (tree->n > HM_TLOG_SIZE_MAX || n < 0 || n >= tree->n)
		return bad_inputs("CheckRecord", err);
	walk_to_record(&w, tree->n, n);
	if (n_proof != w.n)
		return bad_proof(err);
	for (size_t i = 0; i < n_proof; i++)
		h = w.right[w.n - 1 - i] ? hm_tlog_node_hash(&proof[i], &h)
		                         : hm_tlog_node_hash(&h, &proof[i]);
	return hm_hash_eq(&h, &tree->hash) ? 0 : bad_proof(err);
}

int
hm_tlog_prove_tree(int64_t t, int64_t n, const struct hm_hash_reader *r, struct hm_proof *p,
                   struct hm_err *err)
{
	struct walk w;

	if (t > HM_TLOG_SIZE_MAX || n < 1 || n > t)
		return bad_inputs("ProveTree", err);
	walk_to_tree(&w, t, n);
	return prove(&w, w.at.lo > 0, r, p, err);
}

int
hm_tlog_check_tree(const struct hm_hash *proof, size_t n_proof, const struct hm_tree *tree,
                   const struct hm_tree *older, struct hm_err *err)
{
	struct hm_hash was, now;
	struct walk w;
	size_t own;

	if (tree->n > HM_TLOG_SIZE_MAX || older->n < 1 || older->n > tree->n)
		return bad_inputs("CheckTree", err);
	walk_to_tree(&w, tree->n, older->n);
	own = w.at.lo > 0; /* otherwise the way starts at the older root, which is known */
	if (n_proof != w.n + own)
		return bad_proof(err);
	was = now = own ? proof[0] : older->hash;
	for (size_t i = 0; i < w.n; i++) {
		const struct hm_hash *side = &proof[own + i];

		if (w.right[w.n - 1 - i]) {
			was = hm_tlog_node_hash(side, &was);
			now = hm_tlog_node_hash(side, &now);
		} else {
			now = hm_tlog_node_hash(&now, side);
		}
	}
	if (!hm_hash_eq(&now, &tree->hash) || !hm_hash_eq(&was, &older->hash))
		return bad_proof(err);
	return 0;
}
