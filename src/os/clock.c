#include "os/clock.h"

#include <errno.h>
#include <time.h>

static int64_t
nanos_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
hm_clock_unix(void)
{
	return (int64_t)time(NULL);
}

int64_t
hm_clock_unix_nano(void)
{
	return nanos_of(CLOCK_REALTIME);
}

int64_t
hm_clock_monotonic_ns(void)
{
	return nanos_of(CLOCK_MONOTONIC);
}

void
hm_clock_sleep_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

hm_str
hm_clock_rfc3339(struct hm_arena *a, int64_t unix_seconds, int64_t nanos)
{
	time_t t = (time_t)unix_seconds;
	char day[32], frac[16] = "";
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	if (nanos > 0 && nanos < 1000000000) {
		int k = 9;

		frac[0] = '.';
		for (int i = 9; i > 0; i--, nanos /= 10)
			frac[i] = (char)('0' + nanos % 10);
		while (frac[k] == '0')
			frac[k--] = '\0';
	}
	return hm_arena_printf(a, "%s%sZ", day, frac);
}
