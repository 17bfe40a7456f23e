/*
 * importstate.h - what import resolution remembers for the life of a modload.
 *
 * Only for get*.c, import*.c, iterate*.c, query*.c, search*.c, modstart.c, modules.c and
 * modinfo*.c.
 */
#ifndef HM_LOAD_IMPORTSTATE_H
#define HM_LOAD_IMPORTSTATE_H

#include <pthread.h>

#include "base/err.h"
#include "base/map.h"
#include "load/constraint.h"
#include "load/modload.h"

struct hm_pool;
struct hm_scan_cache;

/*
 * Answers by key, each worked out once: the first thread that claims a key
 * works, the others wait for it.
 */
struct hm_memo {
	pthread_mutex_t mutex;
	pthread_cond_t done;
	struct hm_arena arena;
	struct hm_map map; /* key -> struct hm_memo_slot * */
};
struct hm_memo_slot {
	bool done;
	intptr_t num;
	void *val;
};

void hm_memo_init(struct hm_memo *m);
/* Its answers live on in keep. */
void hm_memo_destroy(struct hm_memo *m, struct hm_arena *keep);
/* true: the caller works out the answer and calls hm_memo_done(); false: *slot has it. */
bool hm_memo_claim(struct hm_memo *m, hm_str key, struct hm_memo_slot **slot);
void hm_memo_done(struct hm_memo *m, struct hm_memo_slot *slot, intptr_t num, void *val);
/* A copy that lives as long as the memo. */
hm_str hm_memo_dup(struct hm_memo *m, hm_str s);
void *hm_memo_alloc(struct hm_memo *m, size_t n);

/* Arenas that jobs borrow, so that each is used by one thread at a time. */
struct hm_arena_pool {
	pthread_mutex_t mutex;
	struct hm_arena_pool_item {
		struct hm_arena arena;
		struct hm_arena_pool_item *next;
	} *free;
};
struct hm_arena_pool_item *hm_arena_pool_take(struct hm_arena_pool *p);
void hm_arena_pool_give(struct hm_arena_pool *p, struct hm_arena_pool_item *item);

struct hm_resolve {
	struct hm_scan_cache *scans;
	bool own_scans;
	struct hm_build_ctx build;
	struct hm_tags tags;        /* of build */
	struct hm_pool *pool;       /* made at the first hm_resolve_pool() */
	struct hm_arena_pool arenas; /* live as long as the modload */
	struct hm_memo gomod;       /* folder -> it has a go.mod file */
	struct hm_memo exists;      /* path -> it is there */
	struct hm_memo godir;       /* folder -> it has Go files */
	struct hm_memo fetched;     /* "path@version" -> where it is */
	struct hm_memo latest;      /* module path -> latest version, retractions not looked at */
	hm_str goroot_src;
	/* The first error at which go ends the process (err->final: a checksum mismatch). */
	pthread_mutex_t fatal_mutex;
	struct hm_err fatal;
};

/* The state of ml, made when there is none yet (then no other thread may run). */
struct hm_resolve *hm_resolve_of(struct hm_modload *ml);
struct hm_pool *hm_resolve_pool(struct hm_resolve *r);
static inline const struct hm_tags *
hm_resolve_tags(const struct hm_resolve *r, bool any)
{
	return any ? hm_tags_any() : &r->tags;
}

/* Modules are fetched anew, so that their sums are noted again (modfetch.Reset). */
void hm_resolve_refetch(struct hm_modload *ml);

/* Is the path there (folder or file)?  Memoised. */
bool hm_resolve_exists(struct hm_resolve *r, hm_str path);
/* Is there a go.mod file in dir?  Memoised. */
bool hm_resolve_has_gomod(struct hm_resolve *r, hm_str dir);
/* Does dir have a *.go file?  Memoised. */
bool hm_resolve_is_go_dir(struct hm_resolve *r, hm_str dir);

/* Keeps err when it is final: whoever asked goes on, but the command must not. */
void hm_resolve_note(struct hm_resolve *r, struct hm_err *err);
/* -1 with such an error, when there was one. */
int hm_resolve_check(struct hm_resolve *r, struct hm_err *err);

/* Root folder of the main module m; empty when m is none. */
hm_str hm_resolve_main_root(const struct hm_modload *ml, struct hm_modver m);

#endif
