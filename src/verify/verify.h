/*
 * verify.h - is this hash the right one?  go.sum first, then the checksum
 * database, with the rules of cmd/go/internal/modfetch (fetch.go, sumdb.go).
 *
 * Fails closed: what is neither listed in go.sum nor confirmed by the database
 * nor excused by the configuration is an error, and none of these errors lets a
 * caller fall back to another source.  All functions may be called from any
 * thread.
 */
#ifndef HM_VERIFY_VERIFY_H
#define HM_VERIFY_VERIFY_H

#include "verify/gosum.h"
#include "verify/sumdb.h"

/* How to reach the network; wired up by acquire, each callable from any thread. */
struct hm_verify_remote {
	void *ctx;
	/* GET of url (http, https or file): the body of a 200 answer. */
	int (*get)(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err);
	/*
	 * Calls fn with each entry of GOPROXY in turn, by go's rules for "," and "|",
	 * until it answers 0; its last telling error otherwise.  A proxy is a URL or
	 * one of "direct", "off", "noproxy".
	 */
	int (*try_proxies)(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err),
	                   void *arg, struct hm_err *err);
};

/* Values as `go env` prints them; all strings are copied. */
struct hm_verify_conf {
	hm_str gosumdb;
	hm_str gonosumdb;
	hm_str sumdbs;        /* HERMOD_SUMDBS: tlog/trust.h's text, or @FILE; empty: none */
	hm_str goproxy;
	hm_str modcache;      /* GOMODCACHE */
	hm_str sumdb_dir;     /* first of GOPATH + "/pkg/sumdb"; empty: none */
	hm_str gopath_error;  /* why it is empty */
	hm_str git_http_user_agent; /* that variable of the environment */
	struct hm_verify_remote remote;
	const struct hm_log *log; /* may be NULL */
	/*
	 * For a server: a lookup that failed is tried anew by the next that needs it, memory
	 * stays bounded, and nothing is noted for a go.sum.
	 */
	bool long_lived;
};

struct hm_verify;

/* sums is owned by the answer from now on. */
struct hm_verify *hm_verify_new(const struct hm_verify_conf *conf, struct hm_sums *sums);
void hm_verify_free(struct hm_verify *v);
/* The go.sum state in use; borrowed. */
struct hm_sums *hm_verify_sums(struct hm_verify *v);
/* Puts another state in its place and answers the old one, now the caller's.  No check may run. */
struct hm_sums *hm_verify_swap_sums(struct hm_verify *v, struct hm_sums *sums);

/*
 * Is hash right for path@version?  On success it is noted as used, and as new
 * where go.sum lacked it.  Errors are complete texts, as go prints them behind
 * "go: " (the path and version are in them: do not add them again).
 */
int hm_verify_sum(struct hm_verify *v, hm_str path, hm_str version, hm_str hash,
                  struct hm_err *err);
/* The same for the contents of a go.mod file. */
int hm_verify_gomod(struct hm_verify *v, hm_str path, hm_str version, hm_str data,
                    struct hm_err *err);
/*
 * The same for what a .ziphash file in the cache says.  *stale: the file is
 * damaged; hash the zip again (hm_verify_sum) and write it anew.
 */
int hm_verify_ziphash(struct hm_verify *v, hm_str path, hm_str version, hm_str ziphash,
                      bool *stale, struct hm_err *err);

/* Would a checksum database be asked about this module? */
bool hm_verify_uses_sumdb(const struct hm_verify *v, hm_str path);
/* Which one; its name, borrowed; empty: none. */
hm_str hm_verify_sumdb_name(const struct hm_verify *v, hm_str path);
/*
 * A file of the checksum database of that name, for somebody else: path is "/lookup/M@V",
 * "/latest" or "/tile/...".  What is *proven is right for ever, and may be kept; what is not
 * may be right, or the key is not known; *out may then be empty: it was not asked for.
 * HM_ESECURITY: provably wrong; *out is what came, where that is one answer.
 */
int hm_verify_pass(struct hm_verify *v, struct hm_arena *a, hm_str name, hm_str path,
                   hm_str *out, bool *proven, struct hm_err *err);
/*
 * The same of an answer that is at hand: 0, HM_ESECURITY when it is wrong; other errors:
 * that cannot be told (HM_ENOTYET: the key is not known).
 */
int hm_verify_pass_check(struct hm_verify *v, struct hm_arena *a, hm_str name, hm_str path,
                         hm_str answer, struct hm_err *err);
/* "h1:..." of a go.mod file, in the arena. */
hm_str hm_verify_gomod_sum(struct hm_arena *a, hm_str data);
/* The form of a hash in a .ziphash file: the right length, no NUL (spaces around it cut off). */
bool hm_verify_is_sum(hm_str hash);

#endif
