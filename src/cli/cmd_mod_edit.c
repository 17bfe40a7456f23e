/*
 * hermod mod edit: changes to one go.mod file, without looking at anything else.
 */
#include "cli/cmds.h"
#include "cli/edits.h"
#include "load/modload.h"
#include "load/pkgload.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "os/file.h"
#include "os/lock.h"

#define APPLY(name, call)                                                                    \
	static int apply_##name(void *file, const struct hm_edit *e, struct hm_err *err)     \
	{                                                                                    \
		struct hm_gomod *f = file;                                                   \
		(void)err;                                                                   \
		call;                                                                        \
		return 0;                                                                    \
	}
#define APPLY_OR_FAIL(name, call)                                                            \
	static int apply_##name(void *file, const struct hm_edit *e, struct hm_err *err)     \
	{                                                                                    \
		struct hm_gomod *f = file;                                                   \
		return call;                                                                 \
	}

APPLY(godebug, hm_gomod_add_godebug(f, e->a.path, e->a.version))
APPLY(dropgodebug, hm_gomod_drop_godebug(f, e->a.path))
APPLY(require, hm_gomod_add_require(f, e->a.path, e->a.version))
APPLY(droprequire, hm_gomod_drop_require(f, e->a.path))
APPLY_OR_FAIL(exclude, hm_gomod_add_exclude(f, e->a.path, e->a.version, err))
APPLY(dropexclude, hm_gomod_drop_exclude(f, e->a.path, e->a.version))
APPLY(replace, hm_gomod_add_replace(f, e->a.path, e->a.version, e->b.path, e->b.version))
APPLY(dropreplace, hm_gomod_drop_replace(f, e->a.path, e->a.version))
APPLY_OR_FAIL(retract, hm_gomod_add_retract(f, e->a.version, e->b.version, HM_S(""), err))
APPLY(dropretract, hm_gomod_drop_retract(f, e->a.version, e->b.version))
APPLY(tool, hm_gomod_add_tool(f, e->a.path))
APPLY(droptool, hm_gomod_drop_tool(f, e->a.path))
APPLY(ignore, hm_gomod_add_ignore(f, e->a.path))
APPLY(dropignore, hm_gomod_drop_ignore(f, e->a.path))

