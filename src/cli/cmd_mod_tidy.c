/*
 * hermod mod tidy: go.mod and go.sum list what the packages of the main module,
 * and the tests of all they import, need.
 */
#include "cli/cmds.h"
#include "cli/module.h"
#include "load/modload.h"
#include "load/modtidy.h"
#include "load/modules.h"
#include "mod/gover.h"

struct options {
	bool e, v, diff;
	struct hm_cli_go_flag go, compat;
};

static int
show_diff(struct hm_cli *cli, struct hm_modload *ml, const struct hm_map *keep, hm_str compat,
          struct hm_err *err)
{
	struct hm_buf text = { 0 };
	int rc = hm_modtidy_diff(ml, keep, compat, &text, err);

	if (rc == 0 && text.n) {
		hm_cli_out(cli, hm_buf_str(&text));
		hm_cli_set_status(cli, 1);
	}
	hm_buf_free(&text);
	return rc;
}

static int
tidy(struct hm_cli *cli, struct hm_modload *ml, void *ctx, struct hm_err *err)
{
	const struct options *o = ctx;
	struct hm_map keep = { .arena = ml->arena };
	const struct hm_load_opts opts = {
		.any_tags = true,
		.tidy = true,
		.tidy_go_version = o->go.version,
		.tidy_compat = o->compat.version,
		.tidy_keep = o->diff ? &keep : NULL,
		.vendor_in_goroot_src = true,
		.resolve_missing = true,
		.load_tests = true,
		.allow_errors = o->e,
		.silence_missing_std = true,
		.verbose = o->v,
	};
	struct hm_strs all = { 0 };
	struct hm_modules *mods;

	ml->force_use_modules = true;
	ml->root_mode = HM_ROOT_NEED;
	ml->tidy_go = o->go.version;
	HM_PUSH(ml->arena, all, HM_S("all"));
	if (hm_modules_load(ml, &opts, &all, &mods, err))
		return -1;
	return o->diff ? show_diff(cli, ml, &keep, o->compat.version, err) : 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct options o = { 0 };
	const struct hm_flag own[] = {
		{ .name = "v", .kind = HM_FLAG_BOOL, .target = &o.v },
		{ .name = "e", .kind = HM_FLAG_BOOL, .target = &o.e },
		{ .name = "diff", .kind = HM_FLAG_BOOL, .target = &o.diff },
		{ .name = "go", .kind = HM_FLAG_FUNC, .target = &o.go, .set = hm_cli_set_go_flag },
		{ .name = "compat", .kind = HM_FLAG_FUNC, .target = &o.compat,
		  .set = hm_cli_set_go_flag },
	};
	struct hm_build_flags bf = { 0 };

	o.go.latest = o.compat.latest = hm_gover_from_toolchain(cli->conf->goversion);
	if (hm_cli_flags(cli, own, sizeof(own) / sizeof(*own), HM_FLAGS_MOD_COMMON | HM_FLAGS_X,
	                 &bf, &argc, &argv, err))
		return -1;
	if (argc > 0)
		return hm_err_set(err, HM_EINVALID, "'go mod tidy' accepts no arguments");
	return hm_cli_module_run(cli, &bf, tidy, &o, err);
}

const struct hm_cmd hm_cmd_mod_tidy = {
	.name = "mod tidy",
	.usage = "mod tidy [-e] [-v] [-x] [-diff] [-go=version] [-compat=version]",
	.brief = "Add missing and remove unused modules",
	.run = run,
};
