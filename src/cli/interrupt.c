#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "os/file.h"

static void
signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR2); /* ends the thread */
}

/* As if the signal had not been caught. */
static void
die_of(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	raise(sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	_exit(128 + sig);
}

/* Packages are still being loaded: nothing to wait for but the work folder. */
static void
give_up(struct hm_builder *b, int sig)
{
	struct hm_err err = { 0 };
	hm_str dir = b ? hm_build_workdir(b) : HM_S("");

	if (dir.n && dir.p[0] == '/' && hm_dir_remove_all(dir.p, true, &err))
		hm_err_free(&err);
	die_of(sig);
}

static void *
wait_for_signals(void *arg)
{
	struct hm_interrupt *i = arg;
	sigset_t set;
	int sig;

	signals(&set);
	for (;;) {
		if (sigwait(&set, &sig))
			continue;
		if (sig == SIGUSR2)
			return NULL;
		if (sig == SIGINT && atomic_load(&i->program))
			continue;
		atomic_store(&i->caught, sig);
		pthread_mutex_lock(&i->lock);
		if (!i->b || !hm_build_interrupt(i->b))
			give_up(i->b, sig);
		pthread_mutex_unlock(&i->lock);
	}
}

void
hm_interrupt_begin(struct hm_interrupt *i)
{
	sigset_t set;

	*i = (struct hm_interrupt){ 0 };
	pthread_mutex_init(&i->lock, NULL);
	signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	i->started = pthread_create(&i->thread, NULL, wait_for_signals, i) == 0;
	if (!i->started)
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void
hm_interrupt_set(struct hm_interrupt *i, struct hm_builder *b)
{
	pthread_mutex_lock(&i->lock);
	i->b = b;
	pthread_mutex_unlock(&i->lock);
}

void
hm_interrupt_end(struct hm_interrupt *i)
{
	sigset_t set;
	int sig = atomic_load(&i->caught);

	if (i->started) {
		pthread_kill(i->thread, SIGUSR2);
		pthread_join(i->thread, NULL);
		signals(&set);
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	}
	pthread_mutex_destroy(&i->lock);
	if (sig && sig != SIGINT)
		die_of(sig);
}
