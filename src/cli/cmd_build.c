/*
 * hermod build: compiles packages and what they import; -check builds twice.
 */
#include "base/path.h"
#include "cli/building.h"
#include "cli/check.h"
#include "cli/cmds.h"
#include "os/file.h"

struct job {
	bool check;
	int n_args;
	hm_str made; /* the executable, for -check */
};

/* Where the only main package goes; -check compares that. */
static int
find_output(struct hm_building *g, struct job *j, struct hm_err *err)
{
	struct hm_arena *a = &g->cli->arena;
	hm_str name, o = g->o;

	if (!j->check)
		return 0;
	if (g->p.pkgs.n != 1 || !hm_str_eqz(g->p.pkgs.v[0]->name, "main"))
		return hm_err_set(err, HM_EUSAGE,
		                  "-check: exactly one main package can be compared");
	name = hm_arena_printf(a, HM_F HM_F, HM_P(hm_pkg_exec_name(g->p.pkgs.v[0])),
	                       HM_P(g->cli->conf->goexe));
	if (hm_str_eqz(o, "/dev/null"))
		return hm_err_set(err, HM_EUSAGE, "-check: -o /dev/null leaves nothing to compare");
	if (!o.n)
		j->made = name;
	else if (hm_str_has_suffix(o, HM_S("/")) || hm_file_is_dir(o.p))
		j->made = hm_path_join(a, o, name);
	else
		j->made = o;
	return 0;
}

static int
build(struct hm_building *g, void *ctx, struct hm_err *err)
{
	if (find_output(g, ctx, err))
		return -1;
	return hm_build_packages(g->b, g->p.pkgs.v, g->p.pkgs.n, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_build_flags bf = { 0 };
	struct hm_building g = { .cli = cli, .bf = &bf };
	struct job j = { 0 };
	const struct hm_flag own[] = {
		{ .name = "o", .kind = HM_FLAG_STR, .target = &g.o },
		{ .name = "check", .kind = HM_FLAG_BOOL, .target = &j.check },
	};
	struct hm_strs patterns;

	if (hm_cli_flags(cli, own, 2, HM_FLAGS_MOD_COMMON | HM_FLAGS_MOD | HM_FLAGS_BUILD, &bf,
	                 &argc, &argv, err))
		return -1;
	patterns = hm_building_words(cli, argc, argv);
	j.n_args = argc;
	if (hm_building_run(&g, &patterns, build, &j, err))
		return -1;
	return j.check ? hm_cli_check(cli, j.made.p, j.n_args, bf.p, err) : 0;
}

const struct hm_cmd hm_cmd_build = {
	.name = "build",
	.usage = "build [-o output] [-check] [build flags] [packages]",
	.brief = "Compile packages and dependencies",
	.run = run,
};
