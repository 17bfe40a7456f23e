/*
 * pass.h - answers of a checksum database for somebody else, proven before they are kept.
 * Private to verify.
 */
#ifndef HM_VERIFY_PASS_H
#define HM_VERIFY_PASS_H

#include "verify/sumdb.h"

/*
 * What the database has at path ("/lookup/M@V", "/latest", "/tile/8/..."), in the arena.
 *
 *	0, *proven       right for ever: signed, on the one timeline, in the tree
 *	0, not *proven   it may be right, but that cannot be shown now (a tile of a larger
 *	                 tree than was ever seen, tiles that cannot be had); *out may be
 *	                 empty: then it was not asked for
 *	-1, HM_ESECURITY provably wrong; *out is what came, where that is one answer
 *	-1               it cannot be had
 *
 * A tile is made of the hashes of the latest tree, so that a narrow one costs no request
 * where the wide one is known.  *spoilt: db remembers a failure, and should be made anew.
 */
int hm_pass(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str *out, bool *proven,
            bool *spoilt, struct hm_err *err);
/* An answer that is at hand: 0, or -1 as above; other errors: it cannot be shown now. */
int hm_pass_check(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str answer,
                  struct hm_err *err);

#endif
