/*
 * hermod work edit: changes to one go.work file, without looking at its modules.
 */
#include "cli/cmds.h"
#include "cli/edits.h"
#include "load/modload.h"
#include "load/workspace.h"
#include "load/workuse.h"
#include "mod/gowork.h"

struct options {
	hm_str go, toolchain;
	bool fmt, json, print;
};

#define APPLY(name, call)                                                                    \
	static int apply_##name(void *file, const struct hm_edit *e, struct hm_err *err)     \
	{                                                                                    \
		struct hm_gowork *f = file;                                                  \
		(void)err;                                                                   \
		call;                                                                        \
		return 0;                                                                    \
	}

APPLY(godebug, hm_gowork_add_godebug(f, e->a.path, e->a.version))
APPLY(dropgodebug, hm_gowork_drop_godebug(f, e->a.path))
APPLY(use, hm_gowork_add_use(f, hm_work_dir_path(f->arena, e->a.path), HM_S("")))
APPLY(dropuse, hm_gowork_drop_use(f, hm_work_dir_path(f->arena, e->a.path)))
APPLY(replace, hm_gowork_add_replace(f, e->a.path, e->a.version, e->b.path, e->b.version))
APPLY(dropreplace, hm_gowork_drop_replace(f, e->a.path, e->a.version))

static const struct hm_edit_kind kinds[] = {
	{ "godebug", hm_edit_parse_godebug, apply_godebug },
	{ "dropgodebug", hm_edit_parse_text, apply_dropgodebug },
	{ "use", hm_edit_parse_text, apply_use },
	{ "dropuse", hm_edit_parse_text, apply_dropuse },
	{ "replace", hm_edit_parse_work_replace, apply_replace },
	{ "dropreplace", hm_edit_parse_work_old, apply_dropreplace },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), OWN = 5 };

static void
print_json(struct hm_cli *cli, const struct hm_gowork *f)
{
	struct hm_json_out w = { .out = &cli->out, .indent = "\t" };

	hm_json_begin_object(&w);
	hm_json_member_opt_str(&w, "Go", f->go);
	hm_edit_begin_list(&w, "Use", f->use.n);
	for (size_t i = 0; i < f->use.n; i++) {
		hm_json_begin_object(&w);
		hm_json_member_str(&w, "DiskPath", f->use.v[i].path);
		hm_json_member_opt_str(&w, "ModPath", f->use.v[i].module_path);
		hm_json_end_object(&w);
	}
	hm_edit_end_list(&w, f->use.n);
	hm_edit_put_replaces(&w, &f->replace);
	hm_json_end_object(&w);
	hm_cli_out(cli, HM_S("\n"));
}

static int
apply(struct hm_gowork *f, const struct options *o, const struct hm_edits *edits,
      struct hm_err *err)
{
	if (hm_str_eqz(o->go, "none"))
		hm_gowork_drop_go(f);
	else if (o->go.n && hm_gowork_add_go(f, o->go, err))
		return hm_err_wrap(err, "internal error: ");
	if (hm_str_eqz(o->toolchain, "none"))
		hm_gowork_drop_toolchain(f);
	else if (o->toolchain.n && hm_gowork_add_toolchain(f, o->toolchain, err))
		return hm_err_wrap(err, "internal error: ");
	if (hm_edits_apply(edits, f, err))
		return -1;
	hm_gowork_sort_blocks(f);
	hm_gowork_cleanup(f);
	return 0;
}

static int
edit_file(struct hm_cli *cli, struct hm_modload *ml, hm_str path, const struct options *o,
          const struct hm_edits *edits, struct hm_err *err)
{
	struct hm_gowork *f;

	if (hm_work_read(ml, path, &f, err))
		return hm_err_wrap(err, "errors parsing " HM_F ":\n",
		                   HM_P(hm_modload_short_path(ml, ml->arena, path)));
	if (apply(f, o, edits, err))
		return -1;
	if (o->json) {
		print_json(cli, f);
	} else if (o->print) {
		struct hm_buf b = { 0 };

		hm_gowork_format(f, &b);
		hm_cli_out(cli, hm_buf_str(&b));
		hm_buf_free(&b);
	} else {
		return hm_work_write(path, f, err);
	}
	return 0;
}

static int
edit(struct hm_cli *cli, const struct options *o, const struct hm_edits *edits, int argc,
     char **argv, struct hm_err *err)
{
	struct hm_modload *ml;
	hm_str path;

	if (o->json && o->print)
		return hm_err_set(err, HM_EINVALID, "cannot use both -json and -print");
	if (argc > 1)
		return hm_err_set(err, HM_EINVALID,
		                  "'go help work edit' accepts at most one argument");
	if (hm_cli_modload(cli, NULL, &ml, err) || (!argc && hm_modload_init_work(ml, err)))
		return -1;
	path = argc ? hm_str_of(argv[0]) : ml->work_file;
	if (!path.n)
		return hm_work_missing(err);
	if (hm_edit_check_versions(cli, "work", o->go, o->toolchain, err))
		return -1;
	if (!o->go.n && !o->toolchain.n && !o->json && !o->print && !o->fmt && !edits->v.n)
		return hm_err_set(err, HM_EINVALID,
		                  "no flags specified (see 'go help work edit').");
	return edit_file(cli, ml, path, o, edits, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct options o = { 0 };
	struct hm_flag flags[OWN + KINDS] = {
		{ .name = "fmt", .kind = HM_FLAG_BOOL, .target = &o.fmt },
		{ .name = "go", .kind = HM_FLAG_STR, .target = &o.go },
		{ .name = "toolchain", .kind = HM_FLAG_STR, .target = &o.toolchain },
		{ .name = "json", .kind = HM_FLAG_BOOL, .target = &o.json },
		{ .name = "print", .kind = HM_FLAG_BOOL, .target = &o.print },
	};
	struct hm_edits edits = { 0 };
	int rc = -1;

	hm_edits_flags(&cli->arena, &edits, kinds, KINDS, flags + OWN);
	if (hm_cli_flags(cli, flags, OWN + KINDS, 0, NULL, &argc, &argv, err) == 0 &&
	    hm_edits_check(&edits, err) == 0)
		rc = edit(cli, &o, &edits, argc, argv, err);
	hm_edits_free(&edits);
	return rc;
}

const struct hm_cmd hm_cmd_work_edit = {
	.name = "work edit",
	.usage = "work edit [editing flags] [go.work]",
	.brief = "Edit go.work from tools or scripts",
	.run = run,
};
