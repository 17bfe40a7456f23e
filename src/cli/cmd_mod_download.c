/*
 * hermod mod download: fills the module cache.
 */
#include "cli/cmds.h"

#include "acquire/acquire.h"
#include "cli/select.h"
#include "codec/json.h"
#include "load/mainmods.h"
#include "load/modcommit.h"
#include "load/modgraph.h"
#include "load/modinfo.h"
#include "load/modload.h"
#include "mod/gomod.h"
#include "mod/gover.h"

/* The verb's own flags, and what they are applied to. */
struct request {
	bool json;
	hm_str reuse;
	struct hm_build_flags bf;
	struct hm_strs args;
};

/* A module asked for, and how it went. */
struct result {
	const struct hm_modinfo *info;
	struct hm_acquire_download got;
	hm_str error; /* p == NULL: none */
};
struct results {
	struct result *v;
	size_t n, cap;
};

static void
warn_main_modules(struct hm_cli *cli, struct hm_modload *ml, const struct hm_strs *args)
{
	static const char *const forms[] = { "", "@upgrade", "@patch" };

	for (size_t i = 0; i < ml->mains->n; i++)
		for (size_t k = 0; k < args->n; k++)
			for (size_t f = 0; f < 3; f++) {
				hm_str arg = args->v[k];

				if (hm_str_cut_suffix(&arg, hm_str_of(forms[f])) &&
				    hm_str_eq(arg, ml->mains->v[i].mod.path)) {
					hm_cli_errorf(cli,
					              "%s: skipping download of " HM_F
					              " that resolves to the main module",
					              cli->self, HM_P(args->v[k]));
					break;
				}
			}
}

/* What no arguments stand for. */
static int
default_args(struct hm_modload *ml, struct hm_strs *args, struct hm_err *err)
{
	const struct hm_gomod *f;
	struct hm_modgraph *mg;

	if (hm_modload_in_work(ml)) {
		HM_PUSH(ml->arena, *args, HM_S("all"));
		return 0;
	}
	f = ml->mains->v[0].file;
	if (hm_gover_cmp(f->go, HM_S(HM_GOVER_EXPLICIT_INDIRECT)) < 0) {
		if (f->require.n > 0)
			HM_PUSH(ml->arena, *args, HM_S("all"));
		return 0;
	}
	/* go.mod names every module that provides packages, but the graph must be there, too */
	if (hm_modload_graph(ml, HM_S(""), &mg, err))
		return -1;
	f = ml->mains->v[0].file;
	for (size_t i = 0; i < f->require.n; i++)
		HM_PUSH(ml->arena, *args, f->require.v[i].mod.path);
	return 0;
}

static void
collect(struct hm_arena *a, const struct hm_modinfos *infos, struct results *out)
{
	for (size_t i = 0; i < infos->n; i++) {
		const struct hm_modinfo *m = infos->v[i];
		struct result r = { .info = m->replace ? m->replace : m };

		/* a main module, or a folder that replaces one, is nothing to download */
		if (r.info->version.n == 0 && !r.info->error.p)
			continue;
		r.error = r.info->error;
		HM_PUSH(a, *out, r);
	}
}

/* -1 with a final error, which ends the command, whatever else there is to say. */
static int
download(struct hm_cli *cli, struct hm_acquire *ac, struct results *rs, struct hm_err *err)
{
	struct hm_modver *m = HM_NEW_N(&cli->arena, rs->n, struct hm_modver);
	struct hm_acquire_download *got = HM_NEW_N(&cli->arena, rs->n, struct hm_acquire_download);
	struct hm_err *errs = HM_NEW_N(&cli->arena, rs->n, struct hm_err);
	struct result **to = HM_NEW_N(&cli->arena, rs->n, struct result *);
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < rs->n; i++) {
		if (rs->v[i].error.p || rs->v[i].info->reuse)
			continue;
		m[n] = hm_modver_of(rs->v[i].info->path, rs->v[i].info->version);
		to[n++] = &rs->v[i];
	}
	hm_acquire_downloads(ac, m, n, got, errs);
	for (size_t i = 0; i < n; i++) {
		to[i]->got = got[i];
		if (errs[i].code != HM_OK)
			to[i]->error = hm_arena_dup(&cli->arena, hm_err_str(&errs[i]));
		if (errs[i].final && rc == 0) {
			hm_err_move(err, &errs[i]);
			rc = -1;
		}
		hm_err_free(&errs[i]);
	}
	return rc;
}

