/*
 * tilecache.h - full tiles that were proven, in memory: bounded in bytes, the least
 * recently used go first, and none is kept before it is asked for again, so that who reads
 * the whole log drives nothing out.  A full tile never changes, so what is in here stays
 * right whatever becomes of its file.  Any thread.
 */
#ifndef HM_TILELOG_TILECACHE_H
#define HM_TILELOG_TILECACHE_H

#include <stdatomic.h>

#include "base/str.h"

struct hm_tilecache;

/* A tile that somebody holds: it lives, and data with it, until the last holder lets go. */
struct hm_kept_tile {
	hm_str data;
	/* The cache's own. */
	int level;
	int64_t n;
	atomic_uint refs;
	struct hm_kept_tile *newer, *older, *chain;
	char bytes[];
};

/* 0: keeps nothing. */
struct hm_tilecache *hm_tilecache_new(size_t max_bytes);
/* Tiles that are held outlive it. */
void hm_tilecache_free(struct hm_tilecache *c);
/* The full tile of this level and number, held for the caller, or NULL. */
struct hm_kept_tile *hm_tilecache_get(struct hm_tilecache *c, int level, int64_t n);
/* A tile with room for so many bytes of data, to be filled; held for the caller alone. */
struct hm_kept_tile *hm_tilecache_room(int level, int64_t n, size_t size);
/*
 * Puts it there, or finds that another thread was first; what is held now is answered.  One
 * that is not kept stays the caller's alone.
 */
struct hm_kept_tile *hm_tilecache_put(struct hm_tilecache *c, struct hm_kept_tile *k);
/* Lets go of a struct hm_kept_tile; NULL is fine. */
void hm_tilecache_release(void *kept);

#endif
