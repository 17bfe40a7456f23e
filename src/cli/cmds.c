/*
 * cmds.c - the verbs, in the order of `hermod help`.  cmd_<verb>.c defines
 * `const struct hm_cmd hm_cmd_<verb>`.
 */
#include "cli/cmds.h"

const struct hm_cmd *const hm_cmds[] = {
#define X(verb) &hm_cmd_##verb,
	HM_CMDS(X)
#undef X
	NULL,
};
