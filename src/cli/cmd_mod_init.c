/*
 * hermod mod init: a new go.mod in the working folder.
 */
#include "cli/cmds.h"
#include "load/modload.h"

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_build_flags bf = { 0 };
	struct hm_modload *ml;

	if (hm_cli_flags(cli, NULL, 0, HM_FLAGS_MOD_COMMON, &bf, &argc, &argv, err))
		return -1;
	if (argc > 1)
		return hm_err_set(err, HM_EINVALID, "'go mod init' accepts at most one argument");
	if (hm_cli_modload(cli, &bf, &ml, err))
		return -1;
	ml->force_use_modules = true;
	return hm_modload_create(ml, argc ? hm_str_of(argv[0]) : HM_S(""), err);
}

const struct hm_cmd hm_cmd_mod_init = {
	.name = "mod init",
	.usage = "mod init [module-path]",
	.brief = "Initialize new module in current directory",
	.run = run,
};
