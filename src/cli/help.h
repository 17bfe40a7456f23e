/*
 * help.h - help texts; the long ones are made from the man pages (man/help.awk).
 */
#ifndef HM_CLI_HELP_H
#define HM_CLI_HELP_H

#include "cli/cmd.h"

/* `help` with the words behind it: the overview, a group, or a verb's text. */
int hm_help_show(struct hm_cli *cli, int argc, char **argv, struct hm_err *err);
hm_str hm_help_overview(struct hm_cli *cli);
/* The verbs of a group ("mod"). */
hm_str hm_help_group(struct hm_cli *cli, const char *group);

#endif
