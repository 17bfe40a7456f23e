/*
 * gosum.h - the state of go.sum during a command: what the file says, what was
 * used, what was added; kept as cmd/go/internal/modfetch/fetch.go keeps it.
 *
 * One object for the main module's go.sum (or go.work.sum with the go.sum files
 * of the workspace's modules).  All functions may be called from any thread.
 * A version may end in "/go.mod": the hash of the go.mod file alone.
 */
#ifndef HM_VERIFY_GOSUM_H
#define HM_VERIFY_GOSUM_H

#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"

/* A larger go.sum is not read. */
#define HM_SUMS_FILE_MAX ((size_t)256 << 20)

struct hm_sums;

struct hm_sums_conf {
	hm_str file;               /* go.sum or go.work.sum; empty: none is used */
	const hm_str *workspace;   /* go.sum files of the workspace's modules */
	size_t n_workspace;
	bool tidying;              /* mod tidy: malformed lines are skipped */
	const hm_str *lock;        /* side lock "$GOMODCACHE/cache/lock", or NULL */
	const struct hm_log *log;  /* for go's warning about unknown hashes; may be NULL */
};

/* Copies what it needs; reads nothing yet: the files are read at the first use. */
struct hm_sums *hm_sums_new(const struct hm_sums_conf *conf);
void hm_sums_free(struct hm_sums *s);

/* Reads the files now, if that was not done; HM_ESYNTAX with go's text for a malformed line. */
int hm_sums_load(struct hm_sums *s, struct hm_err *err);
/* Is there a known (h1:) hash that was in a file before this command? */
int hm_sums_have(struct hm_sums *s, hm_str path, hm_str version, bool *have, struct hm_err *err);
/*
 * That hash, in the arena; empty when there is none.  False when several
 * disagree, or no go.sum is in use.
 */
bool hm_sums_recorded(struct hm_sums *s, struct hm_arena *a, hm_str path, hm_str version,
                      hm_str *sum);

/*
 * Marks the hash as used and says whether the files list it.  Another h1: hash
 * in them is HM_ESECURITY with go's text (final: it is not wrapped further).
 */
int hm_sums_check(struct hm_sums *s, hm_str path, hm_str version, hm_str hash, bool *listed,
                  struct hm_err *err);
/* Adds a hash that was verified elsewhere; hm_sums_write() may save it. */
int hm_sums_add(struct hm_sums *s, hm_str path, hm_str version, hm_str hash, struct hm_err *err);

/* The key of a set of modules to keep: "path version". */
hm_str hm_sums_key(struct hm_arena *a, hm_str path, hm_str version);
/*
 * Writes the file if that is needed: added sums only if keep has them.  When
 * read-only and a change is due: HM_EREADONLY, "updates to go.sum needed,
 * disabled by -mod=readonly".
 */
int hm_sums_write(struct hm_sums *s, const struct hm_map *keep, bool readonly,
                  struct hm_err *err);
/* The file as it is and as hm_sums_write() would make it, in the arena (mod tidy -diff). */
int hm_sums_tidy(struct hm_sums *s, struct hm_arena *a, const struct hm_map *keep,
                 hm_str *before, hm_str *after, struct hm_err *err);
/* Marks for deletion what keep does not have. */
int hm_sums_trim(struct hm_sums *s, const struct hm_map *keep, struct hm_err *err);

#endif
