/*
 * memlog.h - a transparency log in memory, for tests.
 */
#ifndef HM_TESTS_MEMLOG_H
#define HM_TESTS_MEMLOG_H

#include "tlog/tile.h"

struct memlog {
	struct hm_arena arena;
	struct {
		struct hm_hash *v;
		size_t n, cap;
	} hashes; /* in storage order */
	int64_t n;
};

void memlog_add(struct memlog *l, hm_str record);
/* Records "leaf 0" ... until there are n. */
void memlog_fill(struct memlog *l, int64_t n);
struct hm_hash_reader memlog_reader(struct memlog *l);
/* The head of the first n records. */
struct hm_tree memlog_tree(struct memlog *l, int64_t n);
/* The right data of a tile, in the log's arena. */
hm_str memlog_tile(struct memlog *l, const struct hm_tile *t);
void memlog_free(struct memlog *l);

#endif
