/*
 * internal.h - what the files of this folder share.
 */
#ifndef HM_ACQUIRE_INTERNAL_H
#define HM_ACQUIRE_INTERNAL_H

#include "acquire/acquire.h"
#include "acquire/flight.h"
#include "conf/conf.h"
#include "fetch/fetch.h"
#include "os/pool.h"
#include "verify/verify.h"

/* Kinds of flights; the three words of the key are in the comment. */
enum {
	FLIGHT_REPO = 'r',      /* source, path */
	FLIGHT_LIST = 'l',      /* source, path, prefix */
	FLIGHT_STAT = 's',      /* source, path, rev */
	FLIGHT_LATEST = 't',    /* source, path */
	FLIGHT_GOMOD = 'm',     /* source, path, version */
	FLIGHT_ANY_GOMOD = 'M', /* path, rev: over all sources */
	FLIGHT_DIR = 'd',       /* path, version */
	FLIGHT_ZIP = 'z',       /* path, version */
	FLIGHT_DIR_NAME = 'n',  /* path, version: where the folder is or would be */
};

struct hm_acquire {
	struct hm_acquire_opts opts;
	const struct hm_conf *conf;
	bool quiet;
	hm_str mod_flag, mod_reason; /* hm_acquire_disable_lookup() */
	struct hm_arena arena;       /* under setup */
	struct hm_flights flights;

	/* Made at first use; setup guards the making. */
	pthread_mutex_t setup;
	bool store_tried;
	struct hm_store store;
	struct hm_err store_err;
	struct hm_http *http;
	struct hm_fetch *fetch;
	struct hm_verify *verify;
	struct hm_pool *pool;
	hm_str need_go;

	/* Zips being read at once: enough to keep the pool busy, not more in memory. */
	pthread_cond_t room; /* with setup */
	unsigned reading;
};

/* The parts, made when they are not there; borrowed. */
struct hm_fetch *hm_acquire_get_fetch(struct hm_acquire *ac);
struct hm_verify *hm_acquire_get_verify(struct hm_acquire *ac);
struct hm_pool *hm_acquire_get_pool(struct hm_acquire *ac);
/* Around the reading of a zip; the first waits for its turn. */
void hm_acquire_enter(struct hm_acquire *ac);
void hm_acquire_leave(struct hm_acquire *ac);

/* hm_repo at a source named as hm_acquire_try() names it. */
int hm_acquire_open(struct hm_acquire *ac, struct hm_arena *a, hm_str source, hm_str path,
                    struct hm_repo *r, struct hm_err *err);

/* readDiskStat and writeDiskStat; reading answers HM_ENOTFOUND when nothing usable is there. */
int hm_acquire_read_info(struct hm_acquire *ac, struct hm_arena *a, hm_str path, hm_str rev,
                         const struct hm_acquire_info **info, struct hm_err *err);
int hm_acquire_write_info(struct hm_acquire *ac, hm_str path, const struct hm_acquire_info *info,
                          struct hm_err *err);
/* readDiskGoMod: verified. HM_ENOTFOUND when it is not there. */
int hm_acquire_read_gomod(struct hm_acquire *ac, struct hm_arena *a, hm_str path, hm_str version,
                          hm_str *data, struct hm_err *err);

/* hm_verify_gomod(), hm_verify_sum(); never "not found" (verify.c). */
int hm_acquire_verify_gomod(struct hm_acquire *ac, hm_str path, hm_str version, hm_str data,
                            struct hm_err *err);
int hm_acquire_verify_sum(struct hm_acquire *ac, struct hm_modver m, hm_str h1, struct hm_err *err);

/* toolchainRepo: the paths "go" and "toolchain" (releases.c). r is of golang.org/toolchain. */
int hm_acquire_go_versions(struct hm_acquire *ac, struct hm_arena *a, hm_str path,
                           struct hm_acquire_repo *r, struct hm_acquire_list *out,
                           struct hm_err *err);
int hm_acquire_go_stat(struct hm_acquire *ac, struct hm_arena *a, hm_str path,
                       struct hm_acquire_repo *r, hm_str rev, const struct hm_acquire_info **info,
                       struct hm_err *err);
int hm_acquire_go_latest(struct hm_acquire *ac, struct hm_arena *a, hm_str path,
                         struct hm_acquire_repo *r, const struct hm_acquire_info **info,
                         struct hm_err *err);

/* What to make sure of, in one pass over the zip. */
enum {
	HM_WANT_ZIP = 1,
	HM_WANT_TREE = 2,
};
/*
 * Zip, tree or both in the cache, fetched and verified as needed; under the lock
 * of the version (unpack.c).
 */
int hm_acquire_unpack(struct hm_acquire *ac, struct hm_modver m, unsigned want, struct hm_err *err);

#endif
