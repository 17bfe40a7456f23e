/*
 * What the build has to say to go list: is a package stale, where is its export
 * data, which files go to the compiler (cmd/go/internal/list/list.go, and what
 * cmd/go/internal/work does under IsCmdList).
 */
#include "build/builder.h"
#include "build/exec.h"

/* The packages outlive the builder: what they are told moves to their arena. */
static void
keep_results(const struct hm_action *act, struct hm_arena *a)
{
	struct hm_pkg *p = act->pkg;
	const struct hm_build_opts *o = &act->builder->o;

	if (!p)
		return;
	p->stale_reason = hm_arena_dup(a, p->stale_reason);
	if (act->export.n) {
		p->export = hm_arena_dup(a, act->export);
		p->build_id = hm_arena_dup(a, act->build_id);
	}
	if (o->compiled && act->kind == HM_ACT_COMPILE && !act->failed)
		p->compiled_go_files = p->go_files;
	if (act->why.p && !p->error) {
		p->error = HM_NEW(a, struct hm_pkg_error);
		p->error->err = hm_arena_dup(a, act->why);
		p->incomplete = true;
	}
}

int
hm_build_list(struct hm_builder *b, struct hm_arena *a, struct hm_pkg **pkgs, size_t n,
              struct hm_err *err)
{
	struct hm_pkgs roots = { pkgs, n, n };
	struct hm_action *root;
	int rc;

	if (hm_builder_prepare(b, &roots, err))
		return -1;
	root = hm_action_group(b);
	for (size_t i = 0; i < n; i++)
		if (pkgs[i]->go_files.n + pkgs[i]->cgo_files.n > 0)
			hm_action_depend(b, root, hm_action_for(b, pkgs[i], true));
	rc = hm_exec_run(b, root, err);
	for (size_t i = 0; i < b->actions.n; i++)
		keep_results(b->actions.v[i], a);
	if (rc && b->o.allow_errors && hm_err_is(err, HM_EREPORTED)) {
		hm_err_clear(err);
		return 0;
	}
	return rc;
}
