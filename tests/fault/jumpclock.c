/*
 * jumpclock.c - LD_PRELOAD: the wall clock jumps by years with every look at it, or, when
 * JUMPCLOCK names a file, goes back by a day when the file is there; the monotonic clock
 * goes on as ever.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Without a file: back and forth, by up to 20 years. */
static time_t
jump(void)
{
	static atomic_uint looks;
	unsigned n = atomic_fetch_add(&looks, 1);
	const char *file = getenv("JUMPCLOCK");

	if (file)
		return access(file, F_OK) == 0 ? -86400 : 0;
	return (time_t)(n * 2654435761u % 20) * 31536000 * (n % 2 ? 1 : -1);
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int rc = REAL(clock_gettime)(clock, t);

	if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		t->tv_sec += jump();
	return rc;
}

time_t
time(time_t *out)
{
	time_t now = REAL(time)(NULL) + jump();

	if (out)
		*out = now;
	return now;
}

int
gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	int rc = REAL(gettimeofday)(t, zone);

	if (rc == 0)
		t->tv_sec += jump();
	return rc;
}
