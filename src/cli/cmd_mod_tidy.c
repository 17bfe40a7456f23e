/*
 * hermod mod tidy: exactly the requirements and sums that all packages of the
 * main module and their tests need.
 */
#include "cli/cmds.h"
#include "cli/packages.h"
#include "cli/select.h"
#include "load/modload.h"
#include "load/modules.h"
#include "mod/gover.h"

/* Rounds of taking a newer toolchain; each is newer than the last. */
enum { SWITCH_MAX = 4 };

struct tidy {
	struct hm_cli *cli;
	struct hm_build_flags bf;
	bool e, v, diff;
	hm_str go, compat;
};

static int
set_version(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	(void)a;
	if (value.n && !hm_gover_valid_in_gomod(value))
		return hm_err_set(err, HM_EUSAGE, "expecting a Go version like \"1.26.8\"");
	*(hm_str *)target = value;
	return 0;
}

/* A version that this toolchain cannot know is a usage error. */
static int
check_version(const struct tidy *t, const char *flag, hm_str version, struct hm_err *err)
{
	hm_str latest = hm_gover_from_toolchain(t->cli->conf->goversion);

	if (!version.n || hm_gover_cmp(version, latest) <= 0)
		return 0;
	hm_err_set(err, HM_EUSAGE, "invalid value \"" HM_F "\" for flag -%s: maximum supported Go "
	           "version is " HM_F, HM_P(version), flag, HM_P(latest));
	return hm_cli_usage(t->cli, err);
}

static int
tidy_once(struct tidy *t, struct hm_modload **ml, struct hm_err *err)
{
	const struct hm_load_opts opts = {
		.any_tags = true,
		.tidy = true,
		.tidy_go_version = t->go,
		.tidy_compat = t->compat,
		.vendor_in_goroot_src = true,
		.resolve_missing = true,
		.load_tests = true,
		.allow_errors = t->e,
		.silence_missing_std = true,
		.verbose = t->v,
	};
	struct hm_strs all = { 0 };
	struct hm_modules *mods;

	if (hm_cli_modload(t->cli, &t->bf, ml, err))
		return -1;
	(*ml)->force_use_modules = true;
	(*ml)->root_mode = HM_ROOT_NEED;
	(*ml)->tidy_go = t->go;
	HM_PUSH(&t->cli->arena, all, HM_S("all"));
	if (hm_modules_load(*ml, &opts, &all, &mods, err))
		return -1;
	if ((*ml)->failed)
		hm_cli_set_status(t->cli, 1);
	return 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct tidy t = { .cli = cli };
	const struct hm_flag own[] = {
		{ .name = "v", .kind = HM_FLAG_BOOL, .target = &t.v },
		{ .name = "e", .kind = HM_FLAG_BOOL, .target = &t.e },
		{ .name = "diff", .kind = HM_FLAG_BOOL, .target = &t.diff },
		{ .name = "go", .kind = HM_FLAG_FUNC, .target = &t.go, .set = set_version },
		{ .name = "compat", .kind = HM_FLAG_FUNC, .target = &t.compat, .set = set_version },
	};
	bool again = true;
	int rc = -1;

	if (hm_cli_flags(cli, own, sizeof(own) / sizeof(*own), HM_FLAGS_MOD_COMMON | HM_FLAGS_X,
	                 &t.bf, &argc, &argv, err) ||
	    check_version(&t, "go", t.go, err) || check_version(&t, "compat", t.compat, err))
		return -1;
	if (argc > 0)
		return hm_err_set(err, HM_EINVALID, "'go mod tidy' accepts no arguments");
	if (t.diff)
		return hm_cli_delegate(cli, "mod tidy -diff", err);
	for (int round = 0; again && round < SWITCH_MAX; round++) {
		struct hm_modload *ml = NULL;

		hm_err_clear(err);
		rc = tidy_once(&t, &ml, err);
		again = false;
		if (rc && hm_err_is(err, HM_ETOOLCHAIN) && ml && ml->need_go.n &&
		    hm_cli_packages_switch(cli, ml->need_go, &again, err))
			return -1;
	}
	return rc;
}

const struct hm_cmd hm_cmd_mod_tidy = {
	.name = "mod tidy",
	.usage = "mod tidy [-e] [-v] [-x] [-diff] [-go=version] [-compat=version]",
	.brief = "Add missing and remove unused modules",
	.run = run,
};
