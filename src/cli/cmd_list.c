/*
 * hermod list: packages (cmd/go/internal/list).
 */
#include "cli/building.h"
#include "cli/cmds.h"
#include "cli/listing.h"
#include "cli/packages.h"
#include "load/modinfo.h"
#include "load/modload.h"

/* Rounds of taking a newer toolchain; each is newer than the last. */
enum { SWITCH_MAX = 4 };

struct listing_packages {
	struct hm_listing *l;
	struct hm_cli_packages p;
	struct hm_pkgs roots; /* named on the command line, errors left out without -e */
	struct hm_pkgs shown;
};

static bool
parse_bool(hm_str s, bool *out)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (hm_str_eqz(s, yes[i]) || hm_str_eqz(s, no[i])) {
			*out = hm_str_eqz(s, yes[i]);
			return true;
		}
	return false;
}

static int
set_json(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	struct hm_listing *l = target;
	hm_str field;

	(void)err;
	if (parse_bool(value, &l->json))
		return 0;
	l->json = true;
	while (hm_str_next(&value, ',', &field))
		HM_PUSH(a, l->fields, field);
	return 0;
}

/* Says why each package that failed did; the rest stays in *roots. */
static void
report_roots(struct hm_cli *cli, struct hm_pkgs *roots)
{
	size_t n = 0;

	for (size_t i = 0; i < roots->n; i++) {
		struct hm_pkg *p = roots->v[i];

		if (!p->error) {
			roots->v[n++] = p;
			continue;
		}
		hm_cli_errorf(cli, HM_F, HM_P(hm_pkg_error_text(&cli->arena, p->error)));
		hm_cli_set_status(cli, 1);
	}
	roots->n = n;
}

static int
keep_testmain(struct listing_packages *lp, struct hm_pkg *p, struct hm_err *err)
{
	struct hm_cli *cli = lp->l->cli;

	return hm_build_keep_testmain(cli->conf, &cli->log, &cli->arena, p->testmain_go,
	                              &p->go_files.v[0], err);
}

/* -test: behind the packages come those that their tests are made of. */
static int
add_tests(struct listing_packages *lp, const struct hm_loader_opts *opts, struct hm_err *err)
{
	struct hm_arena *a = &lp->l->cli->arena;
	size_t n = lp->roots.n;

	for (size_t i = 0; i < n; i++) {
		struct hm_pkg *p = lp->roots.v[i], *bad;
		struct hm_pkg_tests t;

		if (p->test_go_files.n + p->xtest_go_files.n == 0)
			continue;
		hm_loader_test_packages(lp->p.loader, opts, p, &t);
		bad = lp->l->e ? NULL : hm_loader_test_failure(lp->p.loader, &t);
		if (bad)
			return hm_listing_fatal(lp->l, err, "go: can't load test package: " HM_F,
			                        HM_P(hm_pkg_error_text(a, bad->error)));
		if (keep_testmain(lp, t.main, err))
			return -1;
		HM_PUSH(a, lp->roots, t.main);
		if (t.test != p)
			HM_PUSH(a, lp->roots, t.test);
		if (t.xtest)
			HM_PUSH(a, lp->roots, t.xtest);
	}
	return 0;
}

/* All below the roots; go repeats their errors here. */
static void
list_deps(struct listing_packages *lp, struct hm_pkgs *out)
{
	struct hm_cli *cli = lp->l->cli;

	hm_pkg_list(&cli->arena, &lp->roots, out);
	for (size_t i = 0; !lp->l->e && i < out->n; i++) {
		if (!out->v[i]->error)
			continue;
		hm_cli_errorf(cli, HM_F,
		              HM_P(hm_pkg_error_text(&cli->arena, out->v[i]->error)));
		hm_cli_set_status(cli, 1);
	}
}

static void
resolve_test_imports(struct listing_packages *lp, struct hm_pkg *p)
{
	struct hm_strs tests = { 0 }, xtests = { 0 };

	hm_loader_resolve(lp->p.loader, p, &p->test_imports, &tests);
	hm_loader_resolve(lp->p.loader, p, &p->xtest_imports, &xtests);
	p->test_imports = tests;
	p->xtest_imports = xtests;
}

