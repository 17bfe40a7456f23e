/*
 * fetch.h - modules from the sources that GOPROXY lists
 * (cmd/go/internal/modfetch/proxy.go and repo.go, web, auth).
 *
 * A query runs once per source, in order, through hm_fetch_try(); within it,
 * hm_fetch_open() gives the module at that source and the operations below read
 * from it.  Nothing here is verified or kept: that is verify's and acquire's work.
 */
#ifndef HM_FETCH_FETCH_H
#define HM_FETCH_FETCH_H

#include "codec/json.h"
#include "codec/time.h"
#include "codec/url.h"
#include "conf/conf.h"
#include "net/http.h"

#define HM_FETCH_MAX_GOMOD ((uint64_t)16 << 20)
#define HM_FETCH_MAX_ZIP ((uint64_t)500 << 20)
#define HM_FETCH_MAX_INFO ((uint64_t)1 << 20)
#define HM_FETCH_MAX_LIST ((uint64_t)64 << 20)

struct hm_fetch;

/* conf, http and log outlive it. A wrong GOPROXY or GOAUTH is reported by the first use. */
struct hm_fetch *hm_fetch_new(const struct hm_conf *conf, struct hm_http *http,
                              const struct hm_log *log);
void hm_fetch_free(struct hm_fetch *f);
/*
 * -mod=vendor forbids every lookup: hm_fetch_open() then fails with `module
 * lookup disabled by -mod=vendor` and the reason, when it is not empty, on a
 * second line.  Both are copied.  Before first use.
 */
void hm_fetch_disable(struct hm_fetch *f, hm_str mod_flag, hm_str reason);

/*
 * For a server: every question is asked anew; else a version list is asked for once in
 * the life of f.  Before first use.
 */
void hm_fetch_keep_no_lists(struct hm_fetch *f);

/* One source of the list: an URL, or "direct", "off", "noproxy". */
struct hm_fetch_source {
	hm_str url;
	bool fall_back_on_error; /* followed by "|" */
};
struct hm_fetch_sources {
	const struct hm_fetch_source *v;
	size_t n;
};
/* The list, with "noproxy" in front when GONOPROXY is set. Any thread. */
int hm_fetch_list(struct hm_fetch *f, struct hm_fetch_sources *out, struct hm_err *err);

/*
 * modfetch.TryProxies: calls fn with each source until one answers 0; goes on
 * after "not found" (HM_ENOTFOUND, HM_EGONE, HM_EOFF), or after any error where the
 * list has "|", never after HM_ESECURITY.  On failure *err is the most telling error:
 * of direct, else of a proxy other than not-found, else the last; HM_ENOTYET only when
 * no other source was asked.
 */
int hm_fetch_try(struct hm_fetch *f,
                 int (*fn)(void *ctx, const struct hm_fetch_source *src, struct hm_err *err),
                 void *ctx, struct hm_err *err);

/* The module `path` at one source; a value, cheap, borrowed from arena and fetch. */
struct hm_repo {
	struct hm_fetch *fetch;
	hm_str path;     /* module path */
	struct hm_url url; /* proxy URL + "/" + escaped path */
	hm_str base;     /* the same as text; may hold credentials */
	hm_str redacted; /* proxy URL for error texts */
	hm_str dir;      /* file:// source: local folder of the module; empty otherwise */
};
/*
 * Errors: `disabled by GOPRIVATE/GONOPROXY` and `path does not match
 * GOPRIVATE/GONOPROXY` (both not-found, so that the list goes on), `module lookup
 * disabled by GOPROXY=off` (HM_EOFF), malformed path, HM_ENOTYET for direct.
 * The toolchain's path is golang.org/toolchain like any other.
 */
int hm_fetch_open(struct hm_fetch *f, struct hm_arena *a, const struct hm_fetch_source *src,
                  hm_str path, struct hm_repo *out, struct hm_err *err);

/* A version's .info file. */
struct hm_fetch_info {
	hm_str version;
	struct hm_time time; /* zero when absent */
	const struct hm_json *origin; /* NULL when absent */
	hm_str json;         /* the bytes as they came, for cache/download */
};

/*
 * The errors of these carry go's prefix: "path: ..." or "path@version: ...", with
 * `invalid version: ...` where go says so.  Texts live in the arena.
 */

/* Tagged versions with the prefix (may be empty), in semantic order; no pseudo-versions. */
int hm_repo_versions(const struct hm_repo *r, struct hm_arena *a, hm_str prefix,
                     struct hm_strs *out, struct hm_err *err);
/* .info of a version or any revision; checked as go does. */
int hm_repo_stat(const struct hm_repo *r, struct hm_arena *a, hm_str rev,
                 struct hm_fetch_info *out, struct hm_err *err);
/*
 * @latest, as go asks for it where there are no tagged versions; where the source has none
 * (HM_ENOTFOUND, HM_EGONE), what follows.
 */
int hm_repo_latest(const struct hm_repo *r, struct hm_arena *a, struct hm_fetch_info *out,
                   struct hm_err *err);
/* The source's @latest. */
int hm_repo_latest_file(const struct hm_repo *r, struct hm_arena *a, struct hm_fetch_info *out,
                        struct hm_err *err);
/* The latest by time of the list's pseudo-versions, and of versions with their time beside them. */
int hm_repo_newest_listed(const struct hm_repo *r, struct hm_arena *a, struct hm_fetch_info *out,
                          struct hm_err *err);
int hm_repo_gomod(const struct hm_repo *r, struct hm_arena *a, hm_str version, hm_str *out,
                  struct hm_err *err);
/* Streams the zip; `downloaded zip file too large` above HM_FETCH_MAX_ZIP. */
int hm_repo_zip(const struct hm_repo *r, hm_str version, const struct hm_http_sink *sink,
                struct hm_err *err);
/*
 * file:// source: the path of the zip itself, for reading without a copy; empty
 * for http sources.  It is not checked to exist.
 */
int hm_repo_zip_path(const struct hm_repo *r, struct hm_arena *a, hm_str version, hm_str *out,
                     struct hm_err *err);

/*
 * Any file below a source by its unescaped relative path, with credentials as for
 * modules: what the checksum database needs (`sumdb/NAME/...`).  Reads file://, too.
 */
int hm_fetch_get(struct hm_fetch *f, struct hm_arena *a, hm_str base_url, hm_str path,
                 uint64_t max, hm_str *out, struct hm_err *err);

#endif
