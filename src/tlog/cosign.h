/*
 * cosign.h - cosignatures of checkpoints, as https://c2sp.org/tlog-cosignature has
 * them: type 0x04, Ed25519.
 *
 *	— NAME base64(key hash, time as 8 bytes, signature)
 *
 * where the signature is over
 *
 *	cosignature/v1
 *	time SECONDS
 *	the text of the checkpoint
 *
 * It says: of the log named in the first line, the largest tree that I had seen at that
 * time is this one, and it continues all that I had seen before.
 */
#ifndef HM_TLOG_COSIGN_H
#define HM_TLOG_COSIGN_H

#include "tlog/note.h"

#define HM_NOTE_COSIGNATURE 4

/*
 * The verifier key of a witness, of type 4, or of type 1, which names the same Ed25519
 * key; hash is that of type 4.  HM_EINVALID with the texts of hm_verifier_parse().
 */
int hm_cosigner_parse(struct hm_arena *a, hm_str vkey, struct hm_verifier *w, struct hm_err *err);
/* The verifier key of type 4. */
hm_str hm_cosigner_vkey(struct hm_arena *a, hm_str name, const uint8_t pub[32]);

/* The line for text, newline included; 0 < time.  s->hash is not used. */
int hm_cosign(struct hm_arena *a, const struct hm_signer *s, hm_str text, int64_t time,
              hm_str *line, struct hm_err *err);
/* Is it w's signature of text?  base64 as it stands in the line; *time may be NULL. */
bool hm_cosign_verify(const struct hm_verifier *w, hm_str text, hm_str base64, int64_t *time);

/*
 * How many of the n witnesses have cosigned text, going by the signatures of a note that
 * are not by its log's keys; each counts once.  has[i], when has is not NULL: did w[i]?
 * HM_ESECURITY when a signature by one of them is wrong.
 */
int hm_cosign_count(const struct hm_note *note, hm_str text, const struct hm_verifier *w,
                    size_t n, bool *has, size_t *count, struct hm_err *err);

#endif
