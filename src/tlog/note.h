/*
 * note.h - signed notes and their keys, as golang.org/x/mod/sumdb/note has them.
 *
 *	text, ending in a newline
 *
 *	— name base64(key hash, signature)
 *
 * A verifier key is NAME+HASH+BASE64, a signer key PRIVATE+KEY+NAME+HASH+BASE64.
 * Only Ed25519 (algorithm 1) is known.
 */
#ifndef HM_TLOG_NOTE_H
#define HM_TLOG_NOTE_H

#include "base/err.h"
#include "base/vec.h"

#define HM_NOTE_ED25519 1
/* Notes with more signature lines are malformed. */
#define HM_NOTE_SIGS_MAX 100

struct hm_verifier {
	hm_str name; /* in the arena of the parse */
	uint32_t hash;
	uint8_t key[32];
};

/* Holds a secret: hm_secret_wipe() it when done. */
struct hm_signer {
	hm_str name;
	uint32_t hash;
	uint8_t seed[32];
};

struct hm_note_sig {
	hm_str name;
	uint32_t hash;
	hm_str base64; /* key hash and signature, as it stands in the note */
};

struct hm_note_sigs {
	struct hm_note_sig *v;
	size_t n, cap;
};

/* Slices are borrowed from the message that was opened. */
struct hm_note {
	hm_str text;
	struct hm_note_sigs sigs;       /* by known keys, and right */
	struct hm_note_sigs unverified; /* by unknown keys */
};

/* The errors are HM_EINVALID with go's texts ("malformed verifier id", ...). */
int hm_verifier_parse(struct hm_arena *a, hm_str vkey, struct hm_verifier *v,
                      struct hm_err *err);
int hm_signer_parse(struct hm_arena *a, hm_str skey, struct hm_signer *s, struct hm_err *err);
/* A fresh pair of keys for a server. */
int hm_note_keygen(struct hm_arena *a, hm_str name, hm_str *skey, hm_str *vkey,
                   struct hm_err *err);
/* The verifier key that belongs to an Ed25519 public key. */
hm_str hm_note_vkey(struct hm_arena *a, hm_str name, const uint8_t pub[32]);
/* Takes NAME+HASH+BASE64 apart, of any algorithm; key begins with that. HASH is not checked. */
int hm_note_split_key(struct hm_arena *a, hm_str text, hm_str *name, uint32_t *hash, hm_str *key,
                      struct hm_err *err);
/* The hash of a name and an encoded key (algorithm byte first). */
uint32_t hm_note_key_hash(hm_str name, hm_str key);
/* Not empty, valid UTF-8, without white space and plus. */
bool hm_note_is_name(hm_str name);

/*
 * Parses msg and checks the signatures of known keys.  HM_EINVALID when it is
 * malformed, HM_ESECURITY when a known key's signature is wrong or no known key
 * signed it (then *note is filled nevertheless).
 */
int hm_note_open(struct hm_arena *a, hm_str msg, const struct hm_verifier *known, size_t n_known,
                 struct hm_note *note, struct hm_err *err);
/*
 * The note's text with the signatures it had and those of the signers; an old
 * one by the same key is replaced.
 */
int hm_note_sign(struct hm_arena *a, const struct hm_note *note, const struct hm_signer *signers,
                 size_t n, hm_str *out, struct hm_err *err);

#endif
