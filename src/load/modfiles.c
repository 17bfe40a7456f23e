#include "load/modfiles.h"

#include "load/modload_priv.h"
#include "load/query.h"
#include "load/roots.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "os/file.h"

struct fix_ctx {
	struct hm_modload *ml;
	bool *fixed;
};

/*
 * If the message is that of a go *module.ModuleError about path, reduces it to
 * the error inside: "path@v: invalid version: why" is `version "v" invalid: why`.
 */
static bool
strip_module(struct hm_arena *a, hm_str path, struct hm_err *err)
{
	hm_str msg = hm_arena_dup(a, hm_err_str(err)), version, why;
	enum hm_code code = err->code;
	ptrdiff_t i;

	if (!hm_str_cut_prefix(&msg, path) || !msg.n || msg.p[0] != '@')
		return false;
	i = hm_str_index(msg, HM_S(": "));
	if (i < 0)
		return false;
	version = hm_str_sub(msg, 1, (size_t)i);
	why = hm_str_from(msg, (size_t)i + 2);
	if (hm_str_cut_prefix(&why, HM_S("invalid version: ")))
		hm_err_set(err, code, "version %s invalid: " HM_F, hm_str_quote(a, version).p,
		           HM_P(why));
	else if (hm_str_cut_prefix(&why, HM_S("invalid pseudo-version: ")))
		hm_err_set(err, code, "pseudo-version %s invalid: " HM_F,
		           hm_str_quote(a, version).p, HM_P(why));
	else
		hm_err_set(err, code, HM_F, HM_P(why));
	return true;
}

/* go's fixVersion: resolves what is not a canonical version by a query. */
static int
fix_version(void *ctx, struct hm_arena *a, hm_str path, hm_str version, hm_str *fixed,
            bool *about_module, struct hm_err *err)
{
	struct fix_ctx *c = ctx;
	ptrdiff_t i = hm_str_index(version, HM_S("-gopkgin-"));
	hm_str asked = version, prefix, major;
	struct hm_revinfo info;

	if (i >= 0 && hm_str_has_prefix(path, HM_S("gopkg.in/")))
		version = hm_str_from(version, (size_t)i + sizeof("-gopkgin-") - 1);
	if (!hm_modpath_split(path, &prefix, &major)) {
		*about_module = true;
		return hm_err_set(err, HM_EINVALID,
		                  "version %s invalid: malformed module path %s",
		                  hm_str_quote(a, version).p, hm_str_quote(a, path).p);
	}
	if (hm_modpath_is_canonical_version(version)) {
		*about_module = true;
		if (hm_modpath_check_major(version, major, err))
			return -1;
		*fixed = version;
	} else {
		if (hm_query(c->ml, a, path, version, HM_S(""), HM_ALLOW_ALL, &info, NULL, err)) {
			*about_module = strip_module(a, path, err);
			return -1;
		}
		*fixed = info.version;
	}
	if (!hm_str_eq(*fixed, asked))
		*c->fixed = true;
	return 0;
}

static int
check_go_line(struct hm_modload *ml, const struct hm_gomod *f, hm_str name, struct hm_err *err)
{
	if (f->go_line && hm_gover_cmp(f->go, ml->local_go) > 0)
		return hm_modload_too_new(ml, name, f->go, f->toolchain, err);
	return 0;
}

