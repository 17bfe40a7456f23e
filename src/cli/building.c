#include "cli/building.h"

#include "acquire/acquire.h"
#include "codec/json.h"
#include "load/mainmods.h"
#include "load/modload.h"
#include "store/store.h"

/* Rounds of taking a newer toolchain; each is newer than the last. */
enum { SWITCH_MAX = 4 };

static void
event(struct hm_cli *cli, const struct hm_pkg *p, const char *action, hm_str output)
{
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b };
	struct hm_err ignored = { 0 };

	hm_json_begin_object(&w);
	hm_json_member_str(&w, "ImportPath", p ? hm_pkg_desc(&cli->arena, p) : HM_S(""));
	hm_json_member_str(&w, "Action", hm_str_of(action));
	hm_json_member_opt_str(&w, "Output", output);
	hm_json_end_object(&w);
	hm_buf_addc(&b, '\n');
	hm_cli_out(cli, hm_buf_str(&b));
	hm_cli_flush(cli, &ignored);
	hm_err_free(&ignored);
	hm_buf_free(&b);
}

static void
print(void *ctx, const struct hm_pkg *p, hm_str text)
{
	struct hm_building *g = ctx;

	if (!text.n)
		return;
	if (g->bf->json)
		event(g->cli, p, "build-output", text);
	else
		hm_cli_errorf(g->cli, HM_F, HM_P(text));
}

static void
error(void *ctx, const struct hm_pkg *p, hm_str text)
{
	struct hm_building *g = ctx;
	hm_str rest = text, line;

	hm_cli_set_status(g->cli, 1);
	if (!g->bf->json) {
		if (text.n)
			hm_cli_errorf(g->cli, HM_F, HM_P(text));
		return;
	}
	while (hm_str_next(&rest, '\n', &line))
		if (line.n || rest.p)
			event(g->cli, p, "build-output",
			      hm_arena_printf(&g->cli->arena, HM_F "\n", HM_P(line)));
	event(g->cli, p, "build-fail", HM_S(""));
}

/* Ctrl-C in a running program is the program's affair. */
static void
starting(void *ctx)
{
	struct hm_building *g = ctx;

	atomic_store(&g->intr.program, true);
}

static hm_str
recorded_sum(void *ctx, struct hm_arena *a, hm_str path, hm_str version)
{
	struct hm_building *g = ctx;
	const struct hm_store *store;
	struct hm_err ignored = { 0 };
	hm_str h1 = HM_S("");

	if (hm_acquire_store(g->p.ml->acquire, &store, &ignored) ||
	    !hm_store_ziphash(store, a, path, version, &h1))
		h1 = HM_S("");
	hm_err_free(&ignored);
	return h1;
}

static void
set_modules(struct hm_building *g)
{
	struct hm_arena *a = &g->cli->arena;
	struct hm_build_mods mods = {
		.vendored = g->p.ml->build_mod == HM_MOD_VENDOR,
		.sum = recorded_sum,
		.sum_ctx = g,
	};

	for (size_t i = 0; g->p.ml->mains && i < g->p.ml->mains->n; i++)
		HM_PUSH(a, mods.main_mods, g->p.ml->mains->v[i].mod.path);
	if (g->p.ml->mains)
		mods.tools = g->p.ml->mains->tools;
	hm_build_set_modules(g->b, &mods);
}

static int
make_builder(struct hm_building *g, const struct hm_building_look *look, struct hm_err *err)
{
	const struct hm_build_flags *bf = g->bf;
	struct hm_build_opts o = {
		.conf = g->cli->conf,
		.cwd = g->cli->conf->cwd,
		.log = &g->cli->log,
		.ui = { print, error, starting, g },
		.verb = g->cli->cmd->name,
		.a = bf->a,
		.n = bf->n,
		.v = bf->v,
		.x = bf->x,
		.work = bf->work,
		.trimpath = bf->trimpath,
		.race = bf->race,
		.msan = bf->msan,
		.asan = bf->asan,
		.cover = bf->cover,
		.linkshared = bf->linkshared,
		.p = bf->p > 0 ? (unsigned)bf->p : 0,
		.o = g->o,
		.buildmode = bf->buildmode,
		.buildvcs = g->outside && !bf->buildvcs_set ? HM_S("false") : bf->buildvcs,
		.pgo = bf->pgo,
		.compiler = bf->compiler,
		.installsuffix = bf->installsuffix,
		.tags = bf->tags,
		.toolexec = bf->toolexec,
		.asmflags = bf->asmflags,
		.gcflags = bf->gcflags,
		.ldflags = bf->ldflags,
	};

	if (look) {
		o.list = true;
		o.export = look->export;
		o.compiled = look->compiled;
		o.allow_errors = look->allow_errors;
	}
	return hm_build_new(&o, &g->b, err);
}

