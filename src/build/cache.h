/*
 * cache.h - the go build cache, on disk exactly as cmd/go/internal/cache keeps
 * it, so that go and hermod use what the other has built.
 *
 * DIR/xx/<action id in hex>-a is "v1 <action> <output> <size, 20 wide> <time in
 * ns, 20 wide>\n"; DIR/xx/<sha256 in hex>-d is an output, or a folder holding
 * one executable.  mtimes are last uses, renewed when an hour old; once a day
 * (trim.txt) entries unused for five days go.  Any number of processes may work
 * on one cache.  All functions are thread-safe.
 */
#ifndef HM_BUILD_CACHE_H
#define HM_BUILD_CACHE_H

#include "base/err.h"

enum { HM_HASH_SIZE = 32 };
typedef uint8_t hm_hash_bytes[HM_HASH_SIZE];

struct hm_cache;

struct hm_cache_entry {
	uint8_t out[HM_HASH_SIZE];
	int64_t size;
	int64_t time; /* when it was added, ns since 1970 */
};

/* Makes dir (absolute) and its 256 folders; go's texts on failure. */
int hm_cache_open(hm_str dir, struct hm_cache **out, struct hm_err *err);
void hm_cache_free(struct hm_cache *c);
hm_str hm_cache_dir(const struct hm_cache *c);

/* The entry of an action; a damaged one counts as missing. */
bool hm_cache_get(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], struct hm_cache_entry *e);
/* The entry and its output, which is there with the right size; the path is in the arena. */
bool hm_cache_get_file(struct hm_cache *c, struct hm_arena *a, const uint8_t id[HM_HASH_SIZE],
                       hm_str *path, struct hm_cache_entry *e);
/* The entry and the bytes, whose hash has been checked. */
bool hm_cache_get_bytes(struct hm_cache *c, struct hm_arena *a, const uint8_t id[HM_HASH_SIZE],
                        hm_str *data, struct hm_cache_entry *e);
/* Where output `out` lies (marks it used); for an executable the file in its folder. */
hm_str hm_cache_output(struct hm_cache *c, struct hm_arena *a, const uint8_t out[HM_HASH_SIZE]);

int hm_cache_put_bytes(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], hm_str data,
                       struct hm_err *err);
/* Stores the bytes as output and as the action's result; out gets the output ID. */
int hm_cache_put(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], hm_str data,
                 uint8_t out[HM_HASH_SIZE], struct hm_err *err);
/* As hm_cache_put, but as an executable with that file name. */
int hm_cache_put_exe(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], hm_str name,
                     hm_str data, uint8_t out[HM_HASH_SIZE], struct hm_err *err);
/* Removes what was not used for five days, at most once a day. */
int hm_cache_trim(struct hm_cache *c, struct hm_err *err);

#endif
