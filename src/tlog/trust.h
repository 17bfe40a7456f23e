/*
 * trust.h - whom to believe: databases by module pattern, witnesses, and how many of
 * them; the text of HERMOD_SUMDBS and of DIR/witnesses of a log.
 *
 *	PATTERN[,PATTERN...]=NAME+HASH+KEY [URL]    a database
 *	witness NAME+HASH+KEY [URL]
 *	quorum N                                    for the databases behind it
 *	# a comment, to the end of the line
 *
 * Entries end at a semicolon or a newline.  Pure: files and variables are read elsewhere.
 */
#ifndef HM_TLOG_TRUST_H
#define HM_TLOG_TRUST_H

#include "tlog/note.h"

/* Longest text, most entries of a kind. */
#define HM_TRUST_MAX ((size_t)1 << 20)
#define HM_TRUST_ENTRIES_MAX 1000

struct hm_trust_db {
	hm_str patterns; /* as in GOPRIVATE */
	hm_str key;      /* NAME+HASH+KEY, or a name that the reader knows; not looked into */
	hm_str url;      /* empty: none given */
	size_t quorum;   /* of the witnesses; 0: none needed */
};

struct hm_trust {
	struct hm_trust_db *db;
	size_t n_db, cap_db;
	struct hm_verifier *witness; /* for cosignatures (cosign.h) */
	hm_str *witness_url;         /* as many; empty: none given */
	size_t n_witness;
	size_t quorum;               /* the last one */
};

/*
 * HM_EINVALID with "line N: ..." when text is not of that form, when a witness is listed
 * twice (by its key, under whatever name), or when a quorum is larger than the number of
 * witnesses, or missing where there are some.  Everything lives in the arena.
 */
int hm_trust_parse(struct hm_arena *a, hm_str text, struct hm_trust *out, struct hm_err *err);

#endif
