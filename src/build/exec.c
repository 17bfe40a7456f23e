#include "build/exec.h"

#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "build/builder.h"
#include "build/shell.h"
#include "os/pool.h"

struct hm_exec {
	struct hm_builder *b;
	struct hm_pool *pool;   /* while running */
	unsigned threads;
	pthread_mutex_t graph;  /* pending and failed of the actions */
	bool failed;
	atomic_bool stop, running;

	pthread_mutex_t kids_lock;
	struct hm_arena arena;
	struct {
		pid_t *v;
		size_t n, cap;
	} kids;

	/* Back-end threads of compiles, shared out as go does. */
	pthread_mutex_t tokens_lock;
	int max_concurrency, min_tokens, tokens, compiles;
};

static int
min_int(int x, int y)
{
	return x < y ? x : y;
}

/* Go's runtime.GOMAXPROCS(0). */
static int
max_procs(struct hm_builder *b)
{
	hm_str v = hm_env_or_empty(&b->o.conf->env, "GOMAXPROCS");
	int n = v.n ? atoi(v.p) : 0;

	return n > 0 ? n : (int)hm_pool_cores();
}

struct hm_exec *
hm_exec_new(struct hm_builder *b)
{
	struct hm_exec *x = hm_mem_new(sizeof(*x));

	x->b = b;
	pthread_mutex_init(&x->graph, NULL);
	pthread_mutex_init(&x->kids_lock, NULL);
	pthread_mutex_init(&x->tokens_lock, NULL);
	x->max_concurrency = max_procs(b);
	x->threads = b->o.p ? b->o.p : (unsigned)x->max_concurrency;
	x->min_tokens = min_int(4, x->max_concurrency);
	x->tokens = 2 * x->max_concurrency + x->min_tokens * (int)x->threads;
	return x;
}

void
hm_exec_free(struct hm_exec *x)
{
	if (!x)
		return;
	pthread_mutex_destroy(&x->graph);
	pthread_mutex_destroy(&x->kids_lock);
	pthread_mutex_destroy(&x->tokens_lock);
	hm_arena_free(&x->arena);
	free(x);
}

int
hm_exec_compile_begin(struct hm_exec *x)
{
	int n, aside;

	if (x->threads == 1)
		return x->max_concurrency;
	pthread_mutex_lock(&x->tokens_lock);
	x->compiles++;
	aside = ((int)x->threads - x->compiles) * x->min_tokens;
	n = min_int((x->tokens - aside) / 2, x->max_concurrency);
	if (n < x->min_tokens)
		n = x->min_tokens;
	x->tokens -= n;
	pthread_mutex_unlock(&x->tokens_lock);
	return n;
}

void
hm_exec_compile_end(struct hm_exec *x, int threads)
{
	if (x->threads == 1)
		return;
	pthread_mutex_lock(&x->tokens_lock);
	x->compiles--;
	x->tokens += threads;
	pthread_mutex_unlock(&x->tokens_lock);
}

void
hm_exec_watch(void *ctx, pid_t pid, bool alive)
{
	struct hm_exec *x = ctx;

	pthread_mutex_lock(&x->kids_lock);
	if (alive) {
		HM_PUSH(&x->arena, x->kids, pid);
		if (atomic_load(&x->stop))
			kill(pid, SIGKILL);
	} else {
		for (size_t i = 0; i < x->kids.n; i++)
			if (x->kids.v[i] == pid)
				x->kids.v[i] = x->kids.v[--x->kids.n];
	}
	pthread_mutex_unlock(&x->kids_lock);
}

bool
hm_exec_interrupt(struct hm_exec *x)
{
	bool running;

	pthread_mutex_lock(&x->kids_lock);
	atomic_store(&x->stop, true);
	for (size_t i = 0; i < x->kids.n; i++)
		kill(x->kids.v[i], SIGKILL);
	running = atomic_load(&x->running);
	pthread_mutex_unlock(&x->kids_lock);
	return running;
}

bool
hm_exec_stopped(const struct hm_exec *x)
{
	return atomic_load(&x->stop);
}

