/*
 * acquire.h - modules on this machine: the one place that orders lock, fetch,
 * verify, publish and extract (cmd/go/internal/modfetch).
 *
 * Every function may be called from any number of threads.  A question asked by
 * several at once is answered by one fetch, and answers are kept for the life of
 * the object, errors included.  What is handed out belongs to the hm_acquire and
 * never changes.
 *
 * Nothing reaches the caller or the cache unverified: go.mod files and zips are
 * checked against go.sum, else the checksum database, before they are published.
 * HM_ESECURITY is final: report it and stop.  Error texts are go's, with
 * "path@version: " or "module path: " in front where go has it.
 */
#ifndef HM_ACQUIRE_ACQUIRE_H
#define HM_ACQUIRE_ACQUIRE_H

#include "acquire/origin.h"
#include "base/log.h"
#include "base/vec.h"
#include "codec/time.h"
#include "mod/modver.h"
#include "store/store.h"

struct hm_acquire;
struct hm_conf;
struct hm_fetch;
struct hm_sums;
struct hm_verify;

/* All borrowed; zero is a valid value of what is not marked. */
struct hm_acquire_opts {
	const struct hm_conf *conf; /* needed */
	const struct hm_log *log;   /* "go: downloading ..." and requests (-x); may be NULL */
	bool cache_rw;              /* -modcacherw */
	unsigned threads;           /* for inflating and hashing; 0: one a core */
	/*
	 * Policy: may m be used?  Asked before its tree or zip is looked for or fetched (dir
	 * is empty), and again when its tree is there; -1 with HM_EPOLICY.  Any thread; it
	 * may ask this object for .info files.  NULL: everything may.
	 */
	int (*permit)(void *ctx, struct hm_modver m, hm_str dir, struct hm_err *err);
	void *permit_ctx;
};

/* Opens nothing yet: cache and network are set up at the first use. */
struct hm_acquire *hm_acquire_new(const struct hm_acquire_opts *opts);
void hm_acquire_free(struct hm_acquire *ac);

/*
 * go.sum in use: none at first.  The state belongs to ac from now on; the old
 * one is freed and all answers are forgotten but those on disk (modfetch.Reset), so
 * that use is counted anew.  No other call may run.
 */
void hm_acquire_set_sums(struct hm_acquire *ac, struct hm_sums *sums);
/* The state, for hm_sums_write() and friends; NULL without a go.sum. */
struct hm_sums *hm_acquire_sums(struct hm_acquire *ac);
/* What opts.permit says before anything is fetched; HM_EPOLICY when it is against m. */
int hm_acquire_permitted(struct hm_acquire *ac, struct hm_modver m, struct hm_err *err);
/* Would a checksum database answer for this module? */
bool hm_acquire_is_vouched(struct hm_acquire *ac, hm_str path);
/* No "go: downloading" lines, as in mod download. */
void hm_acquire_set_quiet(struct hm_acquire *ac);
/* -mod=vendor: every lookup fails with "module lookup disabled by -mod=vendor" and the reason. */
void hm_acquire_disable_lookup(struct hm_acquire *ac, hm_str mod_flag, hm_str reason);
/* The module cache, opened (made) now; go's text when GOMODCACHE cannot be used. */
int hm_acquire_store(struct hm_acquire *ac, const struct hm_store **store, struct hm_err *err);
/* Answers errors.Is(err, fs.ErrNotExist): missing, gone, or switched off by configuration. */
bool hm_acquire_not_exist(const struct hm_err *err);

/* modfetch.RevInfo */
struct hm_acquire_info {
	hm_str version;
	struct hm_time time;            /* hm_time_is_zero() when unknown */
	hm_str name, short_name;        /* of the commit; only from version control */
	const struct hm_origin *origin; /* NULL when unknown */
};
/* modfetch.Versions; in semantic order, no pseudo-versions */
struct hm_acquire_list {
	const hm_str *v;
	size_t n;
	const struct hm_origin *origin;
};

/*
 * Over all of GOPROXY.  version is canonical, or any revision where that is said.
 */

/* modfetch.GoMod: the text of go.mod; rev may be any revision. */
int hm_acquire_gomod(struct hm_acquire *ac, hm_str path, hm_str rev, hm_str *data,
                     struct hm_err *err);
/* modfetch.InfoFile without the file's name. */
int hm_acquire_info(struct hm_acquire *ac, hm_str path, hm_str version,
                    const struct hm_acquire_info **info, struct hm_err *err);
/* repo.Stat, Versions, Latest through modfetch.TryProxies. */
int hm_acquire_stat(struct hm_acquire *ac, hm_str path, hm_str rev,
                    const struct hm_acquire_info **info, struct hm_err *err);
int hm_acquire_versions(struct hm_acquire *ac, hm_str path, hm_str prefix,
                        struct hm_acquire_list *out, struct hm_err *err);
