/*
 * admit.h - may this enter the store?  The one place that says so, whichever way a
 * module comes: a fill, an upload, an import, a bundle, a replica.
 *
 *	.info   is JSON, at most ADMIT_INFO_MAX, and names this version
 *	.mod    parses as go parses a dependency's, and is what the checksum database
 *	        has for path@version/go.mod
 *	.zip    obeys the rules of module zips, every entry inflates to its size and CRC,
 *	        its h1 is what the database has, and its go.mod is the .mod
 *
 * Any thread, any number at once.  What is refused leaves nothing in the store.  Errors
 * read "path@version: ..."; none of them lets a caller fall back to another source
 * where the checksum database or the zip's rules said no.
 */
#ifndef PROXY_ADMIT_H
#define PROXY_ADMIT_H

#include "facts.h"
#include "store/store.h"
#include "verify/verify.h"

#define ADMIT_INFO_MAX ((size_t)1 << 20)
#define ADMIT_MOD_MAX ((size_t)16 << 20)

struct hot;
struct ownlog;

/* Borrowed. */
struct admit {
	const struct hm_store *store;
	struct hm_verify *verify; /* NULL: no database is asked, because a user said so by name */
	struct ownlog *ownlog;    /* what it has under other hashes is refused; may be NULL */
	struct facts *facts;      /* told of what admit_module() stores; may be NULL */
	hm_str source;            /* where from, for the facts: "import", a URL */
	struct hot *lender;       /* of memory while a zip is checked; may be NULL */
	unsigned threads;         /* that hash a zip; 0: one */
};

int admit_check_info(hm_str path, hm_str version, hm_str info, struct hm_err *err);
int admit_check_mod(const struct admit *ad, hm_str path, hm_str version, hm_str mod,
                    struct hm_err *err);
/* The same, and it must be that of the zip, if the store has one already. */
int admit_check_new_mod(const struct admit *ad, hm_str path, hm_str version, hm_str mod,
                        struct hm_err *err);
/*
 * The zip in `file`, which nobody changes meanwhile.  mod may be NULL (a fill has the
 * zip alone).  *h1 is in the arena.
 */
int admit_check_zip(const struct admit *ad, struct hm_arena *a, hm_str path, hm_str version,
                    const char *file, const hm_str *mod, hm_str *h1, struct hm_err *err);
/* go.mod of the zip in `file`, or what go has in the place of none; nothing else is checked. */
int admit_mod_of_zip(struct hm_arena *a, hm_str path, hm_str version, const char *file,
                     hm_str *mod, struct hm_err *err);
/*
 * Gives a checked zip its name: .ziphash, fsync, rename.  Takes fd and tmp (as
 * hm_store_temp_zip() made them); tmp is gone when this fails.  Hold the version's lock.
 */
int admit_publish_zip(const struct admit *ad, hm_str path, hm_str version, int fd,
                      const char *tmp, hm_str h1, struct hm_err *err);

/* A whole version from outside. */
struct admit_module {
	hm_str path, version;
	hm_str info;      /* empty: none is known, and none stored */
	hm_str mod;
	const char *zip;  /* a file; it stays.  NULL: .info and .mod alone (for module graphs) */
	bool may_link;    /* zip may be hard-linked: nobody writes to it, ever */
	bool may_take;    /* zip is a file of hm_store_temp_zip(): stored as it is, if at all */
	bool local;       /* no upstream could give it again: facts_mark_local() */
	hm_str want_h1;   /* what a .ziphash promises; anything but a sum: nothing */
};

enum admit_outcome {
	ADMIT_NEW,    /* stored now */
	ADMIT_KNOWN,  /* the same was there */
};

/*
 * Checks all of it, then stores what the store lacks, under the version's lock: the zip
 * by reflink, hard link or copy, and last the .mod, which puts the version on the list.
 * A store that has other bytes for this version is HM_ECONFLICT: what is published
 * never changes.
 */
int admit_module(const struct admit *ad, const struct admit_module *m,
                 enum admit_outcome *outcome, struct hm_err *err);
/* The same for who holds the version's lock. */
int admit_module_locked(const struct admit *ad, const struct admit_module *m,
                        enum admit_outcome *outcome, struct hm_err *err);

#endif
