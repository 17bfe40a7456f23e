/*
 * fsck.h - every record read again, every hash computed again, held against tiles,
 * index and signed heads.
 */
#ifndef HM_TILELOG_FSCK_H
#define HM_TILELOG_FSCK_H

#include "tilelog/tilelog.h"

struct hm_fsck {
	bool repair;
	enum hm_declared declare; /* with repair: this is so from now on */
	/* Told of each thing that is wrong, or was put right; a line. */
	void (*say)(void *ctx, hm_str line);
	void *ctx;

	int64_t size;     /* out: records */
	uint64_t wrong;   /* out: things found wrong */
	uint64_t mended;  /* out: of them put right */
};

/*
 * With repair: hash tiles and index are made again from the records, once these are
 * proven by the signed root; a lost database, too, from the public files (as far as
 * those reach).  Records are never invented: a damaged data tile stays wrong.  Nor is it
 * guessed whether names are a secret, where that is lost or in doubt: declare says it.
 * -1 when it cannot be checked at all, or what is wrong could not be mended.
 * HM_ECONFLICT while another process has the log.
 */
int hm_tilelog_fsck(hm_str dir, const struct hm_log *log, struct hm_fsck *f, struct hm_err *err);

#endif
