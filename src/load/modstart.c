/*
 * From go.mod and go.work to the first requirements: go's LoadModFile,
 * CreateModFile, EnterModule.
 */
#include <dirent.h>

#include "acquire/acquire.h"
#include "base/path.h"
#include "conf/conf.h"
#include "load/import.h"
#include "load/importstate.h"
#include "load/modcommit.h"
#include "load/modload_priv.h"
#include "load/modstart_path.h"
#include "load/roots.h"
#include "load/vendorlist.h"
#include "load/workspace.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "mod/modpath.h"
#include "os/file.h"
#include "verify/gosum.h"

static hm_str
sum_path(const struct hm_modload *ml, hm_str root)
{
	hm_str p = hm_modload_gomod_path(ml, root);

	hm_str_cut_suffix(&p, HM_S(".mod"));
	return hm_str_of(hm_modload_abs(ml, ml->arena,
	                                hm_arena_printf(ml->arena, HM_F ".sum", HM_P(p))));
}

/* Puts the go.sum files of the main modules to use. */
static void
use_sums(struct hm_modload *ml)
{
	struct hm_sums_conf c = { .tidying = hm_str_eqz(ml->cmd, "mod tidy"), .log = ml->log };
	struct hm_strs workspace = { 0 };
	hm_str lock = hm_path_join(ml->arena, ml->conf->gomodcache, HM_S("cache/lock"));

	if (!ml->acquire)
		return;
	if (hm_modload_in_work(ml)) {
		for (size_t i = 0; i < ml->n_mod_roots; i++)
			HM_PUSH(ml->arena, workspace, sum_path(ml, ml->mod_roots[i]));
		c.file = hm_arena_printf(ml->arena, HM_F ".sum", HM_P(ml->work_file));
		c.workspace = workspace.v;
		c.n_workspace = workspace.n;
	} else if (ml->n_mod_roots) {
		c.file = sum_path(ml, ml->mod_roots[0]);
	}
	if (c.file.n) {
		c.lock = ml->conf->gomodcache.n ? &lock : NULL;
		hm_acquire_set_sums(ml->acquire, hm_sums_new(&c));
	}
}

/* In vendor mode nothing is looked up. */
static void
disable_lookup(struct hm_modload *ml)
{
	if (ml->acquire)
		hm_acquire_disable_lookup(ml->acquire, HM_S("vendor"), ml->build_mod_reason);
}

/* Outside any module: a stand-in main module that requires only the toolchain. */
static int
start_without_module(struct hm_modload *ml, struct hm_err *err)
{
	struct hm_mainmod_in in = { .mod = hm_modver_of(HM_S("command-line-arguments"), HM_S("")),
		                    .root = HM_S("") };
	struct hm_map direct = { .arena = ml->arena };
	struct hm_modvers roots = { 0 };
	hm_str go = ml->local_go;
	bool in_work = hm_modload_in_work(ml);

	if (hm_mainmods_make(ml, &in, 1, NULL, err))
		return -1;
	if (in_work) {
		go = hm_modload_main_go(ml);
		HM_PUSH(ml->arena, roots, in.mod);
	}
	HM_PUSH(ml->arena, roots, hm_modver_of(HM_S("go"), go));
	HM_PUSH(ml->arena, roots,
	        hm_modver_of(HM_S("toolchain"),
	                     hm_arena_printf(ml->arena, "go" HM_F, HM_P(ml->local_go))));
	hm_map_add(&direct, HM_S("go"));
	hm_modload_set_raw_go(ml, in.mod, go);
	ml->reqs = hm_reqs_new(ml, in_work ? HM_WORKSPACE : hm_pruning_for_go(go), roots.v, roots.n,
	                       direct);
	if (ml->build_mod != HM_MOD_VENDOR)
		return 0;
	disable_lookup(ml);
	return hm_reqs_init_vendor(ml, ml->reqs, NULL, 0, err);
}

static int
work_too_old(struct hm_modload *ml, hm_str gomod, const struct hm_gowork *work, hm_str go,
             struct hm_err *err)
{
	hm_str dir = hm_modload_short_path(ml, ml->arena, hm_path_dir(ml->arena, gomod));

	return hm_err_set(err, HM_EINVALID, "module " HM_F " listed in go.work file requires "
	                  "go >= " HM_F ", but go.work %s go " HM_F "; to update it:\n"
	                  "\tgo work use", HM_P(dir), HM_P(go),
	                  work->go_line ? "lists" : "implicitly requires",
	                  HM_P(hm_gowork_go(work)));
}

/* Why a module of a workspace could not be read. */
static int
work_read_error(struct hm_modload *ml, hm_str gomod, const struct hm_gowork *work, bool work_cmd,
                hm_str wanted, struct hm_err *err)
{
	struct hm_arena *a = ml->arena;

	if (hm_err_is(err, HM_ETOOLCHAIN) && !work_cmd)
		return work_too_old(ml, gomod, work, wanted, err);
	if (err->sys && hm_str_has_prefix(hm_err_str(err), HM_S("open ")))
		hm_err_sys(err, err->sys, "open " HM_F,
		           HM_P(hm_modload_short_path(ml, a, gomod)));
	return hm_err_wrap(err, "cannot load module " HM_F " listed in go.work file: ",
	                   HM_P(hm_modload_short_path(ml, a, hm_path_dir(a, gomod))));
}