static void
print_json(struct hm_cli *cli, const struct result *r)
{
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b, .indent = "\t" };

	hm_json_begin_object(&w);
	hm_json_member_opt_str(&w, "Path", r->info->path);
	hm_json_member_opt_str(&w, "Version", r->info->version);
	hm_json_member_opt_str(&w, "Query", r->info->query);
	hm_json_member_opt_str(&w, "Error", r->error);
	hm_json_member_opt_str(&w, "Info", r->got.info);
	hm_json_member_opt_str(&w, "GoMod", r->got.gomod);
	hm_json_member_opt_str(&w, "Zip", r->got.zip);
	hm_json_member_opt_str(&w, "Dir", r->got.dir);
	hm_json_member_opt_str(&w, "Sum", r->got.sum);
	hm_json_member_opt_str(&w, "GoModSum", r->got.gomod_sum);
	if (r->info->origin) {
		hm_json_key(&w, "Origin");
		hm_origin_put(&w, r->info->origin);
	}
	hm_json_member_opt_true(&w, "Reuse", r->info->reuse);
	hm_json_end_object(&w);
	hm_buf_addc(&b, '\n');
	hm_cli_out(cli, hm_buf_str(&b));
	hm_buf_free(&b);
	if (r->error.n)
		hm_cli_set_status(cli, 1);
}

/* False when the command ends here, as go does unless it prints JSON. */
static bool
report(struct hm_cli *cli, const struct request *req, const struct results *rs)
{
	bool ok = true;

	for (size_t i = 0; i < rs->n; i++) {
		if (req->json) {
			print_json(cli, &rs->v[i]);
		} else if (rs->v[i].error.n) {
			hm_cli_errorf(cli, "%s: " HM_F, cli->self, HM_P(rs->v[i].error));
			hm_cli_set_status(cli, 1);
			ok = false;
		}
	}
	return ok && (req->json || cli->exit_status == 0);
}

/* Go's base.Error for an error that must not end the command yet. */
static void
report_late(struct hm_cli *cli, struct hm_err *err)
{
	if (err->code != HM_OK && err->code != HM_EREPORTED)
		hm_cli_error(cli, err);
	else if (err->code == HM_EREPORTED)
		hm_cli_set_status(cli, 1);
	hm_err_clear(err);
}

static int
prepare(struct hm_cli *cli, struct request *req, struct hm_modload **out, struct hm_err *err)
{
	struct hm_modload *ml;
	struct hm_reqs *reqs;

	if (hm_cli_modload(cli, &req->bf, &ml, err) || hm_modload_init_work(ml, err))
		return -1;
	hm_acquire_set_quiet(ml->acquire);
	ml->force_use_modules = true;
	ml->explicit_write = true;
	*out = ml;
	if (hm_modload_init(ml, err))
		return -1;
	if (!hm_modload_has_root(ml) && !hm_modload_in_work(ml))
		return 0;
	if (hm_modload_file(ml, &reqs, err))
		return -1;
	if (req->args.n == 0)
		return default_args(ml, &req->args, err);
	warn_main_modules(cli, ml, &req->args);
	return 0;
}

