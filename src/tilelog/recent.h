/*
 * recent.h - records that were looked up lately, in memory: a table of fixed size.  A
 * record never changes, so nothing in it ever becomes wrong.  Any thread.
 */
#ifndef HM_TILELOG_RECENT_H
#define HM_TILELOG_RECENT_H

#include "base/arena.h"

/* Longer records are not kept. */
#define HM_RECENT_TEXT_MAX 512

struct hm_recent;

/* Room for about `records`. */
struct hm_recent *hm_recent_new(size_t records);
void hm_recent_free(struct hm_recent *r);
/* The record of this name; *text in the arena. hash: hm_logindex_hash() of key. */
bool hm_recent_get(struct hm_recent *r, struct hm_arena *a, int64_t hash, hm_str key, int64_t *id,
                   hm_str *text);
void hm_recent_put(struct hm_recent *r, int64_t hash, int64_t id, hm_str text);

#endif