static int
perform(struct hm_builder *b, struct hm_action *a, struct hm_err *err)
{
	switch (a->kind) {
	case HM_ACT_COMPILE:
		return hm_compile_run(b, a, err);
	case HM_ACT_LINK:
		return hm_link_run(b, a, err);
	case HM_ACT_PROFILE:
		return hm_profile_run(b, a, err);
	case HM_ACT_INSTALL:
		return hm_install_run(b, a, err);
	case HM_ACT_GROUP:
	case HM_ACT_BUILTIN:
		break;
	}
	return 0;
}

/* What a tool or the loader said names its package already; other errors get it in front. */
static void
show_failure(struct hm_action *a, struct hm_err *err)
{
	if (a->pkg && a->builder->o.allow_errors) {
		a->why = hm_arena_dup(&a->arena, hm_err_str(err));
		return;
	}
	if (a->pkg && err->code != HM_EBUILD)
		hm_err_wrap(err, HM_F ": ", HM_P(a->pkg->import_path));
	hm_shell_error(a, hm_err_str(err));
}

static void run_action(void *arg);

static void
submit(struct hm_exec *x, struct hm_action *a)
{
	hm_pool_submit(x->pool, (int)a->weight, run_action, a);
}

/* Marks a as done and starts what waited for it alone. */
static void
finish(struct hm_exec *x, struct hm_action *a)
{
	pthread_mutex_lock(&x->graph);
	if (a->failed)
		x->failed = true;
	for (size_t i = 0; i < a->triggers.n; i++) {
		struct hm_action *t = a->triggers.v[i];

		if (a->failed)
			t->failed = a->failed;
		if (--t->pending == 0)
			submit(x, t);
	}
	pthread_mutex_unlock(&x->graph);
}

static void
run_action(void *arg)
{
	struct hm_action *a = arg;
	struct hm_exec *x = a->builder->exec;
	struct hm_err err = { 0 };

	if (hm_exec_stopped(x))
		a->failed = a;
	if (!a->failed && perform(a->builder, a, &err)) {
		if (!hm_exec_stopped(x) && !hm_err_is(&err, HM_EREPORTED))
			show_failure(a, &err);
		a->failed = a;
	}
	hm_err_free(&err);
	finish(x, a);
}

/* Rough cost of an action, only to order them: source files, and links as a large package. */
static int64_t
cost(const struct hm_action *a)
{
	switch (a->kind) {
	case HM_ACT_COMPILE:
		return 2 + (int64_t)(a->pkg->go_files.n + a->pkg->s_files.n);
	case HM_ACT_LINK:
		return 100;
	case HM_ACT_PROFILE:
		return 20;
	case HM_ACT_GROUP:
	case HM_ACT_BUILTIN:
	case HM_ACT_INSTALL:
		break;
	}
	return 0;
}

/* all is in post-order: walking it backwards meets every action after those it triggers. */
static void
weigh(struct hm_exec *x, const struct hm_actions *all)
{
	for (size_t i = all->n; i-- > 0;) {
		struct hm_action *a = all->v[i];
		int64_t above = 0;

		for (size_t j = 0; j < a->triggers.n; j++)
			if (a->triggers.v[j]->weight > above)
				above = a->triggers.v[j]->weight;
		a->weight = above + cost(a);
		if (a->weight > INT32_MAX)
			a->weight = INT32_MAX;
	}
	for (size_t i = 0; x->threads == 1 && i < all->n; i++)
		all->v[i]->weight = -(int64_t)all->v[i]->order;
}

int
hm_exec_run(struct hm_builder *b, struct hm_action *root, struct hm_err *err)
{
	struct hm_exec *x = b->exec;
	struct hm_actions all = { 0 };

	if (b->o.n)
		x->threads = 1;
	hm_action_list(b, root, &all);
	for (size_t i = 0; i < all.n; i++) {
		struct hm_action *a = all.v[i];

		a->pending = a->deps.n;
		for (size_t j = 0; j < a->deps.n; j++)
			HM_PUSH(&b->arena, a->deps.v[j]->triggers, a);
	}
	weigh(x, &all);
	atomic_store(&x->running, true);
	x->pool = hm_pool_new(x->threads);
	pthread_mutex_lock(&x->graph);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i]->pending == 0)
			submit(x, all.v[i]);
	pthread_mutex_unlock(&x->graph);
	hm_pool_free(x->pool);
	x->pool = NULL;
	atomic_store(&x->running, false);
	if (x->failed || hm_exec_stopped(x))
		return hm_err_set(err, HM_EREPORTED, "build failed");
	return 0;
}