static const struct hm_edit_kind kinds[] = {
	{ "godebug", hm_edit_parse_godebug, apply_godebug },
	{ "dropgodebug", hm_edit_parse_text, apply_dropgodebug },
	{ "require", hm_edit_parse_modver, apply_require },
	{ "droprequire", hm_edit_parse_path, apply_droprequire },
	{ "exclude", hm_edit_parse_modver, apply_exclude },
	{ "dropexclude", hm_edit_parse_modver, apply_dropexclude },
	{ "replace", hm_edit_parse_replace, apply_replace },
	{ "dropreplace", hm_edit_parse_old, apply_dropreplace },
	{ "retract", hm_edit_parse_interval, apply_retract },
	{ "dropretract", hm_edit_parse_interval, apply_dropretract },
	{ "tool", hm_edit_parse_path, apply_tool },
	{ "droptool", hm_edit_parse_path, apply_droptool },
	{ "ignore", hm_edit_parse_text, apply_ignore },
	{ "dropignore", hm_edit_parse_text, apply_dropignore },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static void
put_modver_members(struct hm_json_out *w, struct hm_modver m)
{
	hm_json_member_str(w, "Path", m.path);
	hm_json_member_opt_str(w, "Version", m.version);
}

static void
put_godebugs(struct hm_json_out *w, const struct hm_gomod_godebugs *list)
{
	if (list->n == 0)
		return;
	hm_edit_begin_list(w, "GoDebug", list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		hm_json_member_str(w, "Key", list->v[i].key);
		hm_json_member_str(w, "Value", list->v[i].value);
		hm_json_end_object(w);
	}
	hm_edit_end_list(w, list->n);
}

static void
put_requires(struct hm_json_out *w, const struct hm_gomod_requires *list)
{
	hm_edit_begin_list(w, "Require", list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		put_modver_members(w, list->v[i].mod);
		hm_json_member_opt_true(w, "Indirect", list->v[i].indirect);
		hm_json_end_object(w);
	}
	hm_edit_end_list(w, list->n);
}

static void
put_retracts(struct hm_json_out *w, const struct hm_gomod_retracts *list)
{
	hm_edit_begin_list(w, "Retract", list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		hm_json_member_opt_str(w, "Low", list->v[i].low);
		hm_json_member_opt_str(w, "High", list->v[i].high);
		hm_json_member_opt_str(w, "Rationale", list->v[i].rationale);
		hm_json_end_object(w);
	}
	hm_edit_end_list(w, list->n);
}

static void
put_paths(struct hm_json_out *w, const char *key, const struct hm_gomod_paths *list)
{
	hm_edit_begin_list(w, key, list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		hm_json_member_str(w, "Path", list->v[i].path);
		hm_json_end_object(w);
	}
	hm_edit_end_list(w, list->n);
}

static void
print_json(struct hm_cli *cli, const struct hm_gomod *f)
{
	struct hm_json_out w = { .out = &cli->out, .indent = "\t" };

	hm_json_begin_object(&w);
	hm_json_key(&w, "Module");
	hm_json_begin_object(&w);
	hm_json_member_str(&w, "Path", f->module);
	hm_json_member_opt_str(&w, "Deprecated", f->deprecated);
	hm_json_end_object(&w);
	hm_json_member_opt_str(&w, "Go", f->go);
	hm_json_member_opt_str(&w, "Toolchain", f->toolchain);
	put_godebugs(&w, &f->godebug);
	put_requires(&w, &f->require);
	hm_edit_begin_list(&w, "Exclude", f->exclude.n);
	for (size_t i = 0; i < f->exclude.n; i++)
		hm_edit_put_modver(&w, f->exclude.v[i].mod);
	hm_edit_end_list(&w, f->exclude.n);
	hm_edit_put_replaces(&w, &f->replace);
	put_retracts(&w, &f->retract);
	put_paths(&w, "Tool", &f->tool);
	put_paths(&w, "Ignore", &f->ignore);
	hm_json_end_object(&w);
	hm_cli_out(cli, HM_S("\n"));
}

struct options {
	hm_str module, go, toolchain;
	bool fmt, json, print, n;
};

static int
check_options(struct hm_cli *cli, const struct options *o, struct hm_err *err)
{
	if (o->module.n && hm_modpath_check_import(o->module, err))
		return hm_err_wrap(err, "invalid -module: ");
	if (hm_gover_is_toolchain(o->module))
		return hm_err_set(err, HM_EINVALID, "invalid -module: module path is reserved");
	return hm_edit_check_versions(cli, "mod", o->go, o->toolchain, err);
}

static int
apply(struct hm_gomod *f, const struct options *o, const struct hm_edits *edits, struct hm_err *err)
{
	if (o->module.n)
		hm_gomod_add_module(f, o->module);
	if (hm_str_eqz(o->go, "none"))
		hm_gomod_drop_go(f);
	else if (o->go.n && hm_gomod_add_go(f, o->go, err))
		return hm_err_wrap(err, "internal error: ");
	if (hm_str_eqz(o->toolchain, "none"))
		hm_gomod_drop_toolchain(f);
	else if (o->toolchain.n && hm_gomod_add_toolchain(f, o->toolchain, err))
		return hm_err_wrap(err, "internal error: ");
	if (hm_edits_apply(edits, f, err))
		return -1;
	hm_gomod_sort_blocks(f);
	hm_gomod_cleanup(f);
	return 0;
}

static int
gomod_path(struct hm_cli *cli, const struct hm_build_flags *bf, hm_str *path, struct hm_err *err)
{
	struct hm_modload *ml;

	if (hm_cli_modload(cli, bf, &ml, err) || hm_modload_init(ml, err) ||
	    hm_modload_must_have_root(ml, err))
		return -1;
	*path = hm_modload_gomod_path(ml, hm_modload_find_root(&cli->arena, ml->cwd));
	return 0;
}

/* Replaces the file under go's lock, unless someone changed it in the meantime. */
static int
write_back(struct hm_arena *a, hm_str path, hm_str was, hm_str text, struct hm_err *err)
{
	struct stat st;
	hm_str now, real;
	int fd = -1, rc = -1;

	if (hm_lock_acquire(path.p, true, &fd, err))
		return -1;
	if (hm_file_read(a, path.p, HM_MODSYNTAX_MAX, &now, err) ||
	    hm_file_stat(path.p, &st, err) || hm_file_real_path(a, path.p, &real, err))
		goto out;
	if (!hm_str_eq(now, was))
		rc = hm_err_set(err, HM_ECONFLICT,
		                "go.mod changed during editing; not overwriting");
	else if (hm_str_eq(now, text))
		rc = 0;
	else
		rc = hm_file_publish(real.p, text, st.st_mode & 07777, false, err);
out:
	hm_lock_release(fd);
	return rc;
}

static int
edit_file(struct hm_cli *cli, hm_str path, const struct options *o, const struct hm_edits *edits,
          struct hm_err *err)
{
	struct hm_buf b = { 0 };
	struct hm_gomod *f;
	hm_str data;

	if (hm_file_read(&cli->arena, path.p, HM_MODSYNTAX_MAX, &data, err))
		return -1;
	if (hm_gomod_parse(&cli->arena, path, data, NULL, &f, err)) {
		hm_str name = hm_load_short_path(&cli->arena, cli->conf->cwd, path);

		return hm_err_wrap(err, "errors parsing " HM_F ":\n", HM_P(name));
	}
	if (apply(f, o, edits, err))
		return -1;
	if (o->json) {
		print_json(cli, f);
		return 0;
	}
	hm_gomod_format(f, &b);
	if (o->print) {
		hm_cli_out(cli, hm_buf_str(&b));
		hm_buf_free(&b);
		return 0;
	}
	return write_back(&cli->arena, path, data, hm_buf_take(&b, &cli->arena), err);
}

#define OWN 7

static int
parse_flags(struct hm_cli *cli, struct options *o, struct hm_edits *edits,
            struct hm_build_flags *bf, int *argc, char ***argv, struct hm_err *err)
{
	struct hm_flag flags[OWN + KINDS] = {
		{ .name = "fmt", .kind = HM_FLAG_BOOL, .target = &o->fmt },
		{ .name = "json", .kind = HM_FLAG_BOOL, .target = &o->json },
		{ .name = "print", .kind = HM_FLAG_BOOL, .target = &o->print },
		{ .name = "n", .kind = HM_FLAG_BOOL, .target = &o->n },
		{ .name = "module", .kind = HM_FLAG_STR, .target = &o->module },
		{ .name = "go", .kind = HM_FLAG_STR, .target = &o->go },
		{ .name = "toolchain", .kind = HM_FLAG_STR, .target = &o->toolchain },
	};

	hm_edits_flags(&cli->arena, edits, kinds, KINDS, flags + OWN);
	return hm_cli_flags(cli, flags, OWN + KINDS, HM_FLAGS_MOD_COMMON | HM_FLAGS_X, bf, argc,
	                    argv, err);
}

static int
edit(struct hm_cli *cli, const struct options *o, const struct hm_edits *edits,
     const struct hm_build_flags *bf, int argc, char **argv, struct hm_err *err)
{
	hm_str path;

	if (!o->module.n && !o->go.n && !o->toolchain.n && !o->json && !o->print && !o->fmt &&
	    !edits->v.n)
		return hm_err_set(err, HM_EINVALID,
		                  "no flags specified (see 'go help mod edit').");
	if (o->json && o->print)
		return hm_err_set(err, HM_EINVALID, "cannot use both -json and -print");
	if (argc > 1)
		return hm_err_set(err, HM_EINVALID, "too many arguments");
	if (argc == 1)
		path = hm_str_of(argv[0]);
	else if (gomod_path(cli, bf, &path, err))
		return -1;
	if (check_options(cli, o, err))
		return -1;
	return edit_file(cli, path, o, edits, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_edits edits = { 0 };
	struct hm_build_flags bf = { 0 };
	struct options o = { 0 };
	int rc = -1;

	if (parse_flags(cli, &o, &edits, &bf, &argc, &argv, err) == 0 &&
	    hm_edits_check(&edits, err) == 0)
		rc = edit(cli, &o, &edits, &bf, argc, argv, err);
	hm_edits_free(&edits);
	return rc;
}

const struct hm_cmd hm_cmd_mod_edit = {
	.name = "mod edit",
	.usage = "mod edit [editing flags] [-fmt|-print|-json] [go.mod]",
	.brief = "Edit go.mod from tools or scripts",
	.run = run,
};
