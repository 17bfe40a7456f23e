/*
 * hermod work sync: the modules of the workspace require what it has selected.
 */
#include "cli/cmds.h"
#include "cli/module.h"
#include "load/modload.h"
#include "load/workspace.h"
#include "load/worksync.h"

static int
sync_all(struct hm_cli *cli, struct hm_modload *ml, void *ctx, struct hm_err *err)
{
	(void)cli, (void)ctx;
	ml->force_use_modules = true;
	if (hm_modload_init_work(ml, err))
		return -1;
	return ml->work_file.n ? hm_work_sync(ml, err) : hm_work_missing(err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_build_flags bf = { 0 };

	if (hm_cli_flags(cli, NULL, 0, HM_FLAGS_MOD_COMMON, &bf, &argc, &argv, err))
		return -1;
	return hm_cli_module_run(cli, &bf, sync_all, NULL, err);
}

const struct hm_cmd hm_cmd_work_sync = {
	.name = "work sync",
	.usage = "work sync",
	.brief = "Sync workspace build list to modules",
	.run = run,
};
