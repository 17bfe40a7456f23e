/*
 * gomod_edit.c - changes to go.mod files, all but whole lists of requirements
 * (gomod_require.c).
 */
#include "mod/directive.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/modtext.h"
#include "mod/semver.h"

void
hm_gomod_add_module(struct hm_gomod *f, hm_str path)
{
	hm_str token[] = { HM_S("module"), hm_mod_auto_quote(f->arena, path) };

	if (f->module_line)
		hm_mod_syntax_set_line(f->syntax, f->module_line, token, 2);
	else
		f->module_line = hm_mod_syntax_add_line(f->syntax, NULL, token, 2);
	f->module = hm_arena_dup(f->arena, path);
}

void
hm_gomod_add_comment(struct hm_gomod *f, hm_str text)
{
	struct hm_mod_comment_block *cb = HM_NEW(f->arena, struct hm_mod_comment_block);
	struct hm_mod_comment c = { .token = hm_arena_dup(f->arena, text) };

	HM_PUSH(f->arena, cb->com.before, c);
	HM_PUSH(f->arena, f->syntax->stmt,
	        ((struct hm_mod_stmt){ .kind = HM_MOD_COMMENTS, .comments = cb }));
}

static int
fail_quoted(struct hm_err *err, const char *what, hm_str s)
{
	struct hm_buf b = { 0 };

	hm_buf_quote(&b, s);
	hm_err_set(err, HM_EINVALID, "%s " HM_F, what, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return -1;
}

int
hm_gomod_add_go(struct hm_gomod *f, hm_str version, struct hm_err *err)
{
	hm_str token[] = { HM_S("go"), version };

	if (!hm_gover_valid_in_gomod(version))
		return fail_quoted(err, "invalid language version", version);
	if (f->go_line)
		hm_mod_syntax_set_line(f->syntax, f->go_line, token, 2);
	else
		f->go_line = hm_mod_syntax_add_line(f->syntax, f->module_line, token, 2);
	f->go = hm_arena_dup(f->arena, version);
	return 0;
}

void
hm_gomod_drop_go(struct hm_gomod *f)
{
	if (f->go_line)
		hm_mod_line_remove(f->go_line);
	f->go_line = NULL;
	f->go = HM_S("");
}

int
hm_gomod_add_toolchain(struct hm_gomod *f, hm_str name, struct hm_err *err)
{
	hm_str token[] = { HM_S("toolchain"), name };
	const struct hm_mod_line *hint = f->go_line ? f->go_line : f->module_line;

	if (!hm_gover_valid_toolchain_in_gomod(name))
		return fail_quoted(err, "invalid toolchain name", name);
	if (f->toolchain_line)
		hm_mod_syntax_set_line(f->syntax, f->toolchain_line, token, 2);
	else
		f->toolchain_line = hm_mod_syntax_add_line(f->syntax, hint, token, 2);
	f->toolchain = hm_arena_dup(f->arena, name);
	return 0;
}

void
hm_gomod_drop_toolchain(struct hm_gomod *f)
{
	if (f->toolchain_line)
		hm_mod_line_remove(f->toolchain_line);
	f->toolchain_line = NULL;
	f->toolchain = HM_S("");
}

void
hm_gomod_add_godebug(struct hm_gomod *f, hm_str key, hm_str value)
{
	hm_directive_add_godebug(f->syntax, &f->godebug, key, value);
}

void
hm_gomod_drop_godebug(struct hm_gomod *f, hm_str key)
{
	hm_directive_drop_godebug(&f->godebug, key);
}

void
hm_gomod_add_replace(struct hm_gomod *f, hm_str old_path, hm_str old_version, hm_str new_path,
                     hm_str new_version)
{
	hm_directive_add_replace(f->syntax, &f->replace, hm_modver_of(old_path, old_version),
	                         hm_modver_of(new_path, new_version));
}

void
hm_gomod_drop_replace(struct hm_gomod *f, hm_str old_path, hm_str old_version)
{
	hm_directive_drop_replace(&f->replace, hm_modver_of(old_path, old_version));
}

static int
bad_version(hm_str version, hm_str why, struct hm_err *err)
{
	fail_quoted(err, "version", version);
	return hm_err_append(err, " invalid: " HM_F, HM_P(why));
}

/* A canonical version that fits path, which may be empty (anything fits). */
static int
check_version(struct hm_arena *a, hm_str path, hm_str version, struct hm_err *err)
{
	hm_str prefix, major;
	bool ok = hm_modpath_split(path, &prefix, &major);

	if (!hm_modpath_is_canonical_version(version))
		return bad_version(version,
		                   major.n == 0 ? HM_S("must be of the form v1.2.3")
		                                : hm_arena_printf(
							  a, "must be of the form " HM_F ".2.3",
							  HM_P(hm_modpath_major_prefix(major))),
		                   err);
	if (!ok || hm_modpath_match_major(version, major))
		return 0;
	if (major.n)
		return hm_modpath_check_major(version, major, err);
	/* "v2.3.4" of a path without "/v2" was probably meant so */
	return bad_version(version,
	                   hm_arena_printf(a, "should be " HM_F "+incompatible (or module " HM_F
	                                      "/" HM_F ")",
	                                   HM_P(version), HM_P(path),
	                                   HM_P(hm_semver_major(version))),
	                   err);
}

int
hm_gomod_add_exclude(struct hm_gomod *f, hm_str path, hm_str version, struct hm_err *err)
{
	hm_str token[] = { HM_S("exclude"), hm_mod_auto_quote(f->arena, path), version };
	struct hm_gomod_exclude add = { { hm_arena_dup(f->arena, path),
		                          hm_arena_dup(f->arena, version) },
		                        NULL };
	const struct hm_mod_line *hint = NULL;

	if (check_version(f->arena, path, version, err))
		return -1;
	for (size_t i = 0; i < f->exclude.n; i++) {
		const struct hm_gomod_exclude *x = &f->exclude.v[i];

		if (hm_modver_eq(x->mod, add.mod))
			return 0;
		if (hm_str_eq(x->mod.path, path))
			hint = x->syntax;
	}
	add.syntax = hm_directive_add_line(f->syntax, hint, token, 3);
	HM_PUSH(f->arena, f->exclude, add);
	return 0;
}

void
hm_gomod_drop_exclude(struct hm_gomod *f, hm_str path, hm_str version)
{
	struct hm_modver m = { path, version };

	for (size_t i = 0; i < f->exclude.n; i++)
		if (f->exclude.v[i].syntax && hm_modver_eq(f->exclude.v[i].mod, m)) {
			hm_mod_line_remove(f->exclude.v[i].syntax);
			f->exclude.v[i] = (struct hm_gomod_exclude){ 0 };
		}
}

int
hm_gomod_add_retract(struct hm_gomod *f, hm_str low, hm_str high, hm_str rationale,
                     struct hm_err *err)
{
	hm_str one[] = { HM_S("retract"), hm_mod_auto_quote(f->arena, low) };
	hm_str range[] = { HM_S("retract"), HM_S("["), one[1],
		           HM_S(","), hm_mod_auto_quote(f->arena, high), HM_S("]") };
	struct hm_mod_line *line;
	hm_str text;

	if (check_version(f->arena, f->module, high, err) ||
	    check_version(f->arena, f->module, low, err))
		return -1;
	line = hm_str_eq(low, high) ? hm_mod_syntax_add_line(f->syntax, NULL, one, 2)
	                            : hm_mod_syntax_add_line(f->syntax, NULL, range, 6);
	if (rationale.n == 0)
		return 0;
	while (hm_str_next(&rationale, '\n', &text)) {
		struct hm_mod_comment c = {
			.token = hm_arena_concat(f->arena, (hm_str[]){ HM_S("// "), text }, 2),
		};

		HM_PUSH(f->arena, line->com.before, c);
	}
	return 0;
}

void
hm_gomod_drop_retract(struct hm_gomod *f, hm_str low, hm_str high)
{
	for (size_t i = 0; i < f->retract.n; i++) {
		struct hm_gomod_retract *r = &f->retract.v[i];

		if (r->syntax && hm_str_eq(r->low, low) && hm_str_eq(r->high, high)) {
			hm_mod_line_remove(r->syntax);
			*r = (struct hm_gomod_retract){ 0 };
		}
	}
}

static void
add_path(struct hm_gomod *f, struct hm_gomod_paths *list, hm_str verb, hm_str path)
{
	struct hm_gomod_path add = { hm_arena_dup(f->arena, path), NULL };

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].syntax && hm_str_eq(list->v[i].path, path))
			return;
	add.syntax = hm_mod_syntax_add_line(f->syntax, NULL, (hm_str[]){ verb, path }, 2);
	HM_PUSH(f->arena, *list, add);
	hm_gomod_sort_blocks(f);
}