/* Flags that neither loading nor the builder knows. */
static int
check_flags(const struct hm_build_flags *bf, struct hm_err *err)
{
	if (bf->pkgdir.n)
		return hm_err_set(err, HM_ENOTYET, "-pkgdir");
	if (bf->debug_actiongraph.n || bf->debug_trace.n)
		return hm_err_set(err, HM_ENOTYET, "-debug-actiongraph");
	return 0;
}

static int
build_once(struct hm_building *g, const struct hm_strs *patterns,
           int (*act)(struct hm_building *g, void *ctx, struct hm_err *err), void *ctx,
           struct hm_err *err)
{
	if (check_flags(g->bf, err) ||
	    hm_cli_packages_open(g->cli, g->bf, g->outside, &g->p, err) ||
	    make_builder(g, NULL, err))
		return -1;
	hm_interrupt_set(&g->intr, g->b);
	if (g->outside ? hm_cli_packages_load_at(g->cli, g->bf, &g->load, patterns, &g->p, err) :
	                 hm_cli_packages_load(g->cli, g->bf, &g->load, patterns, &g->p, err))
		return -1;
	set_modules(g);
	return act(g, ctx, err);
}

static void
free_builder(struct hm_building *g)
{
	struct hm_err more = { 0 };

	hm_interrupt_set(&g->intr, NULL);
	if (hm_build_free(g->b, &more)) {
		hm_cli_error(g->cli, &more);
		hm_err_free(&more);
	}
	g->b = NULL;
}

int
hm_building_look(struct hm_building *g, const struct hm_building_look *look,
                 const struct hm_pkgs *pkgs, struct hm_err *err)
{
	int rc;

	hm_interrupt_begin(&g->intr);
	rc = check_flags(g->bf, err);
	if (rc == 0)
		rc = make_builder(g, look, err);
	if (rc == 0) {
		hm_interrupt_set(&g->intr, g->b);
		set_modules(g);
		rc = hm_build_list(g->b, &g->cli->arena, pkgs->v, pkgs->n, err);
	}
	free_builder(g);
	hm_interrupt_end(&g->intr);
	return rc;
}

static int
finish(struct hm_building *g, int rc, struct hm_err *err)
{
	free_builder(g);
	hm_cli_packages_close(&g->p);
	if (rc == 0 && g->p.ml && g->p.ml->failed)
		rc = hm_err_set(err, HM_EREPORTED, "reported");
	return rc;
}

int
hm_building_run(struct hm_building *g, const struct hm_strs *patterns,
                int (*act)(struct hm_building *g, void *ctx, struct hm_err *err), void *ctx,
                struct hm_err *err)
{
	bool again = true;
	int rc = -1;

	hm_interrupt_begin(&g->intr);
	for (int round = 0; again && round < SWITCH_MAX; round++) {
		hm_str need;

		hm_err_clear(err);
		rc = build_once(g, patterns, act, ctx, err);
		rc = finish(g, rc, err);
		need = g->p.ml ? g->p.ml->need_go : HM_S("");
		again = false;
		if (rc && hm_err_is(err, HM_ETOOLCHAIN) && need.n &&
		    hm_cli_packages_switch(g->cli, need, &again, err))
			break;
	}
	hm_interrupt_end(&g->intr);
	/* The builder reads -gcflags and its like; a wrong one is a wrong command line all the
	 * same. */
	if (rc && hm_err_is(err, HM_EUSAGE) &&
	    hm_str_has_prefix(hm_err_str(err), HM_S("invalid value ")))
		return hm_cli_usage(g->cli, err);
	if (rc && hm_err_is(err, HM_ENOTYET)) {
		hm_str why = hm_arena_dup(&g->cli->arena, hm_err_str(err));

		hm_err_clear(err);
		return hm_cli_delegate(g->cli, why.p, err);
	}
	return rc;
}

struct hm_strs
hm_building_words(struct hm_cli *cli, int argc, char *const *argv)
{
	struct hm_strs words = { 0 };

	for (int i = 0; i < argc; i++)
		HM_PUSH(&cli->arena, words, hm_str_of(argv[i]));
	return words;
}