/* -retracted: what the modules of the packages say about themselves. */
static int
add_retractions(struct listing_packages *lp, struct hm_err *err)
{
	struct hm_arena *a = &lp->l->cli->arena;
	struct hm_map mods = { .arena = a };
	struct hm_strs args = { 0 };
	struct hm_modinfos infos = { 0 };
	int rc;

	for (size_t i = 0; i < lp->shown.n; i++) {
		struct hm_modinfo *m = lp->shown.v[i]->module;

		for (; m; m = m->replace) {
			hm_str arg = hm_arena_printf(a, HM_F "@" HM_F, HM_P(m->path),
			                             HM_P(m->version));

			if (m->version.n == 0 || hm_map_has(&mods, arg))
				continue;
			hm_map_set(&mods, arg, m);
			HM_PUSH(a, args, arg);
		}
	}
	if (args.n == 0)
		return 0;
	rc = hm_modinfo_list(lp->p.ml, a, &args, HM_LIST_RETRACTED, HM_S(""), &infos, err);
	if (rc && !lp->l->e)
		return -1;
	hm_err_clear(err);
	for (size_t i = 0; i < args.n && i < infos.n; i++) {
		struct hm_modinfo *m = hm_map_get(&mods, args.v[i]);

		m->retracted = infos.v[i]->retracted;
		if (infos.v[i]->error.p && !m->error.p)
			m->error = infos.v[i]->error;
	}
	return 0;
}

/* What only the builder knows of the packages, where it is wanted. */
static int
look_at_builds(struct listing_packages *lp, struct hm_err *err)
{
	struct hm_listing *l = lp->l;
	struct hm_building g = { .cli = l->cli, .bf = &l->bf, .p = lp->p };
	const struct hm_building_look look = { l->export, l->compiled, l->e };
	bool stale = l->json ? hm_listing_wants(l, "Stale,StaleReason") :
	                       hm_str_contains(l->format, HM_S(".Stale"));
	int rc;

	if (!stale && !l->export && !l->compiled)
		return 0;
	rc = hm_building_look(&g, &look, &lp->shown, err);
	if (rc == 0 || !hm_err_is(err, HM_EREPORTED))
		return rc;
	hm_err_clear(err); /* go shows what it has, too */
	return 0;
}

static void
add_compiled_imports(struct hm_arena *a, struct hm_pkg *p)
{
	for (size_t i = 0; i < p->compiled_imports.n; i++)
		HM_PUSH(a, p->imports, p->compiled_imports.v[i]);
}

/* What go computes for the output once all is loaded. */
static int
complete(struct listing_packages *lp, struct hm_err *err)
{
	struct hm_arena *a = &lp->l->cli->arena;
	struct hm_pkgs all = { 0 };
	bool deps = hm_listing_wants(lp->l, "Deps");
	bool errors = hm_listing_wants(lp->l, "DepsErrors");
	bool auto_pgo = lp->l->bf.pgo.n == 0 || hm_str_eqz(lp->l->bf.pgo, "auto");

	for (size_t i = 0; i < lp->roots.n; i++)
		lp->roots.v[i]->mark = 1;
	for (size_t i = 0; i < lp->shown.n; i++) {
		resolve_test_imports(lp, lp->shown.v[i]);
		lp->shown.v[i]->dep_only = !lp->shown.v[i]->mark;
		if (lp->l->compiled)
			add_compiled_imports(a, lp->shown.v[i]);
	}
	if (lp->l->deps)
		all = lp->shown;
	if (lp->l->test || (auto_pgo && lp->roots.n > 1)) {
		if (!lp->l->deps)
			list_deps(lp, &all);
		hm_pkg_rename_variants(a, &all);
	} else if (!lp->l->deps && (deps || errors)) {
		hm_pkg_list(a, &lp->roots, &all);
	}
	if (deps || errors)
		hm_pkg_collect_deps(a, &all, deps, errors);
	if (lp->l->retracted && add_retractions(lp, err))
		return -1;
	for (size_t i = 0; i < lp->shown.n; i++)
		hm_pkg_fill_import_map(a, lp->shown.v[i]);
	return 0;
}

static int
load_and_put(struct listing_packages *lp, const struct hm_strs *patterns, struct hm_err *err)
{
	struct hm_listing *l = lp->l;
	struct hm_loader_opts opts = {
		.ignore_imports = l->find,
		.resolve_tests = l->test,
		.suppress_build_info = !l->export && !hm_listing_wants(l, "Stale,StaleReason"),
		.suppress_embed = !l->export &&
		                  !hm_listing_wants(l, "EmbedFiles,TestEmbedFiles,XTestEmbedFiles"),
	};

	l->ml = lp->p.ml;
	l->ctx = &lp->p.ctx;
	if (hm_listing_start(l, "{{.ImportPath}}", err) ||
	    hm_cli_packages_load(l->cli, &l->bf, &opts, patterns, &lp->p, err))
		return -1;
	lp->roots = lp->p.pkgs;
	if (!l->e) {
		report_roots(l->cli, &lp->roots);
		if (l->cli->exit_status || lp->p.ml->failed)
			return hm_err_set(err, HM_EREPORTED, "reported");
	}
	if (l->test && add_tests(lp, &opts, err))
		return -1;
	if (l->deps)
		list_deps(lp, &lp->shown);
	else
		lp->shown = lp->roots;
	if (look_at_builds(lp, err) || complete(lp, err))
		return -1;
	for (size_t i = 0; i < lp->shown.n; i++)
		if (hm_listing_put(l, &hm_pkg_type, lp->shown.v[i], err))
			return -1;
	return 0;
}

