/*
 * module.h - verbs that work on the main module: module state, another try with
 * a newer toolchain, the flag that names a Go version.
 */
#ifndef HM_CLI_MODULE_H
#define HM_CLI_MODULE_H

#include "cli/cmd.h"

/* One try of a verb; ml is filled in but not initialised. */
typedef int hm_cli_module_fn(struct hm_cli *cli, struct hm_modload *ml, void *ctx,
                             struct hm_err *err);
/*
 * Runs fn, and again with a newer toolchain when it fails because a module needs
 * one and GOTOOLCHAIN allows it.  What was reported on the way sets the exit status.
 */
int hm_cli_module_run(struct hm_cli *cli, const struct hm_build_flags *bf, hm_cli_module_fn *fn,
                      void *ctx, struct hm_err *err);

/* The value of -go and -compat: a Go version that this toolchain knows; for HM_FLAG_FUNC. */
struct hm_cli_go_flag {
	hm_str version;
	hm_str latest; /* set before: the toolchain's own version */
};
int hm_cli_set_go_flag(struct hm_arena *a, void *target, hm_str value, struct hm_err *err);

#endif
