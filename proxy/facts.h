/*
 * facts.h - what is known of each module version in the store: DIR/facts.db (SQLite).
 *
 * The files are the truth; this is an index over them that can be made again.  A row
 * is written by looking at the version's files, so whoever stores or removes one only
 * says which version to look at.  What no file can tell lives here alone: uses, the
 * source, what was purged.
 *
 * Nobody waits for SQLite: uses are counted in memory, news go into a queue, and one
 * writer thread brings both to the database every few seconds and at the end.  Where
 * the queue is full, or a process was killed, the database is behind: it is brought up
 * to date from the folder, in the background, and the log says so.
 *
 * Any number of processes may have it open (a server, an import, a purge).  All
 * functions may be called from any thread.  Times are microseconds since 1970.
 */
#ifndef PROXY_FACTS_H
#define PROXY_FACTS_H

#include "mod/modver.h"
#include "store/store.h"

struct facts;

struct facts_opts {
	const struct hm_store *store; /* borrowed */
	const struct hm_log *log;
	bool scan;                    /* catch up with the folder when behind (servers) */
	/* About once a second, on the writer's thread; may be NULL. */
	void (*tick)(void *ctx, struct facts *f);
	void *ctx;
};

/* Makes DIR/facts.db when it is not there; one that is no database is set aside. */
int facts_open(const struct facts_opts *o, struct facts **out, struct hm_err *err);
/* Its threads end, and with them the ticks; what is asked or said still works. */
void facts_stop(struct facts *f);
/* That was called: a tick that takes long ends, too. */
bool facts_stopping(struct facts *f);
/* Writes what is left. NULL is fine. */
void facts_close(struct facts *f);

/* ---- news; never wait, f may be NULL */

/* Where a file came from; empty strings leave what is known. Credentials are cut off. */
struct facts_origin {
	hm_str source; /* URL of the upstream, "upload", "import" */
	hm_str sumdb;  /* the checksum database that vouched for it */
	int64_t record; /* its number there; 0: look into the stored lookup */
};
/* A file of path@version was put into the store; o may be NULL. */
void facts_stored(struct facts *f, hm_str path, hm_str version, const struct facts_origin *o);
/* A file of it was asked for and is here; a zip counts as one use. */
void facts_used(struct facts *f, hm_str path, hm_str version, bool zip);
/* Its files went. */
void facts_removed(struct facts *f, hm_str path, hm_str version);
/* Everything said so far is in the database when it returns; not from a server's loop. */
int facts_flush(struct facts *f, struct hm_err *err);
/* Compares the whole folder with the database; *changed (may be NULL): versions that differed. */
int facts_scan(struct facts *f, uint64_t *changed, struct hm_err *err);

/*
 * No upstream can give this version again: an upload, or an import that no checksum
 * database knows.  Kept as a file beside it (<version>.local), made before its zip has
 * a name, so that no lost database lets the quota remove it.
 */
int facts_mark_local(const struct hm_store *s, hm_str path, hm_str version, struct hm_err *err);

/* ---- queries: from the database, so not from a server's loop; slices are in the arena */

struct fact {
	hm_str path, version;
	int64_t time;       /* of its .info; 0: not known */
	int64_t stored;     /* its first file came */
	int64_t whole;      /* its zip came; 0: no zip here */
	int64_t changed;    /* its latest file came; no two versions have the same */
	int64_t info_bytes, mod_bytes, zip_bytes; /* -1: no such file here */
	hm_str zip_h1, mod_h1; /* "h1:..." or empty */
	hm_str sumdb;       /* the database that vouched for it, or empty */
	int64_t record;     /* its number there, or -1 */
	hm_str source;      /* as in struct facts_origin, or empty */
	bool local;         /* facts_mark_local() */
	int64_t first_use, last_use; /* 0: never */
	int64_t uses;       /* of the zip */
};
struct facts_list {
	struct fact *v;
	size_t n, cap;
};

