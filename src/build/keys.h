/*
 * keys.h - action IDs: salted SHA-256 over a text of everything an action's
 * result depends on (cmd/go/internal/cache/hash.go; which text, in keys.c, is
 * that of cmd/go/internal/work: buildActionID, linkActionID, pgoActionID).
 *
 * Under GODEBUG=gocachehash=1 every write is shown as go shows it, so that two
 * runs can be compared line by line.
 */
#ifndef HM_BUILD_KEYS_H
#define HM_BUILD_KEYS_H

#include "base/log.h"
#include "build/cache.h"
#include "crypto/sha256.h"

struct hm_builder;
struct hm_action;

/* What all hashes of one build share. */
struct hm_keys {
	hm_str salt;
	bool trace;               /* GODEBUG=gocachehash=1 */
	const struct hm_log *log; /* where the trace goes */
};

struct hm_key {
	const struct hm_keys *keys;
	struct hm_sha256 sha;
	struct hm_buf name;
	struct hm_buf line; /* what the next hm_key_write() takes */
};

/* The name is only for the trace. */
void hm_key_init(struct hm_key *k, const struct hm_keys *keys, const char *kind, hm_str name);
/* Hashes k->line and empties it: one write of go's. */
void hm_key_write(struct hm_key *k);
/* Formats to k->line and writes it. */
void hm_key_printf(struct hm_key *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends the key and frees it. */
void hm_key_sum(struct hm_key *k, uint8_t id[HM_HASH_SIZE]);
/* cache.Subkey */
void hm_key_subkey(const struct hm_keys *keys, const uint8_t parent[HM_HASH_SIZE],
                   const char *desc, uint8_t id[HM_HASH_SIZE]);

/* The part of a build ID before its first, behind its last slash. */
hm_str hm_key_action_part(hm_str build_id);
hm_str hm_key_content_part(hm_str build_id);

/* The action ID of a compile, link or preprofile action whose dependencies are done. */
int hm_key_of_action(struct hm_builder *b, struct hm_action *a, uint8_t id[HM_HASH_SIZE],
                     struct hm_err *err);

#endif
