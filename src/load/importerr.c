#include "load/importerr.h"

#include "base/path.h"
#include "conf/conf.h"
#include "load/mainmods.h"
#include "mod/pseudo.h"

hm_str
hm_import_wanted_go(hm_str text)
{
	static const char mark[] = " requires go >= ";
	ptrdiff_t at = hm_str_index(text, hm_str_of(mark));
	hm_str version, rest;

	if (at < 0)
		return HM_S("");
	hm_str_cut(hm_str_from(text, (size_t)at + sizeof(mark) - 1), ' ', &version, &rest);
	return version;
}

struct hm_import_error *
hm_import_error_from(struct hm_arena *a, struct hm_err *err)
{
	struct hm_import_error *e = HM_NEW(a, struct hm_import_error);

	e->kind = HM_IMPORT_OTHER;
	e->code = err->code;
	e->text = hm_arena_dup(a, hm_err_str(err));
	if (err->code == HM_ETOOLCHAIN)
		e->toolchain = hm_import_wanted_go(e->text);
	hm_err_clear(err);
	return e;
}

struct hm_import_error *
hm_import_error_invalid(struct hm_arena *a, hm_str path, struct hm_err *err)
{
	struct hm_import_error *e = hm_import_error_from(a, err);

	e->kind = HM_IMPORT_INVALID;
	e->import_path = path;
	return e;
}

struct hm_import_error *
hm_import_error_missing(struct hm_arena *a, hm_str path)
{
	struct hm_import_error *e = HM_NEW(a, struct hm_import_error);

	e->kind = HM_IMPORT_MISSING;
	e->code = HM_ENOTFOUND;
	e->import_path = path;
	return e;
}

struct hm_import_error *
hm_import_error_dup(struct hm_arena *a, const struct hm_import_error *e)
{
	struct hm_import_error *copy = HM_NEW(a, struct hm_import_error);

	*copy = *e;
	return copy;
}

/* What to type to use a replacement that nothing requires yet. */
static hm_str
replaced_text(struct hm_arena *a, const struct hm_import_error *e)
{
	hm_str arg = e->replaced.path;

	if (!hm_pseudo_is_zero(e->replaced.version))
		arg = hm_modver_str(a, e->replaced);
	return hm_arena_printf(a, "module " HM_F " provides package " HM_F
	                       " and is replaced but not required; to add it:\n\tgo get " HM_F,
	                       HM_P(e->replaced.path), HM_P(e->import_path), HM_P(arg));
}

static hm_str
missing_std_text(struct hm_modload *ml, struct hm_arena *a, const struct hm_import_error *e)
{
	hm_str dir = hm_path_join3(a, ml->conf->goroot, HM_S("src"), e->import_path);
	hm_str msg = hm_arena_printf(a, "package " HM_F " is not in std (" HM_F ")",
	                             HM_P(e->import_path), HM_P(dir));

	if (!e->importer_go.n)
		return msg;
	return hm_arena_printf(a, HM_F "\nnote: imported by a module that requires go " HM_F,
	                       HM_P(msg), HM_P(e->importer_go));
}

static bool
is_other_main(const struct hm_modload *ml, const struct hm_import_error *e)
{
	const struct hm_mainmod *here = ml->mains ? ml->mains->with_cwd : NULL;

	return e->importing_main.path.n &&
	       !(here && hm_modver_eq(here->mod, e->importing_main));
}

/* No module at all provides the package. */
static hm_str
missing_module_text(struct hm_modload *ml, struct hm_arena *a, const struct hm_import_error *e)
{
	hm_str path = e->import_path;

	if (e->is_std)
		return missing_std_text(ml, a, e);
	if (e->query_err.p && !e->query_err_no_mod_root)
		return hm_arena_printf(a, "cannot find module providing package " HM_F ": " HM_F,
		                       HM_P(path), HM_P(e->query_err));
	if (ml->build_mod == HM_MOD_MOD ||
	    (ml->build_mod == HM_MOD_READONLY && ml->allow_missing_imports))
		return hm_arena_printf(a, "cannot find module providing package " HM_F,
		                       HM_P(path));
	if (e->replaced.path.n)
		return replaced_text(a, e);
	if (e->query_err.p)
		return hm_arena_printf(a, "no required module provides package " HM_F ": " HM_F,
		                       HM_P(path), HM_P(e->query_err));
	if (is_other_main(ml, e))
		return hm_arena_printf(a, "no required module provides package " HM_F
		                       "; to add it:\n\tcd " HM_F "\n\tgo get " HM_F, HM_P(path),
		                       HM_P(e->importing_root), HM_P(path));
	return hm_arena_printf(a, "no required module provides package " HM_F
	                       "; to add it:\n\tgo get " HM_F, HM_P(path), HM_P(path));
}