static int
nothing(struct hm_cli *cli, struct hm_modload *ml, struct hm_err *err)
{
	if (!hm_modload_has_root(ml))
		return hm_err_set(err, HM_EINVALID,
		                  "no modules specified (see '%s help mod download')", cli->self);
	hm_cli_errorf(cli, "%s: no module dependencies to download", cli->self);
	return 0;
}

/* The greater of two Go versions that modules asked for. */
static hm_str
later(hm_str x, hm_str y)
{
	return hm_gover_cmp(x, y) >= 0 ? x : y;
}

/*
 * One try with the toolchain at hand.  *need is set, and nothing printed, when a
 * module asks for a later one.
 */
static int
try_once(struct hm_cli *cli, struct request req, bool may_switch, hm_str *need, struct hm_err *err)
{
	bool explicit_args = req.args.n > 0, go_on;
	struct hm_write_opts none = { 0 };
	struct hm_modinfos infos = { 0 };
	struct hm_err list_err = { 0 };
	struct results rs = { 0 };
	struct hm_modload *ml = NULL;
	int rc = -1;

	if (prepare(cli, &req, &ml, err)) {
		if (ml && err->code == HM_ETOOLCHAIN && may_switch)
			*need = ml->need_go;
		return -1;
	}
	if (req.args.n == 0)
		return nothing(cli, ml, err);
	if (req.reuse.n && hm_modload_has_root(ml)) {
		hm_cli_errorf(cli, "%s mod download -reuse cannot be used inside a module",
		              cli->self);
		return hm_err_set(err, HM_EREPORTED, "usage");
	}
	hm_modinfo_list(ml, ml->arena, &req.args, 0, req.reuse, &infos, &list_err);
	if (list_err.final) {
		hm_err_move(err, &list_err);
		goto out;
	}
	if (list_err.code == HM_ETOOLCHAIN && may_switch && ml->need_go.n) {
		*need = ml->need_go;
		goto out;
	}
	/* without arguments go.mod is made consistent, but no sums are added */
	if (!explicit_args && !hm_modload_in_work(ml) && hm_modload_write(ml, &none, err))
		goto out;
	collect(ml->arena, &infos, &rs);
	if (download(cli, ml->acquire, &rs, err))
		goto out;
	if ((explicit_args || hm_modload_in_work(ml)) && may_switch) {
		*need = later(hm_acquire_need_go(ml->acquire), ml->need_go);
		if (need->n)
			goto out;
	}
	rc = 0;
	go_on = report(cli, &req, &rs);
	if (!go_on) {
		rc = hm_err_set(err, HM_EREPORTED, "download failed");
		goto out;
	}
	if ((explicit_args || hm_modload_in_work(ml)) && hm_modload_write(ml, &none, err))
		report_late(cli, err);
	report_late(cli, &list_err);
out:
	hm_err_free(&list_err);
	return rc;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct request req = { 0 };
	const struct hm_flag own[] = {
		{ .name = "json", .kind = HM_FLAG_BOOL, .target = &req.json },
		{ .name = "reuse", .kind = HM_FLAG_STR, .target = &req.reuse },
	};
	hm_str need = { 0 };
	bool switched = false;
	int rc;

	if (hm_cli_flags(cli, own, 2, HM_FLAGS_MOD_COMMON | HM_FLAGS_X, &req.bf, &argc, &argv, err))
		return -1;
	for (int i = 0; i < argc; i++)
		HM_PUSH(&cli->arena, req.args, hm_str_of(argv[i]));
	rc = try_once(cli, req, true, &need, err);
	if (need.n == 0)
		return rc;
	hm_err_clear(err);
	need = hm_arena_dup(&cli->arena, need);
	if (hm_select_newer(cli, need, &switched, err))
		return -1;
	return try_once(cli, req, false, &need, err);
}

const struct hm_cmd hm_cmd_mod_download = {
	.name = "mod download",
	.usage = "mod download [-x] [-json] [-reuse=old.json] [modules]",
	.brief = "Download modules to local cache",
	.run = run,
};
