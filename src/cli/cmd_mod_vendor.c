/*
 * hermod mod vendor, work vendor: a copy of all packages that the build and the
 * tests of the main module, or of all modules of a workspace, need.
 */
#include "base/path.h"
#include "cli/cmds.h"
#include "load/modload.h"
#include "load/modules.h"
#include "load/workspace.h"
#include "vendor/vendor.h"

struct options {
	bool e, v;
	hm_str o;
};

static int
vendor(struct hm_cli *cli, struct hm_modload *ml, const struct options *o, struct hm_err *err)
{
	struct hm_vendor_plan plan;
	struct hm_modules *mods;
	hm_str dir;

	if (hm_vendor_load(ml, o->e, &mods, err) || hm_vendor_plan_make(ml, mods, &plan, err))
		return -1;
	if (o->v && plan.text.n)
		hm_cli_errorf(cli, HM_F, HM_P(plan.text));
	if (o->o.n == 0)
		dir = hm_modload_vendor_dir(ml);
	else if (hm_path_is_abs(o->o))
		dir = hm_path_clean(ml->arena, o->o);
	else
		dir = hm_path_join(ml->arena, ml->cwd, o->o);
	if (hm_vendor_write(&plan, dir, o->e, err))
		return -1;
	if (plan.text.n == 0)
		hm_cli_errorf(cli, "%s: no dependencies to vendor", cli->self);
	return 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, bool workspace, struct hm_err *err)
{
	struct options o = { 0 };
	const struct hm_flag own[] = {
		{ .name = "e", .kind = HM_FLAG_BOOL, .target = &o.e },
		{ .name = "v", .kind = HM_FLAG_BOOL, .target = &o.v },
		{ .name = "o", .kind = HM_FLAG_STR, .target = &o.o },
	};
	struct hm_build_flags bf = { 0 };
	struct hm_modload *ml;

	if (hm_cli_flags(cli, own, 3, HM_FLAGS_MOD_COMMON, &bf, &argc, &argv, err))
		return -1;
	if (hm_cli_modload(cli, &bf, &ml, err) || hm_modload_init_work(ml, err))
		return -1;
	if (ml->work_file.n && !workspace)
		return hm_err_set(err, HM_EINVALID,
		                  "'go mod vendor' cannot be run in workspace mode. Run 'go work "
		                  "vendor' to vendor the workspace or set 'GOWORK=off' to exit "
		                  "workspace mode.");
	if (!ml->work_file.n && workspace)
		return hm_work_missing(err);
	if (argc > 0)
		return hm_err_set(err, HM_EINVALID, "'go mod vendor' accepts no arguments");
	ml->force_use_modules = true;
	ml->root_mode = HM_ROOT_NEED;
	if (vendor(cli, ml, &o, err))
		return -1;
	if (ml->failed)
		hm_cli_set_status(cli, 1);
	return 0;
}

static int
run_mod(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	return run(cli, argc, argv, false, err);
}

static int
run_work(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	return run(cli, argc, argv, true, err);
}

const struct hm_cmd hm_cmd_mod_vendor = {
	.name = "mod vendor",
	.usage = "mod vendor [-e] [-v] [-o outdir]",
	.brief = "Make vendored copy of dependencies",
	.run = run_mod,
};

const struct hm_cmd hm_cmd_work_vendor = {
	.name = "work vendor",
	.usage = "work vendor [-e] [-v] [-o outdir]",
	.brief = "Make vendored copy of the workspace's dependencies",
	.run = run_work,
};