static void
drop_path(struct hm_gomod_paths *list, hm_str path)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].syntax && hm_str_eq(list->v[i].path, path)) {
			hm_mod_line_remove(list->v[i].syntax);
			list->v[i] = (struct hm_gomod_path){ 0 };
		}
}

void
hm_gomod_add_tool(struct hm_gomod *f, hm_str path)
{
	add_path(f, &f->tool, HM_S("tool"), path);
}

void
hm_gomod_drop_tool(struct hm_gomod *f, hm_str path)
{
	drop_path(&f->tool, path);
}

void
hm_gomod_add_ignore(struct hm_gomod *f, hm_str path)
{
	add_path(f, &f->ignore, HM_S("ignore"), path);
}

void
hm_gomod_drop_ignore(struct hm_gomod *f, hm_str path)
{
	drop_path(&f->ignore, path);
}

/* Drops the entries of a typed list that no longer have a line. */
#define COMPACT(list)                                                                        \
	do {                                                                                 \
		size_t kept = 0;                                                             \
                                                                                             \
		for (size_t i = 0; i < (list).n; i++)                                        \
			if ((list).v[i].syntax)                                              \
				(list).v[kept++] = (list).v[i];                              \
		(list).n = kept;                                                             \
	} while (0)

void
hm_gomod_cleanup(struct hm_gomod *f)
{
	COMPACT(f->godebug);
	COMPACT(f->require);
	COMPACT(f->exclude);
	COMPACT(f->replace);
	COMPACT(f->retract);
	hm_mod_syntax_cleanup(f->syntax);
}

