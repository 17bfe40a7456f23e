/*
 * witnesses.h - the witnesses that a log asks to cosign each head before it is shown
 * (https://c2sp.org/tlog-witness, the log's side).
 *
 *	DIR/witnesses    witness NAME+HASH+KEY URL ... and quorum N (tlog/trust.h)
 *
 * A witness that says that it has seen more records than there are, or another tree, is an
 * alarm: this log, or its key, is in the world a second time.
 */
#ifndef HM_TILELOG_WITNESSES_H
#define HM_TILELOG_WITNESSES_H

#include "tilelog/tilelog.h"

struct hm_witnesses;

/*
 * Reads DIR/witnesses; *out is NULL where there is none.  (A log that once had them goes on
 * without when there is `quorum 0`, not when the file is gone.)  wait_ms: how
 * long a head is tried to be cosigned before the appends behind it are told that it is not;
 * 0: one attempt.  log is borrowed and may be NULL.
 */
int hm_witnesses_open(hm_str dir, int wait_ms, const struct hm_log *log,
                      struct hm_witnesses **out, struct hm_err *err);
void hm_witnesses_free(struct hm_witnesses *w);

/* Writes DIR/witnesses, durably, when the text is right. */
int hm_witnesses_require(hm_str dir, hm_str text, struct hm_err *err);

/* The callback of struct hm_tilelog_opts; ctx is the struct hm_witnesses. */
int hm_witnesses_endorse(void *ctx, struct hm_tilelog *l, struct hm_arena *a,
                         const struct hm_tree *tree, hm_str checkpoint, hm_str *out,
                         struct hm_err *err);

/* hm_tilelog_open_with() these; *w, which may be NULL, outlives the log. */
int hm_witnesses_open_log(hm_str dir, int wait_ms, const struct hm_log *log,
                          struct hm_witnesses **w, struct hm_tilelog **l, struct hm_err *err);

#endif
