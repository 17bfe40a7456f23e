/*
 * shell.h - the commands and file operations of one action, shown as -x and -n
 * show them (cmd/go/internal/work/shell.go).  With -n nothing is done.
 */
#ifndef HM_BUILD_SHELL_H
#define HM_BUILD_SHELL_H

#include <sys/types.h>

#include "build/action.h"

/* What the actions of one build share: one writer at a time, folders made, the folder of "cd". */
struct hm_shell;
struct hm_shell *hm_shell_new(void);
void hm_shell_free(struct hm_shell *s);

/* What a command said (stdout and stderr in order) and, when it failed, why. */
struct hm_shell_out {
	hm_str text;
	bool failed;
	hm_str why; /* "/path/to/compile: exit status 2" */
};

/*
 * Runs argv in dir ("." is the working folder) with the tools' environment plus
 * env ("K=V", may be NULL).  -1 only when it could not start.
 */
int hm_shell_run(struct hm_action *a, hm_str dir, const struct hm_strs *env,
                 const struct hm_strs *argv, struct hm_shell_out *out, struct hm_err *err);
/*
 * go's reportCmd: the text of a success is kept with the action, a failure
 * becomes the error (HM_EBUILD: "# desc" and the text with folders shortened).
 * desc and dir may be empty: the package's.
 */
int hm_shell_report(struct hm_action *a, hm_str desc, hm_str dir,
                    const struct hm_shell_out *out, struct hm_err *err);
/* Both. */
int hm_shell_tool(struct hm_action *a, hm_str dir, hm_str desc, const struct hm_strs *env,
                  const struct hm_strs *argv, struct hm_err *err);

/* Shows a command: $WORK for the work folder; "cd dir" first, "." for dir, unless it is empty. */
void hm_shell_show(struct hm_action *a, hm_str dir, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Text on the build's output, as it stands. */
void hm_shell_print(struct hm_action *a, hm_str text);
/* An error of the action's package. */
void hm_shell_error(struct hm_action *a, hm_str text);
/* The action's kept output, shown. */
void hm_shell_flush(struct hm_action *a);
/* Words, quoted where they would be ambiguous (joinUnambiguously). */
hm_str hm_shell_join(struct hm_arena *a, const struct hm_strs *words);

/* mkdir -p; once for each folder. */
int hm_shell_mkdir(struct hm_action *a, hm_str dir, struct hm_err *err);
/* Was it made by hm_shell_mkdir()? */
bool hm_shell_made(struct hm_action *a, hm_str dir);
int hm_shell_write(struct hm_action *a, hm_str file, hm_str text, struct hm_err *err);
/* force: overwrites what is no object file, too. */
int hm_shell_copy(struct hm_action *a, hm_str dst, hm_str src, mode_t perm, bool force,
                  struct hm_err *err);
/* Renames where it can; dst appears whole or not at all. */
int hm_shell_move(struct hm_action *a, hm_str dst, hm_str src, mode_t perm, bool force,
                  struct hm_err *err);
void hm_shell_remove_all(struct hm_action *a, hm_str dir);

#endif
