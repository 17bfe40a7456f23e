/*
 * hermod mod graph: the module requirement graph as text, an edge a line.
 */
#include "cli/cmds.h"
#include "cli/module.h"
#include "load/modgraph.h"
#include "mod/gover.h"

struct print {
	struct hm_cli *cli;
	const struct hm_modgraph *mg;
};

static void
put(struct hm_cli *cli, struct hm_modver m)
{
	hm_cli_out(cli, m.path);
	if (m.version.n) {
		hm_cli_out(cli, HM_S("@"));
		hm_cli_out(cli, m.version);
	}
}

static void
print_edges(void *ctx, struct hm_modver m)
{
	struct print *p = ctx;
	const struct hm_modver *reqs;
	size_t n;

	if (!hm_modgraph_required_by(p->mg, m, &reqs, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		put(p->cli, m);
		hm_cli_out(p->cli, HM_S(" "));
		put(p->cli, reqs[i]);
		hm_cli_out(p->cli, HM_S("\n"));
	}
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_cli_go_flag go = { .latest = hm_gover_from_toolchain(cli->conf->goversion) };
	const struct hm_flag own[] = {
		{ .name = "go", .kind = HM_FLAG_FUNC, .target = &go, .set = hm_cli_set_go_flag },
	};
	struct hm_build_flags bf = { 0 };
	struct print p = { .cli = cli };
	struct hm_modload *ml;
	struct hm_modgraph *mg;

	if (hm_cli_flags(cli, own, 1, HM_FLAGS_MOD_COMMON | HM_FLAGS_X, &bf, &argc, &argv, err))
		return -1;
	if (hm_cli_modload(cli, &bf, &ml, err) || hm_modload_init_work(ml, err))
		return -1;
	if (argc > 0)
		return hm_err_set(err, HM_EINVALID, "'go mod graph' accepts no arguments");
	ml->force_use_modules = true;
	ml->root_mode = HM_ROOT_NEED;
	if (hm_modload_graph(ml, go.version, &mg, err))
		return -1;
	p.mg = mg;
	hm_modgraph_walk(mg, print_edges, &p);
	if (ml->failed)
		hm_cli_set_status(cli, 1);
	return 0;
}

const struct hm_cmd hm_cmd_mod_graph = {
	.name = "mod graph",
	.usage = "mod graph [-go=version] [-x]",
	.brief = "Print the module requirement graph",
	.run = run,
};
