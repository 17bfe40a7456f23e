/*
 * tlog.h - the hashes and proofs of a transparency log (RFC 6962, section 2),
 * with the hash numbering and the text formats of golang.org/x/mod/sumdb/tlog.
 *
 * Pure: hashes that lie elsewhere come by callback.  Everything checked here is
 * suspect; a proof that does not hold is HM_ESECURITY.
 */
#ifndef HM_TLOG_TLOG_H
#define HM_TLOG_TLOG_H

#include "base/err.h"
#include "base/vec.h"

struct hm_hash {
	uint8_t b[32];
};

/* A signed tree head says: the first n records hash to this. */
struct hm_tree {
	int64_t n;
	struct hm_hash hash;
};

/* Trees larger than this are refused wherever a size comes from outside. */
#define HM_TLOG_SIZE_MAX ((int64_t)1 << 55)
/* Most hashes that a proof of such a tree can have. */
#define HM_TLOG_PROOF_MAX 64

struct hm_proof {
	struct hm_hash h[HM_TLOG_PROOF_MAX];
	size_t n;
};

/* Reads n stored hashes into out; all or an error.  The indexes may be in any order. */
struct hm_hash_reader {
	int (*read)(void *ctx, const int64_t *index, size_t n, struct hm_hash *out,
	            struct hm_err *err);
	void *ctx;
};

static inline bool
hm_hash_eq(const struct hm_hash *a, const struct hm_hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* Base64 of the hash, as messages show it. */
hm_str hm_hash_text(struct hm_arena *a, const struct hm_hash *h);
int hm_hash_parse(hm_str text, struct hm_hash *h, struct hm_err *err);

struct hm_hash hm_tlog_record_hash(hm_str record);
struct hm_hash hm_tlog_node_hash(const struct hm_hash *left, const struct hm_hash *right);

/*
 * The place of hash n of a level in the storage order: a record's hash, then
 * the hashes of the subtrees that it completes.  0 <= level, 0 <= n.
 */
int64_t hm_tlog_index(int level, int64_t n);
/* The inverse; index >= 0. */
void hm_tlog_split_index(int64_t index, int *level, int64_t *n);
/* How many hashes a log of n records stores. */
int64_t hm_tlog_count(int64_t n);

/*
 * What has to be stored, from hm_tlog_index(0, n) on, when record n with this
 * record hash is appended; *count gets how many (at most 64).
 */
int hm_tlog_stored(int64_t n, const struct hm_hash *record, const struct hm_hash_reader *r,
                   struct hm_hash out[64], size_t *count, struct hm_err *err);

/* The root of the first n records; one read. */
int hm_tlog_tree_hash(int64_t n, const struct hm_hash_reader *r, struct hm_hash *out,
                      struct hm_err *err);

/* Record n is in the tree of size t: 0 <= n < t. */
int hm_tlog_prove_record(int64_t t, int64_t n, const struct hm_hash_reader *r,
                         struct hm_proof *p, struct hm_err *err);
int hm_tlog_check_record(const struct hm_hash *proof, size_t n_proof, const struct hm_tree *tree,
                         int64_t n, const struct hm_hash *record, struct hm_err *err);
/* The tree of size n is a prefix of the tree of size t: 1 <= n <= t. */
int hm_tlog_prove_tree(int64_t t, int64_t n, const struct hm_hash_reader *r, struct hm_proof *p,
                       struct hm_err *err);
int hm_tlog_check_tree(const struct hm_hash *proof, size_t n_proof, const struct hm_tree *tree,
                       const struct hm_tree *older, struct hm_err *err);

/* A tree's size, or a record's number: decimal, no leading zeros, within HM_TLOG_SIZE_MAX. */
bool hm_tlog_parse_size(hm_str s, int64_t *out);
/* The text of a tree head, to be signed as a note. */
hm_str hm_tlog_format_tree(struct hm_arena *a, const struct hm_tree *t);
int hm_tlog_parse_tree(hm_str text, struct hm_tree *t, struct hm_err *err);

/* A record as a lookup serves it: number, text, blank line. */
int hm_tlog_format_record(struct hm_arena *a, int64_t id, hm_str text, hm_str *out,
                          struct hm_err *err);
/* text and rest are borrowed from msg; rest is what follows the blank line. */
int hm_tlog_parse_record(hm_str msg, int64_t *id, hm_str *text, hm_str *rest,
                         struct hm_err *err);

#endif
