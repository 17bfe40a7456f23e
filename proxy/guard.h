/*
 * guard.h - how much may be asked of upstream in vain.
 *
 * What nothing is known of costs a token; what is found gives it back.  So
 * the cold fill of any real graph goes through, and a storm of names that do not exist
 * reaches upstream GUARD_BURST times, and GUARD_RATE times a second from then on.  For one
 * module it is GUARD_MODULE versions in GUARD_WINDOW seconds.  A record or tile of a
 * checksum database counts like a module.
 *
 * Memory is fixed: modules share GUARD_SLOTS counters by hash, so that a storm on one may
 * in rare cases count for another, for GUARD_WINDOW seconds.
 */
#ifndef PROXY_GUARD_H
#define PROXY_GUARD_H

#include <stdint.h>

#include "base/str.h"

enum {
	GUARD_BURST = 2000,
	GUARD_RATE = 50,
	GUARD_MODULE = 64,
	GUARD_WINDOW = 10,
	GUARD_SLOTS = 4096,
};

struct guard;

struct guard *guard_new(void);
void guard_free(struct guard *g);
/* May upstream be asked?  seconds: any clock that does not go back.  Any thread. */
bool guard_take(struct guard *g, hm_str module, int64_t seconds);
/* It was found, or upstream could not say. */
void guard_give(struct guard *g, hm_str module);

#endif
