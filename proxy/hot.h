/*
 * hot.h - small answers kept in memory: a table by request path, bounded in bytes.
 *
 * Entries lie one after the other in segments that are mapped for them, so that the
 * table takes no more memory than it may, and what leaves it goes back to the system.
 * The oldest segment goes first; of its entries those move on that were asked for.
 *
 * An entry never changes.  Who holds one (hot_get(), hot_put()) gives it back with
 * hot_release(); it lives until the last holder has, and counts so long.  Any thread.
 */
#ifndef PROXY_HOT_H
#define PROXY_HOT_H

#include "base/str.h"

struct hot;
struct hot_segment;

/* One answer, ready to be sent. */
struct hot_entry {
	hm_str key, body;
	hm_str type, etag;      /* of literals, or within the entry */
	int64_t fresh_until;    /* as hot_now(); INT64_MAX: immutable */
	int64_t usable_until;   /* served while it is fetched again */
	int status;
	bool in_table, used, refreshing;
	char etag_text[34];
	struct hot_segment *segment;
	struct hot_entry *chain;
	char data[];
};

/* Seconds, on a clock that nobody sets. */
int64_t hot_now(void);

/* max_bytes: of memory, all that the table needs included. */
struct hot *hot_new(size_t max_bytes);
/* Nobody holds an entry any more. */
void hot_free(struct hot *h);

/* The entry of key, held; NULL when there is none. */
struct hot_entry *hot_get(struct hot *h, hm_str key);
/*
 * Makes an entry (copies key and body; type is borrowed) and puts it in the place of
 * an older one.  An immutable entry's ETag is a hash of the body.  Held for the caller.
 */
struct hot_entry *hot_put(struct hot *h, hm_str key, int status, hm_str type, hm_str body,
                          int64_t fresh_until, int64_t usable_until);
/* One that is in no table: the caller's alone. */
struct hot_entry *hot_entry_new(hm_str key, int status, hm_str type, hm_str body);
/* One more holder of an entry that is held. */
void hot_hold(struct hot_entry *e);
void hot_release(void *entry);
void hot_remove(struct hot *h, hm_str key);
/* Out of the table: every entry whose key starts so. */
void hot_drop(struct hot *h, hm_str prefix);
/* The caller is the one to refresh it (true about once until the entry is replaced). */
bool hot_claim_refresh(struct hot *h, struct hot_entry *e);
/*
 * For work that needs much memory at once: until hot_give_back() the table does with so
 * much less (down to nothing).  Of several at a time the sum counts.
 */
void hot_lend(struct hot *h, size_t bytes);
void hot_give_back(struct hot *h, size_t bytes);

struct hot_stats {
	size_t bytes, entries; /* bytes: of the segments */
};
struct hot_stats hot_stats(struct hot *h);

#endif
