/*
 * missing.h - versions that were looked for and not found, for a while: a table of
 * fixed size that forgets what would expire first.  Any thread.
 */
#ifndef HM_LOGSERVE_MISSING_H
#define HM_LOGSERVE_MISSING_H

#include "base/err.h"

struct hm_missing;

/* seconds 0: nothing is remembered. */
struct hm_missing *hm_missing_new(int seconds);
void hm_missing_free(struct hm_missing *m);
/* Remembers err (its code, and its text, cut) under key. */
void hm_missing_put(struct hm_missing *m, hm_str key, struct hm_err *err);
/* -1 with what was remembered; 0: nothing is known of key. */
int hm_missing_get(struct hm_missing *m, hm_str key, struct hm_err *err);

#endif
