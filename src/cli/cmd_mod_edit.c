/*
 * hermod mod edit: changes to one go.mod file, without looking at anything else.
 */
#include "cli/cmds.h"
#include "codec/json.h"
#include "load/modload.h"
#include "load/pkgload.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "os/file.h"
#include "os/lock.h"

/* One edit flag, taken apart when it is read and applied when the file is. */
struct edit {
	const struct edit_kind *kind;
	hm_str arg;           /* as given */
	struct hm_modver a, b;
};

struct edits {
	HM_VEC(struct edit) v;
	struct hm_err *err; /* of the first bad value */
	bool bad;
};

struct edit_kind {
	const char *flag;
	int (*parse)(struct hm_arena *a, struct edit *e, struct hm_err *err);
	int (*apply)(struct hm_gomod *f, const struct edit *e, struct hm_err *err);
};

/* One way of an edit_kind to get its value from hm_flags_parse(). */
struct slot {
	struct edits *edits;
	const struct edit_kind *kind;
};

static int
bad_quoted(struct hm_arena *a, const char *what, hm_str s, struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "%s " HM_F, what, HM_P(hm_str_quote(a, s)));
}

/* "path@version" at the first '@'. */
static int
cut_version(struct hm_arena *a, hm_str arg, struct hm_modver *m, bool *found, struct hm_err *err)
{
	*found = hm_modver_cut(arg, m);
	if (*found && m->version.n && (m->version.p[0] == '-' || m->version.p[0] == '/'))
		return bad_quoted(a, "invalid module version", m->version, err);
	if (*found) {
		m->path = hm_str_trim(m->path);
		m->version = hm_str_trim(m->version);
	}
	return 0;
}

static int
parse_modver(struct hm_arena *a, struct edit *e, struct hm_err *err)
{
	bool found;

	if (cut_version(a, e->arg, &e->a, &found, err))
		return -1;
	if (!found)
		return hm_err_set(err, HM_EINVALID, "need path@version");
	if (hm_modpath_check_import(e->a.path, err))
		return hm_err_wrap(err, "invalid path: ");
	if (hm_mod_must_quote(e->a.version))
		return bad_quoted(a, "invalid version", e->a.version, err);
	return 0;
}

static int
parse_path(struct hm_arena *a, struct edit *e, struct hm_err *err)
{
	(void)a;
	if (hm_str_index_byte(e->arg, '@') >= 0)
		return hm_err_set(err, HM_EINVALID, "need just path, not path@version");
	e->a.path = e->arg;
	return hm_modpath_check_import(e->arg, err) ? hm_err_wrap(err, "invalid path: ") : 0;
}

static int
parse_text(struct hm_arena *a, struct edit *e, struct hm_err *err)
{
	(void)a, (void)err;
	e->a.path = e->arg;
	return 0;
}

static int
parse_godebug(struct hm_arena *a, struct edit *e, struct hm_err *err)
{
	bool ok = hm_str_cut(e->arg, '=', &e->a.path, &e->a.version);

	(void)a;
	for (size_t i = 0; i < e->arg.n; i++)
		ok = ok && !strchr("\"`',", e->arg.p[i]);
	return ok ? 0 : hm_err_set(err, HM_EINVALID, "need key=value");
}

/* path[@version], or a folder if that is allowed; adj is for the error texts. */
static int
parse_optional(struct hm_arena *a, const char *adj, hm_str arg, bool allow_dir,
               struct hm_modver *m, struct hm_err *err)
{
	bool found;

	*m = hm_modver_of(arg, HM_S(""));
	if (allow_dir && hm_gomod_is_dir(arg))
		return 0;
	if (cut_version(a, arg, m, &found, err))
		return -1;
	if (hm_modpath_check_import(m->path, err))
		return hm_err_wrap(err, "invalid %s path: ", adj);
	if (!hm_str_eq(m->path, arg) && hm_mod_must_quote(m->version))
		return hm_err_set(err, HM_EINVALID, "invalid %s version: " HM_F, adj,
		                  HM_P(hm_str_quote(a, m->version)));
	return 0;
}

static int
parse_replace(struct hm_arena *a, struct edit *e, struct hm_err *err)
{
	hm_str from, to;

	if (!hm_str_cut(e->arg, '=', &from, &to))
		return hm_err_set(err, HM_EINVALID, "need old[@v]=new[@w] (missing =)");
	from = hm_str_trim(from);
	to = hm_str_trim(to);
	if (hm_str_has_prefix(to, HM_S(">")))
		return hm_err_set(err, HM_EINVALID, "separator between old and new is =, not =>");
	if (parse_optional(a, "old", from, false, &e->a, err) ||
	    parse_optional(a, "new", to, true, &e->b, err))
		return -1;
	if (hm_str_eq(e->b.path, to) && !hm_gomod_is_dir(to))
		return hm_err_set(err, HM_EINVALID,
		                  "unversioned new path must be local directory");
	return 0;
}