static hm_str
missing_text(struct hm_modload *ml, struct hm_arena *a, const struct hm_import_error *e)
{
	if (!e->module.path.n)
		return missing_module_text(ml, a, e);
	if (e->new_missing_version.n)
		return hm_arena_printf(a, "package " HM_F " provided by " HM_F " at latest version "
		                       HM_F " but not at required version " HM_F,
		                       HM_P(e->import_path), HM_P(e->module.path),
		                       HM_P(e->module.version), HM_P(e->new_missing_version));
	return hm_arena_printf(a, "missing module for import: " HM_F "@" HM_F " provides " HM_F,
	                       HM_P(e->module.path), HM_P(e->module.version),
	                       HM_P(e->import_path));
}

static hm_str
ambiguous_text(struct hm_arena *a, const struct hm_import_error *e)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "ambiguous import: found package " HM_F " in multiple %s:",
	              HM_P(e->import_path), e->n_mods ? "modules" : "directories");
	for (size_t i = 0; i < e->n_dirs; i++) {
		hm_buf_addz(&b, "\n\t");
		if (i >= e->n_mods) {
			hm_buf_adds(&b, e->dirs[i]);
			continue;
		}
		hm_buf_adds(&b, e->mods[i].path);
		if (e->mods[i].version.n)
			hm_buf_printf(&b, " " HM_F, HM_P(e->mods[i].version));
		hm_buf_printf(&b, " (" HM_F ")", HM_P(e->dirs[i]));
	}
	return hm_buf_take(&b, a);
}

static void
sum_hint(struct hm_buf *b, const struct hm_import_error *e)
{
	if (e->importer.n) {
		hm_buf_printf(b, "; to add:\n\tgo get%s " HM_F, e->importer_is_test ? " -t" : "",
		              HM_P(e->importer));
		if (e->importer_version.n)
			hm_buf_printf(b, "@" HM_F, HM_P(e->importer_version));
		return;
	}
	if (e->n_mods)
		hm_buf_addz(b, "; to add:\n\tgo mod download");
	for (size_t i = 0; i < e->n_mods; i++)
		hm_buf_printf(b, " " HM_F, HM_P(e->mods[i].path));
}

static hm_str
missing_sum_text(struct hm_arena *a, const struct hm_import_error *e)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "missing go.sum entry %s package " HM_F,
	              e->found ? "needed to verify" : "for module providing",
	              HM_P(e->import_path));
	if (e->importer.n)
		hm_buf_printf(&b, " (imported by " HM_F ")", HM_P(e->importer));
	if (e->found)
		hm_buf_addz(&b, " is provided by exactly one module");
	sum_hint(&b, e);
	return hm_buf_take(&b, a);
}

void
hm_import_error_render(struct hm_modload *ml, struct hm_arena *a, struct hm_import_error *e)
{
	switch (e->kind) {
	case HM_IMPORT_MISSING:
		e->text = missing_text(ml, a, e);
		break;
	case HM_IMPORT_AMBIGUOUS:
		e->text = ambiguous_text(a, e);
		break;
	case HM_IMPORT_MISSING_SUM:
		e->text = missing_sum_text(a, e);
		break;
	case HM_IMPORT_IMPLICIT:
		e->text = hm_arena_printf(a, "package " HM_F " imports " HM_F " from implicitly "
		                          "required module; to add missing requirements, run:\n"
		                          "\tgo get " HM_F "@" HM_F, HM_P(e->import_path),
		                          HM_P(e->imported), HM_P(e->module.path),
		                          HM_P(e->module.version));
		break;
	case HM_IMPORT_INVALID:
	case HM_IMPORT_NOT_IN_MODULE:
	case HM_IMPORT_NO_GO:
	case HM_IMPORT_OTHER:
		break; /* the text came with the error */
	}
}