/* go's shortPathErrorList: the path at the beginning of each line, but not within. */
static void
shorten_lines(struct hm_modload *ml, hm_str path, hm_str name, struct hm_err *err)
{
	hm_str text = hm_arena_dup(ml->arena, hm_err_str(err)), line;
	struct hm_buf b = { 0 };

	while (hm_str_next(&text, '\n', &line)) {
		if (b.n)
			hm_buf_addc(&b, '\n');
		if (hm_str_cut_prefix(&line, path))
			hm_buf_adds(&b, name);
		hm_buf_adds(&b, line);
	}
	hm_err_set(err, err->code, HM_F, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
}

/* A file that a newer go might understand says so before its syntax errors. */
static int
syntax_error(struct hm_modload *ml, hm_str path, hm_str data, const struct hm_gomod_fixer *fixer,
             struct hm_err *err)
{
	hm_str name = hm_modload_short_path(ml, ml->arena, path);
	struct hm_err lax = { 0 };
	struct hm_gomod *f;

	if (hm_gomod_parse_lax(ml->arena, path, data, fixer, &f, &lax) == 0 &&
	    check_go_line(ml, f, name, &lax)) {
		hm_err_move(err, &lax);
		return -1;
	}
	hm_err_free(&lax);
	shorten_lines(ml, path, name, err);
	return hm_err_wrap(err, "errors parsing " HM_F ":\n", HM_P(name));
}

int
hm_modload_read_gomod(struct hm_modload *ml, hm_str path, enum hm_fix fix, hm_str *data,
                      struct hm_gomod **out, bool *fixed, struct hm_err *err)
{
	struct fix_ctx ctx = { ml, fixed };
	struct hm_gomod_fixer fixer = { fix_version, &ctx };
	struct hm_gomod_fixer *use = fix == HM_FIX_QUERY ? &fixer : NULL;
	hm_str name = hm_modload_short_path(ml, ml->arena, path);
	struct hm_gomod *f;

	*fixed = false;
	if (hm_modload_locked_read(ml, ml->arena, path, data, err))
		return -1;
	if (hm_gomod_parse(ml->arena, path, *data, use, &f, err))
		return syntax_error(ml, path, *data, use, err);
	if (check_go_line(ml, f, name, err))
		return -1;
	if (!f->module_line)
		return hm_err_set(err, HM_ESYNTAX, "error reading " HM_F ": missing module "
		                  "declaration. To specify the module path:\n"
		                  "\tgo mod edit -module=example.com/mod", HM_P(name));
	if (hm_gover_is_toolchain(f->module))
		return hm_err_set(err, HM_EINVALID, "error reading " HM_F
		                  ": invalid module path: \"" HM_F "\"", HM_P(name),
		                  HM_P(f->module));
	*out = f;
	return 0;
}

struct hm_modtable_row *
hm_modtable_find(const struct hm_modtable *t, struct hm_modver m)
{
	return hm_vermap_get(&t->rows, m);
}

static struct hm_modtable_row *
table_row(struct hm_modtable *t, struct hm_arena *a, struct hm_modver m)
{
	struct hm_vermap_entry *e;

	t->rows.arena = a;
	e = hm_vermap_put(&t->rows, m, NULL);
	if (!e->val) {
		struct hm_modtable_row *row = HM_NEW(a, struct hm_modtable_row);

		row->mod = m;
		e->val = row;
	}
	return e->val;
}

int
hm_modtable_replaces(struct hm_arena *a, const struct hm_gomod_replaces *list,
                     struct hm_modtable *t, struct hm_err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct hm_gomod_replace *r = &list->v[i];
		struct hm_modtable_row *row = table_row(t, a, r->from);

		if (row->to.path.n && !hm_modver_eq(row->to, r->to)) {
			hm_err_set(err, HM_EINVALID,
			           "conflicting replacements for " HM_F ":\n\t" HM_F "\n\t" HM_F,
			           HM_P(hm_modver_str(a, r->from)), HM_P(hm_modver_str(a, row->to)),
			           HM_P(hm_modver_str(a, r->to)));
			return hm_err_finish(err);
		}
		row->to = row->use = r->to;
	}
	return 0;
}

int
hm_modindex_make(struct hm_modload *ml, hm_str data, const struct hm_gomod *f, bool needs_fix,
                 struct hm_modindex **out, struct hm_err *err)
{
	struct hm_arena *a = ml->arena;
	struct hm_modindex *x = HM_NEW(a, struct hm_modindex);

	x->data = data;
	x->needs_fix = needs_fix;
	x->module = f->module;
	x->go = f->go;
	x->toolchain = f->toolchain;
	hm_modload_set_raw_go(ml, hm_modver_of(f->module, HM_S("")), f->go);
	for (size_t i = 0; i < f->require.n; i++)
		table_row(&x->require, a, f->require.v[i].mod)->indirect = f->require.v[i].indirect;
	for (size_t i = 0; i < f->exclude.n; i++)
		table_row(&x->exclude, a, f->exclude.v[i].mod);
	for (size_t i = 0; i < f->ignore.n; i++)
		HM_PUSH(a, x->ignore, f->ignore.v[i].path);
	*out = x;
	return hm_modtable_replaces(a, &f->replace, &x->replace, err);
}

bool
hm_modindex_dirty(const struct hm_modload *ml, const struct hm_modindex *x,
                  const struct hm_gomod *f)
{
	if (!x)
		return f != NULL;
	if (x->needs_fix || !hm_str_eq(x->module, f->module) || !hm_str_eq(x->go, f->go) ||
	    !hm_str_eq(x->toolchain, f->toolchain) || x->require.rows.n != f->require.n ||
	    x->replace.rows.n != f->replace.n || x->exclude.rows.n != f->exclude.n)
		return true;
	for (size_t i = 0; i < f->require.n; i++) {
		const struct hm_gomod_require *r = &f->require.v[i];
		struct hm_modtable_row *row = hm_modtable_find(&x->require, r->mod);

		/* Wrong "// indirect" comments do no harm. */
		if (!row || (row->indirect != r->indirect && ml->build_mod != HM_MOD_READONLY))
			return true;
	}
	for (size_t i = 0; i < f->replace.n; i++) {
		struct hm_modtable_row *row = hm_modtable_find(&x->replace, f->replace.v[i].from);

		if (!row || !hm_modver_eq(row->to, f->replace.v[i].to))
			return true;
	}
	for (size_t i = 0; i < f->exclude.n; i++)
		if (!hm_modtable_find(&x->exclude, f->exclude.v[i].mod))
			return true;
	return false;
}

int
hm_modload_dirty(const struct hm_modload *ml, struct hm_err *err)
{
	const char *mod = hm_build_mod_name(ml->build_mod);

	if (ml->build_mod_explicit)
		return hm_err_set(err, HM_EREADONLY, "updates to go.mod needed, disabled by "
		                  "-mod=%s; to update it:\n\tgo mod tidy", mod);
	if (ml->build_mod_reason.n)
		return hm_err_set(err, HM_EREADONLY, "updates to go.mod needed, disabled by "
		                  "-mod=%s\n\t(" HM_F ")\n\tto update it:\n\tgo mod tidy", mod,
		                  HM_P(ml->build_mod_reason));
	return hm_err_set(err, HM_EREADONLY,
	                  "updates to go.mod needed; to update it:\n\tgo mod tidy");
}