static int
parse_old(struct hm_arena *a, struct edit *e, struct hm_err *err)
{
	return parse_optional(a, "old", e->arg, true, &e->a, err);
}

/* Low bound in a.version, high bound in b.version. */
static int
parse_interval(struct hm_arena *a, struct edit *e, struct hm_err *err)
{
	hm_str s = e->arg, *low = &e->a.version, *high = &e->b.version;

	if (!hm_str_cut_prefix(&s, HM_S("["))) {
		*low = *high = s;
		if (!hm_mod_must_quote(s))
			return 0;
		return bad_quoted(a, "invalid version:", s, err);
	}
	if (hm_str_cut_suffix(&s, HM_S("]")) && hm_str_cut(s, ',', low, high)) {
		*low = hm_str_trim(*low);
		*high = hm_str_trim(*high);
		if (!hm_mod_must_quote(*low) && !hm_mod_must_quote(*high))
			return 0;
	}
	return bad_quoted(a, "invalid version interval:", e->arg, err);
}

#define APPLY(name, call)                                                                    \
	static int apply_##name(struct hm_gomod *f, const struct edit *e, struct hm_err *err) \
	{                                                                                    \
		(void)err;                                                                   \
		call;                                                                        \
		return 0;                                                                    \
	}
#define APPLY_OR_FAIL(name, call)                                                            \
	static int apply_##name(struct hm_gomod *f, const struct edit *e, struct hm_err *err) \
	{                                                                                    \
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

static const struct edit_kind kinds[] = {
	{ "godebug", parse_godebug, apply_godebug },
	{ "dropgodebug", parse_text, apply_dropgodebug },
	{ "require", parse_modver, apply_require },
	{ "droprequire", parse_path, apply_droprequire },
	{ "exclude", parse_modver, apply_exclude },
	{ "dropexclude", parse_modver, apply_dropexclude },
	{ "replace", parse_replace, apply_replace },
	{ "dropreplace", parse_old, apply_dropreplace },
	{ "retract", parse_interval, apply_retract },
	{ "dropretract", parse_interval, apply_dropretract },
	{ "tool", parse_path, apply_tool },
	{ "droptool", parse_path, apply_droptool },
	{ "ignore", parse_text, apply_ignore },
	{ "dropignore", parse_text, apply_dropignore },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static int
wrap_flag(const struct edit *e, struct hm_err *err)
{
	return hm_err_wrap(err, "-%s=" HM_F ": ", e->kind->flag, HM_P(e->arg));
}

/* A bad value is no usage error: it is kept and reported once all flags are read. */
static int
take(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	struct slot *s = target;
	struct edit e = { .kind = s->kind, .arg = value };

	(void)err;
	if (s->edits->bad)
		return 0;
	if (s->kind->parse(a, &e, s->edits->err)) {
		s->edits->bad = true;
		wrap_flag(&e, s->edits->err);
		return 0;
	}
	HM_PUSH(a, s->edits->v, e);
	return 0;
}

/* An array of objects; go prints a list without elements as null. */
static void
begin_list(struct hm_json_out *w, const char *key, size_t n)
{
	hm_json_key(w, key);
	if (n)
		hm_json_begin_array(w);
	else
		hm_json_put_null(w);
}

static void
end_list(struct hm_json_out *w, size_t n)
{
	if (n)
		hm_json_end_array(w);
}

static void
put_modver_members(struct hm_json_out *w, struct hm_modver m)
{
	hm_json_member_str(w, "Path", m.path);
	hm_json_member_opt_str(w, "Version", m.version);
}

static void
put_modver(struct hm_json_out *w, struct hm_modver m)
{
	hm_json_begin_object(w);
	put_modver_members(w, m);
	hm_json_end_object(w);
}

static void
put_godebugs(struct hm_json_out *w, const struct hm_gomod_godebugs *list)
{
	if (list->n == 0)
		return;
	begin_list(w, "GoDebug", list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		hm_json_member_str(w, "Key", list->v[i].key);
		hm_json_member_str(w, "Value", list->v[i].value);
		hm_json_end_object(w);
	}
	end_list(w, list->n);
}

static void
put_requires(struct hm_json_out *w, const struct hm_gomod_requires *list)
{
	begin_list(w, "Require", list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		put_modver_members(w, list->v[i].mod);
		hm_json_member_opt_true(w, "Indirect", list->v[i].indirect);
		hm_json_end_object(w);
	}
	end_list(w, list->n);
}

static void
put_replaces(struct hm_json_out *w, const struct hm_gomod_replaces *list)
{
	begin_list(w, "Replace", list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		hm_json_key(w, "Old");
		put_modver(w, list->v[i].from);
		hm_json_key(w, "New");
		put_modver(w, list->v[i].to);
		hm_json_end_object(w);
	}
	end_list(w, list->n);
}

static void
put_retracts(struct hm_json_out *w, const struct hm_gomod_retracts *list)
{
	begin_list(w, "Retract", list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		hm_json_member_opt_str(w, "Low", list->v[i].low);
		hm_json_member_opt_str(w, "High", list->v[i].high);
		hm_json_member_opt_str(w, "Rationale", list->v[i].rationale);
		hm_json_end_object(w);
	}
	end_list(w, list->n);
}

static void
put_paths(struct hm_json_out *w, const char *key, const struct hm_gomod_paths *list)
{
	begin_list(w, key, list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		hm_json_member_str(w, "Path", list->v[i].path);
		hm_json_end_object(w);
	}
	end_list(w, list->n);
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
	begin_list(&w, "Exclude", f->exclude.n);
	for (size_t i = 0; i < f->exclude.n; i++)
		put_modver(&w, f->exclude.v[i].mod);
	end_list(&w, f->exclude.n);
	put_replaces(&w, &f->replace);
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
	hm_str local = hm_gover_from_toolchain(cli->conf->goversion);
	bool bad_go = o->go.n && !hm_str_eqz(o->go, "none") && !hm_gover_valid_in_gomod(o->go);
	bool bad_toolchain = o->toolchain.n && !hm_str_eqz(o->toolchain, "none") &&
	                     !hm_gover_valid_toolchain_in_gomod(o->toolchain);

	if (o->module.n && hm_modpath_check_import(o->module, err))
		return hm_err_wrap(err, "invalid -module: ");
	if (hm_gover_is_toolchain(o->module))
		return hm_err_set(err, HM_EINVALID, "invalid -module: module path is reserved");
	if (!bad_go && !bad_toolchain)
		return 0;
	hm_cli_errorf(cli,
	              "%s mod: invalid -%s option; expecting something like \"-%s" HM_F "\"",
	              cli->self, bad_go ? "go" : "toolchain", bad_go ? "go " : "toolchain go",
	              HM_P(local));
	return hm_err_set(err, HM_EREPORTED, "usage");
}

static int
apply(struct hm_gomod *f, const struct options *o, const struct edits *edits, struct hm_err *err)
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
	for (size_t i = 0; i < edits->v.n; i++) {
		const struct edit *e = &edits->v.v[i];

		if (e->kind->apply(f, e, err))
			return wrap_flag(e, err);
	}
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
edit_file(struct hm_cli *cli, hm_str path, const struct options *o, const struct edits *edits,
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
parse_flags(struct hm_cli *cli, struct options *o, struct edits *edits, struct hm_build_flags *bf,
            int *argc, char ***argv, struct hm_err *err)
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
	struct slot slots[KINDS];

	for (size_t i = 0; i < KINDS; i++) {
		slots[i] = (struct slot){ edits, &kinds[i] };
		flags[OWN + i] = (struct hm_flag){
			.name = kinds[i].flag,
			.kind = HM_FLAG_FUNC,
			.target = &slots[i],
			.set = take,
		};
	}
	return hm_cli_flags(cli, flags, OWN + KINDS, HM_FLAGS_MOD_COMMON | HM_FLAGS_X, bf, argc,
	                    argv, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_err bad = { 0 };
	struct edits edits = { .err = &bad };
	struct hm_build_flags bf = { 0 };
	struct options o = { 0 };
	hm_str path;

	if (parse_flags(cli, &o, &edits, &bf, &argc, &argv, err)) {
		hm_err_free(&bad);
		return -1;
	}
	if (edits.bad) {
		hm_err_move(err, &bad);
		return -1;
	}
	if (!o.module.n && !o.go.n && !o.toolchain.n && !o.json && !o.print && !o.fmt &&
	    !edits.v.n)
		return hm_err_set(err, HM_EINVALID,
		                  "no flags specified (see 'go help mod edit').");
	if (o.json && o.print)
		return hm_err_set(err, HM_EINVALID, "cannot use both -json and -print");
	if (argc > 1)
		return hm_err_set(err, HM_EINVALID, "too many arguments");
	if (argc == 1)
		path = hm_str_of(argv[0]);
	else if (gomod_path(cli, &bf, &path, err))
		return -1;
	if (check_options(cli, &o, err))
		return -1;
	return edit_file(cli, path, &o, &edits, err);
}

const struct hm_cmd hm_cmd_mod_edit = {
	.name = "mod edit",
	.usage = "mod edit [editing flags] [-fmt|-print|-json] [go.mod]",
	.brief = "Edit go.mod from tools or scripts",
	.run = run,
};
