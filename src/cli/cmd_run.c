/*
 * hermod run: builds the named main package (or .go files) and runs it.
 */
#include "base/path.h"
#include "cli/building.h"
#include "cli/cmds.h"
#include "load/import.h"

struct job {
	struct hm_strs words;   /* behind the flags */
	size_t used;            /* how many of them name the package */
	struct hm_strs exec;
	bool exec_set;
};

/* Leading .go files, else one package. */
static int
split_words(struct hm_building *g, struct job *j, struct hm_strs *patterns, struct hm_err *err)
{
	struct hm_arena *a = &g->cli->arena;

	while (j->used < j->words.n && hm_str_has_suffix(j->words.v[j->used], HM_S(".go")))
		j->used++;
	for (size_t i = 0; i < j->used; i++) {
		if (hm_str_has_suffix(j->words.v[i], HM_S("_test.go")))
			return hm_err_set(err, HM_EINVALID, "cannot run *_test.go files (" HM_F ")",
			                  HM_P(j->words.v[i]));
		HM_PUSH(a, *patterns, j->words.v[i]);
	}
	if (j->used)
		return 0;
	if (j->words.n == 0 || hm_str_has_prefix(j->words.v[0], HM_S("-")))
		return hm_err_set(err, HM_EINVALID, "no go files listed");
	j->used = 1;
	HM_PUSH(a, *patterns, j->words.v[0]);
	g->outside = hm_cli_packages_has_version(j->words.v[0]);
	return 0;
}

static int
run_package(struct hm_building *g, void *ctx, struct hm_err *err)
{
	const struct job *j = ctx;
	struct hm_strs args = { 0 }, names = { 0 };

	if (g->p.pkgs.n == 0)
		return hm_err_set(err, HM_EINVALID, "no packages loaded from " HM_F,
		                  HM_P(j->words.v[0]));
	if (g->p.pkgs.n > 1) {
		for (size_t i = 0; i < g->p.pkgs.n; i++)
			HM_PUSH(&g->cli->arena, names, g->p.pkgs.v[i]->import_path);
		return hm_err_set(err, HM_EINVALID,
		                  "pattern " HM_F " matches multiple packages:\n\t" HM_F,
		                  HM_P(j->words.v[0]),
		                  HM_P(hm_strs_join(&g->cli->arena, &names, HM_S("\n\t"))));
	}
	for (size_t i = j->used; i < j->words.n; i++)
		HM_PUSH(&g->cli->arena, args, j->words.v[i]);
	if (hm_cli_flush(g->cli, err))
		return -1;
	return hm_build_run(g->b, g->p.pkgs.v[0], &args, j->exec_set ? &j->exec : NULL, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_build_flags bf = { 0 };
	struct hm_building g = { .cli = cli, .bf = &bf, .load = { .main_only = true } };
	struct job j = { 0 };
	const struct hm_flag own[] = {
		{ .name = "exec", .kind = HM_FLAG_FIELDS, .target = &j.exec, .seen = &j.exec_set },
	};
	struct hm_strs patterns = { 0 };

	if (hm_cli_flags(cli, own, 1, HM_FLAGS_MOD_COMMON | HM_FLAGS_MOD | HM_FLAGS_BUILD, &bf,
	                 &argc, &argv, err))
		return -1;
	j.words = hm_building_words(cli, argc, argv);
	if (split_words(&g, &j, &patterns, err))
		return -1;
	return hm_building_run(&g, &patterns, run_package, &j, err);
}

const struct hm_cmd hm_cmd_run = {
	.name = "run",
	.usage = "run [build flags] [-exec xprog] package [arguments...]",
	.brief = "Compile and run a Go program",
	.run = run,
};
