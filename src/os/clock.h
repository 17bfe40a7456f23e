/*
 * clock.h - time.  Only what really needs a clock includes this.
 */
#ifndef HM_OS_CLOCK_H
#define HM_OS_CLOCK_H

#include <stdint.h>

#include "base/arena.h"

int64_t hm_clock_unix(void);        /* seconds since 1970 */
int64_t hm_clock_unix_nano(void);
int64_t hm_clock_monotonic_ns(void);
void hm_clock_sleep_ms(unsigned ms);
/* RFC 3339, UTC, as Go's time.RFC3339Nano without trailing zeros: "2006-01-02T15:04:05Z". */
hm_str hm_clock_rfc3339(struct hm_arena *a, int64_t unix_seconds, int64_t nanos);

#endif