static int
list_packages(struct hm_listing *l, const struct hm_strs *patterns, struct hm_err *err)
{
	bool again = true;
	int rc = -1;

	for (int round = 0; again && round < SWITCH_MAX; round++) {
		struct listing_packages lp = { .l = l };
		hm_str need;

		hm_err_clear(err);
		rc = hm_cli_packages_open(l->cli, &l->bf, false, &lp.p, err);
		if (!rc)
			rc = load_and_put(&lp, patterns, err);
		hm_cli_packages_close(&lp.p);
		if (!rc && lp.p.ml->failed)
			hm_cli_set_status(l->cli, 1);
		need = lp.p.ml ? lp.p.ml->need_go : HM_S("");
		again = false;
		if (rc && hm_err_is(err, HM_ETOOLCHAIN) && need.n &&
		    hm_cli_packages_switch(l->cli, need, &again, err))
			return -1;
	}
	return rc;
}

/* Flags that do not go together, in go's words. */
static int
check_flags(struct hm_listing *l, struct hm_err *err)
{
	if (l->format.n && l->json)
		return hm_listing_fatal(l, err, "go list -f cannot be used with -json");
	if (l->reuse.n && !l->m)
		return hm_listing_fatal(l, err, "go list -reuse cannot be used without -m");
	if (l->m)
		return 0;
	if (l->u)
		return hm_listing_fatal(l, err, "go list -u can only be used with -m");
	if (l->versions)
		return hm_listing_fatal(l, err, "go list -versions can only be used with -m");
	if (l->find && l->deps)
		return hm_listing_fatal(l, err, "go list -deps cannot be used with -find");
	if (l->find && l->test)
		return hm_listing_fatal(l, err, "go list -test cannot be used with -find");
	if (l->find && l->export)
		return hm_listing_fatal(l, err, "go list -export cannot be used with -find");
	return 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_listing l = { .cli = cli };
	const struct hm_flag own[] = {
		{ .name = "f", .kind = HM_FLAG_STR, .target = &l.format },
		{ .name = "json", .kind = HM_FLAG_BOOL_FUNC, .target = &l, .set = set_json },
		{ .name = "compiled", .kind = HM_FLAG_BOOL, .target = &l.compiled },
		{ .name = "deps", .kind = HM_FLAG_BOOL, .target = &l.deps },
		{ .name = "e", .kind = HM_FLAG_BOOL, .target = &l.e },
		{ .name = "export", .kind = HM_FLAG_BOOL, .target = &l.export },
		{ .name = "find", .kind = HM_FLAG_BOOL, .target = &l.find },
		{ .name = "m", .kind = HM_FLAG_BOOL, .target = &l.m },
		{ .name = "u", .kind = HM_FLAG_BOOL, .target = &l.u },
		{ .name = "test", .kind = HM_FLAG_BOOL, .target = &l.test },
		{ .name = "versions", .kind = HM_FLAG_BOOL, .target = &l.versions },
		{ .name = "retracted", .kind = HM_FLAG_BOOL, .target = &l.retracted },
		{ .name = "reuse", .kind = HM_FLAG_STR, .target = &l.reuse },
	};
	struct hm_strs patterns = { 0 };
	int rc;

	if (hm_cli_flags(cli, own, sizeof(own) / sizeof(own[0]),
	                 HM_FLAGS_MOD_COMMON | HM_FLAGS_MOD | HM_FLAGS_BUILD, &l.bf, &argc, &argv,
	                 err) ||
	    check_flags(&l, err))
		return -1;
	if (l.m)
		return hm_listing_modules(&l, argc, argv, err);
	for (int i = 0; i < argc; i++)
		HM_PUSH(&cli->arena, patterns, hm_str_of(argv[i]));
	rc = list_packages(&l, &patterns, err);
	if (rc && hm_err_is(err, HM_ENOTYET)) {
		hm_str why = hm_arena_dup(&cli->arena, hm_err_str(err));

		hm_err_clear(err);
		return hm_cli_delegate(cli, why.p, err);
	}
	return rc;
}

const struct hm_cmd hm_cmd_list = {
	.name = "list",
	.usage = "list [-f format] [-json] [-m] [list flags] [build flags] [packages]",
	.brief = "List packages or modules",
	.run = run,
};
