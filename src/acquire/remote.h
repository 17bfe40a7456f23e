/*
 * remote.h - the way to a checksum database for programs that drive fetch and
 * verify themselves.
 */
#ifndef HM_ACQUIRE_REMOTE_H
#define HM_ACQUIRE_REMOTE_H

#include "fetch/fetch.h"
#include "verify/verify.h"

/* Requests go through f, which outlives the verify that gets this. Any thread. */
struct hm_verify_remote hm_acquire_remote(struct hm_fetch *f);

#endif