/* One main module's file, with the checks that come with it.  Several errors end in one text. */
static int
read_main(struct hm_modload *ml, hm_str root, struct hm_gowork *work, struct hm_mainmod_in *in,
          struct hm_err *err)
{
	bool work_cmd = hm_str_has_prefix(ml->cmd, HM_S("work ")), fixed;
	hm_str gomod = hm_modload_gomod_path(ml, root), data, need = ml->need_go;
	struct hm_err bad = { 0 };
	struct hm_gomod *f;

	ml->need_go = HM_S("");
	if (hm_modload_read_gomod(ml, gomod, HM_FIX_QUERY, &data, &f, &fixed, err)) {
		hm_str wanted = ml->need_go;

		ml->need_go = hm_gover_max(need, wanted);
		return work ? work_read_error(ml, gomod, work, work_cmd, wanted, err) : -1;
	}
	ml->need_go = hm_gover_max(need, ml->need_go);
	if (work && !work_cmd && hm_gover_cmp(hm_gomod_go(f), hm_gowork_go(work)) > 0 &&
	    hm_gover_cmp(hm_gomod_go(f), HM_S(HM_GOVER_STRICT)) >= 0)
		return work_too_old(ml, gomod, work, hm_gomod_go(f), err);
	for (size_t i = 0; !work && i < f->godebug.n; i++) {
		const struct hm_gomod_godebug *g = &f->godebug.v[i];

		if (!hm_modload_check_godebug(ml, HM_S("godebug"), g->key, g->value, &bad))
			continue;
		hm_err_wrap(&bad, "error loading go.mod:\n" HM_F ":%u: ",
		            HM_P(hm_modload_short_path(ml, ml->arena, gomod)),
		            g->syntax->start.line);
		if (err->code == HM_OK)
			hm_err_move(err, &bad);
		else
			hm_err_append(err, "\ngo: " HM_F, HM_P(hm_err_str(&bad)));
	}
	hm_err_free(&bad);
	if (err->code != HM_OK)
		return -1;
	*in = (struct hm_mainmod_in){ hm_modver_of(f->module, HM_S("")), root, f, NULL };
	if (hm_modindex_make(ml, data, f, fixed, &in->index, err))
		return -1;
	if (hm_modpath_why_import(f->module, err))
		return hm_err_wrap(err, "malformed module path %s: ",
		                   hm_str_quote(ml->arena, f->module).p);
	return 0;
}

/* All main modules; the errors of several are joined as go prints them. */
static int
read_mains(struct hm_modload *ml, struct hm_gowork *work, struct hm_err *err)
{
	struct hm_mainmod_in *in = HM_NEW_N(ml->arena, ml->n_mod_roots, struct hm_mainmod_in);
	struct hm_err one = { 0 };

	for (size_t i = 0; i < ml->n_mod_roots; i++) {
		if (!read_main(ml, ml->mod_roots[i], work, &in[i], &one))
			continue;
		if (one.final) {
			hm_err_move(err, &one);
			return -1;
		}
		if (err->code == HM_OK)
			hm_err_move(err, &one);
		else
			hm_err_append(err, "\ngo: " HM_F, HM_P(hm_err_str(&one)));
		hm_err_clear(&one);
	}
	hm_err_free(&one);
	if (err->code != HM_OK)
		return -1;
	return hm_mainmods_make(ml, in, ml->n_mod_roots, work, err);
}

/* A go.mod without go line gets one when the command may write it. */
static int
add_go_line(struct hm_modload *ml, struct hm_reqs **rs, struct hm_err *err)
{
	struct hm_mainmod *m = &ml->mains->v[0];
	struct hm_modver go = hm_modver_of(HM_S("go"), ml->tidy_go.n ? ml->tidy_go : ml->local_go);

	if (m->index->go.n || (*rs)->pruning == HM_WORKSPACE)
		return 0;
	if (ml->build_mod != HM_MOD_MOD || hm_str_eqz(ml->cmd, "mod graph") ||
	    hm_str_eqz(ml->cmd, "mod why")) {
		hm_modload_set_raw_go(ml, m->mod, HM_S(HM_GOVER_DEFAULT_GOMOD));
		return 0;
	}
	if (!m->file->go_line && hm_gomod_add_go(m->file, go.version, err))
		return hm_err_wrap(err, "internal error: ");
	hm_modload_set_raw_go(ml, m->mod, go.version);
	*rs = hm_reqs_override(ml, *rs, &go, 1);
	if (hm_gover_cmp(go.version, HM_S(HM_GOVER_EXPLICIT_INDIRECT)) < 0)
		return 0;
	/* What stands in the file was written for an unpruned graph. */
	return hm_reqs_convert_pruning(ml, *rs, HM_PRUNED, rs, err);
}

