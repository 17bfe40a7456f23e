/*
 * store.h - the module cache, $GOMODCACHE, in go's own layout
 * (cmd/go/internal/modfetch/cache.go), shared with running go commands.
 *
 *	<path>@<version>/                       the extracted tree
 *	cache/download/<path>/@v/<version>.info .mod .zip .ziphash
 *	                        /<version>.lock     held while zip and tree are made
 *	                        /<version>.partial  the tree is not complete
 *	                        /list               versions that have a .mod
 *	cache/lock                              taken while go.mod, go.sum are edited
 *
 * path and version are escaped ("!a" for "A").
 *
 * A tree is made beside its final name (<path>@<version>.tmp-N, a name that go
 * cleans up under the same lock) and renamed when it is whole and verified.
 */
#ifndef HM_STORE_STORE_H
#define HM_STORE_STORE_H

#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"

/* Immutable after hm_store_open(); any number of threads may use it. */
struct hm_store {
	hm_str root; /* $GOMODCACHE, absolute */
	bool rw;     /* -modcacherw: leave folders writable */
	const struct hm_log *log;
};

/* Makes the folder when it is not there; go's texts (checkCacheDir). root is borrowed. */
int hm_store_open(struct hm_store *s, hm_str root, bool rw, const struct hm_log *log,
                  struct hm_err *err);

/*
 * modfetch.CachePath: <root>/cache/download/<path>/@v/<version>.<suffix>.  -1 for
 * a path or version that cannot be in a cache.
 */
int hm_store_path(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                  const char *suffix, hm_str *out, struct hm_err *err);
/* <root>/<path>@<version>, whether it is there or not. */
int hm_store_dir_path(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                      hm_str *out, struct hm_err *err);

enum hm_store_state {
	HM_STORE_ABSENT,  /* no such folder */
	HM_STORE_PARTIAL, /* a folder that is not complete; err says why */
	HM_STORE_WHOLE,
};
/*
 * modfetch.DownloadDir: *dir is the folder's name.  0 when it is complete; -1
 * with HM_ENOTFOUND (and *state, which may be NULL) when it is absent or partial; -1 with
 * another code when path or version are wrong.
 */
int hm_store_dir(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                 hm_str *dir, enum hm_store_state *state, struct hm_err *err);

/* The lock of one module version; release with hm_lock_release(), or with hm_store_unlock(). */
int hm_store_lock(const struct hm_store *s, hm_str path, hm_str version, int *fd,
                  struct hm_err *err);
/* The same, but after so many milliseconds it is given up: *fd is -1, and the answer 0. */
int hm_store_lock_within(const struct hm_store *s, hm_str path, hm_str version, int ms, int *fd,
                         struct hm_err *err);
/*
 * The same for who was told what to look for by strangers: where nothing of the version is
 * stored the lock's file goes, too, and the folders that are empty then.
 */
void hm_store_unlock(const struct hm_store *s, hm_str path, hm_str version, int fd);
/* modfetch.SideLock: the one that go holds while it edits go.mod and go.sum. */
int hm_store_side_lock(const struct hm_store *s, int *fd, struct hm_err *err);

/* A cached .info, .mod, ...; HM_ENOTFOUND when there is none. */
int hm_store_read(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                  const char *suffix, hm_str *out, struct hm_err *err);
/* Writes one, whole or not at all; a new .mod also brings the list up to date. */
int hm_store_write(const struct hm_store *s, hm_str path, hm_str version, const char *suffix,
                   hm_str data, struct hm_err *err);

/* The recorded "h1:..." (modfetch.Sum); false when there is none or it is damaged. */
bool hm_store_ziphash(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                      hm_str *h1);
int hm_store_write_ziphash(const struct hm_store *s, hm_str path, hm_str version, hm_str h1,
                           struct hm_err *err);

/* A fresh temporary file beside the .zip, named as go names them; *tmp is in the arena. */
int hm_store_temp_zip(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                      hm_str *tmp, int *fd, struct hm_err *err);
/* A name for the tree beside its final one; its parent exists, it does not. Hold the lock. */
int hm_store_stage(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
                   hm_str *stage, struct hm_err *err);
/*
 * Puts the staged tree in the place of whatever is there, and ends the partial
 * state.  Hold the lock; zip and ziphash must be in place.
 */
int hm_store_publish(const struct hm_store *s, hm_str path, hm_str version, const char *stage,
                     struct hm_err *err);
/* Removes what runs that died left of this version (*.tmp files, tmp- folders). Hold the lock. */
void hm_store_sweep(const struct hm_store *s, hm_str path, hm_str version);

/* Versions with a pseudo-version whose commit is rev (readDiskStatByHash): the highest. */
bool hm_store_find_rev(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str rev,
                       hm_str *version);

/* go clean -modcache: the whole cache, read-only folders included. */
int hm_store_remove_all(const char *dir, struct hm_err *err);

#endif
