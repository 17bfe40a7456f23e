/*
 * exec.h - running an action graph (cmd/go/internal/work/exec.go, Builder.Do).
 *
 * Ready actions run on up to p threads, those with the longest way to the root
 * first; with -n or -p=1 one after another in go's order.  After a failure
 * everything that does not depend on it still runs.
 */
#ifndef HM_BUILD_EXEC_H
#define HM_BUILD_EXEC_H

#include <sys/types.h>

#include "build/action.h"

struct hm_exec;

struct hm_exec *hm_exec_new(struct hm_builder *b);
void hm_exec_free(struct hm_exec *x);

/* Runs root and all below it; HM_EREPORTED when one failed (its text has been shown). */
int hm_exec_run(struct hm_builder *b, struct hm_action *root, struct hm_err *err);
/*
 * Stops: running tools are killed, no further action starts, hm_exec_run() fails
 * with HM_EREPORTED.  False when nothing was running.  From any thread, not from a
 * signal handler.
 */
bool hm_exec_interrupt(struct hm_exec *x);
bool hm_exec_stopped(const struct hm_exec *x);
/* The watch of struct hm_spawn: keeps the list of tools to kill. */
void hm_exec_watch(void *x, pid_t pid, bool alive);

/*
 * How many threads a compile may use in its back end (go's compilerConcurrency);
 * give them back with hm_exec_compile_end().
 */
int hm_exec_compile_begin(struct hm_exec *x);
void hm_exec_compile_end(struct hm_exec *x, int threads);

#endif
