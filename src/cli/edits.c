#include "cli/edits.h"

#include "mod/gover.h"
#include "mod/modpath.h"

/* One way of a kind to get its value from hm_flags_parse(). */
struct slot {
	struct hm_edits *edits;
	const struct hm_edit_kind *kind;
};

static int
wrap_flag(const struct hm_edit *e, struct hm_err *err)
{
	return hm_err_wrap(err, "-%s=" HM_F ": ", e->kind->flag, HM_P(e->arg));
}

/* A bad value is no usage error: it is kept and reported once all flags are read. */
static int
take(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	struct slot *s = target;
	struct hm_edit e = { .kind = s->kind, .arg = value };

	(void)err;
	if (s->edits->err.code != HM_OK)
		return 0;
	if (s->kind->parse(a, &e, &s->edits->err)) {
		wrap_flag(&e, &s->edits->err);
		return 0;
	}
	HM_PUSH(a, s->edits->v, e);
	return 0;
}

void
hm_edits_flags(struct hm_arena *a, struct hm_edits *edits, const struct hm_edit_kind *kinds,
               size_t n, struct hm_flag *flags)
{
	struct slot *slots = HM_NEW_N(a, n, struct slot);

	for (size_t i = 0; i < n; i++) {
		slots[i] = (struct slot){ edits, &kinds[i] };
		flags[i] = (struct hm_flag){
			.name = kinds[i].flag,
			.kind = HM_FLAG_FUNC,
			.target = &slots[i],
			.set = take,
		};
	}
}

int
hm_edits_check(struct hm_edits *edits, struct hm_err *err)
{
	if (edits->err.code == HM_OK)
		return 0;
	hm_err_move(err, &edits->err);
	return -1;
}

int
hm_edits_apply(const struct hm_edits *edits, void *file, struct hm_err *err)
{
	for (size_t i = 0; i < edits->v.n; i++) {
		const struct hm_edit *e = &edits->v.v[i];

		if (e->kind->apply(file, e, err))
			return wrap_flag(e, err);
	}
	return 0;
}

void
hm_edits_free(struct hm_edits *edits)
{
	hm_err_free(&edits->err);
}

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

