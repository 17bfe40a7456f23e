/*
 * credential.h - what a client sends to say who it is. Private to serve.
 */
#ifndef HM_SERVE_CREDENTIAL_H
#define HM_SERVE_CREDENTIAL_H

#include "base/arena.h"

#define HM_TOKEN_PREFIX "hmd_"
#define HM_CREDENTIAL_HASH 32
#define HM_AUTHORIZATION_MAX 4096

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