int hm_acquire_latest(struct hm_acquire *ac, hm_str path, const struct hm_acquire_info **info,
                      struct hm_err *err);

/*
 * One source at a time, for queries that must run whole against each.
 */

/*
 * modfetch.TryProxies: fn is called with each source ("https://...", "direct",
 * "noproxy", "off") until one answers 0, by the rules of "," and "|".
 */
int hm_acquire_try(struct hm_acquire *ac, int (*fn)(void *ctx, hm_str source, struct hm_err *err),
                   void *ctx, struct hm_err *err);
/*
 * modfetch.Lookup: the module at one source; the same pointer for the same
 * question.  Never fails: the operations report what is wrong with source or path.
 * The paths "go" and "toolchain" list Go's own releases.
 */
struct hm_acquire_repo;
struct hm_acquire_repo *hm_acquire_lookup(struct hm_acquire *ac, hm_str source, hm_str path);
int hm_acquire_repo_versions(struct hm_acquire_repo *r, hm_str prefix, struct hm_acquire_list *out,
                             struct hm_err *err);
int hm_acquire_repo_stat(struct hm_acquire_repo *r, hm_str rev, const struct hm_acquire_info **info,
                         struct hm_err *err);
int hm_acquire_repo_latest(struct hm_acquire_repo *r, const struct hm_acquire_info **info,
                           struct hm_err *err);
int hm_acquire_repo_gomod(struct hm_acquire_repo *r, hm_str version, hm_str *data,
                          struct hm_err *err);
/*
 * repo.CheckReuse: does what origin names still hold at the source?  0 for yes.
 * Proxies cannot say: "proxy does not support CheckReuse".
 */
int hm_acquire_repo_check_reuse(struct hm_acquire_repo *r, const struct hm_origin *origin,
                                struct hm_err *err);

/*
 * Trees and zips.
 */

/*
 * modfetch.Download: the folder of the module, fetched, verified and extracted.
 * HM_ETOOLCHAIN when its go.mod asks for a later Go than conf's: then
 * hm_acquire_need_go() knows which.
 */
int hm_acquire_dir(struct hm_acquire *ac, struct hm_modver m, hm_str *dir, struct hm_err *err);
/* modfetch.DownloadZip: the cached zip alone, verified. */
int hm_acquire_zip(struct hm_acquire *ac, struct hm_modver m, hm_str *zip, struct hm_err *err);
/*
 * modfetch.DownloadDir: fetches and checks nothing.  *dir is the name in any case
 * where path and version allow one; -1 with HM_ENOTFOUND when it is not (wholly) there.
 */
int hm_acquire_local_dir(struct hm_acquire *ac, struct hm_modver m, hm_str *dir,
                         struct hm_err *err);
/* modfetch.Sum: "h1:..." of a zip that was downloaded; empty when there is none. */
hm_str hm_acquire_sum(struct hm_acquire *ac, struct hm_modver m);
/* The checksum database that a download of this module is held against; empty: none. */
hm_str hm_acquire_sumdb_name(struct hm_acquire *ac, hm_str path);
/* The highest Go version that an HM_ETOOLCHAIN error of this object asked for; empty: none. */
hm_str hm_acquire_need_go(struct hm_acquire *ac);

/*
 * hm_acquire_dir() of many, network, inflate and hash overlapped on all cores.
 * dirs[i] is empty where errs[i] is set; errs may be NULL (ask again for each).  0
 * when all are there.  After an error that is final the rest is not begun: HM_EREPORTED.
 */
int hm_acquire_dirs(struct hm_acquire *ac, const struct hm_modver *m, size_t n, hm_str *dirs,
                    struct hm_err *errs);
/* hm_acquire_gomod() of many, into the answers kept: later calls do not wait. */
void hm_acquire_gomods(struct hm_acquire *ac, const struct hm_modver *m, size_t n);

/* What `go mod download -json` says of a module (ModuleJSON). */
struct hm_acquire_download {
	hm_str info, gomod, zip, dir; /* files; empty from the first that failed on */
	hm_str sum, gomod_sum;
};
int hm_acquire_download(struct hm_acquire *ac, struct hm_modver m, struct hm_acquire_download *out,
                        struct hm_err *err);
/* The same of many; errs[i].code is HM_OK where it worked. */
void hm_acquire_downloads(struct hm_acquire *ac, const struct hm_modver *m, size_t n,
                          struct hm_acquire_download *out, struct hm_err *errs);

/*
 * The GOROOT of a toolchain ("go1.26.8") for this host, fetched as
 * golang.org/toolchain, with the file modes and go.mod names that go gives it on
 * first use (cmd/go/internal/toolchain/select.go).
 */
int hm_acquire_toolchain(struct hm_acquire *ac, hm_str name, hm_str *goroot, struct hm_err *err);

#endif