int
hm_edit_parse_modver(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
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

int
hm_edit_parse_path(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
{
	(void)a;
	if (hm_str_index_byte(e->arg, '@') >= 0)
		return hm_err_set(err, HM_EINVALID, "need just path, not path@version");
	e->a.path = e->arg;
	return hm_modpath_check_import(e->arg, err) ? hm_err_wrap(err, "invalid path: ") : 0;
}

int
hm_edit_parse_text(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
{
	(void)a, (void)err;
	e->a.path = e->arg;
	return 0;
}

int
hm_edit_parse_godebug(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
{
	bool ok = hm_str_cut(e->arg, '=', &e->a.path, &e->a.version);

	(void)a;
	for (size_t i = 0; i < e->arg.n; i++)
		ok = ok && !strchr("\"`',", e->arg.p[i]);
	return ok ? 0 : hm_err_set(err, HM_EINVALID, "need key=value");
}

enum folders {
	NO_FOLDERS,
	FOLDERS,      /* also with an '@' in the name */
	FOLDERS_WORK, /* as `work edit` has it: the '@' comes first */
};

/* path[@version], or a folder if that is allowed; adj is for the error texts. */
static int
parse_optional(struct hm_arena *a, const char *adj, hm_str arg, enum folders folders,
               struct hm_modver *m, struct hm_err *err)
{
	struct hm_err bad = { 0 };
	bool found;

	*m = hm_modver_of(arg, HM_S(""));
	if (folders == FOLDERS && hm_gomod_is_dir(arg))
		return 0;
	if (cut_version(a, arg, m, &found, err))
		return -1;
	if (hm_modpath_check_import(m->path, &bad)) {
		if (folders != FOLDERS_WORK || !hm_gomod_is_dir(m->path)) {
			hm_err_move(err, &bad);
			return hm_err_wrap(err, "invalid %s path: ", adj);
		}
		hm_err_free(&bad);
	}
	if (!hm_str_eq(m->path, arg) && hm_mod_must_quote(m->version))
		return hm_err_set(err, HM_EINVALID, "invalid %s version: " HM_F, adj,
		                  HM_P(hm_str_quote(a, m->version)));
	return 0;
}

static int
parse_replace(struct hm_arena *a, struct hm_edit *e, enum folders folders, struct hm_err *err)
{
	hm_str from, to;

	if (!hm_str_cut(e->arg, '=', &from, &to))
		return hm_err_set(err, HM_EINVALID, "need old[@v]=new[@w] (missing =)");
	from = hm_str_trim(from);
	to = hm_str_trim(to);
	if (hm_str_has_prefix(to, HM_S(">")))
		return hm_err_set(err, HM_EINVALID, "separator between old and new is =, not =>");
	if (parse_optional(a, "old", from, NO_FOLDERS, &e->a, err) ||
	    parse_optional(a, "new", to, folders, &e->b, err))
		return -1;
	if (hm_str_eq(e->b.path, to) && !hm_gomod_is_dir(to))
		return hm_err_set(err, HM_EINVALID,
		                  "unversioned new path must be local directory");
	return 0;
}

int
hm_edit_parse_replace(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
{
	return parse_replace(a, e, FOLDERS, err);
}

int
hm_edit_parse_work_replace(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
{
	return parse_replace(a, e, FOLDERS_WORK, err);
}

int
hm_edit_parse_old(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
{
	return parse_optional(a, "old", e->arg, FOLDERS, &e->a, err);
}

int
hm_edit_parse_work_old(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
{
	return parse_optional(a, "old", e->arg, FOLDERS_WORK, &e->a, err);
}

int
hm_edit_parse_interval(struct hm_arena *a, struct hm_edit *e, struct hm_err *err)
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

int
hm_edit_check_versions(struct hm_cli *cli, const char *what, hm_str go, hm_str toolchain,
                       struct hm_err *err)
{
	hm_str local = hm_gover_from_toolchain(cli->conf->goversion);
	bool bad_go = go.n && !hm_str_eqz(go, "none") && !hm_gover_valid_in_gomod(go);
	bool bad_toolchain = toolchain.n && !hm_str_eqz(toolchain, "none") &&
	                     !hm_gover_valid_toolchain_in_gomod(toolchain);

	if (!bad_go && !bad_toolchain)
		return 0;
	hm_cli_errorf(cli, "%s %s: invalid -%s option; expecting something like \"-%s" HM_F "\"",
	              cli->self, what, bad_go ? "go" : "toolchain",
	              bad_go ? "go " : "toolchain go", HM_P(local));
	return hm_err_set(err, HM_EREPORTED, "usage");
}

void
hm_edit_begin_list(struct hm_json_out *w, const char *key, size_t n)
{
	hm_json_key(w, key);
	if (n)
		hm_json_begin_array(w);
	else
		hm_json_put_null(w);
}

void
hm_edit_end_list(struct hm_json_out *w, size_t n)
{
	if (n)
		hm_json_end_array(w);
}

void
hm_edit_put_modver(struct hm_json_out *w, struct hm_modver m)
{
	hm_json_begin_object(w);
	hm_json_member_str(w, "Path", m.path);
	hm_json_member_opt_str(w, "Version", m.version);
	hm_json_end_object(w);
}

void
hm_edit_put_replaces(struct hm_json_out *w, const struct hm_gomod_replaces *list)
{
	hm_edit_begin_list(w, "Replace", list->n);
	for (size_t i = 0; i < list->n; i++) {
		hm_json_begin_object(w);
		hm_json_key(w, "Old");
		hm_edit_put_modver(w, list->v[i].from);
		hm_json_key(w, "New");
		hm_edit_put_modver(w, list->v[i].to);
		hm_json_end_object(w);
	}
	hm_edit_end_list(w, list->n);
}
