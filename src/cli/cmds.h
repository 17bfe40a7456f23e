/*
 * cmds.h - the list of verbs: add a line here and cmd_<verb>.c to Makefile.am.
 */
#ifndef HM_CLI_CMDS_H
#define HM_CLI_CMDS_H

#include "cli/cmd.h"

#define HM_CMDS(X)                                                                           \
	X(build)                                                                             \
	X(clean)                                                                             \
	X(env)                                                                               \
	X(get)                                                                               \
	X(install)                                                                           \
	X(list)                                                                              \
	X(mod_download)                                                                      \
	X(mod_edit)                                                                          \
	X(mod_graph)                                                                         \
	X(mod_init)                                                                          \
	X(mod_tidy)                                                                          \
	X(mod_vendor)                                                                        \
	X(mod_verify)                                                                        \
	X(mod_why)                                                                           \
	X(policy_check)                                                                      \
	X(policy_explain)                                                                    \
	X(run)                                                                               \
	X(version)                                                                           \
	X(work_edit)                                                                         \
	X(work_init)                                                                         \
	X(work_sync)                                                                         \
	X(work_use)                                                                          \
	X(work_vendor)                                                                       \
	X(help)

#define X(verb) extern const struct hm_cmd hm_cmd_##verb;
HM_CMDS(X)
#undef X

#endif
