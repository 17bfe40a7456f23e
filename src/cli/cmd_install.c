/*
 * hermod install: builds packages and puts executables into GOBIN; with p@v
 * without regard to any go.mod here.
 */
#include "cli/building.h"
#include "cli/cmds.h"
#include "load/modload.h"
#include "load/modules.h"

struct job {
	struct hm_strs patterns;
};

/* No module at hand has the package. */
static bool
is_missing(struct hm_building *g, const struct hm_pkg *p)
{
	struct hm_lookup l;

	if (!g->p.modules)
		return false;
	hm_modules_lookup(g->p.modules, HM_S(""), false, p->import_path, &g->cli->arena, &l);
	return l.err && l.err->kind == HM_IMPORT_MISSING;
}

/* Outside a module only p@v makes sense; says so when every error is of that kind. */
static int
check_missing(struct hm_building *g, const struct job *j, struct hm_err *err)
{
	struct hm_strs latest = { 0 };
	bool errors = false;

	if (g->outside || hm_modload_has_root(g->p.ml))
		return 0;
	for (size_t i = 0; i < g->p.pkgs.n; i++) {
		const struct hm_pkg *p = g->p.pkgs.v[i];

		if (!p->error)
			continue;
		errors = true;
		if (!is_missing(g, p))
			return 0;
	}
	if (!errors)
		return 0;
	for (size_t i = 0; i < j->patterns.n; i++)
		HM_PUSH(&g->cli->arena, latest,
		        hm_arena_printf(&g->cli->arena, HM_F "@latest", HM_P(j->patterns.v[i])));
	return hm_err_set(
		err, HM_EINVALID,
		"'go install' requires a version when current directory is not in a module\n"
		"\tTry 'go install " HM_F "' to install the latest version",
		HM_P(hm_strs_join(&g->cli->arena, &latest, HM_S(" "))));
}

static int
install(struct hm_building *g, void *ctx, struct hm_err *err)
{
	const struct job *j = ctx;

	if (check_missing(g, j, err))
		return -1;
	return hm_build_install(g->b, g->p.pkgs.v, g->p.pkgs.n, j->patterns.n == 0, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_build_flags bf = { 0 };
	struct hm_building g = { .cli = cli, .bf = &bf };
	struct job j = { 0 };

	if (hm_cli_flags(cli, NULL, 0, HM_FLAGS_MOD_COMMON | HM_FLAGS_MOD | HM_FLAGS_BUILD, &bf,
	                 &argc, &argv, err))
		return -1;
	j.patterns = hm_building_words(cli, argc, argv);
	for (size_t i = 0; i < j.patterns.n; i++)
		if (hm_cli_packages_has_version(j.patterns.v[i]))
			g.outside = true;
	g.load.main_only = g.outside;
	return hm_building_run(&g, &j.patterns, install, &j, err);
}

const struct hm_cmd hm_cmd_install = {
	.name = "install",
	.usage = "install [build flags] [packages]",
	.brief = "Compile and install packages and dependencies",
	.run = run,
};
