/*
 * check.h - build -check: the same build again in other surroundings.
 */
#ifndef HM_CLI_CHECK_H
#define HM_CLI_CHECK_H

#include "cli/cmd.h"

/*
 * Runs this command once more as a process of its own, from an empty build cache,
 * under other names for every folder (a link to the root), with another HOME,
 * TMPDIR, umask, locale and -p, and compares its result with `built`.  n_args is the number
 * of words behind the flags.  Equal: 0, and one line on stderr.  Different: the
 * first difference on stderr, -1 with HM_EREPORTED, exit status 1.
 */
int hm_cli_check(struct hm_cli *cli, const char *built, int n_args, int p, struct hm_err *err);

#endif