static bool
has_redundant_root(const struct hm_modload *ml, const struct hm_reqs *rs)
{
	for (size_t i = 0; i < rs->n_roots; i++)
		if (hm_mainmods_has(ml->mains, rs->roots[i].path) ||
		    (i > 0 && hm_str_eq(rs->roots[i].path, rs->roots[i - 1].path)))
			return true;
	return false;
}

static int
use_vendor(struct hm_modload *ml, struct hm_reqs *rs, struct hm_err *err)
{
	const struct hm_vendorlist *v;

	if (ml->build_mod != HM_MOD_VENDOR)
		return 0;
	disable_lookup(ml);
	if (hm_modload_vendorlist(ml, &v, err) || hm_modload_check_vendor(ml, err))
		return -1;
	return hm_reqs_init_vendor(ml, rs, v->list.v, v->list.n, err);
}

int
hm_modload_file(struct hm_modload *ml, struct hm_reqs **rs, struct hm_err *err)
{
	struct hm_gowork *work = NULL;
	struct hm_strs roots = { 0 };
	struct hm_roots_in in = { 0 };

	*rs = ml->reqs;
	if (*rs)
		return 0;
	if (hm_modload_init(ml, err))
		return -1;
	if (hm_modload_in_work(ml)) {
		if (hm_work_load(ml, ml->work_file, &work, &roots, err))
			return -1;
		hm_modload_set_roots(ml, roots.v, roots.n);
	}
	use_sums(ml);
	if (!ml->n_mod_roots) {
		if (start_without_module(ml, err))
			return -1;
		*rs = ml->reqs;
		return 0;
	}
	if (read_mains(ml, work, err) || hm_modload_default_mod(ml, err))
		return -1;
	*rs = hm_reqs_from_files(ml);
	if (use_vendor(ml, *rs, err))
		return -1;
	if (!work) {
		in.direct = &(*rs)->direct;
		if (has_redundant_root(ml, *rs) &&
		    hm_reqs_update_roots(ml, *rs, &in, rs, err))
			return -1;
		if (add_go_line(ml, rs, err))
			return -1;
	}
	ml->reqs = *rs;
	return 0;
}

int
hm_modload_enter(struct hm_modload *ml, hm_str root, struct hm_err *err)
{
	struct hm_reqs *rs;

	hm_modfiles_forget_mains(ml);
	hm_resolve_refetch(ml);
	ml->mains = NULL;
	ml->reqs = NULL;
	ml->vendor = NULL;
	ml->work_file = HM_S("");
	hm_modload_set_roots(ml, &root, 1);
	return hm_modload_file(ml, &rs, err);
}

/* Are there Go files or folders that make this an existing project? */
static bool
looks_empty(const struct hm_modload *ml)
{
	struct hm_arena tmp = { 0 };
	struct hm_dirents ents = { 0 };
	struct hm_err err = { 0 };
	bool empty = true;

	if (hm_dir_read(&tmp, hm_modload_abs(ml, &tmp, ml->cwd), &ents, &err))
		hm_err_free(&err);
	for (size_t i = 0; i < ents.n && empty; i++) {
		hm_str name = ents.v[i].name;

		if (name.p[0] == '.' || name.p[0] == '_')
			continue;
		empty = !hm_str_has_suffix(name, HM_S(".go")) && ents.v[i].type != DT_DIR;
	}
	hm_arena_free(&tmp);
	return empty;
}

int
hm_modload_create(struct hm_modload *ml, hm_str path, struct hm_err *err)
{
	struct hm_mainmod_in in = { 0 };
	struct hm_roots_in up = { 0 };
	hm_str gomod;

	if (!ml->cwd.n)
		ml->cwd = ml->conf->cwd;
	hm_modload_set_roots(ml, &ml->cwd, 1);
	if (hm_modload_init(ml, err))
		return -1;
	gomod = hm_modload_gomod_path(ml, ml->cwd);
	if (hm_file_exists(hm_modload_abs(ml, ml->arena, gomod)))
		return hm_err_set(err, HM_EINVALID, HM_F " already exists", HM_P(gomod));
	if (path.n ? hm_modstart_check_path(ml, path, err) :
	             hm_modstart_find_path(ml, ml->cwd, &path, err))
		return -1;
	hm_log(ml->log, HM_LOG_INFO, "go: creating new go.mod: module " HM_F, HM_P(path));
	in.file = hm_gomod_new(ml->arena);
	hm_gomod_add_module(in.file, path);
	in.mod = hm_modver_of(path, HM_S(""));
	in.root = ml->cwd;
	if (hm_gomod_add_go(in.file, ml->local_go, err))
		return hm_err_wrap(err, "internal error: ");
	hm_modload_set_raw_go(ml, in.mod, ml->local_go);
	if (hm_mainmods_make(ml, &in, 1, NULL, err))
		return -1;
	ml->reqs = hm_reqs_from_files(ml);
	up.direct = &ml->reqs->direct;
	if (hm_reqs_update_roots(ml, ml->reqs, &up, &ml->reqs, err) ||
	    hm_modload_commit(ml, NULL, err))
		return -1;
	if (!looks_empty(ml))
		hm_log(ml->log, HM_LOG_INFO,
		       "go: to add module requirements and sums:\n\tgo mod tidy");
	return 0;
}
