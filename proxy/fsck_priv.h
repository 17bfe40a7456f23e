/*
 * fsck_priv.h - between fsck.c (the walk), fsck_version.c (what is wrong with one version)
 * and fsck_mend.c.
 */
#ifndef PROXY_FSCK_PRIV_H
#define PROXY_FSCK_PRIV_H

#include <pthread.h>

#include "fsck.h"
#include "walk.h"

struct fsck_version {
	hm_str path, version;
	int has;              /* HAS_* of walk.h, as the walk saw it */
};

struct fsck_work {
	struct fsck *k;
	struct hm_arena arena; /* of the list */
	HM_VEC(struct fsck_version) v;
	pthread_mutex_t mutex; /* k's counts and its say() */
};

/* What is wrong with one version; one bit for each kind. */
enum {
	BAD_ZIP = 1,     /* not what it was, or no module zip */
	BAD_HASH = 2,    /* .ziphash: damaged, or another one's; the zip is well */
	BAD_MOD = 4,
	BAD_INFO = 8,
	BAD_FACTS = 16,  /* facts.db says something else; the files are well */
	BAD_LOST = 32,   /* an upload without its zip */
};

struct diagnosis {
	int bad;
	struct hm_strs lines;
	hm_str h1;       /* of the zip, when it could be read */
	hm_str want;     /* what it should be, where that is known */
	struct fact fact;
	bool known;      /* fact is there */
	bool has_zip;
	uint64_t bytes;
};

/* Reads all of it; lines are in a. */
void fsck_look(const struct fsck *k, struct hm_arena *a, struct hm_modver m,
               struct diagnosis *out);
/*
 * In two steps, as the second takes the version's lock itself: what is damaged goes, and
 * what can be made from what is here is made; then upstream is asked for the rest.
 */
struct mending {
	struct fsck_work *w;
	struct hm_arena *a;
	struct hm_modver m;
	const struct diagnosis *d;
	bool fetch;     /* something is to be fetched */
	bool lost;      /* something is wrong for good */
	hm_str text;    /* what was done */
};
void fsck_mend_here(struct mending *md);
void fsck_mend_fetch(struct mending *md);

/* fsck_sumdb.c: what was kept of checksum databases. */
int fsck_sumdb(struct fsck_work *w, struct hm_err *err);

/* "what: why", counted as wrong (or as nothing). */
void fsck_say(struct fsck_work *w, uint64_t wrong, uint64_t mended, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * Moves a file to DIR/evidence, under evidence_name(rel); why is kept beside it.  One that
 * is not there is no error.
 */
int fsck_set_aside(struct fsck *k, hm_str file, hm_str rel, hm_str why, struct hm_err *err);

#endif
