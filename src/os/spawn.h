/*
 * spawn.h - child processes.
 */
#ifndef HM_OS_SPAWN_H
#define HM_OS_SPAWN_H

#include <sys/types.h>

#include "base/err.h"
#include "base/vec.h"

struct hm_spawn {
	const char *const *argv; /* NULL at the end; argv[0] is looked up in PATH of env unless it
	                            has a slash */
	const char *const *env;  /* NULL at the end; NULL itself: the process's own environment */
	const char *dir;         /* working folder, or NULL */
	hm_str input;            /* fed to stdin; otherwise stdin is /dev/null */
	bool inherit; /* stdin, stdout, stderr are the caller's own; nothing is captured */
	bool merge;              /* stderr goes into `out`, in order */
	size_t max_output;       /* limit for out and err each; 0 means 64 MiB */
	/* Told when the child runs and before its id becomes invalid, so that others may kill it.
	 */
	void (*watch)(void *ctx, pid_t pid, bool alive);
	void *watch_ctx;
};

struct hm_spawn_result {
	hm_str out, err; /* in the arena given */
	int status;      /* exit status, or 128 + signal */
	bool signaled;
	double user_seconds, sys_seconds;
};

/*
 * Runs a command and waits for it.  0 when it could be run, whatever its exit
 * status; -1 with Go's text (`exec: "git": executable file not found in $PATH`).
 */
int hm_spawn_run(struct hm_arena *a, const struct hm_spawn *s, struct hm_spawn_result *r,
                 struct hm_err *err);
/* Finds name in the PATH list as exec.LookPath does; false when it is not there. */
bool hm_spawn_look_path(struct hm_arena *a, hm_str name, hm_str path_list, hm_str *out);

#endif
