#include "stop.h"

#include <signal.h>

#include "os/clock.h"

static volatile sig_atomic_t stopped;

static void
on_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

void
stop_catch(void)
{
	struct sigaction stop = { .sa_handler = on_stop };

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
}

bool
stop_wait(int seconds)
{
	for (int i = 0; i < seconds * 10 && !stopped; i++)
		hm_clock_sleep_ms(100);
	return !stopped;
}