/* HM_ENOTFOUND when it is not in the store. */
int facts_version(struct facts *f, struct hm_arena *a, hm_str path, hm_str version,
                  struct fact *out, struct hm_err *err);
/* All versions of a module, in semantic order; none is no error. */
int facts_versions(struct facts *f, struct hm_arena *a, hm_str path, struct facts_list *out,
                   struct hm_err *err);
/*
 * How many there are, and whose go.mod speaks for the module as a whole: the highest release's
 * that has one here, or else the highest version's; empty where none has.
 */
int facts_latest(struct facts *f, struct hm_arena *a, hm_str path, hm_str *version, int64_t *n,
                 struct hm_err *err);
/* Every version in the store, by path, in no order of versions; fn answers -1 to stop. */
int facts_each(struct facts *f, int (*fn)(void *ctx, const struct fact *v, struct hm_err *err),
               void *ctx, struct hm_err *err);
/* Oldest first, from `since` on: by .whole, only those with a zip, or all by .changed. */
int facts_since(struct facts *f, struct hm_arena *a, int64_t since, bool all, size_t limit,
                struct facts_list *out, struct hm_err *err);
/* Newest first. */
int facts_recent(struct facts *f, struct hm_arena *a, size_t limit, struct facts_list *out,
                 struct hm_err *err);
/* Least recently used first, without those that are .local. */
int facts_least_used(struct facts *f, struct hm_arena *a, size_t limit, struct facts_list *out,
                     struct hm_err *err);

struct fact_module {
	hm_str path;
	int64_t versions;
	int64_t changed;  /* of the version that changed last */
	int64_t last_use;
	int64_t uses;
};
struct facts_modules {
	struct fact_module *v;
	size_t n, cap;
};
/*
 * Modules whose path contains text (ASCII case folded): paths that begin with it first, then
 * those whose last elements it is, then by path; `skip` of them are passed over.
 */
int facts_search(struct facts *f, struct hm_arena *a, hm_str text, size_t skip, size_t limit,
                 struct facts_modules *out, struct hm_err *err);

struct fact_require {
	hm_str path, version; /* who requires (facts_required_by) or is required */
	hm_str wants;         /* the version that is asked for */
	bool indirect;
	bool here;            /* facts_requirements(): that version is in the store */
};
struct facts_requires {
	struct fact_require *v;
	size_t n, cap;
};
/* What its go.mod requires, by path. */
int facts_requirements(struct facts *f, struct hm_arena *a, hm_str path, hm_str version,
                       struct facts_requires *out, struct hm_err *err);
/* Versions in the store that require path (at `version`, unless that is empty), by path. */
int facts_required_by(struct facts *f, struct hm_arena *a, hm_str path, hm_str version,
                      size_t limit, struct facts_requires *out, struct hm_err *err);

/* ---- purged: removed by an administrator, and why */

struct fact_purge {
	hm_str path, version;
	hm_str zip_h1;    /* of what was here, or empty */
	hm_str reason, who;
	bool local;       /* it was an upload: the same number must not come back different */
	int64_t at;       /* no two have the same */
};
struct facts_purges {
	struct fact_purge *v;
	size_t n, cap;
};
/* Notes it and forgets the version, at once; p->at is set. */
int facts_purged(struct facts *f, struct fact_purge *p, struct hm_err *err);
/* Oldest first, from `since` on. */
int facts_purges(struct facts *f, struct hm_arena *a, int64_t since, size_t limit,
                 struct facts_purges *out, struct hm_err *err);
/* The last purge of this version; HM_ENOTFOUND when there was none. */
int facts_purge_of(struct facts *f, struct hm_arena *a, hm_str path, hm_str version,
                   struct fact_purge *out, struct hm_err *err);

/* ---- figures, from memory: any thread may ask, a loop too */

struct facts_totals {
	int64_t modules, versions, zips, bytes; /* in the store */
	uint64_t queued;  /* news not written yet */
	uint64_t lost;    /* uses that were not counted: the table was full */
	bool scanning;    /* catching up with the folder */
};
struct facts_totals facts_totals(struct facts *f);

#endif
