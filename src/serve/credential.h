/*
 * credential.h - what a client sends to say who it is. Private to serve.
 */
#ifndef HM_SERVE_CREDENTIAL_H
#define HM_SERVE_CREDENTIAL_H

#include "base/arena.h"

#define HM_TOKEN_PREFIX "hmd_"
#define HM_CREDENTIAL_HASH 32
#define HM_AUTHORIZATION_MAX 4096

/*
 * scrypt for passwords: 16 MiB and about 0.2 s, as strong against guessing as 128 MiB at
 * p = 1 (OWASP's table).  A token has 256 random bits: no cost makes it harder to guess.
 */
#define HM_PASSWORD_COST { 16384, 8, 5 }
#define HM_TOKEN_COST    { 1024, 8, 1 }

struct hm_sent {
	hm_str user;     /* of basic authentication; empty for a token alone */
	hm_str password; /* when it is one */
	hm_str token_id, secret; /* when it is a token */
};

/*
 * Reads the value of an Authorization field (RFC 7617, RFC 6750).  False for another
 * scheme or what is malformed.  Slices live in the arena or in the value.
 */
bool hm_credential_read(struct hm_arena *a, hm_str authorization, struct hm_sent *out);

#endif
