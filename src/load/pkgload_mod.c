/* Import resolution for package loading, from what modules.h found. */
#include "load/import.h"
#include "load/modinfo.h"
#include "load/modload.h"
#include "load/modules.h"
#include "load/pkgload.h"

struct source {
	const struct hm_modules *m;
	struct hm_map infos; /* "path@version" -> struct hm_modinfo * */
};

static void
lookup(void *ctx, struct hm_arena *a, hm_str parent, bool parent_std, hm_str path,
       struct hm_loader_found *out)
{
	const struct source *s = ctx;
	struct hm_lookup l;

	hm_modules_lookup(s->m, parent, parent_std, path, a, &l);
	out->dir = l.dir;
	out->path = l.path;
	if (l.err) {
		out->err = l.err->text;
		out->no_go = l.err->kind == HM_IMPORT_NO_GO;
	}
}

/* Packages of one module share its description. */
static struct hm_modinfo *
module(void *ctx, struct hm_arena *a, hm_str path)
{
	struct source *s = ctx;
	struct hm_modver mod = hm_modules_provider(s->m, path);
	struct hm_map_entry *e;
	bool fresh;

	if (mod.path.n == 0)
		return hm_modinfo_of_package(s->m, a, path);
	e = hm_map_put(&s->infos,
	               hm_arena_printf(a, HM_F "@" HM_F, HM_P(mod.path), HM_P(mod.version)),
	               &fresh);
	if (fresh)
		e->val = hm_modinfo_of_package(s->m, a, path);
	return e->val;
}

static hm_str
dir_import_path(void *ctx, struct hm_arena *a, hm_str dir)
{
	const struct source *s = ctx;
	struct hm_modver mod;

	return hm_modules_dir_import_path(s->m->ml, a, dir, &mod);
}

void
hm_loader_source_modules(struct hm_arena *a, const struct hm_modules *m,
                         struct hm_loader_source *out)
{
	struct source *s = HM_NEW(a, struct source);

	s->m = m;
	s->infos.arena = a;
	out->ctx = s;
	out->lookup = lookup;
	out->module = module;
	out->dir_import_path = dir_import_path;
}