static int
cmp_excludes(const struct hm_mod_line *x, const struct hm_mod_line *y)
{
	int c;

	if (x->token.n != 2 || y->token.n != 2)
		return hm_directive_cmp_lines(x, y);
	c = hm_str_cmp(x->token.v[0], y->token.v[0]);
	return c ? c : hm_semver_cmp(x->token.v[1], y->token.v[1]);
}

static void
interval_of(const struct hm_mod_line *l, hm_str *low, hm_str *high)
{
	const hm_str *t = l->token.v;

	*low = *high = HM_S("");
	if (l->token.n == 1) {
		*low = *high = t[0];
	} else if (l->token.n == 5 && hm_str_eqz(t[0], "[") && hm_str_eqz(t[2], ",") &&
	           hm_str_eqz(t[4], "]")) {
		*low = t[1];
		*high = t[3];
	}
}

/* Newest first. */
static int
cmp_retracts(const struct hm_mod_line *x, const struct hm_mod_line *y)
{
	hm_str xlow, xhigh, ylow, yhigh;
	int c;

	interval_of(x, &xlow, &xhigh);
	interval_of(y, &ylow, &yhigh);
	c = hm_semver_cmp(ylow, xlow);
	return c ? c : hm_semver_cmp(yhigh, xhigh);
}

/* go compares with "v" + its go line as semantic versions: "1.21rc1" is none. */
static bool
sorts_excludes_by_version(const struct hm_gomod *f)
{
	struct hm_buf v = { 0 };
	bool yes;

	if (!f->go_line)
		return false;
	hm_buf_addc(&v, 'v');
	hm_buf_adds(&v, f->go);
	yes = hm_semver_cmp(hm_buf_str(&v), HM_S("v1.21")) >= 0;
	hm_buf_free(&v);
	return yes;
}

void
hm_gomod_sort_blocks(struct hm_gomod *f)
{
	bool by_version = sorts_excludes_by_version(f);

	hm_directive_dedup_excludes(&f->exclude);
	hm_directive_dedup_replaces(&f->replace);
	hm_directive_dedup_paths(&f->tool);
	hm_directive_dedup_paths(&f->ignore);
	hm_directive_drop_dups(f->syntax);
	for (size_t i = 0; i < f->syntax->stmt.n; i++) {
		struct hm_mod_stmt s = f->syntax->stmt.v[i];

		if (s.kind != HM_MOD_BLOCK)
			continue;
		if (by_version && hm_str_eqz(s.block->token.v[0], "exclude"))
			hm_directive_sort(s.block, cmp_excludes);
		else if (hm_str_eqz(s.block->token.v[0], "retract"))
			hm_directive_sort(s.block, cmp_retracts);
		else
			hm_directive_sort(s.block, hm_directive_cmp_lines);
	}
}
