/*
 * hermod get: changes what the main module requires.
 */
#include "cli/cmds.h"
#include "cli/module.h"
#include "load/get.h"
#include "load/modload.h"

struct options {
	bool d, d_seen, f, fix, m, insecure;
	hm_str u; /* as given; "true" for -u alone */
	struct hm_get_opts get;
};

static int
set_bool(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	(void)a;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (hm_str_eqz(value, yes[i]) || hm_str_eqz(value, no[i])) {
			*(bool *)target = hm_str_eqz(value, yes[i]);
			return 0;
		}
	}
	return hm_err_set(err, HM_EUSAGE, "parse error");
}

static int
set_upgrade(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	(void)a, (void)err;
	*(hm_str *)target = value;
	return 0;
}

static int
check_upgrade(struct options *o, struct hm_err *err)
{
	if (hm_str_eqz(o->u, "true"))
		o->get.upgrade = HM_S("upgrade");
	else if (!hm_str_eqz(o->u, "false"))
		o->get.upgrade = o->u;
	if (!o->get.upgrade.n || hm_str_eqz(o->get.upgrade, "upgrade") ||
	    hm_str_eqz(o->get.upgrade, "patch"))
		return 0;
	return hm_err_set(err, HM_EINVALID, "unknown upgrade flag -u=" HM_F, HM_P(o->u));
}

/* Flags of old. */
static int
check_flags(struct hm_cli *cli, struct options *o, struct hm_err *err)
{
	if (check_upgrade(o, err))
		return -1;
	if (o->d_seen && !o->d)
		return hm_err_set(err, HM_EINVALID, "-d flag may not be set to false");
	if (o->d_seen)
		hm_cli_errorf(cli, "%s: -d flag is deprecated. -d=true is a no-op", cli->self);
	if (o->f)
		hm_cli_errorf(cli, "%s: -f flag is a no-op", cli->self);
	if (o->fix)
		hm_cli_errorf(cli, "%s: -fix flag is a no-op", cli->self);
	if (o->m)
		return hm_err_set(err, HM_EINVALID, "-m flag is no longer supported");
	if (o->insecure)
		return hm_err_set(err, HM_EINVALID,
		                  "-insecure flag is no longer supported; use GOINSECURE instead");
	return 0;
}

static int
get(struct hm_cli *cli, struct hm_modload *ml, void *ctx, struct hm_err *err)
{
	const struct options *o = ctx;

	(void)cli;
	ml->force_use_modules = true;
	ml->explicit_write = true;
	ml->allow_missing_imports = true;
	if (hm_modload_init(ml, err))
		return -1;
	if (!hm_modload_has_root(ml))
		return hm_err_set(err, HM_EINVALID,
		                  "go.mod file not found in current directory or any parent "
		                  "directory.\n"
		                  "\t'go get' is no longer supported outside a module.\n"
		                  "\tTo build and install a command, use 'go install' with a "
		                  "version,\n"
		                  "\tlike 'go install example.com/cmd@latest'\n"
		                  "\tFor more information, see "
		                  "https://golang.org/doc/go-get-install-deprecation\n"
		                  "\tor run 'go help get' or 'go help install'.");
	return hm_get(ml, &o->get, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct options o = { 0 };
	const struct hm_flag own[] = {
		{ .name = "d", .kind = HM_FLAG_BOOL_FUNC, .target = &o.d, .set = set_bool,
		  .seen = &o.d_seen },
		{ .name = "f", .kind = HM_FLAG_BOOL, .target = &o.f },
		{ .name = "fix", .kind = HM_FLAG_BOOL, .target = &o.fix },
		{ .name = "m", .kind = HM_FLAG_BOOL, .target = &o.m },
		{ .name = "t", .kind = HM_FLAG_BOOL, .target = &o.get.tests },
		{ .name = "u", .kind = HM_FLAG_BOOL_FUNC, .target = &o.u, .set = set_upgrade },
		{ .name = "tool", .kind = HM_FLAG_BOOL, .target = &o.get.tool },
		{ .name = "insecure", .kind = HM_FLAG_BOOL, .target = &o.insecure },
	};
	struct hm_build_flags bf = { 0 };

	if (hm_cli_flags(cli, own, sizeof(own) / sizeof(*own), HM_FLAGS_MOD_COMMON | HM_FLAGS_BUILD,
	                 &bf, &argc, &argv, err) ||
	    check_flags(cli, &o, err))
		return -1;
	for (int i = 0; i < argc; i++)
		HM_PUSH(&cli->arena, o.get.args, hm_str_of(argv[i]));
	o.get.verbose = bf.v;
	o.get.cache_rw = bf.modcacherw;
	return hm_cli_module_run(cli, &bf, get, &o, err);
}

const struct hm_cmd hm_cmd_get = {
	.name = "get",
	.usage = "get [-t] [-u] [-tool] [build flags] [packages]",
	.brief = "Add dependencies to current module and install them",
	.run = run,
};
