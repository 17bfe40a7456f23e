/*
 * exec.h - running an action graph, and the commands of one action
 * (cmd/go/internal/work: exec.go, shell.go).
 *
 * Ready actions run on up to p threads, those with the longest way to the root
 * first (with -n or -p=1: in go's order).  After a failure everything that does not depend on it still
 * runs.
 */
#ifndef HM_BUILD_EXEC_H
#define HM_BUILD_EXEC_H

#include "build/action.h"

/* Runs all actions below root; HM_EREPORTED when one failed (its text has been shown). */
int hm_exec_run(struct hm_builder *b, struct hm_action *root, struct hm_err *err);
/*
 * Stops: running tools are killed, no further action starts.  May be called
 * from any thread, not from a signal handler.
 */
void hm_exec_interrupt(struct hm_builder *b);

/* The outcome of a command: its text (stdout and stderr in order) and, when it failed, why. */
struct hm_exec_out {
	hm_str text;
	bool failed;
	hm_str why; /* "/path/to/compile: exit status 2" */
};

/*
 * Runs argv in dir ("." is the working folder) with the tools' environment plus
 * env[] ("K=V"); shows it first under -x and -n.  -1 only when it could not start.
 */
int hm_exec_cmd(struct hm_action *a, hm_str dir, const struct hm_strs *env,
                const struct hm_strs *argv, struct hm_exec_out *out, struct hm_err *err);
/*
 * Deals with the outcome as go's reportCmd: text of a success is kept with the
 * action and shown at its end, a failure becomes the error.
 */
int hm_exec_report(struct hm_action *a, const struct hm_exec_out *out, hm_str dir,
                   struct hm_err *err);
/* Both; the error of a failing tool has the tool's shortened text. */
int hm_exec_tool(struct hm_action *a, hm_str dir, const struct hm_strs *env,
                 const struct hm_strs *argv, struct hm_err *err);

/* Shows "cmd" as -x does: $WORK, "cd dir" when it changes, "." for dir. */
void hm_exec_show(struct hm_action *a, hm_str dir, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Text on the build's output, at once. */
void hm_exec_print(struct hm_action *a, hm_str text);
/* Shell words, quoted where needed (joinUnambiguously). */
hm_str hm_exec_join(struct hm_arena *a, const struct hm_strs *argv);

int hm_exec_mkdir(struct hm_action *a, hm_str dir, struct hm_err *err);
int hm_exec_write(struct hm_action *a, hm_str file, hm_str text, struct hm_err *err);
int hm_exec_copy(struct hm_action *a, hm_str dst, hm_str src, mode_t perm, bool force,
                 struct hm_err *err);
int hm_exec_move_or_copy(struct hm_action *a, hm_str dst, hm_str src, mode_t perm, bool force,
                         struct hm_err *err);
int hm_exec_remove_all(struct hm_action *a, hm_str dir, struct hm_err *err);

#endif
