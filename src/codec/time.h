/*
 * time.h - RFC 3339 times as Go's time package reads and prints them; pure.
 */
#ifndef HM_CODEC_TIME_H
#define HM_CODEC_TIME_H

#include "base/arena.h"

/* A moment. All zero means Go's zero time (0001-01-01T00:00:00Z), not 1970. */
struct hm_time {
	int64_t sec;    /* seconds since 0001-01-01T00:00:00Z */
	int32_t nsec;
	int32_t offset; /* seconds east of UTC in which it is printed */
};

/* Seconds from the year 1 to 1970. */
#define HM_TIME_UNIX_EPOCH INT64_C(62135596800)

/* time.Parse(time.RFC3339, s), with its leniencies; false when s is not one. */
bool hm_time_parse_rfc3339(hm_str s, struct hm_time *t);
/* time.Parse("20060102150405", s), as in pseudo-versions. */
bool hm_time_parse_stamp(hm_str s, struct hm_time *t);
/* time.RFC3339Nano, which is also how Go's JSON prints a time. */
hm_str hm_time_rfc3339(struct hm_arena *a, struct hm_time t);
struct hm_time hm_time_from_unix(int64_t sec, int32_t nsec);
static inline bool
hm_time_is_zero(struct hm_time t)
{
	return t.sec == 0 && t.nsec == 0;
}
/* <0, 0, >0 */
int hm_time_cmp(struct hm_time x, struct hm_time y);

#endif
