#include "load/workspace.h"

#include "base/path.h"
#include "conf/conf.h"
#include "load/modfiles.h"
#include "load/modload_priv.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "os/file.h"

int
hm_work_find(const struct hm_modload *ml, hm_str wd, hm_str *out, struct hm_err *err)
{
	*out = HM_S("");
	if (ml->root_mode == HM_ROOT_NO)
		return 0;
	return hm_conf_find_gowork(ml->conf, ml->arena, wd, out, err);
}

int
hm_work_missing(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID,
	                  "no go.work file found\n\t(run 'go work init' first or specify path "
	                  "using GOWORK environment variable)");
}

int
hm_work_read(struct hm_modload *ml, hm_str path, struct hm_gowork **out, struct hm_err *err)
{
	hm_str name = hm_modload_short_path(ml, ml->arena, path), data;

	if (hm_file_read(ml->arena, hm_modload_abs(ml, ml->arena, path), HM_GOMOD_MAX, &data,
	                 err)) {
		if (err->sys)
			hm_err_sys(err, err->sys, "open " HM_F, HM_P(name));
		return hm_err_wrap(err, "reading go.work: ");
	}
	if (hm_gowork_parse(ml->arena, name, data, NULL, out, err))
		return hm_err_wrap(err, "errors parsing go.work:\n");
	if ((*out)->go_line && hm_gover_cmp((*out)->go, ml->local_go) > 0 &&
	    !hm_str_eqz(ml->cmd, "work edit")) {
		hm_modload_too_new(ml, name, (*out)->go, HM_S(""), err);
		return hm_err_finish(err);
	}
	return 0;
}

int
hm_work_load(struct hm_modload *ml, hm_str path, struct hm_gowork **out, struct hm_strs *roots,
             struct hm_err *err)
{
	struct hm_arena *a = ml->arena;
	hm_str dir = hm_path_dir(a, path), name = hm_modload_short_path(ml, a, path);
	struct hm_map seen = { .arena = a };
	struct hm_gowork *w;

	if (hm_work_read(ml, path, out, err))
		return -1;
	w = *out;
	for (size_t i = 0; i < w->use.n; i++) {
		hm_str root = w->use.v[i].path;

		if (!hm_path_is_abs(root))
			root = hm_path_join(a, dir, root);
		if (!hm_map_add(&seen, root))
			return hm_err_set(err, HM_EINVALID, "error loading go.work:\n" HM_F
			                  ":%u: path " HM_F " appears multiple times in workspace",
			                  HM_P(name), w->use.v[i].syntax->start.line, HM_P(root));
		HM_PUSH(a, *roots, root);
	}
	for (size_t i = 0; i < w->godebug.n; i++) {
		const struct hm_gomod_godebug *g = &w->godebug.v[i];

		if (hm_modload_check_godebug(ml, HM_S("godebug"), g->key, g->value, err))
			return hm_err_wrap(err, "error loading go.work:\n" HM_F ":%u: ", HM_P(name),
			                   g->syntax->start.line);
	}
	return 0;
}

int
hm_work_write(hm_str path, struct hm_gowork *w, struct hm_err *err)
{
	struct hm_arena tmp = { 0 };
	struct hm_buf out = { 0 };
	int rc;

	hm_gowork_sort_blocks(w);
	hm_gowork_cleanup(w);
	hm_gowork_format(w, &out);
	rc = hm_file_write(hm_arena_cstr(&tmp, path), hm_buf_str(&out), 0666, err);
	hm_buf_free(&out);
	hm_arena_free(&tmp);
	return rc;
}

bool
hm_work_update_go(struct hm_gowork *w, hm_str go)
{
	struct hm_err never = { 0 };
	hm_str tool;

	if (hm_gover_cmp(hm_gowork_go(w), go) >= 0)
		return false;
	if (hm_gowork_add_go(w, go, &never))
		hm_err_free(&never);
	if (!w->toolchain_line)
		return true;
	/* The go line implies or exceeds it, or it is too old to know such lines. */
	tool = hm_gover_from_toolchain(w->toolchain);
	if ((w->toolchain.n == go.n + 2 && hm_str_has_prefix(w->toolchain, HM_S("go")) &&
	     hm_str_has_suffix(w->toolchain, go)) ||
	    hm_gover_cmp(tool, go) < 0 || hm_gover_cmp(tool, HM_S(HM_GOVER_STRICT)) < 0)
		hm_gowork_drop_toolchain(w);
	return true;
}

void
hm_work_update_uses(struct hm_modload *ml, struct hm_gowork *w)
{
	for (size_t i = 0; i < w->use.n; i++) {
		hm_str dir = w->use.v[i].path, data;
		struct hm_err bad = { 0 };
		struct hm_gomod *f;
		bool fixed;

		if (!dir.n || w->use.v[i].module_path.n)
			continue;
		if (hm_modload_read_gomod(ml, hm_path_join(ml->arena, dir, HM_S("go.mod")),
		                          HM_FIX_NONE, &data, &f, &fixed, &bad)) {
			hm_err_free(&bad); /* reported when the modules are loaded */
			continue;
		}
		hm_gowork_add_use(w, dir, f->module);
	}
}
