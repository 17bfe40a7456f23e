/*
 * limit.h - token buckets by key (an account, an address), in a table of fixed size.
 *
 * A table that is full forgets the bucket that was used longest ago, which is then
 * full again: many keys cost nobody memory, at the worst they are limited late.
 * Any thread.
 */
#ifndef HM_SERVE_LIMIT_H
#define HM_SERVE_LIMIT_H

#include "base/str.h"

struct hm_limit;

/* per_second tokens flow in, burst at most lie there; per_second 0: no limit. */
struct hm_limit *hm_limit_new(size_t keys, double per_second, double burst);
void hm_limit_free(struct hm_limit *l);
/* Buckets stay; what they hold is cut to the new burst. */
void hm_limit_set(struct hm_limit *l, double per_second, double burst);

/* Takes one token.  0, or the seconds (at least 1) after which there will be one. */
int hm_limit_take(struct hm_limit *l, hm_str key, int64_t now_ns);
/* The same without taking it. */
int hm_limit_look(struct hm_limit *l, hm_str key, int64_t now_ns);

/* The key of an address: itself for IPv4, its /64 for IPv6. Borrowed from the arguments. */
hm_str hm_limit_address(hm_str peer, char room[static 64]);

#endif
