/*
 * hermod work init, work use: go.work with the modules of these folders.
 */
#include "base/path.h"
#include "cli/cmds.h"
#include "cli/module.h"
#include "load/modload.h"
#include "load/workspace.h"
#include "load/workuse.h"
#include "mod/gowork.h"
#include "os/file.h"

struct options {
	bool r;
	struct hm_strs dirs;
};

static int
use(struct hm_cli *cli, struct hm_modload *ml, void *ctx, struct hm_err *err)
{
	const struct options *o = ctx;
	struct hm_gowork *w;

	(void)cli;
	ml->force_use_modules = true;
	if (hm_modload_init_work(ml, err))
		return -1;
	if (!ml->work_file.n)
		return hm_work_missing(err);
	if (hm_work_read(ml, ml->work_file, &w, err) ||
	    hm_work_use(ml, ml->work_file, w, &o->dirs, o->r, err))
		return -1;
	return hm_work_write(ml->work_file, w, err);
}

static int
init(struct hm_cli *cli, struct hm_modload *ml, void *ctx, struct hm_err *err)
{
	const struct options *o = ctx;
	struct hm_gowork *w = hm_gowork_new(&cli->arena);
	hm_str file;

	ml->force_use_modules = true;
	if (hm_modload_init_work(ml, err))
		return -1;
	file = ml->work_file.n ? ml->work_file
	                       : hm_path_join(&cli->arena, ml->cwd, HM_S("go.work"));
	if (hm_file_exists(file.p))
		return hm_err_set(err, HM_EINVALID, HM_F " already exists", HM_P(file));
	if (hm_gowork_add_go(w, ml->local_go, err) ||
	    hm_work_use(ml, file, w, &o->dirs, false, err))
		return -1;
	return hm_work_write(file, w, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, hm_cli_module_fn *fn, size_t flags,
    struct hm_err *err)
{
	struct options o = { 0 };
	const struct hm_flag own[] = {
		{ .name = "r", .kind = HM_FLAG_BOOL, .target = &o.r },
	};
	struct hm_build_flags bf = { 0 };

	if (hm_cli_flags(cli, own, flags, HM_FLAGS_MOD_COMMON, &bf, &argc, &argv, err))
		return -1;
	for (int i = 0; i < argc; i++)
		HM_PUSH(&cli->arena, o.dirs, hm_str_of(argv[i]));
	return hm_cli_module_run(cli, &bf, fn, &o, err);
}

static int
run_use(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	return run(cli, argc, argv, use, 1, err);
}

static int
run_init(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	return run(cli, argc, argv, init, 0, err);
}

const struct hm_cmd hm_cmd_work_init = {
	.name = "work init",
	.usage = "work init [moddirs]",
	.brief = "Initialize workspace file",
	.run = run_init,
};

const struct hm_cmd hm_cmd_work_use = {
	.name = "work use",
	.usage = "work use [-r] [moddirs]",
	.brief = "Add modules to workspace file",
	.run = run_use,
};
